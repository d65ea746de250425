/* Outbox against a brute-force model: random operations, restarts included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "vn/outbox.h"

enum { BLOCKS_MAX = 40, LIVE_MAX = 16, RECORD_MAX = 6000, OPERATIONS = 10000 };

/* What the model knows of a message that is not done. */
typedef struct entry {
  uint64_t number;
  uint32_t length;
  uint8_t state;
  bool offered; /* it may have left */
  uint8_t record[RECORD_MAX];
} entry_t;

typedef struct queue {
  entry_t live[LIVE_MAX]; /* ascending numbers */
  unsigned count;
  uint64_t head, dropped;
  uint32_t places;
} queue_t;

typedef struct model {
  queue_t queues[VN_OUTBOX_QUEUES];
  uint32_t blocks;
} model_t;

/* Both, and the memory of the real one. */
typedef struct pair {
  vn_outbox_t outbox;
  vn_outbox_block_t blocks[BLOCKS_MAX];
  vn_outbox_place_t places[VN_OUTBOX_QUEUES][LIVE_MAX];
  model_t model;
  prng_t prng;
  uint8_t scratch[RECORD_MAX];
} pair_t;

static uint32_t blocks_for(uint32_t length) {
  return length / VN_OUTBOX_BLOCK_DATA + (length % VN_OUTBOX_BLOCK_DATA != 0);
}

static uint32_t free_blocks(const model_t *model) {
  uint32_t used = 0;
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    for (unsigned i = 0; i < model->queues[q].count; i++) {
      used += blocks_for(model->queues[q].live[i].length);
    }
  }
  return model->blocks - used;
}

static void erase(queue_t *queue, unsigned at) {
  queue->count--;
  memmove(&queue->live[at], &queue->live[at + 1], (queue->count - at) * sizeof queue->live[0]);
}

static uint64_t tail_of(const queue_t *queue) {
  return queue->count > 0 ? queue->live[0].number : queue->head;
}

static bool is_full(const queue_t *queue) { return queue->head - tail_of(queue) >= queue->places; }

static bool has_room(const model_t *model, unsigned q, uint32_t length) {
  return !is_full(&model->queues[q]) && blocks_for(length) <= free_blocks(model);
}

/* The oldest that is not in flight, of those that never left, or of all; false: there is none. */
static bool droppable(const queue_t *others, bool offered, unsigned *at) {
  for (*at = 0; *at < others->count; (*at)++) {
    const entry_t *entry = &others->live[*at];
    if (entry->state != VN_OUTBOX_SENT && entry->offered == offered) {
      return true;
    }
  }
  return false;
}

/* The rule, tried out on a copy: a line that is full loses its oldest, a pool what never left. */
static bool make_room(model_t *model, unsigned q, unsigned channel, uint32_t length) {
  static model_t tried;
  tried = *model;
  queue_t *others = &tried.queues[VN_OUTBOX_OTHERS];
  unsigned at = 0;
  if (q == VN_OUTBOX_OTHERS && is_full(others) && others->live[0].state != VN_OUTBOX_SENT) {
    erase(others, 0);
    others->dropped++;
  }
  while (!has_room(&tried, q, length) && !is_full(&tried.queues[q]) &&
         (droppable(others, false, &at) || droppable(others, true, &at))) {
    erase(others, at);
    others->dropped++;
  }
  if (!has_room(&tried, q, length)) {
    model->queues[q].dropped += channel != VN_CHANNEL_GAP;
    return false;
  }
  *model = tried;
  return true;
}

static uint32_t random_length(pair_t *pair) {
  switch (prng_below(&pair->prng, 8)) {
    case 0:
      return prng_below(&pair->prng, 3);
    case 1:
      return VN_OUTBOX_BLOCK_DATA * prng_below(&pair->prng, 6);
    case 2:
      return pair->model.blocks * VN_OUTBOX_BLOCK_DATA - 2 + prng_below(&pair->prng, 4);
    default:
      return prng_below(&pair->prng, 400);
  }
}

