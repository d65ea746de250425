/* Commands that come by MQTT and change no alert, and their answers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"
#include "world_priv.h"

/* By the first figure of a fault. What people do to alerts is nothing that the oracle knows. */
static const char *const texts[] = {
    "{\"command\":\"list\",\"id\":\"%u\"}",
    "{\"command\":\"savepoint\",\"id\":\"%u\"}",
    "{\"command\":\"reset\",\"alert\":\"none\",\"id\":\"%u\"}",
    "{\"command\":\"list\",\"rain\":1,\"id\":\"%u\"}",
};
#define TEXTS (sizeof texts / sizeof texts[0])
/* Of a letter, at least. */
#define TEXT_MAX 72u

void vn__command(vn__device_t *device, int64_t kind) {
  vn__world_t *world = device->world;
  if (device->number >= (uint32_t)world->with->series) {
    return; /* the broker finds a device by its sensors */
  }
  if (world->asked_count == world->asked_room) {
    world->asked = vn_room_grow(world->asked, &world->asked_room, sizeof *world->asked);
  }
  world->asked[world->asked_count++] = (vn__asked_t){.taken = false};
  vn__letter_t *letter = vn__letter_new(world);
  letter->series = device->number;
  letter->command = (uint32_t)world->asked_count;
  int length =
      snprintf(letter->payload, TEXT_MAX, texts[(uint64_t)kind % TEXTS], (unsigned)letter->command);
  VN_ASSERT(length > 0 && (unsigned)length < TEXT_MAX);
  letter->length = (uint32_t)length;
  vn__broker_publish(world, letter);
}

static vn_err_t begin(void *context) {
  vn__device_t *device = context;
  device->kept.length = 0;
  return VN_OK;
}

static vn_err_t write(void *context, const uint8_t *bytes, size_t length) {
  vn__device_t *device = context;
  return vn__file_write(&device->kept, bytes, length);
}

static vn_err_t end(void *context, bool good) {
  vn__device_t *device = context;
  device->kept.length = vn__flaw_kept(device, device->kept.length);
  if (good) {
    vn__savepoint_check(device, &device->kept);
  }
  return VN_OK;
}

void vn__commands_begin(vn__device_t *device) {
  device->keeper = (vn_keeper_t){device, "state.savepoint", begin, write, end};
  vn_keep_savepoints(&device->engine, &device->keeper);
}

void vn__command_taken(vn__world_t *world, const vn__letter_t *letter) {
  if (letter->command != 0) {
    world->asked[letter->command - 1u].taken = true;
  }
}

/* The command that an answer names; 0: none. */
static uint64_t number_of(const vn__packet_t *packet) {
  static const char name[] = "\"id\":\"";
  const size_t size = sizeof name - 1u;
  const char *text = (const char *)packet->payload;
  const char *end = text + packet->payload_length;
  uint64_t number = 0;
  while (end - text > (ptrdiff_t)size && memcmp(text, name, size) != 0) {
    text++;
  }
  for (text += size; text < end && *text >= '0' && *text <= '9'; text++) {
    number = number * 10u + (uint64_t)(*text - '0');
  }
  return number;
}

void vn__command_answer(vn__device_t *device, const vn__packet_t *packet) {
  vn__world_t *world = device->world;
  const char *name = strrchr(packet->topic, '/');
  if (name == NULL || strcmp(name, "/response") != 0) {
    return;
  }
  uint64_t number = number_of(packet);
  world->result->figures.answers++;
  if (number == 0 || number > world->asked_count) {
    vn__world_problem(world, "d%u answers what nobody asked: number %" PRIu64,
                      (unsigned)device->number, number);
    return;
  }
  world->asked[number - 1u].answered = true;
}

/* An outbox that overflows drops answers, too. */
static bool has_overflown(const vn__world_t *world) {
  bool any = false;
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    any = any || world->devices[i].engine.figures.outbox_dropped > 0;
  }
  return any;
}

void vn__commands_check(vn__world_t *world) {
  bool all = world->with->journal != 0 && !has_overflown(world);
  for (size_t i = 0; i < world->asked_count; i++) {
    const vn__asked_t *asked = &world->asked[i];
    if (asked->taken && !asked->answered && all) {
      vn__world_problem(world, "command %zu was acknowledged and never answered", i + 1u);
    }
  }
}
