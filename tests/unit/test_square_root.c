/* The square root without libm: the nearest double, for every kind of operand. */
#include "vn/aggregate.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 19
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct {
  double x, root;
} cases[] = {
    {0x1.0000000000000p+0, 0x1.0000000000000p+0},
    {0x1.0000000000000p+1, 0x1.6a09e667f3bcdp+0},
    {0x1.0000000000000p+2, 0x1.0000000000000p+1},
    {0x1.0000000000000p-2, 0x1.0000000000000p-1},
    {0x1.7555555555555p+1, 0x1.b534070e9620cp+0},
    {0x1.c000000000000p+1, 0x1.deeea11683f49p+0},
    {0x1.56e1fc2f8f359p-997, 0x1.a2fe76a3f9475p-499},
    {0x0.0000000000001p-1022, 0x1.0000000000000p-537},
    {0x1.0000000000000p-1022, 0x1.0000000000000p-511},
    {0x1.fffffffffffffp+1023, 0x1.fffffffffffffp+511},
    {0x1.fffffff7fdcd1p+61, 0x1.fffffffbfee68p+30},
    {0x1.999999999999ap-4, 0x1.43d136248490fp-2},
    {0x1.0000000000001p+0, 0x1.0000000000000p+0},
    {0x1.fffffffffffffp-1, 0x1.fffffffffffffp-1},
    {0x1.fffffffffffffp+0, 0x1.6a09e667f3bccp+0},
    {0x1.fffffffffffffp+1, 0x1.fffffffffffffp+0},
    {0x1.c000000000000p+2, 0x1.52a7fa9d2f8eap+1},
    {0x1.0f0cf064dd592p+73, 0x1.74876e8000000p+36},
    {0x1.ba8493ceb3ffdp+190, 0x1.5093e6fe539dap+95},
    {0x1.1b1b48b529b4ap-756, 0x1.0d365bea3be6cp-378},
    {0x1.dadfa5eb561a4p+852, 0x1.5caa5fd3d5a91p+426},
    {0x1.dc94f9a9a80fdp-53, 0x1.edf94009c832bp-27},
    {0x1.95c7ea02f34a6p+166, 0x1.424dd796e095bp+83},
    {0x1.4491e10c67fd9p+217, 0x1.97a6c9ba5ce15p+108},
    {0x1.4294f035efa25p+838, 0x1.1f5e7658ab2cfp+419},
    {0x1.fce2cd6645fa9p-63, 0x1.fe70cb11a07d7p-32},
    {0x1.01c7642650644p+105, 0x1.6b4b5a4fe5f1bp+52},
    {0x1.b12133bfd1d33p-631, 0x1.d6eaa38612006p-316},
    {0x1.b81c3fee29476p+445, 0x1.dab23b590b108p+222},
    {0x1.ea1da78633074p+84, 0x1.62378aa840f38p+42},
};

static void roots_are_the_nearest_doubles(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    double root = vn_square_root(cases[i].x);
    assert_memory_equal(&root, &cases[i].root, sizeof root);
  }
}

static void zero_has_root_zero(void **state) {
  (void)state;
  double zero = 0.0;
  double root = vn_square_root(0.0);
  assert_memory_equal(&root, &zero, sizeof root);
  root = vn_square_root(-0.0);
  assert_memory_equal(&root, &zero, sizeof root);
}

static void squares_have_exact_roots(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int i = 0; i < 10000; i++) {
    double expected = (double)(prng_next(&prng) >> 6);
    double root = vn_square_root(expected * expected);
    assert_memory_equal(&root, &expected, sizeof root);
  }
}

/*
 * Checked with integers: for root = r / 2^27 no other double is nearer exactly when
 * (2r - 1)^2 < 4 x 2^54 < (2r + 1)^2, the squares of the midpoints to its neighbours.
 */
static void no_other_double_is_nearer(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int i = 0; i < 20000; i++) {
    /* In [2^50, 2^52) the root has 26 integer bits, so its unit in the last place is 2^-27. */
    uint64_t x = (UINT64_C(1) << 50) + prng_u64(&prng) % (UINT64_C(3) << 50);
    uint64_t r = (uint64_t)(vn_square_root((double)x) * 0x1p27);
    vn_u128_t target = vn_u128_mul(x, UINT64_C(1) << 56);
    vn_u128_t below = vn_u128_mul(2 * r - 1, 2 * r - 1);
    vn_u128_t above = vn_u128_mul(2 * r + 1, 2 * r + 1);
    assert_true(vn_u128_compare(below, target) < 0 && vn_u128_compare(target, above) < 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roots_are_the_nearest_doubles),
      cmocka_unit_test(zero_has_root_zero),
      cmocka_unit_test(squares_have_exact_roots),
      cmocka_unit_test(no_other_double_is_nearer),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
