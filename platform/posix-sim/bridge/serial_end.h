/* Our end of a serial line: a terminal, a pseudo terminal or the unix socket of an emulator. */
#ifndef VN_SERIAL_END_H
#define VN_SERIAL_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest frame that is written, twice over, and what goes beside it. */
#define VN_SERIAL_ROOM_BYTES (512u * 1024u)

typedef struct vn_serial_end {
  const char *path;
  uint32_t baud; /* of a terminal */
  int fd;        /* -1: not open */
  size_t length; /* bytes in `out` */
  bool broken;   /* the other end is gone, or doesn't read: to be closed */
  uint8_t out[VN_SERIAL_ROOM_BYTES];
} vn_serial_end_t;

/* Whether a terminal can be set to so many bits a second. */
bool vn_serial_has_baud(uint32_t baud);

void vn_serial_init(vn_serial_end_t *end, const char *path, uint32_t baud);

/* NULL, or why not: the words of errno, or the problem. */
const char *vn_serial_open(vn_serial_end_t *end);

/* What waits to be written is forgotten. */
void vn_serial_close(vn_serial_end_t *end);

/* For vn_line_t: keeps the bytes until vn_serial_flush. */
void vn_serial_put(void *context, const uint8_t *bytes, size_t length);

/* Writes what can be written without waiting. */
void vn_serial_flush(vn_serial_end_t *end);

/* What has come, without waiting: 0 if nothing has. */
size_t vn_serial_read(vn_serial_end_t *end, uint8_t *bytes, size_t capacity);

#endif
