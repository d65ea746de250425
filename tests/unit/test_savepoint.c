/* Savepoints: the same bytes from every geometry, and the same future from every savepoint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "savepoint_rig.h"
#include "vn/cbor.h"
#include "vn/vn.h"

#define T0 INT64_C(1795219200000)
#define READINGS 60
#define STOP_AT 33

static const flash_fake_shape_t shapes[] = {
    {.erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = FLASH_FAKE_NOISE},
    {.erase_size = 1024, .prog_size = 4, .sector_count = 400, .erased_value = 0xFF},
    {.erase_size = 65536, .prog_size = 512, .sector_count = 16, .erased_value = 0},
};

static savepoint_t savepoint, other;

static void send_reading(rig_t *rig, int i) {
  static const int shift[] = {0, 0, 1500, -900, 0, -6500, 0, 300};
  int32_t value = i > 25 && i < 40 ? 8100 + i : 2000 + 37 * i;
  rig_send(rig, i % 3 == 0 ? "b" : "a", T0 + i * 1000 + shift[i % 8], value, (uint32_t)i);
}

static void send_readings(rig_t *rig, int from, int to) {
  for (int i = from; i < to; i++) {
    send_reading(rig, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
}

static rig_t *started(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(rig_start(rig), VN_OK);
  return rig;
}

/* The first half of the trace on a flash of its own, whose acknowledgements stay out at the end. */
static flash_fake_t *half(const flash_fake_shape_t *shape, bool clean) {
  flash_fake_t *flash = flash_fake_new(shape, 1);
  rig_t *rig = started(flash);
  send_readings(rig, 0, STOP_AT - 3);
  rig->acknowledge = false;
  send_readings(rig, STOP_AT - 3, STOP_AT);
  assert_int_equal(clean ? vn_stop(&rig->engine) : VN_OK, VN_OK);
  rig_free(rig);
  flash_fake_power_up(flash);
  return flash;
}

static void export(flash_fake_t *flash, savepoint_t *out) {
  uint64_t programs = flash->programs, erases = flash->erases;
  assert_int_equal(savepoint_export(rig_new(&flash->port), out), VN_OK);
  assert_int_equal(flash->programs + flash->erases, programs + erases);
}

static flash_fake_t *import(const flash_fake_shape_t *shape, const savepoint_t *from) {
  vn_recovery_t recovery;
  flash_fake_t *flash = flash_fake_new(shape, 2);
  assert_int_equal(savepoint_import(rig_new(&flash->port), from, false, &recovery), VN_OK);
  assert_int_equal(recovery.series_reset + recovery.operators_reset, 0);
  assert_int_equal(recovery.series_restored, 2);
  assert_null(flash->violation);
  flash_fake_power_up(flash);
  return flash;
}

static void assert_same(const savepoint_t *a, const savepoint_t *b) {
  assert_int_equal(a->length, b->length);
  assert_memory_equal(a->bytes, b->bytes, a->length);
}

static void a_state_gives_the_same_bytes_from_every_geometry(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    flash_fake_t *flash = half(&shapes[i], true);
    export(flash, i == 0 ? &savepoint : &other);
    export(flash, &other);
    assert_same(&savepoint, &other);
    flash_fake_free(flash);
  }
}

static void an_export_of_an_import_is_what_was_imported(void **state) {
  (void)state;
  for (int clean = 0; clean < 2; clean++) {
    flash_fake_t *flash = half(&shapes[0], clean == 1);
    export(flash, &savepoint);
    flash_fake_free(flash);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      flash = import(&shapes[i], &savepoint);
      export(flash, &other);
      assert_same(&savepoint, &other);
      flash_fake_free(flash);
    }
  }
}

static void an_import_tells_the_loss_that_its_state_would_have_told(void **state) {
  (void)state;
  flash_fake_t *flash = half(&shapes[0], false);
  export(flash, &savepoint);
  flash_fake_t *moved_to = import(&shapes[1], &savepoint);
  rig_t *stayed = started(flash), *moved = started(moved_to);
  assert_false(vn_engine_recovery(&moved->engine)->clean);
  assert_true(vn_engine_recovery(&moved->engine)->lost_from_ms ==
              vn_engine_recovery(&stayed->engine)->lost_from_ms);
  rig_free(stayed);
  rig_free(moved);
  flash_fake_free(moved_to);
  flash_fake_free(flash);
}

