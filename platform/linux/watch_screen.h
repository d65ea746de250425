/* A grid of cells, and the bytes that turn what a terminal shows into it. */
#ifndef VN_WATCH_SCREEN_H
#define VN_WATCH_SCREEN_H

#include "vn/topic.h"

/* Larger terminals are used up to this. */
#define VN_WATCH_ROWS_MAX 200u
#define VN_WATCH_COLUMNS_MAX 320u

typedef enum vn_watch_style {
  VN_WATCH_PLAIN,
  VN_WATCH_TITLE,
  VN_WATCH_HEADING,
  VN_WATCH_DIM,
  VN_WATCH_GOOD,
  VN_WATCH_NOTE, /* acknowledged, recovering, no data */
  VN_WATCH_ALARM,
  VN_WATCH_STYLE_COUNT
} vn_watch_style_t;

typedef struct vn_watch_cell {
  char bytes[4]; /* one character in UTF-8, filled with NUL; a space is " " */
  uint8_t style; /* vn_watch_style_t */
  bool selected; /* inverse */
} vn_watch_cell_t;

typedef struct vn_watch_screen {
  uint16_t rows, columns;
  bool utf8; /* the terminal shows more than ASCII */
  vn_watch_cell_t cells[VN_WATCH_ROWS_MAX][VN_WATCH_COLUMNS_MAX];
} vn_watch_screen_t;

/* Empty, of this size within the maxima (and at least 1 by 1). */
void vn_watch_clear(vn_watch_screen_t *screen, unsigned rows, unsigned columns, bool utf8);

/*
 * Shows foreign text in cells [column, column + width) of a row, as vn_watch_show has it; what
 * doesn't fit is cut, with '~' as the last cell. Cells beyond the screen are left out. Returns the
 * column behind the text.
 */
unsigned vn_watch_put(vn_watch_screen_t *screen, unsigned row, unsigned column, unsigned width,
                      vn_watch_style_t style, const char *text);

/* The same, at the right end of the cells. */
void vn_watch_put_right(vn_watch_screen_t *screen, unsigned row, unsigned column, unsigned width,
                        vn_watch_style_t style, const char *text);

/* A line of bars, one a cell, between the least and the greatest of the values; count <= width. */
void vn_watch_put_bars(vn_watch_screen_t *screen, unsigned row, unsigned column,
                       const double *values, unsigned count);

/* Makes a row inverse. */
void vn_watch_select(vn_watch_screen_t *screen, unsigned row);

/* A row as UTF-8 without the spaces at its end, terminated; returns its length. */
#define VN_WATCH_ROW_BYTES (4u * VN_WATCH_COLUMNS_MAX + 1u)
size_t vn_watch_row_text(const vn_watch_screen_t *screen, unsigned row,
                         char out[VN_WATCH_ROW_BYTES]);

/*
 * The bytes that turn `before` (NULL: anything, the terminal is cleared first) into `screen`, in
 * out[capacity]: nothing when they are equal. Returns the length; capacity is at least
 * VN_WATCH_PAINT_BYTES, which is always enough. Without `color` only bold and inverse are used.
 */
#define VN_WATCH_PAINT_BYTES (VN_WATCH_ROWS_MAX * (16u + 32u * VN_WATCH_COLUMNS_MAX) + 64u)
size_t vn_watch_paint(const vn_watch_screen_t *before, const vn_watch_screen_t *screen, bool color,
                      char *out, size_t capacity);

#endif
