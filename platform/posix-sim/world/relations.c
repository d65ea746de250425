#include "relations.h"

#include <stdlib.h>
#include <string.h>

#include "prng.h"
#include "records.h"
#include "room.h"
#include "twin.h"

#define SHIFT_MS (3 * INT64_C(86400000))
#define STREAM_RELATIONS 3u
#define AGAIN_PERCENT 30u
#define AGAIN_LATER_MAX 12u
#define NUMBERS_KNOWN 60u

typedef struct readings {
  vn_story_reading_t *all;
  size_t count, room;
} readings_t;

/* A relation at work. */
typedef struct law {
  const vn_case_t *with;
  readings_t before, after;
  prng_t prng;
  char *problem;
  size_t room;
} law_t;

static void add(readings_t *readings, const vn_story_reading_t *reading) {
  if (readings->count == readings->room) {
    readings->all = vn_room_grow(readings->all, &readings->room, sizeof *readings->all);
  }
  readings->all[readings->count++] = *reading;
}

static bool tell(law_t *law, const readings_t *readings, unsigned without, int64_t shift_ms,
                 vn_records_t *records) {
  vn_story_t told = {.keeps_messages = true};
  bool good =
      vn_twin_run(law->with, readings->all, readings->count, 0, &told, law->problem, law->room) &&
      vn_records_of(&told, without, shift_ms, records, law->problem, law->room);
  vn_story_free(&told);
  return good;
}

/* Those for which `keeps` is true; NULL: all. */
static void filter(vn_records_t *records,
                   bool (*keeps)(const vn_case_t *with, const vn_record_t *record),
                   const vn_case_t *with) {
  size_t kept = 0;
  for (size_t i = 0; i < records->count; i++) {
    if (keeps == NULL || keeps(with, &records->records[i])) {
      records->records[kept++] = records->records[i];
    }
  }
  records->count = kept;
}

static bool is_result(const vn_case_t *with, const vn_record_t *record) {
  (void)with;
  return record->is_result;
}

static bool is_of_ours(const vn_case_t *with, const vn_record_t *record) {
  return record->is_result && record->series < (uint32_t)with->series;
}

static bool compare(law_t *law, unsigned without, int64_t shift_ms, const char *what,
                    bool (*keeps)(const vn_case_t *with, const vn_record_t *record)) {
  vn_records_t before = {0};
  vn_records_t after = {0};
  bool good = tell(law, &law->before, without, 0, &before) &&
              tell(law, &law->after, without, shift_ms, &after);
  filter(&before, keeps, law->with);
  filter(&after, keeps, law->with);
  good = good && vn_records_equal(&after, &before, what, law->problem, law->room);
  vn_records_free(&before);
  vn_records_free(&after);
  return good;
}

/* The sensor counted anew in between: its numbers lag further behind what it made. */
static bool is_restarted(const vn_story_reading_t *first, const vn_story_reading_t *second) {
  return first->series == second->series &&
         (int64_t)second->sequence - second->id < (int64_t)first->sequence - first->id;
}

static bool has_fault(const vn_case_t *with, vn_fault_kind_t kind) {
  bool any = false;
  for (size_t i = 0; i < with->fault_count; i++) {
    any = any || with->faults[i].kind == kind;
  }
  return any;
}

/* Every other one in time, of those of its series. */
static bool is_in_order(const law_t *law) {
  const vn_case_t *with = law->with;
  return with->late == 0 && with->disorder == 0 && with->max_future_ms == 0 &&
         !has_fault(with, VN_FAULT_BURST);
}

/* Each restart of a sensor begins with a 0 that is newer than all before. */
static bool tells_restarts(const law_t *law) {
  return is_in_order(law) && law->with->whole_ms == 0 && law->with->silent == 0;
}

/*
 * A series knows the numbers of before one restart, not of before two. And a restart that can't be
 * told from a repeat, for its times, is told later when its first numbers come again.
 */
static bool duplicated(law_t *law, bool *judged) {
  vn_story_reading_t again = {0};
  vn_story_reading_t last = {0};
  uint32_t wait = 0;
  uint32_t restarts = 0;
  *judged = !has_fault(law->with, VN_FAULT_RENUMBER) || tells_restarts(law);
  for (size_t i = 0; i < law->before.count; i++) {
    const vn_story_reading_t *reading = &law->before.all[i];
    add(&law->after, reading);
    restarts += wait > 0 && is_restarted(&last, reading);
    last = reading->series == again.series ? *reading : last;
    if (wait > 0 && --wait == 0 && restarts < 2) {
      add(&law->after, &again);
    }
    if (wait == 0 && prng_chance(&law->prng, AGAIN_PERCENT)) {
      again = last = *reading;
      restarts = 0;
      wait = 1u + prng_below(&law->prng, AGAIN_LATER_MAX);
    }
  }
  return !*judged || compare(law, VN_RECORD_ALL, 0, "with readings twice it", NULL);
}

