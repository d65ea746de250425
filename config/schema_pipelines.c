/* The schema of pipelines. */
#include "schema_priv.h"

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)
#define LONGEST (36500 * DAY)
#define NAME_BYTES VN_WORD_MAX
#define TEXT_BYTES 255
#define KEYS(keys) (keys), (uint32_t)(sizeof(keys) / sizeof((keys)[0]))

static const vn__word_t time_words[] = {
    {"event", VN_TIME_EVENT, false}, {"arrival", VN_TIME_ARRIVAL, false}, {NULL, 0, false}};
static const vn__word_t scope_words[] = {
    {"series", VN_SCOPE_SERIES, false}, {"global", VN_SCOPE_GLOBAL, false}, {NULL, 0, false}};
static const vn__word_t same_time_words[] = {{"keep", VN_SAME_TIME_KEEP, false},
                                             {"conflict", VN_SAME_TIME_CONFLICT, false},
                                             {NULL, 0, false}};
static const vn__word_t interpolation_words[] = {{"hold", VN_TIME_WEIGHTED_LOCF, false},
                                                 {"linear", VN_TIME_WEIGHTED_TRAPEZOID, false},
                                                 {NULL, 0, false}};
static const vn__word_t unset_clock_words[] = {{"stamp", VN_UNSET_CLOCK_STAMP, false},
                                               {"hold", VN_UNSET_CLOCK_HOLD, false},
                                               {"refuse", VN_UNSET_CLOCK_REFUSE, false},
                                               {NULL, 0, false}};
static const vn__word_t after_lateness_words[] = {
    {"drop", 0, false}, {"correct", 1, false}, {NULL, 0, false}};