/* Answers go with the alerts while these have half of their places free. */
static unsigned queue_of(const model_t *model, unsigned channel) {
  const queue_t *alerts = &model->queues[VN_OUTBOX_ALERTS];
  bool room = alerts->head - tail_of(alerts) < alerts->places / 2;
  bool urgent = channel == VN_CHANNEL_ALERT || channel == VN_CHANNEL_EVENT ||
                channel == VN_CHANNEL_GAP || (channel == VN_CHANNEL_RESPONSE && room);
  return urgent ? VN_OUTBOX_ALERTS : VN_OUTBOX_OTHERS;
}

/* In front of the topic. */
static uint32_t head_of(const uint8_t *record) {
  return VN_OUTBOX_HEADER_BYTES + ((record[0] & 8u) != 0 ? VN_OUTBOX_NUMBER_BYTES : 0) +
         ((record[0] & 32u) != 0 ? VN_OUTBOX_RESULTS_BYTES : 0);
}

static uint64_t number_at(const uint8_t *record, uint32_t place, uint32_t bytes) {
  uint64_t number = 0;
  for (uint32_t i = bytes; i > 0; i--) {
    number = number << 8 | record[place + i - 1];
  }
  return number;
}

static void check_numbers(const vn_message_t *message, const uint8_t *record) {
  assert_int_equal(message->numbered, (record[0] & 8u) != 0);
  if (message->numbered) {
    assert_true(message->boot == number_at(record, 4, 4));
    assert_true(message->seq == number_at(record, 8, 8));
    assert_true(message->time_ms == (vn_time_ms_t)number_at(record, 16, 8));
  }
  uint32_t results = (record[0] & 32u) != 0 ? head_of(record) - VN_OUTBOX_RESULTS_BYTES : 0;
  assert_int_equal(message->results, results > 0 ? number_at(record, results, 2) : 0);
  assert_int_equal(message->offered, (record[0] & 16u) != 0);
}

/* The flags of a record with or without correlation data. */
static uint8_t random_flags(pair_t *pair, bool correlated) {
  uint32_t marks = 8u * prng_below(&pair->prng, 2) | 32u * prng_below(&pair->prng, 2);
  marks |= prng_below(&pair->prng, 8) == 0 ? 16u : 0u;
  return (uint8_t)(prng_below(&pair->prng, 4) | (correlated ? 4u : 0u) | marks);
}

/* A record of random bytes, and the message that has to become it. */
static vn_message_t random_message(pair_t *pair, uint8_t *record, uint32_t *length) {
  uint32_t topic_length = prng_below(&pair->prng, 3) == 0 ? prng_below(&pair->prng, 300) : 7;
  uint32_t correlation = prng_below(&pair->prng, 2) == 0 ? 1 + prng_below(&pair->prng, 255) : 0;
  record[0] = random_flags(pair, correlation > 0);
  bool counted = (record[0] & 32u) != 0;
  uint32_t head = head_of(record);
  uint32_t before = head + topic_length + correlation + (correlation > 0);
  *length = before + random_length(pair);
  for (uint32_t i = 1; i < *length; i++) {
    record[i] = (uint8_t)prng_next(&pair->prng);
  }
  record[1] = (uint8_t)prng_below(&pair->prng, VN_CHANNEL_COUNT);
  record[2] = (uint8_t)topic_length;
  record[3] = (uint8_t)(topic_length >> 8);
  record[head - 1] |= counted ? 1u : 0u; /* there are some */
  if (correlation > 0) {
    record[head + topic_length] = (uint8_t)correlation;
  }
  return (vn_message_t){.topic = (const char *)record + head,
                        .payload = record + before,
                        .correlation = record + before - correlation,
                        .topic_length = topic_length,
                        .payload_length = *length - before,
                        .correlation_length = correlation,
                        .seq = number_at(record, 8, 8),
                        .time_ms = (vn_time_ms_t)number_at(record, 16, 8),
                        .boot = (uint32_t)number_at(record, 4, 4),
                        .results = (uint16_t)(counted ? number_at(record, head - 2, 2) : 0),
                        .channel = record[1],
                        .retained = (record[0] & 1u) != 0,
                        .absolute = (record[0] & 2u) != 0,
                        .numbered = (record[0] & 8u) != 0,
                        .offered = (record[0] & 16u) != 0};
}

