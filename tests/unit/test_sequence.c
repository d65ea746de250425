/* Sequence numbers: duplicates found, gaps counted, restarts told from repeats. */
#include "vn/sequence.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 37
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Takes numbers with ascending times. */
static vn_sequence_t take_all(const uint32_t *numbers, size_t count,
                              const vn_sequence_verdict_t *expected) {
  vn_sequence_t sequence;
  memset(&sequence, 0, sizeof sequence);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(vn_sequence_take(&sequence, numbers[i], (vn_time_ms_t)i), expected[i]);
  }
  return sequence;
}

#define NEW VN_SEQUENCE_NEW
#define DUPLICATE VN_SEQUENCE_DUPLICATE
#define RESTARTED VN_SEQUENCE_RESTARTED

static void ascending_numbers_are_new_and_nothing_is_missing(void **state) {
  (void)state;
  static const uint32_t numbers[] = {7, 8, 9, 10};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, NEW, NEW};
  vn_sequence_t sequence = take_all(numbers, COUNT_OF(numbers), verdicts);
  assert_true(sequence.missing == 0 && sequence.highest == 10 && sequence.epochs == 0);
}

static void repeats_are_duplicates_even_when_newer(void **state) {
  (void)state;
  static const uint32_t numbers[] = {7, 7, 8, 7, 8};
  static const vn_sequence_verdict_t verdicts[] = {NEW, DUPLICATE, NEW, DUPLICATE, DUPLICATE};
  vn_sequence_t sequence = take_all(numbers, COUNT_OF(numbers), verdicts);
  assert_true(sequence.missing == 0 && sequence.highest == 8);
}

static void skipped_numbers_are_missing_until_they_come(void **state) {
  (void)state;
  static const uint32_t numbers[] = {1, 5, 3, 3, 2, 4};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, NEW, DUPLICATE, NEW, NEW};
  vn_sequence_t after_gap = take_all(numbers, 2, verdicts);
  assert_true(after_gap.missing == 3);
  vn_sequence_t after_one = take_all(numbers, 4, verdicts);
  assert_true(after_one.missing == 2);
  vn_sequence_t complete = take_all(numbers, COUNT_OF(numbers), verdicts);
  assert_true(complete.missing == 0);
}

static void a_number_below_the_first_fills_no_gap(void **state) {
  (void)state;
  static const uint32_t numbers[] = {100, 103, 99, 97, 98};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, NEW, NEW, NEW};
  assert_true(take_all(numbers, 3, verdicts).missing == 2);
  assert_true(take_all(numbers, 4, verdicts).missing == 3);
  assert_true(take_all(numbers, 5, verdicts).missing == 2);
}

static void the_window_is_64_numbers_wide(void **state) {
  (void)state;
  static const uint32_t numbers[] = {1000, 1064, 1001, 1001};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, NEW, DUPLICATE};
  vn_sequence_t sequence = take_all(numbers, COUNT_OF(numbers), verdicts);
  assert_true(sequence.missing == 62);
  assert_int_equal(vn_sequence_take(&sequence, 1000, 0), DUPLICATE);
}

static void a_restarted_sensor_begins_a_new_epoch(void **state) {
  (void)state;
  static const uint32_t numbers[] = {5000, 5002, 0, 1, 0};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, RESTARTED, NEW, DUPLICATE};
  vn_sequence_t sequence = take_all(numbers, COUNT_OF(numbers), verdicts);
  assert_true(sequence.epochs == 1 && sequence.missing == 1 && sequence.highest == 1);
}

static void an_old_number_with_an_old_time_is_a_duplicate(void **state) {
  (void)state;
  vn_sequence_t sequence = {0};
  assert_int_equal(vn_sequence_take(&sequence, 5000, 100), NEW);
  assert_int_equal(vn_sequence_take(&sequence, 3, 100), DUPLICATE);
  assert_int_equal(vn_sequence_take(&sequence, 3, -100), DUPLICATE);
  assert_int_equal(vn_sequence_take(&sequence, 3, 101), RESTARTED);
}

static void a_duplicate_does_not_move_the_time(void **state) {
  (void)state;
  vn_sequence_t sequence = {0};
  assert_int_equal(vn_sequence_take(&sequence, 5000, 100), NEW);
  assert_int_equal(vn_sequence_take(&sequence, 5000, 900), DUPLICATE);
  assert_int_equal(vn_sequence_take(&sequence, 3, 101), RESTARTED);
}