static const vn__key_t pipeline_keys[] = {
    [VN__PIPELINE_NAME] = {.name = "name",
                           .type = VN__NAME,
                           .high = NAME_BYTES,
                           .required = true,
                           .doc = "Name of the pipeline in results."},
    [VN__PIPELINE_MATCH] = {.name = "match",
                            .type = VN__TEXT,
                            .high = TEXT_BYTES,
                            .form = "glob",
                            .fallback = "*",
                            .doc = "Which series: `*` stands for any text, `/` too, `?` for one "
                                   "character."},
    [VN__PIPELINE_SERIES] = {.name = "series",
                             .type = VN__INTEGER,
                             .low = 1,
                             .high = 1000000,
                             .fallback_words = "`capacity.series`",
                             .doc = "At most so many series; what they need is reserved."},
    [VN__PIPELINE_UNIT] = {.name = "unit",
                           .type = VN__TEXT,
                           .high = 32,
                           .form = "unit",
                           .doc = "Unit in SenML's spelling: `Cel`, `%RH`, `Pa`, `V`."},
    [VN__PIPELINE_RESOLUTION] = {.name = "resolution",
                                 .type = VN__DECIMAL,
                                 .fallback = "0.01",
                                 .doc =
                                     "Smallest step of a value, a power of ten from 0.000000001 to "
                                     "1000000000; readings are rounded to it, half to even."},
    [VN__PIPELINE_RANGE] = {.name = "range",
                            .type = VN__INTERVAL,
                            .fallback_words = "all of int32 at the resolution",
                            .doc = "Lowest and highest value; readings outside are refused and "
                                   "counted."},
    [VN__PIPELINE_TIME] = {.name = "time",
                           .type = VN__WORD,
                           .words = time_words,
                           .fallback = "event",
                           .doc = "Windows by the time of the reading or by that of its arrival."},
    [VN__PIPELINE_SCOPE] = {.name = "scope",
                            .type = VN__WORD,
                            .words = scope_words,
                            .fallback = "series",
                            .doc = "A watermark for each series, or one for all of the pipeline."},
    [VN__PIPELINE_OUT_OF_ORDER] = {.name = "out_of_order",
                                   .type = VN__DURATION,
                                   .low = 0,
                                   .high = LONGEST,
                                   .fallback = "0s",
                                   .doc = "How far the watermark stays behind the latest reading."},
    [VN__PIPELINE_ALLOWED_LATENESS] = {.name = "allowed_lateness",
                                       .type = VN__DURATION,
                                       .low = 0,
                                       .high = LONGEST,
                                       .fallback = "0s",
                                       .doc =
                                           "How long a window still takes readings after its first "
                                           "result; each gives a revision."},
    [VN__PIPELINE_IDLE_TIMEOUT] = {.name = "idle_timeout",
                                   .type = VN__DURATION,
                                   .low = 1,
                                   .high = LONGEST,
                                   .fallback_words = "off",
                                   .doc = "After this silence what is open is closed."},
    [VN__PIPELINE_MAX_FUTURE] = {.name = "max_future",
                                 .type = VN__DURATION,
                                 .low = 0,
                                 .high = LONGEST,
                                 .fallback_words = "off",
                                 .doc = "Readings further ahead of the clock are put aside and "
                                        "counted."},
    [VN__PIPELINE_DEDUPLICATE] = {.name = "deduplicate",
                                  .type = VN__INTEGER,
                                  .low = 0,
                                  .high = VN_RECENT_MAX,
                                  .fallback = "0",
                                  .doc =
                                      "So many accepted readings of a series are remembered: one "
                                      "with the same time and value is a duplicate. Readings "
                                      "without a time of their own are no repeats of each other."},
    [VN__PIPELINE_SAME_TIME] = {.name = "same_time",
                                .type = VN__WORD,
                                .words = same_time_words,
                                .fallback = "keep",
                                .doc = "The time of a remembered reading with another value: both "
                                       "count, or the later one is refused as a `conflict`."},
    [VN__PIPELINE_LIMIT] = {.name = "limit",
                            .type = VN__SECTION,
                            .section = &vn__limit_section,
                            .fallback_words = "none",
                            .doc = "How many readings each series may bring: `limit: {readings: "
                                   "100, per: 1s, burst: 200}`. Those above are refused as "
                                   "`limited` and counted."},
    [VN__PIPELINE_AFTER_LATENESS] = {.name = "after_lateness",
                                     .type = VN__WORD,
                                     .words = after_lateness_words,
                                     .fallback = "drop",
                                     .doc = "What becomes of a reading whose window is gone: it is "
                                            "dropped as `late`, or told as a correction: a delta "
                                            "that consumers add to the window's result."},
    [VN__PIPELINE_CORRECTIONS] = {.name = "corrections",
                                  .type = VN__INTEGER,
                                  .low = 1,
                                  .high = VN_CORRECTIONS_MAX,
                                  .fallback = "4",
                                  .doc =
                                      "With `after_lateness: correct`: windows of a series whose "
                                      "deltas may wait for more; the oldest makes room."},
    [VN__PIPELINE_LATE_EVERY] =
        {.name = "late_every",
         .type = VN__DURATION,
         .low = 1,
         .high = LONGEST,
         .fallback_words = "at once",
         .doc = "How long revisions and deltas of windows of time wait, so that late "
                "readings of one window leave together."},
    [VN__PIPELINE_EARLY_EVERY] =
        {.name = "early_every",
         .type = VN__DURATION,
         .low = 1,
         .high = LONGEST,
         .fallback_words = "never",
         .doc = "How often open windows of time that changed give a result of kind `early`, in "
                "processing time."},
    [VN__PIPELINE_EXPECTED_EVERY] =
        {.name = "expected_every",
         .type = VN__DURATION,
         .low = 1,
         .high = LONGEST,
         .fallback_words = "coverage counts panes",
         .doc = "How often a reading should come: windows of time are divided into slots of this "
                "length for `coverage` and `gaps`."},
    [VN__PIPELINE_TIME_TO_LIVE] = {.name = "time_to_live",
                                   .type = VN__DURATION,
                                   .low = 1,
                                   .high = LONGEST,
                                   .fallback_words = "for ever",
                                   .doc = "After this silence a series is given up: what is open "
                                          "is told, its alerts are resolved, its place is free. A "
                                          "later reading opens it anew."},
    [VN__PIPELINE_REORDER] =
        {.name = "reorder",
         .type = VN__INTEGER,
         .low = 1,
         .high = VN_REORDER_CAPACITY_MAX,
         .fallback = "16",
         .doc = "Readings of a series that can wait for the watermark, for statistics that go by "
                "time order and for alerts with `evaluate: event`; enough are the readings of an "
                "`out_of_order`. With more of them the "
                "oldest goes on early, and what then comes behind it is counted as `unordered`."},
    [VN__PIPELINE_INTERPOLATION] =
        {.name = "interpolation",
         .type = VN__WORD,
         .words = interpolation_words,
         .fallback = "hold",
         .doc = "What `time_weighted_mean`, `integral` and `covered_ms` take a value to be between "
                "two readings: that of the first, or the straight line."},
    [VN__PIPELINE_MAX_HOLD] = {.name = "max_hold",
                               .type = VN__DURATION,
                               .low = 1,
                               .high = LONGEST,
                               .fallback_words = "off",
                               .doc = "`hold`: no value holds longer. `linear`: a longer gap isn't "
                                      "covered."},
    [VN__PIPELINE_COUNTER_MODULUS] =
        {.name = "counter_modulus",
         .type = VN__DECIMAL,
         .fallback_words = "none: a fall is a restart from 0",
         .doc = "Where the counter of `increase` and `rate` wraps: 65536 for one of 16 bits."},
    [VN__PIPELINE_HALF_LIFE] = {.name = "half_life",
                                .type = VN__DURATION,
                                .low = 1,
                                .high = LONGEST,
                                .fallback_words = "none",
                                .doc = "After this time without change `exponential_mean` has come "
                                       "half the way to the value."},
    [VN__PIPELINE_ALPHA] = {.name = "alpha",
                            .type = VN__DECIMAL,
                            .fallback_words = "none",
                            .doc = "Instead of `half_life`: the share of each reading, whatever "
                                   "the time between them; above 0, at most 1."},
    [VN__PIPELINE_UNSET_CLOCK] =
        {.name = "unset_clock",
         .type = VN__WORD,
         .words = unset_clock_words,
         .fallback = "stamp",
         .doc = "Readings whose time is that of their arrival, or "
                "relative to it, while the clock of the device is not "
                "set: `stamp` takes them with provisional times, and results say so; `hold` lets "
                "their messages, and what comes behind them, wait in the input queue; `refuse` "
                "counts them as `time`."},
    [VN__PIPELINE_WINDOWS] = {.name = "windows",
                              .type = VN__SECTIONS,
                              .section = &vn__window_section,
                              .high = VN_WINDOWS_MAX,
                              .doc = "What is summarised."},
    [VN__PIPELINE_ALERTS] = {.name = "alerts",
                             .type = VN__SECTIONS,
                             .section = &vn__alert_section,
                             .high = VN_ALERTS_MAX,
                             .doc = "What is watched."},
    [VN__PIPELINE_EVIDENCE] = {.name = "evidence",
                               .type = VN__SECTION,
                               .section = &vn__evidence_section,
                               .fallback_words = "none",
                               .doc = "Readings that are kept of each series and told with alerts "
                                      "of values: `evidence: {before: 8, after: 4, bytes: 512}`."},
};
const vn__section_t vn__pipeline_section = {
    "pipelines[]", "Windows and alerts for a group of series.", KEYS(pipeline_keys)};

