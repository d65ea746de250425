/* Where a journal of messages stands, and how a restart went. */
#ifndef VN_JOURNAL_H
#define VN_JOURNAL_H

#include "vn/time.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Journal mode: messages are numbered from 1 on. Those up to `taken` are in the state, those up to
 * `applied` in a committed one; behind that they lie in the queue and on the flash.
 */
typedef struct vn_journal {
  uint64_t accepted, taken, applied;
  uint64_t bytes, bytes_max; /* on the flash, behind `applied` */
  uint32_t at;               /* in the queue, behind `taken` */
  uint8_t *record;           /* the entry being put together at a restart */
  uint32_t length, filled;   /* of it, in bytes */
  uint16_t next_part;        /* of it; 0: none is */
  uint64_t entries;          /* written in this run, and their bytes on the flash */
  uint64_t entry_bytes;
  uint64_t limited; /* messages of this run that were refused, above what may be written a day */
  int64_t full_us;  /* when all that may be written a day is there again */
  bool on;
  bool pressed;  /* somebody was refused: a commit makes room */
  bool log_full; /* a commit has to clean first */
  bool overflow; /* at a restart: more than the queue can hold */
} vn_journal_t;

/* What is not committed yet, and since when. */
typedef struct vn_owed {
  uint64_t bytes; /* estimate of the transaction that would settle it */
  int64_t since_mono_ms;
  uint32_t first; /* series whose outputs are not committed; VN_SERIES_NONE ends the list */
  uint32_t dirty; /* series changed since their last commit */
  bool outputs, urgent, globals;
} vn_owed_t;

/* A region without room for a commit, as the engine sees it. All zero: there is room. */
typedef struct vn_room {
  uint64_t refused;      /* messages that were not acknowledged for want of room; each try counts */
  int64_t again_mono_ms; /* when a commit is tried again */
  uint32_t tries;        /* commits in a row without room, or which made none where it is short */
  uint32_t most_free;    /* sectors that were free behind one of them */
  bool let_go;           /* results leave without a commit, as if the flash had failed */
} vn_room_t;

/* A message as an entry of the journal tells it; pointers are valid until the next record. */
typedef struct vn_journal_message {
  const char *topic; /* not terminated */
  const uint8_t *payload;
  uint32_t topic_length, payload_length;
  vn_time_ms_t arrival_ms; /* provisional when the clock was not set */
  bool arrival_valid;
  bool retained;
} vn_journal_message_t;

/* Puts the records of a journal together. Its fields are its own business, but for the counters. */
typedef struct vn_journal_reader {
  uint8_t *buffer;
  uint64_t missing, skipped; /* entries that are gone, and those longer than the buffer */
  vn_time_ms_t arrival_ms;
  uint32_t capacity, length, filled, topic_length, payload_length;
  uint32_t index; /* of the newest entry */
  uint16_t next_part;
  bool any, arrival_valid, retained;
} vn_journal_reader_t;

/* The buffer holds topic, payload and where an answer was to go; it outlives the reader. */
void vn_journal_reader_init(vn_journal_reader_t *reader, uint8_t *buffer, uint32_t capacity);

/*
 * The next record, as vn_log_history shows it. True: *message is whole. Entries that come again
 * are passed over.
 */
bool vn_journal_read(vn_journal_reader_t *reader, uint8_t flags, uint32_t argument,
                     const uint8_t *payload, uint32_t length, vn_journal_message_t *message);

/* How the last restart went. */
typedef struct vn_recovery {
  bool fresh;    /* no state was there */
  bool clean;    /* the last stop was clean: nothing is lost */
  bool journal;  /* the last run kept a journal: nothing that was acknowledged is lost */
  uint32_t boot; /* of this start */
  uint32_t series_restored;
  uint32_t series_reset;    /* could not be taken over: no pipeline, a former version, damage */
  uint32_t operators_reset; /* windows, detectors, alerts and more that begin anew: another plan */
  uint32_t episodes_ended;  /* told, of alerts that the plan doesn't know any more */
  uint32_t episodes_left;   /* more than there was room for: nobody was told that they ended */
  uint32_t windows_ended;   /* told as they were, of windows that the plan has ended */
  uint32_t windows_left;    /* more than there was room for: nobody was told what they held */
  bool windows_end;         /* there may be such windows: the states are looked at again */
  uint64_t records_damaged;
  uint64_t messages_again; /* of the journal, behind the last commit: they are taken again */
  vn_time_ms_t lost_from_ms, lost_to_ms; /* acknowledged readings of this span may be missing */
} vn_recovery_t;

#endif
