/* A failing case made smaller, as long as it fails. */
#ifndef VN_WORLD_SHRINK_H
#define VN_WORLD_SHRINK_H

#include "world.h"

/*
 * At most `runs` runs. `world_case` fails and becomes the smallest one found that still does;
 * `result` is its last run, whose story is to be freed. Returns how many runs it took.
 */
unsigned vn_shrink(vn_case_t *world_case, const vn_world_options_t *options, unsigned runs,
                   vn_world_result_t *result);

#endif
