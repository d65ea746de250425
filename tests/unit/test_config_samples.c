/* Samples with a weight: what goes together, and what is told of what doesn't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define WINDOWS(text) "pipelines:\n  - name: p\n    windows:\n" text

static void weights_and_their_relations(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {WINDOWS("      - {name: w, tumbling: 1m, sample: {size: 8, weight: recency}}\n"),
       {"4:59: `weight: recency` needs `half_life`: add `half_life: 10m`"}},
      {WINDOWS("      - {name: w, tumbling: 1m, sample: {size: 8, half_life: 1m}}\n"),
       {"4:51: `half_life` needs `weight: recency`: without it age plays no part"}},
      {WINDOWS("      - {name: w, tumbling: 1m, sample: {weight: value}}\n"),
       {"4:41: `size` is missing"}},
      {WINDOWS("      - {name: w, tumbling: 1m, sample: {size: 0}}\n"),
       {"4:48: `size`: `0` is too small: at least 1"}},
      {WINDOWS("      - {name: w, tumbling: 1m, sample: {size: 8, weight: size}}\n"),
       {"4:59: `weight`: `size`"}},
      {WINDOWS("      - {name: w, report: {deadband: 1}, sample: {size: 8, weight: value}}\n"),
       {"4:42: `sample` doesn't go with `report`"}},
      {WINDOWS("      - {name: v, tumbling: 1m, sample: {size: 8, weight: value}}\n"
               "      - {name: w, tumbling: 2m, sample: 4}\n"),
       {"5:9: the `sample` has another weight than that of `v`: samples of `tumbling`"}},
      {WINDOWS("      - {name: v, tumbling: 1m, sample: {size: 8, weight: value}}\n"
               "      - {name: w, count: 9, sample: {size: 8, weight: recency, half_life: 1m}}\n"
               "      - {name: x, tumbling: 2m}\n"),
       {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void weights_reach_the_plan(void **state) {
  (void)state;
  loaded_t loaded;
  load_text(&loaded, WINDOWS("      - {name: a, tumbling: 1m, sample: {size: 8, weight: value}}\n"
                             "      - {name: b, tumbling: 2m, sample: {size: 9, weight: value}}\n"
                             "      - {name: c, count: 5, sample: {size: 3}}\n"
                             "      - {name: d, condition: {above: 3}, sample: {size: 2, weight: "
                             "recency, half_life: 10m}}\n"));
  assert_non_null(loaded.configuration);
  const vn_window_t *windows = loaded.configuration->plan.pipelines->summary.windows;
  assert_int_equal(windows[0].sample, 8);
  assert_int_equal(windows[0].draw.weight, VN_WEIGHT_VALUE);
  assert_int_equal(windows[1].sample, 9);
  assert_int_equal(windows[2].sample, 3);
  assert_int_equal(windows[2].draw.weight, VN_WEIGHT_NONE);
  assert_int_equal(windows[3].draw.weight, VN_WEIGHT_RECENCY);
  assert_int_equal(windows[3].draw.half_life_ms, 600000);
  loaded_free(&loaded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_reach_the_plan),
      cmocka_unit_test(weights_and_their_relations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
