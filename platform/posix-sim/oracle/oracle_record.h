/* A record of a summary message, and its comparison with the result that is due. */
#ifndef VN_ORACLE_RECORD_H
#define VN_ORACLE_RECORD_H

#include "oracle_priv.h"

/* Keys of a record: docs/summary.cddl. */
enum {
  KEY_PIPELINE,
  KEY_WINDOW,
  KEY_SERIES,
  KEY_START,
  KEY_END,
  KEY_REV,
  KEY_KIND,
  KEY_COUNT,
  KEY_SUM,
  KEY_SUM_SQ,
  KEY_MIN,
  KEY_MAX,
  KEY_FIRST,
  KEY_LAST,
  KEY_SAMPLE,
  KEY_SUPERSEDES,
  KEY_ACCOUNTING,
  KEY_FLAGS,
  KEY_MEAN,
  KEY_VARIANCE,
  KEY_VARIANCE_SAMPLE,
  KEY_STDDEV,
  KEY_STDDEV_SAMPLE,
  KEY_RANGE,
  KEYS
};

/* A record as it came. */
typedef struct vn__record {
  const vn__identity_t *message;
  vn_oracle_result_t told; /* its lists lie in the message's; times of its sample from the start */
  vn__text_t series;
  uint64_t present; /* bits by key */
  uint64_t pipeline, window, kind, flags, range;
  double floats[KEYS];
} vn__record_t;

/* As vn__oracle_differ; in front of it stands in which message it is, and of what. */
void vn__oracle_record_differs(vn_oracle_t *oracle, const vn__record_t *record, const char *format,
                               ...);

/* False after a difference. */
bool vn__oracle_same_result(vn_oracle_t *oracle, const vn_oracle_result_t *due,
                            const vn__record_t *record);

/* The same of numbers and sample alone; `window` says which of them should be there. */
bool vn__oracle_same_content(vn_oracle_t *oracle, const vn__window_plan_t *window,
                             const vn_oracle_result_t *due, const vn__record_t *record);

bool vn__oracle_is_coarse(const vn__record_t *record);

/* It stands for what waits within its bounds. False after a difference. */
bool vn__oracle_take_coarse(vn_oracle_t *oracle, const vn__record_t *record);

#endif
