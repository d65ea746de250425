/* The only file that knows the MQTT library: its calls, and what it calls back. */
#include "clock_linux.h"
#include "log.h"
#include "mqtt_priv.h"
#include "tcp_options.h"

#include <MQTTAsync.h>
#include <stdlib.h>
#include <string.h>

#ifndef VN_TLS
#define VN_TLS 1
#endif

#define CONNECT_TIMEOUT_S 30
#define DISCONNECT_TIMEOUT_MS 1000
/* What the broker may send without an acknowledgement; most brokers have a lower limit of their
 * own. */
#define INBOUND_RECEIVE_MAXIMUM 1024
/* The library's own queue must never be what limits. */
#define LIBRARY_QUEUE 64
/* After "not now" of MQTT 5 (quota, not authorised) nothing is sent for so long. */
#define REFUSED_PAUSE_MS 5000

typedef struct library {
  MQTTAsync client;
  MQTTProperties contents[VN_MQTT_CONTENTS]; /* MQTT 5; built once */
} library_t;

static library_t *library_of(const vn_mqtt_t *mqtt) { return mqtt->library; }

static bool is_version_5(const vn_mqtt_t *mqtt) { return mqtt->setup.broker->mqtt_version == 5; }

static const char *reason_of(int code, const char *message) {
  if (message != NULL) {
    return message;
  }
  const char *text = MQTTAsync_strerror(code);
  return text != NULL ? text : "no reason given";
}

/* A property of MQTT 5 that holds bytes; empty: it isn't there. */
static vn_text_t bytes_property(MQTTProperties *properties, enum MQTTPropertyCodes code) {
  const MQTTProperty *property = MQTTProperties_getPropertyAt(properties, code, 0);
  if (property == NULL || property->value.data.len <= 0) {
    return (vn_text_t){NULL, 0};
  }
  return (vn_text_t){property->value.data.data, (size_t)property->value.data.len};
}

