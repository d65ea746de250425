/* vnotch savepoint: a state as a portable file, and a state made of one (docs/savepoints.md). */
#define _DEFAULT_SOURCE /* flock */

#include "commands.h"
#include "configuration.h"
#include "flash_file.h"
#include "memory.h"
#include "safe_file.h"
#include "vn/vn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_BYTES_MAX ((size_t)1 << 30)

typedef struct options {
  const char *config, *file; /* file: the output or the input */
  bool import, force;
} options_t;

/* An engine over a state file; its clock stands at the time of the state. */
typedef struct bench {
  vn_configuration_t *configuration;
  vn_engine_t engine;
  vn_store_t store;
  vn_flash_file_t flash;
  vn_clock_t clock;
  vn_uplink_t uplink;
  vn_savepoint_head_t head; /* of what is imported */
  bool is_open, import;
} bench_t;

static int complain(int status, const char *file, const char *sentence) {
  (void)fprintf(stderr, "vnotch: %s: %s\n", file, sentence);
  return status;
}

static int64_t mono_ms(void *context) {
  (void)context;
  return 0;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const bench_t *bench = context;
  *out = bench->head.at_ms;
  return bench->import ? bench->head.has_time : vn_inspected_wall_ms(&bench->engine, out);
}

static vn_err_t send_nothing(void *context, const vn_message_t *message) {
  (void)context;
  (void)message;
  return VN_ERR_LINK;
}

static int load(bench_t *bench, const options_t *options) {
  unsigned errors = 0;
  bench->configuration = vn_configuration_load(options->config, stderr, &errors);
  if (bench->configuration == NULL) {
    return VN_STATUS_CONFIGURATION;
  }
  if (bench->configuration->plan.durability == VN_DURABILITY_VOLATILE) {
    return complain(VN_STATUS_CONFIGURATION, options->config,
                    "it keeps no state: `state.file` and `state.durability` are missing");
  }
  return VN_STATUS_OK;
}

static int explain_open(vn_flash_file_result_t result, const char *path) {
  switch (result) {
    case VN_FLASH_FILE_OK:
      return VN_STATUS_OK;
    case VN_FLASH_FILE_BUSY:
      return complain(VN_STATUS_UNAVAILABLE, path,
                      "another process holds the state: stop vnotchd first, or send it the command "
                      "\"savepoint\"");
    case VN_FLASH_FILE_FOREIGN:
      return complain(VN_STATUS_DATA, path,
                      "has another size than state.size, another owner, or is no regular file");
    default:
      return complain(VN_STATUS_IO, path, strerror(errno));
  }
}

/* Opens a flash in a file, and an engine over it that has not begun. */
static int prepare(bench_t *bench, const char *path) {
  const vn_plan_t *plan = &bench->configuration->plan;
  vn_flash_file_setup_t setup = {.path = path,
                                 .size_bytes = (uint32_t)plan->state_bytes,
                                 .erase_size = plan->erase_block_bytes,
                                 .prog_size = plan->program_unit_bytes};
  int status = explain_open(vn_flash_file_open(&bench->flash, &setup), path);
  if (status != VN_STATUS_OK) {
    return status;
  }
  bench->is_open = true;
  bench->clock = (vn_clock_t){bench, mono_ms, wall_ms};
  bench->uplink = (vn_uplink_t){bench, send_nothing};
  vn_ports_t ports = {
      .clock = &bench->clock, .flash = &bench->flash.port, .uplink = &bench->uplink};
  vn_err_t error = vn_store_need(plan, &bench->store);
  void *block = error == VN_OK ? vn_memory_map(vn_store_bytes(&bench->store)) : NULL;
  if (block == NULL) {
    return complain(VN_STATUS_UNAVAILABLE, path, "not enough memory for this configuration");
  }
  vn_store_layout(&bench->store, block);
  error = vn_init(&bench->engine, plan, &bench->store, &ports);
  return error == VN_OK ? VN_STATUS_OK
                        : complain(VN_STATUS_CONFIGURATION, path, vn_err_text(error));
}

static int explain(vn_err_t error, const char *path) {
  switch (error) {
    case VN_OK:
      return VN_STATUS_OK;
    case VN_ERR_UNFORMATTED:
      return complain(VN_STATUS_DATA, path, "holds no state yet");
    case VN_ERR_FORMAT:
      return complain(VN_STATUS_DATA, path, "is no savepoint, or damaged");
    case VN_ERR_NEWER:
      return complain(VN_STATUS_DATA, path,
                      "was written by a newer version: use that one (an import with --force gives "
                      "up the states of series and takes numbers and waiting messages)");
    case VN_ERR_FOREIGN:
      return complain(VN_STATUS_DATA, path,
                      "is of another geometry (state.flash), or of another device");
    case VN_ERR_ORDER:
      return complain(VN_STATUS_CONFIGURATION, path,
                      "holds messages of a journal: import it with `durability: journal`");
    case VN_ERR_TOO_BIG:
    case VN_ERR_PLAN:
      return complain(VN_STATUS_CONFIGURATION, path,
                      "holds more than this configuration has room for: see `vnotch budget`");
    case VN_ERR_LOG_FULL:
      return complain(VN_STATUS_IO, path, "has no room left: see `vnotch budget`");
    case VN_ERR_FLASH:
      return complain(VN_STATUS_IO, path, "can't be read or written");
    default:
      return complain(VN_STATUS_DATA, path, vn_err_text(error));
  }
}

