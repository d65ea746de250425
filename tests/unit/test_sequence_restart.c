/* Sensors that count anew: what comes again of before, what is new, and what no one can tell. */
#include "vn/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define NEW VN_SEQUENCE_NEW
#define DUPLICATE VN_SEQUENCE_DUPLICATE
#define RESTARTED VN_SEQUENCE_RESTARTED

/* Readings with the times of a sensor: what came of one epoch may come again in the next. */
typedef struct step {
  uint32_t number;
  vn_time_ms_t time_ms;
  uint8_t check;
  vn_sequence_verdict_t expected;
} step_t;

static vn_sequence_t take_steps(const step_t *steps, size_t count, bool checked) {
  vn_sequence_t sequence = {0};
  uint8_t checks[VN_SEQUENCE_WINDOW] = {0};
  for (size_t i = 0; i < count; i++) {
    const step_t *step = &steps[i];
    assert_int_equal(checked ? vn_sequence_take_checked(&sequence, checks, step->number,
                                                        step->time_ms, step->check)
                             : vn_sequence_take(&sequence, step->number, step->time_ms),
                     step->expected);
  }
  return sequence;
}

static void what_comes_again_from_before_a_restart_is_a_duplicate(void **state) {
  (void)state;
  static const step_t steps[] = {{5000, 10, 1, NEW},       {5001, 20, 2, NEW},
                                 {5003, 30, 3, NEW},       {0, 40, 4, RESTARTED},
                                 {5001, 20, 2, DUPLICATE}, {5003, 30, 3, DUPLICATE},
                                 {1, 50, 5, NEW},          {5000, 10, 1, DUPLICATE},
                                 {0, 40, 4, DUPLICATE},    {2, 60, 6, NEW}};
  for (unsigned checked = 0; checked < 2; checked++) {
    vn_sequence_t sequence = take_steps(steps, COUNT_OF(steps), checked != 0);
    assert_true(sequence.highest == 2 && sequence.epochs == 1 && sequence.missing == 1);
  }
}

static void what_was_missing_before_a_restart_may_still_come(void **state) {
  (void)state;
  static const step_t steps[] = {{5000, 10, 1, NEW},       {5002, 20, 2, NEW},
                                 {0, 40, 3, RESTARTED},    {5001, 15, 4, NEW},
                                 {5001, 15, 4, DUPLICATE}, {5005, 30, 5, NEW},
                                 {5004, 28, 6, NEW},       {5005, 30, 5, DUPLICATE},
                                 {1, 50, 7, NEW},          {4000, 5, 8, DUPLICATE}};
  for (unsigned checked = 0; checked < 2; checked++) {
    vn_sequence_t sequence = take_steps(steps, COUNT_OF(steps), checked != 0);
    assert_true(sequence.highest == 1 && sequence.epochs == 1 && sequence.missing == 1);
  }
}

static void a_jump_of_the_new_epoch_is_new_when_it_is_newer_than_the_restart(void **state) {
  (void)state;
  static const step_t steps[] = {{5000, 10, 1, NEW},
                                 {0, 40, 2, RESTARTED},
                                 {5000, 40, 3, NEW},
                                 {5000, 10, 1, VN_SEQUENCE_CONFLICT}};
  assert_true(take_steps(steps, COUNT_OF(steps), true).missing == 4999);
}

/* Numbers that both epochs have: the check tells whose it is. */
static void a_number_of_both_epochs_is_told_by_its_check(void **state) {
  (void)state;
  static const step_t steps[] = {{70, 10, 1, NEW}, {72, 12, 3, NEW},       {5, 40, 4, RESTARTED},
                                 {40, 50, 5, NEW}, {72, 12, 3, DUPLICATE}, {70, 11, 9, NEW},
                                 {72, 55, 3, NEW}, {73, 60, 8, NEW}};
  assert_true(take_steps(steps, COUNT_OF(steps), true).highest == 73);
}

/* 69 and 5 share a place: what is left is which of the two is nearer. */
static void without_a_check_the_nearer_epoch_has_it(void **state) {
  (void)state;
  static const step_t steps[] = {{69, 10, 1, NEW},       {70, 12, 2, NEW}, {5, 40, 4, RESTARTED},
                                 {69, 10, 1, DUPLICATE}, {60, 50, 5, NEW}, {69, 10, 1, DUPLICATE},
                                 {68, 51, 6, NEW},       {69, 11, 7, NEW}};
  assert_true(take_steps(steps, COUNT_OF(steps), true).highest == 69);
}

