/* The line's side: opens it again and again, sends one message at a time, hears the device. */
#include "bridge_priv.h"
#include "clock_linux.h"
#include "log.h"

enum {
  OPEN_PAUSE_MS = 200,
  ANSWER_MS = 2000,
  GARBLED_PAUSE_MS = 50,
  FULL_PAUSE_MS = 20,
  TOO_BIG_MOST = 3
};
enum { FLASH_PAUSE_MS = 1000, CHUNK_BYTES = 4096, HOLD_MS = 10000, FLYING_MOST = 4 };

void vn__bridge_write(vn__bridge_t *bridge, const vn_frame_t *frame) {
  vn_frame_write(&bridge->writer, frame);
  bridge->figures.frames_out++;
}

static void note_noise(vn__bridge_t *bridge) {
  bridge->figures.noise_frames++;
  bridge->figures.noise_bytes += bridge->since_frame;
}

static void lose_line(vn__bridge_t *bridge, int64_t now_ms) {
  vn_log(VN_LOG_WARNING, VN_LOG_STATE,
         "the serial line is lost; messages of the broker wait until it is back", "serial",
         bridge->serial.path, NULL);
  if (bridge->since_frame > 0) {
    note_noise(bridge);
  }
  vn_serial_close(&bridge->serial);
  bridge->open_at_ms = now_ms + OPEN_PAUSE_MS;
  vn__bridge_tell_status(bridge, false);
}

static void tell_time(vn__bridge_t *bridge, int64_t now_ms) {
  vn_time_ms_t wall_ms = 0;
  if (vn_clock_linux.wall_ms(NULL, &wall_ms)) {
    vn__bridge_write(bridge, &(vn_frame_t){.kind = VN_FRAME_TIME, .number = (uint64_t)wall_ms});
  }
  bridge->time_at_ms = now_ms + bridge->options->time_every_ms;
}

static void open_line(vn__bridge_t *bridge, int64_t now_ms) {
  static const uint8_t zero = 0;
  const char *problem = vn_serial_open(&bridge->serial);
  bridge->open_at_ms = now_ms + OPEN_PAUSE_MS;
  if (problem != NULL) {
    if (!bridge->told_absent) {
      vn_log(VN_LOG_WARNING, VN_LOG_STATE, "the serial line can't be opened, trying again",
             "serial", bridge->serial.path, "reason", problem, NULL);
    }
    bridge->told_absent = true;
    return;
  }
  bridge->told_absent = false;
  vn_log(VN_LOG_NOTICE, VN_LOG_STATE, "the serial line is open", "serial", bridge->serial.path,
         NULL);
  bridge->figures.line_opens++;
  bridge->opening++;
  bridge->since_frame = 0;
  bridge->sent = false;
  bridge->send_at_ms = now_ms;
  bridge->begin_wanted = true;
  bridge->begin_at_ms = now_ms;
  bridge->hold_until_ms = now_ms + HOLD_MS;
  vn_frame_reader_init(&bridge->reader, bridge->in, sizeof bridge->in);
  vn_frame_writer_init(&bridge->writer, &bridge->line);
  vn_serial_put(&bridge->serial, &zero, 1); /* ends whatever the device has heard half */
  tell_time(bridge, now_ms);
  vn__bridge_tell_status(bridge, true);
}

void vn__bridge_keep_line(vn__bridge_t *bridge, int64_t now_ms) {
  if (bridge->serial.broken) {
    lose_line(bridge, now_ms);
  }
  if (bridge->serial.fd < 0 && now_ms >= bridge->open_at_ms) {
    open_line(bridge, now_ms);
  } else if (bridge->serial.fd >= 0 && now_ms >= bridge->time_at_ms) {
    tell_time(bridge, now_ms);
  }
}

static void drop(vn__bridge_t *bridge, vn_err_t why) {
  bridge->figures.dropped++;
  vn_log(VN_LOG_ERROR, VN_LOG_QUEUE, "a message can't be passed on to the device, it is dropped",
         "error", vn_err_text(why), NULL);
  vn__bridge_taken(bridge);
}

/*
 * A device whose results don't leave has no room for more, so that readings rather wait in the
 * broker; not for ever, for what they do to the device's alerts goes on without us.
 */
static bool is_held_back(vn__bridge_t *bridge, int64_t now_ms) {
  bool leaves = bridge->out_up && vn__bridge_flying(bridge) < FLYING_MOST;
  if (leaves) {
    bridge->hold_until_ms = now_ms + HOLD_MS;
  }
  return !leaves && !bridge->sent && now_ms < bridge->hold_until_ms;
}

