/* Corrections: readings that came when their windows were gone, as deltas to be added upstream. */
#ifndef VN_CORRECTION_H
#define VN_CORRECTION_H

#include "vn/window.h"

#define VN_CORRECTIONS_MAX 64u

/* What came too late for one window since its last delta. */
typedef struct vn_delta {
  vn_aggregate_t aggregate; /* count > 0 */
  vn_time_ms_t start_ms;
  uint8_t window; /* index of the definition */
} vn_delta_t;

/* Of one series; all zero at first. */
typedef struct vn_correction_state {
  uint32_t told;  /* deltas so far: the next one's revision */
  uint16_t count; /* deltas that wait, the oldest first */
} vn_correction_state_t;

typedef struct vn_correction_memory {
  vn_correction_state_t *state;
  vn_delta_t *deltas; /* capacity */
  uint16_t capacity;  /* 1..VN_CORRECTIONS_MAX */
} vn_correction_memory_t;

/*
 * Adds a reading to the deltas of those of its windows of time that are gone by this watermark; it
 * must not have come into them otherwise. Where there is no room for another delta the oldest is
 * told. False: there is no such window, nothing has changed. Cost: O(windows that the reading lies
 * in * capacity).
 */
bool vn_correction_take(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                        vn_time_ms_t watermark_ms, vn_time_ms_t time_ms, int32_t value,
                        const vn_window_sink_t *sink);

/* Tells all that wait, the oldest first: kind partial, each with a revision of its own. */
void vn_correction_tell(const vn_window_set_t *set, const vn_correction_memory_t *memory,
                        const vn_window_sink_t *sink);

/* Serialises them; returns the length, which may exceed capacity (then nothing is usable). */
size_t vn_correction_save(const vn_correction_memory_t *memory, uint8_t *out, size_t capacity);

/* The greatest length vn_correction_save can return. */
size_t vn_correction_save_max(uint16_t corrections);

/* Restores what save wrote; VN_ERR_FORMAT leaves no delta. */
VN_NODISCARD vn_err_t vn_correction_load(const vn_window_set_t *set,
                                         const vn_correction_memory_t *memory, const uint8_t *bytes,
                                         size_t length);

#endif
