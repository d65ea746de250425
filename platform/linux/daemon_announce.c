/* What goes out beside the outbox and can be said again: announcements, latest results. */
#include "clock_linux.h"
#include "daemon.h"

#include <string.h>

/* Latest results on their way at a time: the rest of the window is for what is not said again. */
#define LATEST_IN_FLIGHT_MAX 4u
#define NOTHING_DUE_MS 60000
#define RETRY_MS 20

vn_err_t vn_announce_prepare(vn_daemon_t *daemon) {
  vn_announcer_t *announcer = &daemon->link.announcer;
  const vn_configuration_t *configuration = daemon->configuration;
  return vn_announcer_open(announcer, configuration, &daemon->engine);
}

/* False: the window is full, or the link is down. */
static bool publish_latest(vn_link_t *link) {
  vn_announcer_t *announcer = &link->announcer;
  vn_latest_message_t message;
  while (announcer->latest_in_flight < LATEST_IN_FLIGHT_MAX &&
         vn_latest_next(&announcer->latest, &message)) {
    if (vn_link_publish(link, message.topic, message.payload, VN_TOKEN_LATEST + message.slot) !=
        VN_OK) {
      return false;
    }
    vn_latest_taken(&announcer->latest, message.slot);
    announcer->latest_in_flight++;
  }
  return true;
}

int64_t vn_announce_step(vn_daemon_t *daemon, int64_t now_ms) {
  vn_link_t *link = &daemon->link;
  vn_announcer_t *announcer = &link->announcer;
  vn_announcement_t announcement;
  bool more = false;
  if (!announcer->on || !vn_mqtt_is_up(link->out)) {
    return NOTHING_DUE_MS;
  }
  vn_announcer_look(announcer, vn_mqtt_figures(link->out).connects, now_ms);
  if (!publish_latest(link)) {
    return RETRY_MS;
  }
  if (vn_announcer_next(announcer, &announcement, &more)) {
    if (vn_link_announce(link, &announcement) != VN_OK) {
      return RETRY_MS;
    }
    vn_announcer_sent(announcer);
  }
  int64_t left_ms = vn_announcer_due_ms(announcer) - now_ms;
  return more ? 0 : left_ms < NOTHING_DUE_MS ? left_ms : NOTHING_DUE_MS;
}

bool vn_announce_verdict(vn_announcer_t *announcer, uint64_t token, bool ok) {
  if (token == VN_TOKEN_ANNOUNCEMENT) {
    vn_announcer_verdict(announcer, ok);
    return true;
  }
  if (token >= VN_TOKEN_LATEST && token - VN_TOKEN_LATEST < announcer->latest.slot_count) {
    announcer->latest_in_flight--;
    vn_latest_verdict(&announcer->latest, (uint32_t)(token - VN_TOKEN_LATEST), ok);
    return true;
  }
  return false;
}
