/* The bytes of RFC 8949's appendix A, and what the writer does when the buffer ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "vn/cbor.h"

static uint8_t buffer[256];

static vn_cbor_writer_t start(void) {
  vn_cbor_writer_t writer;
  memset(buffer, 0xAA, sizeof buffer);
  vn_cbor_writer_init(&writer, buffer, sizeof buffer);
  return writer;
}

static void expect_hex(const vn_cbor_writer_t *writer, const char *hex) {
  char text[2 * sizeof buffer + 1] = "";
  assert_false(writer->overflow);
  for (size_t i = 0; i < writer->length; i++) {
    (void)snprintf(&text[2 * i], 3, "%02x", writer->buffer[i]);
  }
  assert_string_equal(text, hex);
  assert_int_equal(writer->buffer[writer->length], 0xAA);
}

static void unsigned_integers_take_the_shortest_head(void **state) {
  (void)state;
  static const struct {
    uint64_t value;
    const char *hex;
  } rows[] = {
      {0, "00"},
      {1, "01"},
      {10, "0a"},
      {23, "17"},
      {24, "1818"},
      {25, "1819"},
      {100, "1864"},
      {255, "18ff"},
      {256, "190100"},
      {1000, "1903e8"},
      {65535, "19ffff"},
      {65536, "1a00010000"},
      {1000000, "1a000f4240"},
      {UINT32_MAX, "1affffffff"},
      {UINT64_C(1) << 32, "1b0000000100000000"},
      {UINT64_C(1000000000000), "1b000000e8d4a51000"},
      {UINT64_MAX, "1bffffffffffffffff"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vn_cbor_writer_t writer = start();
    vn_cbor_uint(&writer, rows[i].value);
    expect_hex(&writer, rows[i].hex);
  }
}

static void signed_integers_take_the_shortest_head(void **state) {
  (void)state;
  static const struct {
    int64_t value;
    const char *hex;
  } rows[] = {
      {0, "00"},
      {-1, "20"},
      {-10, "29"},
      {-24, "37"},
      {-25, "3818"},
      {-100, "3863"},
      {-1000, "3903e7"},
      {500, "1901f4"},
      {INT64_MAX, "1b7fffffffffffffff"},
      {INT64_MIN, "3b7fffffffffffffff"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vn_cbor_writer_t writer = start();
    vn_cbor_int(&writer, rows[i].value);
    expect_hex(&writer, rows[i].hex);
  }
}

static void floats_take_the_shortest_form_that_keeps_the_value(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *hex;
  } rows[] = {
      {0.0, "f90000"},
      {1.0, "f93c00"},
      {1.1, "fb3ff199999999999a"},
      {1.5, "f93e00"},
      {65504.0, "f97bff"},
      {65505.0, "fa477fe100"},
      {65520.0, "fa477ff000"},
      {65536.0, "fa47800000"},
      {100000.0, "fa47c35000"},
      {0x1.fffffep+127, "fa7f7fffff"},
      {0x1.ffffffp+127, "fb47effffff0000000"},
      {1.0e+300, "fb7e37e43c8800759c"},
      {0x1p-24, "f90001"},
      {0x1p-25, "fa33000000"},
      {0x1.8p-24, "fa33c00000"},
      {0x1.8p-23, "f90003"},
      {0x1p-14, "f90400"},
      {0x1.ff8p-15, "f903ff"},
      {-4.0, "f9c400"},
      {-4.1, "fbc010666666666666"},
      {0x1p-149, "fa00000001"},
      {0x1p-150, "fb3690000000000000"},
      {0x1.fffffcp-127, "fa007fffff"},
      {0x1p-126, "fa00800000"},
      {0x1p-1074, "fb0000000000000001"},
      {20.0, "f94d00"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vn_cbor_writer_t writer = start();
    vn_cbor_float(&writer, rows[i].value);
    expect_hex(&writer, rows[i].hex);
  }
}

static void nan_infinities_and_minus_zero_have_one_form(void **state) {
  (void)state;
  double signalling;
  uint64_t bits = UINT64_C(0xFFF0000000000001);
  memcpy(&signalling, &bits, sizeof bits);
  vn_cbor_writer_t writer = start();
  vn_cbor_float(&writer, (double)NAN);
  vn_cbor_float(&writer, -(double)NAN);
  vn_cbor_float(&writer, signalling);
  vn_cbor_float(&writer, (double)INFINITY);
  vn_cbor_float(&writer, -(double)INFINITY);
  vn_cbor_float(&writer, -0.0);
  expect_hex(&writer, "f97e00f97e00f97e00f97c00f9fc00f90000");
}

static void every_half_and_every_single_of_a_grid_survives(void **state) {
  (void)state;
  for (uint32_t i = 0; i < UINT32_C(1) << 18; i++) {
    uint32_t bits = (i << 14) | (i & 1u);
    float single;
    memcpy(&single, &bits, sizeof bits);
    if (single != single || bits == UINT32_C(0x80000000)) {
      continue;
    }
    vn_cbor_writer_t writer = start();
    vn_cbor_float(&writer, (double)single);
    assert_true(writer.length <= 5u);
    vn_cbor_reader_t reader;
    vn_cbor_item_t item;
    vn_cbor_reader_init(&reader, buffer, writer.length);
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
    assert_int_equal(item.kind, VN_CBOR_FLOAT);
    assert_true(item.float_value == (double)single);
  }
}

static void big_integers_become_bignums_beyond_64_bits(void **state) {
  (void)state;
  static const struct {
    vn_u128_t value;
    const char *hex;
  } rows[] = {
      {{0, 0}, "00"},
      {{0, UINT64_MAX}, "1bffffffffffffffff"},
      {{1, 0}, "c249010000000000000000"},
      {{UINT64_MAX, UINT64_MAX}, "c250ffffffffffffffffffffffffffffffff"},
      {{0x1234, 5}, "c24a12340000000000000005"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vn_cbor_writer_t writer = start();
    vn_cbor_u128(&writer, rows[i].value);
    expect_hex(&writer, rows[i].hex);
  }
}

static void strings_containers_tags_and_simple_values(void **state) {
  (void)state;
  vn_cbor_writer_t writer = start();
  vn_cbor_map(&writer, 2);
  vn_cbor_text(&writer, "a", 1);
  vn_cbor_array(&writer, 3);
  vn_cbor_bool(&writer, false);
  vn_cbor_bool(&writer, true);
  vn_cbor_null(&writer);
  vn_cbor_text(&writer, "", 0);
  vn_cbor_tag(&writer, 32);
  vn_cbor_bytes(&writer, (const uint8_t *)"\x01\x02", 2);
  vn_cbor_raw(&writer, (const uint8_t *)"\x80", 1);
  vn_cbor_array(&writer, 25);
  expect_hex(&writer,
             "a2616183f4f5f660d82042010280"
             "9819");
}

static void measuring_gives_the_length_without_a_buffer(void **state) {
  (void)state;
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, NULL, 0);
  vn_cbor_map(&writer, 1);
  vn_cbor_text(&writer, "name", 4);
  vn_cbor_float(&writer, 1.1);
  assert_int_equal(writer.length, 1 + 5 + 9);
  assert_false(writer.overflow);
}

static void overflow_sticks_and_the_length_keeps_counting(void **state) {
  (void)state;
  for (size_t capacity = 0; capacity < 16u; capacity++) {
    uint8_t small[17];
    memset(small, 0xAA, sizeof small);
    vn_cbor_writer_t writer;
    vn_cbor_writer_init(&writer, small, capacity);
    vn_cbor_text(&writer, "0123456789", 10);
    vn_cbor_uint(&writer, 1000);
    vn_cbor_uint(&writer, 1);
    assert_int_equal(writer.length, 15);
    assert_int_equal(writer.overflow, capacity < 15u);
    for (size_t i = capacity; i < sizeof small; i++) {
      assert_int_equal(small[i], 0xAA);
    }
  }
}

static void nothing_is_written_behind_the_piece_that_did_not_fit(void **state) {
  (void)state;
  uint8_t small[4] = {0xAA, 0xAA, 0xAA, 0xAA};
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, small, sizeof small);
  vn_cbor_uint(&writer, 1);
  vn_cbor_float(&writer, 1.1);
  vn_cbor_uint(&writer, 2);
  assert_true(writer.overflow);
  assert_int_equal(writer.length, 11);
  assert_memory_equal(small, "\x01\xAA\xAA\xAA", 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unsigned_integers_take_the_shortest_head),
      cmocka_unit_test(signed_integers_take_the_shortest_head),
      cmocka_unit_test(floats_take_the_shortest_form_that_keeps_the_value),
      cmocka_unit_test(nan_infinities_and_minus_zero_have_one_form),
      cmocka_unit_test(every_half_and_every_single_of_a_grid_survives),
      cmocka_unit_test(big_integers_become_bignums_beyond_64_bits),
      cmocka_unit_test(strings_containers_tags_and_simple_values),
      cmocka_unit_test(measuring_gives_the_length_without_a_buffer),
      cmocka_unit_test(overflow_sticks_and_the_length_keeps_counting),
      cmocka_unit_test(nothing_is_written_behind_the_piece_that_did_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
