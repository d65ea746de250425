/* Pipelines: which series, which values, which clocks. */
#include <stdlib.h>
#include <string.h>

#include "build_priv.h"
#include "vn/arith.h"

#define EXPONENT_MAX 9
#define DIGITS_MAX 18 /* powers of ten that int64 holds */

static int64_t power_of_ten(int exponent) {
  int64_t power = 1;
  for (int i = 0; i < exponent; i++) {
    power *= 10;
  }
  return power;
}

/* The multiple at or below the number; true when it is the number itself. */
static bool floor_multiple(const vn_number_t *number, int exponent, int64_t *below) {
  int digits = exponent - number->exponent;
  if (digits <= 0 || number->mantissa == 0) {
    return vn_number_scale(number, exponent, INT64_MIN, INT64_MAX, below) == VN_REASON_NONE;
  }
  if (digits > DIGITS_MAX) {
    *below = number->mantissa < 0 ? -1 : 0;
    return false;
  }
  int64_t divisor = power_of_ten(digits);
  *below = vn_floor_div(number->mantissa, divisor);
  return *below * divisor == number->mantissa;
}

bool vn__scale_decimal(vn__loader_t *loader, const char *key, const vn__value_t *value,
                       const vn__scale_t *scale, int64_t *out) {
  int64_t nearest;
  const char *shown = vn__quote(loader, value->node == NULL ? vn__text("") : value->node->text);
  if (vn_number_scale(&value->decimal, scale->exponent, scale->low, scale->high, &nearest) !=
      VN_REASON_NONE) {
    vn__error(loader, value->mark, "`%s`: %s can't be held: %s to %s at %s", key, shown,
              vn__decimal_text(loader, scale->low, scale->exponent),
              vn__decimal_text(loader, scale->high, scale->exponent), scale->step);
    return false;
  }
  if (!floor_multiple(&value->decimal, scale->exponent, out)) {
    vn__error(loader, value->mark, "`%s`: %s is no multiple of %s: use %s or %s", key, shown,
              scale->step, vn__decimal_text(loader, *out, scale->exponent),
              vn__decimal_text(loader, *out + 1, scale->exponent));
    return false;
  }
  return true;
}

void vn__check_duplicate(vn__loader_t *loader, const char *what, const vn__value_t *names,
                         uint32_t count) {
  const vn__value_t *last = &names[count];
  for (uint32_t i = 0; i < count && last->given; i++) {
    if (names[i].given && strcmp(names[i].text, last->text) == 0) {
      vn__error(loader, last->mark, "a second %s %s: the first is in line %u, column %u", what,
                vn__quote(loader, vn__text(last->text)), (unsigned)names[i].mark.line,
                (unsigned)names[i].mark.column);
      return;
    }
  }
}

/* The exponent of a power of ten. */
static bool resolution_exponent(const vn_number_t *number, int *out) {
  int64_t mantissa = number->mantissa;
  int32_t exponent = number->exponent;
  while (mantissa != 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    exponent++;
  }
  *out = (int)exponent;
  return mantissa == 1 && exponent >= -EXPONENT_MAX && exponent <= EXPONENT_MAX;
}

static void build_resolution(vn__loader_t *loader, vn_pipeline_t *pipeline,
                             const vn__value_t *value) {
  int exponent = 0;
  if (value->good && !resolution_exponent(&value->decimal, &exponent)) {
    vn__error(loader, value->mark,
              "`resolution`: %s is no power of ten from 0.000000001 to 1000000000, such as 0.1, "
              "0.01 or 1",
              vn__quote(loader, value->node == NULL ? vn__text("") : value->node->text));
    exponent = 0;
  }
  pipeline->summary.exponent = (int8_t)exponent;
}

bool vn__scale_bound(vn__loader_t *loader, const char *key, const vn__node_t *node,
                     const vn__scale_t *scale, int64_t *out) {
  vn__value_t value = {.node = node, .mark = node->mark};
  const char *problem = vn__parse_decimal(node->text, &value.decimal);
  if (problem != NULL) {
    vn__error(loader, node->mark, "`%s`: %s %s", key, vn__quote(loader, node->text), problem);
    return false;
  }
  return vn__scale_decimal(loader, key, &value, scale, out);
}

