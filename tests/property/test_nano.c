/* The nano runtime against the engine: random plans of its shape, random readings, late and
 * repeated and wrong ones among them, a link that refuses and loses. All messages are the same,
 * byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "trace_rig.h"
#include "vn/nano.h"
#include "vn/store.h"

#define SEED 71u
#define TRACES 3000u /* VN_TRACES: another number; VN_SEED: others */

enum {
  SERIES = 3,
  PANES = 8,
  SAMPLE = 4,
  STEPS_MAX = 250,
  LOG_BYTES = 512 * 1024,
  WAITING_MAX = 256,
  OUTBOX = 60000,
  SCRATCH = 8192
};

static const char *const names[SERIES] = {"a/temp", "b", "c-3"};

/* A clock that is set, and a link that the dice decide about: the same for both. */
typedef struct surroundings {
  int64_t mono_ms, wall_ms;
  bool wall_valid;
} surroundings_t;

/* One of the two, and what it told. */
typedef struct side {
  vn_uplink_t uplink;
  prng_t dice;
  uint8_t *log;
  size_t length, messages, alerts, records;
  uint64_t waiting[WAITING_MAX];
  size_t waiting_count;
  bool lossy;
} side_t;

typedef struct setup {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t window;
  vn_alert_plan_t alert;
} setup_t;

static surroundings_t world;
static side_t big, small;
static vn_engine_t engine;
static vn_nano_t nano;
static uint64_t late, refused;

static int64_t mono_ms(void *context) { return ((const surroundings_t *)context)->mono_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const surroundings_t *at = context;
  *out = at->wall_ms;
  return at->wall_valid;
}

static const vn_clock_t test_clock = {&world, mono_ms, wall_ms};

static void note(side_t *side, const void *bytes, size_t length) {
  if (side->length + length > LOG_BYTES) {
    fprintf(stderr, "test_nano: more was told than there is room for\n");
    abort();
  }
  memcpy(side->log + side->length, bytes, length);
  side->length += length;
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  side_t *side = context;
  if (side->waiting_count == WAITING_MAX || (side->lossy && prng_chance(&side->dice, 20))) {
    return VN_AGAIN;
  }
  side->waiting[side->waiting_count++] = message->index;
  const uint64_t numbers[] = {message->seq,     message->boot,     (uint64_t)message->time_ms,
                              message->channel, message->retained, message->results,
                              message->numbered};
  note(side, numbers, sizeof numbers);
  note(side, message->topic, message->topic_length);
  note(side, message->payload, message->payload_length);
  side->messages++;
  side->alerts += message->channel == VN_CHANNEL_EVENT;
  side->records += message->results;
  return VN_OK;
}

static void random_alert(vn_alert_plan_t *alert, prng_t *prng, int8_t exponent) {
  *alert = (vn_alert_plan_t){
      .name = "hot",
      .severity = prng_chance(prng, 50) ? "critical" : "",
      .of = "value",
      .labels = prng_chance(prng, 30) ? "{\"line\":\"7\"}" : NULL,
      .annotations = prng_chance(prng, 30) ? "{\"see\":\"page 3\"}" : NULL,
      .rule = {.limit = prng_between(prng, -200, 200),
               .hysteresis = prng_chance(prng, 50) ? prng_below(prng, 80) : 0,
               .for_ms = prng_chance(prng, 40) ? prng_below(prng, 3000) : 0,
               .keep_firing_for_ms = prng_chance(prng, 40) ? prng_below(prng, 3000) : 0,
               .min_samples = prng_below(prng, 3),
               .condition = (uint8_t)(prng_chance(prng, 50) ? VN_ALERT_ABOVE : VN_ALERT_BELOW)},
      .exponent = exponent};
  if (prng_chance(prng, 25)) {
    alert->rule.hits_of = (uint8_t)(1 + prng_below(prng, 8));
    alert->rule.hits = (uint8_t)(1 + prng_below(prng, alert->rule.hits_of));
  }
}

