/* Integer arithmetic: floors, clamps, and 128 bits in two words against integers without a limit.
 */
#include "vn/arith.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 11
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void sums_and_differences_clamp_at_the_ends(void **state) {
  (void)state;
  assert_true(vn_add_saturating(2, 3) == 5);
  assert_true(vn_add_saturating(INT64_MAX, 1) == INT64_MAX);
  assert_true(vn_add_saturating(INT64_MAX - 1, 1) == INT64_MAX);
  assert_true(vn_add_saturating(INT64_MIN, -1) == INT64_MIN);
  assert_true(vn_add_saturating(INT64_MIN, INT64_MIN) == INT64_MIN);
  assert_true(vn_add_saturating(INT64_MIN, INT64_MAX) == -1);
  assert_true(vn_sub_saturating(2, 3) == -1);
  assert_true(vn_sub_saturating(INT64_MAX, -1) == INT64_MAX);
  assert_true(vn_sub_saturating(0, INT64_MIN) == INT64_MAX);
  assert_true(vn_sub_saturating(-1, INT64_MIN) == INT64_MAX);
  assert_true(vn_sub_saturating(INT64_MIN, 1) == INT64_MIN);
  assert_true(vn_sub_saturating(-2, INT64_MAX) == INT64_MIN);
  assert_true(vn_sub_saturating(INT64_MIN, INT64_MIN) == 0);
}

static void division_rounds_down_or_up_on_both_sides_of_zero(void **state) {
  (void)state;
  assert_true(vn_floor_div(5, 10) == 0 && vn_floor_div(-5, 10) == -1);
  assert_true(vn_floor_div(10, 10) == 1 && vn_floor_div(-10, 10) == -1);
  assert_true(vn_floor_div(-11, 10) == -2 && vn_floor_div(-1, INT64_MAX) == -1);
  assert_true(vn_floor_div(INT64_MIN, 1) == INT64_MIN);
  assert_true(vn_floor_div(INT64_MIN, INT64_MAX) == -2);
  assert_true(vn_ceil_div(5, 10) == 1 && vn_ceil_div(-5, 10) == 0);
  assert_true(vn_ceil_div(10, 10) == 1 && vn_ceil_div(11, 10) == 2);
  assert_true(vn_ceil_div(-11, 10) == -1 && vn_ceil_div(INT64_MIN, 1) == INT64_MIN);
  assert_true(vn_ceil_div(INT64_MAX, 1) == INT64_MAX &&
              vn_ceil_div(INT64_MAX, 2) == INT64_MAX / 2 + 1);
}

static void division_brackets_the_dividend(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int i = 0; i < 20000; i++) {
    int64_t divisor = prng_between(&prng, 1, INT64_C(1) << prng_below(&prng, 40));
    int64_t dividend = prng_between(&prng, -(INT64_C(1) << 60), INT64_C(1) << 60);
    int64_t down = vn_floor_div(dividend, divisor);
    int64_t up = vn_ceil_div(dividend, divisor);
    assert_true(down * divisor <= dividend && dividend - down * divisor < divisor);
    assert_true(up * divisor >= dividend && up * divisor - dividend < divisor);
  }
}

static void common_divisor_takes_magnitudes(void **state) {
  (void)state;
  assert_true(vn_gcd(0, 0) == 0 && vn_gcd(0, 7) == 7 && vn_gcd(-7, 0) == 7);
  assert_true(vn_gcd(600000, 7000) == 1000 && vn_gcd(7000, 600000) == 1000);
  assert_true(vn_gcd(-12, 18) == 6 && vn_gcd(-12, -18) == 6 && vn_gcd(17, 13) == 1);
  assert_true(vn_gcd(INT64_MIN, 6) == 2 && vn_gcd(INT64_MAX, INT64_MAX) == INT64_MAX);
}

typedef struct product {
  uint64_t a, b, high, low;
} product_t;

