/* Windows that another configuration has ended: what they hold is told once, as results of kind
 * partial, at a start and at an import. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../firmware-agnostic-core/src/plan_priv.h"
#include "savepoint_rig.h"

#define T0 INT64_C(1795219200000)
#define MARKS (VN_FLAG_BIT(VN_FLAG_PARTIAL) | VN_FLAG_BIT(VN_FLAG_RECONFIGURED))

static const flash_fake_shape_t shape = {
    .erase_size = 1024, .prog_size = 16, .sector_count = 512, .erased_value = FLASH_FAKE_NOISE};

static savepoint_t savepoint;
static vn_window_t windows[6];

typedef void (*change_fn)(rig_t *rig);

/* "ten" and "slide" of the rig, in JSON. */
static rig_t *new_rig(flash_fake_t *flash, change_fn base, change_fn change) {
  rig_t *rig = rig_new(&flash->port);
  memcpy(windows, rig->windows, sizeof rig->windows);
  rig->pipelines[1].summary.windows = windows;
  rig->plan.encoding = VN_ENCODING_JSON;
  if (base != NULL) {
    base(rig);
  }
  if (change != NULL) {
    change(rig);
  }
  return rig;
}

static void take(rig_t *rig, int64_t time_ms, int32_t value, uint32_t sequence) {
  char payload[80];
  if (rig->plan.durability != VN_DURABILITY_JOURNAL) {
    rig_send(rig, "a", time_ms, value, sequence);
    return;
  }
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%d,\"seq\":%u}", (long long)time_ms,
                 (int)value / 100, sequence);
  assert_int_equal(vn_accept_message(&rig->engine, (vn_text_t){"j/a", 3}, (const uint8_t *)payload,
                                     strlen(payload), false),
                   VN_OK);
  assert_int_equal(rig_step(rig), VN_OK);
}

enum { READINGS = 4 };
static const int64_t usual_ms[READINGS] = {-1000, 0, 1000, 2500};
static const int64_t *times_ms = usual_ms; /* from T0 on */

/* With the usual times [T0 - 10 s, T0) has its results; open are "ten" at T0, "slide" at T0 - 10 s
 * and at T0. */
static flash_fake_t *first_run(change_fn base) {
  static const int32_t values[READINGS] = {100, 2000, 3000, 4000};
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = new_rig(flash, base, NULL);
  assert_int_equal(rig_start(rig), VN_OK);
  for (uint32_t i = 0; i < READINGS; i++) {
    if (i == READINGS / 2) { /* an older record, to be passed over */
      assert_int_equal(vn_checkpoint(&rig->engine), VN_OK);
    }
    take(rig, T0 + times_ms[i], values[i], i);
  }
  assert_int_equal(rig_wait(rig, 3000), VN_OK);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  return flash;
}

typedef struct outcome {
  flash_fake_t *flash;
  rig_t *rig; /* that told: the start with the other plan, or behind an import that had done so */
  vn_recovery_t recovery;
  change_fn base, change;
} outcome_t;

static outcome_t after(change_fn base, change_fn change, bool import) {
  outcome_t outcome = {.flash = first_run(base), .base = base, .change = change};
  if (import) {
    assert_int_equal(savepoint_export(new_rig(outcome.flash, base, NULL), &savepoint), VN_OK);
    flash_fake_free(outcome.flash);
    outcome.flash = flash_fake_new(&shape, 2);
    rig_t *rig = new_rig(outcome.flash, base, change);
    assert_int_equal(savepoint_import(rig, &savepoint, false, &outcome.recovery), VN_OK);
    flash_fake_power_up(outcome.flash);
  }
  outcome.rig = new_rig(outcome.flash, base, change);
  outcome.rig->wall_ms += 5000;
  assert_int_equal(rig_start(outcome.rig), VN_OK);
  if (!import) {
    outcome.recovery = *vn_engine_recovery(&outcome.rig->engine);
  }
  assert_int_equal(rig_step(outcome.rig), VN_OK);
  return outcome;
}

