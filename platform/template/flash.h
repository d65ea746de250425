/* The flash of a board. */
#ifndef BOARD_FLASH_H
#define BOARD_FLASH_H

#include "vn/port.h"

extern const vn_flash_t board_flash;

#endif
