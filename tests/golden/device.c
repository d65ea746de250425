#include "device.h"

#include <string.h>

#include "vn/vn.h"

enum { STEPS_MAX = 100000, ERASED = 0xFF, POWER_UP_NOISE = 0xA5 };

static int64_t mono_ms(void *context) {
  const device_t *device = context;
  return device->now_ms;
}

/* What the gateway hears; a device without power says nothing. */
static void line_write(void *context, const uint8_t *bytes, size_t length) {
  device_t *device = context;
  if (device->flash.dead) {
    return;
  }
  golden_sum(device->output, bytes, length);
  for (size_t i = 0; i < length; i++) {
    vn_frame_t frame;
    if (vn_frame_read(&device->gateway, bytes[i], &frame) != VN_OK) {
      continue;
    }
    if (frame.kind == VN_FRAME_MESSAGE && device->gateway_up) {
      VN_ASSERT(device->pending_count < DEVICE_PENDING);
      device->pending[device->pending_count++] = frame.number;
    } else if (frame.kind == VN_FRAME_ACKNOWLEDGE) {
      device->unacknowledged = device->unacknowledged && frame.number != device->next_number;
    } else if (frame.kind == VN_FRAME_REFUSED) {
      device->refused++;
    }
  }
}

/* The store's arrays, filled with what RAM may hold when the power comes. */
static const char *make_store(device_t *device) {
  vn_store_t need;
  if (vn_store_need(device->plan, &need) != VN_OK) {
    return "the plan is wrong";
  }
  if (vn_store_bytes(&need) > sizeof device->block) {
    return "the block is too small for the store";
  }
  memset(device->block, POWER_UP_NOISE, sizeof device->block);
  device->store = need;
  vn_store_layout(&device->store, device->block);
  return NULL;
}

const char *device_make(device_t *device, unsigned index, int64_t now_ms) {
  device->plan = golden_plan(index);
  device->now_ms = now_ms;
  device->gateway_up = true;
  device->next_number = 1;
  device->line = (vn_line_t){device, line_write};
  if (device->plan == NULL) {
    return "there is no plan";
  }
  if (device->plan->state_bytes > sizeof device->bytes) {
    return "the flash array is too small for the plan";
  }
  memset(device->bytes, ERASED, sizeof device->bytes);
  vn_ram_flash_init(&device->flash, device->bytes, (uint32_t)device->plan->state_bytes,
                    device->plan->erase_block_bytes, device->plan->program_unit_bytes);
  golden_sensors_init(&device->sensors, index);
  return NULL;
}

const char *device_start(device_t *device) {
  const char *wrong = make_store(device);
  if (wrong != NULL) {
    return wrong;
  }
  vn_ram_flash_power_up(&device->flash);
  memset(&device->node, POWER_UP_NOISE, sizeof device->node);
  vn_frame_reader_init(&device->gateway, device->gateway_in, sizeof device->gateway_in);
  device->pending_count = 0;
  const vn_node_parts_t parts = {.plan = device->plan,
                                 .store = &device->store,
                                 .flash = &device->flash.port,
                                 .line = &device->line,
                                 .clock_context = device,
                                 .mono_ms = mono_ms,
                                 .in = device->in,
                                 .in_bytes = sizeof device->in};
  if (vn_node_start(&device->node, &parts) != VN_OK) {
    return "the node did not start";
  }
  return device->node.flash_error == VN_OK ? NULL : "the state was not read back";
}

/* The gateway writes a frame aside. */
static void keep_sent(void *context, const uint8_t *bytes, size_t length) {
  device_t *device = context;
  VN_ASSERT(length <= sizeof device->sent - device->sent_length);
  memcpy(device->sent + device->sent_length, bytes, length);
  device->sent_length += length;
}

static void transmit(device_t *device, const vn_frame_t *frame) {
  vn_line_t line = {device, keep_sent};
  vn_frame_writer_t writer;
  device->sent_length = 0;
  vn_frame_writer_init(&writer, &line);
  vn_frame_write(&writer, frame);
  vn_node_receive(&device->node, device->sent, device->sent_length);
}

void device_greet(device_t *device) {
  vn_frame_t begin = {.kind = VN_FRAME_BEGIN};
  vn_frame_t time = {.kind = VN_FRAME_TIME, .number = (uint64_t)device->now_ms};
  device->pending_count = 0;
  device->gateway_up = true;
  transmit(device, &begin);
  if (!device->hide_time) {
    transmit(device, &time);
  }
}

