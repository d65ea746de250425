/* Records in their order, each once. */
#include <stdlib.h>

#include "records.h"
#include "room.h"

#define GROUPS_MAX 65536u

/* Of what is no result, then of each window and series. */
typedef struct groups {
  size_t *places; /* where the next record of each goes */
  size_t count, series_count;
} groups_t;

static int by_content(const void *left, const void *right) { return vn_record_order(left, right); }

static size_t group_of(const groups_t *groups, const vn_record_t *record) {
  return record->is_result ? 1u + record->window * groups->series_count + record->series : 0;
}

static groups_t count_groups(const vn_records_t *records) {
  groups_t groups = {.series_count = 1};
  size_t windows = 1;
  for (size_t i = 0; i < records->count; i++) {
    const vn_record_t *record = &records->records[i];
    windows = record->window >= windows ? record->window + 1u : windows;
    groups.series_count =
        record->series >= groups.series_count ? (size_t)record->series + 1u : groups.series_count;
  }
  groups.count = 1u + windows * groups.series_count;
  return groups;
}

/* The first place of each group. */
static void place_groups(groups_t *groups, const vn_records_t *records) {
  size_t sum = 0;
  groups->places = vn_room_new(groups->count * sizeof *groups->places);
  for (size_t i = 0; i < records->count; i++) {
    groups->places[group_of(groups, &records->records[i])]++;
  }
  for (size_t i = 0; i < groups->count; i++) {
    size_t count = groups->places[i];
    groups->places[i] = sum;
    sum += count;
  }
}

/* Each to its place, in turn with what stands there. */
static void move(vn_record_t *records, size_t *places, size_t count) {
  for (size_t i = 0; i < count; i++) {
    for (size_t place = places[i]; place != i; place = places[i]) {
      const vn_record_t other = records[place];
      records[place] = records[i];
      records[i] = other;
      places[i] = places[place];
      places[place] = place;
    }
  }
}

static void sort_if_needed(vn_record_t *records, size_t count) {
  size_t i = 1;
  while (i < count && vn_record_order(&records[i - 1u], &records[i]) <= 0) {
    i++;
  }
  if (i < count) {
    qsort(records, count, sizeof *records, by_content);
  }
}

/* Results of a window and series come in order, or nearly: less work than a sort of all. */
static void sort_groups(vn_records_t *records) {
  groups_t groups = count_groups(records);
  if (groups.count > GROUPS_MAX) {
    return;
  }
  size_t *places = vn_room_new(records->count * sizeof *places);
  place_groups(&groups, records);
  for (size_t i = 0; i < records->count; i++) {
    places[i] = groups.places[group_of(&groups, &records->records[i])]++;
  }
  move(records->records, places, records->count);
  for (size_t i = 0, first = 0; i < groups.count; i++) {
    sort_if_needed(records->records + first, groups.places[i] - first);
    first = groups.places[i]; /* now where it ends */
  }
  vn_room_free(places);
  vn_room_free(groups.places);
}

void vn__records_sort(vn_records_t *records) {
  size_t kept = 0;
  if (records->count == 0) {
    return;
  }
  sort_groups(records);
  sort_if_needed(records->records, records->count);
  for (size_t i = 1; i < records->count; i++) {
    if (vn_record_order(&records->records[kept], &records->records[i]) != 0) {
      records->records[++kept] = records->records[i];
    }
  }
  records->count = kept + 1u;
}
