#include "room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64u
#define FIRST 64u

static void *check(void *memory) {
  if (memory == NULL) {
    fputs("vnotch-sim: no memory is left\n", stderr);
    exit(EXIT_FAILURE);
  }
  return memory;
}

void *vn_room_new(size_t bytes) {
  size_t rounded = (bytes / ALIGNMENT + 1) * ALIGNMENT;
  void *memory = check(aligned_alloc(ALIGNMENT, rounded));
  memset(memory, 0, rounded);
  return memory;
}

void *vn_room_grow(void *array, size_t *room, size_t size) {
  *room = *room == 0 ? FIRST : *room * 2;
  return check(realloc(array, *room * size));
}

void vn_room_free(void *room) { free(room); }
