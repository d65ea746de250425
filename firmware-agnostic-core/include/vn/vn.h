/* Everything an application needs. */
#ifndef VN_VN_H
#define VN_VN_H

#include "vn/budget.h"
#include "vn/engine.h"
#include "vn/nano.h"
#include "vn/plan_load.h"
#include "vn/store.h"

#endif
