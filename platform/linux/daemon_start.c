/* From a configuration file to a restored engine; every step says what is wrong and what to do. */
#include "clock_linux.h"
#include "daemon.h"
#include "log.h"
#include "memory.h"
#include "signals.h"
#include "vn/budget.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int refuse(int code, const char *sentence, const char *key, const char *value) {
  vn_log(VN_LOG_ERROR, VN_LOG_START, sentence, key, value, NULL);
  return code;
}

static int check_sizes(vn_daemon_t *daemon, const char *path) {
  vn_budget_t budget;
  const vn_plan_t *plan = &daemon->configuration->plan;
  vn_err_t error = vn_budget(plan, &budget);
  if (error != VN_OK && budget.region_bytes_needed > budget.region_bytes) {
    vn_log(VN_LOG_ERROR, VN_LOG_START,
           "the state doesn't fit into its file: raise state.size, or lower capacity.series, the "
           "pipelines' series or capacity.outbox",
           "file", path, "state_size", vn_log_number((int64_t)budget.region_bytes, (char[24]){0}),
           "needed", vn_log_number((int64_t)budget.region_bytes_needed, (char[24]){0}), NULL);
    return VN_EXIT_CONFIGURATION;
  }
  if (error == VN_OK) {
    error = vn_store_need(plan, &daemon->store);
  }
  return error == VN_OK ? VN_EXIT_OK
                        : refuse(VN_EXIT_CONFIGURATION, vn_err_text(error), "file", path);
}

int vn_daemon_load(vn_daemon_t *daemon, const char *path) {
  unsigned errors = 0;
  daemon->configuration = vn_configuration_load(path, stderr, &errors);
  if (daemon->configuration == NULL) {
    vn_log(VN_LOG_ERROR, VN_LOG_START, "the configuration has errors, nothing was started", "file",
           path, "errors", vn_log_number((int64_t)errors, (char[24]){0}), NULL);
    return VN_EXIT_CONFIGURATION;
  }
  if (daemon->configuration->broker.uri[0] == '\0') {
    return refuse(VN_EXIT_CONFIGURATION,
                  "the configuration names no broker: add broker: {uri: mqtt://host}", "file",
                  path);
  }
  vn_plan_problem_t problem = {0};
  if (vn_plan_check(&daemon->configuration->plan, &problem) != VN_OK) {
    return refuse(VN_EXIT_CONFIGURATION, problem.text, "file", path);
  }
  return check_sizes(daemon, path);
}

static int map_store(vn_daemon_t *daemon) {
  size_t bytes = vn_store_bytes(&daemon->store);
  void *block = vn_memory_map(bytes);
  if (block == NULL) {
    return refuse(VN_EXIT_UNAVAILABLE,
                  "the system has not enough memory for this configuration: lower its capacities",
                  "bytes", vn_log_number((int64_t)bytes, (char[24]){0}));
  }
  vn_store_layout(&daemon->store, block);
  return VN_EXIT_OK;
}

/*
 * Whether some sector starts like one of a state (docs/format.md) or holds nothing yet. The core
 * formats a region without a log, as it must on a new chip; a file may be somebody's.
 */
static bool is_state_or_blank(const vn_flash_t *flash) {
  static const char magic[] = "VFL1";
  uint8_t head[64];
  for (uint32_t at = 0; at < flash->size_bytes; at += flash->erase_size) {
    if (flash->read(flash->context, at, head, sizeof head) != VN_OK ||
        memcmp(head, magic, sizeof magic - 1) == 0 ||
        memcmp(head, head + 1, sizeof head - 1) == 0) {
      return true; /* what cannot be read is the core's to judge */
    }
  }
  return false;
}

static int explain_open(vn_flash_file_result_t result, const char *path) {
  switch (result) {
    case VN_FLASH_FILE_BUSY:
      return refuse(VN_EXIT_UNAVAILABLE,
                    "another process holds the state file: stop it, or give this device a file of "
                    "its own",
                    "file", path);
    case VN_FLASH_FILE_FOREIGN:
      return refuse(VN_EXIT_DATA,
                    "the state file has another size than state.size, another owner, or is no "
                    "regular file: correct state, or move the file away to start afresh",
                    "file", path);
    default:
      vn_log(VN_LOG_ERROR, VN_LOG_START,
             "the state file cannot be opened or has no room: check its folder, its rights and "
             "the free space",
             "file", path, "reason", strerror(errno), NULL);
      return VN_EXIT_IO;
  }
}