static void random_setup(setup_t *setup, prng_t *prng) {
  int64_t size_ms = 1 + prng_below(prng, 5000);
  int8_t exponent = (int8_t)-prng_between(prng, 0, 9);
  uint32_t own = (VN_STATISTICS_MERGEABLE & ~VN_STATISTIC_BIT(VN_STATISTIC_SUM_SQ)) |
                 VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_RANGE);
  setup->window = (vn_window_t){.name = "w",
                                .size_ms = size_ms,
                                .slide_ms = size_ms,
                                .offset_ms = prng_between(prng, 1 - size_ms, size_ms - 1),
                                .statistics = prng_next(prng) & own,
                                .sample = SAMPLE};
  random_alert(&setup->alert, prng, exponent);
  bool late_ones = prng_chance(prng, 70);
  setup->pipeline = (vn_pipeline_t){
      .summary = {"plant", prng_chance(prng, 70) ? "Cel" : "", &setup->window, 1, exponent, false},
      .match = {"*", 1},
      .alerts = &setup->alert,
      .alert_count = prng_chance(prng, 80),
      .out_of_order_ms = prng_chance(prng, 60) ? prng_between(prng, 0, 2 * size_ms) : 0,
      .lateness_ms = late_ones ? prng_between(prng, 0, 4 * size_ms) : 0,
      .idle_timeout_ms = prng_chance(prng, 50) ? prng_between(prng, 0, 4000) : VN_DURATION_OFF,
      .max_future_ms = prng_chance(prng, 50) ? prng_between(prng, 0, 4000) : VN_DURATION_OFF,
      .range_low = -1000,
      .range_high = prng_chance(prng, 20) ? INT32_MAX : 1000,
      .series_max = SERIES};
  setup->plan = (vn_plan_t){.device = "node",
                            .prefix = "vnotch",
                            .pipelines = &setup->pipeline,
                            .pipeline_count = 1,
                            .seed = prng_u64(prng),
                            .flush_every_ms = prng_chance(prng, 50) ? prng_below(prng, 5000) : 0,
                            .series_max = SERIES,
                            .outbox_bytes = 1u << 20,
                            .outbox_entries = 1024,
                            .batch_max = (uint16_t)(1 + prng_below(prng, 6)),
                            .name_max = 16};
}

/* The number of panes is that of the plan: a store for each. */
static vn_nano_series_t series[SERIES];
static vn_nano_pane_t panes[SERIES * PANES];
static vn_member_t members[SERIES * PANES * SAMPLE];
static uint64_t outbox[OUTBOX / 8];
static uint8_t scratch[SCRATCH];
static vn_nano_store_t nano_store = {series, panes,   members, outbox, scratch,
                                     OUTBOX, SCRATCH, SERIES,  PANES,  SAMPLE};

static void begin_side(side_t *side, uint64_t seed, bool lossy) {
  uint8_t *log = side->log == NULL ? malloc(LOG_BYTES) : side->log;
  *side = (side_t){.uplink = {side, send_up}, .log = log, .lossy = lossy};
  side->dice = prng_make(seed, 1);
}

/* Both begin; what the engine's store lies in. */
static void *begin(const setup_t *setup, prng_t *prng) {
  static vn_ports_t ports;
  static vn_nano_ports_t nano_ports;
  static vn_store_t store;
  uint64_t seed = prng_u64(prng);
  bool lossy = prng_chance(prng, 40);
  world = (surroundings_t){
      .mono_ms = 5000, .wall_ms = INT64_C(1795219200000), .wall_valid = prng_chance(prng, 80)};
  begin_side(&big, seed, lossy);
  begin_side(&small, seed, lossy);
  assert_int_equal(vn_store_need(&setup->plan, &store), VN_OK);
  void *block = aligned_alloc(64, vn_store_bytes(&store));
  vn_store_layout(&store, block);
  ports = (vn_ports_t){.clock = &test_clock, .uplink = &big.uplink};
  assert_int_equal(vn_init(&engine, &setup->plan, &store, &ports), VN_OK);
  assert_int_equal(vn_restore(&engine), VN_OK);
  /* Else it gives the link a few messages at a time between two commits: the same ones later. */
  engine.outbox.lines[VN_OUTBOX_OTHERS].limit = UINT64_MAX;
  for (uint32_t i = 0; i < SERIES; i++) {
    uint32_t number;
    vn_text_t name = {names[i], strlen(names[i])};
    assert_int_equal(vn_series_open(&engine, name, &number), VN_REASON_NONE);
    assert_int_equal(number, i);
  }
  int64_t span_ms =
      setup->window.size_ms + setup->pipeline.out_of_order_ms + setup->pipeline.lateness_ms;
  nano_store.pane_count = (uint8_t)((span_ms + setup->window.size_ms - 1) / setup->window.size_ms);
  nano_ports = (vn_nano_ports_t){&test_clock, &small.uplink};
  assert_int_equal(vn_nano_init(&nano, &setup->plan, names, &nano_store, &nano_ports), VN_OK);
  return block;
}

