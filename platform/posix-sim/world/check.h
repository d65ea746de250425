/* What is looked at after a run: what was told, against what must have been. */
#ifndef VN_WORLD_CHECK_H
#define VN_WORLD_CHECK_H

#include "world.h"

/* Runs a case and looks at everything: `problem` of the result says what differs. Free the story.
 */
void vn_check_case(const vn_case_t *world_case, const vn_world_options_t *options,
                   vn_world_result_t *result);

#endif
