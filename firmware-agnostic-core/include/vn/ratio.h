/* Exact quotients of wide integers, and the double nearest to one. */
#ifndef VN_RATIO_H
#define VN_RATIO_H

#include "vn/arith.h"

#include <stdbool.h>

/* numerator / denominator, with its sign apart; denominator > 0; not in lowest terms. */
typedef struct vn_ratio {
  vn_u128_t numerator;
  vn_u128_t denominator;
  bool negative;
} vn_ratio_t;

/* The nearest double, ties to even: one rounding. About 130 steps of shifting and comparing. */
double vn_ratio_to_double(const vn_ratio_t *ratio);

#endif
