/* CRC-32C: published values, pieces, and a bit-by-bit model of the polynomial. */
#include "vn/crc32c.h"

#include "prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 13

static uint32_t crc_bit_by_bit(const uint8_t *bytes, size_t length) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = (crc & 1u) != 0 ? crc >> 1 ^ UINT32_C(0x82F63B78) : crc >> 1;
    }
  }
  return ~crc;
}

static void known_messages_have_their_published_crc(void **state) {
  (void)state;
  uint8_t bytes[32];
  assert_int_equal(vn_crc32c(0, "123456789", 9), 0xE3069283u);
  assert_int_equal(vn_crc32c(0, NULL, 0), 0);
  /* The four examples of RFC 3720, appendix B.4. */
  memset(bytes, 0x00, sizeof bytes);
  assert_int_equal(vn_crc32c(0, bytes, sizeof bytes), 0x8A9136AAu);
  memset(bytes, 0xFF, sizeof bytes);
  assert_int_equal(vn_crc32c(0, bytes, sizeof bytes), 0x62A8AB43u);
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)i;
  }
  assert_int_equal(vn_crc32c(0, bytes, sizeof bytes), 0x46DD794Eu);
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)(31 - i);
  }
  assert_int_equal(vn_crc32c(0, bytes, sizeof bytes), 0x113FDB5Cu);
}

static void every_byte_agrees_with_the_polynomial(void **state) {
  (void)state;
  for (unsigned i = 0; i < 256; i++) {
    uint8_t byte = (uint8_t)i;
    assert_int_equal(vn_crc32c(0, &byte, 1), crc_bit_by_bit(&byte, 1));
  }
}

/* Every place of a word that a variant may take at once, and every rest behind the last one. */
static void every_address_and_length_agree_with_the_polynomial(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 2);
  uint8_t bytes[16 + 80];
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)prng_next(&prng);
  }
  for (size_t from = 0; from < 16; from++) {
    for (size_t length = 0; length <= 80; length++) {
      assert_int_equal(vn_crc32c(0, bytes + from, length), crc_bit_by_bit(bytes + from, length));
    }
  }
}

/* Every entry of a table counts: each byte at each place within a step, and before a rest. */
static void every_byte_at_every_place_agrees_with_the_polynomial(void **state) {
  (void)state;
  uint8_t bytes[17] = {0};
  for (size_t place = 0; place < sizeof bytes; place++) {
    for (unsigned i = 0; i < 256; i++) {
      bytes[place] = (uint8_t)i;
      assert_int_equal(vn_crc32c(0, bytes, sizeof bytes), crc_bit_by_bit(bytes, sizeof bytes));
    }
    bytes[place] = 0;
  }
}

static void pieces_give_the_crc_of_the_whole(void **state) {
  (void)state;
  prng_t prng = prng_make(SEED, 1);
  uint8_t bytes[300];
  for (int round = 0; round < 500; round++) {
    uint32_t length = prng_below(&prng, sizeof bytes + 1);
    for (uint32_t i = 0; i < length; i++) {
      bytes[i] = (uint8_t)prng_next(&prng);
    }
    uint32_t cut = prng_below(&prng, length + 1);
    uint32_t whole = crc_bit_by_bit(bytes, length);
    uint32_t first = vn_crc32c(0, bytes, cut);
    assert_int_equal(vn_crc32c(0, bytes, length), whole);
    assert_int_equal(vn_crc32c(first, bytes + cut, length - cut), whole);
  }
}

static void any_flipped_bit_is_found(void **state) {
  (void)state;
  uint8_t bytes[64] = {0};
  uint32_t intact = vn_crc32c(0, bytes, sizeof bytes);
  for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_not_equal(vn_crc32c(0, bytes, sizeof bytes), intact);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_messages_have_their_published_crc),
      cmocka_unit_test(every_byte_agrees_with_the_polynomial),
      cmocka_unit_test(every_address_and_length_agree_with_the_polynomial),
      cmocka_unit_test(every_byte_at_every_place_agrees_with_the_polynomial),
      cmocka_unit_test(pieces_give_the_crc_of_the_whole),
      cmocka_unit_test(any_flipped_bit_is_found),
  };
  print_message("seed %d\n", SEED);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
