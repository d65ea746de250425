/* Derivations: names with captures, who owns them, and which of their windows is meant. */
#include <string.h>

#include "build_priv.h"

/* One derivation at work, with its place in the file. */
typedef struct definition {
  vn__build_t *build;
  vn_derivation_t *derivation;
  const char *key; /* difference, sum, ratio */
} definition_t;

/* Names of series: levels between slashes, some of them captures. */
static bool compile_names(vn__loader_t *loader, const char *key, const vn__node_t *node,
                          vn_pattern_t *pattern, vn_template_t *name) {
  const char *problem = "";
  vn_text_t text = vn__text(node->text.bytes);
  bool wild =
      memchr(text.bytes, '+', text.length) != NULL || memchr(text.bytes, '#', text.length) != NULL;
  if (wild) {
    problem = "+ and # name nothing: write a capture, such as {line}";
  } else if (vn_pattern_compile(text, pattern, &problem) == VN_OK &&
             vn_template_compile(text, pattern, false, name, &problem) == VN_OK) {
    return true;
  }
  vn__error(loader, node->mark, "`%s`: %s: %s", key, vn__quote(loader, text), problem);
  return false;
}

/* The first pipeline that takes all series of these names; ? is left out, as for shadows. */
static bool find_owner(const definition_t *definition, const char *key, const vn__node_t *node,
                       uint8_t *pipeline) {
  vn__build_t *build = definition->build;
  const vn_plan_t *plan = &build->configuration->plan;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    vn_text_t match = plan->pipelines[i].match;
    bool plain = memchr(match.bytes, '?', match.length) == NULL;
    if (plain && vn_glob_match(match, vn__text(node->text.bytes))) {
      *pipeline = i;
      return true;
    }
  }
  vn__error(build->loader, node->mark,
            "`%s`: no pipeline takes all of %s: the `match` of one must cover it, such as \"*%s\"",
            key, vn__quote(build->loader, node->text),
            strrchr(node->text.bytes, '/') == NULL ? "" : strrchr(node->text.bytes, '/'));
  return false;
}

/* Where the captures of the series stand in the operand. */
static bool order_captures(const definition_t *definition, const vn__node_t *node,
                           uint8_t operand) {
  const vn_pattern_t *series = &definition->derivation->series;
  const vn_pattern_t *own = &definition->derivation->operands[operand];
  bool all = own->capture_count == series->capture_count;
  for (uint8_t i = 0; all && i < series->capture_count; i++) {
    uint8_t k = 0;
    while (k < own->capture_count && (own->captures[k].length != series->captures[i].length ||
                                      memcmp(own->captures[k].bytes, series->captures[i].bytes,
                                             own->captures[k].length) != 0)) {
      k++;
    }
    all = k < own->capture_count;
    definition->derivation->order[operand][i] = k;
  }
  if (!all) {
    vn__error(definition->build->loader, node->mark,
              "`%s`: %s hasn't the same captures as the series %s", definition->key,
              vn__quote(definition->build->loader, node->text),
              vn__quote(definition->build->loader, series->text));
  }
  return all;
}

static bool read_operand(const definition_t *definition, const vn__node_t *node, uint8_t operand) {
  vn_derivation_t *derivation = definition->derivation;
  vn_template_t unused;
  return compile_names(definition->build->loader, definition->key, node,
                       &derivation->operands[operand], &unused) &&
         order_captures(definition, node, operand) &&
         find_owner(definition, definition->key, node, &derivation->pipelines[operand]);
}

/* The one list of operands; NULL: there is none, or more. */
static const vn__value_t *choose_kind(vn__loader_t *loader, const vn__value_t *values,
                                      vn__mark_t mark, definition_t *definition) {
  static const uint8_t keys[] = {VN__DERIVE_DIFFERENCE, VN__DERIVE_SUM, VN__DERIVE_RATIO};
  const vn__value_t *chosen = NULL;
  unsigned given = 0;
  for (size_t i = 0; i < sizeof(keys); i++) {
    const vn__value_t *value = &values[keys[i]];
    if (!value->given) {
      continue;
    }
    chosen = value;
    definition->key = vn__derive_section.keys[keys[i]].name;
    definition->derivation->kind = (uint8_t)i; /* vn_derive_kind_t is in the same order */
    if (++given == 2) {
      vn__error(loader, value->key_mark, "a second computation, `%s`: a derived series has one",
                definition->key);
    }
  }
  if (given == 0) {
    vn__error(loader, mark,
              "nothing to compute: add `difference: [a, b]`, `sum: [a, b, c]` or `ratio: [a, b]`");
  }
  return given == 1 && chosen->good ? chosen : NULL;
}

static bool read_operands(const definition_t *definition, const vn__value_t *list) {
  vn_derivation_t *derivation = definition->derivation;
  uint32_t most = derivation->kind == VN_DERIVE_SUM ? VN_OPERANDS_MAX : 2;
  if (list->node->count < 2 || list->node->count > most) {
    vn__error(definition->build->loader, list->mark, "`%s` is of %s series, here are %u",
              definition->key, most == 2 ? "2" : "2 to 4", (unsigned)list->node->count);
    return false;
  }
  bool good = true;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    good = read_operand(definition, item, derivation->operand_count++) && good;
  }
  return good;
}

