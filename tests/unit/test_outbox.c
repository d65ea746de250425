/* Outbox: order, what is dropped for what, and what comes back after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vn/outbox.h"

enum { BLOCKS = 8, PLACES = 8, SCRATCH = 2048 };

/* An outbox with its memory; alerts have half as many places as the others. */
typedef struct bench {
  vn_outbox_t outbox;
  vn_outbox_block_t blocks[BLOCKS];
  vn_outbox_place_t alerts[PLACES / 2], others[PLACES];
  uint8_t scratch[SCRATCH];
} bench_t;

static void start(bench_t *bench) {
  vn_outbox_place_t *const places[VN_OUTBOX_QUEUES] = {bench->alerts, bench->others};
  const uint32_t entries[VN_OUTBOX_QUEUES] = {PLACES / 2, PLACES};
  memset(bench, 0xA5, sizeof *bench);
  vn_outbox_init(&bench->outbox, bench->blocks, BLOCKS, places, entries);
}

static uint64_t index_of(vn_outbox_queue_t queue, uint64_t number) {
  return number * VN_OUTBOX_QUEUES + queue;
}

/* `length` bytes of payload that all carry `mark`. */
static vn_err_t add(bench_t *bench, vn_channel_t channel, uint8_t mark, size_t length) {
  uint8_t payload[SCRATCH];
  memset(payload, mark, sizeof payload);
  vn_message_t message = {.topic = "t",
                          .payload = payload,
                          .topic_length = 1,
                          .payload_length = length,
                          .channel = (uint8_t)channel,
                          .retained = channel == VN_CHANNEL_ALERT};
  return vn_outbox_add(&bench->outbox, &message);
}

/* Takes the next message; its mark, or -1: there is none. */
static int take(bench_t *bench, uint64_t *index) {
  vn_message_t message;
  if (!vn_outbox_next(&bench->outbox, &message, bench->scratch, SCRATCH)) {
    return -1;
  }
  vn_outbox_taken(&bench->outbox, message.index);
  *index = message.index;
  return message.payload[0];
}

static int take_one(bench_t *bench) {
  uint64_t ignored;
  return take(bench, &ignored);
}

static void messages_leave_unchanged_and_in_the_order_in_which_they_were_made(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  vn_message_t in = {.topic = "alert/hot/a",
                     .payload = (const uint8_t *)"{\"state\":\"firing\"}",
                     .topic_length = 11,
                     .payload_length = 18,
                     .channel = VN_CHANNEL_ALERT,
                     .retained = true};
  assert_int_equal(vn_outbox_add(&bench.outbox, &in), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_ALERT, 2, 1), VN_OK);
  vn_outbox_release(&bench.outbox);
  vn_message_t out;
  assert_true(vn_outbox_next(&bench.outbox, &out, bench.scratch, SCRATCH));
  assert_int_equal(out.topic_length, 11);
  assert_memory_equal(out.topic, "alert/hot/a", 11);
  assert_int_equal(out.payload_length, 18);
  assert_memory_equal(out.payload, in.payload, 18);
  assert_int_equal(out.channel, VN_CHANNEL_ALERT);
  assert_true(out.retained);
  assert_int_equal(out.index, index_of(VN_OUTBOX_ALERTS, 0));
  vn_outbox_taken(&bench.outbox, out.index);
  assert_int_equal(take_one(&bench), 2);
  assert_int_equal(take_one(&bench), -1);
}

static void a_stored_record_is_flags_channel_topic_length_topic_and_payload(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  vn_message_t in = {.topic = "event",
                     .payload = (const uint8_t *)"xyz",
                     .topic_length = 5,
                     .payload_length = 3,
                     .channel = VN_CHANNEL_EVENT};
  assert_int_equal(vn_outbox_add(&bench.outbox, &in), VN_OK);
  const uint8_t expected[] = {0, VN_CHANNEL_EVENT, 5, 0, 'e', 'v', 'e', 'n', 't', 'x', 'y', 'z'};
  uint64_t index = index_of(VN_OUTBOX_ALERTS, 0);
  assert_int_equal(vn_outbox_record(&bench.outbox, index, bench.scratch, SCRATCH), sizeof expected);
  assert_memory_equal(bench.scratch, expected, sizeof expected);
  assert_int_equal(
      vn_outbox_record(&bench.outbox, index, bench.scratch, (uint32_t)sizeof expected - 1), 0);
}

