#include "cbor_reader_priv.h"
#include "senml_priv.h"
#include "vn/cbor.h"

#define TAG_DECIMAL_FRACTION 4u
#define TAG_SELF_DESCRIBED 55799u
#define TAGS_IN_A_ROW_MAX VN_SENML_DEPTH_MAX
#define EXPONENT_CLAMP 100000
#define PACK_DEPTH 1u
#define RECORD_DEPTH 2u

/* An open container that is being skipped. */
typedef struct level {
  uint64_t left; /* items, when definite */
  bool indefinite;
  bool is_map;
  bool value_due;
} level_t;

typedef struct skipper {
  level_t levels[VN_SENML_DEPTH_MAX];
  unsigned open;
  unsigned depth_max; /* of the skipped value alone */
  unsigned tags;      /* before the next item */
} skipper_t;

/* One item is complete, and with it the containers whose last item it is. */
static void item_done(skipper_t *skipper) {
  skipper->tags = 0;
  while (skipper->open > 0) {
    level_t *level = &skipper->levels[skipper->open - 1u];
    level->value_due = level->is_map && !level->value_due;
    if (level->indefinite || --level->left > 0) {
      return;
    }
    skipper->open--;
  }
}

static vn_reason_t open_container(skipper_t *skipper, const vn_cbor_item_t *item) {
  if (skipper->open == skipper->depth_max) {
    return VN_REASON_DEPTH;
  }
  bool is_map = item->kind == VN_CBOR_MAP;
  uint64_t left = is_map ? item->unsigned_value * 2u : item->unsigned_value;
  if (left == 0 && !item->indefinite) {
    item_done(skipper);
    return VN_REASON_NONE;
  }
  skipper->levels[skipper->open] = (level_t){left, item->indefinite, is_map, false};
  skipper->open++;
  skipper->tags = 0;
  return VN_REASON_NONE;
}

static vn_reason_t close_container(skipper_t *skipper) {
  if (skipper->open == 0 || skipper->tags > 0) {
    return VN_REASON_CBOR;
  }
  const level_t *level = &skipper->levels[skipper->open - 1u];
  if (!level->indefinite || level->value_due) {
    return VN_REASON_CBOR;
  }
  skipper->open--;
  item_done(skipper);
  return VN_REASON_NONE;
}

static vn_reason_t skip_item(skipper_t *skipper, const vn_cbor_item_t *item) {
  switch (item->kind) {
    case VN_CBOR_ARRAY:
    case VN_CBOR_MAP:
      return open_container(skipper, item);
    case VN_CBOR_TAG:
      skipper->tags++;
      return skipper->tags > TAGS_IN_A_ROW_MAX ? VN_REASON_DEPTH : VN_REASON_NONE;
    case VN_CBOR_BREAK:
      return close_container(skipper);
    default:
      item_done(skipper);
      return VN_REASON_NONE;
  }
}

/* Skips the rest of a value whose first item is `item`, inside of `depth` open containers. */
static vn_reason_t skip_value(vn_cbor_reader_t *reader, vn_cbor_item_t item, unsigned depth) {
  skipper_t skipper;
  skipper.open = 0;
  skipper.depth_max = VN_SENML_DEPTH_MAX - depth;
  skipper.tags = 0;
  size_t start = reader->position;
  vn_reason_t reason = skip_item(&skipper, &item);
  while (reason == VN_REASON_NONE && (skipper.open > 0 || skipper.tags > 0)) {
    start = reader->position;
    reason = vn_cbor_next(reader, &item);
    if (reason == VN_REASON_NONE) {
      reason = skip_item(&skipper, &item);
    }
  }
  if (reason != VN_REASON_NONE) {
    reader->position = start;
  }
  return reason;
}

/* An integer of CBOR's range as a number: beyond int64 without its last digit. */
static vn_number_t integer_number(const vn_cbor_item_t *item) {
  uint64_t argument = item->unsigned_value;
  bool negative = item->kind == VN_CBOR_NEGATIVE;
  if (argument <= INT64_MAX) {
    return vn_number_from_integer(negative ? -1 - (int64_t)argument : (int64_t)argument);
  }
  uint64_t last = argument % 10u + (negative ? 1u : 0u);
  vn_number_t number = vn_number_from_integer((int64_t)(argument / 10u + last / 10u));
  number.mantissa = negative ? -number.mantissa : number.mantissa;
  number.exponent = 1;
  number.inexact = last % 10u != 0;
  return number;
}

