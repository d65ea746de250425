/* A node behind its serial line: what it takes, what it refuses, and that it goes on. */
#include "node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "ram_flash.h"

enum { REGION = 512 * 1024, ERASE = 4096, UNIT = 16, FRAMES_MAX = 256 };

typedef struct heard {
  uint64_t number;
  uint8_t kind;
  int8_t code;
  char topic[64];
} heard_t;

/* The node, and the gateway at the other end. */
typedef struct bench {
  rig_t *rig;
  void *block;
  vn_store_t store;
  vn_node_t node;
  vn_ram_flash_t flash;
  vn_line_t line;
  vn_frame_reader_t reader;
  heard_t heard[FRAMES_MAX];
  size_t heard_count;
  int64_t now_ms;
  uint8_t in[512 + VN_NODE_FRAME_BYTES], gateway_in[16384];
} bench_t;

static uint8_t region[REGION];
static bench_t bench;

static int64_t now_ms(void *context) {
  (void)context;
  return bench.now_ms;
}

static void hear(void *context, const uint8_t *bytes, size_t length) {
  vn_frame_t frame;
  assert_ptr_equal(context, &bench);
  for (size_t i = 0; i < length; i++) {
    vn_err_t error = vn_frame_read(&bench.reader, bytes[i], &frame);
    assert_true(error == VN_OK || error == VN_AGAIN);
    if (error == VN_OK && bench.heard_count < FRAMES_MAX) {
      heard_t *heard = &bench.heard[bench.heard_count++];
      *heard = (heard_t){.number = frame.number, .kind = frame.kind};
      heard->code = frame.kind == VN_FRAME_REFUSED ? (int8_t)frame.payload[0] : 0;
      assert_true(frame.topic.length < sizeof heard->topic);
      memcpy(heard->topic, frame.topic.bytes, frame.topic.length);
    }
  }
}

/* The node's answers, and what it publishes, go here. */
static void tell(void *context, const uint8_t *bytes, size_t length) {
  (void)context;
  vn_node_receive(&bench.node, bytes, length);
}

static void transmit(const vn_frame_t *frame) {
  vn_line_t line = {NULL, tell};
  vn_frame_writer_t writer;
  vn_frame_writer_init(&writer, &line);
  vn_frame_write(&writer, frame);
}

static vn_err_t start(vn_durability_t durability) {
  vn_store_t need;
  vn_ram_flash_init(&bench.flash, region, REGION, ERASE, UNIT);
  bench.rig = rig_new(&bench.flash.port);
  bench.rig->plan.durability = (uint8_t)durability;
  assert_int_equal(vn_store_need(&bench.rig->plan, &need), VN_OK);
  bench.block = aligned_alloc(64, vn_store_bytes(&need));
  bench.store = need;
  vn_store_layout(&bench.store, bench.block);
  bench.line = (vn_line_t){&bench, hear};
  bench.heard_count = 0;
  bench.now_ms = 1000;
  vn_frame_reader_init(&bench.reader, bench.gateway_in, sizeof bench.gateway_in);
  const vn_node_parts_t parts = {.plan = &bench.rig->plan,
                                 .store = &bench.store,
                                 .flash = &bench.flash.port,
                                 .line = &bench.line,
                                 .mono_ms = now_ms,
                                 .in = bench.in,
                                 .in_bytes = sizeof bench.in};
  vn_err_t error = vn_node_start(&bench.node, &parts);
  vn_frame_t time = {.kind = VN_FRAME_TIME, .number = UINT64_C(1795219200000)};
  transmit(&time);
  return error;
}

static void end(void) {
  bench.rig->engine.restored = false;
  rig_free(bench.rig);
  free(bench.block);
}

static const heard_t *answer_to(uint64_t number) {
  for (size_t i = bench.heard_count; i > 0; i--) {
    if (bench.heard[i - 1].number == number && bench.heard[i - 1].kind != VN_FRAME_MESSAGE) {
      return &bench.heard[i - 1];
    }
  }
  return NULL;
}

static size_t messages(const char *topic) {
  size_t count = 0;
  for (size_t i = 0; i < bench.heard_count; i++) {
    count += bench.heard[i].kind == VN_FRAME_MESSAGE && strcmp(bench.heard[i].topic, topic) == 0;
  }
  return count;
}

static void message(uint64_t number, const char *payload) {
  transmit(&(vn_frame_t){.kind = VN_FRAME_MESSAGE,
                         .number = number,
                         .topic = {"j/a", 3},
                         .payload = (const uint8_t *)payload,
                         .payload_length = strlen(payload)});
}

static void work(void) {
  uint32_t sleep_ms = 0;
  for (int i = 0; i < 1000 && sleep_ms == 0; i++) {
    assert_true(vn_node_step(&bench.node, &sleep_ms) >= 0);
  }
}