static int open_flash(vn_daemon_t *daemon) {
  const vn_plan_t *plan = &daemon->configuration->plan;
  if (plan->durability == VN_DURABILITY_VOLATILE) {
    return VN_EXIT_OK;
  }
  const char *path = daemon->configuration->state_file;
  vn_flash_file_setup_t setup = {.path = path,
                                 .size_bytes = (uint32_t)plan->state_bytes,
                                 .erase_size = plan->erase_block_bytes,
                                 .prog_size = plan->program_unit_bytes};
  vn_flash_file_result_t result = vn_flash_file_open(&daemon->flash, &setup);
  if (result != VN_FLASH_FILE_OK) {
    return explain_open(result, path);
  }
  daemon->ports.flash = &daemon->flash.port;
  if (!is_state_or_blank(daemon->ports.flash)) {
    return refuse(VN_EXIT_DATA,
                  "the state file is no state of vnotch, nothing was changed: correct state.file, "
                  "or move the file away to start afresh",
                  "file", path);
  }
  return VN_EXIT_OK;
}

static int explain_restore(const vn_daemon_t *daemon, vn_err_t error) {
  const char *path = daemon->configuration->state_file;
  if (error == VN_ERR_LOG_FULL && daemon->flash.failed) {
    error = VN_ERR_FLASH; /* there is no room because nothing can be written */
  }
  switch (error) {
    case VN_ERR_FOREIGN:
      return refuse(VN_EXIT_DATA,
                    "the state file has another geometry or a newer layout, nothing was "
                    "changed: correct state.flash, or move the file away to start afresh",
                    "file", path);
    case VN_ERR_CORRUPT:
      return refuse(VN_EXIT_DATA,
                    "the state file is damaged beyond repair, nothing was changed: move it away to "
                    "start afresh, and keep it for an investigation",
                    "file", path);
    case VN_ERR_NEWER:
      return refuse(VN_EXIT_DATA,
                    "the state file was written by a newer version, nothing was changed: use that "
                    "version, or move the file away to start afresh",
                    "file", path);
    case VN_ERR_TOO_BIG:
      return refuse(VN_EXIT_CONFIGURATION,
                    "what the state file holds is longer than this configuration allows, nothing "
                    "was changed: start once with the former capacity, above all input_queue and "
                    "message, then change it",
                    "file", path);
    case VN_ERR_LOG_FULL:
      return refuse(VN_EXIT_IO,
                    "the state file has no room for a commit: export a savepoint, give state "
                    "another file, and import it there",
                    "file", path);
    case VN_ERR_FLASH:
      return refuse(VN_EXIT_IO,
                    "the state file cannot be read or written: check the disk and the free space; "
                    "if it stays so, export a savepoint, give state another file, and import it "
                    "there, or move the file away to start afresh",
                    "file", path);
    default:
      return refuse(VN_EXIT_CONFIGURATION, vn_err_text(error), "error", vn_err_name(error));
  }
}

/* What the state holds that the configuration has no place for. */
static void log_reconfigured(const vn_recovery_t *recovery) {
  if (recovery->windows_ended + recovery->windows_left > 0) {
    vn_log(VN_LOG_NOTICE, VN_LOG_STATE,
           "windows that the configuration has ended leave as partial results", "results",
           vn_log_number((int64_t)recovery->windows_ended, (char[24]){0}), "not_told",
           vn_log_number((int64_t)recovery->windows_left, (char[24]){0}), NULL);
  }
  if (recovery->series_reset + recovery->operators_reset + recovery->records_damaged > 0) {
    vn_log(VN_LOG_WARNING, VN_LOG_STATE, "a part of the state could not be used", "series_reset",
           vn_log_number((int64_t)recovery->series_reset, (char[24]){0}), "operators_reset",
           vn_log_number((int64_t)recovery->operators_reset, (char[24]){0}), "records_damaged",
           vn_log_number((int64_t)recovery->records_damaged, (char[24]){0}), NULL);
  }
}

