/* Cases as text: one key a line, one fault a line. */
#include "case.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct key {
  const char *name;
  size_t offset;
  int64_t least, usual;
} key_t;

static const key_t keys[] = {
#define ENTRY(name, least, usual) {#name, offsetof(vn_case_t, name), least, usual},
    VN_CASE_KEYS(ENTRY)
#undef ENTRY
};
#define KEYS (sizeof keys / sizeof keys[0])

static const char *const words[] = {
#define WORD(name, word) word,
    VN_CASE_FAULT_KINDS(WORD)
#undef WORD
};

static const char *const shapes[VN_CASE_SHAPES] = {"tumbling", "sliding", "session"};

int64_t *vn_case_value(vn_case_t *world_case, size_t key, int64_t *least, int64_t *usual) {
  if (key >= KEYS) {
    return NULL;
  }
  *least = keys[key].least;
  *usual = keys[key].usual;
  return (int64_t *)(void *)((char *)world_case + keys[key].offset);
}

void vn_case_init(vn_case_t *world_case) {
  *world_case = (vn_case_t){.window_count = 1};
  world_case->windows[0] = (vn_case_window_t){VN_CASE_TUMBLING, 60000, 60000, 0};
  for (size_t i = 0; i < KEYS; i++) {
    int64_t least;
    int64_t usual;
    *vn_case_value(world_case, i, &least, &usual) = keys[i].usual;
  }
}

vn_fault_kind_t vn_case_kind(const char *word) {
  size_t kind = 0;
  while (kind < VN_FAULT_KINDS && strcmp(words[kind], word) != 0) {
    kind++;
  }
  return (vn_fault_kind_t)kind;
}

static void print_numbers(FILE *file, const char *word, const int64_t *numbers, size_t count) {
  fputs(word, file);
  for (size_t i = 0; i < count; i++) {
    fprintf(file, " %" PRId64, numbers[i]);
  }
  fputc('\n', file);
}

static void print_fault(const vn_case_fault_t *fault, FILE *file) {
  const int64_t numbers[] = {fault->at_ms, fault->device, fault->for_ms, fault->a,
                             fault->b,     fault->c,      fault->d};
  fputs("fault ", file);
  print_numbers(file, words[fault->kind], numbers, sizeof numbers / sizeof numbers[0]);
}

void vn_case_print(const vn_case_t *world_case, FILE *file) {
  for (size_t i = 0; i < KEYS; i++) {
    int64_t value = *(const int64_t *)(const void *)((const char *)world_case + keys[i].offset);
    if (value != keys[i].usual) {
      print_numbers(file, keys[i].name, &value, 1);
    }
  }
  for (size_t i = 0; i < world_case->window_count; i++) {
    const vn_case_window_t *window = &world_case->windows[i];
    const int64_t numbers[] = {window->size_ms, window->slide_ms, window->sample};
    fputs("window ", file);
    print_numbers(file, shapes[window->shape], numbers, 3);
  }
  for (size_t i = 0; i < world_case->alert_count; i++) {
    const vn_case_alert_t *alert = &world_case->alerts[i];
    const int64_t numbers[] = {alert->limit, alert->hysteresis, alert->for_ms, alert->keep_ms};
    print_numbers(file, alert->below ? "alert below" : "alert above", numbers, 4);
  }
  for (size_t i = 0; i < world_case->fault_count; i++) {
    print_fault(&world_case->faults[i], file);
  }
}

/* A line: one or two words, then numbers. */
typedef struct line {
  char words[2][20];
  int64_t numbers[8];
  size_t word_count, number_count;
} line_t;

static bool take_part(line_t *line, const char *part) {
  char *end;
  long long number = strtoll(part, &end, 10);
  if (end != part && *end == '\0') {
    bool room = line->number_count < 8;
    line->numbers[room ? line->number_count++ : 0] = number;
    return room;
  }
  if (line->number_count > 0 || line->word_count == 2 || strlen(part) >= sizeof line->words[0]) {
    return false;
  }
  memcpy(line->words[line->word_count++], part, strlen(part) + 1);
  return true;
}