/* Nothing of it is told again. */
static void end(outcome_t *outcome) {
  assert_int_equal(vn_stop(&outcome->rig->engine), VN_OK);
  rig_free(outcome->rig);
  flash_fake_power_up(outcome->flash);
  rig_t *rig = new_rig(outcome->flash, outcome->base, outcome->change);
  rig->wall_ms += 9000;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->windows_ended, 0);
  assert_null(outcome->flash->violation);
  rig_free(rig);
  flash_fake_free(outcome->flash);
}

/* How often messages that left say this. */
static size_t said(const rig_t *rig, const char *what) {
  size_t count = 0;
  for (size_t i = 0; i < rig->sent_count; i++) {
    const char *text = (const char *)rig->sent[i].payload;
    for (; (text = strstr(text, what)) != NULL; text++) {
      count++;
    }
  }
  return count;
}

/* One record that left: "ten" or "slide", from `start_ms`, with this count and sum. */
static void assert_told(const rig_t *rig, const char *window, int64_t start_ms, int64_t size_ms,
                        const char *content) {
  char record[256];
  (void)snprintf(record, sizeof record,
                 "\"window\":\"%s\",\"series\":\"a\",\"start\":%lld,\"end\":%lld", window,
                 (long long)start_ms, (long long)(start_ms + size_ms));
  for (size_t i = 0; i < rig->sent_count; i++) {
    const char *at = strstr((const char *)rig->sent[i].payload, record);
    const char *next = at == NULL ? NULL : strstr(at + 1, "\"window\":");
    const char *found = at == NULL ? NULL : strstr(at, content);
    if (found != NULL && (next == NULL || found < next)) {
      assert_non_null(strstr(at, "\"kind\":\"partial\""));
      assert_non_null(strstr(at, "\"flags\":[\"partial\",\"reconfigured\"]"));
      return;
    }
  }
  for (size_t i = 0; i < rig->sent_count; i++) {
    print_message("%s\n", (const char *)rig->sent[i].payload);
  }
  fail_msg("no %s %s", record, content);
}

static void assert_all_told(const outcome_t *outcome) {
  assert_int_equal(outcome->recovery.windows_ended, 3);
  assert_int_equal(outcome->recovery.windows_left, 0);
  assert_int_equal(said(outcome->rig, "\"reconfigured\""), 3);
  assert_told(outcome->rig, "ten", T0, 10000, "\"count\":3,\"sum\":90");
  assert_told(outcome->rig, "slide", T0 - 10000, 20000, "\"count\":4,\"sum\":91");
  assert_told(outcome->rig, "slide", T0, 20000, "\"count\":3,\"sum\":90");
  assert_told(outcome->rig, "ten", T0, 10000, "\"min\":20,\"max\":40");
}

static void both_ways(change_fn base, change_fn change, void (*check)(const outcome_t *outcome)) {
  for (int import = 0; import < 2; import++) {
    outcome_t outcome = after(base, change, import == 1);
    check(&outcome);
    end(&outcome);
  }
}

static void shorten(rig_t *rig) {
  (void)rig;
  windows[0].size_ms = windows[0].slide_ms = 8000;
}

static void a_changed_size_tells_all_open_windows_once(void **state) {
  (void)state;
  both_ways(NULL, shorten, assert_all_told);
}

static void wait_longer(rig_t *rig) { rig->pipelines[1].out_of_order_ms = 3000; }

static void another_out_of_order_does_so_too(void **state) {
  (void)state;
  both_ways(NULL, wait_longer, assert_all_told);
}

static void make_all_sessions(rig_t *rig) {
  windows[0] = (vn_window_t){.name = "ten",
                             .gap_ms = 4000,
                             .statistics = windows[0].statistics,
                             .supersedes_max = VN_SESSIONS_MAX,
                             .shape = VN_WINDOW_SESSION};
  rig->pipelines[1].summary.window_count = 1;
  rig->pipelines[1].alert_count = 1;
}

static void a_window_that_becomes_another_kind_is_told(void **state) {
  (void)state;
  both_ways(NULL, make_all_sessions, assert_all_told);
}

