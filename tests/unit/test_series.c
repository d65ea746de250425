/* The series table: names never merge, numbers are the lowest free, searches are bounded. */
#include "vn/series.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEED 47
#define CAPACITY 700u
#define BUCKETS 1024u
#define NAME_MAX 24u

static vn_series_bucket_t buckets[BUCKETS];
static char names[CAPACITY * NAME_MAX];
static uint8_t name_lengths[CAPACITY];

static vn_series_table_t make_table(uint32_t capacity, uint32_t bucket_count) {
  vn_series_table_t table = {.buckets = buckets,
                             .names = names,
                             .name_lengths = name_lengths,
                             .bucket_count = bucket_count,
                             .capacity = capacity,
                             .name_max = NAME_MAX};
  vn_series_init(&table);
  return table;
}

typedef struct label {
  char bytes[NAME_MAX + 1];
  vn_text_t text;
} label_t;

static vn_text_t label(label_t *out, uint32_t i) {
  out->text.length = (size_t)snprintf(out->bytes, sizeof out->bytes, "line/%u/temp", (unsigned)i);
  out->text.bytes = out->bytes;
  return out->text;
}

static vn_text_t text_of(const char *bytes) {
  vn_text_t text = {bytes, strlen(bytes)};
  return text;
}

static vn_err_t add(vn_series_table_t *table, vn_text_t name, uint32_t *number) {
  return vn_series_add(table, name, vn_series_hash(name), number);
}

static uint32_t find(const vn_series_table_t *table, vn_text_t name) {
  return vn_series_find(table, name, vn_series_hash(name));
}

static void buckets_keep_the_load_at_seven_tenths(void **state) {
  (void)state;
  static const uint32_t cases[][2] = {{0, 2},
                                      {1, 2},
                                      {2, 4},
                                      {5, 8},
                                      {6, 16},
                                      {11, 16},
                                      {12, 32},
                                      {716, 1024},
                                      {717, 2048},
                                      {1000, 2048},
                                      {10000, 16384},
                                      {1000000, 2097152},
                                      {1u << 30, 1u << 31}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(vn_series_buckets_for(cases[i][0]), cases[i][1]);
  }
}

static void names_get_ascending_numbers_and_are_found_again(void **state) {
  (void)state;
  vn_series_table_t table = make_table(5, 8);
  static const char *const words[] = {"a", "ab", "abc", "b", "line/1:temp.x_y-z"};
  uint32_t number = 99;
  assert_int_equal(find(&table, text_of("a")), VN_SERIES_NONE);
  for (uint32_t i = 0; i < 5; i++) {
    assert_int_equal(add(&table, text_of(words[i]), &number), VN_OK);
    assert_int_equal(number, i);
  }
  for (uint32_t i = 0; i < 5; i++) {
    assert_int_equal(find(&table, text_of(words[i])), i);
    vn_text_t name = vn_series_name(&table, i);
    assert_int_equal(name.length, strlen(words[i]));
    assert_memory_equal(name.bytes, words[i], name.length);
  }
  assert_int_equal(find(&table, text_of("c")), VN_SERIES_NONE);
  assert_int_equal(table.count, 5);
}

static void a_full_table_refuses_and_keeps_what_it_has(void **state) {
  (void)state;
  vn_series_table_t table = make_table(2, 4);
  uint32_t number = 99;
  assert_int_equal(add(&table, text_of("a"), &number), VN_OK);
  assert_int_equal(add(&table, text_of("b"), &number), VN_OK);
  assert_int_equal(add(&table, text_of("c"), &number), VN_ERR_FULL);
  assert_int_equal(number, 1);
  assert_int_equal(find(&table, text_of("a")), 0);
  assert_int_equal(find(&table, text_of("c")), VN_SERIES_NONE);
}

