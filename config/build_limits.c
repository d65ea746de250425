/* Limits and their hysteresis, of alerts and of condition windows: in scaled units, and such that
 * what they watch can become true and can end. */
#include "build_priv.h"

bool vn__read_limit(vn__loader_t *loader, const char *key, const vn__value_t *value,
                    const vn__measure_t *measure, int64_t *out) {
  return value->good && vn__scale_decimal(loader, key, value, &measure->scale, out);
}

bool vn__read_hysteresis(vn__loader_t *loader, const vn__value_t *value,
                         const vn__measure_t *measure, int64_t *out) {
  if (value->good && value->decimal.mantissa < 0) {
    vn__error(loader, value->mark, "`hysteresis` is negative: it is a distance from the limit");
    return false;
  }
  vn__scale_t width = measure->scale;
  width.low = 0;
  return value->good && vn__scale_decimal(loader, "hysteresis", value, &width, out);
}

/* A side that nothing can pass. */
static bool check_start(vn__loader_t *loader, const vn__limit_t *limit,
                        const vn__measure_t *measure) {
  bool above = limit->above;
  int64_t end = above ? measure->high : measure->low;
  if (above ? limit->at < end : limit->at > end) {
    return true;
  }
  vn__error(loader, limit->mark, "`%s`: no value is ever %s this limit: %s ends at %s", limit->key,
            above ? "above" : "below", measure->ends,
            vn__decimal_text(loader, end, measure->scale.exponent));
  return false;
}

bool vn__check_reach(vn__loader_t *loader, const vn__limit_t *limit, const vn__measure_t *measure) {
  if (!check_start(loader, limit, measure)) {
    return false;
  }
  bool above = limit->above;
  int64_t back = above ? limit->at - limit->hysteresis : limit->at + limit->hysteresis;
  int64_t far_end = above ? measure->low : measure->high;
  if (above ? back >= far_end : back <= far_end) {
    return true;
  }
  bool wide = limit->width->given;
  int exponent = measure->scale.exponent;
  vn__error(loader, wide ? limit->width->mark : limit->mark,
            "`%s`: the %s would never end: the value must go back to %s, but %s ends at %s",
            wide ? "hysteresis" : limit->key, limit->of, vn__decimal_text(loader, back, exponent),
            measure->ends, vn__decimal_text(loader, far_end, exponent));
  return false;
}

bool vn__read_threshold(vn__loader_t *loader, const vn__threshold_t *given,
                        const vn__measure_t *measure, vn_alert_rule_t *rule) {
  bool above = rule->condition == VN_ALERT_ABOVE;
  const vn__value_t *value = above ? given->above : given->below;
  const char *key = above ? "above" : "below";
  bool good = vn__read_limit(loader, key, value, measure, &rule->limit);
  bool wide = vn__read_hysteresis(loader, given->hysteresis, measure, &rule->hysteresis);
  vn__limit_t limit = {given->of,        key,  value->mark, given->hysteresis, rule->limit,
                       rule->hysteresis, above};
  return good && wide && vn__check_reach(loader, &limit, measure);
}
