/* Alerts of a pipeline: one condition each, with limits in the pipeline's scaled integers. */
#include <string.h>

#include "build_priv.h"

#define OF_STATISTICS                                                           \
  (VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |  \
   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |    \
   VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_RANGE))

static const vn__word_t *find_statistic(vn_text_t text) {
  for (const vn__word_t *word = vn__statistic_words; word->word != NULL; word++) {
    if (vn__text_is(text, word->word)) {
      return word;
    }
  }
  return NULL;
}

static bool read_statistic(vn__loader_t *loader, const vn__value_t *of, vn_text_t text,
                           vn_alert_plan_t *alert) {
  const vn__word_t *word = find_statistic(text);
  if (word == NULL) {
    vn__error(loader, of->mark,
              "`of`: %s is no statistic: count, sum, min, max, first, last, mean or range%s",
              vn__quote(loader, text), vn__suggest_word(loader, vn__statistic_words, text));
    return false;
  }
  if (word->planned || (OF_STATISTICS >> word->value & 1) == 0) {
    vn__error(loader, of->mark,
              "an alert on `%s` is not available in this version: use count, sum, min, max, first, "
              "last, mean or range",
              word->word);
    return false;
  }
  alert->statistic = (uint8_t)word->value;
  return true;
}

/* The nearest name of a window, as a question. */
static const char *suggest_window(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                                  vn_text_t name) {
  const char *best = NULL;
  const char *all = "";
  unsigned distance = 3;
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    const char *candidate = pipeline->summary.windows[i].name;
    unsigned own = vn__edit_distance(name, candidate, 2);
    if (own < distance) {
      best = candidate;
      distance = own;
    }
    all = vn__format(loader, "%s%s%s", all, i == 0 ? "" : ", ", candidate);
  }
  if (best != NULL) {
    return vn__format(loader, "; did you mean `%s`?", best);
  }
  return all[0] == '\0' ? "; the pipeline has no windows"
                        : vn__format(loader, "; the pipeline has %s", all);
}

static bool read_window(vn__loader_t *loader, const vn_pipeline_t *pipeline, const vn__value_t *of,
                        vn_text_t name, vn_alert_plan_t *alert) {
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    if (vn__text_is(name, pipeline->summary.windows[i].name)) {
      alert->window = i;
      return true;
    }
  }
  vn__error(loader, of->mark, "`of`: no window %s in this pipeline%s", vn__quote(loader, name),
            suggest_window(loader, pipeline, name));
  return false;
}

/* "value", or window.statistic; the window's name may hold dots itself. */
static bool read_of(vn__loader_t *loader, const vn_pipeline_t *pipeline, const vn__value_t *of,
                    vn_alert_plan_t *alert) {
  alert->of = of->text;
  alert->source = VN_ALERT_OF_VALUE;
  if (strcmp(of->text, "value") == 0) {
    return true;
  }
  const char *dot = strrchr(of->text, '.');
  if (dot == NULL) {
    vn__error(loader, of->mark,
              "`of`: %s is neither `value` nor window.statistic, such as minute.mean",
              vn__quote(loader, vn__text(of->text)));
    return false;
  }
  alert->source = VN_ALERT_OF_WINDOW;
  vn_text_t window = {of->text, (size_t)(dot - of->text)};
  bool known = read_window(loader, pipeline, of, window, alert);
  return read_statistic(loader, of, vn__text(dot + 1), alert) && known;
}

/* Compared values that lie within the pipeline's range. */
static bool is_ranged(const vn_alert_plan_t *alert) {
  return alert->source == VN_ALERT_OF_VALUE ||
         (alert->statistic != VN_STATISTIC_COUNT && alert->statistic != VN_STATISTIC_SUM &&
          alert->statistic != VN_STATISTIC_RANGE);
}

static bool check_reach(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                        const vn__threshold_t *given, const vn_alert_rule_t *rule) {
  bool above = rule->condition == VN_ALERT_ABOVE;
  int exponent = pipeline->summary.exponent;
  int64_t end = above ? pipeline->range_high : pipeline->range_low;
  int64_t far_end = above ? pipeline->range_low : pipeline->range_high;
  int64_t back = above ? rule->limit - rule->hysteresis : rule->limit + rule->hysteresis;
  const char *word = above ? "above" : "below";
  if (above ? rule->limit >= end : rule->limit <= end) {
    vn__error(loader, (above ? given->above : given->below)->mark,
              "`%s`: no value is ever %s this limit: the range ends at %s", word, word,
              vn__decimal_text(loader, end, exponent));
    return false;
  }
  if (above ? back < far_end : back > far_end) {
    vn__error(loader, given->hysteresis->mark,
              "`hysteresis`: the %s would never end: the value must go back to %s, but the range "
              "ends at %s",
              given->of, vn__decimal_text(loader, back, exponent),
              vn__decimal_text(loader, far_end, exponent));
    return false;
  }
  return true;
}

