/* The schema of windows. */
#include "schema_priv.h"

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)
#define LONGEST (36500 * DAY)
#define NAME_BYTES VN_WORD_MAX
#define KEYS(keys) (keys), (uint32_t)(sizeof(keys) / sizeof((keys)[0]))

#define STATISTIC_WORD(name, word) {word, VN_STATISTIC_##name, false},
const vn__word_t vn__statistic_words[] = {
    VN_STATISTIC_LIST(STATISTIC_WORD){NULL, 0, false},
};
static const vn__key_t window_keys[] = {
    [VN__WINDOW_NAME] = {.name = "name",
                         .type = VN__NAME,
                         .high = NAME_BYTES,
                         .required = true,
                         .doc = "Name of the window in results."},
    [VN__WINDOW_TUMBLING] = {.name = "tumbling",
                             .type = VN__DURATION_OR_SECTION,
                             .section = &vn__tumbling_section,
                             .low = 1,
                             .high = LONGEST,
                             .doc = "Windows side by side: `tumbling: 1m`."},
    [VN__WINDOW_SLIDING] = {.name = "sliding",
                            .type = VN__SECTION,
                            .section = &vn__sliding_section,
                            .doc = "Windows that overlap: `sliding: {size: 10m, slide: 1m}`."},
    [VN__WINDOW_SESSION] = {.name = "session",
                            .type = VN__SECTION,
                            .section = &vn__session_section,
                            .doc = "Windows that end when nothing comes for a gap: `session: "
                                   "{gap: 30s}`."},
    [VN__WINDOW_COUNT] = {.name = "count",
                          .type = VN__INTEGER_OR_SECTION,
                          .section = &vn__count_section,
                          .low = 1,
                          .high = UINT32_MAX,
                          .doc = "Windows of so many readings, in order of arrival: `count: 100`, "
                                 "or `count: {size: 100, slide: 10}`."},
    [VN__WINDOW_REPORT] = {.name = "report",
                           .type = VN__SECTION,
                           .section = &vn__report_section,
                           .doc = "The readings themselves, thinned, with an error that is never "
                                  "exceeded: `report: {deadband: 0.5}`, or `report: "
                                  "{swinging_door: 0.5}`."},
    [VN__WINDOW_CONDITION] = {.name = "condition",
                              .type = VN__SECTION,
                              .section = &vn__condition_section,
                              .doc = "Windows that are open while values are beyond a limit: "
                                     "`condition: {above: 30, hysteresis: 2}`."},
    [VN__WINDOW_OFFSET] = {.name = "offset",
                           .type = VN__DURATION,
                           .low = -LONGEST,
                           .high = LONGEST,
                           .fallback = "0s",
                           .doc = "Shifts the starts, which are multiples of the slide since 1970 "
                                  "(UTC); may be negative, shorter than the slide."},
    [VN__WINDOW_STATISTICS] =
        {.name = "statistics",
         .type = VN__WORDS,
         .words = vn__statistic_words,
         .fallback_words = "`[count, mean, min, max]`; of a report `[count]`",
         .doc = "What messages carry. `variance` and `stddev` divide by n, "
                "`variance_sample` and `stddev_sample` by n - 1. Quantiles come from "
                "a histogram of 64 bins over `range`; `slope` is per second; "
                "`distinct` is an estimate. `time_weighted_mean`, `integral` (unit times seconds), "
                "`covered_ms`, `increase`, `rate` (per second) and `exponential_mean` go by time "
                "order: see `reorder`."},
    [VN__WINDOW_SAMPLE] = {.name = "sample",
                           .type = VN__INTEGER_OR_SECTION,
                           .section = &vn__sample_section,
                           .low = 0,
                           .high = VN_SAMPLE_MAX,
                           .fallback = "0",
                           .doc = "So many readings of the window go along, drawn uniformly: "
                                  "`sample: 8`, or with a weight: `sample: {size: 8, weight: "
                                  "value}`."},
};
const vn__section_t vn__window_section = {
    "pipelines[].windows[]", "One window; it has exactly one of the shapes.", KEYS(window_keys)};

static const vn__key_t session_keys[] = {
    [VN__SESSION_GAP] = {.name = "gap",
                         .type = VN__DURATION,
                         .low = 1,
                         .high = LONGEST,
                         .required = true,
                         .doc = "Readings not further apart belong to one session."},
};
const vn__section_t vn__session_section = {"pipelines[].windows[].session", "A session window.",
                                           KEYS(session_keys)};

static const vn__key_t count_keys[] = {
    [VN__COUNT_SIZE] = {.name = "size",
                        .type = VN__INTEGER,
                        .low = 1,
                        .high = UINT32_MAX,
                        .required = true,
                        .doc = "Readings of a window."},
    [VN__COUNT_SLIDE] = {.name = "slide",
                         .type = VN__INTEGER,
                         .low = 1,
                         .high = UINT32_MAX,
                         .fallback_words = "the size",
                         .doc = "A result at each so-many-th reading."},
};
const vn__section_t vn__count_section = {"pipelines[].windows[].count",
                                         "A count window written at length.", KEYS(count_keys)};

