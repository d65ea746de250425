/* What is no YAML for us: each trap has its own sentence and its own place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "load_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void structure_that_is_refused(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"", {"1:1: the file is empty: `pipelines` at least is needed"}},
      {"# nothing\n", {"1:1: the file is empty"}},
      {"---\n...\n", {"2:1: the file is no mapping"}},
      {"- a\n- b\n", {"1:1: the file is no mapping: it starts with a key"}},
      {"hello\n", {"1:1: the file is no mapping"}},
      {"a: &x 1\n", {"1:4: anchors (&) are not supported"}},
      {"a: &x {b: 1}\n", {"1:4: anchors"}},
      {"a: &x [1]\n", {"1:4: anchors"}},
      {"a: 1\nb: *x\n",
       {"2:4: aliases are not supported: put a text that starts with * in quotes"}},
      {"a: !!str 1\n", {"1:4: tags (!) are not supported"}},
      {"a: !x {}\n", {"1:4: tags"}},
      {"pipelines: !!seq []\n", {"1:12: tags"}},
      {"x: {a: 1}\ny:\n  <<: {a: 1}\n", {"3:3: merge keys (<<) are not supported"}},
      {"? [a]\n: b\n", {"1:3: a key must be plain text"}},
      {"? {a: 1}\n: b\n", {"1:3: a key must be plain text"}},
      {"{a: 1}: b\n", {"1:1: a key must be plain text"}},
      {"device: a\n---\ndevice: b\n", {"2:1: a second document (---)"}},
      {"%YAML 1.1\n---\ndevice: a\n", {"1:1: directives (%YAML, %TAG) are not supported"}},
      {"%TAG ! x:\n---\ndevice: a\n", {"1:1: directives"}},
      {"device: \"a\\0b\"\n", {"1:9: the text holds a NUL character"}},
      {"device: \"a\\nb\"\n", {"1:9: the text holds a control character or a line end"}},
      {"device: \"a\\r\\nb\"\n", {"1:9: the text holds a control character"}},
      {"device: \"a\\e[31mb\"\n", {"1:9: the text holds a control character"}},
      {"device: |\n  a\n", {"1:9: the text holds a control character or a line end"}},
      {"[[[[[[[[[[[[[[[[[\n", {"1:17: nested deeper than 16 levels"}},
      {"a: {b: {c: {d: {e: {f: {g: {h: {i: {j: {k: {l: {m: {n: {o: {p: {}}}}}}}}}}}}}}}}}\n",
       {"1:64: nested deeper than 16 levels"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void text_that_looks_like_syntax(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines:\n  - match: */temp*\n",
       {"2:12: a text that starts with * must be in quotes (\"*/temp*\")"}},
      {"pipelines:\n  - match: *\n", {"2:12: a text that starts with * must be in quotes"}},
      {"pipelines:\n  - match: *temp\n", {"2:12: aliases are not supported: put a text that"}},
      {"pipelines:\n  - match: &/x\n", {"2:12: a text that starts with & must be in quotes"}},
      {"inputs:\n  - topic: a\n    series: {name}/temp\n",
       {"3:19: text with braces or brackets must be in quotes (\"{line}/{sensor}\")"}},
      {"inputs:\n  - {topic: plant/{line}/x}\n", {"2:19: text with braces or brackets must be"}},
      {"inputs:\n  - topic: [a]/b\n", {"2:15: text with braces or brackets must be in quotes"}},
      {"pipelines: [{name: p}\n", {"2:1: YAML syntax: while parsing a flow sequence"}},
      {"pipelines:\n\t- name: p\n", {"2:1: a tab: YAML is indented by spaces only"}},
      {"pipelines:\n  - name: p\n \tunit: x\n", {"3:2: a tab: YAML is indented by spaces only"}},
      {"device:\ta\n\tx: b\n", {"2:1: a tab: YAML is indented by spaces only"}},
      {"device: @home\n", {"1:9: a text can't start with this character: put it in quotes"}},
      {"device: %x\n", {"1:9: a text can't start with this character"}},
      {"device: `x`\n", {"1:9: a text can't start with this character"}},
      {"device: a: b\n", {"1:10: a colon in the wrong place"}},
      {"device: \"a\n", {"2:1: YAML syntax: while scanning a quoted scalar"}},
      {"device: a\n  b: c\n", {"2:4: a colon in the wrong place"}},
      {"device: gw\n bad\n x: y\n", {"3:3: a colon in the wrong place"}},
      {"pipelines: [{name: p, match: a #b\n  }]\n",
       {"1:30: `match` ends before \" #\", which starts a comment: put the text in quotes"}},
      {"inputs:\n  - {format: number,\n     topic: a #b\n    }\npipelines: [{name: p}]\n",
       {"3:13: `topic` ends before \" #\""}},
      {"inputs:\n  - {format: number,\n     topic: a # b\n    }\npipelines: [{name: p}]\n", {NULL}},
      {"inputs: [{topic: plant/#, format: number}]\npipelines: [{name: p}]\n", {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void duplicate_keys_name_both_places(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"device: a\npipelines: [{name: p}]\ndevice: b\n",
       {"3:1: `device` is given twice: first in line 1, column 1"}},
      {"pipelines:\n  - {name: p, name: q}\n",
       {"2:15: `name` is given twice: first in line 2, column 6"}},
      {"x: 1\nx: 2\n\"x\": 3\npipelines: [{name: p}]\n",
       {"1:1: `x` is no key of the top level", "2:1: `x` is given twice: first in line 1, column 1",
        "3:1: `x` is given twice: first in line 1, column 1"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void words_that_others_turn_into_values_stay_text(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"device: no\npipelines: [{name: on}]\n", {NULL}},
      {"device: 010\npipelines: [{name: 1e3}]\n", {NULL}},
      {"device: 12:30\npipelines: [{name: p}]\n", {"1:9: `device`: `12:30` is no name"}},
      {"capacity: {series: 010}\npipelines: [{name: p}]\n",
       {"1:20: `series`: `010` has leading zeros: remove them"}},
      {"capacity: {series: 1e3}\npipelines: [{name: p}]\n",
       {"1:20: `series`: `1e3` is no whole number"}},
      {"device: ~\npipelines: [{name: p}]\n", {"1:9: `device`: `~` is no name"}},
      {"pipelines: [{name: p, resolution: 0x10}]\n",
       {"1:35: `resolution`: `0x10` is no decimal number: no sign + and no leading zeros"}},
      {"pipelines: [{name: p, resolution: \"0,1\"}]\n",
       {"1:35: `resolution`: `0,1` is no decimal number: write a point, no comma"}},
      {"pipelines: [{name: p, resolution: .1}]\n",
       {"1:35: `resolution`: `.1` is no decimal number, such as"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

typedef struct bytes_case {
  const char *bytes;
  size_t length;
  const char *expected; /* "line:column: text" */
} bytes_case_t;

#define BYTES(literal) (literal), sizeof(literal) - 1

static void bytes_that_are_no_text(void **state) {
  (void)state;
  static const bytes_case_t cases[] = {
      {BYTES("\xEF\xBB\xBF"
             "device: a\n"),
       "1:1: the file starts with a byte order mark"},
      {BYTES("\xFF\xFE"
             "d\0e\0"),
       "1:1: the file is UTF-16 or UTF-32"},
      {BYTES("\xFE\xFF\0d\0e"), "1:1: the file is UTF-16 or UTF-32"},
      {BYTES("d\0e\0v\0"), "1:2: a NUL byte: this is no text file"},
      {BYTES("device: a\npipe\0"), "2:5: a NUL byte"},
      {BYTES("device: a\r\npipelines: []\r\n"), "1:10: the line ends with CR"},
      {BYTES("a: b\n# \x1B[31m\n"), "2:3: a control character"},
      {BYTES("a: b\x7F\n"), "1:5: a control character"},
      {BYTES("a: \xC2\x85\n"), "1:4: an invisible line separator"},
      {BYTES("a: \xE2\x80\xA8\n"), "1:4: an invisible line separator"},
      {BYTES("a: x\nb: \xFF\n"), "2:4: this is no text in UTF-8"},
      {BYTES("a: x\nb: \xC3\xA9\xC0\x80\n"), "2:5: this is no text in UTF-8"},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    char text[700];
    loaded_t loaded;
    load_bytes(&loaded, cases[i].bytes, cases[i].length);
    assert_int_equal(loaded.error_count, 1);
    (void)snprintf(text, sizeof text, "%u:%u: %.*s", loaded.findings[0].line,
                   loaded.findings[0].column, (int)(strlen(cases[i].expected)),
                   loaded.findings[0].text);
    text[strlen(cases[i].expected)] = '\0';
    assert_string_equal(text, cases[i].expected);
    loaded_free(&loaded);
  }
}

/* What a name carries never reaches the terminal as more than text. */
static void messages_show_no_control_sequences(void **state) {
  (void)state;
  loaded_t loaded;
  load_text(&loaded, "\"de\\x9Bvice\": a\n# \xE2\x80\xAE\npip\xE2\x80\xAE: 1\nd\xC3\xA9: 1\n");
  assert_int_equal(loaded.finding_count, 4);
  assert_null(strstr(loaded.output, "\xC2\x9B"));
  assert_null(strstr(loaded.output, "\xE2\x80\xAE"));
  assert_non_null(strstr(loaded.output, "`d\xC3\xA9` is no key"));
  loaded_free(&loaded);
}

static double seconds_for(const char *bytes, size_t length, const char *expected) {
  loaded_t loaded;
  clock_t start = clock();
  load_bytes(&loaded, bytes, length);
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  assert_null(loaded.configuration);
  assert_non_null(strstr(loaded.output, expected));
  assert_true(strlen(loaded.output) < 64u * 1024 * 1024);
  loaded_free(&loaded);
  return seconds;
}

static void repeat(char *out, size_t size, const char *pattern) {
  size_t length = strlen(pattern);
  for (size_t i = 0; i < size; i++) {
    out[i] = pattern[i % length];
  }
}

/* Bombs end at a limit, not after minutes; the bound is generous for sanitizers and busy machines.
 */
static void bombs_end_in_bounded_time(void **state) {
  (void)state;
  const size_t most = 1024 * 1024;
  char *bytes = malloc(most + 1);
  assert_non_null(bytes);
  repeat(bytes, 32000, "[");
  assert_true(seconds_for(bytes, 32000, "nested deeper than 16 levels") < 1);
  repeat(bytes, most, "{a: ");
  assert_true(seconds_for(bytes, most, "nested deeper than 16 levels") < 1);
  repeat(bytes, most, "- ");
  assert_true(seconds_for(bytes, most, "nested deeper than 16 levels") < 1);
  repeat(bytes, most, "a,");
  memcpy(bytes, "[ ", 2);
  assert_true(seconds_for(bytes, most, "more than 65536 values") < 5);
  for (size_t i = 0; i + 10 <= most; i += 10) {
    (void)snprintf(bytes + i, 11, "%06zu: 1\n", i / 10);
  }
  assert_true(seconds_for(bytes, most / 10 * 10, "more than 256 keys in one mapping") < 5);
  repeat(bytes, most + 1, "#");
  assert_true(seconds_for(bytes, most + 1, ":1:1: error: the file is larger than 1 MiB") < 1);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(structure_that_is_refused),
      cmocka_unit_test(text_that_looks_like_syntax),
      cmocka_unit_test(duplicate_keys_name_both_places),
      cmocka_unit_test(words_that_others_turn_into_values_stay_text),
      cmocka_unit_test(bytes_that_are_no_text),
      cmocka_unit_test(messages_show_no_control_sequences),
      cmocka_unit_test(bombs_end_in_bounded_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
