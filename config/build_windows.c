/* Windows of a pipeline, and the panes that they need together. */
#include <string.h>

#include "build_priv.h"
#include "vn/arith.h"

#define DEFAULT_STATISTICS                                                      \
  (VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_MEAN) | \
   VN_STATISTIC_BIT(VN_STATISTIC_MIN) | VN_STATISTIC_BIT(VN_STATISTIC_MAX))

/* The offset stands beside the shape or inside it, not in both places. */
static int64_t choose_offset(vn__loader_t *loader, const vn__value_t *outer,
                             const vn__value_t *inner) {
  if (inner->given && outer->given) {
    vn__error(loader, outer->key_mark,
              "`offset` is given twice: inside the shape in line %u, column %u, too",
              (unsigned)inner->mark.line, (unsigned)inner->mark.column);
  }
  return inner->given ? inner->number : outer->number;
}

static bool read_tumbling(vn__loader_t *loader, const vn__value_t *shape, const vn__value_t *offset,
                          vn_window_t *window) {
  window->shape = VN_WINDOW_TUMBLING;
  if (shape->node->kind == VN__SCALAR) {
    window->size_ms = shape->number;
    window->slide_ms = shape->number;
    window->offset_ms = offset->number;
    return true;
  }
  vn__value_t values[VN__TUMBLING_KEYS];
  bool good = vn__read_section(loader, &vn__tumbling_section, shape->node, values);
  window->size_ms = values[VN__TUMBLING_SIZE].number;
  window->slide_ms = window->size_ms;
  window->offset_ms = choose_offset(loader, offset, &values[VN__TUMBLING_OFFSET]);
  return good;
}

static bool read_sliding(vn__loader_t *loader, const vn__value_t *shape, const vn__value_t *offset,
                         vn_window_t *window) {
  vn__value_t values[VN__SLIDING_KEYS];
  bool good = vn__read_section(loader, &vn__sliding_section, shape->node, values);
  window->shape = VN_WINDOW_SLIDING;
  window->size_ms = values[VN__SLIDING_SIZE].number;
  window->slide_ms = values[VN__SLIDING_SLIDE].number;
  window->offset_ms = choose_offset(loader, offset, &values[VN__SLIDING_OFFSET]);
  return good;
}

static bool read_session(vn__loader_t *loader, const vn__value_t *shape, vn_window_t *window) {
  vn__value_t values[VN__SESSION_KEYS];
  bool good = vn__read_section(loader, &vn__session_section, shape->node, values);
  window->shape = VN_WINDOW_SESSION;
  window->gap_ms = values[VN__SESSION_GAP].number;
  return good;
}

static bool read_count(vn__loader_t *loader, const vn__value_t *shape, vn_window_t *window) {
  window->shape = VN_WINDOW_COUNT;
  if (shape->node->kind == VN__SCALAR) {
    window->size_readings = (uint32_t)shape->number;
    window->slide_readings = window->size_readings;
    return true;
  }
  vn__value_t values[VN__COUNT_KEYS];
  bool good = vn__read_section(loader, &vn__count_section, shape->node, values);
  const vn__value_t *slide = &values[VN__COUNT_SLIDE];
  window->size_readings = (uint32_t)values[VN__COUNT_SIZE].number;
  window->slide_readings = slide->given ? (uint32_t)slide->number : window->size_readings;
  return good;
}

/* The limit of a condition window: exactly one. */
static bool choose_limit(vn__loader_t *loader, const vn__value_t *shape, const vn__value_t *values,
                         vn_window_t *window) {
  const vn__value_t *above = &values[VN__CONDITION_ABOVE], *below = &values[VN__CONDITION_BELOW];
  window->condition = above->given ? VN_ALERT_ABOVE : VN_ALERT_BELOW;
  if (above->given && below->given) {
    vn__error(loader, below->key_mark,
              "a second limit, `below`: a condition has one; write two windows");
  } else if (!above->given && !below->given) {
    vn__error(loader, shape->mark, "the condition has no limit: add `above: 30` or `below: 5`");
  }
  return above->given != below->given;
}

static bool read_condition(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                           const vn__value_t *shape, vn_window_t *window) {
  vn__value_t values[VN__CONDITION_KEYS];
  bool good = vn__read_section(loader, &vn__condition_section, shape->node, values);
  const vn__value_t *longest = &values[VN__CONDITION_MAX_LENGTH];
  vn__threshold_t given = {.of = "window",
                           .above = &values[VN__CONDITION_ABOVE],
                           .below = &values[VN__CONDITION_BELOW],
                           .hysteresis = &values[VN__CONDITION_HYSTERESIS]};
  window->shape = VN_WINDOW_CONDITION;
  window->supersedes_max = 1;
  window->max_ms = longest->given ? longest->number : VN_DURATION_OFF;
  if (!choose_limit(loader, shape, values, window)) {
    return false;
  }
  vn_alert_rule_t rule = {.condition = window->condition};
  vn__measure_t measure = vn__measure_of_values(loader, pipeline);
  good = vn__read_threshold(loader, &given, &measure, &rule) && good;
  window->limit = rule.limit;
  window->hysteresis = rule.hysteresis;
  return good;
}

