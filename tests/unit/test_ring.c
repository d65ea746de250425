/* The ring: records whole and in order, at every offset, across the wrap of its indices. */
#include "vn/ring.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 41
#define CAPACITY 256u
#define LONGEST (CAPACITY / 2u - 8u)

static _Alignas(8) uint8_t bytes[CAPACITY];

/* A ring that has already moved `moved` bytes and records. */
static vn_ring_t make_ring(uint32_t records_max, uint32_t moved) {
  vn_ring_t ring;
  memset(bytes, 0xEE, sizeof bytes);
  assert_int_equal(vn_ring_init(&ring, bytes, CAPACITY, records_max), VN_OK);
  atomic_store(&ring.head, moved);
  atomic_store(&ring.tail, moved);
  atomic_store(&ring.pushed, moved);
  atomic_store(&ring.popped, moved);
  return ring;
}

static bool push(vn_ring_t *ring, uint32_t length, uint8_t fill) {
  uint8_t *room = vn_ring_claim(ring, length);
  if (room == NULL) {
    return false;
  }
  assert_true((uintptr_t)room % 8u == 0);
  assert_true(room >= bytes && room + length <= bytes + CAPACITY);
  memset(room, fill, length);
  vn_ring_commit(ring, length);
  return true;
}

static void expect_oldest(vn_ring_t *ring, uint32_t length, uint8_t fill) {
  uint32_t found;
  const uint8_t *record = vn_ring_peek(ring, &found);
  assert_non_null(record);
  assert_int_equal(found, length);
  for (uint32_t i = 0; i < length; i++) {
    assert_int_equal(record[i], fill);
  }
}

static void unusable_sizes_are_refused(void **state) {
  (void)state;
  vn_ring_t ring;
  assert_int_equal(vn_ring_init(&ring, bytes, 32, 1), VN_ERR_ARGUMENT);
  assert_int_equal(vn_ring_init(&ring, bytes, 0, 1), VN_ERR_ARGUMENT);
  assert_int_equal(vn_ring_init(&ring, bytes, 96, 1), VN_ERR_ARGUMENT);
  assert_int_equal(vn_ring_init(&ring, bytes, 64, 0), VN_ERR_ARGUMENT);
  assert_int_equal(vn_ring_init(&ring, bytes, 64, 1), VN_OK);
}

static void records_come_out_in_order_and_whole(void **state) {
  (void)state;
  vn_ring_t ring = make_ring(10, 0);
  uint32_t length;
  assert_null(vn_ring_peek(&ring, &length));
  assert_true(push(&ring, 5, 1) && push(&ring, 0, 2) && push(&ring, 8, 3));
  assert_int_equal(vn_ring_count(&ring), 3);
  expect_oldest(&ring, 5, 1);
  expect_oldest(&ring, 5, 1);
  vn_ring_release(&ring);
  expect_oldest(&ring, 0, 2);
  vn_ring_release(&ring);
  expect_oldest(&ring, 8, 3);
  vn_ring_release(&ring);
  assert_null(vn_ring_peek(&ring, &length));
  assert_int_equal(vn_ring_count(&ring), 0);
}

static void a_claim_is_invisible_until_committed(void **state) {
  (void)state;
  vn_ring_t ring = make_ring(10, 0);
  uint32_t length;
  uint8_t *room = vn_ring_claim(&ring, 16);
  assert_non_null(room);
  assert_null(vn_ring_peek(&ring, &length));
  assert_int_equal(vn_ring_count(&ring), 0);
  assert_ptr_equal(vn_ring_claim(&ring, 16), room);
  assert_non_null(vn_ring_claim(&ring, 4));
}

static void a_record_longer_than_half_never_fits(void **state) {
  (void)state;
  vn_ring_t ring = make_ring(10, 0);
  assert_non_null(vn_ring_claim(&ring, LONGEST));
  assert_null(vn_ring_claim(&ring, LONGEST + 1));
  assert_null(vn_ring_claim(&ring, UINT32_MAX));
}

static void an_empty_ring_takes_the_longest_record_at_every_offset(void **state) {
  (void)state;
  for (uint32_t offset = 0; offset < CAPACITY; offset += 8) {
    vn_ring_t ring = make_ring(10, 0u - CAPACITY + offset);
    assert_true(push(&ring, LONGEST, (uint8_t)offset));
    expect_oldest(&ring, LONGEST, (uint8_t)offset);
    vn_ring_release(&ring);
    assert_true(push(&ring, LONGEST, 7));
  }
}

static void a_full_ring_refuses_and_loses_nothing(void **state) {
  (void)state;
  vn_ring_t ring = make_ring(100, 0u - 64u);
  uint8_t pushed = 0;
  while (push(&ring, 24, pushed)) {
    pushed++;
  }
  assert_int_equal(pushed, CAPACITY / 32u);
  for (uint8_t i = 0; i < pushed; i++) {
    expect_oldest(&ring, 24, i);
    vn_ring_release(&ring);
    assert_true(push(&ring, 24, (uint8_t)(i + pushed)));
    assert_false(push(&ring, 24, 0xFF));
  }
}

static void the_number_of_records_is_limited_as_well(void **state) {
  (void)state;
  vn_ring_t ring = make_ring(2, UINT32_MAX - 7u);
  assert_true(push(&ring, 1, 1) && push(&ring, 1, 2));
  assert_false(push(&ring, 1, 3));
  assert_int_equal(vn_ring_count(&ring), 2);
  expect_oldest(&ring, 1, 1);
  vn_ring_release(&ring);
  assert_true(push(&ring, 1, 3));
}

/* A queue without limits of its own, as the model. */
typedef struct model {
  uint32_t lengths[64];
  uint8_t fills[64];
  uint32_t first, count;
} model_t;

static void model_push(model_t *model, uint32_t length, uint8_t fill) {
  uint32_t place = (model->first + model->count) % 64u;
  assert_true(model->count < 64);
  model->lengths[place] = length;
  model->fills[place] = fill;
  model->count++;
}

static void expect_agreement(vn_ring_t *ring, const model_t *model) {
  uint32_t length;
  assert_int_equal(vn_ring_count(ring), model->count);
  if (model->count == 0) {
    assert_null(vn_ring_peek(ring, &length));
  } else {
    expect_oldest(ring, model->lengths[model->first], model->fills[model->first]);
  }
}

static void random_traffic_agrees_with_a_queue(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (uint32_t round = 0; round < 500; round++) {
    model_t model = {.first = 0};
    vn_ring_t ring = make_ring(12, 0u - 8u * prng_below(&prng, 400));
    uint32_t longest = 1 + prng_below(&prng, LONGEST);
    for (int i = 0; i < 400; i++) {
      uint32_t length = prng_below(&prng, longest + 1);
      if (prng_chance(&prng, 55) && push(&ring, length, (uint8_t)i)) {
        model_push(&model, length, (uint8_t)i);
      } else if (model.count > 0) {
        expect_agreement(&ring, &model);
        vn_ring_release(&ring);
        model.first = (model.first + 1) % 64u;
        model.count--;
      }
      expect_agreement(&ring, &model);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unusable_sizes_are_refused),
      cmocka_unit_test(records_come_out_in_order_and_whole),
      cmocka_unit_test(a_claim_is_invisible_until_committed),
      cmocka_unit_test(a_record_longer_than_half_never_fits),
      cmocka_unit_test(an_empty_ring_takes_the_longest_record_at_every_offset),
      cmocka_unit_test(a_full_ring_refuses_and_loses_nothing),
      cmocka_unit_test(the_number_of_records_is_limited_as_well),
      cmocka_unit_test(random_traffic_agrees_with_a_queue),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
