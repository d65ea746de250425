/*
 * What an engine does between cost_begin_... and cost_end is counted by the emulator, by
 * instruction (tools/footprint.d/count.c): readings that close no window, readings that close one,
 * steps.
 */
#include "tables/cost.h"

enum { SERIES = 8, PERIOD_MS = 100, PANE_READINGS = 100, ALERT_EVERY = 250 };
enum { ROUNDS = 2000, PENDING = 16 };
enum { EXIT_START = 1, EXIT_SERIES, EXIT_VERDICT, EXIT_STEP, EXIT_KIND };

/* Each a place of its own, which the compiler must not merge or move calls across. */
#define PLACE(name) \
  void name(void);  \
  __attribute__((noinline)) void name(void) { __asm volatile("nop\n\t.L" #name ":" ::: "memory"); }
PLACE(cost_begin_nothing)
PLACE(cost_begin_reading)
PLACE(cost_begin_close)
PLACE(cost_begin_alert)
PLACE(cost_begin_step)
PLACE(cost_end)

#define BEGIN_MS INT64_C(1795219200000)

int main(void);

VN_STORE_DEFINE(cost);
static vn_engine_t engine;

typedef struct world {
  int64_t now_ms;
  uint64_t pending[PENDING];
  uint32_t pending_count, summaries, events, noise;
} world_t;

static int64_t mono_ms(void *context) { return ((const world_t *)context)->now_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  *out = BEGIN_MS + mono_ms(context);
  return true;
}

static void count(void *context, const vn_summary_t *summary) {
  (void)summary;
  ((world_t *)context)->summaries++;
}

static void count_event(void *context, const vn_transition_t *transition) {
  (void)transition;
  ((world_t *)context)->events++;
}

static vn_err_t take(void *context, const vn_message_t *message) {
  world_t *world = context;
  if (world->pending_count == PENDING) {
    return VN_AGAIN;
  }
  world->pending[world->pending_count++] = message->index;
  return VN_OK;
}

/* What a reading does: nothing but count, close a window, make an alert fire or end. */
typedef enum kind { PLAIN, CLOSES, FIRES, ENDS } kind_t;

static kind_t kind_of(uint32_t series, uint32_t round) {
  uint32_t place = round % ALERT_EVERY;
  if (round % PANE_READINGS == 0 && round > 0) {
    return CLOSES;
  }
  return place == 7u * series + 3u ? FIRES : place == 7u * series + 4u ? ENDS : PLAIN;
}

/* Between 20.00 and 40.47, or above the limit of the alert. */
static int32_t next_value(world_t *world, kind_t kind) {
  world->noise = world->noise * 1664525u + 1013904223u;
  return (int32_t)((kind == FIRES ? 9000u : 2000u) + (world->noise >> 21));
}

static vn_reason_t measure(world_t *world, uint32_t series, kind_t kind) {
  const vn_reading_t reading = {.scaled = next_value(world, kind),
                                .is_scaled = true,
                                .has_time = true,
                                .time_ms = BEGIN_MS + world->now_ms};
  if (kind == CLOSES) {
    cost_begin_close();
  } else if (kind != PLAIN) {
    cost_begin_alert();
  } else {
    cost_begin_reading();
  }
  vn_reason_t verdict = vn_take_reading(&engine, series, &reading);
  cost_end();
  return verdict;
}

static vn_err_t step(world_t *world) {
  uint32_t sleep_ms;
  cost_begin_step();
  vn_err_t error = vn_step(&engine, 8, &sleep_ms);
  cost_end();
  cost_begin_nothing();
  cost_end();
  for (uint32_t i = 0; i < world->pending_count; i++) {
    vn_sent(&engine, world->pending[i], true);
  }
  world->pending_count = 0;
  return error;
}

/* All sensors have a reading; those of the first round of a pane close a window each. */
static int play(world_t *world, const uint32_t series[SERIES], uint32_t round) {
  world->now_ms += PERIOD_MS;
  for (uint32_t i = 0; i < SERIES; i++) {
    uint32_t summaries = world->summaries, events = world->events;
    kind_t kind = kind_of(i, round);
    if (measure(world, series[i], kind) != VN_REASON_NONE) {
      return EXIT_VERDICT;
    }
    if (world->summaries - summaries != (kind == CLOSES) ||
        world->events - events != (kind == FIRES || kind == ENDS)) {
      return EXIT_KIND;
    }
  }
  return step(world) == VN_OK ? 0 : EXIT_STEP;
}

int main(void) {
  static world_t world;
  const vn_clock_t clock = {&world, mono_ms, wall_ms};
  const vn_uplink_t uplink = {&world, take};
  const vn_observer_t observer = {.context = &world, .summary = count, .event = count_event};
  const vn_ports_t ports = {&clock, NULL, &uplink, &observer};
  uint32_t series[SERIES];
  if (vn_init(&engine, &cost_plan, &cost, &ports) != VN_OK || vn_restore(&engine) != VN_OK) {
    return EXIT_START;
  }
  world.now_ms = -PERIOD_MS;
  for (uint32_t i = 0; i < SERIES; i++) {
    char name[] = {'s', (char)('0' + (char)i)};
    if (vn_series_open(&engine, (vn_text_t){name, sizeof name}, &series[i]) != VN_REASON_NONE) {
      return EXIT_SERIES;
    }
  }
  for (uint32_t round = 0; round < ROUNDS; round++) {
    int code = play(&world, series, round);
    if (code != 0) {
      return code;
    }
  }
  return 0;
}
