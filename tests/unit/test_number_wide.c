/* Exact numbers against 128-bit arithmetic; built where the compiler has such integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prng.h"
#include "scaled.h"

#define SEED UINT64_C(20261121)

__extension__ typedef unsigned __int128 wide_t;

/* round(mantissa * 2^shift / 10^exponent), ties to even, where 2^shift * ... fits 128 bits. */
static int64_t model(uint64_t mantissa, int shift, int exponent) {
  wide_t above = mantissa;
  wide_t below = 1;
  for (int i = 0; i < exponent; i++) {
    below *= 10;
  }
  for (int i = 0; i < -exponent; i++) {
    above *= 10;
  }
  if (shift > 0) {
    above <<= shift;
  } else {
    below <<= -shift;
  }
  wide_t quotient = above / below;
  wide_t twice = above % below * 2;
  if (twice > below || (twice == below && (quotient & 1) != 0)) {
    quotient++;
  }
  return quotient > (wide_t)INT64_MAX ? REFUSED : (int64_t)quotient;
}

/* A shift for which the model stays below 2^127. */
static int random_shift(prng_t *prng, int bits, int exponent) {
  int power = 4 * abs(exponent); /* 10^n < 2^(4n) */
  int below = exponent > 0 ? 126 - power : 66;
  int above = exponent < 0 ? 127 - bits - power : 126 - bits;
  return (int)prng_between(prng, -below, above < 0 ? 0 : above);
}

static void check_double(uint64_t mantissa, int shift, int exponent) {
  double value = ldexp((double)mantissa, shift);
  int64_t positive = scale_double(value, exponent);
  if (positive != model(mantissa, shift, exponent)) {
    fail_msg("seed %" PRIu64 ": %" PRIu64 " * 2^%d at 10^%d", SEED, mantissa, shift, exponent);
  }
  int64_t negative = scale_double(-value, exponent);
  assert_true(positive == REFUSED ? negative == REFUSED || negative == INT64_MIN
                                  : negative == -positive);
}

static void random_doubles_agree_with_128_bit_arithmetic(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (unsigned i = 0; i < 200000; i++) {
    int bits = 1 + (int)prng_below(&prng, 53);
    uint64_t mantissa = prng_u64(&prng) >> (64 - bits) | 1u;
    int exponent = (int)prng_below(&prng, 37) - 18;
    check_double(mantissa, random_shift(&prng, bits, exponent), exponent);
  }
}

static void random_decimals_agree_with_128_bit_arithmetic(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (unsigned i = 0; i < 200000; i++) {
    uint64_t mantissa = prng_u64(&prng) >> (1 + prng_below(&prng, 63));
    int places = (int)prng_below(&prng, 37) - 18;
    int exponent = (int)prng_below(&prng, 37) - 18;
    char text[64];
    (void)snprintf(text, sizeof text, "%" PRIu64 "e%d", mantissa, places);
    int shift = exponent - places;
    int64_t expected = shift > 19    ? 0
                       : shift < -19 ? (mantissa == 0 ? 0 : REFUSED)
                                     : model(mantissa, 0, shift);
    if (scale_text(text, exponent) != expected) {
      fail_msg("seed %" PRIu64 ": %s at 10^%d", SEED, text, exponent);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_doubles_agree_with_128_bit_arithmetic),
      cmocka_unit_test(random_decimals_agree_with_128_bit_arithmetic),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
