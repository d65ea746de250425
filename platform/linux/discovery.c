#include "discovery.h"

#include "vn/json_writer.h"
#include "vn/series.h"

#include <stdio.h>
#include <string.h>

/* A mean is out of date when three results in a row are missing; never sooner than this. */
#define EXPIRE_RESULTS 3
#define EXPIRE_LEAST_S 30

static const char alert_topic_head[] = "alert/";
static const char latest_topic_head[] = "latest/";

/* What Home Assistant calls a SenML unit; class NULL: none of its own. Others keep their name. */
typedef struct unit {
  const char *senml, *name, *device_class;
} unit_t;
static const unit_t units[] = {
    {"Cel",
     "\xC2\xB0"
     "C",
     "temperature"},
    {"K", "K", "temperature"},
    {"%RH", "%", "humidity"},
    {"%EL", "%", "battery"},
    {"Pa", "Pa", "pressure"},
    {"W", "W", "power"},
    {"V", "V", "voltage"},
    {"A", "A", "current"},
    {"Hz", "Hz", "frequency"},
    {"lx", "lx", "illuminance"},
    {"W/m2", "W/m\xC2\xB2", "irradiance"},
    {"m/s", "m/s", "speed"},
    {"kg", "kg", "weight"},
    {"g", "g", "weight"},
    {"m", "m", "distance"},
    {"m2", "m\xC2\xB2", NULL},
    {"m3", "m\xC2\xB3", NULL},
    {"m3/s", "m\xC2\xB3/s", NULL},
    {"m/s2", "m/s\xC2\xB2", NULL},
    {"l", "L", NULL},
    {"l/s", "L/s", NULL},
    {"Ohm", "\xCE\xA9", NULL},
};

static vn_text_t text_of(const char *text) { return (vn_text_t){text, strlen(text)}; }

static bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
}

/* A level of a discovery topic: two names never give the same one, but for equal hashes. */
static void make_id(vn_text_t name, char out[VN_DISCOVERY_ID_MAX]) {
  bool changed = false;
  VN_ASSERT(name.length + sizeof "_00000000" <= VN_DISCOVERY_ID_MAX);
  for (size_t i = 0; i < name.length; i++) {
    bool plain = is_plain(name.bytes[i]);
    out[i] = plain ? name.bytes[i] : '_';
    changed = changed || !plain;
  }
  out[name.length] = '\0';
  if (changed) {
    (void)snprintf(out + name.length, sizeof "_00000000", "_%08lx",
                   (unsigned long)vn_series_hash(name));
  }
}

size_t vn_discovery_topic(const vn_discovery_t *discovery, uint8_t pipeline, vn_text_t series,
                          char *out, size_t capacity) {
  char device_id[VN_DISCOVERY_ID_MAX];
  char series_id[VN_DISCOVERY_ID_MAX] = "";
  bool own = pipeline == VN_DISCOVERY_DEVICE;
  make_id(text_of(discovery->plan->device), device_id);
  if (!own) {
    make_id(series, series_id);
  }
  int length = snprintf(out, capacity, "%s/device/%s%s%s/config", discovery->prefix, device_id,
                        own ? "" : "/", series_id);
  return length > 0 && (size_t)length < capacity ? (size_t)length : 0;
}

static size_t make_topic(const char *head, const char *name, vn_text_t series, char *out,
                         size_t capacity) {
  int length = snprintf(out, capacity, "%s%s/%.*s", head, name, (int)series.length, series.bytes);
  return length > 0 && (size_t)length < capacity ? (size_t)length : 0;
}

size_t vn_discovery_alert_topic(const char *alert, vn_text_t series, char *out, size_t capacity) {
  return make_topic(alert_topic_head, alert, series, out, capacity);
}

size_t vn_discovery_latest_topic(const char *window, vn_text_t series, char *out, size_t capacity) {
  return make_topic(latest_topic_head, window, series, out, capacity);
}

static bool has_mean(const vn_discovery_t *discovery, const vn_window_t *window) {
  return discovery->latest && (window->statistics & VN_STATISTIC_BIT(VN_STATISTIC_MEAN)) != 0;
}

static const vn_pipeline_t *plan_of(const vn_discovery_t *discovery, uint8_t pipeline) {
  static const vn_pipeline_t none = {.summary = {.name = "", .unit = ""}};
  return pipeline == VN_DISCOVERY_DEVICE ? &none : &discovery->plan->pipelines[pipeline];
}

/* Its members are those of the core's own messages of floods. */
static const vn_alert_plan_t flood_alert = {.name = "flood", .severity = "", .of = "alerts"};

static const vn_alert_plan_t *alert_of(const vn_discovery_t *discovery, uint8_t pipeline,
                                       uint8_t alert) {
  return pipeline == VN_DISCOVERY_DEVICE ? &flood_alert
                                         : &discovery->plan->pipelines[pipeline].alerts[alert];
}

uint8_t vn_discovery_alerts(const vn_discovery_t *discovery, uint8_t pipeline) {
  if (pipeline == VN_DISCOVERY_DEVICE) {
    return discovery->plan->flood.readings > 0 ? 1 : 0;
  }
  return discovery->plan->pipelines[pipeline].alert_count;
}