static int64_t bucket_of(const vn_story_reading_t *reading, int64_t width_ms) {
  return (reading->time_ms - (reading->time_ms % width_ms + width_ms) % width_ms) / width_ms;
}

typedef struct draw {
  vn_story_reading_t reading;
  int64_t bucket;
  uint32_t ticket;
} draw_t;

static int by_bucket(const void *left, const void *right) {
  const draw_t *a = left;
  const draw_t *b = right;
  if (a->reading.series != b->reading.series) {
    return a->reading.series < b->reading.series ? -1 : 1;
  }
  if (a->bucket != b->bucket) {
    return a->bucket < b->bucket ? -1 : 1;
  }
  return a->ticket < b->ticket ? -1 : a->ticket > b->ticket;
}

static bool permuted(law_t *law, bool *judged) {
  int64_t width_ms = law->with->out_of_order_ms;
  /* Numbers of before and behind a restart in any order are many restarts. */
  *judged = width_ms > 0 && is_in_order(law) && !has_fault(law->with, VN_FAULT_RENUMBER) &&
            width_ms / law->with->every_ms * 2 < (int64_t)NUMBERS_KNOWN;
  if (!*judged) {
    return true;
  }
  draw_t *draws = vn_room_new((law->before.count + 1u) * sizeof *draws);
  for (size_t i = 0; i < law->before.count; i++) {
    draws[i] = (draw_t){law->before.all[i], bucket_of(&law->before.all[i], width_ms),
                        prng_next(&law->prng)};
  }
  qsort(draws, law->before.count, sizeof *draws, by_bucket);
  for (size_t i = 0; i < law->before.count; i++) {
    add(&law->after, &draws[i].reading);
  }
  vn_room_free(draws);
  return compare(law, VN_RECORD_NO_ENDS, 0, "in another order it", is_result);
}

/* Numbers behind a restart are told from those of before by a byte of time and value: with other
 * times one in 255 comes out differently. */
static bool shifted(law_t *law, bool *judged) {
  *judged = !has_fault(law->with, VN_FAULT_RENUMBER);
  for (size_t i = 0; i < law->with->window_count; i++) {
    const vn_case_window_t *window = &law->with->windows[i];
    *judged = *judged && (window->slide_ms == 0 || SHIFT_MS % window->slide_ms == 0);
  }
  for (size_t i = 0; i < law->before.count && *judged; i++) {
    vn_story_reading_t later = law->before.all[i];
    later.time_ms += SHIFT_MS;
    later.arrival_ms += SHIFT_MS;
    add(&law->after, &later);
  }
  return !*judged || compare(law, VN_RECORD_NO_SAMPLE, SHIFT_MS, "some days later it", is_result);
}

static bool added(law_t *law, bool *judged) {
  *judged = true;
  for (size_t i = 0; i < law->before.count; i++) {
    vn_story_reading_t other = law->before.all[i];
    add(&law->after, &other);
    if (other.series == 0) {
      other.series = (uint16_t)law->with->series;
      other.value = -other.value;
      add(&law->after, &other);
    }
  }
  return compare(law, VN_RECORD_ALL, 0, "with another series it", is_of_ours);
}

static int by_key(const void *left, const void *right) {
  const vn_record_t *a = left;
  const vn_record_t *b = right;
  const int64_t keys[][2] = {{a->window, b->window},
                             {a->series, b->series},
                             {a->start_ms, b->start_ms},
                             {a->revision, b->revision}};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    if (keys[i][0] != keys[i][1]) {
      return keys[i][0] < keys[i][1] ? -1 : 1;
    }
  }
  return 0;
}

/* Of each window its last revision. */
static void keep_last(vn_records_t *records) {
  size_t kept = 0;
  if (records->count == 0) {
    return;
  }
  qsort(records->records, records->count, sizeof *records->records, by_key);
  for (size_t i = 0; i < records->count; i++) {
    const vn_record_t *this = &records->records[i];
    bool last = i + 1u == records->count || this[1].window != this->window ||
                this[1].series != this->series || this[1].start_ms != this->start_ms;
    if (last) {
      records->records[kept++] = *this;
    }
  }
  records->count = kept;
}

/* NULL: that part has no such window. */
static const vn_record_t *find(const vn_records_t *records, const vn_record_t *wanted) {
  for (size_t low = 0, high = records->count; low < high;) {
    size_t middle = (low + high) / 2u;
    vn_record_t probe = records->records[middle];
    probe.revision = wanted->revision;
    int order = by_key(&probe, wanted);
    if (order == 0) {
      return &records->records[middle];
    }
    low = order < 0 ? middle + 1u : low;
    high = order < 0 ? high : middle;
  }
  return NULL;
}

