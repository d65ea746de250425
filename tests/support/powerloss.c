#include "powerloss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t powerloss_scale(void) {
  const char *text = getenv("VN_POWERLOSS_SCALE");
  long scale = text == NULL ? 1 : strtol(text, NULL, 10);
  return scale >= 1 && scale <= 100000 ? (uint32_t)scale : 1u;
}

static void fail(powerloss_t *run, uint32_t level, const char *what) {
  if (run->failure == NULL) {
    run->failure = what;
    (void)snprintf(run->place, sizeof run->place,
                   "seed %llu, cut %llu, level %u, commit %llu, last rot at %u",
                   (unsigned long long)run->seed, (unsigned long long)run->cuts, level,
                   (unsigned long long)run->level[level]->durable.accepted, run->rot_offset);
  }
}

static bool power_up_and_check(powerloss_t *run, uint32_t level) {
  log_model_t *model = run->level[level];
  flash_fake_power_up(model->flash);
  vn_err_t err = log_model_mount(model);
  if (err == VN_ERR_UNFORMATTED && model->durable.accepted == 0) {
    return false; /* cut before the first commit: nothing to lose */
  }
  const char *wrong = err != VN_OK ? vn_err_name(err) : log_model_check(model);
  if (wrong != NULL) {
    fail(run, level, wrong);
  }
  return wrong == NULL;
}

static void before_operation(void *context, const flash_fake_operation_t *operation);

static void set_hook(powerloss_t *run, uint32_t level, bool on) {
  run->hooks[level].run = run;
  run->hooks[level].level = level;
  run->level[level]->flash->before = on ? before_operation : NULL;
  run->level[level]->flash->before_context = &run->hooks[level];
}

enum { SCRUB_STEPS = 3 };

/* Nothing is damaged: scrub must not think so, whatever the last cut has left. */
static void use_idle_time(powerloss_t *run, uint32_t level) {
  vn_flash_log_t *log = &run->level[level]->log;
  while (run->failure == NULL && vn_log_erase_ahead(log)) {
  }
  for (uint32_t i = 0; i < SCRUB_STEPS && run->failure == NULL; i++) {
    (void)vn_log_scrub(log);
  }
  if (log->figures.scrub_damaged > 0) {
    fail(run, level, "scrub finds damage where there is none");
  }
}

static bool commit_some(powerloss_t *run, uint32_t level, uint32_t commits) {
  for (uint32_t i = 0; i < commits && run->failure == NULL; i++) {
    vn_err_t err = log_model_commit(run->level[level]);
    if (err != VN_OK) {
      fail(run, level, vn_err_name(err));
    } else if (run->idle) {
      use_idle_time(run, level);
    }
  }
  return run->failure == NULL;
}

/* After a cut: two mounts in a row, then what was shown must stay, and the log goes on from it. */
static void recover(powerloss_t *run, uint32_t level) {
  log_model_t *model = run->level[level];
  bool deeper = level < run->depth;
  if (!power_up_and_check(run, level) || !power_up_and_check(run, level)) {
    return;
  }
  set_hook(run, level, deeper);
  vn_err_t err = log_model_settle(model);
  if (err != VN_OK) {
    fail(run, level, vn_err_name(err));
  }
  bool look =
      !deeper && run->failure == NULL && prng_below(&run->prng, run->seal_mount_one_in) == 0;
  if (look && !power_up_and_check(run, level)) {
    return;
  }
  if (commit_some(run, level, deeper ? run->commits_between + 1u : 1u)) {
    set_hook(run, level, false);
    (void)power_up_and_check(run, level);
  }
}

/* Changes a stored bit of a sector that the log needs, or makes its unit unreadable; true if the
 * newest transaction may be hit. */
static bool rot(powerloss_t *run, const log_model_t *model, flash_fake_t *flash) {
  const vn_log_state_t *state = &model->log.state;
  uint32_t size = flash->shape.erase_size;
  uint32_t count = flash->shape.sector_count;
  uint32_t span = (state->head + count - state->oldest_sector) % count + 1u;
  for (;;) {
    uint32_t sector = (state->oldest_sector + prng_below(&run->prng, span)) % count;
    uint32_t offset = sector * size + prng_below(&run->prng, size);
    if (flash_fake_rot(flash, offset, prng_chance(&run->prng, 20))) {
      run->rot_offset = offset;
      return model->sectors[sector].sequence >= model->newest_sequence;
    }
  }
}

static bool mount_rotten(powerloss_t *run, uint32_t level, bool newest_hit) {
  log_model_t *model = run->level[level];
  flash_fake_power_up(model->flash);
  vn_err_t err = log_model_mount(model);
  const char *wrong = err != VN_OK ? vn_err_name(err) : log_model_check_rotten(model, newest_hit);
  if (wrong != NULL) {
    fail(run, level, wrong);
  }
  return wrong == NULL;
}

/* Seals, and writes again what damage has left. */
static bool settle_rotten(powerloss_t *run) {
  log_model_t *model = run->level[1];
  vn_err_t err = log_model_settle(model);
  if (err == VN_OK && model->log.figures.records_damaged > 0) {
    err = log_model_repair(model);
  }
  if (err != VN_OK) {
    fail(run, 1, vn_err_name(err));
  }
  return err == VN_OK;
}

/* A cut and bit rot, at once or some commits later: what is missing is told, nothing is mixed, and
 * the log goes on. */
