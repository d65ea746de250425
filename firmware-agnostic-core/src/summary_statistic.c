/* The numbers of a summary: exact integers and quotients, floats only at the very end. */
#include "summary_priv.h"

bool vn__statistic_defined(const vn_aggregate_t *aggregate, vn_statistic_t statistic) {
  bool of_sample =
      statistic == VN_STATISTIC_VARIANCE_SAMPLE || statistic == VN_STATISTIC_STDDEV_SAMPLE;
  return aggregate->count > (of_sample ? 1u : 0u);
}

/* Extras that this result lacks: it has none, or too few readings for a slope. */
static uint32_t extras_missing(const vn_extra_values_t *extra) {
  if (extra == NULL) {
    return VN_STATISTICS_EXTRA;
  }
  uint32_t missing = extra->has_quantiles ? 0 : VN_STATISTICS_QUANTILES;
  missing |= extra->has_slope ? 0 : VN_STATISTIC_BIT(VN_STATISTIC_SLOPE);
  return missing | (extra->has_distinct ? 0 : VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT));
}

/* Ordered values that this result lacks: it has none, or no reading came in order. */
static uint32_t ordered_missing(const vn_ordered_values_t *ordered) {
  if (ordered == NULL) {
    return VN_STATISTICS_ORDERED;
  }
  uint32_t missing = ordered->has_mean ? 0 : VN_STATISTICS_TIME_WEIGHTED;
  missing |= ordered->has_increase ? 0 : VN_STATISTIC_BIT(VN_STATISTIC_INCREASE);
  missing |= ordered->has_rate ? 0 : VN_STATISTIC_BIT(VN_STATISTIC_RATE);
  return missing | (ordered->has_exponential ? 0 : VN_STATISTICS_EXPONENTIAL);
}

uint32_t vn__statistics_of(const vn_window_result_t *result, uint32_t statistics) {
  uint32_t defined = statistics & (VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1u);
  defined &= ~result->lacks;
  defined &= ~(extras_missing(result->extra) | ordered_missing(result->ordered));
  if (result->aggregate->count < 2) {
    defined &= ~(VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE_SAMPLE) |
                 VN_STATISTIC_BIT(VN_STATISTIC_STDDEV_SAMPLE));
  }
  return defined;
}

int vn__statistic_power(vn_statistic_t statistic) {
  switch (statistic) {
    case VN_STATISTIC_COUNT:
    case VN_STATISTIC_DISTINCT:
    case VN_STATISTIC_COVERED_MS:
      return 0;
    case VN_STATISTIC_SUM_SQ:
    case VN_STATISTIC_VARIANCE:
    case VN_STATISTIC_VARIANCE_SAMPLE:
      return 2;
    default:
      return 1;
  }
}

bool vn__statistic_is_integer(vn_statistic_t statistic) {
  const uint32_t integers =
      VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |
      VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX) |
      VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST) |
      VN_STATISTIC_BIT(VN_STATISTIC_RANGE) | VN_STATISTICS_QUANTILES |
      VN_STATISTIC_BIT(VN_STATISTIC_DISTINCT) | VN_STATISTIC_BIT(VN_STATISTIC_COVERED_MS) |
      VN_STATISTIC_BIT(VN_STATISTIC_INCREASE);
  return (integers & VN_STATISTIC_BIT(statistic)) != 0;
}

int64_t vn__statistic_integer(const vn_window_result_t *result, vn_statistic_t statistic) {
  const vn_aggregate_t *aggregate = result->aggregate;
  switch (statistic) {
    case VN_STATISTIC_COUNT:
      return aggregate->count;
    case VN_STATISTIC_SUM:
      return aggregate->sum;
    case VN_STATISTIC_MIN:
      return aggregate->min;
    case VN_STATISTIC_MAX:
      return aggregate->max;
    case VN_STATISTIC_FIRST:
      return aggregate->first;
    case VN_STATISTIC_LAST:
      return aggregate->last;
    case VN_STATISTIC_RANGE:
      return (int64_t)aggregate->max - aggregate->min;
    case VN_STATISTIC_DISTINCT:
      return (int64_t)result->extra->distinct;
    case VN_STATISTIC_COVERED_MS:
      return result->ordered->covered_ms;
    case VN_STATISTIC_INCREASE:
      return result->ordered->increase;
    default:
      VN_ASSERT(statistic >= VN_STATISTIC_P50 && statistic <= VN_STATISTIC_P99);
      return result->extra->quantiles[statistic - VN_STATISTIC_P50];
  }
}

static uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* count * sum of squares - sum^2: below 2^126 and never negative. */
static vn_u128_t scatter(const vn_aggregate_t *aggregate) {
  vn_u128_t squares = vn_u128_mul_u32(vn_aggregate_squares(aggregate), aggregate->count);
  uint64_t sum = magnitude(aggregate->sum);
  return vn_u128_sub(squares, vn_u128_mul(sum, sum));
}

bool vn__statistic_ratio(const vn_aggregate_t *aggregate, vn_statistic_t statistic,
                         vn__ratio_t *out) {
  uint64_t count = aggregate->count;
  VN_ASSERT(vn__statistic_defined(aggregate, statistic));
  if (statistic == VN_STATISTIC_MEAN) {
    out->negative = aggregate->sum < 0;
    out->numerator.high = 0;
    out->numerator.low = magnitude(aggregate->sum);
    out->denominator = count;
    return true;
  }
  if (statistic == VN_STATISTIC_VARIANCE || statistic == VN_STATISTIC_VARIANCE_SAMPLE) {
    out->negative = false;
    out->numerator = scatter(aggregate);
    out->denominator = count * (statistic == VN_STATISTIC_VARIANCE ? count : count - 1);
    return true;
  }
  return false;
}

/* Exact up to 10^22, one rounding above. exponent 0..44. */
static double power_of_ten(int exponent) {
  enum { EXACT = 22 };
  double power = 1.0;
  for (int i = 0; i < exponent && i < EXACT; i++) {
    power *= 10.0;
  }
  double rest = 1.0;
  for (int i = EXACT; i < exponent; i++) {
    rest *= 10.0;
  }
  return power * rest;
}

/* numerator / denominator * 10^exponent with a single division: 2137 / 10^2 is 21.37. */
static double quotient(double numerator, double denominator, int exponent) {
  if (exponent < 0) {
    return numerator / (denominator * power_of_ten(-exponent));
  }
  return numerator * power_of_ten(exponent) / denominator;
}

/* What is a double already: roots, the slope, what depends on order. */
static double plain_float(const vn_window_result_t *result, vn_statistic_t statistic) {
  const vn_aggregate_t *aggregate = result->aggregate;
  switch (statistic) {
    case VN_STATISTIC_SLOPE:
      return result->extra->slope_per_s;
    case VN_STATISTIC_TIME_WEIGHTED_MEAN:
      return result->ordered->mean;
    case VN_STATISTIC_INTEGRAL:
      return result->ordered->integral_s;
    case VN_STATISTIC_RATE:
      return result->ordered->rate_per_s;
    case VN_STATISTIC_EXPONENTIAL_MEAN:
      return result->ordered->exponential_mean;
    case VN_STATISTIC_STDDEV:
      return vn_square_root(vn_aggregate_variance(aggregate));
    default:
      VN_ASSERT(statistic == VN_STATISTIC_STDDEV_SAMPLE);
      return vn_square_root(vn_aggregate_variance_sample(aggregate));
  }
}

double vn__statistic_float(const vn_window_result_t *result, vn_statistic_t statistic,
                           int exponent) {
  const vn_aggregate_t *aggregate = result->aggregate;
  int scale = exponent * vn__statistic_power(statistic);
  vn__ratio_t ratio;
  if (vn__statistic_is_integer(statistic)) {
    return quotient((double)vn__statistic_integer(result, statistic), 1.0, scale);
  }
  if (statistic == VN_STATISTIC_SUM_SQ) {
    return quotient(vn_u128_to_double(vn_aggregate_squares(aggregate)), 1.0, scale);
  }
  if (vn__statistic_ratio(aggregate, statistic, &ratio)) {
    double value = quotient(vn_u128_to_double(ratio.numerator), (double)ratio.denominator, scale);
    return ratio.negative ? -value : value;
  }
  return quotient(plain_float(result, statistic), 1.0, scale);
}

void vn__json_statistic(vn_json_writer_t *writer, const vn_window_result_t *result,
                        vn_statistic_t statistic, int exponent) {
  const vn_aggregate_t *aggregate = result->aggregate;
  int scale = exponent * vn__statistic_power(statistic);
  vn__ratio_t ratio;
  if (vn__statistic_is_integer(statistic)) {
    vn_json_decimal(writer, vn__statistic_integer(result, statistic), scale);
  } else if (statistic == VN_STATISTIC_SUM_SQ) {
    vn_json_decimal_u128(writer, vn_aggregate_squares(aggregate), scale);
  } else if (vn__statistic_ratio(aggregate, statistic, &ratio)) {
    vn_json_ratio(writer, ratio.negative, ratio.numerator, ratio.denominator, scale);
  } else {
    vn_json_double(writer, plain_float(result, statistic), scale);
  }
}
