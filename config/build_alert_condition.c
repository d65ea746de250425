/* Conditions of alerts: exactly one, with limits in scaled units. */
#include "build_alerts_priv.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

void vn__refuse_keys(const vn__alert_build_t *at, const vn__refusal_t *refusal) {
  for (size_t i = 0; i < refusal->count; i++) {
    const vn__value_t *value = &at->values[refusal->keys[i]];
    if (value->given) {
      vn__error(at->loader, value->key_mark, "`%s` doesn't go with `%s`: %s",
                vn__alert_section.keys[refusal->keys[i]].name, refusal->with, refusal->why);
    }
  }
}

/* Conditions that no statistic of a window can have. */
static void check_of_value(const vn__alert_build_t *at, const char *condition) {
  if (at->alert->source != VN_ALERT_OF_VALUE) {
    vn__error(at->loader, at->values[VN__ALERT_OF].mark,
              "`%s` looks at values: use `of: value`, or leave `of` out", condition);
  }
}

static void refuse_hysteresis(const vn__alert_build_t *at, const char *condition, const char *why) {
  static const uint8_t keys[] = {VN__ALERT_HYSTERESIS};
  vn__refusal_t refusal = {condition, why, keys, COUNT_OF(keys)};
  vn__refuse_keys(at, &refusal);
}

static void build_threshold(const vn__alert_build_t *at) {
  vn__threshold_t given = {.of = "alert",
                           .above = &at->values[VN__ALERT_ABOVE],
                           .below = &at->values[VN__ALERT_BELOW],
                           .hysteresis = &at->values[VN__ALERT_HYSTERESIS]};
  vn__measure_t measure = vn__measure_of(at);
  (void)vn__read_threshold(at->loader, &given, &measure, &at->alert->rule);
}

/* Some value must be outside, and some inside, of [low, high]. */
static void check_outside(const vn__alert_build_t *at, const vn__measure_t *measure) {
  const vn_alert_rule_t *rule = &at->alert->rule;
  const vn__value_t *width = &at->values[VN__ALERT_HYSTERESIS];
  vn__mark_t mark = at->values[VN__ALERT_OUTSIDE].mark;
  int64_t low = rule->low + rule->hysteresis, high = rule->limit - rule->hysteresis;
  if (rule->low <= measure->low && rule->limit >= measure->high) {
    vn__error(at->loader, mark, "`outside`: no value is ever outside of this band: %s is inside",
              measure->ends);
  } else if (low > high) {
    vn__error(at->loader, width->mark,
              "`hysteresis`: the alert would never end: it leaves nothing of the band to come back "
              "to; make it less than half of the band");
  } else if (low > measure->high || high < measure->low) {
    vn__error(at->loader, mark,
              "`outside`: the alert would never end: no value of %s lies in this band",
              measure->ends);
  }
}

static void check_inside(const vn__alert_build_t *at, const vn__measure_t *measure) {
  const vn_alert_rule_t *rule = &at->alert->rule;
  const vn__value_t *width = &at->values[VN__ALERT_HYSTERESIS];
  vn__mark_t mark = at->values[VN__ALERT_INSIDE].mark;
  if (rule->low > measure->high || rule->limit < measure->low) {
    vn__error(at->loader, mark, "`inside`: no value is ever inside of this band: %s is outside",
              measure->ends);
  } else if (rule->low - rule->hysteresis <= measure->low &&
             rule->limit + rule->hysteresis >= measure->high) {
    vn__error(at->loader, width->given ? width->mark : mark,
              "`%s`: the alert would never end: no value of %s is outside of this band%s",
              width->given ? "hysteresis" : "inside", measure->ends,
              width->given ? " and its hysteresis" : "");
  }
}

