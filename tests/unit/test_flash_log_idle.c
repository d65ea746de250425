/* What the flash log does in idle time: erasing ahead, and reading what must stay readable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log_model.h"

enum { SEED = 11, E = 1024, SECTORS = 32, STEPS_MAX = 1000 };

static const flash_fake_shape_t small_flash = {E, 8, SECTORS, 0xFF, false, false, false};
static const log_model_shape_t small_shape = {12, 2, 20, 60, 3, 256, 5, 0};
static const log_model_shape_t long_shape = {40, 2, 20, 60, 24, 256, 0, 0};
static const flash_fake_shape_t long_flash = {E, 8, 96, 0xFF, false, false, false};

static void assert_ok(vn_err_t err) { assert_string_equal(vn_err_name(err), "VN_OK"); }

static log_model_t *committed(const log_model_shape_t *shape, const flash_fake_shape_t *flash,
                              uint32_t commits) {
  log_model_t *model = log_model_new(shape, flash, SEED);
  assert_ok(log_model_format(model));
  for (uint32_t i = 0; i < commits; i++) {
    assert_ok(log_model_commit(model));
  }
  return model;
}

static void erase_ahead(log_model_t *model) {
  uint32_t steps = 0;
  while (vn_log_erase_ahead(&model->log)) {
    assert_true(++steps <= model->flash->shape.sector_count);
  }
}

/* One round; the steps it took. */
static uint32_t scrub(log_model_t *model) {
  uint32_t steps = 1;
  while (vn_log_scrub(&model->log)) {
    assert_true(++steps <= STEPS_MAX);
  }
  return steps;
}

static void assert_remount_is_whole(log_model_t *model) {
  log_model_state_t durable = model->durable;
  flash_fake_power_up(model->flash);
  assert_ok(log_model_mount(model));
  assert_memory_equal(&model->ram, &durable, sizeof durable);
  assert_int_equal(model->log.figures.records_damaged, 0);
  assert_null(log_model_check(model));
}

/* The most erases within a commit; with idle time between commits, or without. */
static uint64_t worst_erases(const log_model_shape_t *shape, const flash_fake_shape_t *flash,
                             bool idle) {
  log_model_t *model = committed(shape, flash, 40);
  uint64_t worst = 0;
  for (uint32_t i = 0; i < 300; i++) {
    if (idle) {
      erase_ahead(model);
    }
    uint64_t before = model->flash->erases;
    assert_ok(log_model_commit(model));
    uint64_t erases = model->flash->erases - before;
    worst = erases > worst ? erases : worst;
  }
  assert_remount_is_whole(model);
  log_model_free(model);
  return worst;
}

static void with_idle_time_no_commit_waits_for_an_erase(void **unused) {
  (void)unused;
  assert_int_equal(worst_erases(&small_shape, &small_flash, false), 1);
  assert_int_equal(worst_erases(&small_shape, &small_flash, true), 0);
  uint64_t without = worst_erases(&long_shape, &long_flash, false);
  uint64_t with = worst_erases(&long_shape, &long_flash, true);
  print_message("  commits of several sectors: %llu erases at most, %llu with idle time\n",
                (unsigned long long)without, (unsigned long long)with);
  assert_true(without >= 3);
  assert_true(with <= 1); /* only where one is longer than those before it */
}

static void erasing_ahead_costs_no_erase_more(void **unused) {
  (void)unused;
  log_model_t *without = committed(&small_shape, &small_flash, 0);
  log_model_t *with = committed(&small_shape, &small_flash, 0);
  for (uint32_t i = 0; i < 300; i++) {
    assert_ok(log_model_commit(without));
    assert_ok(log_model_commit(with));
    erase_ahead(with);
  }
  assert_in_range(with->flash->erases, without->flash->erases, without->flash->erases + 1u);
  log_model_free(without);
  log_model_free(with);
}

static void nothing_is_erased_ahead_before_the_first_write(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 60);
  assert_remount_is_whole(model);
  assert_false(vn_log_erase_ahead(&model->log));
  assert_int_equal(model->flash->operations, 0);
  log_model_free(model);
}

static void a_sector_that_cannot_be_erased_is_passed_over(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 20);
  uint32_t bad = (model->log.state.head + 1u) % SECTORS;
  flash_fake_bad(model->flash, bad * E, E, false, true);
  erase_ahead(model);
  assert_int_equal(model->log.figures.sectors_bad, 1);
  for (uint32_t i = 0; i < 100; i++) {
    assert_ok(log_model_commit(model));
    erase_ahead(model);
  }
  assert_remount_is_whole(model);
  log_model_free(model);
}

