/* Moves: a device stops, and what its savepoint says goes on in another region. */
#include <string.h>

#include "room.h"
#include "world_priv.h"

#define STREAM_REGION UINT64_C(0x100000000)

/* `vnotch savepoint`: an engine over a region, whose clock stands at the time of the state. */
typedef struct bench {
  vn_engine_t engine;
  vn_store_t store;
  void *block;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_ports_t ports;
  vn_savepoint_head_t head; /* of what is imported */
  bool import;
} bench_t;

/* Where the device goes. */
typedef struct region {
  vn_configuration_t *configuration;
  flash_fake_t *flash;
} region_t;

static int64_t mono_ms(void *context) {
  (void)context;
  return 0;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const bench_t *bench = context;
  *out = bench->head.at_ms;
  return bench->import ? bench->head.has_time : vn_inspected_wall_ms(&bench->engine, out);
}

static vn_err_t send_nothing(void *context, const vn_message_t *message) {
  (void)context;
  (void)message;
  return VN_ERR_LINK;
}

vn_err_t vn__file_write(void *file, const uint8_t *bytes, size_t length) {
  vn__file_t *to = file;
  while (to->length + length > to->room) {
    to->bytes = vn_room_grow(to->bytes, &to->room, 1);
  }
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
  return VN_OK;
}

static bench_t *bench_new(const vn_plan_t *plan, const vn_flash_t *flash, bool import) {
  bench_t *bench = vn_room_new(sizeof *bench);
  bench->import = import;
  bench->clock = (vn_clock_t){bench, mono_ms, wall_ms};
  bench->uplink = (vn_uplink_t){bench, send_nothing};
  bench->ports = (vn_ports_t){&bench->clock, flash, &bench->uplink, NULL};
  vn_err_t error = vn_store_need(plan, &bench->store);
  VN_ASSERT(error == VN_OK);
  bench->block = vn_room_new(vn_store_bytes(&bench->store));
  vn_store_layout(&bench->store, bench->block);
  error = vn_init(&bench->engine, plan, &bench->store, &bench->ports);
  VN_ASSERT(error == VN_OK);
  return bench;
}

static void bench_free(bench_t *bench) {
  vn_room_free(bench->block);
  vn_room_free(bench);
}

static vn_err_t export(const vn_plan_t *plan, const vn_flash_t *flash, vn__file_t *to) {
  bench_t *bench = bench_new(plan, flash, false);
  const vn_savepoint_sink_t sink = {to, vn__file_write};
  vn_err_t error = vn_inspect(&bench->engine);
  error = error == VN_OK ? vn_savepoint_write(&bench->engine, &sink) : error;
  bench_free(bench);
  return error;
}

static vn_err_t import(const region_t *region, const vn__file_t *from) {
  bench_t *bench = bench_new(&region->configuration->plan, &region->flash->port, true);
  vn_err_t error = vn_savepoint_look(from->bytes, from->length, &bench->head);
  if (error == VN_OK) {
    error = vn_restore_savepoint(&bench->engine, from->bytes, from->length, false);
  }
  bench_free(bench);
  return error;
}

/* As large as it was, in other sectors and units; false: no device could be configured so. */
static bool region_new(const vn__device_t *device, int64_t erase, int64_t unit, region_t *out) {
  const flash_fake_shape_t *old = &device->flash->shape;
  flash_fake_shape_t shape = *old;
  char problem[1024] = "";
  vn_case_t *with = vn_room_new(sizeof *with);
  *with = *device->world->with;
  shape.erase_size = erase > 0 ? (uint32_t)erase : old->erase_size;
  shape.prog_size = unit > 0 ? (uint32_t)unit : old->prog_size;
  shape.sector_count = device->flash->port.size_bytes / shape.erase_size;
  with->erase = shape.erase_size;
  with->unit = shape.prog_size;
  with->sectors = shape.sector_count;
  out->configuration = vn_world_configuration(with, device->number, problem, sizeof problem);
  if (out->configuration != NULL) {
    uint64_t stream = (VN__STREAM_FLASH + device->number) + STREAM_REGION * device->moves;
    out->flash = flash_fake_new(&shape, (uint64_t)with->seed ^ stream);
  }
  vn_room_free(with);
  return out->configuration != NULL;
}

