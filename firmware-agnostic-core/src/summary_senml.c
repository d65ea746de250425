/* Summaries as SenML (RFC 8428): one record per statistic behind one base name for the device. */
#include "cbor_codec_priv.h"
#include "json_writer_priv.h"
#include "summary_priv.h"

#include <string.h>

enum {
  LABEL_BASE_NAME = -2,
  LABEL_BASE_TIME = -3,
  LABEL_NAME = 0,
  LABEL_UNIT = 1,
  LABEL_VALUE = 2
};

#define MS_PER_S 1000

static uint32_t statistics_of(const vn_summary_t *summary) {
  return vn__statistics_of(summary->result, vn__summary_asked(summary));
}

/* Squares, counts and times, what is per second or times seconds aren't in the pipeline's unit. */
static const char *unit_of(const vn_summary_t *summary, vn_statistic_t statistic) {
  const uint32_t with_seconds = VN_STATISTIC_BIT(VN_STATISTIC_SLOPE) |
                                VN_STATISTIC_BIT(VN_STATISTIC_RATE) |
                                VN_STATISTIC_BIT(VN_STATISTIC_INTEGRAL);
  bool own =
      vn__statistic_power(statistic) != 1 || (with_seconds & VN_STATISTIC_BIT(statistic)) != 0;
  return own ? "" : summary->pipeline->unit;
}

static vn_time_ms_t time_of(const vn_summary_t *summary) {
  const vn_window_result_t *result = summary->result;
  return vn__summary_counts(summary) ? result->aggregate->last_ms : result->end_ms;
}

static void json_record(vn_json_writer_t *writer, const vn_summary_t *summary,
                        vn_statistic_t statistic, bool first) {
  const char *unit = unit_of(summary, statistic);
  vn_json_object_begin(writer);
  if (first) {
    vn_json_key(writer, "bt");
    vn_json_decimal(writer, time_of(summary), -3);
  }
  vn_json_key(writer, "n");
  vn__json_string_begin(writer);
  vn__json_string_piece(writer, summary->series);
  vn__json_string_literal(writer, "/");
  vn__json_string_literal(writer, vn__summary_window(summary)->name);
  vn__json_string_literal(writer, "/");
  vn__json_string_literal(writer, vn_statistic_word(statistic));
  vn__json_string_end(writer);
  if (unit[0] != '\0') {
    vn_json_key(writer, "u");
    vn_json_literal(writer, unit);
  }
  vn_json_key(writer, "v");
  vn__json_statistic(writer, summary->result, statistic, summary->pipeline->exponent);
  vn_json_object_end(writer);
}

size_t vn__senml_json_record(const vn_summary_t *summary, char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  writer.comma = true; /* the base record stands before it */
  uint32_t statistics = statistics_of(summary);
  bool first = true;
  for (int i = 0; i < VN_STATISTIC_COUNT_OF; i++) {
    if ((statistics & VN_STATISTIC_BIT(i)) != 0) {
      json_record(&writer, summary, (vn_statistic_t)i, first);
      first = false;
    }
  }
  return writer.length;
}

size_t vn__senml_json_message(const vn_summary_batch_t *batch, char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_array_begin(&writer);
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "bn");
  vn__json_string_begin(&writer);
  vn__json_string_literal(&writer, batch->head.device);
  vn__json_string_literal(&writer, "/");
  vn__json_string_end(&writer);
  vn_json_object_end(&writer);
  vn__json_put(&writer, (const char *)batch->records, batch->records_length);
  vn_json_array_end(&writer);
  return writer.length;
}

/* A text of pieces: the head announces their length together, so the pieces follow as raw bytes. */
static void put_text(vn_cbor_writer_t *writer, const vn_text_t *pieces, unsigned count) {
  size_t length = 0;
  for (unsigned i = 0; i < count; i++) {
    length += pieces[i].length;
  }
  uint8_t head[VN__CBOR_HEAD_MAX];
  vn_cbor_raw(writer, head, vn__cbor_put_head(VN__CBOR_MAJOR_TEXT, length, head));
  for (unsigned i = 0; i < count; i++) {
    vn_cbor_raw(writer, (const uint8_t *)pieces[i].bytes, pieces[i].length);
  }
}

static void put_value(vn_cbor_writer_t *writer, const vn_summary_t *summary,
                      vn_statistic_t statistic) {
  int exponent = summary->pipeline->exponent;
  bool whole = exponent == 0 || statistic == VN_STATISTIC_COUNT;
  if (whole && vn__statistic_is_integer(statistic)) {
    vn_cbor_int(writer, vn__statistic_integer(summary->result, statistic));
  } else {
    vn_cbor_float(writer, vn__statistic_float(summary->result, statistic, exponent));
  }
}

static void put_seconds(vn_cbor_writer_t *writer, vn_time_ms_t time_ms) {
  if (time_ms % MS_PER_S == 0) {
    vn_cbor_int(writer, time_ms / MS_PER_S);
  } else {
    vn_cbor_float(writer, (double)time_ms / MS_PER_S);
  }
}

static void cbor_record(vn_cbor_writer_t *writer, const vn_summary_t *summary,
                        vn_statistic_t statistic, bool first) {
  const char *unit = unit_of(summary, statistic);
  bool has_unit = unit[0] != '\0';
  const vn_text_t name[] = {summary->series, vn__text("/"),
                            vn__text(vn__summary_window(summary)->name), vn__text("/"),
                            vn__text(vn_statistic_word(statistic))};
  vn_cbor_map(writer, 2u + (has_unit ? 1u : 0u) + (first ? 1u : 0u));
  vn_cbor_int(writer, LABEL_NAME);
  put_text(writer, name, sizeof name / sizeof *name);
  if (has_unit) {
    vn_cbor_int(writer, LABEL_UNIT);
    vn_cbor_text(writer, unit, strlen(unit));
  }
  vn_cbor_int(writer, LABEL_VALUE);
  put_value(writer, summary, statistic);
  if (first) {
    vn_cbor_int(writer, LABEL_BASE_TIME);
    put_seconds(writer, time_of(summary));
  }
}

size_t vn__senml_cbor_record(const vn_summary_t *summary, uint8_t *out, size_t capacity) {
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  uint32_t statistics = statistics_of(summary);
  bool first = true;
  for (int i = 0; i < VN_STATISTIC_COUNT_OF; i++) {
    if ((statistics & VN_STATISTIC_BIT(i)) != 0) {
      cbor_record(&writer, summary, (vn_statistic_t)i, first);
      first = false;
    }
  }
  return writer.length;
}

/* How many SenML records lie in records[]: flat maps, one after another. */
static size_t count_records(const uint8_t *records, size_t length) {
  vn_cbor_reader_t reader;
  vn_cbor_item_t item;
  size_t count = 0;
  vn_cbor_reader_init(&reader, records, length);
  while (reader.position < length && vn_cbor_next(&reader, &item) == VN_REASON_NONE) {
    count += item.kind == VN_CBOR_MAP;
  }
  VN_ASSERT(reader.position == length);
  return count;
}

size_t vn__senml_cbor_message(const vn_summary_batch_t *batch, uint8_t *out, size_t capacity) {
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  size_t count = 0;
  if (batch->records != NULL) {
    count = count_records(batch->records, batch->records_length);
  }
  const vn_text_t base[] = {vn__text(batch->head.device), vn__text("/")};
  vn_cbor_array(&writer, count + 1);
  vn_cbor_map(&writer, 1);
  vn_cbor_int(&writer, LABEL_BASE_NAME);
  put_text(&writer, base, 2);
  vn_cbor_raw(&writer, batch->records, batch->records_length);
  return writer.length;
}
