/* The state of one alert of one series as bytes. */
#include "engine_alert_priv.h"

void vn__alert_pack(vn__packer_t *packer, const vn_alert_rule_t *rule,
                    const vn_alert_state_t *alert) {
  vn__pack_unsigned(packer, rule->condition);
  vn__pack_unsigned(packer, alert->phase);
  vn__pack_unsigned(packer, (alert->condition_true ? 1u : 0u) | (alert->evaluated ? 2u : 0u) |
                                (alert->has_verdict ? 4u : 0u));
  vn__pack_unsigned(packer, alert->levels_true);
  vn__pack_unsigned(packer, alert->level);
  vn__pack_unsigned(packer, alert->evidence_wanted);
  vn__pack_unsigned(packer, alert->flags);
  vn__pack_unsigned(packer, alert->revision);
  vn__pack_unsigned(packer, alert->episode);
  vn__pack_unsigned(packer, alert->history);
  vn__pack_unsigned(packer, alert->samples);
  vn__pack_unsigned(packer, alert->gap_x8_ms);
  vn__pack_signed(packer, alert->last_value);
  vn__pack_signed(packer, alert->pending_since_ms);
  vn__pack_signed(packer, alert->recovering_since_ms);
  vn__pack_signed(packer, alert->last_ms);
  vn__pack_signed(packer, alert->period_since_ms);
  vn__pack_signed(packer, alert->verdict_ms);
  vn__pack_signed(packer, alert->told_ms);
  vn__pack_signed(packer, alert->shelved_until_ms);
  vn__pack_signed(packer, alert->begun_ms);
  vn__pack_unsigned(packer, alert->begun_before_ms[0]);
  vn__pack_unsigned(packer, alert->begun_before_ms[1]);
}

/* A rule may have changed since then: another condition starts anew, fewer levels count as such. */
static void adapt_alert(const vn_alert_rule_t *rule, uint64_t condition, vn_alert_state_t *alert) {
  if (condition != rule->condition) {
    *alert = (vn_alert_state_t){0};
  }
  uint8_t highest = rule->condition == VN_ALERT_LEVELS ? rule->level_count : 1;
  alert->level = alert->level < highest ? alert->level : highest;
  alert->history = rule->hits_of > 0 ? alert->history : 0;
  if (alert->phase != VN_ALERT_RECOVERING || !rule->latch) {
    alert->flags = (uint16_t)(alert->flags & ~VN_ALERT_FLAG_LATCHED);
  }
}

void vn__alert_unpack(vn__unpacker_t *unpacker, const vn_alert_rule_t *rule,
                      vn_alert_state_t *alert) {
  uint64_t condition = vn__unpack_unsigned(unpacker, VN_ALERT_CONDITION_COUNT - 1);
  alert->phase = (uint8_t)vn__unpack_unsigned(unpacker, VN_ALERT_RECOVERING);
  unsigned bits = (unsigned)vn__unpack_unsigned(unpacker, 7);
  alert->condition_true = (bits & 1u) != 0;
  alert->evaluated = (bits & 2u) != 0;
  alert->has_verdict = (bits & 4u) != 0;
  alert->levels_true = (uint8_t)vn__unpack_unsigned(unpacker, (1u << VN_ALERT_LEVELS_MAX) - 1u);
  alert->level = (uint8_t)vn__unpack_unsigned(unpacker, VN_ALERT_LEVELS_MAX);
  alert->evidence_wanted = (uint8_t)vn__unpack_unsigned(unpacker, VN_EVIDENCE_MAX);
  alert->flags = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  alert->revision = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->episode = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->history = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->samples = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->gap_x8_ms = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
  alert->last_value = vn__unpack_i32(unpacker);
  alert->pending_since_ms = vn__unpack_signed(unpacker);
  alert->recovering_since_ms = vn__unpack_signed(unpacker);
  alert->last_ms = vn__unpack_signed(unpacker);
  alert->period_since_ms = vn__unpack_signed(unpacker);
  alert->verdict_ms = vn__unpack_signed(unpacker);
  alert->told_ms = vn__unpack_signed(unpacker);
  alert->shelved_until_ms = vn__unpack_signed(unpacker);
  alert->begun_ms = vn__unpack_signed(unpacker);
  alert->begun_before_ms[0] = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  alert->begun_before_ms[1] = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
  adapt_alert(rule, condition, alert);
}
