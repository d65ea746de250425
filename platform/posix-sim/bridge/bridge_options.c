/* The command line of `vnotch-sim bridge`. */
#include "bridge_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_ALIVE_S 60
#define BAUD 115200u
#define TIME_EVERY_S 60
#define DAY_S 86400

static const char usage[] =
    "usage: vnotch-sim bridge --serial PATH --config FILE [--baud N] [--time-every S] [--stop]\n"
    "       vnotch-sim bridge --serial PATH --broker URI --device D --topic FILTER ...\n"
    "                         [--prefix P] [--baud N] [--time-every S] [--stop]\n"
    "\n"
    "Joins a device on a serial line with an MQTT broker: what comes on the topics goes to the\n"
    "device in frames, what the device publishes goes to <prefix>/<device>/... with QoS 1. A\n"
    "message is acknowledged to the broker once the device has acknowledged it, and the other way\n"
    "round. Ends with SIGTERM or SIGINT and prints its figures, SIGUSR1 prints them meanwhile.\n"
    "  --serial PATH   a terminal (/dev/ttyACM0), a pseudo terminal, or a unix socket that QEMU\n"
    "                  listens on: -serial unix:PATH,server=on\n"
    "  --config FILE   broker, device, prefix and topics of this configuration\n"
    "  --broker URI    mqtt://host[:port]\n"
    "  --device D      one level of a topic\n"
    "  --topic FILTER  subscribe to it; may be given up to 64 times\n"
    "  --prefix P      first levels of the topics of the device, default vnotch\n"
    "  --baud N        of a terminal, default 115200\n"
    "  --time-every S  tell the device the time at least so often, default 60 s\n"
    "  --stop          at the end let the device commit everything and stop\n";

static int misuse(const char *problem, const char *argument) {
  (void)fprintf(stderr, "vnotch-sim: bridge: %s '%s'\n%s", problem, argument, usage);
  return VN__BRIDGE_USAGE;
}

enum { SERIAL, CONFIG, BROKER, DEVICE, PREFIX, SPEED, TIME_EVERY, VALUES };

static int add_filter(vn__bridge_options_t *options, const char *filter) {
  if (filter == NULL || filter[0] == '\0') {
    return misuse("a value is missing behind", "--topic");
  }
  if (options->filter_count == VN__BRIDGE_FILTERS_MAX) {
    return misuse("more than 64 topics:", filter);
  }
  options->filters[options->filter_count] = filter;
  options->qos[options->filter_count++] = 1;
  return -1;
}

/* An option without a value, or --topic; -1: go on. */
static int parse_other(char **argv, const char *value, int *index, vn__bridge_options_t *options) {
  const char *name = argv[*index];
  if (strcmp(name, "--topic") == 0) {
    *index += 1;
    return add_filter(options, value);
  }
  if (strcmp(name, "--stop") == 0) {
    options->stop_device = true;
    return -1;
  }
  if (strcmp(name, "--help") == 0) {
    return fputs(usage, stdout) < 0 ? VN__BRIDGE_UNAVAILABLE : VN__BRIDGE_OK;
  }
  return misuse("unknown argument", name);
}

static int parse(int argc, char **argv, const char **values, vn__bridge_options_t *options) {
  static const char *const names[VALUES] = {"--serial", "--config", "--broker",    "--device",
                                            "--prefix", "--baud",   "--time-every"};
  int status = -1;
  for (int i = 0; i < argc && status < 0; i++) {
    const char *value = i + 1 < argc && argv[i + 1][0] != '\0' ? argv[i + 1] : NULL;
    unsigned option = 0;
    while (option < VALUES && strcmp(argv[i], names[option]) != 0) {
      option++;
    }
    if (option == VALUES) {
      status = parse_other(argv, value, &i, options);
    } else if (value == NULL) {
      status = misuse("a value is missing behind", names[option]);
    } else {
      values[option] = value;
      i++;
    }
  }
  return status;
}

/* Digits, from 1 to most. */
static bool read_number(const char *text, long most, long *out) {
  char *rest = NULL;
  *out = strtol(text, &rest, 10);
  return text[0] >= '0' && text[0] <= '9' && *rest == '\0' && *out >= 1 && *out <= most;
}

static int take_numbers(const char *const *values, vn__bridge_options_t *options) {
  long baud = BAUD;
  long every_s = TIME_EVERY_S;
  if (values[SPEED] != NULL &&
      (!read_number(values[SPEED], INT32_MAX, &baud) || !vn_serial_has_baud((uint32_t)baud))) {
    return misuse("the speed must be 9600, 19200, 38400, 57600, 115200 or 230400, not",
                  values[SPEED]);
  }
  if (values[TIME_EVERY] != NULL && !read_number(values[TIME_EVERY], DAY_S, &every_s)) {
    return misuse("--time-every needs seconds, 1 to 86400, not", values[TIME_EVERY]);
  }
  options->baud = (uint32_t)baud;
  options->time_every_ms = (int64_t)every_s * 1000;
  return -1;
}

