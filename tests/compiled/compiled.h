/* The plans that the build compiled into tables. */
#ifndef COMPILED_H
#define COMPILED_H

#include "vn/store.h"

typedef struct compiled_plan {
  const char *file; /* the configuration */
  const vn_plan_t *plan;
  const vn_store_t *store;
  size_t ram_bytes;
} compiled_plan_t;

/* NULL behind the last one. */
extern const compiled_plan_t *const compiled_plans[];

#endif
