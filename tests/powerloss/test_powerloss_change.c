/* The first start with another configuration, cut at every flash operation: the state is taken over
 * once, as by a start that nothing cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"

#define T0 INT64_C(1795219200000)
enum { BEFORE = 24, AFTER = 44, POWER_UPS_MAX = 40 };
enum { ENDED_B = 3 }; /* of "b": one of "ten" is open, two of "slide" */
enum { OTHERS = 4 };  /* windows of other kinds, in some tests: of each one is open */

/* What a run came to. */
typedef struct ending {
  rig_result_t results[256];
  size_t result_count;
  vn_accounting_t device, series;
  uint32_t series_restored, episode;
  uint32_t resolved;   /* messages that tell that "warm" and what fired for "b" is over */
  uint32_t ended;      /* results of windows that the other plan doesn't have */
  uint32_t told;       /* a hash of their messages, but for their numbers */
  uint64_t operations; /* of the start with the other plan */
} ending_t;

static vn_alert_plan_t changed_alerts[3];
static vn_window_t changed_windows[2];
static void (*change_windows)(rig_t *rig); /* NULL: they stay */
static void (*add_windows)(rig_t *rig);    /* to the first plan; NULL: none */
static vn_window_t all_windows[2 + OTHERS];

static void add_others(rig_t *rig) {
  uint32_t statistics = rig->windows[0].statistics;
  memcpy(all_windows, rig->windows, 2 * sizeof all_windows[0]);
  all_windows[2] = (vn_window_t){.name = "visit",
                                 .gap_ms = 4000,
                                 .statistics = statistics,
                                 .supersedes_max = VN_SESSIONS_MAX,
                                 .shape = VN_WINDOW_SESSION};
  all_windows[3] = (vn_window_t){.name = "seven",
                                 .size_readings = 14,
                                 .slide_readings = 7,
                                 .statistics = statistics,
                                 .sample = 2,
                                 .shape = VN_WINDOW_COUNT};
  all_windows[4] = (vn_window_t){.name = "thin",
                                 .every_ms = VN_DURATION_OFF,
                                 .error = 500,
                                 .sample = 4,
                                 .statistics = statistics,
                                 .shape = VN_WINDOW_REPORT};
  all_windows[5] = (vn_window_t){.name = "high",
                                 .max_ms = VN_DURATION_OFF,
                                 .limit = 1500,
                                 .statistics = statistics,
                                 .supersedes_max = 1,
                                 .shape = VN_WINDOW_CONDITION,
                                 .condition = VN_ALERT_ABOVE};
  rig->pipelines[1].summary.windows = all_windows;
  rig->pipelines[1].summary.window_count = 2 + OTHERS;
}

static void remove_slide(rig_t *rig) { rig->pipelines[1].summary.window_count = 1; }

/* Other panes: all windows begin anew. */
static void shorten_ten(rig_t *rig) {
  memcpy(changed_windows, rig->windows, sizeof changed_windows);
  changed_windows[0].size_ms = changed_windows[0].slide_ms = 8000;
  rig->pipelines[1].summary.windows = changed_windows;
}

/* "warm" is gone, "hotter" is new, "hot" has another limit; nobody wants "b" any more. */
static rig_t *changed_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  changed_alerts[0] = rig->alerts[2];
  changed_alerts[1] = rig->alerts[0];
  changed_alerts[1].rule.limit = 8200;
  changed_alerts[2] = rig->alerts[0];
  changed_alerts[2].name = "hotter";
  changed_alerts[2].rule.limit = 9900;
  rig->pipelines[1].alerts = changed_alerts;
  rig->pipelines[1].match = (vn_text_t){"a*", 2};
  rig->plan.encoding = VN_ENCODING_JSON;
  rig->wall_ms = T0 + BEFORE * 1000;
  if (add_windows != NULL) {
    rig->plan.outbox_bytes = 16u * 1024u; /* for a message of each */
  }
  if (change_windows != NULL) {
    change_windows(rig);
  }
  rig->dead = &flash->dead;
  return rig;
}

