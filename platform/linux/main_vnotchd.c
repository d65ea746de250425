/* vnotchd: command line, and the order of the steps. */
#include "daemon.h"
#include "log.h"
#include "signals.h"

#include <stdio.h>
#include <string.h>

typedef struct options {
  const char *file;
  bool check;
} options_t;

static const char usage[] =
    "usage: vnotchd --config FILE                 run\n"
    "       vnotchd --config FILE --check-config  report every error of the file, then exit\n"
    "       vnotchd --version | --help\n"
    "exit status: 0, 64 usage, 65 unusable state, 69 unavailable, 74 I/O, 78 configuration\n";

_Noreturn void vn_assert_failed(const char *file, int line) {
  vn_log(VN_LOG_ERROR, VN_LOG_STATE, "a fault in the program, please report it", "file", file,
         "line", vn_log_number(line, (char[24]){0}), NULL);
  __builtin_trap();
}

static int say(const char *text) {
  bool ok = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
  return ok ? VN_EXIT_OK : VN_EXIT_IO;
}

static int misuse(const char *problem, const char *argument) {
  (void)fprintf(stderr, "vnotchd: %s '%s'\n%s", problem, argument, usage);
  return VN_EXIT_USAGE;
}

/* The file of --config FILE or --config=FILE; *next moves on. NULL: there is none. */
static const char *file_of(int count, char **arguments, int *next) {
  const char *argument = arguments[*next];
  if (argument[8] == '=') {
    return argument[9] != '\0' ? argument + 9 : NULL;
  }
  *next += 1;
  return *next < count ? arguments[*next] : NULL;
}

/* -1: go on. */
static int read_options(int count, char **arguments, options_t *options) {
  for (int i = 1; i < count; i++) {
    const char *argument = arguments[i];
    if (strcmp(argument, "--version") == 0) {
      return say("vnotchd " VN_VERSION_TEXT "\n");
    }
    if (strcmp(argument, "--help") == 0) {
      return say(usage);
    }
    if (strcmp(argument, "--check-config") == 0) {
      options->check = true;
    } else if (strcmp(argument, "--config") == 0 || strncmp(argument, "--config=", 9) == 0) {
      options->file = file_of(count, arguments, &i);
      if (options->file == NULL) {
        return misuse("a file is missing behind", "--config");
      }
    } else {
      return misuse("unknown argument", argument);
    }
  }
  return options->file != NULL ? -1 : misuse("missing argument", "--config FILE");
}

static int run(vn_daemon_t *daemon, const options_t *options) {
  int code = vn_daemon_load(daemon, options->file);
  if (code != VN_EXIT_OK) {
    return code;
  }
  if (options->check) {
    (void)printf("%s: no errors\n", options->file);
    return VN_EXIT_OK;
  }
  code = vn_daemon_restore(daemon);
  if (code == VN_EXIT_OK) {
    code = vn_daemon_connect(daemon);
  }
  return code == VN_EXIT_OK ? vn_daemon_run(daemon) : code;
}

int main(int count, char **arguments) {
  static vn_daemon_t daemon;
  options_t options = {0};
  if (!vn_signals_prepare()) {
    return VN_EXIT_IO;
  }
  int code = read_options(count, arguments, &options);
  if (code >= 0) {
    return code;
  }
  code = run(&daemon, &options);
  vn_daemon_free(&daemon);
  return code;
}