static void an_older_reading_in_the_window_does_not_move_the_time_back(void **state) {
  (void)state;
  vn_sequence_t sequence = {0};
  assert_int_equal(vn_sequence_take(&sequence, 5000, 100), NEW);
  assert_int_equal(vn_sequence_take(&sequence, 4999, 90), NEW);
  assert_int_equal(vn_sequence_take(&sequence, 3, 95), DUPLICATE);
}

static void numbers_wrap_at_2_to_the_32(void **state) {
  (void)state;
  static const uint32_t numbers[] = {UINT32_MAX - 1, 1, UINT32_MAX, UINT32_MAX, 0, 2};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, NEW, DUPLICATE, NEW, NEW};
  vn_sequence_t sequence = take_all(numbers, COUNT_OF(numbers), verdicts);
  assert_true(sequence.missing == 0 && sequence.highest == 2 && sequence.epochs == 0);
}

static void a_hole_of_a_million_is_counted(void **state) {
  (void)state;
  static const uint32_t numbers[] = {0, 1000001, 1000000};
  static const vn_sequence_verdict_t verdicts[] = {NEW, NEW, NEW};
  assert_true(take_all(numbers, 2, verdicts).missing == 1000000);
  assert_true(take_all(numbers, 3, verdicts).missing == 999999);
}

static void a_known_number_of_another_reading_is_a_conflict(void **state) {
  (void)state;
  vn_sequence_t sequence = {0};
  uint8_t checks[VN_SEQUENCE_WINDOW] = {0};
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 100, 0, 7), NEW);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 163, 1, 8), NEW);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 100, 0, 7), DUPLICATE);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 100, 0, 9), VN_SEQUENCE_CONFLICT);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 100, 0, 7), DUPLICATE);
  assert_true(sequence.missing == 62);
}

static void what_left_the_window_or_had_no_check_is_never_a_conflict(void **state) {
  (void)state;
  vn_sequence_t sequence = {0};
  uint8_t checks[VN_SEQUENCE_WINDOW] = {0};
  assert_int_equal(vn_sequence_take(&sequence, 100, 0), NEW);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 100, 0, 9), DUPLICATE);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 164, 1, 8), NEW);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 100, 0, 9), DUPLICATE);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 164, 1, 9), VN_SEQUENCE_CONFLICT);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 3, 2, 9), RESTARTED);
  assert_int_equal(vn_sequence_take_checked(&sequence, checks, 3, 2, 9), DUPLICATE);
}

/* Everything two epochs have taken, in plain 64-bit numbers. */
#define TAKEN_MAX 400

typedef struct epoch {
  int64_t taken[TAKEN_MAX];
  uint8_t checks[TAKEN_MAX];
  int count;
  int64_t highest, lowest;
} epoch_t;

typedef struct model {
  epoch_t now, before;
  vn_time_ms_t last_ms, restart_ms;
  uint64_t missing_earlier; /* of earlier epochs */
  uint32_t epochs, old_repeats, old_news;
  bool checked;
} model_t;

/* Its place; -1: not there, or too far below. */
static int find(const epoch_t *epoch, int64_t number) {
  for (int i = 0; i < epoch->count && number > epoch->highest - 64; i++) {
    if (epoch->taken[i] == number) {
      return i;
    }
  }
  return -1;
}

static uint64_t missing_of(const epoch_t *epoch) {
  return epoch->count == 0
             ? 0
             : (uint64_t)(epoch->highest - epoch->lowest) + 1u - (uint64_t)epoch->count;
}

static uint64_t missing(const model_t *model) {
  return model->missing_earlier + missing_of(&model->before) + missing_of(&model->now);
}

static void put(epoch_t *epoch, int64_t number, uint8_t check) {
  epoch->highest = epoch->count == 0 || number > epoch->highest ? number : epoch->highest;
  epoch->lowest = epoch->count == 0 || number < epoch->lowest ? number : epoch->lowest;
  epoch->checks[epoch->count] = check;
  epoch->taken[epoch->count++] = number;
}

static bool has_its_place_taken(const epoch_t *now, int64_t number) {
  bool any = now->highest - now->lowest >= 64;
  for (int i = 0; i < now->count; i++) {
    any = any || (now->taken[i] - number) % 64 == 0;
  }
  return any;
}

static int64_t apart(const epoch_t *epoch, int64_t number) {
  return number < epoch->highest ? epoch->highest - number : number - epoch->highest;
}

/* RESTARTED: not of the epoch before, as far as one can tell. */
static vn_sequence_verdict_t judge_taken(const model_t *model, int64_t number, bool older,
                                         bool same) {
  bool closer = apart(&model->before, number) < apart(&model->now, number);
  bool far = apart(&model->now, number) >= 64;
  bool tells = model->checked && !has_its_place_taken(&model->now, number);
  if (tells && same) {
    return older || far ? DUPLICATE : RESTARTED;
  }
  return older && closer && (far || !tells) ? DUPLICATE : RESTARTED;
}