static void report_recovery(const vn_daemon_t *daemon) {
  const vn_recovery_t *recovery = vn_engine_recovery(&daemon->engine);
  char boot[24];
  char series[24];
  (void)vn_log_number((int64_t)recovery->boot, boot);
  (void)vn_log_number((int64_t)recovery->series_restored, series);
  if (daemon->ports.flash == NULL) {
    vn_log(VN_LOG_NOTICE, VN_LOG_STATE, "nothing is kept over a restart: durability is volatile",
           NULL);
  } else if (recovery->fresh) {
    vn_log(VN_LOG_NOTICE, VN_LOG_STATE, "started with an empty state", "boot", boot, NULL);
  } else if (recovery->clean) {
    vn_log(VN_LOG_NOTICE, VN_LOG_STATE, "continued after a clean stop", "boot", boot, "series",
           series, NULL);
  } else if (recovery->journal) {
    vn_log(
        VN_LOG_NOTICE, VN_LOG_STATE,
        "continued after a hard stop: what was acknowledged is there, the journal's messages are "
        "taken again",
        "boot", boot, "series", series, "messages",
        vn_log_number((int64_t)recovery->messages_again, (char[24]){0}), NULL);
  } else {
    vn_log(VN_LOG_WARNING, VN_LOG_STATE,
           "continued after a hard stop: readings acknowledged in this span may be missing", "boot",
           boot, "series", series, "lost_from",
           vn_log_number(recovery->lost_from_ms, (char[24]){0}), "lost_to",
           vn_log_number(recovery->lost_to_ms, (char[24]){0}), NULL);
  }
  if (recovery->episodes_ended + recovery->episodes_left > 0) {
    vn_log(VN_LOG_NOTICE, VN_LOG_STATE,
           "alerts that fired are not in the configuration any more: they are resolved", "alerts",
           vn_log_number((int64_t)recovery->episodes_ended, (char[24]){0}), "not_told",
           vn_log_number((int64_t)recovery->episodes_left, (char[24]){0}), NULL);
  }
  log_reconfigured(recovery);
}

/* A stop that is asked for during the start is a clean one, too. */
static int prepare(vn_daemon_t *daemon) {
  if (vn_link_prepare(&daemon->link, daemon) != VN_OK) {
    return refuse(VN_EXIT_IO, "no descriptors or memory left for the connections", "limit",
                  "RLIMIT_NOFILE");
  }
  if (!vn_signals_install(daemon->link.wake.fd)) {
    return refuse(VN_EXIT_IO, "the signal handlers cannot be installed", "limit", "signals");
  }
  return VN_EXIT_OK;
}

int vn_daemon_restore(vn_daemon_t *daemon) {
  int code = prepare(daemon);
  code = code != VN_EXIT_OK ? code : map_store(daemon);
  code = code != VN_EXIT_OK ? code : open_flash(daemon);
  if (code != VN_EXIT_OK) {
    return code;
  }
  daemon->ports.clock = &vn_clock_linux;
  daemon->ports.uplink = &daemon->link.uplink;
  if (vn_announce_prepare(daemon) != VN_OK) {
    return refuse(VN_EXIT_UNAVAILABLE,
                  "the system has not enough memory for the latest results of all series: lower "
                  "capacity.series, or set summaries.latest to false",
                  "series",
                  vn_log_number((int64_t)daemon->configuration->plan.series_max, (char[24]){0}));
  }
  if (vn_observe_prepare(daemon) != VN_OK) {
    return refuse(VN_EXIT_UNAVAILABLE,
                  "the system has not enough memory for the other rules beside the first ones: "
                  "lower capacity.series, or take `shadow` out",
                  "key", "shadow");
  }
  vn_err_t error =
      vn_init(&daemon->engine, &daemon->configuration->plan, &daemon->store, &daemon->ports);
  if (error == VN_OK) {
    vn_daemon_keep_savepoints(daemon);
    error = vn_restore(&daemon->engine);
  }
  if (error != VN_OK) {
    return explain_restore(daemon, error);
  }
  report_recovery(daemon);
  return VN_EXIT_OK;
}
