/* Two engines fed alike, and a comparison of what they tell. */
#include "vn/shadow.h"

#include "vn/hash.h"

#include <string.h>

#define MARK_APART 1u   /* told as different */
#define MARK_TOUCHED 2u /* in the list of changes */

static int64_t mono_ms(void *context) { return ((const vn_shadow_t *)context)->mono_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const vn_shadow_t *shadow = context;
  *out = shadow->wall_ms;
  return shadow->wall_valid;
}

static bool same(const char *a, const char *b) {
  size_t length = strlen(a);
  return strlen(b) == length && memcmp(a, b, length) == 0;
}

/* The place of a name among those that are compared; alert_count: it is not there. */
static uint8_t place_of(const vn_shadow_t *shadow, const char *alert) {
  uint8_t place = 0;
  while (place < shadow->alert_count && !same(shadow->alerts[place], alert)) {
    place++;
  }
  return place;
}

static void add_names(vn_shadow_t *shadow, const vn_plan_t *plan) {
  for (uint32_t p = 0; p < plan->pipeline_count; p++) {
    const vn_pipeline_t *pipeline = &plan->pipelines[p];
    for (uint32_t a = 0; a < pipeline->alert_count; a++) {
      const char *name = pipeline->alerts[a].name;
      if (shadow->alert_count < VN_SHADOW_ALERTS_MAX &&
          place_of(shadow, name) == shadow->alert_count) {
        shadow->alerts[shadow->alert_count++] = name;
      }
    }
  }
}

static size_t count_alerts(const vn_plan_t *plan) {
  size_t count = 0;
  for (uint32_t p = 0; p < plan->pipeline_count; p++) {
    count += plan->pipelines[p].alert_count;
  }
  return count;
}

size_t vn_shadow_marks(const vn_plan_t *live, const vn_plan_t *candidate) {
  VN_ASSERT(live != NULL && candidate != NULL);
  size_t alerts = count_alerts(live) + count_alerts(candidate);
  alerts = alerts < VN_SHADOW_ALERTS_MAX ? alerts : VN_SHADOW_ALERTS_MAX;
  return alerts * candidate->series_max + 1u;
}

static uint8_t *mark_of(const vn_shadow_t *shadow, uint32_t series, uint8_t alert) {
  return &shadow->setup.marks[(size_t)series * shadow->alert_count + alert];
}

/* An alert of a series changed on one side; the comparison waits until both have seen the cause. */
static void touch(vn_shadow_t *shadow, const vn_transition_t *transition) {
  const vn_series_table_t *table = &shadow->setup.candidate->table;
  uint8_t alert = place_of(shadow, transition->alert);
  uint32_t series = vn_series_find(table, transition->series, vn_series_hash(transition->series));
  if (alert == shadow->alert_count || series == VN_SERIES_NONE) {
    return;
  }
  uint8_t *mark = mark_of(shadow, series, alert);
  if ((*mark & MARK_TOUCHED) != 0) {
    return;
  }
  *mark |= MARK_TOUCHED;
  if (shadow->touched_count == VN_SHADOW_TOUCHED_MAX) {
    shadow->overflow = true;
    return;
  }
  shadow->touched[shadow->touched_count++] =
      (vn_shadow_touched_t){series, alert, transition->at_ms};
}

static void begin_notice(vn_shadow_t *shadow, vn_json_writer_t *writer, const char *type) {
  vn_json_writer_init(writer, shadow->text, sizeof shadow->text);
  vn_json_object_begin(writer);
  vn_json_key(writer, "type");
  vn_json_literal(writer, type);
}

static void end_notice(vn_shadow_t *shadow, vn_json_writer_t *writer) {
  vn_json_key(writer, "device");
  vn_json_literal(writer, shadow->setup.live->plan->device);
  vn_json_object_end(writer);
  if (!writer->overflow) {
    shadow->setup.tell(shadow->setup.context, (vn_text_t){shadow->text, writer->length});
  }
}

static bool is_on(vn_alert_phase_t phase) {
  return phase == VN_ALERT_FIRING || phase == VN_ALERT_RECOVERING;
}

static void tell_alert(vn_shadow_t *shadow, const vn_shadow_touched_t *touched,
                       vn_alert_phase_t live, vn_alert_phase_t candidate) {
  vn_json_writer_t writer;
  begin_notice(shadow, &writer, "shadow_alert");
  vn_json_key(&writer, "alert");
  vn_json_literal(&writer, shadow->alerts[touched->alert]);
  vn_json_key(&writer, "series");
  vn_json_text(&writer, vn_series_name(&shadow->setup.candidate->table, touched->series));
  vn_json_key(&writer, "at");
  vn_json_integer(&writer, touched->at_ms);
  vn_json_key(&writer, "live");
  vn_json_literal(&writer, vn_alert_phase_word(live));
  vn_json_key(&writer, "shadow");
  vn_json_literal(&writer, vn_alert_phase_word(candidate));
  vn_json_key(&writer, "differs");
  vn_json_bool(&writer, is_on(live) != is_on(candidate));
  end_notice(shadow, &writer);
}