static void a_sound_log_is_read_and_nothing_written(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 100);
  uint64_t operations = model->flash->operations;
  uint64_t syncs = model->flash->syncs;
  uint64_t bytes = model->flash->bytes_read;
  uint32_t steps = scrub(model);
  uint32_t live =
      (model->log.state.head + (uint32_t)SECTORS - model->log.state.oldest_sector) % SECTORS + 1u;
  assert_true(steps >= live);
  assert_true(model->flash->bytes_read - bytes >= (live - 1u) * (E - 128u));
  assert_int_equal(model->flash->operations, operations);
  assert_int_equal(model->flash->syncs, syncs);
  assert_int_equal(model->log.figures.scrubs, 1);
  assert_int_equal(model->log.figures.scrub_pages, steps);
  assert_int_equal(model->log.figures.scrub_damaged, 0);
  assert_int_equal(model->log.figures.scrub_unstable, 0);
  assert_false(vn_log_is_weak(&model->log));
  log_model_free(model);
}

static void a_step_reads_no_more_than_some_pages(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 100);
  bool more = true;
  while (more) {
    uint64_t bytes = model->flash->bytes_read;
    more = vn_log_scrub(&model->log);
    assert_true(model->flash->bytes_read - bytes <= 4u * small_shape.page_size);
  }
  log_model_free(model);
}

/* Empty commits, as the owner makes them when one is wanted. */
static uint32_t heal(log_model_t *model) {
  uint32_t commits = 0;
  while (vn_log_is_weak(&model->log)) {
    assert_true(++commits <= 2u * SECTORS);
    assert_ok(log_model_commit_dirty(model, 0));
  }
  return commits;
}

/* Every bit of what counts, one at a time: found, written again, and nothing of it left. */
static void every_flipped_bit_is_found_and_healed(void **unused) {
  (void)unused;
  log_model_t *start = committed(&small_shape, &small_flash, 100);
  log_model_t *model = log_model_new(&small_shape, &small_flash, SEED);
  uint32_t found = 0;
  uint32_t tried = 0;
  uint16_t sector = start->log.state.oldest_sector;
  while (sector != start->log.state.head) {
    uint16_t next = start->log.config.sectors[sector].next;
    for (uint32_t bit = 0; bit < E * 8u; bit += 7) {
      log_model_copy(model, start);
      if (!flash_fake_rot(model->flash, sector * E + bit / 8u, bit % 35u == 0)) {
        continue;
      }
      tried++;
      (void)scrub(model);
      assert_in_range(model->log.figures.scrub_damaged, 0, 1);
      if (model->log.figures.scrub_damaged == 0) {
        continue; /* behind the fence, or of a header's padding */
      }
      found++;
      (void)heal(model);
      assert_int_equal(model->log.figures.scrub_rewritten, 1);
      assert_remount_is_whole(model);
    }
    sector = next;
  }
  print_message("  %u of %u found\n", found, tried);
  assert_true(found * 100u >= tried * 95u);
  log_model_free(model);
  log_model_free(start);
}

static void so_is_damage_in_the_sector_that_is_being_written(void **unused) {
  (void)unused;
  log_model_t *start = committed(&small_shape, &small_flash, 101);
  log_model_t *model = log_model_new(&small_shape, &small_flash, SEED);
  const vn_log_state_t *state = &start->log.state;
  while (state->offset < E / 2u) {
    assert_ok(log_model_commit(start));
  }
  uint32_t found = 0;
  for (uint32_t offset = 0; offset < state->offset; offset += 3) {
    log_model_copy(model, start);
    assert_true(flash_fake_rot(model->flash, state->head * (uint32_t)E + offset, offset % 2u == 0));
    (void)scrub(model);
    if (model->log.figures.scrub_damaged == 0) {
      continue; /* padding of a record */
    }
    found++;
    assert_int_equal(model->log.figures.scrub_damaged, 1);
    assert_true(heal(model) > 0);
    assert_remount_is_whole(model);
  }
  assert_true(found * 3u >= state->offset * 9u / 10u);
  log_model_free(model);
  log_model_free(start);
}

static void damage_is_healed_once(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 100);
  assert_true(
      flash_fake_rot(model->flash, model->log.state.oldest_sector * (uint32_t)E + 70, false));
  (void)scrub(model);
  assert_true(heal(model) > 0);
  uint64_t operations = model->flash->operations;
  for (uint32_t i = 0; i < 10; i++) {
    (void)scrub(model);
    assert_int_equal(heal(model), 0);
  }
  assert_int_equal(model->flash->operations, operations);
  assert_int_equal(model->log.figures.scrub_damaged, 1);
  log_model_free(model);
}

/* A flash that now and then reads a bit wrong. */
typedef struct noisy {
  const vn_flash_t *flash;
  prng_t prng;
  uint32_t wrong, one_in, offset, length; /* wrong reads; how often; 0, or only in this range */
} noisy_t;

static void spoil(log_model_t *model, uint16_t sector) {
  assert_true(flash_fake_rot(model->flash, sector * (uint32_t)E + 70, false));
  (void)scrub(model);
  assert_true(vn_log_is_weak(&model->log));
  assert_true(heal(model) > 0);
}

