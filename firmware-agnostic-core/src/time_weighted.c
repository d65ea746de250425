#include "vn/time_weighted.h"
#include "wide_priv.h"

#include <string.h>

void vn_time_weighted_clear(vn_time_weighted_t *content) { memset(content, 0, sizeof *content); }

static int64_t lower(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t higher(int64_t a, int64_t b) { return a > b ? a : b; }

static bool is_too_long(const vn_time_weighted_rule_t *rule, int64_t span_ms) {
  return rule->max_hold_ms != VN_DURATION_OFF && span_ms > rule->max_hold_ms;
}

/* A part of the area in its unit: whole + rest / divisor, 0 <= rest < divisor. */
typedef struct part {
  vn_u128_t whole; /* two's complement */
  uint64_t rest, divisor;
  int64_t covered_ms;
} part_t;

static const part_t nothing = {{0, 0}, 0, 1, 0};

/* Between two bounds in ms. */
typedef struct clip {
  vn_time_ms_t start_ms, end_ms;
} clip_t;

static part_t held(const vn_time_weighted_rule_t *rule, const vn_point_t *from, clip_t clip) {
  part_t part = nothing;
  int64_t start_ms = higher(from->time_ms, clip.start_ms);
  int64_t end_ms = clip.end_ms;
  if (is_too_long(rule, end_ms - from->time_ms)) {
    end_ms = from->time_ms + rule->max_hold_ms;
  }
  if (end_ms > start_ms) {
    part.covered_ms = end_ms - start_ms;
    part.whole = vn__wide_product(from->value, (uint64_t)part.covered_ms);
  }
  return part;
}

/* Adds steepness * length * skew / span: below 2^127, since length * |skew| <= span^2 / 4. */
static void tilt(part_t *part, int64_t steepness, int64_t skew_ms, uint64_t span_ms) {
  vn_u128_t product = vn_u128_mul((uint64_t)part->covered_ms, vn__magnitude(skew_ms));
  product = vn_u128_mul_u32(product, (uint32_t)vn__magnitude(steepness));
  vn_u128_t quotient = vn_u128_div_u64(product, span_ms, &part->rest);
  part->divisor = span_ms;
  if ((steepness < 0) == (skew_ms < 0)) {
    part->whole = vn_u128_add(part->whole, quotient);
    return;
  }
  part->whole = vn_u128_sub(part->whole, quotient);
  if (part->rest != 0) {
    part->whole = vn_u128_sub(part->whole, (vn_u128_t){0, 1});
    part->rest = span_ms - part->rest;
  }
}

/* Twice the area under the line, length times the sum of its heights at both ends. */
static part_t under_line(const vn_time_weighted_rule_t *rule, const vn_point_t *from,
                         const vn_point_t *to, clip_t clip) {
  part_t part = nothing;
  int64_t start_ms = higher(from->time_ms, clip.start_ms);
  int64_t end_ms = lower(to->time_ms, clip.end_ms);
  if (end_ms <= start_ms || is_too_long(rule, to->time_ms - from->time_ms)) {
    return part;
  }
  part.covered_ms = end_ms - start_ms;
  part.whole = vn__wide_product((int64_t)from->value + to->value, (uint64_t)part.covered_ms);
  int64_t skew_ms = (start_ms - from->time_ms) - (to->time_ms - end_ms);
  if (skew_ms != 0) {
    tilt(&part, (int64_t)to->value - from->value, skew_ms, (uint64_t)(to->time_ms - from->time_ms));
  }
  return part;
}

/* What lies between two neighbouring readings within the clip; either may be missing. */
static part_t between(const vn_time_weighted_rule_t *rule, const vn_point_t *from,
                      const vn_point_t *to, clip_t clip) {
  VN_ASSERT(rule->mode <= VN_TIME_WEIGHTED_TRAPEZOID && rule->max_hold_ms >= VN_DURATION_OFF);
  if (from == NULL) {
    return nothing;
  }
  if (rule->mode == VN_TIME_WEIGHTED_LOCF) {
    clip.end_ms = to == NULL ? clip.end_ms : lower(clip.end_ms, to->time_ms);
    return held(rule, from, clip);
  }
  return to == NULL ? nothing : under_line(rule, from, to, clip);
}

static vn_point_t first_of(const vn_time_weighted_t *content) {
  return (vn_point_t){content->first_ms, content->first};
}

static vn_point_t last_of(const vn_time_weighted_t *content) {
  return (vn_point_t){content->last_ms, content->last};
}

static vn_u128_t area_of(const vn_time_weighted_t *content) {
  return vn__wide_from_96(content->area_low, content->area_high);
}

bool vn_time_weighted_merge(vn_time_weighted_t *into, const vn_time_weighted_rule_t *rule,
                            const vn_time_weighted_t *next) {
  VN_ASSERT(into != NULL && rule != NULL && next != NULL);
  if (!next->used) {
    return true;
  }
  if (!into->used) {
    *into = *next;
    return true;
  }
  if (next->first_ms < into->last_ms) {
    return false;
  }
  vn_point_t from = last_of(into);
  vn_point_t to = first_of(next);
  clip_t clip = {from.time_ms, to.time_ms};
  part_t part = between(rule, &from, &to, clip);
  vn_u128_t area = vn_u128_add(area_of(into), vn_u128_add(area_of(next), part.whole));
  into->area_low = area.low;
  into->area_high = (uint32_t)(area.high & UINT32_MAX);
  into->covered_ms += next->covered_ms + part.covered_ms;
  into->last_ms = next->last_ms;
  into->last = next->last;
  return true;
}

bool vn_time_weighted_add(vn_time_weighted_t *content, const vn_time_weighted_rule_t *rule,
                          const vn_point_t *reading) {
  VN_ASSERT(reading != NULL);
  VN_ASSERT(reading->time_ms >= VN_TIME_LOWEST_MS && reading->time_ms <= VN_TIME_HIGHEST_MS);
  vn_time_weighted_t one = {.first_ms = reading->time_ms,
                            .last_ms = reading->time_ms,
                            .first = reading->value,
                            .last = reading->value,
                            .used = true};
  return vn_time_weighted_merge(content, rule, &one);
}

/* The parts of a window, which make its integral: (whole + rest / divisor + ...) / unit. */
typedef struct parts {
  part_t head, tail;
  vn_u128_t whole;
} parts_t;

static void reduce(part_t *part) {
  int64_t common = vn_gcd((int64_t)part->rest, (int64_t)part->divisor);
  part->rest /= (uint64_t)common;
  part->divisor /= (uint64_t)common;
}

/* To the nearest whole. */
static vn_u128_t rounded(const part_t *part) {
  return (vn_u128_t){0, part->rest >= part->divisor - part->rest};
}

/* |whole| and up to 2 more, times both divisors, must leave the sign its bit. */
static bool fits(const parts_t *parts) {
  uint64_t unused;
  vn_u128_t most = {UINT64_C(1) << 62, 0};
  most = vn_u128_div_u64(most, parts->head.divisor, &unused);
  most = vn_u128_div_u64(most, parts->tail.divisor, &unused);
  vn_u128_t magnitude = vn__wide_magnitude(parts->whole);
  return vn_u128_compare(vn_u128_add(magnitude, (vn_u128_t){0, 2}), most) <= 0;
}

/* a * b modulo 2^128: right for two's complement, too. */
static vn_u128_t times(vn_u128_t a, uint64_t b) {
  vn_u128_t product = vn_u128_mul(a.low, b);
  product.high += a.high * b;
  return product;
}

/* Returns whether something had to be rounded. */
static bool join(parts_t *parts, vn_ratio_t *integral) {
  reduce(&parts->head);
  reduce(&parts->tail);
  bool exact = fits(parts);
  if (!exact) {
    vn_u128_t more = vn_u128_add(rounded(&parts->head), rounded(&parts->tail));
    parts->whole = vn_u128_add(parts->whole, more);
    parts->head = nothing;
    parts->tail = nothing;
  }
  const part_t *head = &parts->head;
  const part_t *tail = &parts->tail;
  vn_u128_t rests =
      vn_u128_add(vn_u128_mul(head->rest, tail->divisor), vn_u128_mul(tail->rest, head->divisor));
  vn_u128_t sum = vn_u128_add(times(times(parts->whole, head->divisor), tail->divisor), rests);
  integral->negative = vn__wide_is_negative(sum);
  integral->numerator = vn__wide_magnitude(sum);
  integral->denominator = vn_u128_mul(head->divisor, tail->divisor);
  return !exact;
}

bool vn_time_weighted_result(const vn_time_weighted_t *content, const vn_time_weighted_rule_t *rule,
                             const vn_time_weighted_window_t *window,
                             vn_time_weighted_result_t *result) {
  VN_ASSERT(content != NULL && rule != NULL && result != NULL);
  VN_ASSERT(window->start_ms < window->end_ms);
  VN_ASSERT(window->before == NULL || window->before->time_ms < window->start_ms);
  VN_ASSERT(window->after == NULL || window->after->time_ms >= window->end_ms);
  clip_t clip = {window->start_ms, window->end_ms};
  parts_t parts = {nothing, nothing, {0, 0}};
  result->covered_ms = 0;
  if (content->used) {
    vn_point_t first = first_of(content);
    vn_point_t last = last_of(content);
    parts.head = between(rule, window->before, &first, clip);
    parts.tail = between(rule, &last, window->after, clip);
    parts.whole = area_of(content);
    result->covered_ms = content->covered_ms;
  } else {
    parts.head = between(rule, window->before, window->after, clip);
  }
  parts.whole = vn_u128_add(parts.whole, vn_u128_add(parts.head.whole, parts.tail.whole));
  result->covered_ms += parts.head.covered_ms + parts.tail.covered_ms;
  result->rounded = join(&parts, &result->integral);
  if (rule->mode == VN_TIME_WEIGHTED_TRAPEZOID) {
    result->integral.denominator =
        vn_u128_add(result->integral.denominator, result->integral.denominator);
  }
  return result->covered_ms > 0;
}

double vn_time_weighted_mean(const vn_time_weighted_result_t *result) {
  VN_ASSERT(result != NULL && result->covered_ms > 0);
  if (result->integral.denominator.high != 0) {
    return vn_ratio_to_double(&result->integral) / (double)result->covered_ms;
  }
  vn_ratio_t mean = result->integral;
  mean.denominator = vn_u128_mul(mean.denominator.low, (uint64_t)result->covered_ms);
  return vn_ratio_to_double(&mean);
}
