/* Upper bounds of records and envelopes, for buffers that are sized before the first reading. */
#include "json_writer_priv.h"
#include "summary_priv.h"

#include <string.h>

enum {
  CBOR_HEAD_MAX = 9,  /* head of any integer, length or float */
  CBOR_SHORT_MAX = 5, /* 32 bits */
  CBOR_SMALL_MAX = 2, /* one byte of value */
  CBOR_TEXT_HEAD_MAX = 3,
  CBOR_MAP_HEAD_MAX = 2,     /* up to 255 pairs */
  CBOR_SQUARES_MAX = 1 + 13, /* tag 2, head, 96 bits */
  JSON_INTEGER_MAX = 20,
  JSON_QUOTIENT_MAX = 29, /* sign, 0, point, 9 zeros (none is below 1 / count), 17 digits */
  INT64_DIGITS = 19,
  INT32_DIGITS = 10,
  SQUARES_DIGITS = 29, /* 96 bits */
  TIME_SCALE = -3,     /* seconds from ms */
  JSON_MEMBER_MAX = 4, /* two quotes, colon, comma */
  JSON_SHORT_MAX = 10, /* rev */
  KIND_MAX = 7,
};

static size_t statistics_size(uint32_t statistics, size_t (*size)(vn_statistic_t, int),
                              int parameter) {
  size_t sum = 0;
  for (int i = 0; statistics >> i != 0; i++) {
    if ((statistics & VN_STATISTIC_BIT(i)) != 0) {
      sum += size((vn_statistic_t)i, parameter);
    }
  }
  return sum;
}

/* All that a result of this window can tell: deltas have statistics of their own. */
static uint32_t asked_for(const vn_summary_pipeline_t *pipeline, const vn_window_t *window) {
  return window->statistics | VN_STATISTIC_BIT(VN_STATISTIC_COUNT) |
         (pipeline->corrects ? VN_STATISTICS_MERGEABLE : 0);
}

static size_t cbor_value(vn_statistic_t statistic, int unused) {
  (void)unused;
  return statistic == VN_STATISTIC_SUM_SQ ? CBOR_SQUARES_MAX : CBOR_HEAD_MAX;
}

/* Every item at its longest: its key, with `frame` bytes around a word, and its value. */
static size_t accounting_size(const vn_window_t *window, bool words, size_t frame, size_t value) {
  size_t size = 0;
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF && vn__window_has_accounting(window); i++) {
    size += (words ? strlen(vn_accounted_word((vn_accounted_t)i)) : 0) + frame + value;
  }
  return size;
}

static size_t flags_size(void) {
  size_t size = 0;
  for (unsigned i = 0; i < VN_FLAG_COUNT_OF; i++) {
    size += 3u + strlen(vn_flag_word((vn_flag_t)i));
  }
  return size;
}

static size_t cbor_record(bool named, const vn_summary_pipeline_t *pipeline,
                          const vn_window_t *window, uint16_t name_max) {
  uint64_t fields = vn__window_fields(window, asked_for(pipeline, window));
  size_t size = CBOR_MAP_HEAD_MAX;
  for (unsigned i = 0; fields != 0; i++, fields >>= 1) {
    if ((fields & 1u) != 0) {
      size += named ? 1u + strlen(vn__field_word((vn__field_t)i)) : (size_t)CBOR_SMALL_MAX;
    }
  }
  size += CBOR_SMALL_MAX + CBOR_SMALL_MAX + CBOR_SMALL_MAX; /* pipeline, window, kind */
  size += CBOR_TEXT_HEAD_MAX + (size_t)name_max;
  size += CBOR_HEAD_MAX + CBOR_HEAD_MAX + CBOR_SHORT_MAX; /* start, end, rev */
  size += CBOR_HEAD_MAX + CBOR_HEAD_MAX;                  /* from, to */
  size += CBOR_SMALL_MAX + accounting_size(window, named, 1, CBOR_SHORT_MAX);
  size += CBOR_SMALL_MAX; /* flags */
  size += statistics_size(asked_for(pipeline, window), cbor_value, 0);
  const size_t member = 1 + CBOR_HEAD_MAX + CBOR_SHORT_MAX;
  const size_t span = 1 + CBOR_HEAD_MAX + CBOR_HEAD_MAX;
  return size + CBOR_SMALL_MAX + window->sample * member + CBOR_SMALL_MAX +
         window->supersedes_max * span;
}

/* An integer of so many digits times 10^scale: sign, digits, point, the 0 before it. */
static size_t json_decimal(unsigned digits, int scale) {
  if (scale >= 0) {
    return 1u + digits + (unsigned)scale;
  }
  unsigned places = (unsigned)-scale;
  return 3u + (digits > places ? digits : places);
}

static size_t json_number(vn_statistic_t statistic, int exponent) {
  int scale = exponent * vn__statistic_power(statistic);
  if (vn__statistic_is_integer(statistic)) {
    return json_decimal(INT64_DIGITS, scale);
  }
  if (statistic == VN_STATISTIC_SUM_SQ) {
    return json_decimal(SQUARES_DIGITS, scale);
  }
  return JSON_QUOTIENT_MAX + (unsigned)(scale < 0 ? -scale : scale);
}

