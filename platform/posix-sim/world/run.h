/* vnotch-sim run: seeds, cases, and what to do with those that fail. */
#ifndef VN_WORLD_RUN_H
#define VN_WORLD_RUN_H

#include <stdio.h>

/* The command with its arguments, without "run"; the exit code: 0, 1 when a case failed. */
int vn_run(int argc, char **argv, FILE *errors);

extern const char vn_run_usage[];

#endif