static void build_band(const vn__alert_build_t *at) {
  bool outside = at->alert->rule.condition == VN_ALERT_OUTSIDE;
  const char *key = outside ? "outside" : "inside";
  const vn__value_t *band = &at->values[outside ? VN__ALERT_OUTSIDE : VN__ALERT_INSIDE];
  vn_alert_rule_t *rule = &at->alert->rule;
  vn__measure_t measure = vn__measure_of(at);
  const vn__node_t *first = band->node->child;
  bool low = vn__scale_bound(at->loader, key, first, &measure.scale, &rule->low);
  bool high = vn__scale_bound(at->loader, key, first->next, &measure.scale, &rule->limit);
  bool wide = vn__read_hysteresis(at->loader, &at->values[VN__ALERT_HYSTERESIS], &measure,
                                  &rule->hysteresis);
  if (!low || !high || !wide) {
    return;
  }
  if (rule->low >= rule->limit) {
    vn__error(at->loader, band->mark, "`%s`: the first number must be less than the second", key);
  } else if (outside) {
    check_outside(at, &measure);
  } else {
    check_inside(at, &measure);
  }
}

/* What a change per `per` can be: all of the range in a millisecond. */
static vn__measure_t measure_of_change(const vn__alert_build_t *at) {
  const vn_pipeline_t *pipeline = at->pipeline;
  vn__measure_t measure = vn__measure_of_values(at->loader, pipeline);
  int64_t width = (int64_t)pipeline->range_high - pipeline->range_low;
  measure.scale.low = -(INT64_MAX / 4);
  measure.scale.high = INT64_MAX / 4;
  measure.high = width * at->alert->rule.period_ms;
  measure.low = -measure.high;
  measure.ends = "the range in a millisecond";
  return measure;
}

/* One side of a change that is too fast; not given: no limit. */
static bool read_side(const vn__alert_build_t *at, const vn__value_t *values, bool above,
                      const vn__measure_t *measure) {
  const vn__value_t *value = &values[above ? VN__CHANGE_ABOVE : VN__CHANGE_BELOW];
  const vn__value_t *width = &at->values[VN__ALERT_HYSTERESIS];
  const char *key = above ? "above" : "below";
  vn_alert_rule_t *rule = &at->alert->rule;
  int64_t *out = above ? &rule->limit : &rule->low;
  *out = above ? VN_ALERT_NO_HIGH : VN_ALERT_NO_LOW;
  if (!value->given) {
    return true;
  }
  if (!vn__read_limit(at->loader, key, value, measure, out)) {
    return false;
  }
  vn__limit_t limit = {"alert", key, value->mark, width, *out, rule->hysteresis, above};
  return vn__check_reach(at->loader, &limit, measure);
}

bool vn__check_sides(vn__loader_t *loader, const vn__value_t *below, const vn__value_t *width,
                     const vn_alert_limits_t *limits) {
  if (limits->low == VN_ALERT_NO_LOW || limits->high == VN_ALERT_NO_HIGH) {
    return true;
  }
  if (limits->low >= limits->high) {
    vn__error(loader, below->mark, "`below` must be less than `above`: else it is always true");
    return false;
  }
  if (limits->low + limits->hysteresis > limits->high - limits->hysteresis) {
    vn__error(loader, width->given ? width->mark : below->mark,
              "`hysteresis` leaves nothing between `below` and `above` to come back to: it would "
              "never end");
    return false;
  }
  return true;
}

static void build_change(const vn__alert_build_t *at) {
  vn__value_t values[VN__CHANGE_KEYS];
  const vn__value_t *section = &at->values[VN__ALERT_RATE_OF_CHANGE];
  const vn__value_t *width = &at->values[VN__ALERT_HYSTERESIS];
  bool good = vn__read_section(at->loader, &vn__change_section, section->node, values);
  vn_alert_rule_t *rule = &at->alert->rule;
  check_of_value(at, "rate_of_change");
  if (!values[VN__CHANGE_ABOVE].given && !values[VN__CHANGE_BELOW].given) {
    vn__error(at->loader, section->mark,
              "`rate_of_change` has no limit: add `above: 5` for a rise, `below: -5` for a fall, "
              "or both");
    return;
  }
  if (!good) {
    return;
  }
  rule->period_ms = values[VN__CHANGE_PER].number;
  vn__measure_t measure = measure_of_change(at);
  if (vn__read_hysteresis(at->loader, width, &measure, &rule->hysteresis)) {
    bool above = read_side(at, values, true, &measure);
    bool below = read_side(at, values, false, &measure);
    vn_alert_limits_t limits = {rule->low, rule->limit, rule->hysteresis};
    (void)(above && below &&
           vn__check_sides(at->loader, &values[VN__CHANGE_BELOW], width, &limits));
  }
}

