/* Derived values, with magnitudes that are wide enough for all products. */
#include "vn/derive.h"

/* A sum of four: 2^(63 + 3 * 32) times two powers of ten up to 10^18, times 4: below 2^282. */
enum { LIMBS = 10 };

/* Unsigned, the lowest limb first. */
typedef struct wide {
  uint32_t limbs[LIMBS];
} wide_t;

static wide_t wide_of(int64_t number) {
  uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  return (wide_t){{(uint32_t)magnitude, (uint32_t)(magnitude >> 32)}};
}

static wide_t times(wide_t number, uint32_t factor) {
  uint64_t carry = 0;
  for (unsigned i = 0; i < LIMBS; i++) {
    carry += (uint64_t)number.limbs[i] * factor;
    number.limbs[i] = (uint32_t)carry;
    carry >>= 32;
  }
  VN_ASSERT(carry == 0);
  return number;
}

static wide_t times_power_of_ten(wide_t number, int digits) {
  for (int i = 0; i < digits; i++) {
    number = times(number, 10);
  }
  return number;
}

static wide_t plus(wide_t a, wide_t b) {
  uint64_t carry = 0;
  for (unsigned i = 0; i < LIMBS; i++) {
    carry += (uint64_t)a.limbs[i] + b.limbs[i];
    a.limbs[i] = (uint32_t)carry;
    carry >>= 32;
  }
  VN_ASSERT(carry == 0);
  return a;
}

/* a >= b. */
static wide_t minus(wide_t a, wide_t b) {
  uint32_t borrow = 0;
  for (unsigned i = 0; i < LIMBS; i++) {
    uint64_t taken = (uint64_t)b.limbs[i] + borrow;
    borrow = a.limbs[i] < taken ? 1u : 0u;
    a.limbs[i] = (uint32_t)(a.limbs[i] - taken);
  }
  VN_ASSERT(borrow == 0);
  return a;
}

static int compare(wide_t a, wide_t b) {
  for (unsigned i = LIMBS; i-- > 0;) {
    if (a.limbs[i] != b.limbs[i]) {
      return a.limbs[i] < b.limbs[i] ? -1 : 1;
    }
  }
  return 0;
}

/* A quotient on its way: magnitude, denominator > 0, sign. */
typedef struct quotient {
  wide_t numerator, denominator;
  bool negative;
} quotient_t;

static int lowest_exponent(const vn_operand_t *operands, unsigned count) {
  int lowest = operands[0].exponent;
  for (unsigned i = 1; i < count; i++) {
    lowest = operands[i].exponent < lowest ? operands[i].exponent : lowest;
  }
  return lowest;
}

/* One operand over the product of all denominators, in units of 10^exponent. */
static wide_t term(const vn_operand_t *operands, unsigned count, unsigned at, int exponent) {
  wide_t product = wide_of(operands[at].numerator);
  for (unsigned i = 0; i < count; i++) {
    product = i == at ? product : times(product, operands[i].denominator);
  }
  return times_power_of_ten(product, operands[at].exponent - exponent);
}

/* With `difference` the second operand changes its sign. */
static quotient_t add_up(const vn_operand_t *operands, unsigned count, bool difference,
                         int exponent) {
  int common = lowest_exponent(operands, count);
  wide_t above = wide_of(0), below = wide_of(0);
  quotient_t sum = {.denominator = wide_of(1)};
  for (unsigned i = 0; i < count; i++) {
    bool negative = (operands[i].numerator < 0) != (difference && i == 1);
    wide_t own = term(operands, count, i, common);
    above = negative ? above : plus(above, own);
    below = negative ? plus(below, own) : below;
    sum.denominator = times(sum.denominator, operands[i].denominator);
  }
  sum.negative = compare(above, below) < 0;
  sum.numerator = sum.negative ? minus(below, above) : minus(above, below);
  sum.numerator = times_power_of_ten(sum.numerator, common - exponent);
  sum.denominator = times_power_of_ten(sum.denominator, exponent - common);
  return sum;
}

static quotient_t divide(const vn_operand_t *operands, int exponent) {
  const vn_operand_t *above = &operands[0], *below = &operands[1];
  int digits = above->exponent - below->exponent - exponent;
  wide_t numerator = times(wide_of(above->numerator), below->denominator);
  wide_t denominator = times(wide_of(below->numerator), above->denominator);
  return (quotient_t){.numerator = times_power_of_ten(numerator, digits),
                      .denominator = times_power_of_ten(denominator, -digits),
                      .negative = (above->numerator < 0) != (below->numerator < 0)};
}

/* Half to even; RANGE: beyond int32. */
static vn_reason_t round_off(const quotient_t *quotient, int32_t *out) {
  wide_t limit = times(times(quotient->denominator, 0x10000u), 0x10000u);
  if (compare(quotient->numerator, limit) >= 0) {
    return VN_REASON_RANGE;
  }
  uint32_t whole = 0;
  for (uint32_t bit = UINT32_C(1) << 31; bit != 0; bit >>= 1) {
    bool fits = compare(times(quotient->denominator, whole | bit), quotient->numerator) <= 0;
    whole |= fits ? bit : 0;
  }
  wide_t rest = minus(quotient->numerator, times(quotient->denominator, whole));
  int half = compare(times(rest, 2), quotient->denominator);
  int64_t rounded = (int64_t)whole + (half > 0 || (half == 0 && (whole & 1u) != 0) ? 1 : 0);
  rounded = quotient->negative ? -rounded : rounded;
  if (rounded < INT32_MIN || rounded > INT32_MAX) {
    return VN_REASON_RANGE;
  }
  *out = (int32_t)rounded;
  return VN_REASON_NONE;
}

vn_reason_t vn_derive(vn_derive_kind_t kind, const vn_operand_t *operands, unsigned count,
                      int exponent, int32_t *out) {
  VN_ASSERT(operands != NULL && out != NULL && count >= 2 && count <= VN_OPERANDS_MAX);
  VN_ASSERT(kind == VN_DERIVE_SUM || count == 2);
  if (kind == VN_DERIVE_RATIO && operands[1].numerator == 0) {
    return VN_REASON_ZERO;
  }
  quotient_t exact = kind == VN_DERIVE_RATIO
                         ? divide(operands, exponent)
                         : add_up(operands, count, kind == VN_DERIVE_DIFFERENCE, exponent);
  return round_off(&exact, out);
}
