/* Loads a configuration given as text. In a header, since the support library knows the core alone.
 */
#ifndef VN_TEST_LOAD_TEXT_H
#define VN_TEST_LOAD_TEXT_H

#include "configuration.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOADED_FINDINGS_MAX 64

/* An error or a warning as it was printed. */
typedef struct finding {
  unsigned line, column;
  char text[640];
  char source[160]; /* the line of the file, as shown */
  unsigned caret;   /* column of the caret below it, from 1 */
  int warning;
} finding_t;

typedef struct loaded {
  vn_configuration_t *configuration;
  unsigned error_count;
  unsigned finding_count;
  finding_t findings[LOADED_FINDINGS_MAX];
  char path[64];
  char *output;
} loaded_t;

/* "path:12:3: error: text" or "path: error: text"; 0 when the line is none of ours. */
static int loaded_read_head(const loaded_t *loaded, const char *line, finding_t *out) {
  size_t length = strlen(loaded->path);
  int used = 0;
  memset(out, 0, sizeof *out);
  if (strncmp(line, loaded->path, length) != 0 || line[length] != ':') {
    return 0;
  }
  line += length + 1;
  if (sscanf(line, "%u:%u:%n", &out->line, &out->column, &used) == 2 && used > 0) {
    line += used;
  }
  out->warning = strncmp(line, " warning: ", 10) == 0;
  if (!out->warning && strncmp(line, " error: ", 8) != 0) {
    return 0;
  }
  (void)snprintf(out->text, sizeof out->text, "%s", line + (out->warning ? 10 : 8));
  return 1;
}

static void loaded_read_line(loaded_t *loaded, const char *line) {
  finding_t finding;
  if (loaded_read_head(loaded, line, &finding)) {
    if (loaded->finding_count < LOADED_FINDINGS_MAX) {
      loaded->findings[loaded->finding_count++] = finding;
    }
    return;
  }
  assert(loaded->finding_count > 0);
  finding_t *last = &loaded->findings[loaded->finding_count - 1];
  size_t indent = strspn(line, " ");
  if (strcmp(line + indent, "^") == 0) {
    last->caret = (unsigned)indent - 3;
  } else {
    (void)snprintf(last->source, sizeof last->source, "%s", line + 4);
  }
}

static void loaded_read_output(loaded_t *loaded, char *output) {
  for (char *line = strtok(output, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    loaded_read_line(loaded, line);
  }
}

/* Loads the file at loaded->path. */
static void load_path(loaded_t *loaded) {
  size_t size = 0;
  FILE *errors = open_memstream(&loaded->output, &size);
  assert(errors != NULL);
  loaded->configuration = vn_configuration_load(loaded->path, errors, &loaded->error_count);
  (void)fclose(errors);
  char *copy = malloc(size + 1);
  assert(copy != NULL);
  memcpy(copy, loaded->output, size + 1);
  loaded_read_output(loaded, copy);
  free(copy);
}

static void load_bytes(loaded_t *loaded, const char *bytes, size_t length) {
  memset(loaded, 0, sizeof *loaded);
  (void)strcpy(loaded->path, "/tmp/vnotch-test-XXXXXX");
  int descriptor = mkstemp(loaded->path);
  assert(descriptor >= 0);
  ssize_t written = write(descriptor, bytes, length);
  assert(written == (ssize_t)length);
  (void)close(descriptor);
  load_path(loaded);
  (void)unlink(loaded->path);
}

static inline void load_text(loaded_t *loaded, const char *text) {
  load_bytes(loaded, text, strlen(text));
}

static inline void loaded_free(loaded_t *loaded) {
  vn_configuration_free(loaded->configuration);
  free(loaded->output);
}

/* A text and how its findings start, in order: "line:column: text". Warnings: "... warning: text".
 */
typedef struct load_case {
  const char *yaml;
  const char *expected[12];
} load_case_t;

/* The n-th line of the text, from 1, as an excerpt shows it. */
static void load_case_line(const char *text, unsigned number, char *out, size_t capacity) {
  while (--number > 0) {
    text = strchr(text, '\n') + 1;
  }
  (void)snprintf(out, capacity, "%.*s", (int)strcspn(text, "\n"), text);
  for (char *tab = strchr(out, '\t'); tab != NULL; tab = strchr(out, '\t')) {
    *tab = ' ';
  }
}

/* The finding starts as expected, and the caret stands where the numbers say. */
static int load_case_matches(const load_case_t *one, const finding_t *finding,
                             const char *expected) {
  char text[700], line[160] = "";
  (void)snprintf(text, sizeof text, "%u:%u: %s%s", finding->line, finding->column,
                 finding->warning ? "warning: " : "", finding->text);
  load_case_line(one->yaml, finding->line, line, sizeof line);
  if (expected == NULL || strncmp(text, expected, strlen(expected)) != 0) {
    (void)fprintf(stderr, "expected %s\n     got %s\n", expected == NULL ? "nothing" : expected,
                  text);
    return 0;
  }
  if (strcmp(line, finding->source) != 0 || finding->caret != finding->column) {
    (void)fprintf(stderr, "caret %u below '%s' for %s\n", finding->caret, finding->source, text);
    return 0;
  }
  return 1;
}

/* The number of cases that went wrong; tells each on stderr. */
static inline unsigned load_cases(const load_case_t *cases, size_t count) {
  unsigned wrong = 0;
  for (size_t i = 0; i < count; i++) {
    loaded_t loaded;
    int good = 1;
    load_text(&loaded, cases[i].yaml);
    unsigned expected = 0;
    while (cases[i].expected[expected] != NULL) {
      expected++;
    }
    for (unsigned f = 0; f < loaded.finding_count; f++) {
      good = load_case_matches(&cases[i], &loaded.findings[f], cases[i].expected[f]) && good;
    }
    if (!good || loaded.finding_count != expected) {
      (void)fprintf(stderr, "case %zu: %u findings, expected %u, for\n%s\n%s\n", i,
                    loaded.finding_count, expected, cases[i].yaml, loaded.output);
      wrong++;
    }
    loaded_free(&loaded);
  }
  return wrong;
}

#endif
