/* What a window tells of how its readings came: tallies of its panes, coverage, gaps. */
#include "window_priv.h"

/* What waited for this pane belongs to it now. */
static void take_waiting(const vn_window_memory_t *memory, uint32_t slot) {
  vn_waiting_t *waiting = memory->waiting;
  if (waiting->number != VN__NO_PANE && waiting->number == memory->panes[slot].number) {
    vn_tally_merge(&memory->tallies[slot], &waiting->tally);
    vn_tally_clear(&waiting->tally);
    waiting->number = VN__NO_PANE;
  }
}

void vn__tally_begin(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot) {
  vn_tally_clear(&memory->tallies[slot]);
  if (set->slots > 1) {
    memory->heard[slot] = 0;
  }
  take_waiting(memory, slot);
}

static bool is_gone(const vn_window_set_t *set, const vn_window_memory_t *memory, int64_t number) {
  const vn_pane_t pane = {.number = number};
  return number == VN__NO_PANE ||
         vn__gone(set, vn__pane_last_end(set, &pane), memory->state->watermark_ms);
}

/* One place to wait in: the nearest pane has it, whatever comes first. */
static void wait_for(const vn_window_set_t *set, const vn_window_memory_t *memory, int64_t number,
                     const vn_tally_t *tally) {
  vn_waiting_t *waiting = memory->waiting;
  if (waiting->number < number && !is_gone(set, memory, waiting->number)) {
    return;
  }
  if (waiting->number != number) {
    vn_tally_clear(&waiting->tally);
    waiting->number = number;
  }
  vn_tally_merge(&waiting->tally, tally);
}

void vn__tally_give_way(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        uint32_t slot) {
  const vn_pane_t *pane = &memory->panes[slot];
  if (pane->aggregate.count == 0 && !is_gone(set, memory, pane->number) &&
      !vn_tally_is_empty(&memory->tallies[slot])) {
    wait_for(set, memory, pane->number, &memory->tallies[slot]);
  }
}

/* Takes a slot that nobody needs: of a pane that is gone, or further ahead and without readings. */
static bool claim(const vn_window_set_t *set, const vn_window_memory_t *memory, int64_t number) {
  uint32_t slot = vn__pane_slot(set, number);
  vn_pane_t *pane = &memory->panes[slot];
  vn_window_state_t *state = memory->state;
  bool ahead = pane->aggregate.count == 0 && pane->number > number;
  if (!ahead && !is_gone(set, memory, pane->number)) {
    return false;
  }
  if (state->pane_slot == slot) { /* the last reading's pane is gone: no other goes there unseen */
    state->pane_low_ms = 1;
    state->pane_high_ms = 0;
  }
  vn__pane_begin(set, memory, slot, number);
  return true;
}

/* The pane that waits may have a slot by now. */
static void stop_waiting(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  int64_t number = memory->waiting->number;
  if (number != VN__NO_PANE && !is_gone(set, memory, number)) {
    (void)claim(set, memory, number);
  }
}

void vn_window_refused(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       vn_time_ms_t time_ms, vn_accounted_t item) {
  VN_ASSERT(time_ms >= VN_TIME_LOWEST_MS && time_ms <= VN_TIME_HIGHEST_MS);
  if (vn_window_judge(set, memory->state->watermark_ms, time_ms) != VN_REASON_NONE) {
    return;
  }
  int64_t number = vn_floor_div(time_ms - set->anchor_ms, set->pane_ms);
  uint32_t slot = vn__pane_slot(set, number);
  stop_waiting(set, memory);
  if (memory->panes[slot].number == number || claim(set, memory, number)) {
    vn_tally_bump(&memory->tallies[slot], item);
  } else {
    vn_tally_t one = {{0}};
    vn_tally_bump(&one, item);
    wait_for(set, memory, number, &one);
  }
}

void vn__tally_heard(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot,
                     int64_t offset_ms) {
  memory->heard[slot] |= UINT64_C(1) << (offset_ms * (int64_t)set->slots / set->pane_ms);
}

/* The slots of one pane, which has them finer than itself. */
static void cover_fine(const vn_window_set_t *set, uint64_t heard, vn_coverage_t *coverage) {
  for (uint32_t left = set->slots; left > 0; left--, heard >>= 1) {
    if (heard == 0) {
      vn_coverage_add(coverage, left, false);
      return;
    }
    vn_coverage_add(coverage, 1, (heard & 1u) != 0);
  }
}

/* What has been gathered of a window, pane by pane. */
typedef struct sums {
  vn_tally_t tally;
  vn_coverage_t coverage;
  uint32_t panes; /* of the slot at work, where a slot is several panes */
  bool heard;     /* one of them has a reading */
} sums_t;

/* Slots of whole panes, `left` panes before the window's end; what is too short for one of its own
 * belongs to the last. */
static void cover_coarse(const vn_window_set_t *set, bool heard, int64_t left, sums_t *sums) {
  sums->heard = sums->heard || heard;
  sums->panes++;
  if (left == 0 || (sums->panes >= set->slot_panes && left >= (int64_t)set->slot_panes)) {
    vn_coverage_add(&sums->coverage, 1, sums->heard);
    sums->panes = 0;
    sums->heard = false;
  }
}

static void gather_pane(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        int64_t number, int64_t left, sums_t *sums) {
  uint32_t slot = vn__pane_slot(set, number);
  const vn_pane_t *pane = &memory->panes[slot];
  bool heard = pane->number == number && pane->aggregate.count > 0;
  if (pane->number == number) {
    vn_tally_merge(&sums->tally, &memory->tallies[slot]);
  }
  if (set->slots > 1) {
    cover_fine(set, heard ? memory->heard[slot] : 0, &sums->coverage);
  } else {
    cover_coarse(set, heard, left, sums);
  }
}

void vn__tally_fold(const vn_window_set_t *set, const vn_window_memory_t *memory, uint8_t window,
                    int64_t start_ms, uint32_t *accounting) {
  int64_t first = vn_floor_div(start_ms - set->anchor_ms, set->pane_ms);
  int64_t behind = first + set->windows[window].size_ms / set->pane_ms;
  const vn_waiting_t *waiting = memory->waiting;
  sums_t sums = {0};
  for (int64_t number = first; number < behind; number++) {
    gather_pane(set, memory, number, behind - number - 1, &sums);
  }
  if (waiting->number >= first && waiting->number < behind) {
    vn_tally_merge(&sums.tally, &waiting->tally);
  }
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    accounting[i] = sums.tally.counts[i];
  }
  accounting[VN_ACCOUNTED_GAPS] = sums.coverage.gaps;
  accounting[VN_ACCOUNTED_COVERAGE] = vn_coverage_permille(&sums.coverage);
}
