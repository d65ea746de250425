/* The estimate of wear: known answers, worked out by hand from the rules of the flash log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "vn/flash_log.h"
#include "wear.h"

/* 1,024 blocks of 4 KiB with units of 16 bytes; 100 series, a checkpoint every 10 s. */
typedef struct bench {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t window;
  vn_budget_t budget;
} bench_t;

static void bench_set_up(bench_t *bench) {
  memset(bench, 0, sizeof *bench);
  bench->window = (vn_window_t){.name = "minute",
                                .size_ms = 60000,
                                .slide_ms = 60000,
                                .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN)};
  bench->pipeline = (vn_pipeline_t){.summary = {.name = "p", .unit = "", .windows = &bench->window},
                                    .series_max = 100};
  bench->plan = (vn_plan_t){.device = "d",
                            .prefix = "v",
                            .pipelines = &bench->pipeline,
                            .pipeline_count = 1,
                            .series_max = 100,
                            .state_bytes = 4194304,
                            .erase_block_bytes = 4096,
                            .program_unit_bytes = 16,
                            .endurance_cycles = 100000,
                            .checkpoint_every_ms = 10000,
                            .flush_every_ms = 1000,
                            .queue_messages = 4096,
                            .batch_max = 20,
                            .name_max = 16,
                            .durability = VN_DURABILITY_CHECKPOINT};
  bench->budget = (vn_budget_t){.live_bytes_max = 100000 - 144,
                                .commit_bytes_max = 20000 - 144 - 16,
                                .record_bytes_max = 512,
                                .global_bytes_max = 200,
                                .journal_bytes_max = 262144};
  bench->budget.pipelines[0].slot_bytes_max = 300;
}

static vn_wear_t estimate(const bench_t *bench, const vn_wear_load_t *load) {
  return vn_wear_estimate(&bench->plan, &bench->budget, load);
}

/* Within a millionth. */
static void assert_near(double got, double want) {
  double difference = got > want ? got - want : want - got;
  if (difference > want * 1e-6) {
    fail_msg("%.9g instead of %.9g", got, want);
  }
}

/*
 * 8,640 commits a day. States: 100 of 300 bytes, up to 304 and a header of 16. Commits: 144, 16 +
 * 200 of counters, and a unit of padding. A sector has 4,096 - 64 - (16 + 512) - 16 = 3,488 bytes.
 * Reserve 7 + 1 + 2 + 2 + 8 = 20 sectors, alpha = 100,000 / ((1,004 x 3,488 - 100,000) / 2).
 */
static void the_worst_case_of_checkpoints(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  vn_wear_t wear = estimate(&bench, &vn_wear_worst);
  assert_near(wear.commits_per_day, 8640);
  assert_near(wear.part_bytes_per_day[VN_WEAR_STATE], 276480000);
  assert_near(wear.part_bytes_per_day[VN_WEAR_COMMITS], 3248640);
  assert_true(wear.part_bytes_per_day[VN_WEAR_OUTPUTS] <= 0);
  assert_true(wear.part_bytes_per_day[VN_WEAR_JOURNAL] <= 0);
  assert_near(wear.bytes_per_day, 279728640);
  assert_near(wear.amplification, 1.058789777);
  assert_near(wear.erases_per_day, 84912.2203);
  assert_near(wear.cycles_per_day, 82.92209014);
  assert_near(wear.years, 3.301714637);
  assert_int_equal(vn_wear_greatest(&wear), VN_WEAR_STATE);
}

/* A tenth of the series, 60 bytes in 64 + 16; counters of 40 in 40 + 16; half a unit. Fill
 * 100 x 80 / 4,194,304 = 0.0019: between 1 and 1.05 at 0.08. Half a record is lost in a sector. */
static void the_usual_case_of_checkpoints(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  vn_wear_t wear = estimate(&bench, &vn_wear_usual);
  assert_near(wear.part_bytes_per_day[VN_WEAR_STATE], 8640.0 * 10 * 80);
  assert_near(wear.part_bytes_per_day[VN_WEAR_COMMITS], 8640.0 * (144 + 56 + 8));
  assert_near(wear.amplification, 1 + 8000.0 / 4194304 / 0.08 * 0.05);
  assert_near(wear.erases_per_day, 8709120 * wear.amplification / (4096 - 64 - 264 - 16));
  assert_near(wear.years * 365.25 * wear.erases_per_day / 1024, 100000);
}

