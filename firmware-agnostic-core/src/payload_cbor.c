#include <string.h>

#include "cbor_number_priv.h"
#include "fields_priv.h"

#define TAG_BIGNUM 2u
#define TAG_NEGATIVE_BIGNUM 3u
#define TAG_DECIMAL_FRACTION 4u
#define TAG_BIGFLOAT 5u
#define DEPTH_MAX VN_JSON_DEPTH_MAX

/* The bounded reader, and what is open around it. */
typedef struct walker {
  vn_cbor_reader_t reader;
  uint64_t left[DEPTH_MAX]; /* definite containers: items to come, keys and values apart */
  uint32_t indefinite;      /* bit per level */
  uint32_t maps;            /* bit per level */
  uint32_t values;          /* bit per level: a map whose next item is a value */
  uint8_t depth;
} walker_t;

static bool bit_of(uint32_t bits, unsigned level) { return (bits >> level & 1u) != 0; }

static void set_bit(uint32_t *bits, unsigned level, bool value) {
  *bits = (*bits & ~(UINT32_C(1) << level)) | (uint32_t)value << level;
}

static void push(walker_t *walker, const vn_cbor_item_t *item) {
  unsigned level = walker->depth++;
  bool map = item->kind == VN_CBOR_MAP;
  set_bit(&walker->maps, level, map);
  set_bit(&walker->indefinite, level, item->indefinite);
  set_bit(&walker->values, level, false);
  walker->left[level] = map ? item->unsigned_value * 2 : item->unsigned_value;
}

/* Ends the containers that have all their items. */
static void close_complete(walker_t *walker, vn__fields_t *fields) {
  while (walker->depth > 0 && !bit_of(walker->indefinite, walker->depth - 1u) &&
         walker->left[walker->depth - 1u] == 0) {
    walker->depth--;
    vn__fields_end(fields);
  }
}

/* Reads the next item behind its tags; *offset is where they start. */
static vn_reason_t next_item(walker_t *walker, vn_cbor_item_t *item, uint32_t *offset) {
  *offset = (uint32_t)walker->reader.position;
  size_t last = 0;
  for (unsigned tags = 0; tags <= DEPTH_MAX; tags++) {
    last = walker->reader.position;
    vn_reason_t reason = vn_cbor_next(&walker->reader, item);
    if (reason != VN_REASON_NONE || item->kind != VN_CBOR_TAG) {
      return reason;
    }
  }
  walker->reader.position = last;
  return VN_REASON_DEPTH;
}

/* Counts the item in its container; true when it is a key. */
static bool count_item(walker_t *walker) {
  if (walker->depth == 0) {
    return false;
  }
  unsigned level = walker->depth - 1u;
  walker->left[level] -= !bit_of(walker->indefinite, level);
  if (!bit_of(walker->maps, level)) {
    return false;
  }
  bool key = !bit_of(walker->values, level);
  set_bit(&walker->values, level, key);
  return key;
}

/* Integer keys are named by their decimal digits in a path. */
static void feed_integer_key(const vn_cbor_item_t *item, vn__fields_t *fields) {
  char text[1 + 39];
  bool negative = item->kind == VN_CBOR_NEGATIVE;
  vn_u128_t magnitude = vn_u128_add((vn_u128_t){0, item->unsigned_value}, (vn_u128_t){0, negative});
  text[0] = '-';
  unsigned digits = vn_u128_to_text(magnitude, text + 1);
  vn_text_t key = {negative ? text : text + 1, digits + negative};
  vn__fields_key(fields, key, false);
}

static vn_reason_t feed_key(const vn_cbor_item_t *item, vn__fields_t *fields) {
  switch ((vn_cbor_kind_t)item->kind) {
    case VN_CBOR_TEXT:
      vn__fields_key(fields, item->text, false);
      return VN_REASON_NONE;
    case VN_CBOR_UINT:
    case VN_CBOR_NEGATIVE:
      feed_integer_key(item, fields);
      return VN_REASON_NONE;
    case VN_CBOR_ARRAY:
    case VN_CBOR_MAP:
      return VN_REASON_CBOR; /* no sender needs such keys */
    default:
      vn__fields_other_key(fields);
      return VN_REASON_NONE;
  }
}

/* A break ends an indefinite container, in a map only in the place of a key. */
static vn_reason_t take_break(walker_t *walker, vn__fields_t *fields) {
  if (walker->depth == 0 || !bit_of(walker->indefinite, walker->depth - 1u) ||
      bit_of(walker->values, walker->depth - 1u)) {
    return VN_REASON_CBOR;
  }
  walker->depth--;
  vn__fields_end(fields);
  return VN_REASON_NONE;
}

