/* Derived values: exact, rounded once, to the ends of all ranges. */
#include "vn/derive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "prng.h"

static vn_operand_t operand(int64_t numerator, uint32_t denominator, int8_t exponent) {
  return (vn_operand_t){numerator, denominator, exponent};
}

static void expect(vn_derive_kind_t kind, vn_operand_t a, vn_operand_t b, int exponent,
                   int32_t value) {
  vn_operand_t operands[] = {a, b};
  int32_t out = 0x5555;
  assert_int_equal(vn_derive(kind, operands, 2, exponent, &out), VN_REASON_NONE);
  assert_int_equal(out, value);
}

static void expect_refused(vn_derive_kind_t kind, vn_operand_t a, vn_operand_t b, int exponent,
                           vn_reason_t reason) {
  vn_operand_t operands[] = {a, b};
  int32_t out;
  assert_int_equal(vn_derive(kind, operands, 2, exponent, &out), reason);
}

static void known_answers(void **state) {
  (void)state;
  expect(VN_DERIVE_DIFFERENCE, operand(6512, 1, -2), operand(5012, 1, -2), -2, 1500);
  expect(VN_DERIVE_DIFFERENCE, operand(1, 3, 0), operand(1, 2, 0), -3, -167);
  expect(VN_DERIVE_SUM, operand(1, 3, 0), operand(2, 3, 0), 0, 1);
  expect(VN_DERIVE_SUM, operand(125, 1, -2), operand(5, 1, 1), 0, 51);
  expect(VN_DERIVE_RATIO, operand(1, 1, 0), operand(3, 1, 0), -4, 3333);
  expect(VN_DERIVE_RATIO, operand(-20, 3, -1), operand(10, 7, -2), -2, -4667);
  expect(VN_DERIVE_DIFFERENCE, operand(INT64_C(1) << 32, 1, 0), operand(1, 1, 0), 9, 4);
  expect(VN_DERIVE_RATIO, operand(0, 9, 3), operand(-1, 1, 0), 0, 0);
}

static void halves_go_to_the_even_neighbour(void **state) {
  (void)state;
  for (int32_t i = -6; i <= 6; i++) {
    int32_t even = i % 2 == 0 ? i / 2 : (i + 1) / 2 % 2 == 0 ? (i + 1) / 2 : (i - 1) / 2;
    expect(VN_DERIVE_SUM, operand(i, 2, 0), operand(0, 1, 0), 0, even);
    expect(VN_DERIVE_RATIO, operand(i, 1, 0), operand(2, 1, 0), 0, even);
    expect(VN_DERIVE_RATIO, operand(-i, 1, 0), operand(-2, 1, 0), 0, even);
  }
}

static void nothing_overflows_at_the_ends(void **state) {
  (void)state;
  vn_operand_t all[VN_OPERANDS_MAX];
  int32_t out;
  for (unsigned i = 0; i < VN_OPERANDS_MAX; i++) {
    all[i] = operand(INT64_MIN, UINT32_MAX, i % 2 == 0 ? 9 : -9);
  }
  assert_int_equal(vn_derive(VN_DERIVE_SUM, all, VN_OPERANDS_MAX, -9, &out), VN_REASON_RANGE);
  assert_int_equal(vn_derive(VN_DERIVE_RATIO, all, 2, -9, &out), VN_REASON_RANGE);
  expect(VN_DERIVE_RATIO, all[1], all[0], 9, 0);
  all[0] = all[2] = operand(INT64_MAX, UINT32_MAX, -9);
  all[1] = all[3] = operand(-INT64_MAX, UINT32_MAX, -9);
  assert_int_equal(vn_derive(VN_DERIVE_SUM, all, VN_OPERANDS_MAX, 9, &out), VN_REASON_NONE);
  assert_int_equal(out, 0);
  expect(VN_DERIVE_SUM, operand(INT32_MIN, 1, 0), operand(0, 1, 0), 0, INT32_MIN);
  expect(VN_DERIVE_SUM, operand(INT32_MAX, 1, 0), operand(0, 1, 0), 0, INT32_MAX);
  expect(VN_DERIVE_SUM, operand(INT32_MIN, 1, 0), operand(-1, 2, 0), 0, INT32_MIN);
  expect_refused(VN_DERIVE_SUM, operand(INT32_MAX, 1, 0), operand(1, 2, 0), 0, VN_REASON_RANGE);
  expect_refused(VN_DERIVE_SUM, operand(INT32_MIN, 1, 0), operand(-1, 1, 0), 0, VN_REASON_RANGE);
  expect_refused(VN_DERIVE_SUM, operand(UINT32_MAX, 1, 0), operand(1, 1, 0), 0, VN_REASON_RANGE);
}

static void a_division_by_zero_is_told(void **state) {
  (void)state;
  expect_refused(VN_DERIVE_RATIO, operand(5, 1, 0), operand(0, 7, 0), 0, VN_REASON_ZERO);
  expect_refused(VN_DERIVE_RATIO, operand(0, 1, 0), operand(0, 1, 0), 0, VN_REASON_ZERO);
}

/* numerator / denominator rounded half to even, in 64 bits. */
static int64_t nearest(int64_t numerator, int64_t denominator) {
  int64_t whole = numerator / denominator;
  int64_t rest = llabs(numerator % denominator), magnitude = llabs(denominator);
  int64_t away = (numerator < 0) != (denominator < 0) ? -1 : 1;
  bool up = 2 * rest > magnitude || (2 * rest == magnitude && whole % 2 != 0);
  return up ? whole + away : whole;
}

static int64_t power(int exponent) {
  int64_t result = 1;
  for (int i = 0; i < exponent; i++) {
    result *= 10;
  }
  return result;
}

static void small_numbers_agree_with_64_bits(void **state) {
  (void)state;
  prng_t prng = prng_make(20261121, 0);
  for (int round = 0; round < 20000; round++) {
    vn_operand_t a = operand(prng_between(&prng, -9999, 9999), 1u + prng_below(&prng, 60),
                             (int8_t)prng_between(&prng, -2, 2));
    vn_operand_t b = operand(prng_between(&prng, -9999, 9999), 1u + prng_below(&prng, 60),
                             (int8_t)prng_between(&prng, -2, 2));
    int exponent = (int)prng_between(&prng, -2, 2);
    /* All in units of 10^-2. */
    int64_t x = a.numerator * power(a.exponent + 2) * b.denominator;
    int64_t y = b.numerator * power(b.exponent + 2) * a.denominator;
    int64_t divisor = (int64_t)a.denominator * b.denominator * power(exponent + 2);
    expect(VN_DERIVE_DIFFERENCE, a, b, exponent, (int32_t)nearest(x - y, divisor));
    expect(VN_DERIVE_SUM, a, b, exponent, (int32_t)nearest(x + y, divisor));
    if (y != 0 && llabs(x / y) < 10000) {
      expect(VN_DERIVE_RATIO, a, b, exponent,
             (int32_t)nearest(x * power(2), y * power(exponent + 2)));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_answers),
      cmocka_unit_test(halves_go_to_the_even_neighbour),
      cmocka_unit_test(nothing_overflows_at_the_ends),
      cmocka_unit_test(a_division_by_zero_is_told),
      cmocka_unit_test(small_numbers_agree_with_64_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
