/* The other rules beside the daemon's engine, and the notices of what comes out differently. */
#ifndef VN_DAEMON_SHADOW_H
#define VN_DAEMON_SHADOW_H

#include "vn/shadow.h"

#define VN_SHADOW_NOTICES 64u
#define VN_SHADOW_RESULTS 256u

typedef struct vn_shadow_notice {
  size_t length;
  char text[VN_SHADOW_MESSAGE_BYTES];
} vn_shadow_notice_t;

/* Memory is taken once, at the start. */
typedef struct vn_shadow_run {
  vn_shadow_t shadow;
  vn_engine_t engine;
  vn_store_t store;
  vn_ports_t ports;
  vn_shadow_result_t results[VN_SHADOW_RESULTS];
  vn_shadow_notice_t notices[VN_SHADOW_NOTICES];
  uint64_t head, tail; /* notices made, and delivered or dropped */
  uint64_t dropped;
  int64_t tick_due_ms;
  bool in_flight; /* that at the tail */
} vn_shadow_run_t;

/* NULL: no memory, or the plan is refused. */
vn_shadow_run_t *vn_shadow_run_new(const vn_engine_t *live, const vn_plan_t *live_plan,
                                   const vn_plan_t *plan);

/* The oldest notice that waits; empty: there is none, or it is on its way. */
vn_text_t vn_shadow_run_next(const vn_shadow_run_t *run);
void vn_shadow_run_taken(vn_shadow_run_t *run);
void vn_shadow_run_verdict(vn_shadow_run_t *run, bool ok);

#endif
