/* A consumer of summary messages: the table that docs/messages.md says how to keep. */
#ifndef VN_TEST_SUMMARY_TABLE_H
#define VN_TEST_SUMMARY_TABLE_H

#include "engine_rig.h"

enum { TABLE_ROWS_MAX = 1 << 15, TABLE_SAMPLE_MAX = 16 };

/* A result; what the message doesn't tell is 0, and its bit in `fields` (by key) not set. */
typedef struct table_row {
  char series[16], window[16];
  int64_t start, end, sum, min, max, first, last;
  uint64_t fields, sum_sq_low, sum_sq_high;
  double mean, variance;
  uint32_t count, rev, boot;
  uint32_t accounting[VN_ACCOUNTED_COUNT_OF];
  uint8_t kind, flags;
  uint8_t sample_count;
  int64_t sample[TABLE_SAMPLE_MAX][2]; /* time, value; in ascending order */
} table_row_t;

typedef struct summary_table {
  table_row_t *rows;
  size_t count;
  size_t coarse;  /* results that came with the flag */
  size_t ignored; /* results that a coarser one stands for already */
} summary_table_t;

summary_table_t *summary_table_new(void);
void summary_table_free(summary_table_t *table);

/* Takes the summaries among the messages of the rig from *from on, which moves. CBOR with integer
 * keys; aborts on what it can't read. */
void summary_table_note(summary_table_t *table, const rig_t *rig, size_t *from);

/* The row of that key, or NULL. */
const table_row_t *summary_table_find(const summary_table_t *table, const char *series,
                                      const char *window, int64_t start, int64_t end);

#endif
