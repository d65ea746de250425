/* Private to config/: the schema. One table drives checking, defaults, suggestions and docs. */
#ifndef VN_SCHEMA_PRIV_H
#define VN_SCHEMA_PRIV_H

#include "loader_priv.h"

typedef enum vn__type {
  VN__TEXT,                /* high: longest in bytes */
  VN__NAME,                /* [A-Za-z0-9][A-Za-z0-9._-]*; high as above */
  VN__DURATION,            /* number: ms */
  VN__SIZE,                /* number: bytes */
  VN__INTEGER,             /* number */
  VN__DECIMAL,             /* decimal */
  VN__WORD,                /* number: the word's value */
  VN__WORDS,               /* number: the values as bits */
  VN__TEXTS,               /* a list of texts; high: longest in bytes */
  VN__INTERVAL,            /* [low, high], two decimals */
  VN__SECTION,             /* a mapping */
  VN__SECTIONS,            /* a list of mappings */
  VN__PAIRS,               /* a mapping of names to texts, both for whoever builds to check */
  VN__DURATION_OR_SECTION, /* given as a duration: node->kind is VN__SCALAR */
  VN__INTEGER_OR_SECTION   /* given as a number: node->kind is VN__SCALAR */
} vn__type_t;

/* A word of a fixed choice; the last one of a list has word NULL. */
typedef struct vn__word {
  const char *word;
  int64_t value;
  bool planned; /* of the design, not built yet: an error that says so */
} vn__word_t;

struct vn__section;

/* One key. low, high: bounds of the number (both 0: none) in the unit of the type. */
typedef struct vn__key {
  const char *name;
  const char *fallback;       /* the default, as one would write it; NULL: none */
  const char *fallback_words; /* docs: the default where it is no fixed text */
  const char *form;           /* docs: what kind of text */
  const char *doc;
  const vn__word_t *words;
  const struct vn__section *section;
  int64_t low, high;
  uint8_t type; /* vn__type_t */
  bool required;
} vn__key_t;

typedef struct vn__section {
  const char *path; /* "pipelines[].windows[]" */
  const char *doc;
  const vn__key_t *keys;
  uint32_t key_count;
} vn__section_t;

/* What a key has after reading. node NULL: not given, the default holds. */
typedef struct vn__value {
  const vn__node_t *node;
  vn__mark_t mark; /* of the value; when not given that of the mapping */
  vn__mark_t key_mark;
  const char *text; /* TEXT, NAME: terminated; "" without default */
  int64_t number;
  vn_number_t decimal;
  bool given;
  bool good; /* false: not given and without default, or an error was told */
} vn__value_t;