static void build_range(vn__loader_t *loader, vn_pipeline_t *pipeline, const vn__value_t *value) {
  pipeline->range_low = INT32_MIN;
  pipeline->range_high = INT32_MAX;
  if (!value->good) {
    return;
  }
  int64_t low, high;
  int exponent = pipeline->summary.exponent;
  vn__scale_t scale = {
      exponent, INT32_MIN, INT32_MAX,
      vn__format(loader, "the resolution %s", vn__decimal_text(loader, 1, exponent))};
  bool low_good = vn__scale_bound(loader, "range", value->node->child, &scale, &low);
  bool high_good = vn__scale_bound(loader, "range", value->node->child->next, &scale, &high);
  if (!low_good || !high_good) {
    return;
  }
  if (low >= high) {
    vn__error(loader, value->mark, "`range`: the lowest value must be less than the highest");
    return;
  }
  pipeline->range_low = (int32_t)low;
  pipeline->range_high = (int32_t)high;
}

/* A later glob that an earlier one covers: its pipeline would never see a series. With ? in the
 * earlier one the question is harder; it is left open. */
static void check_shadow(vn__build_t *build, uint32_t index, const vn__value_t *match) {
  const vn_pipeline_t *own = &build->pipelines[index];
  for (uint32_t i = 0; i < index; i++) {
    const vn_pipeline_t *other = &build->pipelines[i];
    bool plain = memchr(other->match.bytes, '?', other->match.length) == NULL;
    if (plain && vn_glob_match(other->match, own->match)) {
      vn__error(build->loader, match->mark,
                "pipeline %s never gets a series: %s of pipeline %s before it matches all that %s "
                "matches; put the narrower pipeline first",
                vn__quote(build->loader, vn__text(own->summary.name)),
                vn__quote(build->loader, other->match),
                vn__quote(build->loader, vn__text(other->summary.name)),
                vn__quote(build->loader, own->match));
      return;
    }
  }
}

/* The registry of RFC 8428 and its additions, the secondary units of RFC 8798 at the end. */
static void check_unit(vn__loader_t *loader, const vn__value_t *unit) {
  static const char *const known[] = {
      "m",     "kg",  "g",    "s",      "A",     "K",        "cd",    "mol",   "Hz",    "rad",
      "sr",    "N",   "Pa",   "J",      "W",     "C",        "V",     "F",     "Ohm",   "S",
      "Wb",    "T",   "H",    "Cel",    "lm",    "lx",       "Bq",    "Gy",    "Sv",    "kat",
      "m2",    "m3",  "l",    "m/s",    "m/s2",  "m3/s",     "l/s",   "W/m2",  "cd/m2", "bit",
      "bit/s", "lat", "lon",  "pH",     "dB",    "dBW",      "Bspl",  "count", "/",     "%",
      "%RH",   "%EL", "EL",   "1/s",    "1/min", "beat/min", "beats", "S/m",   "B",     "VA",
      "VAs",   "var", "vars", "J/m",    "kg/m3", "deg",      "NTU",   "ms",    "min",   "h",
      "MHz",   "kW",  "kVA",  "kvar",   "Ah",    "Wh",       "kWh",   "varh",  "kvarh", "kVAh",
      "Wh/km", "KiB", "GB",   "Mbit/s", "B/s",   "MB/s",     "mV",    "mA",    "dBm",   "ug/m3",
      "mm/h",  "m/h", "ppm",  "/100",   "/1000", "hPa",      "mm",    "cm",    "km",    "km/h"};
  if (!unit->given || !unit->good) {
    return;
  }
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (strcmp(unit->text, known[i]) == 0) {
      return;
    }
  }
  vn__warning(loader, unit->mark, "`unit`: %s is no unit of SenML (degrees Celsius are `Cel`)",
              vn__quote(loader, vn__text(unit->text)));
}

static int64_t or_off(const vn__value_t *value) {
  return value->given && value->good ? value->number : VN_DURATION_OFF;
}

static int64_t or_zero(const vn__value_t *value) {
  return value->given && value->good ? value->number : 0;
}

/* What nobody would look at. */
static void refuse_without(vn__loader_t *loader, const vn__value_t *value, bool useful,
                           const char *text) {
  if (value->given && !useful) {
    vn__error(loader, value->mark, "%s", text);
  }
}

