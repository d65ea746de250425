/* What an alert looks at: `of`, and which values can come of it. */
#include <string.h>

#include "build_alerts_priv.h"

/* Every window has these, whatever its messages carry. */
#define ALWAYS_THERE                                                            \
  (VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |  \
   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |    \
   VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_RANGE))

/* Values that lie between the lowest and the highest reading. */
#define WITHIN_RANGE                                                            \
  (VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |    \
   VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTICS_QUANTILES |              \
   VN_STATISTIC_BIT(VN_STATISTIC_TIME_WEIGHTED_MEAN) | VN_STATISTICS_EXPONENTIAL)

#define SCALED_MAX (INT64_MAX / 4)

static const vn__word_t *find_statistic(vn_text_t text) {
  for (const vn__word_t *word = vn__statistic_words; word->word != NULL; word++) {
    if (vn__text_is(text, word->word)) {
      return word;
    }
  }
  return NULL;
}

/* "[count, mean]": the window's own list. */
static const char *list_statistics(vn__loader_t *loader, uint32_t statistics) {
  const char *list = "";
  for (const vn__word_t *word = vn__statistic_words; word->word != NULL; word++) {
    if ((statistics >> word->value & 1) != 0) {
      list = vn__format(loader, "%s%s, ", list, word->word);
    }
  }
  return list;
}

static bool read_statistic(const vn__alert_build_t *at, vn_text_t text, bool window_known) {
  const vn__value_t *of = &at->values[VN__ALERT_OF];
  const vn__word_t *word = find_statistic(text);
  if (word == NULL) {
    vn__error(at->loader, of->mark,
              "`of`: %s is no statistic: count, sum, min, max, first, last, mean or range, or "
              "one that the window's `statistics` name%s",
              vn__quote(at->loader, text), vn__suggest_word(at->loader, vn__statistic_words, text));
    return false;
  }
  at->alert->statistic = (uint8_t)word->value;
  uint32_t bit = VN_STATISTIC_BIT((uint32_t)word->value);
  at->alert->rule.real = (ALWAYS_THERE & bit) == 0;
  if (!window_known || !at->alert->rule.real) {
    return window_known;
  }
  const vn_window_t *window = &at->pipeline->summary.windows[at->alert->window];
  if ((window->statistics & bit) == 0) {
    vn__error(at->loader, of->mark,
              "`of`: window `%s` has no %s: add it to the window, `statistics: [%s%s]`",
              window->name, word->word, list_statistics(at->loader, window->statistics),
              word->word);
    return false;
  }
  return true;
}

static bool read_window(const vn__alert_build_t *at, vn_text_t name) {
  const vn_summary_pipeline_t *summary = &at->pipeline->summary;
  const char *names[VN_WINDOWS_MAX];
  for (uint8_t i = 0; i < summary->window_count; i++) {
    names[i] = summary->windows[i].name;
    if (vn__text_is(name, names[i])) {
      at->alert->window = i;
      return true;
    }
  }
  vn__error(at->loader, at->values[VN__ALERT_OF].mark, "`of`: no window %s in this pipeline%s",
            vn__quote(at->loader, name),
            vn__suggest_name(at->loader, name, names, summary->window_count,
                             "; the pipeline has no windows"));
  return false;
}

/* "value", or window.statistic; the window's name may hold dots itself. */
bool vn__read_of(const vn__alert_build_t *at) {
  const vn__value_t *of = &at->values[VN__ALERT_OF];
  vn_alert_plan_t *alert = at->alert;
  alert->of = of->text;
  alert->source = VN_ALERT_OF_VALUE;
  alert->exponent = at->pipeline->summary.exponent;
  if (!of->good || strcmp(of->text, "value") == 0) {
    return of->good;
  }
  const char *dot = strrchr(of->text, '.');
  if (dot == NULL) {
    vn__error(at->loader, of->mark,
              "`of`: %s is neither `value` nor window.statistic, such as minute.mean",
              vn__quote(at->loader, vn__text(of->text)));
    return false;
  }
  alert->source = VN_ALERT_OF_WINDOW;
  vn_text_t window = {of->text, (size_t)(dot - of->text)};
  bool known = read_window(at, window);
  bool good = read_statistic(at, vn__text(dot + 1), known);
  if (alert->rule.real) {
    alert->exponent = VN_ALERT_REAL_EXPONENT;
  } else if (alert->statistic == VN_STATISTIC_COUNT) {
    alert->exponent = 0;
  }
  return good;
}

/* An end of the pipeline's range at another exponent; false: too far to be held. */
static bool rescale(int32_t bound, int from, int to, int64_t *out) {
  vn_number_t number = {.mantissa = bound, .exponent = from};
  return vn_number_scale(&number, to, -SCALED_MAX, SCALED_MAX, out) == VN_REASON_NONE;
}

vn__measure_t vn__measure_of_values(vn__loader_t *loader, const vn_pipeline_t *pipeline) {
  int exponent = pipeline->summary.exponent;
  const char *step = vn__format(loader, "the resolution %s", vn__decimal_text(loader, 1, exponent));
  return (vn__measure_t){.scale = {exponent, INT32_MIN, INT32_MAX, step},
                         .low = pipeline->range_low,
                         .high = pipeline->range_high,
                         .ends = "the range"};
}

static vn__measure_t measure_of_real(const vn__alert_build_t *at, uint32_t bit) {
  const vn_pipeline_t *pipeline = at->pipeline;
  const int exponent = VN_ALERT_REAL_EXPONENT;
  int own = pipeline->summary.exponent;
  vn__measure_t measure = {.scale = {exponent, -SCALED_MAX, SCALED_MAX, "0.000000001"},
                           .low = VN__NO_LOW,
                           .high = VN__NO_HIGH,
                           .ends = "the range"};
  int64_t low, high;
  if ((WITHIN_RANGE & bit) != 0 && rescale(pipeline->range_low, own, exponent, &low) &&
      rescale(pipeline->range_high, own, exponent, &high)) {
    measure.low = low;
    measure.high = high;
  }
  return measure;
}

/* Of a statistic that is an integer; or a mean, which is a quotient of two. */
static vn__measure_t measure_of_exact(const vn__alert_build_t *at, uint32_t bit) {
  vn__measure_t measure = vn__measure_of_values(at->loader, at->pipeline);
  if ((WITHIN_RANGE & bit) != 0) {
    return measure;
  }
  if (at->alert->statistic == VN_STATISTIC_COUNT) {
    measure.scale.exponent = 0;
    measure.scale.step = "1, since counts are whole numbers";
  }
  measure.scale.low = -SCALED_MAX;
  measure.scale.high = SCALED_MAX;
  measure.low = VN__NO_LOW;
  measure.high = VN__NO_HIGH;
  return measure;
}

vn__measure_t vn__measure_of(const vn__alert_build_t *at) {
  if (at->alert->source == VN_ALERT_OF_VALUE) {
    return vn__measure_of_values(at->loader, at->pipeline);
  }
  uint32_t bit = VN_STATISTIC_BIT((uint32_t)at->alert->statistic);
  return at->alert->rule.real ? measure_of_real(at, bit) : measure_of_exact(at, bit);
}
