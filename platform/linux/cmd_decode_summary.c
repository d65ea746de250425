/* Summary messages (docs/summary.cddl) as the lines that a replay prints. */
#include "cmd_decode_priv.h"
#include "vn/window.h"

#include <string.h>

/* Fields of a record; the order is that of the integer keys. */
typedef enum field {
  FIELD_PIPELINE,
  FIELD_WINDOW,
  FIELD_SERIES,
  FIELD_START,
  FIELD_END,
  FIELD_REV,
  FIELD_KIND,
  FIELD_COUNT,
  FIELD_SUM,
  FIELD_SUM_SQ,
  FIELD_SAMPLE = 14,
  FIELD_MEAN = 18,
  FIELD_RANGE = 23,
  FIELD_COUNT_OF
} field_t;

typedef enum form {
  FORM_INTEGER, /* as it is */
  FORM_VALUE,   /* an integer in units of the pipeline's resolution */
  FORM_SQUARE,  /* in units of its square */
  FORM_ANY      /* as JSON, whatever it is */
} form_t;

static const struct {
  const char *word;
  form_t form;
} fields[FIELD_COUNT_OF] = {
    {"pipeline", FORM_INTEGER}, {"window", FORM_INTEGER},    {"series", FORM_ANY},
    {"start", FORM_INTEGER},    {"end", FORM_INTEGER},       {"rev", FORM_INTEGER},
    {"kind", FORM_INTEGER},     {"count", FORM_INTEGER},     {"sum", FORM_VALUE},
    {"sum_sq", FORM_SQUARE},    {"min", FORM_VALUE},         {"max", FORM_VALUE},
    {"first", FORM_VALUE},      {"last", FORM_VALUE},        {"sample", FORM_ANY},
    {"supersedes", FORM_ANY},   {"accounting", FORM_ANY},    {"flags", FORM_ANY},
    {"mean", FORM_ANY},         {"variance", FORM_ANY},      {"variance_sample", FORM_ANY},
    {"stddev", FORM_ANY},       {"stddev_sample", FORM_ANY}, {"range", FORM_VALUE},
};

/* The order of the statistics in a line; the sample stands behind them. */
static const uint8_t line_order[] = {8, 9, 10, 11, 12, 13, 18, 19, 20, 21, 22, 23, 14, 15, 16, 17};

enum { TOP_VERSION, TOP_DEVICE, TOP_BOOT, TOP_SEQ, TOP_PIPELINES, TOP_RECORDS, TOP_COUNT };
static const char *const top_words[TOP_COUNT] = {"version", "device",    "boot",
                                                 "seq",     "pipelines", "records"};
enum { PIPELINE_NAME, PIPELINE_UNIT, PIPELINE_EXPONENT, PIPELINE_WINDOWS, PIPELINE_COUNT };
static const char *const pipeline_words[PIPELINE_COUNT] = {"name", "unit", "exponent", "windows"};

#define KNOWN_MAX FIELD_COUNT_OF
#define VERSION 1u
#define EXPONENT_MAX 18
#define KIND_COUNT 6u

/* Where the values of a map's known keys lie; 0: absent (no value lies at the first byte). */
typedef struct known {
  size_t at[KNOWN_MAX];
} known_t;

/* One record with what it refers to. */
typedef struct record {
  vn_cbor_reader_t reader; /* at its map */
  vn_text_t device;
  uint64_t boot, seq;
  vn_cbor_reader_t pipelines; /* at the array */
} record_t;

typedef const char *(*word_fn)(unsigned key);

static const char *top_word(unsigned key) { return key < TOP_COUNT ? top_words[key] : NULL; }
static const char *pipeline_word(unsigned key) {
  return key < PIPELINE_COUNT ? pipeline_words[key] : NULL;
}
static const char *field_word(unsigned key) {
  return key < FIELD_COUNT_OF ? fields[key].word : NULL;
}

