/* What stands between the condition of an alert and those who are told. */
#include "build_alerts_priv.h"

static bool is_true(const vn__value_t *value) { return value->number != 0; }

static int64_t or_zero(const vn__value_t *value) {
  return value->given && value->good ? value->number : 0;
}

/* A16: N of the last M, or the last N. */
static void build_hits(const vn__alert_build_t *at) {
  static const uint8_t not_consecutive[] = {VN__ALERT_AT_LEAST, VN__ALERT_OF_LAST};
  static const vn__refusal_t refusal = {"consecutive", "it says how many of how many already",
                                        not_consecutive, 2};
  const vn__value_t *hits = &at->values[VN__ALERT_AT_LEAST];
  const vn__value_t *of = &at->values[VN__ALERT_OF_LAST];
  const vn__value_t *all = &at->values[VN__ALERT_CONSECUTIVE];
  vn_alert_rule_t *rule = &at->alert->rule;
  if (all->given) {
    vn__refuse_keys(at, &refusal);
    rule->hits = rule->hits_of = (uint8_t)all->number;
    return;
  }
  if (hits->given != of->given) {
    vn__error(at->loader, hits->given ? hits->key_mark : of->key_mark,
              "`at_least` and `of_last` need each other: `at_least: 3, of_last: 5`");
    return;
  }
  rule->hits = (uint8_t)or_zero(hits);
  rule->hits_of = (uint8_t)or_zero(of);
  if (hits->good && of->good && rule->hits > rule->hits_of) {
    vn__error(at->loader, hits->mark, "`at_least`: %u of the last %u evaluations is never true",
              (unsigned)rule->hits, (unsigned)rule->hits_of);
  }
}

/* A17; which alert it is: vn__build_relations. */
static void build_within(const vn__alert_build_t *at) {
  const vn__value_t *after = &at->values[VN__ALERT_AFTER];
  const vn__value_t *within = &at->values[VN__ALERT_WITHIN];
  uint8_t condition = at->alert->rule.condition;
  bool line = condition == VN_ALERT_REACHES || condition == VN_ALERT_FALLS_TO;
  if (condition == VN_ALERT_ABSENT_FOR || line) {
    return;
  }
  at->alert->rule.follows = after->given;
  at->alert->rule.within_ms = after->given ? or_zero(within) : 0;
  if (after->given && !within->given) {
    vn__error(at->loader, after->key_mark,
              "`after` needs `within`: how long ago that alert may have been true, such as "
              "`within: 30s`");
  } else if (within->given && !after->given) {
    vn__error(at->loader, within->key_mark, "`within` needs `after`, `reaches` or `falls_to`");
  }
}

/* A20: readings wait for the watermark. */
static void build_order(const vn__alert_build_t *at) {
  const vn__value_t *evaluate = &at->values[VN__ALERT_EVALUATE];
  bool in_order = evaluate->good && is_true(evaluate);
  if (at->alert->rule.condition == VN_ALERT_ABSENT_FOR || !in_order) {
    return;
  }
  if (at->alert->source != VN_ALERT_OF_VALUE) {
    vn__error(at->loader, evaluate->mark,
              "`evaluate: event` is for alerts of values: windows are told in order anyway");
  } else if (at->pipeline->out_of_order_ms == 0) {
    vn__error(at->loader, evaluate->mark,
              "`evaluate: event` does nothing: no reading waits with `out_of_order: 0s`; leave it "
              "out, or say how far out of order readings come");
  } else {
    at->alert->in_order = true;
  }
}

/* What nobody would notice. */
static void check_quiet(const vn__alert_build_t *at) {
  static const uint8_t not_quiet[] = {VN__ALERT_REPEAT_EVERY, VN__ALERT_URGENT, VN__ALERT_EAGER};
  static const vn__refusal_t refusal = {"publish: false", "nobody is told of this alert", not_quiet,
                                        3};
  if (at->alert->quiet) {
    vn__refuse_keys(at, &refusal);
  }
}

/* The number of a group, from 1; the same name in another pipeline is the same group. */
static uint8_t number_group(const vn__alert_build_t *at, const vn__value_t *group) {
  vn__build_t *build = at->build;
  vn_plan_t *plan = &build->configuration->plan;
  for (uint8_t i = 0; i < plan->group_count; i++) {
    if (vn__text_is(vn__text(group->text), build->groups[i])) {
      return (uint8_t)(i + 1);
    }
  }
  if (plan->group_count == VN_ALERT_GROUPS_MAX) {
    vn__error(at->loader, group->mark, "`group`: %s is one more than the %u groups of a device",
              vn__quote(at->loader, vn__text(group->text)), VN_ALERT_GROUPS_MAX);
    return 0;
  }
  build->groups[plan->group_count++] = group->text;
  return plan->group_count;
}

void vn__build_verdict(const vn__alert_build_t *at) {
  const vn__value_t *values = at->values;
  const vn__value_t *group = &values[VN__ALERT_GROUP];
  vn_alert_plan_t *alert = at->alert;
  alert->rule.for_ms = values[VN__ALERT_FOR].number;
  alert->rule.keep_firing_for_ms = values[VN__ALERT_KEEP_FIRING_FOR].number;
  alert->rule.min_samples = (uint32_t)values[VN__ALERT_MIN_SAMPLES].number;
  alert->rule.latch = is_true(&values[VN__ALERT_LATCH]);
  alert->no_data_after_ms = or_zero(&values[VN__ALERT_NO_DATA_AFTER]);
  alert->repeat_every_ms = or_zero(&values[VN__ALERT_REPEAT_EVERY]);
  alert->urgent = is_true(&values[VN__ALERT_URGENT]);
  alert->eager = is_true(&values[VN__ALERT_EAGER]);
  alert->quiet = values[VN__ALERT_PUBLISH].good && !is_true(&values[VN__ALERT_PUBLISH]);
  alert->group = group->given && group->good ? number_group(at, group) : 0;
  build_hits(at);
  build_within(at);
  build_order(at);
  check_quiet(at);
}
