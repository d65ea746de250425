/* Every number of a device's messages: come, or named by a notice of gaps. */
#ifndef VN_TEST_SEQ_WALK_H
#define VN_TEST_SEQ_WALK_H

#include "engine_rig.h"

enum { SEQ_WALK_MAX = 1 << 16, SEQ_WALK_GAPS_MAX = 256 };

typedef struct seq_gap {
  uint64_t first, last, messages, results, alerts;
  bool coarsened;
} seq_gap_t;

typedef struct seq_walk {
  uint8_t came[SEQ_WALK_MAX];   /* how often */
  uint32_t bytes[SEQ_WALK_MAX]; /* a checksum of what came: all of a number have the same */
  seq_gap_t gaps[SEQ_WALK_GAPS_MAX];
  size_t gap_count;
  uint64_t next;  /* the first number that nobody has seen */
  uint64_t again; /* messages that came once more */
} seq_walk_t;

/* Notes the messages that have left since the last call with this `from`, which moves. Summaries
 * may have any encoding but SenML. Aborts on what it can't read. */
void seq_walk_note(seq_walk_t *walk, const rig_t *rig, size_t *from);

/*
 * What is wrong, or NULL: a number below `next` is neither there nor inside of a gap, or the gaps
 * don't name as many messages as are missing.
 */
const char *seq_walk_problem(const seq_walk_t *walk);

/* Sums over the gaps. */
uint64_t seq_walk_gone(const seq_walk_t *walk, bool coarsened);

#endif