static const product_t products[] = {
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFE),
     UINT64_C(0x1)},
    {UINT64_C(0x100000000), UINT64_C(0x100000000), UINT64_C(0x1), UINT64_C(0x0)},
    {UINT64_C(0xFFFFFFFF), UINT64_C(0x100000001), UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFFFF)},
    {UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x0), UINT64_C(0x0)},
    {UINT64_C(0x8000000000000000), UINT64_C(0x2), UINT64_C(0x1), UINT64_C(0x0)},
    {UINT64_C(0x123456789ABCDEF0), UINT64_C(0xFEDCBA9876543211), UINT64_C(0x121FA00AD77D7422),
     UINT64_C(0x35A1DF76F0D5ADF0)},
    {UINT64_C(0xF2A74DE452E6B438), UINT64_C(0x6513270E269E0D37), UINT64_C(0x5FCE292AC345DCAF),
     UINT64_C(0xBE5A207711479008)},
    {UINT64_C(0xC5C7FD0A6A3A450), UINT64_C(0xD23F0824128B2F33), UINT64_C(0xA26EC013EF0F719),
     UINT64_C(0x1FBC5CD115346BF0)},
    {UINT64_C(0x1818E811892F902B), UINT64_C(0x9531985D5D9DC9F8), UINT64_C(0xE0B2A2E33DA8F6E),
     UINT64_C(0x4B09E6DD47A46CA8)},
    {UINT64_C(0xE8E25D940ED90475), UINT64_C(0x36F675CC81E74EF5), UINT64_C(0x31FFF46CA6BBC57D),
     UINT64_C(0xDFA272864F9FE9F9)},
};

static void products_keep_all_128_bits(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(products); i++) {
    vn_u128_t forth = vn_u128_mul(products[i].a, products[i].b);
    vn_u128_t back = vn_u128_mul(products[i].b, products[i].a);
    assert_true(forth.high == products[i].high && forth.low == products[i].low);
    assert_int_equal(vn_u128_compare(forth, back), 0);
  }
}

static vn_u128_t any_u128(prng_t *prng) {
  vn_u128_t drawn = {prng_u64(prng), prng_u64(prng)};
  switch (prng_below(prng, 4)) {
    case 0:
      drawn.high = 0;
      break;
    case 1:
      drawn.low = 0u - prng_below(prng, 2);
      break;
    case 2:
      drawn.high >>= prng_below(prng, 64);
      break;
    default:
      break;
  }
  return drawn;
}

static void carries_and_borrows_cross_the_words(void **state) {
  (void)state;
  vn_u128_t one = {0, 1};
  vn_u128_t carry = vn_u128_add((vn_u128_t){0, UINT64_MAX}, one);
  assert_true(carry.high == 1 && carry.low == 0);
  vn_u128_t borrow = vn_u128_sub((vn_u128_t){1, 0}, one);
  assert_true(borrow.high == 0 && borrow.low == UINT64_MAX);
  vn_u128_t wrapped = vn_u128_sub((vn_u128_t){0, 0}, one);
  assert_true(wrapped.high == UINT64_MAX && wrapped.low == UINT64_MAX);
  prng_t prng = prng_make(SEED, 2);
  for (int i = 0; i < 20000; i++) {
    vn_u128_t a = any_u128(&prng);
    vn_u128_t b = any_u128(&prng);
    assert_int_equal(vn_u128_compare(vn_u128_sub(vn_u128_add(a, b), b), a), 0);
  }
}

static void comparison_looks_at_the_high_word_first(void **state) {
  (void)state;
  vn_u128_t small = {1, UINT64_MAX};
  vn_u128_t large = {2, 0};
  assert_true(vn_u128_compare(small, large) < 0 && vn_u128_compare(large, small) > 0);
  assert_true(vn_u128_compare((vn_u128_t){1, 1}, small) < 0);
  assert_true(vn_u128_compare(small, small) == 0);
}

static void multiplication_by_a_count_is_repeated_addition(void **state) {
  (void)state;
  vn_u128_t squares = {0x3FFFFFFF, UINT64_MAX};
  vn_u128_t product = vn_u128_mul_u32(squares, UINT32_MAX);
  assert_true(product.high == UINT64_C(0x3FFFFFFFBFFFFFFF));
  assert_true(product.low == UINT64_C(0xFFFFFFFF00000001));
  prng_t prng = prng_make(SEED, 3);
  for (int i = 0; i < 200; i++) {
    vn_u128_t a = {prng_u64(&prng) >> 34, prng_u64(&prng)};
    uint32_t times = prng_below(&prng, 300);
    vn_u128_t sum = {0, 0};
    for (uint32_t j = 0; j < times; j++) {
      sum = vn_u128_add(sum, a);
    }
    assert_int_equal(vn_u128_compare(vn_u128_mul_u32(a, times), sum), 0);
  }
}

