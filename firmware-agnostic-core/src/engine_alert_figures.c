/* How alerts do as a whole: what one asks of an alarm system (ISA-18.2). */
#include "engine_alert_priv.h"

#include "vn/arith.h"

#include <string.h>

#define MINUTE_MS 60000
#define STALE_MS INT64_C(86400000)

static size_t place_of(int64_t minute) {
  int64_t place = minute % VN_ALERT_RATE_MINUTES;
  return (size_t)(place < 0 ? place + VN_ALERT_RATE_MINUTES : place);
}

/* The minutes since the last look had none. */
static void move_on(vn_alert_rate_t *rate, int64_t minute) {
  for (int64_t i = minute - VN_ALERT_RATE_MINUTES + 1; i <= minute; i++) {
    if (i > rate->minute) {
      rate->begun[place_of(i)] = 0;
    }
  }
  rate->minute = minute;
}

void vn__alert_count_begun(vn_engine_t *engine) {
  vn_alert_rate_t *rate = &engine->alert_rate;
  move_on(rate, vn_floor_div(vn__mono_ms(engine), MINUTE_MS));
  uint16_t *begun = &rate->begun[place_of(rate->minute)];
  *begun = (uint16_t)(*begun + (*begun < UINT16_MAX));
  engine->figures.activations++;
}

static uint32_t begun_in_the_hour(const vn_engine_t *engine) {
  const vn_alert_rate_t *rate = &engine->alert_rate;
  int64_t oldest = vn_floor_div(vn__mono_ms(engine), MINUTE_MS) - VN_ALERT_RATE_MINUTES;
  uint32_t sum = 0;
  for (int64_t minute = rate->minute;
       minute > oldest && minute > rate->minute - VN_ALERT_RATE_MINUTES; minute--) {
    sum += rate->begun[place_of(minute)];
  }
  return sum;
}

/* Three episodes within a minute, the last one just now. */
static bool chatters(const vn_alert_state_t *state, vn_time_ms_t now_ms) {
  return state->episode >= 3 &&
         state->begun_before_ms[0] + state->begun_before_ms[1] <= MINUTE_MS &&
         vn_sub_saturating(now_ms, state->begun_ms) <= MINUTE_MS;
}

static void add_open(const vn_alert_state_t *state, vn_time_ms_t now_ms, vn_alert_figures_t *out) {
  unsigned flags = state->flags;
  bool firing = vn_alert_shown(state) == VN_ALERT_FIRING;
  bool open = firing || vn_alert_shown(state) == VN_ALERT_RECOVERING;
  out->active += open;
  out->unacknowledged += open && (flags & VN_ALERT_FLAG_ACKNOWLEDGED) == 0;
  out->latched += open && (flags & VN_ALERT_FLAG_LATCHED) != 0;
  out->suppressed += firing && (flags & VN_ALERT_FLAG_TOLD) == 0;
  out->stale += firing && vn_sub_saturating(now_ms, state->begun_ms) > STALE_MS;
}

static void add(const vn_alert_state_t *state, vn_time_ms_t now_ms, vn_alert_figures_t *out) {
  unsigned flags = state->flags;
  add_open(state, now_ms, out);
  out->shelved += (flags & VN_ALERT_FLAG_SHELVED) != 0;
  out->out_of_service += (flags & VN_ALERT_FLAG_OUT_OF_SERVICE) != 0;
  out->no_data += (flags & VN_ALERT_FLAG_NO_DATA) != 0;
  out->chattering += chatters(state, now_ms);
}

void vn_engine_alert_figures(const vn_engine_t *engine, vn_alert_figures_t *out) {
  VN_ASSERT(engine != NULL && out != NULL);
  vn_time_ms_t now_ms = vn__now_ms(engine);
  *out = (vn_alert_figures_t){.activations = engine->figures.activations,
                              .muted = engine->figures.muted,
                              .per_hour = begun_in_the_hour(engine),
                              .flood = engine->flood.on};
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] == 0) {
      continue;
    }
    const vn_series_state_t *series = &engine->store.series[i];
    const vn_pipeline_state_t *pipeline = &engine->store.pipelines[series->pipeline];
    const vn_alert_state_t *states = engine->store.alerts + pipeline->alert_base +
                                     (size_t)series->local * pipeline->plan->alert_count;
    for (size_t a = 0; a < pipeline->plan->alert_count; a++) {
      if (!pipeline->plan->alerts[a].quiet) {
        add(&states[a], now_ms, out);
      }
    }
  }
}

vn_alert_phase_t vn_engine_alert_phase(const vn_engine_t *engine, vn_text_t series,
                                       const char *alert) {
  VN_ASSERT(engine != NULL && alert != NULL);
  uint32_t number = vn_series_find(&engine->table, series, vn_series_hash(series));
  if (number == VN_SERIES_NONE) {
    return VN_ALERT_NORMAL;
  }
  const vn_series_state_t *state = &engine->store.series[number];
  const vn_pipeline_state_t *pipeline = &engine->store.pipelines[state->pipeline];
  const vn_alert_state_t *states = engine->store.alerts + pipeline->alert_base +
                                   (size_t)state->local * pipeline->plan->alert_count;
  size_t length = strlen(alert);
  for (size_t a = 0; a < pipeline->plan->alert_count; a++) {
    const char *name = pipeline->plan->alerts[a].name;
    if (strlen(name) == length && memcmp(name, alert, length) == 0) {
      return vn_alert_shown(&states[a]);
    }
  }
  return VN_ALERT_NORMAL;
}
