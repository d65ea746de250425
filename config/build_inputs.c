/* Inputs: what is subscribed to and how payloads become readings. */
#include <string.h>

#include "build_priv.h"

static bool has_paths(uint8_t format) {
  return format == VN_FORMAT_JSON || format == VN_FORMAT_CBOR;
}

static bool is_senml(uint8_t format) {
  return format == VN_FORMAT_SENML_JSON || format == VN_FORMAT_SENML_CBOR;
}

static bool compile_path(vn__loader_t *loader, const vn__value_t *value, vn_path_t *out) {
  const char *problem = "";
  if (!value->good) {
    return false;
  }
  if (vn_path_compile(vn__text(value->text), out, &problem) != VN_OK) {
    vn__error(loader, value->mark, "`path`: %s: %s", vn__quote(loader, vn__text(value->text)),
              problem);
    return false;
  }
  return true;
}

static void compile_series(vn__loader_t *loader, const vn__value_t *value, const char *text,
                           const vn_input_t *input, vn_template_t *out) {
  const char *problem = "";
  if (vn_template_compile(vn__text(text), &input->pattern, is_senml(input->format), out,
                          &problem) != VN_OK) {
    vn__error(loader, value->mark, "`series`: %s: %s", vn__quote(loader, vn__text(text)), problem);
  }
}

/* The template's text for a field: its own, the input's, or the whole topic. */
static const char *series_text(const vn__value_t *own, const vn__value_t *outer, uint8_t format) {
  if (own->given) {
    return own->good ? own->text : "{topic}";
  }
  if (outer != NULL && outer->given) {
    return outer->good ? outer->text : "{topic}";
  }
  return is_senml(format) ? "{name}" : "{topic}";
}

typedef struct field_text {
  const char *series;
  vn__mark_t mark;
} field_text_t;

static void check_same_series(vn__loader_t *loader, const field_text_t *texts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (strcmp(texts[i].series, texts[count].series) == 0) {
      vn__error(loader, texts[count].mark,
                "this field would go into the same series %s as the field in line %u, column %u: "
                "give each field a `series` of its own",
                vn__quote(loader, vn__text(texts[count].series)), (unsigned)texts[i].mark.line,
                (unsigned)texts[i].mark.column);
      return;
    }
  }
}

static void build_fields(vn__build_t *build, vn_input_t *input, const vn__value_t *values) {
  vn__loader_t *loader = build->loader;
  const vn__node_t *list = values[VN__INPUT_FIELDS].node;
  const vn__value_t *outer = &values[VN__INPUT_SERIES];
  vn_field_t *fields = vn__arena_take(&loader->arena, list->count * sizeof(*fields));
  field_text_t texts[VN_FIELDS_MAX];
  VN_ASSERT(list->count <= VN_FIELDS_MAX);
  input->fields = fields;
  for (const vn__node_t *item = list->child; item != NULL; item = item->next) {
    vn__value_t own[VN__FIELD_KEYS];
    (void)vn__read_section(loader, &vn__field_section, item, own);
    vn_field_t *field = &fields[input->field_count];
    const vn__value_t *series = &own[VN__FIELD_SERIES];
    const char *text = series_text(series, outer, input->format);
    (void)compile_path(loader, &own[VN__FIELD_PATH], &field->path);
    compile_series(loader, series->given ? series : outer, text, input, &field->series);
    field->has_missing = own[VN__FIELD_MISSING].given && own[VN__FIELD_MISSING].good;
    field->missing = own[VN__FIELD_MISSING].decimal;
    texts[input->field_count] = (field_text_t){text, item->mark};
    check_same_series(loader, texts, input->field_count);
    input->field_count++;
  }
}

static void build_time(vn__loader_t *loader, vn_input_t *input, const vn__value_t *section) {
  vn__value_t values[VN__TIME_KEYS];
  (void)vn__read_section(loader, &vn__time_section, section->node, values);
  input->has_time = compile_path(loader, &values[VN__TIME_PATH], &input->time_path);
  input->time_unit = (uint8_t)values[VN__TIME_UNIT].number;
}

static void build_sequence(vn__loader_t *loader, vn_input_t *input, const vn__value_t *section) {
  vn__value_t values[VN__SEQUENCE_KEYS];
  (void)vn__read_section(loader, &vn__sequence_section, section->node, values);
  input->has_sequence = compile_path(loader, &values[VN__SEQUENCE_PATH], &input->sequence_path);
}

/* Keys that only formats with paths have. */
static void refuse_paths(vn__loader_t *loader, const vn_input_t *input, const vn__value_t *values) {
  static const uint8_t keys[] = {VN__INPUT_FIELDS, VN__INPUT_TIME, VN__INPUT_SEQUENCE};
  for (size_t i = 0; i < sizeof(keys); i++) {
    if (values[keys[i]].given) {
      vn__error(loader, values[keys[i]].key_mark, "`%s` is for the formats json and cbor only: %s",
                vn__input_section.keys[keys[i]].name,
                is_senml(input->format) ? "SenML says it by itself"
                                        : "a number has nothing but its value");
    }
  }
}