static vn_err_t write_file(void *context, const uint8_t *bytes, size_t length) {
  return vn_safe_file_write(context, bytes, length) ? VN_OK : VN_ERR_FLASH;
}

static vn_err_t write_stream(void *context, const uint8_t *bytes, size_t length) {
  return fwrite(bytes, 1, length, context) == length ? VN_OK : VN_ERR_FLASH;
}

static int write_output(bench_t *bench, const char *path) {
  static vn_safe_file_t file;
  if (path == NULL) {
    vn_savepoint_sink_t sink = {stdout, write_stream};
    return vn_savepoint_write(&bench->engine, &sink) == VN_OK
               ? VN_STATUS_OK
               : complain(VN_STATUS_IO, "stdout", strerror(errno));
  }
  vn_savepoint_sink_t sink = {&file, write_file};
  bool good = vn_safe_file_begin(&file, path) &&
              vn_savepoint_write(&bench->engine, &sink) == VN_OK && vn_safe_file_finish(&file);
  if (!good) {
    int reason = errno;
    vn_safe_file_abandon(&file);
    return complain(VN_STATUS_IO, path, strerror(reason));
  }
  (void)printf("%s: %llu bytes, boot %lu, seq %llu\n", path, (unsigned long long)file.bytes,
               (unsigned long)bench->engine.head.boot, (unsigned long long)bench->engine.head.seq);
  return VN_STATUS_OK;
}

/* What the configuration has not taken over. */
static void tell_left_out(const vn_engine_t *engine, const char *path) {
  const vn_recovery_t *recovery = vn_engine_recovery(engine);
  if (recovery->windows_ended + recovery->windows_left > 0) {
    (void)fprintf(stderr,
                  "vnotch: %s: windows that this configuration has ended leave as partial results: "
                  "results=%lu not_told=%lu\n",
                  path, (unsigned long)recovery->windows_ended,
                  (unsigned long)recovery->windows_left);
  }
  if (recovery->series_reset + recovery->operators_reset + recovery->records_damaged > 0) {
    (void)fprintf(stderr,
                  "vnotch: %s: not all fits this configuration: series_reset=%lu "
                  "operators_reset=%lu records_damaged=%llu\n",
                  path, (unsigned long)recovery->series_reset,
                  (unsigned long)recovery->operators_reset,
                  (unsigned long long)recovery->records_damaged);
  }
}

static int export(bench_t *bench, const options_t *options) {
  const char *path = bench->configuration->state_file;
  if (access(path, F_OK) != 0) {
    return complain(VN_STATUS_DATA, path, strerror(errno));
  }
  int status = prepare(bench, path);
  status = status == VN_STATUS_OK ? explain(vn_inspect(&bench->engine), path) : status;
  if (status == VN_STATUS_OK) {
    tell_left_out(&bench->engine, path);
    status = write_output(bench, options->file);
  }
  return status;
}

/* The whole file; NULL: errno says why. */
static uint8_t *read_input(const char *path, size_t *length) {
  struct stat about;
  uint8_t *bytes = NULL;
  FILE *file = fopen(path, "rbe");
  if (file == NULL) {
    return NULL;
  }
  if (fstat(fileno(file), &about) == 0 && about.st_size >= 0 &&
      (size_t)about.st_size <= INPUT_BYTES_MAX) {
    *length = (size_t)about.st_size;
    bytes = malloc(*length + 1);
  }
  if (bytes != NULL && fread(bytes, 1, *length, file) != *length) {
    free(bytes);
    bytes = NULL;
    errno = EIO;
  }
  (void)fclose(file);
  return bytes;
}

/* The lock of a state that is there; -1: there is none. */
static int hold(const char *path, bool force, int *status) {
  int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) {
    *status = errno == ENOENT ? VN_STATUS_OK : complain(VN_STATUS_IO, path, strerror(errno));
  } else if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    *status = explain_open(VN_FLASH_FILE_BUSY, path);
  } else if (!force) {
    *status = complain(VN_STATUS_DATA, path,
                       "a state is there: with --force it is replaced, and kept as <file>.old");
  }
  return descriptor;
}

