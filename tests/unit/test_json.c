/* The JSON reader: events, their texts, where damage is found; unescaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prng.h"
#include "vn/json.h"

#define SEED UINT64_C(8259)

static char out[8192];

static void append(const char *format, int length, const char *text) {
  size_t used = strlen(out);
  (void)snprintf(out + used, sizeof out - used, format, length, text);
}

static void append_event(const vn_json_t *json, vn_json_event_t event) {
  static const char *const kMarks[] = {"{", "}", "[", "]", "", "", "", "T", "F", "N", "."};
  int length = (int)json->text.length;
  const char *escaped = json->escaped ? "\\" : "";
  if (event == VN_JSON_KEY) {
    append("%.*sK", 1, escaped);
    append("<%.*s>", length, json->text.bytes);
  } else if (event == VN_JSON_STRING) {
    append("%.*sS", 1, escaped);
    append("<%.*s>", length, json->text.bytes);
  } else if (event == VN_JSON_NUMBER) {
    append("#%.*s", length, json->text.bytes);
  } else {
    append("%.*s", 1, kMarks[event]);
  }
}

/* The events as text; damage as " reason position". */
static const char *read_bytes(const char *document, size_t length, uint8_t depth_max) {
  uint8_t *copy = malloc(length + (length == 0));
  assert_non_null(copy);
  memcpy(copy, document, length);
  vn_json_t json;
  vn_json_event_t event = VN_JSON_NULL;
  out[0] = '\0';
  vn_json_init(&json, copy, length, depth_max);
  while (event != VN_JSON_DONE) {
    vn_reason_t reason = vn_json_next(&json, &event);
    if (reason != VN_REASON_NONE) {
      char text[64];
      (void)snprintf(text, sizeof text, " %s %zu", vn_reason_word(reason), json.position);
      append("%.*s", (int)strlen(text), text);
      break;
    }
    append_event(&json, event);
  }
  free(copy);
  return out;
}

static const char *read_text(const char *document) {
  return read_bytes(document, strlen(document), VN_JSON_DEPTH_MAX);
}

static void events_come_in_the_order_of_the_document(void **state) {
  (void)state;
  assert_string_equal(read_text("{\"a\":[1,-2.5e3,\"x\"],\"b\":{\"c\":true}, \"d\" : [ ] }"),
                      "{K<a>[#1#-2.5e3S<x>]K<b>{K<c>T}K<d>[]}.");
  assert_string_equal(read_text(" [ false , null ] "), "[FN].");
}

static void single_values_are_documents(void **state) {
  (void)state;
  assert_string_equal(read_text("1"), "#1.");
  assert_string_equal(read_text("\"\""), "S<>.");
  assert_string_equal(read_text("null\n"), "N.");
}

static void texts_are_raw_and_marked_when_escaped(void **state) {
  (void)state;
  assert_string_equal(read_text("{\"\\u0061\":\"a\\nb\",\"c\":\"d\"}"),
                      "{\\K<\\u0061>\\S<a\\nb>K<c>S<d>}.");
  assert_string_equal(read_text("[\"\\\\\",\"\xc3\xa4\"]"), "[\\S<\\\\>S<\xc3\xa4>].");
}

static void events_before_damage_are_delivered(void **state) {
  (void)state;
  assert_string_equal(read_text("[1,{\"a\":2}x"), "[#1{K<a>#2} json 10");
  assert_string_equal(read_text("[1] 2"), "[#1] trailing 4");
  assert_string_equal(read_text("[\"a\xff\"]"), "[ utf8 3");
  assert_string_equal(read_text("[\"\\ud800\"]"), "[ json 2");
  assert_string_equal(read_text(""), " empty 0");
  assert_string_equal(read_text(" "), " json 1");
}

static void the_depth_limit_is_the_callers(void **state) {
  (void)state;
  char document[80];
  memset(document, '[', 33);
  memset(document + 33, ']', 33);
  assert_string_equal(read_bytes("[[]]", 4, 1), "[ depth 1");
  assert_string_equal(read_bytes("[[]]", 4, 2), "[[]].");
  assert_string_equal(read_bytes(document + 1, 64, 32),
                      "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]].");
  assert_string_equal(read_bytes(document, 66, 32), "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ depth 32");
}

