#include "oracle_record.h"

#include "oracle_number.h"

#include <inttypes.h>
#include <math.h>

enum { FLAG_FINAL = 16 };

/* How far a double may lie from the exact quotient. */
#define RELATIVE_ERROR 1e-15

/* Each `same...` returns false after a difference. */
typedef struct comparison {
  vn_oracle_t *oracle;
  const vn__window_plan_t *window;
  const vn_oracle_result_t *due;
  const vn__record_t *record;
} comparison_t;

static bool same(const comparison_t *c, const char *what, int64_t due, int64_t came) {
  if (due != came) {
    vn__oracle_record_differs(c->oracle, c->record, "%s: expected %" PRId64 ", got %" PRId64, what,
                              due, came);
  }
  return due == came;
}

/* Whether a member is there if, and only if, it should be; and then whether it is right. */
static bool same_if(const comparison_t *c, const char *what, unsigned key, bool due_there,
                    int64_t due, int64_t came) {
  bool there = (c->record->present >> key & 1) != 0;
  if (there != due_there) {
    vn__oracle_record_differs(c->oracle, c->record, "%s: expected %s", what,
                              there ? "none" : "one");
    return false;
  }
  return !there || same(c, what, due, came);
}

static bool asks(const comparison_t *c, vn_oracle_statistic_t statistic) {
  return (c->window->given.statistics & (uint32_t)statistic) != 0;
}

static bool same_integers(const comparison_t *c) {
  const vn_oracle_result_t *due = c->due;
  const vn_oracle_result_t *came = &c->record->told;
  bool squares = asks(c, VN_ORACLE_SUM_SQ);
  return same(c, "count", due->count, came->count) &&
         same_if(c, "sum", KEY_SUM, asks(c, VN_ORACLE_SUM), due->sum, came->sum) &&
         same_if(c, "sum_sq, low 64 bits", KEY_SUM_SQ, squares, (int64_t)due->squares_low,
                 (int64_t)came->squares_low) &&
         same_if(c, "sum_sq, high bits", KEY_SUM_SQ, squares, (int64_t)due->squares_high,
                 (int64_t)came->squares_high) &&
         same_if(c, "min", KEY_MIN, asks(c, VN_ORACLE_MIN), due->min, came->min) &&
         same_if(c, "max", KEY_MAX, asks(c, VN_ORACLE_MAX), due->max, came->max) &&
         same_if(c, "first", KEY_FIRST, asks(c, VN_ORACLE_FIRST), due->first, came->first) &&
         same_if(c, "last", KEY_LAST, asks(c, VN_ORACLE_LAST), due->last, came->last) &&
         same_if(c, "range", KEY_RANGE, asks(c, VN_ORACLE_RANGE),
                 (int64_t)due->max - (int64_t)due->min, (int64_t)c->record->range);
}

static bool same_float(const comparison_t *c, const char *what, unsigned key, bool due_there,
                       double due) {
  double came = c->record->floats[key];
  if (!same_if(c, what, key, due_there, 0, 0)) {
    return false;
  }
  bool near = !due_there || fabs(came - due) <= RELATIVE_ERROR * fabs(due);
  if (!near) {
    vn__oracle_record_differs(c->oracle, c->record, "%s: expected %.17g, got %.17g", what, due,
                              came);
  }
  return near;
}

/* (n Q - S^2) / (n d) in units of the resolution's square. */
static double variance_of(const vn_oracle_result_t *due, uint64_t divisor, unsigned decimals) {
  uint64_t size = due->sum < 0 ? 0 - (uint64_t)due->sum : (uint64_t)due->sum;
  vn__wide_t squares = {due->squares_high, due->squares_low};
  vn__wide_t scatter = vn__oracle_wide_difference(vn__oracle_wide_times(squares, due->count),
                                                  vn__oracle_wide_product(size, size));
  return vn__oracle_nearest(
      scatter, vn__oracle_wide_product(due->count * divisor, vn__oracle_ten_to(2 * decimals)));
}

static double mean_of(const vn_oracle_result_t *due, unsigned decimals) {
  uint64_t size = due->sum < 0 ? 0 - (uint64_t)due->sum : (uint64_t)due->sum;
  double mean = vn__oracle_nearest(
      (vn__wide_t){0, size}, vn__oracle_wide_product(due->count, vn__oracle_ten_to(decimals)));
  return due->sum < 0 ? -mean : mean;
}