typedef struct division {
  uint64_t high, low, divisor, quotient_high, quotient_low, remainder;
} division_t;

static const division_t divisions[] = {
    {UINT64_C(0x0), UINT64_C(0x0), UINT64_C(0x1), UINT64_C(0x0), UINT64_C(0x0), UINT64_C(0x0)},
    {UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x1), UINT64_C(0x0),
     UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x0)},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x1),
     UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x0)},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF),
     UINT64_C(0x1), UINT64_C(0x1), UINT64_C(0x0)},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x8000000000000000),
     UINT64_C(0x1), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x7FFFFFFFFFFFFFFF)},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x8000000000000001),
     UINT64_C(0x1), UINT64_C(0xFFFFFFFFFFFFFFFC), UINT64_C(0x3)},
    {UINT64_C(0x8000000000000000), UINT64_C(0x0), UINT64_C(0x3), UINT64_C(0x2AAAAAAAAAAAAAAA),
     UINT64_C(0xAAAAAAAAAAAAAAAA), UINT64_C(0x2)},
    {UINT64_C(0x1), UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0x0), UINT64_C(0x1),
     UINT64_C(0x1)},
    {UINT64_C(0x1), UINT64_C(0x0), UINT64_C(0xA), UINT64_C(0x0), UINT64_C(0x1999999999999999),
     UINT64_C(0x6)},
    {UINT64_C(0x4B3B4CA85A86C47A), UINT64_C(0x98A224000000000), UINT64_C(0xDE0B6B3A7640000),
     UINT64_C(0x5), UINT64_C(0x6BC75E2D63100000), UINT64_C(0x0)},
    {UINT64_C(0x4B3B4CA85A86C47A), UINT64_C(0x98A223FFFFFFFFF), UINT64_C(0xDE0B6B3A7640000),
     UINT64_C(0x5), UINT64_C(0x6BC75E2D630FFFFF), UINT64_C(0xDE0B6B3A763FFFF)},
    {UINT64_C(0x6B0D549B6F03675A), UINT64_C(0x1600A35A099950D8), UINT64_C(0x3D9C172411E20B8F),
     UINT64_C(0x1), UINT64_C(0xBCD24C93BA9AE94A), UINT64_C(0x3598092847B6D282)},
    {UINT64_C(0xF21DDB66CAD4A26), UINT64_C(0x8D116ECE1738F7D9), UINT64_C(0x90C192CFD3AC94AF),
     UINT64_C(0x0), UINT64_C(0x1AC2E6190517E6D9), UINT64_C(0x833921F6D5A0B582)},
    {UINT64_C(0xA170B33839263059), UINT64_C(0xF28C105D1FB17C23), UINT64_C(0x953F48F1A09F76B5),
     UINT64_C(0x1), UINT64_C(0x14EA15D627D823EA), UINT64_C(0x84E6749AC4FC3BB1)},
    {UINT64_C(0x95E60AF593BD04CF), UINT64_C(0xFD630F1F29D0DA9), UINT64_C(0xCB1E29C658CDA15),
     UINT64_C(0xB), UINT64_C(0xCECCF4BA3EAD35AB), UINT64_C(0x5E23D317E3008A2)},
    {UINT64_C(0x8E81973E0BECD7B0), UINT64_C(0x3898D190F9EBDACC), UINT64_C(0xDBC496CB),
     UINT64_C(0xA6002251), UINT64_C(0xE51FD1665CB2A403), UINT64_C(0xA8DE0A6B)},
    {UINT64_C(0x8A6A63EC24EDE6A4), UINT64_C(0x6B4CB2424A23D596), UINT64_C(0x11E27A1C1),
     UINT64_C(0x7BD4563A), UINT64_C(0x484520DE63EC2814), UINT64_C(0xFCD90A82)},
};

