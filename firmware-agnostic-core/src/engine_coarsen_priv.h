/* What the files of coarsening share. */
#ifndef VN_ENGINE_COARSEN_PRIV_H
#define VN_ENGINE_COARSEN_PRIV_H

#include "coarse_priv.h"
#include "engine_outbox_priv.h"

/*
 * One pass over the oldest messages that never left. It takes their results in groups, by a hash of
 * series and window, so that few places suffice whatever the number of series.
 */
typedef struct vn__coarsening {
  vn_engine_t *engine;
  int64_t length_ms;   /* results grow to this */
  uint64_t fewest;     /* blocks that are too few for it */
  uint64_t begin, end; /* entries whose messages are replaced */
  uint64_t made;       /* entries from here on are its own */
  uint64_t low, high;  /* hashes of the group, high is not in it */
  uint64_t loaded;     /* the entry in the scratch; UINT64_MAX: none */
  uint32_t used;       /* places */
  uint16_t sample_max; /* members of a place */
  bool no_room;        /* for its messages */
  bool too_many; /* results of one series: places don't suffice for its part of the messages */
  bool last;     /* results get no coarser than this */
  bool all;      /* also those that are as coarse are looked at, to join what is adjacent */
  vn__summary_message_t message; /* of the loaded entry */
} vn__coarsening_t;

/* Whether an entry may be replaced; reads it, and keeps it loaded. */
bool vn__coarsen_is_source(vn__coarsening_t *pass, uint64_t number);

/* Reads an entry, if it isn't loaded; false: it is no summary message that can be read. */
bool vn__coarsen_load(vn__coarsening_t *pass, uint64_t number);

/* The pipeline of the plan that the loaded message calls by this number. */
bool vn__coarsen_pipeline(const vn__coarsening_t *pass, uint64_t index, uint8_t *out);

/* Collects the results of the group. False: places are too few, or a message is damaged. */
bool vn__coarsen_scan(vn__coarsening_t *pass);

/* Puts what was collected into new messages. False: there is no room. */
bool vn__coarsen_tell(vn__coarsening_t *pass);

/* Ends the message that is being filled. */
bool vn__coarsen_cut(vn__coarsening_t *pass);

#endif
