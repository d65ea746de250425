/* A device: the engine of vnotchd with ports of this world. */
#include <string.h>

#include "room.h"
#include "world_priv.h"

#define STEP_BUDGET 256u
#define POISON 0xA5
#define WORK_US 1000
#define RETRY_US 20000
#define CONNECT_MS_MAX 2000u
#define STOP_STEPS 100u
#define TOPIC_MAX 24u

static int64_t mono_ms(void *context) {
  const vn__device_t *device = context;
  int64_t step_ms = vn__flawed(device, VN_FLAW_WALL_FOR_MONO) ? device->wall_offset_ms : 0;
  return device->world->with->mono_ms + (device->world->now_us - device->boot_us) / 1000 + step_ms;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const vn__device_t *device = context;
  *out = vn__world_ms(device->world) + device->wall_offset_ms;
  return device->world->now_us >= device->unset_until_us;
}

static flash_fake_shape_t shape_of(const vn_case_t *with) {
  return (flash_fake_shape_t){.erase_size = (uint32_t)with->erase,
                              .prog_size = (uint32_t)with->unit,
                              .sector_count = (uint32_t)with->sectors,
                              .erased_value = with->noise != 0 ? FLASH_FAKE_NOISE : 0xFF,
                              .unstable = with->unstable != 0,
                              .ecc = with->ecc != 0,
                              .cached = with->cached != 0};
}

static bool prepare_store(vn__device_t *device) {
  vn_err_t error = vn_store_need(&device->configuration->plan, &device->store);
  if (error != VN_OK) {
    vn__world_problem(device->world, "the plan was refused: %s", vn_err_text(error));
    return false;
  }
  device->block_bytes = vn_store_bytes(&device->store);
  device->block = vn_room_new(device->block_bytes);
  vn_store_layout(&device->store, device->block);
  for (uint32_t i = 0; i < VN__UP_WINDOW; i++) {
    device->packets[i].payload = vn_room_new(device->store.scratch_bytes);
  }
  return true;
}

bool vn__device_new(vn__device_t *device, vn__world_t *world, uint32_t number) {
  const vn_case_t *with = world->with;
  uint64_t seed = (uint64_t)with->seed;
  *device = (vn__device_t){.world = world, .number = number, .step_us = INT64_MAX};
  vn_configuration_t *configuration =
      vn_world_configuration(with, number, world->result->problem, sizeof world->result->problem);
  if (configuration == NULL) {
    return false;
  }
  const flash_fake_shape_t shape = shape_of(with);
  flash_fake_t *flash = flash_fake_new(&shape, seed ^ (VN__STREAM_FLASH + number));
  device->network = prng_make(seed, VN__STREAM_NETWORK + number);
  device->faults = prng_make(seed, VN__STREAM_FAULTS + number);
  device->clock = (vn_clock_t){device, mono_ms, wall_ms};
  device->uplink = (vn_uplink_t){device, vn__upstream_send};
  device->ports = (vn_ports_t){&device->clock, &device->port, &device->uplink, NULL};
  memcpy(device->topic_prefix, "vnotch/d0/", sizeof "vnotch/d0/");
  device->topic_prefix[8] = (char)('0' + number);
  return vn__device_settle_in(device, configuration, flash);
}

static void move_out(vn__device_t *device) {
  for (uint32_t i = 0; i < VN__UP_WINDOW; i++) {
    VN_ASSERT(!device->packets[i].used || device->world->ended);
    vn_room_free(device->packets[i].payload);
  }
  vn_room_free(device->block);
  if (device->flash != NULL) {
    flash_fake_free(device->flash);
  }
  if (device->configuration != NULL) {
    vn_configuration_free(device->configuration);
  }
}

void vn__device_free(vn__device_t *device) {
  move_out(device);
  vn_room_free(device->session.ring);
  vn_room_free(device->confirmed);
  vn_room_free(device->kept.bytes);
}

bool vn__device_settle_in(vn__device_t *device, vn_configuration_t *configuration,
                          flash_fake_t *flash) {
  move_out(device);
  device->configuration = configuration;
  device->flash = flash;
  device->port = flash->port;
  vn__flaw_made(device);
  return prepare_store(device) &&
         vn_init(&device->engine, &configuration->plan, &device->store, &device->ports) == VN_OK;
}

void vn__device_step_at(vn__device_t *device, int64_t at_us) {
  if (at_us >= device->step_us || !device->powered) {
    return;
  }
  device->step_us = at_us;
  const vn_event_t event = {.at_us = at_us,
                            .epoch = ++device->step_epoch,
                            .kind = VN__EVENT_STEP,
                            .device = (uint8_t)device->number};
  vn_events_add(&device->world->events, &event);
}

