/* Connections: broker and upstream. */
#include <stdlib.h>
#include <string.h>

#include "build_priv.h"

static const char *const schemes[] = {"mqtt://", "mqtts://", "ws://", "wss://"};

static bool is_encrypted(const char *uri) {
  return strncmp(uri, "mqtts://", 8) == 0 || strncmp(uri, "wss://", 6) == 0;
}

static bool port_is_good(const char *port) {
  size_t digits = strspn(port, "0123456789");
  if (digits == 0 || digits > 5 || (port[digits] != '\0' && port[digits] != '/')) {
    return false;
  }
  long number = strtol(port, NULL, 10);
  return number >= 1 && number <= 65535;
}

/* Behind the host: nothing, :port, and a path for websockets. */
static const char *port_problem(const char *rest, bool websocket) {
  if (*rest == ':' && !port_is_good(rest + 1)) {
    return "has no usable port: 1 to 65535";
  }
  if (strchr(rest, '/') != NULL && !websocket) {
    return "has a path: only ws and wss have one";
  }
  return *rest == '\0' || *rest == ':' || *rest == '/' ? NULL : "has no usable host";
}

/* What stands behind the scheme: host or [address], then the rest. */
static const char *address_problem(const char *address, bool websocket) {
  bool bracket = address[0] == '[';
  if (strchr(address, '@') != NULL) {
    return "holds a user name: use `username` and `password_file`";
  }
  if (strcspn(address, " \"'<>\\^`{|}") != strlen(address)) {
    return "holds a character that no address has";
  }
  const char *end = bracket ? strchr(address, ']') : address + strcspn(address, ":/");
  if (end == NULL || end == address + bracket) {
    return "has no host: write mqtt://host:1883";
  }
  return port_problem(end + bracket, websocket);
}

static const char *uri_problem(const char *uri) {
  for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
    size_t length = strlen(schemes[i]);
    if (strncmp(uri, schemes[i], length) == 0) {
      return address_problem(uri + length, schemes[i][0] == 'w');
    }
  }
  return "starts with no known scheme: mqtt://, mqtts://, ws:// or wss://";
}

static void check_uri(vn__loader_t *loader, const vn__value_t *uri) {
  const char *problem = uri->given && uri->good ? uri_problem(uri->text) : NULL;
  if (problem != NULL) {
    vn__error(loader, uri->mark, "`uri`: %s %s", vn__quote(loader, vn__text(uri->text)), problem);
  }
}

static void check_tls(vn__loader_t *loader, const vn_broker_t *broker, const vn__value_t *tls,
                      const vn__value_t *files) {
  if (!tls->given) {
    return;
  }
  const vn__value_t *cert = &files[VN__TLS_CERT_FILE];
  const vn__value_t *key = &files[VN__TLS_KEY_FILE];
  if (broker->uri[0] != '\0' && !is_encrypted(broker->uri)) {
    vn__warning(loader, tls->mark,
                "`tls` is not used: the `uri` is not encrypted; use mqtts:// or wss://");
  }
  if (cert->given != key->given) {
    vn__error(loader, cert->given ? cert->mark : key->mark,
              "`%s` needs `%s` beside it: a certificate and its key belong together",
              cert->given ? "cert_file" : "key_file", cert->given ? "key_file" : "cert_file");
  }
  if (key->given && key->good) {
    vn__secret_check(loader, key->mark, "key_file", key->text);
  }
}

static uint32_t whole_seconds(vn__loader_t *loader, const char *key, const vn__value_t *value) {
  if (value->good && value->number % 1000 != 0) {
    vn__error(loader, value->mark, "`%s` is no number of whole seconds", key);
  }
  return value->good ? (uint32_t)(value->number / 1000) : 0;
}

static void check_login(vn__loader_t *loader, const vn__value_t *values) {
  const vn__value_t *password = &values[VN__BROKER_PASSWORD_FILE];
  if (!password->given || !password->good) {
    return;
  }
  if (!values[VN__BROKER_USERNAME].given) {
    vn__error(loader, password->mark, "`password_file` needs `username` beside it");
  }
  vn__secret_check(loader, password->mark, "password_file", password->text);
}

static void build_broker(vn__build_t *build, const vn__value_t *section, vn_broker_t *broker) {
  vn__loader_t *loader = build->loader;
  const vn__node_t *node = section->good ? section->node : NULL;
  vn__value_t values[VN__BROKER_KEYS];
  vn__value_t files[VN__TLS_KEYS];
  (void)vn__read_section(loader, &vn__broker_section, node, values);
  const vn__value_t *tls = &values[VN__BROKER_TLS];
  (void)vn__read_section(loader, &vn__tls_section, tls->good ? tls->node : NULL, files);
  *broker = (vn_broker_t){
      .uri = values[VN__BROKER_URI].text,
      .client_id = values[VN__BROKER_CLIENT_ID].text,
      .username = values[VN__BROKER_USERNAME].text,
      .password_file = values[VN__BROKER_PASSWORD_FILE].text,
      .ca_file = files[VN__TLS_CA_FILE].text,
      .cert_file = files[VN__TLS_CERT_FILE].text,
      .key_file = files[VN__TLS_KEY_FILE].text,
      .mqtt_version = (uint8_t)values[VN__BROKER_MQTT].number,
      .low_latency = values[VN__BROKER_LATENCY].number != 0,
  };
  broker->keep_alive_s =
      (uint16_t)whole_seconds(loader, "keep_alive", &values[VN__BROKER_KEEP_ALIVE]);
  broker->session_expiry_s =
      whole_seconds(loader, "session_expiry", &values[VN__BROKER_SESSION_EXPIRY]);
  if (broker->client_id[0] == '\0') {
    broker->client_id = vn__format(loader, "vnotch-%s", build->configuration->plan.device);
  }
  check_uri(loader, &values[VN__BROKER_URI]);
  check_tls(loader, broker, tls, files);
  check_login(loader, values);
}

void vn__build_brokers(vn__build_t *build, const vn__value_t root[VN__ROOT_KEYS]) {
  vn_configuration_t *configuration = build->configuration;
  build_broker(build, &root[VN__ROOT_BROKER], &configuration->broker);
  configuration->upstream = configuration->broker;
  if (root[VN__ROOT_UPSTREAM].given) {
    build_broker(build, &root[VN__ROOT_UPSTREAM], &configuration->upstream);
  }
}
