/*
 * Preloaded into a program under test: a disk below one file that forgets, fails and fills up, and
 * a counter of system calls that ends the program at one of them. A page shared with the test
 * (tests/support/torn_disk.py knows its layout) says what is to happen.
 *
 * Writes go to the file at once. What each block held before is kept in the page until a sync: a
 * test that cuts the power puts any of the versions back into each of the blocks. After a sync
 * that failed the system takes pages for clean that never reached the disk: their former content
 * stays in the page, behind syncs that succeed, until the block is written again or the program
 * drops what is cached (POSIX_FADV_DONTNEED) and so sees what the disk has.
 */
#define _GNU_SOURCE /* RTLD_NEXT, off64_t, SO_DOMAIN */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 512u
#define PAGE_FULL 99 /* the exit code that tells the test that its page is too small */

typedef struct version {
  uint64_t block;
  uint8_t before[BLOCK];
} version_t;

typedef struct page {
  _Atomic uint32_t calls;   /* counted ones */
  _Atomic uint32_t kill_at; /* the program ends at this one; 0: never */
  _Atomic uint32_t kill_how;
  _Atomic uint32_t write_errno, writes_failing; /* so many writes fail */
  _Atomic uint32_t sync_errno, syncs_failing;
  _Atomic uint32_t short_permille, interrupt_permille;
  _Atomic uint32_t sync_us; /* how long a sync takes */
  _Atomic uint32_t draws;
  _Atomic uint32_t forgotten; /* versions in front of this survive syncs that succeed */
  _Atomic uint32_t versions;
  _Atomic uint32_t versions_max;
  _Atomic uint32_t lies; /* syncs that succeed leave nothing on the disk */
  uint32_t unused;
  version_t version[];
} page_t;

typedef enum moment { MOMENT_NONE, MOMENT_BEFORE, MOMENT_HALF, MOMENT_AFTER } moment_t;
typedef enum target { TARGET_OTHER, TARGET_ASIDE, TARGET_REGION } target_t;

static page_t *page;
static const char *region;

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_pread)(int, void *, size_t, off64_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_recv)(int, void *, size_t, int);
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_fadvise)(int, off64_t, off64_t, int);

static void find(const char *name, void *function) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) {
    _exit(PAGE_FULL);
  }
  memcpy(function, &found, sizeof found);
}

static void find_all(void) {
  find("pwrite64", &real_pwrite);
  find("pread64", &real_pread);
  find("writev", &real_writev);
  find("recv", &real_recv);
  find("fdatasync", &real_fdatasync);
  find("fsync", &real_fsync);
  find("posix_fadvise64", &real_fadvise);
}

__attribute__((constructor)) static void open_page(void) {
  const char *path = getenv("VN_DISK_PAGE");
  struct stat status;
  find_all();
  region = getenv("VN_DISK_FILE");
  int descriptor = path != NULL && region != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    return;
  }
  void *memory =
      mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  (void)close(descriptor);
  page = memory == MAP_FAILED ? NULL : memory;
}

/* The file itself, or the one aside that becomes it (its name has something behind). */
static target_t target_of(int descriptor) {
  char link[32];
  char name[PATH_MAX];
  if (page == NULL) {
    return TARGET_OTHER;
  }
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, name, sizeof name - 1);
  size_t whole = strlen(region);
  if (length < (ssize_t)whole || memcmp(name, region, whole) != 0) {
    return TARGET_OTHER;
  }
  return length == (ssize_t)whole ? TARGET_REGION : TARGET_ASIDE;
}

static uint32_t draw(void) {
  uint32_t number = atomic_fetch_add(&page->draws, 0x9E3779B9u) + 0x9E3779B9u;
  number = (number ^ number >> 16) * 0x21F0AAADu;
  number = (number ^ number >> 15) * 0x735A2D97u;
  return number ^ number >> 15;
}

static bool happens(uint32_t permille) { return permille > 0 && draw() % 1000u < permille; }

static void end_program(void) {
  (void)kill(getpid(), SIGKILL);
  for (;;) {
    (void)pause();
  }
}

/* Counts a call; ends the program here when it is the one and the moment is before it. */
static moment_t count_call(void) {
  uint32_t number = atomic_fetch_add(&page->calls, 1) + 1;
  if (number != atomic_load(&page->kill_at)) {
    return MOMENT_NONE;
  }
  moment_t how = (moment_t)atomic_load(&page->kill_how);
  if (how == MOMENT_BEFORE) {
    end_program();
  }
  return how;
}

static void end_when(moment_t moment) {
  if (moment != MOMENT_NONE) {
    end_program();
  }
}

static bool fails(_Atomic uint32_t *left) {
  uint32_t count = atomic_load(left);
  while (count > 0 && !atomic_compare_exchange_weak(left, &count, count - 1)) {
  }
  return count > 0;
}

static void remember_block(int descriptor, uint64_t block) {
  uint32_t at = atomic_load(&page->versions);
  if (at == atomic_load(&page->versions_max)) {
    _exit(PAGE_FULL);
  }
  version_t *version = &page->version[at];
  version->block = block;
  memset(version->before, 0, BLOCK);
  if (real_pread(descriptor, version->before, BLOCK, (off64_t)(block * BLOCK)) < 0) {
    _exit(PAGE_FULL);
  }
  atomic_store(&page->versions, at + 1);
}

static void remember(int descriptor, size_t length, off64_t offset) {
  uint64_t end = ((uint64_t)offset + length + BLOCK - 1) / BLOCK;
  for (uint64_t block = (uint64_t)offset / BLOCK; block < end; block++) {
    remember_block(descriptor, block);
  }
}