/* The number of a key, integer or text; KNOWN_MAX when it is none of ours. */
static unsigned key_number(const vn_cbor_item_t *key, word_fn word) {
  if (key->kind == VN_CBOR_UINT) {
    return key->unsigned_value < KNOWN_MAX && word((unsigned)key->unsigned_value) != NULL
               ? (unsigned)key->unsigned_value
               : KNOWN_MAX;
  }
  for (unsigned i = 0; key->kind == VN_CBOR_TEXT && word(i) != NULL; i++) {
    if (strlen(word(i)) == key->text.length &&
        memcmp(word(i), key->text.bytes, key->text.length) == 0) {
      return i;
    }
  }
  return KNOWN_MAX;
}

/* Finds the known keys of the map at the reader. */
static bool scan_map(vn_cbor_reader_t reader, word_fn word, known_t *known,
                     vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  memset(known, 0, sizeof *known);
  if (!vn__decode_next(&reader, &item, problem)) {
    return false;
  }
  if (item.kind != VN_CBOR_MAP || item.indefinite) {
    return vn__decode_fail(problem, "a map of definite length belongs here", reader.position);
  }
  for (uint64_t left = item.unsigned_value; left > 0; left--) {
    if (!vn__decode_next(&reader, &item, problem)) {
      return false;
    }
    unsigned key = key_number(&item, word);
    if (key < KNOWN_MAX) {
      known->at[key] = reader.position;
    }
    if (!vn__decode_skip(&reader, problem)) {
      return false;
    }
  }
  return true;
}

/* The value of a known key, when it is there and of this kind. */
static bool take(vn_cbor_reader_t reader, const known_t *known, unsigned key, vn_cbor_kind_t kind,
                 vn_cbor_item_t *item) {
  if (known->at[key] == 0) {
    return false;
  }
  reader.position = known->at[key];
  return vn_cbor_next(&reader, item) == VN_REASON_NONE && item->kind == (uint8_t)kind &&
         !item->indefinite;
}

bool vn__decode_is_summary(vn_cbor_reader_t reader) {
  static const struct {
    unsigned key;
    vn_cbor_kind_t kind;
  } needed[] = {{TOP_DEVICE, VN_CBOR_TEXT},     {TOP_BOOT, VN_CBOR_UINT},
                {TOP_SEQ, VN_CBOR_UINT},        {TOP_RECORDS, VN_CBOR_ARRAY},
                {TOP_PIPELINES, VN_CBOR_ARRAY}, {TOP_VERSION, VN_CBOR_UINT}};
  vn__decode_problem_t problem;
  known_t known;
  vn_cbor_item_t item;
  if (!scan_map(reader, top_word, &known, &problem)) {
    return false;
  }
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    if (!take(reader, &known, needed[i].key, needed[i].kind, &item)) {
      return false;
    }
  }
  return item.unsigned_value == VERSION; /* the last one needed */
}

/* Moves to the index-th item of the array at the reader. */
static bool find_item(vn_cbor_reader_t *reader, uint64_t index, vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  if (!vn__decode_next(reader, &item, problem)) {
    return false;
  }
  if (item.kind != VN_CBOR_ARRAY || item.indefinite || index >= item.unsigned_value) {
    return vn__decode_fail(problem, "a record refers to a pipeline or window that isn't there",
                           reader->position);
  }
  for (; index > 0; index--) {
    if (!vn__decode_skip(reader, problem)) {
      return false;
    }
  }
  return true;
}

static bool is_small(const vn_cbor_item_t *item, uint64_t *magnitude) {
  *magnitude = item->unsigned_value;
  return (item->kind == VN_CBOR_UINT || item->kind == VN_CBOR_NEGATIVE) &&
         item->unsigned_value <= INT64_MAX;
}