static bool is_integer(const vn_cbor_item_t *item) {
  return item->kind == VN_CBOR_UINT || item->kind == VN_CBOR_NEGATIVE;
}

static bool next_integer(vn_cbor_reader_t *reader, vn_number_t *number) {
  vn_cbor_item_t item;
  if (vn_cbor_next(reader, &item) != VN_REASON_NONE || !is_integer(&item)) {
    return false;
  }
  *number = integer_number(&item);
  return true;
}

/* Far beyond anything that could still become an int32, and far from an overflow. */
static int32_t clamp_exponent(int64_t exponent) {
  if (exponent > EXPONENT_CLAMP) {
    return EXPONENT_CLAMP;
  }
  return exponent < -EXPONENT_CLAMP ? -EXPONENT_CLAMP : (int32_t)exponent;
}

static bool next_is_break(vn_cbor_reader_t *reader) {
  vn_cbor_item_t item;
  return vn_cbor_next(reader, &item) == VN_REASON_NONE && item.kind == VN_CBOR_BREAK;
}

/* What stands behind tag 4: [exponent, mantissa]. On false the reader is somewhere inside. */
static bool next_decimal_fraction(vn_cbor_reader_t *reader, vn_number_t *number) {
  vn_cbor_item_t pair;
  vn_number_t exponent;
  if (vn_cbor_next(reader, &pair) != VN_REASON_NONE || pair.kind != VN_CBOR_ARRAY ||
      (!pair.indefinite && pair.unsigned_value != 2u)) {
    return false;
  }
  if (!next_integer(reader, &exponent) || !next_integer(reader, number) ||
      (pair.indefinite && !next_is_break(reader))) {
    return false;
  }
  number->exponent += clamp_exponent(exponent.mantissa);
  return true;
}

/* A value that is no plain number or text, whose first item is `item`. */
static vn_reason_t read_other(vn__senml_t *senml, vn_cbor_reader_t *reader, vn__senml_label_t label,
                              const vn_cbor_item_t *item) {
  size_t start = reader->position;
  vn_number_t number;
  if (item->kind == VN_CBOR_TAG && item->unsigned_value == TAG_DECIMAL_FRACTION &&
      next_decimal_fraction(reader, &number)) {
    vn__senml_number(senml, label, VN_REASON_NONE, &number);
    return VN_REASON_NONE;
  }
  reader->position = start;
  vn_reason_t reason = skip_value(reader, *item, RECORD_DEPTH);
  if (reason == VN_REASON_NONE) {
    vn__senml_other(senml, label);
  }
  return reason;
}

static vn_reason_t read_value(vn__senml_t *senml, vn_cbor_reader_t *reader,
                              vn__senml_label_t label) {
  vn_cbor_item_t item;
  vn_number_t number = {0};
  size_t start = reader->position;
  vn_reason_t reason = vn__cbor_next(reader, &item);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  if (is_integer(&item)) {
    number = integer_number(&item);
    vn__senml_number(senml, label, VN_REASON_NONE, &number);
  } else if (item.kind == VN_CBOR_FLOAT) {
    vn_reason_t float_reason = vn_number_from_double(item.float_value, &number);
    vn__senml_number(senml, label, float_reason, &number);
  } else if (item.kind == VN_CBOR_TEXT) {
    vn__senml_text(senml, label, item.text, false);
  } else if (item.kind == VN_CBOR_BREAK) {
    reader->position = start;
    return VN_REASON_CBOR;
  } else {
    reason = read_other(senml, reader, label, &item);
  }
  return reason == VN_REASON_NONE ? (vn_reason_t)senml->pack_problem : reason;
}

