/* What the golden scenario has of the world around it: a host's, or an emulator's. */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void surroundings_print(const char *text);
bool surroundings_save(const char *path, const uint8_t *bytes, size_t length);
/* The length, or 0. */
size_t surroundings_load(const char *path, uint8_t *bytes, size_t capacity);

/* The program: its arguments are "", "first FOLDER" or "second FOLDER". Its exit code. */
int golden_main(const char *part, const char *folder);

#endif
