/* Frames on a serial line: known bytes, and whatever comes between them. */
#include "vn/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "prng.h"

enum { BUFFER = 1024, LINE = 1u << 16 };

typedef struct seen {
  size_t frames, malformed, too_big;
  vn_frame_t last; /* its topic and payload lie in the reader's buffer */
} seen_t;

static uint8_t buffer[BUFFER], line[LINE];

static vn_frame_t message(const char *topic, const void *payload, size_t length, uint64_t number) {
  return (vn_frame_t){.kind = VN_FRAME_MESSAGE,
                      .topic = {topic, strlen(topic)},
                      .payload = payload,
                      .payload_length = length,
                      .number = number};
}

typedef struct collected {
  uint8_t *out;
  size_t length;
} collected_t;

static void collect(void *context, const uint8_t *bytes, size_t length) {
  collected_t *collected = context;
  assert_true(length > 0 && length <= VN_FRAME_BLOCK_BYTES);
  assert_true(length <= LINE - collected->length);
  memcpy(collected->out + collected->length, bytes, length);
  collected->length += length;
}

static size_t write_frame(const vn_frame_t *frame, uint8_t *out) {
  collected_t collected = {out, 0};
  vn_line_t to = {&collected, collect};
  vn_frame_writer_t writer;
  vn_frame_writer_init(&writer, &to);
  vn_frame_write(&writer, frame);
  size_t length = collected.length;
  assert_true(length <= VN_FRAME_BYTES_MAX(frame->topic.length, frame->payload_length));
  assert_int_equal(out[length - 1], 0);
  assert_null(memchr(out, 0, length - 1));
  vn_frame_write(&writer, frame); /* nothing of the frame before it is left in the writer */
  assert_int_equal(collected.length, 2 * length);
  assert_memory_equal(out, out + length, length);
  return length;
}

static void feed(vn_frame_reader_t *reader, const uint8_t *bytes, size_t length, seen_t *seen) {
  for (size_t i = 0; i < length; i++) {
    vn_frame_t frame;
    vn_err_t error = vn_frame_read(reader, bytes[i], &frame);
    assert_true(error == VN_AGAIN || bytes[i] == 0);
    seen->frames += error == VN_OK;
    seen->malformed += error == VN_ERR_FORMAT;
    seen->too_big += error == VN_ERR_TOO_BIG;
    if (error == VN_OK) {
      seen->last = frame;
    }
  }
}

static void assert_same(const vn_frame_t *a, const vn_frame_t *b) {
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->flags, b->flags);
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->topic.length, b->topic.length);
  assert_memory_equal(a->topic.bytes, b->topic.bytes, b->topic.length);
  assert_int_equal(a->payload_length, b->payload_length);
  assert_memory_equal(a->payload, b->payload, b->payload_length);
}

/* By hand: kind 1, flags 1, number 0x0102, topic "a/b", payload 00 FF, and the CRC of these. */
static void a_frame_is_stuffed_and_ends_with_a_zero(void **state) {
  (void)state;
  static const uint8_t payload[] = {0x00, 0xFF};
  vn_frame_t frame = message("a/b", payload, sizeof payload, 0x0102);
  frame.flags = VN_FRAME_RETAINED;
  static const uint8_t expected[] = {0x05, 0x01, 0x01, 0x02, 0x01, 0x01, 0x01, 0x01,
                                     0x01, 0x01, 0x02, 0x03, 0x04, 'a',  '/',  'b',
                                     0x06, 0xFF, 0x37, 0xAD, 0xA0, 0xBC, 0x00};
  size_t length = write_frame(&frame, line);
  assert_int_equal(length, sizeof expected);
  assert_memory_equal(line, expected, sizeof expected);
}

static void what_was_written_is_read(void **state) {
  (void)state;
  static const uint8_t lengths[] = {0, 1, 2, 253, 254, 255};
  static uint8_t payload[1024];
  for (size_t value = 0; value < 3; value++) {
    memset(payload, (int)(value * 0x7F), sizeof payload);
    for (size_t i = 0; i < sizeof lengths + 5; i++) {
      size_t size = i < sizeof lengths ? lengths[i] : 500 + i;
      vn_frame_t frame = message("plant/a", payload, size, UINT64_C(0x8000000000000001) + i);
      vn_frame_reader_t reader;
      seen_t seen = {0};
      vn_frame_reader_init(&reader, buffer, sizeof buffer);
      size_t length = write_frame(&frame, line);
      feed(&reader, line, length, &seen);
      feed(&reader, line, length, &seen);
      assert_int_equal(seen.frames, 2);
      assert_int_equal(seen.malformed + seen.too_big, 0);
      assert_same(&seen.last, &frame);
    }
  }
}

