#include "oracle_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vn__oracle_differ(vn_oracle_t *oracle, const char *format, ...) {
  if (oracle->wrong) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(oracle->difference, sizeof oracle->difference, format, arguments);
  va_end(arguments);
  oracle->wrong = true;
}

/* ---- What the rules say goes into the lists of what is due. */

static void note_result(void *context, vn_oracle_result_t *result) {
  vn_oracle_t *oracle = context;
  vn__line_t *line = &oracle->lines[result->series];
  oracle->figures.results++;
  if (oracle->listener.result != NULL) {
    oracle->listener.result(oracle->listener.context, result);
  }
  vn__due_t *due = vn__oracle_list_add(&line->dues);
  due->result = *result;
}

static void note_transition(void *context, const vn_oracle_transition_t *transition) {
  vn_oracle_t *oracle = context;
  vn__line_t *line = &oracle->lines[transition->series];
  if (oracle->listener.transition != NULL) {
    oracle->listener.transition(oracle->listener.context, transition);
  }
  if (!transition->told) {
    return;
  }
  vn__owed_t *owed = vn__oracle_list_add(&line->owed);
  owed->step = *transition;
}

static void note_drop(void *context, const vn_oracle_drop_t *drop) {
  vn_oracle_t *oracle = context;
  if (oracle->listener.drop != NULL) {
    oracle->listener.drop(oracle->listener.context, drop);
  }
}

/* ---- Life. */

static vn__model_t model_of(const vn_oracle_t *oracle, size_t series, vn__state_t *state,
                            const vn__sink_t *sink) {
  return (vn__model_t){&oracle->plan, &oracle->plan.pipelines[oracle->plan.series[series].pipeline],
                       sink, state, series};
}

vn_oracle_t *vn_oracle_new(const vn_oracle_setup_t *setup) {
  vn_oracle_t *oracle = vn__oracle_memory(1, sizeof *oracle);
  vn__oracle_plan_make(&oracle->plan, setup);
  oracle->prefix = setup->prefix;
  oracle->device = setup->device;
  oracle->forget_max = setup->forget_max;
  oracle->gaps = (vn__list_t)VN__LIST(vn__gap_t);
  oracle->sink = (vn__sink_t){oracle, note_result, note_transition, note_drop};
  oracle->numbers = vn__oracle_memory(VN__NUMBERS_KEPT, sizeof *oracle->numbers);
  oracle->lines = vn__oracle_memory(setup->series_count, sizeof *oracle->lines);
  for (size_t i = 0; i < setup->series_count; i++) {
    vn__line_t *line = &oracle->lines[i];
    const vn__pipeline_plan_t *pipeline = &oracle->plan.pipelines[setup->series[i].pipeline];
    vn__oracle_state_init(&line->state, pipeline);
    vn__oracle_state_init(&line->base, pipeline);
    line->log = (vn__list_t)VN__LIST(vn_oracle_reading_t);
    line->dues = (vn__list_t)VN__LIST(vn__due_t);
    line->owed = (vn__list_t)VN__LIST(vn__owed_t);
    line->retained = (vn__list_t)VN__LIST(vn__retained_t);
    for (size_t alert = 0; alert < pipeline->alert_count; alert++) {
      (void)vn__oracle_list_add(&line->retained);
    }
  }
  return oracle;
}

static void free_result(vn__due_t *due) {
  free(due->result.sample);
  free(due->result.superseded);
  due->result.sample = NULL;
  due->result.superseded = NULL;
}

void vn_oracle_free(vn_oracle_t *oracle) {
  if (oracle == NULL) {
    return;
  }
  for (size_t i = 0; i < oracle->plan.series_count; i++) {
    vn__line_t *line = &oracle->lines[i];
    for (size_t due = 0; due < line->dues.count; due++) {
      free_result(vn__oracle_list_at(&line->dues, due));
    }
    vn__oracle_state_free(&line->state);
    vn__oracle_state_free(&line->base);
    vn__oracle_list_free(&line->log);
    vn__oracle_list_free(&line->dues);
    vn__oracle_list_free(&line->owed);
    vn__oracle_list_free(&line->retained);
  }
  vn__oracle_plan_free(&oracle->plan);
  vn__oracle_list_free(&oracle->gaps);
  free(oracle->lines);
  free(oracle->numbers);
  free(oracle);
}

