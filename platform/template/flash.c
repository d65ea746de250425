/* A flash to fill in, for a node that keeps its state: .flash = &board_flash in its ports, and
 * durability, state_bytes, erase_block_bytes and program_unit_bytes in its plan. */
#include "flash.h"

/* Any address may be read, also one that was never written or whose writing was cut off: garbage is
 * fine, an error is fine (VN_ERR_FLASH), a fault is not. */
static vn_err_t read(void *context, uint32_t offset, void *to, uint32_t length) {
  (void)context;
  (void)offset;
  (void)to;
  (void)length;
  return VN_ERR_FLASH;
}

/* Whole units of prog_size, each once after it was erased. What is cut off by a power failure may
 * read as anything, but what is beside it must stay as it is. */
static vn_err_t prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  (void)context;
  (void)offset;
  (void)from;
  (void)length;
  return VN_ERR_FLASH;
}

/* Whole blocks of erase_size. What they read as then doesn't matter. */
static vn_err_t erase(void *context, uint32_t offset, uint32_t length) {
  (void)context;
  (void)offset;
  (void)length;
  return VN_ERR_FLASH;
}

/* Returns when what was programmed before stays, whatever happens to the power. */
static vn_err_t sync(void *context) {
  (void)context;
  return VN_ERR_FLASH;
}

const vn_flash_t board_flash = {.size_bytes = 128u * 1024u,
                                .erase_size = 4096,
                                .prog_size = 8,
                                .read = read,
                                .prog = prog,
                                .erase = erase,
                                .sync = sync};
