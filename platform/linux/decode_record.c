/* One record of a summary message as the line that a replay prints. */
#include "decode_map_priv.h"
#include "vn/window.h"

#define EXPONENT_MAX 18u

/* Fields of a record; the order is that of the integer keys. */
enum { FIELD_PIPELINE, FIELD_WINDOW, FIELD_START = 3, FIELD_FROM = 24, FIELD_COUNT_OF = 38 };

/* How the value of a field is shown. */
typedef enum form {
  FORM_INTEGER, /* as it is */
  FORM_VALUE,   /* an integer in units of the pipeline's resolution */
  FORM_SQUARE,  /* in units of its square */
  FORM_KIND,    /* its word */
  FORM_COUNTS,  /* an accounting: its items by their words */
  FORM_FLAGS,   /* their words */
  FORM_SAMPLE,  /* pairs of time and value */
  FORM_ANY      /* as JSON, whatever it is */
} form_t;

static const struct {
  const char *word;
  form_t form;
} fields[FIELD_COUNT_OF] = {
    {"pipeline", FORM_INTEGER},
    {"window", FORM_INTEGER},
    {"series", FORM_ANY},
    {"start", FORM_INTEGER},
    {"end", FORM_INTEGER},
    {"rev", FORM_INTEGER},
    {"kind", FORM_KIND},
    {"count", FORM_INTEGER},
    {"sum", FORM_VALUE},
    {"sum_sq", FORM_SQUARE},
    {"min", FORM_VALUE},
    {"max", FORM_VALUE},
    {"first", FORM_VALUE},
    {"last", FORM_VALUE},
    {"sample", FORM_SAMPLE},
    {"supersedes", FORM_ANY},
    {"accounting", FORM_COUNTS},
    {"flags", FORM_FLAGS},
    {"mean", FORM_ANY},
    {"variance", FORM_ANY},
    {"variance_sample", FORM_ANY},
    {"stddev", FORM_ANY},
    {"stddev_sample", FORM_ANY},
    {"range", FORM_VALUE},
    {"from", FORM_INTEGER},
    {"to", FORM_INTEGER},
    {"p50", FORM_VALUE},
    {"p90", FORM_VALUE},
    {"p95", FORM_VALUE},
    {"p99", FORM_VALUE},
    {"slope", FORM_ANY},
    {"distinct", FORM_INTEGER},
    {"time_weighted_mean", FORM_ANY},
    {"integral", FORM_ANY},
    {"covered_ms", FORM_INTEGER},
    {"increase", FORM_VALUE},
    {"rate", FORM_ANY},
    {"exponential_mean", FORM_ANY},
};

/* The order in a line: times behind the bounds, kind before rev, derived statistics before the
 * sample. */
static const uint8_t line_order[] = {2,  3,  4,  24, 25, 6,  5,  7,  8,  9,  10, 11,
                                     12, 13, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29,
                                     30, 31, 32, 33, 34, 35, 36, 37, 14, 15, 16, 17};

enum { PIPELINE_NAME, PIPELINE_UNIT, PIPELINE_EXPONENT, PIPELINE_WINDOWS, PIPELINE_COUNT };
static const char *const pipeline_words[PIPELINE_COUNT] = {"name", "unit", "exponent", "windows"};

/* What a record needs of its pipeline. */
typedef struct pipeline {
  vn_text_t name, window;
  int exponent;
} pipeline_t;

/* A record while it is rendered. */
typedef struct line {
  const vn__decode_record_t *record;
  vn_json_writer_t *writer;
  vn__decode_problem_t *problem;
  vn__known_t known;
  pipeline_t pipeline;
} line_t;

static const char *pipeline_word(unsigned key) {
  return key < PIPELINE_COUNT ? pipeline_words[key] : NULL;
}

