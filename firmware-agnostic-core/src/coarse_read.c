/* Results read back for merging; what their floats say of exact sums. */
#include "coarse_priv.h"

#include "vn/hash.h"
#include "vn/reservoir.h"

static double power_of_ten(int exponent) {
  double power = 1.0;
  for (int i = 0; i < exponent; i++) {
    power *= 10.0;
  }
  return power;
}

/* value / 10^scale as an integer below 2^46: so far from it that roundings don't matter. */
static bool to_integer(double value, int scale, int64_t *out) {
  const int exact = 22; /* powers of ten beyond it aren't */
  const double most = 70368744177664.0;
  if (scale < -exact || scale > exact) {
    return false;
  }
  double scaled = scale < 0 ? value * power_of_ten(-scale) : value / power_of_ten(scale);
  if (!(scaled > -most && scaled < most)) {
    return false;
  }
  *out = (int64_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
  return true;
}

static bool has(const vn__summary_record_t *record, vn__field_t field) {
  return (record->fields & VN__FIELD_BIT(field)) != 0;
}

/* Whether the aggregate gives the very float that was told. */
static bool agrees(const vn_aggregate_t *aggregate, vn_statistic_t statistic, int exponent,
                   double told) {
  const vn_window_result_t result = {.aggregate = aggregate};
  double own = vn__statistic_float(&result, statistic, exponent);
  return own >= told && own <= told;
}

static bool find_sum(const vn__summary_record_t *record, int exponent, vn_aggregate_t *aggregate) {
  if (has(record, VN__FIELD_SUM)) {
    aggregate->sum = record->sum;
    return true;
  }
  return has(record, VN__FIELD_MEAN) &&
         to_integer(record->mean * record->count, exponent, &aggregate->sum) &&
         agrees(aggregate, VN_STATISTIC_MEAN, exponent, record->mean);
}

/* A float that says how far values scatter; false: none was told. */
static bool find_scatter(const vn__summary_record_t *record, vn_statistic_t *statistic,
                         double *told) {
  static const struct {
    vn__field_t field;
    vn_statistic_t statistic;
  } any[] = {{VN__FIELD_VARIANCE, VN_STATISTIC_VARIANCE},
             {VN__FIELD_VARIANCE_SAMPLE, VN_STATISTIC_VARIANCE_SAMPLE},
             {VN__FIELD_STDDEV, VN_STATISTIC_STDDEV},
             {VN__FIELD_STDDEV_SAMPLE, VN_STATISTIC_STDDEV_SAMPLE}};
  const double values[] = {record->variance, record->variance_sample, record->stddev,
                           record->stddev_sample};
  for (unsigned i = 0; i < sizeof any / sizeof *any; i++) {
    if (has(record, any[i].field)) {
      *statistic = any[i].statistic;
      *told = values[i];
      return true;
    }
  }
  return false;
}

/* count * squares - sum^2, from a variance or a deviation; only where 64 bits hold all of it. */
static bool recover_squares(const vn__summary_record_t *record, int exponent,
                            vn_aggregate_t *aggregate) {
  const int64_t most = INT64_C(1) << 31;
  vn_statistic_t statistic;
  double told;
  int64_t scatter;
  int64_t count = record->count;
  if (!find_scatter(record, &statistic, &told) || aggregate->sum >= most ||
      aggregate->sum <= -most) {
    return false;
  }
  bool root = statistic == VN_STATISTIC_STDDEV || statistic == VN_STATISTIC_STDDEV_SAMPLE;
  bool whole = statistic == VN_STATISTIC_VARIANCE || statistic == VN_STATISTIC_STDDEV;
  double degrees = (double)count * (double)(whole ? count : count - 1);
  if (!to_integer((root ? told * told : told) * degrees, 2 * exponent, &scatter) || scatter < 0) {
    return false;
  }
  int64_t product = scatter + aggregate->sum * aggregate->sum;
  aggregate->squares_low = (uint64_t)(product / count);
  return product % count == 0 && agrees(aggregate, statistic, exponent, told);
}

static bool find_squares(const vn__summary_record_t *record, int exponent,
                         vn_aggregate_t *aggregate) {
  if (has(record, VN__FIELD_SUM_SQ)) {
    aggregate->squares_low = record->sum_sq.low;
    aggregate->squares_high = (uint32_t)record->sum_sq.high;
    return record->sum_sq.high <= UINT32_MAX;
  }
  if (recover_squares(record, exponent, aggregate)) {
    return true;
  }
  aggregate->squares_low = 0;
  return false;
}

/* A value in 32 bits, and that it is known. */
static bool take_value(const vn__summary_record_t *record, vn_statistic_t statistic, int64_t value,
                       int32_t *out, uint32_t *known) {
  bool told = has(record, (vn__field_t)(VN__FIELD_COUNT + (statistic - VN_STATISTIC_COUNT)));
  *known |= told ? VN_STATISTIC_BIT(statistic) : 0;
  *out = (int32_t)value;
  return value >= INT32_MIN && value <= INT32_MAX;
}

bool vn__coarse_read(const vn__summary_record_t *record, const vn_summary_pipeline_t *pipeline,
                     vn_coarse_t *out) {
  const int64_t longest = INT64_C(1) << 44;
  *out = (vn_coarse_t){.start_ms = record->start,
                       .end_ms = record->end,
                       .known = VN_STATISTIC_BIT(VN_STATISTIC_COUNT),
                       .windows = 1,
                       .revision = record->revision,
                       .flags = record->flags,
                       .kind = record->kind};
  vn_aggregate_t *aggregate = &out->aggregate;
  aggregate->count = record->count;
  aggregate->first_ms = record->start;
  aggregate->last_ms = record->end;
  bool sound = record->start > -8 * longest && record->end < 64 * longest &&
               record->end > record->start && record->end - record->start < longest;
  if (!sound || record->kind >= VN_KINDS) {
    return false;
  }
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF; i++) {
    out->accounting[i] = record->accounting[i];
  }
  if (find_sum(record, pipeline->exponent, aggregate)) {
    out->known |= VN_STATISTIC_BIT(VN_STATISTIC_SUM);
    out->known |= find_squares(record, pipeline->exponent, aggregate)
                      ? VN_STATISTIC_BIT(VN_STATISTIC_SUM_SQ)
                      : 0;
  }
  return take_value(record, VN_STATISTIC_MIN, record->min, &aggregate->min, &out->known) &&
         take_value(record, VN_STATISTIC_MAX, record->max, &aggregate->max, &out->known) &&
         take_value(record, VN_STATISTIC_FIRST, record->first, &aggregate->first, &out->known) &&
         take_value(record, VN_STATISTIC_LAST, record->last, &aggregate->last, &out->known);
}

