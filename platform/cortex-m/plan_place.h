/* A place in flash for the blob of a plan: two halves, so that there is always a whole one. */
#ifndef VN_PLAN_PLACE_H
#define VN_PLAN_PLACE_H

#include "vn/port.h"

/* Of the unit that is programmed. */
#define VN_PLAN_PLACE_UNIT_MAX 256u

/* Whether the flash can be a place: two halves of whole erase blocks. */
bool vn_plan_place_is_good(const vn_flash_t *flash);

/*
 * Reads the newest blob that was written whole. VN_END: there is none. VN_ERR_FULL: it is longer
 * than capacity. VN_ERR_FLASH.
 */
VN_NODISCARD vn_err_t vn_plan_place_read(const vn_flash_t *flash, uint8_t *blob, size_t capacity,
                                         size_t *length);

/*
 * Writes a blob into the half that hasn't the newest. Where the power goes off the one before it
 * stays the newest. VN_ERR_TOO_BIG: longer than a half. VN_ERR_FLASH: the one before it stays.
 */
VN_NODISCARD vn_err_t vn_plan_place_write(const vn_flash_t *flash, const uint8_t *blob,
                                          size_t length);

/* Takes the newest one back: what was before it is the newest again. */
VN_NODISCARD vn_err_t vn_plan_place_undo(const vn_flash_t *flash);

#endif
