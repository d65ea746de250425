/* A flash array in RAM, with the rules of NOR flash: programming clears bits, erasing sets them.
 * For emulators and tests; it can lose its power. */
#ifndef VN_RAM_FLASH_H
#define VN_RAM_FLASH_H

#include "vn/port.h"

typedef struct vn_ram_flash {
  vn_flash_t port;
  uint8_t *bytes;
  uint32_t operations; /* programs and erases so far */
  uint32_t cut_at;     /* the operation in whose middle the power goes off; 0: none */
  bool dead;           /* the power is off: everything fails */
} vn_ram_flash_t;

/* The bytes are the caller's, size_bytes of them, and stay as they are: what was in them counts. */
void vn_ram_flash_init(vn_ram_flash_t *flash, uint8_t *bytes, uint32_t size_bytes,
                       uint32_t erase_size, uint32_t prog_size);

/* The power goes off in the middle of the n-th operation from now, from 1. */
void vn_ram_flash_cut(vn_ram_flash_t *flash, uint32_t n);

/* Power is back. */
void vn_ram_flash_power_up(vn_ram_flash_t *flash);

#endif
