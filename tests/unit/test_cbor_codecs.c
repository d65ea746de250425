/*
 * The back end that the library was built with against our own: the same bytes out, the same items,
 * consumed bytes and refusals in.
 */
#include "../../firmware-agnostic-core/src/cbor_codec_priv.h"

#undef VN__CBOR_CODEC
#define VN__CBOR_CODEC(name) own_##name
#include "../../firmware-agnostic-core/src/builtin/cbor_codec_builtin.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "prng.h"

#define SEED 20240611u

/* No memory holds a string or a container of more than SIZE_MAX: libcbor takes a size_t there. */
static bool can_exist(vn__cbor_major_t major, uint64_t argument) {
  bool counts = major >= VN__CBOR_MAJOR_BYTES && major <= VN__CBOR_MAJOR_MAP;
  return !counts || argument <= SIZE_MAX;
}

static void expect_same_head(vn__cbor_major_t major, uint64_t argument) {
  uint8_t a[VN__CBOR_HEAD_MAX] = {0};
  uint8_t b[VN__CBOR_HEAD_MAX] = {0};
  size_t length = vn__cbor_put_head(major, argument, a);
  assert_int_equal(own_put_head(major, argument, b), length);
  assert_memory_equal(a, b, sizeof a);
}

static void heads_are_written_alike_around_every_boundary(void **state) {
  (void)state;
  static const uint64_t boundaries[] = {
      0, 23, 24, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_C(1) << 63, UINT64_MAX - 2};
  for (size_t i = 0; i < sizeof boundaries / sizeof *boundaries; i++) {
    for (uint64_t add = 0; add < 3; add++) {
      for (unsigned major = 0; major < VN__CBOR_MAJOR_SIMPLE; major++) {
        if (can_exist((vn__cbor_major_t)major, boundaries[i] + add)) {
          expect_same_head((vn__cbor_major_t)major, boundaries[i] + add);
        }
      }
    }
  }
  for (uint64_t simple = 0; simple < 24; simple++) {
    expect_same_head(VN__CBOR_MAJOR_SIMPLE, simple);
  }
}

static void expect_same_float(unsigned size, uint64_t bits) {
  uint8_t a[VN__CBOR_HEAD_MAX] = {0};
  uint8_t b[VN__CBOR_HEAD_MAX] = {0};
  assert_int_equal(vn__cbor_put_float(size, bits, a), size + 1u);
  assert_int_equal(own_put_float(size, bits, b), size + 1u);
  assert_memory_equal(a, b, sizeof a);
}

static void floats_are_written_alike(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  for (uint64_t bits = 0; bits <= UINT16_MAX; bits++) {
    expect_same_float(2u, bits);
  }
  for (int i = 0; i < 20000; i++) {
    /* NaN never gets to a back end in more than two bytes. */
    expect_same_float(4u, prng_u64(&prng) & UINT64_C(0xBF7FFFFF));
    expect_same_float(8u, prng_u64(&prng) & UINT64_C(0xBFEFFFFFFFFFFFFF));
  }
}

static void expect_same_item(const vn_cbor_item_t *a, const vn_cbor_item_t *b) {
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->indefinite, b->indefinite);
  if (a->kind == VN_CBOR_FLOAT) {
    bool both_nan = a->float_value != a->float_value && b->float_value != b->float_value;
    if (!both_nan) {
      assert_memory_equal(&a->float_value, &b->float_value, sizeof a->float_value);
    }
    return;
  }
  assert_true(a->unsigned_value == b->unsigned_value);
  if (a->kind == VN_CBOR_TEXT || a->kind == VN_CBOR_BYTES) {
    assert_ptr_equal(a->text.bytes, b->text.bytes);
    assert_int_equal(a->text.length, b->text.length);
  }
}

static void expect_same_taken(const uint8_t *bytes, size_t length) {
  vn_cbor_item_t a = {0};
  vn_cbor_item_t b = {0};
  size_t used_a = 0;
  size_t used_b = 0;
  vn_reason_t reason_a = vn__cbor_take(bytes, length, &a, &used_a);
  vn_reason_t reason_b = own_take(bytes, length, &b, &used_b);
  if (reason_a != reason_b) {
    print_error("%02x %02x %02x, length %zu\n", bytes[0], bytes[length > 1], bytes[length - 1],
                length);
  }
  assert_int_equal(reason_a, reason_b);
  if (reason_a == VN_REASON_NONE) {
    assert_int_equal(used_a, used_b);
    assert_true(used_a > 0 && used_a <= length);
    expect_same_item(&a, &b);
  }
}

static void every_first_three_bytes_are_taken_alike(void **state) {
  (void)state;
  uint8_t bytes[3];
  for (uint32_t i = 0; i < (UINT32_C(1) << 24); i += 1u) {
    bytes[0] = (uint8_t)(i >> 16);
    bytes[1] = (uint8_t)(i >> 8);
    bytes[2] = (uint8_t)i;
    bool few = (bytes[2] & 0x3Fu) == 0x3Fu || bytes[0] == 0xF9u;
    if (few) {
      expect_same_taken(bytes, sizeof bytes);
    }
    if (bytes[2] == 0) {
      expect_same_taken(bytes, 2u);
      expect_same_taken(bytes, 1u);
    }
  }
}

static void every_initial_byte_before_every_fill_is_taken_alike(void **state) {
  (void)state;
  static const uint8_t fills[] = {0x00, 0x01, 0x61, 0x7F, 0x80, 0xF6, 0xFF};
  uint8_t bytes[300];
  for (unsigned initial = 0; initial < 256u; initial++) {
    for (size_t fill = 0; fill < sizeof fills; fill++) {
      for (size_t length = 1; length <= sizeof bytes; length++) {
        memset(bytes, fills[fill], sizeof bytes);
        bytes[0] = (uint8_t)initial;
        expect_same_taken(bytes, length);
      }
    }
  }
}

static void announced_sizes_are_judged_alike(void **state) {
  (void)state;
  static const uint64_t sizes[] = {0,          1,          2,          11,         12,
                                   0x000FFFFF, 0x00100000, 0x7FFFFFFF, 0xFFFFFFFF, 0x100000002,
                                   1ull << 63, ~8ull,      ~9ull,      UINT64_MAX, UINT64_MAX - 7};
  uint8_t bytes[16] = {0};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (unsigned initial = 0; initial < 256u; initial++) {
      bytes[0] = (uint8_t)initial;
      unsigned size = 1u << (initial & 3u);
      for (unsigned k = 0; k < size; k++) {
        bytes[1u + k] = (uint8_t)(sizes[i] >> (8u * (size - 1u - k)));
      }
      expect_same_taken(bytes, sizeof bytes);
      expect_same_taken(bytes, 1u + size);
      expect_same_taken(bytes, size);
    }
  }
}

static void random_bytes_are_taken_alike(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  print_message("seed %u\n", SEED);
  uint8_t bytes[40];
  for (int i = 0; i < 200000; i++) {
    size_t length = 1u + prng_below(&prng, sizeof bytes);
    for (size_t k = 0; k < length; k++) {
      bytes[k] = (uint8_t)prng_next(&prng);
    }
    expect_same_taken(bytes, length);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(heads_are_written_alike_around_every_boundary),
      cmocka_unit_test(floats_are_written_alike),
      cmocka_unit_test(every_first_three_bytes_are_taken_alike),
      cmocka_unit_test(every_initial_byte_before_every_fill_is_taken_alike),
      cmocka_unit_test(announced_sizes_are_judged_alike),
      cmocka_unit_test(random_bytes_are_taken_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
