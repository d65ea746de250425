#define _DEFAULT_SOURCE /* flock */

#include "flash_file.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Neither 0x00 nor 0xFF: code that takes an erased value for granted fails in ordinary tests. */
#define ERASED_PATTERN 0xB4

static bool write_all(int descriptor, const void *from, size_t length, off_t offset) {
  const uint8_t *bytes = from;
  while (length > 0) {
    ssize_t written = pwrite(descriptor, bytes, length, offset);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      errno = written == 0 ? EIO : errno;
      return false;
    }
    bytes += written;
    length -= (size_t)written;
    offset += written;
  }
  return true;
}

static bool read_all(int descriptor, void *to, size_t length, off_t offset) {
  uint8_t *bytes = to;
  while (length > 0) {
    ssize_t got = pread(descriptor, bytes, length, offset);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    bytes += got;
    length -= (size_t)got;
    offset += got;
  }
  return true;
}

/* A call that a signal broke off has told nothing; every other failure is final. */
static bool sync_all(int descriptor, int (*sync)(int)) {
  int result;
  do {
    result = sync(descriptor);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

static bool in_range(const vn_flash_t *port, uint32_t offset, uint32_t length) {
  return offset <= port->size_bytes && length <= port->size_bytes - offset;
}

static vn_err_t file_read(void *context, uint32_t offset, void *to, uint32_t length) {
  vn_flash_file_t *file = context;
  if (!in_range(&file->port, offset, length)) {
    return VN_ERR_FLASH;
  }
  return read_all(file->descriptor, to, length, (off_t)offset) ? VN_OK : VN_ERR_FLASH;
}

/* True when all units were erased; they are not any more. */
static bool use_units(vn_flash_file_t *file, uint32_t offset, uint32_t length) {
  uint32_t first = offset / file->port.prog_size;
  uint32_t end = (offset + length) / file->port.prog_size;
  for (uint32_t unit = first; unit < end; unit++) {
    if ((file->erased_units[unit / 8] & (1u << unit % 8)) == 0) {
      return false;
    }
  }
  for (uint32_t unit = first; unit < end; unit++) {
    file->erased_units[unit / 8] &= (uint8_t) ~(1u << unit % 8);
  }
  return true;
}

/* For good; the log above knows only that no sector takes anything any more. */
static vn_err_t fail(vn_flash_file_t *file) {
  file->failed = true;
  vn_log(VN_LOG_ERROR, VN_LOG_STATE, "the state file cannot be written any more", "reason",
         strerror(errno), NULL);
  return VN_ERR_FLASH;
}

static vn_err_t file_prog(void *context, uint32_t offset, const void *from, uint32_t length) {
  vn_flash_file_t *file = context;
  bool whole = offset % file->port.prog_size == 0 && length % file->port.prog_size == 0;
  if (file->failed || !whole || !in_range(&file->port, offset, length) ||
      !use_units(file, offset, length)) {
    return VN_ERR_FLASH;
  }
  return write_all(file->descriptor, from, length, (off_t)offset) ? VN_OK : fail(file);
}

static vn_err_t file_erase(void *context, uint32_t offset, uint32_t length) {
  vn_flash_file_t *file = context;
  uint32_t sector = file->port.erase_size;
  if (file->failed || offset % sector != 0 || length % sector != 0 ||
      !in_range(&file->port, offset, length)) {
    return VN_ERR_FLASH;
  }
  for (uint32_t at = offset; at < offset + length; at += sector) {
    if (!write_all(file->descriptor, file->pattern, sector, (off_t)at)) {
      return fail(file);
    }
  }
  for (uint32_t unit = offset / file->port.prog_size;
       unit < (offset + length) / file->port.prog_size; unit++) {
    file->erased_units[unit / 8] |= (uint8_t)(1u << unit % 8);
  }
  return VN_OK;
}

static vn_err_t file_sync(void *context) {
  vn_flash_file_t *file = context;
  if (file->failed) {
    return VN_ERR_FLASH;
  }
  return sync_all(file->descriptor, fdatasync) ? VN_OK : fail(file);
}

static bool sync_folder(const char *path) {
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
  bool synced = sync_all(folder, fsync);
  (void)close(folder);
  return synced;
}

static bool fill(const vn_flash_file_t *file, int descriptor) {
  for (uint32_t at = 0; at < file->port.size_bytes; at += file->port.erase_size) {
    if (!write_all(descriptor, file->pattern, file->port.erase_size, (off_t)at)) {
      return false;
    }
  }
  return sync_all(descriptor, fsync);
}

/* Made aside and renamed: a file that is there has its whole size. */
static bool make(const vn_flash_file_t *file, const char *path) {
  char aside[PATH_MAX];
  int length = snprintf(aside, sizeof aside, "%s.new", path);
  if (length < 0 || (size_t)length >= sizeof aside) {
    errno = ENAMETOOLONG;
    return false;
  }
  int descriptor = open(aside, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return false;
  }
  bool made = fill(file, descriptor);
  int reason = errno;
  (void)close(descriptor);
  made = made && rename(aside, path) == 0;
  if (!made) {
    reason = reason == 0 ? errno : reason;
    (void)unlink(aside);
    errno = reason;
  }
  return made && sync_folder(path);
}

/*
 * After a sync that failed the system keeps what was written and takes it for written out: it would
 * be found here, relied upon, and gone at the next power cut. So what is read comes from the disk.
 */
static bool see_the_disk(int descriptor) {
  bool synced = sync_all(descriptor, fdatasync);
  (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED); /* a file system may lack it */
  return synced;
}

static vn_flash_file_result_t take(vn_flash_file_t *file, const char *path) {
  struct stat status;
  file->descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (file->descriptor < 0) {
    return errno == ELOOP ? VN_FLASH_FILE_FOREIGN : VN_FLASH_FILE_IO;
  }
  if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? VN_FLASH_FILE_BUSY : VN_FLASH_FILE_IO;
  }
  if (fstat(file->descriptor, &status) != 0) {
    return VN_FLASH_FILE_IO;
  }
  bool ours = S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
              status.st_size == (off_t)file->port.size_bytes;
  if (!ours) {
    return VN_FLASH_FILE_FOREIGN;
  }
  return see_the_disk(file->descriptor) ? VN_FLASH_FILE_OK : VN_FLASH_FILE_IO;
}

vn_flash_file_result_t vn_flash_file_open(vn_flash_file_t *file,
                                          const vn_flash_file_setup_t *setup) {
  uint32_t units = setup->size_bytes / setup->prog_size;
  *file = (vn_flash_file_t){.port = {.context = file,
                                     .size_bytes = setup->size_bytes,
                                     .erase_size = setup->erase_size,
                                     .prog_size = setup->prog_size,
                                     .read = file_read,
                                     .prog = file_prog,
                                     .erase = file_erase,
                                     .sync = file_sync},
                            .erased_units = calloc(units / 8u + 1u, 1),
                            .pattern = malloc(setup->erase_size),
                            .descriptor = -1};
  if (file->erased_units == NULL || file->pattern == NULL) {
    vn_flash_file_close(file);
    errno = ENOMEM;
    return VN_FLASH_FILE_IO;
  }
  memset(file->pattern, ERASED_PATTERN, setup->erase_size);
  bool there = access(setup->path, F_OK) == 0 || errno != ENOENT || make(file, setup->path);
  vn_flash_file_result_t result = there ? take(file, setup->path) : VN_FLASH_FILE_IO;
  if (result != VN_FLASH_FILE_OK) {
    int reason = errno;
    vn_flash_file_close(file);
    errno = reason;
  }
  return result;
}

void vn_flash_file_close(vn_flash_file_t *file) {
  if (file->descriptor >= 0) {
    (void)close(file->descriptor);
  }
  free(file->erased_units);
  free(file->pattern);
  *file = (vn_flash_file_t){.descriptor = -1};
}
