/* What the flash of an engine goes through, measured. */
#ifndef VN_FLASH_FIGURES_H
#define VN_FLASH_FIGURES_H

#include "vn/engine.h"

/* What the flash goes through. All of this run but the counts of erases, which sectors keep. */
typedef struct vn_flash_figures {
  uint64_t commits;       /* COMMITs */
  uint64_t entries;       /* messages in the journal */
  uint64_t fresh_bytes;   /* written, with padding; without what cleaning moves */
  uint64_t journal_bytes; /* of them: for messages */
  uint64_t moved_bytes;   /* written by cleaning */
  uint64_t erases;
  uint64_t limited; /* messages refused, above what the journal may write a day */
  uint64_t refused; /* messages not acknowledged for want of room, each time they came */
  bool full;        /* a commit waits for room */
  int64_t run_ms;   /* since the start */
  uint64_t erases_ever;
  uint32_t least_worn, most_worn; /* erases of a sector */
  uint32_t sectors, sectors_bad;
  uint32_t usable_bytes; /* of a sector */
  /* Scrub: whole rounds, pages read, places read again that were right then; blocks found damaged,
   * and how often all up to such a block had been written again. */
  uint64_t scrubs, scrub_pages, scrub_unstable, scrub_damaged, scrub_rewritten;
} vn_flash_figures_t;

/* What the flash goes through; false: there is none. Looks at each sector's count once. */
bool vn_engine_flash_figures(const vn_engine_t *engine, vn_flash_figures_t *out);

#endif
