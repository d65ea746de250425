/* A plan as files for firmware: tables in C, or a blob that is loaded at run time. Host only. */
#ifndef VN_COMPILE_H
#define VN_COMPILE_H

#include "vn/plan.h"

#include <stdio.h>

/* Longest name of what is compiled: an identifier of C. */
#define VN_COMPILE_NAME_MAX 48u

/* What is compiled: a checked plan, the name that all its symbols begin with, and the file that it
 * comes from, which the results tell. */
typedef struct vn_compile {
  const vn_plan_t *plan;
  const char *name;
  const char *origin;
} vn_compile_t;

/* Whether a name can begin symbols: a lower-case letter first, then also digits and _. */
bool vn_compile_name_is_good(const char *name);

/*
 * The tables: `const vn_plan_t <name>_plan` and all that it points to. `header` is the name of the
 * file below, as it is to be included.
 */
void vn_compile_tables(const vn_compile_t *compile, const char *header, FILE *out);

/* Whether all counts fit an enum in C, which holds integers up to INT32_MAX. */
bool vn_compile_fits(const vn_plan_t *plan);

/* Their header, of a plan that fits: the plan's declaration, and the counts that
 * VN_STORE_DEFINE(<name>) needs. */
void vn_compile_header(const vn_compile_t *compile, FILE *out);

/*
 * The blob of a checked plan (vn/plan_load.h): its length, which may exceed capacity; then what was
 * written is unusable. With out NULL and capacity 0 it only measures.
 */
size_t vn_compile_blob(const vn_plan_t *plan, uint8_t *out, size_t capacity);

#endif
