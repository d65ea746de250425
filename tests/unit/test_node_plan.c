/* A node whose plan is another one from now on: by a frame, and by what lies in its place. */
#include "node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile.h"
#include "configuration.h"
#include "plan_place.h"
#include "ram_flash.h"
#include "vn/cbor.h"
#include "vn/crc32c.h"
#include "vn/plan_load.h"

enum {
  REGION = 256 * 1024,
  ERASE = 4096,
  UNIT = 16,
  PLACE = 2 * ERASE,
  BLOCK = 64 * 1024,
  PLAN = 4096,
  IN = 1024,
  BLOB_MAX = 1024,
  CUTS_MAX = 400
};

static const int64_t begin_ms = INT64_C(1795219200000);

/* The node, and the gateway at the other end. */
typedef struct bench {
  vn_node_t node;
  vn_ram_flash_t flash, place;
  vn_node_room_t room;
  vn_line_t line;
  vn_frame_reader_t reader;
  vn_err_t refused, refused_unasked;
  uint32_t acknowledged, events;
  uint64_t number, pending[VN_NODE_WINDOW];
  uint32_t pending_count;
  int64_t now_ms;
  _Alignas(VN_PLAN_ALIGNMENT) uint8_t plans[2 * PLAN];
  uint8_t in[IN], gateway_in[16384], region[REGION], place_bytes[PLACE];
  _Alignas(64) uint8_t block[BLOCK];
} bench_t;

static bench_t bench;
static vn_configuration_t *configuration;

/* Another plan: the alert's limit is 60 instead of 80, the window half as long. */
typedef struct other {
  vn_plan_t plan;
  vn_pipeline_t pipeline;
  vn_window_t window;
  vn_alert_plan_t alert;
  uint8_t blob[BLOB_MAX];
  size_t length;
} other_t;

static void make_blob(other_t *other) {
  other->length = vn_compile_blob(&other->plan, other->blob, sizeof other->blob);
  assert_true(other->length > 0 && other->length <= sizeof other->blob);
}

static void make_other(other_t *other) {
  other->plan = configuration->plan;
  other->pipeline = other->plan.pipelines[0];
  other->window = other->pipeline.summary.windows[0];
  other->alert = other->pipeline.alerts[0];
  other->plan.pipelines = &other->pipeline;
  other->pipeline.summary.windows = &other->window;
  other->pipeline.alerts = &other->alert;
  other->alert.rule.limit = 6000;
  other->window.size_ms = other->window.slide_ms = 5000;
  make_blob(other);
}

static int64_t now_ms(void *context) {
  (void)context;
  return bench.now_ms;
}

static void hear(void *context, const uint8_t *bytes, size_t length) {
  vn_frame_t frame;
  (void)context;
  if (bench.flash.dead || bench.place.dead) {
    return; /* nothing leaves a device without power */
  }
  for (size_t i = 0; i < length; i++) {
    if (vn_frame_read(&bench.reader, bytes[i], &frame) != VN_OK) {
      continue;
    }
    bench.acknowledged += frame.kind == VN_FRAME_ACKNOWLEDGE && frame.number == bench.number;
    bench.events += frame.kind == VN_FRAME_MESSAGE && frame.topic.length == 5 &&
                    memcmp(frame.topic.bytes, "event", 5) == 0;
    if (frame.kind == VN_FRAME_MESSAGE) {
      assert_true(bench.pending_count < VN_NODE_WINDOW);
      bench.pending[bench.pending_count++] = frame.number;
    } else if (frame.kind == VN_FRAME_REFUSED) {
      *(frame.number == 0 ? &bench.refused_unasked : &bench.refused) = (int8_t)frame.payload[0];
    }
  }
}

static void tell(void *context, const uint8_t *bytes, size_t length) {
  (void)context;
  vn_node_receive(&bench.node, bytes, length);
}

static void transmit(vn_frame_kind_t kind, uint64_t number, const uint8_t *payload, size_t length) {
  vn_line_t line = {NULL, tell};
  vn_frame_writer_t writer;
  vn_frame_writer_init(&writer, &line);
  vn_frame_write(&writer, &(vn_frame_t){.kind = (uint8_t)kind,
                                        .number = number,
                                        .topic = {"s/x", kind == VN_FRAME_MESSAGE ? 3 : 0},
                                        .payload = payload,
                                        .payload_length = length});
}

