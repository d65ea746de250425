/* Dead letters: what could not be used, why, and enough of it to find the sender. */
#include "json_writer_priv.h"
#include "vn/alert_message.h"

/* Bounds on the escaped text, whatever bytes a sender chose: the letter always fits its maximum. */
#define TOPIC_ESCAPED_MAX 256u
#define SERIES_ESCAPED_MAX 128u
#define DEVICE_ESCAPED_MAX 64u
#define ELLIPSIS "\xE2\x80\xA6"

static void put_cut(vn_json_writer_t *writer, const char *key, vn_text_t text, size_t limit) {
  vn_json_key(writer, key);
  vn__json_string_begin(writer);
  if (!vn__json_string_cut(writer, text, limit)) {
    vn__json_string_literal(writer, ELLIPSIS);
  }
  vn__json_string_end(writer);
}

static void put_hex(vn_json_writer_t *writer, const uint8_t *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  vn_json_key(writer, "payload_hex");
  vn__json_string_begin(writer);
  for (size_t i = 0; i < length; i++) {
    const char pair[2] = {digits[bytes[i] >> 4], digits[bytes[i] & 15u]};
    vn__json_put(writer, pair, sizeof pair);
  }
  vn__json_string_end(writer);
}

static void put_count(vn_json_writer_t *writer, const char *key, uint64_t count) {
  vn_json_key(writer, key);
  vn_json_unsigned(writer, count);
}

static void put_letter(vn_json_writer_t *writer, const vn_dead_letter_t *letter) {
  vn_json_key(writer, "reason");
  vn_json_literal(writer, vn_reason_word((vn_reason_t)letter->reason));
  vn_json_key(writer, "text");
  vn_json_literal(writer, vn_reason_text((vn_reason_t)letter->reason));
  put_cut(writer, "topic", letter->topic, TOPIC_ESCAPED_MAX);
  if (letter->series.length > 0) {
    put_cut(writer, "series", letter->series, SERIES_ESCAPED_MAX);
  }
  put_count(writer, "offset", letter->offset);
  put_count(writer, "payload_bytes", letter->payload_length);
  size_t shown =
      letter->payload_length < VN_DEAD_LETTER_BYTES ? letter->payload_length : VN_DEAD_LETTER_BYTES;
  put_hex(writer, letter->payload, shown);
  vn_json_key(writer, "at");
  vn_json_integer(writer, letter->at_ms);
  put_count(writer, "suppressed", letter->suppressed);
}

size_t vn_dead_letter_message(const vn_message_head_t *head, const vn_dead_letter_t *letter,
                              char *out, size_t capacity) {
  VN_ASSERT(letter->reason != VN_REASON_NONE && letter->reason < VN_REASON_COUNT);
  VN_ASSERT(letter->payload != NULL || letter->payload_length == 0);
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_object_begin(&writer);
  put_letter(&writer, letter);
  put_cut(&writer, "device", vn__text(head->device), DEVICE_ESCAPED_MAX);
  put_count(&writer, "boot", head->boot);
  put_count(&writer, "seq", head->seq);
  vn_json_object_end(&writer);
  return writer.length;
}
