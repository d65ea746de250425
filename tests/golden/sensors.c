/* Sensors that behave badly now and then: late, twice, out of range, cut off, from the future. */
#include "golden.h"

#include <string.h>

#include "vn/cbor.h"

enum { SENSORS = 4, READINGS_PER_PACK = 16, HUNDREDTHS = 100, MS_PER_S = 1000 };
enum { LABEL_NAME = 0, LABEL_VALUE = 2, LABEL_TIME = 6, LABEL_BASE_TIME = -3 };

void golden_sensors_init(golden_sensors_t *sensors, unsigned device) {
  *sensors = (golden_sensors_t){.prng = prng_make(2026, device + 1u), .json = device == 1};
  for (unsigned i = 0; i < 2u * SENSORS; i++) {
    sensors->level[i] = 3000 + (int32_t)i * 250;
  }
}

/* A walk that likes to climb at times, stands still at others, and jumps. */
static int32_t next_value(golden_sensors_t *sensors, uint32_t sensor) {
  int32_t *level = &sensors->level[sensor];
  uint32_t phase = (sensors->round / 64u + sensor) % 8u;
  if (phase == 3u) {
    return *level;
  }
  int32_t drift = phase == 5u ? 60 : -8;
  *level += (int32_t)prng_below(&sensors->prng, 121) - 60 + drift;
  if (prng_below(&sensors->prng, 2000) == 0) {
    return *level + 4000;
  }
  *level = *level < 500 ? 500 : *level > 8200 ? 8200 : *level;
  return *level;
}

static int64_t next_time(golden_sensors_t *sensors, int64_t now_ms) {
  uint32_t draw = prng_below(&sensors->prng, 1000);
  int64_t back_ms = draw < 700   ? 0
                    : draw < 960 ? prng_below(&sensors->prng, 3000)
                    : draw < 999 ? prng_below(&sensors->prng, 50000)
                                 : -(int64_t)prng_below(&sensors->prng, 30000);
  return now_ms - back_ms;
}

/* Numbers as they come in the field: whole, as a double, as a decimal fraction. */
static void put_value(golden_sensors_t *sensors, vn_cbor_writer_t *writer, int32_t value) {
  uint32_t draw = prng_below(&sensors->prng, 100);
  if (draw < 20) {
    vn_cbor_tag(writer, 4);
    vn_cbor_array(writer, 2);
    vn_cbor_int(writer, -2);
    vn_cbor_int(writer, value);
  } else if (draw < 30) {
    vn_cbor_int(writer, value / HUNDREDTHS);
  } else if (draw < 31) {
    vn_cbor_float(writer, (double)value * 1e6);
  } else {
    vn_cbor_float(writer, (double)value / HUNDREDTHS);
  }
}

static void put_record(golden_sensors_t *sensors, vn_cbor_writer_t *writer, uint32_t i,
                       int64_t now_ms) {
  uint32_t sensor = prng_below(&sensors->prng, 2u * SENSORS);
  char name[3] = {sensor < SENSORS ? 't' : 'f', '/', (char)('0' + sensor % SENSORS)};
  int64_t time_ms = next_time(sensors, now_ms);
  vn_cbor_map(writer, i == 0 ? 4 : 3);
  if (i == 0) {
    vn_cbor_int(writer, LABEL_BASE_TIME);
    vn_cbor_int(writer, now_ms / MS_PER_S);
  }
  vn_cbor_int(writer, LABEL_NAME);
  vn_cbor_text(writer, name, sizeof name);
  vn_cbor_int(writer, LABEL_VALUE);
  put_value(sensors, writer, next_value(sensors, sensor));
  vn_cbor_int(writer, LABEL_TIME);
  vn_cbor_float(writer, (double)(time_ms - now_ms / MS_PER_S * MS_PER_S) / MS_PER_S);
}

static void make_senml(golden_sensors_t *sensors, int64_t now_ms, golden_pack_t *pack) {
  vn_cbor_writer_t writer;
  pack->topic = "s/plant";
  vn_cbor_writer_init(&writer, pack->payload, sizeof pack->payload);
  vn_cbor_array(&writer, READINGS_PER_PACK);
  for (uint32_t i = 0; i < READINGS_PER_PACK; i++) {
    put_record(sensors, &writer, i, now_ms + i * 50);
  }
  VN_ASSERT(!writer.overflow);
  pack->length = writer.length;
}

static void put_text(golden_pack_t *pack, const char *text) {
  size_t length = strlen(text);
  VN_ASSERT(length <= sizeof pack->payload - pack->length);
  memcpy(pack->payload + pack->length, text, length);
  pack->length += length;
}

static void put_number(golden_pack_t *pack, int64_t value) {
  char text[24];
  size_t at = sizeof text - 1;
  uint64_t rest = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
  text[at] = '\0';
  do {
    text[--at] = (char)('0' + (char)(rest % 10u));
    rest /= 10u;
  } while (rest > 0);
  if (value < 0) {
    text[--at] = '-';
  }
  put_text(pack, text + at);
}

/* One sensor's readings as an array of objects, numbered. */
static void make_json(golden_sensors_t *sensors, int64_t now_ms, golden_pack_t *pack) {
  static const char *const topics[] = {"j/t/0", "j/t/1", "j/t/2", "j/f/0", "j/f/1", "j/f/2"};
  uint32_t choice = prng_below(&sensors->prng, 6);
  uint32_t sensor = choice < 3 ? choice : SENSORS + choice - 3u;
  pack->topic = topics[choice];
  pack->length = 0;
  for (uint32_t i = 0; i < READINGS_PER_PACK; i++) {
    int32_t value = next_value(sensors, sensor);
    put_text(pack, i == 0 ? "[{\"t\":" : ",{\"t\":");
    put_number(pack, next_time(sensors, now_ms + i * 50));
    put_text(pack, ",\"seq\":");
    put_number(pack, sensors->count + i);
    put_text(pack, ",\"v\":");
    put_number(pack, value / HUNDREDTHS);
    put_text(pack, value % HUNDREDTHS < 10 ? ".0" : ".");
    put_number(pack, value % HUNDREDTHS);
    put_text(pack, "}");
  }
  put_text(pack, "]");
}

void golden_sensors_next(golden_sensors_t *sensors, int64_t now_ms, golden_pack_t *pack) {
  if (sensors->json) {
    make_json(sensors, now_ms, pack);
  } else {
    make_senml(sensors, now_ms, pack);
  }
  pack->readings = READINGS_PER_PACK;
  sensors->count += READINGS_PER_PACK;
  sensors->round++;
  if (prng_below(&sensors->prng, 100) == 0) {
    pack->length -= prng_below(&sensors->prng, (uint32_t)pack->length);
  }
}
