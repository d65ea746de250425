/* The plans as firmware has them: tables that vnotch compile made. */
#include "golden.h"
#include "tables/gold_0.h"
#include "tables/gold_1.h"

const vn_plan_t *golden_plan(unsigned device) { return device == 0 ? &gold_0_plan : &gold_1_plan; }