/* The window of that name in the operand's pipeline. */
static bool find_window(const definition_t *definition, const vn__value_t *of, vn_text_t name,
                        uint8_t operand) {
  vn_derivation_t *derivation = definition->derivation;
  const vn_pipeline_t *pipelines = definition->build->configuration->plan.pipelines;
  const vn_pipeline_t *pipeline = &pipelines[derivation->pipelines[operand]];
  vn__loader_t *loader = definition->build->loader;
  for (uint8_t i = 0; i < pipeline->summary.window_count; i++) {
    if (!vn__text_is(name, pipeline->summary.windows[i].name)) {
      continue;
    }
    derivation->windows[operand] = i;
    if (pipeline->summary.windows[i].shape > VN_WINDOW_SLIDING) {
      vn__error(loader, of->mark, "`of`: %s is no window of time: use a tumbling or a sliding one",
                vn__quote(loader, name));
      return false;
    }
    return true;
  }
  vn__error(loader, of->mark, "`of`: no window %s in pipeline %s, which owns %s",
            vn__quote(loader, name), vn__quote(loader, vn__text(pipeline->summary.name)),
            vn__quote(loader, derivation->operands[operand].text));
  return false;
}

static bool check_alike(const definition_t *definition, const vn__value_t *of, uint8_t operand) {
  const vn_derivation_t *derivation = definition->derivation;
  const vn_pipeline_t *pipelines = definition->build->configuration->plan.pipelines;
  const vn_summary_pipeline_t *a = &pipelines[derivation->pipelines[0]].summary;
  const vn_summary_pipeline_t *b = &pipelines[derivation->pipelines[operand]].summary;
  const vn_window_t *first = &a->windows[derivation->windows[0]];
  const vn_window_t *other = &b->windows[derivation->windows[operand]];
  if (first->size_ms == other->size_ms && first->slide_ms == other->slide_ms &&
      first->offset_ms == other->offset_ms) {
    return true;
  }
  vn__error(definition->build->loader, of->mark,
            "`of`: the windows `%s` of the pipelines `%s` and `%s` differ: operands need the same "
            "size, slide and offset",
            first->name, a->name, b->name);
  return false;
}

static bool read_statistic(vn__loader_t *loader, const vn__value_t *of, vn_text_t text,
                           uint8_t *out) {
  static const uint8_t usable[] = {VN_STATISTIC_COUNT, VN_STATISTIC_SUM,   VN_STATISTIC_MIN,
                                   VN_STATISTIC_MAX,   VN_STATISTIC_FIRST, VN_STATISTIC_LAST,
                                   VN_STATISTIC_MEAN,  VN_STATISTIC_RANGE};
  for (size_t i = 0; i < sizeof(usable); i++) {
    if (vn__text_is(text, vn_statistic_word((vn_statistic_t)usable[i]))) {
      *out = usable[i];
      return true;
    }
  }
  vn__error(loader, of->mark,
            "`of`: nothing is derived from %s: use count, sum, min, max, first, last, mean or "
            "range%s",
            vn__quote(loader, text), vn__suggest_word(loader, vn__statistic_words, text));
  return false;
}

/* window.statistic; the window's name may hold dots itself. */
static bool read_of(const definition_t *definition, const vn__value_t *of) {
  vn_derivation_t *derivation = definition->derivation;
  vn__loader_t *loader = definition->build->loader;
  const char *dot = strrchr(of->text, '.');
  if (dot == NULL) {
    vn__error(loader, of->mark, "`of`: %s is no window.statistic, such as minute.mean",
              vn__quote(loader, vn__text(of->text)));
    return false;
  }
  vn_text_t name = {of->text, (size_t)(dot - of->text)};
  bool good = read_statistic(loader, of, vn__text(dot + 1), &derivation->statistic);
  for (uint8_t k = 0; k < derivation->operand_count; k++) {
    if (!find_window(definition, of, name, k) || !check_alike(definition, of, k)) {
      return false;
    }
  }
  return good;
}

/* Its windows wait for what is derived: not with a watermark that others move. */
static bool check_scope(const definition_t *definition, const vn__value_t *series) {
  const vn_plan_t *plan = &definition->build->configuration->plan;
  const vn_pipeline_t *owner = &plan->pipelines[definition->derivation->pipeline];
  if (owner->scope == VN_SCOPE_SERIES) {
    return true;
  }
  vn__error(definition->build->loader, series->mark,
            "`series`: pipeline `%s`, which takes it, has `scope: global`: derived series need a "
            "watermark each",
            owner->summary.name);
  return false;
}

static void build_derivation(vn__build_t *build, const vn__node_t *item,
                             vn_derivation_t *derivation) {
  vn__loader_t *loader = build->loader;
  vn__value_t values[VN__DERIVE_KEYS];
  definition_t definition = {build, derivation, ""};
  bool good = vn__read_section(loader, &vn__derive_section, item, values);
  const vn__value_t *series = &values[VN__DERIVE_SERIES];
  const vn__value_t *list = choose_kind(loader, values, item->mark, &definition);
  derivation->ahead = (uint8_t)values[VN__DERIVE_AHEAD].number;
  good = good && list != NULL &&
         compile_names(loader, "series", series->node, &derivation->series, &derivation->name) &&
         find_owner(&definition, "series", series->node, &derivation->pipeline) &&
         check_scope(&definition, series);
  if (good && read_operands(&definition, list)) {
    (void)read_of(&definition, &values[VN__DERIVE_OF]);
  }
}

void vn__build_derivations(vn__build_t *build, const vn__value_t *list) {
  if (!list->good || build->configuration->plan.pipelines == NULL) {
    return;
  }
  uint32_t count = list->node->count;
  VN_ASSERT(count <= VN_DERIVATIONS_MAX);
  vn_derivation_t *derivations =
      vn__arena_take(&build->loader->arena, count * sizeof(*derivations));
  uint32_t index = 0;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    build->derivation_marks[index] = item->mark;
    build_derivation(build, item, &derivations[index++]);
  }
  build->configuration->plan.derivations = derivations;
  build->configuration->plan.derivation_count = (uint8_t)count;
}
