/* Sensors: what they measure, and what they do wrong. */
#include "room.h"
#include "world_priv.h"

#include <inttypes.h>
#include <string.h>

#define READING_TEXT_MAX 72u
#define LEVEL_LOW (-2000)
#define LEVEL_HIGH 8000
#define STEP_MAX 150
#define SPIKE 20000
#define DAY_MS INT64_C(86400000)
#define FUTURE_DAYS_MAX 30
/* Late readings are at most so much later than late. */
#define LATER_MS 30000
#define BURST_US 1000
#define DIGITS_MAX 24u

static vn__letter_t *allocate(vn__world_t *world) {
  size_t pack = (size_t)world->with->pack;
  size_t readings = pack * sizeof(vn__letter_reading_t);
  char *block = vn_room_new(sizeof(vn__letter_t) + readings + (pack + 1u) * READING_TEXT_MAX);
  vn__letter_t *letter = (vn__letter_t *)(void *)block;
  letter->readings = (vn__letter_reading_t *)(void *)(block + sizeof *letter);
  letter->payload = block + sizeof *letter + readings;
  if (world->block_count == world->block_room) {
    world->blocks = vn_room_grow(world->blocks, &world->block_room, sizeof *world->blocks);
  }
  world->blocks[world->block_count++] = block;
  return letter;
}

vn__letter_t *vn__letter_new(vn__world_t *world) {
  vn__letter_t *letter = world->free_letters;
  if (letter == NULL) {
    letter = allocate(world);
  } else {
    world->free_letters = letter->next;
  }
  letter->count = letter->length = letter->command = 0;
  letter->logged = false;
  return letter;
}

void vn__letter_free(vn__world_t *world, vn__letter_t *letter) {
  letter->next = world->free_letters;
  world->free_letters = letter;
}

/* Digits of a number that isn't negative, at least so many; returns the end. There must be room for
 * DIGITS_MAX. */
static char *put_digits(char *to, uint64_t number, unsigned least) {
  static const char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
      "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
      "8081828384858687888990919293949596979899";
  char digits[2 * DIGITS_MAX] = {0};
  char *const end = digits + DIGITS_MAX;
  char *at = end;
  for (; number >= 100u; number /= 100u) {
    at -= 2;
    memcpy(at, pairs + number % 100u * 2u, 2);
  }
  for (; number > 0; number /= 10u) {
    *--at = (char)('0' + number % 10u);
  }
  while (end - at < (ptrdiff_t)least) {
    *--at = '0';
  }
  memcpy(to, at, DIGITS_MAX); /* more than there are: a length that is known is a few moves */
  return to + (end - at);
}

/* Of a length that compilers know where it is a literal. */
static inline char *put_text(char *to, const char *text) {
  size_t length = strlen(text);
  memcpy(to, text, length);
  return to + length;
}

static char *put_sign(char *to, int64_t number) {
  *to = '-';
  return to + (number < 0);
}

static uint64_t size_of(int64_t number) {
  return number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
}

static char *put_value(char *to, int32_t value, unsigned decimals) {
  uint64_t size = size_of(value);
  uint64_t unit = 1;
  for (unsigned i = 0; i < decimals; i++) {
    unit *= 10u;
  }
  to = put_digits(put_sign(to, value), size / unit, 1);
  return decimals > 0 ? put_digits(put_text(to, "."), size % unit, decimals) : to;
}

void vn__letter_write(vn__letter_t *letter, unsigned decimals) {
  char *to = letter->payload;
  bool many = letter->count != 1;
  *to = '[';
  to += many;
  for (uint32_t i = 0; i < letter->count; i++) {
    const vn__letter_reading_t *reading = &letter->readings[i];
    *to = ',';
    to += i > 0;
    to = put_sign(put_text(to, "{\"t\":"), reading->time_ms);
    to = put_digits(to, size_of(reading->time_ms), 1);
    to = put_value(put_text(to, ",\"v\":"), reading->value, decimals);
    to = put_digits(put_text(to, ",\"q\":"), reading->sequence, 1);
    *to++ = '}';
  }
  *to = ']';
  to += many;
  letter->length = (uint32_t)(to - letter->payload);
}

static bool happens(prng_t *prng, int64_t percent) {
  return percent > 0 && prng_chance(prng, (uint32_t)percent);
}

static void publish_again(vn__world_t *world, const vn__letter_t *letter) {
  vn__letter_t *copy = vn__letter_new(world);
  copy->series = letter->series;
  copy->count = letter->count;
  copy->length = letter->length;
  memcpy(copy->readings, letter->readings, letter->count * sizeof *letter->readings);
  memcpy(copy->payload, letter->payload, letter->length);
  vn__broker_publish(world, copy);
}

/* Nothing of it may count: no text, no number, cut short. */
static void publish_damaged(vn__world_t *world, uint32_t series) {
  static const char *const texts[] = {"",          "{\"t\":17",       "[]",   "{\"v\":1}x",
                                      "nonsense",  "{\"t\":1,\"v\":", "null", "[[[[[[[[[[[[[[[[[[[",
                                      "{\"q\":7}", "\xff\xfe"};
  vn__sensor_t *sensor = &world->sensors[series];
  const char *text = texts[prng_below(&sensor->habits, sizeof texts / sizeof texts[0])];
  vn__letter_t *letter = vn__letter_new(world);
  letter->series = series;
  letter->length = (uint32_t)strlen(text);
  memcpy(letter->payload, text, letter->length);
  vn__broker_publish(world, letter);
}

