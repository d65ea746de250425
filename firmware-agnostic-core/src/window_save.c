/* Windows into a checkpoint and back: only live panes, integers of variable length. */
#include "extra_priv.h"
#include "ordered_priv.h"
#include "reservoir_priv.h"
#include "window_priv.h"

/* Tallies begin with a byte that says which are there; the bits behind them tell of a pane. */
#define MASK_HIGHEST (2u * VN__PANE_HAS_MORE - 1u)
#define COUNTER_MAX 3u
#define MORE_MAX VN__PACK_U32_MAX /* the length of what stands behind a pane's aggregate */
#define TALLY_MAX (1u + VN_TALLY_ITEMS * COUNTER_MAX)

#define STATE_MAX (2u * VN__PACK_U64_MAX + TALLY_MAX + VN__PACK_U32_MAX)
#define PANE_MAX (2u * VN__PACK_U64_MAX + TALLY_MAX + VN__AGGREGATE_SAVE_MAX + MORE_MAX)

/* A pane counts until the last of its windows is gone. */
static bool is_live(const vn_window_set_t *set, const vn_window_memory_t *memory, uint32_t slot) {
  const vn_pane_t *pane = &memory->panes[slot];
  return (pane->aggregate.count > 0 || !vn_tally_is_empty(&memory->tallies[slot])) &&
         !vn__gone(set, vn__pane_last_end(set, pane), memory->state->watermark_ms);
}

static void save_tally(vn__packer_t *packer, const vn_tally_t *tally, unsigned more) {
  unsigned mask = more;
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    mask |= tally->counts[i] > 0 ? 1u << i : 0u;
  }
  vn__pack_unsigned(packer, mask);
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    if (tally->counts[i] > 0) {
      vn__pack_unsigned(packer, tally->counts[i]);
    }
  }
}

unsigned vn__tally_load(vn__unpacker_t *unpacker, vn_tally_t *tally) {
  unsigned mask = (unsigned)vn__unpack_unsigned(unpacker, MASK_HIGHEST);
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    bool there = (mask & 1u << i) != 0;
    tally->counts[i] = (uint16_t)(there ? vn__unpack_unsigned(unpacker, UINT16_MAX) : 0);
  }
  return mask;
}

static vn_time_ms_t low_of(const vn_window_set_t *set, const vn_pane_t *pane) {
  return pane->number * set->pane_ms + set->anchor_ms;
}

/* Whether panes with readings hold more than an aggregate. */
static bool has_more(const vn_window_set_t *set) {
  return set->slots > 1 || set->sample > 0 || vn_extra_wanted(&set->extra) ||
         set->ordered.kinds != 0;
}

/* With its length in front, so that others can read over it. */
static void save_more(vn__packer_t *packer, const vn_window_set_t *set,
                      const vn_window_memory_t *memory, uint32_t slot) {
  vn__sample_t sample = vn__pane_sample(set, memory, slot);
  size_t at = packer->length;
  if (set->slots > 1) {
    vn__pack_unsigned(packer, memory->heard[slot]);
  }
  vn__sample_save(packer, &sample);
  vn__extra_pack(packer, &set->extra, &memory->extra, slot);
  if (set->ordered.kinds != 0) {
    vn__ordered_pane_pack(packer, &set->ordered, &memory->ordered.panes[slot],
                          low_of(set, &memory->panes[slot]));
  }
  vn__pack_length(packer, at);
}

static void save_pane(vn__packer_t *packer, const vn_window_set_t *set,
                      const vn_window_memory_t *memory, uint32_t slot) {
  const vn_pane_t *pane = &memory->panes[slot];
  bool has_readings = pane->aggregate.count > 0;
  bool more = has_readings && has_more(set);
  vn__pack_signed(packer, pane->number);
  save_tally(packer, &memory->tallies[slot],
             (has_readings ? VN__PANE_HAS_READINGS : 0) | (more ? VN__PANE_HAS_MORE : 0));
  if (has_readings) {
    vn__aggregate_save(packer, &pane->aggregate);
  }
  if (more) {
    save_more(packer, set, memory, slot);
  }
}

