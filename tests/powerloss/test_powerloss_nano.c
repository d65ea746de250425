/* The nano runtime on flash: cut at every operation, in every way, and once more behind that; what
 * was told in the end is what the uncut run told, and no number was used for two contents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flash_fake.h"
#include "vn/cbor.h"
#include "vn/hash.h"
#include "vn/nano.h"

enum {
  SERIES = 3,
  SAMPLE = 2,
  READINGS = 60,
  TOLD_MAX = 1024,
  NUMBERS_MAX = 4096,
  PAGE = 128,
  OUTBOX = 1536,
  SCRATCH = 640
};

static const vn_window_t window = {
    .name = "w",
    .size_ms = 7000,
    .slide_ms = 7000,
    .statistics = VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | VN_STATISTIC_BIT(VN_STATISTIC_LAST),
    .sample = SAMPLE};
static const vn_alert_plan_t hot = {.name = "hot",
                                    .severity = "critical",
                                    .of = "value",
                                    .rule = {.limit = 100, .hysteresis = 20, .for_ms = 500},
                                    .exponent = -1};
static const vn_pipeline_t pipeline = {.summary = {"plant", "Cel", &window, 1, -1, false},
                                       .match = {"*", 1},
                                       .alerts = &hot,
                                       .alert_count = 1,
                                       .out_of_order_ms = 2000,
                                       .lateness_ms = 9000,
                                       .idle_timeout_ms = VN_DURATION_OFF,
                                       .max_future_ms = VN_DURATION_OFF,
                                       .range_low = -1000,
                                       .range_high = 1000,
                                       .series_max = SERIES};
static const vn_plan_t plan = {.device = "node",
                               .prefix = "vnotch",
                               .pipelines = &pipeline,
                               .pipeline_count = 1,
                               .flush_every_ms = 2500,
                               .checkpoint_every_ms = 4000,
                               .series_max = SERIES,
                               .batch_max = 3,
                               .name_max = 8,
                               .durability = VN_DURABILITY_CHECKPOINT};
static const char *const names[SERIES] = {"a", "b", "c"};

VN_NANO_DEFINE(store, SERIES, VN_NANO_PANES(7000, 2000, 9000), SAMPLE, OUTBOX, SCRATCH);

/* What was told, as hashes of records and events; and which content each number had. */
typedef struct told {
  uint64_t things[TOLD_MAX];
  size_t count;
  uint64_t numbers[NUMBERS_MAX], contents[NUMBERS_MAX];
  size_t number_count;
  bool reused; /* a number with another content */
} told_t;

static told_t told;
static flash_fake_t *flash;
static vn_nano_t nano;
static vn_nano_keep_t keep;
static uint8_t page[PAGE];
static int64_t now_ms;
static uint64_t on_its_way[64];
static size_t on_its_way_count;
static bool link_up;

static int64_t mono_ms(void *context) {
  (void)context;
  return now_ms;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = INT64_C(1795219200000) + now_ms;
  return true;
}

static uint64_t hash_of(const void *bytes, size_t length) {
  return (uint64_t)vn_murmur3_32(bytes, length, 1) << 32 | vn_murmur3_32(bytes, length, 2);
}

static void note(uint64_t thing) {
  for (size_t i = 0; i < told.count; i++) {
    if (told.things[i] == thing) {
      return;
    }
  }
  assert_true(told.count < TOLD_MAX);
  told.things[told.count++] = thing;
}

static void note_number(const vn_message_t *message, uint64_t content) {
  uint64_t number = (uint64_t)message->boot << 32 | message->seq;
  for (size_t i = 0; i < told.number_count; i++) {
    if (told.numbers[i] == number) {
      told.reused = told.reused || told.contents[i] != content;
      return;
    }
  }
  assert_true(told.number_count < NUMBERS_MAX);
  told.numbers[told.number_count] = number;
  told.contents[told.number_count++] = content;
}

/* Reads one item with all that is in it. */
static void skip_item(vn_cbor_reader_t *reader) {
  for (uint64_t left = 1; left > 0; left--) {
    vn_cbor_item_t item;
    assert_int_equal(vn_cbor_next(reader, &item), VN_REASON_NONE);
    left += item.kind == VN_CBOR_ARRAY ? item.unsigned_value : 0;
    left += item.kind == VN_CBOR_MAP ? 2 * item.unsigned_value : 0;
  }
}

static void note_records(const uint8_t *bytes, size_t length) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  vn_cbor_reader_init(&reader, bytes, length);
  assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
  for (int key = 0; key < 5; key++) {
    skip_item(&reader);
    skip_item(&reader);
  }
  skip_item(&reader);
  assert_int_equal(vn_cbor_next(&reader, &item), VN_REASON_NONE);
  for (uint64_t i = item.unsigned_value; i > 0; i--) {
    size_t begin = reader.position;
    skip_item(&reader);
    note(hash_of(bytes + begin, reader.position - begin));
  }
}