static void publish(vn__world_t *world, uint32_t series) {
  vn__sensor_t *sensor = &world->sensors[series];
  vn__letter_t *letter = sensor->filling;
  sensor->filling = NULL;
  vn__letter_write(letter, (unsigned)world->with->decimals);
  world->result->figures.readings += letter->count;
  world->result->figures.messages++;
  if (happens(&sensor->habits, world->with->repeat)) {
    publish_again(world, letter);
  }
  vn__broker_publish(world, letter);
  if (happens(&sensor->habits, world->with->bad)) {
    publish_damaged(world, series);
  }
}

static void add_reading(vn__world_t *world, uint32_t series, int64_t time_ms, int32_t value) {
  vn__sensor_t *sensor = &world->sensors[series];
  if (sensor->filling == NULL) {
    sensor->filling = vn__letter_new(world);
    sensor->filling->series = series;
  }
  vn__letter_t *letter = sensor->filling;
  letter->readings[letter->count++] = (vn__letter_reading_t){.time_ms = time_ms,
                                                             .logged = VN__NOT_LOGGED,
                                                             .value = value,
                                                             .sequence = sensor->sequence++,
                                                             .id = sensor->made++};
  if (letter->count == (uint32_t)world->with->pack) {
    publish(world, series);
  }
}

static int64_t draw_time(vn__world_t *world, vn__sensor_t *sensor) {
  const vn_case_t *with = world->with;
  int64_t now_ms = vn__world_ms(world);
  if (with->future > 0 && prng_below(&sensor->habits, 1000) < (uint32_t)with->future) {
    return now_ms + DAY_MS * (1 + prng_below(&sensor->habits, FUTURE_DAYS_MAX));
  }
  if (happens(&sensor->habits, with->late)) {
    return now_ms - with->out_of_order_ms -
           prng_between(&sensor->habits, 1, with->lateness_ms + LATER_MS);
  }
  if (with->out_of_order_ms > 0 && happens(&sensor->habits, with->disorder)) {
    return now_ms - prng_between(&sensor->habits, 0, with->out_of_order_ms);
  }
  return now_ms;
}

static int64_t rounded_down(int64_t time_ms, int64_t whole_ms) {
  int64_t rest_ms = whole_ms > 0 ? time_ms % whole_ms : 0;
  return time_ms - (rest_ms < 0 ? rest_ms + whole_ms : rest_ms);
}

static void measure(vn__world_t *world, uint32_t series) {
  vn__sensor_t *sensor = &world->sensors[series];
  int32_t step = (int32_t)prng_below(&sensor->workload, 2 * STEP_MAX + 1) - STEP_MAX;
  int32_t level = sensor->level + step;
  sensor->level = level < LEVEL_LOW ? LEVEL_LOW : level > LEVEL_HIGH ? LEVEL_HIGH : level;
  if (happens(&sensor->habits, world->with->silent)) {
    sensor->sequence++;
    return;
  }
  int64_t time_ms = rounded_down(draw_time(world, sensor), world->with->whole_ms);
  int32_t spike = !happens(&sensor->habits, world->with->spikes) ? 0
                  : prng_chance(&sensor->habits, 50)             ? SPIKE
                                                                 : -SPIKE;
  add_reading(world, series, time_ms, sensor->level + spike);
}

static void schedule(vn__world_t *world, uint32_t series, int64_t after_us) {
  const vn_event_t event = {.kind = VN__EVENT_SENSOR, .argument = series};
  vn__world_after(world, after_us, &event);
}

void vn__sensors_begin(vn__world_t *world) {
  const vn_case_t *with = world->with;
  world->sensors = vn_room_new((size_t)with->series * sizeof *world->sensors);
  world->ledgers = vn_room_new((size_t)with->series * sizeof *world->ledgers);
  for (uint32_t i = 0; i < (uint32_t)with->series; i++) {
    vn__sensor_t *sensor = &world->sensors[i];
    sensor->workload = prng_make((uint64_t)with->seed, VN__STREAM_WORKLOAD + i);
    sensor->habits = prng_make((uint64_t)with->seed, VN__STREAM_SENSORS + i);
    sensor->device = (uint8_t)(i % (uint32_t)with->devices);
    sensor->level = (int32_t)prng_between(&sensor->workload, 0, 5000);
    char name[1u + DIGITS_MAX];
    size_t length = (size_t)(put_digits(put_text(name, "s"), i, 1) - name);
    VN_ASSERT(length < sizeof sensor->name);
    memcpy(sensor->name, name, length);
    schedule(world, i, prng_between(&sensor->workload, 0, with->every_ms * 1000 - 1));
  }
}

void vn__sensor_tick(vn__world_t *world, uint32_t series) {
  if (world->healing) {
    return;
  }
  schedule(world, series, world->with->every_ms * 1000);
  if (world->now_us >= world->sensors[series].silent_until_us) {
    measure(world, series);
  }
}

void vn__sensor_burst(vn__world_t *world, uint32_t series, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    measure(world, series);
  }
}

void vn__sensor_restart(vn__world_t *world, uint32_t series) {
  vn__sensor_t *sensor = &world->sensors[series];
  if (sensor->filling != NULL) {
    vn__letter_free(world, sensor->filling);
    sensor->filling = NULL;
  }
  sensor->sequence = 0;
  world->renumbered = true;
}

void vn__sensor_end(vn__world_t *world, uint32_t series) {
  vn__sensor_t *sensor = &world->sensors[series];
  if (sensor->filling != NULL) {
    publish(world, series);
  }
  add_reading(world, series, vn__world_ms(world), sensor->level);
  if (sensor->filling != NULL) {
    publish(world, series);
  }
}
