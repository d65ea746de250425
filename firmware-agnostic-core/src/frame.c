/* Frames: consistent overhead byte stuffing (Cheshire, Baker 1999), so that a zero is the end of a
 * frame and nothing else: whatever noise came before, the next frame is found. */
#include "vn/frame.h"

#include "vn/crc32c.h"

#define BLOCK_MAX 0xFFu /* a block of 254 bytes, with no zero behind it */

/* Places of the parts of a frame. */
enum { AT_KIND = 0, AT_FLAGS = 1, AT_NUMBER = 2, AT_TOPIC_LENGTH = 10 };

/* Little-endian. */
static void put_number(uint8_t *to, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) {
    to[i] = (uint8_t)(value >> (8u * i));
  }
}

static uint64_t get_number(const uint8_t *from, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = bytes; i > 0; i--) {
    value = value << 8u | from[i - 1u];
  }
  return value;
}

static void end_block(vn_frame_writer_t *writer) {
  writer->block[0] = writer->length;
  writer->line->write(writer->line->context, writer->block, writer->length);
  writer->length = 1;
}

static void stuff(vn_frame_writer_t *writer, const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  for (size_t i = 0; i < length; i++) {
    if (writer->length == BLOCK_MAX) {
      end_block(writer);
    }
    if (from[i] == 0) {
      end_block(writer);
    } else {
      writer->block[writer->length++] = from[i];
    }
  }
}

void vn_frame_writer_init(vn_frame_writer_t *writer, const vn_line_t *line) {
  VN_ASSERT(writer != NULL && line != NULL);
  writer->line = line;
  writer->length = 1;
}

void vn_frame_write(vn_frame_writer_t *writer, const vn_frame_t *frame) {
  VN_ASSERT(writer != NULL && frame != NULL && frame->topic.length <= UINT16_MAX);
  static const uint8_t end = 0;
  uint8_t head[VN_FRAME_HEAD_BYTES] = {frame->kind, frame->flags};
  uint8_t tail[VN_FRAME_CRC_BYTES];
  put_number(head + AT_NUMBER, frame->number, 8);
  put_number(head + AT_TOPIC_LENGTH, frame->topic.length, 2);
  uint32_t crc = vn_crc32c(0, head, sizeof head);
  crc = vn_crc32c(crc, frame->topic.bytes, frame->topic.length);
  crc = vn_crc32c(crc, frame->payload, frame->payload_length);
  put_number(tail, crc, sizeof tail);
  stuff(writer, head, sizeof head);
  stuff(writer, frame->topic.bytes, frame->topic.length);
  stuff(writer, frame->payload, frame->payload_length);
  stuff(writer, tail, sizeof tail);
  end_block(writer);
  writer->line->write(writer->line->context, &end, 1);
}

static void restart(vn_frame_reader_t *reader) {
  reader->length = 0;
  reader->block = BLOCK_MAX; /* no zero stands in front of the first block */
  reader->left = 0;
  reader->too_big = false;
}

void vn_frame_reader_init(vn_frame_reader_t *reader, uint8_t *buffer, size_t capacity) {
  VN_ASSERT(reader != NULL && buffer != NULL);
  *reader = (vn_frame_reader_t){.buffer = buffer, .capacity = capacity};
  restart(reader);
}

static void keep(vn_frame_reader_t *reader, uint8_t byte) {
  if (reader->length < reader->capacity) {
    reader->buffer[reader->length++] = byte;
  } else {
    reader->too_big = true;
  }
}

static vn_err_t take_apart(const vn_frame_reader_t *reader, vn_frame_t *out) {
  const uint8_t *bytes = reader->buffer;
  size_t room = VN_FRAME_HEAD_BYTES + VN_FRAME_CRC_BYTES;
  if (reader->left > 0 || reader->length < room) {
    return VN_ERR_FORMAT;
  }
  size_t covered = reader->length - VN_FRAME_CRC_BYTES;
  size_t topic_length = (size_t)get_number(bytes + AT_TOPIC_LENGTH, 2);
  if (vn_crc32c(0, bytes, covered) != get_number(bytes + covered, 4) ||
      topic_length > reader->length - room) {
    return VN_ERR_FORMAT;
  }
  const uint8_t *topic = bytes + VN_FRAME_HEAD_BYTES;
  *out = (vn_frame_t){.topic = {(const char *)topic, topic_length},
                      .payload = topic + topic_length,
                      .payload_length = reader->length - room - topic_length,
                      .number = get_number(bytes + AT_NUMBER, 8),
                      .kind = bytes[AT_KIND],
                      .flags = bytes[AT_FLAGS]};
  return VN_OK;
}

static vn_err_t end_frame(vn_frame_reader_t *reader, vn_frame_t *out) {
  vn_err_t error = VN_AGAIN; /* zeros in a row: nothing in between */
  if (reader->too_big) {
    error = VN_ERR_TOO_BIG;
  } else if (reader->length > 0 || reader->left > 0 || reader->block != BLOCK_MAX) {
    error = take_apart(reader, out);
  }
  restart(reader);
  return error;
}

vn_err_t vn_frame_read(vn_frame_reader_t *reader, uint8_t byte, vn_frame_t *out) {
  VN_ASSERT(reader != NULL && out != NULL);
  if (byte == 0) {
    return end_frame(reader, out);
  }
  if (reader->left > 0) {
    reader->left--;
    keep(reader, byte);
    return VN_AGAIN;
  }
  if (reader->block != BLOCK_MAX) {
    keep(reader, 0);
  }
  reader->block = byte;
  reader->left = (uint8_t)(byte - 1u);
  return VN_AGAIN;
}
