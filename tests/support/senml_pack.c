#include "senml_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

senml_result_t senml_last;

static void append(const char *text) {
  size_t length = strlen(text);
  if (senml_last.length + length < sizeof senml_last.text) {
    memcpy(&senml_last.text[senml_last.length], text, length + 1u);
    senml_last.length += length;
  }
}

static void take(void *context, const vn_decoded_t *decoded) {
  char line[400];
  char time[32] = "-";
  int64_t value = 0;
  int name_length = (int)decoded->name.length;
  const char *name = name_length == 0 ? "" : decoded->name.bytes;
  assert_ptr_equal(context, &senml_last);
  assert_int_equal(decoded->field, 0);
  assert_false(decoded->has_sequence);
  if (decoded->reason != VN_REASON_NONE) {
    senml_last.refusals++;
    (void)snprintf(line, sizeof line, "!%s %.*s\n", vn_reason_word((vn_reason_t)decoded->reason),
                   name_length, name);
    append(line);
    return;
  }
  senml_last.readings++;
  senml_last.relative += decoded->is_relative;
  if (decoded->has_time) {
    (void)snprintf(time, sizeof time, "%lld", (long long)decoded->time_ms);
  }
  vn_reason_t reason = vn_number_scale(&decoded->value, -6, INT64_MIN, INT64_MAX, &value);
  if (reason == VN_REASON_NONE) {
    (void)snprintf(line, sizeof line, "%.*s %lld %s\n", name_length, name, (long long)value, time);
  } else {
    (void)snprintf(line, sizeof line, "%.*s %s %s\n", name_length, name, vn_reason_word(reason),
                   time);
  }
  append(line);
}

/* The payload lives in a block of its own size: reading past it is seen by a checked build. */
void senml_decode(vn_format_t format, const uint8_t *payload, size_t length) {
  vn_input_t input = {.format = (uint8_t)format};
  uint8_t *copy = malloc(length + (length == 0));
  assert_non_null(copy);
  if (length > 0) {
    memcpy(copy, payload, length);
  }
  memset(&senml_last, 0, offsetof(senml_result_t, offset));
  senml_last.text[0] = '\0';
  senml_last.offset = SIZE_MAX;
  senml_last.reason = vn_payload_decode(&input, copy, length, SENML_ARRIVAL_MS, take, &senml_last,
                                        &senml_last.offset);
  assert_true(senml_last.reason == VN_REASON_NONE || senml_last.offset <= length);
  free(copy);
}

void senml_decode_json(const char *text) {
  senml_decode(VN_FORMAT_SENML_JSON, (const uint8_t *)text, strlen(text));
}

size_t senml_from_hex(const char *hex, uint8_t *out) {
  size_t length = 0;
  for (; hex[0] != '\0'; hex += 2) {
    unsigned byte;
    assert_int_equal(sscanf(hex, "%2x", &byte), 1);
    out[length++] = (uint8_t)byte;
  }
  return length;
}

void senml_decode_cbor(const char *hex) {
  uint8_t bytes[1024];
  senml_decode(VN_FORMAT_SENML_CBOR, bytes, senml_from_hex(hex, bytes));
}

void senml_expect(const char *lines, vn_reason_t reason) {
  assert_string_equal(senml_last.text, lines);
  assert_string_equal(vn_reason_word(senml_last.reason), vn_reason_word(reason));
}

void senml_expect_json(const senml_row_t *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    senml_decode_json(rows[i].payload);
    if (strcmp(senml_last.text, rows[i].lines) != 0 || senml_last.reason != rows[i].reason) {
      print_error("%s\n", rows[i].payload);
    }
    senml_expect(rows[i].lines, rows[i].reason);
  }
}

void senml_expect_cbor(const senml_row_t *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    senml_decode_cbor(rows[i].payload);
    if (strcmp(senml_last.text, rows[i].lines) != 0 || senml_last.reason != rows[i].reason) {
      print_error("%s\n", rows[i].payload);
    }
    senml_expect(rows[i].lines, rows[i].reason);
  }
}

