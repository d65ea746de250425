/* The examples of RFC 8428 and its resolution rules, in both forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "senml_pack.h"
#include "vn/cbor.h"

static void examples_of_the_standard_in_json(void **state) {
  (void)state;
  for (size_t i = 0; i < SENML_EXAMPLES; i++) {
    senml_decode_json(senml_examples[i].json);
    senml_expect(senml_examples[i].lines, VN_REASON_NONE);
  }
}

static void examples_of_the_standard_in_cbor(void **state) {
  (void)state;
  for (size_t i = 0; i < SENML_EXAMPLES; i++) {
    senml_decode_cbor(senml_examples[i].cbor);
    senml_expect(senml_examples[i].lines, VN_REASON_NONE);
  }
}

static void base_fields_add_up_and_hold_until_replaced(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"[{\"bn\":\"a\",\"bv\":10,\"n\":\"1\",\"v\":0.25},{\"n\":\"2\"},{\"n\":\"3\",\"v\":-1},"
       "{\"bv\":0.1,\"n\":\"4\",\"v\":0.2},{\"bn\":\"b\",\"v\":1}]",
       "a1 10250000 1700000000000\na2 10000000 1700000000000\na3 9000000 1700000000000\n"
       "a4 300000 1700000000000\nb 1100000 1700000000000\n",
       VN_REASON_NONE},
      {"[{\"n\":\"x\",\"v\":1,\"bn\":\"late/\"}]", "late/x 1000000 1700000000000\n",
       VN_REASON_NONE},
      {"[{\"bn\":\"a\",\"v\":1},{\"bn\":\"\",\"n\":\"b\",\"v\":2}]",
       "a 1000000 1700000000000\nb 2000000 1700000000000\n", VN_REASON_NONE},
      {"[{\"bn\":\"a\",\"bt\":300000000,\"v\":1},{\"bt\":400000000,\"t\":1,\"v\":2},{\"v\":3}]",
       "a 1000000 300000000000\na 2000000 400000001000\na 3000000 400000000000\n", VN_REASON_NONE},
  };
  EXPECT_JSON(rows);
}

static void decimal_sums_are_exact(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"bv\":0.1,\"v\":0.2,\"bt\":1700000000.1,\"t\":0.0005}]",
       "a 300000 1700000000100\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1,\"bt\":1700000000.1,\"t\":0.0015}]", "a 1000000 1700000000102\n",
       VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":1,\"t\":1700000001.001}]", "a 1000000 1700000001001\n", VN_REASON_NONE},
  };
  EXPECT_JSON(json);
  /* 4([-3, 1700000001001]) and 4([-2, 2137]); then 4([-1, 1]) + 4([-1, 2]). */
  static const senml_row_t cbor[] = {
      {"81a3006161"
       "02c48221190859"
       "06c482221b0000018bcfe56be9",
       "a 21370000 1700000001001\n", VN_REASON_NONE},
      {"81a3006161"
       "24c4822001"
       "02c4822002",
       "a 300000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
}

static void the_same_value_in_every_number_form(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"81a2006161020c", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102180c", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a20061610219000c", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a2006161021a0000000c", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a2006161021b000000000000000c", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102f94a00", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102fa41400000", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102fb4028000000000000", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c482201878", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c49f201878ff", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c482000c", "a 12000000 1700000000000\n", VN_REASON_NONE},
      {"81a2006161022b", "a -12000000 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c482202b", "a -1200000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(rows);
}

static void extreme_integers_never_wrap(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"81a2006161021b0020000000000001", "a range 1700000000000\n", VN_REASON_NONE},
      {"81a2006161021bffffffffffffffff", "a range 1700000000000\n", VN_REASON_NONE},
      {"81a2006161023bffffffffffffffff", "a range 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c482251bffffffffffffffff", "a range 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c482271bffffffffffffffff", "a 184467440737095516 1700000000000\n",
       VN_REASON_NONE},
      {"81a200616102c482273bffffffffffffffff", "a -184467440737095516 1700000000000\n",
       VN_REASON_NONE},
      {"81a200616102c482263bfffffffffffffff9", "a -1844674407370955161 1700000000000\n",
       VN_REASON_NONE},
      {"81a200616102c4823bffffffffffffffff01", "a 0 1700000000000\n", VN_REASON_NONE},
      {"81a200616102c4821bffffffffffffffff01", "a range 1700000000000\n", VN_REASON_NONE},
      {"81a200616102fb7fefffffffffffff", "a range 1700000000000\n", VN_REASON_NONE},
      {"81a200616102fb0000000000000001", "a 0 1700000000000\n", VN_REASON_NONE},
      {"81a200616102f98000", "a 0 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(rows);
}

static void records_without_a_value(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"[{\"bn\":\"a\",\"bt\":5,\"bu\":\"m\",\"bv\":1,\"bs\":2,\"bver\":10}]", "", VN_REASON_NONE},
      {"[{\"bn\":\"a\",\"ct\":\"x\"}]", "", VN_REASON_NONE},
      {"[{\"n\":\"a\"},{\"n\":\"b\",\"t\":5},{\"u\":\"m\"}]", "!senml a\n!senml b\n!name \n",
       VN_REASON_NONE},
      {"[{},{\"ct\":\"x\"}]", "!senml \n!senml \n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"s\":5},{\"n\":\"b\",\"bs\":1},{\"n\":\"c\",\"v\":1,\"s\":2}]",
       "!missing a\n!missing b\nc 1000000 1700000000000\n", VN_REASON_NONE},
      {"[]", "", VN_REASON_NONE},
  };
  EXPECT_JSON(rows);
  static const senml_row_t cbor[] = {
      {"80", "", VN_REASON_NONE},
      {"9fff", "", VN_REASON_NONE},
      {"81a0", "!senml \n", VN_REASON_NONE},
      {"81bfff", "!senml \n", VN_REASON_NONE},
      {"81a12102", "!senml \n", VN_REASON_NONE},
      {"81a1216161", "", VN_REASON_NONE},
      {"81a20061610505", "!missing a\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
}

static void elements_that_are_no_maps_are_refused_one_by_one(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[1,{\"n\":\"a\",\"v\":1},[[1],{\"v\":2}],\"x\",null,{\"n\":\"b\",\"v\":1}]",
       "!senml \na 1000000 1700000000000\n!senml \n!senml \n!senml \nb 1000000 1700000000000\n",
       VN_REASON_NONE},
      {"{\"n\":\"a\",\"v\":1}", "", VN_REASON_SENML},
      {"5", "", VN_REASON_SENML},
  };
  EXPECT_JSON(json);
  static const senml_row_t cbor[] = {
      {"8401a20061610201820102f6", "!senml \na 1000000 1700000000000\n!senml \n!senml \n",
       VN_REASON_NONE},
      {"a20061610201", "", VN_REASON_SENML},
      {"05", "", VN_REASON_SENML},
      {"d9d9f781a20061610201", "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"c181a20061610201", "", VN_REASON_SENML},
  };
  EXPECT_CBOR(cbor);
}

static void unknown_labels_are_ignored_with_all_they_hold(void **state) {
  (void)state;
  static const senml_row_t json[] = {
      {"[{\"n\":\"a\",\"ct\":\"60\",\"x\":{\"v\":2,\"y_\":[{\"n_\":1}]},\"z\":[[],{}],\"v\":1}]",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"_\\\\\":1,\"bverx\":0,\"\":1,\"v\":1}]", "a 1000000 1700000000000\n",
       VN_REASON_NONE},
      {"[{\"n\":\"a\",\"V\":2,\"vx\":3,\"name\":4,\"v\":1}]", "a 1000000 1700000000000\n",
       VN_REASON_NONE},
  };
  EXPECT_JSON(json);
  static const senml_row_t cbor[] = {
      {"81a400616102016278798283f6f7f0a16178c101"
       "09f4",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a30061610201"
       "36"
       "bf01a0029fffff",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a50061610201"
       "610001"
       "4100f4"
       "f93c0002",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a30061610201"
       "8201a0"
       "a10203",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a30061610201"
       "1bffffffffffffffff"
       "c1c2c3c4c5c600",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a30061610201"
       "617602",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
      {"81a30061610201"
       "3bffffffffffffffff"
       "d9ffff80",
       "a 1000000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_CBOR(cbor);
}

static void relative_and_absolute_times(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"[{\"n\":\"a\",\"v\":0,\"t\":0},{\"n\":\"a\",\"v\":0,\"t\":-5.5},"
       "{\"n\":\"a\",\"v\":0,\"t\":60}]",
       "a 0 1700000000000\na 0 1699999994500\na 0 1700000060000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"t\":268435456},{\"n\":\"a\",\"v\":0,\"t\":268435455.999}]",
       "a 0 268435456000\na 0 1968435455999\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"t\":268435455.9999}]", "a 0 1968435456000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"t\":268435456.0001}]", "a 0 268435456000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"bt\":268435000,\"t\":456}]", "a 0 268435456000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"bt\":300000000,\"t\":-300000000}]", "a 0 1700000000000\n",
       VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"t\":2147483647},{\"n\":\"a\",\"v\":0,\"t\":2147483648},"
       "{\"n\":\"a\",\"v\":0,\"t\":4294967296}]",
       "a 0 2147483647000\na 0 2147483648000\na 0 4294967296000\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"t\":9e18},{\"n\":\"a\",\"v\":0,\"t\":1e300},"
       "{\"n\":\"a\",\"v\":0,\"t\":-1e18},{\"n\":\"a\",\"v\":0,\"t\":-62135596801}]",
       "!time a\n!time a\n!time a\n!time a\n", VN_REASON_NONE},
      {"[{\"n\":\"a\",\"v\":0,\"t\":253402300799.9994},{\"n\":\"a\",\"v\":0,\"t\":253402300800}]",
       "a 0 253402300799999\n!time a\n", VN_REASON_NONE},
  };
  EXPECT_JSON(rows);
}

static void relative_times_are_told_apart(void **state) {
  (void)state;
  static const char text[] =
      "[{\"n\":\"a\",\"v\":1},{\"n\":\"a\",\"v\":2,\"t\":-5},{\"n\":\"a\",\"v\":3,\"t\":1e9}]";
  senml_decode(VN_FORMAT_SENML_JSON, (const uint8_t *)text, sizeof text - 1u);
  senml_expect("a 1000000 1700000000000\na 2000000 1699999995000\na 3000000 1000000000000\n",
               VN_REASON_NONE);
  assert_int_equal(senml_last.relative, 2);
}

static void names_are_checked_record_by_record(void **state) {
  (void)state;
  static const senml_row_t rows[] = {
      {"[{\"n\":\"\",\"v\":1},{\"bn\":\"\",\"v\":1},{\"v\":1},{\"n\":\"x\",\"v\":1}]",
       "!name \n!name \n!name \nx 1000000 1700000000000\n", VN_REASON_NONE},
      {"[{\"n\":\"a b\",\"v\":1},{\"n\":\"/a\",\"v\":1},{\"n\":\"$a\",\"v\":1},"
       "{\"n\":\"a+\",\"v\":1},{\"n\":\"a#\",\"v\":1},{\"n\":\"-a\",\"v\":1}]",
       "!charset \n!charset \n!charset \n!charset \n!charset \n!charset \n", VN_REASON_NONE},
      {"[{\"n\":\"a\\u0000\",\"v\":1},{\"n\":\"a\\r\\n\",\"v\":1},{\"n\":\"a\\u001b\",\"v\":1},"
       "{\"n\":\"a\\u007f\",\"v\":1},{\"n\":\"\\u00e9\",\"v\":1},{\"n\":\"e\\u0301\",\"v\":1}]",
       "!charset \n!charset \n!charset \n!charset \n!charset \n!charset \n", VN_REASON_NONE},
      {"[{\"n\":\"%n%s%x\",\"v\":1},{\"n\":\"<script>\",\"v\":1},{\"n\":\"a\\\"\",\"v\":1}]",
       "!charset \n!charset \n!charset \n", VN_REASON_NONE},
      {"[{\"n\":\"\\uffff\",\"v\":1},{\"n\":\"a\\ufeff\",\"v\":1},{\"n\":\"\\ufffe\",\"v\":1}]",
       "!utf8 \n!utf8 \n!utf8 \n", VN_REASON_NONE},
      {"[{\"n\":\"A.b/..:c_d-9\",\"v\":1},{\"n\":\"0\",\"v\":1},{\"n\":\"a\\/\\u0062\",\"v\":1}]",
       "A.b/..:c_d-9 1000000 1700000000000\n0 1000000 1700000000000\n"
       "a/b 1000000 1700000000000\n",
       VN_REASON_NONE},
      {"[{\"bn\":\"a/\",\"n\":\"-\",\"v\":1},{\"n\":\"\\u0062\",\"v\":1},{\"n\":\" \",\"v\":1}]",
       "a/- 1000000 1700000000000\na/b 1000000 1700000000000\n!charset \n", VN_REASON_NONE},
      {"[{\"bn\":\"/3303/0/\",\"n\":\"5700\",\"v\":1},{\"bn\":\"x\",\"v\":1}]",
       "!charset \nx 1000000 1700000000000\n", VN_REASON_NONE},
  };
  EXPECT_JSON(rows);
}

/* A pack with one base name and one name of these lengths. */
static void decode_long_name(bool cbor, size_t base, size_t own, bool escaped) {
  static uint8_t pack[70000];
  static uint8_t fill[65540];
  memset(fill, 'x', sizeof fill);
  if (cbor) {
    vn_cbor_writer_t writer;
    vn_cbor_writer_init(&writer, pack, sizeof pack);
    vn_cbor_array(&writer, 1);
    vn_cbor_map(&writer, 3);
    vn_cbor_int(&writer, -2);
    vn_cbor_text(&writer, (const char *)fill, base);
    vn_cbor_int(&writer, 0);
    vn_cbor_text(&writer, (const char *)fill, own);
    vn_cbor_int(&writer, 2);
    vn_cbor_int(&writer, 1);
    senml_decode(VN_FORMAT_SENML_CBOR, pack, writer.length);
  } else {
    int length = snprintf((char *)pack, sizeof pack, "[{\"bn\":\"%.*s\",\"n\":\"%s%.*s\",\"v\":1}]",
                          (int)base, (const char *)fill, escaped ? "\\u0079" : "",
                          (int)(escaped ? own - 1u : own), (const char *)fill);
    senml_decode(VN_FORMAT_SENML_JSON, pack, (size_t)length);
  }
}

static void names_end_at_the_limit(void **state) {
  (void)state;
  static const struct {
    size_t base, own;
    bool fits;
  } rows[] = {
      {0, 256, true},    {0, 257, false}, {256, 1, false},   {255, 1, true},    {128, 128, true},
      {128, 129, false}, {257, 1, false}, {0, 65536, false}, {65536, 1, false}, {1, 255, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (int form = 0; form < 3; form++) {
      decode_long_name(form == 0, rows[i].base, rows[i].own, form == 2);
      assert_int_equal(senml_last.reason, VN_REASON_NONE);
      assert_int_equal(senml_last.readings, rows[i].fits);
      if (!rows[i].fits) {
        senml_expect("!name \n", VN_REASON_NONE);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(examples_of_the_standard_in_json),
      cmocka_unit_test(examples_of_the_standard_in_cbor),
      cmocka_unit_test(base_fields_add_up_and_hold_until_replaced),
      cmocka_unit_test(decimal_sums_are_exact),
      cmocka_unit_test(the_same_value_in_every_number_form),
      cmocka_unit_test(extreme_integers_never_wrap),
      cmocka_unit_test(records_without_a_value),
      cmocka_unit_test(elements_that_are_no_maps_are_refused_one_by_one),
      cmocka_unit_test(unknown_labels_are_ignored_with_all_they_hold),
      cmocka_unit_test(relative_and_absolute_times),
      cmocka_unit_test(relative_times_are_told_apart),
      cmocka_unit_test(names_are_checked_record_by_record),
      cmocka_unit_test(names_end_at_the_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
