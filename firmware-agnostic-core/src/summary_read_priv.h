/* Summary messages in CBOR read back: the device's own, as the outbox holds them. */
#ifndef VN_SUMMARY_READ_PRIV_H
#define VN_SUMMARY_READ_PRIV_H

#include "summary_priv.h"

/* A message; the readers stand at the first item of its lists. */
typedef struct vn__summary_message {
  vn_cbor_reader_t records, pipelines;
  uint64_t record_count, pipeline_count;
} vn__summary_message_t;

/* False: it is no such message. */
bool vn__summary_message_read(const uint8_t *bytes, size_t length, vn__summary_message_t *out);

/* Whether its pipeline of that number is this one, with the same windows. */
bool vn__summary_pipeline_is(const vn__summary_message_t *message, uint64_t index,
                             const vn_summary_pipeline_t *pipeline);

/* A record; what `fields` (VN__FIELD_BIT set) lacks is 0. Views into the message. */
typedef struct vn__summary_record {
  vn_text_t series;
  const uint8_t *bytes;
  size_t length;
  size_t pipeline_at, pipeline_length; /* bytes that tell the pipeline's number */
  vn_cbor_reader_t sample;             /* at the array, where there is one */
  vn_u128_t sum_sq;
  uint64_t fields, pipeline, window;
  int64_t start, end, sum, min, max, first, last;
  double mean, variance, variance_sample, stddev, stddev_sample;
  uint32_t count, revision;
  uint32_t accounting[VN_ACCOUNTED_COUNT_OF];
  uint8_t kind, flags;
} vn__summary_record_t;

/* The record at the reader, which moves behind it. False: it is none. */
bool vn__summary_record_read(vn_cbor_reader_t *reader, vn__summary_record_t *out);

/* Moves the reader behind one item. */
bool vn__summary_skip(vn_cbor_reader_t *reader);

/* The next of the `left` members of a sample: ms since the base, value. */
bool vn__summary_member_read(vn_cbor_reader_t *reader, int64_t *since_ms, int64_t *value);

#endif
