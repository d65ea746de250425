/* The journal of a state file as a trace: what came, as far back as the file still tells it. */
#ifndef VN_HISTORY_H
#define VN_HISTORY_H

#include <stdio.h>

/* Writes trace lines (docs/replay.md); an exit code, and everything wrong is said in `errors`. */
int vn_history_write(const char *state, FILE *trace, FILE *errors);

#endif
