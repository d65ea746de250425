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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(conditions_and_what_they_look_at),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
