/* How long the flash lasts at the pace of a run: known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flash_life.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* 1,000 blocks of 4,000 bytes; in a day 2,000,000 bytes fresh, half as many moved: 750 blocks. */
static const vn_flash_figures_t day = {.commits = 8640,
                                       .fresh_bytes = 2000000,
                                       .moved_bytes = 1000000,
                                       .erases = 700,
                                       .run_ms = DAY_MS,
                                       .most_worn = 25000,
                                       .sectors = 1000,
                                       .usable_bytes = 4000};
static const vn_plan_t plan = {.endurance_cycles = 100000, .lifetime_days = 36525};

static void assert_near(double got, double want) {
  double difference = got > want ? got - want : want - got;
  if (difference > want * 1e-9) {
    fail_msg("%.12g instead of %.12g", got, want);
  }
}

static void a_day_of_writes_makes_years(void **state) {
  (void)state;
  vn_flash_life_t life = vn_flash_life(&plan, &day);
  assert_near(life.commits_per_day, 8640);
  assert_near(life.bytes_per_day, 3000000);
  assert_near(life.erases_per_day, 750);
  assert_near(life.amplification, 1.5);
  assert_near(life.years, 100000 / (365.25 * 0.75));
  assert_near(life.years_left, 75000 / (365.25 * 0.75));
  assert_near(life.lifetime_years, 100);
  assert_true(life.is_measured && !life.is_short);
}

static void what_is_erased_counts_when_it_is_more_than_what_is_filled(void **state) {
  (void)state;
  vn_flash_figures_t figures = day;
  figures.erases = 3000;
  vn_flash_life_t life = vn_flash_life(&plan, &figures);
  assert_near(life.erases_per_day, 3000);
  assert_near(life.years, 100000 / (365.25 * 3));
  assert_true(life.is_short);
}

static void half_a_day_counts_twice(void **state) {
  (void)state;
  vn_flash_figures_t figures = day;
  figures.run_ms = DAY_MS / 2;
  assert_near(vn_flash_life(&plan, &figures).erases_per_day, 1500);
}

/* The first minutes of a run say nothing; but a region that was written once says all. */
static void nobody_is_alarmed_before_something_is_measured(void **state) {
  (void)state;
  vn_flash_figures_t figures = day;
  figures.run_ms = HOUR_MS - 1;
  vn_flash_life_t life = vn_flash_life(&plan, &figures);
  assert_true(life.years < life.lifetime_years && !life.is_measured && !life.is_short);
  figures.run_ms = HOUR_MS;
  life = vn_flash_life(&plan, &figures);
  assert_true(life.is_measured && life.is_short);
  figures.run_ms = 10000;
  figures.fresh_bytes = 3000000;
  life = vn_flash_life(&plan, &figures);
  assert_true(life.is_measured && life.is_short);
}

static void without_a_lifetime_nothing_is_short(void **state) {
  (void)state;
  vn_plan_t any = plan;
  vn_flash_figures_t figures = day;
  any.lifetime_days = 0;
  figures.erases = 100000000;
  vn_flash_life_t life = vn_flash_life(&any, &figures);
  assert_true(life.years < 1 && !life.is_short);
}

static void the_ends_of_the_scale(void **state) {
  (void)state;
  vn_flash_figures_t figures = {.sectors = 8, .usable_bytes = 4000};
  vn_flash_life_t life = vn_flash_life(&plan, &figures);
  assert_near(life.years, VN_FLASH_LIFE_YEARS_MAX);
  assert_near(life.amplification, 1);
  figures = day;
  figures.most_worn = 100001;
  life = vn_flash_life(&plan, &figures);
  assert_true(life.years_left <= 0 && life.years > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_day_of_writes_makes_years),
      cmocka_unit_test(what_is_erased_counts_when_it_is_more_than_what_is_filled),
      cmocka_unit_test(half_a_day_counts_twice),
      cmocka_unit_test(nobody_is_alarmed_before_something_is_measured),
      cmocka_unit_test(without_a_lifetime_nothing_is_short),
      cmocka_unit_test(the_ends_of_the_scale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
