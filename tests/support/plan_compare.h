/* Whether two plans say the same, wherever their parts lie. */
#ifndef PLAN_COMPARE_H
#define PLAN_COMPARE_H

#include "vn/plan.h"

/* Every member of every struct, texts by their bytes; tells the first difference on stderr. */
bool plan_same(const vn_plan_t *a, const vn_plan_t *b);

#endif