/* An integer of any size that summaries have: 64 bits signed, or unsigned up to 128 as a bignum. */
static bool put_scaled(vn_cbor_reader_t reader, int exponent, vn_json_writer_t *writer,
                       vn__decode_problem_t *problem) {
  enum { TAG_BIGNUM = 2, BIGNUM_BYTES_MAX = 16 };
  vn_cbor_item_t item;
  uint64_t magnitude;
  if (!vn__decode_next(&reader, &item, problem)) {
    return false;
  }
  if (is_small(&item, &magnitude)) {
    int64_t value = (int64_t)magnitude;
    vn_json_decimal(writer, item.kind == VN_CBOR_NEGATIVE ? -1 - value : value, exponent);
    return true;
  }
  vn_u128_t wide = {0, item.unsigned_value};
  if (item.kind == VN_CBOR_TAG && item.unsigned_value == TAG_BIGNUM) {
    wide.low = 0;
    if (!vn__decode_next(&reader, &item, problem)) {
      return false;
    }
    for (size_t i = 0; item.kind == VN_CBOR_BYTES && i < item.text.length; i++) {
      wide.high = wide.high << 8 | wide.low >> 56;
      wide.low = wide.low << 8 | (unsigned char)item.text.bytes[i];
    }
  }
  bool good = item.kind == VN_CBOR_UINT ||
              (item.kind == VN_CBOR_BYTES && item.text.length <= BIGNUM_BYTES_MAX);
  if (!good) {
    return vn__decode_fail(problem, "an integer belongs here", reader.position);
  }
  vn_json_decimal_u128(writer, wide, exponent);
  return true;
}

/* [[ms since start, value]...] with times and values as they were. */
static bool put_sample(vn_cbor_reader_t reader, int64_t start_ms, int exponent,
                       vn_json_writer_t *writer, vn__decode_problem_t *problem) {
  vn_cbor_item_t list;
  vn_cbor_item_t pair;
  vn_cbor_item_t time;
  uint64_t since_start;
  if (!vn__decode_next(&reader, &list, problem)) {
    return false;
  }
  uint64_t count = list.kind == VN_CBOR_ARRAY && !list.indefinite ? list.unsigned_value : 0;
  vn_json_array_begin(writer);
  for (; count > 0; count--) {
    if (!vn__decode_next(&reader, &pair, problem) || !vn__decode_next(&reader, &time, problem)) {
      return false;
    }
    if (pair.kind != VN_CBOR_ARRAY || pair.unsigned_value != 2 || time.kind != VN_CBOR_UINT ||
        !is_small(&time, &since_start)) {
      return vn__decode_fail(problem, "a sample holds pairs of time and value", reader.position);
    }
    vn_json_array_begin(writer);
    vn_json_integer(writer, vn_add_saturating(start_ms, (int64_t)since_start));
    if (!put_scaled(reader, exponent, writer, problem) || !vn__decode_skip(&reader, problem)) {
      return false;
    }
    vn_json_array_end(writer);
  }
  vn_json_array_end(writer);
  return true;
}

/* What a record needs of its pipeline. */
typedef struct pipeline {
  vn_text_t name, window;
  int exponent;
} pipeline_t;

static const char bad_pipeline[] = "a pipeline needs name, exponent and windows";

static bool read_exponent(vn_cbor_reader_t reader, int *exponent, vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  uint64_t magnitude;
  if (!vn__decode_next(&reader, &item, problem)) {
    return false;
  }
  if (!is_small(&item, &magnitude) || magnitude > EXPONENT_MAX) {
    return vn__decode_fail(problem, "an exponent from -18 to 18 belongs here", reader.position);
  }
  *exponent = item.kind == VN_CBOR_NEGATIVE ? -1 - (int)magnitude : (int)magnitude;
  return true;
}

/* The pipeline at the reader; `window` is the index of one of its windows. */
static bool read_pipeline(vn_cbor_reader_t reader, uint64_t window, pipeline_t *pipeline,
                          vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  known_t parts;
  if (!scan_map(reader, pipeline_word, &parts, problem)) {
    return false;
  }
  if (!take(reader, &parts, PIPELINE_NAME, VN_CBOR_TEXT, &item) ||
      parts.at[PIPELINE_EXPONENT] == 0 || parts.at[PIPELINE_WINDOWS] == 0) {
    return vn__decode_fail(problem, bad_pipeline, reader.position);
  }
  pipeline->name = item.text;
  reader.position = parts.at[PIPELINE_EXPONENT];
  if (!read_exponent(reader, &pipeline->exponent, problem)) {
    return false;
  }
  reader.position = parts.at[PIPELINE_WINDOWS];
  if (!find_item(&reader, window, problem) || !vn__decode_next(&reader, &item, problem)) {
    return false;
  }
  pipeline->window = item.text;
  return item.kind == VN_CBOR_TEXT || vn__decode_fail(problem, bad_pipeline, reader.position);
}

