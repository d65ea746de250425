/* What the engine shows as it happens: to the latest results, and to the other rules. */
#include "clock_linux.h"
#include "daemon.h"

#define TICK_EVERY_MS 1000
#define NOTHING_DUE_MS 60000
#define RETRY_MS 20

static void on_message(void *context, const vn_observed_message_t *message) {
  const vn_daemon_t *daemon = context;
  vn_shadow_message(&daemon->link.shadow->shadow, message);
}

static void on_summary(void *context, const vn_summary_t *summary) {
  vn_daemon_t *daemon = context;
  if (daemon->configuration->latest) {
    vn_announcer_note(&daemon->link.announcer, summary);
  }
  if (daemon->link.shadow != NULL) {
    vn_shadow_summary(&daemon->link.shadow->shadow, summary);
  }
}

static void on_alert(void *context, const vn_transition_t *transition) {
  const vn_daemon_t *daemon = context;
  vn_shadow_alert(&daemon->link.shadow->shadow, transition);
}

vn_err_t vn_observe_prepare(vn_daemon_t *daemon) {
  const vn_configuration_t *configuration = daemon->configuration;
  if (configuration->shadow != NULL) {
    daemon->link.shadow =
        vn_shadow_run_new(&daemon->engine, &configuration->plan, configuration->shadow);
    if (daemon->link.shadow == NULL) {
      return VN_ERR_STORE;
    }
  }
  bool shadowed = configuration->shadow != NULL;
  daemon->observer = (vn_observer_t){.context = daemon,
                                     .message = shadowed ? on_message : NULL,
                                     .summary = on_summary,
                                     .alert = shadowed ? on_alert : NULL};
  if (shadowed || configuration->latest) {
    daemon->ports.observer = &daemon->observer;
  }
  return VN_OK;
}

int64_t vn_observe_step(vn_daemon_t *daemon, int64_t now_ms) {
  vn_link_t *link = &daemon->link;
  vn_shadow_run_t *run = link->shadow;
  if (run == NULL) {
    return NOTHING_DUE_MS;
  }
  if (now_ms >= run->tick_due_ms) {
    run->tick_due_ms = now_ms + TICK_EVERY_MS;
    vn_shadow_tick(&run->shadow, &vn_clock_linux);
  }
  vn_shadow_settle(&run->shadow);
  vn_text_t notice = vn_shadow_run_next(run);
  if (notice.length > 0 && vn_mqtt_is_up(link->out)) {
    const vn_text_t topic = {"shadow", sizeof "shadow" - 1};
    if (vn_link_publish(link, topic, notice, VN_TOKEN_SHADOW) != VN_OK) {
      return RETRY_MS;
    }
    vn_shadow_run_taken(run);
  }
  return run->tick_due_ms - now_ms;
}