/* Twenty-five readings, a second each, two of them above the limit of an alert. */
static void send_readings_from(uint64_t first, uint32_t second) {
  char payload[64];
  for (uint32_t i = 0; i < 25; i++) {
    (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%u,\"seq\":%u}",
                   (long long)(INT64_C(1795219200000) + (second + i) * 1000),
                   i / 5 == 2 ? 90u : 20u, second + i);
    message(first + i, payload);
    bench.now_ms += 1000;
    work();
    assert_non_null(answer_to(first + i));
    assert_int_equal(answer_to(first + i)->kind, VN_FRAME_ACKNOWLEDGE);
  }
}

static void send_readings(uint64_t first) { send_readings_from(first, 0); }

static void readings_are_acknowledged_and_results_leave(void **state) {
  (void)state;
  static const vn_durability_t modes[] = {VN_DURABILITY_CHECKPOINT, VN_DURABILITY_JOURNAL};
  for (size_t i = 0; i < 2; i++) {
    memset(region, 0xFF, sizeof region);
    assert_int_equal(start(modes[i]), VN_OK);
    send_readings(1);
    assert_int_equal(bench.node.flash_error, VN_OK);
    assert_int_equal(messages("summary"), 2);
    assert_int_equal(messages("event"), 3); /* hot fires and ends, warm fires */
    assert_int_equal(messages("alert/hot/a"), 2);
    assert_int_equal(messages("alert/warm/a"), 1);
    end();
  }
}

static size_t all_messages(void) {
  size_t count = 0;
  for (size_t i = 0; i < bench.heard_count; i++) {
    count += bench.heard[i].kind == VN_FRAME_MESSAGE;
  }
  return count;
}

static void acknowledge_from(size_t at) {
  size_t count = bench.heard_count;
  for (size_t i = at; i < count; i++) {
    if (bench.heard[i].kind == VN_FRAME_MESSAGE) {
      transmit(&(vn_frame_t){.kind = VN_FRAME_ACKNOWLEDGE, .number = bench.heard[i].number});
    }
  }
}

