/* What is still missing when everything has had its chance. */
#include "oracle_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

size_t vn_oracle_owed(const vn_oracle_t *oracle) {
  size_t count = 0;
  for (size_t i = 0; i < oracle->plan.series_count; i++) {
    const vn__line_t *line = &oracle->lines[i];
    for (size_t due = line->first_due; due < line->dues.count; due++) {
      const vn__due_t *waiting = vn__oracle_list_at(&line->dues, due);
      count += !waiting->told && !waiting->excused;
    }
    count += line->owed.count - line->first_owed;
  }
  return count;
}

/* A notice of gaps speaks of so many, but not of which. */
static bool is_accounted(uint64_t *unaccounted) {
  bool any = *unaccounted > 0;
  *unaccounted -= any;
  return any;
}

static int order_of(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int by_window(const void *left, const void *right) {
  const vn__due_t *a = *(vn__due_t *const *)left;
  const vn__due_t *b = *(vn__due_t *const *)right;
  int order = (a->result.window > b->result.window) - (a->result.window < b->result.window);
  order = order != 0 ? order : order_of(a->result.start_ms, b->result.start_ms);
  order = order != 0 ? order : order_of(a->result.end_ms, b->result.end_ms);
  return order != 0 ? order : (a > b) - (a < b);
}

static bool are_of_one_window(const vn__due_t *a, const vn__due_t *b) {
  return a->result.window == b->result.window && a->result.start_ms == b->result.start_ms &&
         a->result.end_ms == b->result.end_ms;
}

/* Sorted, since after a long outage there are hundreds of thousands. */
static void mark_superseded(const vn__line_t *line) {
  size_t count = line->dues.count - line->first_due;
  if (count == 0) {
    return;
  }
  vn__due_t **dues = vn__oracle_memory(count, sizeof *dues);
  for (size_t i = 0; i < count; i++) {
    dues[i] = vn__oracle_list_at(&line->dues, line->first_due + i);
  }
  qsort(dues, count, sizeof *dues, by_window);
  dues[count - 1]->superseded = false;
  for (size_t i = count - 1; i > 0; i--) {
    const vn__due_t *next = dues[i];
    dues[i - 1]->superseded =
        are_of_one_window(dues[i - 1], next) && (next->told || next->superseded);
  }
  free(dues);
}

/* Of several revisions that waited the newest stayed when others were merged, with it or not. */
static bool is_superseded(vn_oracle_t *oracle, const vn__due_t *due) {
  return due->superseded && is_accounted(&oracle->merged);
}

/* One that is coarser and dropped counts as one result, and took several along. */
static bool is_result_accounted(vn_oracle_t *oracle) {
  return is_accounted(&oracle->unaccounted.results) ||
         (oracle->has_dropped && is_accounted(&oracle->merged));
}

static void settle_results(vn_oracle_t *oracle, vn__line_t *line) {
  mark_superseded(line);
  for (size_t i = line->first_due; i < line->dues.count; i++) {
    const vn__due_t *due = vn__oracle_list_at(&line->dues, i);
    const vn_oracle_result_t *result = &due->result;
    if (due->told || due->excused) {
      continue;
    }
    if (!is_superseded(oracle, due) && !is_result_accounted(oracle)) {
      vn__oracle_differ(oracle,
                        "%s, window %s, [%" PRId64 ", %" PRId64 ") rev %" PRIu32
                        ": a result of %" PRIu32 " readings is due, and never came",
                        oracle->plan.series[result->series].name,
                        oracle->plan.windows[result->window].given.name, result->start_ms,
                        result->end_ms, result->revision, result->count);
      return;
    }
    oracle->figures.given_up++;
    vn__oracle_give_up(line, i);
  }
  vn__oracle_leave_dues(line);
}

/* The retained state that the broker should have when this one never came. */
static void excuse_state(const vn_oracle_t *oracle, vn__line_t *line, const vn__owed_t *owed) {
  const vn__pipeline_plan_t *pipeline =
      &oracle->plan.pipelines[oracle->plan.series[owed->step.series].pipeline];
  for (size_t i = 0; i < pipeline->alert_count; i++) {
    if (pipeline->alerts[i] == owed->step.alert) {
      ((vn__retained_t *)vn__oracle_list_at(&line->retained, i))->excused = true;
    }
  }
}

static bool settle_message(vn_oracle_t *oracle, const vn__owed_t *owed, const char *what) {
  if (is_accounted(&oracle->unaccounted.alerts)) {
    oracle->figures.given_up++;
    return true;
  }
  vn__oracle_differ(
      oracle,
      "alert %s of %s, episode %" PRIu32 ", %s at %" PRId64 ": the %s is due, and never came",
      oracle->plan.alerts[owed->step.alert].name, oracle->plan.series[owed->step.series].name,
      owed->step.episode, owed->step.state, owed->step.at_ms, what);
  return false;
}

static void settle_events(vn_oracle_t *oracle, vn__line_t *line) {
  for (size_t i = line->first_owed; i < line->owed.count; i++) {
    vn__owed_t *owed = vn__oracle_list_at(&line->owed, i);
    if (!owed->event_told) {
      owed->event_told = settle_message(oracle, owed, "event");
    }
    if (!owed->state_told) {
      owed->state_told = settle_message(oracle, owed, "state");
      excuse_state(oracle, line, owed);
    }
  }
  vn__oracle_leave_owed(line);
}

static void settle_states(vn_oracle_t *oracle, size_t series) {
  const vn__line_t *line = &oracle->lines[series];
  for (size_t i = 0; i < line->retained.count; i++) {
    const vn__retained_t *came = vn__oracle_list_at(&line->retained, i);
    const vn__watch_t *watch = vn__oracle_list_at(&line->state.watches, i);
    const vn_oracle_transition_t *due = &watch->told;
    if (!watch->has_told || came->excused) {
      continue;
    }
    bool firing = strcmp(due->state, "firing") == 0;
    if (!came->has_come || came->episode != due->episode || came->firing != firing) {
      vn__oracle_differ(
          oracle, "alert %s of %s: retained is episode %" PRIu64 ", %s; expected %" PRIu32 ", %s",
          oracle->plan.alerts[due->alert].name, oracle->plan.series[series].name, came->episode,
          came->firing ? "firing" : "normal", due->episode, firing ? "firing" : "normal");
    }
  }
}

void vn_oracle_settle(vn_oracle_t *oracle) {
  for (size_t i = 0; i < oracle->plan.series_count; i++) {
    settle_results(oracle, &oracle->lines[i]);
    settle_events(oracle, &oracle->lines[i]);
    settle_states(oracle, i);
  }
  vn__oracle_check_numbers(oracle, oracle->numbers_end);
}