static void read_once(const setup_t *setup, prng_t *prng, int64_t *newest_ms) {
  uint8_t number = (uint8_t)prng_below(prng, SERIES);
  int64_t size_ms = setup->window.size_ms;
  int64_t time_ms = *newest_ms + prng_between(prng, 0, size_ms / 3);
  int32_t value = (int32_t)prng_between(prng, -300, 300);
  if (prng_chance(prng, 30)) {
    time_ms -= prng_between(prng, 0, 6 * size_ms);
  } else if (prng_chance(prng, 5)) {
    time_ms += prng_between(prng, 0, 8 * size_ms);
  } else if (prng_chance(prng, 1)) {
    time_ms = prng_chance(prng, 50) ? VN_TIME_HIGHEST_MS + 1 : -time_ms;
  }
  if (prng_chance(prng, 5)) {
    value = prng_chance(prng, 50) ? INT32_MAX : INT32_MIN;
  }
  *newest_ms = time_ms > *newest_ms && time_ms < *newest_ms + 20 * size_ms ? time_ms : *newest_ms;
  vn_reading_t reading = {.time_ms = time_ms, .scaled = value, .has_time = true, .is_scaled = true};
  vn_reason_t reason = vn_take_reading(&engine, number, &reading);
  assert_int_equal(vn_nano_take_reading(&nano, number, time_ms, value), reason);
  late += reason == VN_REASON_LATE;
  refused += reason != VN_REASON_NONE && reason != VN_REASON_LATE;
}

/* Each side settles what it waits for, by its own dice, which fall alike. */
static bool next_verdict(side_t *side, uint64_t *index, bool *ok) {
  if (side->waiting_count == 0 || prng_chance(&side->dice, 20)) {
    return false;
  }
  uint32_t which = prng_below(&side->dice, (uint32_t)side->waiting_count);
  *index = side->waiting[which];
  side->waiting[which] = side->waiting[--side->waiting_count];
  *ok = !side->lossy || prng_chance(&side->dice, 80);
  return true;
}

static void settle(void) {
  uint64_t index;
  bool ok;
  while (next_verdict(&big, &index, &ok)) {
    vn_sent(&engine, index, ok);
  }
  while (next_verdict(&small, &index, &ok)) {
    vn_nano_sent(&nano, index, ok);
  }
}

static void step(prng_t *prng) {
  uint32_t sleep_ms;
  uint32_t budget = 1 + prng_below(prng, 8);
  assert_int_equal(vn_step(&engine, budget, &sleep_ms), VN_OK);
  assert_int_equal(vn_nano_step(&nano, budget), sleep_ms);
}

static void go_on(const setup_t *setup, prng_t *prng, int64_t *newest_ms) {
  switch (prng_below(prng, 8)) {
    case 0:
      world.mono_ms += prng_below(prng, 3000);
      world.wall_ms = INT64_C(1795219200000) + world.mono_ms;
      break;
    case 1:
      step(prng);
      settle();
      break;
    default:
      read_once(setup, prng, newest_ms);
      break;
  }
}

static bool is_same(void) {
  return big.length == small.length && memcmp(big.log, small.log, big.length) == 0 &&
         memcmp(&vn_engine_figures(&engine)->readings, &nano.figures.readings,
                sizeof nano.figures.readings) == 0 &&
         vn_engine_figures(&engine)->summaries == nano.figures.summaries &&
         vn_engine_figures(&engine)->alerts == nano.figures.alerts;
}

static void drain(prng_t *prng) {
  for (int i = 0; i < 200; i++) {
    world.mono_ms += 1000;
    step(prng);
    settle();
  }
}

static bool try_trace(const setup_t *setup, prng_t *prng) {
  void *block = begin(setup, prng);
  int64_t newest_ms = world.wall_ms;
  uint32_t steps = 20 + prng_below(prng, STEPS_MAX - 20);
  bool same = true;
  for (uint32_t i = 0; i < steps && same; i++) {
    go_on(setup, prng, &newest_ms);
    same = is_same();
  }
  if (same && prng_chance(prng, 50)) {
    vn_flush(&engine);
    vn_nano_flush(&nano);
  }
  if (same && prng_chance(prng, 20)) {
    vn_uplink_restarted(&engine);
    vn_nano_uplink_restarted(&nano);
  }
  drain(prng);
  free(block);
  return same && is_same();
}

static void the_nano_runtime_tells_what_the_engine_tells(void **state) {
  (void)state;
  uint32_t seed = trace_seed(SEED), count = trace_count(TRACES);
  uint64_t messages = 0, alerts = 0, records = 0;
  for (uint32_t i = 0; i < count; i++) {
    static setup_t setup;
    prng_t prng = prng_make(seed, i);
    random_setup(&setup, &prng);
    bool same = try_trace(&setup, &prng);
    if (!same) {
      print_error("seed %u, trace %u: what is told differs\n", (unsigned)seed, (unsigned)i);
    }
    assert_true(same);
    assert_int_equal(nano.figures.outbox_dropped, 0);
    messages += small.messages;
    alerts += small.alerts;
    records += small.records;
  }
  print_message("%u traces: %llu messages, %llu records, %llu events, %llu late, %llu refused\n",
                (unsigned)count, (unsigned long long)messages, (unsigned long long)records,
                (unsigned long long)alerts, (unsigned long long)late, (unsigned long long)refused);
  assert_true(records > count && alerts > count && late > count && refused > count);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nano_runtime_tells_what_the_engine_tells),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  free(big.log);
  free(small.log);
  return failed;
}
