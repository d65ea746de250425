/* What the flash goes through: the log's figures, and those of the engine beside them. */
#include "vn/flash_figures.h"

#include "engine_priv.h"

#define HEADER_BYTES 64u

static void add_sectors(const vn_flash_log_t *log, vn_flash_figures_t *out) {
  out->least_worn = UINT32_MAX;
  for (uint32_t i = 0; i < out->sectors; i++) {
    uint32_t erases = log->config.sectors[i].erase_count;
    out->erases_ever += erases;
    out->least_worn = erases < out->least_worn ? erases : out->least_worn;
    out->most_worn = erases > out->most_worn ? erases : out->most_worn;
  }
}

bool vn_engine_flash_figures(const vn_engine_t *engine, vn_flash_figures_t *out) {
  VN_ASSERT(engine != NULL && out != NULL);
  *out = (vn_flash_figures_t){0};
  if (!engine->restored || engine->ports.flash == NULL ||
      engine->plan->durability == VN_DURABILITY_VOLATILE) {
    return false;
  }
  const vn_flash_log_t *log = &engine->log;
  const vn_flash_t *flash = engine->ports.flash;
  uint32_t header = flash->prog_size > HEADER_BYTES ? flash->prog_size : HEADER_BYTES;
  *out = (vn_flash_figures_t){
      .commits = log->figures.commits - engine->journal.entries,
      .entries = engine->journal.entries,
      .fresh_bytes = log->figures.bytes_fresh,
      .journal_bytes = engine->journal.entry_bytes,
      .moved_bytes = log->figures.bytes_moved,
      .erases = log->figures.erases - engine->erases_before,
      .limited = engine->journal.limited,
      .refused = engine->room.refused,
      .full = engine->room.tries > 0,
      .run_ms = vn__mono_ms(engine) - engine->started_mono_ms,
      .sectors = flash->size_bytes / flash->erase_size,
      .sectors_bad = log->figures.sectors_bad,
      .usable_bytes = flash->erase_size - header,
      .scrubs = log->figures.scrubs,
      .scrub_pages = log->figures.scrub_pages,
      .scrub_unstable = log->figures.scrub_unstable,
      .scrub_damaged = log->figures.scrub_damaged,
      .scrub_rewritten = log->figures.scrub_rewritten,
  };
  add_sectors(log, out);
  return true;
}
