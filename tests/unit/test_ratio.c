/* Quotients of wide integers: the nearest double, always. */
#include "vn/ratio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void expect_double(double actual, double expected) {
  assert_memory_equal(&actual, &expected, sizeof actual);
}

typedef struct quotient {
  vn_u128_t numerator, denominator;
  double expected;
} quotient_t;

/* Exact quotients, rounded once: halves, and a hair beside a half, come first. */
static const quotient_t quotients[] = {
    {{UINT64_C(0x0), UINT64_C(0x1)}, {UINT64_C(0x0), UINT64_C(0x3)}, 0x1.5555555555555p-2},
    {{UINT64_C(0x0), UINT64_C(0x20000000000001)},
     {UINT64_C(0x0), UINT64_C(0x2)},
     0x1.0000000000000p+52},
    {{UINT64_C(0x0), UINT64_C(0x40000000000001)},
     {UINT64_C(0x0), UINT64_C(0x1)},
     0x1.0000000000000p+54},
    {{UINT64_C(0x0), UINT64_C(0x40000000000002)},
     {UINT64_C(0x0), UINT64_C(0x1)},
     0x1.0000000000000p+54},
    {{UINT64_C(0x0), UINT64_C(0x40000000000003)},
     {UINT64_C(0x0), UINT64_C(0x1)},
     0x1.0000000000001p+54},
    {{UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF)},
     {UINT64_C(0x0), UINT64_C(0x1)},
     0x1.0000000000000p+128},
    {{UINT64_C(0x0), UINT64_C(0x1)},
     {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF)},
     0x1.0000000000000p-128},
    {{UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF)},
     {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFE)},
     0x1.0000000000000p+0},
    {{UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFE)},
     {UINT64_C(0xFFFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFFF)},
     0x1.0000000000000p+0},
    {{UINT64_C(0x0), UINT64_C(0x60000000000001)},
     {UINT64_C(0x0), UINT64_C(0x3)},
     0x1.0000000000000p+53},
    {{UINT64_C(0x1000000000000040), UINT64_C(0x40000000000000)},
     {UINT64_C(0x40), UINT64_C(0x1)},
     0x1.0000000000000p+54},
    {{UINT64_C(0x1000000000000040), UINT64_C(0x40000000000001)},
     {UINT64_C(0x40), UINT64_C(0x1)},
     0x1.0000000000000p+54},
    {{UINT64_C(0x1000000000000040), UINT64_C(0x40000000000002)},
     {UINT64_C(0x40), UINT64_C(0x1)},
     0x1.0000000000000p+54},
    {{UINT64_C(0x0), UINT64_C(0xDBC8FBBCBDE5C099)},
     {UINT64_C(0xC6A5387777330BDB), UINT64_C(0xD7210DFF076CE2EF)},
     0x1.1b3e4b2246809p-64},
    {{UINT64_C(0x0), UINT64_C(0x235190A6233255)},
     {UINT64_C(0x0), UINT64_C(0x1BE5BB1CFB10F6)},
     0x1.4419cd8baeb20p+0},
    {{UINT64_C(0x4599F4B4617959CE), UINT64_C(0x3F1F65A8DE527100)},
     {UINT64_C(0x0), UINT64_C(0x24B)},
     0x1.e5ab15ecd9e07p+116},
    {{UINT64_C(0x0), UINT64_C(0x2ECBB6035B7399)},
     {UINT64_C(0x0), UINT64_C(0x31E30A687C966C)},
     0x1.e04668d6182c7p-1},
    {{UINT64_C(0x0), UINT64_C(0x1BC239EA959C21)},
     {UINT64_C(0x9CC11D357), UINT64_C(0xC30D8B7628DBD25E)},
     0x1.6aab0b7c80998p-47},
    {{UINT64_C(0x0), UINT64_C(0x13C22B9E30691C)},
     {UINT64_C(0x7C758C5C00745130), UINT64_C(0x21DA8978206F5C66)},
     0x1.45212e7c707dep-75},
    {{UINT64_C(0x0), UINT64_C(0x1)},
     {UINT64_C(0x0), UINT64_C(0x3EDFFCF5CAE3BF)},
     0x1.0494a95a9f355p-54},
    {{UINT64_C(0x0), UINT64_C(0x1553D7DF561D80)},
     {UINT64_C(0x0), UINT64_C(0xF6236BF2504B74BA)},
     0x1.62e9816f8180cp-12},
    {{UINT64_C(0x0), UINT64_C(0x3812558A0A8C96)},
     {UINT64_C(0x0), UINT64_C(0x3C38F32E81D66D)},
     0x1.dcb5d74bd849ap-1},
    {{UINT64_C(0x0), UINT64_C(0x3DC423F770C226)},
     {UINT64_C(0xE5C76F18A), UINT64_C(0x585A01C4C7D6DF0)},
     0x1.134218a183049p-46},
    {{UINT64_C(0x0), UINT64_C(0x14A997EF901B93)},
     {UINT64_C(0x0), UINT64_C(0xD4F46A6910ACFF00)},
     0x1.8d6cbef290df6p-12},
    {{UINT64_C(0x0), UINT64_C(0x9A656AAFD1412584)},
     {UINT64_C(0x0), UINT64_C(0x1)},
     0x1.34cad55fa2825p+63},
};

static void quotients_are_the_nearest_double(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(quotients); i++) {
    vn_ratio_t ratio = {quotients[i].numerator, quotients[i].denominator, false};
    expect_double(vn_ratio_to_double(&ratio), quotients[i].expected);
    ratio.negative = true;
    expect_double(vn_ratio_to_double(&ratio), -quotients[i].expected);
  }
}

static void nothing_of_anything_is_zero_without_a_sign(void **state) {
  (void)state;
  vn_ratio_t ratio = {{0, 0}, {UINT64_MAX, 1}, true};
  expect_double(vn_ratio_to_double(&ratio), 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quotients_are_the_nearest_double),
      cmocka_unit_test(nothing_of_anything_is_zero_without_a_sign),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
