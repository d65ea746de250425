#include "cbor_number_priv.h"

#define EXPONENT_LIMIT 100000

static bool is_integer(const vn_cbor_item_t *item) {
  return item->kind == VN_CBOR_UINT || item->kind == VN_CBOR_NEGATIVE;
}

vn_number_t vn__cbor_integer(const vn_cbor_item_t *item) {
  VN_ASSERT(is_integer(item));
  bool negative = item->kind == VN_CBOR_NEGATIVE;
  if (item->unsigned_value <= INT64_MAX) {
    int64_t value = (int64_t)item->unsigned_value;
    return vn_number_from_integer(negative ? -1 - value : value);
  }
  uint64_t tenth = item->unsigned_value / 10;
  uint64_t digit = item->unsigned_value % 10 + negative; /* negative: the magnitude is one more */
  vn_number_t number = vn_number_from_integer((int64_t)(tenth + digit / 10));
  number.mantissa = negative ? -number.mantissa : number.mantissa;
  number.exponent = 1;
  number.inexact = digit % 10 != 0;
  return number;
}

static bool next_integer(vn_cbor_reader_t *reader, vn_cbor_item_t *out) {
  return vn_cbor_next(reader, out) == VN_REASON_NONE && is_integer(out);
}

static bool next_break(vn_cbor_reader_t *reader) {
  vn_cbor_item_t item;
  return vn_cbor_next(reader, &item) == VN_REASON_NONE && item.kind == VN_CBOR_BREAK;
}

/* An array of two items, or of a number that only its end tells. */
static bool next_pair(vn_cbor_reader_t *reader, vn_cbor_item_t *out) {
  return vn_cbor_next(reader, out) == VN_REASON_NONE && out->kind == VN_CBOR_ARRAY &&
         (out->indefinite || out->unsigned_value == 2);
}

bool vn__cbor_decimal_fraction(vn_cbor_reader_t *reader, vn_number_t *out) {
  VN_ASSERT(reader != NULL && out != NULL);
  vn_cbor_item_t array;
  vn_cbor_item_t exponent;
  vn_cbor_item_t mantissa;
  if (!next_pair(reader, &array) || !next_integer(reader, &exponent) ||
      !next_integer(reader, &mantissa)) {
    return false;
  }
  *out = vn__cbor_integer(&mantissa);
  int32_t shift =
      exponent.unsigned_value < EXPONENT_LIMIT ? (int32_t)exponent.unsigned_value : EXPONENT_LIMIT;
  out->exponent += exponent.kind == VN_CBOR_NEGATIVE ? -1 - shift : shift;
  return !array.indefinite || next_break(reader);
}
