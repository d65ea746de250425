/* The schema of alerts. */
#include "schema_priv.h"

#define SECOND INT64_C(1000)
#define DAY (86400 * SECOND)
#define LONGEST (36500 * DAY)
#define NAME_BYTES VN_WORD_MAX
#define TEXT_BYTES 255
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
    [VN__ALERT_DEVIATION] = {.name = "deviation",
                             .type = VN__SECTION,
                             .section = &vn__deviation_section,
                             .doc = "True when a value deviates from the series' own baseline: "
                                    "`deviation: {threshold: 6, refractory: 1h}`."},
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
const vn__section_t vn__alert_section = {"pipelines[].alerts[]",
                                         "One alert; it has exactly one of `above`, `below`, "
                                         "`absent_for`, `unchanged_for`, `deviation`.",
                                         KEYS(alert_keys)};
