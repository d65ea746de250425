/* Packing of state: every length, and nothing that is cut off or overlong is taken for a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../firmware-agnostic-core/src/pack_priv.h"
#include "prng.h"

#define CANARY 0xA5u

static vn__unpacker_t unpacker_of(const uint8_t *bytes, size_t length) {
  return (vn__unpacker_t){bytes, length, 0, false};
}

static void known_values_have_known_bytes(void **state) {
  (void)state;
  static const struct {
    uint64_t value;
    uint8_t bytes[VN__PACK_U64_MAX];
    uint8_t length;
  } cases[] = {
      {0, {0x00}, 1},
      {1, {0x01}, 1},
      {127, {0x7F}, 1},
      {128, {0x80, 0x01}, 2},
      {624485, {0xE5, 0x8E, 0x26}, 3},
      {UINT32_MAX, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, VN__PACK_U32_MAX},
      {UINT64_MAX, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}, VN__PACK_U64_MAX},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t bytes[VN__PACK_U64_MAX] = {0};
    vn__packer_t packer = {bytes, sizeof bytes, 0};
    vn__pack_unsigned(&packer, cases[i].value);
    assert_int_equal(packer.length, cases[i].length);
    assert_memory_equal(bytes, cases[i].bytes, cases[i].length);
  }
}

static void small_magnitudes_are_short_whatever_their_sign(void **state) {
  (void)state;
  static const struct {
    int64_t value;
    uint8_t first, length;
  } cases[] = {{0, 0, 1},
               {-1, 1, 1},
               {1, 2, 1},
               {-64, 127, 1},
               {64, 0x80, 2},
               {INT64_MAX, 0xFE, 10},
               {INT64_MIN, 0xFF, 10}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t bytes[VN__PACK_U64_MAX] = {0};
    vn__packer_t packer = {bytes, sizeof bytes, 0};
    vn__pack_signed(&packer, cases[i].value);
    assert_int_equal(packer.length, cases[i].length);
    assert_int_equal(bytes[0], cases[i].first);
    vn__unpacker_t unpacker = unpacker_of(bytes, packer.length);
    assert_true(vn__unpack_signed(&unpacker) == cases[i].value);
    assert_false(unpacker.failed);
  }
}

/* One below, at and above each power of two, so that each length has its shortest and longest. */
static void every_length_comes_back_and_every_cut_fails(void **state) {
  (void)state;
  for (unsigned bit = 0; bit < 64; bit++) {
    for (int64_t delta = -1; delta <= 1; delta++) {
      uint64_t value = (UINT64_C(1) << bit) + (uint64_t)delta;
      uint8_t bytes[VN__PACK_U64_MAX];
      vn__packer_t packer = {bytes, sizeof bytes, 0};
      vn__pack_unsigned(&packer, value);
      vn__unpacker_t whole = unpacker_of(bytes, packer.length);
      assert_true(vn__unpack_unsigned(&whole, UINT64_MAX) == value);
      assert_int_equal(whole.position, packer.length);
      assert_false(whole.failed);
      for (size_t cut = 0; cut < packer.length; cut++) {
        vn__unpacker_t unpacker = unpacker_of(bytes, cut);
        assert_true(vn__unpack_unsigned(&unpacker, UINT64_MAX) == 0);
        assert_true(unpacker.failed);
        assert_true(unpacker.position <= cut);
      }
    }
  }
}

static void a_value_above_the_highest_allowed_fails(void **state) {
  (void)state;
  const uint8_t bytes[] = {0x80, 0x02};
  vn__unpacker_t unpacker = unpacker_of(bytes, sizeof bytes);
  assert_int_equal(vn__unpack_unsigned(&unpacker, 256), 256);
  assert_false(unpacker.failed);
  unpacker = unpacker_of(bytes, sizeof bytes);
  assert_int_equal(vn__unpack_unsigned(&unpacker, 255), 0);
  assert_true(unpacker.failed);
}

static void more_than_64_bits_fail(void **state) {
  (void)state;
  uint8_t bytes[16];
  memset(bytes, 0xFF, sizeof bytes);
  vn__unpacker_t endless = unpacker_of(bytes, sizeof bytes);
  assert_true(vn__unpack_unsigned(&endless, UINT64_MAX) == 0);
  assert_true(endless.failed);
  assert_int_equal(endless.position, VN__PACK_U64_MAX);
  for (unsigned last = 0; last < 256; last++) {
    bytes[9] = (uint8_t)last;
    vn__unpacker_t unpacker = unpacker_of(bytes, sizeof bytes);
    (void)vn__unpack_unsigned(&unpacker, UINT64_MAX);
    assert_int_equal(unpacker.failed, last > 1);
  }
}

static void leading_zeros_change_no_value(void **state) {
  (void)state;
  const uint8_t bytes[] = {0x85, 0x80, 0x80, 0x00};
  vn__unpacker_t unpacker = unpacker_of(bytes, sizeof bytes);
  assert_int_equal(vn__unpack_unsigned(&unpacker, UINT64_MAX), 5);
  assert_false(unpacker.failed);
  assert_int_equal(unpacker.position, sizeof bytes);
}

