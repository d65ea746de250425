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

/* What a node is made of; all of it outlives the node. */
typedef struct vn_node_parts {
  const vn_plan_t *plan;
  const vn_store_t *store;
  const vn_flash_t *flash; /* NULL: volatile */
  const vn_line_t *line;
  void *clock_context;
  int64_t (*mono_ms)(void *clock_context); /* never goes back */
  uint8_t *in; /* plan->message_max_bytes + VN_NODE_FRAME_BYTES at least */
  size_t in_bytes;
} vn_node_parts_t;

typedef struct vn_node {
  vn_engine_t engine;
  vn_node_parts_t parts;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_ports_t ports;
  vn_frame_reader_t reader;
  vn_frame_writer_t writer;
  int64_t wall_offset_ms; /* wall clock less the monotonic one, since a TIME came */
  uint32_t in_flight;
  uint32_t frames_refused;
  vn_err_t flash_error; /* why the flash isn't used, VN_OK if it is */
  bool has_time;
  bool stopped; /* by a STOP: everything is committed, the node does nothing any more */
} vn_node_t;

/*
 * Prepares the engine and reads its state back. A flash that can't be used (VN_ERR_FOREIGN,
 * VN_ERR_CORRUPT, ...) is left as it is and told in a REFUSED; the node then works without one.
 * Else the errors of vn_init; VN_ERR_STORE: `in` is too small, too.
 */
VN_NODISCARD vn_err_t vn_node_start(vn_node_t *node, const vn_node_parts_t *parts);

/*
 * Takes bytes of the line, not from an interrupt. A MESSAGE is acknowledged once it is in the
 * queue, in journal mode once it is on the flash, or refused with VN_ERR_FULL (send it again) or
 * VN_ERR_TOO_BIG. What is no frame is refused with number 0.
 */
void vn_node_receive(vn_node_t *node, const uint8_t *bytes, size_t length);

/* Does a bounded amount of work; *sleep_ms as of vn_step. Errors of the flash: it goes on. */
VN_NODISCARD vn_err_t vn_node_step(vn_node_t *node, uint32_t *sleep_ms);

#endif
