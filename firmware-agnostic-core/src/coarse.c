/* Merging of results, exactly. */
#include "vn/coarse.h"

#include "vn/reservoir.h"

static uint32_t add_counts(uint32_t a, uint32_t b) {
  return b > UINT32_MAX - a ? UINT32_MAX : a + b;
}

/* In permille of both together, by their lengths; 0: all of it. */
static uint32_t coverage_of(const vn_coarse_t *a, const vn_coarse_t *b) {
  const uint32_t whole = 1000;
  uint32_t of_a = a->accounting[VN_ACCOUNTED_COVERAGE];
  uint32_t of_b = b->accounting[VN_ACCOUNTED_COVERAGE];
  if (of_a == 0 && of_b == 0) {
    return 0;
  }
  /* Lengths are below 2^44 ms. */
  uint64_t length_a = (uint64_t)(a->end_ms - a->start_ms);
  uint64_t length_b = (uint64_t)(b->end_ms - b->start_ms);
  uint64_t covered = length_a * (of_a == 0 ? whole : of_a) + length_b * (of_b == 0 ? whole : of_b);
  uint32_t both = (uint32_t)(covered / (length_a + length_b));
  return both == 0 ? 1u : both;
}

static void merge_marks(vn_coarse_t *into, const vn_coarse_t *other) {
  const uint8_t all = VN_FLAG_BIT(VN_FLAG_FINAL);
  uint8_t kept = (uint8_t)(into->flags & other->flags & all);
  into->flags = (uint8_t)(((into->flags | other->flags) & (uint8_t)~all) | kept);
  into->kind = into->kind == other->kind ? into->kind : VN_KIND_ON_TIME;
  uint32_t coverage = coverage_of(into, other);
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF; i++) {
    into->accounting[i] = add_counts(into->accounting[i], other->accounting[i]);
  }
  into->accounting[VN_ACCOUNTED_COVERAGE] = coverage;
  into->windows = add_counts(into->windows, other->windows);
  into->known &= other->known;
}

bool vn_coarse_merge(vn_coarse_t *into, const vn_coarse_sample_t *sample, const vn_coarse_t *other,
                     const vn_member_t *members) {
  VN_ASSERT(into->windows > 0 && other->windows > 0);
  bool adjacent = into->end_ms == other->start_ms || other->end_ms == into->start_ms;
  if (!adjacent || !vn_aggregate_merge(&into->aggregate, &other->aggregate)) {
    return false;
  }
  if (sample->capacity > 0) {
    into->sample_count =
        (uint8_t)vn_reservoir_merge_drawn(&sample->draw, sample->members, into->sample_count,
                                          sample->capacity, members, other->sample_count);
  }
  merge_marks(into, other);
  into->start_ms = other->start_ms < into->start_ms ? other->start_ms : into->start_ms;
  into->end_ms = other->end_ms > into->end_ms ? other->end_ms : into->end_ms;
  return true;
}

/* What each needs. */
uint32_t vn_coarse_statistics(uint32_t known, uint32_t asked) {
  const uint32_t sum = VN_STATISTIC_BIT(VN_STATISTIC_SUM);
  const uint32_t both = sum | VN_STATISTIC_BIT(VN_STATISTIC_SUM_SQ);
  const uint32_t ends = VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX);
  const uint32_t plain = both | ends | VN_STATISTIC_BIT(VN_STATISTIC_COUNT) |
                         VN_STATISTIC_BIT(VN_STATISTIC_FIRST) | VN_STATISTIC_BIT(VN_STATISTIC_LAST);
  uint32_t follow = known & plain;
  follow |= (known & sum) != 0 ? VN_STATISTIC_BIT(VN_STATISTIC_MEAN) : 0;
  follow |= (known & ends) == ends ? VN_STATISTIC_BIT(VN_STATISTIC_RANGE) : 0;
  if ((known & both) == both) {
    follow |= VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE) | VN_STATISTIC_BIT(VN_STATISTIC_STDDEV) |
              VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE_SAMPLE) |
              VN_STATISTIC_BIT(VN_STATISTIC_STDDEV_SAMPLE);
  }
  return asked & follow;
}
