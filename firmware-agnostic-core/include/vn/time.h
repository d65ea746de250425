/* Times: int64 milliseconds since the Unix epoch; negative times are ordinary. */
#ifndef VN_TIME_H
#define VN_TIME_H

#include <stdint.h>

typedef int64_t vn_time_ms_t;

/* Watermark before the first reading, and after the end of input. */
#define VN_TIME_MINUS_INFINITY INT64_MIN
#define VN_TIME_PLUS_INFINITY INT64_MAX

/* Event times outside [0001-01-01, 9999-12-31] come from broken senders and are refused. */
#define VN_TIME_LOWEST_MS INT64_C(-62135596800000)
#define VN_TIME_HIGHEST_MS INT64_C(253402300799999)

/* A duration that is switched off. */
#define VN_DURATION_OFF INT64_C(-1)

#endif