static void an_overlong_name_is_told_from_a_full_table(void **state) {
  (void)state;
  vn_series_table_t table = make_table(1, 2);
  uint32_t number = 99;
  vn_text_t longest = text_of("123456789012345678901234");
  vn_text_t longer = text_of("1234567890123456789012345");
  assert_int_equal(add(&table, longer, &number), VN_ERR_TOO_BIG);
  assert_int_equal(add(&table, longest, &number), VN_OK);
  assert_int_equal(add(&table, longer, &number), VN_ERR_TOO_BIG);
  assert_int_equal(find(&table, longest), 0);
  assert_int_equal(find(&table, longer), VN_SERIES_NONE);
}

static void names_of_255_bytes_are_possible(void **state) {
  (void)state;
  static char arena[2 * 255];
  char name[255];
  memset(name, 'x', sizeof name);
  vn_series_table_t table = make_table(2, 4);
  table.names = arena;
  table.name_max = 255;
  vn_text_t text = {name, sizeof name};
  uint32_t number;
  assert_int_equal(add(&table, text, &number), VN_OK);
  name[254] = 'y';
  assert_int_equal(find(&table, text), VN_SERIES_NONE);
  assert_int_equal(add(&table, text, &number), VN_OK);
  assert_int_equal(find(&table, text), 1);
}

/* Names found by search: the members of a pair have the same 32-bit hash. */
static const char *const twins[][2] = {{"line/2043500/temp", "line/1126083/temp"},
                                       {"line/1858037/temp", "line/273360/temp"},
                                       {"line/1232660/temp", "line/13273/temp"}};

static void equal_hashes_never_merge_two_series(void **state) {
  (void)state;
  vn_series_table_t table = make_table(6, 16);
  uint32_t number;
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(vn_series_hash(text_of(twins[i][0])), vn_series_hash(text_of(twins[i][1])));
    assert_int_equal(add(&table, text_of(twins[i][0]), &number), VN_OK);
    assert_int_equal(find(&table, text_of(twins[i][1])), VN_SERIES_NONE);
    assert_int_equal(add(&table, text_of(twins[i][1]), &number), VN_OK);
    assert_int_equal(number, 2 * i + 1);
  }
  vn_series_remove(&table, 2);
  assert_int_equal(find(&table, text_of(twins[1][0])), VN_SERIES_NONE);
  assert_int_equal(find(&table, text_of(twins[1][1])), 3);
}

static void a_name_is_compared_in_full_whatever_its_hash(void **state) {
  (void)state;
  vn_series_table_t table = make_table(4, 8);
  uint32_t number;
  uint32_t hash = vn_series_hash(text_of("ab"));
  assert_int_equal(vn_series_add(&table, text_of("ab"), hash, &number), VN_OK);
  assert_int_equal(vn_series_find(&table, text_of("a"), hash), VN_SERIES_NONE);
  assert_int_equal(vn_series_find(&table, text_of("abc"), hash), VN_SERIES_NONE);
  assert_int_equal(vn_series_find(&table, text_of("ac"), hash), VN_SERIES_NONE);
  assert_int_equal(vn_series_find(&table, text_of("ab"), hash), 0);
}

/* The first names from `from` on whose home is bucket `home` of a table with BUCKETS. */
static uint32_t next_at_home(uint32_t from, uint32_t home) {
  label_t name;
  while ((vn_series_hash(label(&name, from)) & (BUCKETS - 1u)) != home) {
    from++;
  }
  return from;
}

/* Fills one home bucket (the last, so that the run wraps) until a name is refused. */
static uint32_t crowd(vn_series_table_t *table, uint32_t members[VN_SERIES_PROBES_MAX + 1]) {
  uint32_t taken = 0;
  uint32_t number;
  label_t name;
  for (uint32_t i = 0; taken <= VN_SERIES_PROBES_MAX; i++) {
    i = next_at_home(i, BUCKETS - 1u);
    members[taken] = i;
    if (add(table, label(&name, i), &number) != VN_OK) {
      break;
    }
    taken++;
  }
  return taken;
}

