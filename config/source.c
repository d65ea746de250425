#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader_priv.h"

static const vn__mark_t whole_file = {0, 0};
static const vn__mark_t first_byte = {1, 1};

vn_text_t vn__source_line(const vn__source_t *source, uint32_t line) {
  vn_text_t text = {"", 0};
  if (line == 0 || line > source->line_count) {
    return text;
  }
  const char *start = source->bytes + source->lines[line - 1];
  size_t left = source->length - source->lines[line - 1];
  const char *end = memchr(start, '\n', left);
  text.bytes = start;
  text.length = end == NULL ? left : (size_t)(end - start);
  return text;
}

vn__mark_t vn__source_mark(const vn__source_t *source, size_t offset) {
  VN_ASSERT(offset <= source->length);
  vn__mark_t mark = {1, 1};
  for (size_t i = 0; i < offset; i++) {
    if (source->bytes[i] == '\n') {
      mark.line++;
      mark.column = 1;
    } else if (((unsigned char)source->bytes[i] & 0xC0) != 0x80) {
      mark.column++;
    }
  }
  return mark;
}

static void find_lines(vn__loader_t *loader) {
  vn__source_t *source = &loader->source;
  uint32_t count = 1;
  for (size_t i = 0; i < source->length; i++) {
    count += source->bytes[i] == '\n';
  }
  uint32_t *lines = vn__arena_take(&loader->arena, count * sizeof(*lines));
  source->line_count = count;
  source->lines = lines;
  uint32_t line = 1;
  for (size_t i = 0; i < source->length; i++) {
    if (source->bytes[i] == '\n') {
      lines[line++] = (uint32_t)(i + 1);
    }
  }
}

static bool starts_with(const vn__source_t *source, const char *bytes, size_t length) {
  return source->length >= length && memcmp(source->bytes, bytes, length) == 0;
}

/* A byte order mark, or the zeros of 16-bit text. */
static const char *wrong_encoding(const vn__source_t *source) {
  if (starts_with(source, "\xEF\xBB\xBF", 3)) {
    return "the file starts with a byte order mark: save it as UTF-8 without BOM";
  }
  if (starts_with(source, "\xFF\xFE", 2) || starts_with(source, "\xFE\xFF", 2)) {
    return "the file is UTF-16 or UTF-32: save it as UTF-8 without BOM";
  }
  return NULL;
}

/* U+0085, U+2028, U+2029: line ends for YAML and for nobody else. */
static bool is_odd_line_end(const char *bytes, size_t left) {
  if (left >= 2 && memcmp(bytes, "\xC2\x85", 2) == 0) {
    return true;
  }
  return left >= 3 && memcmp(bytes, "\xE2\x80", 2) == 0 && ((unsigned char)bytes[2] | 1) == 0xA9;
}

/* What the file must not hold anywhere. */
static const char *forbidden_byte(const char *bytes, size_t left) {
  switch ((unsigned char)bytes[0]) {
    case '\n':
    case '\t':
      return NULL;
    case '\r':
      return "the line ends with CR: save the file with Unix line ends (LF alone)";
    case 0:
      return "a NUL byte: this is no text file, or it is not UTF-8";
    case 0x7F:
      return "a control character: remove it";
    default:
      break;
  }
  if ((unsigned char)bytes[0] < 0x20) {
    return "a control character: remove it";
  }
  return is_odd_line_end(bytes, left) ? "an invisible line separator: replace it by a line end"
                                      : NULL;
}

static bool check_bytes(vn__loader_t *loader) {
  const vn__source_t *source = &loader->source;
  const char *problem = wrong_encoding(source);
  size_t offset = 0;
  while (problem == NULL && offset < source->length) {
    problem = forbidden_byte(source->bytes + offset, source->length - offset);
    offset += problem == NULL;
  }
  if (problem != NULL) {
    vn__error(loader, vn__source_mark(source, offset), "%s", problem);
  }
  return problem == NULL;
}

/* Reads at most one byte more than allowed, so that a file that grows is noticed. */
static bool read_all(vn__loader_t *loader, int descriptor) {
  char *bytes = vn__arena_take(&loader->arena, VN__FILE_MAX + 2);
  size_t length = 0;
  while (length <= VN__FILE_MAX) {
    ssize_t got = read(descriptor, bytes + length, VN__FILE_MAX + 1 - length);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      vn__error(loader, whole_file, "can't read the file: %s", strerror(errno));
      return false;
    }
    if (got == 0) {
      break;
    }
    length += (size_t)got;
  }
  if (length > VN__FILE_MAX) {
    vn__error(loader, first_byte, "the file is larger than 1 MiB: no configuration is that long");
    return false;
  }
  loader->source.bytes = bytes;
  loader->source.length = length;
  return true;
}

static bool open_and_read(vn__loader_t *loader, const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) {
    vn__error(loader, whole_file, "can't open the file: %s", strerror(errno));
    return false;
  }
  struct stat status;
  bool good = false;
  if (fstat(descriptor, &status) != 0) {
    vn__error(loader, whole_file, "can't look at the file: %s", strerror(errno));
  } else if (!S_ISREG(status.st_mode)) {
    vn__error(loader, whole_file, "is no regular file: name a YAML file");
  } else {
    good = read_all(loader, descriptor);
  }
  (void)close(descriptor);
  return good;
}

bool vn__source_read(vn__loader_t *loader, const char *path) {
  loader->source.path = vn__arena_text(&loader->arena, path, strlen(path));
  loader->source.bytes = "";
  if (!open_and_read(loader, path)) {
    return false;
  }
  const char *untrusted = vn__file_untrusted(path);
  if (untrusted != NULL) {
    vn__error(loader, whole_file, "%s", untrusted);
    return false;
  }
  find_lines(loader);
  return check_bytes(loader);
}