static vn_sequence_verdict_t judge_before(const model_t *model, int64_t number,
                                          vn_time_ms_t time_ms, uint8_t check) {
  int place = find(&model->before, number);
  bool older = time_ms < model->restart_ms;
  int64_t theirs = apart(&model->before, number);
  int64_t ours = apart(&model->now, number);
  if (model->before.count == 0) {
    return RESTARTED;
  }
  if (place >= 0) {
    return judge_taken(model, number, older, model->before.checks[place] == check);
  }
  if (!older || theirs >= ours || ours < 64) {
    return RESTARTED;
  }
  return theirs < 64 ? NEW : DUPLICATE;
}

static bool is_restart(const model_t *model, int64_t number, vn_time_ms_t time_ms, uint8_t check) {
  int place = find(&model->now, number);
  bool other = model->checked && place >= 0 && model->now.checks[place] != check;
  bool first = (uint32_t)number <= 1 && number < model->now.highest;
  return time_ms > model->last_ms && (number <= model->now.highest - 64 || (first && other));
}

static vn_sequence_verdict_t accept(model_t *model, int64_t number, vn_time_ms_t time_ms,
                                    uint8_t check, bool restarts) {
  if (restarts) {
    model->missing_earlier += missing_of(&model->before);
    model->before = model->now;
    model->restart_ms = time_ms;
    model->now.count = 0;
    model->epochs++;
  }
  bool first = model->now.count == 0 && model->before.count == 0;
  model->last_ms = first || time_ms > model->last_ms ? time_ms : model->last_ms;
  put(&model->now, number, check);
  return restarts ? RESTARTED : NEW;
}

static vn_sequence_verdict_t judge(model_t *model, int64_t number, vn_time_ms_t time_ms,
                                   uint8_t check) {
  if (model->now.count == 0) {
    return accept(model, number, time_ms, check, false);
  }
  vn_sequence_verdict_t before = judge_before(model, number, time_ms, check);
  if (before != RESTARTED) {
    model->old_repeats += before == DUPLICATE;
    model->old_news += before == NEW;
    if (before == NEW) {
      put(&model->before, number, check);
    }
    return before;
  }
  if (is_restart(model, number, time_ms, check)) {
    return accept(model, number, time_ms, check, true);
  }
  int place = find(&model->now, number);
  if (place >= 0 || number <= model->now.highest - 64) {
    bool other = model->checked && place >= 0 && model->now.checks[place] != check;
    return other ? VN_SEQUENCE_CONFLICT : DUPLICATE;
  }
  return accept(model, number, time_ms, check, false);
}

static int64_t any_number(prng_t *prng, const model_t *model) {
  int64_t highest = model->now.highest;
  switch (prng_below(prng, 10)) {
    case 0:
      return highest + prng_between(prng, -70, -58);
    case 1:
      return highest + prng_between(prng, 0, 140);
    case 2:
      return highest - prng_between(prng, 64, prng_chance(prng, 50) ? 100 : 1000000);
    case 3:
    case 4:
      return highest - prng_below(prng, 64);
    case 5:
    case 6:
      return model->before.count > 0 ? model->before.highest + prng_between(prng, -70, 70)
                                     : highest;
    default:
      return highest + prng_between(prng, -3, 4);
  }
}

static void compare(const vn_sequence_t *sequence, const model_t *model) {
  assert_true(sequence->missing == missing(model));
  assert_int_equal(sequence->highest, (uint32_t)model->now.highest);
  assert_int_equal(sequence->epochs, model->epochs);
  assert_true(sequence->last_ms == model->last_ms);
}

static void random_arrivals_agree_with_a_model_that_forgets_nothing(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  uint32_t restarts = 0;
  uint32_t old_repeats = 0;
  uint32_t old_news = 0;
  for (int round = 0; round < 3000; round++) {
    static model_t model;
    uint8_t checks[VN_SEQUENCE_WINDOW] = {0};
    vn_sequence_t sequence;
    memset(&model, 0, sizeof model);
    memset(&sequence, 0, sizeof sequence);
    model.checked = round % 2 != 0;
    /* Near the wrap in most rounds; the model counts on in 64 bits. */
    model.now.highest = (INT64_C(3) << 32) + prng_between(&prng, -200, 200);
    for (int i = 0; i < TAKEN_MAX; i++) {
      int64_t number = i == 0 ? model.now.highest : any_number(&prng, &model);
      bool recent = prng_chance(&prng, 60);
      vn_time_ms_t time_ms =
          (recent ? model.last_ms : model.restart_ms) + prng_between(&prng, -2, 2);
      uint8_t check = (uint8_t)(1 + prng_below(&prng, 3));
      vn_sequence_verdict_t expected = judge(&model, number, time_ms, check);
      assert_int_equal(model.checked ? vn_sequence_take_checked(&sequence, checks, (uint32_t)number,
                                                                time_ms, check)
                                     : vn_sequence_take(&sequence, (uint32_t)number, time_ms),
                       expected);
      compare(&sequence, &model);
    }
    restarts += model.epochs;
    old_repeats += model.old_repeats;
    old_news += model.old_news;
  }
  print_message("%u restarts, %u repeats and %u late numbers of the epoch before\n", restarts,
                old_repeats, old_news);
  assert_true(restarts > 3000 && old_repeats > 3000 && old_news > 3000);
}

