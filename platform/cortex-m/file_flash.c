#include "file_flash.h"

#include <string.h>

#include "semihosting.h"

enum { ERASED = 0xFF, CHUNK_BYTES = 256 };

static bool write_at(const vn_host_file_t *file, uint32_t at, const void *bytes, uint32_t length) {
  return semihosting_seek(file->handle, at) && semihosting_write(file->handle, bytes, length);
}

static bool read_at(const vn_host_file_t *file, uint32_t at, void *bytes, uint32_t length) {
  return semihosting_seek(file->handle, at) &&
         semihosting_read(file->handle, bytes, length) == length;
}

static bool fill(const vn_host_file_t *file, uint32_t at, uint32_t length) {
  uint8_t erased[CHUNK_BYTES];
  bool good = true;
  memset(erased, ERASED, sizeof erased);
  for (uint32_t done = 0; done < length && good; done += CHUNK_BYTES) {
    uint32_t left = length - done;
    good = write_at(file, at + done, erased, left < CHUNK_BYTES ? left : CHUNK_BYTES);
  }
  return good;
}

bool vn_host_file_open(vn_host_file_t *file, const char *path, uint32_t size_bytes,
                       uint32_t cut_at) {
  *file = (vn_host_file_t){.handle = semihosting_open(path, SEMIHOSTING_UPDATE), .cut_at = cut_at};
  if (file->handle >= 0) {
    return true;
  }
  file->handle = semihosting_open(path, SEMIHOSTING_WRITE);
  if (file->handle < 0) {
    return false;
  }
  bool good = fill(file, 0, size_bytes);
  semihosting_close(file->handle);
  file->handle = semihosting_open(path, SEMIHOSTING_UPDATE);
  return good && file->handle >= 0;
}

/* So many bytes of this operation are still done. */
static uint32_t powered(vn_host_file_t *file, uint32_t length) {
  file->operations++;
  return file->operations == file->cut_at ? length / 2 : length;
}

/* What was to be done is done, or half of it, and then nothing any more. */
static vn_err_t finish(const vn_host_file_t *file, bool good) {
  if (file->operations == file->cut_at) {
    semihosting_exit(VN_FILE_FLASH_CUT_CODE);
  }
  return good ? VN_OK : VN_ERR_FLASH;
}

/* Outside of the file there is nothing: writing there would make it longer. */
static bool is_there(const vn_file_flash_t *flash) {
  uint8_t last;
  return read_at(flash->file, flash->base + flash->port.size_bytes - 1u, &last, 1);
}

static bool is_inside(const vn_file_flash_t *flash, uint32_t offset, uint32_t length,
                      uint32_t unit) {
  uint32_t size = flash->port.size_bytes;
  return offset <= size && length <= size - offset && offset % unit == 0 && length % unit == 0;
}

static vn_err_t file_read(void *context, uint32_t offset, void *to, uint32_t length) {
  const vn_file_flash_t *flash = context;
  return is_inside(flash, offset, length, 1) &&
                 read_at(flash->file, flash->base + offset, to, length)
             ? VN_OK
             : VN_ERR_FLASH;
}

/* Programming only clears bits. */
static bool program(const vn_file_flash_t *flash, uint32_t offset, const uint8_t *bytes,
                    uint32_t length) {
  uint8_t chunk[CHUNK_BYTES];
  bool good = true;
  for (uint32_t done = 0; done < length && good; done += CHUNK_BYTES) {
    uint32_t left = length - done;
    uint32_t count = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    good = read_at(flash->file, flash->base + offset + done, chunk, count);
    for (uint32_t i = 0; i < count; i++) {
      chunk[i] &= bytes[done + i];
    }
    good = good && write_at(flash->file, flash->base + offset + done, chunk, count);
  }
  return good;
}

static vn_err_t file_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  const vn_file_flash_t *flash = context;
  if (!is_inside(flash, offset, length, flash->port.prog_size) || !is_there(flash)) {
    return VN_ERR_FLASH;
  }
  return finish(flash->file, program(flash, offset, from, powered(flash->file, length)));
}

static vn_err_t file_erase(void *context, uint32_t offset, uint32_t length) {
  const vn_file_flash_t *flash = context;
  if (!is_inside(flash, offset, length, flash->port.erase_size) || !is_there(flash)) {
    return VN_ERR_FLASH;
  }
  return finish(flash->file, fill(flash->file, flash->base + offset, powered(flash->file, length)));
}

/* The host has what was written, also when the emulator is killed. */
static vn_err_t file_sync(void *context) {
  (void)context;
  return VN_OK;
}

void vn_file_flash_init(vn_file_flash_t *flash, vn_host_file_t *file, uint32_t base,
                        const vn_flash_t *geometry) {
  *flash = (vn_file_flash_t){.port = *geometry, .file = file, .base = base};
  flash->port.context = flash;
  flash->port.read = file_read;
  flash->port.prog = file_prog;
  flash->port.erase = file_erase;
  flash->port.sync = file_sync;
}
