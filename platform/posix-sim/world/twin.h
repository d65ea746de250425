/* An engine that nothing ever happens to: it takes readings one by one and loses none. */
#ifndef VN_WORLD_TWIN_H
#define VN_WORLD_TWIN_H

#include "case.h"
#include "records.h"

/*
 * Gives the readings of one device to an engine without flash, without messages, without faults, in
 * their order, and takes down what it tells. False: `problem` says why.
 */
bool vn_twin_run(const vn_case_t *world_case, const vn_story_reading_t *readings, size_t count,
                 uint32_t device, vn_story_t *told, char *problem, size_t room);

#endif
