#include "node.h"

#include <string.h>

#include "plan_place.h"
#include "vn/plan_load.h"

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
  const vn_store_t *store = node->parts.room == NULL ? node->parts.store : &node->store;
  node->ports = (vn_ports_t){&node->clock, flash, &node->uplink, NULL};
  vn_err_t error = vn_init(&node->engine, node->plan, store, &node->ports);
  if (error != VN_OK) {
    return error;
  }
  node->flash_error = vn_restore(&node->engine);
  return VN_OK;
}

/* Whether the node has room for what a plan needs. */
static vn_err_t make_room(const vn_node_t *node, const vn_plan_t *plan, vn_store_t *store) {
  const vn_node_parts_t *parts = &node->parts;
  if (parts->in_bytes < plan->message_max_bytes + VN_NODE_FRAME_BYTES) {
    return VN_ERR_STORE;
  }
  if (parts->room == NULL) {
    return VN_OK;
  }
  vn_err_t error = vn_store_need(plan, store);
  return error != VN_OK                                      ? error
         : vn_store_bytes(store) <= parts->room->block_bytes ? VN_OK
                                                             : VN_ERR_STORE;
}

/* Where the flash can't be used, without it. */
static vn_err_t run_plan(vn_node_t *node, const vn_plan_t *plan) {
  vn_err_t error = make_room(node, plan, &node->store);
  if (error != VN_OK) {
    return error;
  }
  if (node->parts.room != NULL) {
    vn_store_layout(&node->store, node->parts.room->block);
  }
  node->plan = plan;
  node->in_flight = 0;
  error = start_engine(node, node->parts.flash);
  if (error != VN_OK || node->flash_error == VN_OK) {
    return error;
  }
  vn_err_t why = node->flash_error;
  answer(node, 0, why);
  error = start_engine(node, NULL);
  node->flash_error = why;
  return error;
}

static bool same_word(const char *a, const char *b) {
  size_t length = strlen(a);
  return strlen(b) == length && memcmp(a, b, length) == 0;
}

/* The state belongs to a device, and lies on a flash. */
static bool is_for(const vn_node_t *node, const vn_plan_t *plan) {
  const vn_flash_t *flash = node->parts.flash;
  return same_word(plan->device, node->parts.plan->device) &&
         (flash == NULL || plan->durability == VN_DURABILITY_VOLATILE ||
          (plan->state_bytes == flash->size_bytes && plan->erase_block_bytes == flash->erase_size &&
           plan->program_unit_bytes == flash->prog_size));
}

/* Into the half of the room that isn't in use. */
static vn_err_t load_plan(const vn_node_t *node, const uint8_t *blob, size_t length,
                          const vn_plan_t **plan) {
  const vn_node_room_t *room = node->parts.room;
  vn_store_t need;
  vn_err_t error = vn_plan_load(blob, length, room->plans + node->plan_half * room->plan_bytes,
                                room->plan_bytes, plan);
  if (error != VN_OK) {
    return error == VN_ERR_FULL ? VN_ERR_TOO_BIG : error; /* FULL means: send it again */
  }
  return is_for(node, *plan) ? make_room(node, *plan, &need) : VN_ERR_FOREIGN;
}

/* VN_END: there is none. The frames' buffer is free yet. */
static vn_err_t run_plan_of_place(vn_node_t *node) {
  const vn_node_room_t *room = node->parts.room;
  const vn_plan_t *plan;
  size_t length = 0;
  if (room == NULL || room->place == NULL) {
    return VN_END;
  }
  vn_err_t error = vn_plan_place_read(room->place, node->parts.in, node->parts.in_bytes, &length);
  error = error == VN_OK ? load_plan(node, node->parts.in, length, &plan) : error;
  error = error == VN_OK ? run_plan(node, plan) : error;
  node->plan_half ^= error == VN_OK;
  return error;
}

