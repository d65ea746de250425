/* What the engine tells of its flash, and what messages may use of it a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/flash_figures.h"

#define T0 INT64_C(1795219200000)
#define HOUR_MS INT64_C(3600000)

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 512, .sector_count = 128, .erased_value = FLASH_FAKE_NOISE};

/* A device in journal mode, and its flash. A message of a reading takes a unit of 512 bytes. */
typedef struct bench {
  flash_fake_t *flash;
  rig_t *rig;
  uint32_t sent;
} bench_t;

static rig_t *journal_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.durability = VN_DURABILITY_JOURNAL;
  return rig;
}

static bench_t bench_new(uint64_t seed) {
  bench_t bench = {.flash = flash_fake_new(&shape, seed)};
  bench.rig = journal_rig(bench.flash);
  return bench;
}

static void bench_free(bench_t *bench) {
  rig_free(bench->rig);
  flash_fake_free(bench->flash);
}

static vn_err_t send(bench_t *bench, const char *topic) {
  char payload[80] = "{\"command\":\"list\"}";
  if (strstr(topic, "command") == NULL) {
    (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":20.5,\"seq\":%u}",
                   (long long)bench->rig->wall_ms, bench->sent++);
  }
  return vn_accept_message(&bench->rig->engine, (vn_text_t){topic, strlen(topic)},
                           (const uint8_t *)payload, strlen(payload), false);
}

/* Sends messages one by one, each taken at once; all are acknowledged. */
static void send_many(bench_t *bench, const char *topic, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(send(bench, topic), VN_OK);
    assert_int_equal(rig_step(bench->rig), VN_OK);
  }
}

static vn_flash_figures_t figures_of(const bench_t *bench) {
  vn_flash_figures_t figures;
  assert_true(vn_engine_flash_figures(&bench->rig->engine, &figures));
  return figures;
}

static uint64_t taken(const bench_t *bench, const char *series) {
  return rig_accounting(bench->rig, series).received;
}

static void it_tells_what_is_written_and_erased(void **state) {
  (void)state;
  bench_t bench = bench_new(1);
  assert_int_equal(rig_start(bench.rig), VN_OK);
  vn_flash_figures_t before = figures_of(&bench);
  assert_int_equal(before.entries, 0);
  assert_int_equal(before.erases, 0);
  assert_int_equal(before.sectors, 128);
  assert_int_equal(before.usable_bytes, 4096 - 512);
  bench.rig->wall_ms += HOUR_MS;
  uint64_t programmed = bench.flash->bytes_programmed;
  send_many(&bench, "j/a", 3);
  vn_flash_figures_t after = figures_of(&bench);
  assert_int_equal(after.run_ms, HOUR_MS);
  assert_int_equal(after.entries, 3);
  assert_int_equal(after.journal_bytes, 3 * 512);
  assert_int_equal(after.commits - before.commits, 1);     /* the interval is over */
  programmed = bench.flash->bytes_programmed - programmed; /* with headers of sectors */
  assert_int_equal(after.fresh_bytes - before.fresh_bytes + after.erases * 512, programmed);
  bench_free(&bench);
}

static void cleaning_and_erases_show(void **state) {
  (void)state;
  bench_t bench = bench_new(2);
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 5);
  send_many(&bench, "j/b", 3000); /* three times the region */
  vn_flash_figures_t figures = figures_of(&bench);
  assert_true(figures.moved_bytes > 0);
  assert_true(figures.erases >= 2 * (uint64_t)shape.sector_count);
  assert_in_range(figures.most_worn - figures.least_worn, 0, 1);
  assert_true(figures.erases_ever >= figures.erases);
  bench_free(&bench);
}

/* They are in the sectors' headers. */
static void counts_of_erases_outlive_the_power(void **state) {
  (void)state;
  bench_t bench = bench_new(3);
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 4000); /* four times the region */
  vn_flash_figures_t before = figures_of(&bench);
  assert_true(before.least_worn >= 2);
  rig_free(bench.rig);
  flash_fake_power_up(bench.flash);
  bench.rig = journal_rig(bench.flash);
  assert_int_equal(rig_start(bench.rig), VN_OK);
  vn_flash_figures_t after = figures_of(&bench);
  assert_in_range(after.least_worn, before.least_worn - 1u, before.least_worn + 1u);
  assert_in_range(after.most_worn, before.most_worn, before.most_worn + 1u);
  assert_in_range(after.erases_ever, before.erases_ever - 3u, before.erases_ever + 3u);
  assert_true(after.erases <= 1);
  bench_free(&bench);
}