static bool read_hysteresis(vn__loader_t *loader, const vn__value_t *value,
                            const vn__scale_t *scale, int64_t *out) {
  if (value->good && value->decimal.mantissa < 0) {
    vn__error(loader, value->mark, "`hysteresis` is negative: it is a distance from the limit");
    return false;
  }
  return value->good && vn__scale_decimal(loader, "hysteresis", value, scale, out);
}

bool vn__read_threshold(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                        const vn__threshold_t *given, vn_alert_rule_t *rule) {
  bool above = rule->condition == VN_ALERT_ABOVE;
  const vn__value_t *limit = above ? given->above : given->below;
  int exponent = given->counts ? 0 : pipeline->summary.exponent;
  int64_t most = given->ranged ? INT32_MAX : INT64_MAX / 4;
  const char *step = given->counts ? "1, since counts are whole numbers"
                                   : vn__format(loader, "the resolution %s",
                                                vn__decimal_text(loader, 1, exponent));
  vn__scale_t scale = {exponent, -most - 1, most, step};
  vn__scale_t width = {exponent, 0, most, step};
  bool good = limit->good &&
              vn__scale_decimal(loader, above ? "above" : "below", limit, &scale, &rule->limit);
  bool wide = read_hysteresis(loader, given->hysteresis, &width, &rule->hysteresis);
  return good && wide && (!given->ranged || check_reach(loader, pipeline, given, rule));
}

static void read_limit(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                       const vn__value_t *values, vn_alert_plan_t *alert) {
  vn__threshold_t given = {
      .of = "alert",
      .above = &values[VN__ALERT_ABOVE],
      .below = &values[VN__ALERT_BELOW],
      .hysteresis = &values[VN__ALERT_HYSTERESIS],
      .counts = alert->source == VN_ALERT_OF_WINDOW && alert->statistic == VN_STATISTIC_COUNT,
      .ranged = is_ranged(alert)};
  alert->exponent = given.counts ? 0 : pipeline->summary.exponent;
  (void)vn__read_threshold(loader, pipeline, &given, &alert->rule);
}

/* Keys that a condition can't use, so that none is ignored silently. */
static void refuse_keys(vn__loader_t *loader, const vn__value_t *values, const char *condition,
                        const uint8_t *keys, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (values[keys[i]].given) {
      vn__error(loader, values[keys[i]].key_mark, "`%s` doesn't go with `%s`",
                vn__alert_section.keys[keys[i]].name, condition);
    }
  }
}

/* The defaults of a section hold where it is empty. */
static void build_deviation(vn__loader_t *loader, const vn__value_t *section,
                            vn_alert_plan_t *alert) {
  const int64_t highest = (VN_DEVIATION_SCORE_MAX - 1) / 1000 * 1000;
  vn__value_t values[VN__DEVIATION_KEYS];
  (void)vn__read_section(loader, &vn__deviation_section, section->good ? section->node : NULL,
                         values);
  const vn__value_t *threshold = &values[VN__DEVIATION_THRESHOLD];
  vn__scale_t scale = {-3, 1, highest, "0.001"};
  if (threshold->good) {
    (void)vn__scale_decimal(loader, "threshold", threshold, &scale, &alert->rule.limit);
  }
  alert->detector = (uint8_t)values[VN__DEVIATION_DETECTOR].number;
  alert->warm_up = (uint32_t)values[VN__DEVIATION_WARM_UP].number;
  alert->rule.period_ms = values[VN__DEVIATION_REFRACTORY].number;
}

/* Conditions that no statistic of a window can have. */
static void check_of_value(vn__loader_t *loader, const vn__value_t *of, const char *condition,
                           const vn_alert_plan_t *alert) {
  if (alert->source != VN_ALERT_OF_VALUE) {
    vn__error(loader, of->mark, "`%s` looks at values: use `of: value`, or leave `of` out",
              condition);
  }
}

