/* `capacity.memory`: whether the configuration needs more, and what of it needs most. */
#include "build_priv.h"
#include "vn/budget.h"

/* At most so many are told, of those that take a tenth or more of all. */
#define TOLD_MAX 3u
#define TOLD_SHARE 10u

/* Something that takes memory; the largest come first. */
typedef struct taker {
  uint64_t bytes;
  const char *words;
  vn__mark_t mark;
} taker_t;

typedef struct takers {
  taker_t largest[TOLD_MAX];
} takers_t;

static void add_taker(takers_t *takers, uint64_t bytes, const char *words, vn__mark_t mark) {
  taker_t taker = {bytes, words, mark};
  for (size_t i = 0; i < TOLD_MAX; i++) {
    if (taker.bytes > takers->largest[i].bytes) {
      taker_t smaller = takers->largest[i];
      takers->largest[i] = taker;
      taker = smaller;
    }
  }
}

/* What a series keeps for a window: "600 panes of 1s". */
static const char *parts_of_window(vn__loader_t *loader, const vn_window_t *window,
                                   const vn_budget_pipeline_t *budget) {
  switch (window->shape) {
    case VN_WINDOW_SESSION:
      return "the sessions that can be open at a time";
    case VN_WINDOW_COUNT:
      return "its panes";
    case VN_WINDOW_REPORT:
      return "its points";
    default:
      return vn__format(loader, "%u panes of %s, which all windows of time of a pipeline share",
                        (unsigned)budget->panes, vn__duration_text(loader, budget->pane_ms));
  }
}

static void add_pipeline(const vn__build_t *build, uint8_t index, const vn_budget_t *budget,
                         takers_t *takers) {
  vn__loader_t *loader = build->loader;
  const vn_pipeline_t *pipeline = &build->configuration->plan.pipelines[index];
  const vn__pipeline_marks_t *marks = &build->pipeline_marks[index];
  const vn_budget_pipeline_t *own = &budget->pipelines[index];
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    const vn_window_t *window = &pipeline->summary.windows[i];
    const char *words =
        vn__format(loader, "window `%s` of `%s`: %s: %zu bytes for each of %u series", window->name,
                   pipeline->summary.name, parts_of_window(loader, window, own),
                   own->window_bytes[i], (unsigned)own->series);
    add_taker(takers, (uint64_t)own->window_bytes[i] * own->series, words, marks->windows[i]);
  }
  uint64_t rest = (uint64_t)(own->alert_bytes + own->guard_bytes) * own->series;
  add_taker(takers, rest,
            vn__format(loader, "pipeline `%s`: alerts and guards of %u series",
                       pipeline->summary.name, (unsigned)own->series),
            marks->pipeline);
}

static const char *kib_text(vn__loader_t *loader, uint64_t bytes) {
  return vn__size_text(loader, (int64_t)((bytes + 1023) / 1024 * 1024));
}

static void tell_too_small(const vn__build_t *build, const vn_budget_t *budget) {
  vn__loader_t *loader = build->loader;
  const vn__capacity_marks_t *marks = &build->capacity_marks;
  takers_t takers = {0};
  for (uint8_t i = 0; i < build->configuration->plan.pipeline_count; i++) {
    add_pipeline(build, i, budget, &takers);
  }
  add_taker(&takers, budget->table_bytes, "the table of series and their names", marks->series);
  add_taker(&takers, budget->queue_bytes, "the input queue", marks->queue);
  add_taker(&takers, budget->outbox_bytes, "the outbox", marks->outbox);
  vn__error(loader, marks->memory,
            "`memory`: %s is not enough, the configuration needs %s; what takes most is marked",
            vn__size_text(loader, (int64_t)build->memory_bytes),
            kib_text(loader, budget->total_bytes));
  for (size_t i = 0; i < TOLD_MAX && takers.largest[i].bytes >= budget->total_bytes / TOLD_SHARE;
       i++) {
    vn__error(loader, takers.largest[i].mark, "%s: %s of memory", takers.largest[i].words,
              kib_text(loader, takers.largest[i].bytes));
  }
}

void vn__check_memory(const vn__build_t *build) {
  vn_budget_t budget;
  if (build->memory_bytes > 0 && vn_budget(&build->configuration->plan, &budget) == VN_OK &&
      budget.total_bytes > build->memory_bytes) {
    tell_too_small(build, &budget);
  }
}
