/* The configuration file: YAML in, a plan and the settings of the daemon out. Host only. */
#ifndef VN_CONFIGURATION_H
#define VN_CONFIGURATION_H

#include "vn/plan.h"

#include <stdio.h>

/* One MQTT connection. Strings are "" when not configured. */
typedef struct vn_broker {
  const char *uri;       /* mqtt:// mqtts:// ws:// wss:// host[:port] */
  const char *client_id; /* default: vnotch-<device> (+ "-in" / "-out") */
  const char *username;
  const char *password_file;
  const char *ca_file, *cert_file, *key_file;
  uint32_t session_expiry_s; /* MQTT 5; 3.1.1 keeps sessions for ever */
  uint16_t keep_alive_s;
  uint8_t mqtt_version; /* 4 (3.1.1) or 5 */
  bool low_latency;     /* close paho's idle hole by a heartbeat of our own */
} vn_broker_t;

/* Everything a configuration file says. Owned by the loader; free it with vn_configuration_free. */
typedef struct vn_configuration {
  vn_plan_t plan;
  const vn_plan_t *shadow; /* the plan of a second engine that runs beside; NULL: none */
  vn_broker_t broker;
  vn_broker_t upstream; /* a copy of broker when the file has none */
  const char *state_file;
  const char *savepoint_file;   /* "": beside the state file */
  const char *discovery_prefix; /* of Home Assistant; "": nothing is announced */
  int64_t stats_every_ms;
  bool latest; /* the latest result of each window is published, retained */
} vn_configuration_t;

/*
 * Reads, checks and compiles a file. Every error is printed to `errors` as
 *   file:line:column: error: sentence
 *       the source line
 *       ^
 * (warnings alike), all of them, not the first only. NULL when there was an error; *error_count is
 * their number. Unreadable file: one error. The result's memory is one arena of the loader's.
 */
vn_configuration_t *vn_configuration_load(const char *path, FILE *errors, unsigned *error_count);

void vn_configuration_free(vn_configuration_t *configuration);

/* Writes docs/configuration.md's reference part from the schema table. */
void vn_configuration_document(FILE *out);

#endif
