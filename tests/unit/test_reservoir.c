/* The bottom-k sample: known choices, and the same choice for every order and every split. */
#include "vn/reservoir.h"

#include "vn/hash.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 23
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define CAPACITY_MAX 64u

typedef struct sample {
  vn_member_t members[CAPACITY_MAX];
  uint32_t count;
  uint32_t capacity;
} sample_t;

typedef struct choice {
  vn_time_ms_t time_ms;
  int32_t value;
} choice_t;

static vn_member_t member_of(uint64_t seed, vn_time_ms_t time_ms, int32_t value) {
  vn_member_t member = {time_ms, value, vn_priority(seed, time_ms, value)};
  return member;
}

static void offer(sample_t *sample, const vn_member_t *member) {
  sample_t before = *sample;
  sample->count = vn_reservoir_offer(sample->members, sample->count, sample->capacity, member);
  bool full = before.count > 0 && before.count == before.capacity;
  if (full && vn_reservoir_refuses(before.members, before.capacity, member->priority)) {
    assert_memory_equal(sample->members, before.members, before.count * sizeof *member);
  }
}

static void merge(sample_t *into, const sample_t *other) {
  into->count =
      vn_reservoir_merge(into->members, into->count, into->capacity, other->members, other->count);
}

static void expect_choice(const sample_t *sample, const choice_t *expected, uint32_t count) {
  assert_int_equal(sample->count, count);
  for (uint32_t i = 0; i < count; i++) {
    assert_true(sample->members[i].time_ms == expected[i].time_ms);
    assert_int_equal(sample->members[i].value, expected[i].value);
  }
}

static void expect_same(const sample_t *a, const sample_t *b) {
  assert_int_equal(a->count, b->count);
  for (uint32_t i = 0; i < a->count; i++) {
    assert_true(a->members[i].time_ms == b->members[i].time_ms);
    assert_int_equal(a->members[i].value, b->members[i].value);
    assert_int_equal(a->members[i].priority, b->members[i].priority);
  }
}

/* 20 readings (i, i^2), 4 of them kept. */
static void expect_choice_of_squares(uint64_t seed, const choice_t expected[4]) {
  sample_t sample = {.capacity = 4};
  for (int32_t i = 0; i < 20; i++) {
    vn_member_t member = member_of(seed, i, i * i);
    offer(&sample, &member);
  }
  expect_choice(&sample, expected, 4);
}

static void known_readings_give_the_known_choice(void **state) {
  (void)state;
  expect_choice_of_squares(1, (const choice_t[]){{2, 4}, {10, 100}, {14, 196}, {0, 0}});
}

static void another_seed_makes_another_choice(void **state) {
  (void)state;
  expect_choice_of_squares(2, (const choice_t[]){{3, 9}, {12, 144}, {2, 4}, {0, 0}});
}

static void merged_parts_give_the_known_choice(void **state) {
  (void)state;
  sample_t a = {.capacity = 6};
  sample_t b = {.capacity = 6};
  for (int32_t i = 0; i < 120; i++) {
    vn_member_t member = member_of(3, i, i < 50 ? i % 7 : i % 5);
    offer(i < 50 ? &a : &b, &member);
  }
  merge(&a, &b);
  expect_choice(&a, (const choice_t[]){{78, 3}, {64, 4}, {52, 2}, {87, 2}, {76, 1}, {102, 2}}, 6);
}

static void fewer_readings_than_capacity_are_all_kept_in_order(void **state) {
  (void)state;
  sample_t sample = {.capacity = 8};
  for (int32_t i = 0; i < 5; i++) {
    vn_member_t member = member_of(1, i, i);
    offer(&sample, &member);
    assert_int_equal(sample.count, i + 1);
  }
  for (uint32_t i = 1; i < sample.count; i++) {
    assert_true(sample.members[i - 1].priority <= sample.members[i].priority);
  }
}

static void capacity_zero_keeps_nothing(void **state) {
  (void)state;
  vn_member_t member = member_of(1, 1, 1);
  assert_int_equal(vn_reservoir_offer(NULL, 0, 0, &member), 0);
  assert_int_equal(vn_reservoir_merge(NULL, 0, 0, &member, 1), 0);
}

static void equal_priorities_are_ordered_by_time_then_value(void **state) {
  (void)state;
  static const vn_member_t offered[] = {{5, 2, 7}, {5, -2, 7}, {-1, 9, 7}, {6, 0, 7}, {5, 2, 7}};
  sample_t sample = {.capacity = 4};
  for (size_t i = 0; i < COUNT_OF(offered); i++) {
    offer(&sample, &offered[i]);
  }
  expect_choice(&sample, (const choice_t[]){{-1, 9}, {5, -2}, {5, 2}, {5, 2}}, 4);
}

