/* vnotch compile: a configuration as tables in C or as a blob, for firmware (docs/compile.md). */
#include "commands.h"
#include "compile.h"
#include "configuration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 4096u

typedef struct options {
  const char *config, *output, *name;
  char own_name[VN_COMPILE_NAME_MAX + 1]; /* made of the output's */
} options_t;

/* Text that becomes a file once it is whole. */
typedef struct text {
  char *bytes;
  size_t length;
} text_t;

static int complain(int status, const char *file, const char *sentence) {
  (void)fprintf(stderr, "vnotch: %s: %s\n", file, sentence);
  return status;
}

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), wanted = strlen(end);
  return length > wanted && strcmp(text + length - wanted, end) == 0;
}

static int write_file(const char *path, const text_t *text) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    return complain(VN_STATUS_IO, path, strerror(errno));
  }
  bool written = fwrite(text->bytes, 1, text->length, file) == text->length;
  if (fclose(file) != 0 || !written) {
    (void)remove(path);
    return complain(VN_STATUS_IO, path, strerror(errno));
  }
  return VN_STATUS_OK;
}

/* "tables/plant-2.c" gives "plant_2". */
static void make_name(options_t *options) {
  const char *base = base_of(options->output);
  size_t length = 0;
  while (base[length] != '.' && base[length] != '\0' && length < VN_COMPILE_NAME_MAX) {
    options->own_name[length] = base[length] == '-' ? '_' : base[length];
    length++;
  }
  options->own_name[length] = '\0';
  options->name = options->own_name;
}

/* The path of the header beside "x.c": "x.h". */
static bool header_path(const char *output, char path[PATH_BYTES_MAX]) {
  size_t length = strlen(output);
  if (length >= PATH_BYTES_MAX) {
    return false;
  }
  memcpy(path, output, length + 1);
  path[length - 1] = 'h';
  return true;
}

typedef void (*writer_fn)(const vn_compile_t *compile, const char *header, FILE *out);

static void write_header(const vn_compile_t *compile, const char *header, FILE *out) {
  (void)header;
  vn_compile_header(compile, out);
}

static int write_text(const vn_compile_t *compile, writer_fn writer, const char *header,
                      const char *path) {
  text_t text = {0};
  FILE *stream = open_memstream(&text.bytes, &text.length);
  if (stream == NULL) {
    return complain(VN_STATUS_UNAVAILABLE, path, "not enough memory");
  }
  writer(compile, base_of(header), stream);
  bool whole = fflush(stream) == 0 && ferror(stream) == 0;
  (void)fclose(stream);
  int status =
      whole ? write_file(path, &text) : complain(VN_STATUS_UNAVAILABLE, path, "not enough memory");
  free(text.bytes);
  return status;
}

static int compile_tables(const vn_compile_t *compile, const char *output) {
  char header[PATH_BYTES_MAX];
  if (!header_path(output, header)) {
    return complain(VN_STATUS_USAGE, output, "the path is too long");
  }
  int status = write_text(compile, write_header, header, header);
  return status == VN_STATUS_OK ? write_text(compile, vn_compile_tables, header, output) : status;
}

static int compile_blob(const vn_compile_t *compile, const char *output) {
  text_t text = {.length = vn_compile_blob(compile->plan, NULL, 0)};
  text.bytes = malloc(text.length);
  if (text.bytes == NULL) {
    return complain(VN_STATUS_UNAVAILABLE, output, "not enough memory");
  }
  size_t length = vn_compile_blob(compile->plan, (uint8_t *)text.bytes, text.length);
  VN_ASSERT(length == text.length);
  int status = write_file(output, &text);
  free(text.bytes);
  return status;
}

static int compile_to(const vn_compile_t *job, const options_t *options) {
  if (!ends_with(options->output, ".c")) {
    return compile_blob(job, options->output);
  }
  return vn_compile_fits(job->plan)
             ? compile_tables(job, options->output)
             : complain(VN_STATUS_CONFIGURATION, options->config,
                        "too large for tables: an array has more than 2147483647 entries");
}

static int compile(const options_t *options) {
  unsigned errors = 0;
  vn_configuration_t *configuration = vn_configuration_load(options->config, stderr, &errors);
  if (configuration == NULL) {
    return VN_STATUS_CONFIGURATION;
  }
  vn_compile_t job = {&configuration->plan, options->name, base_of(options->config)};
  int status = compile_to(&job, options);
  vn_configuration_free(configuration);
  return status;
}

static bool read_options(int argc, char **argv, options_t *options) {
  for (int i = 1; i < argc; i++) {
    bool is_output = strcmp(argv[i], "-o") == 0, is_name = strcmp(argv[i], "--name") == 0;
    if ((is_output || is_name) && i + 1 < argc) {
      *(is_output ? &options->output : &options->name) = argv[++i];
    } else if (options->config == NULL && argv[i][0] != '-') {
      options->config = argv[i];
    } else {
      return false;
    }
  }
  return options->config != NULL && options->output != NULL;
}

int vn_cmd_compile(int argc, char **argv) {
  options_t options = {0};
  if (!read_options(argc, argv, &options) ||
      !(ends_with(options.output, ".c") || ends_with(options.output, ".cbor"))) {
    (void)fputs("usage: vnotch compile FILE -o PLAN.c|PLAN.cbor [--name NAME]\n", stderr);
    return VN_STATUS_USAGE;
  }
  if (options.name == NULL) {
    make_name(&options);
  }
  if (ends_with(options.output, ".c") && !vn_compile_name_is_good(options.name)) {
    return complain(VN_STATUS_USAGE, options.name,
                    "no name for symbols: a lower-case letter, then also digits and _, at most 48 "
                    "in all; choose one with --name");
  }
  return compile(&options);
}