static void colliding_names_are_refused_beyond_the_bound(void **state) {
  (void)state;
  static uint32_t members[VN_SERIES_PROBES_MAX + 1];
  vn_series_table_t table = make_table(CAPACITY, BUCKETS);
  label_t name;
  uint32_t number;
  assert_int_equal(crowd(&table, members), VN_SERIES_PROBES_MAX);
  for (uint32_t i = 0; i < VN_SERIES_PROBES_MAX; i++) {
    assert_int_equal(find(&table, label(&name, members[i])), i);
  }
  (void)label(&name, members[VN_SERIES_PROBES_MAX]);
  assert_int_equal(add(&table, name.text, &number), VN_ERR_FULL);
  assert_int_equal(find(&table, name.text), VN_SERIES_NONE);
  assert_int_equal(table.count, VN_SERIES_PROBES_MAX);
}

static void a_neighbour_is_refused_rather_than_push_another_beyond_the_bound(void **state) {
  (void)state;
  static uint32_t members[VN_SERIES_PROBES_MAX + 1];
  vn_series_table_t table = make_table(CAPACITY, BUCKETS);
  label_t name;
  uint32_t number;
  uint32_t taken = crowd(&table, members);
  (void)label(&name, next_at_home(0, BUCKETS - 2u));
  assert_int_equal(add(&table, name.text, &number), VN_OK);
  (void)label(&name, next_at_home(next_at_home(0, BUCKETS - 2u) + 1, BUCKETS - 2u));
  assert_int_equal(add(&table, name.text, &number), VN_ERR_FULL);
  for (uint32_t i = 0; i < taken; i++) {
    assert_int_equal(find(&table, label(&name, members[i])), i);
  }
}

static void removal_makes_room_in_a_crowd(void **state) {
  (void)state;
  static uint32_t members[VN_SERIES_PROBES_MAX + 1];
  vn_series_table_t table = make_table(CAPACITY, BUCKETS);
  label_t name;
  uint32_t number;
  uint32_t taken = crowd(&table, members);
  for (uint32_t removed = 0; removed < taken; removed += 7) {
    vn_series_remove(&table, removed);
    assert_int_equal(find(&table, label(&name, members[removed])), VN_SERIES_NONE);
    assert_int_equal(add(&table, label(&name, members[taken]), &number), VN_OK);
    assert_int_equal(number, removed);
    vn_series_remove(&table, number);
    assert_int_equal(add(&table, label(&name, members[removed]), &number), VN_OK);
  }
  for (uint32_t i = 0; i < taken; i++) {
    assert_int_equal(find(&table, label(&name, members[i])), i);
  }
}

static void a_number_is_put_once_and_only_where_it_exists(void **state) {
  (void)state;
  vn_series_table_t table = make_table(3, 8);
  uint32_t number;
  assert_int_equal(vn_series_put(&table, text_of("b"), 1), VN_OK);
  assert_int_equal(vn_series_put(&table, text_of("c"), 1), VN_ERR_ARGUMENT);
  assert_int_equal(vn_series_put(&table, text_of("c"), 3), VN_ERR_ARGUMENT);
  assert_int_equal(vn_series_put(&table, text_of("1234567890123456789012345"), 2), VN_ERR_TOO_BIG);
  assert_int_equal(find(&table, text_of("b")), 1);
  assert_int_equal(add(&table, text_of("a"), &number), VN_OK);
  assert_int_equal(number, 0);
  assert_int_equal(add(&table, text_of("c"), &number), VN_OK);
  assert_int_equal(number, 2);
}

/* Model: the number of each of the first LABELS names, or NONE. */
#define LABELS 1200u

typedef struct model {
  uint32_t numbers[LABELS];
  bool used[CAPACITY];
  uint32_t count;
} model_t;

static uint32_t lowest_free(const model_t *model, uint32_t capacity) {
  uint32_t number = 0;
  while (number < capacity && model->used[number]) {
    number++;
  }
  return number;
}

static void expect_agreement(const vn_series_table_t *table, const model_t *model) {
  label_t name;
  assert_int_equal(table->count, model->count);
  for (uint32_t i = 0; i < LABELS; i++) {
    assert_int_equal(find(table, label(&name, i)), model->numbers[i]);
  }
}

