/* Field paths: what compiles to which segments, and what is said about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "vn/payload.h"

/* The segments, each in its own form: <key> or [n] or [*]; for a refusal "!" and the sentence. */
static const char *compile(const char *text) {
  static char out[256];
  vn_path_t path;
  const char *problem = NULL;
  size_t length = 0;
  out[0] = '\0';
  if (vn_path_compile((vn_text_t){text, strlen(text)}, &path, &problem) != VN_OK) {
    assert_non_null(problem);
    (void)snprintf(out, sizeof out, "!%s", problem);
    return out;
  }
  assert_null(problem);
  for (unsigned i = 0; i < path.segment_count; i++) {
    const vn_path_segment_t *segment = &path.segments[i];
    int written;
    if (segment->kind == VN_SEGMENT_KEY) {
      written = snprintf(out + length, sizeof out - length, "<%.*s>", (int)segment->key.length,
                         segment->key.bytes);
    } else if (segment->kind == VN_SEGMENT_INDEX) {
      written = snprintf(out + length, sizeof out - length, "[%u]", (unsigned)segment->index);
    } else {
      written = snprintf(out + length, sizeof out - length, "[*]");
    }
    length += (size_t)written;
  }
  return out;
}

static void paths_are_keys_indices_and_each(void **state) {
  (void)state;
  assert_string_equal(compile("temperature"), "<temperature>");
  assert_string_equal(compile("params.temperature:0.tC"), "<params><temperature:0><tC>");
  assert_string_equal(compile("Messages[*].Payload.x"), "<Messages>[*]<Payload><x>");
  assert_string_equal(compile("a.\"key.with.dots\"[3]"), "<a><key.with.dots>[3]");
  assert_string_equal(compile("[0]"), "[0]");
  assert_string_equal(compile("[*][1].v"), "[*][1]<v>");
  assert_string_equal(compile("a[4294967295]"), "<a>[4294967295]");
  assert_string_equal(compile("a.\"\".b"), "<a><><b>");
  assert_string_equal(compile("\"a[0]\""), "<a[0]>");
  assert_string_equal(compile("a b.c]"), "<a b><c]>");
  assert_string_equal(compile("a.b.c.d.e.f.g.h"), "<a><b><c><d><e><f><g><h>");
}

static void other_texts_are_refused_with_a_sentence(void **state) {
  (void)state;
  static const char *const kCases[][2] = {
      {"", "empty"},
      {".", "empty key"},
      {".a", "empty key"},
      {"a.", "empty key"},
      {"a..b", "empty key"},
      {"a.[0]", "empty key"},
      {"a[", "brackets"},
      {"a[]", "brackets"},
      {"a[x]", "brackets"},
      {"a[-1]", "brackets"},
      {"a[01]", "brackets"},
      {"a[4294967296]", "brackets"},
      {"a[99999999999999999999999]", "brackets"},
      {"a[1", "not closed"},
      {"a[*", "not closed"},
      {"a[**]", "not closed"},
      {"a[1x]", "not closed"},
      {"a[0]b", "dot is missing"},
      {"\"a", "not closed"},
      {"\"a\"b", "dot is missing"},
      {"a.b.c.d.e.f.g.h.i", "more than 8"},
  };
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    const char *said = compile(kCases[i][0]);
    if (said[0] != '!' || strstr(said, kCases[i][1]) == NULL) {
      fail_msg("'%s' gives %s", kCases[i][0], said);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_are_keys_indices_and_each),
      cmocka_unit_test(other_texts_are_refused_with_a_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