const char *vn_discovery_alert(const vn_discovery_t *discovery, uint8_t pipeline, uint8_t alert) {
  const vn_alert_plan_t *plan = alert_of(discovery, pipeline, alert);
  return plan->quiet ? NULL : plan->name;
}

bool vn_discovery_has_any(const vn_discovery_t *discovery, uint8_t pipeline) {
  const vn_summary_pipeline_t *summary = &plan_of(discovery, pipeline)->summary;
  for (uint8_t i = 0; i < vn_discovery_alerts(discovery, pipeline); i++) {
    if (vn_discovery_alert(discovery, pipeline, i) != NULL) {
      return true;
    }
  }
  for (uint8_t i = 0; i < summary->window_count; i++) {
    if (has_mean(discovery, &summary->windows[i])) {
      return true;
    }
  }
  return false;
}

static void put(vn_json_writer_t *writer, const char *key, const char *text) {
  vn_json_key(writer, key);
  vn_json_literal(writer, text);
}

/* A text of several pieces: nothing in names needs an escape. */
typedef struct joined {
  char text[1024];
} joined_t;

static void put_joined(vn_json_writer_t *writer, const char *key, const joined_t *joined) {
  put(writer, key, joined->text);
}

/* A topic of ours in full: the base "~" doesn't reach into the components of a device. */
static joined_t topic_below(const vn_discovery_t *discovery, const char *head, const char *name,
                            vn_text_t series) {
  joined_t joined;
  int length = snprintf(joined.text, sizeof joined.text, "%s/%s/%s%s/%.*s", discovery->plan->prefix,
                        discovery->plan->device, head, name, (int)series.length, series.bytes);
  VN_ASSERT(length > 0 && (size_t)length < sizeof joined.text);
  return joined;
}

/* A part of a series: its key among the components, its place in Home Assistant, its name. */
static void put_identity(vn_json_writer_t *writer, const vn_discovery_t *discovery,
                         const char *head, const char *name, vn_text_t series, const char *suffix) {
  joined_t joined;
  (void)snprintf(joined.text, sizeof joined.text, "vnotch/%s/%s%s/%.*s", discovery->plan->device,
                 head, name, (int)series.length, series.bytes);
  put_joined(writer, "uniq_id", &joined);
  (void)snprintf(joined.text, sizeof joined.text, "%.*s %s%s", (int)series.length, series.bytes,
                 name, suffix);
  put_joined(writer, "name", &joined);
}

static void begin_component(vn_json_writer_t *writer, const char *head, const char *name) {
  joined_t key;
  (void)snprintf(key.text, sizeof key.text, "%s%s", head, name);
  vn_json_key_text(writer, text_of(key.text));
  vn_json_object_begin(writer);
}

static void put_number(vn_json_writer_t *writer, const char *key, uint64_t number) {
  vn_json_key(writer, key);
  vn_json_unsigned(writer, number);
}

static void put_qos(vn_json_writer_t *writer) { put_number(writer, "qos", 1); }

/* On as long as the episode is open: acknowledging a recovering one doesn't end it. */
static void put_alert(vn_json_writer_t *writer, const vn_discovery_t *discovery, const char *alert,
                      vn_text_t series) {
  joined_t topic = topic_below(discovery, alert_topic_head, alert, series);
  begin_component(writer, alert_topic_head, alert);
  put(writer, "p", "binary_sensor");
  put_identity(writer, discovery, alert_topic_head, alert, series, "");
  put(writer, "dev_cla", "problem");
  put_joined(writer, "stat_t", &topic);
  put(writer, "val_tpl",
      "{{ 'ON' if value_json.state == 'firing' or value_json.state == 'recovering' else "
      "'None' if value_json.state == 'no_data' else 'OFF' }}");
  put_joined(writer, "json_attr_t", &topic);
  put_qos(writer);
  vn_json_object_end(writer);
}

/* Seconds after which no result is no news: 0 where results have no rhythm. */
static int64_t expire_after_s(const vn_pipeline_t *plan, const vn_window_t *window) {
  if (window->shape >= VN_WINDOW_SESSION) {
    return 0;
  }
  int64_t every_ms =
      plan->expected_every_ms > window->slide_ms ? plan->expected_every_ms : window->slide_ms;
  int64_t after_s = (EXPIRE_RESULTS * every_ms + plan->out_of_order_ms + 999) / 1000;
  return after_s > EXPIRE_LEAST_S ? after_s : EXPIRE_LEAST_S;
}

static void put_unit(vn_json_writer_t *writer, const char *senml) {
  unit_t unit = {senml, senml, NULL};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(units[i].senml, senml) == 0) {
      unit = units[i];
    }
  }
  if (unit.device_class != NULL) {
    put(writer, "dev_cla", unit.device_class);
  }
  if (unit.name[0] != '\0') {
    put(writer, "unit_of_meas", unit.name);
  }
}

