/* Items of RFC 8949's appendix A, and hostile bytes: what is refused, why, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vn/cbor.h"

static size_t from_hex(const char *hex, uint8_t *out) {
  size_t length = 0;
  for (; hex[0] != '\0'; hex += 2) {
    unsigned byte;
    assert_int_equal(sscanf(hex, "%2x", &byte), 1);
    out[length++] = (uint8_t)byte;
  }
  return length;
}

/* One word per item, close to the standard's diagnostic notation. */
static void describe(const vn_cbor_item_t *item, char *out, size_t size) {
  static const char *const names[] = {"",  "-1-",  "h",         "t",      "[",     "{",     "tag",
                                      "?", "null", "undefined", "float ", "break", "simple"};
  const char *name = names[item->kind];
  if (item->kind == VN_CBOR_FLOAT) {
    (void)snprintf(out, size, "%.17g ", item->float_value);
  } else if (item->kind == VN_CBOR_TEXT || item->kind == VN_CBOR_BYTES) {
    (void)snprintf(out, size, "%s'%.*s' ", name, (int)item->text.length, item->text.bytes);
  } else if (item->kind == VN_CBOR_NULL || item->kind == VN_CBOR_UNDEFINED ||
             item->kind == VN_CBOR_BREAK) {
    (void)snprintf(out, size, "%s ", name);
  } else if (item->indefinite) {
    (void)snprintf(out, size, "%s* ", name);
  } else {
    (void)snprintf(out, size, "%s%llu ", name, (unsigned long long)item->unsigned_value);
  }
}

typedef struct items_row {
  const char *hex;
  const char *items;
} items_row_t;

static void expect_items(const items_row_t *row) {
  uint8_t bytes[128];
  char text[512] = "";
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(&reader, bytes, from_hex(row->hex, bytes));
  while (reader.position < reader.length) {
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
    describe(&item, &text[strlen(text)], sizeof text - strlen(text));
  }
  assert_string_equal(text, row->items);
}

#define EXPECT_ROWS(rows)                                      \
  for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++) { \
    expect_items(&(rows)[i]);                                  \
  }

static void integers_of_the_standard(void **state) {
  (void)state;
  static const items_row_t rows[] = {
      {"00010a17", "0 1 10 23 "},
      {"181818191864", "24 25 100 "},
      {"1903e81a000f4240", "1000 1000000 "},
      {"1b000000e8d4a51000", "1000000000000 "},
      {"1bffffffffffffffff", "18446744073709551615 "},
      {"2029", "-1-0 -1-9 "},
      {"38633903e7", "-1-99 -1-999 "},
      {"3bffffffffffffffff", "-1-18446744073709551615 "},
  };
  EXPECT_ROWS(rows);
}

static void floats_of_the_standard(void **state) {
  (void)state;
  static const items_row_t rows[] = {
      {"f90000", "0 "},
      {"f98000", "-0 "},
      {"f93c00", "1 "},
      {"fb3ff199999999999a", "1.1000000000000001 "},
      {"f93e00", "1.5 "},
      {"f97bff", "65504 "},
      {"fa47c35000", "100000 "},
      {"fa7f7fffff", "3.4028234663852886e+38 "},
      {"fb7e37e43c8800759c", "1.0000000000000001e+300 "},
      {"f90001", "5.9604644775390625e-08 "},
      {"f90400", "6.103515625e-05 "},
      {"f9c400", "-4 "},
      {"fbc010666666666666", "-4.0999999999999996 "},
      {"f97c00fa7f800000fb7ff0000000000000", "inf inf inf "},
      {"f9fc00faff800000fbfff0000000000000", "-inf -inf -inf "},
      {"f983ff", "-6.0975551605224609e-05 "},
  };
  EXPECT_ROWS(rows);
}