/* An event up to what names its message. */
static size_t length_of_event(const vn_message_t *message) {
  static const char behind[] = "\",\"device\":";
  size_t at = 0;
  while (memcmp(message->payload + at, behind, sizeof behind - 1) != 0) {
    at++;
    assert_true(at + sizeof behind <= message->payload_length);
  }
  return at;
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  (void)context;
  if (!link_up || flash->dead || on_its_way_count == 64) {
    return VN_ERR_LINK;
  }
  on_its_way[on_its_way_count++] = message->index;
  note_number(message, hash_of(message->payload, message->payload_length));
  if (message->channel == VN_CHANNEL_SUMMARY) {
    note_records(message->payload, message->payload_length);
  } else {
    note(hash_of(message->payload, length_of_event(message)));
  }
  return VN_OK;
}

static const vn_clock_t test_clock = {NULL, mono_ms, wall_ms};
static const vn_uplink_t uplink = {NULL, send_up};
static const vn_nano_ports_t ports = {&test_clock, &uplink};

static vn_err_t start(void) {
  on_its_way_count = 0;
  assert_int_equal(vn_nano_init(&nano, &plan, names, &store, &ports), VN_OK);
  return vn_nano_restore(&nano, &keep, &flash->port, page, sizeof page);
}

static void settle(void) {
  for (size_t i = 0; i < on_its_way_count; i++) {
    vn_nano_sent(&nano, on_its_way[i], true);
  }
  on_its_way_count = 0;
}

/* Reading number `index` of the trace: late ones among them. */
static void play(uint32_t index) {
  uint32_t dice = (index + 1u) * UINT32_C(2654435761);
  vn_time_ms_t time_ms = INT64_C(1795219200000) + (vn_time_ms_t)index * 700;
  time_ms -= dice >> 28 < 4 ? (vn_time_ms_t)(dice >> 16 & 0xFFFu) : 0;
  (void)vn_nano_take_reading(&nano, (uint8_t)(dice >> 20 & 0xFu) % SERIES, time_ms,
                             (int32_t)(dice >> 8 & 0xFFu) - 20);
}

/* From where the state is to the end of the trace; false: the power went off. */
static bool go_on(void) {
  while (nano.figures.readings.received < READINGS) {
    uint32_t index = (uint32_t)nano.figures.readings.received;
    link_up = index / 10 % 3 != 1;
    now_ms += 700;
    play(index);
    (void)vn_nano_step(&nano, 8);
    if (flash->dead) {
      return false;
    }
    if (index % 4 != 0) {
      settle();
    }
  }
  link_up = true;
  for (int i = 0; i < 6; i++) {
    now_ms += 5000;
    (void)vn_nano_step(&nano, 100);
    if (flash->dead) {
      return false;
    }
    settle();
  }
  return true;
}

static void begin_anew(flash_fake_t *blank) {
  flash_fake_copy(flash, blank);
  memset(&told, 0, sizeof told);
  now_ms = 0;
}

static int compare(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return left < right ? -1 : left > right;
}

static bool is_as(const told_t *whole) {
  qsort(told.things, told.count, sizeof told.things[0], compare);
  return !told.reused && told.count == whole->count &&
         memcmp(told.things, whole->things, told.count * sizeof told.things[0]) == 0;
}

/* Up to two cuts; what is wrong in the end, or NULL. */
static const char *try_cuts(const told_t *whole, uint64_t first, uint64_t second, int kind) {
  static const flash_fake_cut_t erases[] = {CUT_ERASE_OLD, CUT_ERASE_ZEROS, CUT_ERASE_MIX,
                                            CUT_ERASE_BLANK};
  flash_fake_cut_t program = (flash_fake_cut_t)(CUT_PROG_NOTHING + kind);
  flash_fake_cut_at(flash, first, program, erases[kind]);
  vn_err_t error = start();
  if (error != VN_ERR_UNFORMATTED) {
    return "an empty flash was no empty one";
  }
  for (int cuts = 0; !go_on(); cuts++) {
    if (cuts == 2) {
      return "the power went off once more";
    }
    flash_fake_power_up(flash);
    if (cuts == 0 && second > 0) {
      flash_fake_cut_at(flash, second, program, erases[kind]);
    }
    error = start();
    if (error != VN_OK && error != VN_ERR_UNFORMATTED) {
      return "no restart";
    }
  }
  return flash->violation != NULL ? flash->violation
         : is_as(whole)           ? NULL
                                  : "something else was told";
}

