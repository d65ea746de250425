/* Assertions stay on, tell where, and can be taken over by the program. */
#include "vn/aggregate.h"
#include "vn/arith.h"
#include "vn/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static jmp_buf recovery;
static const char *failed_file;
static int failed_line;

/* Ours is linked instead of the library's: that is the documented way to take over. */
_Noreturn void vn_assert_failed(const char *file, int line) {
  failed_file = file;
  failed_line = line;
  longjmp(recovery, 1);
}

static void a_true_condition_costs_nothing(void **state) {
  (void)state;
  if (setjmp(recovery) != 0) {
    fail_msg("assertion of a true condition failed at %s:%d", failed_file, failed_line);
  }
  VN_ASSERT(1 + 1 == 2);
}

static void a_false_condition_tells_file_and_line(void **state) {
  (void)state;
  volatile int line = 0;
  if (setjmp(recovery) == 0) {
    line = __LINE__ + 1;
    VN_ASSERT(line == 0);
    fail_msg("the assertion was passed");
  }
  assert_int_equal(failed_line, line);
  assert_non_null(strstr(failed_file, "test_assert.c"));
}

static void expect_refusal(void (*misuse)(void)) {
  failed_file = NULL;
  if (setjmp(recovery) == 0) {
    misuse();
  }
  assert_non_null(failed_file);
}

static void divide_by_zero(void) { (void)vn_floor_div(1, 0); }
static void divide_up_by_zero(void) { (void)vn_ceil_div(1, 0); }
static void divisor_without_int64(void) { (void)vn_gcd(INT64_MIN, 0); }
static void root_of_negative(void) { (void)vn_square_root(-1.0); }

static void mean_of_nothing(void) {
  vn_aggregate_t aggregate;
  vn_aggregate_clear(&aggregate);
  (void)vn_aggregate_mean(&aggregate);
}

static void sample_variance_of_one(void) {
  vn_aggregate_t aggregate;
  vn_aggregate_clear(&aggregate);
  vn_aggregate_add(&aggregate, 0, 1);
  (void)vn_aggregate_variance_sample(&aggregate);
}

static void preconditions_are_enforced(void **state) {
  (void)state;
  expect_refusal(divide_by_zero);
  expect_refusal(divide_up_by_zero);
  expect_refusal(divisor_without_int64);
  expect_refusal(root_of_negative);
  expect_refusal(mean_of_nothing);
  expect_refusal(sample_variance_of_one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_true_condition_costs_nothing),
      cmocka_unit_test(a_false_condition_tells_file_and_line),
      cmocka_unit_test(preconditions_are_enforced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