/* Power on, with what the flashes hold. */
static void start_with(const vn_node_room_t *room) {
  vn_store_t store;
  assert_int_equal(vn_store_need(&configuration->plan, &store), VN_OK);
  vn_store_layout(&store, bench.block);
  const vn_node_parts_t parts = {.plan = &configuration->plan,
                                 .store = &store,
                                 .room = room,
                                 .flash = &bench.flash.port,
                                 .line = &bench.line,
                                 .mono_ms = now_ms,
                                 .in = bench.in,
                                 .in_bytes = sizeof bench.in};
  vn_frame_reader_init(&bench.reader, bench.gateway_in, sizeof bench.gateway_in);
  bench.refused = bench.refused_unasked = VN_OK;
  bench.pending_count = 0;
  assert_int_equal(vn_node_start(&bench.node, &parts), VN_OK);
  transmit(VN_FRAME_BEGIN, 0, NULL, 0);
  transmit(VN_FRAME_TIME, (uint64_t)(begin_ms + bench.now_ms), NULL, 0);
}

static void start(void) { start_with(&bench.room); }

/* A new device. */
static void make(void) {
  memset(&bench, 0, sizeof bench);
  memset(bench.region, 0xFF, sizeof bench.region);
  memset(bench.place_bytes, 0xFF, sizeof bench.place_bytes);
  vn_ram_flash_init(&bench.flash, bench.region, REGION, ERASE, UNIT);
  vn_ram_flash_init(&bench.place, bench.place_bytes, PLACE, ERASE, UNIT);
  bench.room =
      (vn_node_room_t){bench.block, sizeof bench.block, bench.plans, PLAN, &bench.place.port};
  bench.line = (vn_line_t){&bench, hear};
}

/* VN_OK: acknowledged; VN_AGAIN: no answer. */
static vn_err_t ask(vn_frame_kind_t kind, const uint8_t *payload, size_t length) {
  uint32_t before = bench.acknowledged;
  bench.refused = VN_OK;
  transmit(kind, ++bench.number, payload, length);
  return bench.refused != VN_OK ? bench.refused : bench.acknowledged > before ? VN_OK : VN_AGAIN;
}

static vn_err_t send_plan(const other_t *other) {
  return ask(VN_FRAME_PLAN, other->blob, other->length);
}

/* The node works; what it publishes is acknowledged. */
static void work(void) {
  uint32_t sleep_ms = 0;
  for (int i = 0; i < 1000 && (sleep_ms == 0 || bench.pending_count > 0); i++) {
    for (uint32_t k = 0; k < bench.pending_count; k++) {
      transmit(VN_FRAME_ACKNOWLEDGE, bench.pending[k], NULL, 0);
    }
    bench.pending_count = 0;
    assert_true(vn_node_step(&bench.node, &sleep_ms) >= 0);
  }
}

/* A reading of one sensor, a second later. */
static vn_err_t send_reading(int64_t value) {
  uint8_t pack[64];
  vn_cbor_writer_t writer;
  bench.now_ms += 1000;
  vn_cbor_writer_init(&writer, pack, sizeof pack);
  vn_cbor_array(&writer, 1);
  vn_cbor_map(&writer, 3);
  vn_cbor_int(&writer, 0);
  vn_cbor_text(&writer, "a", 1);
  vn_cbor_int(&writer, 2);
  vn_cbor_int(&writer, value);
  vn_cbor_int(&writer, 6);
  vn_cbor_int(&writer, (begin_ms + bench.now_ms) / 1000);
  vn_err_t answer = ask(VN_FRAME_MESSAGE, pack, writer.length);
  work();
  return answer;
}

/* Which plan runs: 70 degrees are an event for the other one alone. */
static bool runs_other(void) {
  assert_int_equal(send_reading(20), VN_OK);
  uint32_t before = bench.events;
  assert_int_equal(send_reading(70), VN_OK);
  bool fired = bench.events > before;
  assert_int_equal(send_reading(20), VN_OK);
  assert_int_equal(bench.events - before, fired ? 2 : 0); /* and its end */
  return fired;
}

static uint64_t accepted(void) { return vn_engine_figures(&bench.node.engine)->readings.accepted; }

static void a_plan_in_a_frame_takes_over_and_the_state_stays(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  start();
  assert_false(runs_other());
  uint64_t before = accepted();
  assert_int_equal(send_plan(&other), VN_OK);
  assert_int_equal(bench.node.plan->pipelines[0].alerts[0].rule.limit, 6000);
  assert_int_equal(bench.node.plan->pipelines[0].summary.windows[0].size_ms, 5000);
  assert_int_equal(bench.node.flash_error, VN_OK);
  assert_false(vn_engine_recovery(&bench.node.engine)->fresh);
  assert_int_equal(accepted(), before);
  assert_true(runs_other());
  for (int i = 0; i < 5; i++) { /* from one half to the other */
    other.alert.rule.limit = i % 2 == 0 ? 9000 : 6000;
    make_blob(&other);
    assert_int_equal(send_plan(&other), VN_OK);
    assert_int_equal(runs_other(), i % 2 == 1);
  }
}