void vn__bridge_offer(vn__bridge_t *bridge, int64_t now_ms) {
  const vn_mqtt_arrival_t *arrival = vn__bridge_waiting(bridge);
  if (arrival == NULL) {
    return;
  }
  if (arrival->topic.length + arrival->length > VN__BRIDGE_MESSAGE_BYTES ||
      arrival->topic.length > UINT16_MAX) {
    drop(bridge, VN_ERR_TOO_BIG);
    return;
  }
  if (bridge->serial.fd < 0 || bridge->serial.length > 0 || now_ms < bridge->send_at_ms ||
      is_held_back(bridge, now_ms)) {
    return;
  }
  bridge->figures.sent_again += bridge->sent;
  bridge->sent = true;
  bridge->send_at_ms = now_ms + ANSWER_MS;
  vn__bridge_write(bridge, &(vn_frame_t){.kind = VN_FRAME_MESSAGE,
                                         .flags = arrival->retained ? VN_FRAME_RETAINED : 0,
                                         .number = bridge->number,
                                         .topic = arrival->topic,
                                         .payload = arrival->payload,
                                         .payload_length = arrival->length});
}

/* When a refused message may come again; 0: it never fits. */
static int64_t pause_of(vn_err_t code) {
  switch (code) {
    case VN_ERR_FULL:
      return FULL_PAUSE_MS;
    case VN_ERR_LOG_FULL:
    case VN_ERR_FLASH:
      return FLASH_PAUSE_MS;
    default:
      return 0;
  }
}

/* Without a number it may be the message, or noise. One that is too long is told so again and
 * again.
 */
static void take_unnumbered(vn__bridge_t *bridge, vn_err_t code, int64_t now_ms) {
  vn_log(VN_LOG_WARNING, VN_LOG_QUEUE, "the device refuses", "error", vn_err_text(code), NULL);
  if (!bridge->sent) {
    return;
  }
  bridge->too_big += code == VN_ERR_TOO_BIG;
  if (bridge->too_big == TOO_BIG_MOST) {
    drop(bridge, code);
  } else if (bridge->send_at_ms > now_ms + GARBLED_PAUSE_MS) {
    bridge->send_at_ms = now_ms + GARBLED_PAUSE_MS;
  }
}

static void take_refusal(vn__bridge_t *bridge, const vn_frame_t *frame, int64_t now_ms) {
  int code = frame->payload_length == 1 ? (int8_t)frame->payload[0] : 0;
  bridge->figures.refused[code < 0 && code > -VN__BRIDGE_CODES ? -code : 0]++;
  if (frame->number == 0) {
    take_unnumbered(bridge, (vn_err_t)code, now_ms);
  } else if (bridge->stop_sent && frame->number == bridge->number) {
    bridge->stop_answered = true;
    vn_log(VN_LOG_ERROR, VN_LOG_STOP, "the device stopped without its state on the flash", "error",
           vn_err_text((vn_err_t)code), NULL);
  } else if (bridge->sent && frame->number == bridge->number) {
    int64_t pause_ms = pause_of((vn_err_t)code);
    if (pause_ms == 0) {
      drop(bridge, (vn_err_t)code);
    }
    bridge->send_at_ms = now_ms + pause_ms;
  }
}

static void take_frame(vn__bridge_t *bridge, const vn_frame_t *frame, int64_t now_ms) {
  if (frame->kind == VN_FRAME_MESSAGE) {
    bool on_its_way = vn__bridge_publish(bridge, frame);
    bridge->begin_wanted = bridge->begin_wanted || !on_its_way;
  } else if (frame->kind == VN_FRAME_REFUSED) {
    take_refusal(bridge, frame, now_ms);
  } else if (frame->kind == VN_FRAME_ACKNOWLEDGE && frame->number == bridge->number) {
    if (bridge->stop_sent) {
      bridge->stop_answered = true;
    } else if (bridge->sent) {
      bridge->figures.to_device++;
      vn__bridge_taken(bridge);
    }
  }
}

void vn__bridge_listen(vn__bridge_t *bridge, int64_t now_ms) {
  uint8_t bytes[CHUNK_BYTES];
  vn_frame_t frame;
  size_t length = vn_serial_read(&bridge->serial, bytes, sizeof bytes);
  for (size_t i = 0; i < length; i++) {
    bridge->since_frame++;
    vn_err_t error = vn_frame_read(&bridge->reader, bytes[i], &frame);
    if (error == VN_OK) {
      bridge->figures.frames_in++;
      take_frame(bridge, &frame, now_ms);
    } else if (error < 0) {
      note_noise(bridge);
    }
    bridge->since_frame = bytes[i] == 0 ? 0 : bridge->since_frame;
  }
}