/* The second half of the trace, from a start on. */
static rig_t *go_on(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->wall_ms += STOP_AT * 1000;
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_restored, 2);
  assert_int_equal(rig_step(rig), VN_OK);
  send_readings(rig, STOP_AT, READINGS);
  return rig;
}

static void an_import_goes_on_as_the_state_would_have(void **state) {
  (void)state;
  flash_fake_t *flash = half(&shapes[0], true);
  export(flash, &savepoint);
  rig_t *stayed = go_on(flash);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    flash_fake_t *moved_to = import(&shapes[i], &savepoint);
    rig_t *moved = go_on(moved_to);
    assert_true(vn_engine_recovery(&moved->engine)->clean);
    assert_int_equal(moved->result_count, stayed->result_count);
    assert_memory_equal(moved->results, stayed->results,
                        stayed->result_count * sizeof stayed->results[0]);
    assert_int_equal(moved->transition_count, stayed->transition_count);
    assert_memory_equal(moved->transitions, stayed->transitions,
                        stayed->transition_count * sizeof stayed->transitions[0]);
    assert_true(stayed->sent_count > 3);
    assert_int_equal(moved->sent_count, stayed->sent_count);
    assert_memory_equal(moved->sent, stayed->sent, stayed->sent_count * sizeof stayed->sent[0]);
    rig_free(moved);
    flash_fake_free(moved_to);
  }
  rig_free(stayed);
  flash_fake_free(flash);
}

static void a_savepoint_of_a_run_tells_what_may_be_missing(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shapes[0], 1);
  rig_t *rig = started(flash);
  send_readings(rig, 0, 20);
  vn_accounting_t then = rig_accounting(rig, "a");
  int64_t then_ms = rig->wall_ms;
  assert_int_equal(savepoint_of(rig, &savepoint), VN_OK);
  send_readings(rig, 20, 30);
  uint32_t boot = vn_engine_recovery(&rig->engine)->boot;
  rig_free(rig);
  flash_fake_free(flash);
  flash = import(&shapes[1], &savepoint);
  rig = rig_new(&flash->port);
  rig->wall_ms = then_ms + 60000;
  assert_int_equal(rig_start(rig), VN_OK);
  const vn_recovery_t *recovery = vn_engine_recovery(&rig->engine);
  assert_false(recovery->clean || recovery->fresh);
  assert_int_equal(recovery->boot, boot + 1);
  assert_int_equal(recovery->lost_from_ms, then_ms);
  assert_int_equal(recovery->lost_to_ms, then_ms + 60000);
  assert_int_equal(rig_accounting(rig, "a").received, then.received);
  rig_free(rig);
  flash_fake_free(flash);
}

static void damage_anywhere_is_refused_before_anything_is_written(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash = half(&shapes[0], true);
  export(flash, &savepoint);
  flash_fake_free(flash);
  flash = flash_fake_new(&shapes[0], 3);
  for (size_t i = 0; i < savepoint.length; i += 1 + i / 64) {
    other = savepoint;
    other.bytes[i] ^= (uint8_t)(1u << (i % 8));
    vn_err_t error = savepoint_import(rig_new(&flash->port), &other, true, &recovery);
    assert_true(error == VN_ERR_FORMAT || error == VN_ERR_NEWER);
  }
  for (size_t length = 0; length < savepoint.length; length += 1 + length / 32) {
    other = savepoint;
    other.length = length;
    assert_int_equal(savepoint_import(rig_new(&flash->port), &other, true, &recovery),
                     VN_ERR_FORMAT);
  }
  assert_int_equal(flash->programs + flash->erases, 0);
  flash_fake_free(flash);
}

