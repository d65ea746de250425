/* A plan from a file that `vnotch compile` made (docs/compile.md). */
#ifndef VN_PLAN_FILE_H
#define VN_PLAN_FILE_H

#include "vn/plan.h"

#include <stdio.h>

/*
 * The plan of a blob; NULL, with the reason in `errors`: it can't be read or isn't one. *memory is
 * what it lies in, to be freed behind it.
 */
const vn_plan_t *vn_plan_file_load(const char *path, void **memory, FILE *errors);

#endif
