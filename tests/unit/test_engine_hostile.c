/*
 * Hostile messages through the engine: each line of tests/data/hostile/messages.txt has the verdict
 * that the table says, the books balance, and no other series notices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../firmware-agnostic-core/src/engine_priv.h"
#include "engine_rig.h"
#include "hostile_table.h"

#define T0 INT64_C(1795219200000)

enum { STATE_MAX = 4096, LETTERS_AT_ONCE = 10 };

/* Everything that is stored of a series. */
typedef struct snapshot {
  size_t length;
  uint8_t bytes[STATE_MAX];
} snapshot_t;

static vn_text_t text(const char *literal) { return (vn_text_t){literal, strlen(literal)}; }

/* Two inputs of JSON with a time in another unit, and one without a time but with a sentinel. */
static void add_inputs(rig_t *rig, vn_field_t *sentinel) {
  static const char *const patterns[] = {"k/{s}", "r/{s}", "m/{s}"};
  static const uint8_t units[] = {VN_UNIT_S, VN_UNIT_RFC3339, VN_UNIT_MS};
  const char *problem;
  for (size_t i = 0; i < 3; i++) {
    vn_input_t *input = &rig->inputs[rig->plan.input_count++];
    *input = rig->inputs[1];
    assert_int_equal(vn_pattern_compile(text(patterns[i]), &input->pattern, &problem), VN_OK);
    input->time_unit = units[i];
  }
  *sentinel = rig->field;
  sentinel->has_missing = true;
  sentinel->missing = vn_number_from_integer(-200);
  vn_input_t *without_time = &rig->inputs[rig->plan.input_count - 1];
  without_time->has_time = false;
  without_time->fields = sentinel;
}

/* One pipeline more, whose readings have no other identity than their time. */
static void add_pipeline(rig_t *rig) {
  rig->pipelines[2] = rig->pipelines[1];
  rig->pipelines[1] = rig->pipelines[0];
  rig->pipelines[1].match = text("same*");
  rig->pipelines[1].summary.name = "same";
  rig->pipelines[1].deduplicate = 4;
  rig->pipelines[1].same_time = VN_SAME_TIME_CONFLICT;
  rig->plan.pipeline_count = 3;
}

/* A rig as the table asks for, with a bystander "by" and a series "a" that has one reading of 0. */
static rig_t *start(vn_field_t *sentinel) {
  rig_t *rig = rig_new(NULL);
  add_inputs(rig, sentinel);
  add_pipeline(rig);
  rig->plan.device = "gw";
  rig->plan.message_max_bytes = HOSTILE_PAYLOAD_MAX;
  rig->plan.queue_bytes = 1u << 20;
  rig->pipelines[0].range_low = INT32_MIN;
  rig->pipelines[0].range_high = INT32_MAX;
  rig->pipelines[0].max_future_ms = VN_DURATION_OFF;
  assert_int_equal(rig_start(rig), VN_OK);
  rig_send(rig, "by", T0, 7900, 1);
  rig_send(rig, "by", T0 + 1, 8100, 2);
  rig_message(rig, "n/a", "0");
  return rig;
}

static snapshot_t save(rig_t *rig, const char *series) {
  snapshot_t snapshot = {0};
  uint32_t number = vn_series_find(&rig->engine.table, text(series), vn_series_hash(text(series)));
  assert_int_not_equal(number, VN_SERIES_NONE);
  snapshot.length = vn__slot_save(&rig->engine, number, snapshot.bytes, STATE_MAX);
  assert_true(snapshot.length <= STATE_MAX);
  return snapshot;
}

/* The windows of a series alone, without its accounting. */
static snapshot_t save_windows(rig_t *rig, const char *series) {
  snapshot_t snapshot = {0};
  uint32_t number = vn_series_find(&rig->engine.table, text(series), vn_series_hash(text(series)));
  assert_int_not_equal(number, VN_SERIES_NONE);
  vn__work_t work = vn__work(&rig->engine, number);
  vn_window_memory_t memory = vn__window_memory(&work);
  vn_tally_clear(&memory.waiting->tally);
  for (uint32_t i = 0; i < work.pipeline->geometry.set.pane_count; i++) {
    vn_tally_clear(&memory.tallies[i]);
  }
  snapshot.length =
      vn_window_save(&work.pipeline->geometry.set, &memory, snapshot.bytes, STATE_MAX);
  assert_true(snapshot.length <= STATE_MAX);
  return snapshot;
}

