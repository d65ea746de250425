/* A file that is there as a whole or not at all: made aside, synced, renamed into place. */
#ifndef VN_SAFE_FILE_H
#define VN_SAFE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VN_SAFE_FILE_BUFFER 4096u

/* Opaque to callers, who own it. */
typedef struct vn_safe_file {
  char path[PATH_MAX], aside[PATH_MAX];
  uint8_t buffer[VN_SAFE_FILE_BUFFER];
  uint64_t bytes; /* given so far */
  size_t filled;
  int descriptor;
  bool failed;
} vn_safe_file_t;

/* Begins "<path>.new", mode 0600, in place of one that may be left over. False: errno says why. */
bool vn_safe_file_begin(vn_safe_file_t *file, const char *path);

/* False: it failed now or before; errno says why. */
bool vn_safe_file_write(vn_safe_file_t *file, const void *bytes, size_t length);

/* Makes it durable under its name; false: errno says why, and what was there before still is. */
bool vn_safe_file_finish(vn_safe_file_t *file);

/* Gives it up; does nothing when it is finished. */
void vn_safe_file_abandon(vn_safe_file_t *file);

/* What was renamed or made in the folder of this path is durable. */
bool vn_sync_folder(const char *path);

#endif