static void put_mean(vn_json_writer_t *writer, const vn_discovery_t *discovery,
                     const vn_pipeline_t *plan, const vn_window_t *window, vn_text_t series) {
  joined_t topic = topic_below(discovery, latest_topic_head, window->name, series);
  int64_t expire_s = expire_after_s(plan, window);
  begin_component(writer, latest_topic_head, window->name);
  put(writer, "p", "sensor");
  put_identity(writer, discovery, latest_topic_head, window->name, series, " mean");
  put_unit(writer, plan->summary.unit);
  put(writer, "stat_cla", "measurement");
  put_joined(writer, "stat_t", &topic);
  put(writer, "val_tpl", "{{ value_json.mean }}");
  put_joined(writer, "json_attr_t", &topic);
  if (expire_s > 0) {
    put_number(writer, "exp_aft", (uint64_t)expire_s);
  }
  put_qos(writer);
  vn_json_object_end(writer);
}

static void put_device(vn_json_writer_t *writer, const vn_discovery_t *discovery) {
  joined_t joined;
  vn_json_key(writer, "dev");
  vn_json_object_begin(writer);
  vn_json_key(writer, "ids");
  vn_json_array_begin(writer);
  (void)snprintf(joined.text, sizeof joined.text, "vnotch/%s", discovery->plan->device);
  vn_json_literal(writer, joined.text);
  vn_json_array_end(writer);
  put(writer, "name", discovery->plan->device);
  put(writer, "sw", discovery->version);
  vn_json_object_end(writer);
  vn_json_key(writer, "o");
  vn_json_object_begin(writer);
  put(writer, "name", "vnotch");
  put(writer, "sw", discovery->version);
  vn_json_object_end(writer);
  (void)snprintf(joined.text, sizeof joined.text, "%s/%s/status", discovery->plan->prefix,
                 discovery->plan->device);
  put_joined(writer, "avty_t", &joined);
}

size_t vn_discovery_message(const vn_discovery_t *discovery, uint8_t pipeline, vn_text_t series,
                            char *out, size_t capacity) {
  const vn_pipeline_t *plan = plan_of(discovery, pipeline);
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_object_begin(&writer);
  put_device(&writer, discovery);
  vn_json_key(&writer, "cmps");
  vn_json_object_begin(&writer);
  for (uint8_t i = 0; i < vn_discovery_alerts(discovery, pipeline); i++) {
    const char *alert = vn_discovery_alert(discovery, pipeline, i);
    if (alert != NULL) {
      put_alert(&writer, discovery, alert, series);
    }
  }
  for (uint8_t i = 0; i < plan->summary.window_count; i++) {
    if (has_mean(discovery, &plan->summary.windows[i])) {
      put_mean(&writer, discovery, plan, &plan->summary.windows[i], series);
    }
  }
  vn_json_object_end(&writer);
  vn_json_object_end(&writer);
  return writer.length;
}

size_t vn_discovery_normal(const vn_discovery_t *discovery, uint8_t pipeline, uint8_t alert,
                           vn_text_t series, char *out, size_t capacity) {
  const vn_summary_pipeline_t *plan = &plan_of(discovery, pipeline)->summary;
  const vn_alert_plan_t *rule = alert_of(discovery, pipeline, alert);
  static const char *const unknown[] = {"value", "limit", "starts_at", "ends_at", "at"};
  joined_t summary;
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_object_begin(&writer);
  put(&writer, "alert", rule->name);
  vn_json_key(&writer, "series");
  vn_json_text(&writer, series);
  put(&writer, "pipeline", plan->name);
  put(&writer, "of", rule->of);
  put(&writer, "state", vn_alert_phase_word(VN_ALERT_NORMAL));
  put(&writer, "severity", rule->severity);
  put_number(&writer, "episode", 0);
  put_number(&writer, "rev", 0);
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    vn_json_key(&writer, unknown[i]);
    vn_json_null(&writer);
  }
  put(&writer, "unit", plan->unit);
  (void)snprintf(summary.text, sizeof summary.text, "%s of %.*s has not fired", rule->name,
                 (int)series.length, series.bytes);
  put_joined(&writer, "summary", &summary);
  put(&writer, "device", discovery->plan->device);
  put_number(&writer, "boot", discovery->boot);
  vn_json_object_end(&writer);
  return writer.length;
}

static size_t longer(size_t a, size_t b) { return a > b ? a : b; }

static size_t pipeline_max(const vn_discovery_t *discovery, uint8_t pipeline, vn_text_t series) {
  size_t most = vn_discovery_message(discovery, pipeline, series, NULL, 0);
  for (uint8_t i = 0; i < vn_discovery_alerts(discovery, pipeline); i++) {
    most = longer(most, vn_discovery_normal(discovery, pipeline, i, series, NULL, 0));
  }
  return most;
}

size_t vn_discovery_max(const vn_discovery_t *discovery) {
  char longest[UINT8_MAX];
  memset(longest, 'x', sizeof longest);
  vn_text_t series = {longest, discovery->plan->name_max};
  size_t most = pipeline_max(discovery, VN_DISCOVERY_DEVICE, text_of(discovery->plan->device));
  for (uint8_t i = 0; i < discovery->plan->pipeline_count; i++) {
    most = longer(most, pipeline_max(discovery, i, series));
  }
  return most;
}
