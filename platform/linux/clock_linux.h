/* The clock port over clock_gettime. */
#ifndef VN_CLOCK_LINUX_H
#define VN_CLOCK_LINUX_H

#include "vn/port.h"

/*
 * Boards without a battery start in 1970, or where systemd left off: a wall clock before this
 * instant (2024-01-01) counts as not set.
 */
#define VN_CLOCK_NOT_SET_BEFORE_MS INT64_C(1704067200000)

/* Static; no context. */
extern const vn_clock_t vn_clock_linux;

int64_t vn_clock_linux_mono_ms(void);

#endif
