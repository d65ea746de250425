/*
 * Frames of a serial line. The first byte says how large the reader's buffer is, and whether the
 * rest is what comes on the line or the body of a frame, which gets its checksum and may be
 * damaged. The reader says what a simple one says that has the whole line, and is in step behind
 * it.
 */
#include <stdlib.h>
#include <string.h>

#include "vn/crc32c.h"
#include "vn/frame.h"

enum { LINE_BYTES = 8192, CAPACITY_STEP = 8, FULL_BLOCK = 255, BODY_LEAST = 16, DAMAGE_BYTES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct line {
  uint8_t bytes[LINE_BYTES];
  size_t length;
} line_t;

static void append(void *context, const uint8_t *bytes, size_t length) {
  line_t *line = context;
  VN_ASSERT(length > 0 && length <= VN_FRAME_BLOCK_BYTES && length <= LINE_BYTES - line->length);
  memcpy(line->bytes + line->length, bytes, length);
  line->length += length;
}

static void append_frame(line_t *line, const vn_frame_t *frame) {
  vn_line_t to = {line, append};
  vn_frame_writer_t writer;
  size_t before = line->length;
  vn_frame_writer_init(&writer, &to);
  vn_frame_write(&writer, frame);
  VN_ASSERT(line->length - before <=
            VN_FRAME_BYTES_MAX(frame->topic.length, frame->payload_length));
  VN_ASSERT(memchr(line->bytes + before, 0, line->length - before) ==
            line->bytes + line->length - 1);
}

/* Takes the stuffing out of what stood between two zeros; false: it ends within a block. */
static bool unstuff(const uint8_t *piece, size_t length, uint8_t *out, size_t *out_length) {
  size_t at = 0;
  *out_length = 0;
  while (at < length) {
    size_t block = piece[at++];
    for (size_t i = 1; i < block; i++, at++) {
      if (at == length) {
        return false;
      }
      out[(*out_length)++] = piece[at];
    }
    if (block < FULL_BLOCK && at < length) {
      out[(*out_length)++] = 0;
    }
  }
  return true;
}

/* What a reader has to say at the zero behind this piece; its bytes are in `out`. */
static vn_err_t judge(const uint8_t *piece, size_t length, size_t capacity, uint8_t *out,
                      size_t *out_length) {
  bool whole = unstuff(piece, length, out, out_length);
  if (length == 0) {
    return VN_AGAIN;
  }
  if (*out_length > capacity) {
    return VN_ERR_TOO_BIG;
  }
  if (!whole || *out_length < BODY_LEAST) {
    return VN_ERR_FORMAT;
  }
  uint32_t crc = vn_crc32c(0, out, *out_length - 4);
  const uint8_t *tail = out + *out_length - 4;
  size_t topic = out[10] + ((size_t)out[11] << 8);
  bool right = tail[0] == (uint8_t)crc && tail[1] == (uint8_t)(crc >> 8) &&
               tail[2] == (uint8_t)(crc >> 16) && tail[3] == (uint8_t)(crc >> 24);
  return right && topic <= *out_length - BODY_LEAST ? VN_OK : VN_ERR_FORMAT;
}

/* The frame has exactly these bytes, and written it is the same again. */
static void check_frame(const vn_frame_t *frame, const uint8_t *body, size_t length) {
  static line_t again;
  static uint8_t back[LINE_BYTES];
  size_t back_length = 0;
  VN_ASSERT(frame->kind == body[0] && frame->flags == body[1]);
  VN_ASSERT(frame->topic.length + frame->payload_length + BODY_LEAST == length);
  VN_ASSERT(memcmp(frame->topic.bytes, body + 12, frame->topic.length) == 0);
  VN_ASSERT(memcmp(frame->payload, body + 12 + frame->topic.length, frame->payload_length) == 0);
  again.length = 0;
  append_frame(&again, frame);
  VN_ASSERT(unstuff(again.bytes, again.length - 1, back, &back_length));
  VN_ASSERT(back_length == length && memcmp(back, body, length) == 0);
}

static void check_line(const line_t *line, size_t capacity) {
  static uint8_t body[LINE_BYTES];
  uint8_t *buffer = malloc(capacity); /* of its exact size: an overrun meets the sanitizer */
  vn_frame_reader_t reader;
  vn_frame_t frame;
  size_t start = 0;
  vn_err_t error = VN_AGAIN;
  VN_ASSERT(buffer != NULL);
  vn_frame_reader_init(&reader, buffer, capacity);
  for (size_t i = 0; i < line->length; i++) {
    size_t length = 0;
    error = vn_frame_read(&reader, line->bytes[i], &frame);
    if (line->bytes[i] != 0) {
      VN_ASSERT(error == VN_AGAIN);
      continue;
    }
    VN_ASSERT(error == judge(line->bytes + start, i - start, capacity, body, &length));
    if (error == VN_OK) {
      check_frame(&frame, body, length);
    }
    start = i + 1;
  }
  VN_ASSERT(error == VN_OK && frame.kind == VN_FRAME_TIME); /* whatever came before */
  free(buffer);
}

/* Kind, flags, number, length of the topic, and the rest, as the input says; a topic is no longer
 * than what is there. */
static void append_body(line_t *line, const uint8_t *data, size_t size) {
  uint8_t head[VN_FRAME_HEAD_BYTES] = {0};
  size_t head_bytes = size < sizeof head ? size : sizeof head;
  memcpy(head, data, head_bytes);
  size_t rest = size - head_bytes;
  size_t topic = head[10] + ((size_t)head[11] << 8);
  vn_frame_t frame = {.kind = head[0], .flags = head[1]};
  memcpy(&frame.number, head + 2, sizeof frame.number);
  frame.topic = (vn_text_t){(const char *)data + head_bytes, topic < rest ? topic : rest};
  frame.payload = data + head_bytes + frame.topic.length;
  frame.payload_length = rest - frame.topic.length;
  append_frame(line, &frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t zero = 0;
  static line_t line;
  line.length = 0;
  if (size < 1 + DAMAGE_BYTES || size > LINE_BYTES / 4) {
    return 0;
  }
  size_t capacity = BODY_LEAST + (size_t)(data[0] >> 1) * CAPACITY_STEP;
  bool raw = (data[0] & 1) != 0;
  if (raw) {
    append(&line, data + 1, 1);
    for (size_t i = 2; i < size; i++) {
      append(&line, data + i, 1);
    }
    append(&line, &zero, 1);
  } else {
    append_body(&line, data + 1 + DAMAGE_BYTES, size - 1 - DAMAGE_BYTES);
    line.bytes[(data[1] + ((size_t)data[2] << 8)) % line.length] ^= data[3];
    append(&line, &zero, 1);
  }
  append_frame(&line, &(vn_frame_t){.kind = VN_FRAME_TIME, .number = 1795219200000});
  check_line(&line, capacity);
  return 0;
}
