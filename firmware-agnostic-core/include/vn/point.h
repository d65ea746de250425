/* A reading as operators that go by time order see it. */
#ifndef VN_POINT_H
#define VN_POINT_H

#include "vn/time.h"

/* The time lies within [VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS]; the value is a scaled int32. */
typedef struct vn_point {
  vn_time_ms_t time_ms;
  int32_t value;
} vn_point_t;

#endif
