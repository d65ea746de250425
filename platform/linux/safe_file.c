#define _XOPEN_SOURCE 700

#include "safe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int descriptor, const void *from, size_t length) {
  const uint8_t *bytes = from;
  while (length > 0) {
    ssize_t written = write(descriptor, bytes, length);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

bool vn_sync_folder(const char *path) {
  char copy[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof copy) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(copy, path, length + 1);
  int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    return false;
  }
  bool synced = fsync(folder) == 0;
  (void)close(folder);
  return synced;
}

bool vn_safe_file_begin(vn_safe_file_t *file, const char *path) {
  file->descriptor = -1;
  file->bytes = file->filled = 0;
  file->failed = true;
  int whole = snprintf(file->path, sizeof file->path, "%s", path);
  int aside = snprintf(file->aside, sizeof file->aside, "%s.new", path);
  if (whole < 0 || aside < 0 || (size_t)aside >= sizeof file->aside) {
    errno = ENAMETOOLONG;
    return false;
  }
  (void)unlink(file->aside);
  file->descriptor = open(file->aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  file->failed = file->descriptor < 0;
  return !file->failed;
}

static bool flush(vn_safe_file_t *file) {
  if (!file->failed && file->filled > 0) {
    file->failed = !write_all(file->descriptor, file->buffer, file->filled);
  }
  file->filled = 0;
  return !file->failed;
}

bool vn_safe_file_write(vn_safe_file_t *file, const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  file->bytes += length;
  while (length > 0 && !file->failed) {
    size_t room = sizeof file->buffer - file->filled;
    size_t part = length < room ? length : room;
    memcpy(file->buffer + file->filled, from, part);
    file->filled += part;
    from += part;
    length -= part;
    if (file->filled == sizeof file->buffer) {
      (void)flush(file);
    }
  }
  return !file->failed;
}

bool vn_safe_file_finish(vn_safe_file_t *file) {
  bool good = flush(file) && fsync(file->descriptor) == 0;
  if (file->descriptor >= 0) {
    good = close(file->descriptor) == 0 && good;
    file->descriptor = -1;
  }
  good = good && rename(file->aside, file->path) == 0;
  if (!good) {
    int reason = errno;
    (void)unlink(file->aside);
    errno = reason;
  }
  return good && vn_sync_folder(file->path);
}

void vn_safe_file_abandon(vn_safe_file_t *file) {
  if (file->descriptor >= 0) {
    (void)close(file->descriptor);
    file->descriptor = -1;
    (void)unlink(file->aside);
  }
}
