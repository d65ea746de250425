/* The state of one alert of one series as bytes. */
#include "alert_message_priv.h"
#include "engine_alert_priv.h"

#define STATE_MAX (8u * VN__PACK_U64_MAX + 6u * VN__PACK_U32_MAX + 3u * 3u + 6u)
#define EXPONENT_MOST 18 /* what can be printed: vn_json_decimal */
#define HAS_UNIT 64u     /* beside the exponent */

/* Subscribers know that it began, and not that it is over. */
static bool is_told(const vn_alert_state_t *state) {
  return vn_alert_is_open(state) && (state->flags & VN_ALERT_FLAG_TOLD) != 0;
}

/* These name a time instead of a limit. */
static bool has_period(uint64_t condition) {
  return condition == VN_ALERT_UNCHANGED_FOR || condition == VN_ALERT_ABSENT_FOR;
}

static void pack_words(vn__packer_t *packer, const vn_alert_plan_t *alert,
                       const vn_alert_state_t *state) {
  const vn_alert_rule_t *rule = &alert->rule;
  const vn_transition_t passed = {
      .rule = rule, .level = state->level, .high_side = (state->flags & VN_ALERT_FLAG_HIGH) != 0};
  int64_t limit = 0;
  (void)vn__alert_limit(&passed, &limit);
  vn__pack_word(packer, vn__alert_severity(alert, state), VN_WORD_MAX);
  vn__pack_word(packer, alert->of, VN__ALERT_OF_MAX);
  vn__pack_signed(packer, has_period(rule->condition) ? rule->period_ms : limit);
  if (rule->condition == VN_ALERT_INSIDE) {
    vn__pack_signed(packer, rule->low);
  }
  vn__pack_unsigned(packer, (unsigned)(alert->exponent + EXPONENT_MOST) |
                                (vn__alert_has_unit(alert) ? HAS_UNIT : 0u));
  vn__pack_unsigned(packer, rule->times);
}

/* What the words of any episode have. */
size_t vn__alert_save_max(const vn_alert_plan_t *alert) {
  size_t most = 0;
  uint8_t levels = alert->rule.condition == VN_ALERT_LEVELS ? alert->rule.level_count : 0;
  for (unsigned i = 0; i < 2u * (levels + 1u); i++) {
    const vn_alert_state_t state = {.level = (uint8_t)(i / 2u),
                                    .flags = i % 2u == 0 ? 0 : VN_ALERT_FLAG_HIGH};
    vn__packer_t packer = {NULL, 0, 0};
    pack_words(&packer, alert, &state);
    most = packer.length > most ? packer.length : most;
  }
  return STATE_MAX + most;
}

static void unpack_words(vn__unpacker_t *unpacker, uint64_t condition, vn__alert_words_t *words) {
  words->severity = vn__unpack_word(unpacker, VN_WORD_MAX);
  words->of = vn__unpack_word(unpacker, VN__ALERT_OF_MAX);
  *(has_period(condition) ? &words->period_ms : &words->limit) = vn__unpack_signed(unpacker);
  words->low = condition == VN_ALERT_INSIDE ? vn__unpack_signed(unpacker) : words->limit;
  unsigned exponent = (unsigned)vn__unpack_unsigned(unpacker, 2u * HAS_UNIT - 1u);
  words->has_unit = (exponent & HAS_UNIT) != 0;
  exponent &= HAS_UNIT - 1u;
  unpacker->failed = unpacker->failed || exponent > 2u * EXPONENT_MOST;
  words->exponent = (int8_t)((int)exponent - EXPONENT_MOST);
  words->times = (uint8_t)vn__unpack_unsigned(unpacker, UINT8_MAX);
}

static void pack_state(vn__packer_t *packer, const vn_alert_rule_t *rule,
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

void vn__alert_pack(vn__packer_t *packer, const vn_alert_plan_t *alert,
                    const vn_alert_state_t *state) {
  pack_state(packer, &alert->rule, state);
  if (is_told(state)) {
    pack_words(packer, alert, state);
  }
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
                      vn_alert_state_t *alert, vn__alert_words_t *words) {
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
  *words = (vn__alert_words_t){.severity = "", .of = ""};
  if (is_told(alert)) {
    unpack_words(unpacker, condition, words);
  }
  adapt_alert(rule, condition, alert);
}
