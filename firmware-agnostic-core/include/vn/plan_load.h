/* A plan as a blob: CBOR with a version and a CRC, made by `vnotch compile`, loaded at run time. */
#ifndef VN_PLAN_LOAD_H
#define VN_PLAN_LOAD_H

#include "vn/plan_shape.h"

/*
 * A blob: an array of VN_PLAN_BLOB_NAME, VN_PLAN_VERSION, the plan, and the CRC-32C of all bytes in
 * front of it, the last four. A struct is an array of its members as vn/plan_shape.h lists them,
 * without the COUNTs: numbers, texts (NULL as null; patterns, templates and paths as they are
 * written, nothing as an empty text), arrays of structs.
 */
#define VN_PLAN_BLOB_NAME "vnotch-plan"
#define VN_PLAN_BLOB_CRC_BYTES 5u /* with its head */

/* Of the memory that a plan is loaded into. */
#define VN_PLAN_ALIGNMENT 8u

/*
 * Loads a blob into the caller's memory, aligned to VN_PLAN_ALIGNMENT, where the plan and all that
 * it points to stay; the blob may go. Every relation is checked, so that no blob, however made,
 * gives a plan that an engine must not have. *plan is set with VN_OK only. Stack: some
 * 400 bytes, beside what vn_plan_check needs.
 *
 * VN_ERR_FORMAT: no plan, or its bytes aren't what the version says; VN_ERR_CHECKSUM: damaged;
 * VN_ERR_VERSION: made for another version; VN_ERR_FULL: the memory is too small; VN_ERR_PLAN: as
 * vn_plan_check.
 */
VN_NODISCARD vn_err_t vn_plan_load(const uint8_t *blob, size_t length, void *memory,
                                   size_t capacity, const vn_plan_t **plan);

/* How much memory a blob needs. Errors as above, but for FULL and PLAN. */
VN_NODISCARD vn_err_t vn_plan_load_need(const uint8_t *blob, size_t length, size_t *bytes);

#endif
