/* Flashes of the store cases: one that counts, one in memory. */
#include <stdlib.h>
#include <string.h>

#include "store.h"

static vn_err_t counted_read(void *context, uint32_t offset, void *to, uint32_t length) {
  const counted_flash_t *flash = context;
  return flash->under->read(flash->under->context, offset, to, length);
}

static vn_err_t counted_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  counted_flash_t *flash = context;
  flash->bytes += length;
  return flash->under->prog(flash->under->context, offset, from, length);
}

static vn_err_t counted_erase(void *context, uint32_t offset, uint32_t length) {
  counted_flash_t *flash = context;
  flash->erases += length / flash->port.erase_size;
  return flash->under->erase(flash->under->context, offset, length);
}

static vn_err_t counted_sync(void *context) {
  counted_flash_t *flash = context;
  flash->syncs++;
  return flash->under->sync(flash->under->context);
}

void counted_flash_init(counted_flash_t *flash, const vn_flash_t *under) {
  *flash = (counted_flash_t){.port = {.context = flash,
                                      .size_bytes = under->size_bytes,
                                      .erase_size = under->erase_size,
                                      .prog_size = under->prog_size,
                                      .read = counted_read,
                                      .prog = counted_prog,
                                      .erase = counted_erase,
                                      .sync = counted_sync},
                             .under = under};
}

static vn_err_t memory_read(void *context, uint32_t offset, void *to, uint32_t length) {
  memcpy(to, ((const memory_flash_t *)context)->bytes + offset, length);
  return VN_OK;
}

static vn_err_t memory_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  memcpy(((memory_flash_t *)context)->bytes + offset, from, length);
  return VN_OK;
}

static vn_err_t memory_erase(void *context, uint32_t offset, uint32_t length) {
  memset(((memory_flash_t *)context)->bytes + offset, 0xFF, length);
  return VN_OK;
}

static vn_err_t memory_sync(void *context) {
  (void)context;
  return VN_OK;
}

bool memory_flash_open(memory_flash_t *flash, uint32_t size_bytes, uint32_t erase_size,
                       uint32_t prog_size) {
  *flash = (memory_flash_t){.port = {.context = flash,
                                     .size_bytes = size_bytes,
                                     .erase_size = erase_size,
                                     .prog_size = prog_size,
                                     .read = memory_read,
                                     .prog = memory_prog,
                                     .erase = memory_erase,
                                     .sync = memory_sync},
                            .bytes = malloc(size_bytes)};
  return flash->bytes != NULL;
}

void memory_flash_close(memory_flash_t *flash) { free(flash->bytes); }
