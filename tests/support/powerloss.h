/* Cuts at every flash operation of a workload, and cuts within what follows a cut. */
#ifndef POWERLOSS_H
#define POWERLOSS_H

#include "log_model.h"

enum { POWERLOSS_LEVELS = 3 };

typedef struct powerloss {
  log_model_t *level[POWERLOSS_LEVELS + 1]; /* the uncut run, then one per cut */
  uint32_t depth;                           /* cuts in a row */
  uint32_t commits_between;
  uint32_t keep_one_in; /* of the cuts of the first level; 1 = all */
  uint32_t
      seal_mount_one_in; /* after how many cuts a mount follows right behind the seal; 1 = all */
  uint32_t
      rot_one_in; /* of the cuts of the first level come again with stored bits changed; 0 = none
                   */
  uint64_t cuts, rotten, skipped, seed;
  uint32_t rot_offset; /* where the last one was */
  bool idle;
  prng_t prng;
  const char *failure; /* NULL: none yet */
  char place[96];      /* where the first failure was */
  struct powerloss_hook {
    struct powerloss *run;
    uint32_t level;
  } hooks[POWERLOSS_LEVELS + 1];
} powerloss_t;

/* Scale given by the environment (VN_POWERLOSS_SCALE), 1 without it. */
uint32_t powerloss_scale(void);

void powerloss_start(powerloss_t *run, const log_model_shape_t *model,
                     const flash_fake_shape_t *flash, uint64_t seed);
void powerloss_stop(powerloss_t *run);

/* Messages that wait for a link, which is there in every other span of so many commits. */
void powerloss_outage(powerloss_t *run, uint32_t commits);

/* Behind each commit there is idle time: sectors are erased ahead, and scrub takes some steps. */
void powerloss_idle(powerloss_t *run);

/* `commits` transactions, each operation cut in each way; stops at the first failure. */
void powerloss_run(powerloss_t *run, uint32_t commits);

/* `power_ups` power-ups of operations_min (0: 1) to operations_max flash operations, on one region.
 */
typedef struct powerloss_loop {
  log_model_shape_t model;
  flash_fake_shape_t flash;
  uint64_t seed;
  uint32_t power_ups, operations_min, operations_max;
  /* Results. */
  uint32_t commits;
  const char *failure;
  uint32_t failed_at;
} powerloss_loop_t;
void powerloss_loop(powerloss_loop_t *loop);

#endif