static void save_waiting(vn__packer_t *packer, const vn_waiting_t *waiting) {
  save_tally(packer, &waiting->tally, 0);
  if (!vn_tally_is_empty(&waiting->tally)) {
    vn__pack_signed(packer, waiting->number);
  }
}

size_t vn_window_save(const vn_window_set_t *set, const vn_window_memory_t *memory, uint8_t *out,
                      size_t capacity) {
  VN_ASSERT(set != NULL && memory != NULL);
  vn__packer_t packer = {out, capacity, 0};
  uint32_t live = 0;
  for (uint32_t i = 0; i < set->pane_count; i++) {
    live += is_live(set, memory, i) ? 1u : 0u;
  }
  vn__pack_signed(&packer, memory->state->watermark_ms);
  save_waiting(&packer, memory->waiting);
  vn__pack_unsigned(&packer, live);
  for (uint32_t i = 0; i < set->pane_count; i++) {
    if (is_live(set, memory, i)) {
      save_pane(&packer, set, memory, i);
    }
  }
  for (uint32_t i = 0; i < set->revision_count; i++) {
    vn__pack_unsigned(&packer, memory->revisions[i]);
  }
  if (set->ordered.kinds != 0) {
    vn__ordered_state_pack(&packer, &set->ordered, &memory->ordered);
  }
  return packer.length;
}

size_t vn_window_save_max(const vn_window_set_t *set) {
  bool ordered = set->ordered.kinds != 0;
  return STATE_MAX +
         set->pane_count *
             (PANE_MAX + (size_t)set->sample * VN__MEMBER_SAVE_MAX +
              vn__extra_pack_max(&set->extra) + (ordered ? VN__ORDERED_PANE_SAVE_MAX : 0)) +
         (size_t)set->revision_count * COUNTER_MAX +
         (ordered ? VN__ORDERED_STATE_SAVE_MAX(set->ordered.capacity) : 0);
}

/*
 * Times of a pane lie within it, or folding would not find what it looks for; and not so far ahead
 * of the watermark that they would have moved it, or the ring could be too short.
 */
static bool lies_within(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        const vn_pane_t *pane) {
  int64_t low_ms = low_of(set, pane);
  vn_time_ms_t newest_ms = vn_add_saturating(memory->state->watermark_ms, set->out_of_order_ms + 1);
  return pane->aggregate.first_ms >= low_ms && pane->aggregate.last_ms < low_ms + set->pane_ms &&
         pane->aggregate.last_ms <= newest_ms;
}

/* The number of a pane that a reading can lie in; else 0 and `failed` is set. */
static int64_t load_number(vn__unpacker_t *unpacker, const vn_window_set_t *set) {
  int64_t number = vn__unpack_signed(unpacker);
  int64_t furthest = set->pane_count > 0 ? VN_TIME_HIGHEST_MS / set->pane_ms + 1 : -1;
  unpacker->failed = unpacker->failed || number > furthest || number < -furthest;
  return unpacker->failed ? 0 : number;
}

static void load_waiting(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                         vn_waiting_t *waiting) {
  if (vn__tally_load(unpacker, &waiting->tally) > 0) {
    waiting->number = load_number(unpacker, set);
  }
}

static void load_more(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                      const vn_window_memory_t *memory, uint32_t slot) {
  vn_pane_t *pane = &memory->panes[slot];
  vn__sample_t sample = vn__pane_sample(set, memory, slot);
  uint64_t length = vn__unpack_unsigned(unpacker, UINT32_MAX);
  size_t at = unpacker->position;
  if (set->slots > 1) {
    memory->heard[slot] = vn__unpack_unsigned(unpacker, UINT64_MAX);
  }
  if (!unpacker->failed) {
    vn__sample_load(unpacker, &sample, memory->sample_seed);
  }
  vn__extra_unpack(unpacker, &set->extra, &memory->extra, slot);
  if (set->ordered.kinds != 0) {
    vn__ordered_pane_unpack(unpacker, &set->ordered, &memory->ordered.panes[slot],
                            low_of(set, pane), set->pane_ms);
  }
  unpacker->failed = unpacker->failed || unpacker->position - at != length;
}

