/* What waits for other operands, in the state of the series that it came from. */
#include "engine_priv.h"
#include "vn/hash.h"

#define WINDOW_MAX (3u * VN__PACK_U64_MAX + VN__PACK_U32_MAX)

unsigned vn__derived_came(const vn_derived_window_t *window) {
  unsigned count = 0;
  for (unsigned k = 0; k < VN_OPERANDS_MAX; k++) {
    count += window->denominators[k] > 0 ? 1u : 0u;
  }
  return count;
}

vn_derived_window_t *vn__derived_place(vn_derived_window_t *windows, uint16_t count,
                                       const vn_span_t *span) {
  vn_derived_window_t *free = NULL;
  for (uint16_t i = 0; i < count; i++) {
    vn_derived_window_t *window = &windows[i];
    if (vn__derived_came(window) == 0) {
      free = window;
    } else if (window->span.start_ms == span->start_ms && window->span.end_ms == span->end_ms) {
      return window;
    }
  }
  if (free != NULL) {
    free->span = *span;
  }
  return free;
}

size_t vn__derive_save_max(const vn_plan_t *plan, const vn_pipeline_t *pipeline) {
  size_t links = 0;
  for (uint8_t i = 0; i < plan->derivation_count; i++) {
    for (uint8_t k = 0; k < plan->derivations[i].operand_count; k++) {
      links += &plan->pipelines[plan->derivations[i].pipelines[k]] == pipeline ? 1u : 0u;
    }
  }
  return VN__PACK_U32_MAX +
         links * (2u * VN__PACK_U32_MAX + vn__derived_windows(plan) * WINDOW_MAX);
}

/* Whose operand, and which: the same after a restart, another one for another configuration. */
static uint32_t identity(const vn_engine_t *engine, uint32_t link) {
  const vn_derived_t *derived = &engine->store.derived[link / VN_OPERANDS_MAX];
  const vn_derivation_t *derivation = &engine->plan->derivations[derived->derivation];
  unsigned operand = link % VN_OPERANDS_MAX;
  vn_text_t from = derivation->operands[operand].text, to = derivation->series.text;
  uint32_t seed = (uint32_t)derivation->statistic << 8 | operand;
  return vn_murmur3_32(from.bytes, from.length, vn_murmur3_32(to.bytes, to.length, seed));
}

static uint32_t next_link(const vn_engine_t *engine, uint32_t link) {
  return engine->store.derived[link / VN_OPERANDS_MAX].next_link[link % VN_OPERANDS_MAX];
}

static vn_derived_window_t *windows_of(const vn_engine_t *engine, uint32_t link) {
  return engine->store.derived_windows +
         (size_t)(link / VN_OPERANDS_MAX) * engine->derived_window_count;
}

static void pack_link(vn__packer_t *packer, const vn_engine_t *engine, uint32_t link) {
  const vn_derived_window_t *windows = windows_of(engine, link);
  unsigned operand = link % VN_OPERANDS_MAX;
  uint32_t count = 0;
  for (uint16_t i = 0; i < engine->derived_window_count; i++) {
    count += windows[i].denominators[operand] > 0 ? 1u : 0u;
  }
  vn__pack_unsigned(packer, identity(engine, link));
  vn__pack_unsigned(packer, count);
  for (uint16_t i = 0; i < engine->derived_window_count; i++) {
    const vn_derived_window_t *window = &windows[i];
    if (window->denominators[operand] > 0) {
      vn__pack_signed(packer, window->span.start_ms);
      vn__pack_unsigned(packer, (uint64_t)(window->span.end_ms - window->span.start_ms));
      vn__pack_signed(packer, window->numerators[operand]);
      vn__pack_unsigned(packer, window->denominators[operand]);
    }
  }
}

void vn__derive_pack(vn__packer_t *packer, const vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  uint32_t count = 0;
  uint32_t first = work->state->first_link;
  for (uint32_t link = first; link != VN_SERIES_NONE; link = next_link(engine, link)) {
    count++;
  }
  vn__pack_unsigned(packer, count);
  for (uint32_t link = first; link != VN_SERIES_NONE; link = next_link(engine, link)) {
    pack_link(packer, engine, link);
  }
}

/* link NONE: its derivation is gone from the configuration, and what waited for it. */
static void unpack_link(vn__unpacker_t *unpacker, const vn_engine_t *engine, uint32_t link) {
  uint64_t count = vn__unpack_unsigned(unpacker, UINT16_MAX);
  for (uint64_t i = 0; i < count && !unpacker->failed; i++) {
    vn_span_t span = {vn__unpack_signed(unpacker), 0};
    int64_t length_ms = (int64_t)vn__unpack_unsigned(unpacker, VN_WINDOW_SPAN_MAX_MS);
    int64_t numerator = vn__unpack_signed(unpacker);
    uint32_t denominator = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
    span.end_ms = vn_add_saturating(span.start_ms, length_ms);
    vn_derived_window_t *window = NULL;
    if (link != VN_SERIES_NONE) {
      window = vn__derived_place(windows_of(engine, link), engine->derived_window_count, &span);
    }
    if (window != NULL && !unpacker->failed) {
      window->numerators[link % VN_OPERANDS_MAX] = numerator;
      window->denominators[link % VN_OPERANDS_MAX] = denominator;
    }
  }
}

void vn__derive_forget(const vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  for (uint32_t link = work->state->first_link; link != VN_SERIES_NONE;
       link = next_link(engine, link)) {
    for (uint16_t i = 0; i < engine->derived_window_count; i++) {
      windows_of(engine, link)[i].denominators[link % VN_OPERANDS_MAX] = 0;
    }
  }
}

/* An older state of the series may have been loaded before. */
void vn__derive_unpack(vn__unpacker_t *unpacker, const vn__work_t *work) {
  const vn_engine_t *engine = work->engine;
  vn__derive_forget(work);
  uint64_t count = vn__unpack_unsigned(unpacker, UINT16_MAX);
  for (uint64_t i = 0; i < count && !unpacker->failed; i++) {
    uint32_t whose = (uint32_t)vn__unpack_unsigned(unpacker, UINT32_MAX);
    uint32_t link = work->state->first_link;
    while (link != VN_SERIES_NONE && identity(engine, link) != whose) {
      link = next_link(engine, link);
    }
    unpack_link(unpacker, engine, link);
  }
}
