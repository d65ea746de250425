#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *vn_memory_map(size_t bytes) {
  void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? NULL : block;
}

uint64_t vn_memory_resident_bytes(void) {
  char text[64] = {0};
  int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  ssize_t length = read(fd, text, sizeof text - 1);
  (void)close(fd);
  const char *second = length > 0 ? strchr(text, ' ') : NULL;
  if (second == NULL) {
    return 0;
  }
  return (uint64_t)strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
