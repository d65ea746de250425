/* Coarser results (docs/messages.md): one that stands for the windows of a span that still wait. */
#include "oracle_number.h"
#include "oracle_record.h"

#include <inttypes.h>
#include <stdlib.h>

enum { FLAG_COARSENED = 2, FLAG_FINAL = 16 };

/* The results that one stands for, put together. */
typedef struct whole {
  vn_oracle_result_t result;
  size_t parts;
  bool same_kind;
} whole_t;

static vn__due_t *due_at(const vn__line_t *line, size_t place) {
  return vn__oracle_list_at(&line->dues, place);
}

static bool is_within(const vn__due_t *due, const vn_oracle_result_t *span) {
  return !due->told && !due->excused && due->result.window == span->window &&
         due->result.start_ms >= span->start_ms && due->result.end_ms <= span->end_ms;
}

/* Of several revisions of a window the newest goes in; they are due in order. */
static bool has_newer(const vn__line_t *line, size_t place, const vn_oracle_result_t *span) {
  int64_t start_ms = due_at(line, place)->result.start_ms;
  for (size_t i = place + 1; i < line->dues.count; i++) {
    if (is_within(due_at(line, i), span) && due_at(line, i)->result.start_ms == start_ms) {
      return true;
    }
  }
  return false;
}

static void add_sample(vn_oracle_result_t *into, const vn_oracle_result_t *part, uint32_t most) {
  for (uint32_t i = 0; i < part->sample_count; i++) {
    uint32_t place = into->sample_count;
    while (place > 0 && vn__oracle_is_before(&part->sample[i], &into->sample[place - 1])) {
      place--;
    }
    if (place == most) {
      continue;
    }
    into->sample_count += into->sample_count < most;
    for (uint32_t to = into->sample_count - 1; to > place; to--) {
      into->sample[to] = into->sample[to - 1];
    }
    into->sample[place] = part->sample[i];
  }
}

static void add_sums(vn_oracle_result_t *into, const vn_oracle_result_t *part) {
  vn__wide_t squares = vn__oracle_wide_sum((vn__wide_t){into->squares_high, into->squares_low},
                                           (vn__wide_t){part->squares_high, part->squares_low});
  into->squares_high = squares.high;
  into->squares_low = squares.low;
  into->count += part->count;
  into->sum += part->sum;
  into->late += part->late;
  into->cause = part->cause > into->cause ? part->cause : into->cause;
}

/* Windows side by side: no times are equal. */
static void add_ends(vn_oracle_result_t *into, const vn_oracle_result_t *part) {
  into->min = part->min < into->min ? part->min : into->min;
  into->max = part->max > into->max ? part->max : into->max;
  if (part->start_ms < into->start_ms) {
    into->start_ms = part->start_ms;
    into->first = part->first;
  }
  if (part->end_ms > into->end_ms) {
    into->end_ms = part->end_ms;
    into->last = part->last;
  }
}

static void add_part(whole_t *whole, const vn_oracle_result_t *part, uint32_t most) {
  vn_oracle_result_t *into = &whole->result;
  if (whole->parts++ == 0) {
    vn_oracle_member_t *sample = into->sample;
    *into = *part;
    into->sample = sample;
    into->sample_count = 0;
    whole->same_kind = true;
  } else {
    whole->same_kind = whole->same_kind && part->kind == into->kind;
    add_sums(into, part);
    add_ends(into, part);
  }
  add_sample(into, part, most);
}

static void collect(const vn__line_t *line, const vn_oracle_result_t *span, uint32_t most,
                    whole_t *whole) {
  for (size_t i = line->first_due; i < line->dues.count; i++) {
    if (is_within(due_at(line, i), span) && !has_newer(line, i, span)) {
      add_part(whole, &due_at(line, i)->result, most);
    }
  }
}

/* Those that went in are told. Older revisions may have left before and come yet. */
static void settle_parts(vn__line_t *line, const vn_oracle_result_t *span) {
  for (size_t i = line->dues.count; i-- > line->first_due;) {
    vn__due_t *due = due_at(line, i);
    if (!is_within(due, span)) {
      continue;
    }
    bool newer = false;
    for (size_t later = i + 1; later < line->dues.count && !newer; later++) {
      const vn__due_t *other = due_at(line, later);
      newer = other->in_whole && other->result.window == due->result.window &&
              other->result.start_ms == due->result.start_ms;
    }
    due->excused = newer;
    due->in_whole = !newer;
  }
  for (size_t i = line->first_due; i < line->dues.count; i++) {
    if (due_at(line, i)->in_whole) {
      due_at(line, i)->in_whole = false;
      vn__oracle_give_up(line, i);
    }
  }
  vn__oracle_leave_dues(line);
}

static bool has_right_head(const whole_t *whole, const vn__record_t *record) {
  uint64_t kind = whole->same_kind ? whole->result.kind : (uint64_t)VN_ORACLE_ON_TIME;
  return whole->parts > 0 && whole->result.start_ms == record->told.start_ms &&
         whole->result.end_ms == record->told.end_ms && record->told.revision == 0 &&
         record->kind == kind && record->told.late == whole->result.late &&
         (record->flags & ~(uint64_t)(FLAG_COARSENED | FLAG_FINAL)) == 0;
}

/* Which of the window's statistics the record has: what can't be had exactly is left out. */
static uint32_t statistics_in(const vn__record_t *record) {
  uint64_t integers = record->present >> KEY_SUM & 0x3F;
  uint64_t others = record->present >> KEY_MEAN & 0x3F;
  return (uint32_t)(integers | others << 6);
}

bool vn__oracle_is_coarse(const vn__record_t *record) {
  return (record->flags & FLAG_COARSENED) != 0;
}

bool vn__oracle_take_coarse(vn_oracle_t *oracle, const vn__record_t *record) {
  vn__line_t *line = &oracle->lines[record->told.series];
  vn__window_plan_t window = oracle->plan.windows[record->told.window];
  uint32_t asked = window.given.statistics;
  whole_t whole = {.parts = 0};
  whole.result.sample = vn__oracle_memory(window.given.sample, sizeof *whole.result.sample);
  window.given.statistics = statistics_in(record);
  collect(line, &record->told, window.given.sample, &whole);
  bool good = has_right_head(&whole, record) && window.given.kind == VN_ORACLE_TUMBLING &&
              (window.given.statistics & ~asked) == 0;
  if (!good) {
    vn__oracle_record_differs(oracle, record,
                              "a coarser result: %zu results wait there, from %" PRId64
                              " to %" PRId64 ", of %" PRIu32 " late readings",
                              whole.parts, whole.result.start_ms, whole.result.end_ms,
                              whole.result.late);
  }
  good = good && vn__oracle_same_content(oracle, &window, &whole.result, record);
  free(whole.result.sample);
  if (good) {
    oracle->figures.coarse_results++;
    oracle->figures.results_compared += whole.parts;
    line->told_cause =
        whole.result.cause > line->told_cause ? whole.result.cause : line->told_cause;
    settle_parts(line, &record->told);
  }
  return good;
}