static bool find_pipeline(const record_t *record, const known_t *known, pipeline_t *pipeline,
                          vn__decode_problem_t *problem) {
  vn_cbor_reader_t reader = record->pipelines;
  vn_cbor_item_t index;
  vn_cbor_item_t window;
  if (!take(record->reader, known, FIELD_PIPELINE, VN_CBOR_UINT, &index) ||
      !take(record->reader, known, FIELD_WINDOW, VN_CBOR_UINT, &window)) {
    return vn__decode_fail(problem, "a record needs its pipeline and window",
                           record->reader.position);
  }
  return find_item(&reader, index.unsigned_value, problem) &&
         read_pipeline(reader, window.unsigned_value, pipeline, problem);
}

static bool put_field(const record_t *record, const known_t *known, unsigned key, int exponent,
                      vn_json_writer_t *writer, vn__decode_problem_t *problem) {
  vn_cbor_reader_t reader = record->reader;
  if (known->at[key] == 0) {
    return true;
  }
  reader.position = known->at[key];
  vn_json_key(writer, fields[key].word);
  switch (fields[key].form) {
    case FORM_INTEGER:
      return put_scaled(reader, 0, writer, problem);
    case FORM_VALUE:
      return put_scaled(reader, exponent, writer, problem);
    case FORM_SQUARE:
      return put_scaled(reader, 2 * exponent, writer, problem);
    case FORM_ANY:
    default:
      return vn__decode_item(&reader, writer, problem);
  }
}

static void put_kind(const record_t *record, const known_t *known, vn_json_writer_t *writer) {
  vn_cbor_item_t item;
  if (!take(record->reader, known, FIELD_KIND, VN_CBOR_UINT, &item)) {
    return;
  }
  vn_json_key(writer, "kind");
  if (item.unsigned_value < VN_KIND_COUNT) {
    vn_json_literal(writer, vn_kind_word((vn_kind_t)item.unsigned_value));
  } else if (item.unsigned_value == KIND_COUNT) {
    vn_json_literal(writer, "count");
  } else {
    vn_json_unsigned(writer, item.unsigned_value);
  }
}

static bool put_identity(const record_t *record, const known_t *known, const pipeline_t *pipeline,
                         vn_json_writer_t *writer, vn__decode_problem_t *problem) {
  vn_json_key(writer, "device");
  vn_json_text(writer, record->device);
  vn_json_key(writer, "boot");
  vn_json_unsigned(writer, record->boot);
  vn_json_key(writer, "seq");
  vn_json_unsigned(writer, record->seq);
  vn_json_key(writer, "pipeline");
  vn_json_text(writer, pipeline->name);
  vn_json_key(writer, "window");
  vn_json_text(writer, pipeline->window);
  if (!put_field(record, known, FIELD_SERIES, 0, writer, problem) ||
      !put_field(record, known, FIELD_START, 0, writer, problem) ||
      !put_field(record, known, FIELD_END, 0, writer, problem)) {
    return false;
  }
  put_kind(record, known, writer);
  return put_field(record, known, FIELD_REV, 0, writer, problem) &&
         put_field(record, known, FIELD_COUNT, 0, writer, problem);
}

