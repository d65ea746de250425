/* The loop that owns the engine, and the way out of it. */
#include "daemon.h"

#include "clock_linux.h"
#include "flash_life.h"
#include "log.h"
#include "signals.h"

#include <stdlib.h>

#define STEP_BUDGET 256u
#define PRESSED_SLEEP_MS 1
/* Bounds of the clean stop; together below what service managers wait by default (90 s). */
#define DISCONNECT_LIMIT_MS 4000
#define DRAIN_LIMIT_MS 10000
#define SEND_LIMIT_MS 3000
#define OFFLINE_LIMIT_MS 2000
#define STOP_POLL_MS 50

int vn_daemon_connect(vn_daemon_t *daemon) {
  vn_notify_open(&daemon->notify);
  vn_status_begin(&daemon->status, vn_clock_linux_mono_ms());
  return vn_link_open(&daemon->link, daemon);
}

static bool awaits_room(const vn_daemon_t *daemon) {
  vn_flash_figures_t figures;
  return vn_engine_flash_figures(&daemon->engine, &figures) && figures.full;
}

/* What was told of a want of room is told when it is over. */
static void report_room(vn_daemon_t *daemon) {
  if (daemon->room_told && !awaits_room(daemon)) {
    daemon->room_told = false;
    vn_log(VN_LOG_NOTICE, VN_LOG_STATE, "the state is written again: the state file has room",
           NULL);
  }
}

/* A file that fails leaves no sector to write to: what is told is the cause. */
static void report_failure(vn_daemon_t *daemon, vn_err_t error) {
  bool failed = daemon->ports.flash != NULL && daemon->flash.failed;
  report_room(daemon);
  if (failed && (error != VN_OK || (daemon->link.journal && awaits_room(daemon)))) {
    error = VN_ERR_FLASH;
  }
  if (error == VN_ERR_LOG_FULL) {
    vn_log(
        VN_LOG_ERROR, VN_LOG_STATE,
        "the state file has no room for a commit: working on from memory, in journal mode without "
        "acknowledging; it is tried again. See flash.blocks_bad in stats; to move to a larger "
        "file: vnotch savepoint export, then import",
        NULL);
    daemon->room_told = true;
    return;
  }
  if (error != VN_OK && daemon->link.journal) {
    vn_link_give_up(
        "the state cannot be written: ending, nothing more is acknowledged; check the "
        "disk and the free space",
        error);
  }
  if (error != VN_OK) {
    vn_log(VN_LOG_ERROR, VN_LOG_STATE,
           "the state cannot be written: working on from memory, a restart would lose it; check "
           "the disk and the free space",
           "error", vn_err_text(error), NULL);
  }
}

/*
 * After an outage the broker sends faster than results can leave, and an outbox that overflows
 * drops some: no more messages are taken than there is room for their results, the others wait in
 * the input queue. When that is full as well the receiver gets room one message at a time, and
 * results may be dropped (and are counted): the same thread brings the verdicts, without which
 * nothing would ever leave.
 */
static vn_err_t step(vn_daemon_t *daemon, uint32_t *sleep_ms) {
  uint32_t budget = vn_link_budget(&daemon->link, STEP_BUDGET, vn_clock_linux_mono_ms());
  bool must = budget == 0 && vn_link_wants_room(&daemon->link);
  bool hold = budget == 0 && !must;
  vn_hold(&daemon->engine, hold);
  vn_err_t error = vn_step(&daemon->engine, hold ? STEP_BUDGET : must ? 1 : budget, sleep_ms);
  *sleep_ms = must ? PRESSED_SLEEP_MS : *sleep_ms; /* until that receiver comes back, if it does */
  return error;
}

/* One turn; returns how long there is nothing to do. */
static int64_t turn(vn_daemon_t *daemon) {
  uint32_t sleep_ms = 0;
  vn_link_enter(&daemon->link);
  vn_link_collect(&daemon->link, &daemon->status);
  report_failure(daemon, step(daemon, &sleep_ms));
  vn_link_leave(&daemon->link);
  vn_link_offer_room(&daemon->link);
  return (int64_t)sleep_ms;
}

static void sleep_until_called(vn_daemon_t *daemon, uint32_t seen, int64_t sleep_ms) {
  if (sleep_ms > 0) {
    vn_wake_sleep(&daemon->link.wake, seen, sleep_ms);
  }
}

static void work(vn_daemon_t *daemon) {
  while (!vn_signals_stop_wanted()) {
    uint32_t seen = vn_wake_seen(&daemon->link.wake);
    int64_t sleep_ms = turn(daemon);
    int64_t now_ms = vn_clock_linux_mono_ms();
    vn_link_enter(&daemon->link);
    int64_t status_ms = vn_status_step(daemon, now_ms);
    int64_t announce_ms = vn_announce_step(daemon, now_ms);
    int64_t observe_ms = vn_observe_step(daemon, now_ms);
    vn_link_leave(&daemon->link);
    /* Fed here and nowhere else: a loop that hangs in a step must look dead. */
    vn_notify_feed(&daemon->notify, now_ms);
    if (vn_signals_report_wanted()) {
      vn_statistics_log(daemon);
    }
    if (!vn_signals_stop_wanted()) {
      sleep_ms = sleep_ms < announce_ms ? sleep_ms : announce_ms;
      sleep_ms = sleep_ms < observe_ms ? sleep_ms : observe_ms;
      sleep_until_called(daemon, seen, sleep_ms < status_ms ? sleep_ms : status_ms);
    }
  }
}

