/* Broken and hostile SenML packs: whole records before the damage count, nothing is read beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prng.h"
#include "senml_pack.h"

#define SEED 8428u

static void damage_keeps_the_whole_records_before_it(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":2", "a 1000000 1700000000000\n", VN_REASON_JSON},
      {"[{\"n\":\"a\",\"v\":1},{\"n\":\"b\" \"v\":2}]", "a 1000000 1700000000000\n",
       VN_REASON_JSON},
      {"[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":2,5}]", "a 1000000 1700000000000\n",
       VN_REASON_JSON},
      {"[{\"n\":\"a\",\"v\":1}] x", "a 1000000 1700000000000\n", VN_REASON_TRAILING},
      {"[{\"n\":\"a\",\"v\":1},{\"n\":\"\xff\",\"v\":2}]", "a 1000000 1700000000000\n",
       VN_REASON_UTF8},
      {"[{\"n\":\"a\",\"v\":21,5}]", "", VN_REASON_JSON},
      {" ", "", VN_REASON_JSON},
  };
  EXPECT_JSON(json);
  static const senml_row_t cbor[] = {
      {"82a20061610201a200616202", "a 1000000 1700000000000\n", VN_REASON_CBOR},
      {"82a20061610201ff", "a 1000000 1700000000000\n", VN_REASON_CBOR},
      {"82a20061610201", "a 1000000 1700000000000\n", VN_REASON_CBOR},
      {"9fa20061610201", "a 1000000 1700000000000\n", VN_REASON_CBOR},
      {"81a2006161020100", "a 1000000 1700000000000\n", VN_REASON_TRAILING},
      {"9fa20061610201ffff", "a 1000000 1700000000000\n", VN_REASON_TRAILING},
      {"82a20061610201a20061ff0201", "a 1000000 1700000000000\n", VN_REASON_UTF8},
      {"82a20061610201a2007f6162ff0201", "a 1000000 1700000000000\n", VN_REASON_CHUNKS},
      {"82a20061610201a2007f4162ff0201", "a 1000000 1700000000000\n", VN_REASON_CBOR},
      {"82a20061610201a1051c", "a 1000000 1700000000000\n", VN_REASON_CBOR},
      {"82a20061610201a105f818", "a 1000000 1700000000000\n", VN_REASON_CBOR},
  };
  EXPECT_CBOR(cbor);
}

static void the_offset_is_that_of_the_damage(void **state) {
  (void)state;
  senml_decode_cbor("82a20061610201a105f818");
  assert_int_equal(senml_last.offset, 9);
  senml_decode_cbor("81a2006161020100");
  assert_int_equal(senml_last.offset, 7);
  senml_decode_cbor("82a20061610201a1615f00");
  assert_int_equal(senml_last.offset, 8);
  senml_decode_cbor("82a20061610201a12000");
  assert_int_equal(senml_last.offset, 8);
  senml_decode_json("[{\"n\":\"a\",\"v\":1},{\"x_\":0}]");
  assert_int_equal(senml_last.offset, 19);
  senml_decode_json("[{\"n\":\"a\",\"v\":1},{\"bver\":0}]");
  assert_int_equal(senml_last.offset, 19);
  senml_decode_json("[{\"n\":\"a\",\"v\":1},]");
  assert_int_equal(senml_last.offset, 17);
}

static void a_break_or_a_lone_key_is_found_wherever_it_does_not_belong(void **state) {
  (void)state;
  static const char *const rows[] = {"ff",
                                     "81ff",
                                     "81a1ff",
                                     "81a100ff",
                                     "81bf00ff",
                                     "81bf006161ff",
                                     "81a20061610182ff",
                                     "81a109ff",
                                     "81a1099fc1ff",
                                     "81a109bf01ff",
                                     "81a109a101ff",
                                     "81a109c1ff",
                                     "81a1ff00",
                                     "81a102c4ff",
                                     "81a102c482ff01",
                                     "81a102c49f01ff",
                                     "81a1c1ff00",
                                     "81c1ff",
                                     "c1ff",
                                     "9f81ff",
                                     "81a10982019fbf00ffff"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    senml_decode_cbor(rows[i]);
    if (strcmp(rows[i], "81bf006161ff") == 0) {
      senml_expect("!senml a\n", VN_REASON_NONE);
    } else if (strcmp(rows[i], "81a102c49f01ff") == 0) {
      senml_expect("!type \n", VN_REASON_NONE);
    } else {
      senml_expect("", VN_REASON_CBOR);
    }
  }
}

static void announced_sizes_beyond_the_limit_are_refused_at_once(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"9bffffffffffffffff", "", VN_REASON_LIMIT},
      {"9a40000000", "", VN_REASON_LIMIT},
      {"81bb7fffffffffffffff", "", VN_REASON_LIMIT},
      {"bb7fffffffffffffff", "", VN_REASON_LIMIT},
      {"82a20061610201ba40000000", "a 1000000 1700000000000\n", VN_REASON_LIMIT},
      {"81a2005b00000001000000026162", "", VN_REASON_LIMIT},
      {"81a2007b00000001000000026162", "", VN_REASON_LIMIT},
      {"81a2005bffffffffffffffff", "", VN_REASON_CBOR},
      {"99ffff", "", VN_REASON_CBOR},
      {"9a000fffff", "", VN_REASON_CBOR},
  };
  EXPECT_CBOR(rows);
}

/* `depth` containers in all, the pack and the record among them. */
static void decode_nested_cbor(size_t depth, uint8_t head, bool in_record) {
  size_t around = in_record ? 5u : 1u;
  uint8_t *pack = malloc(depth + 16u);
  assert_non_null(pack);
  memcpy(pack, "\x81\xA3\x02\x01\x09", 5);
  memset(&pack[around], head, depth);
  size_t nested = depth - (in_record ? 2u : 1u);
  size_t length = around + nested;
  pack[length++] = 0x01;
  if (in_record) {
    memcpy(&pack[length], "\x00\x61\x61", 3);
    length += 3u;
  }
  senml_decode(VN_FORMAT_SENML_CBOR, pack, length);
  free(pack);
}

