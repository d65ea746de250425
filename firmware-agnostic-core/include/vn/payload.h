/* Payload formats: bytes of one message in, readings out. No allocation, no recursion. */
#ifndef VN_PAYLOAD_H
#define VN_PAYLOAD_H

#include "vn/number.h"
#include "vn/time.h"
#include "vn/topic.h"

typedef enum vn_format {
  VN_FORMAT_NUMBER,
  VN_FORMAT_JSON,
  VN_FORMAT_CBOR,
  VN_FORMAT_SENML_JSON,
  VN_FORMAT_SENML_CBOR
} vn_format_t;

typedef enum vn_time_unit { VN_UNIT_S, VN_UNIT_MS, VN_UNIT_US, VN_UNIT_RFC3339 } vn_time_unit_t;

#define VN_PATH_SEGMENTS_MAX 8u
#define VN_FIELDS_MAX 32u
#define VN_JSON_DEPTH_MAX 16u
#define VN_SENML_DEPTH_MAX 8u
#define VN_TOKEN_MAX 256u      /* longest key or string that is looked at */
#define VN_SENML_NAME_MAX 256u /* longest base name + name */

typedef enum vn_segment_kind {
  VN_SEGMENT_KEY,
  VN_SEGMENT_INDEX,
  VN_SEGMENT_EACH
} vn_segment_kind_t;

typedef struct vn_path_segment {
  vn_text_t key;
  uint32_t index;
  uint8_t kind; /* vn_segment_kind_t */
} vn_path_segment_t;

/* "params.temperature:0.tC", "Messages[*].Payload.x", "a.\"key.with.dots\"[3]". */
typedef struct vn_path {
  vn_path_segment_t segments[VN_PATH_SEGMENTS_MAX];
  uint8_t segment_count;
} vn_path_t;

/* One value to take out of a message. */
typedef struct vn_field {
  vn_path_t path;
  vn_template_t series;
  bool has_missing;
  vn_number_t missing; /* sentinel: this value is no reading */
} vn_field_t;

/* One input: which topics, how they are decoded, what the series are called. */
typedef struct vn_input {
  vn_pattern_t pattern;
  vn_template_t series;     /* number and SenML; the fields have their own */
  const vn_field_t *fields; /* json, cbor */
  vn_path_t time_path;      /* used when has_time */
  vn_path_t sequence_path;  /* used when has_sequence */
  uint8_t field_count;
  uint8_t format;    /* vn_format_t */
  uint8_t time_unit; /* vn_time_unit_t */
  uint8_t qos;       /* 0 or 1 */
  bool has_time;
  bool has_sequence;
} vn_input_t;

/*
 * What the decoder found. reason NONE: a reading. Otherwise one value that is refused (MISSING is a
 * refusal without blame). Pointers are valid during the callback only.
 */
typedef struct vn_decoded {
  vn_number_t value;
  vn_time_ms_t time_ms; /* valid when has_time */
  vn_text_t name;       /* SenML: the resolved name; else empty */
  uint32_t sequence;    /* valid when has_sequence: integers from 0 on, modulo 2^32 */
  uint8_t field;        /* index into the input's fields */
  uint8_t reason;       /* vn_reason_t */
  bool has_time;
  bool is_relative; /* the time is that of the arrival plus or minus something */
  bool has_sequence;
} vn_decoded_t;

typedef void (*vn_decoded_fn)(void *context, const vn_decoded_t *decoded);

/*
 * Decodes one message. An array is a batch in every format. What is complete before damage is
 * delivered; the damage itself is the return value (NONE: none), with *offset the byte at which it
 * was found. A SenML pack with an unknown version or a label that ends in _ delivers nothing.
 * `arrival_ms` resolves SenML's relative times.
 * Fields: see docs/json.md for elements, [*] and where the time may stand. Each field of an element
 * is delivered exactly once: as a reading or as a refusal.
 * Stack: constant. Cost: O(length).
 */
VN_NODISCARD vn_reason_t vn_payload_decode(const vn_input_t *input, const uint8_t *payload,
                                           size_t length, vn_time_ms_t arrival_ms,
                                           vn_decoded_fn deliver, void *context, size_t *offset);

/* Compiles path text, which must outlive the path; VN_ERR_FORMAT with a sentence for the user. */
VN_NODISCARD vn_err_t vn_path_compile(vn_text_t text, vn_path_t *out, const char **problem);

/* RFC 3339 with zone -> ms (digits below rounded half to even; :60 is the next second's :00). */
VN_NODISCARD vn_reason_t vn_time_from_rfc3339(vn_text_t text, vn_time_ms_t *out);

#endif
