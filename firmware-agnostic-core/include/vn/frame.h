/* Frames: messages on a serial line, between a device without a network and its gateway
 * (docs/serial.md). */
#ifndef VN_FRAME_H
#define VN_FRAME_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/topic.h"

/*
 * The number says what it belongs to: an ACKNOWLEDGE or a REFUSED carries that of the MESSAGE.
 * REFUSED: its payload is one byte, the return code (two's complement); number 0: of a frame that
 * nobody could read.
 */
typedef enum vn_frame_kind {
  VN_FRAME_MESSAGE = 1, /* topic and payload */
  VN_FRAME_ACKNOWLEDGE = 2,
  VN_FRAME_REFUSED = 3,
  VN_FRAME_TIME = 4,  /* number: ms since the Unix epoch, two's complement */
  VN_FRAME_BEGIN = 5, /* of a start: what was not acknowledged before is sent again */
  VN_FRAME_STOP = 6,  /* the device commits everything and stops */
  VN_FRAME_PLAN = 7   /* payload: the blob of the plan that the device is to run */
} vn_frame_kind_t;

/* Flags of a MESSAGE. */
#define VN_FRAME_RETAINED 1u
#define VN_FRAME_ABSOLUTE 2u /* the topic is the whole one */

typedef struct vn_frame {
  vn_text_t topic;
  const uint8_t *payload;
  size_t payload_length;
  uint64_t number;
  uint8_t kind; /* vn_frame_kind_t; others are of a later version: ignore them */
  uint8_t flags;
} vn_frame_t;

/* What a frame has beside topic and payload: kind, flags, number, length of the topic, CRC. */
#define VN_FRAME_HEAD_BYTES 12u
#define VN_FRAME_CRC_BYTES 4u

/* Most bytes of a frame on the line, its end included. */
#define VN_FRAME_BYTES_MAX(topic_length, payload_length)                               \
  ((topic_length) + (payload_length) + VN_FRAME_HEAD_BYTES + VN_FRAME_CRC_BYTES + 2u + \
   ((topic_length) + (payload_length) + VN_FRAME_HEAD_BYTES + VN_FRAME_CRC_BYTES) / 254u)

/* Where frames go: takes all bytes, waiting if it has to. */
typedef struct vn_line {
  void *context;
  void (*write)(void *context, const uint8_t *bytes, size_t length);
} vn_line_t;

/* The writer of one line; its state, read by nobody else. */
#define VN_FRAME_BLOCK_BYTES 255u
typedef struct vn_frame_writer {
  const vn_line_t *line;
  uint8_t block[VN_FRAME_BLOCK_BYTES]; /* the first byte is its length */
  uint8_t length;
} vn_frame_writer_t;

/* The line outlives the writer. */
void vn_frame_writer_init(vn_frame_writer_t *writer, const vn_line_t *line);

/* Writes a frame, in pieces of at most VN_FRAME_BLOCK_BYTES, so that no buffer must hold it. The
 * topic is no longer than 65535 bytes. Cost: O(bytes). */
void vn_frame_write(vn_frame_writer_t *writer, const vn_frame_t *frame);

/* The reader of one line; its state, read by nobody else. */
typedef struct vn_frame_reader {
  uint8_t *buffer;
  size_t capacity, length;
  uint8_t block, left; /* of the block at work: its first byte, and how many are to come */
  bool too_big;
} vn_frame_reader_t;

/* The buffer is the caller's: VN_FRAME_HEAD_BYTES + topic + payload + VN_FRAME_CRC_BYTES of the
 * longest frame that is taken. */
void vn_frame_reader_init(vn_frame_reader_t *reader, uint8_t *buffer, size_t capacity);

/*
 * Takes the next byte. VN_OK: *out is a frame, valid until the next call. VN_AGAIN: it goes on.
 * Where a frame ends that isn't one, once: VN_ERR_FORMAT (noise, cut off, wrong CRC) or
 * VN_ERR_TOO_BIG (longer than the buffer); the frame behind it is read as if nothing had been.
 * Bytes from a line that was joined in the middle are such a frame. O(1), at an end O(length).
 */
VN_NODISCARD vn_err_t vn_frame_read(vn_frame_reader_t *reader, uint8_t byte, vn_frame_t *out);

#endif