static void nesting_ends_at_the_limit(void **state) {
  (void)state;
  decode_nested_cbor(8, 0x81, true);
  senml_expect("a 1000000 1700000000000\n", VN_REASON_NONE);
  decode_nested_cbor(8, 0x81, false);
  senml_expect("!senml \n", VN_REASON_NONE);
  static const size_t depths[] = {9, 4096, 65536, 100000};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    for (int in_record = 0; in_record < 2; in_record++) {
      decode_nested_cbor(depths[i], 0x81, in_record != 0);
      senml_expect("", VN_REASON_DEPTH);
      decode_nested_cbor(depths[i], 0x9F, in_record != 0);
      senml_expect("", VN_REASON_DEPTH);
    }
  }
  senml_decode_json("[{\"n\":\"a\",\"v\":1,\"x\":[[[[[[1]]]]]]}]");
  senml_expect("a 1000000 1700000000000\n", VN_REASON_NONE);
  senml_decode_json("[{\"n\":\"a\",\"v\":1,\"x\":[[[[[[[1]]]]]]]}]");
  senml_expect("", VN_REASON_DEPTH);
}

static void nested_tags_end_at_the_limit(void **state) {
  (void)state;
  uint8_t *pack = malloc(65536);
  assert_non_null(pack);
  memset(pack, 0xC0, 65536);
  senml_decode(VN_FORMAT_SENML_CBOR, pack, 65536);
  senml_expect("", VN_REASON_DEPTH);
  pack[0] = 0x81;
  senml_decode(VN_FORMAT_SENML_CBOR, pack, 65536);
  senml_expect("", VN_REASON_DEPTH);
  static const uint8_t self_described[] = {0xD9, 0xD9, 0xF7};
  for (size_t tags = 0; tags < 10u; tags++) {
    memcpy(&pack[3u * tags], "\x81\xA2\x00\x61\x61\x02\x01", 7);
    senml_decode(VN_FORMAT_SENML_CBOR, pack, 3u * tags + 7u);
    assert_int_equal(senml_last.reason, tags <= 8u ? VN_REASON_NONE : VN_REASON_DEPTH);
    memcpy(&pack[3u * tags], self_described, sizeof self_described);
  }
  memset(pack, 0xC0, 65536);
  memcpy(pack, "\x81\xA1\x02", 3);
  senml_decode(VN_FORMAT_SENML_CBOR, pack, 65536);
  senml_expect("", VN_REASON_DEPTH);
  free(pack);
}