static void add(pair_t *pair) {
  static uint8_t record[RECORD_MAX];
  uint32_t length;
  vn_message_t message = random_message(pair, record, &length);
  unsigned q = queue_of(&pair->model, message.channel);
  bool fits = make_room(&pair->model, q, message.channel, length);
  assert_int_equal(vn_outbox_add(&pair->outbox, &message), fits ? VN_OK : VN_ERR_FULL);
  if (fits) {
    queue_t *queue = &pair->model.queues[q];
    entry_t *entry = &queue->live[queue->count++];
    *entry = (entry_t){queue->head++, length, VN_OUTBOX_NEW, message.offered, {0}};
    memcpy(entry->record, record, length);
  }
}

static void release(pair_t *pair) {
  vn_outbox_release(&pair->outbox);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    queue_t *queue = &pair->model.queues[q];
    for (unsigned i = 0; i < queue->count; i++) {
      if (queue->live[i].state == VN_OUTBOX_NEW) {
        queue->live[i].state = VN_OUTBOX_READY;
      }
    }
  }
}

static entry_t *next_of(model_t *model, uint64_t *index) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    for (unsigned i = 0; i < model->queues[q].count; i++) {
      entry_t *entry = &model->queues[q].live[i];
      if (entry->state == VN_OUTBOX_READY) {
        *index = entry->number * VN_OUTBOX_QUEUES + q;
        return entry;
      }
    }
  }
  return NULL;
}

/* Looks at the next message, and mostly takes it. */
static void send(pair_t *pair) {
  uint64_t index;
  entry_t *expected = next_of(&pair->model, &index);
  vn_message_t message;
  bool found = vn_outbox_next(&pair->outbox, &message, pair->scratch, RECORD_MAX);
  assert_int_equal(found, expected != NULL);
  if (!found) {
    return;
  }
  assert_true(message.index == index);
  const uint8_t *record = expected->record;
  size_t before = head_of(record) + message.topic_length;
  check_numbers(&message, record);
  assert_int_equal(message.channel, record[1]);
  assert_int_equal(message.retained, record[0] & 1u);
  assert_int_equal(message.absolute, record[0] >> 1 & 1u);
  assert_int_equal(message.correlation_length > 0, record[0] >> 2 & 1u);
  assert_memory_equal(message.topic, record + head_of(record), message.topic_length);
  if (message.correlation_length > 0) {
    assert_int_equal(message.correlation_length, record[before]);
    assert_memory_equal(message.correlation, record + before + 1, message.correlation_length);
    before += 1 + message.correlation_length;
  }
  assert_int_equal(before + message.payload_length, expected->length);
  assert_memory_equal(message.payload, record + before, message.payload_length);
  if (prng_chance(&pair->prng, 80)) {
    vn_outbox_taken(&pair->outbox, index);
    expected->state = VN_OUTBOX_SENT;
    expected->offered = true;
  }
}

/* A verdict on any number, also on those that are unknown, waiting or done. */
static void judge(pair_t *pair) {
  unsigned q = prng_below(&pair->prng, VN_OUTBOX_QUEUES);
  queue_t *queue = &pair->model.queues[q];
  uint64_t number = queue->head + 2 - prng_below(&pair->prng, LIVE_MAX + 4);
  bool ok = prng_chance(&pair->prng, 70);
  vn_outbox_sent(&pair->outbox, number * VN_OUTBOX_QUEUES + q, ok);
  for (unsigned i = 0; i < queue->count; i++) {
    if (queue->live[i].number == number && queue->live[i].state == VN_OUTBOX_SENT) {
      queue->live[i].state = VN_OUTBOX_READY;
      if (ok) {
        erase(queue, i);
      }
      return;
    }
  }
}

static void rewind_all(pair_t *pair) {
  vn_outbox_rewind(&pair->outbox);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    queue_t *queue = &pair->model.queues[q];
    for (unsigned i = 0; i < queue->count; i++) {
      if (queue->live[i].state == VN_OUTBOX_SENT) {
        queue->live[i].state = VN_OUTBOX_READY;
      }
    }
  }
}