void vn__device_power_off(vn__device_t *device) {
  vn__world_t *world = device->world;
  if (!device->powered) {
    return;
  }
  vn__world_trace(world, "d%u is off", (unsigned)device->number);
  world->result->figures.cuts++;
  world->result->figures.torn += device->flash->dead;
  device->powered = false;
  device->step_us = INT64_MAX;
  device->step_epoch++;
  vn__line_break(device, VN__LINE_IN, 0);
  vn__line_break(device, VN__LINE_OUT, 0);
  const vn_event_t event = {.epoch = ++device->power_epoch,
                            .kind = VN__EVENT_POWER_UP,
                            .device = (uint8_t)device->number};
  vn__world_after(world, device->off_ms * 1000 + 1, &event);
}

/* What is worn out, torn or forgotten by the engine itself ends the run. */
static bool is_sound(vn__device_t *device, vn_err_t error, const char *doing) {
  if (device->flash->violation != NULL) {
    vn__world_problem(device->world, "d%u %s: %s", (unsigned)device->number, doing,
                      device->flash->violation);
  } else if (device->flash->dead) {
    vn__device_power_off(device);
    return false;
  } else if (error != VN_OK) {
    vn__world_problem(device->world, "d%u %s: %s", (unsigned)device->number, doing,
                      vn_err_text(error));
  }
  return !vn__world_failed(device->world);
}

static void arm(vn__device_t *device, uint32_t operations) {
  uint32_t kinds = device->cut_kinds;
  flash_fake_cut_at(device->flash, operations, (flash_fake_cut_t)(kinds % 4u),
                    (flash_fake_cut_t)(CUT_ERASE_OLD + kinds / 4u % 4u));
}

/* In memory that holds nothing of use. */
static bool start(vn__device_t *device) {
  memset(device->block, POISON, device->block_bytes);
  vn_err_t error =
      vn_init(&device->engine, &device->configuration->plan, &device->store, &device->ports);
  if (error == VN_OK) {
    vn__commands_begin(device);
    error = vn_restore(&device->engine);
  }
  if (error == VN_OK) {
    vn__flaw_restored(device);
    device->moved = false;
  }
  return is_sound(device, error, "starts");
}

/* Two starts, one after the other, come to the same state. */
static bool start_twice(vn__device_t *device) {
  const vn_figures_t before = device->engine.figures;
  uint64_t accepted = device->engine.journal.accepted;
  device->twice = false;
  flash_fake_power_up(device->flash);
  if (!start(device)) {
    return false;
  }
  const vn_accounting_t *now = &device->engine.figures.readings;
  if (now->received != before.readings.received || now->accepted != before.readings.accepted ||
      device->engine.journal.accepted != accepted) {
    vn__world_problem(device->world, "d%u: a second start found another state",
                      (unsigned)device->number);
    return false;
  }
  return true;
}

void vn__device_power_up(vn__device_t *device) {
  vn__world_t *world = device->world;
  device->powered = true;
  device->boot_us = world->now_us;
  world->result->figures.power_ups++;
  vn__world_trace(world, "d%u is on", (unsigned)device->number);
  if (!device->killed) {
    flash_fake_power_up(device->flash);
  }
  device->killed = false;
  if (device->cuts_left > 0) {
    device->cuts_left--;
    arm(device, device->cut_again);
  }
  bool twice = device->twice;
  if (!start(device) || (twice && !start_twice(device))) {
    return;
  }
  vn__ledger_restored(device);
  device->stopped = false;
  for (uint32_t i = 0; i < VN__LINES; i++) {
    const vn_event_t event = {.epoch = device->lines[i].epoch,
                              .argument = i,
                              .kind = VN__EVENT_CONNECT,
                              .device = (uint8_t)device->number};
    vn__world_after(world, 1000 * (int64_t)prng_below(&device->network, CONNECT_MS_MAX), &event);
  }
  vn__device_step_at(device, world->now_us);
}

void vn__device_stop(vn__device_t *device) {
  vn_err_t error = VN_OK;
  uint32_t sleep_ms = 0;
  vn__line_break(device, VN__LINE_IN, RETRY_US);
  for (uint32_t i = 0; i < STOP_STEPS && error == VN_OK && vn_waiting(&device->engine) > 0; i++) {
    error = vn_step(&device->engine, STEP_BUDGET, &sleep_ms);
  }
  bool drained = vn_waiting(&device->engine) == 0;
  error = error == VN_OK ? vn_stop(&device->engine) : error;
  if (is_sound(device, error, "stops")) {
    device->killed = true;
    device->stopped = drained;
    vn__device_power_off(device);
  }
}

