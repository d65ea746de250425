/* Text for terminals: foreign bytes made harmless, times and numbers for people. */
#ifndef VN_WATCH_TEXT_H
#define VN_WATCH_TEXT_H

#include "vn/topic.h"

#include <stdint.h>

/* Longest form of one character: an escaped code point and the end, "\u{10ffff}". */
#define VN_WATCH_SHOWN_MAX 12u

/*
 * Takes the next character of foreign text and writes how it is shown, terminated. ASCII without
 * controls stands for itself, and, when `utf8`, letters and signs of the Latin, Greek and Cyrillic
 * blocks, which take one column on every terminal; all else is escaped, so that nothing can move
 * the cursor, change the order of the text, or take no column or two: controls as \x1b, other
 * characters as \u{202e}, bytes that are no UTF-8 as \xff. Returns how many bytes were taken, 1 to
 * 4; the text isn't empty.
 */
size_t vn_watch_show(vn_text_t text, bool utf8, char shown[VN_WATCH_SHOWN_MAX]);

/*
 * The whole text as vn_watch_show shows it, terminated, in out[capacity]; cut between characters
 * where it doesn't fit. Returns the length. capacity > 0.
 */
size_t vn_watch_show_all(vn_text_t text, bool utf8, char *out, size_t capacity);

/* "14s", "3m12s", "5h07m", "3d04h", "120d"; negative ones with a minus. At most 12 bytes. */
#define VN_WATCH_DURATION_MAX 24u
void vn_watch_duration(int64_t duration_ms, char out[VN_WATCH_DURATION_MAX]);

/* "2026-11-21T01:47:52Z" in UTC; a time outside of the years 0 to 9999 as its number of ms. */
#define VN_WATCH_TIME_MAX 24u
void vn_watch_time(int64_t time_ms, char out[VN_WATCH_TIME_MAX]);

/* At most `columns` (8 to 20): seven digits, fewer where they don't fit; "-": no finite number. */
#define VN_WATCH_NUMBER_MAX 24u
void vn_watch_number(double value, unsigned columns, char out[VN_WATCH_NUMBER_MAX]);

#endif
