/* What the encodings of summaries share: fields, their numbers, and one writer per encoding. */
#ifndef VN_SUMMARY_PRIV_H
#define VN_SUMMARY_PRIV_H

#include "vn/cbor.h"
#include "vn/summary.h"

/* Fields of a record: X(NAME, "word"). The place in the list is the integer key; never reordered.
 */
#define VN__FIELD_LIST(X)                     \
  X(PIPELINE, "pipeline")                     \
  X(WINDOW, "window")                         \
  X(SERIES, "series")                         \
  X(START, "start")                           \
  X(END, "end")                               \
  X(REV, "rev")                               \
  X(KIND, "kind")                             \
  X(COUNT, "count")                           \
  X(SUM, "sum")                               \
  X(SUM_SQ, "sum_sq")                         \
  X(MIN, "min")                               \
  X(MAX, "max")                               \
  X(FIRST, "first")                           \
  X(LAST, "last")                             \
  X(SAMPLE, "sample")                         \
  X(SUPERSEDES, "supersedes")                 \
  X(ACCOUNTING, "accounting")                 \
  X(FLAGS, "flags")                           \
  X(MEAN, "mean")                             \
  X(VARIANCE, "variance")                     \
  X(VARIANCE_SAMPLE, "variance_sample")       \
  X(STDDEV, "stddev")                         \
  X(STDDEV_SAMPLE, "stddev_sample")           \
  X(RANGE, "range")                           \
  X(FROM, "from")                             \
  X(TO, "to")                                 \
  X(P50, "p50")                               \
  X(P90, "p90")                               \
  X(P95, "p95")                               \
  X(P99, "p99")                               \
  X(SLOPE, "slope")                           \
  X(DISTINCT, "distinct")                     \
  X(TIME_WEIGHTED_MEAN, "time_weighted_mean") \
  X(INTEGRAL, "integral")                     \
  X(COVERED_MS, "covered_ms")                 \
  X(INCREASE, "increase")                     \
  X(RATE, "rate")                             \
  X(EXPONENTIAL_MEAN, "exponential_mean")

typedef enum vn__field {
#define VN__FIELD_ENUM(name, word) VN__FIELD_##name,
  VN__FIELD_LIST(VN__FIELD_ENUM)
#undef VN__FIELD_ENUM
      VN__FIELD_COUNT_OF
} vn__field_t;

#define VN__FIELD_BIT(field) (UINT64_C(1) << (field))

const char *vn__field_word(vn__field_t field);

/* The statistic that a field carries; one of COUNT..LAST, MEAN..RANGE, P50..EXPONENTIAL_MEAN. */
vn_statistic_t vn__field_statistic(vn__field_t field);

/* The fields that carry these statistics. */
uint64_t vn__statistic_fields(uint32_t statistics);

/* The fields that a record of this window with these statistics can have (VN__FIELD_BIT set). */
uint64_t vn__window_fields(const vn_window_t *window, uint32_t statistics);

/* Windows of time tell how their readings came. */
static inline bool vn__window_has_accounting(const vn_window_t *window) {
  return window->shape < VN_WINDOW_SESSION;
}

/* How many items of an accounting are told: those that are not 0. */
unsigned vn__accounted(const uint32_t *accounting);

/* Key of SenML's base name, version 1 of our format. */
#define VN__SUMMARY_VERSION 1u

static inline const vn_window_t *vn__summary_window(const vn_summary_t *summary) {
  return &summary->pipeline->windows[summary->result->window];
}

/* Start and end of a count window number readings: what a time belongs to lies elsewhere. */
static inline bool vn__summary_counts(const vn_summary_t *summary) {
  return vn__summary_window(summary)->shape == VN_WINDOW_COUNT;
}

static inline bool vn__summary_is_delta(const vn_summary_t *summary) {
  return summary->result->kind == VN_KIND_PARTIAL;
}

/* The statistics that a result tells, if they are defined; count is always one of them. */
static inline uint32_t vn__summary_asked(const vn_summary_t *summary) {
  return vn__summary_is_delta(summary)
             ? VN_STATISTICS_MERGEABLE
             : vn__summary_window(summary)->statistics | VN_STATISTIC_BIT(VN_STATISTIC_COUNT);
}

/* A sample variance needs two readings. */
bool vn__statistic_defined(const vn_aggregate_t *aggregate, vn_statistic_t statistic);

/* Those of `statistics` that this result has. */
uint32_t vn__statistics_of(const vn_window_result_t *result, uint32_t statistics);

/* 1 for values, 2 for squares, 0 for counts and times: how often the pipeline's exponent applies.
 */
int vn__statistic_power(vn_statistic_t statistic);

/* COUNT, SUM, MIN, MAX, FIRST, LAST, RANGE, quantiles, INCREASE in scaled units, DISTINCT,
 * COVERED_MS. */
int64_t vn__statistic_integer(const vn_window_result_t *result, vn_statistic_t statistic);
bool vn__statistic_is_integer(vn_statistic_t statistic);

/* MEAN, VARIANCE, VARIANCE_SAMPLE as exact quotients in scaled units. */
typedef struct vn__ratio {
  vn_u128_t numerator;
  uint64_t denominator;
  bool negative;
} vn__ratio_t;
bool vn__statistic_ratio(const vn_aggregate_t *aggregate, vn_statistic_t statistic,
                         vn__ratio_t *out);

/* Any statistic in physical units, as the double nearest to it but for the last bit. */
double vn__statistic_float(const vn_window_result_t *result, vn_statistic_t statistic,
                           int exponent);

/* The same as JSON. */
void vn__json_statistic(vn_json_writer_t *writer, const vn_window_result_t *result,
                        vn_statistic_t statistic, int exponent);

size_t vn__cbor_record(bool named, const vn_summary_t *summary, uint8_t pipeline_index,
                       uint8_t *out, size_t capacity);
size_t vn__cbor_message(bool named, const vn_summary_batch_t *batch, uint8_t *out, size_t capacity);
size_t vn__json_record(const vn_summary_t *summary, bool first, char *out, size_t capacity);
size_t vn__json_message(const vn_summary_batch_t *batch, char *out, size_t capacity);
size_t vn__senml_cbor_record(const vn_summary_t *summary, uint8_t *out, size_t capacity);
size_t vn__senml_cbor_message(const vn_summary_batch_t *batch, uint8_t *out, size_t capacity);
size_t vn__senml_json_record(const vn_summary_t *summary, char *out, size_t capacity);
size_t vn__senml_json_message(const vn_summary_batch_t *batch, char *out, size_t capacity);

#endif