static void a_region_that_holds_a_state_is_left_alone(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash = half(&shapes[0], true);
  export(flash, &savepoint);
  uint64_t programs = flash->programs, erases = flash->erases;
  assert_int_equal(savepoint_import(rig_new(&flash->port), &savepoint, true, &recovery),
                   VN_ERR_ORDER);
  assert_int_equal(flash->programs + flash->erases, programs + erases);
  flash_fake_free(flash);
}

static void a_savepoint_is_for_its_device(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash = half(&shapes[0], true);
  export(flash, &savepoint);
  flash_fake_free(flash);
  flash = flash_fake_new(&shapes[0], 3);
  rig_t *rig = rig_new(&flash->port);
  rig->plan.device = "gw-2";
  assert_int_equal(savepoint_import(rig, &savepoint, true, &recovery), VN_ERR_FOREIGN);
  flash_fake_free(flash);
}

/* The place of the state version: behind version, device (text of 4), boot, seq. */
static size_t state_version_at(const savepoint_t *of) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(&reader, of->bytes, of->length);
  for (int i = 0; i < 10; i++) { /* the map, four pairs, the key */
    assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
  }
  assert_int_equal(item.unsigned_value, 4);
  return reader.position;
}

static void states_of_a_newer_version_are_refused_unless_accepted(void **state) {
  (void)state;
  vn_recovery_t recovery;
  vn_savepoint_head_t head;
  flash_fake_t *flash = half(&shapes[0], true);
  export(flash, &savepoint);
  flash_fake_free(flash);
  savepoint.bytes[state_version_at(&savepoint)]++;
  savepoint_seal(&savepoint);
  assert_int_equal(vn_savepoint_look(savepoint.bytes, savepoint.length, &head), VN_OK);
  flash = flash_fake_new(&shapes[0], 3);
  assert_int_equal(savepoint_import(rig_new(&flash->port), &savepoint, false, &recovery),
                   VN_ERR_NEWER);
  assert_int_equal(flash->programs + flash->erases, 0);
  assert_int_equal(savepoint_import(rig_new(&flash->port), &savepoint, true, &recovery), VN_OK);
  assert_int_equal(recovery.series_reset, 2);
  flash_fake_power_up(flash);
  rig_t *rig = started(flash);
  assert_int_equal(vn_engine_recovery(&rig->engine)->boot, head.boot + 1);
  assert_int_equal(vn_engine_recovery(&rig->engine)->series_restored, 0);
  assert_int_equal(rig->engine.head.seq, head.seq);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_true(rig->sent_count > 0); /* what waited to be sent */
  rig_free(rig);
  flash_fake_free(flash);
}

static void a_later_format_is_told_apart_from_damage(void **state) {
  (void)state;
  vn_savepoint_head_t head;
  flash_fake_t *flash = half(&shapes[0], true);
  export(flash, &savepoint);
  savepoint.bytes[2] = VN_SAVEPOINT_VERSION + 1;
  savepoint_seal(&savepoint);
  assert_int_equal(vn_savepoint_look(savepoint.bytes, savepoint.length, &head), VN_ERR_NEWER);
  flash_fake_free(flash);
}

static rig_t *journal_rig(flash_fake_t *flash) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.durability = VN_DURABILITY_JOURNAL;
  return rig;
}

/* Acknowledged, but not yet in the state: in the journal alone. */
static void messages_of_the_journal_come_along(void **state) {
  (void)state;
  vn_recovery_t recovery;
  flash_fake_t *flash = flash_fake_new(&shapes[0], 1);
  rig_t *rig = journal_rig(flash);
  assert_int_equal(rig_start(rig), VN_OK);
  for (int i = 0; i < 5; i++) {
    char payload[300];
    (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":20.5,\"seq\":%d%*s}",
                   (long long)T0 + i * 100, i, i == 3 ? 200 : 1, "");
    assert_int_equal(vn_accept_message(&rig->engine, (vn_text_t){"j/a", 3},
                                       (const uint8_t *)payload, strlen(payload), false),
                     VN_OK);
  }
  rig_free(rig);
  flash_fake_power_up(flash);
  assert_int_equal(savepoint_export(journal_rig(flash), &savepoint), VN_OK);
  flash_fake_free(flash);
  flash = flash_fake_new(&shapes[2], 1);
  assert_int_equal(savepoint_import(rig_new(&flash->port), &savepoint, false, &recovery),
                   VN_ERR_ORDER);
  flash_fake_free(flash);
  flash = flash_fake_new(&shapes[2], 1);
  assert_int_equal(savepoint_import(journal_rig(flash), &savepoint, false, &recovery), VN_OK);
  flash_fake_power_up(flash);
  assert_int_equal(savepoint_export(journal_rig(flash), &other), VN_OK);
  assert_same(&savepoint, &other);
  rig = journal_rig(flash);
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->messages_again, 5);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig_accounting(rig, "a").accepted, 5);
  rig_free(rig);
  flash_fake_free(flash);
}