static bool put_statistics(const record_t *record, const known_t *known, int exponent,
                           vn_json_writer_t *writer, vn__decode_problem_t *problem) {
  for (size_t i = 0; i < sizeof line_order; i++) {
    vn_cbor_item_t start;
    unsigned key = line_order[i];
    if (key != FIELD_SAMPLE || known->at[key] == 0) {
      if (!put_field(record, known, key, exponent, writer, problem)) {
        return false;
      }
      continue;
    }
    int64_t start_ms = 0;
    if (take(record->reader, known, FIELD_START, VN_CBOR_UINT, &start)) {
      start_ms = (int64_t)start.unsigned_value;
    } else if (take(record->reader, known, FIELD_START, VN_CBOR_NEGATIVE, &start)) {
      start_ms = -1 - (int64_t)start.unsigned_value;
    }
    vn_cbor_reader_t reader = record->reader;
    reader.position = known->at[key];
    vn_json_key(writer, "sample");
    if (!put_sample(reader, start_ms, exponent, writer, problem)) {
      return false;
    }
  }
  return true;
}

/* What a later version adds is shown under its key. */
static bool put_unknown(const record_t *record, vn_json_writer_t *writer,
                        vn__decode_problem_t *problem) {
  vn_cbor_reader_t reader = record->reader;
  vn_cbor_item_t map;
  vn_cbor_item_t item;
  if (!vn__decode_next(&reader, &map, problem)) {
    return false;
  }
  for (uint64_t left = map.unsigned_value; left > 0; left--) {
    if (!vn__decode_next(&reader, &item, problem)) {
      return false;
    }
    if (key_number(&item, field_word) < KNOWN_MAX) {
      if (!vn__decode_skip(&reader, problem)) {
        return false;
      }
      continue;
    }
    char digits[24];
    vn_json_writer_t number;
    vn_json_writer_init(&number, digits, sizeof digits);
    if (item.kind == VN_CBOR_NEGATIVE && item.unsigned_value <= INT64_MAX) {
      vn_json_integer(&number, -1 - (int64_t)item.unsigned_value);
    } else {
      vn_json_unsigned(&number, item.unsigned_value);
    }
    vn_text_t key = {digits, number.length};
    vn_json_key_text(writer, item.kind == VN_CBOR_TEXT ? item.text : key);
    if (!vn__decode_item(&reader, writer, problem)) {
      return false;
    }
  }
  return true;
}

static bool render_record(const void *subject, vn_json_writer_t *writer,
                          vn__decode_problem_t *problem) {
  const record_t *record = subject;
  known_t known;
  pipeline_t pipeline = {0};
  if (!scan_map(record->reader, field_word, &known, problem) ||
      !find_pipeline(record, &known, &pipeline, problem)) {
    return false;
  }
  vn_json_object_begin(writer);
  if (!put_identity(record, &known, &pipeline, writer, problem) ||
      !put_statistics(record, &known, pipeline.exponent, writer, problem) ||
      !put_unknown(record, writer, problem)) {
    return false;
  }
  vn_json_object_end(writer);
  return true;
}

bool vn__decode_summary(vn_cbor_reader_t reader, vn__decode_output_t *output,
                        vn__decode_problem_t *problem) {
  known_t top;
  vn_cbor_item_t item;
  record_t record = {.reader = reader, .pipelines = reader};
  if (!scan_map(reader, top_word, &top, problem)) {
    return false;
  }
  if (take(reader, &top, TOP_DEVICE, VN_CBOR_TEXT, &item)) {
    record.device = item.text;
  }
  if (take(reader, &top, TOP_BOOT, VN_CBOR_UINT, &item)) {
    record.boot = item.unsigned_value;
  }
  if (take(reader, &top, TOP_SEQ, VN_CBOR_UINT, &item)) {
    record.seq = item.unsigned_value;
  }
  record.pipelines.position = top.at[TOP_PIPELINES];
  record.reader.position = top.at[TOP_RECORDS];
  if (!vn__decode_next(&record.reader, &item, problem)) {
    return false;
  }
  for (uint64_t left = item.unsigned_value; left > 0; left--) {
    if (!vn__decode_line(output, render_record, &record, problem) ||
        !vn__decode_skip(&record.reader, problem)) {
      return false;
    }
  }
  return true;
}
