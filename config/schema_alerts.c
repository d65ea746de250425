/* The schema of alerts. */
#include "schema_priv.h"

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)
#define LONGEST (36500 * DAY)
#define NAME_BYTES VN_WORD_MAX
#define TEXT_BYTES 255
#define SEVERITY_BYTES 32
#define KEYS(keys) (keys), (uint32_t)(sizeof(keys) / sizeof((keys)[0]))

static const vn__word_t detector_words[] = {
    {"residual", VN_DETECTOR_RESIDUAL, false},
    {"composite", VN_DETECTOR_COMPOSITE, false},
    {NULL, 0, false},
};
static const vn__key_t deviation_keys[] = {
    [VN__DEVIATION_DETECTOR] = {.name = "detector",
                                .type = VN__WORD,
                                .words = detector_words,
                                .fallback = "residual",
                                .doc = "What keeps the baseline and scores each reading."},
    [VN__DEVIATION_THRESHOLD] = {.name = "threshold",
                                 .type = VN__DECIMAL,
                                 .fallback = "6",
                                 .doc =
                                     "True at a score above it, -log10 of how rare such a reading "
                                     "is; docs/anomaly.md has measured rates; 0.001 to 57."},
    [VN__DEVIATION_WARM_UP] = {.name = "warm_up",
                               .type = VN__INTEGER,
                               .low = 1,
                               .high = 1000000,
                               .fallback = "300",
                               .doc = "Readings of a series before the first that can be true."},
    [VN__DEVIATION_REFRACTORY] = {.name = "refractory",
                                  .type = VN__DURATION,
                                  .low = 1,
                                  .high = LONGEST,
                                  .fallback = "1h",
                                  .doc = "How long a deviation stays true: what comes in this "
                                         "time is the same incident."},
};
const vn__section_t vn__deviation_section = {"pipelines[].alerts[].deviation",
                                             "Deviation of a series from its own baseline; `{}` is "
                                             "enough.",
                                             KEYS(deviation_keys)};

static const vn__word_t evaluate_words[] = {
    {"arrival", 0, false}, {"event", 1, false}, {NULL, 0, false}};
static const vn__word_t truth_words[] = {{"false", 0, false}, {"true", 1, false}, {NULL, 0, false}};

static const vn__key_t level_keys[] = {
    [VN__LEVEL_SEVERITY] = {.name = "severity",
                            .type = VN__NAME,
                            .high = SEVERITY_BYTES,
                            .required = true,
                            .doc = "Severity of an episode while it is at this level."},
    [VN__LEVEL_ABOVE] =
        {.name = "above",
         .type = VN__DECIMAL,
         .doc =
             "Holds from v > limit on, until v <= limit - hysteresis; rises from level to level."},
    [VN__LEVEL_BELOW] =
        {.name = "below",
         .type = VN__DECIMAL,
         .doc =
             "Holds from v < limit on, until v >= limit + hysteresis; falls from level to level."},
    [VN__LEVEL_HYSTERESIS] = {.name = "hysteresis",
                              .type = VN__DECIMAL,
                              .fallback_words = "that of the alert",
                              .doc = "How far behind its limits the value must go back."},
};
const vn__section_t vn__level_section = {
    "pipelines[].alerts[].levels[]",
    "One level, the mildest first; it has `above`, `below` or both.", KEYS(level_keys)};

static const vn__key_t change_keys[] = {
    [VN__CHANGE_ABOVE] =
        {.name = "above",
         .type = VN__DECIMAL,
         .doc = "True when the value rises faster: a change per `per` above this limit."},
    [VN__CHANGE_BELOW] =
        {.name = "below",
         .type = VN__DECIMAL,
         .doc = "True when it falls faster: a change per `per` below this limit, such as -5."},
    [VN__CHANGE_PER] = {.name = "per",
                        .type = VN__DURATION,
                        .low = 1,
                        .high = DAY,
                        .required = true,
                        .doc = "The time that limits are for."},
};
const vn__section_t vn__change_section = {
    "pipelines[].alerts[].rate_of_change",
    "Change from one reading to the next; it has `above`, `below` or both.", KEYS(change_keys)};

