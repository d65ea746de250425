/* Entries of the journal: a head and a body, in one record or in several. */
#include "journal_priv.h"
#include "vn/assert.h"

#include <string.h>

#define ENTRY_VALID 1u
#define ENTRY_RETAINED 2u
#define ENTRY_BITS 3u
#define PART_FIRST 0x80u
#define PART_NUMBERS 0x3Fu /* they are stored modulo this and one */

uint8_t vn__entry_flags(uint32_t part) {
  return (uint8_t)((part & PART_NUMBERS) << 1 | (part == 0 ? PART_FIRST : 0));
}

bool vn__entry_begins(uint8_t flags) { return (flags & PART_FIRST) != 0; }

void vn__entry_pack_head(vn__packer_t *packer, const vn__queued_t *head) {
  unsigned bits = (head->arrival_valid ? ENTRY_VALID : 0) | (head->retained ? ENTRY_RETAINED : 0);
  vn__pack_unsigned(packer, bits);
  vn__pack_signed(packer, head->arrival_ms);
  vn__pack_unsigned(packer, head->payload_length);
  vn__pack_unsigned(packer, head->topic_length);
  vn__pack_unsigned(packer, head->reply_length);
  vn__pack_unsigned(packer, head->correlation_length);
}

void vn__entry_unpack_head(vn__unpacker_t *unpacker, vn__queued_t *head) {
  unsigned bits = (unsigned)vn__unpack_unsigned(unpacker, ENTRY_BITS);
  memset(head, 0, sizeof *head);
  head->arrival_valid = (bits & ENTRY_VALID) != 0;
  head->retained = (bits & ENTRY_RETAINED) != 0;
  head->arrival_ms = vn__unpack_signed(unpacker);
  head->payload_length = (uint32_t)vn__unpack_unsigned(unpacker, INT32_MAX);
  head->topic_length = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  head->reply_length = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  head->correlation_length = (uint8_t)vn__unpack_unsigned(unpacker, UINT8_MAX);
}

void vn_journal_reader_init(vn_journal_reader_t *reader, uint8_t *buffer, uint32_t capacity) {
  VN_ASSERT(reader != NULL && buffer != NULL);
  *reader = (vn_journal_reader_t){.buffer = buffer, .capacity = capacity};
}

/* The head of an entry that comes later than all read so far. */
static bool begin(vn_journal_reader_t *reader, uint32_t argument, vn__unpacker_t *unpacker) {
  vn__queued_t head;
  reader->next_part = 0;
  if (reader->any && (int32_t)(argument - reader->index) <= 0) {
    return false; /* cleaning wrote it again */
  }
  vn__entry_unpack_head(unpacker, &head);
  if (unpacker->failed) {
    return false;
  }
  uint64_t length = (uint64_t)head.payload_length + head.topic_length + head.reply_length +
                    head.correlation_length;
  reader->skipped += length > reader->capacity ? 1u : 0u;
  reader->missing += reader->any ? argument - reader->index - 1u : 0u;
  reader->any = true;
  reader->index = argument;
  reader->filled = 0;
  reader->length = (uint32_t)length;
  reader->topic_length = head.topic_length;
  reader->payload_length = head.payload_length;
  reader->arrival_ms = head.arrival_ms;
  reader->arrival_valid = head.arrival_valid;
  reader->retained = head.retained;
  return length <= reader->capacity;
}

/* A further piece; true when the entry is whole. */
static bool add(vn_journal_reader_t *reader, const uint8_t *bytes, size_t length) {
  if (length > reader->length - reader->filled) {
    reader->next_part = 0; /* no entry of ours */
    return false;
  }
  memcpy(reader->buffer + reader->filled, bytes, length);
  reader->filled += (uint32_t)length;
  reader->next_part++;
  return reader->filled == reader->length;
}

bool vn_journal_read(vn_journal_reader_t *reader, uint8_t flags, uint32_t argument,
                     const uint8_t *payload, uint32_t length, vn_journal_message_t *message) {
  VN_ASSERT(reader != NULL && message != NULL);
  vn__unpacker_t unpacker = {payload, length, 0, false};
  if (vn__entry_begins(flags)) {
    if (!begin(reader, argument, &unpacker)) {
      return false;
    }
  } else if (reader->next_part == 0 || argument != reader->index ||
             vn__entry_flags(reader->next_part) != flags) {
    return false;
  }
  if (!add(reader, payload + unpacker.position, length - unpacker.position)) {
    return false;
  }
  reader->next_part = 0;
  *message = (vn_journal_message_t){
      .topic = (const char *)reader->buffer,
      .topic_length = reader->topic_length,
      .payload = reader->buffer + reader->topic_length,
      .payload_length = reader->payload_length,
      .arrival_ms = reader->arrival_ms,
      .arrival_valid = reader->arrival_valid,
      .retained = reader->retained,
  };
  return true;
}