static void send_pack(device_t *device) {
  transmit(device, &(vn_frame_t){.kind = VN_FRAME_MESSAGE,
                                 .number = device->next_number,
                                 .topic = {device->pack.topic, strlen(device->pack.topic)},
                                 .payload = device->pack.payload,
                                 .payload_length = device->pack.length});
}

void device_send(device_t *device) {
  device->next_number++;
  device->unacknowledged = true;
  send_pack(device);
}

void device_spoil(device_t *device) {
  uint8_t *middle = device->sent + device->sent_length / 2;
  *middle = *middle == 0x40 ? 0x80 : 0x40;
  vn_node_receive(&device->node, device->sent, device->sent_length);
}

/* Whether the gateway had anything to acknowledge. */
static bool acknowledge(device_t *device) {
  bool any = device->pending_count > 0;
  for (size_t i = 0; i < device->pending_count; i++) {
    transmit(device, &(vn_frame_t){.kind = VN_FRAME_ACKNOWLEDGE, .number = device->pending[i]});
  }
  device->pending_count = 0;
  return any;
}

static const char *power_cycle(device_t *device) {
  device->restarts++;
  const char *wrong = device_start(device);
  if (wrong != NULL) {
    return wrong;
  }
  device_greet(device);
  if (device->unacknowledged) {
    send_pack(device);
  }
  return NULL;
}

const char *device_settle(device_t *device) {
  for (uint32_t i = 0; i < STEPS_MAX; i++) {
    uint32_t sleep_ms = 0;
    vn_err_t error = vn_node_step(&device->node, &sleep_ms);
    if (device->flash.dead) {
      const char *wrong = power_cycle(device);
      if (wrong != NULL) {
        return wrong;
      }
      continue;
    }
    if (error < 0) {
      return vn_err_text(error);
    }
    if (!acknowledge(device) && sleep_ms > 0) {
      return NULL;
    }
  }
  return "the device never rests";
}

/* A clock that stands, for savepoints. */
static int64_t no_ms(void *context) {
  (void)context;
  return 0;
}

static bool inspected_ms(void *context, vn_time_ms_t *out) {
  return vn_inspected_wall_ms(context, out);
}

static bool given_ms(void *context, vn_time_ms_t *out) {
  const vn_savepoint_head_t *head = context;
  *out = head->at_ms;
  return head->has_time;
}

typedef struct appender {
  uint8_t *out;
  size_t capacity, length;
} appender_t;

static vn_err_t append(void *context, const uint8_t *bytes, size_t length) {
  appender_t *appender = context;
  if (length > appender->capacity - appender->length) {
    return VN_ERR_FULL;
  }
  memcpy(appender->out + appender->length, bytes, length);
  appender->length += length;
  return VN_OK;
}

size_t device_export(device_t *device, uint8_t *out, size_t capacity) {
  vn_engine_t *engine = &device->node.engine;
  vn_clock_t clock = {engine, no_ms, inspected_ms};
  vn_ports_t ports = {&clock, &device->flash.port, NULL, NULL};
  appender_t appender = {out, capacity, 0};
  vn_savepoint_sink_t sink = {&appender, append};
  transmit(device, &(vn_frame_t){.kind = VN_FRAME_STOP, .number = ++device->next_number});
  bool good = device->node.stopped && make_store(device) == NULL &&
              vn_init(engine, device->plan, &device->store, &ports) == VN_OK &&
              vn_inspect(engine) == VN_OK && vn_savepoint_write(engine, &sink) == VN_OK;
  return good ? appender.length : 0;
}

const char *device_import(device_t *device, const uint8_t *bytes, size_t length) {
  vn_engine_t *engine = &device->node.engine;
  vn_savepoint_head_t head;
  vn_clock_t clock = {&head, no_ms, given_ms};
  vn_ports_t ports = {&clock, &device->flash.port, NULL, NULL};
  memset(device->bytes, ERASED, sizeof device->bytes);
  vn_ram_flash_power_up(&device->flash);
  vn_err_t error = vn_savepoint_look(bytes, length, &head);
  if (error == VN_OK && make_store(device) == NULL) {
    error = vn_init(engine, device->plan, &device->store, &ports);
    error = error == VN_OK ? vn_restore_savepoint(engine, bytes, length, false) : error;
  }
  if (error != VN_OK) {
    return vn_err_text(error);
  }
  const vn_recovery_t *recovery = vn_engine_recovery(engine);
  return recovery->series_reset + recovery->operators_reset == 0 ? NULL : "a part was not restored";
}
