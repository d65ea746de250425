/* Prints the sums of the golden scenario, a line each. */
#include "golden.h"
#include "surroundings.h"

#include <string.h>

enum { EXIT_GOOD = 0, EXIT_WRONG = 1, EXIT_USAGE = 64, PATH_BYTES = 256, LINE_BYTES = 160 };

static const char *folder_of_savepoints;

typedef struct text_line {
  char text[LINE_BYTES];
  size_t length;
} text_line_t;

static void put_text(text_line_t *line, const char *text) {
  size_t length = strlen(text);
  VN_ASSERT(length < sizeof line->text - line->length);
  memcpy(line->text + line->length, text, length + 1);
  line->length += length;
}

static void put_hex(text_line_t *line, uint64_t value, unsigned digits) {
  char text[17] = "";
  for (unsigned i = 0; i < digits; i++) {
    text[i] = "0123456789abcdef"[value >> (4u * (digits - 1u - i)) & 15u];
  }
  put_text(line, text);
}

static void put_decimal(text_line_t *line, const char *what, uint64_t value) {
  char text[24] = "";
  size_t at = sizeof text - 1;
  do {
    text[--at] = (char)('0' + (char)(value % 10u));
    value /= 10u;
  } while (value > 0);
  put_text(line, what);
  put_text(line, text + at);
}

static void print_sums(const char *what, const golden_sums_t *sums) {
  text_line_t line = {.length = 0};
  if (sums->bytes == 0) {
    return;
  }
  put_text(&line, what);
  put_text(&line, " crc32c=");
  put_hex(&line, sums->crc, 8);
  put_text(&line, " fnv1a=");
  put_hex(&line, sums->hash, 16);
  put_decimal(&line, " bytes=", sums->bytes);
  put_text(&line, "\n");
  surroundings_print(line.text);
}

static void print_result(const golden_result_t *result) {
  text_line_t line = {.length = 0};
  print_sums("output-1", &result->output[0]);
  print_sums("savepoint-1", &result->savepoint[0]);
  print_sums("output-2", &result->output[1]);
  print_sums("savepoint-2", &result->savepoint[1]);
  put_decimal(&line, "readings=", result->readings);
  put_decimal(&line, " accepted=", result->accepted);
  put_decimal(&line, " corrected=", result->corrected);
  put_decimal(&line, " duplicates=", result->duplicates);
  put_decimal(&line, " summaries=", result->summaries);
  put_decimal(&line, " alerts=", result->alerts);
  put_decimal(&line, " cuts=", result->cuts);
  put_decimal(&line, " frames_refused=", result->frames_refused);
  put_text(&line, "\n");
  surroundings_print(line.text);
}

static void make_path(char path[PATH_BYTES], unsigned device) {
  static const char *const names[GOLDEN_DEVICES] = {"/gold-0.savepoint", "/gold-1.savepoint"};
  size_t length = strlen(folder_of_savepoints);
  size_t name = strlen(names[device]) + 1;
  VN_ASSERT(length + name <= PATH_BYTES);
  memcpy(path, folder_of_savepoints, length);
  memcpy(path + length, names[device], name);
}

static bool save(unsigned device, const uint8_t *bytes, size_t length) {
  char path[PATH_BYTES];
  make_path(path, device);
  return surroundings_save(path, bytes, length);
}

static size_t load(unsigned device, uint8_t *bytes, size_t capacity) {
  char path[PATH_BYTES];
  make_path(path, device);
  return surroundings_load(path, bytes, capacity);
}

int golden_main(const char *part, const char *folder) {
  static const char *const parts[] = {"", "first", "second"};
  static const golden_files_t files = {save, load};
  static golden_result_t result;
  for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (strlen(part) != strlen(parts[i]) || memcmp(part, parts[i], strlen(part)) != 0) {
      continue;
    }
    folder_of_savepoints = folder;
    const char *wrong = golden_play((golden_part_t)i, &files, &result);
    if (wrong != NULL) {
      surroundings_print("golden: ");
      surroundings_print(wrong);
      surroundings_print("\n");
      return EXIT_WRONG;
    }
    print_result(&result);
    return EXIT_GOOD;
  }
  surroundings_print("usage: golden [first FOLDER | second FOLDER]\n");
  return EXIT_USAGE;
}