/* Where the line of a window is, now or `within` a time. */
static void build_line(const vn__alert_build_t *at) {
  static const uint8_t not_line[] = {VN__ALERT_AFTER};
  bool up = at->alert->rule.condition == VN_ALERT_REACHES;
  const char *key = up ? "reaches" : "falls_to";
  const vn__value_t *limit = &at->values[up ? VN__ALERT_REACHES : VN__ALERT_FALLS_TO];
  const vn__value_t *within = &at->values[VN__ALERT_WITHIN];
  vn_alert_plan_t *alert = at->alert;
  vn__refusal_t refusal = {key,
                           "`within` says how far ahead the line is followed; write two alerts",
                           not_line, COUNT_OF(not_line)};
  vn__refuse_keys(at, &refusal);
  refuse_hysteresis(at, key, "a line has no hysteresis");
  if (alert->source != VN_ALERT_OF_WINDOW || alert->statistic != VN_STATISTIC_SLOPE) {
    vn__error(at->loader, at->values[VN__ALERT_OF].mark,
              "`%s` looks at the line through a window's readings: add `of: window.slope`, with "
              "the name of a window whose `statistics` have `slope`",
              key);
    return;
  }
  if (!within->given || (within->good && within->number == 0)) {
    vn__error(at->loader, within->given ? within->mark : limit->key_mark,
              "`%s` needs `within`: how far ahead the line is followed, such as `within: 30m`",
              key);
  }
  alert->rule.period_ms = within->number;
  vn__measure_t measure = vn__measure_of(at);
  (void)vn__read_limit(at->loader, key, limit, &measure, &alert->rule.limit);
}

/* The defaults of a section hold where it is empty. */
static void build_deviation(const vn__alert_build_t *at) {
  const int64_t highest = (VN_DEVIATION_SCORE_MAX - 1) / 1000 * 1000;
  const vn__value_t *section = &at->values[VN__ALERT_DEVIATION];
  vn__value_t values[VN__DEVIATION_KEYS];
  (void)vn__read_section(at->loader, &vn__deviation_section, section->node, values);
  const vn__value_t *threshold = &values[VN__DEVIATION_THRESHOLD];
  vn__scale_t scale = {-3, 1, highest, "0.001"};
  if (threshold->good) {
    (void)vn__scale_decimal(at->loader, "threshold", threshold, &scale, &at->alert->rule.limit);
  }
  at->alert->detector = (uint8_t)values[VN__DEVIATION_DETECTOR].number;
  at->alert->warm_up = (uint32_t)values[VN__DEVIATION_WARM_UP].number;
  at->alert->rule.period_ms = values[VN__DEVIATION_REFRACTORY].number;
  refuse_hysteresis(at, "deviation", "a deviation lasts for its `refractory`");
  check_of_value(at, "deviation");
}

static void build_unchanged(const vn__alert_build_t *at) {
  at->alert->rule.period_ms = at->values[VN__ALERT_UNCHANGED_FOR].number;
  refuse_hysteresis(at, "unchanged_for", "any other value ends it");
  check_of_value(at, "unchanged_for");
}

/* A silence of fixed length, or of some learned periods. */
static void build_silence(const vn__alert_build_t *at) {
  const vn__value_t *given = &at->values[VN__ALERT_ABSENT_FOR];
  vn_alert_rule_t *rule = &at->alert->rule;
  if (given->node->kind == VN__SCALAR) {
    rule->period_ms = given->number;
    return;
  }
  vn__value_t values[VN__ABSENT_KEYS];
  if (!vn__read_section(at->loader, &vn__absent_section, given->node, values)) {
    return;
  }
  rule->times = (uint8_t)values[VN__ABSENT_TIMES].number;
  rule->least_ms = values[VN__ABSENT_AT_LEAST].number;
  rule->period_ms = values[VN__ABSENT_AT_MOST].number;
  if (rule->least_ms > rule->period_ms) {
    vn__error(at->loader, values[VN__ABSENT_AT_LEAST].mark,
              "`at_least` of %s is more than the `at_most` of %s",
              vn__duration_text(at->loader, rule->least_ms),
              vn__duration_text(at->loader, rule->period_ms));
  }
}

