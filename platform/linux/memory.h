/* The daemon's memory: blocks mapped once at start, and what the process uses now. */
#ifndef VN_MEMORY_H
#define VN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed pages, aligned to a page; NULL when the system has none. Never given back. */
void *vn_memory_map(size_t bytes);

/* Resident set of this process in bytes; 0 when /proc is not there. Allocates nothing. */
uint64_t vn_memory_resident_bytes(void);

#endif
