/* Numbers as payloads carry them, and their one exact way into scaled integers. */
#ifndef VN_NUMBER_H
#define VN_NUMBER_H

#include "vn/assert.h"
#include "vn/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vn_number_kind { VN_NUMBER_DECIMAL, VN_NUMBER_BINARY } vn_number_kind_t;

/*
 * DECIMAL: mantissa * 10^exponent, exactly, unless `inexact`: then digits below the mantissa's last
 * were dropped and not all of them were 0 (mantissa has >= 18 digits then, so only ties can tell).
 * BINARY: an IEEE double, finite.
 */
typedef struct vn_number {
  double binary;
  int64_t mantissa;
  int32_t exponent;
  uint8_t kind; /* vn_number_kind_t */
  bool inexact;
} vn_number_t;

/* A decimal number from an integer. */
vn_number_t vn_number_from_integer(int64_t value);

/*
 * A binary number; NaN gives VN_REASON_NAN, infinities VN_REASON_INF and leave *out alone.
 */
VN_NODISCARD vn_reason_t vn_number_from_double(double value, vn_number_t *out);

/*
 * Exactly one number in JSON's grammar (RFC 8259 section 6), the whole text: no sign +, no leading
 * zeros, no hex, no spaces. Otherwise: "nan" and "inf[inity]" in any case give NAN and INF,
 * everything else VN_REASON_NUMBER. Exponents beyond +-100000 saturate (they end as 0 or RANGE).
 */
VN_NODISCARD vn_reason_t vn_number_from_text(const char *text, size_t length, vn_number_t *out);

/*
 * The integer n nearest to number / 10^exponent, ties to even, exactly: decimals never pass through
 * a double, and a double is taken at its exact binary value. Outside [lowest, highest]:
 * VN_REASON_RANGE. exponent in [-18, 18]. -0.0 and denormals give 0. An inexact decimal whose
 * dropped digits could decide the last one (a result beyond 10^17) is VN_REASON_RANGE too.
 */
VN_NODISCARD vn_reason_t vn_number_scale(const vn_number_t *number, int exponent, int64_t lowest,
                                         int64_t highest, int64_t *out);

/*
 * a + b: exact for decimals (aligned to the smaller exponent; VN_REASON_RANGE when 18 digits cannot
 * hold the sum exactly), one rounding when either is binary. A decimal that meets a binary is first
 * taken as its nearest double (no loss for integers below 2^53; digits behind the 19th decimal
 * place are cut); VN_REASON_RANGE when its exponent is >= 20 or the sum is infinite.
 */
VN_NODISCARD vn_reason_t vn_number_add(const vn_number_t *a, const vn_number_t *b,
                                       vn_number_t *out);

/*
 * Writes value * 10^exponent as plain decimal text without exponent ("21.37", "-0.05", "2100",
 * "21.00"), digits given as magnitude; returns the length, at most 64. No terminator.
 * digit_count + |exponent| <= 62.
 */
unsigned vn_decimal_to_text(bool negative, const char *digits, unsigned digit_count, int exponent,
                            char out[64]);

#endif
