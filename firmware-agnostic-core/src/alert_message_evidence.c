/* The evidence of an alert message: the window that caused it, or the readings before and after. */
#include "alert_message_priv.h"
#include "summary_priv.h"

#include <string.h>

/* Places of readings in the order in which they are told, the oldest first. */
typedef struct told {
  const vn_recent_t *ring;   /* of these */
  const vn_member_t *sample; /* or of these */
  uint8_t order[VN_SAMPLE_MAX];
  uint32_t count;
} told_t;

static vn_point_t point_at(const told_t *told, uint32_t index) {
  uint8_t place = told->order[index];
  VN_ASSERT(told->ring != NULL || told->sample != NULL);
  return told->ring != NULL ? (vn_point_t){told->ring[place].time_ms, told->ring[place].value}
                            : (vn_point_t){told->sample[place].time_ms, told->sample[place].value};
}

static void take_readings(const vn_readings_t *readings, told_t *told) {
  VN_ASSERT(readings->count <= readings->size && readings->count <= sizeof told->order);
  *told = (told_t){.ring = readings->ring, .count = readings->count};
  for (uint32_t i = 0; i < told->count; i++) {
    uint32_t place = readings->first + i;
    told->order[i] = (uint8_t)(place < readings->size ? place : place - readings->size);
  }
}

/* A sample lies in the order of its drawing: it is told in that of time. */
static void take_sample(const vn_window_result_t *result, told_t *told) {
  VN_ASSERT(result->sample_count <= sizeof told->order);
  *told = (told_t){.sample = result->sample};
  for (uint32_t i = 0; i < result->sample_count; i++) {
    uint32_t place = told->count++;
    for (; place > 0 && point_at(told, place - 1).time_ms > result->sample[i].time_ms; place--) {
      told->order[place] = told->order[place - 1];
    }
    told->order[place] = (uint8_t)i;
  }
}

static void put_point(vn_json_writer_t *writer, vn_point_t point, int exponent) {
  vn_json_array_begin(writer);
  vn_json_integer(writer, point.time_ms);
  vn_json_decimal(writer, point.value, exponent);
  vn_json_array_end(writer);
}

/* As many as fit into the bytes with their brackets, the newest ones. */
static void put_points(vn_json_writer_t *writer, const char *key, const told_t *told,
                       const vn_transition_t *transition) {
  const size_t brackets = 2;
  size_t used = brackets;
  uint32_t first = told->count;
  for (; first > 0; first--) {
    vn_json_writer_t measure;
    vn_json_writer_init(&measure, NULL, 0);
    put_point(&measure, point_at(told, first - 1), transition->pipeline_exponent);
    used += measure.length + (first < told->count);
    if (used > transition->evidence_bytes) {
      break;
    }
  }
  vn_json_key(writer, key);
  vn_json_array_begin(writer);
  for (uint32_t i = first; i < told->count; i++) {
    put_point(writer, point_at(told, i), transition->pipeline_exponent);
  }
  vn_json_array_end(writer);
}

/* Start and end of count windows number readings: their times are those of the first and the last
 * one. */
static void put_bounds(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_window_result_t *result = transition->result;
  vn_json_key(writer, "start");
  vn_json_integer(writer, result->start_ms);
  vn_json_key(writer, "end");
  vn_json_integer(writer, result->end_ms);
  if (transition->window->shape == VN_WINDOW_COUNT) {
    vn_json_key(writer, "from");
    vn_json_integer(writer, result->aggregate->first_ms);
    vn_json_key(writer, "to");
    vn_json_integer(writer, result->aggregate->last_ms);
  }
}

static void put_window(vn_json_writer_t *writer, const vn_transition_t *transition, bool event) {
  static const vn_statistic_t statistics[] = {VN_STATISTIC_COUNT, VN_STATISTIC_MIN,
                                              VN_STATISTIC_MAX,   VN_STATISTIC_MEAN,
                                              VN_STATISTIC_FIRST, VN_STATISTIC_LAST};
  const vn_window_result_t *result = transition->result;
  VN_ASSERT(transition->window != NULL);
  vn_json_key(writer, "window");
  vn_json_object_begin(writer);
  vn_json_key(writer, "name");
  vn__json_string_begin(writer);
  vn__alert_say(writer, transition->window->name, VN__WORD_ESCAPED_MAX);
  vn__json_string_end(writer);
  put_bounds(writer, transition);
  for (size_t i = 0; i < sizeof statistics / sizeof *statistics; i++) {
    vn_json_key(writer, vn_statistic_word(statistics[i]));
    vn__json_statistic(writer, result, statistics[i], transition->pipeline_exponent);
  }
  if (event && result->sample_count > 0) {
    told_t sample;
    take_sample(result, &sample);
    put_points(writer, "sample", &sample, transition);
  }
  vn_json_object_end(writer);
}

void vn__alert_evidence(vn_json_writer_t *writer, const vn_transition_t *transition, bool event) {
  if (transition->result != NULL) {
    put_window(writer, transition, event);
  }
  if (event && transition->readings.count > 0) {
    told_t readings;
    take_readings(&transition->readings, &readings);
    put_points(writer, "readings", &readings, transition);
  }
}

/* A window with everything but what the lengths below count. */
#define FRAME_TEXT                                                                             \
  "'window':{'name':'','start':,'end':,'from':,'to':,'count':,'min':,'max':,'mean':,'first':," \
  "'last':,'sample':},"

size_t vn__alert_evidence_max(const vn_alert_message_size_t *size) {
  enum {
    TIME = 20,
    NUMBER = 10,
    DECIMAL = 30,  /* 32 bits with an exponent of 18 or -18 */
    QUOTIENT = 59, /* 17 digits and an exponent */
    WINDOW = sizeof FRAME_TEXT + 4 * TIME + NUMBER + 4 * DECIMAL + QUOTIENT,
    READINGS = sizeof "'readings':,"
  };
  size_t window = size->has_windows ? WINDOW + VN__WORD_ESCAPED_MAX + size->sample_max : 0;
  size_t readings = size->readings_max > 0 ? READINGS + (size_t)size->readings_max : 0;
  return window > readings ? window : readings;
}