static void init(pair_t *pair) {
  vn_outbox_place_t *const places[VN_OUTBOX_QUEUES] = {pair->places[0], pair->places[1]};
  const uint32_t entries[VN_OUTBOX_QUEUES] = {pair->model.queues[0].places,
                                              pair->model.queues[1].places};
  memset(pair->blocks, 0xA5, sizeof pair->blocks);
  memset(pair->places, 0xA5, sizeof pair->places);
  vn_outbox_init(&pair->outbox, pair->blocks, pair->model.blocks, places, entries);
}

static void restore_one(pair_t *pair, unsigned q, const entry_t *entry) {
  assert_int_equal(vn_outbox_restore(&pair->outbox, entry->number * VN_OUTBOX_QUEUES + q,
                                     entry->record, entry->length),
                   VN_OK);
}

/* Power off, all records back in any order, some of them twice: everything is ready again. */
static void restart(pair_t *pair) {
  release(pair);
  rewind_all(pair);
  init(pair);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    queue_t *queue = &pair->model.queues[q];
    unsigned order[LIVE_MAX];
    for (unsigned i = 0; i < queue->count; i++) {
      unsigned at = prng_below(&pair->prng, i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    for (unsigned i = 0; i < queue->count; i++) {
      restore_one(pair, q, &queue->live[order[i]]);
      if (prng_chance(&pair->prng, 20)) {
        restore_one(pair, q, &queue->live[order[prng_below(&pair->prng, i + 1)]]);
      }
    }
    vn_outbox_resume(&pair->outbox, (vn_outbox_queue_t)q, tail_of(queue), queue->head);
    pair->outbox.dropped[q] = queue->dropped;
    for (unsigned i = 0; i < queue->count; i++) {
      queue->live[i].offered = true; /* nobody remembers */
    }
  }
}

/* The free blocks form one chain, with those never used exactly as many as are counted. */
static void check_blocks(const pair_t *pair) {
  uint32_t count = 0;
  uint32_t block = pair->outbox.free_block;
  while (count < pair->model.blocks && block < pair->model.blocks) {
    count++;
    block = pair->blocks[block].next;
  }
  assert_int_equal(block, UINT32_MAX);
  count += pair->model.blocks - pair->outbox.fresh_block;
  assert_int_equal(count, free_blocks(&pair->model));
  assert_int_equal(pair->outbox.free_count, count);
}

static void check(pair_t *pair) {
  check_blocks(pair);
  bool empty = true;
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    const queue_t *queue = &pair->model.queues[q];
    empty = empty && queue->count == 0;
    assert_true(pair->outbox.lines[q].tail == tail_of(queue));
    assert_true(pair->outbox.lines[q].head == queue->head);
    assert_true(pair->outbox.dropped[q] == queue->dropped);
    for (unsigned i = 0; i < queue->count; i++) {
      const entry_t *entry = &queue->live[i];
      uint32_t length = vn_outbox_record(&pair->outbox, entry->number * VN_OUTBOX_QUEUES + q,
                                         pair->scratch, RECORD_MAX);
      assert_int_equal(length, entry->length);
      assert_memory_equal(pair->scratch, entry->record, length);
    }
  }
  assert_int_equal(vn_outbox_empty(&pair->outbox), empty);
}

static void operate(pair_t *pair) {
  uint32_t choice = prng_below(&pair->prng, 100);
  if (choice < 35) {
    add(pair);
  } else if (choice < 50) {
    release(pair);
  } else if (choice < 75) {
    send(pair);
  } else if (choice < 97) {
    judge(pair);
  } else if (choice < 98) {
    rewind_all(pair);
  } else {
    restart(pair);
  }
}

