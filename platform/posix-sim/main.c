/* vnotch-sim: what the engine does, without a broker, without waiting. */
#include "bridge.h"
#include "history.h"
#include "plan_file.h"
#include "replay.h"
#include "world/run.h"
#include "world/world.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: vnotch-sim replay --config FILE --trace FILE [--output FILE] [--scores] [--events]\n"
    "       vnotch-sim replay --plan FILE --trace FILE [--output FILE] [--scores] [--events]\n"
    "       vnotch-sim replay --config FILE --journal FILE [--output FILE] [--scores] [--events]\n"
    "       vnotch-sim journal --state FILE [--output FILE]\n"
    "       vnotch-sim run [--seed N] [--days D] [--faults KINDS] ... (docs/simulation.md)\n"
    "       vnotch-sim bridge --serial PATH --config FILE ... (docs/serial.md)\n"
    "       vnotch-sim --version\n"
    "\n"
    "replay runs a recorded trace (JSON lines, or CSV with the header time,series,value; - is\n"
    "standard input) through the engine under a virtual clock and prints results as JSON lines.\n"
    "With --plan the configuration is a blob of vnotch compile.\n"
    "With --journal the messages come from a state file that vnotchd keeps in journal mode, as "
    "far\n"
    "back as it still holds them.\n"
    "\n"
    "journal prints them as a trace.\n"
    "\n"
    "run lets simulated devices live through faults and compares all that they tell with an "
    "oracle.\n"
    "\n"
    "bridge joins a device on a serial line with an MQTT broker.\n";

typedef struct option {
  const char *name;
  const char **value;
  bool *flag; /* of an option without a value */
} option_t;

/* Reads "--name value" and flags; false, with a message, when one is unknown or has no value. */
static bool read_options(int argc, char **argv, const option_t *options, size_t count) {
  for (int i = 0; i < argc; i++) {
    size_t found = 0;
    while (found < count && strcmp(argv[i], options[found].name) != 0) {
      found++;
    }
    if (found == count) {
      fprintf(stderr, "vnotch-sim: unknown option %s\n%s", argv[i], usage);
      return false;
    }
    if (options[found].flag != NULL) {
      *options[found].flag = true;
      continue;
    }
    if (i + 1 == argc) {
      fprintf(stderr, "vnotch-sim: %s needs a value\n%s", argv[i], usage);
      return false;
    }
    *options[found].value = argv[++i];
  }
  return true;
}

/* With the plan that firmware loads. */
static int replay_blob(vn_replay_options_t *replay, const char *file) {
  void *memory;
  replay->config = file;
  replay->plan = vn_plan_file_load(file, &memory, stderr);
  int code = replay->plan == NULL ? VN_EXIT_CONFIGURATION : vn_replay(replay, stderr);
  free(memory);
  return code;
}

static int command_replay(int argc, char **argv) {
  vn_replay_options_t replay = {.scores = false, .events = false};
  const char *blob = NULL;
  const option_t options[] = {{"--config", &replay.config, NULL},
                              {"--trace", &replay.trace, NULL},
                              {"--journal", &replay.journal, NULL},
                              {"--output", &replay.output, NULL},
                              {"--scores", NULL, &replay.scores},
                              {"--events", NULL, &replay.events},
                              {"--plan", &blob, NULL}};
  if (!read_options(argc, argv, options, sizeof options / sizeof *options)) {
    return VN_EXIT_USAGE;
  }
  if ((replay.config == NULL) == (blob == NULL) ||
      (replay.trace == NULL) == (replay.journal == NULL)) {
    fprintf(stderr,
            "vnotch-sim: replay needs one of --config and --plan, and one of --trace and "
            "--journal\n%s",
            usage);
    return VN_EXIT_USAGE;
  }
  return blob == NULL ? vn_replay(&replay, stderr) : replay_blob(&replay, blob);
}

/* Says where, if a world was running: a failure like any other. */
_Noreturn void vn_assert_failed(const char *file, int line) {
  vn_world_caught(file, line);
  fprintf(stderr, "vnotch-sim: an assertion failed: %s:%d\n", file, line);
  abort();
}

static int command_journal(int argc, char **argv) {
  const char *state = NULL;
  const char *output = NULL;
  const option_t options[] = {{"--state", &state, NULL}, {"--output", &output, NULL}};
  if (!read_options(argc, argv, options, sizeof options / sizeof *options)) {
    return VN_EXIT_USAGE;
  }
  if (state == NULL) {
    fprintf(stderr, "vnotch-sim: journal needs --state\n%s", usage);
    return VN_EXIT_USAGE;
  }
  FILE *file = output == NULL ? stdout : fopen(output, "wb");
  if (file == NULL) {
    fprintf(stderr, "vnotch-sim: %s: %s\n", output, strerror(errno));
    return VN_EXIT_IO;
  }
  int code = vn_history_write(state, file, stderr);
  if (file != stdout && fclose(file) != 0 && code == VN_EXIT_OK) {
    fprintf(stderr, "vnotch-sim: %s: %s\n", output, strerror(errno));
    code = VN_EXIT_IO;
  }
  return code;
}

int main(int argc, char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  if (strcmp(command, "replay") == 0) {
    return command_replay(argc - 2, argv + 2);
  }
  if (strcmp(command, "run") == 0) {
    return vn_run(argc - 2, argv + 2, stderr);
  }
  if (strcmp(command, "bridge") == 0) {
    return vn_bridge(argc - 2, argv + 2);
  }
  if (strcmp(command, "journal") == 0) {
    return command_journal(argc - 2, argv + 2);
  }
  if (strcmp(command, "--version") == 0) {
    puts("vnotch-sim " VN_VERSION_TEXT);
    return VN_EXIT_OK;
  }
  if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0) {
    fputs(usage, stdout);
    return VN_EXIT_OK;
  }
  fputs(usage, stderr);
  return VN_EXIT_USAGE;
}
