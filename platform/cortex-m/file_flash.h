/* A flash on a file of the host, through semihosting: what an emulator that is killed leaves behind
 * is what a board has when its power is back. With the rules of NOR flash. */
#ifndef VN_FILE_FLASH_H
#define VN_FILE_FLASH_H

#include "vn/port.h"

/* What the image's exit code is when the power goes off on purpose. */
#define VN_FILE_FLASH_CUT_CODE 77

/* The file; parts of it are flashes. */
typedef struct vn_host_file {
  intptr_t handle;
  uint32_t operations; /* programs and erases so far */
  uint32_t cut_at;     /* the image ends in the middle of this one, from 1; 0: never */
} vn_host_file_t;

typedef struct vn_file_flash {
  vn_flash_t port;
  vn_host_file_t *file;
  uint32_t base; /* where it begins in the file */
} vn_file_flash_t;

/* A file that isn't there is made, erased. False: it can't be, or can't be opened. */
bool vn_host_file_open(vn_host_file_t *file, const char *path, uint32_t size_bytes,
                       uint32_t cut_at);

/* The file outlives the flash. Where it is too short everything fails. */
void vn_file_flash_init(vn_file_flash_t *flash, vn_host_file_t *file, uint32_t base,
                        const vn_flash_t *geometry);

#endif