static void quotients_and_remainders_are_exact(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(divisions); i++) {
    const division_t *c = &divisions[i];
    uint64_t remainder;
    vn_u128_t quotient = vn_u128_div_u64((vn_u128_t){c->high, c->low}, c->divisor, &remainder);
    assert_true(quotient.high == c->quotient_high && quotient.low == c->quotient_low);
    assert_true(remainder == c->remainder);
  }
}

static void division_undoes_multiplication(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 4);
  for (int i = 0; i < 20000; i++) {
    uint64_t a = prng_u64(&prng) >> prng_below(&prng, 64);
    uint64_t b = (prng_u64(&prng) >> prng_below(&prng, 63)) | 1u;
    uint64_t rest = prng_u64(&prng) % b;
    vn_u128_t dividend = vn_u128_add(vn_u128_mul(a, b), (vn_u128_t){0, rest});
    uint64_t remainder;
    vn_u128_t quotient = vn_u128_div_u64(dividend, b, &remainder);
    assert_true(quotient.high == 0 && quotient.low == a && remainder == rest);
  }
}

typedef struct conversion {
  uint64_t high, low;
  double expected;
} conversion_t;

static const conversion_t conversions[] = {
    {UINT64_C(0x0), UINT64_C(0x0), 0x0.0p+0},
    {UINT64_C(0x0), UINT64_C(0x1), 0x1.0000000000000p+0},
    {UINT64_C(0x0), UINT64_C(0x1FFFFFFFFFFFFF), 0x1.fffffffffffffp+52},
    {UINT64_C(0x0), UINT64_C(0x20000000000000), 0x1.0000000000000p+53},
    {UINT64_C(0x0), UINT64_C(0x20000000000001), 0x1.0000000000000p+53},
    {UINT64_C(0x0), UINT64_C(0x20000000000002), 0x1.0000000000001p+53},
    {UINT64_C(0x0), UINT64_C(0x20000000000003), 0x1.0000000000002p+53},
    {UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFFFF), 0x1.0000000000000p+64},
    {UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFC00), 0x1.0000000000000p+64},
    {UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFBFF), 0x1.fffffffffffffp+63},
    {UINT64_C(0x1), UINT64_C(0x0), 0x1.0000000000000p+64},
    {UINT64_C(0x1), UINT64_C(0x800), 0x1.0000000000000p+64},
    {UINT64_C(0x1), UINT64_C(0x801), 0x1.0000000000001p+64},
    {UINT64_C(0x1), UINT64_C(0x1800), 0x1.0000000000002p+64},
    {UINT64_C(0x1), UINT64_C(0x1000), 0x1.0000000000001p+64},
    {UINT64_C(0x2), UINT64_C(0x1000), 0x1.0000000000000p+65},
    {UINT64_C(0x2), UINT64_C(0x1001), 0x1.0000000000001p+65},
    {UINT64_C(0x20000000000001), UINT64_C(0x0), 0x1.0000000000000p+117},
    {UINT64_C(0x20000000000001), UINT64_C(0x1), 0x1.0000000000001p+117},
    {UINT64_C(0x20000000000003), UINT64_C(0x0), 0x1.0000000000002p+117},
    {UINT64_C(0x8000000000000000), UINT64_C(0x0), 0x1.0000000000000p+127},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF), 0x1.0000000000000p+128},
    {UINT64_C(0xFFFFFFFFFFFFFC00), UINT64_C(0x0), 0x1.0000000000000p+128},
    {UINT64_C(0xFFFFFFFFFFFFFBFF), UINT64_C(0xFFFFFFFFFFFFFFFF), 0x1.fffffffffffffp+127},
    {UINT64_C(0x4000000000000200), UINT64_C(0x0), 0x1.0000000000000p+126},
    {UINT64_C(0x3000000000), UINT64_C(0x3039), 0x1.8000000000000p+101},
    {UINT64_C(0x2BA5D0EDA82F), UINT64_C(0x8F6D05584EF8AA38), 0x1.5d2e876d417c8p+109},
    {UINT64_C(0x248E94E3BF91), UINT64_C(0x1A61DBE22E44158B), 0x1.2474a71dfc88dp+109},
    {UINT64_C(0x63C5F557203), UINT64_C(0x301850C5A38FD547), 0x1.8f17d55c80cc0p+106},
};

