/* Cases from seeds: each draws a few of the many ways in which a device and its world may be. */
#include "case.h"
#include "prng.h"

#define MINUTE_MS INT64_C(60000)
#define STREAM_OPTIONS 1u
#define STREAM_FAULTS 2u
#define STREAM_TIMES 3u
#define RESULT_BYTES 400
#define SESSIONS_OPEN 60
#define OUTAGE_MS_MAX INT64_C(1200000)

static int64_t pick(prng_t *prng, const int64_t *from, size_t count) {
  return from[prng_below(prng, (uint32_t)count)];
}
#define PICK(prng, ...)                        \
  pick((prng), (const int64_t[]){__VA_ARGS__}, \
       sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* So many in a hundred cases have it at all. */
static int64_t sometimes(prng_t *prng, uint32_t percent, int64_t most) {
  int64_t value = prng_between(prng, 1, most);
  return prng_chance(prng, percent) ? value : 0;
}

/* Shortly before what clocks of 32 bits and other counters can't hold, and usual days. */
static int64_t draw_start(prng_t *prng) {
  static const int64_t moments_s[] = {1795219200, 1795219200, 1795219200, 1483228800, 2085978496,
                                      2147483648, 4294967296, 0,          1000000000, 7258118400};
  int64_t moment_s = pick(prng, moments_s, sizeof moments_s / sizeof moments_s[0]);
  int64_t before_ms = prng_between(prng, 0, 30 * MINUTE_MS);
  return moment_s == 0 ? before_ms : moment_s * 1000 - before_ms;
}

static void draw_windows(vn_case_t *to, prng_t *prng, int64_t grain_ms) {
  to->window_count = 1u + prng_below(prng, VN_CASE_WINDOWS_MAX);
  for (size_t i = 0; i < to->window_count; i++) {
    vn_case_window_t *window = &to->windows[i];
    window->shape = (int64_t)prng_below(prng, VN_CASE_SHAPES);
    window->slide_ms = grain_ms * PICK(prng, 1, 1, 2, 3);
    window->size_ms = window->slide_ms;
    window->sample = PICK(prng, 0, 0, 4, 8);
    if (window->shape == VN_CASE_SLIDING) {
      window->size_ms = window->slide_ms * PICK(prng, 1, 2, 3, 5);
    } else if (window->shape == VN_CASE_SESSION) {
      int64_t least_ms = (to->out_of_order_ms + to->lateness_ms) / SESSIONS_OPEN;
      int64_t gap_ms = to->every_ms * PICK(prng, 1, 2, 3, 10) + prng_between(prng, 0, 5);
      window->size_ms = gap_ms > least_ms ? gap_ms : least_ms;
      window->slide_ms = 0;
      window->sample = 0;
    }
  }
}

static void draw_alerts(vn_case_t *to, prng_t *prng) {
  to->alert_count = prng_below(prng, VN_CASE_ALERTS_MAX + 1u);
  for (size_t i = 0; i < to->alert_count; i++) {
    to->alerts[i] = (vn_case_alert_t){.below = prng_chance(prng, 40),
                                      .limit = prng_between(prng, -500, 6000),
                                      .hysteresis = PICK(prng, 0, 1, 100, 500),
                                      .for_ms = PICK(prng, 0, 0, 1000, 30000, 120000),
                                      .keep_ms = PICK(prng, 0, 0, 5000, 60000)};
  }
}

static void draw_sensors(vn_case_t *to, prng_t *prng, int64_t grain_ms) {
  to->series = PICK(prng, 1, 2, 3, 5, 10);
  to->devices = PICK(prng, 1, 1, 1, 1, 2, 3);
  to->every_ms = PICK(prng, 1000, 5000, 10000, 10000, 60000, 300000);
  to->pack = PICK(prng, 1, 1, 3, 10, 30);
  to->out_of_order_ms = PICK(prng, 0, 1000, 5000, 30000);
  to->lateness_ms = PICK(prng, 0, 0, 10000, 60000, 300000);
  to->lateness_ms = to->lateness_ms > 12 * grain_ms ? grain_ms : to->lateness_ms;
  to->disorder = sometimes(prng, 50, 60);
  to->late = sometimes(prng, 40, 8);
  to->repeat = sometimes(prng, 40, 30);
  to->silent = sometimes(prng, 40, 40);
  to->spikes = sometimes(prng, 30, 5);
  to->bad = sometimes(prng, 30, 10);
  to->decimals = PICK(prng, 0, 1, 2, 2, 3);
  if (prng_chance(prng, 50)) {
    to->max_future_ms = PICK(prng, 10000, 60000, 3600000);
    to->future = sometimes(prng, 70, 30);
  }
}

static void draw_device(vn_case_t *to, prng_t *prng) {
  to->unit = PICK(prng, 4, 16, 16, 64, 256, 512);
  to->erase = PICK(prng, 2048, 4096, 4096, 8192, 16384);
  to->sectors = PICK(prng, 512, 1024, 2048) * 1024 / to->erase;
  to->noise = prng_chance(prng, 40);
  to->unstable = prng_chance(prng, 60);
  to->ecc = prng_chance(prng, 40);
  to->cached = prng_chance(prng, 40);
  to->journal = prng_chance(prng, 75);
  to->checkpoint_ms = PICK(prng, 1000, 10000, 10000, 60000);
  to->flush_ms = PICK(prng, 1, 1000, 1000, 10000);
  to->queue = PICK(prng, 16, 64, 256);
  to->outbox_kib = PICK(prng, 64, 128);
  to->batch = PICK(prng, 1, 5, 20);
  to->broker_window = PICK(prng, 1, 4, 20);
  to->broker_queue = PICK(prng, 50, 1000, 100000, 100000);
  to->latency_us = PICK(prng, 100, 2000, 50000, 400000);
  /* A message and its acknowledgement must not take longer than the next ones let it. */
  int64_t fastest_us = to->every_ms * to->pack * 1000 * to->broker_window / to->series / 12;
  to->latency_us = to->latency_us < fastest_us ? to->latency_us : fastest_us;
  to->lazy_ms = PICK(prng, 0, 0, 100, 1000, 10000);
  to->mono_ms = PICK(prng, 0, 0, 2147483000, 4294966000, 4294967, 1000000000000000);
  if (to->journal == 0) {
    to->bad = 0; /* what is refused for its form is in no ledger */
  }
}

/* Sensors that tell whole seconds, so that readings lie on the edges of windows. */
static void draw_times(vn_case_t *to, uint64_t seed) {
  prng_t prng = prng_make(seed, STREAM_TIMES);
  to->whole_ms = PICK(&prng, 0, 0, 1000, 10000);
}

/* An outage that fills less than half of the outbox. */
static int64_t longest_outage_ms(const vn_case_t *to) {
  int64_t per_hour = 1;
  for (size_t i = 0; i < to->window_count; i++) {
    const vn_case_window_t *window = &to->windows[i];
    int64_t every_ms = window->slide_ms > 0 ? window->slide_ms : window->size_ms;
    int64_t overlaps = window->slide_ms > 0 ? window->size_ms / window->slide_ms : 1;
    per_hour += 60 * MINUTE_MS / every_ms;
    per_hour += 60 * MINUTE_MS / to->every_ms * to->late * overlaps / 50;
  }
  per_hour += (int64_t)to->alert_count * 60 * MINUTE_MS / to->every_ms * 2;
  per_hour *= to->series;
  int64_t room = to->outbox_kib * 1024 / 2 / RESULT_BYTES;
  int64_t longest_ms = room * 60 * MINUTE_MS / per_hour / 2;
  return longest_ms < OUTAGE_MS_MAX ? longest_ms : OUTAGE_MS_MAX;
}

static int64_t draw_length(prng_t *prng, int64_t longest_ms) {
  int64_t scale_ms = PICK(prng, 50, 1000, 10000, 100000, OUTAGE_MS_MAX);
  int64_t drawn_ms = prng_between(prng, 1, scale_ms);
  return drawn_ms < longest_ms ? drawn_ms : longest_ms;
}

static void draw_fault(const vn_case_t *to, prng_t *prng, vn_case_fault_t *fault) {
  int64_t longest_ms = longest_outage_ms(to);
  fault->at_ms = prng_between(prng, 0, to->minutes * MINUTE_MS - 1);
  fault->for_ms = draw_length(prng, longest_ms);
  fault->device = (uint8_t)prng_below(prng, (uint32_t)to->devices);
  int64_t number = (int64_t)prng_below(prng, 1u << 16);
  switch ((vn_fault_kind_t)fault->kind) {
    case VN_FAULT_CUT:
      fault->a = number % 4 == 0 ? 0 : prng_between(prng, 1, 60);
      fault->b = number % 3 == 0 ? prng_between(prng, 1, number % 5 == 0 ? 60 : 5) : 0;
      fault->c = prng_between(prng, 1, number % 2 == 0 ? 8 : 60);
      fault->d = (int64_t)prng_below(prng, 16);
      fault->for_ms = fault->b > 5 ? fault->for_ms / 20 : fault->for_ms;
      break;
    case VN_FAULT_BREAK:
    case VN_FAULT_HALF_OPEN:
    case VN_FAULT_MUTE:
      fault->a = number % 2;
      break;
    case VN_FAULT_CLOCK_STEP:
      fault->a = PICK(prng, 1000, 60000, 3600000, 86400000, 315576000000) * (number % 2 ? 1 : -1);
      break;
    case VN_FAULT_SILENCE:
    case VN_FAULT_RENUMBER:
    case VN_FAULT_BURST:
      fault->a = number % to->series;
      fault->b = PICK(prng, 3, 30, 300, 1000);
      break;
    case VN_FAULT_COMMAND:
      fault->a = number % 4;
      break;
    case VN_FAULT_MOVE:
      fault->a = PICK(prng, 0, 2048, 4096, 8192, 16384);
      fault->b = PICK(prng, 0, 4, 16, 64, 256, 512);
      fault->c = number % 4 == 0 ? prng_between(prng, 1, 30) : 0;
      fault->d = number % 3 == 0;
      break;
    default:
      break;
  }
}

/*
 * A message that came with the clock not set may be taken when it is: then max_future is judged,
 * and a case can't say beforehand which it will be.
 */
static uint32_t possible_kinds(const vn_case_t *to, uint32_t kinds) {
  return to->max_future_ms > 0 ? kinds & ~(UINT32_C(1) << VN_FAULT_CLOCK_UNSET) : kinds;
}

/* Few kinds at a time: with everything on at once there is no quiet in which other things happen.
 */
static void draw_faults(vn_case_t *to, uint64_t seed, uint32_t kinds) {
  prng_t prng = prng_make(seed, STREAM_FAULTS);
  for (uint32_t kind = 0; kind < VN_FAULT_KINDS; kind++) {
    bool chosen = prng_chance(&prng, kind == VN_FAULT_CUT ? 70 : 30);
    int64_t most = 1 + to->minutes / PICK(&prng, 2, 10, 60);
    int64_t count = prng_between(&prng, 1, most < 200 ? most : 200);
    for (int64_t i = 0; i < count && to->fault_count < VN_CASE_FAULTS_MAX; i++) {
      vn_case_fault_t *fault = &to->faults[to->fault_count];
      *fault = (vn_case_fault_t){.kind = (uint8_t)kind};
      draw_fault(to, &prng, fault);
      to->fault_count += chosen && (kinds >> kind & 1u) != 0;
    }
  }
}

void vn_case_draw(vn_case_t *world_case, uint64_t seed, int64_t minutes, uint32_t kinds) {
  prng_t prng = prng_make(seed, STREAM_OPTIONS);
  vn_case_init(world_case);
  int64_t grain_ms = PICK(&prng, 10000, 60000, 60000, 300000);
  world_case->seed = (int64_t)(seed & INT64_MAX);
  world_case->minutes = minutes;
  world_case->start_ms = draw_start(&prng);
  draw_sensors(world_case, &prng, grain_ms);
  draw_windows(world_case, &prng, grain_ms);
  draw_alerts(world_case, &prng);
  draw_device(world_case, &prng);
  draw_times(world_case, seed);
  draw_faults(world_case, seed, possible_kinds(world_case, kinds));
}
