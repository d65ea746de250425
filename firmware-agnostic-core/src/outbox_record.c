/* Stored records of the outbox: what a checkpoint holds of a message, in a chain of blocks. */
#include "outbox_priv.h"

#include <string.h>

static void put_number(uint8_t *out, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    out[i] = (uint8_t)(number >> (8 * i));
  }
}

static uint64_t get_number(const uint8_t *in, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; i++) {
    number |= (uint64_t)in[i] << (8 * i);
  }
  return number;
}

void vn__chain_write(vn_outbox_t *outbox, vn__chain_cursor_t *at, const void *bytes,
                     size_t length) {
  const uint8_t *from = bytes;
  while (length > 0) {
    if (at->used == VN_OUTBOX_BLOCK_DATA) {
      at->block = outbox->blocks[at->block].next;
      at->used = 0;
    }
    size_t room = VN_OUTBOX_BLOCK_DATA - at->used;
    size_t part = length < room ? length : room;
    memcpy(outbox->blocks[at->block].data + at->used, from, part);
    at->used += (uint32_t)part;
    from += part;
    length -= part;
  }
}

void vn__chain_read(const vn_outbox_t *outbox, const vn_outbox_place_t *place, uint8_t *out) {
  uint32_t block = place->first_block;
  uint32_t left = place->length;
  while (left > 0) {
    uint32_t part = left < VN_OUTBOX_BLOCK_DATA ? left : VN_OUTBOX_BLOCK_DATA;
    memcpy(out, outbox->blocks[block].data, part);
    out += part;
    left -= part;
    block = outbox->blocks[block].next;
  }
}

static uint8_t flags_of(const vn_message_t *message) {
  return (uint8_t)((message->retained ? VN__RECORD_RETAINED : 0u) |
                   (message->absolute ? VN__RECORD_ABSOLUTE : 0u) |
                   (message->correlation_length > 0 ? VN__RECORD_CORRELATION : 0u) |
                   (message->numbered ? VN__RECORD_NUMBERED : 0u) |
                   (message->offered ? VN__RECORD_OFFERED : 0u) |
                   (message->results > 0 ? VN__RECORD_RESULTS : 0u) |
                   (message->coarsest ? VN__RECORD_COARSEST : 0u));
}

/* What lies in front of the number of results, and of the topic. */
static size_t fixed_bytes(uint8_t flags) {
  return VN_OUTBOX_HEADER_BYTES + ((flags & VN__RECORD_NUMBERED) != 0 ? VN_OUTBOX_NUMBER_BYTES : 0);
}

static size_t head_bytes(uint8_t flags) {
  return fixed_bytes(flags) + ((flags & VN__RECORD_RESULTS) != 0 ? VN_OUTBOX_RESULTS_BYTES : 0);
}

/* The correlation data with the byte that tells their length. */
static size_t correlation_bytes(const vn_message_t *message) {
  return message->correlation_length + (message->correlation_length > 0 ? 1u : 0u);
}

size_t vn__record_length(const vn_message_t *message) {
  return head_bytes(flags_of(message)) + message->topic_length + correlation_bytes(message) +
         message->payload_length;
}

static void write_head(vn_outbox_t *outbox, vn__chain_cursor_t *at, const vn_message_t *message) {
  uint8_t head[VN_OUTBOX_HEADER_BYTES + VN_OUTBOX_NUMBER_BYTES] = {flags_of(message),
                                                                   message->channel};
  uint8_t results[VN_OUTBOX_RESULTS_BYTES];
  put_number(head + 2, message->topic_length, 2);
  put_number(head + 4, message->boot, 4);
  put_number(head + 8, message->seq, 8);
  put_number(head + 16, (uint64_t)message->time_ms, 8);
  put_number(results, message->results, sizeof results);
  vn__chain_write(outbox, at, head, fixed_bytes(head[0]));
  vn__chain_write(outbox, at, results, message->results > 0 ? sizeof results : 0);
}

void vn__record_write(vn_outbox_t *outbox, uint32_t chain, const vn_message_t *message) {
  vn__chain_cursor_t at = {chain, 0};
  const uint8_t length = (uint8_t)message->correlation_length;
  write_head(outbox, &at, message);
  vn__chain_write(outbox, &at, message->topic, message->topic_length);
  if (length > 0) {
    vn__chain_write(outbox, &at, &length, sizeof length);
    vn__chain_write(outbox, &at, message->correlation, length);
  }
  vn__chain_write(outbox, &at, message->payload, message->payload_length);
}

bool vn__record_is_good(const uint8_t *record, uint32_t length) {
  if (length < VN_OUTBOX_HEADER_BYTES) {
    return false;
  }
  size_t before = head_bytes(record[0]) + (size_t)get_number(record + 2, 2);
  if (record[0] > VN__RECORD_FLAGS || record[1] >= VN_CHANNEL_COUNT || before > length) {
    return false;
  }
  bool correlated = (record[0] & VN__RECORD_CORRELATION) != 0;
  return !correlated || (before < length && before + 1u + record[before] <= length);
}

vn_message_t vn__record_head(const uint8_t *record) {
  vn_message_t message = {
      .channel = record[1],
      .retained = (record[0] & VN__RECORD_RETAINED) != 0,
      .absolute = (record[0] & VN__RECORD_ABSOLUTE) != 0,
      .numbered = (record[0] & VN__RECORD_NUMBERED) != 0,
      .offered = (record[0] & VN__RECORD_OFFERED) != 0,
      .coarsest = (record[0] & VN__RECORD_COARSEST) != 0,
      .time_ms = VN_TIME_MINUS_INFINITY,
  };
  if (message.numbered) {
    message.boot = (uint32_t)get_number(record + 4, 4);
    message.seq = get_number(record + 8, 8);
    message.time_ms = (vn_time_ms_t)get_number(record + 16, 8);
  }
  if ((record[0] & VN__RECORD_RESULTS) != 0) {
    message.results = (uint16_t)get_number(record + fixed_bytes(record[0]), 2);
  }
  return message;
}

vn_message_t vn__record_read(const uint8_t *record, size_t length, uint64_t index) {
  vn_message_t message = vn__record_head(record);
  message.index = index;
  message.topic = (const char *)record + head_bytes(record[0]);
  message.topic_length = (size_t)get_number(record + 2, 2);
  size_t before = head_bytes(record[0]) + message.topic_length;
  if ((record[0] & VN__RECORD_CORRELATION) != 0) {
    message.correlation_length = record[before];
    message.correlation = record + before + 1;
    before += message.correlation_length + 1u;
  }
  message.payload = record + before;
  message.payload_length = length - before;
  return message;
}
