#include "vn/tally.h"

#include "vn/assert.h"

#include <string.h>

const char *vn_accounted_word(vn_accounted_t item) {
#define ACCOUNTED_WORD(name, word) word,
  static const char *const words[] = {VN_ACCOUNTED_LIST(ACCOUNTED_WORD)};
#undef ACCOUNTED_WORD
  VN_ASSERT((unsigned)item < VN_ACCOUNTED_COUNT_OF);
  return words[item];
}

const char *vn_flag_word(vn_flag_t flag) {
#define FLAG_WORD(name, word) word,
  static const char *const words[] = {VN_FLAG_LIST(FLAG_WORD)};
#undef FLAG_WORD
  VN_ASSERT((unsigned)flag < VN_FLAG_COUNT_OF);
  return words[flag];
}

void vn_accounting_list(const vn_accounting_t *accounting, uint64_t out[VN_ACCOUNTING_COUNTERS]) {
  unsigned at = 0;
#define ACCOUNTING_COPY(name) out[at++] = accounting->name;
  VN_ACCOUNTING_LIST(ACCOUNTING_COPY)
#undef ACCOUNTING_COPY
}

const char *vn_accounting_word(unsigned index) {
#define ACCOUNTING_WORD(name) #name,
  static const char *const words[] = {VN_ACCOUNTING_LIST(ACCOUNTING_WORD)};
#undef ACCOUNTING_WORD
  VN_ASSERT(index < VN_ACCOUNTING_COUNTERS);
  return words[index];
}

void vn_tally_clear(vn_tally_t *tally) { memset(tally, 0, sizeof *tally); }

bool vn_tally_is_empty(const vn_tally_t *tally) {
  uint32_t any = 0;
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    any |= tally->counts[i];
  }
  return any == 0;
}

static uint16_t capped(uint32_t count) {
  return (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
}

void vn_tally_bump(vn_tally_t *tally, vn_accounted_t item) {
  VN_ASSERT((unsigned)item < VN_TALLY_ITEMS);
  tally->counts[item] = capped(tally->counts[item] + 1u);
}

void vn_tally_merge(vn_tally_t *into, const vn_tally_t *other) {
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    into->counts[i] = capped((uint32_t)into->counts[i] + other->counts[i]);
  }
}

bool vn_tally_item(vn_reason_t reason, vn_accounted_t *item) {
  switch (reason) {
    case VN_REASON_NONE:
    case VN_REASON_MISSING:
    case VN_REASON_LATE:
    case VN_REASON_NO_WINDOW:
      return false;
    case VN_REASON_DUPLICATE:
      *item = VN_ACCOUNTED_DUPLICATE;
      return true;
    case VN_REASON_LIMITED:
      *item = VN_ACCOUNTED_LIMITED;
      return true;
    case VN_REASON_FUTURE:
      *item = VN_ACCOUNTED_QUARANTINED;
      return true;
    default:
      *item = VN_ACCOUNTED_REJECTED;
      return true;
  }
}

void vn_coverage_add(vn_coverage_t *coverage, uint32_t slots, bool heard) {
  coverage->slots += slots;
  coverage->heard += heard ? slots : 0;
  coverage->gaps += !heard && !coverage->silent ? 1u : 0u;
  coverage->silent = !heard;
}

uint32_t vn_coverage_permille(const vn_coverage_t *coverage) {
  if (coverage->heard == coverage->slots) {
    return 0;
  }
  uint32_t permille = (uint32_t)((uint64_t)coverage->heard * 1000u / coverage->slots);
  return permille > 0 ? permille : 1;
}
