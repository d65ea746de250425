#include "twin.h"

#include <stdio.h>
#include <string.h>

#include "room.h"
#include "vn/engine.h"
#include "world.h"

#define STEP_BUDGET 256u

typedef struct twin {
  vn_configuration_t *configuration;
  vn_plan_t plan;
  vn_engine_t engine;
  vn_store_t store;
  void *block;
  vn_story_t *told;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_ports_t ports;
  int64_t wall_ms, mono_ms;
  uint64_t sent[64];
  size_t sent_count;
  uint32_t *opened; /* the number of each series of the world plus one; 0: it didn't come yet */
  uint8_t device;
  bool unset;
} twin_t;

static int64_t mono_ms(void *context) { return ((const twin_t *)context)->mono_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const twin_t *twin = context;
  *out = twin->wall_ms;
  return !twin->unset;
}

static vn_err_t take_message(void *context, const vn_message_t *message) {
  twin_t *twin = context;
  char topic[256] = "twin/";
  if (twin->sent_count == sizeof twin->sent / sizeof twin->sent[0]) {
    return VN_AGAIN;
  }
  VN_ASSERT(message->topic_length < sizeof topic - 5u);
  memcpy(topic + 5, message->topic, message->topic_length);
  const vn_story_message_t kept = {.topic_length = (uint32_t)message->topic_length + 5u,
                                   .payload_length = (uint32_t)message->payload_length,
                                   .device = twin->device};
  vn_story_message(twin->told, &kept, topic, message->payload);
  twin->sent[twin->sent_count++] = message->index;
  return VN_OK;
}

static vn_err_t start(twin_t *twin) {
  twin->plan = twin->configuration->plan;
  twin->plan.durability = VN_DURABILITY_VOLATILE;
  twin->plan.state_bytes = 0;
  vn_err_t error = vn_store_need(&twin->plan, &twin->store);
  if (error != VN_OK) {
    return error;
  }
  twin->block = vn_room_new(vn_store_bytes(&twin->store));
  vn_store_layout(&twin->store, twin->block);
  twin->clock = (vn_clock_t){twin, mono_ms, wall_ms};
  twin->uplink = (vn_uplink_t){twin, take_message};
  twin->ports = (vn_ports_t){&twin->clock, NULL, &twin->uplink, NULL};
  error = vn_init(&twin->engine, &twin->plan, &twin->store, &twin->ports);
  return error == VN_OK ? vn_restore(&twin->engine) : error;
}

/* Until all is told, and sent. */
static vn_err_t work(twin_t *twin) {
  uint32_t sleep_ms = 0;
  vn_err_t error = VN_OK;
  do {
    twin->mono_ms += twin->plan.flush_every_ms + 1;
    error = vn_step(&twin->engine, STEP_BUDGET, &sleep_ms);
    for (size_t i = 0; i < twin->sent_count; i++) {
      vn_sent(&twin->engine, twin->sent[i], true);
    }
    twin->sent_count = 0;
  } while (error == VN_OK && !vn_idle(&twin->engine));
  return error;
}

static bool open_series(twin_t *twin, uint32_t number) {
  char digits[16];
  size_t at = sizeof digits;
  uint32_t series = 0;
  for (uint32_t rest = number; at == sizeof digits || rest > 0; rest /= 10u) {
    digits[--at] = (char)('0' + rest % 10u);
  }
  digits[--at] = 's';
  const vn_text_t name = {digits + at, sizeof digits - at};
  bool good = vn_series_open(&twin->engine, name, &series) == VN_REASON_NONE;
  twin->opened[number] = good ? series + 1u : 0;
  return good;
}

/* Results may wait for others: the outbox is never asked to hold more than one reading brings. */
static vn_err_t take(twin_t *twin, const vn_story_reading_t *from) {
  const vn_reading_t reading = {.time_ms = from->time_ms,
                                .scaled = from->value,
                                .sequence = from->sequence,
                                .is_scaled = true,
                                .has_time = true,
                                .has_sequence = true};
  twin->wall_ms = from->arrival_ms;
  twin->unset = from->unset;
  if (twin->opened[from->series] == 0 && !open_series(twin, from->series)) {
    return VN_ERR_STORE;
  }
  (void)vn_take_reading(&twin->engine, twin->opened[from->series] - 1u, &reading);
  return vn_outbox_empty(&twin->engine.outbox) ? VN_OK : work(twin);
}

bool vn_twin_run(const vn_case_t *world_case, const vn_story_reading_t *readings, size_t count,
                 uint32_t device, vn_story_t *told, char *problem, size_t room) {
  twin_t *twin = vn_room_new(sizeof *twin);
  twin->told = told;
  twin->device = (uint8_t)device;
  /* One more than the case has: a relation adds it. */
  twin->opened = vn_room_new(((size_t)world_case->series + 1u) * sizeof *twin->opened);
  twin->configuration = vn_world_configuration(world_case, device, problem, room);
  vn_err_t error = twin->configuration != NULL ? start(twin) : VN_ERR_PLAN;
  for (size_t i = 0; i < count && error == VN_OK; i++) {
    if (readings[i].device == device && !readings[i].lost) {
      error = take(twin, &readings[i]);
    }
  }
  error = error == VN_OK ? work(twin) : error;
  if (error != VN_OK && problem[0] == '\0') {
    (void)snprintf(problem, room, "the engine without faults: %s", vn_err_text(error));
  }
  vn_room_free(twin->block);
  vn_room_free(twin->opened);
  if (twin->configuration != NULL) {
    vn_configuration_free(twin->configuration);
  }
  vn_room_free(twin);
  return error == VN_OK;
}