static void a_message_keeps_its_numbers_when_it_is_restored(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  vn_message_t in = {.topic = "event",
                     .payload = (const uint8_t *)"x",
                     .topic_length = 5,
                     .payload_length = 1,
                     .seq = UINT64_C(0x1122334455667788),
                     .time_ms = -2,
                     .boot = 0x01020304,
                     .channel = VN_CHANNEL_EVENT,
                     .numbered = true};
  assert_int_equal(vn_outbox_add(&bench.outbox, &in), VN_OK);
  const uint8_t expected[] = {8,    VN_CHANNEL_EVENT,
                              5,    0,
                              4,    3,
                              2,    1,
                              0x88, 0x77,
                              0x66, 0x55,
                              0x44, 0x33,
                              0x22, 0x11,
                              0xFE, 0xFF,
                              0xFF, 0xFF,
                              0xFF, 0xFF,
                              0xFF, 0xFF,
                              'e',  'v',
                              'e',  'n',
                              't',  'x'};
  uint64_t index = index_of(VN_OUTBOX_ALERTS, 0);
  assert_int_equal(vn_outbox_record(&bench.outbox, index, bench.scratch, SCRATCH), sizeof expected);
  assert_memory_equal(bench.scratch, expected, sizeof expected);
  start(&bench);
  for (uint32_t length = 4; length < sizeof expected - 1; length++) { /* cut */
    assert_int_equal(vn_outbox_restore(&bench.outbox, index, expected, length), VN_ERR_FORMAT);
  }
  assert_int_equal(vn_outbox_restore(&bench.outbox, index, expected, sizeof expected), VN_OK);
  vn_outbox_resume(&bench.outbox, VN_OUTBOX_ALERTS, 0, 1);
  vn_message_t out;
  assert_true(vn_outbox_next(&bench.outbox, &out, bench.scratch, SCRATCH));
  assert_true(out.numbered && out.seq == in.seq && out.boot == in.boot);
  assert_true(out.time_ms == in.time_ms);
  assert_memory_equal(out.topic, "event", 5);
}

static void an_answer_keeps_its_own_topic_and_its_correlation_data(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  vn_message_t in = {.topic = "ann/inbox",
                     .payload = (const uint8_t *)"{}",
                     .correlation = (const uint8_t *)"c\0r",
                     .topic_length = 9,
                     .payload_length = 2,
                     .correlation_length = 3,
                     .channel = VN_CHANNEL_RESPONSE,
                     .absolute = true};
  assert_int_equal(vn_outbox_add(&bench.outbox, &in), VN_OK);
  const uint8_t expected[] = {6,   VN_CHANNEL_RESPONSE,
                              9,   0,
                              'a', 'n',
                              'n', '/',
                              'i', 'n',
                              'b', 'o',
                              'x', 3,
                              'c', 0,
                              'r', '{',
                              '}'};
  uint64_t index = index_of(VN_OUTBOX_ALERTS, 0);
  assert_int_equal(vn_outbox_record(&bench.outbox, index, bench.scratch, SCRATCH), sizeof expected);
  assert_memory_equal(bench.scratch, expected, sizeof expected);
  vn_outbox_release(&bench.outbox);
  vn_message_t out;
  assert_true(vn_outbox_next(&bench.outbox, &out, bench.scratch, SCRATCH));
  assert_true(out.absolute);
  assert_int_equal(out.topic_length, 9);
  assert_memory_equal(out.topic, "ann/inbox", 9);
  assert_int_equal(out.correlation_length, 3);
  assert_memory_equal(out.correlation, "c\0r", 3);
  assert_int_equal(out.payload_length, 2);
  assert_memory_equal(out.payload, "{}", 2);
}

