/* `lifetime`: a configuration that wears its flash out before is refused, with what would help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"
#include "wear.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define STATE(durability, lifetime)                                        \
  "state:\n  file: x\n  size: 4MiB\n  durability: " durability             \
  "\n"                                                                     \
  "  flash: {erase_block: 4KiB, program_unit: 256B, lifetime: " lifetime   \
  "}\n"                                                                    \
  "inputs:\n  - {topic: \"p/#\", format: senml+json}\n"                    \
  "capacity: {series: 100, outbox: 64KiB}\n"                               \
  "pipelines:\n  - name: p\n    deduplicate: 8\n    expected_every: 10s\n" \
  "    windows: [{name: w, tumbling: 1m}]\n"

static void a_life_that_is_too_short_is_refused_with_what_would_do(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {STATE("checkpoint", "5y"), {NULL}},
      {STATE("journal", "1y"), {NULL}},
      {STATE("journal", "9y"), {"5:60: `lifetime`: the flash lasts "}},
      {STATE("checkpoint", "100y"), {"5:60: `lifetime`: the flash lasts "}},
      {STATE("volatile", "100y"), {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

/* Which figure, how much too much, what for, what to change. */
static void it_says_what_is_too_much(void **state) {
  (void)state;
  static const char *const journal[] = {" years in usual use, 9.0 are asked for, which is ",
                                        " times as long: of ", " MB are written for the journal; ",
                                        "what would do: `size: 16MiB` ("};
  static const char *const states[] = {" are written for states of series; ",
                                       "what would do: `size: 128MiB` ("};
  static const char *const beyond[] = {"what helps, but not enough: `checkpoint_every: ",
                                       ", or `size: "};
  loaded_t loaded;
  load_text(&loaded, STATE("journal", "9y"));
  assert_int_equal(loaded.error_count, 1);
  for (size_t i = 0; i < COUNT_OF(journal); i++) {
    assert_non_null(strstr(loaded.findings[0].text, journal[i]));
  }
  loaded_free(&loaded);
  load_text(&loaded, STATE("checkpoint", "100y"));
  for (size_t i = 0; i < COUNT_OF(states); i++) {
    assert_non_null(strstr(loaded.findings[0].text, states[i]));
  }
  loaded_free(&loaded);
  load_text(&loaded,
            "state: {file: x, size: 1MiB, checkpoint_every: 100ms, "
            "flash: {endurance: 10, lifetime: 100y}}\n"
            "capacity: {series: 10, outbox: 16KiB}\npipelines: [{name: p}]\n");
  for (size_t i = 0; i < COUNT_OF(beyond); i++) {
    assert_non_null(strstr(loaded.findings[0].text, beyond[i]));
  }
  loaded_free(&loaded);
}

/* What is said to do does: with it, the same text is loaded. */
static void what_would_do_does(void **state) {
  (void)state;
  loaded_t loaded;
  load_text(&loaded, STATE("journal", "1y"));
  assert_non_null(loaded.configuration);
  vn_plan_t plan = loaded.configuration->plan;
  vn_wear_remedy_t remedies[VN_WEAR_REMEDIES];
  const double days = 3287;
  unsigned enough = 0;
  vn_wear_remedies(&plan, days, remedies);
  for (unsigned i = 0; i < VN_WEAR_REMEDIES; i++) {
    vn_plan_t other = plan;
    vn_wear_load_t load = vn_wear_usual;
    vn_budget_t budget;
    assert_true(remedies[i].value > 0 || !remedies[i].enough);
    if (remedies[i].value == 0) {
      continue;
    }
    switch ((vn_wear_remedy_kind_t)i) {
      case VN_WEAR_INTERVAL:
        other.checkpoint_every_ms = (int64_t)remedies[i].value;
        break;
      case VN_WEAR_REGION:
        other.state_bytes = remedies[i].value;
        break;
      case VN_WEAR_UNIT:
        other.program_unit_bytes = (uint32_t)remedies[i].value;
        break;
      default:
        load.readings = (unsigned)remedies[i].value;
    }
    assert_int_equal(vn_budget(&other, &budget), VN_OK);
    double years = vn_wear_estimate(&other, &budget, &load).years;
    assert_true(years >= remedies[i].years && years <= remedies[i].years);
    assert_int_equal(years * 365.25 >= days, remedies[i].enough);
    enough += remedies[i].enough;
  }
  assert_true(enough > 0);
  loaded_free(&loaded);
}

static void a_remedy_is_told_in_the_words_of_the_configuration(void **state) {
  (void)state;
  static const struct {
    vn_wear_remedy_kind_t kind;
    vn_wear_remedy_t remedy;
    const char *text;
  } cases[] = {
      {VN_WEAR_INTERVAL, {40000, 6.25, true}, "`checkpoint_every: 40s` (6.2 years)"},
      {VN_WEAR_INTERVAL, {200, 1, false}, "`checkpoint_every: 200ms` (1.0 years)"},
      {VN_WEAR_REGION, {33554432, 10.26, true}, "`size: 32MiB` (10.3 years)"},
      {VN_WEAR_REGION, {98304, 0.04, false}, "`size: 96KiB` (0.0 years)"},
      {VN_WEAR_UNIT, {16, 3, true}, "`program_unit: 16B` (3.0 years)"},
      {VN_WEAR_PACKS, {8, 3, true}, "8 readings in a message (3.0 years)"},
  };
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    char text[VN_WEAR_TEXT_MAX];
    assert_int_equal(vn_wear_remedy_text(cases[i].kind, &cases[i].remedy, text),
                     strlen(cases[i].text));
    assert_string_equal(text, cases[i].text);
  }
}

