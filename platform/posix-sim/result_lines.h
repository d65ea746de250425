/* Result lines of a replay: summaries, drops, alerts and the totals, as JSON. */
#ifndef VN_RESULT_LINES_H
#define VN_RESULT_LINES_H

#include "vn/engine.h"

#include <stdio.h>

typedef struct vn_result_lines {
  FILE *file;
  char *buffer;
  size_t used;
  uint64_t index; /* of the trace line at work; the caller moves it on */
  bool failed;
} vn_result_lines_t;

/* False: no memory. `file` stays the caller's. */
bool vn_result_lines_init(vn_result_lines_t *lines, FILE *file);

/* Observer callbacks; the context is a vn_result_lines_t. Scores and events are lines only if asked
 * for. */
vn_observer_t vn_result_lines_observer(vn_result_lines_t *lines, bool scores, bool events);

void vn_result_lines_drop(vn_result_lines_t *lines, const vn_drop_t *drop);

/* The last line: `figures`, and the accounting of each series that there is. */
void vn_result_lines_totals(vn_result_lines_t *lines, const vn_engine_t *engine,
                            const vn_figures_t *figures);

/* Writes what is buffered; false if anything could not be written. */
bool vn_result_lines_flush(vn_result_lines_t *lines);

void vn_result_lines_free(vn_result_lines_t *lines);

#endif