const senml_example_t senml_examples[SENML_EXAMPLES] = {
    {"[{\"n\":\"urn:dev:ow:10e2073a01080063\",\"u\":\"Cel\",\"v\":23.1}]",
     "81a300781b75726e3a6465763a6f773a31306532303733613031303830303633016343656c02fb403719999999"
     "999a",
     "urn:dev:ow:10e2073a01080063 23100000 1700000000000\n"},
    {"[{\"bn\":\"urn:dev:ow:10e2073a01080063:\",\"n\":\"voltage\",\"u\":\"V\",\"v\":120.1},"
     "{\"n\":\"current\",\"u\":\"A\",\"v\":1.2}]",
     "82a40067766f6c7461676501615602fb405e06666666666621781c75726e3a6465763a6f773a31306532303733"
     "613031303830303633"
     "3aa3006763757272656e7401614102fb3ff3333333333333",
     "urn:dev:ow:10e2073a01080063:voltage 120100000 1700000000000\n"
     "urn:dev:ow:10e2073a01080063:current 1200000 1700000000000\n"},
    {"[{\"bn\":\"urn:dev:ow:10e2073a0108006:\",\"bt\":1.276020076001e+09,\"bu\":\"A\","
     "\"bver\":5,\"n\":\"voltage\",\"u\":\"V\",\"v\":120.1},"
     "{\"n\":\"current\",\"t\":-5,\"v\":1.2},{\"n\":\"current\",\"t\":-4,\"v\":1.3},"
     "{\"n\":\"current\",\"t\":-3,\"v\":1.4},{\"n\":\"current\",\"t\":-2,\"v\":1.5},"
     "{\"n\":\"current\",\"t\":-1,\"v\":1.6},{\"n\":\"current\",\"v\":1.7}]",
     "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b001062236141"
     "20050067766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff33333333333"
     "33a3006763757272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3ff6666666666666"
     "a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999aa3006763757272"
     "656e74060002fb3ffb333333333333",
     "urn:dev:ow:10e2073a0108006:voltage 120100000 1276020076001\n"
     "urn:dev:ow:10e2073a0108006:current 1200000 1276020071001\n"
     "urn:dev:ow:10e2073a0108006:current 1300000 1276020072001\n"
     "urn:dev:ow:10e2073a0108006:current 1400000 1276020073001\n"
     "urn:dev:ow:10e2073a0108006:current 1500000 1276020074001\n"
     "urn:dev:ow:10e2073a0108006:current 1600000 1276020075001\n"
     "urn:dev:ow:10e2073a0108006:current 1700000 1276020076001\n"},
    {"[{\"bn\":\"urn:dev:ow:10e2073a01080063\",\"bt\":1.320067464e+09,\"bu\":\"%RH\",\"v\":21.2},"
     "{\"t\":10,\"v\":21.3},{\"t\":92,\"v\":21.5}]",
     "9fa402fb403533333333333321781b75726e3a6465763a6f773a3130653230373361303130383030363322fb41"
     "d3aba8620000002363255248a202fb40354ccccccccccd060aa202f94d6006185cff",
     "urn:dev:ow:10e2073a01080063 21200000 1320067464000\n"
     "urn:dev:ow:10e2073a01080063 21300000 1320067474000\n"
     "urn:dev:ow:10e2073a01080063 21500000 1320067556000\n"},
    {"[{\"bn\":\"urn:dev:ow:10e2073a01080063:\",\"n\":\"temp\",\"u\":\"Cel\",\"v\":23.1},"
     "{\"n\":\"label\",\"vs\":\"Machine Room\"},{\"n\":\"open\",\"vb\":false},"
     "{\"n\":\"nfv-reader\",\"vd\":\"aGkgCg\"}]",
     "84a4006474656d70016343656c02fb403719999999999a21781c75726e3a6465763a6f773a3130653230373361"
     "3031303830303633"
     "3aa200656c6162656c036c4d616368696e6520526f6f6da200646f70656e04f4a2006a6e66762d726561646572"
     "08446869200a",
     "urn:dev:ow:10e2073a01080063:temp 23100000 1700000000000\n"
     "!type urn:dev:ow:10e2073a01080063:label\n"
     "!type urn:dev:ow:10e2073a01080063:open\n"
     "!type urn:dev:ow:10e2073a01080063:nfv-reader\n"},
    {"[{\"bn\":\"2001:db8::2/\",\"bt\":1.320078429e+09,\"n\":\"temperature\",\"u\":\"Cel\","
     "\"v\":25.2},{\"n\":\"humidity\",\"u\":\"%RH\",\"v\":30},"
     "{\"bn\":\"2001:db8::1/\",\"n\":\"temperature\",\"u\":\"Cel\",\"v\":12.3},"
     "{\"n\":\"humidity\",\"u\":\"%RH\",\"v\":67}]",
     "84a5006b74656d7065726174757265016343656c02fb4039333333333333216c323030313a6462383a3a322f22"
     "fb41d3abb317400000a3006868756d6964697479016325524802181ea4006b74656d7065726174757265016343"
     "656c02fb402899999999999a216c323030313a6462383a3a312fa3006868756d69646974790163255248021843",
     "2001:db8::2/temperature 25200000 1320078429000\n"
     "2001:db8::2/humidity 30000000 1320078429000\n"
     "2001:db8::1/temperature 12300000 1320078429000\n"
     "2001:db8::1/humidity 67000000 1320078429000\n"},
    {"[{\"bn\":\"urn:dev:ow:10e2073a01080063:\"},{\"n\":\"temp\",\"u\":\"Cel\",\"v\":23.1},"
     "{\"n\":\"heat\",\"u\":\"/\",\"v\":1},{\"n\":\"fan\",\"u\":\"/\",\"v\":0}]",
     "84a121781c75726e3a6465763a6f773a3130653230373361303130383030363"
     "33aa3006474656d70016343656c02fb403719999999999aa300646865617401612f0201a3006366616e01612f02"
     "00",
     "urn:dev:ow:10e2073a01080063:temp 23100000 1700000000000\n"
     "urn:dev:ow:10e2073a01080063:heat 1000000 1700000000000\n"
     "urn:dev:ow:10e2073a01080063:fan 0 1700000000000\n"},
    {"[{\"bt\":1.320078429e+09,\"bu\":\"/\",\"n\":\"2001:db8::3\",\"v\":0.5},"
     "{\"n\":\"2001:db8::4\",\"v\":0.5},{\"n\":\"2001:db8::3\",\"t\":0.1,\"v\":0},"
     "{\"n\":\"2001:db8::4\",\"t\":0.1,\"v\":0}]",
     "84a4006b323030313a6462383a3a3302f9380022fb41d3abb31740000023612fa2006b323030313a6462383a3a"
     "3402f93800a3006b323030313a6462383a3a33020006fb3fb999999999999aa3006b323030313a6462383a3a34"
     "020006fb3fb999999999999a",
     "2001:db8::3 500000 1320078429000\n2001:db8::4 500000 1320078429000\n"
     "2001:db8::3 0 1320078429100\n2001:db8::4 0 1320078429100\n"},
};
