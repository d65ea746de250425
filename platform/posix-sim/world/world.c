/* A world from its begin to its end. */
#include "world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"
#include "world_priv.h"

#define HOUR_MS INT64_C(3600000)
/* When all is healed, what is open must be told and sent within this time. */
#define SETTLE_MS (2 * HOUR_MS)
#define CHECK_EVERY_MS INT64_C(60000)

/* Of the run at work, for assertions: they have no context. */
static struct {
  jmp_buf back;
  char place[160];
  bool armed;
} alarm;

void vn_world_caught(const char *file, int line) {
  if (alarm.armed) {
    const char *name = strrchr(file, '/');
    (void)snprintf(alarm.place, sizeof alarm.place, "an assertion failed: %s:%d",
                   name == NULL ? file : name + 1, line);
    alarm.armed = false;
    longjmp(alarm.back, 1);
  }
}

bool vn__world_failed(const vn__world_t *world) { return world->result->problem[0] != '\0'; }

void vn__world_problem(vn__world_t *world, const char *format, ...) {
  if (vn__world_failed(world)) {
    return;
  }
  char text[sizeof world->result->problem - 40];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  (void)snprintf(world->result->problem, sizeof world->result->problem, "at %" PRId64 " ms: %s",
                 world->now_us / 1000, text);
  world->ended = true;
}

void vn__world_trace(const vn__world_t *world, const char *format, ...) {
  if (!world->options.trace) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%12" PRId64 " ", world->now_us / 1000);
  (void)vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

int64_t vn__world_ms(const vn__world_t *world) {
  return world->with->start_ms + world->now_us / 1000;
}

void vn__world_after(vn__world_t *world, int64_t delay_us, const vn_event_t *event) {
  vn_event_t later = *event;
  later.at_us = world->now_us + delay_us;
  vn_events_add(&world->events, &later);
}

static void schedule_end(vn__world_t *world, int64_t after_ms, uint32_t phase) {
  const vn_event_t event = {.kind = VN__EVENT_END, .argument = phase};
  vn__world_after(world, after_ms * 1000, &event);
}

/* Behind this time nothing of before can be in an open window. */
static int64_t horizon_ms(const vn_case_t *with) {
  int64_t longest_ms = 0;
  for (size_t i = 0; i < with->window_count; i++) {
    const vn_case_window_t *window = &with->windows[i];
    longest_ms = window->size_ms > longest_ms ? window->size_ms : longest_ms;
  }
  return longest_ms + with->out_of_order_ms + with->lateness_ms + HOUR_MS;
}

/* All faults heal. */
static void heal(vn__world_t *world) {
  world->healing = true;
  world->broker_down_until_us = world->now_us;
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    vn__device_t *device = &world->devices[i];
    device->cuts_left = 0;
    device->flash->cut_at = 0;
    device->wall_offset_ms = 0;
    device->unset_until_us = 0;
    device->off_ms = 1000;
    for (uint32_t k = 0; k < VN__LINES; k++) {
      vn__line_break(device, (vn__line_name_t)k, 1000000);
    }
  }
}

static bool all_idle(const vn__world_t *world) {
  bool idle = true;
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    idle = idle && vn__device_is_idle(&world->devices[i]);
  }
  return idle;
}

static void settle_oracles(vn__world_t *world) {
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    vn_oracle_t *oracle = world->oracles[i];
    if (oracle == NULL || vn__world_failed(world)) {
      continue;
    }
    vn_oracle_settle(oracle);
    const char *difference = vn_oracle_difference(oracle);
    if (difference != NULL) {
      vn__world_problem(world, "d%u differs from the oracle at the end: %s", (unsigned)i,
                        difference);
    }
  }
}

static void finish(vn__world_t *world) {
  world->ended = true;
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    world->result->figures.simulated_ms += world->with->minutes * 60000;
    vn__ledger_check(&world->devices[i]);
  }
  vn__commands_check(world);
  settle_oracles(world);
}

static void say_who_is_busy(vn__world_t *world) {
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    const vn__device_t *device = &world->devices[i];
    const vn__session_t *session = &device->session;
    if (!vn__device_is_idle(device)) {
      vn__world_problem(world,
                        "d%u doesn't come to rest: %s, %" PRIu64 " messages at the broker, %" PRIu64
                        " delivered, %u in the queue, outbox %s",
                        (unsigned)i, device->powered ? "on" : "off", session->tail - session->head,
                        session->delivered - session->taken, (unsigned)vn_waiting(&device->engine),
                        vn_outbox_empty(&device->engine.outbox) ? "empty" : "not empty");
    }
  }
}

/* Phases of the end: faults heal; the last readings; then it must come to rest. */
static void end_phase(vn__world_t *world, uint32_t phase) {
  if (phase == 0) {
    heal(world);
    schedule_end(world, horizon_ms(world->with), 1);
  } else if (phase == 1) {
    for (uint32_t i = 0; i < (uint32_t)world->with->series; i++) {
      vn__sensor_end(world, i);
    }
    schedule_end(world, CHECK_EVERY_MS, 2);
  } else if (all_idle(world)) {
    finish(world);
  } else if (phase >= SETTLE_MS / CHECK_EVERY_MS) {
    say_who_is_busy(world);
  } else {
    schedule_end(world, CHECK_EVERY_MS, phase + 1u);
  }
}