static const char *field_word(unsigned key) {
  return key < FIELD_COUNT_OF ? fields[key].word : NULL;
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

/* The bytes of a bignum; the reader stands behind its tag. */
static bool read_bignum(vn_cbor_reader_t *reader, vn_u128_t *value, vn__decode_problem_t *problem) {
  enum { BIGNUM_BYTES_MAX = 16 };
  vn_cbor_item_t item;
  if (!vn__decode_next(reader, &item, problem)) {
    return false;
  }
  if (item.kind != VN_CBOR_BYTES || item.text.length > BIGNUM_BYTES_MAX) {
    return vn__decode_fail(problem, "a bignum of at most 16 bytes belongs here", reader->position);
  }
  *value = (vn_u128_t){0, 0};
  for (size_t i = 0; i < item.text.length; i++) {
    value->high = value->high << 8 | value->low >> 56;
    value->low = value->low << 8 | (unsigned char)item.text.bytes[i];
  }
  return true;
}

/* An integer of any size that summaries have: 64 bits signed, or unsigned up to 128 as a bignum. */
static bool put_scaled(vn_cbor_reader_t reader, int exponent, vn_json_writer_t *writer,
                       vn__decode_problem_t *problem) {
  enum { TAG_BIGNUM = 2 };
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
    if (!read_bignum(&reader, &wide, problem)) {
      return false;
    }
  } else if (item.kind != VN_CBOR_UINT) {
    return vn__decode_fail(problem, "an integer belongs here", reader.position);
  }
  vn_json_decimal_u128(writer, wide, exponent);
  return true;
}

/* What the times of a sample count from: the first time where the start is an ordinal. */
static int64_t sample_base_of(const line_t *line) {
  vn_cbor_item_t item;
  vn_cbor_reader_t reader = line->record->reader;
  unsigned key = line->known.at[FIELD_FROM] != 0 ? FIELD_FROM : FIELD_START;
  if (vn__known_take(reader, &line->known, key, VN_CBOR_NEGATIVE, &item)) {
    return -1 - (int64_t)(item.unsigned_value & INT64_MAX);
  }
  bool found = vn__known_take(reader, &line->known, key, VN_CBOR_UINT, &item);
  return found ? (int64_t)(item.unsigned_value & INT64_MAX) : 0;
}

/* One [ms since the base, value]; the reader ends behind it. */
static bool put_member(const line_t *line, vn_cbor_reader_t *reader, int64_t base_ms) {
  vn_cbor_item_t pair;
  vn_cbor_item_t time;
  if (!vn__decode_next(reader, &pair, line->problem) ||
      !vn__decode_next(reader, &time, line->problem)) {
    return false;
  }
  bool is_pair = pair.kind == VN_CBOR_ARRAY && pair.unsigned_value == 2;
  if (!is_pair || time.kind != VN_CBOR_UINT || time.unsigned_value > INT64_MAX) {
    return vn__decode_fail(line->problem, "a sample holds pairs of time and value",
                           reader->position);
  }
  vn_json_array_begin(line->writer);
  vn_json_integer(line->writer, vn_add_saturating(base_ms, (int64_t)time.unsigned_value));
  if (!put_scaled(*reader, line->pipeline.exponent, line->writer, line->problem)) {
    return false;
  }
  vn_json_array_end(line->writer);
  return vn__decode_skip(reader, line->problem);
}

/* A sample with times and values as they were. */
static bool put_sample(const line_t *line, vn_cbor_reader_t reader) {
  vn_cbor_item_t list;
  if (!vn__decode_next(&reader, &list, line->problem)) {
    return false;
  }
  uint64_t count = list.kind == VN_CBOR_ARRAY && !list.indefinite ? list.unsigned_value : 0;
  int64_t base_ms = sample_base_of(line);
  vn_json_array_begin(line->writer);
  for (; count > 0; count--) {
    if (!put_member(line, &reader, base_ms)) {
      return false;
    }
  }
  vn_json_array_end(line->writer);
  return true;
}

static const char bad_pipeline[] = "a pipeline needs name, exponent and windows";

