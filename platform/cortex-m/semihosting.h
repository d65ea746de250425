/* Semihosting: what an emulator does for an image. Text, files of the host, the exit code. */
#ifndef VN_SEMIHOSTING_H
#define VN_SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The call itself; one for each kind of processor (semihosting_call.c). */
intptr_t semihosting_call(intptr_t operation, const void *block);

/* On QEMU's stderr. */
void semihosting_print(const char *text);

/* The arguments of the image, separated by spaces. False: longer than capacity. */
bool semihosting_arguments(char *out, size_t capacity);

typedef enum semihosting_mode {
  SEMIHOSTING_READ = 1,  /* "rb" */
  SEMIHOSTING_WRITE = 5, /* "wb" */
  SEMIHOSTING_UPDATE = 3 /* "r+b" */
} semihosting_mode_t;

/* A handle, or -1. */
intptr_t semihosting_open(const char *path, semihosting_mode_t mode);
/* All of it, or false. */
bool semihosting_write(intptr_t file, const void *bytes, size_t length);
/* How many bytes came. */
size_t semihosting_read(intptr_t file, void *bytes, size_t length);
bool semihosting_seek(intptr_t file, size_t offset);
void semihosting_close(intptr_t file);

/* It becomes the emulator's own exit status. */
_Noreturn void semihosting_exit(int code);

#endif
