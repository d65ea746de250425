/* In the place of results made coarser: an outbox that is full drops. */
#include "../engine_outbox_priv.h"

const bool vn__has_coarsening = false;

void vn__coarsen(vn_engine_t *engine) { (void)engine; }

uint32_t vn__coarse_count(const vn_plan_t *plan) {
  (void)plan;
  return 0;
}

uint16_t vn__coarse_sample_max(const vn_plan_t *plan) {
  (void)plan;
  return 0;
}