/* How the sample is drawn; a half-life and `recency` need each other. */
static bool read_sample(vn__loader_t *loader, const vn__value_t *sample, vn_window_t *window) {
  if (!sample->given || !sample->good || sample->node->kind == VN__SCALAR) {
    window->sample = (uint16_t)sample->number;
    return true;
  }
  vn__value_t values[VN__SAMPLE_KEYS];
  bool good = vn__read_section(loader, &vn__sample_section, sample->node, values);
  const vn__value_t *weight = &values[VN__SAMPLE_WEIGHT];
  const vn__value_t *half_life = &values[VN__SAMPLE_HALF_LIFE];
  window->sample = (uint16_t)values[VN__SAMPLE_SIZE].number;
  window->draw = (vn_draw_t){half_life->number, (uint8_t)weight->number};
  if (!good) {
    return false;
  }
  bool recent = weight->number == VN_WEIGHT_RECENCY;
  if (recent && !half_life->given) {
    vn__error(loader, weight->mark, "`weight: recency` needs `half_life`: add `half_life: 10m`");
  } else if (!recent && half_life->given) {
    vn__error(loader, half_life->key_mark,
              "`half_life` needs `weight: recency`: without it age plays no part");
  }
  return recent == half_life->given;
}

/* Windows of time take their samples from the same panes. */
static bool check_draws(vn__loader_t *loader, const vn_window_t *windows, uint32_t index,
                        vn__mark_t mark) {
  const vn_window_t *window = &windows[index];
  if (window->sample == 0 || window->shape >= VN_WINDOW_SESSION) {
    return true;
  }
  for (uint32_t i = 0; i < index; i++) {
    if (windows[i].sample > 0 && windows[i].shape < VN_WINDOW_SESSION &&
        !vn_draw_same(&windows[i].draw, &window->draw)) {
      vn__error(loader, mark,
                "the `sample` has another weight than that of `%s`: samples of `tumbling` and "
                "`sliding` windows share their panes; give them the same `weight` and "
                "`half_life`, or put the windows into two pipelines",
                windows[i].name);
      return false;
    }
  }
  return true;
}

/* The points of a report are its sample. */
static bool refuse_sample(vn__loader_t *loader, const vn__value_t *sample) {
  if (sample->given) {
    vn__error(loader, sample->key_mark,
              "`sample` doesn't go with `report`, which sends points: how many is its `points`");
  }
  return !sample->given;
}

/* What only windows of time have. */
static bool refuse_offset(vn__loader_t *loader, const vn__value_t *offset) {
  if (offset->given) {
    vn__error(loader, offset->key_mark,
              "`offset` is for `tumbling` and `sliding`: this window has no grid");
  }
  return !offset->given;
}

/* How many shapes are given; more than one is told. */
static unsigned count_shapes(vn__loader_t *loader, const vn__value_t *values, uint8_t *last) {
  static const uint8_t shapes[] = {VN__WINDOW_TUMBLING, VN__WINDOW_SLIDING, VN__WINDOW_SESSION,
                                   VN__WINDOW_COUNT,    VN__WINDOW_REPORT,  VN__WINDOW_CONDITION};
  unsigned given = 0;
  for (size_t i = 0; i < sizeof(shapes); i++) {
    const vn__value_t *shape = &values[shapes[i]];
    given += shape->given;
    if (shape->given && given == 2) {
      vn__error(loader, shape->key_mark,
                "a second shape, `%s`: a window has one; write two windows",
                vn__window_section.keys[shapes[i]].name);
    }
    *last = shape->given ? shapes[i] : *last;
  }
  return given;
}

/* A window as it stands in the file. */
typedef struct definition {
  vn__build_t *build;
  const vn_pipeline_t *pipeline;
  const vn__value_t *values;
  vn__mark_t mark;
} definition_t;

