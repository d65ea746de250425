/* The memory of a configuration on another machine. */
#ifndef VN_CMD_BUDGET_TARGET_H
#define VN_CMD_BUDGET_TARGET_H

#include "vn/plan.h"

/* Whether the layout of structs on this machine is known: the names of vn_budget_target_names. */
bool vn_budget_target_is_known(const char *target);

/* Those that are known, with commas; static storage. */
const char *vn_budget_target_names(void);

/*
 * Prints the bytes of an engine and of each array of the store of a checked plan, as
 * VN_STORE_DEFINE makes them, for people or as JSON. Static data of firmware: no heap, no
 * alignment between arrays, which is the linker's.
 */
void vn_budget_target_print(const vn_plan_t *plan, const char *target, bool json);

#endif