static void an_indefinite_string_of_many_chunks_is_refused(void **state) {
  (void)state;
  static uint8_t pack[200008] = {0x81, 0xA1, 0x00, 0x7F};
  memset(&pack[4], 0x61, sizeof pack - 4u);
  pack[sizeof pack - 1u] = 0xFF;
  senml_decode(VN_FORMAT_SENML_CBOR, pack, sizeof pack);
  senml_expect("", VN_REASON_CHUNKS);
}

static size_t lines_of(const char *text) {
  size_t lines = 0;
  for (; *text != '\0'; text++) {
    lines += *text == '\n';
  }
  return lines;
}

/* Cut at every byte: never more than the whole pack gives, in the same order, and an error. */
static void expect_cuts(vn_format_t format, const uint8_t *pack, size_t length, bool json) {
  senml_decode(format, pack, length);
  assert_int_equal(senml_last.reason, VN_REASON_NONE);
  char whole[sizeof senml_last.text];
  memcpy(whole, senml_last.text, sizeof whole);
  size_t before = 0;
  for (size_t cut = 1; cut < length; cut++) {
    senml_decode(format, pack, cut);
    assert_int_equal(senml_last.reason, json ? VN_REASON_JSON : VN_REASON_CBOR);
    assert_memory_equal(senml_last.text, whole, senml_last.length);
    assert_true(lines_of(senml_last.text) >= before);
    before = lines_of(senml_last.text);
  }
  assert_true(before + 1u >= lines_of(whole));
  senml_decode(format, pack, 0);
  senml_expect("", VN_REASON_EMPTY);
}

static void a_pack_cut_at_every_byte_keeps_its_whole_records(void **state) {
  (void)state;
  /* Decimal fractions, a long text, a container; [{"a", 21.37 at 1700000001.001}, {"b", 1, ...}] */
  static const char forms[] =
      "82a300616102c4822119085906c482221b0000018bcfe56be9"
      "a400616202c4820001"
      "017818787878787878787878787878787878787878787878787878"
      "36820102";
  uint8_t bytes[sizeof forms];
  expect_cuts(VN_FORMAT_SENML_CBOR, bytes, senml_from_hex(forms, bytes), false);
  for (size_t i = 0; i < SENML_EXAMPLES; i++) {
    uint8_t pack[1024];
    size_t length = senml_from_hex(senml_examples[i].cbor, pack);
    expect_cuts(VN_FORMAT_SENML_JSON, (const uint8_t *)senml_examples[i].json,
                strlen(senml_examples[i].json), true);
    expect_cuts(VN_FORMAT_SENML_CBOR, pack, length, false);
  }
}

static void every_first_byte_stays_in_bounds(void **state) {
  (void)state;
  static const size_t lengths[] = {1, 2, 3, 5, 9, 10, 64};
  for (unsigned first = 0; first < 256u; first++) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      uint8_t bytes[64] = {0};
      for (unsigned fill = 0; fill < 2u; fill++) {
        memset(bytes, fill == 0 ? 0x00 : 0xFF, sizeof bytes);
        bytes[0] = (uint8_t)first;
        senml_decode(VN_FORMAT_SENML_CBOR, bytes, lengths[i]);
        senml_decode(VN_FORMAT_SENML_JSON, bytes, lengths[i]);
        bytes[1] = (uint8_t)first;
        bytes[0] = 0x81;
        senml_decode(VN_FORMAT_SENML_CBOR, bytes, lengths[i]);
      }
    }
  }
}

/*
 * The pass that decides whether one pass is enough must never be wrong. A self-described tag makes
 * it give up, so both ways of decoding the same records must agree.
 */
