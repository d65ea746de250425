/* The estimate of wear beside what an engine really writes in some hours of such a load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/flash_figures.h"
#include "wear.h"

#define HOURS 2
#define SERIES 4
#define READING_MS 10000

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 256, .erased_value = FLASH_FAKE_NOISE};

/* Four series, a reading each ten seconds, two windows that end as often; no alerts. */
static rig_t *new_rig(flash_fake_t *flash, vn_durability_t durability) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.durability = (uint8_t)durability;
  rig->plan.encoding = VN_ENCODING_CBOR;
  rig->plan.pipelines = &rig->pipelines[1];
  rig->plan.pipeline_count = 1;
  rig->plan.queue_messages = 64;
  rig->plan.queue_bytes = 16384;
  rig->pipelines[1].alert_count = 0;
  rig->pipelines[1].lateness_ms = 0;
  rig->pipelines[1].expected_every_ms = READING_MS;
  return rig;
}

/* Topic and payload are as long as the budget takes them to be. */
static void send(rig_t *rig, uint32_t series, uint32_t number) {
  char topic[8];
  char payload[VN_BUDGET_MESSAGE_BYTES + 1];
  (void)snprintf(topic, sizeof topic, "j/%c", (char)('a' + series));
  size_t length = VN_BUDGET_MESSAGE_BYTES - strlen(topic);
  int digits = snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%u.%02u,\"seq\":%u",
                        (long long)rig->wall_ms, 20u + number % 9u, number * 37u % 100u, number);
  memset(payload + digits, ' ', length - (size_t)digits - 1u);
  payload[length - 1] = '}';
  vn_text_t name = {topic, strlen(topic)};
  vn_err_t error =
      rig->plan.durability == VN_DURABILITY_JOURNAL
          ? vn_accept_message(&rig->engine, name, (const uint8_t *)payload, length, false)
          : vn_offer_message(&rig->engine, name, (const uint8_t *)payload, length, false);
  assert_int_equal(error, VN_OK);
}

/* The series speak one after the other. */
static void run(rig_t *rig, uint32_t first) {
  const uint32_t readings = HOURS * 3600u * 1000u / READING_MS;
  for (uint32_t i = first * readings * SERIES; i < (first + 1u) * readings * SERIES; i++) {
    send(rig, i % SERIES, i / SERIES);
    for (int k = 0; k < 5; k++) {
      assert_int_equal(rig_wait(rig, READING_MS / SERIES / 5), VN_OK);
    }
  }
}

/* A day of it, when the region has been written once: blocks that are blank need no erase. */
static vn_flash_figures_t day_of(rig_t *rig, uint64_t *results) {
  vn_flash_figures_t before, after;
  run(rig, 0);
  assert_true(vn_engine_flash_figures(&rig->engine, &before));
  uint64_t summaries = vn_engine_figures(&rig->engine)->summaries;
  assert_true(before.fresh_bytes > (uint64_t)before.sectors * before.usable_bytes);
  run(rig, 1);
  assert_true(vn_engine_flash_figures(&rig->engine, &after));
  *results = (vn_engine_figures(&rig->engine)->summaries - summaries) * 24u / HOURS;
  return (vn_flash_figures_t){
      .commits = (after.commits - before.commits) * 24u / HOURS,
      .fresh_bytes = (after.fresh_bytes - before.fresh_bytes) * 24u / HOURS,
      .journal_bytes = (after.journal_bytes - before.journal_bytes) * 24u / HOURS,
      .erases = (after.erases - before.erases) * 24u / HOURS,
      .moved_bytes = (after.moved_bytes - before.moved_bytes) * 24u / HOURS};
}

static void compare(const char *what, double got, double estimated, double low, double high) {
  print_message("%s: %.0f, estimated %.0f\n", what, got, estimated);
  if (got < low * estimated || got > high * estimated) {
    fail_msg("%s: %.0f a day, estimated %.0f", what, got, estimated);
  }
}

static void compare_mode(vn_durability_t durability) {
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = new_rig(flash, durability);
  vn_budget_t budget;
  uint64_t results;
  assert_int_equal(vn_budget(&rig->plan, &budget), VN_OK);
  assert_int_equal(rig_start(rig), VN_OK);
  vn_flash_figures_t day = day_of(rig, &results);
  vn_wear_t usual = vn_wear_estimate(&rig->plan, &budget, &vn_wear_usual);
  vn_wear_t worst = vn_wear_estimate(&rig->plan, &budget, &vn_wear_worst);
  compare("results", (double)results, usual.results_per_day, 1, 1);
  compare("commits", (double)day.commits, usual.commits_per_day, 0.95, 1.05);
  compare("journal", (double)day.journal_bytes, usual.part_bytes_per_day[VN_WEAR_JOURNAL], 1, 1);
  compare("bytes", (double)day.fresh_bytes, usual.bytes_per_day, 0.6, 1.1);
  compare("erases", (double)day.erases, usual.erases_per_day, 0.6, 1.1);
  compare("bytes at worst", (double)day.fresh_bytes, worst.bytes_per_day, 0, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

static void checkpoints_write_what_the_estimate_says(void **state) {
  (void)state;
  compare_mode(VN_DURABILITY_CHECKPOINT);
}

static void a_journal_writes_what_the_estimate_says(void **state) {
  (void)state;
  compare_mode(VN_DURABILITY_JOURNAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(checkpoints_write_what_the_estimate_says),
      cmocka_unit_test(a_journal_writes_what_the_estimate_says),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
