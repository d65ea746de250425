/* Results of a device whose outbox had no room for all. */
#include <stdio.h>

#include "records.h"

#define TEXT_MAX 4096u

/* What notices call dropped, and what they call merged: of these only the newest revisions stay. */
typedef struct dropped {
  int64_t results, alerts, merged;
} dropped_t;

static dropped_t dropped_of(const vn_notices_t *notices) {
  dropped_t dropped = {0, 0, 0};
  for (size_t i = 0; i < notices->count; i++) {
    const vn_notice_t *notice = &notices->all[i];
    bool gone = notice->why == VN_NOTICE_DROPPED;
    dropped.results += gone ? notice->results : 0;
    dropped.alerts += gone ? notice->alerts : 0;
    dropped.merged += gone ? 0 : notice->results;
  }
  /* One of those that were dropped may have stood for some that had been merged. */
  dropped.results += dropped.results > 0 ? dropped.merged : 0;
  return dropped;
}

/* What upstream was told, and how long its longest result is that stands for several. */
typedef struct told {
  const vn_records_t *records;
  int64_t longest_ms;
} told_t;

static told_t told_of(const vn_records_t *records) {
  told_t told = {records, 0};
  for (size_t i = 0; i < records->count; i++) {
    const vn_record_t *record = &records->records[i];
    int64_t length_ms = record->end_ms - record->start_ms;
    told.longest_ms = record->coarse && length_ms > told.longest_ms ? length_ms : told.longest_ms;
  }
  return told;
}

/* Whether this one lies in front of all of that window and series that start then or later. */
static bool is_before(const vn_record_t *other, const vn_record_t *record, int64_t start_ms) {
  if (other->window != record->window) {
    return other->window < record->window;
  }
  return other->series != record->series ? other->series < record->series
                                         : other->start_ms < start_ms;
}

/* The first of the record's window and series that starts then or later. */
static size_t first_from(const vn_records_t *records, const vn_record_t *record, int64_t start_ms) {
  size_t low = 0;
  size_t high = records->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2u;
    if (is_before(&records->records[middle], record, start_ms)) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool starts_by(const vn_records_t *records, size_t i, const vn_record_t *record) {
  return i < records->count && records->records[i].window == record->window &&
         records->records[i].series == record->series &&
         records->records[i].start_ms <= record->start_ms;
}

static bool is_in_coarser(const told_t *told, const vn_record_t *record) {
  const vn_records_t *records = told->records;
  size_t i = first_from(records, record, record->start_ms - told->longest_ms);
  for (; starts_by(records, i, record); i++) {
    const vn_record_t *coarse = &records->records[i];
    if (coarse->coarse && record->end_ms <= coarse->end_ms) {
      return true;
    }
  }
  return false;
}

static bool has_newer(const told_t *told, const vn_record_t *record) {
  const vn_records_t *records = told->records;
  size_t i = first_from(records, record, record->start_ms);
  for (; starts_by(records, i, record); i++) {
    const vn_record_t *other = &records->records[i];
    if (other->is_result && other->end_ms == record->end_ms && other->revision > record->revision) {
      return true;
    }
  }
  return false;
}

static bool is_excused(const told_t *told, const vn_record_t *record, dropped_t *dropped) {
  if (record->is_result && is_in_coarser(told, record)) {
    return true;
  }
  if (record->is_result && dropped->merged > 0 && has_newer(told, record)) {
    dropped->merged--;
    return true;
  }
  return (record->is_result ? dropped->results-- : dropped->alerts--) > 0;
}

static bool differ(const vn_record_t *record, const char *what, const char *how, char *problem,
                   size_t room) {
  char text[TEXT_MAX];
  vn_record_text(record, text, sizeof text);
  (void)snprintf(problem, room, "%s differs: %s '%s'", what, how, text);
  return false;
}

bool vn_records_fit(const vn_records_t *a, const vn_records_t *b, const vn_notices_t *notices,
                    const char *what, char *problem, size_t room) {
  dropped_t dropped = dropped_of(notices);
  told_t told = told_of(a);
  size_t k = 0;
  for (size_t i = 0; i < a->count || k < b->count;) {
    int order = i == a->count   ? 1
                : k == b->count ? -1
                                : vn_record_order(&a->records[i], &b->records[k]);
    if (order < 0 && !a->records[i].coarse) {
      return differ(&a->records[i], what, "nobody should have been told", problem, room);
    }
    if (order > 0 && !is_excused(&told, &b->records[k], &dropped)) {
      return differ(&b->records[k], what, "no notice tells what became of", problem, room);
    }
    i += order <= 0;
    k += order >= 0;
  }
  return true;
}
