/* Alerts: what each condition needs, and what doesn't go with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ALERTS(text)                                                                              \
  "pipelines:\n  - name: p\n    range: [-40, 125]\n    windows: [{name: minute, tumbling: 1m}]\n" \
  "    alerts:\n" text

static void conditions_and_what_they_look_at(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ALERTS("      - {name: a}\n"), {"6:9: the alert has no condition: add `above`, `below`"}},
      {ALERTS("      - {name: a, above: 1, absent_for: 1m}\n"),
       {"6:29: a second condition, `absent_for`: an alert has one; write two alerts"}},
      {ALERTS("      - {name: a, above: 1}\n      - {name: a, below: 1}\n"),
       {"7:16: a second alert `a`: the first is in line 6, column 16"}},
      {ALERTS("      - {name: a, of: minutes.mean, above: 1}\n"),
       {"6:23: `of`: no window `minutes` in this pipeline; did you mean `minute`?"}},
      {ALERTS("      - {name: a, of: hour.mean, above: 1}\n"),
       {"6:23: `of`: no window `hour` in this pipeline; the pipeline has minute"}},
      {ALERTS("      - {name: a, of: minute.meen, above: 1}\n"),
       {"6:23: `of`: `meen` is no statistic: count, sum, min, max, first, last, mean or range, or "
        "one that the window's `statistics` name; did you mean `mean`?"}},
      {ALERTS("      - {name: a, of: minute.stddev, above: 1}\n"),
       {"6:23: `of`: window `minute` has no stddev: add it to the window, `statistics: [count, "
        "min, "
        "max, mean, stddev]`"}},
      {ALERTS("      - {name: a, of: minute.p95, above: 1}\n"),
       {"6:23: `of`: window `minute` has no p95: add it to the window"}},
      {ALERTS("      - {name: a, of: minute, above: 1}\n"),
       {"6:23: `of`: `minute` is neither `value` nor window.statistic, such as minute.mean"}},
      {ALERTS("      - {name: a, above: 80.005}\n"),
       {"6:26: `above`: `80.005` is no multiple of the resolution 0.01: use 80.00 or 80.01"}},
      {ALERTS("      - {name: a, below: -3, hysteresis: 0.001}\n"),
       {"6:42: `hysteresis`: `0.001` is no multiple of the resolution 0.01: use 0.00 or 0.01"}},
      {ALERTS("      - {name: a, of: minute.count, below: 2.5}\n"),
       {"6:44: `below`: `2.5` is no multiple of 1, since counts are whole numbers: use 2 or 3"}},
      {ALERTS("      - {name: a, above: 80, hysteresis: -5}\n"),
       {"6:42: `hysteresis` is negative"}},
      {ALERTS("      - {name: a, above: 125}\n"),
       {"6:26: `above`: no value is ever above this limit: the range ends at 125.00"}},
      {ALERTS("      - {name: a, below: -40}\n"),
       {"6:26: `below`: no value is ever below this limit: the range ends at -40.00"}},
      {ALERTS("      - {name: a, above: 80, hysteresis: 121}\n"),
       {"6:42: `hysteresis`: the alert would never end: the value must go back to -41.00, but the "
        "range ends at -40.00"}},
      {ALERTS("      - {name: a, of: minute.mean, below: 80, hysteresis: 46}\n"),
       {"6:59: `hysteresis`: the alert would never end: the value must go back to 126.00"}},
      {ALERTS("      - {name: a, of: minute.sum, above: 100000}\n"), {NULL}},
      {ALERTS("      - {name: a, deviation: {threshold: 4}, hysteresis: 1}\n"),
       {"6:46: `hysteresis` doesn't go with `deviation`"}},
      {ALERTS("      - {name: a, of: minute.mean, deviation: {}}\n"),
       {"6:23: `deviation` looks at values: use `of: value`, or leave `of` out"}},
      {ALERTS("      - {name: a, deviation: {threshold: 60}}\n"),
       {"6:42: `threshold`: `60` can't be held: 0.001 to 57.000 at 0.001"}},
      {ALERTS("      - {name: a, deviation: {refractory: 0s}}\n"), {"6:43: `refractory`: "}},
      {ALERTS("      - {name: a, deviation: {detector: forest}}\n"),
       {"6:41: `detector`: `forest` is none of residual, composite"}},
      {ALERTS("      - {name: a, above: 1e12}\n"), {"6:26: `above`: `1e12` can't be held: "}},
      {ALERTS("      - {name: a, absent_for: 1m, for: 1s, of: minute.mean}\n"),
       {"6:35: `for` doesn't go with `absent_for`", "6:44: `of` doesn't go with `absent_for`"}},
      {ALERTS("      - {name: a, unchanged_for: 1m, hysteresis: 1}\n"),
       {"6:38: `hysteresis` doesn't go with `unchanged_for`"}},
      {ALERTS("      - {name: a, unchanged_for: 1m, of: minute.mean}\n"),
       {"6:42: `unchanged_for` looks at values"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void bands(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ALERTS("      - {name: a, outside: [0, 100], hysteresis: 50}\n"), {NULL}},
      {ALERTS("      - {name: a, inside: [20, 30], hysteresis: 1}\n"), {NULL}},
      {ALERTS("      - {name: a, outside: [-40, 100]}\n"), {NULL}},
      {ALERTS("      - {name: a, of: minute.count, outside: [58, 62], hysteresis: 1}\n"), {NULL}},
      {ALERTS("      - {name: a, outside: 5}\n"),
       {"6:28: `outside` wants two numbers in brackets: [low, high], here is a text"}},
      {ALERTS("      - {name: a, outside: [5]}\n"), {"6:28: `outside` wants two numbers"}},
      {ALERTS("      - {name: a, inside: [30, 20]}\n"),
       {"6:27: `inside`: the first number must be less than the second"}},
      {ALERTS("      - {name: a, outside: [20, 20]}\n"),
       {"6:28: `outside`: the first number must be less than the second"}},
      {ALERTS("      - {name: a, inside: [x, 20.005]}\n"),
       {"6:28: `inside`: `x` is no decimal number",
        "6:31: `inside`: `20.005` is no multiple of the resolution 0.01: use 20.00 or 20.01"}},
      {ALERTS("      - {name: a, outside: [-40, 125]}\n"),
       {"6:28: `outside`: no value is ever outside of this band: the range is inside"}},
      {ALERTS("      - {name: a, outside: [0, 100], hysteresis: 50.01}\n"),
       {"6:50: `hysteresis`: the alert would never end: it leaves nothing of the band to come back "
        "to; make it less than half of the band"}},
      {ALERTS("      - {name: a, outside: [130, 140]}\n"),
       {"6:28: `outside`: the alert would never end: no value of the range lies in this band"}},
      {ALERTS("      - {name: a, inside: [130, 140]}\n"),
       {"6:27: `inside`: no value is ever inside of this band: the range is outside"}},
      {ALERTS("      - {name: a, inside: [-40, 125]}\n"),
       {"6:27: `inside`: the alert would never end: no value of the range is outside of this "
        "band"}},
      {ALERTS("      - {name: a, inside: [-30, 120], hysteresis: 10}\n"),
       {"6:51: `hysteresis`: the alert would never end: no value of the range is outside of this "
        "band and its hysteresis"}},
      {ALERTS("      - {name: a, inside: [0, 1], hysteresis: -1}\n"),
       {"6:47: `hysteresis` is negative: it is a distance from the limit"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define LEVELS(text) ALERTS("      - {name: a, levels: [" text "]}\n")

static void levels(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {LEVELS("{severity: w, above: 70}, {severity: c, above: 90, hysteresis: 3}"), {NULL}},
      {LEVELS("{severity: w, above: 70, below: 0}, {severity: c, below: -9}"), {NULL}},
      {LEVELS("{severity: i, above: 60}, {severity: w, below: 5}, {severity: e, above: 70}, "
              "{severity: c, below: 0}"),
       {NULL}},
      {LEVELS(""), {"6:27: `levels` are two to four, here is none: with one limit use `above`"}},
      {LEVELS("{severity: w, above: 70}"),
       {"6:27: `levels` are two to four, here is one: with one limit use `above` or `below`, and "
        "`severity`"}},
      {ALERTS("      - name: a\n        levels:\n          - {severity: a, above: 1}\n"
              "          - {severity: b, above: 2}\n          - {severity: c, above: 3}\n"
              "          - {severity: d, above: 4}\n          - {severity: e, above: 5}\n"),
       {"12:13: `levels` has 5 entries: at most 4"}},
      {LEVELS("{above: 70}, {severity: c, above: 90}"),
       {"6:28: `severity` is missing. Severity of an episode while it is at this level."}},
      {LEVELS("{severity: w}, {severity: c, above: 90}"),
       {"6:28: the level has no limit: add `above`, `below` or both"}},
      {LEVELS("{severity: w, above: 70}, {severity: c, above: 70}"),
       {"6:75: `above`: `70` is not above the 70.00 of level 1: levels go from the mildest to the "
        "most severe"}},
      {LEVELS("{severity: w, below: 5}, {severity: c, above: 99}, {severity: x, below: 7}"),
       {"6:100: `below`: `7` is not below the 5.00 of level 1"}},
      {LEVELS("{severity: w, above: 5, below: 5}, {severity: c, above: 9}"),
       {"6:59: `below` must be less than `above`: else it is always true"}},
      {LEVELS("{severity: w, above: 10, below: 0, hysteresis: 5.01}, {severity: c, above: 99}"),
       {"6:75: `hysteresis` leaves nothing between `below` and `above` to come back to"}},
      {LEVELS("{severity: w, above: 70}, {severity: c, above: 125}"),
       {"6:75: `above`: no value is ever above this limit: the range ends at 125.00"}},
      {LEVELS("{severity: w, above: 70, hysteresis: 111}, {severity: c, above: 90}"),
       {"6:65: `hysteresis`: the level would never end: the value must go back to -41.00, but the "
        "range ends at -40.00"}},
      {LEVELS("{severity: w, above: 70, until: 3}, {severity: c, above: x}"),
       {"6:53: `until` is no key of `pipelines[].alerts[].levels[]`",
        "6:85: `above`: `x` is no decimal number"}},
      {LEVELS("{severity: w, above: 70}, {severity: c, above: 90, hysteresis: -1}"),
       {"6:91: `hysteresis` is negative"}},
      {ALERTS("      - {name: a, severity: x, hysteresis: -1, levels: [{severity: w, above: 7}, "
              "{severity: c, above: 9}]}\n"),
       {"6:19: `severity` doesn't go with `levels`: each level has one of its own",
        "6:44: `hysteresis` is negative"}},
      {ALERTS("      - {name: a, thresholds: []}\n"),
       {"6:9: the alert has no condition",
        "6:19: `thresholds` is no key of `pipelines[].alerts[]`; did you mean `levels`?"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define CHANGE(text) ALERTS("      - {name: a, rate_of_change: {" text "}}\n")

static void rates_of_change(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {CHANGE("above: 5, per: 1m"), {NULL}},
      {CHANGE("below: -0.01, per: 1d"), {NULL}},
      {ALERTS("      - {name: a, rate_of_change: {above: 5, below: -5, per: 1m}, hysteresis: 5}\n"),
       {NULL}},
      {CHANGE("per: 1m"), {"6:35: `rate_of_change` has no limit: add `above: 5` for a rise"}},
      {CHANGE("above: 5"), {"6:35: `per` is missing. The time that limits are for."}},
      {CHANGE("above: 5, per: 25h"), {"6:51: `per`: `25h` is too large: at most 1d"}},
      {CHANGE("above: 5, per: 60"), {"6:51: `per`: `60` has no unit"}},
      {CHANGE("above: -5, below: 5, per: 1s"),
       {"6:54: `below` must be less than `above`: else it is always true"}},
      {ALERTS("      - {name: a, rate_of_change: {above: 5, below: -5, per: 1m}, hysteresis: 6}\n"),
       {"6:79: `hysteresis` leaves nothing between `below` and `above` to come back to"}},
      {CHANGE("above: 165, per: 1ms"),
       {"6:43: `above`: no value is ever above this limit: the range in a millisecond ends at "
        "165.00"}},
      {CHANGE("above: 329.99, per: 2ms"), {NULL}},
      {CHANGE("below: -330, per: 2ms"), {"6:43: `below`: no value is ever below this limit"}},
      {ALERTS("      - {name: a, of: minute.mean, rate_of_change: {above: 5, per: 1m}}\n"),
       {"6:23: `rate_of_change` looks at values: use `of: value`, or leave `of` out"}},
      {ALERTS("      - {name: a, rate_of_change: 5}\n"),
       {"6:35: `rate_of_change` wants a mapping, here is a text"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define SLOPES(text)                                                                               \
  "pipelines:\n  - name: p\n    range: [-40, 125]\n    windows:\n"                                 \
  "      - {name: ten, sliding: {size: 10m, slide: 1m}, statistics: [slope, mean, stddev, p95]}\n" \
  "    alerts:\n" text

static void lines_of_windows(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {SLOPES("      - {name: a, of: ten.slope, reaches: 90.0000001, within: 30m}\n"), {NULL}},
      {SLOPES("      - {name: a, of: ten.slope, falls_to: -5, within: 1ms, for: 1m}\n"), {NULL}},
      {SLOPES("      - {name: a, reaches: 90, within: 30m}\n"),
       {"7:9: `reaches` looks at the line through a window's readings: add `of: window.slope`"}},
      {SLOPES("      - {name: a, of: ten.mean, falls_to: 90, within: 30m}\n"),
       {"7:23: `falls_to` looks at the line through a window's readings: add `of: window.slope`"}},
      {SLOPES("      - {name: a, of: ten.slope, reaches: 90}\n"),
       {"7:34: `reaches` needs `within`: how far ahead the line is followed, such as `within: "
        "30m`"}},
      {SLOPES("      - {name: a, of: ten.slope, reaches: 90, within: 0s}\n"),
       {"7:55: `reaches` needs `within`"}},
      {SLOPES("      - {name: a, of: ten.slope, reaches: 90, within: 5m, hysteresis: 1}\n"),
       {"7:59: `hysteresis` doesn't go with `reaches`: a line has no hysteresis"}},
      {SLOPES("      - {name: b, above: 1}\n"
              "      - {name: a, of: ten.slope, reaches: 90, within: 5m, after: b}\n"),
       {"8:59: `after` doesn't go with `reaches`: `within` says how far ahead the line is "
        "followed; write two alerts"}},
      {SLOPES("      - {name: a, of: ten.slope, reaches: 1e10, within: 5m}\n"),
       {"7:43: `reaches`: `1e10` can't be held: -2305843009.213693951 to 2305843009.213693951 at "
        "0.000000001"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void statistics_that_are_floats(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {SLOPES("      - {name: a, of: ten.stddev, above: 0.0000005, hysteresis: 0.0000001}\n"),
       {NULL}},
      {SLOPES("      - {name: a, of: ten.slope, outside: [-0.5, 0.5]}\n"), {NULL}},
      {SLOPES("      - {name: a, of: ten.p95, levels: [{severity: w, above: 70}, {severity: c, "
              "above: 99.999}]}\n"),
       {NULL}},
      {SLOPES("      - {name: a, of: ten.p95, above: 125}\n"),
       {"7:39: `above`: no value is ever above this limit: the range ends at 125.000000000"}},
      {SLOPES("      - {name: a, of: ten.stddev, above: 0.0000000005}\n"),
       {"7:42: `above`: `0.0000000005` is no multiple of 0.000000001: use 0.000000000 or "
        "0.000000001"}},
      {SLOPES("      - {name: a, of: ten.variance, above: 1}\n"),
       {"7:23: `of`: window `ten` has no variance: add it to the window, `statistics: [mean, "
        "stddev, p95, slope, variance]`"}},
      {SLOPES("      - {name: a, of: ten.sum, above: 1}\n"), {NULL}},
      {SLOPES("      - {name: a, of: ten.rat, above: 1}\n"),
       {"7:23: `of`: `rat` is no statistic: count, sum, min, max, first, last, mean or range, or "
        "one that the window's `statistics` name; did you mean `rate`?"}},
      {SLOPES("      - {name: a, of: tem.p95, above: 1}\n"),
       {"7:23: `of`: no window `tem` in this pipeline; did you mean `ten`?"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define ABSENT(text) ALERTS("      - {name: a, absent_for: " text "}\n")

static void absences(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ABSENT("{times: 2, at_least: 1ms, at_most: 1ms}"), {NULL}},
      {ABSENT("1m, severity: w, repeat_every: 1h, group: g, urgent: true, labels: {a: b}"), {NULL}},
      {ABSENT("{times: 1, at_least: 1s, at_most: 1h}"),
       {"6:39: `times`: `1` is too small: at least 2"}},
      {ABSENT("{times: 101, at_least: 1s, at_most: 1h}"),
       {"6:39: `times`: `101` is too large: at most 100"}},
      {ABSENT("{times: 5}"), {"6:31: `at_least` is missing", "6:31: `at_most` is missing"}},
      {ABSENT("{times: 5, at_least: 2h, at_most: 1h}"),
       {"6:52: `at_least` of 2h is more than the `at_most` of 1h"}},
      {ABSENT("{times: 5, at_least: 0s, at_most: 1h}"),
       {"6:52: `at_least`: `0s` is too small: at least 1ms"}},
      {ABSENT("[1m]"), {"6:31: `absent_for` wants a duration or a mapping, here is a list"}},
      {ABSENT("1m, latch: true, no_data_after: 1m, min_samples: 2, evaluate: event"),
       {"6:35: `latch` doesn't go with `absent_for`: a silence fires when it has lasted long "
        "enough, and the next arrival ends it",
        "6:48: `no_data_after` doesn't go with `absent_for`",
        "6:67: `min_samples` doesn't go with `absent_for`",
        "6:83: `evaluate` doesn't go with `absent_for`"}},
      {ABSENT("1m, after: b, within: 1s, at_least: 1, of_last: 2, hysteresis: 1"),
       {"6:35: `after` doesn't go with `absent_for`", "6:45: `within` doesn't go with `absent_for`",
        "6:57: `at_least` doesn't go with `absent_for`",
        "6:70: `of_last` doesn't go with `absent_for`",
        "6:82: `hysteresis` doesn't go with `absent_for`"}},
      {ABSENT("1m, consecutive: 2, keep_firing_for: 1s"),
       {"6:35: `consecutive` doesn't go with `absent_for`",
        "6:51: `keep_firing_for` doesn't go with `absent_for`"}},
      {"pipelines: [{name: p, time_to_live: 1h, alerts: [{name: quiet, absent_for: {times: 3, "
       "at_least: 1m, at_most: 1h}}]}]\n",
       {"1:37: `time_to_live` of 1h gives a series up before alert `quiet` can fire: make it "
        "longer than the `at_most` of 1h"}},
      {"pipelines: [{name: p, time_to_live: 1h, alerts: [{name: hot, above: 1, no_data_after: "
       "1h}]}]\n",
       {"1:37: `time_to_live` of 1h gives a series up before alert `hot` can see the silence: make "
        "it longer than the `no_data_after` of 1h"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(conditions_and_what_they_look_at),
      cmocka_unit_test(bands),
      cmocka_unit_test(levels),
      cmocka_unit_test(rates_of_change),
      cmocka_unit_test(lines_of_windows),
      cmocka_unit_test(statistics_that_are_floats),
      cmocka_unit_test(absences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