static void without_a_flash_there_is_nothing_to_tell(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  vn_flash_figures_t figures;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_false(vn_engine_flash_figures(&rig->engine, &figures));
  rig_free(rig);
}

/* 24 messages a day: so many at once, then one an hour. */
static void what_a_day_may_write_is_never_exceeded(void **state) {
  (void)state;
  bench_t bench = bench_new(4);
  bench.rig->plan.journal_day_bytes = 24 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 100);
  assert_int_equal(taken(&bench, "a"), 24);
  assert_int_equal(figures_of(&bench).limited, 76);
  for (uint32_t hour = 0; hour < 48; hour++) {
    bench.rig->wall_ms += HOUR_MS;
    send_many(&bench, "j/a", 5);
    assert_int_equal(taken(&bench, "a"), 25 + hour);
  }
  vn_flash_figures_t figures = figures_of(&bench);
  assert_int_equal(figures.entries, 24 + 48);
  assert_int_equal(figures.journal_bytes, figures.entries * 512);
  bench.rig->wall_ms += 100 * 24 * HOUR_MS; /* no more than a day's is saved up */
  send_many(&bench, "j/a", 30);
  assert_int_equal(taken(&bench, "a"), 24 + 48 + 24);
  bench_free(&bench);
}

/* What is taken again from the journal was written before. */
static void at_a_start_all_of_it_is_there(void **state) {
  (void)state;
  bench_t bench = bench_new(10);
  bench.rig->plan.journal_day_bytes = 8 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  for (uint32_t i = 0; i < 5; i++) {
    assert_int_equal(send(&bench, "j/a"), VN_OK);
  }
  rig_free(bench.rig);
  flash_fake_power_up(bench.flash);
  bench.rig = journal_rig(bench.flash);
  bench.rig->plan.journal_day_bytes = 8 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&bench.rig->engine)->messages_again, 5);
  assert_int_equal(rig_step(bench.rig), VN_OK);
  send_many(&bench, "j/a", 20);
  assert_int_equal(figures_of(&bench).entries, 8);
  assert_int_equal(taken(&bench, "a"), 13);
  bench_free(&bench);
}

/* The last one may be longer than what is left; then it takes that much longer. */
static void a_long_message_borrows_from_what_comes(void **state) {
  (void)state;
  bench_t bench = bench_new(5);
  bench.rig->plan.journal_day_bytes = 4096;
  bench.rig->plan.message_max_bytes = 2000;
  bench.rig->plan.queue_bytes = 8192;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 7);
  assert_int_equal(vn_checkpoint(&bench.rig->engine), VN_OK); /* they leave the queue */
  char payload[1800];
  memset(payload, ' ', sizeof payload);
  assert_int_equal(vn_accept_message(&bench.rig->engine, (vn_text_t){"j/a", 3},
                                     (const uint8_t *)payload, sizeof payload, false),
                   VN_OK);
  vn_flash_figures_t figures = figures_of(&bench);
  assert_int_equal(figures.entries, 8);
  assert_true(figures.journal_bytes > 4096 + 1024);
  int64_t wait_ms = (int64_t)(figures.journal_bytes - 4096) * 24 * HOUR_MS / 4096;
  bench.rig->wall_ms += wait_ms - 1;
  send_many(&bench, "j/a", 1);
  assert_int_equal(figures_of(&bench).entries, 8);
  bench.rig->wall_ms += 2;
  send_many(&bench, "j/a", 1);
  assert_int_equal(figures_of(&bench).entries, 9);
  bench_free(&bench);
}

static void a_source_that_sends_too_much_stops_no_other(void **state) {
  (void)state;
  bench_t bench = bench_new(6);
  bench.rig->plan.journal_day_bytes = 40 * 512;
  bench.rig->plan.journal_source_day_bytes = 10 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 50);
  send_many(&bench, "j/b", 8);
  send_many(&bench, "n/nobody/is/here", 50); /* whatever it is about */
  assert_int_equal(taken(&bench, "a"), 10);
  assert_int_equal(taken(&bench, "b"), 8);
  assert_int_equal(figures_of(&bench).entries, 28);
  send_many(&bench, "j/c", 50);
  send_many(&bench, "j/d", 50); /* all of the device's is used */
  assert_int_equal(taken(&bench, "c"), 10);
  assert_int_equal(taken(&bench, "d"), 2);
  bench_free(&bench);
}