/* Runs in the receive thread with the library's lock held: take the bytes, return 1. */
static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message) {
  vn_mqtt_t *mqtt = context;
  vn_tcp_quick_ack();
  /* The length is 0 when the topic is a plain C string. */
  vn_text_t name = {topic, topic_length > 0 ? (size_t)topic_length : strlen(topic)};
  vn_mqtt_arrival_t arrival = {.topic = name,
                               .payload = message->payload,
                               .length = (size_t)message->payloadlen,
                               .retained = message->retained != 0};
  if (message->properties.count > 0) {
    arrival.response_topic = bytes_property(&message->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    arrival.correlation = bytes_property(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
  }
  if (mqtt->setup.events.arrived != NULL) {
    mqtt->setup.events.arrived(mqtt->setup.events.context, &arrival);
  }
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1; /* 0 would acknowledge as well, and pile up the message on the heap */
}

static void on_connection_lost(void *context, char *cause) {
  vn__mqtt_lost(context, cause != NULL ? cause : "closed by the broker or the network");
}

static void on_server_disconnect(void *context, MQTTProperties *properties,
                                 enum MQTTReasonCodes reason) {
  (void)properties;
  vn_log(VN_LOG_WARNING, VN_LOG_BROKER, "the broker ends the connection", "reason",
         MQTTReasonCode_toString(reason), NULL);
  vn__mqtt_lost(context, "disconnected by the broker");
}

static void report_filter(const vn_mqtt_t *mqtt, int index, int code) {
  vn_log(VN_LOG_ERROR, VN_LOG_REFUSED,
         "the broker refuses a subscription: nothing will come from it, check the broker's access "
         "rules",
         "filter", mqtt->setup.filters[index], "code", vn_log_number(code, (char[24]){0}), NULL);
}

static void on_subscribed(void *context, MQTTAsync_successData *data) {
  vn_mqtt_t *mqtt = context;
  for (int i = 0; data != NULL && i < mqtt->setup.filter_count; i++) {
    int granted = mqtt->setup.filter_count == 1 ? data->alt.qos : data->alt.qosList[i];
    if (granted > 2) {
      report_filter(mqtt, i, granted);
    }
  }
  vn__mqtt_ready(mqtt);
}

static void on_subscribed5(void *context, MQTTAsync_successData5 *data) {
  vn_mqtt_t *mqtt = context;
  for (int i = 0; i < mqtt->setup.filter_count; i++) {
    bool listed = data->alt.sub.reasonCodeCount > 1 && i < data->alt.sub.reasonCodeCount;
    int code = (int)(listed ? data->alt.sub.reasonCodes[i] : data->reasonCode);
    if (code >= 0x80) {
      report_filter(mqtt, i, code);
    }
  }
  vn__mqtt_ready(mqtt);
}

/* Refused as a whole: readings are missing, but publishing what is there must go on. */
static void on_not_subscribed(void *context, MQTTAsync_failureData *data) {
  report_filter(context, 0, data != NULL ? data->code : MQTTASYNC_FAILURE);
  vn__mqtt_ready(context);
}

static void on_not_subscribed5(void *context, MQTTAsync_failureData5 *data) {
  int code = data != NULL ? (int)data->reasonCode : MQTTASYNC_FAILURE;
  if (code == 0) {
    return; /* the connection ended before an answer came: the next one subscribes again */
  }
  report_filter(context, 0, code);
  vn__mqtt_ready(context);
}

/* At the first connect and at every other one: the only place to subscribe. */
static void on_connected(void *context, char *cause) {
  vn_mqtt_t *mqtt = context;
  (void)cause;
  vn_tcp_no_delay();
  if (mqtt->setup.filter_count == 0) {
    return;
  }
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.context = mqtt;
  if (is_version_5(mqtt)) {
    response.onSuccess5 = on_subscribed5;
    response.onFailure5 = on_not_subscribed5;
  } else {
    response.onSuccess = on_subscribed;
    response.onFailure = on_not_subscribed;
  }
  int rc = MQTTAsync_subscribeMany(library_of(mqtt)->client, mqtt->setup.filter_count,
                                   (char *const *)(uintptr_t)mqtt->setup.filters,
                                   (int *)(uintptr_t)mqtt->setup.qos, &response);
  if (rc != MQTTASYNC_SUCCESS) {
    report_filter(mqtt, 0, rc);
  }
}

static void on_connect(void *context, MQTTAsync_successData *data) {
  vn__mqtt_connected(context, data->alt.connect.sessionPresent != 0, UINT16_MAX);
}

static void on_connect5(void *context, MQTTAsync_successData5 *data) {
  int64_t maximum = UINT16_MAX; /* absent means this */
  if (MQTTProperties_hasProperty(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)) {
    maximum = MQTTProperties_getNumericValue(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);
  }
  vn__mqtt_connected(context, data->alt.connect.sessionPresent != 0, (uint32_t)maximum);
}

static const char *connect_refusal(int code) {
  static const char *const texts[] = {"refused: protocol version", "refused: client identifier",
                                      "refused: server unavailable",
                                      "refused: user name or password", "refused: not authorised"};
  return code >= 1 && code <= 5 ? texts[code - 1] : NULL;
}

static void on_no_connect(void *context, MQTTAsync_failureData *data) {
  const char *refusal = data != NULL ? connect_refusal(data->code) : NULL;
  if (refusal != NULL) {
    vn__mqtt_refused(context, refusal);
    return;
  }
  vn__mqtt_lost(context,
                reason_of(data != NULL ? data->code : -1, data != NULL ? data->message : NULL));
}

static void on_no_connect5(void *context, MQTTAsync_failureData5 *data) {
  /* The broker's reason comes as the code. */
  const char *refusal = data != NULL && data->code >= 0x80
                            ? MQTTReasonCode_toString((enum MQTTReasonCodes)data->code)
                            : NULL;
  if (refusal != NULL) {
    vn__mqtt_refused(context, refusal);
    return;
  }
  vn__mqtt_lost(context,
                reason_of(data != NULL ? data->code : -1, data != NULL ? data->message : NULL));
}

static void on_sent(void *context, MQTTAsync_successData *data) {
  (void)data;
  vn__mqtt_verdict(context, true);
}

static void on_sent5(void *context, MQTTAsync_successData5 *data) {
  (void)data;
  vn__mqtt_verdict(context, true);
}

static void on_not_sent(void *context, MQTTAsync_failureData *data) {
  (void)data;
  vn__mqtt_verdict(context, false);
}

/* A refusal of MQTT 5: what can never be taken must not come back for ever. */
static void on_not_sent5(void *context, MQTTAsync_failureData5 *data) {
  vn_mqtt_slot_t *slot = context;
  vn_mqtt_t *mqtt = slot->mqtt;
  int reason = data != NULL ? (int)data->reasonCode : 0;
  if (reason < 0x80) {
    vn__mqtt_verdict(slot, false);
    return;
  }
  bool never = slot->once || reason == (int)MQTTREASONCODE_PAYLOAD_FORMAT_INVALID ||
               reason == (int)MQTTREASONCODE_TOPIC_NAME_INVALID ||
               reason == (int)MQTTREASONCODE_PACKET_TOO_LARGE;
  vn_log(VN_LOG_ERROR, VN_LOG_REFUSED,
         never ? "the broker refuses a message for good: it is dropped"
               : "the broker refuses a message: check its access rules and quota; trying again",
         "client_id", mqtt->client_id, "reason", MQTTReasonCode_toString(data->reasonCode), NULL);
  if (never) {
    atomic_fetch_add(&mqtt->refused, 1);
  } else {
    atomic_store(&mqtt->paused_until_ms, vn_clock_linux_mono_ms() + REFUSED_PAUSE_MS);
  }
  vn__mqtt_verdict(slot, never);
}

static void add_property(MQTTProperties *to, enum MQTTPropertyCodes code, uint32_t number) {
  MQTTProperty property = {.identifier = code};
  if (code == MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR) {
    property.value.byte = (unsigned char)number;
  } else if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM) {
    property.value.integer2 = (unsigned short)number;
  } else {
    property.value.integer4 = number;
  }
  (void)MQTTProperties_add(to, &property);
}

static void describe_contents(library_t *library) {
  static const char *const types[VN_MQTT_CONTENTS] = {"text/plain", "application/json",
                                                      "application/cbor", "application/senml+json",
                                                      "application/senml+cbor"};
  for (size_t i = 0; i < VN_MQTT_CONTENTS; i++) {
    bool text = i != VN_MQTT_CBOR && i != VN_MQTT_SENML_CBOR;
    MQTTProperty type = {.identifier = MQTTPROPERTY_CODE_CONTENT_TYPE};
    type.value.data.data = (char *)(uintptr_t)types[i];
    type.value.data.len = (int)strlen(types[i]);
    add_property(&library->contents[i], MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, text ? 1 : 0);
    (void)MQTTProperties_add(&library->contents[i], &type);
  }
}

bool vn__mqtt_library_create(vn_mqtt_t *mqtt, const char **problem) {
  if (mqtt->uri.tls && !VN_TLS) {
    *problem = "this vnotchd was built without TLS: use mqtt:// or a build with TLS";
    return false;
  }
  library_t *library = calloc(1, sizeof *library);
  *problem = "the MQTT library has no memory";
  if (library == NULL) {
    return false;
  }
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  create.MQTTVersion = is_version_5(mqtt) ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  create.maxBufferedMessages = LIBRARY_QUEUE;
  int rc = MQTTAsync_createWithOptions(&library->client, mqtt->setup.broker->uri, mqtt->client_id,
                                       MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
  if (rc != MQTTASYNC_SUCCESS) {
    free(library);
    *problem = "the MQTT library refuses the broker's uri or the client_id";
    return false;
  }
  mqtt->library = library;
  /* Before connect: a kept session delivers at once. */
  (void)MQTTAsync_setCallbacks(library->client, mqtt, on_connection_lost, on_message, NULL);
  (void)MQTTAsync_setConnected(library->client, mqtt, on_connected);
  if (is_version_5(mqtt)) {
    (void)MQTTAsync_setDisconnected(library->client, mqtt, on_server_disconnect);
    describe_contents(library);
  }
  *problem = NULL;
  return true;
}

static int on_tls_error(const char *text, size_t length, void *context) {
  const vn_mqtt_t *mqtt = context;
  char line[256];
  size_t take = length < sizeof line - 1 ? length : sizeof line - 1;
  memcpy(line, text, take);
  line[take] = '\0';
  line[strcspn(line, "\n")] = '\0';
  vn_log(VN_LOG_ERROR, VN_LOG_TLS, "TLS: the broker's certificate or the handshake is not accepted",
         "broker", mqtt->setup.broker->uri, "reason", line, NULL);
  return 1;
}

static const char *or_null(const char *text) { return text[0] != '\0' ? text : NULL; }

static void set_tls(vn_mqtt_t *mqtt, MQTTAsync_SSLOptions *tls) {
  tls->trustStore = or_null(mqtt->setup.broker->ca_file);
  tls->keyStore = or_null(mqtt->setup.broker->cert_file);
  tls->privateKey = or_null(mqtt->setup.broker->key_file);
  tls->enableServerCertAuth = 1;
  tls->verify = 1; /* the default doesn't look at the host name */
  tls->ssl_error_cb = on_tls_error;
  tls->ssl_error_context = mqtt;
}

static void set_connect(vn_mqtt_t *mqtt, MQTTAsync_connectOptions *connect) {
  const vn_broker_t *broker = mqtt->setup.broker;
  connect->keepAliveInterval = broker->keep_alive_s;
  connect->connectTimeout = CONNECT_TIMEOUT_S;
  connect->automaticReconnect = 0; /* the keeper does it: names are resolved outside the library */
  connect->username = or_null(broker->username);
  connect->password = broker->password_file[0] != '\0' ? mqtt->password : NULL;
  connect->context = mqtt;
  if (is_version_5(mqtt)) {
    connect->cleanstart = mqtt->setup.transient ? 1 : 0;
    connect->onSuccess5 = on_connect5;
    connect->onFailure5 = on_no_connect5;
  } else {
    connect->cleansession = mqtt->setup.transient ? 1 : 0;
    connect->onSuccess = on_connect;
    connect->onFailure = on_no_connect;
  }
}

const char *vn__mqtt_library_connect(vn_mqtt_t *mqtt) {
  MQTTAsync_connectOptions connect4 = MQTTAsync_connectOptions_initializer;
  MQTTAsync_connectOptions connect5 = MQTTAsync_connectOptions_initializer5;
  MQTTAsync_connectOptions *connect = is_version_5(mqtt) ? &connect5 : &connect4;
  MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
  MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
  MQTTProperties properties = MQTTProperties_initializer;
  connect4.MQTTVersion = MQTTVERSION_3_1_1;
  set_connect(mqtt, connect);
  if (is_version_5(mqtt)) {
    add_property(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                 mqtt->setup.transient ? 0 : mqtt->setup.broker->session_expiry_s);
    add_property(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, INBOUND_RECEIVE_MAXIMUM);
    connect->connectProperties = &properties;
  }
  if (mqtt->setup.will_topic != NULL) {
    will.topicName = mqtt->setup.will_topic;
    will.payload.data = mqtt->setup.will;
    will.payload.len = (int)strlen(mqtt->setup.will);
    will.qos = 1;
    will.retained = 1;
    connect->will = &will;
  }
  if (mqtt->uri.tls) {
    set_tls(mqtt, &tls);
    connect->ssl = &tls;
  }
  int rc = MQTTAsync_connect(library_of(mqtt)->client, connect);
  MQTTProperties_free(&properties);
  return rc == MQTTASYNC_SUCCESS ? NULL : reason_of(rc, NULL);
}

static void add_user_property(MQTTProperties *to, const char *name, const char *value) {
  MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
  property.value.data.data = (char *)(uintptr_t)name;
  property.value.data.len = (int)strlen(name);
  property.value.value.data = (char *)(uintptr_t)value;
  property.value.value.len = (int)strlen(value);
  (void)MQTTProperties_add(to, &property);
}

/* The attributes of a CloudEvent in the binary mode of its binding to MQTT. */
static void add_event(MQTTProperties *to, const vn_mqtt_t *mqtt, const vn_cloud_event_t *event) {
  vn_cloud_event_texts_t texts;
  VN_ASSERT(mqtt->setup.device != NULL && mqtt->setup.source != NULL);
  vn_cloud_event_texts(event, mqtt->setup.device, &texts);
  add_user_property(to, "specversion", "1.0");
  add_user_property(to, "type", texts.type);
  add_user_property(to, "source", mqtt->setup.source);
  add_user_property(to, "id", texts.id);
  if (texts.time[0] != '\0') {
    add_user_property(to, "time", texts.time);
  }
}

/* What every message of this content says, the correlation data of an answer, an event. */
static MQTTProperties properties_of(const vn_mqtt_t *mqtt, const vn_mqtt_record_t *record,
                                    const uint8_t *correlation) {
  MQTTProperties properties = MQTTProperties_copy(&library_of(mqtt)->contents[record->content]);
  MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
  property.value.data.data = (char *)(uintptr_t)correlation;
  property.value.data.len = record->correlation_length;
  if (record->correlation_length > 0) {
    (void)MQTTProperties_add(&properties, &property);
  }
  if (record->event.there) {
    add_event(&properties, mqtt, &record->event);
  }
  return properties;
}

const char *vn__mqtt_library_send(vn_mqtt_slot_t *slot, const vn_mqtt_record_t *record,
                                  const char *topic, const uint8_t *payload) {
  library_t *library = library_of(slot->mqtt);
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  MQTTProperties own = MQTTProperties_initializer;
  response.context = slot;
  if (is_version_5(slot->mqtt)) {
    response.onSuccess5 = on_sent5;
    response.onFailure5 = on_not_sent5;
    own = properties_of(slot->mqtt, record, payload + record->length);
    response.properties = own;
  } else {
    response.onSuccess = on_sent;
    response.onFailure = on_not_sent;
  }
  int rc = MQTTAsync_send(library->client, topic, (int)record->length, payload, 1,
                          record->retained ? 1 : 0, &response);
  MQTTProperties_free(&own);
  return rc == MQTTASYNC_SUCCESS ? NULL : reason_of(rc, NULL);
}

static void on_disconnected(void *context, MQTTAsync_successData *data) {
  (void)data;
  vn__mqtt_disconnected(context);
}

static void on_disconnected5(void *context, MQTTAsync_successData5 *data) {
  (void)data;
  vn__mqtt_disconnected(context);
}

bool vn__mqtt_library_disconnect(vn_mqtt_t *mqtt) {
  MQTTAsync_disconnectOptions disconnect = MQTTAsync_disconnectOptions_initializer;
  if (is_version_5(mqtt)) {
    MQTTAsync_disconnectOptions disconnect5 = MQTTAsync_disconnectOptions_initializer5;
    disconnect = disconnect5;
    disconnect.onSuccess5 = on_disconnected5;
  } else {
    disconnect.onSuccess = on_disconnected;
  }
  disconnect.context = mqtt;
  disconnect.timeout = DISCONNECT_TIMEOUT_MS;
  return MQTTAsync_disconnect(library_of(mqtt)->client, &disconnect) == MQTTASYNC_SUCCESS;
}

void vn__mqtt_library_destroy(vn_mqtt_t *mqtt) {
  library_t *library = library_of(mqtt);
  MQTTAsync_destroy(&library->client);
  for (size_t i = 0; i < VN_MQTT_CONTENTS; i++) {
    MQTTProperties_free(&library->contents[i]);
  }
  free(library);
  mqtt->library = NULL;
}
