/* vnotch: the user's tool. Chooses the command; each has a file of its own. */
#include "commands.h"
#include "vn/assert.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct command {
  const char *name;
  int (*run)(int argc, char **argv);
} command_t;

static const char usage[] =
    "usage: vnotch check FILE             tell every error of a configuration\n"
    "       vnotch budget FILE [--json] [--target TARGET]\n"
    "                                     tell what it needs: memory, flash, years of flash life\n"
    "       vnotch compile FILE -o PLAN.c|PLAN.cbor [--name NAME]\n"
    "                                     the plan as tables in C, or as a blob, for firmware\n"
    "       vnotch decode [FILE|-]        turn CBOR summaries into lines of JSON\n"
    "       vnotch watch [OPTIONS]        show alerts, series and figures live (watch --help)\n"
    "       vnotch savepoint export --config FILE [--output FILE]\n"
    "       vnotch savepoint import --config FILE --input FILE [--force]\n"
    "                                     a state as a portable file, and a state made of one\n"
    "       vnotch --version | --help\n"
    "exit status: 0, 64 usage, 65 data, 69 unavailable, 74 I/O, 78 configuration\n";

static const command_t commands[] = {
    {"check", vn_cmd_check},
    {"budget", vn_cmd_budget},
    {"compile", vn_cmd_compile},
    {"decode", vn_cmd_decode},
    {"watch", vn_cmd_watch},
    {"savepoint", vn_cmd_savepoint},
    {"document-configuration", vn_cmd_document_configuration},
};

_Noreturn void vn_assert_failed(const char *file, int line) {
  (void)fprintf(stderr, "vnotch: a fault in the program (%s:%d), please report it\n", file, line);
  abort();
}

static int say(const char *text) { return fputs(text, stdout) < 0 ? VN_STATUS_IO : VN_STATUS_OK; }

static int run(int argc, char **argv) {
  if (argc < 2) {
    (void)fputs(usage, stderr);
    return VN_STATUS_USAGE;
  }
  if (strcmp(argv[1], "--version") == 0) {
    return say("vnotch " VN_VERSION_TEXT "\n");
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    return say(usage);
  }
  for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
    if (strcmp(argv[1], commands[i].name) == 0) {
      return commands[i].run(argc - 1, argv + 1);
    }
  }
  (void)fprintf(stderr, "vnotch: no command '%s'\n%s", argv[1], usage);
  return VN_STATUS_USAGE;
}

/* What could not be written is an error even if the command itself went well. */
int main(int argc, char **argv) {
  int status = run(argc, argv);
  bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
  if (!written && status == VN_STATUS_OK) {
    (void)fputs("vnotch: can't write the output\n", stderr);
    status = VN_STATUS_IO;
  }
  return status;
}
