/* Extras of content without a fixed start: what an earlier reading moves, and what is empty. */
#include "vn/extra.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t counters[VN_HISTOGRAM_COUNTERS(VN_HISTOGRAM_BINS_MAX)];
static vn_trend_t trend;

static void an_earlier_reading_moves_the_start(void **state) {
  (void)state;
  static const int64_t times_ms[] = {5000, 6000, 3000};
  for (int wanted = 1; wanted < 4; wanted++) {
    const vn_extra_set_t set = {-10, 10, wanted > 1 ? 16 : 0, 0, wanted % 2 == 1};
    const vn_extra_memory_t memory = {&trend, counters, NULL};
    vn_aggregate_t aggregate;
    vn_aggregate_clear(&aggregate);
    for (size_t i = 0; i < 3; i++) {
      int32_t value = (int32_t)(times_ms[i] / 1000);
      vn_extra_take(&set, &memory, 0, &aggregate, times_ms[i], value);
      vn_aggregate_add(&aggregate, times_ms[i], value);
    }
    vn_extra_values_t values = vn_extra_result(&set, &memory, &aggregate);
    assert_int_equal(values.has_slope, set.trend);
    assert_true(!set.trend || (values.slope_per_s > 0.999999 && values.slope_per_s < 1.000001));
    assert_int_equal(values.has_quantiles, set.bins > 0);
  }
}

static void an_empty_histogram_has_no_quantiles(void **state) {
  (void)state;
  const vn_extra_set_t set = {.low = -10, .high = 10, .bins = 16};
  const vn_extra_memory_t memory = {.counters = counters};
  vn_aggregate_t aggregate;
  vn_aggregate_clear(&aggregate);
  vn_aggregate_add(&aggregate, 0, 1);
  vn_extra_clear(&set, &memory, 0);
  assert_false(vn_extra_result(&set, &memory, &aggregate).has_quantiles);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_earlier_reading_moves_the_start),
      cmocka_unit_test(an_empty_histogram_has_no_quantiles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