#define JOURNAL(flash, journal, inputs)                                           \
  "state: {file: x, size: 64MiB, durability: journal, flash: {" flash "}" journal \
  "}\n"                                                                           \
  "inputs: [" inputs                                                              \
  "]\ncapacity: {series: 100, outbox: 64KiB}\n"                                   \
  "pipelines: [{name: p, deduplicate: 8, windows: [{name: w, tumbling: 1m}]}]\n"
#define SENML "{topic: \"p/#\", format: senml+json}"

static vn_plan_t plan_of(const char *text) {
  loaded_t loaded;
  load_text(&loaded, text);
  assert_non_null(loaded.configuration);
  vn_plan_t plan = loaded.configuration->plan;
  loaded_free(&loaded);
  return plan;
}

static void messages_may_write_what_is_said(void **state) {
  (void)state;
  vn_plan_t plan = plan_of(JOURNAL("endurance: 1000", "", SENML));
  assert_int_equal(plan.journal_day_bytes, 0);
  assert_int_equal(plan.journal_source_day_bytes, 0);
  plan = plan_of(JOURNAL("endurance: 1000", ", journal_per_day: 20MiB", SENML));
  assert_int_equal(plan.journal_day_bytes, 20 << 20);
  assert_int_equal(plan.journal_source_day_bytes, 5 << 20);
  plan = plan_of(
      JOURNAL("endurance: 1000", ", journal_per_day: 20MiB, journal_per_source: 64KiB", SENML));
  assert_int_equal(plan.journal_source_day_bytes, 64 << 10);
  plan = plan_of(JOURNAL("endurance: 1000", ", journal_per_source: 1MiB", SENML));
  assert_int_equal(plan.journal_day_bytes, 0);
  assert_int_equal(plan.journal_source_day_bytes, 1 << 20);
  plan = plan_of(JOURNAL("endurance: 1000", ", journal_per_day: 20MiB",
                         "{topic: p/x, format: senml+json}")); /* one source */
  assert_int_equal(plan.journal_day_bytes, 20 << 20);
  assert_int_equal(plan.journal_source_day_bytes, 0);
}

/* What messages may write, with all else as usual, makes the flash last as long as it is to. */
static void without_a_word_messages_may_write_what_lifetime_leaves(void **state) {
  (void)state;
  loaded_t loaded;
  load_text(&loaded, JOURNAL("lifetime: 5y", "", SENML));
  const vn_plan_t *plan = &loaded.configuration->plan;
  vn_budget_t budget;
  assert_int_equal(vn_budget(plan, &budget), VN_OK);
  vn_wear_t wear = vn_wear_estimate(plan, &budget, &vn_wear_usual);
  assert_true(wear.part_bytes_per_day[VN_WEAR_JOURNAL] < (double)plan->journal_day_bytes);
  double bytes = wear.bytes_per_day - wear.part_bytes_per_day[VN_WEAR_JOURNAL] +
                 (double)plan->journal_day_bytes;
  double days = wear.years * 365.25 * wear.bytes_per_day / bytes;
  assert_true(days > plan->lifetime_days - 0.01 && days < plan->lifetime_days + 0.01);
  assert_int_equal(plan->journal_source_day_bytes, plan->journal_day_bytes / 4);
  loaded_free(&loaded);
}

static void limits_that_help_nobody_are_told(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {JOURNAL("lifetime: 5y", ", journal_per_day: 100GiB", SENML),
       {"1:92: warning: `journal_per_day` is more than the "}},
      {"state: {file: x, durability: journal, journal_per_day: 1MiB, journal_per_source: 2MiB}\n"
       "pipelines: [{name: p}]\n",
       {"1:82: `journal_per_source` is more than the `journal_per_day` of 1MiB"}},
      {JOURNAL("endurance: 5", ", journal_per_day: 1KiB", SENML),
       {"1:92: `journal_per_day`: `1KiB` is too small"}},
      {"state: {file: x, journal_per_day: 1MiB}\npipelines: [{name: p}]\n",
       {"1:35: warning: `journal_per_day` is not used: `durability` is not `journal`"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_life_that_is_too_short_is_refused_with_what_would_do),
      cmocka_unit_test(it_says_what_is_too_much),
      cmocka_unit_test(what_would_do_does),
      cmocka_unit_test(messages_may_write_what_is_said),
      cmocka_unit_test(without_a_word_messages_may_write_what_lifetime_leaves),
      cmocka_unit_test(limits_that_help_nobody_are_told),
      cmocka_unit_test(a_remedy_is_told_in_the_words_of_the_configuration),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