static void run(uint64_t seed, uint32_t blocks, uint32_t alert_places, uint64_t first) {
  static pair_t pair;
  print_message("seed %llu\n", (unsigned long long)seed);
  memset(&pair, 0, sizeof pair);
  pair.prng = prng_make(seed, 1);
  pair.model.blocks = blocks;
  pair.model.queues[VN_OUTBOX_ALERTS].places = alert_places;
  pair.model.queues[VN_OUTBOX_OTHERS].places = LIVE_MAX;
  init(&pair);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    pair.model.queues[q].head = first;
    vn_outbox_resume(&pair.outbox, (vn_outbox_queue_t)q, first, first);
  }
  for (unsigned i = 0; i < OPERATIONS; i++) {
    operate(&pair);
    check(&pair);
  }
  assert_true(pair.model.queues[VN_OUTBOX_OTHERS].dropped > 100);
  assert_true(pair.model.queues[VN_OUTBOX_OTHERS].head - first > 10 * LIVE_MAX);
}

static void a_small_pool_behaves_as_the_model(void **state) {
  (void)state;
  run(1, 6, 4, 0);
}

static void a_pool_with_more_blocks_than_places_behaves_as_the_model(void **state) {
  (void)state;
  run(2, BLOCKS_MAX, 2, UINT32_MAX - 100);
}

static void one_alert_at_a_time_and_numbers_beyond_32_bits_behave_as_the_model(void **state) {
  (void)state;
  run(3, 12, 1, UINT64_C(1) << 40);
}

/* An outbox of any small size. */
static void init_smaller(pair_t *pair) {
  pair->model.blocks = 2 + prng_below(&pair->prng, 8);
  pair->model.queues[VN_OUTBOX_ALERTS].places = 1;
  pair->model.queues[VN_OUTBOX_OTHERS].places = 1u << prng_below(&pair->prng, 3);
  init(pair);
}

/* Records of numbers below `head`, each filled with its number; the greatest of them. */
static uint64_t restore_some(pair_t *pair, uint32_t head) {
  uint8_t record[2 * VN_OUTBOX_BLOCK_DATA] = {0};
  uint64_t newest = 0;
  for (unsigned i = 0; i < 20; i++) {
    uint64_t number = prng_below(&pair->prng, head);
    uint32_t length = 5 + prng_below(&pair->prng, sizeof record - 5);
    newest = number > newest ? number : newest;
    memset(record + VN_OUTBOX_HEADER_BYTES, (uint8_t)number, length - VN_OUTBOX_HEADER_BYTES);
    uint64_t index = number * VN_OUTBOX_QUEUES + VN_OUTBOX_OTHERS;
    assert_int_equal(vn_outbox_restore(&pair->outbox, index, record, length), VN_OK);
  }
  return newest;
}

/* Sends everything; the number of the last one. */
static uint64_t drain(pair_t *pair) {
  uint64_t last = UINT64_MAX;
  vn_message_t message;
  while (vn_outbox_next(&pair->outbox, &message, pair->scratch, RECORD_MAX)) {
    uint64_t number = message.index / VN_OUTBOX_QUEUES;
    assert_true(last == UINT64_MAX || number > last);
    assert_int_equal(message.payload[message.payload_length - 1], number);
    vn_outbox_taken(&pair->outbox, message.index);
    vn_outbox_sent(&pair->outbox, message.index, true);
    last = number;
  }
  return last;
}

static void a_restart_with_less_room_keeps_the_newest(void **state) {
  (void)state;
  static pair_t pair;
  memset(&pair, 0, sizeof pair);
  pair.prng = prng_make(4, 1);
  print_message("seed 4\n");
  for (unsigned round = 0; round < 500; round++) {
    init_smaller(&pair);
    uint32_t head = 1 + prng_below(&pair.prng, 40);
    uint64_t newest = restore_some(&pair, head);
    vn_outbox_resume(&pair.outbox, VN_OUTBOX_OTHERS, 0, head);
    const vn_outbox_line_t *line = &pair.outbox.lines[VN_OUTBOX_OTHERS];
    assert_true(line->head == head && head - line->tail <= line->entries_max);
    bool gone = newest + line->entries_max < head;
    assert_true(drain(&pair) == newest || gone);
    check_blocks(&pair);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_pool_behaves_as_the_model),
      cmocka_unit_test(a_pool_with_more_blocks_than_places_behaves_as_the_model),
      cmocka_unit_test(one_alert_at_a_time_and_numbers_beyond_32_bits_behave_as_the_model),
      cmocka_unit_test(a_restart_with_less_room_keeps_the_newest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