static void build_absence(const vn__alert_build_t *at) {
  static const uint8_t keys[] = {
      VN__ALERT_OF,           VN__ALERT_HYSTERESIS, VN__ALERT_AFTER,
      VN__ALERT_WITHIN,       VN__ALERT_AT_LEAST,   VN__ALERT_OF_LAST,
      VN__ALERT_CONSECUTIVE,  VN__ALERT_FOR,        VN__ALERT_MIN_SAMPLES,
      VN__ALERT_LATCH,        VN__ALERT_EVALUATE,   VN__ALERT_KEEP_FIRING_FOR,
      VN__ALERT_NO_DATA_AFTER};
  static const vn__refusal_t refusal = {
      "absent_for", "a silence fires when it has lasted long enough, and the next arrival ends it",
      keys, COUNT_OF(keys)};
  vn__refuse_keys(at, &refusal);
  build_silence(at);
}

/* The condition's key, and what builds it. */
typedef struct kind {
  void (*make)(const vn__alert_build_t *at);
  uint8_t key, condition;
} kind_t;

static const kind_t kinds[] = {
    {build_threshold, VN__ALERT_ABOVE, VN_ALERT_ABOVE},
    {build_threshold, VN__ALERT_BELOW, VN_ALERT_BELOW},
    {build_band, VN__ALERT_OUTSIDE, VN_ALERT_OUTSIDE},
    {build_band, VN__ALERT_INSIDE, VN_ALERT_INSIDE},
    {vn__build_levels, VN__ALERT_LEVELS, VN_ALERT_LEVELS},
    {build_change, VN__ALERT_RATE_OF_CHANGE, VN_ALERT_RATE},
    {build_line, VN__ALERT_REACHES, VN_ALERT_REACHES},
    {build_line, VN__ALERT_FALLS_TO, VN_ALERT_FALLS_TO},
    {build_unchanged, VN__ALERT_UNCHANGED_FOR, VN_ALERT_UNCHANGED_FOR},
    {build_deviation, VN__ALERT_DEVIATION, VN_ALERT_DEVIATION},
    {build_absence, VN__ALERT_ABSENT_FOR, VN_ALERT_ABSENT_FOR},
};

/* Exactly one condition; NULL: none that can be used. */
static const kind_t *choose(const vn__alert_build_t *at) {
  const kind_t *chosen = NULL;
  unsigned given = 0;
  for (size_t i = 0; i < COUNT_OF(kinds); i++) {
    const vn__value_t *value = &at->values[kinds[i].key];
    if (!value->given) {
      continue;
    }
    if (++given == 2) {
      vn__error(at->loader, value->key_mark,
                "a second condition, `%s`: an alert has one; write two alerts%s",
                vn__alert_section.keys[kinds[i].key].name,
                kinds[i].condition == VN_ALERT_BELOW ? ", or `outside: [low, high]`" : "");
    }
    chosen = &kinds[i];
  }
  if (given == 0) {
    vn__error(
        at->loader, at->mark,
        "the alert has no condition: add `above`, `below`, `outside`, `inside`, `levels`, "
        "`rate_of_change`, `reaches`, `falls_to`, `unchanged_for`, `deviation` or `absent_for`");
  }
  return given == 1 ? chosen : NULL;
}

void vn__build_condition(const vn__alert_build_t *at) {
  bool good = vn__read_of(at);
  const kind_t *kind = choose(at);
  if (kind == NULL) {
    return;
  }
  at->alert->rule.condition = kind->condition;
  if (good && at->values[kind->key].good) {
    kind->make(at);
  }
}
