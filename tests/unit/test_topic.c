/* Topic patterns: what compiles, what matches, what overlaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "prng.h"
#include "vn/topic.h"

#define SEED UINT64_C(1883)

static vn_text_t text_of(const char *string) { return (vn_text_t){string, strlen(string)}; }

static vn_pattern_t compile(const char *text) {
  vn_pattern_t pattern;
  const char *problem;
  assert_int_equal(vn_pattern_compile(text_of(text), &pattern, &problem), VN_OK);
  assert_null(problem);
  return pattern;
}

static bool matches(const char *pattern_text, const char *topic) {
  vn_pattern_t pattern = compile(pattern_text);
  vn_text_t captures[VN_CAPTURES_MAX];
  return vn_pattern_match(&pattern, text_of(topic), captures);
}

static bool overlap(const char *a, const char *b) {
  vn_pattern_t left = compile(a);
  vn_pattern_t right = compile(b);
  bool result = vn_pattern_overlap(&left, &right);
  assert_int_equal(result, vn_pattern_overlap(&right, &left));
  return result;
}

static void assert_problem(const char *text, size_t length, const char *part) {
  vn_pattern_t pattern;
  const char *problem = NULL;
  assert_int_equal(vn_pattern_compile((vn_text_t){text, length}, &pattern, &problem),
                   VN_ERR_FORMAT);
  assert_non_null(problem);
  if (strstr(problem, part) == NULL) {
    fail_msg("'%s' says: %s", text, problem);
  }
}

static void captures_are_named_in_order(void **state) {
  (void)state;
  vn_pattern_t pattern = compile("plant/{line}/+/{sensor-1}/#");
  assert_int_equal(pattern.capture_count, 2);
  assert_memory_equal(pattern.captures[0].bytes, "line", 4);
  assert_int_equal(pattern.captures[0].length, 4);
  assert_memory_equal(pattern.captures[1].bytes, "sensor-1", 8);
}

static void bad_patterns_are_refused_with_a_sentence(void **state) {
  (void)state;
  static const char *const kCases[][2] = {
      {"", "empty"},
      {"a/{b}/{b}", "twice"},
      {"a{b}c", "inside a level"},
      {"a{b}", "inside a level"},
      {"{b}c", "not closed at the end"},
      {"{b", "not closed"},
      {"b}", "inside a level"},
      {"a/{}/b", "no name"},
      {"a/{b c}", "letters, digits"},
      {"a/{+}", "letters, digits"},
      {"a/{b/c}", "not closed"},
      {"a/#/b", "not the last"},
      {"#/", "not the last"},
      {"a+/b", "+ or # inside"},
      {"a/b#", "+ or # inside"},
      {"{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", "more than 8"},
  };
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    assert_problem(kCases[i][0], strlen(kCases[i][0]), kCases[i][1]);
  }
  assert_problem("a\0b", 3, "NUL");
  static char long_text[65536];
  memset(long_text, 'a', sizeof long_text);
  assert_problem(long_text, sizeof long_text, "65535");
}

static void matching_follows_mqtt(void **state) {
  (void)state;
  assert_true(matches("a/b", "a/b"));
  assert_false(matches("a/b", "a/b/c"));
  assert_false(matches("a/b", "a"));
  assert_false(matches("a/b", "a/bc"));
  assert_true(matches("a/+", "a/b"));
  assert_true(matches("a/+", "a/"));
  assert_false(matches("a/+", "a"));
  assert_false(matches("a/+", "a/b/c"));
  assert_true(matches("a/#", "a"));
  assert_true(matches("a/#", "a/"));
  assert_true(matches("a/#", "a/b/c"));
  assert_false(matches("a/#", "ab"));
  assert_true(matches("#", "a/b"));
  assert_true(matches("+/+", "/finance"));
  assert_true(matches("/+", "/finance"));
  assert_false(matches("+", "/finance"));
  assert_true(matches("a//b", "a//b"));
  assert_true(matches("a/+/b", "a//b"));
  assert_false(matches("a/b", "A/b"));
  assert_true(matches("+/+/#", "a/b"));
  assert_false(matches("#", ""));
}

static void row_61_wildcards_at_the_first_level_leave_the_brokers_topics_alone(void **state) {
  (void)state;
  assert_false(matches("#", "$SYS/broker/uptime"));
  assert_false(matches("+/broker/uptime", "$SYS/broker/uptime"));
  assert_false(matches("{a}/broker/uptime", "$SYS/broker/uptime"));
  assert_true(matches("$SYS/#", "$SYS/broker/uptime"));
  assert_true(matches("$SYS/+/{x}", "$SYS/broker/uptime"));
  assert_true(matches("a/+", "a/$b"));
}

static void captures_are_views_into_the_topic(void **state) {
  (void)state;
  static const char kTopic[] = "plant/l1//t/x/y";
  vn_pattern_t pattern = compile("plant/{line}/{empty}/+/{x}/#");
  vn_text_t captures[VN_CAPTURES_MAX];
  assert_true(vn_pattern_match(&pattern, text_of(kTopic), captures));
  assert_ptr_equal(captures[0].bytes, kTopic + 6);
  assert_int_equal(captures[0].length, 2);
  assert_int_equal(captures[1].length, 0);
  assert_ptr_equal(captures[2].bytes, kTopic + 12);
  assert_int_equal(captures[2].length, 1);
}

static void the_filter_has_a_plus_for_each_capture(void **state) {
  (void)state;
  char filter[32];
  vn_pattern_t pattern = compile("plant/{line}/+/{sensor}/#");
  size_t length = vn_pattern_filter(&pattern, filter, sizeof filter);
  assert_int_equal(length, strlen("plant/+/+/+/#"));
  assert_memory_equal(filter, "plant/+/+/+/#", length);
  assert_int_equal(vn_pattern_filter(&pattern, filter, length), length);
  assert_int_equal(vn_pattern_filter(&pattern, filter, length - 1), 0);
  assert_int_equal(vn_pattern_filter(&pattern, NULL, 0), 0);
}

static void patterns_overlap_when_one_topic_matches_both(void **state) {
  (void)state;
  assert_true(overlap("a/b", "a/b"));
  assert_false(overlap("a/b", "a/c"));
  assert_true(overlap("a/+", "a/{x}"));
  assert_true(overlap("a/+", "+/b"));
  assert_false(overlap("a/+", "a/+/c"));
  assert_true(overlap("a/#", "a"));
  assert_true(overlap("a/#", "+"));
  assert_true(overlap("a/#", "a/b/c/{d}"));
  assert_false(overlap("a/#", "b/#"));
  assert_true(overlap("#", "x/y"));
  assert_true(overlap("a/+/#", "a/b"));
  assert_false(overlap("a/+/#", "a"));
  assert_true(overlap("a/#", "+/#"));
  assert_false(overlap("a/", "a"));
}

static void patterns_that_start_with_a_wildcard_do_not_overlap_the_brokers_topics(void **state) {
  (void)state;
  assert_false(overlap("#", "$SYS/#"));
  assert_false(overlap("+/x", "$SYS/x"));
  assert_true(overlap("$SYS/#", "$SYS/x"));
}

static void random_text(prng_t *prng, const char *alphabet, char *out, unsigned levels) {
  size_t length = 0;
  unsigned count = 1 + prng_below(prng, levels);
  for (unsigned i = 0; i < count; i++) {
    if (i > 0) {
      out[length++] = '/';
    }
    out[length++] = alphabet[prng_below(prng, (uint32_t)strlen(alphabet))];
  }
  if (strchr(alphabet, '#') != NULL && prng_chance(prng, 30)) {
    out[length++] = '/';
    out[length++] = '#';
  }
  for (size_t i = 0; i < length; i++) {
    if (out[i] == '#' && i + 1 < length) {
      out[i] = '+';
    }
  }
  out[length] = '\0';
}

static void a_topic_that_matches_both_is_found_by_overlap(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 0);
  unsigned both = 0;
  for (unsigned i = 0; i < 50000; i++) {
    char a[16];
    char b[16];
    char topic[16];
    random_text(&prng, "ab+#", a, 3);
    random_text(&prng, "ab+#", b, 3);
    random_text(&prng, "ab$", topic, 4);
    if (matches(a, topic) && matches(b, topic)) {
      both++;
      if (!overlap(a, b)) {
        fail_msg("seed %u: %s and %s both match %s", (unsigned)SEED, a, b, topic);
      }
    }
  }
  assert_true(both > 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(captures_are_named_in_order),
      cmocka_unit_test(bad_patterns_are_refused_with_a_sentence),
      cmocka_unit_test(matching_follows_mqtt),
      cmocka_unit_test(row_61_wildcards_at_the_first_level_leave_the_brokers_topics_alone),
      cmocka_unit_test(captures_are_views_into_the_topic),
      cmocka_unit_test(the_filter_has_a_plus_for_each_capture),
      cmocka_unit_test(patterns_overlap_when_one_topic_matches_both),
      cmocka_unit_test(patterns_that_start_with_a_wildcard_do_not_overlap_the_brokers_topics),
      cmocka_unit_test(a_topic_that_matches_both_is_found_by_overlap),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
