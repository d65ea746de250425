/* What upstream knows after a run, each thing once, whatever order it came in and how often. */
#ifndef VN_WORLD_RECORDS_H
#define VN_WORLD_RECORDS_H

#include "notices.h"
#include "story.h"

/*
 * A result without what depends on repeats and restarts: boot, seq, accounting, flags; or an event,
 * its JSON up to the device.
 */
typedef struct vn_record {
  const uint8_t *content; /* equal for equal things; vn_record_text makes it legible */
  size_t length;
  int64_t start_ms, end_ms, count, sum, min, max, revision, kind;
  uint32_t series;
  uint8_t window;
  bool is_result; /* else an event or a state */
  bool coarse;    /* stands for several that the outbox had no room for */
} vn_record_t;

/* In order of windows, series and times, none twice. */
typedef struct vn_records {
  vn_record_t *records;
  size_t count, room;
  uint8_t **blocks; /* that the contents lie in */
  size_t block_count, block_room, block_used;
  bool coarse; /* one of them is */
} vn_records_t;

/* Which parts of a result are its content. */
typedef enum vn_record_parts {
  VN_RECORD_ALL = 0,
  VN_RECORD_NO_SAMPLE = 1, /* drawn by time, and by value */
  VN_RECORD_NO_TIMES = 2,  /* start and end in slides, relative to the shift */
  VN_RECORD_NO_ENDS = 4    /* first and last: among equal times the order decides */
} vn_record_parts_t;

/* "w0 s1 3:60000 4:120000 ...": members by their keys; what isn't a number in hexadecimal. */
void vn_record_text(const vn_record_t *record, char *text, size_t room);

/* Below, at or above 0; 0: the contents are equal. */
int vn_record_order(const vn_record_t *a, const vn_record_t *b);

/* All times are told less shift_ms. False: a message can't be read, `problem` says so. */
bool vn_records_of(const vn_story_t *story, unsigned without, int64_t shift_ms,
                   vn_records_t *records, char *problem, size_t room);

/*
 * Whether two stories tell the same; otherwise `problem` names the first difference. `what` is how
 * the second came about.
 */
bool vn_records_equal(const vn_records_t *a, const vn_records_t *b, const char *what, char *problem,
                      size_t room);

/* In their order, each once. */
void vn__records_sort(vn_records_t *records);

void vn_records_free(vn_records_t *records);

/*
 * The same where the outbox of the first had no room: what it lacks must be within coarser results,
 * older than a revision that came, in the number of those that notices call merged, or in the
 * number of those that they call dropped.
 */
bool vn_records_fit(const vn_records_t *a, const vn_records_t *b, const vn_notices_t *notices,
                    const char *what, char *problem, size_t room);

/*
 * One message, one content: whatever was sent again is the same, byte for byte. What never came is
 * in notices, number for number, but for `doubtful` ones that were sent, and not acknowledged or
 * not known to be when the power came back.
 */
bool vn_story_is_consistent(const vn_story_t *story, const vn_notices_t *notices, uint64_t doubtful,
                            char *problem, size_t room);

#endif
