/* The schema of inputs and pipelines. */
#include "schema_priv.h"

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)
#define LONGEST (36500 * DAY)
#define NAME_BYTES VN_WORD_MAX
#define TEXT_BYTES 255
#define KEYS(keys) (keys), (uint32_t)(sizeof(keys) / sizeof((keys)[0]))

static const vn__word_t format_words[] = {{"number", VN_FORMAT_NUMBER, false},
                                          {"json", VN_FORMAT_JSON, false},
                                          {"cbor", VN_FORMAT_CBOR, false},
                                          {"senml+json", VN_FORMAT_SENML_JSON, false},
                                          {"senml+cbor", VN_FORMAT_SENML_CBOR, false},
                                          {NULL, 0, false}};
static const vn__key_t input_keys[] = {
    [VN__INPUT_TOPIC] = {.name = "topic",
                         .type = VN__TEXT,
                         .high = 1024,
                         .form = "topic pattern",
                         .required = true,
                         .doc = "What to subscribe to. A brace is a `+` with a name: "
                                "`\"plant/{line}/+/{sensor}/#\"`."},
    [VN__INPUT_QOS] = {.name = "qos",
                       .type = VN__INTEGER,
                       .low = 0,
                       .high = 1,
                       .fallback = "1",
                       .doc =
                           "Quality of service. 1 loses nothing between broker and us; duplicates "
                           "are found by us."},
    [VN__INPUT_FORMAT] = {.name = "format",
                          .type = VN__WORD,
                          .words = format_words,
                          .required = true,
                          .doc = "How payloads are written. An array is a batch in each of them."},
    [VN__INPUT_SERIES] = {.name = "series",
                          .type = VN__TEXT,
                          .high = TEXT_BYTES,
                          .form = "template",
                          .fallback_words = "`{name}` for SenML, else `{topic}`",
                          .doc = "Name of the series, made of captures: `\"{line}/{sensor}\"`. "
                                 "`{topic}` is the whole topic, `{name}` SenML's resolved name."},
    [VN__INPUT_FIELDS] = {.name = "fields",
                          .type = VN__SECTIONS,
                          .section = &vn__field_section,
                          .high = VN_FIELDS_MAX,
                          .doc = "The values of a message; needed for `json` and `cbor`, and only "
                                 "there."},
    [VN__INPUT_TIME] = {.name = "time",
                        .type = VN__SECTION,
                        .section = &vn__time_section,
                        .fallback_words = "time of arrival",
                        .doc = "Where `json` and `cbor` carry the time of the reading."},
    [VN__INPUT_SEQUENCE] = {.name = "sequence",
                            .type = VN__SECTION,
                            .section = &vn__sequence_section,
                            .doc = "Where `json` and `cbor` carry a sequence number, which finds "
                                   "duplicates and holes."},
};
const vn__section_t vn__input_section = {"inputs[]", "One subscription.", KEYS(input_keys)};

static const vn__key_t field_keys[] = {
    [VN__FIELD_PATH] = {.name = "path",
                        .type = VN__TEXT,
                        .high = 1024,
                        .form = "path",
                        .required = true,
                        .doc = "Where the value is: `params.temperature:0.tC`, `list[0].value`, "
                               "`Messages[*].Payload.x`; a key that holds a dot is quoted."},
    [VN__FIELD_SERIES] = {.name = "series",
                          .type = VN__TEXT,
                          .high = TEXT_BYTES,
                          .form = "template",
                          .fallback_words = "that of the input",
                          .doc = "Name of the series that this value belongs to."},
    [VN__FIELD_MISSING] = {.name = "missing",
                           .type = VN__DECIMAL,
                           .doc = "A value that means: no reading, such as -200."},
};
const vn__section_t vn__field_section = {"inputs[].fields[]", "One value of a message.",
                                         KEYS(field_keys)};

static const vn__word_t unit_words[] = {{"s", VN_UNIT_S, false},
                                        {"ms", VN_UNIT_MS, false},
                                        {"us", VN_UNIT_US, false},
                                        {"rfc3339", VN_UNIT_RFC3339, false},
                                        {NULL, 0, false}};
static const vn__key_t time_keys[] = {
    [VN__TIME_PATH] = {.name = "path",
                       .type = VN__TEXT,
                       .high = 1024,
                       .form = "path",
                       .required = true,
                       .doc = "Where the time is."},
    [VN__TIME_UNIT] = {.name = "unit",
                       .type = VN__WORD,
                       .words = unit_words,
                       .required = true,
                       .doc =
                           "Seconds, milliseconds or microseconds since 1970, or text with a time "
                           "zone. It is never guessed."},
};
const vn__section_t vn__time_section = {"inputs[].time", "Time of a reading.", KEYS(time_keys)};

static const vn__key_t sequence_keys[] = {
    [VN__SEQUENCE_PATH] = {.name = "path",
                           .type = VN__TEXT,
                           .high = 1024,
                           .form = "path",
                           .required = true,
                           .doc = "Where the sequence number is."},
};
const vn__section_t vn__sequence_section = {"inputs[].sequence", "Sequence number of a message.",
                                            KEYS(sequence_keys)};