static void an_integer_of_32_bits_is_checked(void **state) {
  (void)state;
  static const int64_t values[] = {
      INT32_MIN, INT32_MAX, (int64_t)INT32_MIN - 1, (int64_t)INT32_MAX + 1, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    uint8_t bytes[VN__PACK_U64_MAX];
    vn__packer_t packer = {bytes, sizeof bytes, 0};
    vn__pack_signed(&packer, values[i]);
    vn__unpacker_t unpacker = unpacker_of(bytes, packer.length);
    assert_true(vn__unpack_i32(&unpacker) == (i < 2 ? values[i] : 0));
    assert_int_equal(unpacker.failed, i >= 2);
  }
}

static void a_failure_lasts(void **state) {
  (void)state;
  const uint8_t bytes[] = {0x80, 0x80, 0x01, 0x02, 0x03};
  uint8_t out[2] = {CANARY, CANARY};
  vn__unpacker_t unpacker = unpacker_of(bytes, sizeof bytes);
  assert_int_equal(vn__unpack_unsigned(&unpacker, 100), 0);
  assert_true(unpacker.failed);
  assert_int_equal(vn__unpack_unsigned(&unpacker, UINT64_MAX), 0);
  assert_int_equal(vn__unpack_signed(&unpacker), 0);
  assert_int_equal(vn__unpack_i32(&unpacker), 0);
  vn__unpack_bytes(&unpacker, out, sizeof out);
  assert_int_equal(out[0] | out[1], 0);
  assert_true(unpacker.failed);
  assert_int_equal(unpacker.position, 3);
}

static void bytes_come_back_whole_or_not_at_all(void **state) {
  (void)state;
  uint8_t packed[8];
  uint8_t out[8];
  vn__packer_t packer = {packed, sizeof packed, 0};
  vn__pack_bytes(&packer, "abc", 3);
  vn__pack_bytes(&packer, NULL, 0);
  vn__pack_bytes(&packer, "de", 2);
  assert_int_equal(packer.length, 5);
  vn__unpacker_t unpacker = unpacker_of(packed, 5);
  vn__unpack_bytes(&unpacker, out, 5);
  assert_memory_equal(out, "abcde", 5);
  assert_false(unpacker.failed);
  unpacker = unpacker_of(packed, 5);
  unpacker.position = 1;
  vn__unpack_bytes(&unpacker, out, 5);
  assert_true(unpacker.failed);
  assert_int_equal(unpacker.position, 1);
  unpacker = unpacker_of(packed, 5);
  vn__unpack_bytes(&unpacker, out, 6);
  assert_true(unpacker.failed);
}

/* With every capacity: the length is that of the whole, and nothing is written behind the end. */
static void without_room_only_the_length_is_counted(void **state) {
  (void)state;
  for (size_t capacity = 0; capacity <= 20; capacity++) {
    uint8_t bytes[32];
    memset(bytes, CANARY, sizeof bytes);
    vn__packer_t packer = {bytes, capacity, 0};
    vn__pack_unsigned(&packer, UINT64_MAX);
    vn__pack_bytes(&packer, "abcde", 5);
    vn__pack_signed(&packer, -70);
    assert_int_equal(packer.length, 17);
    for (size_t i = capacity; i < sizeof bytes; i++) {
      assert_int_equal(bytes[i], CANARY);
    }
  }
}

static void random_bytes_are_read_within_their_bounds(void **state) {
  (void)state;
  prng_t prng = prng_make(5, 1);
  print_message("seed 5\n");
  for (unsigned round = 0; round < 20000; round++) {
    uint8_t bytes[12];
    size_t length = prng_below(&prng, sizeof bytes + 1);
    for (size_t i = 0; i < length; i++) {
      bytes[i] = (uint8_t)(prng_next(&prng) | (prng_chance(&prng, 60) ? 0x80u : 0));
    }
    vn__unpacker_t unpacker = unpacker_of(bytes, length);
    uint64_t highest = prng_u64(&prng) >> prng_below(&prng, 64);
    while (!unpacker.failed) {
      size_t before = unpacker.position;
      assert_true(vn__unpack_unsigned(&unpacker, highest) <= highest);
      assert_true(unpacker.position <= length && (unpacker.failed || unpacker.position > before));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values_have_known_bytes),
      cmocka_unit_test(small_magnitudes_are_short_whatever_their_sign),
      cmocka_unit_test(every_length_comes_back_and_every_cut_fails),
      cmocka_unit_test(a_value_above_the_highest_allowed_fails),
      cmocka_unit_test(more_than_64_bits_fail),
      cmocka_unit_test(leading_zeros_change_no_value),
      cmocka_unit_test(an_integer_of_32_bits_is_checked),
      cmocka_unit_test(a_failure_lasts),
      cmocka_unit_test(bytes_come_back_whole_or_not_at_all),
      cmocka_unit_test(without_room_only_the_length_is_counted),
      cmocka_unit_test(random_bytes_are_read_within_their_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