static void region_free(const region_t *region) {
  flash_fake_free(region->flash);
  vn_configuration_free(region->configuration);
}

/* An export of the import is the file that was imported. */
static bool is_the_same(vn__device_t *device, const region_t *region, const vn__file_t *was) {
  vn__file_t now = {0};
  vn_err_t error = export(&region->configuration->plan, &region->flash->port, &now);
  size_t at = 0;
  while (at < now.length && at < was->length && now.bytes[at] == was->bytes[at]) {
    at++;
  }
  bool same = error == VN_OK && at == now.length && at == was->length;
  if (!same) {
    vn__world_problem(device->world,
                      "d%u exports what was imported as something else, from byte %zu on: %s",
                      (unsigned)device->number, at, vn_err_text(error));
  }
  vn_room_free(now.bytes);
  return same;
}

/* False: the device goes on where it was. */
static bool move_to(vn__device_t *device, const region_t *region, const vn__file_t *savepoint,
                    const vn_case_fault_t *fault) {
  if (fault->c != 0) {
    flash_fake_cut_at(region->flash, (uint64_t)fault->c, CUT_PROG_TORN, CUT_ERASE_MIX);
  }
  vn_err_t error = import(region, savepoint);
  if (region->flash->violation != NULL) {
    vn__world_problem(device->world, "d%u imports: %s", (unsigned)device->number,
                      region->flash->violation);
  } else if (error != VN_OK && !region->flash->dead) {
    vn__world_problem(device->world, "d%u imports: %s", (unsigned)device->number,
                      vn_err_text(error));
  }
  return error == VN_OK && !region->flash->dead && is_the_same(device, region, savepoint);
}

static void go_on(vn__device_t *device, const vn__file_t *savepoint, const vn_case_fault_t *fault) {
  region_t region = {0};
  device->moves++;
  if (!region_new(device, fault->a, fault->b, &region) && !region_new(device, 0, 0, &region)) {
    return;
  }
  if (!move_to(device, &region, savepoint, fault)) {
    region_free(&region);
    return;
  }
  vn__world_trace(device->world, "d%u moves into sectors of %u bytes and units of %u",
                  (unsigned)device->number, (unsigned)region.flash->shape.erase_size,
                  (unsigned)region.flash->shape.prog_size);
  device->killed = false;
  device->moved = true;
  device->world->result->figures.moves++;
  (void)vn__device_settle_in(device, region.configuration, region.flash);
}

void vn__device_move(vn__device_t *device, const vn_case_fault_t *fault) {
  vn__file_t savepoint = {0};
  device->off_ms = fault->for_ms;
  if (fault->d != 0) {
    device->killed = !device->flash->dead;
    vn__device_power_off(device);
  } else {
    vn__device_stop(device);
  }
  if (device->powered || device->flash->dead || vn__world_failed(device->world)) {
    return;
  }
  vn_err_t error = export(&device->configuration->plan, &device->flash->port, &savepoint);
  if (error == VN_OK) {
    go_on(device, &savepoint, fault);
  } else if (error != VN_ERR_UNFORMATTED) {
    vn__world_problem(device->world, "d%u exports: %s", (unsigned)device->number,
                      vn_err_text(error));
  }
  vn_room_free(savepoint.bytes);
}

void vn__savepoint_check(vn__device_t *device, const vn__file_t *savepoint) {
  const vn_case_fault_t sound = {.c = 0};
  uint64_t seed = (uint64_t)device->world->with->seed;
  const region_t region = {device->configuration,
                           flash_fake_new(&device->flash->shape, seed ^ VN__STREAM_FLASH)};
  (void)move_to(device, &region, savepoint, &sound);
  flash_fake_free(region.flash);
}
