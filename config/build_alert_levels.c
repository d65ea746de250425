/* Levels of an alert: limits that widen, each with a severity. */
#include "build_alerts_priv.h"

/* The limits and severities of one alert. */
typedef struct levels {
  const vn__alert_build_t *at;
  vn__measure_t measure;
  vn_alert_limits_t *limits;
  const char **severities;
  int64_t hysteresis; /* of the alert, for levels without one */
} levels_t;

/* A limit must lie beyond those of the same side of the levels before. */
static bool check_widens(const levels_t *levels, const vn__value_t *value, uint32_t index,
                         bool above) {
  const vn_alert_limits_t *limits = levels->limits;
  for (uint32_t i = 0; i < index; i++) {
    int64_t before = above ? limits[i].high : limits[i].low;
    bool given = before != (above ? VN_ALERT_NO_HIGH : VN_ALERT_NO_LOW);
    if (given && (above ? limits[index].high <= before : limits[index].low >= before)) {
      const char *key = above ? "above" : "below";
      vn__loader_t *loader = levels->at->loader;
      vn__error(loader, value->mark,
                "`%s`: %s is not %s the %s of level %u: levels go from the mildest to the most "
                "severe",
                key, vn__quote(loader, value->node->text), key,
                vn__decimal_text(loader, before, levels->measure.scale.exponent), (unsigned)i + 1);
      return false;
    }
  }
  return true;
}

/* One side of a level; not given: it stays without a limit. */
static bool read_side(const levels_t *levels, const vn__value_t *values, uint32_t index,
                      bool above) {
  vn__loader_t *loader = levels->at->loader;
  const vn__value_t *value = &values[above ? VN__LEVEL_ABOVE : VN__LEVEL_BELOW];
  vn_alert_limits_t *limits = &levels->limits[index];
  const char *key = above ? "above" : "below";
  int64_t number;
  if (!value->given) {
    return true;
  }
  if (!vn__read_limit(loader, key, value, &levels->measure, &number)) {
    return false;
  }
  *(above ? &limits->high : &limits->low) = number;
  vn__limit_t limit = {.of = "level",
                       .key = key,
                       .mark = value->mark,
                       .width = &values[VN__LEVEL_HYSTERESIS],
                       .at = number,
                       .hysteresis = limits->hysteresis,
                       .above = above};
  return check_widens(levels, value, index, above) &&
         vn__check_reach(loader, &limit, &levels->measure);
}

static void build_level(const levels_t *levels, const vn__node_t *item, uint32_t index) {
  vn__loader_t *loader = levels->at->loader;
  vn__value_t values[VN__LEVEL_KEYS];
  vn_alert_limits_t *limits = &levels->limits[index];
  *limits = (vn_alert_limits_t){VN_ALERT_NO_LOW, VN_ALERT_NO_HIGH, levels->hysteresis};
  (void)vn__read_section(loader, &vn__level_section, item, values);
  const vn__value_t *width = &values[VN__LEVEL_HYSTERESIS];
  levels->severities[index] = values[VN__LEVEL_SEVERITY].text;
  if (!values[VN__LEVEL_ABOVE].given && !values[VN__LEVEL_BELOW].given) {
    vn__error(loader, item->mark, "the level has no limit: add `above`, `below` or both");
    return;
  }
  if (width->given && !vn__read_hysteresis(loader, width, &levels->measure, &limits->hysteresis)) {
    return;
  }
  bool above = read_side(levels, values, index, true);
  bool below = read_side(levels, values, index, false);
  if (above && below) {
    (void)vn__check_sides(loader, &values[VN__LEVEL_BELOW], width, limits);
  }
}

void vn__build_levels(const vn__alert_build_t *at) {
  static const uint8_t not_levels[] = {VN__ALERT_SEVERITY};
  static const vn__refusal_t refusal = {"levels", "each level has one of its own", not_levels, 1};
  const vn__value_t *list = &at->values[VN__ALERT_LEVELS];
  const vn__value_t *hysteresis = &at->values[VN__ALERT_HYSTERESIS];
  uint32_t count = list->node->count;
  vn__refuse_keys(at, &refusal);
  if (count < 2) {
    vn__error(at->loader, list->mark,
              "`levels` are two to four, here %s: with one limit use `above` or `below`, and "
              "`severity`",
              count == 0 ? "is none" : "is one");
    return;
  }
  VN_ASSERT(count <= VN_ALERT_LEVELS_MAX);
  vn__arena_t *arena = &at->loader->arena;
  levels_t levels = {.at = at, .measure = vn__measure_of(at)};
  levels.limits = vn__arena_take(arena, count * sizeof(*levels.limits));
  levels.severities = vn__arena_take(arena, count * sizeof(*levels.severities));
  if (!vn__read_hysteresis(at->loader, hysteresis, &levels.measure, &levels.hysteresis)) {
    return;
  }
  uint32_t index = 0;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    build_level(&levels, item, index++);
  }
  at->alert->rule.levels = levels.limits;
  at->alert->rule.level_count = (uint8_t)count;
  at->alert->severities = levels.severities;
}