static void compare_alert(vn_shadow_t *shadow, const vn_shadow_touched_t *touched) {
  uint8_t *mark = mark_of(shadow, touched->series, touched->alert);
  vn_text_t series = vn_series_name(&shadow->setup.candidate->table, touched->series);
  const char *alert = shadow->alerts[touched->alert];
  *mark &= (uint8_t)~MARK_TOUCHED;
  if (series.length == 0) {
    return; /* it is gone */
  }
  vn_alert_phase_t live = vn_engine_alert_phase(shadow->setup.live, series, alert);
  vn_alert_phase_t candidate = vn_engine_alert_phase(shadow->setup.candidate, series, alert);
  bool apart = is_on(live) != is_on(candidate);
  if (apart == ((*mark & MARK_APART) != 0)) {
    return;
  }
  *mark ^= MARK_APART;
  shadow->figures.alerts_apart += apart;
  shadow->figures.alerts_together += !apart;
  shadow->figures.apart += apart ? 1u : UINT32_MAX;
  tell_alert(shadow, touched, live, candidate);
}

/* More changed than the list holds: those that are marked are somewhere. */
static void compare_marked(vn_shadow_t *shadow) {
  uint32_t series_max = shadow->setup.candidate->plan->series_max;
  for (uint32_t series = 0; series < series_max; series++) {
    for (uint8_t alert = 0; alert < shadow->alert_count; alert++) {
      vn_shadow_touched_t touched = {series, alert, shadow->wall_ms};
      if ((*mark_of(shadow, series, alert) & MARK_TOUCHED) != 0) {
        compare_alert(shadow, &touched);
      }
    }
  }
}

void vn_shadow_settle(vn_shadow_t *shadow) {
  VN_ASSERT(shadow != NULL);
  shadow->message++;
  shadow->blind = false;
  for (uint32_t i = 0; i < shadow->touched_count; i++) {
    compare_alert(shadow, &shadow->touched[i]);
  }
  shadow->touched_count = 0;
  if (shadow->overflow) {
    shadow->overflow = false;
    compare_marked(shadow);
  }
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t length) {
  uint64_t both = (uint64_t)vn_murmur3_32(bytes, length, 1) << 32 | vn_murmur3_32(bytes, length, 2);
  return vn_splitmix64(hash ^ both);
}

static void put_side(vn_json_writer_t *writer, const char *key, const char *text, size_t length) {
  vn_json_key(writer, key);
  vn_json_raw(writer, length > 0 ? text : "{}", length > 0 ? length : 2);
}

/* One side may be missing: text NULL. What is too long to be kept is an empty object. */
static void tell_result(vn_shadow_t *shadow, const vn_text_t *live, const vn_text_t *candidate) {
  vn_json_writer_t writer;
  begin_notice(shadow, &writer, "shadow_result");
  if (live != NULL) {
    put_side(&writer, "live", live->bytes, live->length);
  }
  if (candidate != NULL) {
    put_side(&writer, "shadow", candidate->bytes, candidate->length);
  }
  end_notice(shadow, &writer);
}

static vn_text_t shown(const char *text, size_t length) {
  return (vn_text_t){text, length <= VN_SHADOW_RESULT_BYTES ? length : 0};
}

static void give_up(vn_shadow_t *shadow, vn_shadow_result_t *waiting) {
  vn_text_t text = shown(waiting->text, waiting->length);
  if (!waiting->used) {
    return;
  }
  waiting->used = false;
  shadow->figures.results_alone++;
  tell_result(shadow, waiting->live ? &text : NULL, waiting->live ? NULL : &text);
}

static uint64_t key_of(const vn_summary_t *summary) {
  const vn_window_result_t *result = summary->result;
  const char *window = summary->pipeline->windows[result->window].name;
  int64_t numbers[3] = {result->start_ms, result->end_ms, (int64_t)result->revision};
  uint64_t key = mix(1, summary->pipeline->name, strlen(summary->pipeline->name));
  key = mix(key, window, strlen(window));
  key = mix(key, summary->series.bytes, summary->series.length);
  return mix(key, numbers, sizeof numbers);
}

/* Whether the other rule set has a window of this name at all. */
static bool has_window(const vn_plan_t *plan, const vn_summary_t *summary) {
  const char *window = summary->pipeline->windows[summary->result->window].name;
  for (uint32_t p = 0; p < plan->pipeline_count; p++) {
    const vn_summary_pipeline_t *pipeline = &plan->pipelines[p].summary;
    for (uint32_t w = 0; w < pipeline->window_count; w++) {
      if (same(pipeline->name, summary->pipeline->name) &&
          same(pipeline->windows[w].name, window)) {
        return true;
      }
    }
  }
  return false;
}

static vn_shadow_result_t *partner(vn_shadow_t *shadow, uint64_t key, bool live) {
  for (uint32_t i = 0; i < shadow->setup.result_count; i++) {
    vn_shadow_result_t *waiting = &shadow->setup.results[i];
    if (waiting->used && waiting->key == key && waiting->live != live) {
      return waiting;
    }
  }
  return NULL;
}

