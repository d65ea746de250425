#include "savepoint_rig.h"

#include "vn/crc32c.h"
#include "vn/vn.h"

#include <stdlib.h>
#include <string.h>

/* A clock that stands. */
typedef struct bench {
  rig_t *rig;
  vn_clock_t clock;
  vn_time_ms_t at_ms;
  bool has_time, import;
} bench_t;

static int64_t mono_ms(void *context) {
  (void)context;
  return 0;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const bench_t *bench = context;
  *out = bench->at_ms;
  return bench->import ? bench->has_time : vn_inspected_wall_ms(&bench->rig->engine, out);
}

static vn_err_t append(void *context, const uint8_t *bytes, size_t length) {
  savepoint_t *out = context;
  if (length > sizeof out->bytes - out->length) {
    return VN_ERR_FULL;
  }
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
  return VN_OK;
}

vn_err_t savepoint_of(rig_t *rig, savepoint_t *out) {
  vn_savepoint_sink_t sink = {out, append};
  out->length = 0;
  return vn_savepoint_write(&rig->engine, &sink);
}

static vn_err_t prepare(bench_t *bench) {
  rig_t *rig = bench->rig;
  vn_store_t need;
  vn_err_t error = vn_store_need(&rig->plan, &need);
  if (error != VN_OK) {
    return error;
  }
  rig->block = aligned_alloc(64, vn_store_bytes(&need));
  rig->store = need;
  vn_store_layout(&rig->store, rig->block);
  bench->clock = (vn_clock_t){bench, mono_ms, wall_ms};
  rig->ports.clock = &bench->clock;
  rig->ports.observer = NULL;
  return vn_init(&rig->engine, &rig->plan, &rig->store, &rig->ports);
}

vn_err_t savepoint_export(rig_t *rig, savepoint_t *out) {
  bench_t bench = {.rig = rig};
  vn_err_t error = prepare(&bench);
  error = error == VN_OK ? vn_inspect(&rig->engine) : error;
  error = error == VN_OK ? savepoint_of(rig, out) : error;
  rig->engine.restored = false;
  rig_free(rig);
  return error;
}

vn_err_t savepoint_import(rig_t *rig, const savepoint_t *from, bool accept,
                          vn_recovery_t *recovery) {
  bench_t bench = {.rig = rig, .import = true};
  vn_savepoint_head_t head = {0};
  vn_err_t error = vn_savepoint_look(from->bytes, from->length, &head);
  bench.at_ms = head.at_ms;
  bench.has_time = head.has_time;
  error = error == VN_OK ? prepare(&bench) : error;
  if (error == VN_OK) {
    error = vn_restore_savepoint(&rig->engine, from->bytes, from->length, accept);
    *recovery = *vn_engine_recovery(&rig->engine);
  }
  rig->engine.restored = false;
  rig_free(rig);
  return error;
}

void savepoint_seal(savepoint_t *savepoint) {
  /* Five bytes, or fewer in a case in 256: the tests' savepoints have five. */
  size_t covered = savepoint->length - 5;
  uint32_t crc = vn_crc32c(0, savepoint->bytes, covered);
  for (unsigned i = 0; i < 4; i++) {
    savepoint->bytes[covered + 1 + i] = (uint8_t)(crc >> (24 - 8 * i));
  }
}
