/* Ports: what the core asks of a platform. Const structs of callbacks with their context. */
#ifndef VN_PORT_H
#define VN_PORT_H

#include "vn/assert.h"
#include "vn/error.h"
#include "vn/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Callbacks never call back into the engine. */

/* mono_ms never goes back (it starts anywhere); wall_ms returns false while the clock is not set.
 */
typedef struct vn_clock {
  void *context;
  int64_t (*mono_ms)(void *context);
  bool (*wall_ms)(void *context, vn_time_ms_t *out);
} vn_clock_t;

/*
 * Flash, or a file that obeys its rules. Any read may fail at any address. prog: offset and length
 * are multiples of prog_size, units must be erased and are programmed once. erase: whole sectors of
 * erase_size; what an erased unit reads as is undefined. sync: what was programmed before is
 * durable when it returns VN_OK. Every failure is VN_ERR_FLASH.
 */
typedef struct vn_flash {
  void *context;
  uint32_t size_bytes, erase_size, prog_size;
  vn_err_t (*read)(void *context, uint32_t offset, void *to, uint32_t length);
  vn_err_t (*prog)(void *context, uint32_t offset, const void *from, uint32_t length);
  vn_err_t (*erase)(void *context, uint32_t offset, uint32_t length);
  vn_err_t (*sync)(void *context);
} vn_flash_t;

/* Where a message goes, below <prefix>/<device>/. */
typedef enum vn_channel {
  VN_CHANNEL_SUMMARY,     /* "summary" */
  VN_CHANNEL_ALERT,       /* "alert/<alert>/<series>", retained */
  VN_CHANNEL_EVENT,       /* "event" */
  VN_CHANNEL_DEAD_LETTER, /* "dead-letter" */
  VN_CHANNEL_RESPONSE,    /* "response", or the topic that a request named */
  VN_CHANNEL_GAP,         /* "gap" */
  VN_CHANNEL_COUNT
} vn_channel_t;

/*
 * A message as it leaves; pointers are valid during the call. The correlation is the correlation
 * data of MQTT 5, which a link without such a thing leaves out. Numbers and time are what they were
 * when the message was made, also when it is sent again, after a restart too: a link may make an
 * identity of them.
 */
typedef struct vn_message {
  const char *topic; /* the part behind <prefix>/<device>/, not terminated */
  const uint8_t *payload;
  const uint8_t *correlation;
  size_t topic_length;
  size_t payload_length;
  size_t correlation_length; /* at most UINT8_MAX; 0: none */
  uint64_t index;            /* outbox index; the token of vn_sent */
  uint64_t seq;              /* the payload's: with boot, and the device, it is used once */
  vn_time_ms_t time_ms;      /* of what is told; VN_TIME_MINUS_INFINITY: not known */
  uint32_t boot;
  uint16_t results; /* in a summary message */
  uint8_t channel;  /* vn_channel_t */
  bool retained;
  bool absolute; /* the topic is the whole one, without <prefix>/<device>/ */
  bool numbered; /* seq, boot and time_ms are there; not so with answers */
  bool offered;  /* the outbox' own: it may have been sent before, */
  bool coarsest; /* and its results are as coarse as they get */
} vn_message_t;

/*
 * send: VN_OK = taken, completion comes by vn_sent (later, never from inside send); VN_AGAIN = the
 * window is full; VN_ERR_LINK = down. Copies what it needs.
 */
typedef struct vn_uplink {
  void *context;
  vn_err_t (*send)(void *context, const vn_message_t *message);
} vn_uplink_t;

#endif
