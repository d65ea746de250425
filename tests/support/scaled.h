/* Numbers scaled for a test: text or double in, integer out, one value for all that is refused. */
#ifndef SCALED_H
#define SCALED_H

#include "vn/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define REFUSED INT64_C(-4611686018427387904) /* no other case gives it */

static inline vn_number_t parse(const char *text) {
  vn_number_t number;
  assert_int_equal(vn_number_from_text(text, strlen(text), &number), VN_REASON_NONE);
  return number;
}

static inline int64_t scale(const vn_number_t *number, int exponent) {
  int64_t result = 0;
  vn_reason_t reason = vn_number_scale(number, exponent, INT64_MIN, INT64_MAX, &result);
  if (reason == VN_REASON_NONE) {
    return result;
  }
  assert_int_equal(reason, VN_REASON_RANGE);
  return REFUSED;
}

static inline int64_t scale_text(const char *text, int exponent) {
  vn_number_t number = parse(text);
  return scale(&number, exponent);
}

static inline int64_t scale_double(double value, int exponent) {
  vn_number_t number;
  assert_int_equal(vn_number_from_double(value, &number), VN_REASON_NONE);
  return scale(&number, exponent);
}

#endif
