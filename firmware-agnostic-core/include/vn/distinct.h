/* How many different values there were: HyperLogLog, integer only, order-free, exact to merge. */
#ifndef VN_DISTINCT_H
#define VN_DISTINCT_H

#include "vn/assert.h"
#include "vn/error.h"

#include <stddef.h>
#include <stdint.h>

/* Numbers of registers: the standard error is about 14 % with the few, 7 % with the many. */
#define VN_DISTINCT_REGISTERS_FEW 64u
#define VN_DISTINCT_REGISTERS_MANY 256u

/*
 * A sketch of the set of scaled values seen. The registers are the caller's, a byte each, 0..31:
 * the longest run of zeros before the first one in the hashes (vn_splitmix64) that fell to it. The
 * same values leave the same registers, in any order and over any split.
 */
typedef struct vn_distinct {
  uint8_t *registers; /* register_count */
  uint16_t register_count;
} vn_distinct_t;

void vn_distinct_clear(const vn_distinct_t *distinct);

/* Adds one value. O(1): one hash. */
void vn_distinct_add(const vn_distinct_t *distinct, int32_t value);

/* Adds the values of `other`, which has as many registers. O(registers). */
void vn_distinct_merge(const vn_distinct_t *into, const vn_distinct_t *other);

/*
 * The estimated number of different values, rounded; 0 only for none, and exact for one. By Ertl's
 * improved raw estimator (arXiv 1702.01284), which holds the standard error from the first value up
 * and so needs no switch between linear counting and raw estimate. It may pass the number of
 * readings, which a caller who knows it takes as the limit. O(registers) and one 64-bit division;
 * no floats.
 */
uint64_t vn_distinct_result(const vn_distinct_t *distinct);

/* The length of what vn_distinct_save writes: five bits a register. */
#define VN_DISTINCT_SAVE_MAX(register_count) ((register_count) / 8u * 5u)

/* Serialises the registers into out[capacity]; returns the length, which may exceed capacity (then
 * nothing is usable). */
size_t vn_distinct_save(const vn_distinct_t *distinct, uint8_t *out, size_t capacity);

/* Restores what save wrote for as many registers; VN_ERR_FORMAT leaves them cleared. */
VN_NODISCARD vn_err_t vn_distinct_load(const vn_distinct_t *distinct, const uint8_t *bytes,
                                       size_t length);

#endif
