/* Summary messages: the results of windows, batched, in five encodings (docs/summary.cddl). */
#ifndef VN_SUMMARY_H
#define VN_SUMMARY_H

#include "vn/json_writer.h"
#include "vn/window.h"

typedef enum vn_encoding {
  VN_ENCODING_CBOR,       /* integer keys; the default */
  VN_ENCODING_CBOR_NAMED, /* text keys */
  VN_ENCODING_JSON,
  VN_ENCODING_SENML_CBOR,
  VN_ENCODING_SENML_JSON
} vn_encoding_t;

/* What a summary says of its pipeline. Values are integers times 10^exponent. */
typedef struct vn_summary_pipeline {
  const char *name;
  const char *unit; /* SenML unit, or "" */
  const vn_window_t *windows;
  uint8_t window_count;
  int8_t exponent;
  bool corrects; /* windows of time may give deltas */
} vn_summary_pipeline_t;

/* One result, ready to be told; everything is valid during the call only. */
typedef struct vn_summary {
  const vn_summary_pipeline_t *pipeline;
  vn_text_t series;
  const vn_window_result_t *result;
} vn_summary_t;

/* Head of a message. */
typedef struct vn_summary_head {
  const char *device;
  uint64_t seq;
  uint32_t boot;
} vn_summary_head_t;

/*
 * Encodes one record (`pipeline_index` is its pipeline's place in the message's list; `first`: it
 * is the first of its message). Returns its length, which may exceed capacity: then it is unusable.
 * With out NULL and capacity 0 it only measures.
 */
size_t vn_summary_record(vn_encoding_t encoding, const vn_summary_t *summary,
                         uint8_t pipeline_index, bool first, uint8_t *out, size_t capacity);

/*
 * Puts a message together from records encoded before (concatenated, in order). `pipelines` in
 * order of first use. Returns its length, which may exceed capacity.
 */
typedef struct vn_summary_batch {
  vn_summary_head_t head;
  const vn_summary_pipeline_t *const *pipelines;
  const vn_accounting_t *accounting; /* of the device at this moment; NULL: it isn't told */
  const uint8_t *records;
  size_t records_length;
  uint32_t record_count;
  uint8_t pipeline_count;
} vn_summary_batch_t;
size_t vn_summary_message(vn_encoding_t encoding, const vn_summary_batch_t *batch, uint8_t *out,
                          size_t capacity);

/*
 * Upper bounds for sizing: a record of this pipeline and window with series names of name_max bytes
 * (names that pass vn_name_check); the rest of a message that names all these pipelines.
 */
size_t vn_summary_record_max(vn_encoding_t encoding, const vn_summary_pipeline_t *pipeline,
                             uint8_t window, uint16_t name_max);
size_t vn_summary_envelope_max(vn_encoding_t encoding, const char *device,
                               const vn_summary_pipeline_t *const *pipelines,
                               uint8_t pipeline_count);

/*
 * The members of a result as JSON, without braces: "pipeline" ... "sample". The statistics are
 * those of the window and, when `always` is true, also count, sum, sum_sq, min, max, first, last,
 * mean and variance, as replay prints them. Sample variance and deviation are left out when count
 * is 1.
 */
void vn_summary_members(vn_json_writer_t *writer, const vn_summary_t *summary, bool always);

/* The counters as members, without braces; those that are 0 only when `zeros` is true. */
void vn_accounting_members(vn_json_writer_t *writer, const vn_accounting_t *accounting, bool zeros);

/* MIME type of an encoding, for MQTT 5's content type; static storage. */
const char *vn_encoding_content_type(vn_encoding_t encoding);

#endif