/* Extras, samples, order and slots beside the aggregates, in records of several parts. */
static void keep_more(rig_t *rig) {
  windows[0].statistics |= VN_STATISTICS_EXTRA | VN_STATISTIC_BIT(VN_STATISTIC_INTEGRAL);
  windows[0].sample = 8;
  rig->pipelines[1].expected_every_ms = 500;
  rig->pipelines[1].ordered.reorder = 4;
}

static void what_panes_keep_beside_it_is_read_over(void **state) {
  (void)state;
  both_ways(keep_more, shorten, assert_all_told);
}

/* Each kind beside those of time; readings are those of first_run. */
static void add_others(rig_t *rig) {
  uint32_t statistics = windows[0].statistics;
  windows[2] = (vn_window_t){.name = "visit",
                             .gap_ms = 4000,
                             .statistics = statistics,
                             .supersedes_max = VN_SESSIONS_MAX,
                             .shape = VN_WINDOW_SESSION};
  windows[3] = (vn_window_t){.name = "three",
                             .size_readings = 3,
                             .slide_readings = 3,
                             .statistics = statistics,
                             .sample = 2,
                             .shape = VN_WINDOW_COUNT};
  windows[4] = (vn_window_t){.name = "thin",
                             .every_ms = VN_DURATION_OFF,
                             .error = 500,
                             .sample = 8,
                             .statistics = statistics,
                             .shape = VN_WINDOW_REPORT};
  windows[5] = (vn_window_t){.name = "warm",
                             .max_ms = VN_DURATION_OFF,
                             .limit = 1500,
                             .statistics = statistics | VN_STATISTIC_BIT(VN_STATISTIC_SLOPE),
                             .supersedes_max = 1,
                             .shape = VN_WINDOW_CONDITION,
                             .condition = VN_ALERT_ABOVE};
  rig->pipelines[1].summary.window_count = 6;
}

static void remove_others(rig_t *rig) { rig->pipelines[1].summary.window_count = 2; }

static void assert_others_told(const outcome_t *outcome) {
  const rig_t *rig = outcome->rig;
  assert_told(rig, "visit", T0 - 1000, 7500, "\"count\":4,\"sum\":91");
  assert_told(rig, "three", 3, 1, "\"count\":1,\"sum\":40");
  assert_told(rig, "thin", T0 - 1000, 3501, "\"count\":4,\"sum\":91");
  assert_told(rig, "warm", T0, 2501, "\"count\":3,\"sum\":90");
}

static void check_others(const outcome_t *outcome) {
  assert_int_equal(outcome->recovery.operators_reset, 4);
  assert_int_equal(outcome->recovery.windows_ended, 4);
  assert_int_equal(outcome->recovery.windows_left, 0);
  assert_int_equal(said(outcome->rig, "\"reconfigured\""), 4);
  assert_others_told(outcome);
}

static void windows_of_other_kinds_that_are_removed_are_told(void **state) {
  (void)state;
  both_ways(add_others, remove_others, check_others);
}

static void remove_two(rig_t *rig) { rig->pipelines[1].summary.window_count = 4; }

static void check_two(const outcome_t *outcome) {
  assert_int_equal(outcome->recovery.windows_ended, 2);
  assert_int_equal(said(outcome->rig, "\"reconfigured\""), 2);
}

static void those_that_go_on_are_not(void **state) {
  (void)state;
  both_ways(add_others, remove_two, check_two);
}

static void change_others(rig_t *rig) {
  (void)rig;
  windows[2].gap_ms = 5000;
  windows[3].slide_readings = 2;
  windows[4].sample = 9;
  windows[5].sample = 3;
}

static void so_are_those_that_begin_anew(void **state) {
  (void)state;
  both_ways(add_others, change_others, check_others);
}

static void rename_others(rig_t *rig) {
  windows[2].name = "visits";
  rig->pipelines[1].summary.window_count = 3;
}

/* By its new name it is another window. */
static void so_are_those_with_another_name(void **state) {
  (void)state;
  both_ways(add_others, rename_others, check_others);
}

