#include "plan_blob.h"

#include <stdlib.h>

#include "compile.h"
#include "vn/crc32c.h"

plan_blob_t plan_blob_of(const vn_plan_t *plan) {
  plan_blob_t blob = {.length = vn_compile_blob(plan, NULL, 0)};
  blob.bytes = malloc(blob.length);
  VN_ASSERT(blob.bytes != NULL);
  size_t length = vn_compile_blob(plan, blob.bytes, blob.length);
  VN_ASSERT(length == blob.length);
  return blob;
}

void plan_blob_repair(plan_blob_t *blob) {
  VN_ASSERT(blob->length >= VN_PLAN_BLOB_CRC_BYTES);
  size_t end = blob->length - VN_PLAN_BLOB_CRC_BYTES;
  uint32_t crc = vn_crc32c(0, blob->bytes, end);
  blob->bytes[end] = 0x1A;
  for (unsigned i = 0; i < 4; i++) {
    blob->bytes[end + 1 + i] = (uint8_t)(crc >> (24 - 8 * i));
  }
}

const vn_plan_t *plan_blob_load(const plan_blob_t *blob, void **memory, vn_err_t *error) {
  const vn_plan_t *plan = NULL;
  size_t bytes = 0;
  *memory = NULL;
  *error = vn_plan_load_need(blob->bytes, blob->length, &bytes);
  if (*error != VN_OK) {
    return NULL;
  }
  *memory = malloc(bytes);
  VN_ASSERT(*memory != NULL);
  *error = vn_plan_load(blob->bytes, blob->length, *memory, bytes, &plan);
  return plan;
}