static void answers_leave_half_of_the_places_to_alerts(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (unsigned i = 0; i < PLACES / 2; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_RESPONSE, 1, 1), VN_OK);
  }
  assert_int_equal(bench.outbox.lines[VN_OUTBOX_ALERTS].head, PLACES / 4);
  assert_int_equal(bench.outbox.lines[VN_OUTBOX_OTHERS].head, PLACES / 4);
  for (unsigned i = 0; i < PLACES / 4; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_ALERT, 2, 1), VN_OK);
  }
}

static void nothing_leaves_before_it_is_released(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 1, 10), VN_OK);
  assert_int_equal(take_one(&bench), -1);
  vn_outbox_release(&bench.outbox);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 2, 10), VN_OK);
  assert_int_equal(take_one(&bench), 1);
  assert_int_equal(take_one(&bench), -1);
  vn_outbox_release(&bench.outbox);
  assert_int_equal(take_one(&bench), 2);
}

static void alerts_and_events_overtake_everything_else(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 1, 1), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_DEAD_LETTER, 2, 1), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_ALERT, 3, 1), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_EVENT, 4, 1), VN_OK);
  vn_outbox_release(&bench.outbox);
  const int expected[] = {3, 4, 1, 2, -1};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    assert_int_equal(take_one(&bench), expected[i]);
  }
}

static void without_blocks_the_oldest_summaries_are_dropped_and_counted(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t i = 0; i < 4; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, i, 200), VN_OK);
  }
  assert_int_equal(bench.outbox.free_count, 0);
  assert_int_equal(add(&bench, VN_CHANNEL_ALERT, 9, 200), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 4, 100), VN_OK);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_OTHERS], 2);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_ALERTS], 0);
  vn_outbox_release(&bench.outbox);
  const int expected[] = {9, 2, 3, 4, -1};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    assert_int_equal(take_one(&bench), expected[i]);
  }
}

static void alerts_are_dropped_for_nothing(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t i = 0; i < PLACES / 2; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_ALERT, i, 200), VN_OK);
  }
  assert_int_equal(add(&bench, VN_CHANNEL_ALERT, 8, 1), VN_ERR_FULL);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 9, 1), VN_ERR_FULL);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_ALERTS], 1);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_OTHERS], 1);
  vn_outbox_release(&bench.outbox);
  for (int i = 0; i < PLACES / 2; i++) {
    assert_int_equal(take_one(&bench), i);
  }
}

static void what_is_in_flight_is_never_dropped(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 1, 200), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 2, 200), VN_OK);
  vn_outbox_release(&bench.outbox);
  uint64_t first = 0;
  assert_int_equal(take(&bench, &first), 1);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 3, 700), VN_OK);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_OTHERS], 1);
  vn_outbox_sent(&bench.outbox, first, false);
  vn_outbox_release(&bench.outbox);
  assert_int_equal(take_one(&bench), 1);
  assert_int_equal(take_one(&bench), 3);
}

static void a_message_that_cannot_fit_drops_only_itself(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t i = 0; i < 3; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, i, 200), VN_OK);
  }
  vn_outbox_release(&bench.outbox);
  assert_int_equal(take_one(&bench), 0);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 7, BLOCKS * VN_OUTBOX_BLOCK_DATA), VN_ERR_FULL);
  assert_int_equal(add(&bench, VN_CHANNEL_ALERT, 8, 900), VN_ERR_FULL);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_OTHERS], 1);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_ALERTS], 1);
  assert_int_equal(take_one(&bench), 1);
  assert_int_equal(take_one(&bench), 2);
}

static void a_full_line_whose_oldest_is_in_flight_keeps_what_it_has(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t i = 0; i < PLACES; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, i, 1), VN_OK);
  }
  vn_outbox_release(&bench.outbox);
  uint64_t first = 0;
  assert_int_equal(take(&bench, &first), 0);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 99, 1), VN_ERR_FULL);
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_OTHERS], 1);
  vn_outbox_sent(&bench.outbox, first, true);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, PLACES, 1), VN_OK);
  vn_outbox_release(&bench.outbox);
  for (int i = 1; i <= PLACES; i++) {
    assert_int_equal(take_one(&bench), i);
  }
}

