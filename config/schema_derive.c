/* The schema of derived series. */
#include "schema_priv.h"

#define TEXT_BYTES 255
#define KEYS(keys) (keys), (uint32_t)(sizeof(keys) / sizeof((keys)[0]))

static const vn__key_t derive_keys[] = {
    [VN__DERIVE_SERIES] = {.name = "series",
                           .type = VN__TEXT,
                           .high = TEXT_BYTES,
                           .form = "names",
                           .required = true,
                           .doc = "Name of the derived series. Its captures fill whole levels "
                                  "between slashes, and all operands have them: `\"{line}/dT\"`. A "
                                  "pipeline must take it."},
    [VN__DERIVE_DIFFERENCE] = {.name = "difference",
                               .type = VN__TEXTS,
                               .high = TEXT_BYTES,
                               .doc = "The first series less the second: `[\"{line}/supply\", "
                                      "\"{line}/return\"]`."},
    [VN__DERIVE_SUM] = {.name = "sum",
                        .type = VN__TEXTS,
                        .high = TEXT_BYTES,
                        .doc = "2 to 4 series added up."},
    [VN__DERIVE_RATIO] = {.name = "ratio",
                          .type = VN__TEXTS,
                          .high = TEXT_BYTES,
                          .doc = "The first series divided by the second."},
    [VN__DERIVE_OF] = {.name = "of",
                       .type = VN__TEXT,
                       .high = TEXT_BYTES,
                       .form = "window.statistic",
                       .required = true,
                       .doc = "What of the operands, such as `minute.mean`: a window of time that "
                              "all their pipelines have alike; count, sum, min, max, first, last, "
                              "mean or range."},
    [VN__DERIVE_AHEAD] = {.name = "ahead",
                          .type = VN__INTEGER,
                          .low = 0,
                          .high = 64,
                          .fallback = "4",
                          .doc = "So many results of one operand may wait for the others; beyond "
                                 "that the oldest is given up and counted."},
};
const vn__section_t vn__derive_section = {
    "derive[]", "A series that is computed from others, window by window.", KEYS(derive_keys)};
