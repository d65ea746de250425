/* Notices of gaps (docs/messages.md): which messages will not come, and what was in them. */
#include "oracle_priv.h"

#include <inttypes.h>

enum { GAP_KEYS = 8 };

/* One kind of gap of a notice. */
static bool read_gap(vn__cbor_t *cbor, vn__gap_t *gap) {
  uint64_t *const members[GAP_KEYS] = {&gap->why,     &gap->first,  &gap->last, &gap->messages,
                                       &gap->results, &gap->alerts, NULL,       NULL};
  unsigned present = 0;
  int64_t key = -1;
  *gap = (vn__gap_t){.why = 0};
  for (size_t pairs = vn__oracle_cbor_map(cbor); pairs > 0 && !cbor->bad; pairs--) {
    key = vn__oracle_cbor_key(cbor, key);
    if (key < GAP_KEYS && members[key] != NULL) {
      *members[key] = vn__oracle_cbor_unsigned(cbor);
      present |= 1u << key;
    } else {
      vn__oracle_cbor_skip(cbor);
    }
  }
  return !cbor->bad && (present & 0xF) == 0xF && gap->why < 2 && gap->first <= gap->last &&
         gap->messages > 0 && gap->messages <= gap->last - gap->first + 1;
}

static bool read_gaps(vn_oracle_t *oracle, vn__cbor_t *cbor) {
  size_t count = vn__oracle_cbor_array(cbor);
  bool good = count > 0;
  for (; count > 0 && good; count--) {
    vn__gap_t gap;
    good = read_gap(cbor, &gap);
    *(vn__gap_t *)vn__oracle_list_add(&oracle->gaps) = gap;
    oracle->figures.gap_entries++;
    oracle->unaccounted.messages += gap.messages;
    oracle->unaccounted.results += gap.why == VN__GAP_DROPPED ? gap.results : 0;
    oracle->merged += gap.why == VN__GAP_DROPPED ? 0 : gap.results;
    oracle->has_dropped = oracle->has_dropped || gap.why == VN__GAP_DROPPED;
    oracle->unaccounted.alerts += gap.why == VN__GAP_DROPPED ? gap.alerts : 0;
  }
  return good && cbor->at == cbor->end;
}

void vn__oracle_take_gap(vn_oracle_t *oracle, const void *payload, size_t length, uint64_t hash) {
  vn__cbor_t cbor = {payload, (const uint8_t *)payload + length, false};
  vn__identity_t identity = {.hash = hash};
  size_t pairs = vn__oracle_take_head(oracle, &cbor, &identity);
  bool good = pairs == 1 && vn__oracle_cbor_unsigned(&cbor) == 7 && !cbor.bad;
  vn__news_t news = good ? vn__oracle_identify(oracle, &identity) : VN__NEW;
  if (!good || (news == VN__NEW && !read_gaps(oracle, &cbor))) {
    vn__oracle_differ(oracle, "message seq %" PRIu64 ": a notice of gaps that can't be understood",
                      identity.seq);
  }
}

/* Notices name ranges in which others do come: how many are missing is judged in the end. */
bool vn__oracle_is_gap(const vn_oracle_t *oracle, uint64_t seq) {
  for (size_t i = 0; i < oracle->gaps.count; i++) {
    const vn__gap_t *gap = vn__oracle_list_at(&oracle->gaps, i);
    if (gap->first <= seq && seq <= gap->last) {
      return true;
    }
  }
  return false;
}