static void a_full_line_drops_its_oldest(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t i = 0; i < 3 * PLACES; i++) {
    assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, i, 1), VN_OK);
  }
  assert_int_equal(bench.outbox.dropped[VN_OUTBOX_OTHERS], 2 * PLACES);
  vn_outbox_release(&bench.outbox);
  for (int i = 2 * PLACES; i < 3 * PLACES; i++) {
    assert_int_equal(take_one(&bench), i);
  }
}

static void a_resend_carries_the_same_bytes_and_number(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 1, 300), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 2, 300), VN_OK);
  vn_outbox_release(&bench.outbox);
  uint8_t before[SCRATCH];
  uint64_t first = 0;
  uint64_t again;
  assert_int_equal(take(&bench, &first), 1);
  memcpy(before, bench.scratch, sizeof before);
  assert_int_equal(take_one(&bench), 2);
  vn_outbox_sent(&bench.outbox, first, false);
  assert_int_equal(take(&bench, &again), 1);
  assert_int_equal(again, first);
  assert_memory_equal(bench.scratch, before, 306);
  vn_outbox_rewind(&bench.outbox);
  assert_int_equal(take(&bench, &again), 1);
  assert_int_equal(again, first);
  assert_memory_equal(bench.scratch, before, 306);
  assert_int_equal(take_one(&bench), 2);
}

static void unknown_and_finished_acknowledgements_change_nothing(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 1, 1), VN_OK);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 2, 1), VN_OK);
  vn_outbox_release(&bench.outbox);
  uint64_t first = 0;
  assert_int_equal(take(&bench, &first), 1);
  vn_outbox_sent(&bench.outbox, first, true);
  const uint64_t wrong[] = {first, first + 2, first + 4, first + 2 * PLACES, first - 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    vn_outbox_sent(&bench.outbox, wrong[i], true);
    vn_outbox_sent(&bench.outbox, wrong[i], false);
  }
  assert_int_equal(bench.outbox.free_count, BLOCKS - 1);
  assert_false(vn_outbox_empty(&bench.outbox));
  assert_int_equal(take_one(&bench), 2);
  assert_int_equal(take_one(&bench), -1);
}

/* A stored record of a summary with `length` bytes that carry `mark`. */
static vn_err_t restore(bench_t *bench, uint64_t index, uint8_t mark, uint32_t length) {
  uint8_t record[SCRATCH];
  memset(record, mark, sizeof record);
  memset(record, 0, VN_OUTBOX_HEADER_BYTES);
  return vn_outbox_restore(&bench->outbox, index, record, VN_OUTBOX_HEADER_BYTES + length);
}

static void restored_in_any_order_messages_leave_in_their_own(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  const uint8_t order[] = {13, 11, 16, 12, 15};
  for (size_t i = 0; i < sizeof order; i++) {
    assert_int_equal(restore(&bench, index_of(VN_OUTBOX_OTHERS, order[i]), order[i], 1), VN_OK);
  }
  assert_int_equal(restore(&bench, index_of(VN_OUTBOX_OTHERS, 12), 99, 2), VN_OK);
  vn_outbox_resume(&bench.outbox, VN_OUTBOX_OTHERS, 12, 18);
  const int expected[] = {99, 13, 15, 16, -1};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    assert_int_equal(take_one(&bench), expected[i]);
  }
  assert_int_equal(bench.outbox.free_count, BLOCKS - 4);
  assert_int_equal(add(&bench, VN_CHANNEL_SUMMARY, 1, 1), VN_OK);
  assert_int_equal(
      vn_outbox_record(&bench.outbox, index_of(VN_OUTBOX_OTHERS, 18), bench.scratch, SCRATCH), 6);
}

