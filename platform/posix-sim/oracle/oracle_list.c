#include "oracle_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void no_memory(void) {
  fputs("oracle: no memory\n", stderr);
  abort();
}

void *vn__oracle_memory(size_t count, size_t item_bytes) {
  void *memory = calloc(count == 0 ? 1 : count, item_bytes);
  if (memory == NULL) {
    no_memory();
  }
  return memory;
}

static void reserve(vn__list_t *list, size_t count) {
  if (count <= list->capacity) {
    return;
  }
  size_t capacity = 2 * list->capacity + 8;
  capacity = capacity < count ? count : capacity;
  void *items = realloc(list->items, capacity * list->item_bytes);
  if (items == NULL) {
    no_memory();
  }
  list->items = items;
  list->capacity = capacity;
}

void *vn__oracle_list_add(vn__list_t *list) {
  reserve(list, list->count + 1);
  void *item = vn__oracle_list_at(list, list->count++);
  return memset(item, 0, list->item_bytes);
}

void vn__oracle_list_drop(vn__list_t *list, size_t place) {
  list->count--;
  if (place != list->count) {
    memcpy(vn__oracle_list_at(list, place), vn__oracle_list_at(list, list->count),
           list->item_bytes);
  }
}

void vn__oracle_list_copy(vn__list_t *to, const vn__list_t *from) {
  reserve(to, from->count);
  to->count = from->count;
  if (from->count > 0) {
    memcpy(to->items, from->items, from->count * from->item_bytes);
  }
}

void vn__oracle_list_free(vn__list_t *list) {
  if (list->items != NULL) { /* many never had any */
    free(list->items);
  }
  list->items = NULL;
  list->count = list->capacity = 0;
}