static void brackets_must_match_at_every_depth(void **state) {
  (void)state;
  assert_string_equal(read_text("[{\"a\":[]}]"), "[{K<a>[]}].");
  assert_string_equal(read_text("[{\"a\":[}]}"), "[{K<a>[ json 7");
  assert_string_equal(read_text("[{\"a\":[]]"), "[{K<a>[] json 8");
}

static void row_3_every_cut_of_a_document_is_damage(void **state) {
  (void)state;
  static const char kDocument[] =
      "{\"a\":[-1.5e+10,\"\\ud83d\\ude00\xe2\x82\xac\",true],\"b\":{\"c\":null}}";
  for (size_t length = 1; length < sizeof kDocument - 1; length++) {
    const char *text = read_bytes(kDocument, length, 16);
    const char *end = strrchr(text, ' ');
    char expected[16];
    (void)snprintf(expected, sizeof expected, " %zu", length);
    assert_non_null(end);
    /* A cut inside an escape or character is found where it starts. */
    assert_true(strcmp(end, expected) == 0 || (length > 16 && length < 31));
  }
}

static void random_documents_survive_random_bytes(void **state) {
  (void)state;
  static const char kAlphabet[] = "{}[]\",:\\ue0123.-+tfnrulsa \t\x01\x80\xc3\xe2\xed\xf0\xff";
  prng_t prng = prng_make(SEED, 0);
  unsigned accepted = 0;
  for (unsigned i = 0; i < 100000; i++) {
    char document[24];
    size_t length = 1 + prng_below(&prng, sizeof document);
    for (size_t k = 0; k < length; k++) {
      document[k] = kAlphabet[prng_below(&prng, sizeof kAlphabet - 1)];
    }
    const char *text = read_bytes(document, length, 16);
    accepted += text[strlen(text) - 1] == '.';
  }
  assert_true(accepted > 0);
}

static vn_reason_t unescape(const char *raw, size_t capacity) {
  size_t length = 0;
  char *exact = malloc(capacity + (capacity == 0));
  assert_non_null(exact);
  vn_reason_t reason = vn_json_unescape((vn_text_t){raw, strlen(raw)}, exact, capacity, &length);
  assert_true(length <= capacity);
  memcpy(out, exact, length);
  out[length] = '\0';
  free(exact);
  return reason;
}

static void escapes_become_utf8(void **state) {
  (void)state;
  assert_int_equal(unescape("a\\\"\\\\\\/\\b\\f\\n\\r\\tz", 64), VN_REASON_NONE);
  assert_string_equal(out, "a\"\\/\b\f\n\r\tz");
  assert_int_equal(unescape("\\u0041\\u00e4\\u20AC\\ud83d\\uDE00", 64), VN_REASON_NONE);
  assert_string_equal(out, "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  assert_int_equal(unescape("\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff", 64),
                   VN_REASON_NONE);
  assert_string_equal(out,
                      "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                      "\xf4\x8f\xbf\xbf");
  assert_int_equal(unescape("", 0), VN_REASON_NONE);
}

static void unescaping_stops_at_the_capacity(void **state) {
  (void)state;
  assert_int_equal(unescape("abc", 3), VN_REASON_NONE);
  assert_int_equal(unescape("abc", 2), VN_REASON_LIMIT);
  assert_int_equal(unescape("\\u20ac", 3), VN_REASON_NONE);
  assert_int_equal(unescape("\\u20ac", 2), VN_REASON_LIMIT);
}

static void lone_surrogates_have_no_utf8(void **state) {
  (void)state;
  assert_int_equal(unescape("\\ud800", 64), VN_REASON_UTF8);
  assert_int_equal(unescape("\\udc00", 64), VN_REASON_UTF8);
  assert_int_equal(unescape("\\ud800\\u0041", 64), VN_REASON_UTF8);
  assert_int_equal(unescape("\\ud800x", 64), VN_REASON_UTF8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_come_in_the_order_of_the_document),
      cmocka_unit_test(single_values_are_documents),
      cmocka_unit_test(texts_are_raw_and_marked_when_escaped),
      cmocka_unit_test(events_before_damage_are_delivered),
      cmocka_unit_test(the_depth_limit_is_the_callers),
      cmocka_unit_test(brackets_must_match_at_every_depth),
      cmocka_unit_test(row_3_every_cut_of_a_document_is_damage),
      cmocka_unit_test(random_documents_survive_random_bytes),
      cmocka_unit_test(escapes_become_utf8),
      cmocka_unit_test(unescaping_stops_at_the_capacity),
      cmocka_unit_test(lone_surrogates_have_no_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
