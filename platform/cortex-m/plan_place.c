/*
 * A half, little-endian: magic, number, length of the blob, CRC-32C of number, length and blob;
 * from the next unit on the blob. The head is written last: what has one is whole.
 */
#include "plan_place.h"

#include "vn/assert.h"
#include "vn/crc32c.h"

#include <string.h>

#define MAGIC 0x4E4C5056u /* "VPLN" */
enum { HEAD_BYTES = 16, HALVES = 2, CHUNK_BYTES = VN_PLAN_PLACE_UNIT_MAX };

typedef struct half {
  uint32_t number, length, crc;
  bool is_whole;
} half_t;

static uint32_t get_32(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put_32(uint8_t *bytes, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) {
    bytes[i] = (uint8_t)(value >> 8u * i);
  }
}

static uint32_t up_to_units(const vn_flash_t *flash, uint32_t bytes) {
  return (bytes + flash->prog_size - 1u) / flash->prog_size * flash->prog_size;
}

static uint32_t half_bytes(const vn_flash_t *flash) { return flash->size_bytes / HALVES; }

static uint32_t blob_bytes_max(const vn_flash_t *flash) {
  return half_bytes(flash) - up_to_units(flash, HEAD_BYTES);
}

bool vn_plan_place_is_good(const vn_flash_t *flash) {
  return flash->prog_size > 0 && flash->prog_size <= VN_PLAN_PLACE_UNIT_MAX &&
         VN_PLAN_PLACE_UNIT_MAX % flash->prog_size == 0 && flash->erase_size > HEAD_BYTES &&
         flash->size_bytes >= HALVES * flash->erase_size &&
         flash->size_bytes % (HALVES * flash->erase_size) == 0;
}

/* Of number and length, continued by that of the blob. */
static uint32_t head_crc(const uint8_t head[HEAD_BYTES]) { return vn_crc32c(0, head + 4, 8); }

/* Whether the blob is the one that the head tells of. */
static bool is_whole(const vn_flash_t *flash, uint32_t at, const half_t *half, uint32_t crc) {
  uint8_t chunk[CHUNK_BYTES];
  uint32_t begin = at + up_to_units(flash, HEAD_BYTES);
  for (uint32_t done = 0; done < half->length;) {
    uint32_t left = half->length - done;
    uint32_t length = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    if (flash->read(flash->context, begin + done, chunk, length) != VN_OK) {
      return false;
    }
    crc = vn_crc32c(crc, chunk, length);
    done += length;
  }
  return crc == half->crc;
}

/* What can't be read isn't whole: programming or erasing was cut off there. */
static half_t look(const vn_flash_t *flash, uint32_t index) {
  uint8_t head[HEAD_BYTES];
  uint32_t at = index * half_bytes(flash);
  half_t half = {.is_whole = false};
  if (flash->read(flash->context, at, head, HEAD_BYTES) != VN_OK || get_32(head) != MAGIC) {
    return half;
  }
  half.number = get_32(head + 4);
  half.length = get_32(head + 8);
  half.crc = get_32(head + 12);
  half.is_whole =
      half.length <= blob_bytes_max(flash) && is_whole(flash, at, &half, head_crc(head));
  return half;
}

/* The newest whole half, or HALVES. */
static uint32_t find_newest(const vn_flash_t *flash, half_t *newest) {
  uint32_t found = HALVES;
  *newest = (half_t){.number = 0};
  for (uint32_t i = 0; i < HALVES; i++) {
    half_t half = look(flash, i);
    if (half.is_whole && half.number > newest->number) {
      *newest = half;
      found = i;
    }
  }
  return found;
}

vn_err_t vn_plan_place_read(const vn_flash_t *flash, uint8_t *blob, size_t capacity,
                            size_t *length) {
  half_t newest;
  VN_ASSERT(flash != NULL && vn_plan_place_is_good(flash));
  VN_ASSERT(blob != NULL && length != NULL);
  uint32_t half = find_newest(flash, &newest);
  if (half == HALVES) {
    return VN_END;
  }
  if (newest.length > capacity) {
    return VN_ERR_FULL;
  }
  *length = newest.length;
  return flash->read(flash->context, half * half_bytes(flash) + up_to_units(flash, HEAD_BYTES),
                     blob, newest.length);
}

/* Bytes behind their end are zero. */
static vn_err_t program(const vn_flash_t *flash, uint32_t at, const uint8_t *bytes,
                        uint32_t length) {
  uint8_t chunk[CHUNK_BYTES];
  for (uint32_t done = 0; done < length;) {
    uint32_t left = length - done;
    uint32_t count = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    memset(chunk, 0, sizeof chunk);
    memcpy(chunk, bytes + done, count);
    vn_err_t error = flash->prog(flash->context, at + done, chunk, up_to_units(flash, count));
    if (error != VN_OK) {
      return error;
    }
    done += count;
  }
  return flash->sync(flash->context);
}

static vn_err_t write_half(const vn_flash_t *flash, uint32_t at, uint32_t number,
                           const uint8_t *blob, uint32_t length) {
  uint8_t head[HEAD_BYTES];
  put_32(head, MAGIC);
  put_32(head + 4, number);
  put_32(head + 8, length);
  put_32(head + 12, vn_crc32c(head_crc(head), blob, length));
  vn_err_t error = flash->erase(flash->context, at, half_bytes(flash));
  if (error == VN_OK) {
    error = program(flash, at + up_to_units(flash, HEAD_BYTES), blob, length);
  }
  return error == VN_OK ? program(flash, at, head, HEAD_BYTES) : error;
}

vn_err_t vn_plan_place_write(const vn_flash_t *flash, const uint8_t *blob, size_t length) {
  half_t newest;
  VN_ASSERT(flash != NULL && vn_plan_place_is_good(flash));
  VN_ASSERT(blob != NULL);
  if (length > blob_bytes_max(flash)) {
    return VN_ERR_TOO_BIG;
  }
  uint32_t half = find_newest(flash, &newest) == 0 ? 1u : 0u;
  return write_half(flash, half * half_bytes(flash), newest.number + 1u, blob, (uint32_t)length);
}

vn_err_t vn_plan_place_undo(const vn_flash_t *flash) {
  half_t newest;
  VN_ASSERT(flash != NULL && vn_plan_place_is_good(flash));
  uint32_t half = find_newest(flash, &newest);
  if (half == HALVES) {
    return VN_OK;
  }
  vn_err_t error = flash->erase(flash->context, half * half_bytes(flash), half_bytes(flash));
  return error == VN_OK ? flash->sync(flash->context) : error;
}
