/* Reading summary messages in CBOR, with integer or with text keys. */
#include "summary_read_priv.h"

#include <string.h>

static bool take(vn_cbor_reader_t *reader, vn_cbor_kind_t kind, vn_cbor_item_t *item) {
  return vn_cbor_next(reader, item) == VN_REASON_NONE && item->kind == (uint8_t)kind &&
         !item->indefinite;
}

bool vn__summary_skip(vn_cbor_reader_t *reader) {
  uint64_t left = 1;
  for (; left > 0; left--) {
    vn_cbor_item_t item;
    if (vn_cbor_next(reader, &item) != VN_REASON_NONE || item.indefinite) {
      return false;
    }
    left += item.kind == VN_CBOR_ARRAY ? item.unsigned_value : 0;
    left += item.kind == VN_CBOR_MAP ? 2u * item.unsigned_value : 0;
    left += item.kind == VN_CBOR_TAG ? 1u : 0u;
  }
  return true;
}

static bool take_integer(vn_cbor_reader_t *reader, int64_t *out) {
  vn_cbor_item_t item;
  if (vn_cbor_next(reader, &item) != VN_REASON_NONE || item.unsigned_value > INT64_MAX ||
      (item.kind != VN_CBOR_UINT && item.kind != VN_CBOR_NEGATIVE)) {
    return false;
  }
  int64_t value = (int64_t)item.unsigned_value;
  *out = item.kind == VN_CBOR_NEGATIVE ? -1 - value : value;
  return true;
}

static bool take_unsigned(vn_cbor_reader_t *reader, uint64_t highest, uint64_t *out) {
  vn_cbor_item_t item;
  bool good = take(reader, VN_CBOR_UINT, &item) && item.unsigned_value <= highest;
  *out = good ? item.unsigned_value : 0;
  return good;
}

static bool take_float(vn_cbor_reader_t *reader, double *out) {
  vn_cbor_item_t item;
  bool good = take(reader, VN_CBOR_FLOAT, &item);
  *out = good ? item.float_value : 0.0;
  return good;
}

/* An integer, or tag 2 with the bytes of one beyond 64 bits. */
static bool take_wide(vn_cbor_reader_t *reader, vn_u128_t *out) {
  enum { TAG_BIGNUM = 2, BYTES_MAX = 16 };
  vn_cbor_item_t item;
  if (vn_cbor_next(reader, &item) != VN_REASON_NONE) {
    return false;
  }
  *out = (vn_u128_t){0};
  if (item.kind == VN_CBOR_UINT) {
    out->low = item.unsigned_value;
    return true;
  }
  if (item.kind != VN_CBOR_TAG || item.unsigned_value != TAG_BIGNUM ||
      !take(reader, VN_CBOR_BYTES, &item) || item.text.length > BYTES_MAX) {
    return false;
  }
  for (size_t i = 0; i < item.text.length; i++) {
    out->high = out->high << 8 | out->low >> 56;
    out->low = out->low << 8 | (uint8_t)item.text.bytes[i];
  }
  return true;
}

static bool is_word(vn_text_t text, const char *word) {
  return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

/* The number of a key that is an integer or its word; `count` when it is none of ours. */
static bool take_key(vn_cbor_reader_t *reader, unsigned count, const char *(*word)(unsigned key),
                     unsigned *key) {
  vn_cbor_item_t item;
  *key = count;
  if (vn_cbor_next(reader, &item) != VN_REASON_NONE) {
    return false;
  }
  if (item.kind == VN_CBOR_UINT && item.unsigned_value < count) {
    *key = (unsigned)item.unsigned_value;
  }
  for (unsigned i = 0; item.kind == VN_CBOR_TEXT && i < count; i++) {
    *key = is_word(item.text, word(i)) ? i : *key;
  }
  return item.kind == VN_CBOR_UINT || item.kind == VN_CBOR_TEXT;
}

enum { TOP_PIPELINES = 4, TOP_RECORDS = 5, TOP_KEYS = 6 };
static const char *top_word(unsigned key) {
  static const char *const words[TOP_KEYS] = {"version", "device",    "boot",
                                              "seq",     "pipelines", "records"};
  return words[key];
}

static bool take_list(vn_cbor_reader_t *reader, vn_cbor_reader_t *list, uint64_t *count) {
  vn_cbor_item_t item;
  *list = *reader;
  bool good = take(list, VN_CBOR_ARRAY, &item);
  *count = good ? item.unsigned_value : 0;
  return good && vn__summary_skip(reader);
}

bool vn__summary_message_read(const uint8_t *bytes, size_t length, vn__summary_message_t *out) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t map;
  *out = (vn__summary_message_t){0};
  vn_cbor_reader_init(&reader, bytes, length);
  bool good = take(&reader, VN_CBOR_MAP, &map);
  for (uint64_t left = good ? map.unsigned_value : 0; good && left > 0; left--) {
    unsigned key;
    good = take_key(&reader, TOP_KEYS, top_word, &key);
    if (good && key == TOP_PIPELINES) {
      good = take_list(&reader, &out->pipelines, &out->pipeline_count);
    } else if (good && key == TOP_RECORDS) {
      good = take_list(&reader, &out->records, &out->record_count);
    } else {
      good = good && vn__summary_skip(&reader);
    }
  }
  return good && out->pipeline_count > 0;
}

