/* JSON with field paths: which values are found, with which time and sequence, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoded.h"

static decoded_input_t input;

static void start(const char *first_path, const char *second_path) {
  decoded_input_init(&input, VN_FORMAT_JSON);
  decoded_input_field(&input, first_path, NULL);
  if (second_path != NULL) {
    decoded_input_field(&input, second_path, NULL);
  }
}

static const char *decode(const char *payload) { return decoded_text(&input, payload); }

static void several_fields_make_several_readings(void **state) {
  (void)state;
  start("temperature", "humidity");
  assert_string_equal(decode("{\"humidity\":48.25,\"battery\":97,\"temperature\":21.37}"),
                      "0 21.37\n1 48.25\n");
}

static void keys_may_contain_colons_and_nest(void **state) {
  (void)state;
  start("params.temperature:0.tC", NULL);
  assert_string_equal(decode("{\"src\":\"x\",\"params\":{\"ts\":1.5,\"temperature:0\":"
                             "{\"id\":0,\"tC\":19.8,\"tF\":67.64}}}"),
                      "0 19.8\n");
}

static void a_key_matches_at_its_own_level_only(void **state) {
  (void)state;
  start("a.b", NULL);
  assert_string_equal(decode("{\"b\":1,\"x\":{\"a\":{\"b\":2},\"b\":3},\"a\":{\"x\":{\"b\":4}}}"),
                      "0 !missing\n");
  assert_string_equal(decode("{\"x\":{\"a\":{\"b\":2}},\"a\":{\"b\":5},\"y\":[{\"b\":6}]}"),
                      "0 5\n");
}

static void quoted_and_escaped_keys_match(void **state) {
  (void)state;
  start("a.\"key.with.dots\"",
        "\xc2\xb0"
        "C");
  assert_string_equal(decode("{\"a\":{\"key.with.dots\":1},\"\\u00b0\\u0043\":2}"), "0 1\n1 2\n");
}

static void indices_address_elements(void **state) {
  (void)state;
  start("v[1]", "m[0][2]");
  assert_string_equal(decode("{\"v\":[1,2,3],\"m\":[[4,5,6],[7,8,9]]}"), "0 2\n1 6\n");
  assert_string_equal(decode("{\"v\":[1],\"m\":[[4,5],[7,8,9]]}"), "0 !missing\n1 !missing\n");
}

static void a_path_that_starts_with_an_index_takes_the_array_itself(void **state) {
  (void)state;
  start("[0]", "[1].x");
  assert_string_equal(decode("[21.5,{\"x\":40}]"), "0 21.5\n1 40\n");
  start("[*].x", NULL);
  assert_string_equal(decode("[{\"x\":1},{\"x\":2}]"), "0 1\n0 2\n");
}

static void a_top_level_array_is_a_batch(void **state) {
  (void)state;
  start("v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_MS);
  assert_string_equal(decode("[{\"s\":\"a\",\"t\":1795219200000,\"v\":21.37},"
                             "{\"v\":21.38,\"s\":\"b\",\"t\":1795219201000}]"),
                      "0 21.37 @1795219200000\n0 21.38 @1795219201000\n");
  assert_string_equal(decode("[]"), "");
  assert_string_equal(decode("[[{\"t\":1,\"v\":1}]]"), "0 !missing\n");
}

static void an_element_without_the_field_is_missing_once(void **state) {
  (void)state;
  start("v", NULL);
  assert_string_equal(decode("[{\"v\":1},{},{\"w\":2},7,{\"v\":3}]"),
                      "0 1\n0 !missing\n0 !missing\n0 !missing\n0 3\n");
}

static void each_opens_an_element_with_its_own_time(void **state) {
  (void)state;
  start("Messages[*].Payload.x", NULL);
  decoded_input_time(&input, "Messages[*].Timestamp", VN_UNIT_RFC3339);
  decoded_input_sequence(&input, "Messages[*].SequenceNumber");
  assert_string_equal(
      decode(
          "{\"MessageId\":\"1\",\"Messages\":["
          "{\"SequenceNumber\":8,\"Payload\":{\"x\":1.5},\"Timestamp\":\"1970-01-01T00:00:01Z\"},"
          "{\"Timestamp\":\"1970-01-01T00:00:02Z\",\"SequenceNumber\":9,\"Payload\":{\"y\":2}},"
          "{\"Payload\":{\"x\":3}}]}"),
      "0 1.5 @1000 #8\n0 !missing @2000 #9\n0 !time\n");
}

static void the_time_of_the_whole_message_counts_before_and_behind_its_elements(void **state) {
  (void)state;
  start("r[*].v", NULL);
  decoded_input_time(&input, "h.t", VN_UNIT_MS);
  decoded_input_sequence(&input, "n");
  assert_string_equal(decode("{\"h\":{\"t\":5},\"n\":1,\"r\":[{\"v\":1},{\"v\":2}]}"),
                      "0 1 @5 #1\n0 2 @5 #1\n");
  assert_string_equal(decode("{\"r\":[{\"v\":1},{\"v\":[9,{\"a\":0}]}],\"h\":{\"t\":5},\"n\":1}"),
                      "0 1 @5 #1\n0 !type @5 #1\n");
  assert_string_equal(decode("[{\"r\":[{\"v\":1}],\"h\":{\"t\":5}},{\"r\":[{\"v\":2}]},"
                             "{\"r\":[{\"v\":3}],\"h\":{\"t\":7}}]"),
                      "0 1 @5\n0 !time\n0 3 @7\n");
}

static void nested_each_takes_the_time_of_the_outer_element(void **state) {
  (void)state;
  start("a[*].b[*].v", NULL);
  decoded_input_time(&input, "a[*].t", VN_UNIT_S);
  assert_string_equal(decode("{\"a\":[{\"b\":[{\"v\":1},{\"v\":2}],\"t\":1},"
                             "{\"t\":2,\"b\":[{\"v\":3}]},{\"b\":[{\"v\":4}]}]}"),
                      "0 1 @1000\n0 2 @1000\n0 3 @2000\n0 !time\n");
}

static void values_of_each_may_be_scalars(void **state) {
  (void)state;
  start("v[*]", "w");
  assert_string_equal(decode("{\"v\":[1,null,\"3\",[4]],\"w\":5}"),
                      "0 1\n0 !missing\n0 3\n0 !type\n1 5\n");
  assert_string_equal(decode("{\"v\":[],\"w\":5}"), "1 5\n");
}

static void time_and_sequence_are_found_behind_the_fields(void **state) {
  (void)state;
  start("v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_MS);
  decoded_input_sequence(&input, "q");
  assert_string_equal(decode("{\"v\":1,\"q\":4294967295,\"t\":-5}"), "0 1 @-5 #4294967295\n");
}

static void a_sequence_counts_modulo_32_bits_and_is_optional(void **state) {
  (void)state;
  start("v", NULL);
  decoded_input_sequence(&input, "q");
  assert_string_equal(decode("{\"v\":1,\"q\":4294967297}"), "0 1 #1\n");
  assert_string_equal(decode("{\"v\":1,\"q\":\"7\"}"), "0 1 #7\n");
  assert_string_equal(decode("[{\"v\":1},{\"v\":1,\"q\":-1},{\"v\":1,\"q\":1.5},"
                             "{\"v\":1,\"q\":null},{\"v\":1,\"q\":true}]"),
                      "0 1\n0 1\n0 1\n0 1\n0 1\n");
}

static void row_23_numeric_strings_are_numbers(void **state) {
  (void)state;
  start("v", NULL);
  assert_string_equal(decode("{\"v\":\"100.00\"}"), "0 100\n");
  assert_string_equal(decode("{\"v\":\"2\\u0031\"}"), "0 21\n");
  assert_string_equal(decode("{\"v\":\"21,5\"}"), "0 !type\n");
  assert_string_equal(decode("{\"v\":\"on\"}"), "0 !type\n");
  assert_string_equal(decode("{\"v\":\"\"}"), "0 !type\n");
  assert_string_equal(decode("{\"v\":\" 1\"}"), "0 !type\n");
}

static void rows_17_and_18_words_for_no_number_are_told_apart(void **state) {
  (void)state;
  start("v", NULL);
  assert_string_equal(decode("{\"v\":\"NaN\"}"), "0 !nan\n");
  assert_string_equal(decode("{\"v\":\"-Infinity\"}"), "0 !inf\n");
  assert_string_equal(decode("{\"v\":NaN}"), "json 5\n");
}

static void row_24_booleans_are_0_and_1(void **state) {
  (void)state;
  start("v", "w");
  assert_string_equal(decode("{\"v\":true,\"w\":false}"), "0 1\n1 0\n");
}

static void row_28_the_last_duplicate_wins(void **state) {
  (void)state;
  start("v", "a.v");
  assert_string_equal(decode("{\"v\":1,\"v\":2,\"a\":{\"v\":3},\"a\":{\"v\":4}}"), "0 2\n1 4\n");
  assert_string_equal(decode("{\"v\":1,\"v\":null}"), "0 !missing\n1 !missing\n");
}

static void row_86_null_absent_and_sentinels_are_missing(void **state) {
  (void)state;
  decoded_input_init(&input, VN_FORMAT_JSON);
  decoded_input_field(&input, "v", "-200");
  decoded_input_field(&input, "w", "99.90");
  assert_string_equal(decode("{\"v\":-200,\"w\":99.9}"), "0 !missing\n1 !missing\n");
  assert_string_equal(decode("{\"v\":-2.0e2,\"w\":\"9990e-2\"}"), "0 !missing\n1 !missing\n");
  assert_string_equal(decode("{\"v\":-200.000001,\"w\":null}"), "0 -200.000001\n1 !missing\n");
}

static void rows_22_and_23_other_values_are_of_the_wrong_type(void **state) {
  (void)state;
  start("v", "w");
  assert_string_equal(decode("{\"v\":{\"x\":1},\"w\":[1]}"), "0 !type\n1 !type\n");
}

static void row_87_times_are_exact_decimals_in_the_declared_unit(void **state) {
  (void)state;
  start("v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_S);
  assert_string_equal(decode("{\"v\":1,\"t\":1.001}"), "0 1 @1001\n");
  assert_string_equal(decode("{\"v\":1,\"t\":\"1680962879.62\"}"), "0 1 @1680962879620\n");
  assert_string_equal(decode("{\"v\":1,\"t\":1680962879.123456789}"), "0 1 @1680962879123\n");
  assert_string_equal(decode("{\"v\":1,\"t\":0.0005}"), "0 1 @0\n");
  assert_string_equal(decode("{\"v\":1,\"t\":0.0015}"), "0 1 @2\n");
  assert_string_equal(decode("{\"v\":1,\"t\":-0.0025}"), "0 1 @-2\n");
  decoded_input_time(&input, "t", VN_UNIT_US);
  assert_string_equal(decode("{\"v\":1,\"t\":1680962879123500}"), "0 1 @1680962879124\n");
  assert_string_equal(decode("{\"v\":1,\"t\":1680962879122500}"), "0 1 @1680962879122\n");
  decoded_input_time(&input, "t", VN_UNIT_RFC3339);
  assert_string_equal(decode("{\"v\":1,\"t\":\"1970-01-01T02:00:00\\u002B01:00\"}"),
                      "0 1 @3600000\n");
}

static void rows_38_and_87_unusable_times_refuse_the_readings(void **state) {
  (void)state;
  start("v", "w");
  decoded_input_time(&input, "t", VN_UNIT_MS);
  assert_string_equal(decode("{\"v\":1,\"w\":null,\"t\":9e18}"), "0 !time\n1 !missing\n");
  static const char *const kTimes[] = {"1e300", "-1e18",           "\"NaN\"",  "null",
                                       "true",  "\"now\"",         "{}",       "[1]",
                                       "\"\"",  "253402300800000", "1e999999", "-62135596800001"};
  start("v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_MS);
  for (size_t i = 0; i < sizeof kTimes / sizeof kTimes[0]; i++) {
    char payload[64];
    (void)snprintf(payload, sizeof payload, "{\"v\":1,\"t\":%s}", kTimes[i]);
    assert_string_equal(decode(payload), "0 !time\n");
  }
  assert_string_equal(decode("{\"v\":1}"), "0 !time\n");
  assert_string_equal(decode("{\"v\":1,\"t\":253402300799999}"), "0 1 @253402300799999\n");
  decoded_input_time(&input, "t", VN_UNIT_RFC3339);
  assert_string_equal(decode("{\"v\":1,\"t\":\"2026-11-21T08:24:54\"}"), "0 !time\n");
  assert_string_equal(decode("{\"v\":1,\"t\":1795219200}"), "0 !time\n");
}

static void complete_elements_before_damage_count(void **state) {
  (void)state;
  start("v", NULL);
  assert_string_equal(decode("[{\"v\":1},{\"v\":2},{\"v\":3,}]"), "0 1\n0 2\njson 24\n");
  assert_string_equal(decode("{\"v\":1} {"), "0 1\ntrailing 8\n");
  assert_string_equal(decode("{\"v\":1,\"x\":\"\xff\"}"), "utf8 12\n");
  assert_string_equal(decode(""), "empty 0\n");
}

static void row_3_a_message_cut_anywhere_keeps_what_was_complete(void **state) {
  (void)state;
  static const char kMessage[] = "[{\"v\":1,\"t\":[true]},{\"v\":-2.5e1,\"s\":\"\\u00b5\"}]";
  start("v", NULL);
  for (size_t length = 1; length < sizeof kMessage - 1; length++) {
    char expected[64];
    const char *readings = length < 19 ? "" : length < 45 ? "0 1\n" : "0 1\n0 -25\n";
    const char *text = decoded_bytes(&input, kMessage, length);
    (void)snprintf(expected, sizeof expected, "%sjson ", readings);
    assert_memory_equal(text, expected, strlen(expected));
  }
  assert_string_equal(decode(kMessage), "0 1\n0 -25\n");
}

static void damage_behind_the_elements_does_not_hide_their_time(void **state) {
  (void)state;
  start("r[*].v", NULL);
  decoded_input_time(&input, "t", VN_UNIT_MS);
  assert_string_equal(decode("{\"r\":[{\"v\":1}],\"t\":5,}"), "0 1 @5\njson 21\n");
  assert_string_equal(decode("{\"r\":[{\"v\":1}],]"), "0 !time\njson 15\n");
}

static void row_8_depth_is_limited_to_16(void **state) {
  (void)state;
  char payload[256];
  start("v", NULL);
  for (unsigned depth = 15; depth <= 16; depth++) {
    size_t length = (size_t)snprintf(payload, sizeof payload, "{\"v\":1,\"x\":");
    memset(payload + length, '[', depth);
    memset(payload + length + depth, ']', depth);
    payload[length + 2 * depth] = '}';
    payload[length + 2 * depth + 1] = '\0';
    assert_string_equal(decode(payload), depth == 15 ? "0 1\n" : "depth 26\n");
  }
}

static void row_85_nesting_bombs_are_refused(void **state) {
  (void)state;
  enum { SIZE = 250000 };
  char *bomb = malloc(SIZE);
  assert_non_null(bomb);
  start("a.a.a", NULL);
  memset(bomb, '[', SIZE);
  assert_string_equal(decoded_bytes(&input, bomb, 100000), "depth 16\n");
  for (size_t i = 0; i + 5 <= SIZE; i += 5) {
    memcpy(bomb + i, "{\"a\":", 5);
  }
  assert_string_equal(decoded_bytes(&input, bomb, SIZE), "depth 80\n");
  free(bomb);
}

static void paths_of_full_length_and_all_fields_work(void **state) {
  (void)state;
  char paths[VN_FIELDS_MAX][8];
  char payload[1024] = "{";
  char expected[1024] = "";
  decoded_input_init(&input, VN_FORMAT_JSON);
  for (unsigned i = 0; i < VN_FIELDS_MAX; i++) {
    (void)snprintf(paths[i], sizeof paths[i], "k%u", i);
    decoded_input_field(&input,
                        i == 0   ? "a.b.c[1].d.e.f[*]"
                        : i == 1 ? "a.b.c[1].d.e.g"
                                 : paths[i],
                        NULL);
    (void)snprintf(payload + strlen(payload), 16, "\"k%u\":%u,", i, i);
    if (i >= 2) {
      (void)snprintf(expected + strlen(expected), 16, "%u %u\n", i, i);
    }
  }
  decoded_input_time(&input, "t", VN_UNIT_MS);
  input.input.has_time = false;
  strcat(payload, "\"a\":{\"b\":{\"c\":[0,{\"d\":{\"e\":{\"f\":[7,8],\"g\":[9]}}}]}}}");
  char all[2048];
  (void)snprintf(all, sizeof all, "0 7\n0 8\n1 !type\n%s", expected);
  assert_string_equal(decode(payload), all);
}

static void long_tokens_are_no_match_and_no_harm(void **state) {
  (void)state;
  enum { LENGTH = 70000 };
  char *payload = malloc(2 * LENGTH + 64);
  assert_non_null(payload);
  start("v", "w");
  strcpy(payload, "{\"\\u0061");
  memset(payload + 8, 'k', LENGTH);
  strcpy(payload + 8 + LENGTH, "\":1,\"v\":\"\\u0061");
  size_t at = strlen(payload);
  memset(payload + at, '1', LENGTH);
  strcpy(payload + at + LENGTH, "\",\"w\":2}");
  assert_string_equal(decode(payload), "0 !type\n1 2\n");
  free(payload);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(several_fields_make_several_readings),
      cmocka_unit_test(keys_may_contain_colons_and_nest),
      cmocka_unit_test(a_key_matches_at_its_own_level_only),
      cmocka_unit_test(quoted_and_escaped_keys_match),
      cmocka_unit_test(indices_address_elements),
      cmocka_unit_test(a_path_that_starts_with_an_index_takes_the_array_itself),
      cmocka_unit_test(a_top_level_array_is_a_batch),
      cmocka_unit_test(an_element_without_the_field_is_missing_once),
      cmocka_unit_test(each_opens_an_element_with_its_own_time),
      cmocka_unit_test(the_time_of_the_whole_message_counts_before_and_behind_its_elements),
      cmocka_unit_test(nested_each_takes_the_time_of_the_outer_element),
      cmocka_unit_test(values_of_each_may_be_scalars),
      cmocka_unit_test(time_and_sequence_are_found_behind_the_fields),
      cmocka_unit_test(a_sequence_counts_modulo_32_bits_and_is_optional),
      cmocka_unit_test(row_23_numeric_strings_are_numbers),
      cmocka_unit_test(rows_17_and_18_words_for_no_number_are_told_apart),
      cmocka_unit_test(row_24_booleans_are_0_and_1),
      cmocka_unit_test(row_28_the_last_duplicate_wins),
      cmocka_unit_test(row_86_null_absent_and_sentinels_are_missing),
      cmocka_unit_test(rows_22_and_23_other_values_are_of_the_wrong_type),
      cmocka_unit_test(row_87_times_are_exact_decimals_in_the_declared_unit),
      cmocka_unit_test(rows_38_and_87_unusable_times_refuse_the_readings),
      cmocka_unit_test(complete_elements_before_damage_count),
      cmocka_unit_test(row_3_a_message_cut_anywhere_keeps_what_was_complete),
      cmocka_unit_test(damage_behind_the_elements_does_not_hide_their_time),
      cmocka_unit_test(row_8_depth_is_limited_to_16),
      cmocka_unit_test(row_85_nesting_bombs_are_refused),
      cmocka_unit_test(paths_of_full_length_and_all_fields_work),
      cmocka_unit_test(long_tokens_are_no_match_and_no_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