vn_err_t vn_node_start(vn_node_t *node, const vn_node_parts_t *parts) {
  VN_ASSERT(node != NULL && parts != NULL);
  VN_ASSERT(parts->room != NULL || parts->store != NULL);
  *node = (vn_node_t){.parts = *parts};
  node->clock = (vn_clock_t){node, mono_ms, wall_ms};
  node->uplink = (vn_uplink_t){node, send_message};
  vn_frame_writer_init(&node->writer, parts->line);
  vn_err_t error = run_plan_of_place(node);
  if (error != VN_OK) {
    if (error != VN_END) {
      node->plan_error = error;
      answer(node, 0, error);
    }
    error = run_plan(node, parts->plan);
  }
  vn_frame_reader_init(&node->reader, parts->in, parts->in_bytes);
  return error;
}

/* What waits in the queue was acknowledged: it is to be in the state that is left behind. */
static vn_err_t empty_queue(vn_node_t *node) {
  vn_err_t error = VN_OK;
  uint32_t sleep_ms;
  for (uint32_t i = 0; i < node->plan->queue_messages && vn_waiting(&node->engine) > 0; i++) {
    vn_err_t own = vn_step(&node->engine, STEP_BUDGET, &sleep_ms);
    error = own < 0 ? own : error;
  }
  return error;
}

/* All that can fail comes before the engine that runs is given up. */
static vn_err_t change_plan(vn_node_t *node, const vn_plan_t *plan, const vn_frame_t *frame) {
  const vn_flash_t *place = node->parts.room->place;
  const vn_plan_t *before = node->plan;
  vn_err_t error = empty_queue(node);
  error = error == VN_OK ? vn_checkpoint(&node->engine) : error;
  if (error == VN_OK && place != NULL) {
    error = vn_plan_place_write(place, frame->payload, frame->payload_length);
  }
  if (error != VN_OK) {
    return error;
  }
  error = vn_stop(&node->engine);
  error = error == VN_OK ? run_plan(node, plan) : error;
  if (error == VN_OK) {
    node->plan_half ^= 1u;
    return VN_OK;
  }
  vn_err_t undone = place == NULL ? VN_OK : vn_plan_place_undo(place);
  vn_err_t again = run_plan(node, before);
  VN_ASSERT(again == VN_OK); /* it ran before */
  return undone == VN_OK ? error : undone;
}

static void take_plan(vn_node_t *node, const vn_frame_t *frame) {
  const vn_plan_t *plan = NULL;
  vn_err_t error = VN_ERR_STORE;
  if (node->parts.room != NULL) {
    error = load_plan(node, frame->payload, frame->payload_length, &plan);
    error = error == VN_OK ? change_plan(node, plan, frame) : error;
  }
  answer(node, frame->number, error);
}

static bool is_journal(const vn_node_t *node) {
  return node->plan->durability == VN_DURABILITY_JOURNAL && node->ports.flash != NULL;
}

/* The same once more: its acknowledgement got lost, or came too late. */
static bool is_taken(const vn_node_t *node, uint64_t number) {
  return number != 0 && number == node->taken_number;
}

static void take_message(vn_node_t *node, const vn_frame_t *frame) {
  if (is_taken(node, frame->number)) {
    answer(node, frame->number, VN_OK);
    return;
  }
  bool retained = (frame->flags & VN_FRAME_RETAINED) != 0;
  vn_err_t error = is_journal(node) ? vn_accept_message(&node->engine, frame->topic, frame->payload,
                                                        frame->payload_length, retained)
                                    : vn_offer_message(&node->engine, frame->topic, frame->payload,
                                                       frame->payload_length, retained);
  node->taken_number = error == VN_OK ? frame->number : node->taken_number;
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

static void stop(vn_node_t *node, uint64_t number) {
  vn_err_t emptied = empty_queue(node);
  vn_err_t error = vn_stop(&node->engine);
  answer(node, number, error == VN_OK ? emptied : error);
  node->stopped = true;
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
      stop(node, frame->number);
      break;
    case VN_FRAME_PLAN:
      take_plan(node, frame);
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
