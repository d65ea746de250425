/* The bytes of sector headers, record headers and COMMITs. */
#include "flash_log_priv.h"
#include "vn/assert.h"

enum { /* offsets in a sector header */
       HEADER_MAGIC = 0,
       HEADER_LAYOUT = 4,
       HEADER_LENGTH = 6,
       HEADER_SEQUENCE = 8,
       HEADER_COMMITTED = 16,
       HEADER_FENCE_SEQUENCE = 24,
       HEADER_FENCE_OFFSET = 32,
       HEADER_DISTANCE = 36,
       HEADER_ERASE_COUNT = 40,
       HEADER_REGION = 44,
       HEADER_LOG2_ERASE = 48,
       HEADER_LOG2_PROG = 49,
       HEADER_SECTORS = 50,
       HEADER_FLAGS = 52,
       HEADER_CRC = 60
};

uint16_t vn__get_u16(const uint8_t *from) { return (uint16_t)(from[0] | (uint32_t)from[1] << 8); }

uint32_t vn__get_u32(const uint8_t *from) {
  return vn__get_u16(from) | (uint32_t)vn__get_u16(from + 2) << 16;
}

uint64_t vn__get_u64(const uint8_t *from) {
  return vn__get_u32(from) | (uint64_t)vn__get_u32(from + 4) << 32;
}

void vn__set_u16(uint8_t *to, uint16_t value) {
  to[0] = (uint8_t)value;
  to[1] = (uint8_t)(value >> 8);
}

void vn__set_u32(uint8_t *to, uint32_t value) {
  vn__set_u16(to, (uint16_t)value);
  vn__set_u16(to + 2, (uint16_t)(value >> 16));
}

void vn__set_u64(uint8_t *to, uint64_t value) {
  vn__set_u32(to, (uint32_t)value);
  vn__set_u32(to + 4, (uint32_t)(value >> 32));
}

static uint8_t log2_of(uint32_t power) {
  uint8_t exponent = 0;
  while (power > 1) {
    power >>= 1;
    exponent++;
  }
  return exponent;
}

void vn__log_encode_header(const vn_flash_t *flash, const vn__log_header_t *header,
                           uint8_t bytes[VN__LOG_HEADER_BYTES]) {
  VN_ASSERT(header->sequence > header->fence_sequence);
  memset(bytes, 0, VN__LOG_HEADER_BYTES);
  vn__set_u32(bytes + HEADER_MAGIC, VN__LOG_MAGIC);
  vn__set_u16(bytes + HEADER_LAYOUT, VN__LOG_LAYOUT);
  vn__set_u16(bytes + HEADER_LENGTH, VN__LOG_HEADER_BYTES);
  vn__set_u64(bytes + HEADER_SEQUENCE, header->sequence);
  vn__set_u64(bytes + HEADER_COMMITTED, header->committed_tx);
  vn__set_u64(bytes + HEADER_FENCE_SEQUENCE, header->fence_sequence);
  vn__set_u32(bytes + HEADER_FENCE_OFFSET, header->fence_offset);
  vn__set_u32(bytes + HEADER_DISTANCE, header->oldest_live_distance);
  vn__set_u32(bytes + HEADER_ERASE_COUNT, header->erase_count);
  vn__set_u32(bytes + HEADER_REGION, header->region_id);
  bytes[HEADER_LOG2_ERASE] = log2_of(flash->erase_size);
  bytes[HEADER_LOG2_PROG] = log2_of(flash->prog_size);
  vn__set_u16(bytes + HEADER_SECTORS, (uint16_t)(flash->size_bytes / flash->erase_size));
  bytes[HEADER_FLAGS] = header->flags;
  vn__set_u32(bytes + HEADER_CRC, vn_crc32c(0, bytes, HEADER_CRC));
}

static bool all_alike(const uint8_t *bytes, uint32_t length) {
  return memcmp(bytes, bytes + 1, length - 1u) == 0;
}

static bool same_geometry(const vn_flash_t *flash, const uint8_t *bytes) {
  return bytes[HEADER_LOG2_ERASE] == log2_of(flash->erase_size) &&
         bytes[HEADER_LOG2_PROG] == log2_of(flash->prog_size) &&
         vn__get_u16(bytes + HEADER_SECTORS) == flash->size_bytes / flash->erase_size;
}

vn__log_header_kind_t vn__log_decode_header(const vn_flash_t *flash,
                                            const uint8_t bytes[VN__LOG_HEADER_BYTES],
                                            vn__log_header_t *header) {
  if (vn__get_u32(bytes + HEADER_MAGIC) != VN__LOG_MAGIC) {
    return all_alike(bytes, VN__LOG_HEADER_BYTES) ? VN__HEADER_BLANK : VN__HEADER_JUNK;
  }
  /* Magic, layout and CRC keep their places in every layout: a flipped bit is no newer layout. */
  if (vn__get_u32(bytes + HEADER_CRC) != vn_crc32c(0, bytes, HEADER_CRC)) {
    return VN__HEADER_MAGIC;
  }
  if (vn__get_u16(bytes + HEADER_LAYOUT) != VN__LOG_LAYOUT || !same_geometry(flash, bytes)) {
    return VN__HEADER_FOREIGN;
  }
  header->sequence = vn__get_u64(bytes + HEADER_SEQUENCE);
  header->committed_tx = vn__get_u64(bytes + HEADER_COMMITTED);
  header->fence_sequence = vn__get_u64(bytes + HEADER_FENCE_SEQUENCE);
  header->fence_offset = vn__get_u32(bytes + HEADER_FENCE_OFFSET);
  header->oldest_live_distance = vn__get_u32(bytes + HEADER_DISTANCE);
  header->erase_count = vn__get_u32(bytes + HEADER_ERASE_COUNT);
  header->region_id = vn__get_u32(bytes + HEADER_REGION);
  header->flags = bytes[HEADER_FLAGS];
  bool sane = header->sequence > header->fence_sequence && header->sequence < UINT64_MAX / 2 &&
              header->fence_offset <= flash->erase_size;
  return sane ? VN__HEADER_VALID : VN__HEADER_MAGIC;
}