/* Indices of the keys; the tables are written with them. */
enum vn__root_key {
  VN__ROOT_DEVICE,
  VN__ROOT_BROKER,
  VN__ROOT_UPSTREAM,
  VN__ROOT_TOPICS,
  VN__ROOT_SUMMARIES,
  VN__ROOT_CAPACITY,
  VN__ROOT_LIMIT,
  VN__ROOT_STATE,
  VN__ROOT_STATS_EVERY,
  VN__ROOT_INPUTS,
  VN__ROOT_PIPELINES,
  VN__ROOT_DERIVE,
  VN__ROOT_ALERTS,
  VN__ROOT_HOMEASSISTANT,
  VN__ROOT_COMMANDS,
  VN__ROOT_SHADOW,
  VN__ROOT_KEYS
};
enum vn__broker_key {
  VN__BROKER_URI,
  VN__BROKER_MQTT,
  VN__BROKER_CLIENT_ID,
  VN__BROKER_USERNAME,
  VN__BROKER_PASSWORD_FILE,
  VN__BROKER_TLS,
  VN__BROKER_KEEP_ALIVE,
  VN__BROKER_SESSION_EXPIRY,
  VN__BROKER_LATENCY,
  VN__BROKER_KEYS
};
enum vn__tls_key { VN__TLS_CA_FILE, VN__TLS_CERT_FILE, VN__TLS_KEY_FILE, VN__TLS_KEYS };
enum vn__topics_key { VN__TOPICS_PREFIX, VN__TOPICS_KEYS };
enum vn__homeassistant_key {
  VN__HOMEASSISTANT_DISCOVERY,
  VN__HOMEASSISTANT_PREFIX,
  VN__HOMEASSISTANT_KEYS
};
enum vn__shadow_key { VN__SHADOW_PIPELINES, VN__SHADOW_KEYS };
enum vn__commands_key { VN__COMMANDS_ENABLED, VN__COMMANDS_KEYS };
enum vn__summaries_key {
  VN__SUMMARIES_ENCODING,
  VN__SUMMARIES_BATCH,
  VN__SUMMARIES_FLUSH_EVERY,
  VN__SUMMARIES_LATEST,
  VN__SUMMARIES_COARSEN,
  VN__SUMMARIES_KEYS
};
enum vn__capacity_key {
  VN__CAPACITY_SERIES,
  VN__CAPACITY_INPUT_QUEUE,
  VN__CAPACITY_OUTBOX,
  VN__CAPACITY_NAME,
  VN__CAPACITY_MESSAGE,
  VN__CAPACITY_ON_FULL,
  VN__CAPACITY_MEMORY,
  VN__CAPACITY_KEYS
};
enum vn__state_key {
  VN__STATE_FILE,
  VN__STATE_SIZE,
  VN__STATE_DURABILITY,
  VN__STATE_CHECKPOINT_EVERY,
  VN__STATE_JOURNAL_PER_DAY,
  VN__STATE_JOURNAL_PER_SOURCE,
  VN__STATE_FLASH,
  VN__STATE_SAVEPOINT,
  VN__STATE_KEYS
};
enum vn__flash_key {
  VN__FLASH_ERASE_BLOCK,
  VN__FLASH_PROGRAM_UNIT,
  VN__FLASH_ENDURANCE,
  VN__FLASH_SCRUB_EVERY,
  VN__FLASH_LIFETIME,
  VN__FLASH_KEYS
};
enum vn__input_key {
  VN__INPUT_TOPIC,
  VN__INPUT_QOS,
  VN__INPUT_FORMAT,
  VN__INPUT_SERIES,
  VN__INPUT_FIELDS,
  VN__INPUT_TIME,
  VN__INPUT_SEQUENCE,
  VN__INPUT_KEYS
};
enum vn__field_key { VN__FIELD_PATH, VN__FIELD_SERIES, VN__FIELD_MISSING, VN__FIELD_KEYS };
enum vn__time_key { VN__TIME_PATH, VN__TIME_UNIT, VN__TIME_KEYS };
enum vn__sequence_key { VN__SEQUENCE_PATH, VN__SEQUENCE_KEYS };
enum vn__derive_key {
  VN__DERIVE_SERIES,
  VN__DERIVE_DIFFERENCE,
  VN__DERIVE_SUM,
  VN__DERIVE_RATIO,
  VN__DERIVE_OF,
  VN__DERIVE_AHEAD,
  VN__DERIVE_KEYS
};
enum vn__pipeline_key {
  VN__PIPELINE_NAME,
  VN__PIPELINE_MATCH,
  VN__PIPELINE_SERIES,
  VN__PIPELINE_UNIT,
  VN__PIPELINE_RESOLUTION,
  VN__PIPELINE_RANGE,
  VN__PIPELINE_TIME,
  VN__PIPELINE_SCOPE,
  VN__PIPELINE_OUT_OF_ORDER,
  VN__PIPELINE_ALLOWED_LATENESS,
  VN__PIPELINE_IDLE_TIMEOUT,
  VN__PIPELINE_MAX_FUTURE,
  VN__PIPELINE_DEDUPLICATE,
  VN__PIPELINE_SAME_TIME,
  VN__PIPELINE_LIMIT,
  VN__PIPELINE_AFTER_LATENESS,
  VN__PIPELINE_CORRECTIONS,
  VN__PIPELINE_LATE_EVERY,
  VN__PIPELINE_EARLY_EVERY,
  VN__PIPELINE_EXPECTED_EVERY,
  VN__PIPELINE_TIME_TO_LIVE,
  VN__PIPELINE_REORDER,
  VN__PIPELINE_INTERPOLATION,
  VN__PIPELINE_MAX_HOLD,
  VN__PIPELINE_COUNTER_MODULUS,
  VN__PIPELINE_HALF_LIFE,
  VN__PIPELINE_ALPHA,
  VN__PIPELINE_UNSET_CLOCK,
  VN__PIPELINE_WINDOWS,
  VN__PIPELINE_ALERTS,
  VN__PIPELINE_EVIDENCE,
  VN__PIPELINE_KEYS
};
enum vn__limit_key { VN__LIMIT_READINGS, VN__LIMIT_PER, VN__LIMIT_BURST, VN__LIMIT_KEYS };
enum vn__window_key {
  VN__WINDOW_NAME,
  VN__WINDOW_TUMBLING,
  VN__WINDOW_SLIDING,
  VN__WINDOW_SESSION,
  VN__WINDOW_COUNT,
  VN__WINDOW_REPORT,
  VN__WINDOW_CONDITION,
  VN__WINDOW_OFFSET,
  VN__WINDOW_STATISTICS,
  VN__WINDOW_SAMPLE,
  VN__WINDOW_KEYS
};
enum vn__sample_key { VN__SAMPLE_SIZE, VN__SAMPLE_WEIGHT, VN__SAMPLE_HALF_LIFE, VN__SAMPLE_KEYS };
enum vn__session_key { VN__SESSION_GAP, VN__SESSION_KEYS };
enum vn__count_key { VN__COUNT_SIZE, VN__COUNT_SLIDE, VN__COUNT_KEYS };
enum vn__report_key {
  VN__REPORT_DEADBAND,
  VN__REPORT_SWINGING_DOOR,
  VN__REPORT_AT_LEAST_EVERY,
  VN__REPORT_POINTS,
  VN__REPORT_KEYS
};
enum vn__condition_key {
  VN__CONDITION_ABOVE,
  VN__CONDITION_BELOW,
  VN__CONDITION_HYSTERESIS,
  VN__CONDITION_MAX_LENGTH,
  VN__CONDITION_KEYS
};
enum vn__tumbling_key { VN__TUMBLING_SIZE, VN__TUMBLING_OFFSET, VN__TUMBLING_KEYS };
enum vn__sliding_key { VN__SLIDING_SIZE, VN__SLIDING_SLIDE, VN__SLIDING_OFFSET, VN__SLIDING_KEYS };
enum vn__alert_key {
  VN__ALERT_NAME,
  VN__ALERT_OF,
  VN__ALERT_SEVERITY,
  VN__ALERT_ABOVE,
  VN__ALERT_BELOW,
  VN__ALERT_OUTSIDE,
  VN__ALERT_INSIDE,
  VN__ALERT_LEVELS,
  VN__ALERT_RATE_OF_CHANGE,
  VN__ALERT_REACHES,
  VN__ALERT_FALLS_TO,
  VN__ALERT_UNCHANGED_FOR,
  VN__ALERT_DEVIATION,
  VN__ALERT_ABSENT_FOR,
  VN__ALERT_WITHIN,
  VN__ALERT_HYSTERESIS,
  VN__ALERT_AFTER,
  VN__ALERT_AT_LEAST,
  VN__ALERT_OF_LAST,
  VN__ALERT_CONSECUTIVE,
  VN__ALERT_FOR,
  VN__ALERT_MIN_SAMPLES,
  VN__ALERT_KEEP_FIRING_FOR,
  VN__ALERT_NO_DATA_AFTER,
  VN__ALERT_LATCH,
  VN__ALERT_EVALUATE,
  VN__ALERT_REPEAT_EVERY,
  VN__ALERT_INHIBITED_BY,
  VN__ALERT_GROUP,
  VN__ALERT_URGENT,
  VN__ALERT_EAGER,
  VN__ALERT_PUBLISH,
  VN__ALERT_LABELS,
  VN__ALERT_ANNOTATIONS,
  VN__ALERT_KEYS
};
enum vn__level_key {
  VN__LEVEL_SEVERITY,
  VN__LEVEL_ABOVE,
  VN__LEVEL_BELOW,
  VN__LEVEL_HYSTERESIS,
  VN__LEVEL_KEYS
};
enum vn__change_key { VN__CHANGE_ABOVE, VN__CHANGE_BELOW, VN__CHANGE_PER, VN__CHANGE_KEYS };
enum vn__absent_key { VN__ABSENT_TIMES, VN__ABSENT_AT_LEAST, VN__ABSENT_AT_MOST, VN__ABSENT_KEYS };
enum vn__evidence_key {
  VN__EVIDENCE_BEFORE,
  VN__EVIDENCE_AFTER,
  VN__EVIDENCE_BYTES,
  VN__EVIDENCE_KEYS
};
enum vn__alerts_key { VN__ALERTS_FLOOD, VN__ALERTS_KEYS };
enum vn__flood_key { VN__FLOOD_ALERTS, VN__FLOOD_PER, VN__FLOOD_KEYS };
enum vn__deviation_key {
  VN__DEVIATION_DETECTOR,
  VN__DEVIATION_THRESHOLD,
  VN__DEVIATION_WARM_UP,
  VN__DEVIATION_REFRACTORY,
  VN__DEVIATION_KEYS
};

