/* Devices that are wrong on purpose: what the simulation has to notice. */
#include <string.h>

#include "world_priv.h"

/* The message that gets lost. */
#define DROP_AT 40u

static vn_err_t lying_sync(void *context) {
  (void)context;
  return VN_OK;
}

void vn__flaw_made(vn__device_t *device) {
  if (vn__flawed(device, VN_FLAW_LYING_SYNC)) {
    device->port.sync = lying_sync;
  }
  if (vn__flawed(device, VN_FLAW_NO_QUARANTINE)) {
    device->pipeline = device->configuration->plan.pipelines[0];
    device->pipeline.max_future_ms = VN_DURATION_OFF;
    device->configuration->plan.pipelines = &device->pipeline;
  }
}

static void forget_outbox(vn_engine_t *engine) {
  for (uint32_t queue = 0; queue < VN_OUTBOX_QUEUES; queue++) {
    vn_outbox_trim(&engine->outbox, (vn_outbox_queue_t)queue, engine->outbox.lines[queue].head);
  }
}

static void forget_journal(vn_engine_t *engine) {
  uint32_t waiting = vn_waiting(engine);
  vn_err_t error = vn_ring_init(&engine->queue, engine->store.queue, engine->plan->queue_bytes,
                                engine->plan->queue_messages);
  VN_ASSERT(error == VN_OK);
  for (; waiting > 0 && vn_ring_claim(&engine->queue, 0) != NULL; waiting--) {
    vn_ring_commit(&engine->queue, 0);
  }
}

static void forget_alerts(const vn_store_t *store) {
  for (size_t i = 0; i < store->alert_count; i++) {
    store->alerts[i].phase = VN_ALERT_NORMAL;
    store->alerts[i].condition_true = false;
    store->alerts[i].rest_span = 0;
  }
}

static void forget_watermark(vn_series_state_t *series) {
  series->window.watermark_ms = VN_TIME_MINUS_INFINITY;
}

static void forget_numbers(vn_series_state_t *series) {
  memset(&series->sequence, 0, sizeof series->sequence);
}

static void of_each_series(vn_engine_t *engine, void (*forget)(vn_series_state_t *series)) {
  for (size_t i = 0; i < engine->store.series_count; i++) {
    forget(&engine->store.series[i]);
  }
}

/* What the import should have brought along. */
static void forget_imported(vn__device_t *device) {
  if (vn__flawed(device, VN_FLAW_MOVE_NO_OUTBOX)) {
    forget_outbox(&device->engine);
  } else if (vn__flawed(device, VN_FLAW_MOVE_NO_NUMBERS)) {
    of_each_series(&device->engine, forget_numbers);
  } else {
    forget_journal(&device->engine);
  }
}

void vn__flaw_restored(vn__device_t *device) {
  vn_engine_t *engine = &device->engine;
  switch (device->world->options.flaw) {
    case VN_FLAW_FORGET_OUTBOX:
      forget_outbox(engine);
      break;
    case VN_FLAW_FORGET_JOURNAL:
      forget_journal(engine);
      break;
    case VN_FLAW_FORGET_WATERMARK:
      of_each_series(engine, forget_watermark);
      break;
    case VN_FLAW_FORGET_NUMBERS:
      of_each_series(engine, forget_numbers);
      break;
    case VN_FLAW_FORGET_ALERTS:
      forget_alerts(&engine->store);
      break;
    case VN_FLAW_MOVE_NO_OUTBOX:
    case VN_FLAW_MOVE_NO_NUMBERS:
    case VN_FLAW_MOVE_NO_JOURNAL:
      if (device->moved) {
        forget_imported(device);
      }
      break;
    case VN_FLAW_UNTOLD_LOSS:
      engine->recovery.lost_from_ms = engine->recovery.lost_to_ms;
      break;
    default:
      break;
  }
}

void vn__flaw_before_step(vn__device_t *device) {
  if (vn__flawed(device, VN_FLAW_PUBLISH_EARLY)) {
    vn_outbox_release(&device->engine.outbox);
  }
}

void vn__flaw_after_step(vn__device_t *device) {
  for (uint32_t i = 0; i < VN__UP_WINDOW && vn__flawed(device, VN_FLAW_CONFIRM_EARLY); i++) {
    if (device->packets[i].used) {
      vn_sent(&device->engine, device->packets[i].index, true);
    }
  }
}

/* What is at the begin of a minute is told as before it. */
static void move_edges(const vn__device_t *device, vn__letter_t *letter) {
  const int64_t minute_ms = 60000;
  int64_t moved_ms[VN__PACK_MAX] = {0};
  for (uint32_t i = 0; i < letter->count; i++) {
    int64_t *time_ms = &letter->readings[i].time_ms;
    moved_ms[i] = *time_ms % minute_ms == 0;
    *time_ms -= moved_ms[i];
  }
  vn__letter_write(letter, (unsigned)device->world->with->decimals);
  for (uint32_t i = 0; i < letter->count; i++) {
    letter->readings[i].time_ms += moved_ms[i];
  }
}

bool vn__flaw_taken(vn__device_t *device, vn__letter_t *letter) {
  if (vn__flawed(device, VN_FLAW_WRONG_EDGE) && letter->count > 0) {
    move_edges(device, letter);
  }
  return vn__flawed(device, VN_FLAW_DROP_ONE) && ++device->flawed == DROP_AT;
}

static bool ends_with(const vn__packet_t *packet, const char *word) {
  size_t size = strlen(word);
  return packet->topic_length >= size &&
         memcmp(packet->topic + packet->topic_length - size, word, size) == 0;
}

bool vn__flaw_swallows(const vn__device_t *device, const vn__packet_t *packet) {
  return (vn__flawed(device, VN_FLAW_LOSE_NOTICE) && ends_with(packet, "/gap")) ||
         (vn__flawed(device, VN_FLAW_LOSE_ANSWER) && ends_with(packet, "/response"));
}

size_t vn__flaw_kept(const vn__device_t *device, size_t length) {
  return vn__flawed(device, VN_FLAW_CUT_SAVEPOINT) ? length / 2 : length;
}

bool vn__flaw_lost(const vn__device_t *device, const vn__packet_t *packet, bool *delivered) {
  bool alert = strstr(packet->topic, "/alert/") != NULL || strstr(packet->topic, "/event") != NULL;
  *delivered = vn__flawed(device, VN_FLAW_FORGET_VERDICT) ||
               (vn__flawed(device, VN_FLAW_DROP_STATE) && alert);
  return !vn__flawed(device, VN_FLAW_NEVER_AGAIN);
}