/* Removes name i from both if it is there, adds it otherwise. */
static void change(vn_series_table_t *table, model_t *model, uint32_t i) {
  label_t name;
  uint32_t number = 0;
  (void)label(&name, i);
  if (model->numbers[i] != VN_SERIES_NONE) {
    vn_series_remove(table, model->numbers[i]);
    model->used[model->numbers[i]] = false;
    model->numbers[i] = VN_SERIES_NONE;
    model->count--;
  } else if (model->count == table->capacity) {
    assert_int_equal(add(table, name.text, &number), VN_ERR_FULL);
  } else {
    assert_int_equal(add(table, name.text, &number), VN_OK);
    assert_int_equal(number, lowest_free(model, table->capacity));
    model->numbers[i] = number;
    model->used[number] = true;
    model->count++;
  }
}

static void random_changes_agree_with_a_model(void **state) {
  (void)state;
  static const uint32_t capacities[] = {1, 3, 11, 100, CAPACITY};
  prng_t prng = prng_make(SEED, 1);
  static model_t model;
  for (uint32_t round = 0; round < 40; round++) {
    uint32_t capacity = capacities[round % 5];
    vn_series_table_t table = make_table(capacity, vn_series_buckets_for(capacity));
    memset(&model, 0, sizeof model);
    memset(model.numbers, 0xFF, sizeof model.numbers);
    uint32_t labels = capacity * 3 / 2 < LABELS ? capacity * 3 / 2 + 1 : LABELS;
    for (uint32_t i = 0; i < 4000; i++) {
      change(&table, &model, prng_below(&prng, labels));
      if (i % 200 == 0) {
        expect_agreement(&table, &model);
      }
    }
    expect_agreement(&table, &model);
  }
}

/* Longest way from home over all buckets. */
static uint32_t farthest(const vn_series_table_t *table) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < table->bucket_count; i++) {
    uint32_t distance = (i - table->buckets[i].hash) & (table->bucket_count - 1u);
    if (table->buckets[i].number_plus_1 != 0 && distance > most) {
      most = distance;
    }
  }
  return most;
}

static void a_set_of_names_fits_again_in_any_order(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  static uint32_t order[CAPACITY];
  label_t name;
  uint32_t number;
  for (int round = 0; round < 50; round++) {
    uint32_t first = prng_below(&prng, 1000000);
    vn_series_table_t table = make_table(CAPACITY, BUCKETS);
    for (uint32_t i = 0; i < CAPACITY; i++) {
      order[i] = i;
      assert_int_equal(add(&table, label(&name, first + i), &number), VN_OK);
    }
    uint32_t most = farthest(&table);
    table = make_table(CAPACITY, BUCKETS);
    for (uint32_t left = CAPACITY; left > 0; left--) {
      uint32_t drawn = prng_below(&prng, left);
      uint32_t i = order[drawn];
      order[drawn] = order[left - 1];
      assert_int_equal(vn_series_put(&table, label(&name, first + i), i), VN_OK);
    }
    assert_int_equal(farthest(&table), most);
    for (uint32_t i = 0; i < CAPACITY; i++) {
      assert_int_equal(find(&table, label(&name, first + i)), i);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(buckets_keep_the_load_at_seven_tenths),
      cmocka_unit_test(names_get_ascending_numbers_and_are_found_again),
      cmocka_unit_test(a_full_table_refuses_and_keeps_what_it_has),
      cmocka_unit_test(an_overlong_name_is_told_from_a_full_table),
      cmocka_unit_test(names_of_255_bytes_are_possible),
      cmocka_unit_test(equal_hashes_never_merge_two_series),
      cmocka_unit_test(a_name_is_compared_in_full_whatever_its_hash),
      cmocka_unit_test(colliding_names_are_refused_beyond_the_bound),
      cmocka_unit_test(a_neighbour_is_refused_rather_than_push_another_beyond_the_bound),
      cmocka_unit_test(removal_makes_room_in_a_crowd),
      cmocka_unit_test(a_number_is_put_once_and_only_where_it_exists),
      cmocka_unit_test(random_changes_agree_with_a_model),
      cmocka_unit_test(a_set_of_names_fits_again_in_any_order),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