/* Times of arrival are always new. */
static void with_newer_times_a_known_check_far_from_the_new_numbers_is_a_duplicate(void **state) {
  (void)state;
  static const step_t steps[] = {{5000, 10, 1, NEW},    {5001, 20, 2, NEW},
                                 {0, 40, 3, RESTARTED}, {5001, 50, 2, DUPLICATE},
                                 {1, 60, 1, NEW},       {5000, 70, 1, DUPLICATE}};
  assert_true(take_steps(steps, COUNT_OF(steps), true).highest == 1);
}

static void a_first_number_of_another_newer_reading_is_a_restart_in_the_window(void **state) {
  (void)state;
  static const step_t steps[] = {{0, 10, 1, NEW},
                                 {1, 20, 2, NEW},
                                 {2, 30, 3, NEW},
                                 {0, 30, 4, VN_SEQUENCE_CONFLICT},
                                 {0, 40, 4, RESTARTED},
                                 {1, 20, 2, DUPLICATE},
                                 {2, 30, 3, DUPLICATE},
                                 {1, 50, 5, NEW},
                                 {2, 60, 6, NEW},
                                 {2, 70, 7, VN_SEQUENCE_CONFLICT},
                                 {0, 10, 1, VN_SEQUENCE_CONFLICT}};
  vn_sequence_t sequence = take_steps(steps, COUNT_OF(steps), true);
  assert_true(sequence.epochs == 1 && sequence.highest == 2 && sequence.missing == 0);
  static const step_t late_begin[] = {
      {8, 10, 1, NEW}, {20, 20, 2, NEW}, {1, 30, 3, NEW}, {8, 40, 4, VN_SEQUENCE_CONFLICT}};
  assert_true(take_steps(late_begin, COUNT_OF(late_begin), true).highest == 20);
}

/* Only one epoch is remembered; what is older than the restart and near to no number still tells.
 */
static void of_the_epoch_before_the_previous_only_what_is_far_is_told(void **state) {
  (void)state;
  static const step_t steps[] = {
      {5000, 10, 1, NEW},    {0, 20, 2, RESTARTED},    {1, 30, 3, NEW},       {2, 40, 4, NEW},
      {0, 50, 5, RESTARTED}, {5000, 10, 1, DUPLICATE}, {2, 40, 4, DUPLICATE}, {1, 60, 6, NEW}};
  assert_true(take_steps(steps, COUNT_OF(steps), true).highest == 1);
}

static void places_of_checks_belong_to_the_numbers_of_both_epochs(void **state) {
  (void)state;
  static const step_t steps[] = {{5000, 10, 1, NEW}, {5003, 20, 2, NEW}, {10, 30, 3, RESTARTED}};
  vn_sequence_t sequence = take_steps(steps, COUNT_OF(steps), true);
  unsigned places = 0;
  for (uint32_t i = 0; i < VN_SEQUENCE_WINDOW; i++) {
    bool expected = i == 5000 % 64 || i == 5003 % 64 || i == 10;
    assert_int_equal(vn_sequence_has_check(&sequence, i), expected);
    places += expected;
  }
  assert_int_equal(places, 3);
  assert_int_equal(vn_sequence_take(&sequence, 80, 40), NEW);
  assert_false(vn_sequence_has_check(&sequence, 5000 % 64));
  assert_true(vn_sequence_has_check(&sequence, 80 % 64));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_comes_again_from_before_a_restart_is_a_duplicate),
      cmocka_unit_test(what_was_missing_before_a_restart_may_still_come),
      cmocka_unit_test(a_jump_of_the_new_epoch_is_new_when_it_is_newer_than_the_restart),
      cmocka_unit_test(a_number_of_both_epochs_is_told_by_its_check),
      cmocka_unit_test(without_a_check_the_nearer_epoch_has_it),
      cmocka_unit_test(with_newer_times_a_known_check_far_from_the_new_numbers_is_a_duplicate),
      cmocka_unit_test(a_first_number_of_another_newer_reading_is_a_restart_in_the_window),
      cmocka_unit_test(of_the_epoch_before_the_previous_only_what_is_far_is_told),
      cmocka_unit_test(places_of_checks_belong_to_the_numbers_of_both_epochs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