static vn_reason_t read_label(vn_cbor_reader_t *reader, const vn_cbor_item_t *key,
                              vn__senml_label_t *label) {
  *label = VN__SENML_UNKNOWN;
  if (key->kind == VN_CBOR_UINT) {
    if (key->unsigned_value <= VN__SENML_VD - VN__SENML_N) {
      *label = (vn__senml_label_t)(VN__SENML_N + key->unsigned_value);
    }
    return VN_REASON_NONE;
  }
  if (key->kind == VN_CBOR_NEGATIVE) {
    if (key->unsigned_value <= VN__SENML_BVER - VN__SENML_BS) {
      *label = (vn__senml_label_t)(VN__SENML_BVER - key->unsigned_value);
    }
    return VN_REASON_NONE;
  }
  if (key->kind == VN_CBOR_TEXT) {
    vn_text_t text = key->text;
    bool reserved = text.length > 0 && text.bytes[text.length - 1u] == '_';
    return reserved ? VN_REASON_MUST_UNDERSTAND : VN_REASON_NONE;
  }
  return skip_value(reader, *key, RECORD_DEPTH);
}

/* One pair, or the break behind the last: then *end. */
static vn_reason_t read_pair(vn__senml_t *senml, vn_cbor_reader_t *reader, bool indefinite,
                             bool *end) {
  vn_cbor_item_t key;
  vn__senml_label_t label;
  size_t start = reader->position;
  vn_reason_t reason = vn__cbor_next(reader, &key);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  if (key.kind == VN_CBOR_BREAK && indefinite) {
    *end = true;
    return VN_REASON_NONE;
  }
  reason = read_label(reader, &key, &label);
  if (reason == VN_REASON_NONE) {
    reason = read_value(senml, reader, label);
  }
  if (reason == VN_REASON_MUST_UNDERSTAND || reason == VN_REASON_VERSION) {
    reader->position = start;
  }
  return reason;
}

static vn_reason_t read_record(vn__senml_t *senml, vn_cbor_reader_t *reader,
                               const vn_cbor_item_t *head) {
  uint64_t left = head->unsigned_value;
  bool end = false;
  while (head->indefinite ? !end : left > 0) {
    vn_reason_t reason = read_pair(senml, reader, head->indefinite, &end);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    left--;
  }
  vn__senml_end_record(senml);
  return VN_REASON_NONE;
}

/* The array around the records, behind any tags; only the one that says "CBOR" may be there. */
static vn_reason_t open_pack(vn_cbor_reader_t *reader, vn_cbor_item_t *pack) {
  bool tagged = false;
  for (unsigned tags = 0; tags <= TAGS_IN_A_ROW_MAX; tags++) {
    size_t start = reader->position;
    vn_reason_t reason = vn_cbor_next(reader, pack);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    if (pack->kind != VN_CBOR_TAG) {
      reason = pack->kind == VN_CBOR_BREAK             ? VN_REASON_CBOR
               : tagged || pack->kind != VN_CBOR_ARRAY ? VN_REASON_SENML
                                                       : VN_REASON_NONE;
      reader->position = reason == VN_REASON_NONE ? reader->position : start;
      return reason;
    }
    tagged = tagged || pack->unsigned_value != TAG_SELF_DESCRIBED;
  }
  return VN_REASON_DEPTH;
}

static vn_reason_t read_records(vn__senml_t *senml, vn_cbor_reader_t *reader,
                                const vn_cbor_item_t *pack) {
  for (uint64_t left = pack->unsigned_value; pack->indefinite || left > 0; left--) {
    vn_cbor_item_t item;
    size_t start = reader->position;
    vn_reason_t reason = vn__cbor_next(reader, &item);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    if (item.kind == VN_CBOR_BREAK) {
      reader->position = pack->indefinite ? reader->position : start;
      return pack->indefinite ? VN_REASON_NONE : VN_REASON_CBOR;
    }
    if (item.kind == VN_CBOR_MAP) {
      reason = read_record(senml, reader, &item);
    } else {
      reason = skip_value(reader, item, PACK_DEPTH);
      if (reason == VN_REASON_NONE) {
        vn__senml_refuse_record(senml, VN_REASON_SENML);
      }
    }
    if (reason != VN_REASON_NONE) {
      return reason;
    }
  }
  return VN_REASON_NONE;
}

