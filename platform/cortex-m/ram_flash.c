#include "ram_flash.h"

#include <string.h>

#define ERASED 0xFF

static bool is_inside(const vn_ram_flash_t *flash, uint32_t offset, uint32_t length,
                      uint32_t unit) {
  uint32_t size = flash->port.size_bytes;
  return offset <= size && length <= size - offset && offset % unit == 0 && length % unit == 0;
}

static vn_err_t ram_read(void *context, uint32_t offset, void *to, uint32_t length) {
  const vn_ram_flash_t *flash = context;
  if (flash->dead || !is_inside(flash, offset, length, 1)) {
    return VN_ERR_FLASH;
  }
  memcpy(to, flash->bytes + offset, length);
  return VN_OK;
}

/* So many bytes of this operation are still done. */
static uint32_t done(vn_ram_flash_t *flash, uint32_t length) {
  flash->operations++;
  if (flash->cut_at == 0 || flash->operations != flash->cut_at) {
    return length;
  }
  flash->dead = true;
  return length / 2;
}

static vn_err_t ram_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  vn_ram_flash_t *flash = context;
  const uint8_t *bytes = from;
  if (flash->dead || !is_inside(flash, offset, length, flash->port.prog_size)) {
    return VN_ERR_FLASH;
  }
  uint32_t count = done(flash, length);
  for (uint32_t i = 0; i < count; i++) {
    flash->bytes[offset + i] &= bytes[i];
  }
  return flash->dead ? VN_ERR_FLASH : VN_OK;
}

static vn_err_t ram_erase(void *context, uint32_t offset, uint32_t length) {
  vn_ram_flash_t *flash = context;
  if (flash->dead || !is_inside(flash, offset, length, flash->port.erase_size)) {
    return VN_ERR_FLASH;
  }
  memset(flash->bytes + offset, ERASED, done(flash, length));
  return flash->dead ? VN_ERR_FLASH : VN_OK;
}

static vn_err_t ram_sync(void *context) {
  const vn_ram_flash_t *flash = context;
  return flash->dead ? VN_ERR_FLASH : VN_OK;
}

void vn_ram_flash_init(vn_ram_flash_t *flash, uint8_t *bytes, uint32_t size_bytes,
                       uint32_t erase_size, uint32_t prog_size) {
  *flash = (vn_ram_flash_t){
      .port = {flash, size_bytes, erase_size, prog_size, ram_read, ram_prog, ram_erase, ram_sync},
      .bytes = bytes};
}

void vn_ram_flash_cut(vn_ram_flash_t *flash, uint32_t n) { flash->cut_at = flash->operations + n; }

void vn_ram_flash_power_up(vn_ram_flash_t *flash) {
  flash->dead = false;
  flash->cut_at = 0;
}