void vn_oracle_listen(vn_oracle_t *oracle, const vn_oracle_listener_t *listener) {
  oracle->listener = *listener;
}

/* ---- Readings. */

/* The state that lags goes on, in silence, when it is twice as far behind as anybody may go back.
 */
static void keep_past(vn_oracle_t *oracle, size_t series, const vn_oracle_reading_t *reading) {
  static const vn__sink_t silence = {NULL, NULL, NULL, NULL};
  vn__line_t *line = &oracle->lines[series];
  size_t enough = oracle->forget_max;
  *(vn_oracle_reading_t *)vn__oracle_list_add(&line->log) = *reading;
  if (line->log.count < 2 * enough) {
    return;
  }
  vn__model_t model = model_of(oracle, series, &line->base, &silence);
  for (size_t i = 0; i < enough; i++) {
    vn__oracle_model_reading(&model, vn__oracle_list_at(&line->log, i));
  }
  line->log.count -= enough;
  memmove(line->log.items, vn__oracle_list_at(&line->log, enough),
          line->log.count * line->log.item_bytes);
}

void vn_oracle_reading(vn_oracle_t *oracle, const vn_oracle_reading_t *reading) {
  vn__line_t *line = &oracle->lines[reading->series];
  vn__model_t model = model_of(oracle, reading->series, &line->state, &oracle->sink);
  oracle->figures.readings++;
  if (oracle->forget_max > 0) {
    keep_past(oracle, reading->series, reading);
  }
  vn__oracle_model_reading(&model, reading);
}

void vn_oracle_end(vn_oracle_t *oracle) {
  for (size_t i = 0; i < oracle->plan.series_count; i++) {
    vn__model_t model = model_of(oracle, i, &oracle->lines[i].state, &oracle->sink);
    vn__oracle_model_end(&model);
  }
}

/* ---- What has come. */

size_t vn__oracle_find_series(const vn_oracle_t *oracle, vn__text_t name) {
  size_t place = 0;
  for (; place < oracle->plan.series_count; place++) {
    const vn__series_plan_t *series = &oracle->plan.series[place];
    if (series->name_length == name.length && memcmp(series->name, name.bytes, name.length) == 0) {
      break;
    }
  }
  return place;
}

static const vn_oracle_result_t *find_between(const vn__line_t *line, size_t from, size_t to,
                                              const vn_oracle_result_t *identity) {
  for (size_t i = from; i < to; i++) {
    const vn__due_t *due = vn__oracle_list_at(&line->dues, i);
    if (!due->told && due->result.window == identity->window &&
        due->result.start_ms == identity->start_ms && due->result.end_ms == identity->end_ms &&
        due->result.revision == identity->revision) {
      return &due->result;
    }
  }
  return NULL;
}

/* What was dropped stays in the list until the end: it isn't looked at each time. */
const vn_oracle_result_t *vn__oracle_find_due(const vn_oracle_t *oracle,
                                              const vn_oracle_result_t *identity) {
  const vn__line_t *line = &oracle->lines[identity->series];
  size_t middle = line->next_due < line->dues.count ? line->next_due : line->dues.count;
  middle = middle < line->first_due ? line->first_due : middle;
  const vn_oracle_result_t *due = find_between(line, middle, line->dues.count, identity);
  return due != NULL ? due : find_between(line, line->first_due, middle, identity);
}

enum { EXCUSED_FOR = 4096 }; /* results behind it, until nobody believes that it comes */