/* 16 + 12 + 100 bytes and half a unit of doubt: 128 with units of 16, one unit above. */
static void a_message_of_the_journal_takes_whole_units(void **state) {
  (void)state;
  static const struct {
    uint32_t unit, bytes;
  } cases[] = {{1, 128}, {16, 128}, {256, 256}, {512, 512}, {4096, 4096}};
  bench_t bench;
  bench_set_up(&bench);
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  bench.plan.erase_block_bytes = 65536;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench.plan.program_unit_bytes = cases[i].unit;
    vn_wear_t wear = estimate(&bench, &vn_wear_usual);
    assert_near(wear.messages_per_day, 86400);
    assert_near(wear.part_bytes_per_day[VN_WEAR_JOURNAL], 86400.0 * cases[i].bytes);
    assert_near(estimate(&bench, &vn_wear_worst).part_bytes_per_day[VN_WEAR_JOURNAL],
                8640000.0 * cases[i].bytes);
  }
}

/* Half of 256 KiB of journal is full after 1,024 messages of 128 bytes; half of a queue of 100
 * after 50 of them. */
static void a_journal_that_fills_makes_commits(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  assert_near(estimate(&bench, &vn_wear_usual).commits_per_day, 8640 + 86400.0 / 1024);
  bench.plan.queue_messages = 100;
  assert_near(estimate(&bench, &vn_wear_usual).commits_per_day, 8640 + 86400.0 / 50);
}

static void messages_come_as_often_as_the_configuration_says(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  bench.pipeline.expected_every_ms = 20000;
  assert_near(estimate(&bench, &vn_wear_usual).messages_per_day, 432000);
  assert_near(estimate(&bench, &vn_wear_worst).messages_per_day, 432000);
  bench.plan.series_max = 50; /* the pipeline reserves more than there can be */
  assert_near(estimate(&bench, &vn_wear_usual).messages_per_day, 216000);
}

/* Two readings in a message: half the messages, 30 bytes more in each: 16 + 144 with units of 16.
 */
static void packs_share_what_a_message_costs(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  vn_wear_load_t packs = vn_wear_usual;
  packs.readings = 2;
  vn_wear_t wear = estimate(&bench, &packs);
  assert_near(wear.messages_per_day, 43200);
  assert_near(wear.part_bytes_per_day[VN_WEAR_JOURNAL], 43200.0 * 160);
  packs.readings = 16; /* 562 bytes: two records of 16 + 568 together, a COMMIT of 144 */
  wear = estimate(&bench, &packs);
  assert_near(wear.part_bytes_per_day[VN_WEAR_JOURNAL], 5400.0 * 752);
}

/*
 * Each minute 10 series give a result each, with their next reading: over 10 seconds, in 10 commits
 * of a message each where a commit is made each second, in 2 of 5 results where it takes 5. The
 * state has changed once in its interval, and is written once. At worst readings come between a
 * result and the checkpoint.
 */
static void results_are_written_with_their_states(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.budget.record_bytes_max = 2048;
  vn_wear_t before = estimate(&bench, &vn_wear_usual);
  bench.pipeline.summary.window_count = 1;
  const vn_summary_pipeline_t *named = &bench.pipeline.summary;
  double record = (double)vn_summary_record_max(VN_ENCODING_CBOR, named, 0, 16);
  double envelope = (double)vn_summary_envelope_max(VN_ENCODING_CBOR, "d", &named, 1);
  vn_wear_t wear = estimate(&bench, &vn_wear_usual);
  assert_near(wear.results_per_day, 14400);
  assert_near(wear.commits_per_day - before.commits_per_day, 14400);
  bench.plan.flush_every_ms = 5000;
  wear = estimate(&bench, &vn_wear_usual);
  assert_near(wear.commits_per_day - before.commits_per_day, 2880);
  assert_near(wear.part_bytes_per_day[VN_WEAR_STATE], before.part_bytes_per_day[VN_WEAR_STATE]);
  double message = 5 * record / 2 + envelope / 2 + 40 + 16;
  assert_true(wear.part_bytes_per_day[VN_WEAR_OUTPUTS] >= 2880 * message);
  assert_true(wear.part_bytes_per_day[VN_WEAR_OUTPUTS] <= 2880 * (message + 8));
  bench.plan.flush_every_ms = 1000;
  wear = estimate(&bench, &vn_wear_worst);
  assert_near(wear.results_per_day, 144000);
  assert_near(wear.commits_per_day, 8640 + 86400);
  assert_near(wear.part_bytes_per_day[VN_WEAR_STATE], 100 * (8640.0 + 1440) * 320);
}