static void what_is_in_the_place_is_the_plan_of_the_next_start(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  start();
  assert_int_equal(send_plan(&other), VN_OK);
  assert_int_equal(send_reading(20), VN_OK);
  for (int i = 0; i < 3; i++) {
    memset(bench.plans, 0xA5, sizeof bench.plans);
    memset(bench.in, 0xA5, sizeof bench.in);
    start();
    assert_int_equal(bench.node.plan_error, VN_OK);
    assert_int_equal(bench.refused_unasked, VN_OK);
    assert_false(vn_engine_recovery(&bench.node.engine)->fresh);
    assert_true(runs_other());
  }
}

static void without_a_place_it_lasts_until_the_next_start(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  bench.room.place = NULL;
  start();
  assert_int_equal(send_plan(&other), VN_OK);
  assert_true(runs_other());
  start();
  assert_false(runs_other());
}

/* Refused with this code, and the node goes on as it was. */
static void check_refused(const uint8_t *blob, size_t length, vn_err_t code) {
  uint32_t operations = bench.place.operations;
  assert_int_equal(ask(VN_FRAME_PLAN, blob, length), code);
  assert_int_equal(bench.place.operations, operations);
  assert_ptr_equal(bench.node.plan, &configuration->plan);
  assert_int_equal(send_reading(20), VN_OK);
}

static void a_blob_with_any_bit_turned_is_refused(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  start();
  for (size_t bit = 0; bit < 8 * other.length; bit += 5) {
    other.blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
    vn_err_t code = ask(VN_FRAME_PLAN, other.blob, other.length);
    assert_true(code == VN_ERR_CHECKSUM || (code == VN_ERR_FORMAT && bit < 8 * 13));
    assert_ptr_equal(bench.node.plan, &configuration->plan);
    other.blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t length = 0; length < other.length; length += 7) {
    vn_err_t code = ask(VN_FRAME_PLAN, other.blob, length);
    assert_true(code == VN_ERR_CHECKSUM || (code == VN_ERR_FORMAT && length < 20));
  }
  assert_false(runs_other());
  assert_int_equal(send_plan(&other), VN_OK);
}

static void seal(other_t *other) {
  uint32_t crc = vn_crc32c(0, other->blob, other->length - VN_PLAN_BLOB_CRC_BYTES);
  for (unsigned i = 0; i < 4; i++) {
    other->blob[other->length - 4 + i] = (uint8_t)(crc >> (24 - 8 * i));
  }
}

static size_t own_store_bytes(void) {
  vn_store_t need;
  assert_int_equal(vn_store_need(&configuration->plan, &need), VN_OK);
  return vn_store_bytes(&need);
}

static void what_the_device_cannot_run_is_refused(void **state) {
  (void)state;
  static other_t other;
  static uint8_t large[2 * IN];
  make();
  make_other(&other);
  start();
  other.blob[13] ^= 0x02; /* the version, behind the name */
  seal(&other);
  check_refused(other.blob, other.length, VN_ERR_VERSION);

  make_other(&other);
  other.pipeline.deduplicate = 64;
  make_blob(&other);
  bench.room.block_bytes = own_store_bytes();
  check_refused(other.blob, other.length, VN_ERR_STORE);

  make_other(&other);
  other.plan.message_max_bytes = IN;
  other.plan.queue_bytes = 8 * IN;
  make_blob(&other);
  check_refused(other.blob, other.length, VN_ERR_STORE);

  make_other(&other);
  other.plan.device = "node-2";
  make_blob(&other);
  check_refused(other.blob, other.length, VN_ERR_FOREIGN);

  make_other(&other);
  other.plan.state_bytes += ERASE;
  make_blob(&other);
  check_refused(other.blob, other.length, VN_ERR_FOREIGN);

  make_other(&other);
  other.pipeline.range_low = other.pipeline.range_high + 1;
  make_blob(&other);
  check_refused(other.blob, other.length, VN_ERR_PLAN);

  transmit(VN_FRAME_PLAN, 1, large, sizeof large); /* no frame of the node */
  assert_int_equal(bench.refused_unasked, VN_ERR_TOO_BIG);
  bench.room.plan_bytes = 256;
  make_other(&other);
  start();
  check_refused(other.blob, other.length, VN_ERR_TOO_BIG);
}

static void a_node_without_a_room_refuses_plans(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  start_with(NULL);
  check_refused(other.blob, other.length, VN_ERR_STORE);
}