/* Deltas, how long what is late waits, and early results. */
static void build_lateness(vn__build_t *build, vn_pipeline_t *pipeline,
                           const vn__value_t values[VN__PIPELINE_KEYS]) {
  const vn__value_t *after = &values[VN__PIPELINE_AFTER_LATENESS];
  const vn__value_t *every = &values[VN__PIPELINE_LATE_EVERY];
  const vn__value_t *early = &values[VN__PIPELINE_EARLY_EVERY];
  const vn__value_t *room = &values[VN__PIPELINE_CORRECTIONS];
  const vn_summary_pipeline_t *summary = &pipeline->summary;
  bool corrects = after->number != 0;
  bool of_time = summary->window_count > 0 && summary->windows[0].shape < VN_WINDOW_SESSION;
  bool senml = build->configuration->plan.encoding >= VN_ENCODING_SENML_CBOR;
  pipeline->corrections = corrects && room->good ? (uint8_t)room->number : 0;
  pipeline->summary.corrects = pipeline->corrections > 0;
  pipeline->late_every_ms = or_zero(every);
  pipeline->early_every_ms = of_time ? or_zero(early) : 0;
  refuse_without(build->loader, room, corrects,
                 "`corrections` needs `after_lateness: correct`: without it nothing is corrected");
  refuse_without(build->loader, every, of_time && (corrects || pipeline->lateness_ms > 0),
                 "`late_every` needs `allowed_lateness` or `after_lateness: correct`, and a "
                 "tumbling or a sliding window: nothing that is late would wait");
  refuse_without(build->loader, early, of_time,
                 "`early_every` needs a tumbling or a sliding window: others tell nothing early");
  refuse_without(build->loader, after, !corrects || of_time,
                 "`after_lateness: correct` needs a tumbling or a sliding window");
  refuse_without(build->loader, after, !corrects || !senml,
                 "`after_lateness: correct` needs `summaries.encoding` cbor, cbor-named or json: "
                 "SenML can't tell a delta from a result");
}

static void build_series(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *value) {
  uint32_t most = build->configuration->plan.series_max;
  pipeline->series_max = value->given && value->good ? (uint32_t)value->number : most;
  if (pipeline->series_max > most) {
    vn__error(build->loader, value->mark,
              "`series`: %u is more than `capacity.series`, which is %u for all pipelines together",
              (unsigned)pipeline->series_max, (unsigned)most);
  }
}

static void build_identity(vn__loader_t *loader, vn_pipeline_t *pipeline,
                           const vn__value_t values[VN__PIPELINE_KEYS]) {
  const vn__value_t *same_time = &values[VN__PIPELINE_SAME_TIME];
  pipeline->deduplicate = (uint8_t)values[VN__PIPELINE_DEDUPLICATE].number;
  pipeline->same_time = (uint8_t)same_time->number;
  if (pipeline->same_time == VN_SAME_TIME_CONFLICT && pipeline->deduplicate == 0) {
    vn__error(loader, same_time->mark,
              "`same_time: conflict` needs `deduplicate` beside it: how many readings are "
              "remembered, such as 8");
  }
}

/* An alert that waits longer than its series lives would never fire, or see it silent. */
static void build_time_to_live(vn__loader_t *loader, vn_pipeline_t *pipeline,
                               const vn__value_t *value) {
  pipeline->time_to_live_ms = or_zero(value);
  for (uint8_t i = 0; i < pipeline->alert_count && pipeline->time_to_live_ms > 0; i++) {
    const vn_alert_plan_t *alert = &pipeline->alerts[i];
    bool absent = alert->rule.condition == VN_ALERT_ABSENT_FOR;
    int64_t silence_ms = absent ? alert->rule.period_ms : alert->no_data_after_ms;
    if (silence_ms >= pipeline->time_to_live_ms) {
      vn__error(loader, value->mark,
                "`time_to_live` of %s gives a series up before alert %s can %s: make it longer "
                "than the `%s` of %s",
                vn__duration_text(loader, pipeline->time_to_live_ms),
                vn__quote(loader, vn__text(alert->name)), absent ? "fire" : "see the silence",
                !absent                  ? "no_data_after"
                : alert->rule.times == 0 ? "absent_for"
                                         : "at_most",
                vn__duration_text(loader, silence_ms));
    }
  }
}