/* With a journal each commit holds everything: no others are due while results come. */
static void results_take_the_place_of_checkpoints_in_a_journal(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  vn_wear_t before = estimate(&bench, &vn_wear_usual);
  bench.pipeline.summary.window_count = 1;
  vn_wear_t wear = estimate(&bench, &vn_wear_usual); /* results come for 10 of 60 seconds */
  assert_near(wear.commits_per_day - before.commits_per_day, 14400 - 8640 / 6.0);
}

/* Two windows that end together need the state once; a reading an hour gives a result an hour. */
static void results_of_a_moment_share_a_state(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  vn_window_t windows[2] = {bench.window, bench.window};
  windows[1].name = "hour";
  windows[1].size_ms = windows[1].slide_ms = 3600000;
  bench.pipeline.summary.windows = windows;
  bench.pipeline.summary.window_count = 1;
  vn_wear_t one = estimate(&bench, &vn_wear_usual);
  bench.pipeline.summary.window_count = 2;
  vn_wear_t two = estimate(&bench, &vn_wear_usual);
  assert_near(two.results_per_day - one.results_per_day, 240);
  assert_near(two.part_bytes_per_day[VN_WEAR_STATE], one.part_bytes_per_day[VN_WEAR_STATE]);
  assert_near(two.commits_per_day, one.commits_per_day);
  bench.pipeline.expected_every_ms = 3600000;
  two = estimate(&bench, &vn_wear_usual); /* of all 100 series, each once an hour */
  assert_near(two.results_per_day, 4800);
  assert_near(two.part_bytes_per_day[VN_WEAR_STATE], 2400 * 80.0);
}

/* A hundred readings: one in each interval of ten seconds, at worst one a second. A visit ends once
 * an hour, at worst as soon as it may, and the next one follows. */
static void results_without_a_time_come_apart(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.pipeline.summary.window_count = 1;
  bench.window = (vn_window_t){.name = "hundred", .shape = VN_WINDOW_COUNT, .slide_readings = 100};
  assert_near(estimate(&bench, &vn_wear_usual).results_per_day, 10 * 86.4);
  assert_near(estimate(&bench, &vn_wear_usual).commits_per_day, 8640 + 864);
  assert_near(estimate(&bench, &vn_wear_worst).results_per_day, 100 * 864);
  bench.window = (vn_window_t){.name = "visit", .shape = VN_WINDOW_SESSION, .gap_ms = 30000};
  assert_near(estimate(&bench, &vn_wear_usual).results_per_day, 10 * 24);
  assert_near(estimate(&bench, &vn_wear_worst).results_per_day, 100 * 2880);
}

static vn_err_t rewrite_none(void *context, vn_flash_log_t *log, uint32_t item) {
  (void)context;
  (void)log;
  (void)item;
  return VN_OK;
}

static uint32_t apply_none(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                           const uint8_t *payload, uint32_t length) {
  (void)context;
  (void)type;
  (void)flags;
  (void)argument;
  (void)payload;
  (void)length;
  return VN_LOG_NO_ITEM;
}