static void frames_longer_than_the_buffer_are_refused_once(void **state) {
  (void)state;
  static uint8_t payload[BUFFER];
  vn_frame_reader_t reader;
  seen_t seen = {0};
  memset(payload, 7, sizeof payload);
  vn_frame_reader_init(&reader, buffer, 64);
  vn_frame_t fits = message("t", payload, 64 - 16 - 1, 1);
  vn_frame_t large = message("t", payload, 64 - 16, 2);
  vn_frame_t huge = message("t", payload, BUFFER, 3);
  const vn_frame_t *frames[] = {&fits, &large, &fits, &huge, &fits};
  for (size_t i = 0; i < 5; i++) {
    feed(&reader, line, write_frame(frames[i], line), &seen);
  }
  assert_int_equal(seen.frames, 3);
  assert_int_equal(seen.too_big, 2);
  assert_int_equal(seen.malformed, 0);
  assert_same(&seen.last, &fits);
}

static void every_cut_and_every_flipped_bit_is_refused_and_the_next_frame_is_read(void **state) {
  (void)state;
  static const uint8_t payload[] = {0x83, 0x00, 0x19, 0x03, 0xE8, 0x00, 0x00, 0xF6};
  static uint8_t damaged[256];
  vn_frame_t frame = message("plant/line-1/temp", payload, sizeof payload, 77);
  size_t length = write_frame(&frame, line);
  vn_frame_reader_t reader;
  vn_frame_reader_init(&reader, buffer, sizeof buffer);
  for (size_t cut = 1; cut < length - 1; cut++) {
    seen_t seen = {0};
    memcpy(damaged, line, cut);
    damaged[cut] = 0;
    feed(&reader, damaged, cut + 1, &seen);
    assert_int_equal(seen.malformed, 1);
    feed(&reader, line + cut, length - cut, &seen); /* the line is joined in the middle */
    assert_int_equal(seen.malformed, 2);
    feed(&reader, line, length, &seen);
    assert_int_equal(seen.frames, 1);
  }
  for (size_t bit = 0; bit < length * 8; bit++) {
    seen_t seen = {0};
    memcpy(damaged, line, length);
    damaged[bit / 8] ^= (uint8_t)(1u << bit % 8);
    feed(&reader, damaged, length, &seen);
    assert_int_equal(seen.frames, 0);
    feed(&reader, (const uint8_t[]){0}, 1, &seen);
    assert_true(seen.malformed > 0);
    feed(&reader, line, length, &seen);
    assert_int_equal(seen.frames, 1);
    assert_same(&seen.last, &frame);
  }
}

static void zeros_between_frames_mean_nothing(void **state) {
  (void)state;
  vn_frame_reader_t reader;
  seen_t seen = {0};
  static const uint8_t zeros[16] = {0};
  vn_frame_t frame = {.kind = VN_FRAME_ACKNOWLEDGE, .number = 5};
  size_t length = write_frame(&frame, line);
  vn_frame_reader_init(&reader, buffer, sizeof buffer);
  for (int i = 0; i < 3; i++) {
    feed(&reader, zeros, sizeof zeros, &seen);
    feed(&reader, line, length, &seen);
  }
  assert_int_equal(seen.frames, 3);
  assert_int_equal(seen.malformed + seen.too_big, 0);
}

/* Whatever a line carries: no frame is made up, and the one behind an end is always read. */
static void noise_is_refused_and_costs_at_most_the_frame_that_it_hits(void **state) {
  (void)state;
  uint32_t cases = asked("VN_CASES", 20000);
  prng_t prng = prng_make(6, 1);
  print_message("seed 6, %u cases\n", cases);
  vn_frame_reader_t reader;
  vn_frame_reader_init(&reader, buffer, 300);
  for (uint32_t i = 0; i < cases; i++) {
    uint8_t noise[600];
    size_t count = prng_below(&prng, sizeof noise);
    for (size_t k = 0; k < count; k++) {
      noise[k] = prng_chance(&prng, 5) ? 0 : (uint8_t)prng_next(&prng);
    }
    seen_t seen = {0};
    feed(&reader, noise, count, &seen);
    assert_int_equal(seen.frames, 0);
    feed(&reader, (const uint8_t[]){0}, 1, &seen);
    uint8_t payload[200];
    size_t size = prng_below(&prng, sizeof payload);
    prng_fill(&prng, payload, size);
    vn_frame_t frame = message("x/y", payload, size, i);
    feed(&reader, line, write_frame(&frame, line), &seen);
    assert_int_equal(seen.frames, 1);
    assert_same(&seen.last, &frame);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_frame_is_stuffed_and_ends_with_a_zero),
      cmocka_unit_test(what_was_written_is_read),
      cmocka_unit_test(frames_longer_than_the_buffer_are_refused_once),
      cmocka_unit_test(every_cut_and_every_flipped_bit_is_refused_and_the_next_frame_is_read),
      cmocka_unit_test(zeros_between_frames_mean_nothing),
      cmocka_unit_test(noise_is_refused_and_costs_at_most_the_frame_that_it_hits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