static bool same_variances(const comparison_t *c, unsigned decimals) {
  const vn_oracle_result_t *due = c->due;
  bool several = due->count > 1;
  bool asked = asks(c, VN_ORACLE_VARIANCE) || asks(c, VN_ORACLE_STDDEV);
  bool of_sample_asked = asks(c, VN_ORACLE_VARIANCE_SAMPLE) || asks(c, VN_ORACLE_STDDEV_SAMPLE);
  double variance = asked ? variance_of(due, due->count, decimals) : 0;
  double of_sample = of_sample_asked ? variance_of(due, several ? due->count - 1 : 1, decimals) : 0;
  return same_float(c, "variance", KEY_VARIANCE, asks(c, VN_ORACLE_VARIANCE), variance) &&
         same_float(c, "variance_sample", KEY_VARIANCE_SAMPLE,
                    several && asks(c, VN_ORACLE_VARIANCE_SAMPLE), of_sample) &&
         same_float(c, "stddev", KEY_STDDEV, asks(c, VN_ORACLE_STDDEV), sqrt(variance)) &&
         same_float(c, "stddev_sample", KEY_STDDEV_SAMPLE,
                    several && asks(c, VN_ORACLE_STDDEV_SAMPLE), sqrt(of_sample));
}

static bool same_floats(const comparison_t *c) {
  unsigned decimals = c->oracle->plan.pipelines[c->window->given.pipeline].given.decimals;
  bool mean_asked = asks(c, VN_ORACLE_MEAN);
  double mean = mean_asked ? mean_of(c->due, decimals) : 0;
  return same_float(c, "mean", KEY_MEAN, mean_asked, mean) && same_variances(c, decimals);
}

static bool same_sample(const comparison_t *c) {
  const vn_oracle_result_t *due = c->due;
  const vn_oracle_result_t *came = &c->record->told;
  bool good = same_if(c, "members of the sample", KEY_SAMPLE, c->window->given.sample > 0,
                      due->sample_count, came->sample_count);
  for (uint32_t i = 0; good && i < due->sample_count; i++) {
    good = same(c, "time in the sample", due->sample[i].time_ms - due->start_ms,
                came->sample[i].time_ms) &&
           same(c, "value in the sample", due->sample[i].value, came->sample[i].value);
  }
  return good;
}

static bool same_supersedes(const comparison_t *c) {
  const vn_oracle_result_t *due = c->due;
  const vn_oracle_result_t *came = &c->record->told;
  bool good = same_if(c, "superseded results", KEY_SUPERSEDES, due->superseded_count > 0,
                      due->superseded_count, came->superseded_count);
  for (uint32_t i = 0; good && i < due->superseded_count; i++) {
    good = same(c, "start of a superseded result", due->superseded[i].start_ms,
                came->superseded[i].start_ms) &&
           same(c, "end of a superseded result", due->superseded[i].end_ms,
                came->superseded[i].end_ms);
  }
  return good;
}

static bool same_story(const comparison_t *c) {
  const vn_oracle_result_t *due = c->due;
  const vn_oracle_result_t *came = &c->record->told;
  return same(c, "kind", due->kind, (int64_t)c->record->kind) &&
         same(c, "flags", due->final ? FLAG_FINAL : 0, (int64_t)c->record->flags) &&
         same(c, "late", due->late, came->late) && same(c, "gaps", due->gaps, came->gaps) &&
         same(c, "coverage", due->coverage, came->coverage);
}

bool vn__oracle_same_content(vn_oracle_t *oracle, const vn__window_plan_t *window,
                             const vn_oracle_result_t *due, const vn__record_t *record) {
  const comparison_t c = {oracle, window, due, record};
  return same_integers(&c) && same_floats(&c) && same_sample(&c);
}

bool vn__oracle_same_result(vn_oracle_t *oracle, const vn_oracle_result_t *due,
                            const vn__record_t *record) {
  const vn__window_plan_t *window = &oracle->plan.windows[due->window];
  const comparison_t c = {oracle, window, due, record};
  return vn__oracle_same_content(oracle, window, due, record) && same_supersedes(&c) &&
         same_story(&c);
}