static bool is_same(const snapshot_t *a, const snapshot_t *b) {
  return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static bool balances(const vn_accounting_t *all) {
  return all->received == all->accepted + all->late + all->no_window + all->duplicate +
                              all->limited + all->quarantined + all->rejected;
}

/* Each series' books balance, and together with what has no series they are the device's. */
static bool books_balance(const rig_t *rig) {
  const vn_figures_t *figures = vn_engine_figures(&rig->engine);
  uint64_t received = figures->unassigned;
  uint64_t rejected = figures->unassigned;
  bool good = balances(&figures->readings);
  for (uint32_t i = 0; i < RIG_SERIES_MAX; i++) {
    if (rig->engine.table.name_lengths[i] > 0) {
      const vn_accounting_t *series = &vn_engine_series(&rig->engine, i)->accounting;
      good = good && balances(series);
      received += series->received;
      rejected += series->rejected;
    }
  }
  return good && received == figures->readings.received && rejected == figures->readings.rejected;
}

/* Somebody is told what the sender is to blame for, and only that. */
static unsigned letters_for(const hostile_case_t *message) {
  switch (message->reason) {
    case VN_REASON_MISSING:
    case VN_REASON_DUPLICATE:
    case VN_REASON_STALE:
    case VN_REASON_LOOP:
      return 0;
    case VN_REASON_EMPTY:
      return message->retained ? 0 : 1; /* "deleted", by convention */
    default:
      return message->refused;
  }
}

/* The sum of everything in the ten-second windows but the bystander's. */
static int64_t flushed_sum(rig_t *rig) {
  int64_t sum = 0;
  vn_flush(&rig->engine);
  for (size_t i = 0; i < rig->result_count; i++) {
    const rig_result_t *result = &rig->results[i];
    if (result->window == 0 && strcmp(result->series, "by") != 0) {
      sum += result->sum;
    }
  }
  return sum;
}

/* The first thing that is not as the table says, or NULL. */
static const char *judge(rig_t *rig, const hostile_case_t *message, const vn_figures_t *before) {
  const vn_figures_t *now = vn_engine_figures(&rig->engine);
  for (unsigned i = 1; i < VN_REASON_COUNT; i++) {
    uint64_t expected = i == message->reason ? message->refused : 0;
    if (now->reasons[i] - before->reasons[i] != expected) {
      return vn_reason_word((vn_reason_t)i);
    }
  }
  if (now->readings.accepted - before->readings.accepted != message->accepted) {
    return "the number of readings accepted";
  }
  if (now->messages - before->messages != 1 || !books_balance(rig)) {
    return "the books";
  }
  return now->dead_letters != letters_for(message) ? "the dead letters" : NULL;
}

static const char *try_message(rig_t *rig, const hostile_case_t *message) {
  vn_figures_t before = *vn_engine_figures(&rig->engine);
  snapshot_t bystander = save(rig, "by");
  snapshot_t windows = save_windows(rig, "a");
  /* Of its exact size, so that a sanitizer sees who reads on. */
  uint8_t *payload = malloc(message->payload_length + 1);
  memcpy(payload, message->payload, message->payload_length);
  payload = realloc(payload, message->payload_length > 0 ? message->payload_length : 1);
  rig->wall_valid = !message->clock_unset;
  vn_take_message(&rig->engine, (vn_text_t){message->topic, message->topic_length}, payload,
                  message->payload_length, message->retained);
  rig->wall_valid = true;
  free(payload);
  const char *problem = judge(rig, message, &before);
  snapshot_t after = save(rig, "by");
  if (problem == NULL && !is_same(&bystander, &after)) {
    problem = "the state of another series";
  }
  after = save_windows(rig, "a");
  if (problem == NULL && message->accepted == 0 && !is_same(&windows, &after)) {
    problem = "the windows of its own series";
  }
  if (problem == NULL && flushed_sum(rig) != message->sum) {
    problem = "the sum";
  }
  return problem;
}

static void check_case(void *context, const hostile_case_t *message) {
  unsigned *failures = context;
  vn_field_t sentinel;
  rig_t *rig = start(&sentinel);
  const char *problem = try_message(rig, message);
  if (problem != NULL) {
    print_error("messages.txt:%u (%s): not as expected: %s\n", message->line, message->kind,
                problem);
    *failures += 1;
  }
  rig_free(rig);
}

static void every_message_of_the_table_has_its_verdict(void **state) {
  (void)state;
  unsigned failures = 0;
  assert_true(hostile_table_each(T0, check_case, &failures) > 300);
  assert_int_equal(failures, 0);
}

static void send_all(void *context, const hostile_case_t *message) {
  rig_t *rig = context;
  vn_take_message(&rig->engine, (vn_text_t){message->topic, message->topic_length},
                  message->payload, message->payload_length, message->retained);
}

/* One engine for all of them: many series too many, and a hundred refusals at one instant. */
static void all_messages_at_once_leave_the_books_balanced_and_ten_letters(void **state) {
  (void)state;
  vn_field_t sentinel;
  rig_t *rig = start(&sentinel);
  snapshot_t bystander = save(rig, "by");
  unsigned count = hostile_table_each(T0, send_all, rig);
  const vn_figures_t *figures = vn_engine_figures(&rig->engine);
  snapshot_t after = save(rig, "by");
  assert_int_equal(figures->messages, 3 + count);
  assert_int_equal(figures->dead_letters, LETTERS_AT_ONCE);
  assert_true(books_balance(rig));
  assert_true(is_same(&bystander, &after));
  rig_free(rig);
}

/* Sends one payload, and looks at what must hold for any bytes; the number of readings accepted. */
static uint64_t send_any(rig_t *rig, const char *topic, const uint8_t *bytes, size_t length) {
  uint64_t before = vn_engine_figures(&rig->engine)->readings.accepted;
  snapshot_t bystander = save(rig, "by");
  uint8_t *exact = malloc(length);
  memcpy(exact, bytes, length);
  vn_take_message(&rig->engine, text(topic), exact, length, false);
  free(exact);
  snapshot_t after = save(rig, "by");
  assert_true(is_same(&bystander, &after));
  const vn_accounting_t *all = &vn_engine_figures(&rig->engine)->readings;
  assert_true(balances(all));
  return all->accepted - before;
}

static void every_first_byte_is_survived_in_every_format(void **state) {
  (void)state;
  static const char *const topics[] = {"n/a", "j/a", "c/a", "p/x", "b/x"};
  vn_field_t sentinel;
  rig_t *rig = start(&sentinel);
  for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
    for (unsigned first = 0; first < 256; first++) {
      uint8_t bytes[24] = {(uint8_t)first};
      (void)send_any(rig, topics[i], bytes, 1);
      (void)send_any(rig, topics[i], bytes, sizeof bytes);
      memset(bytes + 1, 0xFF, sizeof bytes - 1);
      (void)send_any(rig, topics[i], bytes, sizeof bytes);
    }
  }
  assert_int_equal(vn_engine_figures(&rig->engine)->dead_letters, LETTERS_AT_ONCE);
  rig_free(rig);
}