static void without_room_the_lowest_numbers_are_given_up(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t number = 0; number < 2 * PLACES; number++) {
    uint8_t shuffled = (uint8_t)(number * 5 % (2 * PLACES));
    assert_int_equal(restore(&bench, index_of(VN_OUTBOX_OTHERS, shuffled), shuffled, 1), VN_OK);
  }
  vn_outbox_resume(&bench.outbox, VN_OUTBOX_OTHERS, 0, 2 * PLACES);
  for (int i = PLACES; i < 2 * PLACES; i++) {
    assert_int_equal(take_one(&bench), i);
  }
  assert_int_equal(take_one(&bench), -1);
}

static void a_head_far_above_what_was_restored_leaves_no_two_numbers_in_one_place(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  for (uint8_t number = 0; number < PLACES; number++) {
    assert_int_equal(restore(&bench, index_of(VN_OUTBOX_OTHERS, number), number, 1), VN_OK);
  }
  vn_outbox_resume(&bench.outbox, VN_OUTBOX_OTHERS, 0, PLACES + 2);
  uint64_t index;
  assert_int_equal(take(&bench, &index), 2);
  assert_int_equal(index, index_of(VN_OUTBOX_OTHERS, 2));
  assert_int_equal(
      vn_outbox_record(&bench.outbox, index_of(VN_OUTBOX_OTHERS, PLACES), bench.scratch, SCRATCH),
      0);
  for (int i = 3; i < PLACES; i++) {
    assert_int_equal(take_one(&bench), i);
  }
  assert_int_equal(take_one(&bench), -1);
}

static void what_is_no_stored_record_is_refused(void **state) {
  (void)state;
  bench_t bench;
  start(&bench);
  const uint8_t records[][5] = {{8, 0, 0, 0, 0},      {0, VN_CHANNEL_COUNT, 0, 0, 0},
                                {4, 0, 0, 0, 1},      {4, 0, 1, 0, 0},
                                {0, 0, 2, 0, 0},      {0, 0, 1, 1, 0},
                                {0, 0, 0xFF, 0xFF, 0}};
  for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
    assert_int_equal(vn_outbox_restore(&bench.outbox, 1, records[i], 5), VN_ERR_FORMAT);
  }
  assert_int_equal(vn_outbox_restore(&bench.outbox, 1, records[2], 3), VN_ERR_FORMAT);
  assert_int_equal(restore(&bench, 1, 0, BLOCKS * VN_OUTBOX_BLOCK_DATA), VN_ERR_FORMAT);
  assert_true(vn_outbox_empty(&bench.outbox));
  assert_int_equal(bench.outbox.free_count, BLOCKS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_leave_unchanged_and_in_the_order_in_which_they_were_made),
      cmocka_unit_test(a_stored_record_is_flags_channel_topic_length_topic_and_payload),
      cmocka_unit_test(a_message_keeps_its_numbers_when_it_is_restored),
      cmocka_unit_test(an_answer_keeps_its_own_topic_and_its_correlation_data),
      cmocka_unit_test(answers_leave_half_of_the_places_to_alerts),
      cmocka_unit_test(nothing_leaves_before_it_is_released),
      cmocka_unit_test(alerts_and_events_overtake_everything_else),
      cmocka_unit_test(without_blocks_the_oldest_summaries_are_dropped_and_counted),
      cmocka_unit_test(alerts_are_dropped_for_nothing),
      cmocka_unit_test(what_is_in_flight_is_never_dropped),
      cmocka_unit_test(a_message_that_cannot_fit_drops_only_itself),
      cmocka_unit_test(a_full_line_whose_oldest_is_in_flight_keeps_what_it_has),
      cmocka_unit_test(a_full_line_drops_its_oldest),
      cmocka_unit_test(a_resend_carries_the_same_bytes_and_number),
      cmocka_unit_test(unknown_and_finished_acknowledgements_change_nothing),
      cmocka_unit_test(restored_in_any_order_messages_leave_in_their_own),
      cmocka_unit_test(without_room_the_lowest_numbers_are_given_up),
      cmocka_unit_test(a_head_far_above_what_was_restored_leaves_no_two_numbers_in_one_place),
      cmocka_unit_test(what_is_no_stored_record_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