static void load_pane_into(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                           const vn_window_memory_t *memory, int64_t number, uint32_t slot) {
  vn_pane_t *pane = &memory->panes[slot];
  pane->number = number;
  unsigned mask = vn__tally_load(unpacker, &memory->tallies[slot]);
  if ((mask & VN__PANE_HAS_READINGS) == 0) {
    unpacker->failed = unpacker->failed || vn_tally_is_empty(&memory->tallies[slot]);
    return;
  }
  vn__aggregate_load(unpacker, &pane->aggregate);
  unpacker->failed = unpacker->failed || !lies_within(set, memory, pane) ||
                     has_more(set) != ((mask & VN__PANE_HAS_MORE) != 0);
  if (!unpacker->failed && has_more(set)) {
    load_more(unpacker, set, memory, slot);
  }
}

static void load_pane(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                      const vn_window_memory_t *memory) {
  int64_t number = load_number(unpacker, set);
  if (!unpacker->failed) {
    load_pane_into(unpacker, set, memory, number, vn__pane_slot(set, number));
  }
}

static void load_ordered(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                         const vn_window_memory_t *memory) {
  vn__ordered_state_unpack(unpacker, &set->ordered, &memory->ordered);
  unpacker->failed = unpacker->failed || !vn__ordered_is_sane(set, memory);
}

/* The watermark of a restored series may fire only what is still ahead of it. */
static void find_due(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  vn_window_state_t *state = memory->state;
  vn_time_ms_t after_ms = state->watermark_ms < VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS
                              ? VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS
                              : state->watermark_ms;
  if (after_ms == VN_TIME_PLUS_INFINITY) {
    return;
  }
  for (uint8_t i = 0; i < set->window_count; i++) {
    int64_t end_ms = vn__next_end_with_data(set, memory->panes, i, after_ms + 1);
    if (end_ms != VN__NO_END && end_ms - 1 < state->next_due_ms) {
      state->next_due_ms = end_ms - 1;
    }
  }
}

/* Revisions that wait still do; behind a watermark that no reading can have made none does. */
static void find_late(const vn_window_set_t *set, const vn_window_memory_t *memory) {
  vn__firing_t firing = {set, memory, NULL, memory->state->watermark_ms, VN_KIND_LATE, NULL};
  if (firing.watermark_ms < VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS ||
      firing.watermark_ms > VN_TIME_HIGHEST_MS + 2 * VN_WINDOW_SPAN_MAX_MS) {
    return;
  }
  uint32_t counters = set->early > 0 ? set->early : set->revision_count;
  for (uint32_t i = 0; i < counters; i++) {
    memory->state->late = memory->state->late || (memory->revisions[i] & VN__REVISION_WAITS) != 0;
  }
  if (memory->state->late) {
    vn_time_ms_t gone_ms = vn__late_tell(&firing, VN_TIME_MINUS_INFINITY);
    memory->state->next_due_ms =
        gone_ms < memory->state->next_due_ms ? gone_ms : memory->state->next_due_ms;
  }
}

static vn_err_t finish_load(const vn__unpacker_t *unpacker, const vn_window_set_t *set,
                            const vn_window_memory_t *memory) {
  if (unpacker->failed || unpacker->position != unpacker->length) {
    vn_window_reset(set, memory);
    return VN_ERR_FORMAT;
  }
  find_due(set, memory);
  find_late(set, memory);
  memory->state->early = vn__early_is_marked(set, memory);
  return VN_OK;
}

