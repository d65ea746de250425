#include "node.h"

#define STEP_BUDGET 8u

static int64_t mono_ms(void *context) {
  const vn_node_t *node = context;
  return node->parts.mono_ms(node->parts.clock_context);
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const vn_node_t *node = context;
  *out = node->wall_offset_ms + mono_ms(context);
  return node->has_time;
}

static void answer(vn_node_t *node, uint64_t number, vn_err_t error) {
  const uint8_t code = (uint8_t)(int8_t)error;
  vn_frame_t frame = {.kind = VN_FRAME_ACKNOWLEDGE, .number = number};
  if (error != VN_OK) {
    frame.kind = VN_FRAME_REFUSED;
    frame.payload = &code;
    frame.payload_length = 1;
  }
  vn_frame_write(&node->writer, &frame);
}

static vn_err_t send_message(void *context, const vn_message_t *message) {
  vn_node_t *node = context;
  if (node->in_flight >= VN_NODE_WINDOW) {
    return VN_AGAIN;
  }
  vn_frame_t frame = {.kind = VN_FRAME_MESSAGE,
                      .flags = (uint8_t)((message->retained ? VN_FRAME_RETAINED : 0u) |
                                         (message->absolute ? VN_FRAME_ABSOLUTE : 0u)),
                      .number = message->index,
                      .topic = {message->topic, message->topic_length},
                      .payload = message->payload,
                      .payload_length = message->payload_length};
  vn_frame_write(&node->writer, &frame);
  node->in_flight++;
  return VN_OK;
}

static vn_err_t start_engine(vn_node_t *node, const vn_flash_t *flash) {
  node->ports = (vn_ports_t){&node->clock, flash, &node->uplink, NULL};
  vn_err_t error = vn_init(&node->engine, node->parts.plan, node->parts.store, &node->ports);
  if (error != VN_OK) {
    return error;
  }
  node->flash_error = vn_restore(&node->engine);
  return VN_OK;
}

vn_err_t vn_node_start(vn_node_t *node, const vn_node_parts_t *parts) {
  VN_ASSERT(node != NULL && parts != NULL);
  *node = (vn_node_t){.parts = *parts};
  if (parts->in_bytes < parts->plan->message_max_bytes + VN_NODE_FRAME_BYTES) {
    return VN_ERR_STORE;
  }
  node->clock = (vn_clock_t){node, mono_ms, wall_ms};
  node->uplink = (vn_uplink_t){node, send_message};
  vn_frame_writer_init(&node->writer, parts->line);
  vn_frame_reader_init(&node->reader, parts->in, parts->in_bytes);
  vn_err_t error = start_engine(node, parts->flash);
  if (error != VN_OK || node->flash_error == VN_OK) {
    return error;
  }
  vn_err_t why = node->flash_error;
  answer(node, 0, why);
  error = start_engine(node, NULL);
  node->flash_error = why;
  return error;
}

static bool is_journal(const vn_node_t *node) {
  return node->parts.plan->durability == VN_DURABILITY_JOURNAL && node->ports.flash != NULL;
}

static void take_message(vn_node_t *node, const vn_frame_t *frame) {
  bool retained = (frame->flags & VN_FRAME_RETAINED) != 0;
  vn_err_t error = is_journal(node) ? vn_accept_message(&node->engine, frame->topic, frame->payload,
                                                        frame->payload_length, retained)
                                    : vn_offer_message(&node->engine, frame->topic, frame->payload,
                                                       frame->payload_length, retained);
  answer(node, frame->number, error);
}

static void take_time(vn_node_t *node, int64_t time_ms) {
  if (time_ms < VN_TIME_LOWEST_MS || time_ms > VN_TIME_HIGHEST_MS) {
    answer(node, 0, VN_ERR_FORMAT);
    return;
  }
  node->wall_offset_ms = time_ms - mono_ms(node);
  node->has_time = true;
  vn_watch_clock(&node->engine);
}

static void take_frame(vn_node_t *node, const vn_frame_t *frame) {
  switch (frame->kind) {
    case VN_FRAME_MESSAGE:
      take_message(node, frame);
      break;
    case VN_FRAME_ACKNOWLEDGE:
      node->in_flight -= node->in_flight > 0;
      vn_sent(&node->engine, frame->number, true);
      break;
    case VN_FRAME_TIME:
      take_time(node, (int64_t)frame->number);
      break;
    case VN_FRAME_BEGIN:
      node->in_flight = 0;
      vn_uplink_restarted(&node->engine);
      break;
    case VN_FRAME_STOP:
      answer(node, frame->number, vn_stop(&node->engine));
      node->stopped = true;
      break;
    default: /* of a later version, or a REFUSED, which nothing follows from */
      break;
  }
}

void vn_node_receive(vn_node_t *node, const uint8_t *bytes, size_t length) {
  VN_ASSERT(node != NULL && (bytes != NULL || length == 0));
  for (size_t i = 0; i < length && !node->stopped; i++) {
    vn_frame_t frame;
    vn_err_t error = vn_frame_read(&node->reader, bytes[i], &frame);
    if (error == VN_OK) {
      take_frame(node, &frame);
    } else if (error < 0) {
      node->frames_refused++;
      answer(node, 0, error);
    }
  }
}

vn_err_t vn_node_step(vn_node_t *node, uint32_t *sleep_ms) {
  VN_ASSERT(node != NULL && sleep_ms != NULL);
  *sleep_ms = 0;
  return node->stopped ? VN_END : vn_step(&node->engine, STEP_BUDGET, sleep_ms);
}