static uint32_t priority_of(const vn_draw_t *draw, uint64_t seed, vn_time_ms_t time_ms,
                            int32_t value) {
  return draw->weight == VN_WEIGHT_NONE ? vn_priority(seed, time_ms, value)
                                        : vn_draw_priority(draw, seed, time_ms, value);
}

bool vn__coarse_read_sample(const vn__summary_record_t *record, const vn_coarse_sample_t *sample,
                            uint64_t seed, vn_coarse_t *out) {
  vn_cbor_reader_t reader = record->sample;
  vn_cbor_item_t list;
  out->sample_count = 0;
  if (sample->capacity == 0 || !has(record, VN__FIELD_SAMPLE)) {
    return sample->capacity == 0;
  }
  if (vn_cbor_next(&reader, &list) != VN_REASON_NONE || list.kind != VN_CBOR_ARRAY) {
    return false;
  }
  for (uint64_t left = list.unsigned_value; left > 0; left--) {
    int64_t since_ms, value;
    if (!vn__summary_member_read(&reader, &since_ms, &value) || value < INT32_MIN ||
        value > INT32_MAX) {
      return false;
    }
    vn_member_t member = {.time_ms = vn_add_saturating(record->start, since_ms),
                          .value = (int32_t)value};
    member.priority = priority_of(&sample->draw, seed, member.time_ms, member.value);
    out->sample_count = (uint8_t)vn_reservoir_offer_drawn(
        &sample->draw, sample->members, out->sample_count, sample->capacity, &member);
  }
  return true;
}
