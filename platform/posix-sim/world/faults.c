/* Faults, one by one, as the case lists them. */
#include <inttypes.h>

#include "world_priv.h"

static void break_line(vn__device_t *device, const vn_case_fault_t *fault) {
  vn__line_break(device, fault->a != 0 ? VN__LINE_OUT : VN__LINE_IN, fault->for_ms * 1000);
}

static void weaken_line(vn__device_t *device, const vn_case_fault_t *fault) {
  vn__line_name_t name = fault->a != 0 ? VN__LINE_OUT : VN__LINE_IN;
  vn__line_t *line = &device->lines[name];
  if (!line->up) {
    return;
  }
  line->half_open = fault->kind == VN_FAULT_HALF_OPEN;
  line->mute = fault->kind == VN_FAULT_MUTE;
  const vn_event_t event = {.epoch = line->epoch,
                            .argument = name,
                            .kind = VN__EVENT_GIVE_UP,
                            .device = (uint8_t)device->number};
  vn__world_after(device->world, fault->for_ms * 1000, &event);
}

static void restart_broker(vn__world_t *world, const vn_case_fault_t *fault) {
  world->broker_down_until_us = world->now_us + fault->for_ms * 1000;
  for (uint32_t i = 0; i < (uint32_t)world->with->devices; i++) {
    vn__device_t *device = &world->devices[i];
    vn__line_break(device, VN__LINE_IN, fault->for_ms * 1000);
    vn__line_break(device, VN__LINE_OUT, fault->for_ms * 1000);
    if (fault->kind == VN_FAULT_BROKER_AMNESIA) {
      vn__broker_forget(device);
    }
  }
}

static void fault_device(vn__device_t *device, const vn_case_fault_t *fault) {
  switch ((vn_fault_kind_t)fault->kind) {
    case VN_FAULT_CUT:
      vn__device_cut(device, fault);
      break;
    case VN_FAULT_KILL:
    case VN_FAULT_TWICE:
      device->killed = fault->kind == VN_FAULT_KILL && !device->flash->dead;
      device->twice = fault->kind == VN_FAULT_TWICE;
      device->off_ms = fault->for_ms;
      vn__device_power_off(device);
      break;
    case VN_FAULT_STOP:
      device->off_ms = fault->for_ms;
      vn__device_stop(device);
      break;
    case VN_FAULT_MOVE:
      vn__device_move(device, fault);
      break;
    case VN_FAULT_BREAK:
      break_line(device, fault);
      break;
    case VN_FAULT_HALF_OPEN:
    case VN_FAULT_MUTE:
      weaken_line(device, fault);
      break;
    case VN_FAULT_CLOCK_STEP:
      device->wall_offset_ms += fault->a;
      device->clock_moved = true;
      break;
    case VN_FAULT_CLOCK_UNSET:
      device->unset_until_us = device->world->now_us + fault->for_ms * 1000;
      device->clock_moved = true;
      break;
    default:
      break;
  }
}

void vn__fault(vn__world_t *world, const vn_case_fault_t *fault) {
  uint32_t series = (uint32_t)(fault->a % world->with->series);
  vn__device_t *device = &world->devices[fault->device % (uint32_t)world->with->devices];
  world->result->figures.faults++;
  vn__world_trace(world, "fault of kind %u: %" PRId64 " for %" PRId64 " ms", (unsigned)fault->kind,
                  fault->a, fault->for_ms);
  switch ((vn_fault_kind_t)fault->kind) {
    case VN_FAULT_BROKER_RESTART:
    case VN_FAULT_BROKER_AMNESIA:
      restart_broker(world, fault);
      break;
    case VN_FAULT_SILENCE:
      world->sensors[series].silent_until_us = world->now_us + fault->for_ms * 1000;
      break;
    case VN_FAULT_RENUMBER:
      vn__sensor_restart(world, series);
      break;
    case VN_FAULT_BURST:
      vn__sensor_burst(world, series, fault->b);
      break;
    case VN_FAULT_COMMAND:
      vn__command(device, fault->a);
      break;
    default:
      if (device->powered) {
        fault_device(device, fault);
      }
      break;
  }
}
