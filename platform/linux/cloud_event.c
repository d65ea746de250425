#include "cloud_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* NULL: no event, but an answer to somebody. */
static const char *type_of(uint8_t channel) {
  switch ((vn_channel_t)channel) {
    case VN_CHANNEL_SUMMARY:
      return "io.vnotch.summary";
    case VN_CHANNEL_ALERT:
      return "io.vnotch.alert.state";
    case VN_CHANNEL_EVENT:
      return "io.vnotch.alert.event";
    case VN_CHANNEL_GAP:
      return "io.vnotch.gap";
    case VN_CHANNEL_DEAD_LETTER:
      return "io.vnotch.dead-letter";
    default:
      return NULL;
  }
}

vn_cloud_event_t vn_cloud_event(const vn_message_t *message) {
  return (vn_cloud_event_t){.seq = message->seq,
                            .time_ms = message->time_ms,
                            .boot = message->boot,
                            .channel = message->channel,
                            .there = message->numbered && type_of(message->channel) != NULL};
}

/* Years have four digits there. */
static void write_time(vn_time_ms_t time_ms, char *out, size_t capacity) {
  const int64_t second_ms = 1000;
  int64_t ms = time_ms % second_ms;
  ms = ms < 0 ? ms + second_ms : ms;
  time_t seconds = (time_t)(time_ms / second_ms - (time_ms % second_ms < 0));
  struct tm utc;
  out[0] = '\0';
  if (time_ms < VN_TIME_LOWEST_MS || time_ms > VN_TIME_HIGHEST_MS ||
      gmtime_r(&seconds, &utc) == NULL) {
    return;
  }
  (void)snprintf(out, capacity, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)ms);
}

void vn_cloud_event_texts(const vn_cloud_event_t *event, const char *device,
                          vn_cloud_event_texts_t *out) {
  VN_ASSERT(event->there);
  out->type = type_of(event->channel);
  (void)snprintf(out->id, sizeof out->id, "%s:%" PRIu32 ":%" PRIu64, device, event->boot,
                 event->seq);
  write_time(event->time_ms, out->time, sizeof out->time);
}
