/* CBOR with field paths: the same rules as JSON, over a format that lies about lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoded.h"
#include "prng.h"

#define SEED UINT64_C(8949)

static decoded_input_t input;

static void start(const char *first_path, const char *second_path) {
  decoded_input_init(&input, VN_FORMAT_CBOR);
  decoded_input_field(&input, first_path, NULL);
  if (second_path != NULL) {
    decoded_input_field(&input, second_path, NULL);
  }
}

/* The value at key "v" of a map of one pair. */
static const char *decode_value(const char *hex) {
  char all[256];
  start("v", NULL);
  (void)snprintf(all, sizeof all, "a16176%s", hex);
  return decoded_hex(&input, all);
}

static const char *decode(const char *hex) { return decoded_hex(&input, hex); }

/* The reason alone: where the reader stopped is its own tests' business. */
static void assert_refused(const char *hex, const char *word) {
  const char *text = decode(hex);
  size_t length = strlen(word);
  if (strncmp(text, word, length) != 0 || text[length] != ' ') {
    fail_msg("%s gives %s", hex, text);
  }
}

static void row_16_the_same_value_in_every_encoding_is_one_reading(void **state) {
  (void)state;
  assert_string_equal(decode_value("f93e00"), "0 1.5\n");
  assert_string_equal(decode_value("fa3fc00000"), "0 1.5\n");
  assert_string_equal(decode_value("fb3ff8000000000000"), "0 1.5\n");
  assert_string_equal(decode_value("c482200f"), "0 1.5\n");
  assert_string_equal(decode_value("c49f200fff"), "0 1.5\n");
  assert_string_equal(decode_value("18f5"), "0 245\n");
  assert_string_equal(decode_value("38f5"), "0 -246\n");
}

static void row_15_long_forms_of_integers_are_accepted(void **state) {
  (void)state;
  assert_string_equal(decode_value("1805"), "0 5\n");
  assert_string_equal(decode_value("1b0000000000000005"), "0 5\n");
  assert_string_equal(decode_value("390004"), "0 -5\n");
}

static void row_21_integers_beyond_int64_are_out_of_range(void **state) {
  (void)state;
  assert_string_equal(decode_value("1bffffffffffffffff"), "0 range\n");
  assert_string_equal(decode_value("3bffffffffffffffff"), "0 range\n");
  assert_string_equal(decode_value("1b0020000000000001"), "0 range\n"); /* 2^53+1 times 10^6 */
}

static void rows_17_and_18_nan_and_infinities_are_refused_readings(void **state) {
  (void)state;
  assert_string_equal(decode_value("f97e00"), "0 !nan\n");
  assert_string_equal(decode_value("fa7fc00000"), "0 !nan\n");
  assert_string_equal(decode_value("fbfff0000000000001"), "0 !nan\n");
  assert_string_equal(decode_value("f97c00"), "0 !inf\n");
  assert_string_equal(decode_value("fbfff0000000000000"), "0 !inf\n");
}

static void row_19_minus_zero_and_denormals_are_zero(void **state) {
  (void)state;
  assert_string_equal(decode_value("f98000"), "0 0\n");
  assert_string_equal(decode_value("fb0000000000000001"), "0 0\n");
  assert_string_equal(decode_value("fb7fefffffffffffff"), "0 range\n");
}

