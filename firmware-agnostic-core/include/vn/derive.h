/* Derived values: difference, sum or ratio of statistics, exact and rounded once. */
#ifndef VN_DERIVE_H
#define VN_DERIVE_H

#include "vn/assert.h"
#include "vn/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VN_OPERANDS_MAX 4u

typedef enum vn_derive_kind {
  VN_DERIVE_DIFFERENCE, /* the first less the second */
  VN_DERIVE_SUM,
  VN_DERIVE_RATIO /* the first by the second */
} vn_derive_kind_t;

/* numerator / denominator * 10^exponent; denominator > 0, exponent within +-9. */
typedef struct vn_operand {
  int64_t numerator;
  uint32_t denominator;
  int8_t exponent;
} vn_operand_t;

/*
 * The value in units of 10^exponent (within +-9), rounded half to even. Of 2 operands, a sum of
 * 2..VN_OPERANDS_MAX. NONE; ZERO: division by zero; RANGE: beyond int32. In integers of 320 bits,
 * which hold every product; some 32 long multiplications.
 */
VN_NODISCARD vn_reason_t vn_derive(vn_derive_kind_t kind, const vn_operand_t *operands,
                                   unsigned count, int exponent, int32_t *out);

#endif
