/* SenML records and packs that are refused: which, why, and what comes out all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "senml_pack.h"

static void nan_and_infinities_are_sensor_faults(void **state) {
  (void)state;
  static const senml_row_t cbor[] = {
      {"82a200616102f97e00a2006162020c", "!nan a\nb 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102fa7f800001", "!nan a\n", VN_REASON_NONE},
      {"81a200616102fbfff0000000000001", "!nan a\n", VN_REASON_NONE},
      {"81a200616102f97c00", "!inf a\n", VN_REASON_NONE},
      {"81a200616102faff800000", "!inf a\n", VN_REASON_NONE},
      {"81a200616102fb7ff0000000000000", "!inf a\n", VN_REASON_NONE},
      {"82a124f97e00a2006161020c", "!nan \n!nan a\n", VN_REASON_NONE},
      {"81a3006161020c06f97e00", "!time a\n", VN_REASON_NONE},
      {"82a122f97e00a2006161020c", "!time \n!time a\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"v\":\"NaN\"},{\"n\":\"b\",\"v\":\"-inf\"}]", "!nan a\n!inf b\n",
       VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1e400}]", "a range 1700000000000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":NaN}]", "a 1000000 1700000000000\n",
       VN_REASON_JSON},
  };
  EXPECT_JSON(json);
}

static void values_that_are_no_numbers_are_of_the_wrong_type(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"v\":\"1.5\"}]", "!type a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":true}]", "!type a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":null}]", "!type a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":[1]},{\"n\":\"b\",\"v\":{\"v\":1}}]", "!type a\n!type b\n",
       VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1,\"t\":\"5\"}]", "!type a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1,\"s\":\"5\"}]", "!type a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"vb\":true},{\"n\":\"b\",\"vs\":\"x\"},{\"n\":\"c\",\"vd\":\"\"}]",
       "!type a\n!type b\n!type c\n", VN_REASON_NONE},
      {"[{\"n\":5,\"v\":1},{\"n\":\"b\",\"u\":1,\"v\":1}]", "!senml \n!senml b\n", VN_REASON_NONE},
      {"[{\"bn\":null},{\"n\":\"a\",\"v\":1},{\"bn\":\"b\",\"v\":2}]",
       "!senml \n!senml \nb 2000000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_JSON(json);
  static const senml_row_t cbor[] = {
      {"81a2006161026131", "!type a\n", VN_REASON_NONE},
      {"81a200616102f5", "!type a\n", VN_REASON_NONE},
      {"81a200616102f6", "!type a\n", VN_REASON_NONE},
      {"81a2006161024101", "!type a\n", VN_REASON_NONE},
      {"81a200616102c2420100", "!type a\n", VN_REASON_NONE},
      {"81a200616102c48220c2420100", "!type a\n", VN_REASON_NONE},
      {"81a200616102c4830102f6", "!type a\n", VN_REASON_NONE},
      {"81a200616102c4826101", "", VN_REASON_CBOR},
      {"81a200616102c482613101", "!type a\n", VN_REASON_NONE},
      {"81a200616102c182010c", "!type a\n", VN_REASON_NONE},
      {"81a200616102f0", "!type a\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
}

static void a_bignum_of_4_kib_is_of_the_wrong_type(void **state) {
  (void)state;
  static uint8_t pack[8 + 3 + 4096] = {0x81, 0xA2, 0x00, 0x61, 'a', 0x02, 0xC2, 0x59, 0x10, 0x00};
  senml_decode(VN_FORMAT_SENML_CBOR, pack, 10 + 4096);
  senml_expect("!type a\n", VN_REASON_NONE);
}

static void two_values_or_a_repeated_label_refuse_the_record(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"v\":1,\"vs\":\"x\"},{\"n\":\"b\",\"v\":1}]",
       "!senml a\nb 1000000 1700000000000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"vb\":true,\"vd\":\"\"}]", "!senml a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1,\"v\":1}]", "!duplicate_label a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1,\"u\":\"m\",\"\\u0075\":\"m\"}]", "!duplicate_label a\n",
       VN_REASON_NONE},
      {"[{\"n\":\"a\",\"n\":\"b\",\"v\":1}]", "!duplicate_label a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"x\":1,\"x\":1,\"v\":1}]", "a 1000000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_JSON(json);
  static const senml_row_t cbor[] = {
      {"82a3006161020103617800", "!senml a\n!senml \n", VN_REASON_NONE},
      {"82a30061610201036178a20061620201", "!senml a\nb 1000000 1700000000000\n", VN_REASON_NONE},
      {"82a30061610201"
       "180202"
       "a20061620201",
       "!duplicate_label a\nb 1000000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
}

static void a_repeated_base_label_leaves_no_base_to_trust(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"[{\"bn\":\"a\",\"bn\":\"b\",\"v\":1},{\"n\":\"x\",\"v\":1},{\"bn\":\"c\",\"v\":1}]",
       "!duplicate_label \n!duplicate_label \nc 1000000 1700000000000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"bt\":1,\"bt\":2,\"v\":1},{\"n\":\"a\",\"v\":1}]",
       "!duplicate_label a\n!time a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"bv\":1,\"bv\":2,\"v\":1},{\"n\":\"a\",\"v\":1}]",
       "!duplicate_label a\n!duplicate_label a\n", VN_REASON_NONE},
  };
  EXPECT_JSON(rows);
}

static void a_label_that_ends_in_an_underscore_refuses_the_pack(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":1,\"must_\":0}]", "", VN_REASON_MUST_UNDERSTAND},
      {"[{\"n\":\"a\",\"v\":1},{\"_\":{}}]", "", VN_REASON_MUST_UNDERSTAND},
      {"[{\"n\":\"a\",\"v\":1},{\"x\\u005f\":{}}]", "", VN_REASON_MUST_UNDERSTAND},
      {"[{\"n\":\"a\",\"v\":1},{\"\\\\\\u005F\":{}}]", "", VN_REASON_MUST_UNDERSTAND},
      {"[{\"n\":\"a\",\"v\":1},{\"\\\\u005F\":{},\"n\":\"b\",\"v\":2}]",
       "a 1000000 1700000000000\nb 2000000 1700000000000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1},{\"x\\\\_\":0", "", VN_REASON_MUST_UNDERSTAND},
      {"[{\"n\":\"a_\",\"v\":1},{\"n\":\"b\",\"u\":\"_\",\"v\":1}]",
       "a_ 1000000 1700000000000\nb 1000000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_JSON(json);
  static const senml_row_t cbor[] = {
      {"82a20061610201a30061620201625f5f00", "", VN_REASON_MUST_UNDERSTAND},
      {"82a20061610201a1615f", "", VN_REASON_MUST_UNDERSTAND},
      {"82a20061610201a1625f7800", "a 1000000 1700000000000\n!senml \n", VN_REASON_NONE},
      {"82a20061610201a1780178"
       "00",
       "a 1000000 1700000000000\n!senml \n", VN_REASON_NONE},
      {"82a20061610201a178015f"
       "00",
       "", VN_REASON_MUST_UNDERSTAND},
      {"82a20061610201a1790001"
       "5f00",
       "", VN_REASON_MUST_UNDERSTAND},
      {"9fa20061610201bf615f00ffff", "", VN_REASON_MUST_UNDERSTAND},
      {"82a20061610201a200627a5f0201", "a 1000000 1700000000000\nz_ 1000000 1700000000000\n",
       VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
}

static void the_underscore_is_found_at_every_distance(void **state) {
  (void)state;
  for (size_t spaces = 0; spaces < 20u; spaces++) {
    char text[128];
    (void)snprintf(text, sizeof text, "[{\"n\":\"a\",\"v\":1},%*s{\"x_\":1}]", (int)spaces, "");
    senml_decode_json(text);
    senml_expect("", VN_REASON_MUST_UNDERSTAND);
    (void)snprintf(text, sizeof text, "[{\"n\":\"a\",\"v\":1},%*s{\"bver\":0}]", (int)spaces, "");
    senml_decode_json(text);
    senml_expect("", VN_REASON_VERSION);
    (void)snprintf(text, sizeof text, "[{\"n\":\"a\",\"v\":1},%*s{\"bve\\u0072\":0}]", (int)spaces,
                   "");
    senml_decode_json(text);
    senml_expect("", VN_REASON_VERSION);
  }
}

static void versions(void **state) {
  (void)state;
  static const struct {
    const char *version;
    bool accepted;
  } rows[] = {
      {"0", false},
      {"-1", false},
      {"1.5", false},
      {"1", true},
      {"5", true},
      {"10", true},
      {"10.0", true},
      {"1e1", true},
      {"11", false},
      {"12", false},
      {"16", true},
      {"18", true},
      {"24", true},
      {"26", true},
      {"27", false},
      {"32", false},
      {"1099511627776", false},
      {"1e300", false},
      {"\"10\"", false},
      {"null", false},
      {"[10]", false},
      {"10.000000000000000000001", false},
      {" 7 ", true},
      {"9.0e0", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[128];
    for (int place = 0; place < 3; place++) {
      static const char *const forms[] = {
          "[{\"bver\":%s,\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":1}]",
          "[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":1,\"bver\" : %s}]",
          "[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":1},{\"\\u0062ver\":%s}]"};
      (void)snprintf(text, sizeof text, forms[place], rows[i].version);
      senml_decode_json(text);
      senml_expect(rows[i].accepted ? "a 1000000 1700000000000\nb 1000000 1700000000000\n" : "",
                   rows[i].accepted ? VN_REASON_NONE : VN_REASON_VERSION);
    }
  }
}

static void versions_in_cbor(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"81a3200a0061610201", "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a32018"
       "1a0061610201",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"82a20061610201a12000", "", VN_REASON_VERSION},
      {"82a20061610201a12020", "", VN_REASON_VERSION},
      {"82a20061610201a1200b", "", VN_REASON_VERSION},
      {"82a20061610201a120f93e00", "", VN_REASON_VERSION},
      {"82a20061610201a120f94900", "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"82a20061610201a1201b0000010000000000", "", VN_REASON_VERSION},
      {"82a20061610201a1380000", "", VN_REASON_VERSION},
      {"82a20061610201a1200a", "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"82a20061610201a120c482000b", "", VN_REASON_VERSION},
      {"82a20061610201a2200a2000", "", VN_REASON_VERSION},
      {"82a20061610201a120f97e00", "", VN_REASON_VERSION},
      {"82a20061610201a120f5", "", VN_REASON_VERSION},
      {"82a20061610201a1206131", "", VN_REASON_VERSION},
  };
  EXPECT_CBOR(rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nan_and_infinities_are_sensor_faults),
      cmocka_unit_test(values_that_are_no_numbers_are_of_the_wrong_type),
      cmocka_unit_test(a_bignum_of_4_kib_is_of_the_wrong_type),
      cmocka_unit_test(two_values_or_a_repeated_label_refuse_the_record),
      cmocka_unit_test(a_repeated_base_label_leaves_no_base_to_trust),
      cmocka_unit_test(a_label_that_ends_in_an_underscore_refuses_the_pack),
      cmocka_unit_test(the_underscore_is_found_at_every_distance),
      cmocka_unit_test(versions),
      cmocka_unit_test(versions_in_cbor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