/* schema_*.c */
extern const vn__section_t vn__root_section, vn__broker_section, vn__tls_section,
    vn__topics_section, vn__homeassistant_section, vn__summaries_section, vn__capacity_section,
    vn__state_section, vn__flash_section, vn__commands_section, vn__shadow_section;
extern const vn__section_t vn__input_section, vn__field_section, vn__time_section,
    vn__sequence_section;
extern const vn__section_t vn__pipeline_section, vn__limit_section, vn__window_section,
    vn__tumbling_section, vn__session_section, vn__count_section, vn__report_section,
    vn__condition_section, vn__sliding_section, vn__sample_section;
extern const vn__section_t vn__alert_section, vn__level_section, vn__change_section,
    vn__absent_section, vn__deviation_section, vn__evidence_section, vn__alerts_section,
    vn__flood_section;
extern const vn__section_t vn__derive_section;
extern const vn__word_t vn__statistic_words[];

/* All sections in the order of the docs. */
#define VN__SECTION_COUNT 34u
const vn__section_t *vn__schema_section(unsigned index);

/*
 * Reads a mapping by its section into values[section->key_count]; node NULL: nothing is given.
 * Tells every unknown key, wrong value and missing key. False when something was told.
 */
bool vn__read_section(vn__loader_t *loader, const vn__section_t *section, const vn__node_t *node,
                      vn__value_t *values);

/* Reads one scalar as the key says; tells what is wrong. */
bool vn__read_scalar(vn__loader_t *loader, const vn__key_t *key, const vn__node_t *node,
                     vn__value_t *value);

/* " (did you mean `x`?)" for a word that is none of the section's keys, or "". */
const char *vn__suggest_key(vn__loader_t *loader, const vn__section_t *section, vn_text_t word);
const char *vn__suggest_word(vn__loader_t *loader, const vn__word_t *words, vn_text_t word);

#endif