static void equal_readings_enter_side_by_side_but_never_replace_each_other(void **state) {
  (void)state;
  vn_member_t twin = member_of(1, 100, 7);
  sample_t sample = {.capacity = 3};
  for (int i = 0; i < 5; i++) {
    offer(&sample, &twin);
  }
  expect_choice(&sample, (const choice_t[]){{100, 7}, {100, 7}, {100, 7}}, 3);
}

#define READINGS_MAX 120u

typedef struct scene {
  vn_member_t readings[READINGS_MAX];
  uint32_t count;
  uint32_t capacity;
} scene_t;

/* Narrow priorities in half of the scenes, so that ties and twins are frequent. */
static scene_t any_scene(prng_t *prng) {
  scene_t scene = {.count = prng_below(prng, READINGS_MAX + 1),
                   .capacity = prng_below(prng, CAPACITY_MAX + 1)};
  uint64_t seed = prng_u64(prng);
  bool narrow = prng_chance(prng, 50);
  for (uint32_t i = 0; i < scene.count; i++) {
    vn_time_ms_t time_ms = prng_between(prng, -20, 20);
    int32_t value = (int32_t)prng_between(prng, -3, 3);
    scene.readings[i] = member_of(seed, time_ms, value);
    if (narrow) {
      scene.readings[i].priority %= 4u;
    }
  }
  return scene;
}

static bool precedes(const vn_member_t *a, const vn_member_t *b) {
  if (a->priority != b->priority) {
    return a->priority < b->priority;
  }
  return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->value < b->value;
}

/* The definition: sort everything, take the first k. */
static sample_t sample_by_sorting(const scene_t *scene) {
  scene_t sorted = *scene;
  for (uint32_t i = 1; i < sorted.count; i++) {
    vn_member_t moved = sorted.readings[i];
    uint32_t j = i;
    for (; j > 0 && precedes(&moved, &sorted.readings[j - 1]); j--) {
      sorted.readings[j] = sorted.readings[j - 1];
    }
    sorted.readings[j] = moved;
  }
  sample_t sample = {.capacity = scene->capacity};
  sample.count = scene->count < scene->capacity ? scene->count : scene->capacity;
  memcpy(sample.members, sorted.readings, sample.count * sizeof *sample.members);
  return sample;
}

static void shuffle(prng_t *prng, scene_t *scene) {
  for (uint32_t i = scene->count; i > 1; i--) {
    uint32_t other = prng_below(prng, i);
    vn_member_t swapped = scene->readings[i - 1];
    scene->readings[i - 1] = scene->readings[other];
    scene->readings[other] = swapped;
  }
}

static void any_order_gives_the_smallest_priorities(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 10000; round++) {
    scene_t scene = any_scene(&prng);
    sample_t expected = sample_by_sorting(&scene);
    shuffle(&prng, &scene);
    sample_t sample = {.capacity = scene.capacity};
    for (uint32_t i = 0; i < scene.count; i++) {
      offer(&sample, &scene.readings[i]);
    }
    expect_same(&sample, &expected);
  }
}

static void any_split_merges_to_the_sample_of_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 10000; round++) {
    scene_t scene = any_scene(&prng);
    sample_t expected = sample_by_sorting(&scene);
    sample_t parts[4];
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
      parts[i].count = 0;
      parts[i].capacity = scene.capacity;
    }
    for (uint32_t i = 0; i < scene.count; i++) {
      offer(&parts[prng_below(&prng, COUNT_OF(parts))], &scene.readings[i]);
    }
    merge(&parts[2], &parts[3]);
    merge(&parts[0], &parts[1]);
    merge(&parts[2], &parts[0]);
    expect_same(&parts[2], &expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_readings_give_the_known_choice),
      cmocka_unit_test(another_seed_makes_another_choice),
      cmocka_unit_test(merged_parts_give_the_known_choice),
      cmocka_unit_test(fewer_readings_than_capacity_are_all_kept_in_order),
      cmocka_unit_test(capacity_zero_keeps_nothing),
      cmocka_unit_test(equal_priorities_are_ordered_by_time_then_value),
      cmocka_unit_test(equal_readings_enter_side_by_side_but_never_replace_each_other),
      cmocka_unit_test(any_order_gives_the_smallest_priorities),
      cmocka_unit_test(any_split_merges_to_the_sample_of_the_whole),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
