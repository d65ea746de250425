/* Lists that grow, and the end of the process when they can't. */
#ifndef VN_ORACLE_LIST_H
#define VN_ORACLE_LIST_H

#include <stddef.h>

/* Items of one size, of plain data. All zero but `item_bytes` is an empty list. */
typedef struct vn__list {
  void *items;
  size_t count, capacity, item_bytes;
} vn__list_t;

#define VN__LIST(type) \
  { NULL, 0, 0, sizeof(type) }

static inline void *vn__oracle_list_at(const vn__list_t *list, size_t place) {
  return (char *)list->items + place * list->item_bytes;
}

/* Appends an item of zero bytes and returns it; earlier pointers into the list are void. */
void *vn__oracle_list_add(vn__list_t *list);

/* Puts the last item in its place. O(1). */
void vn__oracle_list_drop(vn__list_t *list, size_t place);

/* Makes `to` hold what `from` does; both have items of one size. */
void vn__oracle_list_copy(vn__list_t *to, const vn__list_t *from);

void vn__oracle_list_free(vn__list_t *list);

/* Memory of zero bytes, or the end of the process. */
void *vn__oracle_memory(size_t count, size_t item_bytes);

#endif