static bool split(line_t *line, char *text) {
  char *rest;
  bool good = true;
  memset(line, 0, sizeof *line);
  for (char *part = strtok_r(text, " \t\r\n", &rest); part != NULL && good;
       part = strtok_r(NULL, " \t\r\n", &rest)) {
    good = take_part(line, part);
  }
  return good;
}

static const char *read_fault(vn_case_t *world_case, const line_t *line) {
  const int64_t *numbers = line->numbers;
  vn_fault_kind_t kind = vn_case_kind(line->words[1]);
  if (world_case->fault_count == VN_CASE_FAULTS_MAX) {
    return "too many faults";
  }
  if (line->number_count != 7 || kind == VN_FAULT_KINDS) {
    return "a fault is: fault KIND AT DEVICE FOR A B C D";
  }
  world_case->faults[world_case->fault_count++] = (vn_case_fault_t){.at_ms = numbers[0],
                                                                    .for_ms = numbers[2],
                                                                    .a = numbers[3],
                                                                    .b = numbers[4],
                                                                    .c = numbers[5],
                                                                    .d = numbers[6],
                                                                    .kind = (uint8_t)kind,
                                                                    .device = (uint8_t)numbers[1]};
  return NULL;
}

static const char *read_window(vn_case_t *world_case, const line_t *line) {
  const int64_t *numbers = line->numbers;
  vn_case_window_t window = {0, numbers[0], numbers[1], numbers[2]};
  while (window.shape < VN_CASE_SHAPES && strcmp(shapes[window.shape], line->words[1]) != 0) {
    window.shape++;
  }
  bool good = line->number_count == 3 && window.shape < VN_CASE_SHAPES && window.size_ms > 0;
  if (!good || world_case->window_count == VN_CASE_WINDOWS_MAX) {
    return "a window is: window SHAPE SIZE SLIDE SAMPLE";
  }
  world_case->windows[world_case->window_count++] = window;
  return NULL;
}

static const char *read_alert(vn_case_t *world_case, const line_t *line) {
  const int64_t *numbers = line->numbers;
  bool below = strcmp(line->words[1], "below") == 0;
  bool good = line->number_count == 4 && (below || strcmp(line->words[1], "above") == 0);
  if (!good || world_case->alert_count == VN_CASE_ALERTS_MAX) {
    return "an alert is: alert above|below LIMIT HYSTERESIS FOR KEEP";
  }
  world_case->alerts[world_case->alert_count++] =
      (vn_case_alert_t){below, numbers[0], numbers[1], numbers[2], numbers[3]};
  return NULL;
}

static const char *read_key(vn_case_t *world_case, const line_t *line) {
  for (size_t i = 0; i < KEYS && line->number_count == 1; i++) {
    if (strcmp(keys[i].name, line->words[0]) == 0) {
      int64_t least;
      int64_t usual;
      *vn_case_value(world_case, i, &least, &usual) = line->numbers[0];
      return line->numbers[0] < least ? "the number is too small" : NULL;
    }
  }
  return "a line is: KEY NUMBER; there is no such key";
}

static const char *read_line(vn_case_t *world_case, char *text) {
  static const struct {
    const char *word;
    const char *(*read)(vn_case_t *world_case, const line_t *line);
  } readers[] = {{"fault", read_fault}, {"window", read_window}, {"alert", read_alert}};
  line_t line;
  if (text[0] == '#' || text[0] == '\n') {
    return NULL;
  }
  if (!split(&line, text)) {
    return "a line is a word or two, then numbers";
  }
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
    if (strcmp(line.words[0], readers[i].word) == 0) {
      return readers[i].read(world_case, &line);
    }
  }
  return read_key(world_case, &line);
}

bool vn_case_read(vn_case_t *world_case, FILE *file, unsigned *line, const char **problem) {
  char text[2048]; /* the problem is a comment of one line */
  vn_case_init(world_case);
  world_case->window_count = 0;
  *line = 0;
  *problem = NULL;
  while (*problem == NULL && fgets(text, sizeof text, file) != NULL) {
    ++*line;
    *problem = read_line(world_case, text);
  }
  if (*problem == NULL && world_case->window_count == 0) {
    *problem = "no window";
  }
  return *problem == NULL;
}