/* Exactly one shape; false: none that can be used. */
static bool read_shape(const definition_t *definition, vn_window_t *window) {
  vn__loader_t *loader = definition->build->loader;
  const vn__value_t *values = definition->values;
  uint8_t key = VN__WINDOW_TUMBLING;
  unsigned given = count_shapes(loader, values, &key);
  if (given == 0) {
    vn__error(loader, definition->mark,
              "the window has no shape: add `tumbling: 1m`, `sliding: {size: 10m, slide: 1m}`, "
              "`session: {gap: 30s}`, `count: 100`, `report: {deadband: 0.5}` or `condition: "
              "{above: 30}`");
  }
  const vn__value_t *offset = &values[VN__WINDOW_OFFSET];
  if (given != 1 || !values[key].good) {
    return false;
  }
  switch (key) {
    case VN__WINDOW_SESSION:
      return read_session(loader, &values[key], window) && refuse_offset(loader, offset);
    case VN__WINDOW_COUNT:
      return read_count(loader, &values[key], window) && refuse_offset(loader, offset);
    case VN__WINDOW_REPORT:
      return vn__read_report(definition->build, definition->pipeline, &values[key], window) &&
             refuse_offset(loader, offset) && refuse_sample(loader, &values[VN__WINDOW_SAMPLE]);
    case VN__WINDOW_CONDITION:
      return read_condition(loader, definition->pipeline, &values[key], window) &&
             refuse_offset(loader, offset);
    case VN__WINDOW_SLIDING:
      return read_sliding(loader, &values[key], offset, window);
    default:
      return read_tumbling(loader, &values[key], offset, window);
  }
}

static bool check_offset(vn__loader_t *loader, const vn_window_t *window, vn__mark_t mark) {
  bool of_time = window->shape == VN_WINDOW_TUMBLING || window->shape == VN_WINDOW_SLIDING;
  if (!of_time || (window->offset_ms < window->slide_ms && window->offset_ms > -window->slide_ms)) {
    return true;
  }
  vn__error(loader, mark, "`offset` of %s: it must be shorter than the %s of %s",
            vn__duration_text(loader, window->offset_ms),
            window->shape == VN_WINDOW_TUMBLING ? "size" : "slide",
            vn__duration_text(loader, window->slide_ms));
  return false;
}

static uint32_t statistics_of(const vn__value_t *values) {
  const vn__value_t *statistics = &values[VN__WINDOW_STATISTICS];
  if (statistics->good) {
    return (uint32_t)statistics->number;
  }
  bool report = values[VN__WINDOW_REPORT].given;
  return report ? VN_STATISTIC_BIT(VN_STATISTIC_COUNT) : DEFAULT_STATISTICS;
}

static bool build_window(vn__build_t *build, const vn_pipeline_t *pipeline, const vn__node_t *item,
                         vn_window_t *window, vn__value_t *name) {
  vn__loader_t *loader = build->loader;
  vn__value_t values[VN__WINDOW_KEYS];
  definition_t definition = {build, pipeline, values, item->mark};
  bool good = vn__read_section(loader, &vn__window_section, item, values);
  *name = values[VN__WINDOW_NAME];
  window->name = name->text;
  bool drawn = read_sample(loader, &values[VN__WINDOW_SAMPLE], window);
  window->statistics = statistics_of(values);
  const vn__value_t *offset = &values[VN__WINDOW_OFFSET];
  return read_shape(&definition, window) &&
         check_offset(loader, window, offset->given ? offset->mark : item->mark) && good && drawn;
}

/* "10m every 7s" */
static const char *window_words(vn__loader_t *loader, const vn_window_t *window) {
  const char *size = vn__duration_text(loader, window->size_ms);
  if (window->size_ms == window->slide_ms) {
    return size;
  }
  return vn__format(loader, "%s every %s", size, vn__duration_text(loader, window->slide_ms));
}

static const char *delay_words(vn__loader_t *loader, const vn_pipeline_t *pipeline) {
  int64_t delay = pipeline->out_of_order_ms + pipeline->lateness_ms;
  return delay == 0 ? ""
                    : vn__format(loader, ", with %s of `out_of_order` and `allowed_lateness`,",
                                 vn__duration_text(loader, delay));
}

static void tell_panes(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                       const vn_window_set_t *set, const vn__mark_t *mark,
                       const vn_window_t *window) {
  if (set->pane_count > VN_PANES_MAX) {
    vn__error(
        loader, *mark,
        "%s%s needs %s panes: %u of them, the limit is %u; choose sizes, slides and offsets of "
        "this pipeline with a larger common divisor, or put the windows into two pipelines",
        window_words(loader, window), delay_words(loader, pipeline),
        vn__duration_text(loader, set->pane_ms), (unsigned)set->pane_count, VN_PANES_MAX);
    return;
  }
  vn__error(loader, *mark,
            "with an `allowed_lateness` of %s a window every %s needs %lld counters of revisions; "
            "the limit for all windows of a pipeline is %u",
            vn__duration_text(loader, pipeline->lateness_ms),
            vn__duration_text(loader, window->slide_ms),
            (long long)vn_ceil_div(pipeline->lateness_ms, window->slide_ms), VN_REVISIONS_MAX);
}

