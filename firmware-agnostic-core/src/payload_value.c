#include <string.h>

#include "fields_priv.h"

vn_reason_t vn__value_reading(const vn__value_t *value, bool texts_are_numbers, vn_number_t *out) {
  VN_ASSERT(value != NULL && out != NULL);
  vn_reason_t reason;
  switch ((vn__value_kind_t)value->kind) {
    case VN__VALUE_NUMBER:
    case VN__VALUE_BOOL:
      *out = value->number;
      return VN_REASON_NONE;
    case VN__VALUE_NULL:
      return VN_REASON_MISSING;
    case VN__VALUE_NAN:
      return VN_REASON_NAN;
    case VN__VALUE_INF:
      return VN_REASON_INF;
    case VN__VALUE_TEXT:
      reason = vn_number_from_text(value->text.bytes, value->text.length, out);
      return reason == VN_REASON_NUMBER || (reason == VN_REASON_NONE && !texts_are_numbers)
                 ? VN_REASON_TYPE
                 : reason;
    default:
      return VN_REASON_TYPE;
  }
}

vn_reason_t vn__value_time(const vn__value_t *value, uint8_t unit, vn_time_ms_t *out) {
  static const int8_t kExponents[] = {[VN_UNIT_S] = -3, [VN_UNIT_MS] = 0, [VN_UNIT_US] = 3};
  VN_ASSERT(value != NULL && out != NULL);
  if (unit == VN_UNIT_RFC3339) {
    return value->kind == VN__VALUE_TEXT ? vn_time_from_rfc3339(value->text, out) : VN_REASON_TIME;
  }
  VN_ASSERT(unit < sizeof kExponents);
  vn_number_t number;
  if (value->kind == VN__VALUE_BOOL || vn__value_reading(value, true, &number) != VN_REASON_NONE ||
      vn_number_scale(&number, kExponents[unit], VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS, out) !=
          VN_REASON_NONE) {
    return VN_REASON_TIME;
  }
  return VN_REASON_NONE;
}

bool vn__value_sequence(const vn__value_t *value, uint32_t *out) {
  VN_ASSERT(value != NULL && out != NULL);
  vn_number_t number;
  int64_t integer;
  if (value->kind == VN__VALUE_BOOL || vn__value_reading(value, true, &number) != VN_REASON_NONE ||
      vn_number_scale(&number, 0, 0, INT64_MAX, &integer) != VN_REASON_NONE) {
    return false;
  }
  vn_number_t rounded = vn_number_from_integer(integer);
  *out = (uint32_t)((uint64_t)integer & UINT32_MAX);
  return vn__same_number(&number, &rounded);
}

bool vn__same_number(const vn_number_t *a, const vn_number_t *b) {
  vn_number_t minus = *b;
  vn_number_t difference;
  if (minus.kind == VN_NUMBER_DECIMAL) {
    bool alike = a->kind == VN_NUMBER_DECIMAL && a->exponent == minus.exponent;
    if (alike || minus.mantissa == INT64_MIN) { /* which no other exponent makes */
      return alike && a->mantissa == minus.mantissa;
    }
    minus.mantissa = -minus.mantissa;
  } else {
    minus.binary = -minus.binary;
  }
  if (vn_number_add(a, &minus, &difference) != VN_REASON_NONE) {
    return false;
  }
  return difference.kind == VN_NUMBER_DECIMAL
             ? difference.mantissa == 0
             : !(difference.binary < 0.0) && !(difference.binary > 0.0);
}