static void rows_22_to_24_types_of_values(void **state) {
  (void)state;
  assert_string_equal(decode_value("c243010000"), "0 !type\n"); /* bignum */
  assert_string_equal(decode_value("c5820301"), "0 !type\n");   /* big float */
  assert_string_equal(decode_value("63312e35"), "0 !type\n");   /* "1.5" */
  assert_string_equal(decode_value("634e614e"), "0 !nan\n");    /* "NaN" */
  assert_string_equal(decode_value("4101"), "0 !type\n");       /* bytes */
  assert_string_equal(decode_value("8101"), "0 !type\n");       /* array */
  assert_string_equal(decode_value("a0"), "0 !type\n");         /* map */
  assert_string_equal(decode_value("f5"), "0 1\n");             /* true */
  assert_string_equal(decode_value("f4"), "0 0\n");             /* false */
  assert_string_equal(decode_value("e5"), "0 !type\n");         /* simple 5 */
  assert_string_equal(decode_value("d9d9f701"), "0 1\n");       /* tagged 1 */
  assert_string_equal(decode_value("c48101"), "0 !type\n");     /* half a fraction */
  assert_string_equal(decode_value("c4824101f5"), "0 !type\n"); /* of other things */
  assert_string_equal(decode_value("c4821b7fffffffffffffff01"), "0 range\n");
  assert_string_equal(decode_value("c4823b7fffffffffffffff01"), "0 0\n");
}

static void row_86_null_undefined_absent_and_sentinels_are_missing(void **state) {
  (void)state;
  assert_string_equal(decode_value("f6"), "0 !missing\n");
  assert_string_equal(decode_value("f7"), "0 !missing\n");
  start("w", NULL);
  assert_string_equal(decode("a1617601"), "0 !missing\n");
  decoded_input_init(&input, VN_FORMAT_CBOR);
  decoded_input_field(&input, "v", "-99.9");
  assert_string_equal(decode("a16176fbc058f9999999999a"), "0 !missing\n");
  assert_string_equal(decode("a16176c482203903e6"), "0 !missing\n");
  assert_string_equal(decode("a161763862"), "0 -99\n");
}

static void row_28_the_last_duplicate_wins(void **state) {
  (void)state;
  start("v", NULL);
  assert_string_equal(decode("a2617601617602"), "0 2\n");
}

static void paths_go_through_maps_and_arrays(void **state) {
  (void)state;
  start("a[1].b", "7");
  assert_string_equal(decode("a261618201a1616205"
                             "0708"),
                      "0 5\n1 8\n");
  start("-1", "18446744073709551615");
  assert_string_equal(decode("a22003"
                             "1bffffffffffffffff04"),
                      "0 3\n1 4\n");
}

