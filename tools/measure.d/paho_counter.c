/* A subscriber that only counts: what the MQTT library itself costs per message. */
#include <MQTTAsync.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: paho_counter URI FILTER QOS\n"
    "Says ready, counts until a message comes on a topic that ends with /stop, then prints\n"
    "{\"messages\": N, \"bytes\": N, \"cpu_us\": N}, the CPU time since it was ready.\n";

typedef struct counter {
  MQTTAsync client;
  const char *filter;
  int qos;
  unsigned long long messages, bytes;
  atomic_int ended; /* 1: stopped, 2: failed */
} counter_t;

static double cpu_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message) {
  counter_t *counter = context;
  size_t length = topic_length > 0 ? (size_t)topic_length : strlen(topic);
  if (length >= 5 && memcmp(topic + length - 5, "/stop", 5) == 0) {
    atomic_store(&counter->ended, 1);
  } else {
    counter->messages++;
    counter->bytes += (unsigned long long)message->payloadlen;
  }
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

static void on_lost(void *context, char *cause) {
  (void)cause;
  atomic_store(&((counter_t *)context)->ended, 2);
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data) {
  (void)context;
  (void)data;
  (void)puts("ready");
  (void)fflush(stdout);
}

static void on_failed(void *context, MQTTAsync_failureData5 *data) {
  (void)data;
  atomic_store(&((counter_t *)context)->ended, 2);
}

static void on_connected(void *context, MQTTAsync_successData5 *data) {
  counter_t *counter = context;
  (void)data;
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.context = counter;
  response.onSuccess5 = on_subscribed;
  response.onFailure5 = on_failed;
  if (MQTTAsync_subscribe(counter->client, counter->filter, counter->qos, &response) !=
      MQTTASYNC_SUCCESS) {
    atomic_store(&counter->ended, 2);
  }
}

static int start(counter_t *counter, const char *uri) {
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
  create.MQTTVersion = MQTTVERSION_5;
  if (MQTTAsync_createWithOptions(&counter->client, uri, "paho-counter",
                                  MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                  &create) != MQTTASYNC_SUCCESS) {
    return MQTTASYNC_FAILURE;
  }
  (void)MQTTAsync_setCallbacks(counter->client, counter, on_lost, on_message, NULL);
  connect.cleanstart = 1;
  connect.context = counter;
  connect.onSuccess5 = on_connected;
  connect.onFailure5 = on_failed;
  return MQTTAsync_connect(counter->client, &connect);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    (void)fputs(usage, stderr);
    return 64;
  }
  static counter_t counter;
  counter.filter = argv[2];
  counter.qos = atoi(argv[3]);
  double begun_us = cpu_us();
  const struct timespec pause = {.tv_nsec = 10000000};
  if (start(&counter, argv[1]) != MQTTASYNC_SUCCESS) {
    atomic_store(&counter.ended, 2);
  }
  while (atomic_load(&counter.ended) == 0) {
    (void)nanosleep(&pause, NULL);
  }
  if (atomic_load(&counter.ended) == 2) {
    (void)fputs("paho_counter: the broker can't be reached, or ended the connection\n", stderr);
    return 69;
  }
  (void)printf("{\"messages\": %llu, \"bytes\": %llu, \"cpu_us\": %.0f}\n", counter.messages,
               counter.bytes, cpu_us() - begun_us);
  MQTTAsync_destroy(&counter.client);
  return 0;
}