static void one_pass_and_two_agree_on_damaged_packs(void **state) {
  (void)state;
  print_message("seed %u\n", SEED);
  prng_t prng = prng_make(SEED, 1);
  for (int round = 0; round < 20000; round++) {
    uint8_t pack[1100] = {0xD9, 0xD9, 0xF7};
    size_t which = prng_below(&prng, SENML_EXAMPLES);
    size_t length = senml_from_hex(senml_examples[which].cbor, &pack[3]);
    for (uint32_t n = prng_below(&prng, 4); n > 0; n--) {
      static const uint8_t likely[] = {0x20, 0x5F, 0x61, 0x78, 0xA1, 0xBF, 0x9F, 0xFF, 0xC4, 0x00};
      uint8_t byte = prng_chance(&prng, 50) ? likely[prng_below(&prng, sizeof likely)]
                                            : (uint8_t)prng_next(&prng);
      pack[3u + prng_below(&prng, (uint32_t)length)] = byte;
    }
    senml_decode(VN_FORMAT_SENML_CBOR, pack, length + 3u);
    senml_result_t careful = senml_last;
    senml_decode(VN_FORMAT_SENML_CBOR, &pack[3], length);
    assert_string_equal(senml_last.text, careful.text);
    assert_int_equal(senml_last.reason, careful.reason);
    assert_int_equal(senml_last.offset == SIZE_MAX ? 0 : senml_last.offset + 3u,
                     careful.offset == SIZE_MAX ? 0 : careful.offset);
    bool pack_refused =
        senml_last.reason == VN_REASON_VERSION || senml_last.reason == VN_REASON_MUST_UNDERSTAND;
    assert_false(pack_refused && senml_last.length > 0);
  }
}

/* The same for JSON: an element with a backslash makes it give up. */
static void one_pass_and_two_agree_on_damaged_json(void **state) {
  (void)state;
  static const char element[] = "[\"\\\\\",";
  static const char refusal[] = "!senml \n";
  const size_t added = sizeof element - 2u;
  prng_t prng = prng_make(SEED, 2);
  for (int round = 0; round < 20000; round++) {
    char text[1200];
    const char *example = senml_examples[prng_below(&prng, SENML_EXAMPLES)].json;
    size_t length = strlen(example) + added;
    (void)snprintf(text, sizeof text, "%s%s", element, &example[1]);
    for (uint32_t n = prng_below(&prng, 4); n > 0; n--) {
      static const char likely[] = "_\"\\{}[:,0ber";
      text[added + 2u + prng_below(&prng, (uint32_t)(length - added - 2u))] =
          likely[prng_below(&prng, sizeof likely - 1u)];
    }
    senml_decode(VN_FORMAT_SENML_JSON, (const uint8_t *)text, length);
    senml_result_t careful = senml_last;
    text[added] = '[';
    senml_decode(VN_FORMAT_SENML_JSON, (const uint8_t *)&text[added], length - added);
    assert_int_equal(senml_last.reason, careful.reason);
    bool pack_refused =
        careful.reason == VN_REASON_VERSION || careful.reason == VN_REASON_MUST_UNDERSTAND;
    assert_string_equal(careful.text + (pack_refused ? 0 : strlen(refusal)), senml_last.text);
    assert_false(pack_refused && careful.length > 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(damage_keeps_the_whole_records_before_it),
      cmocka_unit_test(the_offset_is_that_of_the_damage),
      cmocka_unit_test(a_break_or_a_lone_key_is_found_wherever_it_does_not_belong),
      cmocka_unit_test(announced_sizes_beyond_the_limit_are_refused_at_once),
      cmocka_unit_test(nesting_ends_at_the_limit),
      cmocka_unit_test(nested_tags_end_at_the_limit),
      cmocka_unit_test(an_indefinite_string_of_many_chunks_is_refused),
      cmocka_unit_test(a_pack_cut_at_every_byte_keeps_its_whole_records),
      cmocka_unit_test(every_first_byte_stays_in_bounds),
      cmocka_unit_test(one_pass_and_two_agree_on_damaged_packs),
      cmocka_unit_test(one_pass_and_two_agree_on_damaged_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
