/* The broker: sessions that keep messages for a device, QoS 1 in order, and lines that break. */
#include "room.h"
#include "world_priv.h"

#include <string.h>

#define FIRST_ROOM 64u
/* A device that finds the broker gone tries again so much later, at most twice that. */
#define RETRY_US 200000

static vn__letter_t **place(const vn__session_t *session, uint64_t number) {
  return &session->ring[number & (session->room - 1u)];
}

static void grow(vn__session_t *session) {
  size_t room = session->room == 0 ? FIRST_ROOM : session->room * 2u;
  vn__letter_t **ring = vn_room_new(room * sizeof *ring);
  for (uint64_t i = session->head; i < session->tail; i++) {
    ring[i & (room - 1u)] = *place(session, i);
  }
  vn_room_free(session->ring);
  session->ring = ring;
  session->room = room;
}

int64_t vn__line_arrival_us(vn__device_t *device, vn__line_name_t name, bool back) {
  vn__line_t *line = &device->lines[name];
  int64_t *last_us = back ? &line->back_us : &line->there_us;
  int64_t latency_us = device->world->with->latency_us;
  int64_t at_us =
      device->world->now_us + latency_us + prng_below(&device->network, (uint32_t)latency_us);
  *last_us = at_us > *last_us ? at_us : *last_us;
  return *last_us;
}

/* Sends what the window allows. */
static void pump(vn__device_t *device) {
  vn__session_t *session = &device->session;
  const vn__line_t *line = &device->lines[VN__LINE_IN];
  uint64_t window = (uint64_t)device->world->with->broker_window;
  while (line->up && session->sent < session->tail && session->sent - session->head < window) {
    const vn_event_t event = {.at_us = vn__line_arrival_us(device, VN__LINE_IN, false),
                              .epoch = line->epoch,
                              .kind = VN__EVENT_DELIVER,
                              .device = (uint8_t)device->number};
    vn_events_add(&device->world->events, &event);
    session->sent++;
  }
}

void vn__broker_publish(vn__world_t *world, vn__letter_t *letter) {
  vn__device_t *device = &world->devices[world->sensors[letter->series].device];
  vn__session_t *session = &device->session;
  uint64_t waiting = session->tail - session->head;
  if (session->absent || waiting >= (uint64_t)world->with->broker_queue) {
    world->result->figures.lost_by_broker += letter->count;
    vn__letter_free(world, letter);
    return;
  }
  if (waiting == session->room) {
    grow(session);
  }
  *place(session, session->tail++) = letter;
  pump(device);
}

void vn__broker_deliver(vn__device_t *device) {
  if (device->powered && !device->lines[VN__LINE_IN].half_open) {
    device->session.delivered++;
    vn__device_take(device);
  }
}

vn__letter_t *vn__broker_letter(const vn__session_t *session, uint64_t number) {
  return *place(session, number);
}

void vn__broker_acknowledged(vn__device_t *device) {
  vn__session_t *session = &device->session;
  const vn__line_t *line = &device->lines[VN__LINE_IN];
  if (line->half_open || line->mute) {
    return;
  }
  vn__letter_free(device->world, *place(session, session->head++));
  pump(device);
}

void vn__broker_forget(vn__device_t *device) {
  vn__session_t *session = &device->session;
  for (; session->head < session->tail; session->head++) {
    vn__letter_t *letter = *place(session, session->head);
    if (letter == device->doubtful) { /* a restart will tell whether it is there */
      device->doubtful_alone = true;
    } else {
      device->world->result->figures.lost_by_broker += letter->logged ? 0 : letter->count;
      vn__letter_free(device->world, letter);
    }
  }
  session->sent = session->delivered = session->taken = session->head;
  session->absent = true;
}

void vn__line_break(vn__device_t *device, vn__line_name_t name, int64_t back_after_us) {
  vn__line_t *line = &device->lines[name];
  vn__session_t *session = &device->session;
  line->epoch++;
  line->up = line->half_open = line->mute = false;
  if (name == VN__LINE_IN) {
    device->world->result->figures.redelivered += session->taken - session->head;
    session->sent = session->delivered = session->taken = session->head;
  } else {
    vn__upstream_lost(device);
  }
  const vn_event_t event = {.epoch = line->epoch,
                            .argument = name,
                            .kind = VN__EVENT_CONNECT,
                            .device = (uint8_t)device->number};
  if (device->powered) {
    vn__world_after(device->world, back_after_us, &event);
  }
}

void vn__line_connect(vn__device_t *device, vn__line_name_t name) {
  vn__line_t *line = &device->lines[name];
  vn__world_t *world = device->world;
  const vn_event_t again = {.epoch = line->epoch,
                            .argument = name,
                            .kind = VN__EVENT_CONNECT,
                            .device = (uint8_t)device->number};
  if (!device->powered || line->up) {
    return;
  }
  if (world->now_us < world->broker_down_until_us) {
    vn__world_after(world, RETRY_US + prng_below(&device->network, RETRY_US), &again);
    return;
  }
  line->up = true;
  line->there_us = line->back_us = world->now_us;
  if (name == VN__LINE_IN) {
    device->session.absent = false;
    pump(device);
  } else {
    vn__device_step_at(device, world->now_us);
  }
}
