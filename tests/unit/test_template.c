/* Series names made of captures, the check of names, and globs over them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "vn/topic.h"

#define CAPACITY 64

static vn_text_t text_of(const char *string) { return (vn_text_t){string, strlen(string)}; }

static vn_pattern_t pattern_of(const char *text) {
  vn_pattern_t pattern;
  const char *problem;
  assert_int_equal(vn_pattern_compile(text_of(text), &pattern, &problem), VN_OK);
  return pattern;
}

static char expanded[CAPACITY + 1];

/* Matches the topic, expands the template, leaves the name in `expanded`. */
static vn_reason_t expand(const char *pattern_text, const char *template_text, const char *topic,
                          const char *name) {
  vn_pattern_t pattern = pattern_of(pattern_text);
  vn_template_t template_;
  vn_text_t captures[VN_CAPTURES_MAX];
  const char *problem = NULL;
  size_t length = 0;
  assert_int_equal(
      vn_template_compile(text_of(template_text), &pattern, name != NULL, &template_, &problem),
      VN_OK);
  assert_null(problem);
  assert_true(vn_pattern_match(&pattern, text_of(topic), captures));
  vn_text_t given = name == NULL ? (vn_text_t){NULL, 0} : text_of(name);
  vn_reason_t reason =
      vn_template_expand(&template_, text_of(topic), captures, given, expanded, CAPACITY, &length);
  expanded[reason == VN_REASON_NONE ? length : 0] = '\0';
  return reason;
}

static void captures_and_literals_make_the_name(void **state) {
  (void)state;
  assert_int_equal(expand("plant/{line}/{sensor}", "{line}/{sensor}", "plant/l1/t2", NULL),
                   VN_REASON_NONE);
  assert_string_equal(expanded, "l1/t2");
  assert_int_equal(expand("z/{name}", "{name}/temp", "z/room", NULL), VN_REASON_NONE);
  assert_string_equal(expanded, "room/temp");
  assert_int_equal(expand("z/+", "fixed", "z/room", NULL), VN_REASON_NONE);
  assert_string_equal(expanded, "fixed");
}

static void topic_and_name_are_known_unless_a_capture_has_that_name(void **state) {
  (void)state;
  assert_int_equal(expand("a/#", "{topic}", "a/b:0/c", NULL), VN_REASON_NONE);
  assert_string_equal(expanded, "a/b:0/c");
  assert_int_equal(expand("a/#", "{name}", "a/b", "urn:dev:1"), VN_REASON_NONE);
  assert_string_equal(expanded, "urn:dev:1");
  assert_int_equal(expand("a/{name}/{topic}", "{name}.{topic}", "a/b/c", "urn:dev:1"),
                   VN_REASON_NONE);
  assert_string_equal(expanded, "b.c");
}

static void assert_problem(const char *text, bool name_allowed, const char *part) {
  vn_pattern_t pattern = pattern_of("a/{b}");
  vn_template_t template_;
  const char *problem = NULL;
  assert_int_equal(vn_template_compile(text_of(text), &pattern, name_allowed, &template_, &problem),
                   VN_ERR_FORMAT);
  if (problem == NULL || strstr(problem, part) == NULL) {
    fail_msg("'%s' says: %s", text, problem == NULL ? "nothing" : problem);
  }
}

static void bad_templates_are_refused_with_a_sentence(void **state) {
  (void)state;
  assert_problem("", false, "empty");
  assert_problem("{c}", false, "unknown capture");
  assert_problem("{}", false, "unknown capture");
  assert_problem("{name}", false, "unknown capture");
  assert_problem("x/{b", false, "not closed");
  assert_problem("x}", false, "without its {");
  assert_problem("room 1", false, "cannot contain");
  assert_problem("{b}/\xc3\xa4", false, "cannot contain");
  assert_problem("/{b}", false, "starts with");
  assert_problem("{b}{b}{b}{b}{b}{b}{b}{b}{b}{b}{b}{b}{b}", false, "more than 12");
}

static vn_reason_t check(const char *name, size_t length) {
  return vn_name_check((vn_text_t){name, length}, CAPACITY);
}

static void row_31_names_have_a_length_from_1_to_the_limit(void **state) {
  (void)state;
  char name[65537];
  memset(name, 'a', sizeof name);
  assert_int_equal(check(name, 0), VN_REASON_NAME);
  assert_int_equal(check(name, 1), VN_REASON_NONE);
  assert_int_equal(check(name, CAPACITY), VN_REASON_NONE);
  assert_int_equal(check(name, CAPACITY + 1), VN_REASON_NAME);
  assert_int_equal(check(name, sizeof name), VN_REASON_NAME);
  name[CAPACITY] = '\0';
  assert_int_equal(expand("a/{b}", "{b}", "a/", NULL), VN_REASON_NAME);
}

