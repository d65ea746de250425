/* Blobs of plans for tests: made, damaged, made right again. */
#ifndef PLAN_BLOB_H
#define PLAN_BLOB_H

#include "vn/plan_load.h"

typedef struct plan_blob {
  uint8_t *bytes;
  size_t length;
} plan_blob_t;

/* Free `bytes`. */
plan_blob_t plan_blob_of(const vn_plan_t *plan);

/* The last bytes become the CRC of those in front of them. */
void plan_blob_repair(plan_blob_t *blob);

/* A plan in memory of exactly the size that it needs; free *memory. NULL: *error says why. */
const vn_plan_t *plan_blob_load(const plan_blob_t *blob, void **memory, vn_err_t *error);

#endif
