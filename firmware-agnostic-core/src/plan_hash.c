/* Hashes that tell two plans apart. */
#include "plan_priv.h"
#include "vn/hash.h"

#include <string.h>

/* Little-endian on every machine, so that a state can move to another one. */
static uint32_t hash_number(uint32_t hash, int64_t number) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
  }
  return vn_murmur3_32(bytes, sizeof bytes, hash);
}

static uint32_t hash_word(uint32_t hash, const char *word) {
  return vn_murmur3_32(word, strlen(word), hash);
}

/* Which extras there are, and where the bins of a histogram lie. */
static uint32_t hash_extra(uint32_t hash, const vn_extra_set_t *extra) {
  hash = hash_number(hash, extra->bins);
  hash = hash_number(hash, extra->registers);
  hash = hash_number(hash, extra->trend);
  return extra->bins > 0 ? hash_number(hash_number(hash, extra->low), extra->high) : hash;
}

/* What panes hold beside aggregates; the areas under lines and steps have different units. */
static uint32_t hash_contents(uint32_t hash, const vn_window_set_t *set) {
  if (!set->keeps_more) {
    return hash;
  }
  hash = hash_extra(hash, &set->extra);
  hash = hash_number(hash, set->ordered.kinds);
  hash = hash_number(hash, set->ordered.capacity);
  return hash_number(hash, set->ordered.rule.time_weighted.mode);
}

/* What all states that hold values depend on. */
static uint32_t hash_start(const vn_pipeline_t *pipeline) {
  return hash_number(VN__STATE_VERSION << 8, pipeline->summary.exponent);
}

/* Shape, grid and sample of a window. */
static uint32_t hash_window(uint32_t hash, const vn_window_t *window) {
  hash = hash_number(hash, window->shape >= VN_WINDOW_SESSION ? window->shape : 0);
  hash = hash_number(hash, window->size_ms + window->gap_ms + window->size_readings);
  hash = hash_number(hash, window->slide_ms + window->slide_readings + window->method);
  hash = hash_number(hash, window->max_ms + window->condition);
  hash = hash_number(hash, window->offset_ms);
  hash = hash_number(hash, window->sample);
  return hash_number(hash, window->draw.half_life_ms * 4 + window->draw.weight);
}

uint32_t vn__pane_specification(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry) {
  const vn_window_set_t *set = &geometry->set;
  uint32_t hash = hash_number(hash_start(pipeline), set->pane_ms);
  hash = hash_number(hash, set->anchor_ms);
  hash = hash_number(hash, set->out_of_order_ms);
  hash = hash_number(hash, set->sample);
  hash = hash_number(hash, set->draw.half_life_ms * 4 + set->draw.weight);
  hash = hash_number(hash, (int64_t)set->slots << 32 | set->slot_panes);
  hash = hash_number(hash, set->early > 0);
  return hash_contents(hash, set);
}

uint32_t vn__time_specification(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry) {
  const vn_window_set_t *set = &geometry->set;
  uint32_t hash = hash_number(vn__pane_specification(pipeline, geometry), set->window_count);
  hash = hash_number(hash, set->pane_count);
  for (uint8_t i = 0; i < set->window_count; i++) {
    hash = hash_number(hash, hash_window(0, &set->windows[i]));
    hash = hash_number(hash, set->revision_size[i]);
  }
  return hash;
}

/* How many sessions can live follows from the gap and the delays. */
static uint32_t hash_delays(uint32_t hash, const vn_geometry_t *geometry, uint8_t window) {
  for (uint8_t i = 0; i < geometry->session_count; i++) {
    if (geometry->sessions[i].window == window) {
      hash = hash_number(hash, geometry->sessions[i].capacity);
    }
  }
  return hash;
}

uint32_t vn__window_specification(const vn_pipeline_t *pipeline, const vn_geometry_t *geometry,
                                  uint8_t window) {
  const vn_window_t *definition = &pipeline->summary.windows[window];
  vn_extra_set_t extra =
      vn_window_extra(definition->statistics, pipeline->range_low, pipeline->range_high);
  uint32_t hash = hash_window(hash_start(pipeline), definition);
  return hash_extra(hash_delays(hash, geometry, window), &extra);
}

uint32_t vn_pipeline_layout_hash(const vn_pipeline_t *pipeline) {
  VN_ASSERT(pipeline != NULL);
  vn_geometry_t geometry;
  uint8_t fault;
  vn_err_t derived = vn_geometry_derive(pipeline, &geometry, &fault);
  VN_ASSERT(derived == VN_OK);
  uint32_t hash = vn__time_specification(pipeline, &geometry);
  for (uint8_t i = geometry.set.window_count; i < pipeline->summary.window_count; i++) {
    hash = hash_number(hash, vn__window_specification(pipeline, &geometry, i));
  }
  hash = hash_number(hash, pipeline->corrections);
  for (uint8_t i = 0; i < pipeline->alert_count; i++) {
    const vn_alert_plan_t *alert = &pipeline->alerts[i];
    bool deviation = alert->rule.condition == VN_ALERT_DEVIATION;
    hash = deviation ? hash_number(hash, i * 256 + alert->detector) : hash;
  }
  uint16_t reorder = pipeline->alert_reorder;
  hash = reorder > 0 ? hash_number(hash, reorder) : hash;
  return hash_number(hash, pipeline->alert_count);
}

uint64_t vn_plan_hash(const vn_plan_t *plan) {
  VN_ASSERT(plan != NULL);
  uint64_t hash = vn_splitmix64(plan->pipeline_count);
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_pipeline_t *pipeline = &plan->pipelines[i];
    uint32_t names = hash_word(0, pipeline->summary.name);
    for (uint8_t w = 0; w < pipeline->summary.window_count; w++) {
      names = hash_word(names, pipeline->summary.windows[w].name);
    }
    for (uint8_t a = 0; a < pipeline->alert_count; a++) {
      names = hash_word(names, pipeline->alerts[a].name);
    }
    uint64_t both = (uint64_t)names << 32 | vn_pipeline_layout_hash(pipeline);
    hash = vn_splitmix64(hash ^ both);
  }
  return hash;
}
