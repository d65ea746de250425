#include "loader_priv.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 * 1024)
#define ALIGNMENT ((size_t)16)

typedef struct vn__block {
  struct vn__block *next;
  size_t used, size; /* of bytes[] */
} vn__block_t;

static size_t round_up(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* A start-up that has no memory for its configuration can't do anything better. */
static _Noreturn void out_of_memory(void) {
  fputs("vnotch: out of memory while reading the configuration\n", stderr);
  exit(71);
}

static vn__block_t *new_block(size_t bytes) {
  size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
  vn__block_t *block = calloc(1, round_up(sizeof(*block)) + size);
  if (block == NULL) {
    out_of_memory();
  }
  block->size = size;
  return block;
}

void *vn__arena_take(vn__arena_t *arena, size_t bytes) {
  VN_ASSERT(bytes < SIZE_MAX / 2);
  size_t size = round_up(bytes == 0 ? 1 : bytes);
  vn__block_t *block = arena->blocks;
  if (block == NULL || block->size - block->used < size) {
    block = new_block(size);
    block->next = arena->blocks;
    arena->blocks = block;
  }
  char *start = (char *)block + round_up(sizeof(*block)) + block->used;
  block->used += size;
  return start;
}

char *vn__arena_text(vn__arena_t *arena, const char *bytes, size_t length) {
  char *copy = vn__arena_take(arena, length + 1);
  if (length > 0) {
    memcpy(copy, bytes, length);
  }
  return copy;
}

void vn__arena_free(vn__arena_t *arena) {
  vn__block_t *block = arena->blocks;
  while (block != NULL) {
    vn__block_t *next = block->next;
    free(block);
    block = next;
  }
  arena->blocks = NULL;
}