static void handle_line(vn__device_t *device, const vn_event_t *event) {
  vn__line_name_t name = (vn__line_name_t)event->argument;
  if (event->epoch != device->lines[name].epoch) {
    return;
  }
  if (event->kind == VN__EVENT_CONNECT) {
    vn__line_connect(device, name);
  } else {
    vn__line_break(device, name, (int64_t)prng_below(&device->network, 1000) * 1000);
  }
}

/* What belongs to a connection that is no more never comes. */
static void handle_traffic(vn__device_t *device, const vn_event_t *event) {
  bool in = event->kind == VN__EVENT_DELIVER || event->kind == VN__EVENT_ACKNOWLEDGED;
  if (event->epoch != device->lines[in ? VN__LINE_IN : VN__LINE_OUT].epoch) {
    return;
  }
  if (event->kind == VN__EVENT_DELIVER) {
    vn__broker_deliver(device);
  } else if (event->kind == VN__EVENT_ACKNOWLEDGED) {
    vn__broker_acknowledged(device);
  } else if (event->kind == VN__EVENT_ARRIVE) {
    vn__upstream_arrive(device, event->argument);
  } else {
    vn__upstream_confirm(device, event->argument);
  }
}

static void handle(vn__world_t *world, const vn_event_t *event) {
  vn__device_t *device = &world->devices[event->device];
  switch ((vn__event_kind_t)event->kind) {
    case VN__EVENT_SENSOR:
      vn__sensor_tick(world, event->argument);
      break;
    case VN__EVENT_STEP:
      if (event->epoch == device->step_epoch) {
        vn__device_step(device);
      }
      break;
    case VN__EVENT_POWER_UP:
      if (event->epoch == device->power_epoch) {
        vn__device_power_up(device);
      }
      break;
    case VN__EVENT_CONNECT:
    case VN__EVENT_GIVE_UP:
      handle_line(device, event);
      break;
    case VN__EVENT_FAULT:
      vn__fault(world, &world->with->faults[event->argument]);
      break;
    case VN__EVENT_END:
      end_phase(world, event->argument);
      break;
    default:
      handle_traffic(device, event);
      break;
  }
}

static void begin(vn__world_t *world) {
  const vn_case_t *with = world->with;
  if (with->series > VN__SERIES_MAX || with->devices > VN__DEVICES_MAX ||
      with->pack > VN__PACK_MAX) {
    world->result->unfit = true;
    vn__world_problem(world, "at most %u series, %u devices, %u readings in a message",
                      VN__SERIES_MAX, VN__DEVICES_MAX, VN__PACK_MAX);
    return;
  }
  vn__sensors_begin(world);
  for (uint32_t i = 0; i < (uint32_t)with->devices; i++) {
    if (!vn__device_new(&world->devices[i], world, i)) {
      world->result->unfit = true;
      return;
    }
    world->oracles[i] = world->options.oracle ? vn__oracle_of(world, i) : NULL;
    const vn_event_t on = {.kind = VN__EVENT_POWER_UP, .device = (uint8_t)i};
    vn__world_after(world, 0, &on);
  }
  for (size_t i = 0; i < with->fault_count; i++) {
    const vn_event_t fault = {.kind = VN__EVENT_FAULT, .argument = (uint32_t)i};
    vn__world_after(world, with->faults[i].at_ms * 1000, &fault);
  }
  schedule_end(world, with->minutes * 60000, 0);
}

static void play(vn__world_t *world) {
  vn_event_t event;
  begin(world);
  while (!world->ended && !vn__world_failed(world) && vn_events_take(&world->events, &event)) {
    world->now_us = event.at_us;
    handle(world, &event);
  }
}

static void end(vn__world_t *world) {
  for (uint32_t i = 0; i < VN__DEVICES_MAX; i++) {
    if (world->oracles[i] != NULL) {
      world->result->figures.results_checked +=
          vn_oracle_figures(world->oracles[i]).results_compared;
      vn_oracle_free(world->oracles[i]);
    }
    vn__device_free(&world->devices[i]);
  }
  for (size_t i = 0; i < world->block_count; i++) {
    vn_room_free(world->blocks[i]);
  }
  for (int64_t i = 0; world->ledgers != NULL && i < world->with->series; i++) {
    vn_room_free(world->ledgers[i].entries);
    vn_room_free(world->ledgers[i].seen);
  }
  vn_room_free(world->ledgers);
  vn_room_free(world->asked);
  vn_room_free(world->blocks);
  vn_room_free(world->sensors);
  vn_events_free(&world->events);
}

void vn_world_run(const vn_case_t *world_case, const vn_world_options_t *options,
                  vn_world_result_t *result) {
  vn__world_t *world = vn_room_new(sizeof *world);
  memset(result, 0, sizeof *result);
  world->with = world_case;
  world->options = *options;
  world->result = result;
  result->story.hashed = true;
  result->story.keeps_messages = options->keep;
  result->story.keeps_readings = options->keep || world_case->journal == 0;
  alarm.armed = true;
  if (setjmp(alarm.back) == 0) {
    play(world);
  } else {
    vn__world_problem(world, "%s", alarm.place);
  }
  alarm.armed = false;
  end(world);
  vn_room_free(world);
}