enum { PIPELINE_NAME, PIPELINE_UNIT, PIPELINE_EXPONENT, PIPELINE_WINDOWS, PIPELINE_KEYS };
static const char *pipeline_word(unsigned key) {
  static const char *const words[PIPELINE_KEYS] = {"name", "unit", "exponent", "windows"};
  return words[key];
}

/* Whether the names in a list are those of the windows; the reader moves behind it. */
static bool windows_are(vn_cbor_reader_t *reader, const vn_summary_pipeline_t *pipeline) {
  vn_cbor_item_t item;
  bool same = take(reader, VN_CBOR_ARRAY, &item) && item.unsigned_value == pipeline->window_count;
  for (uint8_t i = 0; same && i < pipeline->window_count; i++) {
    same = take(reader, VN_CBOR_TEXT, &item) && is_word(item.text, pipeline->windows[i].name);
  }
  return same;
}

/* Whether the value at the reader, which moves behind it, is what this one has under the key. */
static bool member_is(vn_cbor_reader_t *reader, unsigned key,
                      const vn_summary_pipeline_t *pipeline) {
  vn_cbor_item_t item;
  int64_t exponent;
  switch (key) {
    case PIPELINE_NAME:
    case PIPELINE_UNIT:
      return take(reader, VN_CBOR_TEXT, &item) &&
             is_word(item.text, key == PIPELINE_NAME ? pipeline->name : pipeline->unit);
    case PIPELINE_EXPONENT:
      return take_integer(reader, &exponent) && exponent == pipeline->exponent;
    case PIPELINE_WINDOWS:
      return windows_are(reader, pipeline);
    default:
      return vn__summary_skip(reader);
  }
}

bool vn__summary_pipeline_is(const vn__summary_message_t *message, uint64_t index,
                             const vn_summary_pipeline_t *pipeline) {
  vn_cbor_reader_t reader = message->pipelines;
  vn_cbor_item_t item;
  bool same = index < message->pipeline_count;
  for (uint64_t i = 0; same && i < index; i++) {
    same = vn__summary_skip(&reader);
  }
  same = same && take(&reader, VN_CBOR_MAP, &item);
  for (uint64_t left = same ? item.unsigned_value : 0; same && left > 0; left--) {
    unsigned key;
    same =
        take_key(&reader, PIPELINE_KEYS, pipeline_word, &key) && member_is(&reader, key, pipeline);
  }
  return same;
}

static const char *accounted_word(unsigned key) { return vn_accounted_word((vn_accounted_t)key); }
static const char *field_word(unsigned key) { return vn__field_word((vn__field_t)key); }

static bool take_accounting(vn_cbor_reader_t *reader, uint32_t *accounting) {
  vn_cbor_item_t map;
  bool good = take(reader, VN_CBOR_MAP, &map);
  for (uint64_t left = good ? map.unsigned_value : 0; good && left > 0; left--) {
    unsigned key;
    uint64_t count = 0;
    good = take_key(reader, VN_ACCOUNTED_COUNT_OF, accounted_word, &key) &&
           take_unsigned(reader, UINT32_MAX, &count);
    if (good && key < VN_ACCOUNTED_COUNT_OF) {
      accounting[key] = (uint32_t)count;
    }
  }
  return good;
}

