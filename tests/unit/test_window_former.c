/* Windows that no plan has any more: what their bytes say, and that damaged ones say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../firmware-agnostic-core/src/aggregate_priv.h"
#include "../../firmware-agnostic-core/src/window_former_priv.h"
#include "../../firmware-agnostic-core/src/window_priv.h"

enum { PANE_MS = 1000, BYTES = 512 };

static const vn_window_t two = {.size_ms = 2000, .slide_ms = 2000};

typedef struct bytes {
  uint8_t data[BYTES];
  vn__packer_t packer;
} bytes_t;

/* What comes in front of the panes: a late reading that waits for one has a number of its own. */
static void begin(bytes_t *to, vn_time_ms_t watermark_ms, bool waiting, unsigned panes) {
  to->packer = (vn__packer_t){to->data, sizeof to->data, 0};
  vn__pack_signed(&to->packer, watermark_ms);
  vn__pack_unsigned(&to->packer, waiting ? 1 : 0);
  if (waiting) {
    vn__pack_unsigned(&to->packer, 3);
    vn__pack_signed(&to->packer, 7);
  }
  vn__pack_unsigned(&to->packer, panes);
}

/* `count` readings of the value 0, from first_ms to last_ms. */
static void put_readings(bytes_t *to, uint32_t count, vn_time_ms_t first_ms, vn_time_ms_t last_ms) {
  const vn_aggregate_t aggregate = {.count = count, .first_ms = first_ms, .last_ms = last_ms};
  vn__aggregate_save(&to->packer, &aggregate);
}

static void put_pane(bytes_t *to, int64_t number, uint32_t count) {
  vn__pack_signed(&to->packer, number);
  vn__pack_unsigned(&to->packer, VN__PANE_HAS_READINGS | 1u);
  vn__pack_unsigned(&to->packer, 5); /* of the first kind that is counted */
  put_readings(to, count, number * PANE_MS, number * PANE_MS + PANE_MS - 1);
}

static bool open(vn__former_t *former, const bytes_t *from, size_t length) {
  const vn__unpacker_t state = {from->data, length, 0, false};
  return vn__former_open(former, &state, PANE_MS, 0);
}

static bool next(const bytes_t *from, size_t length, vn_time_ms_t after_ms,
                 vn__former_result_t *result) {
  vn__former_t former;
  return open(&former, from, length) && vn__former_next(&former, &two, after_ms, result);
}

static void windows_come_in_the_order_of_their_ends(void **state) {
  (void)state;
  bytes_t bytes;
  vn__former_result_t result;
  begin(&bytes, 0, true, 4);
  put_pane(&bytes, 4, 2);
  put_pane(&bytes, 0, 3);
  put_pane(&bytes, 1, 4);
  vn__pack_signed(&bytes.packer, 5); /* a pane of which only something was refused */
  vn__pack_unsigned(&bytes.packer, 1);
  vn__pack_unsigned(&bytes.packer, 9);
  assert_true(next(&bytes, bytes.packer.length, 1, &result));
  assert_int_equal(result.start_ms, 0);
  assert_int_equal(result.end_ms, 2000);
  assert_int_equal(result.aggregate.count, 7);
  assert_int_equal(result.tally.counts[0], 10);
  assert_true(result.exact);
  assert_true(next(&bytes, bytes.packer.length, result.end_ms, &result));
  assert_int_equal(result.start_ms, 4000);
  assert_int_equal(result.aggregate.count, 2);
  assert_int_equal(result.tally.counts[0], 14);
  assert_false(next(&bytes, bytes.packer.length, result.end_ms, &result));
}