bool vn_log_probe(const uint8_t bytes[VN_LOG_PROBE_BYTES], uint32_t *erase_size,
                  uint32_t *prog_size) {
  VN_ASSERT(erase_size != NULL && prog_size != NULL);
  if (vn__get_u32(bytes + HEADER_MAGIC) != VN__LOG_MAGIC ||
      vn__get_u32(bytes + HEADER_CRC) != vn_crc32c(0, bytes, HEADER_CRC) ||
      bytes[HEADER_LOG2_ERASE] > 31 || bytes[HEADER_LOG2_PROG] > 31) {
    return false;
  }
  *erase_size = UINT32_C(1) << bytes[HEADER_LOG2_ERASE];
  *prog_size = UINT32_C(1) << bytes[HEADER_LOG2_PROG];
  return true;
}

void vn__log_encode_record(const vn__log_record_t *record, uint8_t bytes[VN__LOG_RECORD_BYTES]) {
  VN_ASSERT(record->type != VN_RECORD_PADDING);
  vn__set_u16(bytes, record->length);
  bytes[2] = record->type;
  bytes[3] = record->flags;
  vn__set_u32(bytes + 4, record->argument);
  vn__set_u32(bytes + 8, record->tx);
  vn__set_u32(bytes + 12, record->crc);
}

void vn__log_decode_record(const uint8_t bytes[VN__LOG_RECORD_BYTES], vn__log_record_t *record) {
  record->length = vn__get_u16(bytes);
  record->type = bytes[2];
  record->flags = bytes[3];
  record->argument = vn__get_u32(bytes + 4);
  record->tx = vn__get_u32(bytes + 8);
  record->crc = vn__get_u32(bytes + 12);
}

void vn__log_encode_commit(const vn_commit_t *owner, const vn__log_commit_t *own,
                           uint8_t bytes[VN__LOG_COMMIT_BYTES]) {
  vn__set_u64(bytes, own->tx);
  vn__set_u32(bytes + 8, own->record_count);
  vn__set_u32(bytes + 12, own->chain);
  vn__set_u64(bytes + 16, owner->journal_applied);
  vn__set_u64(bytes + 24, owner->journal_oldest);
  vn__set_u64(bytes + 32, owner->accepted);
  vn__set_u64(bytes + 40, (uint64_t)owner->watermark_ms);
  vn__set_u64(bytes + 48, owner->outbox_head);
  vn__set_u64(bytes + 56, owner->outbox_tail);
  vn__set_u64(bytes + 64, own->oldest_live);
  vn__set_u64(bytes + 72, own->prev_oldest_live);
  vn__set_u64(bytes + 80, owner->configuration_hash);
  vn__set_u64(bytes + 88, owner->schema_hash);
  vn__set_u64(bytes + 96, (uint64_t)owner->wall_ms);
  vn__set_u32(bytes + 104, owner->boot);
  vn__set_u32(bytes + 108, owner->mqtt_session);
  vn__set_u32(bytes + 112, own->pass_distance);
  vn__set_u32(bytes + 116, own->pass_fresh);
  vn__set_u32(bytes + 120, own->pass_moved);
  vn__set_u16(bytes + 124, own->seal_run);
  vn__set_u16(bytes + 126, owner->flags);
}

void vn__log_decode_commit(const uint8_t bytes[VN__LOG_COMMIT_BYTES], vn__log_commit_t *own) {
  own->tx = vn__get_u64(bytes);
  own->record_count = vn__get_u32(bytes + 8);
  own->chain = vn__get_u32(bytes + 12);
  own->oldest_live = vn__get_u64(bytes + 64);
  own->prev_oldest_live = vn__get_u64(bytes + 72);
  own->pass_distance = vn__get_u32(bytes + 112);
  own->pass_fresh = vn__get_u32(bytes + 116);
  own->pass_moved = vn__get_u32(bytes + 120);
  own->seal_run = vn__get_u16(bytes + 124);
}

void vn__log_decode_owner(const uint8_t bytes[VN__LOG_COMMIT_BYTES], vn_commit_t *owner) {
  owner->journal_applied = vn__get_u64(bytes + 16);
  owner->journal_oldest = vn__get_u64(bytes + 24);
  owner->accepted = vn__get_u64(bytes + 32);
  owner->watermark_ms = (int64_t)vn__get_u64(bytes + 40);
  owner->outbox_head = vn__get_u64(bytes + 48);
  owner->outbox_tail = vn__get_u64(bytes + 56);
  owner->configuration_hash = vn__get_u64(bytes + 80);
  owner->schema_hash = vn__get_u64(bytes + 88);
  owner->wall_ms = (int64_t)vn__get_u64(bytes + 96);
  owner->boot = vn__get_u32(bytes + 104);
  owner->mqtt_session = vn__get_u32(bytes + 108);
  owner->flags = vn__get_u16(bytes + 126);
}

uint32_t vn__log_seed(uint64_t sequence, uint32_t offset) {
  uint8_t bytes[12];
  vn__set_u64(bytes, sequence);
  vn__set_u32(bytes + 8, offset);
  return vn_crc32c(0, bytes, sizeof bytes);
}

uint32_t vn__log_chain(uint32_t chain, uint32_t record_crc) {
  uint8_t bytes[4];
  vn__set_u32(bytes, record_crc);
  return vn_crc32c(chain, bytes, sizeof bytes);
}
