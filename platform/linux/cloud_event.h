/* Messages as CloudEvents 1.0: the attributes that go along as user properties of MQTT 5
 * (docs/messages.md). */
#ifndef VN_CLOUD_EVENT_H
#define VN_CLOUD_EVENT_H

#include "vn/port.h"

/* What the attributes are made of; all zero: the message is no event. */
typedef struct vn_cloud_event {
  uint64_t seq;
  vn_time_ms_t time_ms; /* VN_TIME_MINUS_INFINITY: not known */
  uint32_t boot;
  uint8_t channel; /* vn_channel_t */
  bool there;
} vn_cloud_event_t;

vn_cloud_event_t vn_cloud_event(const vn_message_t *message);

/* The attributes as texts, but for the source, which is that of the device. */
typedef struct vn_cloud_event_texts {
  const char *type; /* static storage */
  char id[128];     /* <device>:<boot>:<seq> */
  char time[96];    /* RFC 3339; empty: not known */
} vn_cloud_event_texts_t;

/* The event must be there; the device has at most 64 bytes. */
void vn_cloud_event_texts(const vn_cloud_event_t *event, const char *device,
                          vn_cloud_event_texts_t *out);

#endif