static const vn__key_t limit_keys[] = {
    [VN__LIMIT_READINGS] = {.name = "readings",
                            .type = VN__INTEGER,
                            .low = 1,
                            .high = VN_RATE_MAX,
                            .required = true,
                            .doc = "So many in the long run."},
    [VN__LIMIT_PER] = {.name = "per",
                       .type = VN__DURATION,
                       .low = 1,
                       .high = VN_RATE_PER_MAX_MS,
                       .fallback = "1s",
                       .doc = "In this time."},
    [VN__LIMIT_BURST] = {.name = "burst",
                         .type = VN__INTEGER,
                         .low = 1,
                         .high = VN_RATE_MAX,
                         .fallback_words = "`readings`",
                         .doc = "So many at once, after a pause."},
};
const vn__section_t vn__limit_section = {
    "pipelines[].limit", "A rate of readings, by the clock of the device (a token bucket).",
    KEYS(limit_keys)};

const vn__section_t *vn__schema_section(unsigned index) {
  static const vn__section_t *const sections[VN__SECTION_COUNT] = {
      &vn__root_section,      &vn__broker_section,        &vn__tls_section,
      &vn__topics_section,    &vn__homeassistant_section, &vn__summaries_section,
      &vn__capacity_section,  &vn__state_section,         &vn__flash_section,
      &vn__input_section,     &vn__field_section,         &vn__time_section,
      &vn__sequence_section,  &vn__pipeline_section,      &vn__limit_section,
      &vn__window_section,    &vn__tumbling_section,      &vn__sample_section,
      &vn__sliding_section,   &vn__session_section,       &vn__count_section,
      &vn__report_section,    &vn__condition_section,     &vn__alert_section,
      &vn__level_section,     &vn__change_section,        &vn__absent_section,
      &vn__deviation_section, &vn__evidence_section,      &vn__derive_section,
      &vn__alerts_section,    &vn__flood_section,         &vn__commands_section,
      &vn__shadow_section};
  VN_ASSERT(index < VN__SECTION_COUNT);
  return sections[index];
}