static void at_most_a_window_of_messages_leaves_without_an_acknowledgement(void **state) {
  (void)state;
  memset(region, 0xFF, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  send_readings(1);
  send_readings_from(101, 100);
  send_readings_from(201, 200);
  assert_int_equal(all_messages(), VN_NODE_WINDOW);
  size_t before = bench.heard_count;
  acknowledge_from(0);
  work();
  assert_int_equal(all_messages(), 2 * VN_NODE_WINDOW);
  acknowledge_from(before);
  work();
  assert_true(all_messages() > 2 * VN_NODE_WINDOW);
  end();
}

static void a_gateway_that_begins_gets_again_what_it_has_not_acknowledged(void **state) {
  (void)state;
  memset(region, 0xFF, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  send_readings(1);
  size_t sent = all_messages();
  work();
  assert_true(sent > 3);
  assert_int_equal(all_messages(), sent);
  transmit(&(vn_frame_t){.kind = VN_FRAME_BEGIN});
  work();
  assert_int_equal(all_messages(), 2 * sent);
  acknowledge_from(bench.heard_count / 2);
  acknowledge_from(0); /* twice does no harm */
  assert_int_equal(bench.node.in_flight, 0);
  transmit(&(vn_frame_t){.kind = VN_FRAME_BEGIN});
  work();
  assert_int_equal(all_messages(), 2 * sent);
  end();
}

static void what_is_no_frame_or_too_long_is_refused_with_its_code(void **state) {
  (void)state;
  static char long_payload[4096];
  static const uint8_t noise[] = {7, 1, 2, 3, 0};
  memset(region, 0xFF, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  vn_node_receive(&bench.node, noise, sizeof noise);
  assert_int_equal(answer_to(0)->kind, VN_FRAME_REFUSED);
  assert_int_equal(answer_to(0)->code, VN_ERR_FORMAT);
  memset(long_payload, 'x', sizeof long_payload - 1);
  message(5, long_payload);
  assert_int_equal(answer_to(0)->code, VN_ERR_TOO_BIG);
  assert_null(answer_to(5));
  long_payload[512 - 3 + 1] = 0; /* a frame that is one byte too long, */
  message(6, long_payload);
  assert_null(answer_to(6));
  assert_int_equal(bench.node.frames_refused, 3);
  long_payload[512 - 3] = 0; /* and one that just fits: of topic and payload 512 bytes */
  message(7, long_payload);
  assert_int_equal(answer_to(7)->kind, VN_FRAME_ACKNOWLEDGE);
  send_readings(10);
  assert_int_equal(messages("dead-letter"), 1);
  assert_true(messages("summary") > 0);
  end();
}

static void a_full_queue_refuses_until_there_is_room(void **state) {
  (void)state;
  memset(region, 0xFF, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  uint64_t number = 1;
  do {
    message(number, "{\"t\":1795219200000,\"v\":20,\"seq\":1}");
  } while (answer_to(number)->kind == VN_FRAME_ACKNOWLEDGE && number++ < 1000);
  assert_true(number > 8);
  assert_int_equal(answer_to(number)->code, VN_ERR_FULL);
  work();
  message(number, "{\"t\":1795219200000,\"v\":20,\"seq\":1}");
  assert_int_equal(answer_to(number)->kind, VN_FRAME_ACKNOWLEDGE);
  end();
}

static void a_message_that_comes_again_is_acknowledged_and_not_taken_again(void **state) {
  (void)state;
  static const char reading[] = "{\"t\":1795219200000,\"v\":20,\"seq\":1}";
  const uint64_t numbers[] = {5, 5, 6, 5, 0, 0};
  const uint64_t received[] = {1, 1, 2, 3, 4, 5};
  memset(region, 0xFF, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    size_t before = bench.heard_count;
    message(numbers[i], reading);
    assert_int_equal(bench.heard_count, before + 1);
    assert_int_equal(answer_to(numbers[i])->kind, VN_FRAME_ACKNOWLEDGE);
    work();
    assert_int_equal(vn_engine_figures(&bench.node.engine)->readings.received, received[i]);
  }
  end();
}

static void a_stop_commits_and_the_next_start_goes_on(void **state) {
  (void)state;
  memset(region, 0xFF, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  send_readings(1);
  transmit(&(vn_frame_t){.kind = VN_FRAME_STOP, .number = 77});
  assert_int_equal(answer_to(77)->kind, VN_FRAME_ACKNOWLEDGE);
  message(78, "{\"t\":1795219200000,\"v\":20,\"seq\":1}");
  assert_null(answer_to(78));
  uint32_t sleep_ms = 0;
  assert_int_equal(vn_node_step(&bench.node, &sleep_ms), VN_END);
  end();
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  assert_true(vn_engine_recovery(&bench.node.engine)->clean);
  assert_int_equal(vn_engine_figures(&bench.node.engine)->readings.accepted, 25);
  end();
}

static void a_time_that_none_is_is_refused(void **state) {
  (void)state;
  const uint64_t times[] = {UINT64_C(1) << 63, INT64_MAX, UINT64_C(253402300800000)};
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  int64_t offset_ms = bench.node.wall_offset_ms;
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    size_t before = bench.heard_count;
    transmit(&(vn_frame_t){.kind = VN_FRAME_TIME, .number = times[i]});
    assert_int_equal(bench.heard_count, before + 1);
    assert_int_equal(answer_to(0)->code, VN_ERR_FORMAT);
    assert_true(bench.node.wall_offset_ms == offset_ms);
  }
  end();
}

/* A region without a log is formatted, whatever stands there; one that looks like somebody's log is
 * left as it is, told, and the device works without it. */
static void a_flash_full_of_garbage_is_no_reason_to_stand_still(void **state) {
  (void)state;
  prng_t prng = prng_make(1, 1);
  prng_fill(&prng, region, sizeof region);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  assert_int_equal(bench.node.flash_error, VN_OK);
  send_readings(1);
  transmit(&(vn_frame_t){.kind = VN_FRAME_STOP, .number = 77});
  end();
  for (uint32_t sector = 0; sector < REGION / ERASE; sector++) { /* headers, but no commit */
    memset(region + sector * ERASE + 256, 0, ERASE - 256);
  }
  static uint8_t before[REGION];
  memcpy(before, region, sizeof before);
  assert_int_equal(start(VN_DURABILITY_CHECKPOINT), VN_OK);
  assert_int_equal(bench.node.flash_error, VN_ERR_CORRUPT);
  assert_int_equal(answer_to(0)->code, VN_ERR_CORRUPT);
  send_readings(1);
  assert_int_equal(messages("summary"), 2);
  assert_memory_equal(region, before, sizeof before);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(readings_are_acknowledged_and_results_leave),
      cmocka_unit_test(at_most_a_window_of_messages_leaves_without_an_acknowledgement),
      cmocka_unit_test(a_gateway_that_begins_gets_again_what_it_has_not_acknowledged),
      cmocka_unit_test(what_is_no_frame_or_too_long_is_refused_with_its_code),
      cmocka_unit_test(a_time_that_none_is_is_refused),
      cmocka_unit_test(a_full_queue_refuses_until_there_is_room),
      cmocka_unit_test(a_message_that_comes_again_is_acknowledged_and_not_taken_again),
      cmocka_unit_test(a_stop_commits_and_the_next_start_goes_on),
      cmocka_unit_test(a_flash_full_of_garbage_is_no_reason_to_stand_still),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