static void conversion_to_double_rounds_once_ties_to_even(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(conversions); i++) {
    const conversion_t *c = &conversions[i];
    double converted = vn_u128_to_double((vn_u128_t){c->high, c->low});
    assert_memory_equal(&converted, &c->expected, sizeof converted);
  }
}

static void conversion_agrees_with_the_compiler_below_64_bits(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 5);
  for (int i = 0; i < 20000; i++) {
    uint64_t low = prng_u64(&prng) >> prng_below(&prng, 64);
    double expected = (double)low;
    double converted = vn_u128_to_double((vn_u128_t){0, low});
    assert_memory_equal(&converted, &expected, sizeof converted);
  }
}

typedef struct decimal {
  uint64_t high, low;
  const char *text;
} decimal_t;

static const decimal_t decimals[] = {
    {UINT64_C(0x0), UINT64_C(0x0), "0"},
    {UINT64_C(0x0), UINT64_C(0x7), "7"},
    {UINT64_C(0x0), UINT64_C(0xA), "10"},
    {UINT64_C(0x0), UINT64_C(0x16345785D8A0000), "100000000000000000"},
    {UINT64_C(0x0), UINT64_C(0xDE0B6B3A763FFFF), "999999999999999999"},
    {UINT64_C(0x0), UINT64_C(0xDE0B6B3A7640000), "1000000000000000000"},
    {UINT64_C(0x0), UINT64_C(0xDE0B6B3A7640005), "1000000000000000005"},
    {UINT64_C(0x0), UINT64_C(0x8AC7230489E80000), "10000000000000000000"},
    {UINT64_C(0x0), UINT64_C(0x8000000000000000), "9223372036854775808"},
    {UINT64_C(0x0), UINT64_C(0xFFFFFFFFFFFFFFFF), "18446744073709551615"},
    {UINT64_C(0x1), UINT64_C(0x0), "18446744073709551616"},
    {UINT64_C(0x3C2F7086AED236C), UINT64_C(0x807A1B5000000000),
     "5000000000000000000000000000000000000"},
    {UINT64_C(0xC097CE7BC90715), UINT64_C(0xB34B9F1000000000),
     "1000000000000000000000000000000000000"},
    {UINT64_C(0xC097CE7BC90715), UINT64_C(0xC12C55C3A7640001),
     "1000000000000000001000000000000000001"},
    {UINT64_C(0x4B3B4CA85A86C47A), UINT64_C(0x98A224000000000),
     "100000000000000000000000000000000000000"},
    {UINT64_C(0x8000000000000000), UINT64_C(0x0), "170141183460469231731687303715884105728"},
    {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF),
     "340282366920938463463374607431768211455"},
    {UINT64_C(0x3D090), UINT64_C(0x3FF0BDBF000F4241), "4611690625818434741420609"},
};

static void decimal_text_has_every_digit_and_no_leading_zero(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(decimals); i++) {
    char digits[39];
    unsigned length = vn_u128_to_text((vn_u128_t){decimals[i].high, decimals[i].low}, digits);
    assert_int_equal(length, strlen(decimals[i].text));
    assert_memory_equal(digits, decimals[i].text, length);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_and_differences_clamp_at_the_ends),
      cmocka_unit_test(division_rounds_down_or_up_on_both_sides_of_zero),
      cmocka_unit_test(division_brackets_the_dividend),
      cmocka_unit_test(common_divisor_takes_magnitudes),
      cmocka_unit_test(products_keep_all_128_bits),
      cmocka_unit_test(carries_and_borrows_cross_the_words),
      cmocka_unit_test(comparison_looks_at_the_high_word_first),
      cmocka_unit_test(multiplication_by_a_count_is_repeated_addition),
      cmocka_unit_test(quotients_and_remainders_are_exact),
      cmocka_unit_test(division_undoes_multiplication),
      cmocka_unit_test(conversion_to_double_rounds_once_ties_to_even),
      cmocka_unit_test(conversion_agrees_with_the_compiler_below_64_bits),
      cmocka_unit_test(decimal_text_has_every_digit_and_no_leading_zero),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
