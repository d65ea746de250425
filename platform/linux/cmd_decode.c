/* vnotch decode: CBOR summary messages, and any other CBOR, as JSON lines. */
#include "commands.h"
#include "decode_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)1 << 16)

static const char usage[] =
    "usage: vnotch decode [FILE|-]\n"
    "\n"
    "Prints CBOR items, one after another in FILE or on standard input, as JSON lines: a summary\n"
    "message gives one line per record, with the members of vnotch-sim's result lines; a notice "
    "of\n"
    "gaps and every other item give one line.\n";

/* All bytes of a file, to be freed; NULL with errno set. */
static uint8_t *read_all(FILE *file, size_t *length) {
  size_t capacity = CHUNK_BYTES;
  uint8_t *bytes = malloc(capacity);
  *length = 0;
  while (bytes != NULL) {
    size_t got = fread(bytes + *length, 1, capacity - *length, file);
    *length += got;
    if (ferror(file)) {
      break;
    }
    if (got == 0) {
      return bytes;
    }
    if (*length == capacity) {
      capacity *= 2;
      uint8_t *larger = realloc(bytes, capacity);
      if (larger == NULL) {
        break;
      }
      bytes = larger;
    }
  }
  free(bytes);
  return NULL;
}

static uint8_t *read_file(const char *name, size_t *length) {
  if (strcmp(name, "-") == 0) {
    return read_all(stdin, length);
  }
  FILE *file = fopen(name, "rb");
  if (file == NULL) {
    return NULL;
  }
  uint8_t *bytes = read_all(file, length);
  int error = errno;
  fclose(file);
  errno = error;
  return bytes;
}

static bool render_item(const void *subject, vn_json_writer_t *writer,
                        vn__decode_problem_t *problem) {
  vn_cbor_reader_t reader = *(const vn_cbor_reader_t *)subject;
  return vn__decode_item(&reader, writer, problem);
}

/* The whole item is sound before the first line of it is printed. */
static bool decode_one(vn_cbor_reader_t *reader, vn__decode_output_t *output,
                       vn__decode_problem_t *problem) {
  vn_cbor_reader_t start = *reader;
  if (!vn__decode_skip(reader, problem)) {
    return false;
  }
  if (vn__decode_is_summary(start)) {
    return vn__decode_summary(start, output, problem);
  }
  bool gap = vn__decode_is_gap(start);
  return vn__decode_line(output, gap ? vn__decode_render_gap : render_item, &start, problem);
}

static int decode(const char *name, const uint8_t *bytes, size_t length) {
  vn__decode_output_t output = {.file = stdout};
  vn__decode_problem_t problem = {NULL, 0};
  vn_cbor_reader_t reader;
  vn_cbor_reader_init(&reader, bytes, length);
  int code = VN_STATUS_OK;
  while (code == VN_STATUS_OK && reader.position < length) {
    if (!decode_one(&reader, &output, &problem)) {
      code = VN_STATUS_DATA;
    }
  }
  free(output.buffer);
  bool written = fflush(stdout) == 0 && !ferror(stdout);
  if (code != VN_STATUS_OK) {
    fprintf(stderr, "vnotch: %s: byte %zu: %s\n", name, problem.offset, problem.text);
  } else if (!written) {
    fprintf(stderr, "vnotch: standard output: %s\n", strerror(errno));
    code = VN_STATUS_IO;
  }
  return code;
}

int vn_cmd_decode(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "-";
  if (strcmp(name, "--help") == 0) {
    fputs(usage, stdout);
    return VN_STATUS_OK;
  }
  if (argc > 2 || (name[0] == '-' && name[1] != '\0')) {
    fputs(usage, stderr);
    return VN_STATUS_USAGE;
  }
  size_t length;
  uint8_t *bytes = read_file(name, &length);
  if (bytes == NULL) {
    fprintf(stderr, "vnotch: %s: %s\n", name, strerror(errno));
    return VN_STATUS_IO;
  }
  int code = decode(name, bytes, length);
  free(bytes);
  return code;
}
