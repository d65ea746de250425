/* The schema of inputs. */
#include "schema_priv.h"

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
