#include "oracle_model.h"
#include "oracle_number.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FINE_MAX = 64 }; /* slots of one pane */

static bool is_on_grid(const vn_oracle_window_t *window) {
  return window->kind != VN_ORACLE_SESSION;
}

static int64_t common_divisor(int64_t a, int64_t b) {
  a = a < 0 ? -a : a;
  b = b < 0 ? -b : b;
  return b == 0 ? a : common_divisor(b, a % b);
}

/* The greatest length that divides sizes, slides and distances of offsets of a pipeline's windows.
 */
static int64_t pane_of(const vn__plan_t *plan, uint8_t pipeline) {
  int64_t pane_ms = 0;
  const vn_oracle_window_t *first = NULL;
  for (size_t i = 0; i < plan->window_count; i++) {
    const vn_oracle_window_t *window = &plan->windows[i].given;
    if (window->pipeline == pipeline && is_on_grid(window)) {
      first = first == NULL ? window : first;
      pane_ms = common_divisor(pane_ms, window->size_ms);
      pane_ms = common_divisor(pane_ms, window->slide_ms);
      pane_ms = common_divisor(pane_ms, window->offset_ms - first->offset_ms);
    }
  }
  return pane_ms;
}

static int64_t round_up_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Slots of several panes, the last one taking what is left over. */
static void make_coarse_slots(vn__window_plan_t *window, int64_t pane_ms, int64_t expected_ms) {
  int64_t together = round_up_div(expected_ms, pane_ms);
  int64_t count = window->given.size_ms / pane_ms / together;
  window->slot_count = count < 1 ? 1 : (size_t)count;
  window->slot_ends = vn__oracle_memory(window->slot_count, sizeof *window->slot_ends);
  for (size_t i = 0; i < window->slot_count; i++) {
    window->slot_ends[i] = ((int64_t)i + 1) * together * pane_ms;
  }
  window->slot_ends[window->slot_count - 1] = window->given.size_ms;
}

/* Slots that are parts of a pane. */
static void make_fine_slots(vn__window_plan_t *window, int64_t pane_ms, int64_t expected_ms) {
  int64_t parts = pane_ms / expected_ms;
  parts = parts > FINE_MAX ? FINE_MAX : parts;
  window->slot_count = (size_t)(window->given.size_ms / pane_ms * parts);
  window->slot_ends = vn__oracle_memory(window->slot_count, sizeof *window->slot_ends);
  for (size_t i = 0; i < window->slot_count; i++) {
    int64_t pane = (int64_t)i / parts;
    int64_t part = (int64_t)i % parts + 1;
    window->slot_ends[i] = pane * pane_ms + round_up_div(part * pane_ms, parts);
  }
}

static void plan_window(vn__plan_t *plan, size_t place) {
  vn__window_plan_t *window = &plan->windows[place];
  vn__pipeline_plan_t *pipeline = &plan->pipelines[window->given.pipeline];
  if (!is_on_grid(&window->given)) {
    for (size_t i = 0; i < pipeline->window_count; i++) {
      bool other = !is_on_grid(&plan->windows[pipeline->windows[i]].given);
      window->session_place = (uint8_t)(window->session_place + other);
    }
    assert(window->session_place < VN_ORACLE_SESSIONS_MAX && window->given.gap_ms > 0);
  } else {
    assert(window->given.size_ms > 0 && window->given.slide_ms > 0);
    int64_t pane_ms = pane_of(plan, window->given.pipeline);
    int64_t expected_ms = pipeline->given.expected_every_ms;
    if (expected_ms > pane_ms) {
      make_coarse_slots(window, pane_ms, expected_ms);
    } else {
      make_fine_slots(window, pane_ms, expected_ms == 0 ? pane_ms : expected_ms);
    }
    if (window->given.size_ms > pipeline->reach_ms) {
      pipeline->reach_ms = window->given.size_ms;
    }
  }
  pipeline->windows[pipeline->window_count++] = place;
}

static void plan_pipelines(vn__plan_t *plan, const vn_oracle_setup_t *setup) {
  plan->pipeline_count = setup->pipeline_count;
  plan->pipelines = vn__oracle_memory(setup->pipeline_count, sizeof *plan->pipelines);
  for (size_t i = 0; i < setup->pipeline_count; i++) {
    vn__pipeline_plan_t *pipeline = &plan->pipelines[i];
    pipeline->given = setup->pipelines[i];
    assert(pipeline->given.decimals <= 9);
    pipeline->windows = vn__oracle_memory(setup->window_count, sizeof *pipeline->windows);
    pipeline->alerts = vn__oracle_memory(setup->alert_count, sizeof *pipeline->alerts);
  }
}

static void plan_windows(vn__plan_t *plan, const vn_oracle_setup_t *setup) {
  plan->window_count = setup->window_count;
  plan->windows = vn__oracle_memory(setup->window_count, sizeof *plan->windows);
  for (size_t i = 0; i < setup->window_count; i++) {
    vn_oracle_window_t *window = &plan->windows[i].given;
    *window = setup->windows[i];
    assert(window->pipeline < setup->pipeline_count);
    window->slide_ms = window->kind == VN_ORACLE_SLIDING ? window->slide_ms : window->size_ms;
  }
  for (size_t i = 0; i < setup->window_count; i++) {
    plan_window(plan, i);
  }
}

static void plan_alerts(vn__plan_t *plan, const vn_oracle_setup_t *setup) {
  plan->alert_count = setup->alert_count;
  plan->alerts = vn__oracle_memory(setup->alert_count, sizeof *plan->alerts);
  for (size_t i = 0; i < setup->alert_count; i++) {
    plan->alerts[i] = setup->alerts[i];
    assert(plan->alerts[i].pipeline < setup->pipeline_count);
    vn__pipeline_plan_t *pipeline = &plan->pipelines[plan->alerts[i].pipeline];
    pipeline->alerts[pipeline->alert_count++] = i;
  }
}

/* The seed of a series' samples: docs/semantics/statistics.md. */
static uint64_t seed_of(const vn_oracle_setup_t *setup, const vn_oracle_series_t *series) {
  uint64_t pipeline = vn__oracle_murmur(setup->pipelines[series->pipeline].name);
  return vn__oracle_split_mix(setup->sample_seed ^
                              (pipeline << 32 | vn__oracle_murmur(series->name)));
}

void vn__oracle_plan_make(vn__plan_t *plan, const vn_oracle_setup_t *setup) {
  plan_pipelines(plan, setup);
  plan_windows(plan, setup);
  plan_alerts(plan, setup);
  plan->series_count = setup->series_count;
  plan->series = vn__oracle_memory(setup->series_count, sizeof *plan->series);
  for (size_t i = 0; i < setup->series_count; i++) {
    const vn_oracle_series_t *given = &setup->series[i];
    assert(given->pipeline < setup->pipeline_count);
    plan->series[i] = (vn__series_plan_t){given->name, strlen(given->name), seed_of(setup, given),
                                          given->pipeline};
  }
}

void vn__oracle_plan_free(vn__plan_t *plan) {
  for (size_t i = 0; i < plan->window_count; i++) {
    free(plan->windows[i].slot_ends);
  }
  for (size_t i = 0; i < plan->pipeline_count; i++) {
    free(plan->pipelines[i].windows);
    free(plan->pipelines[i].alerts);
  }
  free(plan->pipelines);
  free(plan->windows);
  free(plan->alerts);
  free(plan->series);
}
