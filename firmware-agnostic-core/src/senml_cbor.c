#include "cbor_number_priv.h"
#include "cbor_reader_priv.h"
#include "senml_priv.h"
#include "vn/cbor.h"

#define TAG_DECIMAL_FRACTION 4u
#define TAG_SELF_DESCRIBED 55799u
#define TAGS_IN_A_ROW_MAX VN_SENML_DEPTH_MAX
#define PACK_DEPTH 1u
#define RECORD_DEPTH 2u

/* An open container that is being skipped. */
typedef struct level {
  uint32_t left; /* items or pairs, when definite */
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
    if (level->value_due || level->indefinite || --level->left > 0) {
      return;
    }
    skipper->open--;
  }
}

static vn_reason_t open_container(skipper_t *skipper, const vn_cbor_item_t *item) {
  if (skipper->open == skipper->depth_max) {
    return VN_REASON_DEPTH;
  }
  if (item->unsigned_value == 0 && !item->indefinite) {
    item_done(skipper);
    return VN_REASON_NONE;
  }
  level_t *level = &skipper->levels[skipper->open];
  level->left = (uint32_t)item->unsigned_value; /* the reader lets no 8-byte count through */
  level->indefinite = item->indefinite;
  level->is_map = item->kind == VN_CBOR_MAP;
  level->value_due = false;
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

/* One pass over a pack: the item read last serves all levels, which keeps the stack small. */
typedef struct pass {
  vn__senml_t senml;
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
} pass_t;

/* Skips the rest of the value whose first item was read last, inside of `depth` open containers. */
static vn_reason_t skip_value(pass_t *pass, unsigned depth) {
  vn_cbor_reader_t *reader = &pass->reader;
  skipper_t skipper;
  skipper.open = 0;
  skipper.depth_max = VN_SENML_DEPTH_MAX - depth;
  skipper.tags = 0;
  size_t start = reader->position;
  vn_reason_t reason = skip_item(&skipper, &pass->item);
  while (reason == VN_REASON_NONE && (skipper.open > 0 || skipper.tags > 0)) {
    start = reader->position;
    reason = vn_cbor_next(reader, &pass->item);
    if (reason == VN_REASON_NONE) {
      reason = skip_item(&skipper, &pass->item);
    }
  }
  if (reason != VN_REASON_NONE) {
    reader->position = start;
  }
  return reason;
}

/* A value that is no plain number or text, whose first item was read last. */
static vn_reason_t read_other(pass_t *pass, vn__senml_label_t label) {
  size_t start = pass->reader.position;
  vn_number_t number;
  if (pass->item.kind == VN_CBOR_TAG && pass->item.unsigned_value == TAG_DECIMAL_FRACTION &&
      vn__cbor_decimal_fraction(&pass->reader, &number)) {
    vn__senml_number(&pass->senml, label, VN_REASON_NONE, &number);
    return VN_REASON_NONE;
  }
  pass->reader.position = start;
  vn_reason_t reason = skip_value(pass, RECORD_DEPTH);
  if (reason == VN_REASON_NONE) {
    vn__senml_other(&pass->senml, label);
  }
  return reason;
}

static vn_reason_t read_value(pass_t *pass, vn__senml_label_t label) {
  const vn_cbor_item_t *item = &pass->item;
  vn_number_t number = {0};
  size_t start = pass->reader.position;
  vn_reason_t reason = vn__cbor_next(&pass->reader, &pass->item);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  switch (item->kind) {
    case VN_CBOR_UINT:
    case VN_CBOR_NEGATIVE:
      number = vn__cbor_integer(item);
      vn__senml_number(&pass->senml, label, VN_REASON_NONE, &number);
      break;
    case VN_CBOR_FLOAT:
      reason = vn_number_from_double(item->float_value, &number);
      vn__senml_number(&pass->senml, label, reason, &number);
      break;
    case VN_CBOR_TEXT:
      vn__senml_text(&pass->senml, label, item->text, false);
      break;
    case VN_CBOR_BREAK:
      pass->reader.position = start;
      return VN_REASON_CBOR;
    default:
      reason = read_other(pass, label);
      if (reason != VN_REASON_NONE) {
        return reason;
      }
      break;
  }
  return (vn_reason_t)pass->senml.pack_problem;
}

/* The label whose first item was read last. */
static vn_reason_t read_label(pass_t *pass, vn__senml_label_t *label) {
  const vn_cbor_item_t *key = &pass->item;
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
  return skip_value(pass, RECORD_DEPTH);
}

/* One pair, or the break behind the last: then *end. */
static vn_reason_t read_pair(pass_t *pass, bool indefinite, bool *end) {
  vn__senml_label_t label;
  size_t start = pass->reader.position;
  vn_reason_t reason = vn__cbor_next(&pass->reader, &pass->item);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  if (pass->item.kind == VN_CBOR_BREAK && indefinite) {
    *end = true;
    return VN_REASON_NONE;
  }
  reason = read_label(pass, &label);
  if (reason == VN_REASON_NONE) {
    reason = read_value(pass, label);
  }
  if (reason == VN_REASON_MUST_UNDERSTAND || reason == VN_REASON_VERSION) {
    pass->reader.position = start;
  }
  return reason;
}

/* The record whose head was read last. */
static vn_reason_t read_record(pass_t *pass) {
  uint64_t left = pass->item.unsigned_value;
  bool indefinite = pass->item.indefinite;
  bool end = !indefinite && left == 0;
  while (!end) {
    vn_reason_t reason = read_pair(pass, indefinite, &end);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    left--;
    end = end || (!indefinite && left == 0);
  }
  vn__senml_end_record(&pass->senml);
  return VN_REASON_NONE;
}

/* The array around the records, behind any tags; only the one that says "CBOR" may be there. */
static vn_reason_t open_pack(pass_t *pass) {
  const vn_cbor_item_t *item = &pass->item;
  bool tagged = false;
  for (unsigned tags = 0; tags <= TAGS_IN_A_ROW_MAX; tags++) {
    size_t start = pass->reader.position;
    vn_reason_t reason = vn_cbor_next(&pass->reader, &pass->item);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    if (item->kind != VN_CBOR_TAG) {
      if (item->kind == VN_CBOR_ARRAY && !tagged) {
        return VN_REASON_NONE;
      }
      pass->reader.position = start;
      return item->kind == VN_CBOR_BREAK ? VN_REASON_CBOR : VN_REASON_SENML;
    }
    tagged = tagged || item->unsigned_value != TAG_SELF_DESCRIBED;
  }
  return VN_REASON_DEPTH;
}

/* One element of the pack, or the break behind the last: then *end. */
static vn_reason_t read_element(pass_t *pass, bool indefinite, bool *end) {
  size_t start = pass->reader.position;
  vn_reason_t reason = vn__cbor_next(&pass->reader, &pass->item);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  if (pass->item.kind == VN_CBOR_MAP) {
    return read_record(pass);
  }
  if (pass->item.kind == VN_CBOR_BREAK) {
    *end = true;
    pass->reader.position = indefinite ? pass->reader.position : start;
    return indefinite ? VN_REASON_NONE : VN_REASON_CBOR;
  }
  reason = skip_value(pass, PACK_DEPTH);
  if (reason == VN_REASON_NONE) {
    vn__senml_refuse_record(&pass->senml, VN_REASON_SENML);
  }
  return reason;
}

static vn_reason_t read_elements(pass_t *pass) {
  bool indefinite = pass->item.indefinite;
  bool end = false;
  for (uint64_t left = pass->item.unsigned_value; !end && (indefinite || left > 0); left--) {
    vn_reason_t reason = read_element(pass, indefinite, &end);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
  }
  return pass->reader.position < pass->reader.length ? VN_REASON_TRAILING : VN_REASON_NONE;
}

static vn_reason_t read_pack(const vn__decode_t *decode, bool only_check) {
  pass_t pass;
  vn__senml_init(&pass.senml, decode, only_check);
  vn_cbor_reader_init(&pass.reader, decode->payload, decode->length);
  vn_reason_t reason = open_pack(&pass);
  if (reason == VN_REASON_NONE) {
    reason = read_elements(&pass);
  }
  *decode->offset = pass.reader.position;
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
