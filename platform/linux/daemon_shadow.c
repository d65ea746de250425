#include "daemon_shadow.h"

#include "clock_linux.h"
#include "memory.h"
#include "vn/store.h"

#include <string.h>

/* The oldest one gives way, unless it is on its way. */
static void tell(void *context, vn_text_t notice) {
  vn_shadow_run_t *run = context;
  if (run->head - run->tail == VN_SHADOW_NOTICES) {
    run->dropped++;
    if (run->in_flight) {
      return;
    }
    run->tail++;
  }
  vn_shadow_notice_t *place = &run->notices[run->head++ % VN_SHADOW_NOTICES];
  VN_ASSERT(notice.length <= sizeof place->text);
  place->length = notice.length;
  memcpy(place->text, notice.bytes, notice.length);
}

static bool prepare_engine(vn_shadow_run_t *run, const vn_plan_t *plan) {
  if (vn_store_need(plan, &run->store) != VN_OK) {
    return false;
  }
  void *block = vn_memory_map(vn_store_bytes(&run->store));
  if (block == NULL) {
    return false;
  }
  vn_store_layout(&run->store, block);
  run->ports = (vn_ports_t){.clock = &run->shadow.clock, .observer = &run->shadow.observer};
  return vn_init(&run->engine, plan, &run->store, &run->ports) == VN_OK &&
         vn_restore(&run->engine) == VN_OK;
}

vn_shadow_run_t *vn_shadow_run_new(const vn_engine_t *live, const vn_plan_t *live_plan,
                                   const vn_plan_t *plan) {
  vn_shadow_run_t *run = vn_memory_map(sizeof *run);
  uint8_t *marks = vn_memory_map(vn_shadow_marks(live_plan, plan));
  if (run == NULL || marks == NULL) {
    return NULL;
  }
  const vn_shadow_setup_t setup = {.live = live,
                                   .candidate = &run->engine,
                                   .marks = marks,
                                   .results = run->results,
                                   .result_count = VN_SHADOW_RESULTS,
                                   .tell = tell,
                                   .context = run};
  vn_shadow_init(&run->shadow, &setup, live_plan, plan);
  return prepare_engine(run, plan) ? run : NULL;
}

vn_text_t vn_shadow_run_next(const vn_shadow_run_t *run) {
  const vn_shadow_notice_t *oldest = &run->notices[run->tail % VN_SHADOW_NOTICES];
  bool none = run->in_flight || run->head == run->tail;
  return none ? (vn_text_t){"", 0} : (vn_text_t){oldest->text, oldest->length};
}

void vn_shadow_run_taken(vn_shadow_run_t *run) {
  VN_ASSERT(!run->in_flight && run->head > run->tail);
  run->in_flight = true;
}

void vn_shadow_run_verdict(vn_shadow_run_t *run, bool ok) {
  VN_ASSERT(run->head > run->tail);
  run->tail += ok && run->in_flight ? 1u : 0u;
  run->in_flight = false;
}