/* The log's own figure, of which it keeps 16 bits behind the point. */
static double alpha_of_log(const bench_t *bench) {
  static uint8_t page[4096], record[4096];
  static vn_log_sector_t sectors[2048];
  static vn_log_item_t items[1];
  const vn_log_owner_t owner = {NULL, rewrite_none, apply_none};
  const flash_fake_shape_t shape = {
      .erase_size = bench->plan.erase_block_bytes,
      .prog_size = bench->plan.program_unit_bytes,
      .sector_count = (uint32_t)(bench->plan.state_bytes / bench->plan.erase_block_bytes)};
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  vn_flash_log_t log;
  vn_log_config_t config = {.flash = &flash->port,
                            .owner = &owner,
                            .items = items,
                            .item_count = 1,
                            .sectors = sectors,
                            .page = page,
                            .page_size = sizeof page,
                            .record = record,
                            .record_max = bench->budget.record_bytes_max,
                            .live_bytes_max = bench->budget.live_bytes_max,
                            .commit_bytes_max = bench->budget.commit_bytes_max};
  assert_int_equal(vn_log_init(&log, &config), VN_OK);
  flash_fake_free(flash);
  return (double)log.state.limits.alpha_q16 / 65536;
}

static void the_worst_amplification_is_that_of_the_log(void **state) {
  (void)state;
  static const struct {
    uint64_t state_bytes, live, commit;
    uint32_t block, unit, record;
  } cases[] = {{4194304, 99856, 19840, 4096, 16, 512}, {1048576, 300000, 30000, 4096, 256, 512},
               {131072, 20000, 4000, 4096, 4, 512},    {4194304, 1600000, 90000, 65536, 512, 4096},
               {262144, 60000, 9000, 1024, 8, 256},    {8388608, 3000000, 300000, 4096, 256, 512}};
  bench_t bench;
  bench_set_up(&bench);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench.plan.state_bytes = cases[i].state_bytes;
    bench.plan.erase_block_bytes = cases[i].block;
    bench.plan.program_unit_bytes = cases[i].unit;
    bench.budget.record_bytes_max = cases[i].record;
    bench.budget.live_bytes_max = cases[i].live;
    bench.budget.commit_bytes_max = cases[i].commit;
    double alpha = alpha_of_log(&bench);
    double got = estimate(&bench, &vn_wear_worst).amplification - 1;
    if (got > alpha + 1e-4 || got < alpha - 1e-4) {
      fail_msg("case %zu: %.6f instead of %.6f", i, got, alpha);
    }
  }
}

static void more_of_what_wears_is_never_better(void **state) {
  (void)state;
  bench_t bench;
  bench_set_up(&bench);
  bench.plan.durability = VN_DURABILITY_JOURNAL;
  bench.pipeline.summary.window_count = 1;
  const double years = estimate(&bench, &vn_wear_usual).years;
  bench_t other = bench;
  other.pipeline.summary.windows = &other.window;
  other.plan.pipelines = &other.pipeline;
  other.plan.state_bytes *= 2;
  assert_true(estimate(&other, &vn_wear_usual).years > 1.9 * years);
  other.plan.state_bytes = bench.plan.state_bytes;
  other.plan.checkpoint_every_ms /= 2;
  assert_true(estimate(&other, &vn_wear_usual).years < years);
  other.plan.checkpoint_every_ms = bench.plan.checkpoint_every_ms;
  other.plan.program_unit_bytes = 512;
  assert_true(estimate(&other, &vn_wear_usual).years < years);
  assert_true(estimate(&bench, &vn_wear_worst).years < years);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_worst_case_of_checkpoints),
      cmocka_unit_test(the_usual_case_of_checkpoints),
      cmocka_unit_test(a_message_of_the_journal_takes_whole_units),
      cmocka_unit_test(a_journal_that_fills_makes_commits),
      cmocka_unit_test(messages_come_as_often_as_the_configuration_says),
      cmocka_unit_test(packs_share_what_a_message_costs),
      cmocka_unit_test(results_are_written_with_their_states),
      cmocka_unit_test(results_take_the_place_of_checkpoints_in_a_journal),
      cmocka_unit_test(results_of_a_moment_share_a_state),
      cmocka_unit_test(results_without_a_time_come_apart),
      cmocka_unit_test(the_worst_amplification_is_that_of_the_log),
      cmocka_unit_test(more_of_what_wears_is_never_better),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