static size_t json_member(vn_statistic_t statistic, int exponent) {
  return JSON_MEMBER_MAX + strlen(vn_statistic_word(statistic)) + json_number(statistic, exponent);
}

static size_t escaped_length(const char *text) {
  size_t escaped;
  (void)vn__json_fitting(vn__text(text), SIZE_MAX, &escaped);
  return escaped;
}

static size_t json_spans(const vn_window_t *window) {
  static const char frame[] = ",\"supersedes\":[]";
  const size_t span = sizeof "[,]," + 2u * JSON_INTEGER_MAX;
  return window->supersedes_max > 0 ? sizeof frame + window->supersedes_max * span : 0;
}

static size_t json_times(const vn_window_t *window) {
  static const char frame[] = "\"from\":,\"to\":,";
  return window->shape == VN_WINDOW_COUNT ? sizeof frame + 2u * JSON_INTEGER_MAX : 0;
}

static size_t json_record(const vn_summary_pipeline_t *pipeline, const vn_window_t *window,
                          uint16_t name_max) {
  static const char frame[] =
      ",{\"pipeline\":\"\",\"window\":\"\",\"series\":\"\",\"start\":,\"end\":,\"kind\":\"\","
      "\"rev\":,\"sample\":[],\"accounting\":{},\"flags\":[]}";
  size_t size = sizeof frame + escaped_length(pipeline->name) + escaped_length(window->name);
  size += name_max + 2u * JSON_INTEGER_MAX + KIND_MAX + JSON_SHORT_MAX;
  size += statistics_size(asked_for(pipeline, window), json_member, pipeline->exponent);
  size += accounting_size(window, true, JSON_MEMBER_MAX, JSON_SHORT_MAX) + flags_size();
  size_t member = 4u + JSON_INTEGER_MAX + json_decimal(INT32_DIGITS, pipeline->exponent);
  return size + window->sample * member + json_spans(window) + json_times(window);
}

static size_t senml_text(vn_statistic_t statistic, int exponent) {
  static const char frame[] = ",{\"n\":\"//\",\"u\":\"\",\"v\":}";
  return sizeof frame + strlen(vn_statistic_word(statistic)) + json_number(statistic, exponent);
}

static size_t senml_binary(vn_statistic_t statistic, int unused) {
  (void)unused;
  const size_t labels = 3;
  const size_t slashes = 2;
  return 1 + labels + 2 * CBOR_TEXT_HEAD_MAX + slashes + CBOR_HEAD_MAX +
         strlen(vn_statistic_word(statistic));
}

static size_t one_each(vn_statistic_t statistic, int unused) {
  (void)statistic;
  (void)unused;
  return 1;
}

static size_t senml_record(bool text, const vn_summary_pipeline_t *pipeline,
                           const vn_window_t *window, uint16_t name_max) {
  static const char base_time[] = "\"bt\":,";
  uint32_t statistics = asked_for(pipeline, window);
  size_t count = statistics_size(statistics, one_each, 0);
  if (text) {
    size_t names = name_max + escaped_length(window->name) + escaped_length(pipeline->unit);
    return sizeof base_time + json_decimal(INT64_DIGITS, TIME_SCALE) + count * names +
           statistics_size(statistics, senml_text, pipeline->exponent);
  }
  size_t names = name_max + strlen(window->name) + strlen(pipeline->unit);
  return 1 + CBOR_HEAD_MAX + count * names + statistics_size(statistics, senml_binary, 0);
}

size_t vn_summary_record_max(vn_encoding_t encoding, const vn_summary_pipeline_t *pipeline,
                             uint8_t window, uint16_t name_max) {
  VN_ASSERT(window < pipeline->window_count);
  const vn_window_t *definition = &pipeline->windows[window];
  switch (encoding) {
    case VN_ENCODING_JSON:
      return json_record(pipeline, definition, name_max);
    case VN_ENCODING_SENML_JSON:
    case VN_ENCODING_SENML_CBOR:
      return senml_record(encoding == VN_ENCODING_SENML_JSON, pipeline, definition, name_max);
    case VN_ENCODING_CBOR:
    case VN_ENCODING_CBOR_NAMED:
    default:
      return cbor_record(encoding == VN_ENCODING_CBOR_NAMED, pipeline, definition, name_max);
  }
}

size_t vn_summary_envelope_max(vn_encoding_t encoding, const char *device,
                               const vn_summary_pipeline_t *const *pipelines,
                               uint8_t pipeline_count) {
#define ACCOUNTING_MOST(name) .name = UINT64_MAX,
  static const vn_accounting_t most = {VN_ACCOUNTING_LIST(ACCOUNTING_MOST)};
#undef ACCOUNTING_MOST
  const vn_summary_batch_t worst = {
      .accounting = &most,
      .head = {device, UINT64_MAX, UINT32_MAX},
      .pipelines = pipelines,
      .pipeline_count = pipeline_count,
      .record_count = UINT32_MAX,
  };
  /* Without records SenML's array head is at its shortest. */
  return vn_summary_message(encoding, &worst, NULL, 0) + CBOR_SHORT_MAX;
}
