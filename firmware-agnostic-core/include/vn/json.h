/* JSON reader (RFC 8259): a pull parser of events over one buffer, no allocation, no recursion. */
#ifndef VN_JSON_H
#define VN_JSON_H

#include "vn/payload.h"

typedef enum vn_json_event {
  VN_JSON_OBJECT_BEGIN,
  VN_JSON_OBJECT_END,
  VN_JSON_ARRAY_BEGIN,
  VN_JSON_ARRAY_END,
  VN_JSON_KEY,    /* text: the raw bytes between the quotes; `escaped` if they need unescaping */
  VN_JSON_STRING, /* the same */
  VN_JSON_NUMBER, /* text: the number as written */
  VN_JSON_TRUE,
  VN_JSON_FALSE,
  VN_JSON_NULL,
  VN_JSON_DONE /* end of input behind one complete value */
} vn_json_event_t;

typedef struct vn_json {
  const uint8_t *bytes;
  size_t length;
  size_t position;
  vn_text_t text;
  uint32_t objects; /* bit per level: 1 = object */
  uint8_t depth;
  uint8_t depth_max; /* <= 32 */
  uint8_t expect;    /* private */
  uint8_t after;     /* private */
  bool escaped;
} vn_json_t;

/* depth_max 1..32. */
void vn_json_init(vn_json_t *json, const uint8_t *bytes, size_t length, uint8_t depth_max);

/*
 * The next event. Errors: VN_REASON_JSON, VN_REASON_DEPTH, VN_REASON_UTF8, VN_REASON_TRAILING,
 * VN_REASON_EMPTY; json->position is then the offending byte and no further call is allowed.
 */
VN_NODISCARD vn_reason_t vn_json_next(vn_json_t *json, vn_json_event_t *event);

/*
 * Unescapes raw string bytes into out[capacity] (UTF-8); VN_REASON_LIMIT when it doesn't fit,
 * VN_REASON_UTF8 for lone surrogates.
 */
VN_NODISCARD vn_reason_t vn_json_unescape(vn_text_t raw, char *out, size_t capacity,
                                          size_t *length);

#endif