static void what_panes_keep_beside_an_aggregate_is_passed_over(void **state) {
  (void)state;
  bytes_t bytes;
  vn__former_result_t result;
  begin(&bytes, 0, false, 2);
  vn__pack_signed(&bytes.packer, 0);
  vn__pack_unsigned(&bytes.packer, VN__PANE_HAS_READINGS | VN__PANE_HAS_MORE);
  put_readings(&bytes, 3, 0, 999);
  vn__pack_unsigned(&bytes.packer, 4);
  vn__pack_bytes(&bytes.packer, "more", 4);
  put_pane(&bytes, 1, 4);
  assert_true(next(&bytes, bytes.packer.length, 1, &result));
  assert_int_equal(result.aggregate.count, 7);
}

static void counts_beyond_32_bits_are_marked(void **state) {
  (void)state;
  bytes_t bytes;
  vn__former_result_t result;
  begin(&bytes, 0, false, 2);
  put_pane(&bytes, 0, UINT32_MAX);
  put_pane(&bytes, 1, 1);
  assert_true(next(&bytes, bytes.packer.length, 1, &result));
  assert_false(result.exact);
}

static void bytes_that_end_early_say_nothing(void **state) {
  (void)state;
  bytes_t bytes;
  vn__former_result_t result;
  begin(&bytes, 0, true, 2);
  put_pane(&bytes, 0, 3);
  vn__pack_signed(&bytes.packer, 1);
  vn__pack_unsigned(&bytes.packer, VN__PANE_HAS_READINGS | VN__PANE_HAS_MORE);
  put_readings(&bytes, 3, 1000, 1999);
  vn__pack_unsigned(&bytes.packer, 4);
  vn__pack_bytes(&bytes.packer, "more", 4);
  assert_true(next(&bytes, bytes.packer.length, 1, &result));
  for (size_t length = 0; length < bytes.packer.length; length++) {
    assert_false(next(&bytes, length, 1, &result));
  }
}

/* One pane that may not be: of this number, with readings at these times. */
static bool says(int64_t number, vn_time_ms_t first_ms, vn_time_ms_t last_ms) {
  bytes_t bytes;
  vn__former_result_t result;
  begin(&bytes, 0, false, 1);
  vn__pack_signed(&bytes.packer, number);
  vn__pack_unsigned(&bytes.packer, VN__PANE_HAS_READINGS);
  put_readings(&bytes, 2, first_ms, last_ms);
  return next(&bytes, bytes.packer.length, 1, &result);
}

static void panes_that_cannot_be_say_nothing(void **state) {
  (void)state;
  assert_true(says(3, 3000, 3999));
  assert_false(says(3, 2999, 3999));
  assert_false(says(3, 3000, 4000));
  assert_false(says(VN_TIME_HIGHEST_MS / PANE_MS + 2, 3000, 3999));
  assert_false(says(-(VN_TIME_HIGHEST_MS / PANE_MS) - 2, 3000, 3999));
}

static void a_watermark_that_cannot_be_is_one_that_ends_can_be_counted_from(void **state) {
  (void)state;
  static const struct {
    vn_time_ms_t kept_ms, told_ms;
  } cases[] = {
      {5000, 5000},
      {INT64_MIN, VN_TIME_LOWEST_MS - VN_WINDOW_SPAN_MAX_MS},
      {INT64_MAX, VN_TIME_HIGHEST_MS + 2 * VN_WINDOW_SPAN_MAX_MS},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bytes_t bytes;
    vn__former_t former;
    begin(&bytes, cases[i].kept_ms, false, 0);
    assert_true(open(&former, &bytes, bytes.packer.length));
    assert_true(vn__former_watermark(&former) == cases[i].told_ms);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows_come_in_the_order_of_their_ends),
      cmocka_unit_test(what_panes_keep_beside_an_aggregate_is_passed_over),
      cmocka_unit_test(counts_beyond_32_bits_are_marked),
      cmocka_unit_test(bytes_that_end_early_say_nothing),
      cmocka_unit_test(panes_that_cannot_be_say_nothing),
      cmocka_unit_test(a_watermark_that_cannot_be_is_one_that_ends_can_be_counted_from),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
