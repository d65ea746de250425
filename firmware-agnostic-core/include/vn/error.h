/* Errors: one list makes the enum, the names, the texts and docs/errors.md. */
#ifndef VN_ERROR_H
#define VN_ERROR_H

/*
 * X(name, number, text). Numbers are never reused.
 *   0 ok · > 0 statuses · -1..-19 misuse by the caller · -20..-39 capacity · -40..-59 input
 *   -60..-79 storage · -80..-99 link
 */
#define VN_ERR_LIST(X)                                                                       \
  X(VN_OK, 0, "ok")                                                                          \
  X(VN_AGAIN, 1, "nothing to do now: call again later")                                      \
  X(VN_END, 2, "no more items")                                                              \
  X(VN_ERR_ARGUMENT, -1, "an argument is outside its documented range")                      \
  X(VN_ERR_ABI, -2, "library and application were built with different headers")             \
  X(VN_ERR_ORDER, -3, "call out of order: see the function's preconditions")                 \
  X(VN_ERR_PLAN, -4, "the plan contradicts itself or asks for more than the limits")         \
  X(VN_ERR_STORE, -5, "the store is smaller than the plan needs")                            \
  X(VN_ERR_FULL, -20, "no room left in a fixed-size store")                                  \
  X(VN_ERR_TOO_BIG, -21, "an item is larger than its store can ever hold")                   \
  X(VN_ERR_FORMAT, -40, "the bytes are not what their format demands")                       \
  X(VN_ERR_LIMIT, -41, "nesting, count or length above the limit")                           \
  X(VN_ERR_CHECKSUM, -42, "the bytes have been damaged: their checksum is another")          \
  X(VN_ERR_VERSION, -43, "made for another version: compile it again")                       \
  X(VN_ERR_FLASH, -60, "the flash reported an error")                                        \
  X(VN_ERR_UNFORMATTED, -61, "the region holds no log: format it first")                     \
  X(VN_ERR_FOREIGN, -62, "the region has another geometry, another owner or a newer layout") \
  X(VN_ERR_CORRUPT, -63, "the region holds log sectors, but no readable commit")             \
  X(VN_ERR_LOG_FULL, -64, "no free sector left in the region")                               \
  X(VN_ERR_NEWER, -65, "the state was written by a newer version")                           \
  X(VN_ERR_LINK, -80, "the link is down")

typedef enum vn_err {
#define VN_ERR_ENUM(name, number, text) name = (number),
  VN_ERR_LIST(VN_ERR_ENUM)
#undef VN_ERR_ENUM
} vn_err_t;

/* The text of an error for people; static storage, never NULL. */
const char *vn_err_text(vn_err_t error);

/* The name of an error as written in this header ("VN_ERR_FULL"); static storage, never NULL. */
const char *vn_err_name(vn_err_t error);

#endif
