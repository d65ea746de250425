/* Memory of the simulator itself; without any left it ends. */
#ifndef VN_WORLD_ROOM_H
#define VN_WORLD_ROOM_H

#include <stddef.h>

/* Zeroed, aligned to 64 bytes. */
void *vn_room_new(size_t bytes);

/* Twice the room of an array of items of this size; what is in it stays. */
void *vn_room_grow(void *array, size_t *room, size_t size);

void vn_room_free(void *room);

#endif