/* Turns until `done` says so or the time is over; false: it was over. */
static bool turn_until(vn_daemon_t *daemon, int64_t limit_ms, bool (*done)(vn_daemon_t *daemon)) {
  int64_t deadline = vn_clock_linux_mono_ms() + limit_ms;
  while (vn_clock_linux_mono_ms() < deadline) {
    uint32_t seen = vn_wake_seen(&daemon->link.wake);
    int64_t sleep_ms = turn(daemon);
    if (done(daemon)) {
      return true;
    }
    sleep_until_called(daemon, seen, sleep_ms < STOP_POLL_MS ? sleep_ms : STOP_POLL_MS);
  }
  return false;
}

static bool inbound_closed(vn_daemon_t *daemon) { return vn_mqtt_is_closed(daemon->link.in); }

static uint32_t waiting(vn_daemon_t *daemon) {
  vn_link_enter(&daemon->link);
  uint32_t count = vn_waiting(&daemon->engine);
  vn_link_leave(&daemon->link);
  return count;
}

static bool queue_empty(vn_daemon_t *daemon) { return waiting(daemon) == 0; }

static bool all_sent(vn_daemon_t *daemon) {
  vn_link_enter(&daemon->link);
  bool idle = vn_idle(&daemon->engine);
  vn_link_leave(&daemon->link);
  return idle || !vn_mqtt_is_up(daemon->link.out);
}

static bool offline_said(vn_daemon_t *daemon) {
  return !vn_mqtt_is_up(daemon->link.out) || daemon->status.offline_done;
}

static void collect_until(vn_daemon_t *daemon, int64_t limit_ms,
                          bool (*done)(vn_daemon_t *daemon)) {
  int64_t deadline = vn_clock_linux_mono_ms() + limit_ms;
  while (!done(daemon) && vn_clock_linux_mono_ms() < deadline) {
    uint32_t seen = vn_wake_seen(&daemon->link.wake);
    vn_link_enter(&daemon->link);
    vn_link_collect(&daemon->link, &daemon->status);
    vn_link_leave(&daemon->link);
    if (!done(daemon)) {
      vn_wake_sleep(&daemon->link.wake, seen, STOP_POLL_MS);
    }
  }
}

static bool outbound_closed(vn_daemon_t *daemon) { return vn_mqtt_is_closed(daemon->link.out); }

/*
 * First no message comes any more (what the broker still has it keeps), then what came is worked
 * off, then it is made durable, then it is said. Returns the exit code.
 */
static int stop(vn_daemon_t *daemon) {
  int code = VN_EXIT_OK;
  vn_notify_send(&daemon->notify, "STOPPING=1");
  vn_log(VN_LOG_NOTICE, VN_LOG_STOP, "stopping: no new messages are taken", NULL);
  vn_mqtt_begin_close(daemon->link.in);
  (void)turn_until(daemon, DISCONNECT_LIMIT_MS, inbound_closed);
  if (!turn_until(daemon, DRAIN_LIMIT_MS, queue_empty)) {
    vn_log(VN_LOG_WARNING, VN_LOG_STOP, "messages that were taken are not worked off in time",
           "messages", vn_log_number((int64_t)waiting(daemon), (char[24]){0}), NULL);
  }
  vn_link_enter(&daemon->link);
  vn_err_t error = vn_checkpoint(&daemon->engine);
  vn_link_leave(&daemon->link);
  (void)turn_until(daemon, SEND_LIMIT_MS, all_sent);
  vn_link_enter(&daemon->link);
  if (error == VN_OK) {
    error = vn_stop(&daemon->engine);
  }
  vn_link_leave(&daemon->link);
  if (error == VN_OK && daemon->ports.flash != NULL && daemon->flash.failed) {
    error = VN_ERR_FLASH; /* it failed before: what came since is in memory alone */
  }
  if (error != VN_OK) {
    vn_log(VN_LOG_ERROR, VN_LOG_STATE, "the state could not be written at the stop", "error",
           vn_err_text(error), NULL);
    code = VN_EXIT_IO;
  }
  vn_link_enter(&daemon->link);
  bool saying = vn_status_say_offline(daemon);
  vn_link_leave(&daemon->link);
  if (saying) {
    collect_until(daemon, OFFLINE_LIMIT_MS, offline_said);
  }
  vn_mqtt_begin_close(daemon->link.out);
  collect_until(daemon, DISCONNECT_LIMIT_MS, outbound_closed);
  vn_log(VN_LOG_NOTICE, VN_LOG_STOP, "stopped", NULL);
  return code;
}

int vn_daemon_run(vn_daemon_t *daemon) {
  work(daemon);
  return stop(daemon);
}

static void close_connection(vn_daemon_t *daemon, vn_mqtt_t *mqtt,
                             bool (*closed)(vn_daemon_t *daemon)) {
  if (mqtt == NULL) {
    return;
  }
  vn_mqtt_begin_close(mqtt);
  collect_until(daemon, DISCONNECT_LIMIT_MS, closed);
  if (closed(daemon)) { /* otherwise it goes with the process */
    vn_mqtt_free(mqtt);
  }
}

void vn_daemon_free(vn_daemon_t *daemon) {
  close_connection(daemon, daemon->link.in, inbound_closed);
  close_connection(daemon, daemon->link.out, outbound_closed);
  free(daemon->link.filter_bytes);
  if (daemon->ports.flash != NULL) {
    vn_flash_file_close(&daemon->flash);
  }
  vn_notify_close(&daemon->notify);
  vn_configuration_free(daemon->configuration);
}