static vn_err_t refuse(void *context, const uint8_t *bytes, size_t length) {
  (void)bytes;
  size_t *left = context;
  if (length > *left) {
    return VN_ERR_FLASH;
  }
  *left -= length;
  return VN_OK;
}

static void a_sink_that_fails_ends_the_writing(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shapes[0], 1);
  rig_t *rig = started(flash);
  send_readings(rig, 0, 10);
  assert_int_equal(savepoint_of(rig, &savepoint), VN_OK);
  for (size_t room = 0; room < savepoint.length; room += 7) {
    size_t left = room;
    vn_savepoint_sink_t sink = {&left, refuse};
    assert_int_equal(vn_savepoint_write(&rig->engine, &sink), VN_ERR_FLASH);
  }
  rig_free(rig);
  flash_fake_free(flash);
}

/* A keeper that keeps in memory. */
typedef struct shelf {
  savepoint_t *kept;
  savepoint_t *making;
  unsigned begun;
  bool good, refuses;
} shelf_t;

static vn_err_t shelf_begin(void *context) {
  shelf_t *shelf = context;
  shelf->making->length = 0;
  shelf->begun++;
  return VN_OK;
}

static vn_err_t shelf_write(void *context, const uint8_t *bytes, size_t length) {
  shelf_t *shelf = context;
  if (shelf->refuses || length > SAVEPOINT_RIG_MAX - shelf->making->length) {
    return VN_ERR_FLASH;
  }
  memcpy(shelf->making->bytes + shelf->making->length, bytes, length);
  shelf->making->length += length;
  return VN_OK;
}

static vn_err_t shelf_end(void *context, bool good) {
  shelf_t *shelf = context;
  shelf->good = good;
  if (good) {
    *shelf->kept = *shelf->making;
  }
  return good ? VN_OK : VN_ERR_FLASH;
}

static const char *ask(rig_t *rig) {
  size_t before = rig->answer_count;
  rig_message(rig, "vnotch/gw-1/command", "{\"command\":\"savepoint\",\"id\":\"x\"}");
  assert_int_equal(rig->answer_count, before + 1);
  return rig->answer;
}

static rig_t *commanded(flash_fake_t *flash, const vn_keeper_t *keeper) {
  rig_t *rig = rig_new(&flash->port);
  rig->plan.commands = true;
  assert_int_equal(rig_start(rig), VN_OK);
  if (keeper != NULL) {
    vn_keep_savepoints(&rig->engine, keeper);
  }
  send_readings(rig, 0, 20);
  return rig;
}