static bool adds_up(const vn_record_t *whole, const vn_record_t *a, const vn_record_t *b) {
  if (a == NULL || b == NULL) {
    const vn_record_t *only = a != NULL ? a : b;
    return only != NULL && only->count == whole->count && only->sum == whole->sum &&
           only->min == whole->min && only->max == whole->max;
  }
  return a->count + b->count == whole->count && a->sum + b->sum == whole->sum &&
         (a->min < b->min ? a->min : b->min) == whole->min &&
         (a->max > b->max ? a->max : b->max) == whole->max;
}

static bool has_sessions(const vn_case_t *with) {
  bool any = false;
  for (size_t i = 0; i < with->window_count; i++) {
    any = any || with->windows[i].shape == VN_CASE_SESSION;
  }
  return any;
}

/* The last one of a series, which closes everything, goes to both. */
static void deal(const law_t *law, readings_t parts[2]) {
  size_t *last = vn_room_new((size_t)law->with->series * sizeof *last);
  for (size_t i = 0; i < law->before.count; i++) {
    last[law->before.all[i].series] = i;
  }
  for (size_t i = 0; i < law->before.count; i++) {
    const vn_story_reading_t *reading = &law->before.all[i];
    bool both = last[reading->series] == i;
    if (both || reading->sequence % 2u == 0) {
      add(&parts[0], reading);
    }
    if (both || reading->sequence % 2u != 0) {
      add(&parts[1], reading);
    }
  }
  vn_room_free(last);
}

static bool split(law_t *law, bool *judged) {
  vn_records_t whole = {0};
  vn_records_t parts[2] = {{0}, {0}};
  readings_t dealt[2] = {{0}, {0}};
  /* What begins with a number that only the other part has is no restart to this one. */
  *judged =
      is_in_order(law) && !has_sessions(law->with) && !has_fault(law->with, VN_FAULT_RENUMBER);
  if (!*judged) {
    return true;
  }
  deal(law, dealt);
  bool good = tell(law, &law->before, VN_RECORD_ALL, 0, &whole) &&
              tell(law, &dealt[0], VN_RECORD_ALL, 0, &parts[0]) &&
              tell(law, &dealt[1], VN_RECORD_ALL, 0, &parts[1]);
  vn_records_t *all[] = {&whole, &parts[0], &parts[1]};
  for (size_t i = 0; i < 3; i++) {
    filter(all[i], is_result, law->with);
    keep_last(all[i]);
  }
  for (size_t i = 0; i < whole.count && good; i++) {
    const vn_record_t *record = &whole.records[i];
    good = adds_up(record, find(&parts[0], record), find(&parts[1], record));
    if (!good) {
      char text[1024];
      vn_record_text(record, text, sizeof text);
      (void)snprintf(law->problem, law->room, "split over two devices it doesn't add up to '%s'",
                     text);
    }
  }
  for (size_t i = 0; i < 3; i++) {
    vn_records_free(all[i]);
  }
  vn_room_free(dealt[0].all);
  vn_room_free(dealt[1].all);
  return good;
}

static bool counts(const vn_story_reading_t *reading) {
  return reading->device == 0 && !reading->lost && !reading->again;
}

/* The readings that count; `chosen` holds them, unless they are all of the story's. */
static readings_t choose(const vn_story_t *story, readings_t *chosen) {
  size_t all = 0;
  while (all < story->reading_count && counts(&story->readings[all])) {
    all++;
  }
  if (all == story->reading_count) {
    return (readings_t){story->readings, all, all};
  }
  for (size_t i = 0; i < story->reading_count; i++) {
    if (counts(&story->readings[i])) {
      add(chosen, &story->readings[i]);
    }
  }
  return *chosen;
}

bool vn_relation_holds(vn_relation_t relation, const vn_case_t *world_case, const vn_story_t *story,
                       bool *judged, char *problem, size_t room) {
  static bool (*const laws[VN_RELATIONS])(law_t * law, bool *judged) = {
      [VN_RELATION_DUPLICATED] = duplicated, [VN_RELATION_PERMUTED] = permuted,
      [VN_RELATION_SHIFTED] = shifted,       [VN_RELATION_ADDED] = added,
      [VN_RELATION_SPLIT] = split,
  };
  readings_t chosen = {0};
  law_t law = {.with = world_case,
               .before = choose(story, &chosen),
               .prng = prng_make((uint64_t)world_case->seed, STREAM_RELATIONS),
               .problem = problem,
               .room = room};
  bool good = laws[relation](&law, judged);
  vn_room_free(chosen.all);
  vn_room_free(law.after.all);
  return good;
}