static void send_readings(rig_t *rig, const char *series, int from, int to) {
  for (int i = from; i < to; i++) {
    rig_send(rig, series, T0 + i * 1000, i > 12 && i < 34 ? 8500 + i : 2000 + i, (uint32_t)i);
  }
}

/* A clean stop of the first plan. */
static flash_fake_t *before(const flash_fake_shape_t *shape) {
  flash_fake_t *flash = flash_fake_new(shape, 1);
  rig_t *rig = rig_new(&flash->port);
  rig->plan.encoding = VN_ENCODING_JSON;
  if (add_windows != NULL) {
    add_windows(rig);
  }
  assert_int_equal(rig_start(rig), VN_OK);
  send_readings(rig, "a", 0, BEFORE);
  send_readings(rig, "b", 0, BEFORE);
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  assert_int_equal(vn_stop(&rig->engine), VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  return flash;
}

/* A start that is cut has made them already: what leaves counts. */
static void note_ended(const rig_message_t *message, ending_t *ending) {
  const char *text = (const char *)message->payload;
  const char *records = strstr(text, "\"records\"");
  for (const char *at = text; (at = strstr(at, "\"reconfigured\"")) != NULL; at++) {
    ending->ended++;
  }
  if (strstr(text, "\"reconfigured\"") != NULL && records != NULL) {
    ending->told = vn_murmur3_32(records, strlen(records), ending->told);
  }
}

static void note(const rig_t *rig, ending_t *ending) {
  memset(ending->results, 0, sizeof ending->results);
  ending->result_count = 0;
  for (size_t i = 0; i < rig->result_count; i++) {
    if ((rig->results[i].flags & VN_FLAG_BIT(VN_FLAG_RECONFIGURED)) == 0) {
      ending->results[ending->result_count++] = rig->results[i];
    }
  }
  ending->ended = ending->told = 0;
  ending->device = vn_engine_figures(&rig->engine)->readings;
  ending->series = rig_accounting(rig, "a");
  ending->series_restored = vn_engine_recovery(&rig->engine)->series_restored;
  for (size_t i = 0; i < rig->transition_count; i++) {
    bool hot = strcmp(rig->transitions[i].alert, "hot") == 0;
    ending->episode = hot ? rig->transitions[i].episode : ending->episode;
  }
  ending->resolved = 0;
  for (size_t i = 0; i < rig->sent_count; i++) {
    const char *text = (const char *)rig->sent[i].payload;
    bool gone =
        strstr(text, "\"alert\":\"warm\"") != NULL || strstr(text, "\"series\":\"b\"") != NULL;
    ending->resolved +=
        rig->sent[i].channel == VN_CHANNEL_EVENT && gone && strstr(text, "\"resolved\"") != NULL;
    note_ended(&rig->sent[i], ending);
  }
}

/* Starts until nothing cuts any more, then runs the rest. `again`: after so many operations more.
 */
static void go_on(flash_fake_t *flash, uint64_t again, ending_t *ending) {
  rig_t *rig = NULL;
  vn_err_t started = VN_ERR_FLASH;
  for (int i = 0; i < POWER_UPS_MAX && started != VN_OK; i++) {
    rig = changed_rig(flash);
    started = rig_start(rig);
    ending->operations = flash->operations;
    if (flash->dead) {
      rig->engine.restored = false;
      rig_free(rig);
      started = VN_ERR_FLASH;
      flash_fake_power_up(flash);
      if (again > 0 && i < 3) {
        flash_fake_cut_at(flash, again, CUT_PROG_SOME, CUT_ERASE_MIX);
      }
    }
  }
  assert_int_equal(started, VN_OK);
  flash_fake_cut_at(flash, 0, CUT_PROG_NOTHING, CUT_ERASE_OLD);
  send_readings(rig, "a", BEFORE, AFTER);
  send_readings(rig, "a", BEFORE - 4, BEFORE); /* repeats */
  assert_int_equal(rig_wait(rig, 2000), VN_OK);
  note(rig, ending);
  rig_free(rig);
}

static void assert_same(const ending_t *one, const ending_t *other) {
  assert_int_equal(one->result_count, other->result_count);
  assert_memory_equal(one->results, other->results, one->result_count * sizeof one->results[0]);
  assert_memory_equal(&one->device, &other->device, sizeof one->device);
  assert_memory_equal(&one->series, &other->series, sizeof one->series);
  assert_int_equal(one->series_restored, other->series_restored);
  assert_int_equal(one->episode, other->episode);
  assert_int_equal(one->resolved, other->resolved);
  assert_int_equal(one->ended, other->ended);
  assert_int_equal(one->told, other->told);
}

/* `ended`: results of windows that the other plan doesn't have. */
static void cut_everywhere(const flash_fake_shape_t *shape, uint64_t again, uint32_t ended) {
  static ending_t uncut, ending;
  flash_fake_t *stopped = before(shape);
  flash_fake_t *flash = flash_fake_new(shape, 1);
  flash_fake_copy(flash, stopped);
  go_on(flash, 0, &uncut);
  assert_int_equal(uncut.series_restored, 1);
  assert_int_equal(uncut.device.received, 2 * BEFORE + (AFTER - BEFORE) + 4);
  assert_int_equal(uncut.resolved, 3); /* "warm" of "a", "warm" and "hot" of "b" */
  assert_int_equal(uncut.ended, ended);
  assert_true(uncut.episode == 1 && uncut.result_count >= 2);
  uint64_t cuts = 0;
  for (uint64_t n = 1; n <= uncut.operations; n++) {
    for (int kind = CUT_PROG_NOTHING; kind <= CUT_PROG_TORN; kind++) {
      flash_fake_copy(flash, stopped);
      flash->prng = prng_make(n * CUT_KINDS + (uint64_t)kind, 1);
      flash_fake_cut_at(flash, n, (flash_fake_cut_t)kind, (flash_fake_cut_t)(CUT_ERASE_OLD + kind));
      go_on(flash, again, &ending);
      assert_same(&ending, &uncut);
      assert_null(flash->violation);
      cuts++;
    }
  }
  flash_fake_free(flash);
  flash_fake_free(stopped);
  print_message("%llu operations, %llu cuts\n", (unsigned long long)uncut.operations,
                (unsigned long long)cuts);
}

static void a_cut_at_any_operation_changes_nothing_of_what_is_taken_over(void **state) {
  (void)state;
  static const flash_fake_shape_t shapes[] = {
      {.erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = 0x6B},
      {.erase_size = 1024, .prog_size = 64, .sector_count = 400, .erased_value = 0xFF},
      {.erase_size = 4096,
       .prog_size = 256,
       .sector_count = 96,
       .erased_value = FLASH_FAKE_NOISE,
       .unstable = true,
       .cached = true}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    cut_everywhere(&shapes[i], 0, ENDED_B);
  }
}

/* Bits that are neither, and writes that wait. */
static const flash_fake_shape_t unkind = {.erase_size = 4096,
                                          .prog_size = 64,
                                          .sector_count = 96,
                                          .erased_value = FLASH_FAKE_NOISE,
                                          .unstable = true,
                                          .cached = true};

static void nor_do_cuts_inside_of_cuts(void **state) {
  (void)state;
  for (uint64_t again = 1; again < 12; again += 5) {
    cut_everywhere(&unkind, again, ENDED_B);
  }
}

static void windows_that_are_gone_are_told_once_at_any_cut(void **state) {
  (void)state;
  change_windows = remove_slide;
  cut_everywhere(&unkind, 0, ENDED_B + 2);
  change_windows = shorten_ten;
  cut_everywhere(&unkind, 0, ENDED_B + 3);
  cut_everywhere(&unkind, 5, ENDED_B + 3);
  change_windows = NULL;
}

static void so_are_windows_of_other_kinds(void **state) {
  (void)state;
  add_windows = add_others;
  cut_everywhere(&unkind, 0, ENDED_B + 2 * OTHERS);
  cut_everywhere(&unkind, 5, ENDED_B + 2 * OTHERS);
  add_windows = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cut_at_any_operation_changes_nothing_of_what_is_taken_over),
      cmocka_unit_test(nor_do_cuts_inside_of_cuts),
      cmocka_unit_test(windows_that_are_gone_are_told_once_at_any_cut),
      cmocka_unit_test(so_are_windows_of_other_kinds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
