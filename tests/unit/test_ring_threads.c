/* One producer thread and one consumer thread: nothing torn, lost or reordered; no data race. */
#include "vn/ring.h"

#include "prng.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 43
#define CAPACITY 1024u
#define RECORDS 200000u

static _Alignas(8) uint8_t bytes[CAPACITY];

/* Both threads draw the same lengths from the same stream. */
static uint32_t next_length(prng_t *prng) { return 4u + prng_below(prng, 60); }

static void *produce(void *argument) {
  vn_ring_t *ring = argument;
  prng_t prng = prng_make(SEED, 1);
  for (uint32_t i = 0; i < RECORDS; i++) {
    uint32_t length = next_length(&prng);
    uint8_t *room = vn_ring_claim(ring, length);
    while (room == NULL) {
      (void)sched_yield();
      room = vn_ring_claim(ring, length);
    }
    memset(room, (int)(i & 0xFFu), length);
    memcpy(room, &i, sizeof i);
    vn_ring_commit(ring, length);
  }
  return NULL;
}

static bool is_record(const uint8_t *record, uint32_t length, uint32_t number) {
  uint32_t found;
  memcpy(&found, record, sizeof found);
  for (uint32_t i = sizeof found; i < length; i++) {
    if (record[i] != (number & 0xFFu)) {
      return false;
    }
  }
  return found == number;
}

static void a_consumer_in_another_thread_gets_every_record(void **state) {
  (void)state;
  vn_ring_t ring;
  assert_int_equal(vn_ring_init(&ring, bytes, CAPACITY, 16), VN_OK);
  atomic_store(&ring.head, 0u - 80u);
  atomic_store(&ring.tail, 0u - 80u);
  pthread_t producer;
  assert_int_equal(pthread_create(&producer, NULL, produce, &ring), 0);
  prng_t prng = prng_make(SEED, 1);
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < RECORDS; i++) {
    uint32_t length = 0;
    const uint8_t *record = vn_ring_peek(&ring, &length);
    while (record == NULL) {
      (void)sched_yield();
      record = vn_ring_peek(&ring, &length);
    }
    wrong += vn_ring_count(&ring) > 16;
    wrong += length != next_length(&prng) || !is_record(record, length, i);
    vn_ring_release(&ring);
  }
  assert_int_equal(pthread_join(producer, NULL), 0);
  assert_int_equal(wrong, 0);
  assert_int_equal(vn_ring_count(&ring), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_consumer_in_another_thread_gets_every_record),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