/* Of a firmware before this one, for example. */
static void a_place_whose_plan_cannot_be_run_is_told_and_the_own_plan_runs(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  other.blob[13] ^= 0x02;
  seal(&other);
  assert_int_equal(vn_plan_place_write(&bench.place.port, other.blob, other.length), VN_OK);
  start();
  assert_int_equal(bench.node.plan_error, VN_ERR_VERSION);
  assert_int_equal(bench.refused_unasked, VN_ERR_VERSION);
  assert_false(runs_other());
  make_other(&other);
  assert_int_equal(send_plan(&other), VN_OK);
  assert_true(runs_other());
}

static void a_place_full_of_garbage_is_none(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  for (size_t i = 0; i < sizeof bench.place_bytes; i++) {
    bench.place_bytes[i] = (uint8_t)(i * 2654435761u >> 11);
  }
  memcpy(bench.place_bytes, "VPLN\xFF\xFF\xFF\x7F\x10\x00\x00\x00", 12); /* a head, but no blob */
  memcpy(bench.place_bytes + ERASE, "VPLN\x01\x00\x00\x00\xFF\xFF\xFF\xFF", 12);
  start();
  assert_int_equal(bench.node.plan_error, VN_OK);
  assert_false(runs_other());
  assert_int_equal(send_plan(&other), VN_OK);
  start();
  assert_true(runs_other());
}

static void a_flash_that_fails_leaves_the_plan_as_it_is(void **state) {
  (void)state;
  static other_t other;
  make();
  make_other(&other);
  start();
  vn_flash_t failing = bench.place.port;
  vn_ram_flash_t dead = bench.place;
  dead.dead = true;
  failing.context = &dead;
  bench.room.place = &failing;
  assert_int_equal(send_plan(&other), VN_ERR_FLASH);
  assert_false(runs_other());
}

typedef enum outcome { NOT_CUT, KEPT, CHANGED, OUTCOMES } outcome_t;

/* The power goes off in the middle of the n-th operation on one of the flashes. */
static outcome_t change_with_a_cut(const other_t *other, vn_ram_flash_t *flash, uint32_t n) {
  make();
  start();
  assert_int_equal(send_reading(20), VN_OK);
  vn_ram_flash_cut(flash, n);
  vn_err_t answer = send_plan(other);
  bool cut = flash->dead;
  assert_int_equal(answer, cut ? VN_AGAIN : VN_OK);
  vn_ram_flash_power_up(flash);
  start();
  assert_int_equal(bench.node.flash_error, VN_OK);
  assert_int_equal(bench.node.plan_error, VN_OK);
  assert_int_equal(accepted(), 1);
  bool is_other = runs_other();
  assert_int_equal(send_plan(other), VN_OK);
  assert_true(runs_other());
  assert_true(cut || is_other);
  return !cut ? NOT_CUT : is_other ? CHANGED : KEPT;
}

static void power_cuts_leave_one_of_the_two_plans(void **state) {
  (void)state;
  static other_t other;
  uint32_t outcomes[OUTCOMES] = {0};
  make_other(&other);
  for (int which = 0; which < 2; which++) {
    outcome_t last = KEPT;
    for (uint32_t n = 1; n < CUTS_MAX && last != NOT_CUT; n++) {
      last = change_with_a_cut(&other, which == 0 ? &bench.place : &bench.flash, n);
      outcomes[last]++;
    }
  }
  assert_int_equal(outcomes[NOT_CUT], 2);
  assert_true(outcomes[KEPT] > 3 && outcomes[CHANGED] > 3);
}

static int load(void **state) {
  unsigned errors = 0;
  (void)state;
  configuration =
      vn_configuration_load(VN_SOURCE_DIR "/platform/cortex-m/node.yaml", stderr, &errors);
  return configuration == NULL;
}

static int unload(void **state) {
  (void)state;
  vn_configuration_free(configuration);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_in_a_frame_takes_over_and_the_state_stays),
      cmocka_unit_test(what_is_in_the_place_is_the_plan_of_the_next_start),
      cmocka_unit_test(without_a_place_it_lasts_until_the_next_start),
      cmocka_unit_test(a_blob_with_any_bit_turned_is_refused),
      cmocka_unit_test(what_the_device_cannot_run_is_refused),
      cmocka_unit_test(a_node_without_a_room_refuses_plans),
      cmocka_unit_test(a_place_whose_plan_cannot_be_run_is_told_and_the_own_plan_runs),
      cmocka_unit_test(a_place_full_of_garbage_is_none),
      cmocka_unit_test(a_flash_that_fails_leaves_the_plan_as_it_is),
      cmocka_unit_test(power_cuts_leave_one_of_the_two_plans),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
