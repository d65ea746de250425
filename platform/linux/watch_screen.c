#include "watch_screen.h"

#include "watch_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static unsigned within(unsigned number, unsigned most) {
  return number == 0 ? 1 : number < most ? number : most;
}

void vn_watch_clear(vn_watch_screen_t *screen, unsigned rows, unsigned columns, bool utf8) {
  memset(screen, 0, sizeof *screen);
  screen->rows = (uint16_t)within(rows, VN_WATCH_ROWS_MAX);
  screen->columns = (uint16_t)within(columns, VN_WATCH_COLUMNS_MAX);
  screen->utf8 = utf8;
  for (unsigned row = 0; row < screen->rows; row++) {
    for (unsigned column = 0; column < screen->columns; column++) {
      screen->cells[row][column].bytes[0] = ' ';
    }
  }
}

static void put_cell(vn_watch_screen_t *screen, unsigned row, unsigned column,
                     vn_watch_style_t style, const char *bytes, size_t length) {
  if (row < screen->rows && column < screen->columns) {
    vn_watch_cell_t *cell = &screen->cells[row][column];
    memset(cell->bytes, 0, sizeof cell->bytes);
    memcpy(cell->bytes, bytes, length);
    cell->style = (uint8_t)style;
  }
}

/* Bytes of the character at the start of sound UTF-8. */
static size_t character_bytes(const char *text) {
  unsigned char first = (unsigned char)*text;
  return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Columns that foreign text takes. */
static unsigned columns_of(const char *text, bool utf8) {
  vn_text_t rest = {text, strlen(text)};
  unsigned columns = 0;
  while (rest.length > 0) {
    char shown[VN_WATCH_SHOWN_MAX];
    size_t taken = vn_watch_show(rest, utf8, shown);
    columns += character_bytes(shown) > 1 ? 1 : (unsigned)strlen(shown);
    rest.bytes += taken;
    rest.length -= taken;
  }
  return columns;
}

unsigned vn_watch_put(vn_watch_screen_t *screen, unsigned row, unsigned column, unsigned width,
                      vn_watch_style_t style, const char *text) {
  vn_text_t rest = {text, strlen(text)};
  unsigned end = column + width;
  while (rest.length > 0 && column < end) {
    char shown[VN_WATCH_SHOWN_MAX];
    size_t taken = vn_watch_show(rest, screen->utf8, shown);
    for (const char *at = shown; *at != '\0' && column < end; at += character_bytes(at)) {
      put_cell(screen, row, column++, style, at, character_bytes(at));
    }
    rest.bytes += taken;
    rest.length -= taken;
  }
  if (width > 0 && columns_of(text, screen->utf8) > width) {
    put_cell(screen, row, end - 1, style, "~", 1);
  }
  return column;
}

void vn_watch_put_right(vn_watch_screen_t *screen, unsigned row, unsigned column, unsigned width,
                        vn_watch_style_t style, const char *text) {
  unsigned needed = columns_of(text, screen->utf8);
  unsigned shift = needed < width ? width - needed : 0;
  (void)vn_watch_put(screen, row, column + shift, width - shift, style, text);
}

void vn_watch_put_bars(vn_watch_screen_t *screen, unsigned row, unsigned column,
                       const double *values, unsigned count) {
  enum { LEVELS = 8 };
  static const char *const bars[LEVELS] = {"\xE2\x96\x81", "\xE2\x96\x82", "\xE2\x96\x83",
                                           "\xE2\x96\x84", "\xE2\x96\x85", "\xE2\x96\x86",
                                           "\xE2\x96\x87", "\xE2\x96\x88"};
  static const char *const plain[LEVELS] = {"_", ".", ",", "-", "=", "+", "*", "#"};
  double least = INFINITY;
  double most = -INFINITY;
  for (unsigned i = 0; i < count; i++) {
    least = values[i] < least ? values[i] : least;
    most = values[i] > most ? values[i] : most;
  }
  for (unsigned i = 0; i < count; i++) {
    /* Halves first: the span of two doubles may be beyond them. */
    double span = most / 2 - least / 2;
    double place = span > 0 ? (values[i] / 2 - least / 2) / span : 0.5;
    unsigned level = (unsigned)(place * (LEVELS - 1) + 0.5);
    const char *bar = screen->utf8 ? bars[level] : plain[level];
    put_cell(screen, row, column + i, VN_WATCH_PLAIN, bar, strlen(bar));
  }
}

void vn_watch_select(vn_watch_screen_t *screen, unsigned row) {
  for (unsigned column = 0; row < screen->rows && column < screen->columns; column++) {
    screen->cells[row][column].selected = true;
  }
}

static size_t cell_bytes(const vn_watch_cell_t *cell) { return character_bytes(cell->bytes); }

size_t vn_watch_row_text(const vn_watch_screen_t *screen, unsigned row,
                         char out[VN_WATCH_ROW_BYTES]) {
  size_t length = 0;
  size_t end = 0;
  for (unsigned column = 0; row < screen->rows && column < screen->columns; column++) {
    const vn_watch_cell_t *cell = &screen->cells[row][column];
    memcpy(out + length, cell->bytes, cell_bytes(cell));
    length += cell_bytes(cell);
    end = cell->bytes[0] == ' ' ? end : length;
  }
  out[end] = '\0';
  return end;
}

/* Bytes for the terminal. */
typedef struct paint {
  char *out;
  size_t capacity, length;
  int style; /* what the terminal writes with; -1: not known */
  bool selected, color;
} paint_t;

static void emit(paint_t *paint, const char *bytes, size_t length) {
  VN_ASSERT(length <= paint->capacity - paint->length);
  memcpy(paint->out + paint->length, bytes, length);
  paint->length += length;
}

static void emit_text(paint_t *paint, const char *text) { emit(paint, text, strlen(text)); }

static void emit_style(paint_t *paint, const vn_watch_cell_t *cell) {
  static const char *const colors[VN_WATCH_STYLE_COUNT] = {"",    ";1",  ";1",   ";2",
                                                           ";32", ";33", ";1;31"};
  static const char *const plain[VN_WATCH_STYLE_COUNT] = {"", ";1", ";1", "", "", "", ";1"};
  if (paint->style == cell->style && paint->selected == cell->selected) {
    return;
  }
  emit_text(paint, "\x1b[0");
  emit_text(paint, paint->color ? colors[cell->style] : plain[cell->style]);
  emit_text(paint, cell->selected ? ";7m" : "m");
  paint->style = cell->style;
  paint->selected = cell->selected;
}

static bool is_same(const vn_watch_cell_t *a, const vn_watch_cell_t *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 && a->style == b->style &&
         a->selected == b->selected;
}

static void paint_row(paint_t *paint, const vn_watch_screen_t *before,
                      const vn_watch_screen_t *screen, unsigned row) {
  static const vn_watch_cell_t blank = {.bytes = " "};
  bool placed = false;
  for (unsigned column = 0; column < screen->columns; column++) {
    const vn_watch_cell_t *cell = &screen->cells[row][column];
    if (is_same(cell, before == NULL ? &blank : &before->cells[row][column])) {
      placed = false;
      continue;
    }
    if (!placed) {
      char move[24];
      int length = snprintf(move, sizeof move, "\x1b[%u;%uH", row + 1, column + 1);
      emit(paint, move, (size_t)length);
      placed = true;
    }
    emit_style(paint, cell);
    emit(paint, cell->bytes, cell_bytes(cell));
  }
}

size_t vn_watch_paint(const vn_watch_screen_t *before, const vn_watch_screen_t *screen, bool color,
                      char *out, size_t capacity) {
  VN_ASSERT(capacity >= VN_WATCH_PAINT_BYTES);
  paint_t paint = {.out = out, .capacity = capacity, .style = -1, .color = color};
  bool same_size =
      before != NULL && before->rows == screen->rows && before->columns == screen->columns;
  if (!same_size) {
    emit_text(&paint, "\x1b[0m\x1b[2J");
  }
  for (unsigned row = 0; row < screen->rows; row++) {
    paint_row(&paint, same_size ? before : NULL, screen, row);
  }
  if (paint.style >= 0) {
    emit_text(&paint, "\x1b[0m");
  }
  return paint.length;
}