static void simple_values_and_tags_of_the_standard(void **state) {
  (void)state;
  static const items_row_t rows[] = {
      {"f4f5f6f7", "?0 ?1 null undefined "},
      {"f0e0f3f820f8ff", "simple16 simple0 simple19 simple32 simple255 "},
      {"c001", "tag0 1 "},
      {"c11a514b67b0", "tag1 1363896240 "},
      {"c1fb41d452d9ec200000", "tag1 1363896240.5 "},
      {"d74401020304", "tag23 h'\x01\x02\x03\x04' "},
      {"d818456449455446", "tag24 h'dIETF' "},
      {"c24101c34102", "tag2 h'\x01' tag3 h'\x02' "},
      {"c600d400d8ff00d9d9f700", "tag6 0 tag20 0 tag255 0 tag55799 0 "},
      {"da0001000000dbffffffffffffffff00", "tag65536 0 tag18446744073709551615 0 "},
  };
  EXPECT_ROWS(rows);
}

static void strings_and_containers_of_the_standard(void **state) {
  (void)state;
  static const items_row_t rows[] = {
      {"404401020304", "h'' h'\x01\x02\x03\x04' "},
      {"6061616449455446", "t'' t'a' t'IETF' "},
      {"62225c62c3bc63e6b0b464f0908591", "t'\"\\' t'\u00fc' t'\u6c34' t'\xf0\x90\x85\x91' "},
      {"80a0", "[0 {0 "},
      {"8301820203820405", "[3 1 [2 2 3 [2 4 5 "},
      {"98190102", "[25 1 2 "},
      {"a26161016162820203", "{2 t'a' 1 t'b' [2 2 3 "},
      {"9f018202039f0405ffff", "[* 1 [2 2 3 [* 4 5 break break "},
      {"bf6346756ef563416d7421ff", "{* t'Fun' ?1 t'Amt' -1-1 break "},
  };
  EXPECT_ROWS(rows);
}

static void longer_heads_than_needed_are_accepted(void **state) {
  (void)state;
  static const items_row_t rows[] = {
      {"1805190005", "5 5 "},
      {"1a000000051b0000000000000005", "5 5 "},
      {"38003900003a00000000", "-1-0 -1-0 -1-0 "},
      {"780161790001627a0000000163", "t'a' t'b' t'c' "},
      {"98009900009a00000000b800", "[0 [0 [0 {0 "},
      {"d80100d9000100", "tag1 0 tag1 0 "},
  };
  EXPECT_ROWS(rows);
}

static void every_nan_is_a_nan(void **state) {
  (void)state;
  static const char *const rows[] = {"f97e00",
                                     "f97c01",
                                     "f9fe00",
                                     "fa7fc00000",
                                     "fa7f800001",
                                     "fb7ff8000000000000",
                                     "fbfff0000000000001"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t bytes[16];
    vn_cbor_reader_t reader;
    vn_cbor_item_t item;
    vn_cbor_reader_init(&reader, bytes, from_hex(rows[i], bytes));
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
    assert_int_equal(item.kind, VN_CBOR_FLOAT);
    assert_true(item.float_value != item.float_value);
  }
}

/* The bytes live in a block of their own size: reading past it is seen by a checked build. */
static vn_reason_t refusal_of(const uint8_t *bytes, size_t length) {
  uint8_t *copy = malloc(length + (length == 0));
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  assert_non_null(copy);
  memcpy(copy, bytes, length);
  vn_cbor_reader_init(&reader, copy, length);
  vn_reason_t reason = vn_cbor_next(&reader, &item);
  assert_true(reason == VN_REASON_NONE ? reader.position > 0 && reader.position <= length
                                       : reader.position == 0);
  free(copy);
  return reason;
}

static vn_reason_t refusal_of_hex(const char *hex) {
  uint8_t bytes[128];
  return refusal_of(bytes, from_hex(hex, bytes));
}

