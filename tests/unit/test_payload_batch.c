/*
 * Batches: an item of an array gives what it gives as a message of its own, whatever its
 * neighbours look like. Items that repeat their neighbour's text take a shorter way through the
 * decoder, which must not show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decoded.h"
#include "prng.h"

#define SEED UINT64_C(50)
#define ITEMS_MAX 12u

static decoded_input_t input;

static void start(void) {
  decoded_input_init(&input, VN_FORMAT_JSON);
  decoded_input_field(&input, "v", "-1");
  decoded_input_field(&input, "p.x", NULL);
  decoded_input_field(&input, "a[1]", NULL);
  decoded_input_time(&input, "t", VN_UNIT_S);
  decoded_input_sequence(&input, "q");
}

/* What a value may be: most are simple, some need the ordinary way or are refused. */
static const char *random_value(prng_t *prng) {
  static const char *const kValues[] = {
      "0",    "21.37",        "-5",    "-1",      "1e3",       "1795219200000", "0.0005",
      "7",    "12345678",     "\"a\"", "\"1.5\"", "true",      "null",          "\"\\u0031\"",
      "\"\"", "\"\xc3\xa4\"", "{}",    "[1,2]",   "{\"x\":1}", "false",         "\"NaN\""};
  uint32_t count = (uint32_t)(sizeof kValues / sizeof kValues[0]);
  return kValues[prng_chance(prng, 80) ? prng_below(prng, 9) : prng_below(prng, count)];
}

/* An item of one of several formats; %s stands for a value. */
static void random_item(prng_t *prng, uint32_t format, char *out) {
  static const char *const kFormats[] = {
      "{\"t\":%s,\"v\":%s,\"q\":%s}",
      "{\"t\":%s,\"p\":{\"y\":%s,\"x\":%s}}",
      "{\"v\":%s,\"v\":%s,\"t\":%s}",
      "{ \"a\" : [ %s , %s ], \"t\" : %s }",
      "{\"\\u0076\":%s,\"t\":%s,\"z\":[[%s]]}",
      "{\"p\":%s,\"a\":%s,\"t\":%s}",
      "[%s,%s,%s]",
      "5",
      "{}",
  };
  uint32_t count = (uint32_t)(sizeof kFormats / sizeof kFormats[0]);
  char *at = out;
  for (const char *from = kFormats[format % count]; *from != '\0'; from++) {
    if (*from == '%') {
      at += sprintf(at, "%s", random_value(prng));
      from++;
    } else {
      *at++ = *from;
    }
  }
  *at = '\0';
}

static void add(char *all, const char *text) {
  (void)memcpy(all + strlen(all), text, strlen(text) + 1);
}

static void a_batch_gives_what_its_items_give_alone(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 0);
  start();
  for (unsigned i = 0; i < 20000; i++) {
    char batch[4096] = "[";
    char expected[8192] = "";
    char item[256];
    uint32_t format = prng_next(&prng);
    const char *comma = prng_chance(&prng, 50) ? "," : ",\n  ";
    unsigned count = prng_below(&prng, ITEMS_MAX);
    for (unsigned k = 0; k < count; k++) {
      random_item(&prng, prng_chance(&prng, 90) ? format : prng_next(&prng), item);
      add(batch, k == 0 ? "" : comma);
      add(batch, item);
      /* An array would be a batch of its own; as an item it is a message without the fields. */
      add(expected, decoded_text(&input, item[0] == '[' ? "{}" : item));
    }
    add(batch, "]");
    if (strcmp(decoded_text(&input, batch), expected) != 0) {
      fail_msg("seed %" PRIu64 ", case %u: %s", SEED, i, batch);
    }
  }
}

static void damage_behind_repeated_items_is_found_at_its_byte(void **state) {
  (void)state;
  start();
  static const char *const kCases[][2] = {
      {"{\"v\":3,}]", "json 32"},       {"{\"v\":03}]", "json 31"},    {"{\"v\":3.}]", "json 32"},
      {"{\"v\":\"\xff\"}]", "utf8 31"}, {"{\"v\":3]", "json 31"},      {"{\"v\":3}", "json 32"},
      {"{\"v\":3", "json 31"},          {"{\"v\":", "json 30"},        {"{\"v", "json 28"},
      {"{\"v\":tru}]", "json 33"},      {"{\"v\":truex}]", "json 34"}, {"{\"v\":3}}", "json 32"},
      {"{\"v\":\"3}]", "json 34"},      {"{\"v\":3a}]", "json 31"},
  };
  decoded_input_init(&input, VN_FORMAT_JSON);
  decoded_input_field(&input, "v", NULL);
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    char batch[64];
    char expected[64];
    bool complete = strncmp(kCases[i][0], "{\"v\":3}", 7) == 0;
    (void)snprintf(batch, sizeof batch, "[{\"v\":1},{\"v\":2},{\"v\":9},%s", kCases[i][0]);
    (void)snprintf(expected, sizeof expected, "0 1\n0 2\n0 9\n%s%s\n", complete ? "0 3\n" : "",
                   kCases[i][1]);
    assert_string_equal(decoded_text(&input, batch), expected);
  }
}

static void items_with_more_values_than_are_remembered_work(void **state) {
  (void)state;
  char batch[2048] = "[";
  decoded_input_init(&input, VN_FORMAT_JSON);
  decoded_input_field(&input, "k9", NULL);
  for (unsigned i = 0; i < 5; i++) {
    add(batch, i == 0 ? "{" : ",{");
    for (unsigned k = 0; k < 12; k++) {
      char member[32];
      (void)snprintf(member, sizeof member, "%s\"k%u\":%u", k == 0 ? "" : ",", k, 10 * i + k);
      add(batch, member);
    }
    add(batch, "}");
  }
  add(batch, "]");
  assert_string_equal(decoded_text(&input, batch), "0 9\n0 19\n0 29\n0 39\n0 49\n");
}

static void scalars_between_items_are_messages_without_the_field(void **state) {
  (void)state;
  decoded_input_init(&input, VN_FORMAT_JSON);
  decoded_input_field(&input, "v", NULL);
  assert_string_equal(decoded_text(&input, "[{\"v\":1},5,{\"v\":2},5,{\"v\":3},{},{},{\"v\":4}]"),
                      "0 1\n0 !missing\n0 2\n0 !missing\n0 3\n0 !missing\n0 !missing\n0 4\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_batch_gives_what_its_items_give_alone),
      cmocka_unit_test(damage_behind_repeated_items_is_found_at_its_byte),
      cmocka_unit_test(items_with_more_values_than_are_remembered_work),
      cmocka_unit_test(scalars_between_items_are_messages_without_the_field),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
