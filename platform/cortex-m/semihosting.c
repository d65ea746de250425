#include "semihosting.h"

#include <string.h>

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_SEEK = 0x0A,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20
};
#define STOPPED_APPLICATION_EXIT 0x20026u

void semihosting_print(const char *text) { (void)semihosting_call(SYS_WRITE0, text); }

bool semihosting_arguments(char *out, size_t capacity) {
  uintptr_t block[2] = {(uintptr_t)out, capacity};
  return semihosting_call(SYS_GET_CMDLINE, block) == 0;
}

intptr_t semihosting_open(const char *path, semihosting_mode_t mode) {
  uintptr_t block[3] = {(uintptr_t)path, mode, strlen(path)};
  return semihosting_call(SYS_OPEN, block);
}

bool semihosting_write(intptr_t file, const void *bytes, size_t length) {
  uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)bytes, length};
  return semihosting_call(SYS_WRITE, block) == 0;
}

size_t semihosting_read(intptr_t file, void *bytes, size_t length) {
  uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)bytes, length};
  intptr_t missing = semihosting_call(SYS_READ, block);
  return missing < 0 || (size_t)missing > length ? 0 : length - (size_t)missing;
}

bool semihosting_seek(intptr_t file, size_t offset) {
  uintptr_t block[2] = {(uintptr_t)file, offset};
  return semihosting_call(SYS_SEEK, block) >= 0;
}

void semihosting_close(intptr_t file) {
  uintptr_t block[1] = {(uintptr_t)file};
  (void)semihosting_call(SYS_CLOSE, block);
}

_Noreturn void semihosting_exit(int code) {
  uintptr_t block[2] = {STOPPED_APPLICATION_EXIT, (uintptr_t)code};
  (void)semihosting_call(SYS_EXIT_EXTENDED, block);
  for (;;) {
  }
}