static ssize_t write_region(int descriptor, const void *from, size_t length, off64_t offset,
                            bool kept) {
  moment_t moment = count_call();
  if (fails(&page->writes_failing)) {
    errno = (int)atomic_load(&page->write_errno);
    return -1;
  }
  if (happens(atomic_load(&page->interrupt_permille))) {
    errno = EINTR;
    return -1;
  }
  if (length > 1 && happens(atomic_load(&page->short_permille))) {
    length = 1 + draw() % (length - 1);
  }
  length = moment == MOMENT_HALF ? (length + 1) / 2 : length;
  if (kept) {
    remember(descriptor, length, offset);
  }
  ssize_t written = real_pwrite(descriptor, from, length, offset);
  end_when(moment);
  return written;
}

ssize_t pwrite64(int descriptor, const void *from, size_t length, off64_t offset) {
  target_t target = target_of(descriptor);
  if (target == TARGET_OTHER) {
    return real_pwrite(descriptor, from, length, offset);
  }
  return write_region(descriptor, from, length, offset, target == TARGET_REGION);
}

ssize_t pwrite(int descriptor, const void *from, size_t length, off_t offset) {
  return pwrite64(descriptor, from, length, offset);
}

static bool written_since(uint64_t block, uint32_t from) {
  uint32_t end = atomic_load(&page->versions);
  for (uint32_t i = from; i < end; i++) {
    if (page->version[i].block == block) {
      return true;
    }
  }
  return false;
}

/* On the disk now, except what an earlier sync has lost and nobody has written again. */
static void forget_versions(void) {
  uint32_t forgotten = atomic_load(&page->forgotten);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < forgotten; i++) {
    if (!written_since(page->version[i].block, forgotten)) {
      page->version[kept++] = page->version[i];
    }
  }
  atomic_store(&page->versions, kept);
  atomic_store(&page->forgotten, kept);
}

static int sync_region(int descriptor, bool kept, int (*real)(int)) {
  moment_t moment = count_call();
  if (fails(&page->syncs_failing)) {
    atomic_store(&page->forgotten, atomic_load(&page->versions));
    errno = (int)atomic_load(&page->sync_errno);
    return -1;
  }
  if (happens(atomic_load(&page->interrupt_permille))) {
    errno = EINTR;
    return -1;
  }
  uint32_t us = atomic_load(&page->sync_us);
  const struct timespec time = {.tv_nsec = (long)us * 1000};
  int result = us > 0 ? nanosleep(&time, NULL) : real(descriptor);
  bool lies = moment == MOMENT_HALF || atomic_load(&page->lies) != 0;
  if (result == 0 && kept && !lies) {
    forget_versions();
  }
  end_when(moment);
  return result;
}

int fdatasync(int descriptor) {
  target_t target = target_of(descriptor);
  return target == TARGET_OTHER ? real_fdatasync(descriptor)
                                : sync_region(descriptor, target == TARGET_REGION, real_fdatasync);
}

int fsync(int descriptor) {
  target_t target = target_of(descriptor);
  return target == TARGET_OTHER ? real_fsync(descriptor)
                                : sync_region(descriptor, target == TARGET_REGION, real_fsync);
}

/* What a failed sync has left in memory only is gone; some of it had reached the disk. */
static void drop_cached(int descriptor) {
  uint32_t forgotten = atomic_load(&page->forgotten);
  uint32_t left = atomic_load(&page->versions) - forgotten;
  for (uint32_t i = forgotten; i-- > 0;) { /* the oldest version of a block comes last */
    const version_t *version = &page->version[i];
    bool goes = !written_since(version->block, forgotten) && happens(500);
    if (goes &&
        real_pwrite(descriptor, version->before, BLOCK, (off64_t)(version->block * BLOCK)) < 0) {
      _exit(PAGE_FULL);
    }
  }
  memmove(page->version, page->version + forgotten, left * sizeof *page->version);
  atomic_store(&page->versions, left);
  atomic_store(&page->forgotten, 0);
}

int posix_fadvise64(int descriptor, off64_t offset, off64_t length, int advice) {
  if (advice == POSIX_FADV_DONTNEED && target_of(descriptor) == TARGET_REGION) {
    drop_cached(descriptor);
  }
  return real_fadvise(descriptor, offset, length, advice);
}

int posix_fadvise(int descriptor, off_t offset, off_t length, int advice) {
  return posix_fadvise64(descriptor, offset, length, advice);
}

static bool is_network(int descriptor) {
  int domain = AF_UNSPEC;
  socklen_t length = sizeof domain;
  return page != NULL && getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
         (domain == AF_INET || domain == AF_INET6);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (!is_network(descriptor)) {
    return real_writev(descriptor, parts, count);
  }
  moment_t moment = count_call();
  struct iovec half = {0};
  if (moment == MOMENT_HALF && count > 0) {
    half = (struct iovec){parts[0].iov_base, (parts[0].iov_len + 1) / 2};
    parts = &half;
    count = 1;
  }
  ssize_t written = real_writev(descriptor, parts, count);
  end_when(moment);
  return written;
}

ssize_t recv(int descriptor, void *to, size_t length, int flags) {
  if (!is_network(descriptor)) {
    return real_recv(descriptor, to, length, flags);
  }
  moment_t moment = count_call();
  ssize_t got = real_recv(descriptor, to, length, flags);
  end_when(moment);
  return got;
}
