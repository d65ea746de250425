#include "plan_file.h"

#include "vn/plan_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More than any plan that the limits allow. */
#define BLOB_BYTES_MAX ((size_t)1 << 20)

static bool read_blob(const char *path, uint8_t *blob, size_t *length, FILE *errors) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    (void)fprintf(errors, "vnotch-sim: %s: %s\n", path, strerror(errno));
    return false;
  }
  *length = fread(blob, 1, BLOB_BYTES_MAX, file);
  bool read = ferror(file) == 0;
  if (!read) {
    (void)fprintf(errors, "vnotch-sim: %s: it can't be read\n", path);
  }
  (void)fclose(file);
  return read;
}

static const vn_plan_t *load(const uint8_t *blob, size_t length, void **memory, vn_err_t *error) {
  const vn_plan_t *plan = NULL;
  size_t bytes = 0;
  *error = vn_plan_load_need(blob, length, &bytes);
  if (*error != VN_OK) {
    return NULL;
  }
  *memory = malloc(bytes);
  *error = *memory == NULL ? VN_ERR_FULL : vn_plan_load(blob, length, *memory, bytes, &plan);
  return *error == VN_OK ? plan : NULL;
}

const vn_plan_t *vn_plan_file_load(const char *path, void **memory, FILE *errors) {
  const vn_plan_t *plan = NULL;
  uint8_t *blob = malloc(BLOB_BYTES_MAX);
  size_t length = 0;
  *memory = NULL;
  if (blob == NULL) {
    (void)fprintf(errors, "vnotch-sim: %s: not enough memory\n", path);
  } else if (read_blob(path, blob, &length, errors)) {
    vn_err_t error;
    plan = load(blob, length, memory, &error);
    if (plan == NULL) {
      (void)fprintf(errors, "vnotch-sim: %s: %s\n", path, vn_err_text(error));
      free(*memory);
      *memory = NULL;
    }
  }
  free(blob);
  return plan;
}
