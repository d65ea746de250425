/* A flash port on a preallocated file that obeys the rules of flash. */
#ifndef VN_FLASH_FILE_H
#define VN_FLASH_FILE_H

#include "vn/port.h"

typedef struct vn_flash_file_setup {
  const char *path;
  uint32_t size_bytes, erase_size, prog_size;
} vn_flash_file_setup_t;

/*
 * Units count as programmed from the opening on until their sector is erased: what an earlier
 * process left half written is never written over. A failed write or sync is final: the kernel may
 * have thrown the pages away, so a later success would prove nothing.
 */
typedef struct vn_flash_file {
  vn_flash_t port;
  uint8_t *erased_units; /* a bit per unit: erased and not programmed since */
  uint8_t *pattern;      /* an erased sector */
  int descriptor;
  bool failed;
} vn_flash_file_t;

typedef enum vn_flash_file_result {
  VN_FLASH_FILE_OK,
  VN_FLASH_FILE_BUSY,    /* another process holds it */
  VN_FLASH_FILE_FOREIGN, /* not a regular file of this user with this size */
  VN_FLASH_FILE_IO       /* errno says why */
} vn_flash_file_result_t;

/*
 * Opens the file, or makes it: every block is written once, so that a full disk shows now and not
 * later. Its mode is 0600. Allocates size / prog_size / 8 + erase_size bytes; nothing afterwards.
 */
vn_flash_file_result_t vn_flash_file_open(vn_flash_file_t *file,
                                          const vn_flash_file_setup_t *setup);

void vn_flash_file_close(vn_flash_file_t *file);

#endif
