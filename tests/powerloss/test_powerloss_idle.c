/* Cuts at every operation of a log that uses its idle time: sectors are erased ahead, and damage
 * that scrub finds is written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "powerloss.h"

typedef struct campaign {
  flash_fake_shape_t flash;
  log_model_shape_t model;
  uint32_t commits, depth, keep_one_in;
} campaign_t;

static const campaign_t erasing[] = {
    {{512, 8, 28, 0xFF, true, true, false}, {12, 1, 20, 40, 3, 256, 5, 0}, 150, 1, 1},
    {{1024, 4, 24, 0xFF, true, true, false}, {12, 2, 20, 40, 3, 256, 10, 30}, 140, 1, 1},
    {{2048, 16, 24, FLASH_FAKE_NOISE, true, true, false}, {14, 3, 20, 60, 3, 256, 5, 0}, 130, 1, 2},
    {{4096, 256, 24, 0xFF, true, true, false}, {14, 3, 20, 60, 3, 256, 5, 0}, 180, 1, 2},
    {{8192, 512, 20, 0xA5, false, false, true}, {14, 3, 20, 60, 3, 1024, 5, 0}, 240, 1, 2},
    {{512, 4, 128, 0xFF, true, true, false}, {16, 2, 40, 120, 8, 256, 5, 0}, 60, 1, 2},
    {{1024, 4, 24, 0xFF, true, true, false}, {8, 1, 20, 40, 2, 256, 5, 0}, 60, 2, 24},
    {{512, 8, 40, 0xA5, true, true, false}, {8, 2, 20, 40, 2, 256, 5, 30}, 60, 2, 24},
};

static void cuts_while_sectors_are_erased_ahead(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof erasing / sizeof *erasing; i++) {
    const campaign_t *campaign = &erasing[i];
    powerloss_t run;
    uint32_t scale = powerloss_scale();
    powerloss_start(&run, &campaign->model, &campaign->flash, i + 1u);
    powerloss_idle(&run);
    run.depth = campaign->depth;
    run.keep_one_in = campaign->keep_one_in > scale ? campaign->keep_one_in / scale : 1u;
    powerloss_run(&run, campaign->commits);
    print_message("  E %u, W %u: %llu cuts\n", campaign->flash.erase_size,
                  campaign->flash.prog_size, (unsigned long long)run.cuts);
    if (run.failure != NULL) {
      print_error("%s (%s)\n", run.failure, run.place);
    }
    powerloss_stop(&run);
    assert_null(run.failure);
    assert_true(run.cuts > 0);
  }
}

/* A cut in the midst of the commits that write again what scrub has found. */
typedef struct healing {
  log_model_t *model, *cut;
  uint64_t cuts;
  const char *failure;
} healing_t;

static const char *judge(healing_t *healing) {
  log_model_t *cut = healing->cut;
  for (uint32_t mounts = 0; mounts < 2; mounts++) {
    flash_fake_power_up(cut->flash);
    vn_err_t err = log_model_mount(cut);
    const char *wrong = err != VN_OK ? vn_err_name(err) : log_model_check_rotten(cut, false);
    if (wrong != NULL) {
      return wrong;
    }
  }
  vn_err_t err = log_model_settle(cut);
  err = err == VN_OK && cut->log.figures.records_damaged > 0 ? log_model_repair(cut) : err;
  err = err == VN_OK ? log_model_commit(cut) : err;
  return err == VN_OK ? NULL : vn_err_name(err);
}

static void before_operation(void *context, const flash_fake_operation_t *operation) {
  healing_t *healing = context;
  uint32_t first = operation->erase ? CUT_ERASE_OLD : CUT_PROG_NOTHING;
  for (uint32_t i = 0; i < FLASH_FAKE_CUTS_PER_OPERATION && healing->failure == NULL; i++) {
    log_model_copy(healing->cut, healing->model);
    flash_fake_tear(healing->cut->flash, operation, (flash_fake_cut_t)(first + i));
    healing->cuts++;
    healing->failure = judge(healing);
  }
}

