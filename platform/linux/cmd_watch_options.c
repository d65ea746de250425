/* The command line of `vnotch watch`. */
#include "cmd_watch_priv.h"
#include "commands.h"

#include <stdio.h>
#include <string.h>

#define KEEP_ALIVE_S 60

static const char usage[] =
    "usage: vnotch watch [--config FILE | --broker URI [--prefix P] [--device D]] [--once]\n"
    "\n"
    "Shows alerts, series and figures as the topics of a broker tell them, live, with keys to\n"
    "acknowledge and shelve; as lines of text when the output is no terminal.\n"
    "  --config FILE   broker, prefix and device of this configuration\n"
    "  --broker URI    default mqtt://127.0.0.1:1883\n"
    "  --prefix P      first levels of the topics, default vnotch\n"
    "  --device D      one device, default all\n"
    "  --once          print the present state as text and end\n";

static int misuse(const char *problem, const char *argument) {
  (void)fprintf(stderr, "vnotch: watch: %s '%s'\n%s", problem, argument, usage);
  return VN_STATUS_USAGE;
}

/* A name of one level, or with `levels` of several, that can stand in a topic filter. */
static bool is_name(const char *text, bool levels) {
  size_t length = strlen(text);
  bool edges = length > 0 && text[0] != '/' && text[length - 1] != '/';
  return edges && length <= VN_WORD_MAX && strpbrk(text, levels ? "+#" : "+#/") == NULL;
}

static int check(const vn__watch_options_t *options) {
  if (!is_name(options->prefix, true)) {
    return misuse("the prefix must be levels of a topic, without wildcards and at most 64 bytes:",
                  options->prefix);
  }
  if (strcmp(options->device, "+") != 0 && !is_name(options->device, false)) {
    return misuse(
        "the device must be one level of a topic, without wildcards and at most 64 "
        "bytes:",
        options->device);
  }
  return -1;
}

static int load(const char *path, vn__watch_options_t *options) {
  unsigned errors = 0;
  options->configuration = vn_configuration_load(path, stderr, &errors);
  if (options->configuration == NULL) {
    (void)fprintf(stderr, "%s: %u %s\n", path, errors, errors == 1 ? "error" : "errors");
    return VN_STATUS_CONFIGURATION;
  }
  /* Results are where they are published. */
  options->broker = options->configuration->upstream;
  options->prefix = options->configuration->plan.prefix;
  options->device = options->configuration->plan.device;
  if (options->broker.uri[0] == '\0') {
    (void)fprintf(stderr, "vnotch: %s names no broker: add broker: {uri: mqtt://host}\n", path);
    return VN_STATUS_CONFIGURATION;
  }
  return -1;
}

/* The value of an option that needs one; NULL: it is missing. */
static const char *value_of(int argc, char **argv, int *index) {
  *index += 1;
  return *index < argc && argv[*index][0] != '\0' ? argv[*index] : NULL;
}

enum { CONFIG, BROKER, PREFIX, DEVICE, VALUES };

/* Fills values[VALUES]; -1: go on. */
static int parse(int argc, char **argv, const char **values, bool *once) {
  static const char *const names[VALUES] = {"--config", "--broker", "--prefix", "--device"};
  for (int i = 1; i < argc; i++) {
    unsigned option = 0;
    while (option < VALUES && strcmp(argv[i], names[option]) != 0) {
      option++;
    }
    if (option < VALUES) {
      values[option] = value_of(argc, argv, &i);
      if (values[option] == NULL) {
        return misuse("a value is missing behind", names[option]);
      }
    } else if (strcmp(argv[i], "--once") == 0) {
      *once = true;
    } else if (strcmp(argv[i], "--help") == 0) {
      return fputs(usage, stdout) < 0 ? VN_STATUS_IO : VN_STATUS_OK;
    } else {
      return misuse("unknown argument", argv[i]);
    }
  }
  return -1;
}

int vn__watch_options(int argc, char **argv, vn__watch_options_t *options) {
  const char *values[VALUES] = {NULL};
  *options = (vn__watch_options_t){.once = false};
  int status = parse(argc, argv, values, &options->once);
  if (status >= 0) {
    return status;
  }
  if (values[CONFIG] != NULL) {
    return values[BROKER] == NULL && values[PREFIX] == NULL && values[DEVICE] == NULL
               ? load(values[CONFIG], options)
               : misuse(
                     "broker, prefix and device are those of the configuration, leave them out "
                     "beside",
                     "--config");
  }
  options->prefix = values[PREFIX] != NULL ? values[PREFIX] : "vnotch";
  options->device = values[DEVICE] != NULL ? values[DEVICE] : "+";
  /* 3.1.1, which every broker speaks: nothing here needs more. */
  options->broker =
      (vn_broker_t){.uri = values[BROKER] != NULL ? values[BROKER] : "mqtt://127.0.0.1:1883",
                    .username = "",
                    .password_file = "",
                    .ca_file = "",
                    .cert_file = "",
                    .key_file = "",
                    .keep_alive_s = KEEP_ALIVE_S,
                    .mqtt_version = 4};
  return check(options);
}
