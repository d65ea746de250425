/* Reasons: why a reading or a message is not in a window. One list makes enum, names and docs. */
#ifndef VN_REASON_H
#define VN_REASON_H

/* X(name, word, text): the word is what counters, drop lines and dead letters carry. */
#define VN_REASON_LIST(X)                                                                      \
  X(VN_REASON_NONE, "none", "accepted")                                                        \
  X(VN_REASON_LATE, "late", "all its windows are gone")                                        \
  X(VN_REASON_FUTURE, "future", "its time is more than max_future ahead of the clock")         \
  X(VN_REASON_NO_WINDOW, "no_window", "no window covers its time")                             \
  X(VN_REASON_DUPLICATE, "duplicate", "this reading was taken before")                         \
  X(VN_REASON_CONFLICT, "conflict", "same identity as an earlier reading, another value")      \
  X(VN_REASON_LIMITED, "limited", "above the configured rate")                                 \
  X(VN_REASON_RANGE, "range", "value outside the configured range or int32 at the resolution") \
  X(VN_REASON_NAN, "nan", "not a number")                                                      \
  X(VN_REASON_INF, "inf", "an infinity")                                                       \
  X(VN_REASON_MISSING, "missing", "null, absent or the sentinel for a missing value")          \
  X(VN_REASON_TYPE, "type", "not a numeric value")                                             \
  X(VN_REASON_TIME, "time", "unusable time stamp")                                             \
  X(VN_REASON_NAME, "name", "empty or overlong name")                                          \
  X(VN_REASON_CHARSET, "charset", "a byte that names may not contain")                         \
  X(VN_REASON_SERIES_FULL, "series_full", "the series table is full")                          \
  X(VN_REASON_NO_PIPELINE, "no_pipeline", "no pipeline matches the series")                    \
  X(VN_REASON_EMPTY, "empty", "empty payload")                                                 \
  X(VN_REASON_JSON, "json", "malformed JSON")                                                  \
  X(VN_REASON_CBOR, "cbor", "malformed CBOR")                                                  \
  X(VN_REASON_SENML, "senml", "record against RFC 8428")                                       \
  X(VN_REASON_NUMBER, "number", "payload is not a decimal number")                             \
  X(VN_REASON_TRAILING, "trailing", "bytes behind the complete item")                          \
  X(VN_REASON_LIMIT, "limit", "announced count or length above the limit")                     \
  X(VN_REASON_DEPTH, "depth", "nested too deep")                                               \
  X(VN_REASON_CHUNKS, "chunks", "string in too many chunks")                                   \
  X(VN_REASON_UTF8, "utf8", "invalid UTF-8")                                                   \
  X(VN_REASON_DUPLICATE_LABEL, "duplicate_label", "a label twice in one record")               \
  X(VN_REASON_MUST_UNDERSTAND, "must_understand", "an unknown label that ends in _")           \
  X(VN_REASON_VERSION, "version", "unsupported SenML version")                                 \
  X(VN_REASON_TOPIC, "topic", "no input matches the topic")                                    \
  X(VN_REASON_LOOP, "loop", "one of our own topics")                                           \
  X(VN_REASON_STALE, "stale", "retained message for an input without event time")              \
  X(VN_REASON_TOO_BIG, "too_big", "message larger than the limit")                             \
  X(VN_REASON_QUEUE_FULL, "queue_full", "the input queue is full")                             \
  X(VN_REASON_ZERO, "zero", "a derived ratio would divide by zero")

typedef enum vn_reason {
#define VN_REASON_ENUM(name, word, text) name,
  VN_REASON_LIST(VN_REASON_ENUM)
#undef VN_REASON_ENUM
      VN_REASON_COUNT
} vn_reason_t;

/* The word of a reason ("late"); static storage, never NULL. */
const char *vn_reason_word(vn_reason_t reason);

/* One line for people; static storage, never NULL. */
const char *vn_reason_text(vn_reason_t reason);

#endif