vn_err_t vn_window_load(const vn_window_set_t *set, const vn_window_memory_t *memory,
                        const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_window_reset(set, memory);
  memory->state->watermark_ms = vn__unpack_signed(&unpacker);
  load_waiting(&unpacker, set, memory->waiting);
  uint64_t live = vn__unpack_unsigned(&unpacker, set->pane_count);
  for (uint64_t i = 0; i < live && !unpacker.failed; i++) {
    load_pane(&unpacker, set, memory);
  }
  for (uint32_t i = 0; i < set->revision_count; i++) {
    memory->revisions[i] = (uint16_t)vn__unpack_unsigned(&unpacker, UINT16_MAX);
  }
  if (set->ordered.kinds != 0) {
    load_ordered(&unpacker, set, memory);
  }
  return finish_load(&unpacker, set, memory);
}

static void clear_slot(const vn_window_set_t *set, const vn_window_memory_t *memory,
                       uint32_t slot) {
  memory->tallies[slot] = (vn_tally_t){.counts = {0}};
  vn__pane_begin(set, memory, slot, VN__NO_PANE);
}

/* Whether some window of this set can still tell what the pane holds. */
static bool is_wanted(const vn_window_set_t *set, const vn_window_memory_t *memory,
                      int64_t number) {
  const vn_pane_t pane = {.number = number};
  return !vn__gone(set, vn__pane_last_end(set, &pane), memory->state->watermark_ms);
}

/*
 * Panes of another ring: those that this one has no use for must be read over, and are as long as
 * they are. All go through the first slot once, to see where they lie; then those that are wanted
 * come into their slots, which have kept their places meanwhile.
 */
static void adopt_panes(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                        const vn_window_memory_t *memory) {
  uint64_t live = vn__unpack_unsigned(unpacker, VN_PANES_MAX);
  int64_t first = VN__NO_PANE;
  for (uint64_t i = 0; i < live && !unpacker->failed; i++) {
    int64_t at = (int64_t)unpacker->position;
    int64_t number = load_number(unpacker, set);
    if (unpacker->failed) {
      return;
    }
    load_pane_into(unpacker, set, memory, number, 0);
    clear_slot(set, memory, 0);
    if (is_wanted(set, memory, number)) {
      uint32_t slot = vn__pane_slot(set, number);
      *(slot == 0 ? &first : &memory->panes[slot].number) = at;
    }
  }
  size_t end = unpacker->position;
  for (uint32_t slot = 0; slot < set->pane_count && !unpacker->failed; slot++) {
    int64_t at = slot == 0 ? first : memory->panes[slot].number;
    memory->panes[slot].number = VN__NO_PANE;
    if (at != VN__NO_PANE) {
      unpacker->position = (size_t)at;
      load_pane(unpacker, set, memory);
    }
  }
  unpacker->position = end;
}

/* Windows that are here, too, go on counting; the counters of others are read over. */
static void adopt_revisions(vn__unpacker_t *unpacker, const vn_window_set_t *set,
                            const vn_window_memory_t *memory, const vn_window_origin_t *origin) {
  for (uint8_t i = 0; i < origin->window_count; i++) {
    uint8_t own = origin->own[i];
    bool same = own < set->window_count && set->revision_size[own] == origin->revision_size[i];
    for (uint16_t k = 0; k < origin->revision_size[i]; k++) {
      uint16_t count = (uint16_t)vn__unpack_unsigned(unpacker, UINT16_MAX);
      if (same) {
        memory->revisions[set->revision_base[own] + k] = count;
      }
    }
  }
}

vn_err_t vn_window_adopt(const vn_window_set_t *set, const vn_window_memory_t *memory,
                         const vn_window_origin_t *origin, const uint8_t *bytes, size_t length) {
  VN_ASSERT(bytes != NULL || length == 0);
  VN_ASSERT(set->window_count > 0 && set->early == 0);
  vn__unpacker_t unpacker = {bytes, length, 0, false};
  vn_window_reset(set, memory);
  memory->state->watermark_ms = vn__unpack_signed(&unpacker);
  load_waiting(&unpacker, set, memory->waiting);
  adopt_panes(&unpacker, set, memory);
  adopt_revisions(&unpacker, set, memory, origin);
  if (set->ordered.kinds != 0) {
    load_ordered(&unpacker, set, memory);
  }
  return finish_load(&unpacker, set, memory);
}