static void check_everything(const outcome_t *outcome) {
  assert_int_equal(outcome->recovery.windows_ended, 7);
  assert_int_equal(outcome->recovery.windows_left, 0);
  assert_int_equal(said(outcome->rig, "\"reconfigured\""), 7);
  assert_told(outcome->rig, "ten", T0, 10000, "\"count\":3,\"sum\":90");
  assert_others_told(outcome);
}

static void wait_for_late_ones(rig_t *rig) {
  add_others(rig);
  rig->pipelines[1].lateness_ms = 14000;
  windows[2].supersedes_max = 8;
}

static void check_joined(const outcome_t *outcome) {
  assert_told(outcome->rig, "visit", T0, 14000, "\"count\":4,\"sum\":91");
  assert_told(outcome->rig, "visit", T0, 14000, "\"supersedes\":[[1795219200000,1795219207500]]");
}

/* The third reading made [T0, T0 + 7.5 s), which was told; the fourth joins it to the next one. */
static void a_session_that_was_told_and_goes_on_names_what_it_replaces(void **state) {
  (void)state;
  static const int64_t joined_ms[READINGS] = {0, 10000, 3500, 6500};
  times_ms = joined_ms;
  both_ways(wait_for_late_ones, remove_others, check_joined);
  times_ms = usual_ms;
}

/* Their bytes may mean something else. */
static void states_of_an_older_version_tell_nothing(void **state) {
  (void)state;
  static const uint8_t version[] = {4, VN__STATE_VERSION};
  vn_recovery_t recovery;
  flash_fake_t *flash = first_run(add_others);
  assert_int_equal(savepoint_export(new_rig(flash, add_others, NULL), &savepoint), VN_OK);
  flash_fake_free(flash);
  flash = flash_fake_new(&shape, 2);
  size_t at = 0;
  while (memcmp(savepoint.bytes + at, version, sizeof version) != 0) {
    assert_true(++at + sizeof version < savepoint.length);
  }
  savepoint.bytes[at + 1]--;
  savepoint_seal(&savepoint);
  rig_t *rig = new_rig(flash, add_others, remove_others);
  assert_int_equal(savepoint_import(rig, &savepoint, false, &recovery), VN_OK);
  assert_int_equal(recovery.windows_ended, 0);
  flash_fake_free(flash);
}

static void change_resolution(rig_t *rig) {
  rig->pipelines[1].summary.exponent = -1;
  for (size_t i = 0; i < 3; i++) {
    rig->alerts[i].exponent = -1;
  }
}

static void another_resolution_tells_all_in_the_former_one(void **state) {
  (void)state;
  both_ways(add_others, change_resolution, check_everything);
}

static void journal(rig_t *rig) { rig->plan.durability = VN_DURABILITY_JOURNAL; }

static void so_it_is_in_journal_mode(void **state) {
  (void)state;
  both_ways(journal, shorten, assert_all_told);
}

static void remove_slide(rig_t *rig) { rig->pipelines[1].summary.window_count = 1; }

static void check_slide_removed(const outcome_t *outcome) {
  rig_t *rig = outcome->rig;
  assert_int_equal(outcome->recovery.operators_reset, 0);
  assert_int_equal(outcome->recovery.windows_ended, 2);
  assert_int_equal(said(rig, "\"reconfigured\""), 2);
  assert_told(rig, "slide", T0 - 10000, 20000, "\"count\":4,\"sum\":91");
  assert_told(rig, "slide", T0, 20000, "\"count\":3,\"sum\":90");
  rig_send(rig, "a", T0 + 4000, 500, 4);
  rig_send(rig, "a", T0 + 60000, 500, 5);
  const rig_result_t *ten = NULL;
  for (size_t i = 0; i < rig->result_count && ten == NULL; i++) {
    ten = (rig->results[i].flags & MARKS) == 0 ? &rig->results[i] : NULL;
  }
  assert_non_null(ten);
  assert_true(ten->start_ms == T0 && ten->count == 4 && ten->sum == 9500);
}