static bool read_exponent(vn_cbor_reader_t reader, int *exponent, vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  uint64_t magnitude;
  if (!vn__decode_next(&reader, &item, problem)) {
    return false;
  }
  uint64_t limit = EXPONENT_MAX - (item.kind == VN_CBOR_NEGATIVE ? 1u : 0u);
  if (!is_small(&item, &magnitude) || magnitude > limit) {
    return vn__decode_fail(problem, "an exponent from -18 to 18 belongs here", reader.position);
  }
  *exponent = item.kind == VN_CBOR_NEGATIVE ? -1 - (int)magnitude : (int)magnitude;
  return true;
}

/* The pipeline at the reader; `window` is the index of one of its windows. */
static bool read_pipeline(vn_cbor_reader_t reader, uint64_t window, pipeline_t *pipeline,
                          vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  vn__known_t parts;
  if (!vn__known_scan(reader, pipeline_word, &parts, problem)) {
    return false;
  }
  if (!vn__known_take(reader, &parts, PIPELINE_NAME, VN_CBOR_TEXT, &item) ||
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

static bool find_pipeline(line_t *line) {
  const vn__decode_record_t *record = line->record;
  vn_cbor_reader_t reader = record->pipelines;
  vn_cbor_item_t index;
  vn_cbor_item_t window;
  if (!vn__known_take(record->reader, &line->known, FIELD_PIPELINE, VN_CBOR_UINT, &index) ||
      !vn__known_take(record->reader, &line->known, FIELD_WINDOW, VN_CBOR_UINT, &window)) {
    return vn__decode_fail(line->problem, "a record needs its pipeline and window",
                           record->reader.position);
  }
  return find_item(&reader, index.unsigned_value, line->problem) &&
         read_pipeline(reader, window.unsigned_value, &line->pipeline, line->problem);
}

/* A reader at the value of a field. */
static vn_cbor_reader_t at_field(const line_t *line, unsigned key) {
  vn_cbor_reader_t reader = line->record->reader;
  reader.position = line->known.at[key];
  return reader;
}

static void put_kind(const line_t *line, uint64_t kind) {
  if (kind < VN_KINDS) {
    vn_json_literal(line->writer, vn_kind_word((vn_kind_t)kind));
  } else {
    vn_json_unsigned(line->writer, kind);
  }
}

static void put_unknown_key(vn_json_writer_t *writer, const vn_cbor_item_t *item) {
  char digits[24];
  vn_json_writer_t number;
  vn_json_writer_init(&number, digits, sizeof digits);
  if (item->kind == VN_CBOR_NEGATIVE && item->unsigned_value <= INT64_MAX) {
    vn_json_integer(&number, -1 - (int64_t)item->unsigned_value);
  } else {
    vn_json_unsigned(&number, item->unsigned_value);
  }
  vn_text_t key = {digits, number.length};
  vn_json_key_text(writer, item->kind == VN_CBOR_TEXT ? item->text : key);
}

/* What a later version adds to the map at the reader is shown under its key. */
static bool put_unknown(const line_t *line, vn_cbor_reader_t reader, vn__word_fn word) {
  vn_cbor_item_t map;
  vn_cbor_item_t item;
  if (!vn__decode_next(&reader, &map, line->problem)) {
    return false;
  }
  for (uint64_t left = map.unsigned_value; left > 0; left--) {
    if (!vn__decode_next(&reader, &item, line->problem)) {
      return false;
    }
    bool known = vn__known_number(&item, word) < VN__KNOWN_MAX;
    if (!known) {
      put_unknown_key(line->writer, &item);
    }
    if (!(known ? vn__decode_skip(&reader, line->problem)
                : vn__decode_item(&reader, line->writer, line->problem))) {
      return false;
    }
  }
  return true;
}

static const char *accounted_word(unsigned key) {
  return key < VN_ACCOUNTED_COUNT_OF ? vn_accounted_word((vn_accounted_t)key) : NULL;
}

/* An accounting with the words of its items, in their order. */
static bool put_accounting(const line_t *line, vn_cbor_reader_t reader) {
  vn__known_t items;
  if (!vn__known_scan(reader, accounted_word, &items, line->problem)) {
    return false;
  }
  vn_json_object_begin(line->writer);
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF; i++) {
    vn_cbor_reader_t item = reader;
    item.position = items.at[i];
    if (items.at[i] != 0) {
      vn_json_key(line->writer, accounted_word(i));
      if (!put_scaled(item, 0, line->writer, line->problem)) {
        return false;
      }
    }
  }
  if (!put_unknown(line, reader, accounted_word)) {
    return false;
  }
  vn_json_object_end(line->writer);
  return true;
}

/* The words of the flags; one that has none yet as its bit. */
static bool put_flags(const line_t *line, unsigned key) {
  vn_cbor_item_t item;
  if (!vn__known_take(line->record->reader, &line->known, key, VN_CBOR_UINT, &item)) {
    return vn__decode_fail(line->problem, "flags are an unsigned integer",
                           line->record->reader.position);
  }
  vn_json_array_begin(line->writer);
  for (unsigned bit = 0; bit < 64; bit++) {
    if ((item.unsigned_value >> bit & 1u) == 0) {
      continue;
    }
    if (bit < VN_FLAG_COUNT_OF) {
      vn_json_literal(line->writer, vn_flag_word((vn_flag_t)bit));
    } else {
      vn_json_unsigned(line->writer, bit);
    }
  }
  vn_json_array_end(line->writer);
  return true;
}

/* A field with its key, if it is there. */
static bool put_field(const line_t *line, unsigned key) {
  vn_cbor_item_t item;
  vn_cbor_reader_t reader = at_field(line, key);
  int exponent = line->pipeline.exponent;
  if (reader.position == 0) {
    return true;
  }
  vn_json_key(line->writer, fields[key].word);
  switch (fields[key].form) {
    case FORM_INTEGER:
      return put_scaled(reader, 0, line->writer, line->problem);
    case FORM_VALUE:
      return put_scaled(reader, exponent, line->writer, line->problem);
    case FORM_SQUARE:
      return put_scaled(reader, 2 * exponent, line->writer, line->problem);
    case FORM_KIND:
      if (!vn__known_take(reader, &line->known, key, VN_CBOR_UINT, &item)) {
        return vn__decode_fail(line->problem, "a kind is an unsigned integer", reader.position);
      }
      put_kind(line, item.unsigned_value);
      return true;
    case FORM_COUNTS:
      return put_accounting(line, reader);
    case FORM_FLAGS:
      return put_flags(line, key);
    case FORM_SAMPLE:
      return put_sample(line, reader);
    case FORM_ANY:
    default:
      return vn__decode_item(&reader, line->writer, line->problem);
  }
}

static void put_message(const line_t *line) {
  vn_json_writer_t *writer = line->writer;
  vn_json_key(writer, "device");
  vn_json_text(writer, line->record->device);
  vn_json_key(writer, "boot");
  vn_json_unsigned(writer, line->record->boot);
  vn_json_key(writer, "seq");
  vn_json_unsigned(writer, line->record->seq);
  vn_json_key(writer, "pipeline");
  vn_json_text(writer, line->pipeline.name);
  vn_json_key(writer, "window");
  vn_json_text(writer, line->pipeline.window);
}

bool vn__decode_render_record(const void *subject, vn_json_writer_t *writer,
                              vn__decode_problem_t *problem) {
  line_t line = {.record = subject, .writer = writer, .problem = problem};
  if (!vn__known_scan(line.record->reader, field_word, &line.known, problem) ||
      !find_pipeline(&line)) {
    return false;
  }
  vn_json_object_begin(writer);
  put_message(&line);
  for (size_t i = 0; i < sizeof line_order; i++) {
    if (!put_field(&line, line_order[i])) {
      return false;
    }
  }
  if (!put_unknown(&line, line.record->reader, field_word)) {
    return false;
  }
  vn_json_object_end(writer);
  return true;
}