/* Integers of a record that may be negative; NULL: another field. */
static int64_t *integer_of(vn__summary_record_t *record, unsigned field) {
  switch (field) {
    case VN__FIELD_START:
      return &record->start;
    case VN__FIELD_END:
      return &record->end;
    case VN__FIELD_SUM:
      return &record->sum;
    case VN__FIELD_MIN:
      return &record->min;
    case VN__FIELD_MAX:
      return &record->max;
    case VN__FIELD_FIRST:
      return &record->first;
    case VN__FIELD_LAST:
      return &record->last;
    default:
      return NULL;
  }
}

static double *float_of(vn__summary_record_t *record, unsigned field) {
  switch (field) {
    case VN__FIELD_MEAN:
      return &record->mean;
    case VN__FIELD_VARIANCE:
      return &record->variance;
    case VN__FIELD_VARIANCE_SAMPLE:
      return &record->variance_sample;
    case VN__FIELD_STDDEV:
      return &record->stddev;
    case VN__FIELD_STDDEV_SAMPLE:
      return &record->stddev_sample;
    default:
      return NULL;
  }
}

/* Small numbers. */
static bool take_number(vn_cbor_reader_t *reader, unsigned field, vn__summary_record_t *record) {
  bool is_small = field == VN__FIELD_KIND || field == VN__FIELD_FLAGS;
  uint64_t value;
  if (!take_unsigned(reader, is_small ? UINT8_MAX : UINT32_MAX, &value)) {
    return false;
  }
  switch (field) {
    case VN__FIELD_WINDOW:
      record->window = value;
      break;
    case VN__FIELD_REV:
      record->revision = (uint32_t)value;
      break;
    case VN__FIELD_COUNT:
      record->count = (uint32_t)value;
      break;
    case VN__FIELD_KIND:
      record->kind = (uint8_t)value;
      break;
    default:
      record->flags = (uint8_t)value;
      break;
  }
  return true;
}

static bool take_pipeline(vn_cbor_reader_t *reader, vn__summary_record_t *record) {
  record->pipeline_at = reader->position;
  bool good = take_unsigned(reader, UINT32_MAX, &record->pipeline);
  record->pipeline_length = reader->position - record->pipeline_at;
  return good;
}

static bool take_field(vn_cbor_reader_t *reader, unsigned field, vn__summary_record_t *record) {
  vn_cbor_item_t item;
  int64_t *integer = integer_of(record, field);
  double *real = float_of(record, field);
  if (integer != NULL || real != NULL) {
    return integer != NULL ? take_integer(reader, integer) : take_float(reader, real);
  }
  switch (field) {
    case VN__FIELD_PIPELINE:
      return take_pipeline(reader, record);
    case VN__FIELD_SERIES:
      if (!take(reader, VN_CBOR_TEXT, &item)) {
        return false;
      }
      record->series = item.text;
      return true;
    case VN__FIELD_WINDOW:
    case VN__FIELD_REV:
    case VN__FIELD_KIND:
    case VN__FIELD_COUNT:
    case VN__FIELD_FLAGS:
      return take_number(reader, field, record);
    case VN__FIELD_SUM_SQ:
      return take_wide(reader, &record->sum_sq);
    case VN__FIELD_ACCOUNTING:
      return take_accounting(reader, record->accounting);
    default:
      record->sample = field == VN__FIELD_SAMPLE ? *reader : record->sample;
      return vn__summary_skip(reader);
  }
}

bool vn__summary_record_read(vn_cbor_reader_t *reader, vn__summary_record_t *out) {
  vn_cbor_item_t map;
  size_t start = reader->position;
  *out = (vn__summary_record_t){.bytes = reader->bytes + start};
  bool good = take(reader, VN_CBOR_MAP, &map);
  for (uint64_t left = good ? map.unsigned_value : 0; good && left > 0; left--) {
    unsigned key;
    good = take_key(reader, VN__FIELD_COUNT_OF, field_word, &key) && take_field(reader, key, out);
    out->fields |= key < VN__FIELD_COUNT_OF ? VN__FIELD_BIT(key) : 0;
  }
  const uint64_t needed = VN__FIELD_BIT(VN__FIELD_COUNT + 1) - 1u;
  out->length = reader->position - start;
  out->pipeline_at -= good ? start : out->pipeline_at;
  return good && (out->fields & needed) == needed && out->count > 0;
}

bool vn__summary_member_read(vn_cbor_reader_t *reader, int64_t *since_ms, int64_t *value) {
  vn_cbor_item_t pair;
  return take(reader, VN_CBOR_ARRAY, &pair) && pair.unsigned_value == 2 &&
         take_integer(reader, since_ms) && take_integer(reader, value);
}