static void recover_rotten(powerloss_t *run) {
  log_model_t *model = run->level[1];
  const log_model_t *from = run->level[0];
  run->rotten++;
  if (prng_chance(&run->prng, 50)) {
    from = model;
    if (!power_up_and_check(run, 1) || !commit_some(run, 1, 1u + prng_below(&run->prng, 6))) {
      return;
    }
  }
  bool newest_hit = rot(run, from, model->flash);
  bool goes_on = mount_rotten(run, 1, newest_hit) && mount_rotten(run, 1, newest_hit) &&
                 settle_rotten(run) && mount_rotten(run, 1, false) && commit_some(run, 1, 2);
  if (goes_on) {
    (void)mount_rotten(run, 1, false);
  }
}

static void cut_rotten(powerloss_t *run, const flash_fake_operation_t *operation,
                       flash_fake_cut_t cut) {
  const vn_log_state_t *state = &run->level[0]->log.state;
  bool wanted = run->rot_one_in != 0 && prng_below(&run->prng, run->rot_one_in) == 0;
  /* A log of one sector or of one commit has nothing left when that is damaged, and says so. */
  if (wanted && state->tx > 1 && state->head != state->oldest_sector && run->failure == NULL) {
    log_model_copy(run->level[1], run->level[0]);
    run->cuts++;
    flash_fake_tear(run->level[1]->flash, operation, cut);
    recover_rotten(run);
  }
}

static void before_operation(void *context, const flash_fake_operation_t *operation) {
  struct powerloss_hook *hook = context;
  powerloss_t *run = hook->run;
  uint32_t first = operation->erase ? CUT_ERASE_OLD : CUT_PROG_NOTHING;
  for (uint32_t i = 0; i < FLASH_FAKE_CUTS_PER_OPERATION && run->failure == NULL; i++) {
    if (hook->level == 0 && prng_below(&run->prng, run->keep_one_in) != 0) {
      run->skipped++;
      continue;
    }
    log_model_t *cut = run->level[hook->level + 1u];
    log_model_copy(cut, run->level[hook->level]);
    run->cuts++;
    flash_fake_tear(cut->flash, operation, (flash_fake_cut_t)(first + i));
    recover(run, hook->level + 1u);
    if (hook->level == 0) {
      cut_rotten(run, operation, (flash_fake_cut_t)(first + i));
    }
  }
}

void powerloss_start(powerloss_t *run, const log_model_shape_t *model,
                     const flash_fake_shape_t *flash, uint64_t seed) {
  memset(run, 0, sizeof *run);
  run->depth = 1;
  run->commits_between = 5;
  run->keep_one_in = 1;
  run->seal_mount_one_in = 1;
  run->seed = seed;
  run->prng = prng_make(seed, 3);
  for (uint32_t i = 0; i <= POWERLOSS_LEVELS; i++) {
    run->level[i] = log_model_new(model, flash, seed + i);
  }
  if (log_model_format(run->level[0]) != VN_OK) {
    fail(run, 0, "the region is too small for the workload");
  }
}

void powerloss_outage(powerloss_t *run, uint32_t commits) {
  for (uint32_t i = 0; i <= POWERLOSS_LEVELS; i++) {
    run->level[i]->outage_commits = commits;
  }
}

void powerloss_idle(powerloss_t *run) { run->idle = true; }

void powerloss_stop(powerloss_t *run) {
  for (uint32_t i = 0; i <= POWERLOSS_LEVELS; i++) {
    log_model_free(run->level[i]);
  }
}

void powerloss_run(powerloss_t *run, uint32_t commits) {
  set_hook(run, 0, true);
  (void)commit_some(run, 0, commits);
  set_hook(run, 0, false);
  if (run->failure == NULL && power_up_and_check(run, 0)) {
    const log_model_t *model = run->level[0];
    bool equal = memcmp(&model->ram, &model->durable, sizeof model->ram) == 0;
    if (!equal) {
      fail(run, 0, "a clean remount shows another state");
    }
  }
}

/* One power-up: mount, then commits until the cut. */
static const char *loop_once(log_model_t *model, const powerloss_loop_t *loop, prng_t *prng) {
  flash_fake_power_up(model->flash);
  vn_err_t err = log_model_mount(model);
  const char *wrong = err != VN_OK ? vn_err_name(err) : log_model_check(model);
  if (wrong != NULL) {
    return wrong;
  }
  uint32_t least = loop->operations_min > 0 ? loop->operations_min : 1u;
  flash_fake_cut_at(model->flash, least + prng_below(prng, loop->operations_max - least + 1u),
                    (flash_fake_cut_t)prng_below(prng, FLASH_FAKE_CUTS_PER_OPERATION),
                    (flash_fake_cut_t)(CUT_ERASE_OLD + prng_below(prng, 4)));
  while (!model->flash->dead && !model->full) {
    err = log_model_commit(model);
    if (err != VN_OK && !model->flash->dead && !model->full) {
      return vn_err_name(err);
    }
  }
  return model->full && !model->flash->dead ? "log full" : NULL;
}

void powerloss_loop(powerloss_loop_t *loop) {
  log_model_t *model = log_model_new(&loop->model, &loop->flash, loop->seed);
  prng_t prng = prng_make(loop->seed, 4);
  loop->failure = NULL;
  if (log_model_format(model) != VN_OK ||
      log_model_commit_dirty(model, loop->model.items) != VN_OK) {
    loop->failure = "the region is too small for the workload";
  }
  for (uint32_t i = 0; i < loop->power_ups && loop->failure == NULL; i++) {
    model->full = false;
    loop->failure = loop_once(model, loop, &prng);
    loop->failed_at = i;
  }
  loop->commits = (uint32_t)model->durable.accepted;
  log_model_free(model);
}