/* Patterns are no shorter than their filters. */
static bool add_patterns(vn__bridge_options_t *options, const vn_plan_t *plan) {
  size_t bytes = 0;
  for (uint8_t i = 0; i < plan->input_count; i++) {
    bytes += plan->inputs[i].pattern.text.length + 1;
  }
  char *next = calloc(1, bytes);
  options->filter_bytes = next;
  for (uint8_t i = 0; next != NULL && i < plan->input_count; i++) {
    size_t room = plan->inputs[i].pattern.text.length + 1;
    if (i == VN__BRIDGE_FILTERS_MAX ||
        vn_pattern_filter(&plan->inputs[i].pattern, next, room) == 0) {
      return false;
    }
    options->filters[options->filter_count] = next;
    options->qos[options->filter_count++] = plan->inputs[i].qos;
    next += room;
  }
  return next != NULL;
}

static int load(const char *path, vn__bridge_options_t *options) {
  unsigned errors = 0;
  options->configuration = vn_configuration_load(path, stderr, &errors);
  if (options->configuration == NULL) {
    (void)fprintf(stderr, "%s: %u %s\n", path, errors, errors == 1 ? "error" : "errors");
    return VN__BRIDGE_CONFIGURATION;
  }
  const vn_plan_t *plan = &options->configuration->plan;
  options->broker = options->configuration->broker;
  options->prefix = plan->prefix;
  options->device = plan->device;
  if (options->broker.uri[0] == '\0' || plan->input_count == 0) {
    (void)fprintf(stderr, "vnotch-sim: bridge: %s has no broker or no inputs\n", path);
    return VN__BRIDGE_CONFIGURATION;
  }
  if (!add_patterns(options, plan)) {
    (void)fprintf(stderr, "vnotch-sim: bridge: no memory for the topics, or more than 64\n");
    return VN__BRIDGE_UNAVAILABLE;
  }
  return -1;
}

/* A name of one level, or with `levels` of several. */
static bool is_name(const char *text, bool levels) {
  size_t length = strlen(text);
  bool edges = length > 0 && text[0] != '/' && text[length - 1] != '/';
  return edges && length <= VN_WORD_MAX && strpbrk(text, levels ? "+#" : "+#/") == NULL;
}

static int check_filters(const vn__bridge_options_t *options) {
  for (int i = 0; i < options->filter_count; i++) {
    vn_pattern_t pattern;
    const char *problem = NULL;
    const vn_text_t text = {options->filters[i], strlen(options->filters[i])};
    if (vn_pattern_compile(text, &pattern, &problem) != VN_OK || pattern.capture_count > 0) {
      return misuse(problem != NULL ? problem : "a filter of MQTT has no braces:",
                    options->filters[i]);
    }
  }
  return options->filter_count > 0 ? -1 : misuse("a topic is missing:", "--topic");
}

static int take_broker(const char *const *values, vn__bridge_options_t *options) {
  static char client_id[sizeof "vnotch-" + VN_WORD_MAX];
  options->prefix = values[PREFIX] != NULL ? values[PREFIX] : "vnotch";
  options->device = values[DEVICE];
  if (options->device == NULL || !is_name(options->device, false)) {
    return misuse("the device must be one level of a topic, at most 64 bytes, without wildcards:",
                  options->device != NULL ? options->device : "--device");
  }
  if (!is_name(options->prefix, true)) {
    return misuse("the prefix must be levels of a topic, at most 64 bytes, without wildcards:",
                  options->prefix);
  }
  (void)snprintf(client_id, sizeof client_id, "vnotch-%s", options->device);
  /* 3.1.1, which every broker speaks, and whose sessions last. */
  options->broker = (vn_broker_t){.uri = values[BROKER],
                                  .client_id = client_id,
                                  .username = "",
                                  .password_file = "",
                                  .ca_file = "",
                                  .cert_file = "",
                                  .key_file = "",
                                  .keep_alive_s = KEEP_ALIVE_S,
                                  .mqtt_version = 4};
  return check_filters(options);
}

int vn__bridge_options(int argc, char **argv, vn__bridge_options_t *options) {
  const char *values[VALUES] = {NULL};
  *options = (vn__bridge_options_t){.stop_device = false};
  int status = parse(argc, argv, values, options);
  status = status < 0 ? take_numbers(values, options) : status;
  if (status >= 0) {
    return status;
  }
  if (values[SERIAL] == NULL) {
    return misuse("the line is missing:", "--serial");
  }
  options->serial = values[SERIAL];
  bool own = values[BROKER] != NULL || values[DEVICE] != NULL || values[PREFIX] != NULL;
  if (values[CONFIG] != NULL) {
    return own || options->filter_count > 0
               ? misuse(
                     "broker, device, prefix and topics are those of the configuration, leave "
                     "them out beside",
                     "--config")
               : load(values[CONFIG], options);
  }
  return values[BROKER] == NULL ? misuse("one is missing: --config, or", "--broker")
                                : take_broker(values, options);
}