static void wait_for_partner(vn_shadow_t *shadow, uint64_t key, bool live, size_t length) {
  vn_shadow_result_t *place = &shadow->setup.results[shadow->next_result];
  shadow->blind = shadow->blind || (place->used && place->message == shadow->message);
  if (shadow->blind) {
    shadow->figures.results_uncompared++;
    return;
  }
  shadow->next_result = (shadow->next_result + 1u) % shadow->setup.result_count;
  give_up(shadow, place);
  size_t kept = length < sizeof place->text ? length : sizeof place->text;
  place->key = key;
  place->digest = mix(2, shadow->result, length);
  place->length = (uint32_t)length;
  place->message = shadow->message;
  place->used = true;
  place->live = live;
  memcpy(place->text, shadow->result, kept);
}

/* The first of two results waits for the second one. */
static void take_result(vn_shadow_t *shadow, const vn_summary_t *summary, bool live) {
  const vn_engine_t *other = live ? shadow->setup.candidate : shadow->setup.live;
  vn_json_writer_t writer;
  if (!has_window(other->plan, summary)) {
    return;
  }
  vn_json_writer_init(&writer, shadow->result, sizeof shadow->result);
  vn_json_object_begin(&writer);
  vn_summary_members(&writer, summary, false);
  vn_json_object_end(&writer);
  size_t length = writer.length < sizeof shadow->result ? writer.length : sizeof shadow->result;
  uint64_t key = key_of(summary);
  vn_shadow_result_t *waiting = partner(shadow, key, live);
  if (waiting == NULL) {
    wait_for_partner(shadow, key, live, length);
    return;
  }
  waiting->used = false;
  if (waiting->length == length && waiting->digest == mix(2, shadow->result, length)) {
    shadow->figures.results_equal++;
    return;
  }
  vn_text_t first = shown(waiting->text, waiting->length);
  vn_text_t second = shown(shadow->result, length);
  shadow->figures.results_differ++;
  tell_result(shadow, live ? &second : &first, live ? &first : &second);
}

static void candidate_summary(void *context, const vn_summary_t *summary) {
  take_result(context, summary, false);
}

static void candidate_alert(void *context, const vn_transition_t *transition) {
  touch(context, transition);
}

void vn_shadow_init(vn_shadow_t *shadow, const vn_shadow_setup_t *setup, const vn_plan_t *live,
                    const vn_plan_t *candidate) {
  VN_ASSERT(shadow != NULL && setup != NULL && setup->tell != NULL);
  VN_ASSERT(setup->marks != NULL && setup->results != NULL && setup->result_count > 0);
  memset(shadow, 0, sizeof *shadow);
  shadow->setup = *setup;
  shadow->clock = (vn_clock_t){shadow, mono_ms, wall_ms};
  shadow->observer =
      (vn_observer_t){.context = shadow, .summary = candidate_summary, .alert = candidate_alert};
  add_names(shadow, live);
  add_names(shadow, candidate);
}

static void set_time(vn_shadow_t *shadow, int64_t mono, vn_time_ms_t wall, bool valid) {
  shadow->mono_ms = mono > shadow->mono_ms ? mono : shadow->mono_ms;
  shadow->wall_ms = wall;
  shadow->wall_valid = valid;
}

void vn_shadow_message(vn_shadow_t *shadow, const vn_observed_message_t *message) {
  VN_ASSERT(shadow != NULL && message != NULL);
  vn_shadow_settle(shadow); /* both have seen the message before this one */
  set_time(shadow, message->arrival_mono_ms, message->arrival_ms, message->arrival_valid);
  vn_take_message(shadow->setup.candidate, message->topic, message->payload, message->length,
                  message->retained);
}

void vn_shadow_summary(vn_shadow_t *shadow, const vn_summary_t *summary) {
  VN_ASSERT(shadow != NULL && summary != NULL);
  take_result(shadow, summary, true);
}

void vn_shadow_alert(vn_shadow_t *shadow, const vn_transition_t *transition) {
  VN_ASSERT(shadow != NULL && transition != NULL);
  touch(shadow, transition);
}

void vn_shadow_tick(vn_shadow_t *shadow, const vn_clock_t *clock) {
  VN_ASSERT(shadow != NULL && clock != NULL);
  vn_time_ms_t wall = shadow->wall_ms;
  bool valid = clock->wall_ms(clock->context, &wall);
  set_time(shadow, clock->mono_ms(clock->context), wall, valid);
  vn_tick(shadow->setup.candidate);
  vn_shadow_settle(shadow);
}

void vn_shadow_finish(vn_shadow_t *shadow) {
  VN_ASSERT(shadow != NULL);
  vn_shadow_settle(shadow);
  for (uint32_t i = 0; i < shadow->setup.result_count; i++) {
    give_up(shadow, &shadow->setup.results[i]);
  }
}