static void an_array_is_a_batch_definite_or_not(void **state) {
  (void)state;
  start("v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_S);
  static const char kExpected[] = "0 1 @1001\n0 2 @2000\n";
  assert_string_equal(decode("82a2617601"
                             "6174fb3ff004189374bc6a"
                             "a26174026176f94000"),
                      kExpected);
  assert_string_equal(decode("9fbf617601"
                             "6174c4822219"
                             "03e9ffa26174026176f94000ff"),
                      kExpected);
  assert_string_equal(decode("d9d9f780"), "");
}

static void each_takes_the_time_around_it_before_or_behind(void **state) {
  (void)state;
  start("r[*].v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_MS);
  assert_string_equal(decode("a2617405617282a1617601a1617602"), "0 1 @5\n0 2 @5\n");
  assert_string_equal(decode("a2617282a1617601a1617602617405"), "0 1 @5\n0 2 @5\n");
  assert_string_equal(decode("bf61729fbf617601ffa1617602ff617405ff"), "0 1 @5\n0 2 @5\n");
  assert_string_equal(decode("a1617280"), "");
  assert_string_equal(decode("a1617281a1617601"), "0 !time\n");
}

static void row_38_unusable_times_refuse_the_readings(void **state) {
  (void)state;
  start("v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_S);
  assert_string_equal(decode("a26176016174fb7e37e43c8800759c"), "0 !time\n");
  assert_string_equal(decode("a26176016174f97e00"), "0 !time\n");
  assert_string_equal(decode("a26176016174f6"), "0 !time\n");
  assert_string_equal(decode("a261760161741b7fffffffffffffff"), "0 !time\n");
  assert_string_equal(decode("a2617601617463312e35"), "0 1 @1500\n");
}

static void rows_1_2_and_4_nothing_a_lone_break_and_trailing_bytes(void **state) {
  (void)state;
  start("v", NULL);
  assert_string_equal(decode(""), "empty 0\n");
  assert_string_equal(decode("ff"), "cbor 0\n");
  assert_string_equal(decode("a161760100"), "0 1\ntrailing 4\n");
}

static void row_3_a_message_cut_anywhere_keeps_what_was_complete(void **state) {
  (void)state;
  static const uint8_t kMessage[] = {0x82, 0xA2, 0x61, 'v',  0x01, 0x61, 't',
                                     0xC4, 0x82, 0x22, 0x19, 0x03, 0xE9, 0xA1,
                                     0x61, 'v',  0xFA, 0x3F, 0xC0, 0x00, 0x00};
  start("v", NULL);
  for (size_t length = 1; length < sizeof kMessage; length++) {
    const char *expected = length < 13 ? "cbor " : "0 1\ncbor ";
    assert_memory_equal(decoded_bytes(&input, kMessage, length), expected, strlen(expected));
  }
  assert_string_equal(decoded_bytes(&input, kMessage, sizeof kMessage), "0 1\n0 1.5\n");
}

static void rows_5_to_7_and_81_announced_lengths_are_not_believed(void **state) {
  (void)state;
  start("v", NULL);
  assert_refused("9bffffffffffffffff", "limit");
  assert_refused("bb7fffffffffffffff", "limit");
  assert_refused("9a40000000", "limit");
  assert_refused("5b0000000100000000", "limit");
  assert_refused("7b0000000100000000", "limit");
}

static void nested(uint8_t head, size_t depth, size_t length, const char *expected) {
  uint8_t *bytes = malloc(length);
  assert_non_null(bytes);
  memset(bytes, head, length);
  if (depth < length) {
    bytes[depth] = 0x01;
  }
  const char *text = decoded_bytes(&input, bytes, depth < length ? depth + 1 : length);
  assert_memory_equal(text, expected, strlen(expected) + 1);
  free(bytes);
}

static void rows_8_and_9_depth_is_limited_to_16_tags_count(void **state) {
  (void)state;
  start("v", NULL);
  nested(0x81, 16, 32, "0 !missing\n");
  nested(0x81, 17, 32, "depth 16\n");
  nested(0x81, 4096, 4200, "depth 16\n");
  nested(0x9F, 100000, 100000, "depth 16\n");
  nested(0xC0, 16, 32, "0 !missing\n");
  nested(0xC0, 65536, 65536, "depth 16\n");
}

static void rows_10_and_83_breaks_where_they_do_not_belong(void **state) {
  (void)state;
  start("v", NULL);
  assert_refused("9f01", "0 !missing\ncbor");
  assert_refused("81ff", "cbor");
  assert_refused("a1ff", "cbor");
  assert_refused("a1617601ff", "0 1\ntrailing");
  assert_refused("bf6176ff", "cbor");
  assert_refused("a16176ff", "cbor");
  assert_refused("9fc1ff", "cbor");
  assert_refused("8201ff", "0 !missing\ncbor");
}

static void rows_11_and_12_indefinite_strings_are_refused(void **state) {
  (void)state;
  start("v", NULL);
  assert_refused("a17f6176ff01", "chunks");
  assert_refused("7f4101ff", "cbor");
}

static void rows_13_14_and_34_malformed_heads_and_text(void **state) {
  (void)state;
  start("v", NULL);
  assert_refused("1c", "cbor");
  assert_refused("f818", "cbor");
  assert_refused("a162c3286101", "utf8");
  assert_refused("a163eda08001", "utf8");
}

static void containers_as_keys_are_refused(void **state) {
  (void)state;
  start("v", NULL);
  assert_refused("a18001", "cbor");
  assert_refused("a1a001", "cbor");
}

static void other_keys_match_nothing(void **state) {
  (void)state;
  start("v", "1");
  assert_string_equal(decode("a5417601"
                             "f502"
                             "f93c0003"
                             "c1617604"
                             "617605"),
                      "0 5\n1 !missing\n");
}

static void row_84_every_first_byte_is_survived(void **state) {
  (void)state;
  static const uint8_t kFills[] = {0x00, 0xFF, 0x60, 0x81};
  uint8_t bytes[40];
  start("v", "r[*].v");
  decoded_input_time(&input, "t", VN_UNIT_MS);
  for (unsigned first = 0; first < 256; first++) {
    bytes[0] = (uint8_t)first;
    (void)decoded_bytes(&input, bytes, 1);
    for (size_t i = 0; i < sizeof kFills; i++) {
      memset(bytes + 1, kFills[i], sizeof bytes - 1);
      (void)decoded_bytes(&input, bytes, sizeof bytes);
    }
  }
}

static void random_bytes_in_a_valid_message_are_survived(void **state) {
  (void)state;
  static const uint8_t kMessage[] = {0x82, 0xA3, 0x61, 'v',  0x01, 0x61, 't',  0xC4, 0x82, 0x22,
                                     0x19, 0x03, 0xE9, 0x61, 'r',  0x9F, 0xA1, 0x61, 'v',  0xFA,
                                     0x3F, 0xC0, 0x00, 0x00, 0xFF, 0xA1, 0x61, 'v',  0x05};
  prng_t prng = prng_make(SEED, 0);
  start("v", "r[*].v");
  decoded_input_time(&input, "t", VN_UNIT_MS);
  for (unsigned i = 0; i < 50000; i++) {
    uint8_t bytes[sizeof kMessage];
    memcpy(bytes, kMessage, sizeof bytes);
    for (unsigned k = prng_below(&prng, 4); k > 0; k--) {
      bytes[prng_below(&prng, sizeof bytes)] = (uint8_t)prng_next(&prng);
    }
    (void)decoded_bytes(&input, bytes, 1 + prng_below(&prng, sizeof bytes));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(row_16_the_same_value_in_every_encoding_is_one_reading),
      cmocka_unit_test(row_15_long_forms_of_integers_are_accepted),
      cmocka_unit_test(row_21_integers_beyond_int64_are_out_of_range),
      cmocka_unit_test(rows_17_and_18_nan_and_infinities_are_refused_readings),
      cmocka_unit_test(row_19_minus_zero_and_denormals_are_zero),
      cmocka_unit_test(rows_22_to_24_types_of_values),
      cmocka_unit_test(row_86_null_undefined_absent_and_sentinels_are_missing),
      cmocka_unit_test(row_28_the_last_duplicate_wins),
      cmocka_unit_test(paths_go_through_maps_and_arrays),
      cmocka_unit_test(an_array_is_a_batch_definite_or_not),
      cmocka_unit_test(each_takes_the_time_around_it_before_or_behind),
      cmocka_unit_test(row_38_unusable_times_refuse_the_readings),
      cmocka_unit_test(rows_1_2_and_4_nothing_a_lone_break_and_trailing_bytes),
      cmocka_unit_test(row_3_a_message_cut_anywhere_keeps_what_was_complete),
      cmocka_unit_test(rows_5_to_7_and_81_announced_lengths_are_not_believed),
      cmocka_unit_test(rows_8_and_9_depth_is_limited_to_16_tags_count),
      cmocka_unit_test(rows_10_and_83_breaks_where_they_do_not_belong),
      cmocka_unit_test(rows_11_and_12_indefinite_strings_are_refused),
      cmocka_unit_test(rows_13_14_and_34_malformed_heads_and_text),
      cmocka_unit_test(containers_as_keys_are_refused),
      cmocka_unit_test(other_keys_match_nothing),
      cmocka_unit_test(row_84_every_first_byte_is_survived),
      cmocka_unit_test(random_bytes_in_a_valid_message_are_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
