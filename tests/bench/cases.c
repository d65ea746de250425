/* The bench cases: decoded readings, by number and by name, and whole messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "vn/cbor.h"

#define PACK BENCH_PACK
/* Message cases: one message a second. */
#define MESSAGE_EVERY_MS 1000

static const vn_reading_t empty_reading = {.is_scaled = true, .has_time = true};

void bench_known_series(bench_t *bench, uint64_t readings) {
  vn_reading_t reading = empty_reading;
  uint32_t next = 0;
  for (uint64_t i = 0; i < readings; i++) {
    reading.time_ms = bench->now_ms;
    reading.scaled = bench_value(bench);
    (void)vn_take_reading(&bench->engine, bench->numbers[next], &reading);
    if (++next == bench->series) {
      next = 0;
      bench->now_ms += BENCH_PERIOD_MS;
    }
  }
}

static void take_named(bench_t *bench, const char *bytes) {
  vn_reading_t reading = empty_reading;
  reading.time_ms = bench->now_ms;
  reading.scaled = bench_value(bench);
  vn_text_t name = {bytes, strlen(bytes)};
  uint32_t number;
  if (vn_series_open(&bench->engine, name, &number) == VN_REASON_NONE) {
    (void)vn_take_reading(&bench->engine, number, &reading);
  }
}

/* In the same order again and again, as a gateway that polls its sensors does. */
void bench_by_name(bench_t *bench, uint64_t readings) {
  uint32_t next = 0;
  for (uint64_t i = 0; i < readings; i++) {
    take_named(bench, bench->names[next]);
    if (++next == bench->series) {
      next = 0;
      bench->now_ms += BENCH_PERIOD_MS;
    }
  }
}

/* No guess at the next name comes true: each is hashed and searched. */
void bench_by_name_shuffled(bench_t *bench, uint64_t readings) {
  uint32_t random = 1;
  for (uint64_t i = 0; i < readings; i++) {
    random = random * 1664525u + 1013904223u;
    take_named(bench, bench->names[((uint64_t)random * bench->series) >> 32]);
    bench->now_ms += i % bench->series == 0 ? BENCH_PERIOD_MS : 0;
  }
}

static void send_message(bench_t *bench, const char *topic, size_t length) {
  vn_take_message(&bench->engine, (vn_text_t){topic, strlen(topic)}, bench->payload, length, false);
}

void bench_set_seconds(bench_t *bench, const bench_pack_t *pack) {
  char digits[16];
  uint32_t seconds = (uint32_t)(bench->now_ms / 1000);
  uint8_t bytes[4] = {(uint8_t)(seconds >> 24), (uint8_t)(seconds >> 16), (uint8_t)(seconds >> 8),
                      (uint8_t)seconds};
  (void)snprintf(digits, sizeof digits, "%010u", (unsigned)seconds);
  for (uint32_t i = 0; i < pack->records; i++) {
    uint8_t *at = bench->payload + pack->seconds_at[i];
    if (pack->binary) {
      memcpy(at, bytes, sizeof bytes);
    } else {
      memcpy(at, digits, 10);
    }
  }
}

static void send_packs(bench_t *bench, const char *topic, const bench_pack_t *pack,
                       uint64_t readings, uint32_t per_message) {
  for (uint64_t i = 0; i < readings; i += per_message) {
    bench_set_seconds(bench, pack);
    send_message(bench, topic, pack->length);
    bench->now_ms += MESSAGE_EVERY_MS;
  }
}

static char *append_value(bench_t *bench, char *at) {
  int32_t value = bench_value(bench);
  return at + sprintf(at, "\"v\":%d.%02d}", value / 100, value % 100);
}

void bench_make_json(bench_t *bench, bench_pack_t *pack, uint32_t records) {
  char *at = (char *)bench->payload;
  *pack = (bench_pack_t){.records = records};
  for (uint32_t k = 0; k < records; k++) {
    at += sprintf(at, "%s{\"t\":", k > 0 ? "," : records > 1 ? "[" : "");
    pack->seconds_at[k] = (size_t)(at - (char *)bench->payload);
    at += sprintf(at, "1795219200%03u,", (unsigned)(k * 10));
    at = append_value(bench, at);
  }
  if (records > 1) {
    *at++ = ']';
  }
  pack->length = (size_t)(at - (char *)bench->payload);
}

void bench_json_pack(bench_t *bench, uint64_t readings) {
  bench_pack_t pack;
  bench_make_json(bench, &pack, PACK);
  send_packs(bench, "json/a", &pack, readings, PACK);
}

void bench_json_single(bench_t *bench, uint64_t readings) {
  bench_pack_t pack;
  bench_make_json(bench, &pack, 1);
  send_packs(bench, "json/a", &pack, readings, 1);
}

/* No time in the payload: the arrival, which is the bench's own clock. */
void bench_number_single(bench_t *bench, uint64_t readings) {
  bench_pack_t pack = {.length = 5};
  memcpy(bench->payload, "21.37", pack.length);
  send_packs(bench, "number/a", &pack, readings, 1);
}

void bench_senml_json_pack(bench_t *bench, uint64_t readings) {
  char *at = (char *)bench->payload;
  bench_pack_t pack = {.records = 1};
  at += sprintf(at, "[{\"bn\":\"urn:dev:\",\"bt\":");
  pack.seconds_at[0] = (size_t)(at - (char *)bench->payload);
  at += sprintf(at, "1795219200,");
  for (uint32_t k = 0; k < PACK; k++) {
    at += sprintf(at, "%s\"n\":\"s%u\",", k == 0 ? "" : ",{", (unsigned)(k % 10));
    at = append_value(bench, at);
  }
  *at++ = ']';
  pack.length = (size_t)(at - (char *)bench->payload);
  send_packs(bench, "senml-json", &pack, readings, PACK);
}

/* {0: name, 2: value, 6: time} with decimal fractions for the values. */
static size_t senml_record(bench_t *bench, vn_cbor_writer_t *writer, uint32_t k) {
  char name[2] = {'s', (char)('0' + k % 10)};
  vn_cbor_map(writer, 3);
  vn_cbor_uint(writer, 0);
  vn_cbor_text(writer, name, sizeof name);
  vn_cbor_uint(writer, 2);
  vn_cbor_tag(writer, 4);
  vn_cbor_array(writer, 2);
  vn_cbor_int(writer, -2);
  vn_cbor_int(writer, bench_value(bench));
  vn_cbor_uint(writer, 6);
  vn_cbor_int(writer, bench->now_ms / 1000);
  return writer->length - 4;
}

void bench_senml_cbor_pack(bench_t *bench, uint64_t readings) {
  vn_cbor_writer_t writer;
  bench_pack_t pack = {.records = PACK, .binary = true};
  vn_cbor_writer_init(&writer, bench->payload, bench->payload_capacity);
  vn_cbor_array(&writer, PACK);
  for (uint32_t k = 0; k < PACK; k++) {
    pack.seconds_at[k] = senml_record(bench, &writer, k);
  }
  pack.length = writer.length;
  send_packs(bench, "senml-cbor", &pack, readings, PACK);
}
