/* A node: an engine behind a serial line. Frames in, frames out (docs/serial.md); no OS, no heap.
 */
#ifndef VN_NODE_H
#define VN_NODE_H

#include "vn/engine.h"
#include "vn/frame.h"

/* Messages that may leave before one of them is acknowledged. */
#define VN_NODE_WINDOW 8u

/* What the buffer for a frame needs beside topic and payload. */
#define VN_NODE_FRAME_BYTES (VN_FRAME_HEAD_BYTES + VN_FRAME_CRC_BYTES)

/* What plans that come at run time need (docs/compile.md). */
typedef struct vn_node_room {
  void *block; /* for the store of whichever plan, aligned to 64 bytes */
  size_t block_bytes;
  uint8_t *plans; /* two loaded plans, plan_bytes for each, aligned to VN_PLAN_ALIGNMENT */
  size_t plan_bytes;
  const vn_flash_t *place; /* where the blob stays (plan_place.h); NULL: until the next start */
} vn_node_room_t;

/* What a node is made of; all of it outlives the node. */
typedef struct vn_node_parts {
  const vn_plan_t *plan;      /* that the node is born with */
  const vn_store_t *store;    /* for this plan; not with a room */
  const vn_node_room_t *room; /* NULL: the plan stays as it is */
  const vn_flash_t *flash;    /* NULL: volatile */
  const vn_line_t *line;
  void *clock_context;
  int64_t (*mono_ms)(void *clock_context); /* never goes back */
  uint8_t *in; /* plan->message_max_bytes + VN_NODE_FRAME_BYTES at least */
  size_t in_bytes;
} vn_node_parts_t;

typedef struct vn_node {
  vn_engine_t engine;
  vn_node_parts_t parts;
  const vn_plan_t *plan; /* the one in use */
  vn_store_t store;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_ports_t ports;
  vn_frame_reader_t reader;
  vn_frame_writer_t writer;
  int64_t wall_offset_ms; /* wall clock less the monotonic one, since a TIME came */
  uint64_t taken_number;  /* of the last MESSAGE that was taken; 0: none was */
  uint32_t in_flight;
  uint32_t frames_refused;
  vn_err_t flash_error; /* why the flash isn't used, VN_OK if it is */
  vn_err_t plan_error;  /* why the plan of the place isn't used, VN_OK if it is, or there is none */
  uint8_t plan_half;    /* of the room's plans: where the next one is loaded */
  bool has_time;
  bool stopped; /* by a STOP: everything is committed, the node does nothing any more */
} vn_node_t;

/*
 * Prepares the engine and reads its state back. A flash that can't be used (VN_ERR_FOREIGN,
 * VN_ERR_CORRUPT, ...) is left as it is and told in a REFUSED; the node then works without one.
 * With a room, the plan is that of its place; one that can't be used is told in a REFUSED, and the
 * plan that the node is born with is used. Else the errors of vn_init; VN_ERR_STORE: `in` or the
 * room is too small, too.
 */
VN_NODISCARD vn_err_t vn_node_start(vn_node_t *node, const vn_node_parts_t *parts);

/*
 * Takes bytes of the line, not from an interrupt. A MESSAGE is acknowledged once it is in the
 * queue, in journal mode once it is on the flash, or refused with VN_ERR_FULL (send it again) or
 * VN_ERR_TOO_BIG; one with the number of the last one that was taken, which isn't 0, is
 * acknowledged and not taken again. What is no frame is refused with number 0. A PLAN is
 * acknowledged once the node runs it and it is in its place; refused with the errors of
 * vn_plan_load, VN_ERR_STORE (the room or `in` is too small), VN_ERR_FOREIGN (another device,
 * another flash) or those of the flash, and the node goes on with the plan that it has.
 */
void vn_node_receive(vn_node_t *node, const uint8_t *bytes, size_t length);

/* Does a bounded amount of work; *sleep_ms as of vn_step. Errors of the flash: it goes on. */
VN_NODISCARD vn_err_t vn_node_step(vn_node_t *node, uint32_t *sleep_ms);

#endif