static void build_condition(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                            const vn__value_t *values, vn_alert_plan_t *alert) {
  static const uint8_t not_absent[] = {VN__ALERT_OF, VN__ALERT_HYSTERESIS, VN__ALERT_FOR,
                                       VN__ALERT_KEEP_FIRING_FOR};
  static const uint8_t not_unchanged[] = {VN__ALERT_HYSTERESIS};
  switch ((vn_alert_condition_t)alert->rule.condition) {
    case VN_ALERT_ABSENT_FOR:
      alert->rule.period_ms = values[VN__ALERT_ABSENT_FOR].number;
      refuse_keys(loader, values, "absent_for", not_absent, sizeof(not_absent));
      return;
    case VN_ALERT_UNCHANGED_FOR:
      alert->rule.period_ms = values[VN__ALERT_UNCHANGED_FOR].number;
      refuse_keys(loader, values, "unchanged_for", not_unchanged, sizeof(not_unchanged));
      check_of_value(loader, &values[VN__ALERT_OF], "unchanged_for", alert);
      return;
    case VN_ALERT_DEVIATION:
      build_deviation(loader, &values[VN__ALERT_DEVIATION], alert);
      refuse_keys(loader, values, "deviation", not_unchanged, sizeof(not_unchanged));
      check_of_value(loader, &values[VN__ALERT_OF], "deviation", alert);
      return;
    default:
      read_limit(loader, pipeline, values, alert);
  }
}

/* Exactly one condition; false: none that can be used. */
static bool choose_condition(vn__loader_t *loader, const vn__value_t *values, vn__mark_t mark,
                             vn_alert_plan_t *alert) {
  static const uint8_t keys[] = {VN__ALERT_ABOVE,         VN__ALERT_BELOW,     VN__ALERT_ABSENT_FOR,
                                 VN__ALERT_UNCHANGED_FOR, VN__ALERT_DEVIATION, VN__ALERT_OUTSIDE,
                                 VN__ALERT_INSIDE};
  static const uint8_t conditions[] = {VN_ALERT_ABOVE, VN_ALERT_BELOW, VN_ALERT_ABSENT_FOR,
                                       VN_ALERT_UNCHANGED_FOR, VN_ALERT_DEVIATION};
  unsigned given = 0;
  for (size_t i = 0; i < sizeof(keys); i++) {
    const vn__value_t *value = &values[keys[i]];
    if (!value->given) {
      continue;
    }
    if (++given == 2) {
      vn__error(loader, value->key_mark,
                "a second condition, `%s`: an alert has one; write two alerts",
                vn__alert_section.keys[keys[i]].name);
    }
    alert->rule.condition = i < sizeof(conditions) ? conditions[i] : VN_ALERT_ABOVE;
  }
  if (given == 0) {
    vn__error(loader, mark,
              "the alert has no condition: add `above`, `below`, `absent_for`, `unchanged_for` or "
              "`deviation`");
  }
  return given == 1 && !values[VN__ALERT_OUTSIDE].given && !values[VN__ALERT_INSIDE].given;
}

static void build_alert(vn__loader_t *loader, const vn_pipeline_t *pipeline, const vn__node_t *item,
                        vn_alert_plan_t *alert, vn__value_t *name) {
  vn__value_t values[VN__ALERT_KEYS];
  (void)vn__read_section(loader, &vn__alert_section, item, values);
  *name = values[VN__ALERT_NAME];
  alert->name = name->text;
  alert->severity = values[VN__ALERT_SEVERITY].text;
  alert->exponent = pipeline->summary.exponent;
  alert->rule.for_ms = values[VN__ALERT_FOR].number;
  alert->rule.keep_firing_for_ms = values[VN__ALERT_KEEP_FIRING_FOR].number;
  const vn__value_t *of = &values[VN__ALERT_OF];
  bool good = of->good && read_of(loader, pipeline, of, alert);
  if (choose_condition(loader, values, item->mark, alert) && good) {
    build_condition(loader, pipeline, values, alert);
  }
}

void vn__build_alerts(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *list,
                      vn__pipeline_marks_t *marks) {
  if (!list->good) {
    return;
  }
  uint32_t count = list->node->count;
  VN_ASSERT(count <= VN_ALERTS_MAX);
  vn_alert_plan_t *alerts = vn__arena_take(&build->loader->arena, count * sizeof(*alerts));
  vn__value_t names[VN_ALERTS_MAX];
  uint32_t index = 0;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    marks->alerts[index] = item->mark;
    build_alert(build->loader, pipeline, item, &alerts[index], &names[index]);
    vn__check_duplicate(build->loader, "alert", names, index);
    index++;
  }
  pipeline->alerts = alerts;
  pipeline->alert_count = (uint8_t)count;
}
