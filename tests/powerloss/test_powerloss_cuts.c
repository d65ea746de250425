/* Every flash operation cut in every way, once, and again after five more commits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "powerloss.h"

typedef struct campaign {
  flash_fake_shape_t flash;
  log_model_shape_t model;
  uint32_t commits, depth, commits_between, keep_one_in;
} campaign_t;

static void cut(const campaign_t *campaign, uint64_t seed) {
  powerloss_t run;
  uint32_t scale = powerloss_scale();
  powerloss_start(&run, &campaign->model, &campaign->flash, seed);
  run.depth = campaign->depth;
  run.commits_between = campaign->commits_between;
  run.keep_one_in = campaign->keep_one_in > scale ? campaign->keep_one_in / scale : 1u;
  powerloss_run(&run, campaign->commits);
  print_message("  E %u, W %u, seed %llu: %llu cuts\n", campaign->flash.erase_size,
                campaign->flash.prog_size, (unsigned long long)seed, (unsigned long long)run.cuts);
  if (run.failure != NULL) {
    print_error("%s (%s)\n", run.failure, run.place);
  }
  powerloss_stop(&run);
  assert_null(run.failure);
  assert_true(run.cuts > 0);
}

static void cut_all(const campaign_t *campaigns, size_t count) {
  uint32_t seeds = campaigns[0].keep_one_in > powerloss_scale()
                       ? 1u
                       : powerloss_scale() / campaigns[0].keep_one_in;
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    for (size_t i = 0; i < count; i++) {
      cut(&campaigns[i], seed);
    }
  }
}

/* The ring wraps in each. After each cut: two mounts in a row (T7), a seal, commits, a remount. */
static void one_cut_anywhere_leaves_the_state_before_or_after(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{1024, 4, 24, 0xFF, true, true, false}, {12, 2, 20, 40, 3, 256, 10, 0}, 140, 1, 0, 1},
      {{1024, 8, 24, 0xA5, true, true, false}, {12, 1, 20, 60, 3, 256, 5, 0}, 140, 1, 0, 1},
      {{2048, 16, 24, FLASH_FAKE_NOISE, true, true, false},
       {14, 3, 20, 60, 3, 256, 5, 0},
       130,
       1,
       0,
       2},
      {{4096, 256, 24, 0xFF, true, true, false}, {14, 3, 20, 60, 3, 256, 5, 0}, 180, 1, 0, 2},
      {{8192, 512, 20, 0xA5, true, true, false}, {14, 3, 20, 60, 3, 1024, 5, 0}, 240, 1, 0, 2},
      {{65536, 512, 20, 0xA5, true, false, false}, {40, 3, 400, 900, 20, 4096, 5, 0}, 70, 1, 0, 8},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

static void one_cut_in_a_transaction_longer_than_a_sector(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{512, 4, 128, 0xFF, true, true, false}, {16, 2, 40, 120, 8, 256, 5, 0}, 60, 1, 0, 1},
      {{1024, 16, 96, 0x00, true, true, false}, {30, 2, 40, 120, 14, 256, 5, 0}, 60, 1, 0, 2},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

/* T6: the last padding of a commit is shorter than a record header. */
static void t6_padding_shorter_than_a_record_header_is_padding(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{1024, 16, 24, 0xFF, true, true, false}, {12, 2, 17, 43, 3, 256, 10, 0}, 60, 1, 0, 1},
      {{1024, 32, 24, 0xFF, true, true, false}, {12, 2, 17, 43, 3, 256, 10, 0}, 60, 1, 0, 1},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

/* Writes that were not synced may be lost in any part and order. */
static void one_cut_above_a_page_cache(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{8192, 512, 20, 0xA5, false, false, true}, {14, 3, 20, 60, 3, 1024, 5, 0}, 240, 1, 0, 1},
      {{65536, 4096, 20, 0xA5, false, false, true}, {40, 3, 200, 500, 8, 16384, 5, 0}, 60, 1, 0, 4},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

/* T4: committed_tx is what is known, not what was seen. T5: a torn transaction is fenced for good.
 */
static void t4_t5_a_torn_transaction_stays_torn_five_commits_later(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{1024, 4, 24, 0xFF, true, true, false}, {8, 1, 20, 40, 2, 256, 5, 0}, 60, 2, 5, 16},
      {{512, 8, 40, 0xA5, true, true, false}, {8, 2, 20, 40, 2, 256, 5, 0}, 60, 2, 5, 16},
      {{4096, 128, 20, 0x00, true, true, false}, {8, 2, 20, 60, 2, 256, 5, 0}, 60, 2, 5, 16},
      {{8192, 512, 20, 0xA5, true, true, false}, {8, 2, 20, 60, 2, 512, 5, 0}, 60, 2, 5, 16},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

/* T8: nearly full, so that the sectors which an uncertain commit has set free are wanted next. */
static void t8_what_an_uncertain_commit_freed_is_not_reused(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{512, 8, 28, 0xFF, true, true, false}, {12, 1, 20, 40, 3, 256, 5, 0}, 120, 2, 1, 24},
      {{1024, 256, 40, 0xFF, true, true, false}, {8, 1, 20, 40, 2, 256, 5, 0}, 120, 2, 1, 24},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

/* Journal records that are transactions of their own, between ordinary ones. */
static void cuts_among_journal_records(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{1024, 4, 32, 0xFF, true, true, false}, {10, 1, 20, 40, 3, 256, 10, 60}, 160, 1, 0, 2},
      {{4096, 256, 24, 0xA5, true, true, false}, {10, 1, 20, 60, 3, 256, 5, 60}, 160, 1, 0, 2},
      {{1024, 16, 32, 0xFF, true, true, false}, {8, 1, 20, 40, 2, 256, 5, 50}, 60, 2, 5, 16},
      {{4096, 256, 24, 0x00, true, true, false}, {8, 1, 20, 60, 2, 256, 5, 50}, 60, 2, 5, 16},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

static void three_cuts_in_a_row(void **unused) {
  (void)unused;
  static const campaign_t campaigns[] = {
      {{1024, 8, 24, 0xFF, true, true, false}, {8, 1, 20, 40, 2, 256, 5, 0}, 40, 3, 0, 256},
      {{4096, 256, 20, 0xA5, true, true, false}, {8, 1, 20, 40, 2, 256, 5, 0}, 40, 3, 0, 256},
  };
  cut_all(campaigns, sizeof campaigns / sizeof *campaigns);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_cut_anywhere_leaves_the_state_before_or_after),
      cmocka_unit_test(one_cut_in_a_transaction_longer_than_a_sector),
      cmocka_unit_test(t6_padding_shorter_than_a_record_header_is_padding),
      cmocka_unit_test(one_cut_above_a_page_cache),
      cmocka_unit_test(t4_t5_a_torn_transaction_stays_torn_five_commits_later),
      cmocka_unit_test(t8_what_an_uncertain_commit_freed_is_not_reused),
      cmocka_unit_test(cuts_among_journal_records),
      cmocka_unit_test(three_cuts_in_a_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
