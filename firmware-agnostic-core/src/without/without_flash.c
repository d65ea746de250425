/* In the place of the flash log, of states on it and of savepoints: all is volatile. The plan is
 * refused otherwise, so that most of these are never called. */
#include "../engine_slot_priv.h"
#include "../flash_log_priv.h"
#include "vn/savepoint.h"

const bool vn__has_flash = false;

vn_err_t vn__restore_from_flash(vn_engine_t *engine) {
  (void)engine;
  return VN_ERR_FLASH;
}

vn_err_t vn_savepoint_keep(vn_engine_t *engine, uint64_t *bytes) {
  (void)engine;
  *bytes = 0;
  return VN_ERR_FLASH;
}

size_t vn__slot_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline,
                    const vn_geometry_t *geometry) {
  (void)plan;
  (void)pipeline;
  (void)geometry;
  return 0;
}

size_t vn__slot_save(vn_engine_t *engine, uint32_t series, uint8_t *out, size_t capacity) {
  (void)engine;
  (void)series;
  (void)out;
  (void)capacity;
  return 0;
}

size_t vn__time_save_max(const vn_window_set_t *set) {
  (void)set;
  return 0;
}

size_t vn__time_save(const vn__work_t *work, uint8_t *out, size_t capacity) {
  (void)work;
  (void)out;
  (void)capacity;
  return 0;
}

bool vn__time_load(const vn__work_t *work, const uint8_t *bytes, size_t length) {
  (void)work;
  (void)bytes;
  (void)length;
  return false;
}

vn_err_t vn_log_begin(vn_flash_log_t *log) {
  (void)log;
  return VN_ERR_FLASH;
}

vn_err_t vn_log_put(vn_flash_log_t *log, uint32_t item, uint8_t type, uint8_t flags,
                    uint32_t argument, const void *payload, uint32_t length) {
  (void)log;
  (void)item;
  (void)type;
  (void)flags;
  (void)argument;
  (void)payload;
  (void)length;
  return VN_ERR_FLASH;
}

void vn_log_release(vn_flash_log_t *log, uint32_t item) {
  (void)log;
  (void)item;
}

vn_err_t vn_log_commit(vn_flash_log_t *log, const vn_commit_t *commit) {
  (void)log;
  (void)commit;
  return VN_ERR_FLASH;
}

vn_err_t vn_log_journal(vn_flash_log_t *log, uint32_t item, uint8_t flags, uint32_t argument,
                        const void *payload, uint32_t length) {
  (void)log;
  (void)item;
  (void)flags;
  (void)argument;
  (void)payload;
  (void)length;
  return VN_ERR_FLASH;
}

vn_err_t vn_log_commit_journal(vn_flash_log_t *log) {
  (void)log;
  return VN_ERR_FLASH;
}

void vn_log_abort(vn_flash_log_t *log) { (void)log; }

vn_err_t vn_log_mark(vn_flash_log_t *log) {
  (void)log;
  return VN_ERR_FLASH;
}

bool vn_log_erase_ahead(vn_flash_log_t *log) {
  (void)log;
  return false;
}

bool vn_log_scrub(vn_flash_log_t *log) {
  (void)log;
  return false;
}

bool vn_log_is_weak(const vn_flash_log_t *log) {
  (void)log;
  return false;
}

vn_err_t vn_log_begin_trial(vn_flash_log_t *log) {
  (void)log;
  return VN_ERR_FLASH;
}

vn_err_t vn_log_end_trial(vn_flash_log_t *log) {
  (void)log;
  return VN_ERR_FLASH;
}

bool vn_log_is_tight(const vn_flash_log_t *log) {
  (void)log;
  return false;
}

void vn_log_press(vn_flash_log_t *log) { (void)log; }

uint32_t vn__log_free_sectors(const vn_flash_log_t *log) {
  (void)log;
  return 0;
}