static void an_empty_buffer_and_reserved_information_are_malformed(void **state) {
  (void)state;
  assert_int_equal(refusal_of_hex(""), VN_REASON_CBOR);
  for (unsigned major = 0; major < 8u; major++) {
    for (unsigned info = 28u; info < 31u; info++) {
      uint8_t bytes[9] = {(uint8_t)(major << 5 | info)};
      assert_int_equal(refusal_of(bytes, sizeof bytes), VN_REASON_CBOR);
    }
  }
  assert_int_equal(refusal_of_hex("1f"), VN_REASON_CBOR);
  assert_int_equal(refusal_of_hex("3f"), VN_REASON_CBOR);
  assert_int_equal(refusal_of_hex("df"), VN_REASON_CBOR);
}

static void two_byte_simple_values_below_32_are_malformed(void **state) {
  (void)state;
  for (unsigned value = 0; value < 256u; value++) {
    uint8_t bytes[2] = {0xF8, (uint8_t)value};
    assert_int_equal(refusal_of(bytes, 2), value < 32u ? VN_REASON_CBOR : VN_REASON_NONE);
  }
}

static void cut_off_heads_and_strings_are_malformed(void **state) {
  (void)state;
  static const char *const rows[] = {"18",
                                     "19",
                                     "1900",
                                     "1a000000",
                                     "1b00000000000000",
                                     "38",
                                     "f8",
                                     "f9",
                                     "f900",
                                     "fa0000",
                                     "fb00",
                                     "d8",
                                     "d900",
                                     "41",
                                     "6261",
                                     "58",
                                     "580201",
                                     "590002",
                                     "5a0000000201",
                                     "61",
                                     "7a0007ffff",
                                     "5900ff00",
                                     "98",
                                     "b9"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(refusal_of_hex(rows[i]), VN_REASON_CBOR);
  }
}

static void sizes_beyond_the_limit_are_refused_before_anything_is_believed(void **state) {
  (void)state;
  static const char *const rows[] = {"9bffffffffffffffff",
                                     "bb7fffffffffffffff",
                                     "9a40000000",
                                     "ba40000000",
                                     "5a7fffffff",
                                     "7affffffff",
                                     "9a00100000",
                                     "5b0000000100000002",
                                     "7b00000001000000026162",
                                     "5b00000000000000026162",
                                     "9b0000000000000001",
                                     "bb"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(refusal_of_hex(rows[i]), VN_REASON_LIMIT);
  }
}

static void a_string_length_that_wraps_is_malformed(void **state) {
  (void)state;
  assert_int_equal(refusal_of_hex("5bffffffffffffffff00"), VN_REASON_CBOR);
  assert_int_equal(refusal_of_hex("7bfffffffffffffff700"), VN_REASON_CBOR);
  assert_int_equal(refusal_of_hex("7bfffffffffffffff600"), VN_REASON_LIMIT);
}

static void counts_below_the_limit_are_handed_over(void **state) {
  (void)state;
  assert_int_equal(refusal_of_hex("9a000fffff"), VN_REASON_NONE);
  assert_int_equal(refusal_of_hex("b9ffff"), VN_REASON_NONE);
}

static void indefinite_strings_are_refused(void **state) {
  (void)state;
  assert_int_equal(refusal_of_hex("5fff"), VN_REASON_CHUNKS);
  assert_int_equal(refusal_of_hex("7f657374726561646d696e67ff"), VN_REASON_CHUNKS);
  assert_int_equal(refusal_of_hex("5f42010243030405ff"), VN_REASON_CHUNKS);
  static uint8_t many[200002];
  memset(many, 0x61, sizeof many);
  many[0] = 0x7F;
  many[sizeof many - 1u] = 0xFF;
  assert_int_equal(refusal_of(many, sizeof many), VN_REASON_CHUNKS);
}

static void indefinite_strings_with_a_wrong_chunk_are_malformed(void **state) {
  (void)state;
  static const char *const rows[] = {"5f6161ff",     "7f4161ff",     "7f00ff",
                                     "5f5f4161ffff", "7f7f6161ffff", "5f",
                                     "7f6161",       "7f62",         "7f6161f6"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(refusal_of_hex(rows[i]), VN_REASON_CBOR);
  }
}

