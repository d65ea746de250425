/* In the place of derived series: there are none. */
#include "../engine_priv.h"

const bool vn__has_derived = false;

bool vn__check_derivations(const vn_plan_t *plan, vn_plan_problem_t *problem) {
  (void)plan;
  (void)problem;
  return true;
}

uint32_t vn__derived_max(const vn_plan_t *plan) {
  (void)plan;
  return 0;
}

uint32_t vn__derived_windows(const vn_plan_t *plan) {
  (void)plan;
  return 0;
}

void vn__derive_set_up(vn_engine_t *engine) { engine->ready_first = VN_SERIES_NONE; }

void vn__derive_link(vn_engine_t *engine, uint32_t series) {
  engine->store.series[series].first_link = VN_SERIES_NONE;
  engine->store.series[series].level = 0;
}

void vn__derive_unlink(vn_engine_t *engine, uint32_t series) {
  (void)engine;
  (void)series;
}

void vn__derive_leave(vn_engine_t *engine, uint32_t series) {
  (void)engine;
  (void)series;
}

void vn__derive_note(vn__work_t *work, const vn_window_result_t *result) {
  (void)work;
  (void)result;
}

void vn__derive_take(vn_engine_t *engine) { (void)engine; }

void vn__derive_take_now(vn_engine_t *engine) { (void)engine; }

void vn__derive_end(vn_engine_t *engine) { (void)engine; }

void vn__derive_resume(vn_engine_t *engine) { (void)engine; }

void vn__derive_forget(const vn__work_t *work) { (void)work; }

/* As of a series that nothing is derived from. */
size_t vn__derive_save_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline) {
  (void)plan;
  (void)pipeline;
  return VN__PACK_U32_MAX;
}

void vn__derive_pack(vn__packer_t *packer, const vn__work_t *work) {
  (void)work;
  vn__pack_unsigned(packer, 0);
}

void vn__derive_unpack(vn__unpacker_t *unpacker, const vn__work_t *work) {
  (void)work;
  (void)vn__unpack_unsigned(unpacker, 0); /* more than none is damage */
}
