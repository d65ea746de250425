/* Memory of a configuration: what is told is what is taken, and a limit tells who takes most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"
#include "vn/budget.h"
#include "vn/store.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ALIGNMENT 64u
#define ARRAYS_MAX 48u

#define PLAIN "      - {name: plain, tumbling: 1m}\n"
#define SAMPLED "      - {name: sampled, sliding: {size: 10m, slide: 1m}, sample: 16}\n"
#define SKETCHED "      - {name: sketched, tumbling: 30s, statistics: [p95, slope, distinct]}\n"
#define TANK "      - {name: tank, tumbling: 10s, statistics: [integral, rate]}\n"
#define VISITS "      - {name: visits, session: {gap: 5s}, sample: 4}\n"
#define STAYS "      - {name: stays, session: {gap: 1m}}\n"
#define HUNDRED "      - {name: hundred, count: {size: 100, slide: 20}, sample: 8}\n"
#define TRAIL "      - {name: trail, report: {swinging_door: 0.5, points: 20}}\n"
#define ALERTS "    alerts: [{name: high, above: 80}, {name: silent, absent_for: 1m}]\n"
#define HEAD "  - {name: head, match: \"x*\", series: 7, deduplicate: 3}\n"
#define PIPELINE(windows)                                                                        \
  "pipelines:\n" HEAD                                                                            \
  "  - name: p\n    series: 333\n    range: [-40, 125]\n    out_of_order: "                      \
  "2s\n    allowed_lateness: 1m\n    deduplicate: 5\n    limit: {readings: 5, per: 1s}\n" ALERTS \
  "    windows:\n" windows

/* The block has nothing but the parts told, each array rounded up to a line of a cache. */
static void check_sum(const vn_plan_t *plan) {
  assert(plan != NULL);
  vn_store_t need;
  vn_budget_t budget;
  assert_int_equal(vn_store_need(plan, &need), VN_OK);
  assert_int_equal(vn_budget(plan, &budget), VN_OK);
  assert_int_equal(budget.total_bytes, vn_store_bytes(&need) + sizeof(vn_engine_t));
  size_t parts = budget.engine_bytes + budget.table_bytes + budget.queue_bytes +
                 budget.outbox_bytes + budget.batch_bytes + budget.scratch_bytes + budget.log_bytes;
  for (size_t i = 0; i < plan->pipeline_count; i++) {
    const vn_budget_pipeline_t *pipeline = &budget.pipelines[i];
    size_t own = pipeline->alert_bytes + pipeline->guard_bytes;
    for (size_t w = 0; w < plan->pipelines[i].summary.window_count; w++) {
      own += pipeline->window_bytes[w];
    }
    assert_int_equal(own, pipeline->series_bytes);
    assert_int_equal(pipeline->bytes, pipeline->series * own);
    parts += pipeline->bytes;
  }
  assert_int_equal(parts + budget.alignment_bytes, budget.total_bytes);
  assert_in_range(budget.alignment_bytes, 0, ALIGNMENT * ARRAYS_MAX);
}

static void the_parts_told_are_what_a_block_takes(void **state) {
  (void)state;
  static const char *const texts[] = {
      "pipelines: [{name: p}]\n",
      PIPELINE(PLAIN),
      "pipelines: [{name: p, out_of_order: 1s, evidence: {}, alerts: [{name: a, above: 1, "
      "evaluate: "
      "event}]}]\n",
      PIPELINE(SAMPLED),
      PIPELINE(PLAIN SKETCHED SAMPLED),
      PIPELINE(TANK),
      PIPELINE(VISITS STAYS),
      PIPELINE(HUNDRED),
      PIPELINE(TRAIL),
      PIPELINE(TRAIL HUNDRED STAYS SKETCHED VISITS TANK SAMPLED PLAIN),
      "state: {file: x, size: 64MiB}\n" PIPELINE(TRAIL HUNDRED VISITS SKETCHED SAMPLED),
      "capacity: {series: 5000, outbox: 64KiB, name: 17B, message: 257B, input_queue: 9}\n"
      "inputs: [{topic: a, format: json, fields: [{path: v}], sequence: {path: q}}]\n" PIPELINE(
          VISITS SAMPLED),
  };
  for (size_t i = 0; i < COUNT_OF(texts); i++) {
    loaded_t loaded;
    load_text(&loaded, texts[i]);
    if (loaded.configuration == NULL) {
      print_message("%s\n%s\n", texts[i], loaded.output);
    }
    assert_non_null(loaded.configuration);
    check_sum(&loaded.configuration->plan);
    loaded_free(&loaded);
  }
}

static void a_limit_is_kept_or_tells_what_takes_most(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"capacity: {memory: 64MiB}\n" PIPELINE(PLAIN), {NULL}},
      {"capacity: {memory: 1KiB}\n" PIPELINE(PLAIN), {"1:20: `memory`: `1KiB` is too small"}},
      {"capacity: {outbox: 64KiB, input_queue: 16, memory: 8MiB}\n"
       "pipelines:\n  - name: p\n    series: 1000\n    windows:\n"
       "      - {name: w, sliding: {size: 10m, slide: 7s}}\n"
       "      - {name: v, tumbling: 1m, sample: 1}\n",
       {"1:52: `memory`: 8MiB is not enough, the configuration needs ",
        "6:9: window `w` of `p`: 600 panes of 1s, which all windows of time of a pipeline "
        "share: "}},
      {"capacity: {outbox: 8MiB, memory: 9MiB, series: 100}\n"
       "pipelines:\n  - name: p\n    deduplicate: 64\n    windows:\n"
       "      - {name: r, report: {deadband: 0, points: 64}}\n"
       "      - {name: s, session: {gap: 1s}, sample: 64}\n"
       "      - {name: c, count: {size: 512, slide: 4}, sample: 64}\n",
       {"1:20: the outbox: 8672KiB of memory", "1:34: `memory`: 9MiB is not enough, the",
        "8:9: window `c` of `p`: its panes: "}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_parts_told_are_what_a_block_takes),
      cmocka_unit_test(a_limit_is_kept_or_tells_what_takes_most),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
