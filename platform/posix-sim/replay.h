/* Replay: a recorded trace through the whole engine under a virtual clock. */
#ifndef VN_REPLAY_H
#define VN_REPLAY_H

#include "vn/plan.h"

#include <stdio.h>

/* Exit codes of sysexits(3). */
#define VN_EXIT_OK 0
#define VN_EXIT_USAGE 64
#define VN_EXIT_DATA 65
#define VN_EXIT_UNAVAILABLE 69
#define VN_EXIT_IO 74
#define VN_EXIT_CONFIGURATION 78

/*
 * File names; trace may be "-", output may be NULL: standard input and output. Instead of a trace,
 * `journal` may name a state file: what its journal still holds is replayed. With `plan` no
 * configuration is read: it is there already, and `config` says what to call it.
 */
typedef struct vn_replay_options {
  const char *config, *trace, *journal, *output;
  const vn_plan_t *plan;
  bool scores; /* a line for each score, too */
  bool events; /* a line for everything that subscribers are told of alerts */
} vn_replay_options_t;

/* Runs it and returns the exit code; everything wrong is said in `errors`. */
int vn_replay(const vn_replay_options_t *options, FILE *errors);

#endif