static void build_paths(vn__build_t *build, vn_input_t *input, const vn__value_t *values,
                        vn__mark_t mark) {
  vn__loader_t *loader = build->loader;
  const vn__value_t *fields = &values[VN__INPUT_FIELDS];
  if (!fields->given || (fields->good && fields->node->count == 0)) {
    vn__error(loader, fields->given ? fields->mark : mark,
              "the formats json and cbor need `fields`: which values to take, such as "
              "fields: [{path: value}]");
  } else if (fields->good) {
    build_fields(build, input, values);
  }
  if (values[VN__INPUT_TIME].good) {
    build_time(loader, input, &values[VN__INPUT_TIME]);
  }
  if (values[VN__INPUT_SEQUENCE].good) {
    build_sequence(loader, input, &values[VN__INPUT_SEQUENCE]);
  }
}

/* An input that takes in what we publish would feed on itself. */
static void check_loop(vn__build_t *build, const vn_input_t *input, const vn__value_t *topic) {
  const vn_plan_t *plan = &build->configuration->plan;
  const char *text = vn__format(build->loader, "%s/%s/#", plan->prefix, plan->device);
  vn_pattern_t own;
  const char *problem = "";
  if (vn_pattern_compile(vn__text(text), &own, &problem) == VN_OK &&
      vn_pattern_overlap(&own, &input->pattern)) {
    vn__error(build->loader, topic->mark,
              "`topic`: %s takes in our own results below %s/%s/: name the topics more closely",
              vn__quote(build->loader, vn__text(topic->text)), plan->prefix, plan->device);
  }
}

static size_t filter_of(const vn_input_t *input, char out[1024]) {
  return vn_pattern_filter(&input->pattern, out, 1024);
}

static void check_same_topic(vn__build_t *build, const vn_input_t *inputs, uint32_t count,
                             const vn__value_t *topic) {
  char filter[1024], other[1024];
  size_t length = filter_of(&inputs[count], filter);
  for (uint32_t i = 0; i < count; i++) {
    if (inputs[i].pattern.text.length > 0 && filter_of(&inputs[i], other) == length &&
        memcmp(filter, other, length) == 0) {
      vn__error(build->loader, topic->mark,
                "`topic`: the input in line %u, column %u subscribes to the same topics: the first "
                "input that matches takes a message",
                (unsigned)build->input_marks[i].line, (unsigned)build->input_marks[i].column);
      return;
    }
  }
}

static bool compile_topic(vn__build_t *build, vn_input_t *input, const vn__value_t *topic) {
  const char *problem = "";
  if (!topic->good) {
    return false;
  }
  if (vn_pattern_compile(vn__text(topic->text), &input->pattern, &problem) != VN_OK) {
    vn__error(build->loader, topic->mark, "`topic`: %s: %s",
              vn__quote(build->loader, vn__text(topic->text)), problem);
    input->pattern = (vn_pattern_t){.capture_count = 0};
    return false;
  }
  check_loop(build, input, topic);
  return true;
}

static void build_input(vn__build_t *build, vn_input_t *inputs, uint32_t index,
                        const vn__node_t *item) {
  vn__value_t values[VN__INPUT_KEYS];
  vn_input_t *input = &inputs[index];
  (void)vn__read_section(build->loader, &vn__input_section, item, values);
  const vn__value_t *series = &values[VN__INPUT_SERIES];
  const vn__value_t *format = &values[VN__INPUT_FORMAT];
  input->format = (uint8_t)format->number;
  input->qos = (uint8_t)values[VN__INPUT_QOS].number;
  build->input_marks[index] = item->mark;
  if (!compile_topic(build, input, &values[VN__INPUT_TOPIC])) {
    return;
  }
  check_same_topic(build, inputs, index, &values[VN__INPUT_TOPIC]);
  if (!format->good) {
    return;
  }
  if (has_paths(input->format)) {
    build_paths(build, input, values, item->mark);
  } else {
    refuse_paths(build->loader, input, values);
    compile_series(build->loader, series, series_text(series, NULL, input->format), input,
                   &input->series);
  }
}

void vn__build_inputs(vn__build_t *build, const vn__value_t *list) {
  if (!list->good) {
    return;
  }
  vn_plan_t *plan = &build->configuration->plan;
  uint32_t count = list->node->count;
  VN_ASSERT(count <= VN_INPUTS_MAX);
  vn_input_t *inputs = vn__arena_take(&build->loader->arena, count * sizeof(*inputs));
  uint32_t index = 0;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    build_input(build, inputs, index++, item);
  }
  plan->inputs = inputs;
  plan->input_count = (uint8_t)count;
}
