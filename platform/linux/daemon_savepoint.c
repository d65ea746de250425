/* Where savepoints of a running daemon go: a file that is replaced as a whole. */
#include "daemon.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static vn_err_t begin(void *context) {
  vn_daemon_t *daemon = context;
  return vn_safe_file_begin(&daemon->savepoint, daemon->savepoint_path) ? VN_OK : VN_ERR_FLASH;
}

static vn_err_t write_piece(void *context, const uint8_t *bytes, size_t length) {
  vn_daemon_t *daemon = context;
  return vn_safe_file_write(&daemon->savepoint, bytes, length) ? VN_OK : VN_ERR_FLASH;
}

static vn_err_t end(void *context, bool good) {
  vn_daemon_t *daemon = context;
  if (good && vn_safe_file_finish(&daemon->savepoint)) {
    return VN_OK;
  }
  vn_log(VN_LOG_WARNING, VN_LOG_STATE, "a savepoint could not be written", "file",
         daemon->savepoint_path, "reason", strerror(errno), NULL);
  vn_safe_file_abandon(&daemon->savepoint);
  return VN_ERR_FLASH;
}

void vn_daemon_keep_savepoints(vn_daemon_t *daemon) {
  const vn_configuration_t *configuration = daemon->configuration;
  const char *own = configuration->savepoint_file;
  int length = snprintf(daemon->savepoint_path, sizeof daemon->savepoint_path, "%s%s",
                        own[0] != '\0' ? own : configuration->state_file,
                        own[0] != '\0' ? "" : ".savepoint");
  bool somewhere = own[0] != '\0' || configuration->state_file[0] != '\0';
  if (!somewhere || length < 0 || (size_t)length >= sizeof daemon->savepoint_path) {
    return; /* the command is refused */
  }
  daemon->keeper = (vn_keeper_t){.context = daemon,
                                 .name = daemon->savepoint_path,
                                 .begin = begin,
                                 .write = write_piece,
                                 .end = end};
  vn_keep_savepoints(&daemon->engine, &daemon->keeper);
}
