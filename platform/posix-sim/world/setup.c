/* A device as the loader of vnotchd understands it, and as the oracle is told of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world_priv.h"

/* Errors of the loader, on one line. */
static void say_why(FILE *errors, char *problem, size_t room) {
  rewind(errors);
  size_t length = fread(problem, 1, room - 1u, errors);
  problem[length] = '\0';
  if (length == 0) {
    (void)snprintf(problem, room, "the configuration was refused");
  }
}

vn_configuration_t *vn_world_configuration(const vn_case_t *world_case, uint32_t device,
                                           char *problem, size_t room) {
  char path[] = "/tmp/vnotch-sim-XXXXXX";
  int descriptor = mkstemp(path);
  FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
  FILE *errors = tmpfile();
  if (file == NULL || errors == NULL) {
    (void)snprintf(problem, room, "no temporary file can be made");
    return NULL;
  }
  vn_case_configuration(world_case, device, file);
  (void)fclose(file);
  unsigned count = 0;
  vn_configuration_t *configuration = vn_configuration_load(path, errors, &count);
  if (configuration == NULL) {
    say_why(errors, problem, room);
  }
  (void)fclose(errors);
  (void)unlink(path);
  return configuration;
}

static void set_windows(const vn_case_t *with, vn_oracle_window_t *windows) {
  static const char *const names[VN_CASE_WINDOWS_MAX] = {"w0", "w1", "w2", "w3"};
  static const uint8_t kinds[VN_CASE_SHAPES] = {
      [VN_CASE_TUMBLING] = VN_ORACLE_TUMBLING,
      [VN_CASE_SLIDING] = VN_ORACLE_SLIDING,
      [VN_CASE_SESSION] = VN_ORACLE_SESSION,
  };
  for (size_t i = 0; i < with->window_count; i++) {
    const vn_case_window_t *window = &with->windows[i];
    windows[i] = (vn_oracle_window_t){
        .name = names[i],
        .size_ms = window->size_ms,
        .slide_ms = window->slide_ms,
        .gap_ms = window->size_ms,
        .statistics = VN_ORACLE_SUM | VN_ORACLE_SUM_SQ | VN_ORACLE_MIN | VN_ORACLE_MAX |
                      VN_ORACLE_FIRST | VN_ORACLE_LAST | VN_ORACLE_MEAN | VN_ORACLE_VARIANCE,
        .sample = (uint32_t)window->sample,
        .kind = kinds[window->shape]};
  }
}

static void set_alerts(const vn_case_t *with, vn_oracle_alert_t *alerts) {
  static const char *const names[VN_CASE_ALERTS_MAX] = {"a0", "a1", "a2"};
  for (size_t i = 0; i < with->alert_count; i++) {
    const vn_case_alert_t *alert = &with->alerts[i];
    int64_t clear = alert->limit + (alert->below ? alert->hysteresis : -alert->hysteresis);
    alerts[i] = (vn_oracle_alert_t){.name = names[i],
                                    .limit = alert->limit,
                                    .clear = clear,
                                    .for_ms = alert->for_ms,
                                    .keep_ms = alert->keep_ms,
                                    .below = alert->below != 0};
  }
}

/* Names of devices live as long as the program. */
vn_oracle_t *vn__oracle_of(const vn__world_t *world, uint32_t device) {
  static const char *const devices[VN__DEVICES_MAX] = {"d0", "d1", "d2", "d3",
                                                       "d4", "d5", "d6", "d7"};
  const vn_case_t *with = world->with;
  vn_oracle_window_t windows[VN_CASE_WINDOWS_MAX];
  vn_oracle_alert_t alerts[VN_CASE_ALERTS_MAX];
  vn_oracle_series_t series[VN__SERIES_MAX];
  size_t series_count = 0;
  const vn_oracle_pipeline_t pipeline = {
      .name = "p",
      .out_of_order_ms = with->out_of_order_ms,
      .allowed_lateness_ms = with->lateness_ms,
      .max_future_ms = with->max_future_ms > 0 ? with->max_future_ms : -1,
      .decimals = (uint8_t)with->decimals,
      .sequences = true};
  set_windows(with, windows);
  set_alerts(with, alerts);
  for (uint32_t i = device; i < (uint32_t)with->series; i += (uint32_t)with->devices) {
    series[series_count++] = (vn_oracle_series_t){world->sensors[i].name, 0};
  }
  const vn_oracle_setup_t setup = {.prefix = "vnotch",
                                   .device = devices[device],
                                   .pipelines = &pipeline,
                                   .windows = windows,
                                   .alerts = alerts,
                                   .series = series,
                                   .pipeline_count = 1,
                                   .window_count = with->window_count,
                                   .alert_count = with->alert_count,
                                   .series_count = series_count,
                                   .sample_seed = world->devices[device].configuration->plan.seed,
                                   .forget_max = with->journal != 0 ? 0 : VN__FORGET_MAX};
  return vn_oracle_new(&setup);
}