static void text_must_be_utf8(void **state) {
  (void)state;
  static const char *const bad[] = {"61ff",       "6180",       "62c328",     "62c080",
                                    "62c1bf",     "63e08080",   "63eda080",   "63edbfbf",
                                    "64f0808080", "64f4908080", "64f5808080", "62e282",
                                    "63f09f98",   "61c3",       "63610080"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(refusal_of_hex(bad[i]), VN_REASON_UTF8);
  }
  static const char *const good[] = {"62c280",   "62dfbf",     "63e0a080",   "63ed9fbf", "63ee8080",
                                     "63efbfbf", "64f0908080", "64f48fbfbf", "6100",     "4180"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_int_equal(refusal_of_hex(good[i]), VN_REASON_NONE);
  }
}

static void utf8_is_checked_at_every_offset_of_a_long_text(void **state) {
  (void)state;
  uint8_t bytes[2 + 40] = {0x78, 40};
  for (size_t i = 0; i < 40u; i++) {
    memset(&bytes[2], 'a', 40);
    assert_int_equal(refusal_of(bytes, sizeof bytes), VN_REASON_NONE);
    bytes[2 + i] = 0xC3;
    assert_int_equal(refusal_of(bytes, sizeof bytes), VN_REASON_UTF8);
    if (i < 39u) {
      bytes[3 + i] = 0xBC;
      assert_int_equal(refusal_of(bytes, sizeof bytes), VN_REASON_NONE);
    }
  }
}

static void every_first_byte_before_nothing_zeros_and_ones_stays_in_bounds(void **state) {
  (void)state;
  for (unsigned first = 0; first < 256u; first++) {
    for (size_t length = 1; length < 70u; length++) {
      uint8_t bytes[70];
      memset(bytes, 0x00, sizeof bytes);
      bytes[0] = (uint8_t)first;
      (void)refusal_of(bytes, length);
      memset(&bytes[1], 0xFF, sizeof bytes - 1u);
      (void)refusal_of(bytes, length);
    }
  }
}

static void the_position_moves_from_item_to_item(void **state) {
  (void)state;
  uint8_t bytes[] = {0x82, 0x19, 0x01, 0x00, 0x62, 'h', 'i', 0x1C};
  static const size_t positions[] = {1, 4, 7};
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(&reader, bytes, sizeof bytes);
  for (size_t i = 0; i < 3u; i++) {
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
    assert_int_equal(reader.position, positions[i]);
  }
  assert_ptr_equal(item.text.bytes, &bytes[5]);
  assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_CBOR);
  assert_int_equal(reader.position, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_of_the_standard),
      cmocka_unit_test(floats_of_the_standard),
      cmocka_unit_test(simple_values_and_tags_of_the_standard),
      cmocka_unit_test(strings_and_containers_of_the_standard),
      cmocka_unit_test(longer_heads_than_needed_are_accepted),
      cmocka_unit_test(every_nan_is_a_nan),
      cmocka_unit_test(an_empty_buffer_and_reserved_information_are_malformed),
      cmocka_unit_test(two_byte_simple_values_below_32_are_malformed),
      cmocka_unit_test(cut_off_heads_and_strings_are_malformed),
      cmocka_unit_test(sizes_beyond_the_limit_are_refused_before_anything_is_believed),
      cmocka_unit_test(a_string_length_that_wraps_is_malformed),
      cmocka_unit_test(counts_below_the_limit_are_handed_over),
      cmocka_unit_test(indefinite_strings_are_refused),
      cmocka_unit_test(indefinite_strings_with_a_wrong_chunk_are_malformed),
      cmocka_unit_test(text_must_be_utf8),
      cmocka_unit_test(utf8_is_checked_at_every_offset_of_a_long_text),
      cmocka_unit_test(every_first_byte_before_nothing_zeros_and_ones_stays_in_bounds),
      cmocka_unit_test(the_position_moves_from_item_to_item),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