static const vn__key_t absent_keys[] = {
    [VN__ABSENT_TIMES] = {.name = "times",
                          .type = VN__INTEGER,
                          .low = 2,
                          .high = 100,
                          .required = true,
                          .doc = "So many of the learned periods are too long a silence."},
    [VN__ABSENT_AT_LEAST] = {.name = "at_least",
                             .type = VN__DURATION,
                             .low = 1,
                             .high = LONGEST,
                             .required = true,
                             .doc = "No shorter silence fires."},
    [VN__ABSENT_AT_MOST] =
        {.name = "at_most",
         .type = VN__DURATION,
         .low = 1,
         .high = LONGEST,
         .required = true,
         .doc = "A silence this long fires in any case, and until 8 gaps are learned."},
};
const vn__section_t vn__absent_section = {
    "pipelines[].alerts[].absent_for",
    "A silence measured by the period that the series has had so far.", KEYS(absent_keys)};

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
                      .doc = "What is compared: each reading, or a statistic of each window at its "
                             "first result. count, sum, min, max, first, last, mean and range are "
                             "there always, others where the window's `statistics` name them."},
    [VN__ALERT_SEVERITY] =
        {.name = "severity",
         .type = VN__NAME,
         .high = SEVERITY_BYTES,
         .doc = "A word for people and routing, such as `warning`, `critical`; not with `levels`."},
    [VN__ALERT_ABOVE] = {.name = "above",
                         .type = VN__DECIMAL,
                         .doc = "True from v > limit on, until v <= limit - hysteresis."},
    [VN__ALERT_BELOW] = {.name = "below",
                         .type = VN__DECIMAL,
                         .doc = "True from v < limit on, until v >= limit + hysteresis."},
    [VN__ALERT_OUTSIDE] = {.name = "outside",
                           .type = VN__INTERVAL,
                           .doc = "True outside a band: from v < low or v > high on, until low + "
                                  "hysteresis <= v <= high - hysteresis."},
    [VN__ALERT_INSIDE] = {.name = "inside",
                          .type = VN__INTERVAL,
                          .doc = "True inside a band: from low <= v <= high on, until v < low - "
                                 "hysteresis or v > high + hysteresis."},
    [VN__ALERT_LEVELS] =
        {.name = "levels",
         .type = VN__SECTIONS,
         .section = &vn__level_section,
         .high = VN_ALERT_LEVELS_MAX,
         .doc = "Two to four limits with a severity each, the mildest first: `levels: [{severity: "
                "warning, above: 70}, {severity: critical, above: 90}]`."},
    [VN__ALERT_RATE_OF_CHANGE] = {.name = "rate_of_change",
                                  .type = VN__SECTION,
                                  .section = &vn__change_section,
                                  .doc = "True when a value changes too fast from one reading to "
                                         "the next: `rate_of_change: {above: 5, per: 1m}`."},
    [VN__ALERT_REACHES] =
        {.name = "reaches",
         .type = VN__DECIMAL,
         .doc = "With `of: window.slope`: true when the line through the window's readings is at "
                "this limit or above at its end, or `within` a time later."},
    [VN__ALERT_FALLS_TO] = {.name = "falls_to",
                            .type = VN__DECIMAL,
                            .doc = "The same, at this limit or below."},
    [VN__ALERT_UNCHANGED_FOR] = {.name = "unchanged_for",
                                 .type = VN__DURATION,
                                 .low = 1,
                                 .high = LONGEST,
                                 .doc = "True when the value has stayed the same for so long."},
    [VN__ALERT_DEVIATION] = {.name = "deviation",
                             .type = VN__SECTION,
                             .section = &vn__deviation_section,
                             .doc = "True when a value deviates from the series' own baseline: "
                                    "`deviation: {threshold: 6, refractory: 1h}`."},
    [VN__ALERT_ABSENT_FOR] = {.name = "absent_for",
                              .type = VN__DURATION_OR_SECTION,
                              .section = &vn__absent_section,
                              .low = 1,
                              .high = LONGEST,
                              .doc = "Fires when nothing of the series has arrived for so long: "
                                     "`absent_for: 5m`, or `absent_for: {times: 5, at_least: 10s, "
                                     "at_most: 1h}`, which learns how often it comes."},
    [VN__ALERT_WITHIN] = {.name = "within",
                          .type = VN__DURATION,
                          .low = 0,
                          .high = LONGEST,
                          .doc =
                              "With `after`: how long ago that alert's verdict may have been true. "
                              "With `reaches` and `falls_to`: how far ahead the line is followed."},
    [VN__ALERT_HYSTERESIS] = {.name = "hysteresis",
                              .type = VN__DECIMAL,
                              .fallback = "0",
                              .doc = "How far behind the limit the value must go back; with limits "
                                     "of values, statistics and rates."},
    [VN__ALERT_AFTER] = {.name = "after",
                         .type = VN__TEXT,
                         .high = NAME_BYTES,
                         .form = "name of an alert",
                         .doc = "Counts only once this alert, which stands before in the same "
                                "pipeline, was true: `after: door_open, within: 30s`."},
    [VN__ALERT_AT_LEAST] = {.name = "at_least",
                            .type = VN__INTEGER,
                            .low = 1,
                            .high = VN_ALERT_HISTORY_MAX,
                            .doc =
                                "True only when so many evaluations were, of the last `of_last`."},
    [VN__ALERT_OF_LAST] = {.name = "of_last",
                           .type = VN__INTEGER,
                           .low = 1,
                           .high = VN_ALERT_HISTORY_MAX,
                           .doc = "So many evaluations are looked at; with `at_least`."},
    [VN__ALERT_CONSECUTIVE] = {.name = "consecutive",
                               .type = VN__INTEGER,
                               .low = 1,
                               .high = VN_ALERT_HISTORY_MAX,
                               .doc = "True only when the last so many evaluations all were."},
    [VN__ALERT_FOR] = {.name = "for",
                       .type = VN__DURATION,
                       .low = 0,
                       .high = LONGEST,
                       .fallback = "0s",
                       .doc = "How long it must be true before the alert fires."},
    [VN__ALERT_MIN_SAMPLES] =
        {.name = "min_samples",
         .type = VN__INTEGER,
         .low = 1,
         .high = 1000000,
         .fallback = "1",
         .doc =
             "How many evaluations must be true before the alert fires, the first one included."},
    [VN__ALERT_KEEP_FIRING_FOR] = {.name = "keep_firing_for",
                                   .type = VN__DURATION,
                                   .low = 0,
                                   .high = LONGEST,
                                   .fallback = "0s",
                                   .doc = "How long it must be false before the alert is over."},
    [VN__ALERT_NO_DATA_AFTER] = {.name = "no_data_after",
                                 .type = VN__DURATION,
                                 .low = 1,
                                 .high = LONGEST,
                                 .fallback_words = "never",
                                 .doc = "After this silence of the series the alert is in the "
                                        "state `no_data`, until the next arrival."},
    [VN__ALERT_LATCH] = {.name = "latch",
                         .type = VN__WORD,
                         .words = truth_words,
                         .fallback = "false",
                         .doc = "An alert that fired isn't over until the command `reset`."},
    [VN__ALERT_EVALUATE] =
        {.name = "evaluate",
         .type = VN__WORD,
         .words = evaluate_words,
         .fallback = "arrival",
         .doc = "Readings are evaluated as they arrive, or in the order of their times, when the "
                "watermark has passed them: see `out_of_order` and `reorder`."},
    [VN__ALERT_REPEAT_EVERY] =
        {.name = "repeat_every",
         .type = VN__DURATION,
         .low = 1,
         .high = LONGEST,
         .fallback_words = "never",
         .doc = "How often an alert that still fires, and isn't acknowledged, is told again."},
    [VN__ALERT_INHIBITED_BY] = {.name = "inhibited_by",
                                .type = VN__TEXTS,
                                .high = NAME_BYTES,
                                .doc = "Alerts of the same pipeline that mute this one of the same "
                                       "series while they fire: `inhibited_by: [power_lost]`."},
    [VN__ALERT_GROUP] = {.name = "group",
                         .type = VN__NAME,
                         .high = NAME_BYTES,
                         .doc = "Alerts of one group, in any pipelines, tell which of them was "
                                "first (`first_in_group`); at most 16 groups."},
    [VN__ALERT_URGENT] = {.name = "urgent",
                          .type = VN__WORD,
                          .words = truth_words,
                          .fallback = "false",
                          .doc = "No flood mutes it (`alerts.flood`)."},
    [VN__ALERT_EAGER] = {.name = "eager",
                         .type = VN__WORD,
                         .words = truth_words,
                         .fallback = "false",
                         .doc = "It is told before the state that it comes from is on the flash: "
                                "sooner by a commit, but after a crash perhaps once more, with "
                                "other bytes."},
    [VN__ALERT_PUBLISH] = {.name = "publish",
                           .type = VN__WORD,
                           .words = truth_words,
                           .fallback = "true",
                           .doc = "`false`: nobody is told; the alert is there for others that "
                                  "come `after` it or are `inhibited_by` it."},
    [VN__ALERT_LABELS] = {.name = "labels",
                          .type = VN__PAIRS,
                          .doc = "Texts that go along in its messages, for routing: `labels: "
                                 "{team: plant, line: \"1\"}`; up to 8, 512 bytes as JSON."},
    [VN__ALERT_ANNOTATIONS] =
        {.name = "annotations",
         .type = VN__PAIRS,
         .doc = "The same for people: `annotations: {runbook: \"https://example.org/overheat\"}`."},
};
const vn__section_t vn__alert_section = {
    "pipelines[].alerts[]",
    "One alert; it has exactly one of `above`, `below`, `outside`, `inside`, `levels`, "
    "`rate_of_change`, `reaches`, `falls_to`, `unchanged_for`, `deviation`, `absent_for`. What "
    "each key means: [alerts](alerts.md).",
    KEYS(alert_keys)};