/* Acknowledged, counted, and told once with what it was; the next ones are counted in it. */
static void what_is_above_it_is_told(void **state) {
  (void)state;
  bench_t bench = bench_new(7);
  bench.rig->plan.encoding = VN_ENCODING_JSON;
  bench.rig->plan.journal_day_bytes = 8 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 12);
  const vn_figures_t *figures = vn_engine_figures(&bench.rig->engine);
  assert_int_equal(figures->messages, 12);
  assert_int_equal(figures->messages_refused, 4);
  assert_int_equal(figures->reasons[VN_REASON_LIMITED], 4);
  assert_int_equal(figures->readings.received, 8);
  assert_true(figures->dead_letters >= 1);
  assert_int_equal(rig_wait(bench.rig, 2000), VN_OK);
  bool found = false;
  for (size_t i = 0; i < bench.rig->sent_count; i++) {
    const rig_message_t *message = &bench.rig->sent[i];
    char text[sizeof message->payload + 1];
    memcpy(text, message->payload, message->payload_length);
    text[message->payload_length] = '\0';
    found = found || (message->channel == VN_CHANNEL_DEAD_LETTER &&
                      strstr(text, "\"reason\":\"limited\"") != NULL &&
                      strstr(text, "\"topic\":\"j/a\"") != NULL);
  }
  assert_true(found);
  bench_free(&bench);
}

/* A command is answered or suppressed, as above the rate of commands. */
static void commands_above_it_are_suppressed(void **state) {
  (void)state;
  bench_t bench = bench_new(8);
  bench.rig->plan.commands = true;
  bench.rig->plan.journal_day_bytes = 8 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "vnotch/gw-1/command", 11);
  const vn_figures_t *figures = vn_engine_figures(&bench.rig->engine);
  assert_int_equal(figures->commands, 11);
  assert_int_equal(figures->commands_refused, 3);
  assert_int_equal(figures->messages, 0);
  assert_int_equal(bench.rig->answer_count, 8);
  bench_free(&bench);
}

static void repeats_cost_nothing_of_it(void **state) {
  (void)state;
  bench_t bench = bench_new(9);
  bench.rig->plan.journal_day_bytes = 8 * 512;
  assert_int_equal(rig_start(bench.rig), VN_OK);
  send_many(&bench, "j/a", 8);
  bench.sent = 0;
  send_many(&bench, "j/a", 8); /* the clock stands: they are the same */
  assert_int_equal(rig_accounting(bench.rig, "a").duplicate, 8);
  assert_int_equal(figures_of(&bench).limited, 0);
  bench_free(&bench);
}

static void a_plan_that_allows_next_to_nothing_is_refused(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  vn_plan_problem_t problem;
  static const uint64_t wrong[] = {1, 4095, (UINT64_C(1) << 50) + 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    rig->plan.journal_day_bytes = wrong[i];
    assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
    rig->plan.journal_day_bytes = 0;
    rig->plan.journal_source_day_bytes = wrong[i];
    assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_ERR_PLAN);
    rig->plan.journal_source_day_bytes = 0;
  }
  assert_int_equal(vn_plan_check(&rig->plan, &problem), VN_OK);
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_tells_what_is_written_and_erased),
      cmocka_unit_test(cleaning_and_erases_show),
      cmocka_unit_test(counts_of_erases_outlive_the_power),
      cmocka_unit_test(without_a_flash_there_is_nothing_to_tell),
      cmocka_unit_test(what_a_day_may_write_is_never_exceeded),
      cmocka_unit_test(at_a_start_all_of_it_is_there),
      cmocka_unit_test(a_long_message_borrows_from_what_comes),
      cmocka_unit_test(a_source_that_sends_too_much_stops_no_other),
      cmocka_unit_test(what_is_above_it_is_told),
      cmocka_unit_test(commands_above_it_are_suppressed),
      cmocka_unit_test(repeats_cost_nothing_of_it),
      cmocka_unit_test(a_plan_that_allows_next_to_nothing_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
