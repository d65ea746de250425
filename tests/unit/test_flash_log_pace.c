/* How much cleaning moves: write amplification by how full the region is, and the longest commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "vn/flash_log.h"

enum {
  E = 4096,
  RECORDS_MAX = 4000,
  RECORD_BYTES = 300,
  RECORD_SIZE = 16 + 304,
  HOT_SHARE = 10,
  WARM_TURNS = 4,
  TURNS = 4
};

/* `dirty` records of a commit are new ones: any, or of a tenth that lies among the others. */
typedef struct pace_case {
  uint32_t records, sectors, dirty;
  bool hot;
  double fill, most; /* live bytes by those of the region; write amplification */
} pace_case_t;

typedef struct ring {
  const pace_case_t *shape;
  flash_fake_t *flash;
  vn_log_owner_t owner;
  vn_flash_log_t log;
  vn_log_item_t items[RECORDS_MAX];
  vn_log_sector_t *sectors;
  uint64_t page[512 / sizeof(uint64_t)];
  uint8_t record[RECORD_BYTES + VN_LOG_RECORD_MIN];
  uint8_t payload[RECORD_BYTES];
  prng_t prng;
} ring_t;

static vn_err_t put(ring_t *ring, uint32_t item) {
  return vn_log_put(&ring->log, item, VN_RECORD_SLOT, 0, item, ring->payload, RECORD_BYTES);
}

static vn_err_t rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  ring_t *ring = context;
  assert_ptr_equal(log, &ring->log);
  return put(ring, item);
}

static uint32_t apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                      const uint8_t *payload, uint32_t length) {
  (void)context;
  (void)type;
  (void)flags;
  (void)payload;
  (void)length;
  return argument;
}

static uint32_t choose(ring_t *ring) {
  uint32_t records = ring->shape->records;
  return ring->shape->hot ? prng_below(&ring->prng, records / HOT_SHARE) * HOT_SHARE
                          : prng_below(&ring->prng, records);
}

/* No commit moves more than alpha x its own bytes and a record on top. */
static void check_longest(const ring_t *ring, uint64_t fresh, uint64_t moved) {
  uint64_t most = (fresh * ring->log.state.limits.alpha_q16 >> 16) + 1u + RECORD_SIZE;
  if (moved > most) {
    fail_msg("a commit of %llu bytes has moved %llu, at most %llu", (unsigned long long)fresh,
             (unsigned long long)moved, (unsigned long long)most);
  }
}

static void commit(ring_t *ring, uint32_t first) {
  static const vn_commit_t content;
  vn_log_figures_t before = ring->log.figures;
  assert_int_equal(vn_log_begin(&ring->log), VN_OK);
  for (uint32_t k = 0; k < ring->shape->dirty; k++) {
    uint32_t item = first < RECORDS_MAX ? first + k : choose(ring);
    assert_int_equal(put(ring, item), VN_OK);
  }
  assert_int_equal(vn_log_commit(&ring->log, &content), VN_OK);
  check_longest(ring, ring->log.figures.bytes_fresh - before.bytes_fresh,
                ring->log.figures.bytes_moved - before.bytes_moved);
}

static void turn(ring_t *ring, uint32_t turns) {
  uint64_t end = ring->log.figures.erases + (uint64_t)turns * ring->shape->sectors;
  while (ring->log.figures.erases < end) {
    commit(ring, RECORDS_MAX);
  }
}

static ring_t *ring_new(const pace_case_t *shape) {
  const flash_fake_shape_t flash = {
      .erase_size = E, .prog_size = 16, .sector_count = shape->sectors, .erased_value = 0xFF};
  ring_t *ring = calloc(1, sizeof *ring);
  assert_non_null(ring);
  ring->shape = shape;
  ring->flash = flash_fake_new(&flash, 1);
  ring->sectors = calloc(shape->sectors, sizeof *ring->sectors);
  ring->owner = (vn_log_owner_t){ring, rewrite, apply};
  ring->prng = prng_make(1, 1);
  memset(ring->payload, 0x5A, sizeof ring->payload);
  const vn_log_config_t config = {.flash = &ring->flash->port,
                                  .owner = &ring->owner,
                                  .items = ring->items,
                                  .item_count = shape->records,
                                  .sectors = ring->sectors,
                                  .page = (uint8_t *)ring->page,
                                  .page_size = sizeof ring->page,
                                  .record = ring->record,
                                  .record_max = RECORD_BYTES,
                                  .live_bytes_max = (uint64_t)shape->records * RECORD_SIZE,
                                  .commit_bytes_max = shape->dirty * RECORD_SIZE,
                                  .region_id = 1};
  assert_int_equal(vn_log_init(&ring->log, &config), VN_OK);
  assert_int_equal(vn_log_format(&ring->log), VN_OK);
  for (uint32_t item = 0; item < shape->records; item += shape->dirty) {
    commit(ring, item);
  }
  return ring;
}