static vn_reason_t take_value(walker_t *walker, vn__fields_t *fields, const vn_cbor_item_t *item,
                              uint32_t offset) {
  bool array = item->kind == VN_CBOR_ARRAY;
  if (!array && item->kind != VN_CBOR_MAP) {
    (void)vn__fields_scalar(fields, offset);
    return VN_REASON_NONE;
  }
  if (walker->depth == DEPTH_MAX) {
    return VN_REASON_DEPTH;
  }
  push(walker, item);
  (void)vn__fields_begin(fields, array, offset);
  return VN_REASON_NONE;
}

/* One item, and the ends that it brings. *began: a container. */
static vn_reason_t step(walker_t *walker, vn__fields_t *fields, bool *began) {
  vn_cbor_item_t item;
  uint32_t offset;
  size_t start = walker->reader.position;
  vn_reason_t reason = next_item(walker, &item, &offset);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  *began = false;
  if (item.kind == VN_CBOR_BREAK) {
    /* Behind a tag it is out of place, too. */
    reason = start + 1 == walker->reader.position ? take_break(walker, fields) : VN_REASON_CBOR;
  } else if (count_item(walker)) {
    reason = feed_key(&item, fields);
  } else {
    reason = take_value(walker, fields, &item, offset);
    *began = item.kind == VN_CBOR_ARRAY || item.kind == VN_CBOR_MAP;
  }
  if (reason != VN_REASON_NONE) {
    walker->reader.position = start;
  }
  return reason;
}

static void read_ahead(const walker_t *walker, vn__fields_t *fields) {
  walker_t ahead = *walker;
  uint8_t open = fields->open;
  bool unused;
  vn__fields_ahead_begin(fields);
  close_complete(&ahead, fields);
  while (fields->open >= open && step(&ahead, fields, &unused) == VN_REASON_NONE) {
    close_complete(&ahead, fields);
  }
  vn__fields_ahead_end(fields, open);
}

static void read_float(double value, vn__value_t *out) {
  vn_reason_t reason = vn_number_from_double(value, &out->number);
  out->kind = reason == VN_REASON_NONE  ? VN__VALUE_NUMBER
              : reason == VN_REASON_NAN ? VN__VALUE_NAN
                                        : VN__VALUE_INF;
}

static void read_item(const vn_cbor_item_t *item, vn__value_t *out) {
  switch ((vn_cbor_kind_t)item->kind) {
    case VN_CBOR_UINT:
    case VN_CBOR_NEGATIVE:
      out->kind = VN__VALUE_NUMBER;
      out->number = vn__cbor_integer(item);
      break;
    case VN_CBOR_FLOAT:
      read_float(item->float_value, out);
      break;
    case VN_CBOR_BOOL:
      out->kind = VN__VALUE_BOOL;
      out->number = vn_number_from_integer((int64_t)item->unsigned_value);
      break;
    case VN_CBOR_TEXT:
      out->kind = VN__VALUE_TEXT;
      out->text = item->text;
      break;
    case VN_CBOR_NULL:
    case VN_CBOR_UNDEFINED:
      out->kind = VN__VALUE_NULL;
      break;
    default:
      break;
  }
}

/* Tags other than those that make another number of their content are looked through. */
static void read_value(const vn__decode_t *decode, uint32_t offset, vn__value_t *out) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(&reader, decode->payload, decode->length);
  reader.position = offset;
  out->kind = VN__VALUE_OTHER;
  do {
    if (vn_cbor_next(&reader, &item) != VN_REASON_NONE) {
      return;
    }
    if (item.kind == VN_CBOR_TAG && item.unsigned_value == TAG_DECIMAL_FRACTION) {
      out->kind =
          vn__cbor_decimal_fraction(&reader, &out->number) ? VN__VALUE_NUMBER : VN__VALUE_OTHER;
      return;
    }
    if (item.kind == VN_CBOR_TAG && item.unsigned_value >= TAG_BIGNUM &&
        item.unsigned_value <= TAG_BIGFLOAT) {
      return;
    }
  } while (item.kind == VN_CBOR_TAG);
  read_item(&item, out);
}

/* Walks the message's one item. */
static vn_reason_t walk(walker_t *walker, vn__fields_t *fields) {
  do {
    bool began = false;
    vn_reason_t reason = step(walker, fields, &began);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    if (began && vn__fields_wants_ahead(fields)) {
      read_ahead(walker, fields);
    }
    close_complete(walker, fields);
  } while (walker->depth > 0);
  return walker->reader.position < walker->reader.length ? VN_REASON_TRAILING : VN_REASON_NONE;
}

vn_reason_t vn__decode_cbor(const vn__decode_t *decode) {
  walker_t walker;
  vn__fields_t fields;
  memset(&walker, 0, sizeof walker);
  vn_cbor_reader_init(&walker.reader, decode->payload, decode->length);
  vn__fields_init(&fields, decode, read_value);
  vn_reason_t reason = walk(&walker, &fields);
  if (reason != VN_REASON_NONE) {
    *decode->offset = walker.reader.position;
  }
  return reason;
}
