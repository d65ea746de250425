/* Tallies: how the readings of a pane came, and what a result says of it. */
#ifndef VN_TALLY_H
#define VN_TALLY_H

#include "vn/reason.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a result tells beside its content, as keys of `accounting`; what is 0 isn't told. The first
 * ones are counted per pane. X(NAME, "word").
 */
#define VN_ACCOUNTED_LIST(X)    \
  X(LATE, "late")               \
  X(DUPLICATE, "duplicate")     \
  X(REJECTED, "rejected")       \
  X(LIMITED, "limited")         \
  X(QUARANTINED, "quarantined") \
  X(GAPS, "gaps")               \
  X(COVERAGE, "coverage")

typedef enum vn_accounted {
#define VN_ACCOUNTED_ENUM(name, word) VN_ACCOUNTED_##name,
  VN_ACCOUNTED_LIST(VN_ACCOUNTED_ENUM)
#undef VN_ACCOUNTED_ENUM
      VN_ACCOUNTED_COUNT_OF
} vn_accounted_t;

/* "late", "duplicate", ...; static storage. */
const char *vn_accounted_word(vn_accounted_t item);

/* Marks of a result, as bits of its `flags`. X(NAME, "word"). */
#define VN_FLAG_LIST(X)                                                   \
  X(TIME_QUALITY, "time_quality") /* its times are provisional */         \
  X(COARSENED, "coarsened")       /* it stands for several windows */     \
  X(PARTIAL, "partial")           /* to be added to the others */         \
  X(DEGRADED, "degraded")         /* not all of its readings are in it */ \
  X(FINAL, "final")               /* nothing can follow */                \
  X(RECONFIGURED, "reconfigured") /* the plan has ended its window */

typedef enum vn_flag {
#define VN_FLAG_ENUM(name, word) VN_FLAG_##name,
  VN_FLAG_LIST(VN_FLAG_ENUM)
#undef VN_FLAG_ENUM
      VN_FLAG_COUNT_OF
} vn_flag_t;

#define VN_FLAG_BIT(flag) (1u << (flag))

/* "time_quality", "coarsened", ...; static storage. */
const char *vn_flag_word(vn_flag_t flag);

/*
 * Counters of a series, or of a device: what became of its readings. received is the sum of those
 * from accepted (in at least one window, or in a pipeline without windows) to rejected: the
 * conservation law. missing: skipped sequence numbers, readings that never came. unordered:
 * accepted, but too late for what goes by time order. corrected: of the accepted, those that came
 * when some window of theirs was gone, and were told as deltas. The place in the
 * list is the key in messages; append only.
 */
#define VN_ACCOUNTING_LIST(X) \
  X(received)                 \
  X(accepted)                 \
  X(late)                     \
  X(no_window)                \
  X(duplicate)                \
  X(limited)                  \
  X(quarantined)              \
  X(rejected)                 \
  X(missing)                  \
  X(unordered)                \
  X(corrected)

typedef struct vn_accounting {
#define VN_ACCOUNTING_MEMBER(name) uint64_t name;
  VN_ACCOUNTING_LIST(VN_ACCOUNTING_MEMBER)
#undef VN_ACCOUNTING_MEMBER
} vn_accounting_t;

#define VN_ACCOUNTING_COUNTERS (sizeof(vn_accounting_t) / sizeof(uint64_t))

/* All of them in their order, and the word of one: "received", ...; static storage. */
void vn_accounting_list(const vn_accounting_t *accounting, uint64_t out[VN_ACCOUNTING_COUNTERS]);
const char *vn_accounting_word(unsigned index);

/* Whether the conservation law holds. */
static inline bool vn_accounting_balances(const vn_accounting_t *accounting) {
  return accounting->received == accounting->accepted + accounting->late + accounting->no_window +
                                     accounting->duplicate + accounting->limited +
                                     accounting->quarantined + accounting->rejected;
}

/* Counters of one pane: LATE to QUARANTINED. They stop at their end. */
#define VN_TALLY_ITEMS ((unsigned)VN_ACCOUNTED_GAPS)
typedef struct vn_tally {
  uint16_t counts[VN_ACCOUNTED_GAPS];
} vn_tally_t;

void vn_tally_clear(vn_tally_t *tally);
bool vn_tally_is_empty(const vn_tally_t *tally);
void vn_tally_bump(vn_tally_t *tally, vn_accounted_t item);
void vn_tally_merge(vn_tally_t *into, const vn_tally_t *other);

/* Which counter of a pane a refusal belongs to; false: to none (late, no_window, missing). */
bool vn_tally_item(vn_reason_t reason, vn_accounted_t *item);

/*
 * Slots of time in a row, some with a reading, some without: coverage and gaps. Start from all
 * zero.
 */
typedef struct vn_coverage {
  uint32_t slots, heard, gaps;
  bool silent; /* the last slot had no reading */
} vn_coverage_t;

void vn_coverage_add(vn_coverage_t *coverage, uint32_t slots, bool heard);

/* Permille heard, at least 1; 0 when there is no gap at all. */
uint32_t vn_coverage_permille(const vn_coverage_t *coverage);

#endif