static void a_command_has_one_written_and_tells_of_it(void **state) {
  (void)state;
  shelf_t shelf = {&savepoint, &other, 0, false, false};
  const vn_keeper_t keeper = {&shelf, "s.savepoint", shelf_begin, shelf_write, shelf_end};
  char expected[96];
  flash_fake_t *flash = flash_fake_new(&shapes[0], 1);
  rig_t *rig = commanded(flash, &keeper);
  const char *answer = ask(rig);
  (void)snprintf(expected, sizeof expected,
                 "\"result\":\"done\",\"file\":\"s.savepoint\",\"bytes\":%zu,\"seq\":%llu,",
                 savepoint.length, (unsigned long long)rig->engine.head.seq);
  assert_non_null(strstr(answer, expected));
  assert_true(savepoint.length > 100);
  vn_accounting_t then = rig_accounting(rig, "a");
  assert_non_null(strstr(ask(rig), "\"error\":\"savepoint\"")); /* so soon */
  assert_int_equal(shelf.begun, 1);
  assert_int_equal(rig_wait(rig, VN_SAVEPOINT_PAUSE_MS), VN_OK);
  shelf.refuses = true;
  size_t length = savepoint.length;
  assert_non_null(strstr(ask(rig), "can't be written"));
  assert_true(shelf.begun == 2 && !shelf.good && savepoint.length == length);
  rig_free(rig);
  flash_fake_free(flash);
  flash = import(&shapes[1], &savepoint);
  rig = started(flash);
  assert_int_equal(rig_accounting(rig, "a").received, then.received);
  rig_free(rig);
  flash_fake_free(flash);
}

static void without_a_place_the_command_is_refused(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shapes[0], 1);
  rig_t *rig = commanded(flash, NULL);
  assert_non_null(strstr(ask(rig), "no place for savepoints"));
  rig_free(rig);
  flash_fake_free(flash);
}

/* Else the import would carry it out again. */
static void the_command_itself_is_not_in_it(void **state) {
  (void)state;
  shelf_t shelf = {&savepoint, &other, 0, false, false};
  const vn_keeper_t keeper = {&shelf, "s", shelf_begin, shelf_write, shelf_end};
  static const char command[] = "{\"command\":\"savepoint\"}";
  static const char reading[] = "{\"t\":1795219200000,\"v\":20.5,\"seq\":7}";
  vn_recovery_t recovery;
  flash_fake_t *flash = flash_fake_new(&shapes[0], 1);
  rig_t *rig = journal_rig(flash);
  rig->plan.commands = true;
  assert_int_equal(rig_start(rig), VN_OK);
  vn_keep_savepoints(&rig->engine, &keeper);
  assert_int_equal(vn_accept_message(&rig->engine, (vn_text_t){"vnotch/gw-1/command", 19},
                                     (const uint8_t *)command, strlen(command), false),
                   VN_OK);
  assert_int_equal(vn_accept_message(&rig->engine, (vn_text_t){"j/a", 3}, (const uint8_t *)reading,
                                     strlen(reading), false),
                   VN_OK);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_true(shelf.good);
  rig_free(rig);
  flash_fake_free(flash);
  flash = flash_fake_new(&shapes[0], 1);
  assert_int_equal(savepoint_import(journal_rig(flash), &savepoint, false, &recovery), VN_OK);
  flash_fake_power_up(flash);
  rig = journal_rig(flash);
  assert_int_equal(rig_start(rig), VN_OK);
  assert_int_equal(vn_engine_recovery(&rig->engine)->messages_again, 1);
  assert_int_equal(rig_step(rig), VN_OK);
  assert_int_equal(rig_accounting(rig, "a").accepted, 1);
  assert_int_equal(rig->answer_count, 0);
  rig_free(rig);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_state_gives_the_same_bytes_from_every_geometry),
      cmocka_unit_test(an_export_of_an_import_is_what_was_imported),
      cmocka_unit_test(an_import_tells_the_loss_that_its_state_would_have_told),
      cmocka_unit_test(an_import_goes_on_as_the_state_would_have),
      cmocka_unit_test(a_savepoint_of_a_run_tells_what_may_be_missing),
      cmocka_unit_test(damage_anywhere_is_refused_before_anything_is_written),
      cmocka_unit_test(a_region_that_holds_a_state_is_left_alone),
      cmocka_unit_test(a_savepoint_is_for_its_device),
      cmocka_unit_test(states_of_a_newer_version_are_refused_unless_accepted),
      cmocka_unit_test(a_later_format_is_told_apart_from_damage),
      cmocka_unit_test(messages_of_the_journal_come_along),
      cmocka_unit_test(a_sink_that_fails_ends_the_writing),
      cmocka_unit_test(a_command_has_one_written_and_tells_of_it),
      cmocka_unit_test(without_a_place_the_command_is_refused),
      cmocka_unit_test(the_command_itself_is_not_in_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