static const vn__word_t time_words[] = {
    {"event", VN_TIME_EVENT, false}, {"arrival", VN_TIME_ARRIVAL, false}, {NULL, 0, false}};
static const vn__word_t scope_words[] = {
    {"series", VN_SCOPE_SERIES, false}, {"global", VN_SCOPE_GLOBAL, false}, {NULL, 0, false}};
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
};
const vn__section_t vn__pipeline_section = {
    "pipelines[]", "Windows and alerts for a group of series.", KEYS(pipeline_keys)};

#define STATISTIC_WORD(name, word) {word, VN_STATISTIC_##name, false},
const vn__word_t vn__statistic_words[] = {
    VN_STATISTIC_LIST(STATISTIC_WORD){"rate", 0, true},
    {"increase", 0, true},
    {"integral", 0, true},
    {"time_weighted_mean", 0, true},
    {"exponential_mean", 0, true},
    {NULL, 0, false},
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
         .fallback_words = "`[count, mean, min, max]`",
         .doc = "What messages carry. `variance` and `stddev` divide by n, "
                "`variance_sample` and `stddev_sample` by n - 1. Quantiles come from "
                "a histogram of 64 bins over `range`; `slope` is per second; "
                "`distinct` is an estimate."},
    [VN__WINDOW_SAMPLE] = {.name = "sample",
                           .type = VN__INTEGER,
                           .low = 0,
                           .high = VN_SAMPLE_MAX,
                           .fallback = "0",
                           .doc = "So many readings of the window, drawn uniformly, go along."},
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

static const vn__key_t alert_keys[] = {
    [VN__ALERT_NAME] = {.name = "name",
                        .type = VN__NAME,
                        .high = NAME_BYTES,
                        .required = true,
                        .doc = "Name of the alert: a level of its topic."},
    [VN__ALERT_OF] = {.name = "of",
                      .type = VN__TEXT,
                      .high = TEXT_BYTES,
                      .form = "`value` or `window.statistic`",
                      .fallback = "value",
                      .doc =
                          "What is compared: each reading, or a statistic (count, sum, min, max, "
                          "first, last, mean, range) of each window at its first result."},
    [VN__ALERT_ABOVE] = {.name = "above",
                         .type = VN__DECIMAL,
                         .doc = "True from v > limit on, until v <= limit - hysteresis."},
    [VN__ALERT_BELOW] = {.name = "below",
                         .type = VN__DECIMAL,
                         .doc = "True from v < limit on, until v >= limit + hysteresis."},
    [VN__ALERT_OUTSIDE] = {.name = "outside",
                           .planned = true,
                           .doc = "True outside a band; write two alerts meanwhile."},
    [VN__ALERT_INSIDE] = {.name = "inside", .planned = true, .doc = "True inside a band."},
    [VN__ALERT_ABSENT_FOR] = {.name = "absent_for",
                              .type = VN__DURATION,
                              .low = 1,
                              .high = LONGEST,
                              .doc = "Fires when nothing of the series has arrived for so long."},
    [VN__ALERT_UNCHANGED_FOR] = {.name = "unchanged_for",
                                 .type = VN__DURATION,
                                 .low = 1,
                                 .high = LONGEST,
                                 .doc = "True when the value has stayed the same for so long."},
    [VN__ALERT_HYSTERESIS] = {.name = "hysteresis",
                              .type = VN__DECIMAL,
                              .fallback = "0",
                              .doc =
                                  "How far behind the limit the value must go back; with `above` "
                                  "and `below`."},
    [VN__ALERT_FOR] = {.name = "for",
                       .type = VN__DURATION,
                       .low = 0,
                       .high = LONGEST,
                       .fallback = "0s",
                       .doc = "How long it must be true before the alert fires."},
    [VN__ALERT_KEEP_FIRING_FOR] = {.name = "keep_firing_for",
                                   .type = VN__DURATION,
                                   .low = 0,
                                   .high = LONGEST,
                                   .fallback = "0s",
                                   .doc = "How long it must be false before the alert is over."},
    [VN__ALERT_EVALUATE] = {.name = "evaluate",
                            .planned = true,
                            .doc = "Evaluation in order of time behind the watermark."},
    [VN__ALERT_SEVERITY] = {.name = "severity",
                            .type = VN__NAME,
                            .high = 32,
                            .doc = "A word for people and routing, such as `warning`, `critical`."},
};
const vn__section_t vn__alert_section = {
    "pipelines[].alerts[]",
    "One alert; it has exactly one of `above`, `below`, `absent_for`, `unchanged_for`.",
    KEYS(alert_keys)};

const vn__section_t *vn__schema_section(unsigned index) {
  static const vn__section_t *const sections[VN__SECTION_COUNT] = {
      &vn__root_section,      &vn__broker_section,   &vn__tls_section,      &vn__topics_section,
      &vn__summaries_section, &vn__capacity_section, &vn__state_section,    &vn__flash_section,
      &vn__input_section,     &vn__field_section,    &vn__time_section,     &vn__sequence_section,
      &vn__pipeline_section,  &vn__window_section,   &vn__tumbling_section, &vn__sliding_section,
      &vn__session_section,   &vn__count_section,    &vn__alert_section};
  VN_ASSERT(index < VN__SECTION_COUNT);
  return sections[index];
}