void vn__build_limit(vn__loader_t *loader, const vn__value_t *section, vn_rate_t *out) {
  vn__value_t values[VN__LIMIT_KEYS];
  if (!section->good || !vn__read_section(loader, &vn__limit_section, section->node, values)) {
    return;
  }
  const vn__value_t *burst = &values[VN__LIMIT_BURST];
  out->readings = (uint32_t)values[VN__LIMIT_READINGS].number;
  out->per_ms = (uint32_t)values[VN__LIMIT_PER].number;
  out->burst = burst->given ? (uint32_t)burst->number : out->readings;
}

static void build_pipeline(vn__build_t *build, uint32_t index, const vn__node_t *item,
                           vn__value_t *names) {
  vn__loader_t *loader = build->loader;
  vn_pipeline_t *pipeline = &build->pipelines[index];
  vn__pipeline_marks_t *marks = &build->pipeline_marks[index];
  vn__value_t values[VN__PIPELINE_KEYS];
  (void)vn__read_section(loader, &vn__pipeline_section, item, values);
  marks->pipeline = item->mark;
  names[index] = values[VN__PIPELINE_NAME];
  vn__check_duplicate(loader, "pipeline", names, index);
  pipeline->summary.name = values[VN__PIPELINE_NAME].text;
  pipeline->summary.unit = values[VN__PIPELINE_UNIT].text;
  pipeline->match = vn__text(values[VN__PIPELINE_MATCH].text);
  pipeline->time_mode = (uint8_t)values[VN__PIPELINE_TIME].number;
  pipeline->scope = (uint8_t)values[VN__PIPELINE_SCOPE].number;
  pipeline->out_of_order_ms = values[VN__PIPELINE_OUT_OF_ORDER].number;
  pipeline->lateness_ms = values[VN__PIPELINE_ALLOWED_LATENESS].number;
  pipeline->idle_timeout_ms = or_off(&values[VN__PIPELINE_IDLE_TIMEOUT]);
  pipeline->max_future_ms = or_off(&values[VN__PIPELINE_MAX_FUTURE]);
  pipeline->unset_clock = (uint8_t)values[VN__PIPELINE_UNSET_CLOCK].number;
  build_identity(loader, pipeline, values);
  vn__build_limit(loader, &values[VN__PIPELINE_LIMIT], &pipeline->limit);
  pipeline->expected_every_ms = or_zero(&values[VN__PIPELINE_EXPECTED_EVERY]);
  build_series(build, pipeline, &values[VN__PIPELINE_SERIES]);
  check_unit(loader, &values[VN__PIPELINE_UNIT]);
  build_resolution(loader, pipeline, &values[VN__PIPELINE_RESOLUTION]);
  build_range(loader, pipeline, &values[VN__PIPELINE_RANGE]);
  check_shadow(build, index, &values[VN__PIPELINE_MATCH]);
  vn__build_windows(build, pipeline, &values[VN__PIPELINE_WINDOWS], marks);
  vn__build_alerts(build, pipeline, &values[VN__PIPELINE_ALERTS], marks);
  vn__build_evidence(loader, pipeline, &values[VN__PIPELINE_EVIDENCE]);
  vn__build_ordered(build, pipeline, values, marks);
  build_lateness(build, pipeline, values);
  build_time_to_live(loader, pipeline, &values[VN__PIPELINE_TIME_TO_LIVE]);
}

void vn__build_pipelines(vn__build_t *build, const vn__value_t *list) {
  if (!list->good) {
    return;
  }
  uint32_t count = list->node->count;
  if (count == 0) {
    vn__error(build->loader, list->mark, "`pipelines` is empty: nothing would be computed");
    return;
  }
  VN_ASSERT(count <= VN_PIPELINES_MAX);
  vn__arena_t *arena = &build->loader->arena;
  build->pipelines = vn__arena_take(arena, count * sizeof(*build->pipelines));
  build->pipeline_marks = vn__arena_take(arena, count * sizeof(*build->pipeline_marks));
  vn__value_t names[VN_PIPELINES_MAX];
  uint32_t index = 0;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    build_pipeline(build, index++, item, names);
  }
  build->configuration->plan.pipelines = build->pipelines;
  build->configuration->plan.pipeline_count = (uint8_t)count;
}
