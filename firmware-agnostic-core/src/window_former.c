/* Windows that no plan has any more. A pane begins with its aggregate, whatever else its windows
 * asked for; what they asked for tells its length. */
#include "window_former_priv.h"

#include "aggregate_priv.h"
#include "vn/assert.h"
#include "window_priv.h"

typedef struct pane {
  vn_aggregate_t aggregate;
  vn_tally_t tally;
  int64_t low_ms;
} pane_t;

bool vn__former_open(vn__former_t *out, const vn__unpacker_t *state, int64_t pane_ms,
                     int64_t anchor_ms) {
  vn_tally_t waiting;
  *out = (vn__former_t){.panes = *state, .pane_ms = pane_ms, .anchor_ms = anchor_ms};
  out->watermark_ms = vn__unpack_signed(&out->panes);
  if (vn__tally_load(&out->panes, &waiting) > 0) {
    (void)vn__unpack_signed(&out->panes);
  }
  return !out->panes.failed;
}

vn_time_ms_t vn__former_watermark(const vn__former_t *former) {
  const vn_time_ms_t lowest_ms = VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS;
  const vn_time_ms_t highest_ms = VN_TIME_HIGHEST_MS + 2 * VN_WINDOW_SPAN_MAX_MS;
  return former->watermark_ms < lowest_ms    ? lowest_ms
         : former->watermark_ms > highest_ms ? highest_ms
                                             : former->watermark_ms;
}

static void skip(vn__unpacker_t *unpacker) {
  uint64_t length = vn__unpack_unsigned(unpacker, UINT32_MAX);
  unpacker->failed = unpacker->failed || length > unpacker->length - unpacker->position;
  unpacker->position += unpacker->failed ? 0 : (size_t)length;
}

/* Those without readings have a count of 0. */
static bool next_pane(vn__unpacker_t *panes, const vn__former_t *former, pane_t *out) {
  int64_t furthest = VN_TIME_HIGHEST_MS / former->pane_ms + 1;
  int64_t number = vn__unpack_signed(panes);
  panes->failed = panes->failed || number > furthest || number < -furthest;
  unsigned mask = vn__tally_load(panes, &out->tally);
  vn_aggregate_clear(&out->aggregate);
  if (panes->failed) {
    return false;
  }
  out->low_ms = number * former->pane_ms + former->anchor_ms;
  if ((mask & VN__PANE_HAS_READINGS) != 0) {
    vn__aggregate_load(panes, &out->aggregate);
    panes->failed = panes->failed || out->aggregate.first_ms < out->low_ms ||
                    out->aggregate.last_ms >= out->low_ms + former->pane_ms;
  }
  if ((mask & VN__PANE_HAS_MORE) != 0) {
    skip(panes);
  }
  return !panes->failed;
}

static int64_t first_end(const vn__former_t *former, const vn_window_t *window, int64_t after_ms) {
  vn__unpacker_t panes = former->panes;
  uint64_t left = vn__unpack_unsigned(&panes, VN_PANES_MAX);
  int64_t first_ms = VN__NO_END;
  pane_t pane;
  for (; left > 0 && next_pane(&panes, former, &pane); left--) {
    int64_t end_ms =
        pane.aggregate.count > 0 ? vn__pane_next_end(window, pane.low_ms, after_ms) : VN__NO_END;
    first_ms = end_ms < first_ms ? end_ms : first_ms;
  }
  return panes.failed ? VN__NO_END : first_ms;
}

bool vn__former_next(const vn__former_t *former, const vn_window_t *window, vn_time_ms_t after_ms,
                     vn__former_result_t *out) {
  int64_t end_ms = first_end(former, window, after_ms);
  if (end_ms == VN__NO_END) {
    return false;
  }
  *out =
      (vn__former_result_t){.start_ms = end_ms - window->size_ms, .end_ms = end_ms, .exact = true};
  vn_aggregate_clear(&out->aggregate);
  vn__unpacker_t panes = former->panes;
  uint64_t left = vn__unpack_unsigned(&panes, VN_PANES_MAX);
  pane_t pane;
  for (; left > 0; left--) {
    bool good = next_pane(&panes, former, &pane);
    VN_ASSERT(good); /* they were read for its end */
    if (pane.low_ms >= out->start_ms && pane.low_ms < end_ms) {
      if (!vn_aggregate_merge(&out->aggregate, &pane.aggregate)) {
        out->exact = false;
      }
      vn_tally_merge(&out->tally, &pane.tally);
    }
  }
  return out->aggregate.count > 0;
}