/* A look says what taking says, whatever came before, and leaves all as it is. */
static void a_look_tells_a_repeat_as_taking_does(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 7);
  vn_sequence_t sequence;
  uint8_t checks[VN_SEQUENCE_WINDOW] = {0};
  unsigned repeats = 0;
  memset(&sequence, 0, sizeof sequence);
  for (unsigned i = 0; i < 50000; i++) {
    if (prng_below(&prng, 4000) == 0) {
      memset(&sequence, 0, sizeof sequence);
      memset(checks, 0, sizeof checks);
    }
    uint32_t number =
        prng_chance(&prng, 5) ? prng_next(&prng) : sequence.highest + prng_below(&prng, 200) - 180u;
    vn_time_ms_t time_ms = sequence.last_ms + prng_between(&prng, -10, 10);
    uint8_t check = (uint8_t)(1 + prng_below(&prng, 2));
    uint8_t *kept = prng_chance(&prng, 90) ? checks : NULL;
    vn_sequence_t before = sequence;
    bool repeat = vn_sequence_is_repeat(&sequence, kept, number, time_ms, check);
    assert_memory_equal(&sequence, &before, sizeof sequence);
    vn_sequence_verdict_t verdict =
        kept != NULL ? vn_sequence_take_checked(&sequence, kept, number, time_ms, check)
                     : vn_sequence_take(&sequence, number, time_ms);
    assert_int_equal(repeat, verdict == VN_SEQUENCE_DUPLICATE);
    repeats += repeat;
  }
  assert_in_range(repeats, 5000, 45000);
}

/* Without a time only what the window knows is certain. */
static void at_the_end_of_time_only_the_window_knows(void **state) {
  (void)state;
  vn_sequence_t sequence;
  memset(&sequence, 0, sizeof sequence);
  for (uint32_t i = 0; i <= 100; i++) {
    assert_int_equal(vn_sequence_take(&sequence, i, i), NEW);
  }
  assert_true(vn_sequence_is_repeat(&sequence, NULL, 37, 37, 1));
  assert_true(vn_sequence_is_repeat(&sequence, NULL, 36, 36, 1));
  assert_true(vn_sequence_is_repeat(&sequence, NULL, 37, VN_TIME_PLUS_INFINITY, 1));
  assert_false(vn_sequence_is_repeat(&sequence, NULL, 36, VN_TIME_PLUS_INFINITY, 1));
  assert_false(vn_sequence_is_repeat(&sequence, NULL, 101, 36, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ascending_numbers_are_new_and_nothing_is_missing),
      cmocka_unit_test(repeats_are_duplicates_even_when_newer),
      cmocka_unit_test(skipped_numbers_are_missing_until_they_come),
      cmocka_unit_test(a_number_below_the_first_fills_no_gap),
      cmocka_unit_test(the_window_is_64_numbers_wide),
      cmocka_unit_test(a_restarted_sensor_begins_a_new_epoch),
      cmocka_unit_test(an_old_number_with_an_old_time_is_a_duplicate),
      cmocka_unit_test(a_duplicate_does_not_move_the_time),
      cmocka_unit_test(an_older_reading_in_the_window_does_not_move_the_time_back),
      cmocka_unit_test(numbers_wrap_at_2_to_the_32),
      cmocka_unit_test(a_hole_of_a_million_is_counted),
      cmocka_unit_test(a_known_number_of_another_reading_is_a_conflict),
      cmocka_unit_test(what_left_the_window_or_had_no_check_is_never_a_conflict),
      cmocka_unit_test(random_arrivals_agree_with_a_model_that_forgets_nothing),
      cmocka_unit_test(a_look_tells_a_repeat_as_taking_does),
      cmocka_unit_test(at_the_end_of_time_only_the_window_knows),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