static vn_reason_t read_pack(const vn__decode_t *decode, bool only_check) {
  vn__senml_t senml;
  vn_cbor_reader_t reader;
  vn_cbor_item_t pack;
  vn__senml_init(&senml, decode, only_check);
  vn_cbor_reader_init(&reader, decode->payload, decode->length);
  vn_reason_t reason = open_pack(&reader, &pack);
  if (reason == VN_REASON_NONE) {
    reason = read_records(&senml, &reader, &pack);
  }
  if (reason == VN_REASON_NONE && reader.position < reader.length) {
    reason = VN_REASON_TRAILING;
  }
  *decode->offset = reader.position;
  return reason;
}

/* Bytes of an integer, float or simple value with this initial byte; 0: it is none of them. */
static size_t scalar_length(uint8_t initial) {
  unsigned info = initial & 0x1Fu;
  unsigned major = initial >> 5;
  if (major > 1u && major != 7u) {
    return 0;
  }
  return info < 24u ? 1u : info < 28u ? 1u + (1u << (info - 24u)) : 0u;
}

/* Bytes of a decimal fraction of two plain integers; 0: it is none. */
static size_t decimal_length(const uint8_t *bytes, size_t left) {
  size_t length = 2u;
  if (left <= length || bytes[1] != 0x82u) {
    return 0;
  }
  for (unsigned i = 0; i < 2u; i++) {
    size_t integer = length < left && bytes[length] < 0x40u ? scalar_length(bytes[length]) : 0u;
    if (integer == 0) {
      return 0;
    }
    length += integer;
  }
  return length;
}

/* Bytes of a value of the kinds that records are made of, maybe beyond `left`; 0: another kind. */
static size_t plain_value_length(const uint8_t *bytes, size_t left) {
  uint8_t initial = bytes[0];
  size_t length = scalar_length(initial);
  if (length > 0) {
    return length;
  }
  if (initial >> 5 == 2u || initial >> 5 == 3u) {
    unsigned info = initial & 0x1Fu;
    return info < 24u ? 1u + info : info == 24u && left > 1u ? 2u + (size_t)bytes[1] : 0u;
  }
  return initial == 0xC4u ? decimal_length(bytes, left) : 0u;
}

/* A label in one byte that cannot refuse the pack, with the first byte of its value. */
static bool is_plain_label(uint8_t label, uint8_t value) {
  if (label == 0x20u) {
    return value >= 1u && value <= 10u; /* bver */
  }
  return label < 0x38u && (label & 0x1Fu) < 24u;
}

/* Bytes of a record of one-byte integer labels and plain values; 0: it is of another kind. */
static size_t plain_record_length(const uint8_t *bytes, size_t left) {
  if (bytes[0] < 0xA0u || bytes[0] > 0xB7u) {
    return 0;
  }
  size_t position = 1u;
  for (unsigned pairs = bytes[0] & 0x1Fu; pairs > 0; pairs--) {
    if (left - position < 2u || !is_plain_label(bytes[position], bytes[position + 1u])) {
      return 0;
    }
    position++;
    size_t length = plain_value_length(&bytes[position], left - position);
    if (length == 0 || length > left - position) {
      return 0;
    }
    position += length;
  }
  return position;
}

/*
 * False when nothing in the payload can refuse the whole pack: only records in which every label is
 * an integer and no version is out of the ordinary. Then one pass is enough.
 */
static bool may_refuse_pack(const uint8_t *bytes, size_t length) {
  size_t position = bytes[0] == 0x98u ? 2u : bytes[0] == 0x99u ? 3u : 1u;
  bool is_array = (bytes[0] >= 0x80u && bytes[0] <= 0x99u) || bytes[0] == 0x9Fu;
  while (is_array && position < length && bytes[position] != 0xFFu) {
    size_t record = plain_record_length(&bytes[position], length - position);
    if (record == 0) {
      return true;
    }
    position += record;
  }
  return !is_array;
}

vn_reason_t vn__decode_senml_cbor(const vn__decode_t *decode) {
  VN_ASSERT(decode->length > 0);
  if (may_refuse_pack(decode->payload, decode->length)) {
    vn_reason_t reason = read_pack(decode, true);
    if (reason == VN_REASON_MUST_UNDERSTAND || reason == VN_REASON_VERSION) {
      return reason;
    }
  }
  return read_pack(decode, false);
}