/* At every moment there is a whole state under the name, the old one or the new one. */
static int put_in_place(const char *made, const char *path, bool replaces) {
  char old[PATH_MAX];
  int length = snprintf(old, sizeof old, "%s.old", path);
  bool good = length >= 0 && (size_t)length < sizeof old;
  if (good && replaces) {
    (void)unlink(old);
    good = link(path, old) == 0 || rename(path, old) == 0; /* not every disk has links */
  }
  good = good && rename(made, path) == 0 && vn_sync_folder(path);
  return good ? VN_STATUS_OK : complain(VN_STATUS_IO, path, strerror(errno));
}

/* Makes the state beside its place. */
static int make_state(bench_t *bench, const options_t *options, const char *made) {
  size_t length = 0;
  uint8_t *bytes = read_input(options->file, &length);
  if (bytes == NULL) {
    return complain(VN_STATUS_IO, options->file, strerror(errno));
  }
  int status = explain(vn_savepoint_look(bytes, length, &bench->head), options->file);
  status = status == VN_STATUS_OK ? prepare(bench, made) : status;
  if (status == VN_STATUS_OK) {
    vn_err_t error = vn_restore_savepoint(&bench->engine, bytes, length, options->force);
    status = explain(error, options->file);
  }
  free(bytes);
  return status;
}

static int import(bench_t *bench, const options_t *options) {
  const char *path = bench->configuration->state_file;
  char made[PATH_MAX];
  int status = VN_STATUS_OK;
  int length = snprintf(made, sizeof made, "%s.import", path);
  if (length < 0 || (size_t)length >= sizeof made) {
    return complain(VN_STATUS_CONFIGURATION, path, "the name is too long");
  }
  int held = hold(path, options->force, &status);
  if (status == VN_STATUS_OK) {
    (void)unlink(made);
    status = make_state(bench, options, made);
    status = status == VN_STATUS_OK ? put_in_place(made, path, held >= 0) : status;
    (void)unlink(made);
  }
  if (status == VN_STATUS_OK) {
    tell_left_out(&bench->engine, options->file);
    (void)printf("%s: boot %lu, seq %llu, series %lu\n", path,
                 (unsigned long)bench->engine.head.boot, (unsigned long long)bench->engine.head.seq,
                 (unsigned long)vn_engine_recovery(&bench->engine)->series_restored);
  }
  if (held >= 0) {
    (void)close(held);
  }
  return status;
}

static int misuse(const char *problem, const char *argument) {
  (void)fprintf(stderr,
                "vnotch: %s '%s'\n"
                "usage: vnotch savepoint export --config FILE [--output FILE]\n"
                "       vnotch savepoint import --config FILE --input FILE [--force]\n",
                problem, argument);
  return VN_STATUS_USAGE;
}

/* The option's place for its argument; NULL: it has none, or isn't one. */
static const char **place_of(options_t *options, const char *argument) {
  if (strcmp(argument, "--config") == 0) {
    return &options->config;
  }
  return strcmp(argument, options->import ? "--input" : "--output") == 0 ? &options->file : NULL;
}

static int read_options(int argc, char **argv, options_t *options) {
  VN_ASSERT(options != NULL);
  for (int i = 2; i < argc; i++) {
    const char **place = place_of(options, argv[i]);
    if (place == NULL && options->import && strcmp(argv[i], "--force") == 0) {
      options->force = true;
    } else if (place == NULL) {
      return misuse("unknown argument", argv[i]);
    } else if (++i == argc) {
      return misuse("a file is missing behind", argv[i - 1]);
    } else {
      *place = argv[i];
    }
  }
  if (options->config == NULL) {
    return misuse("missing argument", "--config FILE");
  }
  return options->import && options->file == NULL ? misuse("missing argument", "--input FILE")
                                                  : VN_STATUS_OK;
}

int vn_cmd_savepoint(int argc, char **argv) {
  static bench_t bench;
  options_t options = {0};
  bool known = argc > 1 && (strcmp(argv[1], "export") == 0 || strcmp(argv[1], "import") == 0);
  if (!known) {
    return argc > 1 ? misuse("no such action:", argv[1]) : misuse("missing", "export or import");
  }
  options.import = bench.import = strcmp(argv[1], "import") == 0;
  int status = read_options(argc, argv, &options);
  if (status != VN_STATUS_OK) {
    return status;
  }
  status = load(&bench, &options);
  if (status == VN_STATUS_OK) {
    status = options.import ? import(&bench, &options) : export(&bench, &options);
  }
  if (bench.is_open) {
    vn_flash_file_close(&bench.flash);
  }
  if (bench.configuration != NULL) {
    vn_configuration_free(bench.configuration);
  }
  return status;
}