static void cut_everywhere(const flash_fake_shape_t *shape, uint32_t second_every) {
  static told_t whole;
  flash_fake_t *blank = flash_fake_new(shape, 1);
  flash = flash_fake_new(shape, 1);
  begin_anew(blank);
  assert_int_equal(start(), VN_ERR_UNFORMATTED);
  assert_true(go_on());
  assert_null(flash->violation);
  qsort(told.things, told.count, sizeof told.things[0], compare);
  whole = told;
  uint64_t operations = flash->operations, tries = 0;
  assert_true(whole.count > 20 && operations > 100);
  for (uint64_t first = 1; first <= operations; first++) {
    for (int kind = 0; kind < 4; kind++) {
      uint64_t second = (first + (uint64_t)kind) % second_every == 0 ? 1 + first % 37 : 0;
      begin_anew(blank);
      const char *problem = try_cuts(&whole, first, second, kind);
      if (problem != NULL) {
        print_error("operation %llu and %llu, kind %d: %s\n", (unsigned long long)first,
                    (unsigned long long)second, kind, problem);
      }
      assert_null(problem);
      tries++;
    }
  }
  print_message("%llu cuts of %llu operations, %zu things told\n", (unsigned long long)tries,
                (unsigned long long)operations, whole.count);
  flash_fake_free(flash);
  flash_fake_free(blank);
}

static void a_cut_anywhere_changes_nothing_that_is_told(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {
      .erase_size = 1024, .prog_size = 64, .sector_count = 16, .erased_value = 0xFF};
  cut_everywhere(&shape, 3);
}

static void nor_where_flash_is_noise_and_torn_units_fade(void **state) {
  (void)state;
  const flash_fake_shape_t shape = {.erase_size = 4096,
                                    .prog_size = 32,
                                    .sector_count = 3,
                                    .erased_value = FLASH_FAKE_NOISE,
                                    .unstable = true,
                                    .ecc = true};
  cut_everywhere(&shape, 2);
}

static void a_region_that_is_too_small_or_damaged_or_somebody_elses_is_told(void **state) {
  (void)state;
  const flash_fake_shape_t small = {
      .erase_size = 1024, .prog_size = 64, .sector_count = 6, .erased_value = 0xFF};
  const flash_fake_shape_t large = {
      .erase_size = 4096, .prog_size = 64, .sector_count = 3, .erased_value = 0xFF};
  flash = flash_fake_new(&small, 1);
  assert_int_equal(start(), VN_ERR_STORE);
  flash_fake_free(flash);
  flash = flash_fake_new(&large, 1);
  assert_int_equal(start(), VN_ERR_UNFORMATTED);
  assert_true(go_on());
  uint32_t boot = nano.boot;
  assert_int_equal(start(), VN_OK);
  assert_int_equal(nano.figures.readings.received, READINGS);
  assert_int_equal(nano.boot, boot + 1);
  /* The newest one has rotted: the run that wrote it had told more than the one before knows. */
  assert_true(flash_fake_rot(flash, keep.good * keep.place_bytes + 200, false));
  assert_int_equal(start(), VN_OK);
  assert_int_equal(nano.boot, boot + 2);
  static const char *const others[SERIES] = {"a", "c", "b"};
  assert_int_equal(vn_nano_init(&nano, &plan, others, &store, &ports), VN_OK);
  assert_int_equal(vn_nano_restore(&nano, &keep, &flash->port, page, sizeof page), VN_ERR_FOREIGN);
  assert_int_equal(nano.figures.readings.received, 0);
  assert_true(go_on());
  flash_fake_free(flash);
}

/* Of three places two can't be written: the third keeps what it has, and nothing leaves. */
static void nothing_leaves_that_could_not_be_kept(void **state) {
  (void)state;
  static uint8_t kept[4096];
  const flash_fake_shape_t shape = {
      .erase_size = 4096, .prog_size = 64, .sector_count = 3, .erased_value = 0xFF};
  flash = flash_fake_new(&shape, 1);
  flash_fake_bad(flash, 4096, 8192, false, true);
  memset(&told, 0, sizeof told);
  now_ms = 0;
  assert_int_equal(start(), VN_ERR_UNFORMATTED);
  link_up = true;
  while (told.number_count == 0) {
    now_ms += 700;
    play((uint32_t)nano.figures.readings.received);
    (void)vn_nano_step(&nano, 8);
  }
  assert_int_equal(keep.good, 0);
  memcpy(kept, flash->bytes, sizeof kept);
  size_t count = told.number_count;
  while (nano.figures.readings.received < READINGS) {
    now_ms += 700;
    play((uint32_t)nano.figures.readings.received);
    (void)vn_nano_step(&nano, 8);
  }
  assert_int_equal(told.number_count, count);
  assert_true(nano.figures.alerts > 0 && nano.seq > count);
  assert_memory_equal(flash->bytes, kept, sizeof kept);
  flash->bad_count = 0;
  assert_true(go_on());
  assert_true(told.number_count > count);
  assert_int_equal(start(), VN_OK);
  flash_fake_free(flash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cut_anywhere_changes_nothing_that_is_told),
      cmocka_unit_test(nor_where_flash_is_noise_and_torn_units_fade),
      cmocka_unit_test(nothing_leaves_that_could_not_be_kept),
      cmocka_unit_test(a_region_that_is_too_small_or_damaged_or_somebody_elses_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
