/*
 * The JSON reader against documents with known verdicts: tests/data/json/documents.txt, and, when
 * VN_JSON_SUITE names a folder of files y_*.json (to be accepted), n_*.json (to be refused) and
 * i_*.json (left to the parser; docs/json.md says our choice), against those, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vn/json.h"

#define DOCUMENT_MAX (1u << 20)

/* Reads all events of an exact copy, so that a sanitizer sees each look behind the end. */
static vn_reason_t verdict(const uint8_t *document, size_t length, size_t *position) {
  uint8_t *copy = malloc(length + (length == 0));
  assert_non_null(copy);
  memcpy(copy, document, length);
  vn_json_t json;
  vn_json_event_t event = VN_JSON_NULL;
  vn_reason_t reason = VN_REASON_NONE;
  vn_json_init(&json, copy, length, VN_JSON_DEPTH_MAX);
  while (reason == VN_REASON_NONE && event != VN_JSON_DONE) {
    reason = vn_json_next(&json, &event);
  }
  *position = json.position;
  assert_true(json.position <= length);
  free(copy);
  return reason;
}

static size_t decode_percent(char *text) {
  size_t length = 0;
  for (size_t i = 0; text[i] != '\0' && text[i] != '\n'; length++) {
    unsigned byte = (unsigned char)text[i];
    if (text[i] == '%') {
      assert_int_equal(sscanf(text + i + 1, "%2x", &byte), 1);
      i += 2;
    }
    i++;
    text[length] = (char)byte;
  }
  return length;
}

static void check_line(char *line) {
  char *fields[4];
  for (unsigned i = 0; i < 4; i++) {
    fields[i] = i == 0 ? line : strchr(fields[i - 1], '\t');
    assert_non_null(fields[i]);
    if (i > 0) {
      *fields[i]++ = '\0';
    }
  }
  size_t position;
  size_t length = decode_percent(fields[3]);
  vn_reason_t reason = verdict((const uint8_t *)fields[3], length, &position);
  if (strcmp(vn_reason_word(reason), fields[0]) != 0) {
    fail_msg("%s: %s, expected %s", fields[2], vn_reason_word(reason), fields[0]);
  }
  if (fields[1][0] != '-' && position != (size_t)strtoul(fields[1], NULL, 10)) {
    fail_msg("%s: at byte %zu, expected %s", fields[2], position, fields[1]);
  }
}

static void documents_get_their_verdicts(void **state) {
  (void)state;
  static char line[32768];
  unsigned count = 0;
  FILE *file = fopen(VN_SOURCE_DIR "/tests/data/json/documents.txt", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] != '#') {
      check_line(line);
      count++;
    }
  }
  (void)fclose(file);
  assert_true(count > 200);
}

/* Choices for i_*.json: everything is refused but numbers beyond a double's range. */
static bool is_accepted(const char *name) {
  return strncmp(name, "y_", 2) == 0 || strncmp(name, "i_number_", 9) == 0;
}

static void check_file(const char *folder, const char *name) {
  static uint8_t document[DOCUMENT_MAX];
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t length = fread(document, 1, sizeof document, file);
  assert_true(length < sizeof document);
  (void)fclose(file);
  size_t position;
  vn_reason_t reason = verdict(document, length, &position);
  if ((reason == VN_REASON_NONE) != is_accepted(name)) {
    fail_msg("%s: %s at byte %zu", name, vn_reason_word(reason), position);
  }
}

static void the_suites_files_get_their_verdicts(void **state) {
  (void)state;
  const char *folder = getenv("VN_JSON_SUITE");
  assert_non_null(folder);
  DIR *directory = opendir(folder);
  assert_non_null(directory);
  unsigned count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strchr("yni", entry->d_name[0]) != NULL && entry->d_name[1] == '_') {
      check_file(folder, entry->d_name);
      count++;
    }
  }
  (void)closedir(directory);
  assert_true(count > 0);
}

int main(void) {
  const struct CMUnitTest own[] = {cmocka_unit_test(documents_get_their_verdicts)};
  const struct CMUnitTest suite[] = {cmocka_unit_test(the_suites_files_get_their_verdicts)};
  int failures = cmocka_run_group_tests(own, NULL, NULL);
  if (getenv("VN_JSON_SUITE") != NULL) {
    failures += cmocka_run_group_tests(suite, NULL, NULL);
  }
  return failures;
}