static const vn__key_t report_keys[] = {
    [VN__REPORT_DEADBAND] = {.name = "deadband",
                             .type = VN__DECIMAL,
                             .doc = "A reading further than this from the last point is a point; "
                                    "others are what the last point says."},
    [VN__REPORT_SWINGING_DOOR] = {.name = "swinging_door",
                                  .type = VN__DECIMAL,
                                  .doc =
                                      "Straight lines between the points pass no reading further "
                                      "than this aside."},
    [VN__REPORT_AT_LEAST_EVERY] = {.name = "at_least_every",
                                   .type = VN__DURATION,
                                   .low = 1,
                                   .high = LONGEST,
                                   .fallback = "10m",
                                   .doc = "A record covers less than this, by the time of the "
                                          "readings, however few its points are."},
    [VN__REPORT_POINTS] = {.name = "points",
                           .type = VN__INTEGER,
                           .low = 2,
                           .high = VN_SAMPLE_MAX,
                           .fallback = "32",
                           .doc = "A record ends with its so-many-th point."},
};
const vn__section_t vn__report_section = {"pipelines[].windows[].report",
                                          "Readings, thinned, with one of the two methods.",
                                          KEYS(report_keys)};

static const vn__key_t condition_keys[] = {
    [VN__CONDITION_ABOVE] = {.name = "above",
                             .type = VN__DECIMAL,
                             .doc = "Open from v > limit on, until v <= limit - hysteresis."},
    [VN__CONDITION_BELOW] = {.name = "below",
                             .type = VN__DECIMAL,
                             .doc = "Open from v < limit on, until v >= limit + hysteresis."},
    [VN__CONDITION_HYSTERESIS] = {.name = "hysteresis",
                                  .type = VN__DECIMAL,
                                  .fallback = "0",
                                  .doc = "How far behind the limit the value must go back."},
    [VN__CONDITION_MAX_LENGTH] = {.name = "max_length",
                                  .type = VN__DURATION,
                                  .low = 1,
                                  .high = LONGEST,
                                  .fallback_words = "off",
                                  .doc = "A longer window is cut: the first reading at or behind "
                                         "this length begins the next one."},
};
const vn__section_t vn__condition_section = {
    "pipelines[].windows[].condition",
    "A condition window; it has exactly one of `above`, `below`.", KEYS(condition_keys)};

static const vn__key_t tumbling_keys[] = {
    [VN__TUMBLING_SIZE] = {.name = "size",
                           .type = VN__DURATION,
                           .low = 1,
                           .high = LONGEST,
                           .required = true,
                           .doc = "Length of a window."},
    [VN__TUMBLING_OFFSET] = {.name = "offset",
                             .type = VN__DURATION,
                             .low = -LONGEST,
                             .high = LONGEST,
                             .fallback_words = "that of the window",
                             .doc = "Shifts the starts."},
};
const vn__section_t vn__tumbling_section = {
    "pipelines[].windows[].tumbling", "A tumbling window written at length.", KEYS(tumbling_keys)};

static const vn__key_t sliding_keys[] = {
    [VN__SLIDING_SIZE] = {.name = "size",
                          .type = VN__DURATION,
                          .low = 1,
                          .high = LONGEST,
                          .required = true,
                          .doc = "Length of a window."},
    [VN__SLIDING_SLIDE] = {.name = "slide",
                           .type = VN__DURATION,
                           .low = 1,
                           .high = LONGEST,
                           .required = true,
                           .doc = "Distance of the starts."},
    [VN__SLIDING_OFFSET] = {.name = "offset",
                            .type = VN__DURATION,
                            .low = -LONGEST,
                            .high = LONGEST,
                            .fallback_words = "that of the window",
                            .doc = "Shifts the starts."},
};
const vn__section_t vn__sliding_section = {"pipelines[].windows[].sliding", "A sliding window.",
                                           KEYS(sliding_keys)};

static const vn__word_t weight_words[] = {{"none", VN_WEIGHT_NONE, false},
                                          {"value", VN_WEIGHT_VALUE, false},
                                          {"recency", VN_WEIGHT_RECENCY, false},
                                          {NULL, 0, false}};
static const vn__key_t sample_keys[] = {
    [VN__SAMPLE_SIZE] = {.name = "size",
                         .type = VN__INTEGER,
                         .low = 1,
                         .high = VN_SAMPLE_MAX,
                         .required = true,
                         .doc = "So many readings."},
    [VN__SAMPLE_WEIGHT] = {.name = "weight",
                           .type = VN__WORD,
                           .words = weight_words,
                           .fallback = "none",
                           .doc = "What makes a reading likelier to be drawn: nothing, its "
                                  "magnitude (0 comes behind all others), or that it is newer."},
    [VN__SAMPLE_HALF_LIFE] = {.name = "half_life",
                              .type = VN__DURATION,
                              .low = 1,
                              .high = LONGEST,
                              .doc = "With `recency`: a reading so much older weighs half."},
};
const vn__section_t vn__sample_section = {
    "pipelines[].windows[].sample",
    "A sample written at length. Those of all `tumbling` and `sliding` windows of a pipeline have "
    "the same weight.",
    KEYS(sample_keys)};
