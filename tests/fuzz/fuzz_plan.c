/*
 * Any bytes as the blob of a plan: as they are, and with name, version and CRC made right, as who
 * means harm would. A plan that is taken must be one that an engine can live with: it gets
 * readings, messages, time and its end.
 */
#include <stdlib.h>
#include <string.h>

#include "vn/crc32c.h"
#include "vn/engine.h"
#include "vn/plan_load.h"

#define MEMORY_MAX ((size_t)1 << 20)
#define STORE_MAX ((size_t)1 << 22)
#define HEAD "\x84\x6b" VN_PLAN_BLOB_NAME

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now_ms;

static int64_t mono_ms(void *context) {
  (void)context;
  return now_ms;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = 1700000000000 + now_ms;
  return now_ms > 100;
}

static vn_err_t take(void *context, const vn_message_t *message) {
  (void)context;
  return message->topic_length > 0 ? VN_OK : VN_ERR_LINK;
}

static void feed(vn_engine_t *engine, const vn_plan_t *plan, unsigned round) {
  static const char payloads[][64] = {"21.5", "{\"t\":1,\"a\":[2,{\"v\":3.5}],\"ts\":1700000000}",
                                      "[{\"n\":\"x\",\"v\":7}]", "\x81\xa2\x00\x61x\x02\x07"};
  static const char topics[][16] = {"a/b/c", "plant/x/y/z", "n/1", "zigbee2mqtt/q"};
  vn_text_t topic = {topics[round % 4], strlen(topics[round % 4])};
  const char *payload = payloads[round / 4 % 4];
  vn_take_message(engine, topic, (const uint8_t *)payload, strlen(payload), false);
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    vn_text_t name = plan->pipelines[i].match;
    char bytes[UINT8_MAX];
    uint32_t series;
    name.length = name.length < sizeof bytes ? name.length : sizeof bytes;
    for (size_t k = 0; k < name.length; k++) {
      char byte = name.bytes[k];
      bytes[k] = byte == '*' || byte == '?' ? (char)('a' + round % 2) : byte;
    }
    name.bytes = bytes;
    if (vn_series_open(engine, name, &series) == VN_REASON_NONE) {
      vn_reading_t reading = {.time_ms = 1700000000000 + now_ms - (int64_t)(round % 3) * 700,
                              .scaled = (int32_t)(round * 7919u % 1000u) - 300,
                              .is_scaled = true,
                              .has_time = round % 5 != 0};
      (void)vn_take_reading(engine, series, &reading);
    }
  }
}

static void live(const vn_plan_t *loaded, void *block) {
  static vn_engine_t engine;
  vn_plan_t plan = *loaded;
  vn_store_t store;
  const vn_clock_t clock = {NULL, mono_ms, wall_ms};
  const vn_uplink_t uplink = {NULL, take};
  const vn_ports_t ports = {.clock = &clock, .uplink = &uplink};
  plan.durability = VN_DURABILITY_VOLATILE;
  if (vn_store_need(&plan, &store) != VN_OK || vn_store_bytes(&store) > STORE_MAX) {
    return;
  }
  now_ms = 0;
  vn_store_layout(&store, block);
  VN_ASSERT(vn_init(&engine, &plan, &store, &ports) == VN_OK);
  VN_ASSERT(vn_restore(&engine) == VN_OK);
  for (unsigned round = 0; round < 24; round++) {
    uint32_t sleep_ms;
    feed(&engine, &plan, round);
    now_ms += round % 7 == 6 ? 61000 : 900;
    VN_ASSERT(vn_step(&engine, 8, &sleep_ms) == VN_OK);
  }
  vn_flush(&engine);
  VN_ASSERT(vn_stop(&engine) == VN_OK);
}

static void load(const uint8_t *bytes, size_t size, void *memory, void *block) {
  const vn_plan_t *plan;
  size_t need;
  vn_err_t counted = vn_plan_load_need(bytes, size, &need);
  vn_err_t error = vn_plan_load(bytes, size, memory, MEMORY_MAX, &plan);
  VN_ASSERT(counted == VN_OK || error == counted || error == VN_ERR_FORMAT || error == VN_ERR_FULL);
  if (error == VN_OK) {
    VN_ASSERT(counted == VN_OK && need <= MEMORY_MAX);
    live(plan, block);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t head = sizeof HEAD; /* with the version */
  void *memory = aligned_alloc(64, MEMORY_MAX), *block = aligned_alloc(64, STORE_MAX);
  uint8_t *bytes = malloc(size + 1);
  VN_ASSERT(memory != NULL && block != NULL && bytes != NULL);
  memcpy(bytes, data, size);
  load(bytes, size, memory, block);
  if (size > head + VN_PLAN_BLOB_CRC_BYTES) {
    size_t end = size - VN_PLAN_BLOB_CRC_BYTES;
    memcpy(bytes, HEAD, head - 1);
    bytes[head - 1] = VN_PLAN_VERSION;
    uint32_t crc = vn_crc32c(0, bytes, end);
    bytes[end] = 0x1A;
    for (unsigned i = 0; i < 4; i++) {
      bytes[end + 1 + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    load(bytes, size, memory, block);
  }
  free(bytes);
  free(block);
  free(memory);
  return 0;
}