static void row_32_captures_together_may_not_exceed_the_limit(void **state) {
  (void)state;
  char topic[128] = "a/";
  memset(topic + 2, 'x', CAPACITY);
  assert_int_equal(expand("a/{b}", "{b}", topic, NULL), VN_REASON_NONE);
  assert_int_equal(strlen(expanded), CAPACITY);
  assert_int_equal(expand("a/{b}", "{b}0", topic, NULL), VN_REASON_NAME);
  assert_int_equal(expand("a/{b}", "{b}{b}", topic, NULL), VN_REASON_NAME);
}

static void rows_33_and_35_bytes_outside_senmls_set_are_refused(void **state) {
  (void)state;
  static const char *const kBad[] = {
      "a+",       "a#",        "$a",    "/a",  "a\r\n", "a\x1b[0m", "a\x7f", "a b", " a",
      "\xc3\xa4", "a\xcc\x88", "a%n\"", "a\\", "a{b}",  "<a>",      ".a",    ":a",  "_a",
      "-a",       "a=b",       "a@b",   "a,b", "a;b",   "a`",       "a\xff"};
  for (size_t i = 0; i < sizeof kBad / sizeof kBad[0]; i++) {
    assert_int_equal(check(kBad[i], strlen(kBad[i])), VN_REASON_CHARSET);
  }
  assert_int_equal(check("a\0b", 3), VN_REASON_CHARSET);
  static const char kGood[] = "0/.././/a:b_c-D.9";
  assert_int_equal(check(kGood, strlen(kGood)), VN_REASON_NONE);
  assert_int_equal(expand("a/{b}", "{b}", "a/x y", NULL), VN_REASON_CHARSET);
}

static void exactly_67_bytes_are_allowed_and_62_may_start_a_name(void **state) {
  (void)state;
  unsigned first = 0;
  unsigned later = 0;
  for (unsigned byte = 0; byte < 256; byte++) {
    char name[2] = {(char)byte, 'a'};
    first += check(name, 2) == VN_REASON_NONE;
    name[0] = 'a';
    name[1] = (char)byte;
    later += check(name, 2) == VN_REASON_NONE;
  }
  assert_int_equal(first, 62);
  assert_int_equal(later, 67);
}

static bool glob(const char *pattern, const char *text) {
  return vn_glob_match(text_of(pattern), text_of(text));
}

static void globs_match_runs_and_single_bytes(void **state) {
  (void)state;
  assert_true(glob("*", ""));
  assert_true(glob("*", "a/b"));
  assert_true(glob("*/temp*", "l1/room/temp-3"));
  assert_false(glob("*/temp*", "temp"));
  assert_true(glob("a?c", "abc"));
  assert_false(glob("a?c", "ac"));
  assert_true(glob("a*b*c", "a-b-b-c"));
  assert_false(glob("a*b*c", "a-c-b"));
  assert_true(glob("", ""));
  assert_false(glob("", "a"));
  assert_true(glob("a**b", "ab"));
  assert_true(glob("*ab", "aab"));
  assert_false(glob("a", "ab"));
  assert_true(glob("?*?", "ab"));
  assert_false(glob("?*?", "a"));
}

static void a_glob_of_stars_takes_no_exponential_time(void **state) {
  (void)state;
  char pattern[129];
  char text[4097];
  for (size_t i = 0; i < 128; i++) {
    pattern[i] = i % 2 == 0 ? '*' : 'a';
  }
  pattern[127] = 'b';
  pattern[128] = '\0';
  memset(text, 'a', 4096);
  text[4096] = '\0';
  assert_false(glob(pattern, text));
  text[4095] = 'b';
  assert_true(glob(pattern, text));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(captures_and_literals_make_the_name),
      cmocka_unit_test(topic_and_name_are_known_unless_a_capture_has_that_name),
      cmocka_unit_test(bad_templates_are_refused_with_a_sentence),
      cmocka_unit_test(row_31_names_have_a_length_from_1_to_the_limit),
      cmocka_unit_test(row_32_captures_together_may_not_exceed_the_limit),
      cmocka_unit_test(rows_33_and_35_bytes_outside_senmls_set_are_refused),
      cmocka_unit_test(exactly_67_bytes_are_allowed_and_62_may_start_a_name),
      cmocka_unit_test(globs_match_runs_and_single_bytes),
      cmocka_unit_test(a_glob_of_stars_takes_no_exponential_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
