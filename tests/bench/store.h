/* What a state on flash costs: cases of `vnotch-bench store`. */
#ifndef STORE_H
#define STORE_H

#include "bench.h"

/* A flash that counts what it is asked for; `under` does the work. */
typedef struct counted_flash {
  vn_flash_t port;
  const vn_flash_t *under;
  uint64_t bytes, erases, syncs; /* programmed, sectors, calls */
} counted_flash_t;

void counted_flash_init(counted_flash_t *flash, const vn_flash_t *under);

/* Flash in memory. False: there is none. */
typedef struct memory_flash {
  vn_flash_t port;
  uint8_t *bytes;
} memory_flash_t;

bool memory_flash_open(memory_flash_t *flash, uint32_t size_bytes, uint32_t erase_size,
                       uint32_t prog_size);
void memory_flash_close(memory_flash_t *flash);

/* Arguments behind `store`; an exit code. */
int store_main(int argc, char **argv);

/* Each prints a line of JSON; false: something failed. The file is made, and not removed. */
bool store_messages(vn_durability_t durability, uint32_t per_message, const char *file,
                    uint64_t messages);
bool store_commits(vn_durability_t durability, const char *file, uint64_t commits);
bool store_recovery(vn_durability_t durability, const char *file, uint64_t messages);

/* Patterns of writing on the log alone, in memory; false: no such case, or it failed. */
bool ring_run(const char *name);
void ring_list(void);

#endif