/* Three records; ends[i] is where record i is complete. Cut anywhere, the whole ones count. */
static void check_cuts(const char *topic, const char *bytes, size_t length, const size_t ends[3]) {
  vn_field_t sentinel;
  rig_t *rig = start(&sentinel);
  for (size_t cut = 1; cut <= length; cut++) {
    uint64_t refused_before = vn_engine_figures(&rig->engine)->messages_refused;
    uint64_t whole = (uint64_t)(cut >= ends[0]) + (cut >= ends[1]) + (cut >= ends[2]);
    uint64_t accepted = send_any(rig, topic, (const uint8_t *)bytes, cut);
    uint64_t refused = vn_engine_figures(&rig->engine)->messages_refused - refused_before;
    if (accepted != whole || refused != (cut < length)) {
      print_error("%s cut at %zu: %llu accepted, %llu refused\n", topic, cut,
                  (unsigned long long)accepted, (unsigned long long)refused);
    }
    assert_true(accepted == whole && refused == (cut < length));
  }
  rig_free(rig);
}

static void a_message_cut_anywhere_gives_its_whole_records_and_one_refusal(void **state) {
  (void)state;
  static const char cbor[] =
      "\x83\xA1\x61v\x01\xA2\x61v\x02\x61x\x63"
      "abc\xA1\x61v\x19\x00\x03";
  static const char senml[] =
      "\x83\xA2\x00\x61"
      "a\x02\x01\xA3\x00\x61"
      "a\x02\xF9\x45\x00\x01\x63"
      "Cel\xA2\x00\x61"
      "a\x02\xC4\x82\x20\x18\x32";
  static const char senml_json[] =
      "[{\"n\":\"a\",\"v\":1},{\"n\":\"a\",\"v\":2,\"u\":\"Cel\"},{\"n\":\"a\",\"v\":3}]";
  static const char json[] =
      "[{\"t\":1795219200000,\"v\":1},{\"v\":2,\"t\":1795219200000},"
      "{\"t\":1795219200000,\"v\":3}]";
  check_cuts("c/a", cbor, sizeof cbor - 1, (const size_t[]){5, 15, sizeof cbor - 1});
  check_cuts("b/x", senml, sizeof senml - 1, (const size_t[]){7, 20, sizeof senml - 1});
  check_cuts("p/x", senml_json, sizeof senml_json - 1, (const size_t[]){16, 42, 58});
  check_cuts("j/a", json, sizeof json - 1, (const size_t[]){26, 52, 78});
}

#define CASE(name) cmocka_unit_test(name)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(every_message_of_the_table_has_its_verdict),
      CASE(all_messages_at_once_leave_the_books_balanced_and_ten_letters),
      CASE(every_first_byte_is_survived_in_every_format),
      CASE(a_message_cut_anywhere_gives_its_whole_records_and_one_refusal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