/* Damage somewhere in what counts, in front of the newest transaction; false: no such place. */
static bool spoil(log_model_t *model, prng_t *prng) {
  const vn_log_state_t *state = &model->log.state;
  uint32_t size = model->flash->shape.erase_size;
  uint16_t sector = state->oldest_sector;
  for (uint32_t skip = prng_below(prng, model->flash->shape.sector_count); skip > 0; skip--) {
    uint16_t next = model->log.config.sectors[sector].next;
    sector = next == UINT16_MAX || next == state->good_sector ? sector : next;
  }
  uint32_t offset = sector * size + prng_below(prng, size);
  return model->sectors[sector].sequence < model->newest_sequence &&
         flash_fake_rot(model->flash, offset, prng_chance(prng, 20));
}

static void heal(healing_t *healing) {
  log_model_t *model = healing->model;
  while (vn_log_scrub(&model->log)) {
  }
  model->flash->before = before_operation;
  model->flash->before_context = healing;
  while (healing->failure == NULL && vn_log_is_weak(&model->log)) {
    (void)vn_log_erase_ahead(&model->log);
    vn_err_t err = log_model_commit_dirty(model, 0);
    healing->failure =
        healing->failure == NULL && err != VN_OK ? vn_err_name(err) : healing->failure;
  }
  model->flash->before = NULL;
}

/* What scrub has left is as if nothing had been damaged. */
static void assert_sound(const healing_t *healing, log_model_t *cut) {
  log_model_copy(cut, healing->model);
  flash_fake_power_up(cut->flash);
  assert_int_equal(log_model_mount(cut), VN_OK);
  assert_int_equal(cut->log.figures.records_damaged, 0);
  assert_memory_equal(&cut->ram, &healing->model->durable, sizeof cut->ram);
}

static uint64_t heal_many(const campaign_t *campaign, uint32_t times, uint64_t seed) {
  healing_t healing = {.model = log_model_new(&campaign->model, &campaign->flash, seed),
                       .cut = log_model_new(&campaign->model, &campaign->flash, seed + 1u)};
  prng_t prng = prng_make(seed, 5);
  assert_int_equal(log_model_format(healing.model), VN_OK);
  for (uint32_t i = 0; i < times; i++) {
    for (uint32_t n = 0; n < 3; n++) {
      assert_int_equal(log_model_commit(healing.model), VN_OK);
    }
    const vn_log_state_t *state = &healing.model->log.state;
    if (state->oldest_sector == state->head || !spoil(healing.model, &prng)) {
      continue;
    }
    heal(&healing);
    if (healing.failure != NULL) {
      print_error("seed %llu, damage %u, cut %llu: %s\n", (unsigned long long)seed, i,
                  (unsigned long long)healing.cuts, healing.failure);
    }
    assert_null(healing.failure);
    if (healing.model->log.figures.scrub_damaged == 0) {
      continue;
    }
    assert_sound(&healing, healing.cut);
  }
  assert_true(healing.model->log.figures.scrub_rewritten > times / 8u);
  log_model_free(healing.model);
  log_model_free(healing.cut);
  return healing.cuts;
}

static void cuts_while_damage_is_written_again(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{512, 8, 40, 0xFF, true, true, false}, {12, 1, 20, 60, 2, 256, 5, 0}, 80, 1, 0},
      {{1024, 4, 32, 0xA5, true, true, false}, {12, 2, 20, 60, 3, 256, 5, 30}, 80, 1, 0},
      {{1024, 4, 120, 0xFF, true, true, false}, {426, 1, 128, 128, 1, 256, 0, 0}, 12, 1, 0},
      {{4096, 256, 24, 0x00, true, true, false}, {12, 2, 20, 90, 3, 256, 5, 0}, 60, 1, 0},
  };
  for (size_t i = 0; i < sizeof campaigns / sizeof *campaigns; i++) {
    uint64_t cuts = heal_many(&campaigns[i], campaigns[i].commits * powerloss_scale(), i + 1u);
    print_message("  E %u, W %u: %llu cuts\n", campaigns[i].flash.erase_size,
                  campaigns[i].flash.prog_size, (unsigned long long)cuts);
    assert_true(cuts > 100);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cuts_while_sectors_are_erased_ahead),
      cmocka_unit_test(cuts_while_damage_is_written_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