static void a_window_that_is_removed_is_told_and_the_others_go_on(void **state) {
  (void)state;
  both_ways(NULL, remove_slide, check_slide_removed);
}

static void disown(rig_t *rig) { rig->pipelines[1].match = (vn_text_t){"b*", 2}; }

static void check_gone(const outcome_t *outcome) {
  assert_all_told(outcome);
  assert_true(outcome->recovery.series_reset >= 1);
  assert_int_equal(vn_engine_figures(&outcome->rig->engine)->readings.accepted, 4);
}

static void a_series_that_nobody_wants_is_told_before_it_is_gone(void **state) {
  (void)state;
  both_ways(NULL, disown, check_gone);
}

static void rename_all(rig_t *rig) {
  windows[0].name = "deci";
  rig->pipelines[1].summary.name = "renamed";
  rig->pipelines[1].lateness_ms = 6000;
}

static void check_nothing_told(const outcome_t *outcome) {
  assert_int_equal(outcome->recovery.windows_ended, 0);
  assert_int_equal(said(outcome->rig, "\"reconfigured\""), 0);
}

static void names_and_lateness_end_nothing(void **state) {
  (void)state;
  both_ways(NULL, rename_all, check_nothing_told);
}

static void without_a_change_nothing_ends(void **state) {
  (void)state;
  both_ways(add_others, NULL, check_nothing_told);
}

static void a_series_that_nobody_wants_is_told_by_all_its_windows(void **state) {
  (void)state;
  both_ways(add_others, disown, check_everything);
}

/* The numbers of deltas go on: none of the same window has that of another. */
static void numbers_of_deltas_are_not_used_twice(void **state) {
  (void)state;
  outcome_t outcome = after(NULL, shorten, false);
  uint32_t next = 0;
  for (size_t i = 0; i < outcome.rig->result_count; i++) {
    if ((outcome.rig->results[i].flags & MARKS) == MARKS) {
      assert_int_equal(outcome.rig->results[i].revision, next++);
    }
  }
  assert_int_equal(next, 3);
  end(&outcome);
}

/* The queue lends its room to a record of several parts: without any, what is lost is counted. */
static void without_room_what_is_not_told_is_counted(void **state) {
  (void)state;
  flash_fake_t *flash = first_run(keep_more);
  rig_t *rig = new_rig(flash, keep_more, shorten);
  rig->plan.queue_bytes = 512;
  rig->plan.message_max_bytes = 128;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->windows_ended, 0);
  assert_int_equal(vn_engine_recovery(&rig->engine)->windows_left, 1);
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_changed_size_tells_all_open_windows_once),
      cmocka_unit_test(another_out_of_order_does_so_too),
      cmocka_unit_test(a_window_that_becomes_another_kind_is_told),
      cmocka_unit_test(what_panes_keep_beside_it_is_read_over),
      cmocka_unit_test(windows_of_other_kinds_that_are_removed_are_told),
      cmocka_unit_test(those_that_go_on_are_not),
      cmocka_unit_test(so_are_those_that_begin_anew),
      cmocka_unit_test(so_are_those_with_another_name),
      cmocka_unit_test(a_session_that_was_told_and_goes_on_names_what_it_replaces),
      cmocka_unit_test(states_of_an_older_version_tell_nothing),
      cmocka_unit_test(another_resolution_tells_all_in_the_former_one),
      cmocka_unit_test(so_it_is_in_journal_mode),
      cmocka_unit_test(a_window_that_is_removed_is_told_and_the_others_go_on),
      cmocka_unit_test(a_series_that_nobody_wants_is_told_before_it_is_gone),
      cmocka_unit_test(names_and_lateness_end_nothing),
      cmocka_unit_test(without_a_change_nothing_ends),
      cmocka_unit_test(a_series_that_nobody_wants_is_told_by_all_its_windows),
      cmocka_unit_test(numbers_of_deltas_are_not_used_twice),
      cmocka_unit_test(without_room_what_is_not_told_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