void vn__device_cut(vn__device_t *device, const vn_case_fault_t *fault) {
  device->off_ms = fault->for_ms;
  device->cuts_left = (uint32_t)fault->b;
  device->cut_again = (uint32_t)fault->c;
  device->cut_kinds = (uint32_t)fault->d;
  if (fault->a == 0) {
    vn__device_power_off(device);
  } else {
    arm(device, (uint32_t)fault->a);
  }
}

/* Returns the length. */
static size_t put_text(char topic[TOPIC_MAX], size_t at, const char *text) {
  size_t length = strlen(text);
  VN_ASSERT(length <= TOPIC_MAX - at);
  memcpy(topic + at, text, length);
  return at + length;
}

static vn_err_t offer(vn__device_t *device, vn__letter_t *letter) {
  char topic[TOPIC_MAX];
  bool command = letter->command != 0;
  size_t length = put_text(topic, 0, command ? device->topic_prefix : "in/");
  length =
      put_text(topic, length, command ? "command" : device->world->sensors[letter->series].name);
  const vn_text_t text = {topic, length};
  const uint8_t *payload = (const uint8_t *)letter->payload;
  if (vn__flaw_taken(device, letter)) {
    return VN_OK;
  }
  return device->world->with->journal != 0
             ? vn_accept_message(&device->engine, text, payload, letter->length, false)
             : vn_offer_message(&device->engine, text, payload, letter->length, false);
}

/* One message; false: not now. */
static bool take_one(vn__device_t *device) {
  vn__world_t *world = device->world;
  vn__session_t *session = &device->session;
  vn__letter_t *letter = vn__broker_letter(session, session->taken);
  uint64_t before = device->engine.journal.accepted;
  vn__taking_t how = {.in_turn = true};
  how.unset = !wall_ms(device, &how.arrival_ms);
  vn_err_t error = offer(device, letter);
  if (device->flash->dead && error != VN_OK) {
    bool early = vn__flawed(device, VN_FLAW_ACKNOWLEDGE_EARLY);
    device->doubtful = early ? NULL : letter;
    device->doubtful_before = before;
    device->doubtful_how = how;
    if (early) {
      vn__ledger_take(device, letter, &how);
      session->head = session->taken + 1u;
      session->sent = session->delivered = session->taken = session->head;
    }
  }
  if (error == VN_ERR_FULL || error == VN_ERR_LOG_FULL) {
    vn__device_step_at(device, world->now_us + RETRY_US);
    return false;
  }
  if (!is_sound(device, error, "takes a message")) {
    return false;
  }
  how.in_turn = world->with->journal == 0 || device->engine.journal.accepted > before;
  vn__ledger_take(device, letter, &how);
  vn__command_taken(world, letter);
  session->taken++;
  const vn_event_t event = {.at_us = vn__line_arrival_us(device, VN__LINE_IN, true),
                            .epoch = device->lines[VN__LINE_IN].epoch,
                            .kind = VN__EVENT_ACKNOWLEDGED,
                            .device = (uint8_t)device->number};
  vn_events_add(&world->events, &event);
  return true;
}

void vn__device_take(vn__device_t *device) {
  const vn__session_t *session = &device->session;
  bool some = false;
  while (device->powered && session->taken < session->delivered && take_one(device)) {
    some = true;
  }
  if (some) {
    vn__device_step_at(device, device->world->now_us + WORK_US);
  }
}

void vn__device_step(vn__device_t *device) {
  uint32_t sleep_ms = 0;
  device->step_us = INT64_MAX;
  vn__flaw_before_step(device);
  vn_err_t error = vn_step(&device->engine, STEP_BUDGET, &sleep_ms);
  if (!is_sound(device, error, "works")) {
    return;
  }
  vn__flaw_after_step(device);
  vn__device_take(device);
  int64_t lazy_ms = device->world->with->lazy_ms;
  int64_t pause_ms = (int64_t)sleep_ms > lazy_ms ? (int64_t)sleep_ms : lazy_ms;
  vn__device_step_at(device, device->world->now_us + pause_ms * 1000 + 1);
}

bool vn__device_is_idle(const vn__device_t *device) {
  return device->powered && device->session.head == device->session.tail &&
         vn_idle(&device->engine);
}
