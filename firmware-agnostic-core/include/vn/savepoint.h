/* Savepoints: the whole state of an engine as portable CBOR (docs/savepoints.md, savepoint.cddl).
 */
#ifndef VN_SAVEPOINT_H
#define VN_SAVEPOINT_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/time.h"
#include "vn/topic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VN_SAVEPOINT_VERSION 1u

typedef struct vn_engine vn_engine_t;

/* Takes the bytes piece by piece, in order; an error ends the writing. */
typedef struct vn_savepoint_sink {
  void *context;
  vn_err_t (*write)(void *context, const uint8_t *bytes, size_t length);
} vn_savepoint_sink_t;

/*
 * Writes a savepoint of what the engine holds now, also in the middle of a run. Summaries that wait
 * for others go into a message first, as in a commit. No memory but the store's scratch; the bytes
 * depend on the state alone. Errors are the sink's.
 */
VN_NODISCARD vn_err_t vn_savepoint_write(vn_engine_t *engine, const vn_savepoint_sink_t *sink);

/*
 * Where the command "savepoint" has one written: begin, any number of writes, end (good: it counts
 * from now on; else what was there before does). All are called from the engine's thread, within
 * vn_step; none calls back into the engine. An error ends the writing.
 */
typedef struct vn_keeper {
  void *context;
  const char *name; /* told in the answer */
  vn_err_t (*begin)(void *context);
  vn_err_t (*write)(void *context, const uint8_t *bytes, size_t length);
  vn_err_t (*end)(void *context, bool good);
} vn_keeper_t;

/* What the engine knows of savepoints. */
typedef struct vn_savepoints {
  const vn_keeper_t *keeper; /* NULL: there is none */
  int64_t kept_mono_ms;      /* when the last one was written, */
  bool kept;                 /* if one was */
  bool asked;                /* by the message at work */
  bool inspected;            /* the engine was read back, and does nothing else */
} vn_savepoints_t;

/* Before vn_restore; it outlives the engine. Without one the command is refused. */
void vn_keep_savepoints(vn_engine_t *engine, const vn_keeper_t *keeper);

/* Has one written now; *bytes is its length. VN_ERR_ORDER: there is no keeper; VN_AGAIN: the last
 * one is younger than VN_SAVEPOINT_PAUSE_MS; else its errors. */
#define VN_SAVEPOINT_PAUSE_MS 10000
VN_NODISCARD vn_err_t vn_savepoint_keep(vn_engine_t *engine, uint64_t *bytes);

/*
 * Reads a state back for vn_savepoint_write and for looking at it, and writes nothing; to be called
 * instead of vn_restore. Nothing else may be done with this engine. For a savepoint that doesn't
 * depend on the time at which it is written the clock of the port stands: mono_ms at 0, wall_ms at
 * vn_inspected_wall_ms. VN_ERR_UNFORMATTED: there is no state; else as vn_restore.
 */
VN_NODISCARD vn_err_t vn_inspect(vn_engine_t *engine);

/* When the state was committed, as soon as it is known; false: it isn't, or there was no clock. */
bool vn_inspected_wall_ms(const vn_engine_t *engine, vn_time_ms_t *out);

/* What a savepoint says of itself; device points into it. */
typedef struct vn_savepoint_head {
  vn_text_t device;
  uint64_t seq;
  uint64_t configuration_hash;
  vn_time_ms_t at_ms; /* valid when has_time */
  uint32_t boot;
  uint32_t state_version;
  bool has_time;
  bool clean; /* of a clean stop */
} vn_savepoint_head_t;

/* VN_ERR_FORMAT: no savepoint, or damaged (its CRC covers all). VN_ERR_NEWER: of a later version of
 * the format. */
VN_NODISCARD vn_err_t vn_savepoint_look(const uint8_t *bytes, size_t length,
                                        vn_savepoint_head_t *out);

/*
 * Makes a state of a savepoint in a region that is empty, and commits it; to be called instead of
 * vn_restore, on an engine that does nothing else. What the plan doesn't know is left out and
 * counted (vn_engine_recovery). The port's clock stands as for vn_inspect, at the savepoint's time.
 * `accept`: the states of series of a later version are given up, and the numbers of messages and
 * what waits to be sent are taken; else VN_ERR_NEWER. VN_ERR_FOREIGN: of another device.
 * VN_ERR_ORDER: the region is not empty, or the savepoint holds messages of a journal and the plan
 * has none. VN_ERR_FORMAT, VN_ERR_FLASH, VN_ERR_LOG_FULL, VN_ERR_TOO_BIG.
 */
VN_NODISCARD vn_err_t vn_restore_savepoint(vn_engine_t *engine, const uint8_t *bytes, size_t length,
                                           bool accept);

#endif
