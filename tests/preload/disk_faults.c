/*
 * For LD_PRELOAD: the disk under a program becomes full, or breaks, when a test wants it. While the
 * file exists that VN_FAIL_WRITE names, pwrite gets a few bytes through once, then fails with
 * ENOSPC; the same with VN_FAIL_SYNC: fdatasync fails with EIO, whatever was written.
 */
#define _DEFAULT_SOURCE /* syscall */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FEW_BYTES 24 /* the head of a record, and a bit more */

static bool full;

static bool is_wanted(const char *variable) {
  const char *path = getenv(variable);
  int before = errno;
  bool wanted = path != NULL && access(path, F_OK) == 0;
  errno = before;
  return wanted;
}

/* Compiled as the programs are: it has the name that they call, whatever their offsets. */
ssize_t pwrite(int descriptor, const void *from, size_t length, off_t offset) {
  if (is_wanted("VN_FAIL_WRITE")) {
    if (full) {
      errno = ENOSPC;
      return -1;
    }
    full = true;
    length = length < FEW_BYTES ? length : FEW_BYTES;
  }
  return (ssize_t)syscall(SYS_pwrite64, descriptor, from, length, offset);
}

int fdatasync(int descriptor) {
  if (is_wanted("VN_FAIL_SYNC")) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_fdatasync, descriptor);
}
