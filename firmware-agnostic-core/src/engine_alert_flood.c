/* Floods: when more alerts fire than people can read, they are told so, once (A30). */
#include "engine_alert_priv.h"

#include <string.h>

static void tell(vn_engine_t *engine, vn_alert_event_t event, vn_time_ms_t at_ms) {
  const vn_alert_flood_t *flood = &engine->flood;
  const vn_alert_rule_t rule = {.limit = engine->plan->flood.readings, .condition = VN_ALERT_ABOVE};
  const vn_transition_t transition = {
      .alert = "flood",
      .severity = "",
      .pipeline = "",
      .unit = "alerts",
      .of = "alerts",
      .series = {engine->plan->device, strlen(engine->plan->device)},
      .rule = &rule,
      .at_ms = at_ms,
      .starts_ms = flood->starts_ms,
      .ends_ms = flood->ends_ms,
      .episode = flood->episode,
      .revision = event == VN_ALERT_EVENT_RESOLVED,
      .from = flood->on ? VN_ALERT_NORMAL : VN_ALERT_FIRING,
      .phase = flood->on ? VN_ALERT_FIRING : VN_ALERT_NORMAL,
      .event = (uint8_t)event,
      .high_side = true,
      .has_end = !flood->on,
  };
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->event != NULL) {
    observer->event(observer->context, &transition);
  }
  engine->owed.globals = true;
  vn__output_event(engine, &transition);
}

bool vn__flood_admits(vn_engine_t *engine, vn_time_ms_t at_ms) {
  vn_alert_flood_t *flood = &engine->flood;
  int64_t now_ms = vn__mono_ms(engine);
  if (flood->on) {
    return false;
  }
  if (vn_bucket_has(&flood->rate, &flood->tokens, now_ms)) {
    vn_bucket_take(&flood->rate, &flood->tokens, now_ms);
    return true;
  }
  flood->on = true;
  flood->episode++;
  flood->starts_ms = at_ms;
  tell(engine, VN_ALERT_EVENT_FIRING, at_ms);
  return false;
}

static bool is_full(const vn_bucket_t *tokens, int64_t now_ms) {
  return tokens->full_ms < now_ms || (tokens->full_ms == now_ms && tokens->full_part == 0);
}

void vn__flood_end(vn_engine_t *engine, vn_time_ms_t at_ms) {
  vn_alert_flood_t *flood = &engine->flood;
  if (flood->on && is_full(&flood->tokens, vn__mono_ms(engine))) {
    flood->on = false;
    flood->ends_ms = at_ms;
    tell(engine, VN_ALERT_EVENT_RESOLVED, at_ms);
  }
}

/* What is missing in the bucket as the time that fills it: the monotonic clock begins anew. */
void vn__flood_pack(vn__packer_t *packer, const vn_engine_t *engine) {
  const vn_alert_flood_t *flood = &engine->flood;
  int64_t now_ms = vn__mono_ms(engine);
  bool full = is_full(&flood->tokens, now_ms);
  vn__pack_unsigned(packer, flood->on ? 1 : 0);
  vn__pack_unsigned(packer, flood->episode);
  vn__pack_signed(packer, flood->starts_ms);
  vn__pack_signed(packer, flood->ends_ms);
  vn__pack_signed(packer, full ? 0 : flood->tokens.full_ms - now_ms);
  vn__pack_unsigned(packer, full ? 0 : flood->tokens.full_part);
}

void vn__flood_unpack(vn__unpacker_t *unpacker, vn_engine_t *engine) {
  vn_alert_flood_t *flood = &engine->flood;
  flood->on = vn__unpack_unsigned(unpacker, 1) == 1;
  flood->episode = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  flood->starts_ms = vn__unpack_signed(unpacker);
  flood->ends_ms = vn__unpack_signed(unpacker);
  flood->tokens.full_ms = vn__unpack_signed(unpacker);
  flood->tokens.full_part = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
}

void vn__flood_resume(vn_engine_t *engine) {
  vn_bucket_t *tokens = &engine->flood.tokens;
  const vn_bucket_rate_t *rate = &engine->flood.rate;
  vn_time_ms_t wall_ms;
  int64_t off_ms =
      vn__wall_ms(engine, &wall_ms) ? vn_sub_saturating(wall_ms, engine->known_wall_ms) : 0;
  int64_t left_ms = vn_sub_saturating(tokens->full_ms, off_ms > 0 ? off_ms : 0);
  /* Another configuration may have a smaller bucket. */
  bool fits = left_ms <= rate->most_ms && tokens->full_part < rate->readings;
  if (left_ms < 0 || !fits) {
    vn_bucket_fill(tokens);
  } else {
    tokens->full_ms = vn_add_saturating(vn__mono_ms(engine), left_ms);
  }
}