static const vn__key_t evidence_keys[] = {
    [VN__EVIDENCE_BEFORE] =
        {.name = "before",
         .type = VN__INTEGER,
         .low = 1,
         .high = VN_EVIDENCE_MAX,
         .fallback = "8",
         .doc = "Readings up to the one that caused the alert, this one included."},
    [VN__EVIDENCE_AFTER] =
        {.name = "after",
         .type = VN__INTEGER,
         .low = 0,
         .high = VN_EVIDENCE_MAX - 1,
         .fallback = "4",
         .doc = "Further readings, told in an event `evidence`; both together at most 32."},
    [VN__EVIDENCE_BYTES] =
        {.name = "bytes",
         .type = VN__INTEGER,
         .low = VN_EVIDENCE_BYTES_MIN,
         .high = VN_EVIDENCE_BYTES_MAX,
         .fallback = "512",
         .doc = "Room for them in a message; what doesn't fit is left out, the oldest first."},
};
const vn__section_t vn__evidence_section = {
    "pipelines[].evidence",
    "The last readings of each series, as evidence of its alerts; `{}` is enough.",
    KEYS(evidence_keys)};

static const vn__key_t alerts_keys[] = {
    [VN__ALERTS_FLOOD] = {.name = "flood",
                          .type = VN__SECTION,
                          .section = &vn__flood_section,
                          .fallback_words = "no limit",
                          .doc = "So many alerts may fire; more are a flood, which is told as one "
                                 "alert, `flood`, instead of them."},
};
const vn__section_t vn__alerts_section = {"alerts", "Alerts of all pipelines together.",
                                          KEYS(alerts_keys)};

static const vn__key_t flood_keys[] = {
    [VN__FLOOD_ALERTS] = {.name = "alerts",
                          .type = VN__INTEGER,
                          .low = 1,
                          .high = VN_RATE_MAX,
                          .required = true,
                          .doc = "So many at once, and in the long run."},
    [VN__FLOOD_PER] = {.name = "per",
                       .type = VN__DURATION,
                       .low = 1,
                       .high = VN_RATE_PER_MAX_MS,
                       .required = true,
                       .doc = "In this time."},
};
const vn__section_t vn__flood_section = {
    "alerts.flood", "A rate of alerts that fire, by the clock of the device (a token bucket).",
    KEYS(flood_keys)};