/* One that forgets once may have been unlucky. */
static void a_sector_that_forgets_twice_is_not_used_again(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 60);
  uint16_t sector = model->log.state.oldest_sector;
  spoil(model, sector);
  assert_int_equal(model->log.figures.sectors_bad, 0);
  uint64_t sequence = model->sectors[sector].sequence;
  while (model->sectors[sector].sequence <= sequence || model->log.state.head == sector) {
    assert_ok(log_model_commit(model));
  }
  sequence = model->sectors[sector].sequence;
  spoil(model, sector);
  assert_int_equal(model->log.figures.sectors_bad, 1);
  for (uint32_t i = 0; i < 400; i++) {
    assert_ok(log_model_commit(model));
  }
  assert_int_equal(model->sectors[sector].sequence, sequence);
  assert_remount_is_whole(model);
  log_model_free(model);
}

static vn_err_t noisy_read(void *context, uint32_t offset, void *to, uint32_t length) {
  noisy_t *noisy = context;
  vn_err_t err = noisy->flash->read(noisy->flash->context, offset, to, length);
  bool hit = offset < noisy->offset + noisy->length && offset + length > noisy->offset;
  if ((noisy->length == 0 || hit) && prng_below(&noisy->prng, noisy->one_in) == 0) {
    uint32_t at = noisy->length == 0 ? prng_below(&noisy->prng, length)
                                     : (noisy->offset > offset ? noisy->offset - offset : 0);
    ((uint8_t *)to)[at] ^= 16;
    noisy->wrong++;
  }
  return err;
}

static void what_reads_wrong_once_is_read_again(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 100);
  noisy_t noisy = {&model->flash->port, prng_make(SEED, 1), 0, 100, 0, 0};
  vn_flash_t port = model->flash->port;
  port.context = &noisy;
  port.read = noisy_read;
  model->log.config.flash = &port;
  uint64_t operations = model->flash->operations;
  while (noisy.wrong < 30) {
    (void)scrub(model);
  }
  assert_true(model->log.figures.scrub_unstable > 10);
  assert_true(model->log.figures.scrub_damaged <= 1); /* wrong again when read again */
  assert_int_equal(model->flash->operations, operations);
  log_model_free(model);
}

/* Half of the reads: right often enough to be read, and about to be lost. */
static void what_reads_wrong_often_is_weak_and_written_again(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 100);
  uint16_t sector = model->log.state.oldest_sector;
  noisy_t noisy = {&model->flash->port, prng_make(SEED, 1), 0, 2, sector * (uint32_t)E + 80, 1};
  vn_flash_t port = model->flash->port;
  port.context = &noisy;
  port.read = noisy_read;
  model->log.config.flash = &port;
  for (uint32_t i = 0; i < 20 && !vn_log_is_weak(&model->log); i++) {
    (void)scrub(model);
  }
  assert_int_equal(model->log.figures.scrub_damaged, 1);
  model->log.config.flash = &model->flash->port;
  assert_true(heal(model) > 0);
  assert_true(model->log.config.sectors[model->log.state.oldest_sector].sequence >
              model->log.config.sectors[sector].sequence);
  assert_remount_is_whole(model);
  log_model_free(model);
}

/* Commits go on between the steps of a round: it ends all the same, and finds nothing. */
static void rounds_end_while_the_log_goes_on(void **unused) {
  (void)unused;
  log_model_t *model = committed(&small_shape, &small_flash, 50);
  for (uint32_t i = 0; i < 2000; i++) {
    (void)vn_log_scrub(&model->log);
    if (i % 3u == 0) {
      (void)vn_log_erase_ahead(&model->log);
      assert_ok(log_model_commit(model));
    }
  }
  assert_true(model->log.figures.scrubs > 10);
  assert_int_equal(model->log.figures.scrub_damaged, 0);
  assert_int_equal(model->log.figures.scrub_unstable, 0);
  assert_remount_is_whole(model);
  log_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_idle_time_no_commit_waits_for_an_erase),
      cmocka_unit_test(erasing_ahead_costs_no_erase_more),
      cmocka_unit_test(nothing_is_erased_ahead_before_the_first_write),
      cmocka_unit_test(a_sector_that_cannot_be_erased_is_passed_over),
      cmocka_unit_test(a_sound_log_is_read_and_nothing_written),
      cmocka_unit_test(a_step_reads_no_more_than_some_pages),
      cmocka_unit_test(every_flipped_bit_is_found_and_healed),
      cmocka_unit_test(so_is_damage_in_the_sector_that_is_being_written),
      cmocka_unit_test(damage_is_healed_once),
      cmocka_unit_test(a_sector_that_forgets_twice_is_not_used_again),
      cmocka_unit_test(what_reads_wrong_once_is_read_again),
      cmocka_unit_test(what_reads_wrong_often_is_weak_and_written_again),
      cmocka_unit_test(rounds_end_while_the_log_goes_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