static void ring_free(ring_t *ring) {
  assert_null(ring->flash->violation);
  flash_fake_free(ring->flash);
  free(ring->sectors);
  free(ring);
}

static void check_case(const pace_case_t *shape) {
  ring_t *ring = ring_new(shape);
  turn(ring, WARM_TURNS);
  vn_log_figures_t before = ring->log.figures;
  turn(ring, TURNS);
  double fresh = (double)(ring->log.figures.bytes_fresh - before.bytes_fresh);
  double moved = (double)(ring->log.figures.bytes_moved - before.bytes_moved);
  double got = (fresh + moved) / fresh;
  double fill = (double)shape->records * RECORD_SIZE / ((double)shape->sectors * E);
  print_message("%u %s of a commit, fill %.2f: %.3f, at most %.2f; alpha %.2f\n", shape->dirty,
                shape->hot ? "hot" : "random", fill, got, shape->most,
                (double)ring->log.state.limits.alpha_q16 / 65536);
  assert_true(fill > shape->fill - 0.01 && fill < shape->fill + 0.01);
  assert_true(got <= shape->most);
  ring_free(ring);
}

static void random_records_cost_what_the_table_says(void **state) {
  (void)state;
  static const pace_case_t cases[] = {
      {1000, 1040, 50, false, 0.075, 1.02}, {1000, 1040, 10, false, 0.075, 1.02},
      {1000, 312, 50, false, 0.25, 1.30},   {1000, 312, 10, false, 0.25, 1.30},
      {1000, 260, 50, false, 0.30, 1.30},   {1000, 260, 10, false, 0.30, 1.30},
      {1000, 230, 50, false, 0.34, 1.30},   {1000, 230, 10, false, 0.34, 1.30},
      {4000, 651, 10, false, 0.48, 1.44},   {4000, 521, 10, false, 0.60, 1.91},
      {4000, 460, 5, false, 0.68, 2.65}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    check_case(&cases[i]);
  }
}

static void hot_records_cost_what_the_table_says(void **state) {
  (void)state;
  static const pace_case_t cases[] = {
      {1000, 1040, 50, true, 0.075, 1.18}, {1000, 1040, 10, true, 0.075, 1.18},
      {1000, 312, 50, true, 0.25, 1.94},   {1000, 312, 10, true, 0.25, 1.94},
      {1000, 260, 50, true, 0.30, 1.94},   {1000, 260, 10, true, 0.30, 1.94},
      {1000, 230, 50, true, 0.34, 1.94},   {1000, 230, 10, true, 0.34, 1.94}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    check_case(&cases[i]);
  }
}

/* What lies in one piece at the end of the log gives nothing before all of it is moved: cleaning
 * has to begin early enough, and no commit is longer for it. */
static void what_never_changes_is_moved_in_time(void **state) {
  (void)state;
  static const pace_case_t cases[] = {{4000, 651, 10, true, 0.48, 0},
                                      {4000, 521, 10, true, 0.60, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ring_t *ring = ring_new(&cases[i]);
    uint32_t least = UINT32_MAX;
    for (uint32_t k = 0; k < 4000; k++) {
      commit(ring, 0); /* always the same ten */
      uint32_t free_sectors = ring->log.figures.sectors_free;
      least = free_sectors < least ? free_sectors : least;
    }
    print_message("least free %u, reserve %u\n", least, ring->log.state.limits.reserve_sectors);
    assert_true(least >= ring->log.state.limits.reserve_sectors);
    assert_true(ring->log.figures.bytes_moved > 0);
    ring_free(ring);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_records_cost_what_the_table_says),
      cmocka_unit_test(hot_records_cost_what_the_table_says),
      cmocka_unit_test(what_never_changes_is_moved_in_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