/* Those in front that have come leave the list, many at a time. */
void vn__oracle_leave_dues(vn__line_t *line) {
  vn__list_t *list = &line->dues;
  for (; line->first_due < list->count; line->first_due++) {
    const vn__due_t *due = vn__oracle_list_at(list, line->first_due);
    bool stale = due->excused && list->count - line->first_due > EXCUSED_FOR;
    if (!due->told && !stale) {
      break;
    }
    if (stale) {
      vn__oracle_give_up(line, line->first_due);
    }
  }
  if (line->first_due < 32 || 2 * line->first_due < list->count) {
    return;
  }
  list->count -= line->first_due;
  memmove(list->items, vn__oracle_list_at(list, line->first_due), list->count * list->item_bytes);
  line->next_due -= line->next_due < line->first_due ? line->next_due : line->first_due;
  line->first_due = 0;
}

/* Both an event and a state have come: it goes, with those in front of it that have, too. */
void vn__oracle_leave_owed(vn__line_t *line) {
  while (line->first_owed < line->owed.count) {
    const vn__owed_t *owed = vn__oracle_list_at(&line->owed, line->first_owed);
    if (!owed->event_told || !owed->state_told) {
      break;
    }
    line->first_owed++;
  }
  if (line->first_owed == line->owed.count) {
    line->first_owed = line->owed.count = 0;
  }
}

void vn__oracle_give_up(vn__line_t *line, size_t due) {
  vn__due_t *gone = vn__oracle_list_at(&line->dues, due);
  gone->told = true;
  free_result(gone);
}

void vn__oracle_result_told(vn_oracle_t *oracle, const vn_oracle_result_t *result) {
  vn__line_t *line = &oracle->lines[result->series];
  /* The result is the first member of what is due. */
  const vn__due_t *due = (const vn__due_t *)(const void *)result;
  line->told_cause = result->cause > line->told_cause ? result->cause : line->told_cause;
  size_t place = (size_t)(due - (const vn__due_t *)line->dues.items);
  line->next_due = place + 1;
  vn__oracle_give_up(line, place);
  vn__oracle_leave_dues(line);
}

/* ---- Back to an earlier state. */

static void take_back(vn_oracle_t *oracle, size_t series, uint64_t received) {
  vn__line_t *line = &oracle->lines[series];
  for (size_t i = line->dues.count; i-- > line->first_due;) {
    vn__due_t *due = vn__oracle_list_at(&line->dues, i);
    if (due->result.cause > received) {
      free_result(due);
      line->dues.count = i;
    }
  }
  for (size_t i = line->owed.count; i-- > line->first_owed;) {
    if (((vn__owed_t *)vn__oracle_list_at(&line->owed, i))->step.cause > received) {
      line->owed.count = i;
    }
  }
}

void vn_oracle_forget(vn_oracle_t *oracle, size_t series, uint64_t received) {
  static const vn__sink_t silence = {NULL, NULL, NULL, NULL};
  vn__line_t *line = &oracle->lines[series];
  uint64_t had = line->state.counts.received;
  uint64_t base = line->base.counts.received;
  if (received > had || received < base) {
    vn__oracle_differ(oracle,
                      "series %s: %" PRIu64 " readings received after a restart, of %" PRIu64
                      "; no fewer than %" PRIu64 " were expected",
                      oracle->plan.series[series].name, received, had, base);
    return;
  }
  if (line->told_cause > received) {
    vn__oracle_differ(oracle,
                      "series %s: reading %" PRIu64 " was lost, but what it led to was told",
                      oracle->plan.series[series].name, line->told_cause);
  }
  oracle->figures.forgotten += had - received;
  take_back(oracle, series, received);
  line->log.count = (size_t)(received - base);
  vn__oracle_state_copy(&line->state, &line->base);
  vn__model_t model = model_of(oracle, series, &line->state, &silence);
  for (size_t i = 0; i < line->log.count; i++) {
    vn__oracle_model_reading(&model, vn__oracle_list_at(&line->log, i));
  }
}

/* ---- Questions. */

const char *vn_oracle_difference(const vn_oracle_t *oracle) {
  return oracle->wrong ? oracle->difference : NULL;
}

vn_oracle_counts_t vn_oracle_counts(const vn_oracle_t *oracle, size_t series) {
  return oracle->lines[series].state.counts;
}

vn_oracle_figures_t vn_oracle_figures(const vn_oracle_t *oracle) { return oracle->figures; }