/* All windows of time share one ring of panes: that they have one at all is a matter of all. */
static void check_geometry(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                           const vn__pipeline_marks_t *marks) {
  vn_geometry_t geometry;
  uint8_t fault = 0;
  if (vn_geometry_derive(pipeline, &geometry, &fault) == VN_OK) {
    return;
  }
  const vn_window_t *window = &pipeline->summary.windows[fault];
  if (window->shape == VN_WINDOW_SESSION) {
    vn__error(loader, marks->windows[fault],
              "sessions with a gap of %s%s can be open %u at a time, the limit is %u; a longer gap "
              "needs fewer",
              vn__duration_text(loader, window->gap_ms), delay_words(loader, pipeline),
              (unsigned)geometry.sessions[geometry.session_count - 1].capacity, VN_SESSIONS_MAX);
  } else if (window->shape == VN_WINDOW_COUNT) {
    vn__error(loader, marks->windows[fault],
              "%u readings every %u need %u panes, the limit is %u; choose numbers with a larger "
              "common divisor",
              (unsigned)window->size_readings, (unsigned)window->slide_readings,
              (unsigned)geometry.counts[geometry.count_count - 1].pane_count, VN_PANES_MAX);
  } else {
    tell_panes(loader, pipeline, &geometry.set, &marks->windows[fault], window);
  }
}

/* Quantiles, slope, distinct and what goes by time order are kept per pane; a histogram needs a
 * range to lie over. */
static bool check_extras(vn__loader_t *loader, const vn_pipeline_t *pipeline,
                         const vn_window_t *window, vn__mark_t mark) {
  if (window->shape >= VN_WINDOW_SESSION && (window->statistics & VN_STATISTICS_ORDERED) != 0) {
    vn__error(loader, mark,
              "statistics that go by time order are for `tumbling` and `sliding` windows");
    return false;
  }
  if (window->shape == VN_WINDOW_REPORT && (window->statistics & VN_STATISTICS_EXTRA) != 0) {
    vn__error(loader, mark, "quantiles, `slope` and `distinct` don't go with `report`");
    return false;
  }
  bool ranged = pipeline->range_low != INT32_MIN || pipeline->range_high != INT32_MAX;
  if ((window->statistics & VN_STATISTICS_QUANTILES) != 0 && !ranged) {
    vn__error(loader, mark,
              "quantiles need `range: [low, high]` in the pipeline: their histogram lies over it");
    return false;
  }
  return true;
}

static unsigned rank(const vn_window_t *window) {
  return window->shape < VN_WINDOW_SESSION ? 0 : window->shape;
}

/* The core wants windows of time first, then each kind behind the other; else the user's order. */
static void sort_by_kind(vn_window_t *windows, vn__mark_t *marks, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    for (uint32_t k = i; k > 0 && rank(&windows[k - 1]) > rank(&windows[k]); k--) {
      vn_window_t window = windows[k];
      vn__mark_t mark = marks[k];
      windows[k] = windows[k - 1];
      marks[k] = marks[k - 1];
      windows[k - 1] = window;
      marks[k - 1] = mark;
    }
  }
}

/* A result may replace as many others as can be open at a time. */
static void set_supersedes(vn_pipeline_t *pipeline, vn_window_t *windows) {
  vn_geometry_t geometry;
  uint8_t fault = 0;
  if (vn_geometry_derive(pipeline, &geometry, &fault) != VN_OK) {
    return;
  }
  for (uint8_t i = 0; i < geometry.session_count; i++) {
    windows[geometry.sessions[i].window].supersedes_max = (uint8_t)geometry.sessions[i].capacity;
  }
}

void vn__build_windows(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *list,
                       vn__pipeline_marks_t *marks) {
  if (!list->good) {
    return;
  }
  vn__loader_t *loader = build->loader;
  uint32_t count = list->node->count;
  VN_ASSERT(count <= VN_WINDOWS_MAX);
  vn_window_t *windows = vn__arena_take(&loader->arena, count * sizeof(*windows));
  vn__value_t names[VN_WINDOWS_MAX];
  uint32_t index = 0;
  bool good = true;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    marks->windows[index] = item->mark;
    good = build_window(build, pipeline, item, &windows[index], &names[index]) &&
           check_extras(loader, pipeline, &windows[index], item->mark) &&
           check_draws(loader, windows, index, item->mark) && good;
    vn__check_duplicate(loader, "window", names, index);
    index++;
  }
  sort_by_kind(windows, marks->windows, count);
  pipeline->summary.windows = windows;
  pipeline->summary.window_count = (uint8_t)count;
  if (good) {
    check_geometry(loader, pipeline, marks);
    set_supersedes(pipeline, windows);
  }
}
