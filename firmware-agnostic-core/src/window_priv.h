/* What the window files share. */
#ifndef VN_WINDOW_PRIV_H
#define VN_WINDOW_PRIV_H

#include "reservoir_priv.h"
#include "vn/window.h"

/* No such end: behind every watermark. */
#define VN__NO_END INT64_MAX

/* Number of no pane. */
#define VN__NO_PANE INT64_MIN

/* Words with a bit for each pane. */
#define VN__MARK_WORDS(panes) (((panes) + 15u) / 16u)

/* The smallest end of the window's grid that is > after_ms. */
int64_t vn__grid_end_after(const vn_window_t *window, int64_t after_ms);

/* The greatest start of the window's grid that is <= time_ms. */
int64_t vn__grid_start(const vn_window_t *window, int64_t time_ms);

/* The smallest end > after_ms of a window that holds a reading; VN__NO_END if there is none. */
int64_t vn__next_end_with_data(const vn_window_set_t *set, const vn_pane_t *panes, uint8_t window,
                               int64_t after_ms);

/* The same among the windows that cover the pane that begins at low_ms. */
int64_t vn__pane_next_end(const vn_window_t *window, int64_t low_ms, int64_t after_ms);

/* The greatest end of the windows that cover the pane, over all definitions. */
int64_t vn__pane_last_end(const vn_window_set_t *set, const vn_pane_t *pane);

static inline bool vn__gone(const vn_window_set_t *set, int64_t end_ms, vn_time_ms_t watermark_ms) {
  return vn_add_saturating(end_ms - 1, set->lateness_ms) <= watermark_ms;
}

static inline uint32_t vn__pane_slot(const vn_window_set_t *set, int64_t number) {
  return (uint32_t)(number - vn_floor_div(number, set->pane_count) * set->pane_count);
}

static inline vn__sample_t vn__pane_sample(const vn_window_set_t *set,
                                           const vn_window_memory_t *memory, uint32_t slot) {
  return (vn__sample_t){.aggregate = &memory->panes[slot].aggregate,
                        .members = memory->members + (size_t)slot * set->sample,
                        .capacity = set->sample,
                        .draw = set->draw};
}

/* Gives a slot to another pane, clearing what the one before left. */
void vn__pane_begin(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot,
                    int64_t number);

/* The index of the smallest end; VN__NO_END entries are exhausted. */
uint8_t vn__smallest(const int64_t *ends_ms, uint8_t count);

/* Results of a window that has fired, counted; the upper bit says that the next one waits. */
#define VN__REVISION_WAITS 0x8000u
#define VN__REVISION_MOST 0x7FFFu
uint16_t *vn__revision_counter(const vn_window_set_t *set, const vn_window_memory_t *memory,
                               uint8_t window, int64_t start_ms);

/* The same for a window that has a result or waits for one: early results clear another's. */
uint16_t *vn__revision_take(const vn_window_set_t *set, const vn_window_memory_t *memory,
                            uint8_t window, int64_t start_ms);

/* Early results (window_early.c): a reading came into the pane; whether one did into any. */
void vn__early_mark(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot);
bool vn__early_is_marked(const vn_window_set_t *set, const vn_window_memory_t *memory);

/* Tallies: those of a pane that begins, of one that leaves its slot to another, and that a reading
 * came at this offset. */
void vn__tally_give_way(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        uint32_t slot);
void vn__tally_begin(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot);
void vn__tally_heard(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot,
                     int64_t offset_ms);

/* The accounting of one window, as vn_window_result_t has it. */
void vn__tally_fold(const vn_window_set_t *set, const vn_window_memory_t *memory, uint8_t window,
                    int64_t start_ms, uint32_t *accounting);

/* A tally as bytes: a mask of its items, with these bits in a pane's. Returns the mask. */
#define VN__PANE_HAS_READINGS (1u << VN_TALLY_ITEMS)
#define VN__PANE_HAS_MORE (2u * VN__PANE_HAS_READINGS)
unsigned vn__tally_load(vn__unpacker_t *unpacker, vn_tally_t *tally);

/* Folds the window that ends at end_ms and tells it; false: it holds no reading. */
typedef struct vn__firing {
  const vn_window_set_t *set;
  const vn_window_memory_t *memory;
  const vn_window_sink_t *sink;
  vn_time_ms_t watermark_ms; /* decides whether the window may fire again */
  vn_kind_t kind;
  const vn_point_t *after; /* the reading that makes it fire, where that is the next one in order */
} vn__firing_t;
bool vn__fire(const vn__firing_t *firing, uint8_t window, int64_t end_ms);

/* Ordered content (window_ordered.c), where the windows ask for it. */

/* An accepted reading, whose pane has taken it: waits, or goes on, or is counted as unordered. */
void vn__ordered_take(const vn_window_set_t *set, const vn_window_memory_t *memory,
                      const vn_point_t *reading);

/* What waits up to the watermark goes into its panes. */
void vn__ordered_drain(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t watermark_ms);

/* Whether the line behind a window's last reading can be known when the window fires: then and only
 * then the next reading counts (docs/semantics.md). */
static inline bool vn__ordered_knows_after(const vn_window_set_t *set) {
  return (set->ordered.kinds & VN_ORDERED_TIME_WEIGHTED) != 0 && set->out_of_order_ms == 0 &&
         set->ordered.rule.time_weighted.mode == VN_TIME_WEIGHTED_TRAPEZOID;
}

/* The values of the window [start_ms, start_ms + size). */
vn_ordered_values_t vn__ordered_fold(const vn__firing_t *firing, const vn_window_t *window,
                                     int64_t start_ms);

/* Whether what was restored fits together: panes, the last reading and what waits. */
bool vn__ordered_is_sane(const vn_window_set_t *set, const vn_window_memory_t *memory);

/* Marks the windows that a late reading has changed; firing has the watermark before it. */
void vn__late_wait(const vn__firing_t *firing, vn_time_ms_t time_ms);

/*
 * Tells those that wait and are gone by until_ms; firing has a watermark by which none is. Returns
 * when the next one will be gone; PLUS_INFINITY: none is left.
 */
vn_time_ms_t vn__late_tell(const vn__firing_t *firing, vn_time_ms_t until_ms);

#endif
