/* The way out of a device: a window of messages, what arrives, and what is confirmed. */
#include "room.h"
#include "world_priv.h"

#include <string.h>

static void schedule(vn__device_t *device, uint32_t packet, vn__event_kind_t kind, bool back) {
  const vn_event_t event = {.at_us = vn__line_arrival_us(device, VN__LINE_OUT, back),
                            .epoch = device->lines[VN__LINE_OUT].epoch,
                            .argument = packet,
                            .kind = (uint8_t)kind,
                            .device = (uint8_t)device->number};
  vn_events_add(&device->world->events, &event);
}

/* On purpose, where the simulation is to notice. */
static void spoil(vn__device_t *device, vn__packet_t *packet) {
  if (vn__flawed(device, VN_FLAW_REENCODE) && device->flawed > 0) {
    device->flawed--;
    packet->payload[packet->payload_length - 1u] ^= 1u;
  }
}

vn_err_t vn__upstream_send(void *context, const vn_message_t *message) {
  vn__device_t *device = context;
  uint32_t free_packet = 0;
  if (!device->powered || device->flash->dead || !device->lines[VN__LINE_OUT].up) {
    return VN_ERR_LINK;
  }
  while (free_packet < VN__UP_WINDOW && device->packets[free_packet].used) {
    free_packet++;
  }
  if (free_packet == VN__UP_WINDOW) {
    return VN_AGAIN;
  }
  vn__packet_t *packet = &device->packets[free_packet];
  VN_ASSERT(message->topic_length + sizeof device->topic_prefix < sizeof packet->topic);
  VN_ASSERT(message->payload_length <= device->store.scratch_bytes);
  size_t prefix = strlen(device->topic_prefix);
  memcpy(packet->topic, device->topic_prefix, prefix);
  memcpy(packet->topic + prefix, message->topic, message->topic_length);
  packet->topic_length = prefix + message->topic_length;
  packet->topic[packet->topic_length] = '\0';
  memcpy(packet->payload, message->payload, message->payload_length);
  packet->payload_length = message->payload_length;
  packet->index = message->index;
  packet->used = true;
  spoil(device, packet);
  schedule(device, free_packet, VN__EVENT_ARRIVE, false);
  return VN_OK;
}

void vn__upstream_arrive(vn__device_t *device, uint32_t number) {
  vn__world_t *world = device->world;
  const vn__packet_t *packet = &device->packets[number];
  if (device->lines[VN__LINE_OUT].half_open) {
    return;
  }
  if (vn__flaw_swallows(device, packet)) {
    schedule(device, number, VN__EVENT_CONFIRM, true);
    return;
  }
  const vn_story_message_t message = {.topic_length = (uint32_t)packet->topic_length,
                                      .payload_length = (uint32_t)packet->payload_length,
                                      .at_ms = world->now_us / 1000,
                                      .device = (uint8_t)device->number};
  vn_story_message(&world->result->story, &message, packet->topic, packet->payload);
  world->result->figures.published++;
  vn__command_answer(device, packet);
  vn_oracle_t *oracle = world->oracles[device->number];
  if (oracle != NULL) {
    vn_oracle_message(oracle, packet->topic, packet->payload, packet->payload_length);
    const char *difference = vn_oracle_difference(oracle);
    if (difference != NULL) {
      vn__world_problem(world, "d%u differs from the oracle: %s", (unsigned)device->number,
                        difference);
    }
  }
  schedule(device, number, VN__EVENT_CONFIRM, true);
}

static bool is_known_to_the_flash(const vn__device_t *device, uint64_t index) {
  const uint64_t *tails = device->engine.committed_tail;
  return index / VN_OUTBOX_QUEUES < tails[index % VN_OUTBOX_QUEUES];
}

/* Only confirmations that a power cut would forget stay. */
static void review_confirmed(vn__device_t *device) {
  size_t count = 0;
  for (size_t i = 0; i < device->confirmed_count; i++) {
    if (!is_known_to_the_flash(device, device->confirmed[i])) {
      device->confirmed[count++] = device->confirmed[i];
    }
  }
  device->confirmed_count = count;
}

static void note_confirmed(vn__device_t *device, uint64_t index) {
  if (device->confirmed_count == device->confirmed_room) {
    review_confirmed(device);
  }
  if (device->confirmed_count == device->confirmed_room) {
    device->confirmed =
        vn_room_grow(device->confirmed, &device->confirmed_room, sizeof *device->confirmed);
  }
  device->confirmed[device->confirmed_count++] = index;
}

void vn__upstream_confirm(vn__device_t *device, uint32_t number) {
  vn__packet_t *packet = &device->packets[number];
  const vn__line_t *line = &device->lines[VN__LINE_OUT];
  if (line->half_open || line->mute) {
    return;
  }
  packet->used = false;
  note_confirmed(device, packet->index);
  vn_sent(&device->engine, packet->index, true);
  vn__device_step_at(device, device->world->now_us);
}

void vn__upstream_lost(vn__device_t *device) {
  for (uint32_t i = 0; i < VN__UP_WINDOW; i++) {
    vn__packet_t *packet = &device->packets[i];
    if (packet->used) {
      packet->used = false;
      device->flawed++;
      device->world->result->figures.published_again++;
      device->world->result->doubtful++;
      bool delivered = false;
      if (vn__flaw_lost(device, packet, &delivered) && device->powered) {
        vn_sent(&device->engine, packet->index, delivered);
      }
    }
  }
  if (!device->powered) {
    review_confirmed(device);
    device->world->result->doubtful += device->confirmed_count;
    device->confirmed_count = 0;
  }
}
