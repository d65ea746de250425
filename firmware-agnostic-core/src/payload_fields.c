#include <string.h>

#include "fields_priv.h"
#include "json_priv.h"

#define ABSENT UINT32_MAX
static const vn_path_t *path_of(const vn__fields_t *fields, unsigned path) {
  const vn_input_t *input = fields->decode->input;
  if (path < input->field_count) {
    return &input->fields[path].path;
  }
  return path == fields->time_path ? &input->time_path : &input->sequence_path;
}

/* The bits of the fields; those above are time and sequence. */
static uint64_t field_bits(const vn__fields_t *fields) {
  return (UINT64_C(1) << fields->decode->input->field_count) - 1u;
}

/* The depth of the element that the path's value belongs to: behind its last [*]. */
static uint8_t element_depth(const vn_path_t *path) {
  uint8_t depth = path->segment_count;
  while (depth > 0 && path->segments[depth - 1].kind != VN_SEGMENT_EACH) {
    depth--;
  }
  return depth;
}

static void add_path(vn__fields_t *fields, unsigned path) {
  const vn_path_t *added = path_of(fields, path);
  VN_ASSERT(added->segment_count >= 1 && added->segment_count <= VN_PATH_SEGMENTS_MAX);
  uint8_t depth = element_depth(added);
  fields->element_depths[path] = depth;
  fields->lengths[path] = added->segment_count;
  fields->offsets[path] = ABSENT;
  if (depth > fields->deepest_element) {
    fields->deepest_element = depth;
  }
  if (added->segments[0].kind != VN_SEGMENT_KEY) {
    fields->batch = false; /* the path addresses the array itself */
  }
}

void vn__fields_init(vn__fields_t *fields, const vn__decode_t *decode, vn__read_fn read) {
  const vn_input_t *input = decode->input;
  VN_ASSERT(input->field_count <= VN_FIELDS_MAX);
  VN_ASSERT(input->fields != NULL || input->field_count == 0);
  fields->decode = decode;
  fields->read = read;
  fields->child = 0;
  fields->skipped = 0;
  fields->arrays = 0;
  fields->open = 0;
  fields->path_count = input->field_count;
  fields->time_path = input->has_time ? fields->path_count++ : VN__NO_PATH;
  fields->sequence_path = input->has_sequence ? fields->path_count++ : VN__NO_PATH;
  fields->deepest_element = 0;
  fields->texts_are_numbers = false;
  fields->batch = true;
  fields->in_batch = false;
  fields->ahead = false;
  for (unsigned path = 0; path < fields->path_count; path++) {
    add_path(fields, path);
  }
  fields->all = (UINT64_C(1) << fields->path_count) - 1u;
  fields->enabled = fields->all;
}

static bool is_in(uint64_t set, unsigned path) { return (set >> path & 1u) != 0; }

static bool read_time(const vn__fields_t *fields, vn_decoded_t *out) {
  vn__value_t value;
  if (fields->time_path == VN__NO_PATH) {
    return true;
  }
  if (fields->offsets[fields->time_path] == ABSENT) {
    return false;
  }
  fields->read(fields->decode, fields->offsets[fields->time_path], &value);
  uint8_t unit = fields->decode->input->time_unit;
  out->has_time = vn__value_time(&value, unit, &out->time_ms) == VN_REASON_NONE;
  return out->has_time;
}

static void read_sequence(const vn__fields_t *fields, vn_decoded_t *out) {
  vn__value_t value;
  unsigned path = fields->sequence_path;
  if (path != VN__NO_PATH && fields->offsets[path] != ABSENT) {
    fields->read(fields->decode, fields->offsets[path], &value);
    out->has_sequence = vn__value_sequence(&value, &out->sequence);
  }
}

static vn_reason_t read_field(const vn__fields_t *fields, unsigned path, vn_number_t *out) {
  const vn_field_t *field = &fields->decode->input->fields[path];
  vn__value_t value;
  if (fields->offsets[path] == ABSENT) {
    return VN_REASON_MISSING;
  }
  fields->read(fields->decode, fields->offsets[path], &value);
  vn_reason_t reason = vn__value_reading(&value, fields->texts_are_numbers, out);
  if (reason == VN_REASON_NONE && field->has_missing && vn__same_number(out, &field->missing)) {
    return VN_REASON_MISSING;
  }
  return reason;
}

/* Delivers what belongs to the element that ends. */
static void deliver(const vn__fields_t *fields, uint64_t due) {
  vn_decoded_t decoded;
  memset(&decoded, 0, sizeof decoded);
  bool time_good = read_time(fields, &decoded);
  read_sequence(fields, &decoded);
  for (unsigned path = 0; path < fields->decode->input->field_count; path++) {
    if (!is_in(due, path)) {
      continue;
    }
    vn_reason_t reason = read_field(fields, path, &decoded.value);
    if (reason == VN_REASON_NONE && !time_good) {
      reason = VN_REASON_TIME;
    }
    decoded.field = (uint8_t)path;
    decoded.reason = (uint8_t)reason;
    fields->decode->deliver(fields->decode->context, &decoded);
  }
}

/* A value begins; returns the paths that end here. */
static uint64_t begin_value(vn__fields_t *fields, uint64_t set, uint32_t offset) {
  unsigned depth = fields->open;
  uint64_t ending = 0;
  for (unsigned path = 0; set >> path != 0; path++) {
    if (!is_in(set, path)) {
      continue;
    }
    if (fields->element_depths[path] == depth) {
      fields->offsets[path] = ABSENT;
    }
    if (fields->lengths[path] == depth) {
      fields->offsets[path] = offset;
      ending |= UINT64_C(1) << path;
    }
  }
  return ending;
}

/* No time for what comes behind the element that it belongs to. */
static void forget(vn__fields_t *fields, unsigned path, uint64_t due) {
  if (path != VN__NO_PATH && is_in(due, path)) {
    fields->offsets[path] = ABSENT;
  }
}

/* The value that these paths led to is complete. */
static void end_value(vn__fields_t *fields, uint64_t set) {
  unsigned depth = fields->open;
  if (depth > fields->deepest_element || fields->ahead) {
    return;
  }
  uint64_t due = set;
  for (unsigned path = 0; path < fields->path_count && fields->deepest_element > 0; path++) {
    if (fields->element_depths[path] != depth) {
      due &= ~(UINT64_C(1) << path);
    }
  }
  if ((due & field_bits(fields)) != 0) {
    deliver(fields, due);
  }
  forget(fields, fields->time_path, due);
  forget(fields, fields->sequence_path, due);
}

/* In a loop of its own, as keys are short: a call would cost more than the comparison. */
static bool same_key(vn_text_t a, vn_text_t b) {
  if (a.length != b.length) {
    return false;
  }
  size_t i = 0;
  while (i < a.length && a.bytes[i] == b.bytes[i]) {
    i++;
  }
  return i == a.length;
}

void vn__fields_key(vn__fields_t *fields, vn_text_t key, bool escaped) {
  if (fields->skipped > 0) {
    return;
  }
  VN_ASSERT(fields->open > 0);
  unsigned depth = fields->open - 1u;
  uint64_t child = 0;
  uint64_t bit = 1;
  uint64_t set = fields->sets[depth];
  for (unsigned path = 0; bit <= set; path++, bit <<= 1) {
    const vn_path_segment_t *segment = &path_of(fields, path)->segments[depth];
    if ((set & bit) == 0 || segment->kind != VN_SEGMENT_KEY || depth >= fields->lengths[path]) {
      continue;
    }
    if (escaped ? vn__json_same_text(key, segment->key) : same_key(segment->key, key)) {
      child |= bit;
    }
  }
  fields->child = child;
}

void vn__fields_other_key(vn__fields_t *fields) { fields->child = 0; }

/* The paths that the next item of the innermost array continues. */
static uint64_t item_set(vn__fields_t *fields) {
  unsigned depth = fields->open - 1u;
  uint32_t index = fields->next_index[depth]++;
  uint64_t set = fields->sets[depth];
  uint64_t child = 0;
  for (unsigned path = 0; set != 0; path++, set >>= 1) {
    if ((set & 1u) == 0 || fields->lengths[path] <= depth) {
      continue;
    }
    const vn_path_segment_t *segment = &path_of(fields, path)->segments[depth];
    if (segment->kind == VN_SEGMENT_EACH ||
        (segment->kind == VN_SEGMENT_INDEX && segment->index == index)) {
      child |= UINT64_C(1) << path;
    }
  }
  return child;
}

/* The paths that lead to or through the next value. */
static uint64_t next_set(vn__fields_t *fields) {
  if (fields->open == 0) {
    return fields->enabled;
  }
  bool array = (fields->arrays >> (fields->open - 1u) & 1u) != 0;
  return (array ? item_set(fields) : fields->child) & fields->enabled;
}

uint64_t vn__fields_scalar(vn__fields_t *fields, uint32_t offset) {
  if (fields->skipped > 0) {
    return 0;
  }
  uint64_t set = next_set(fields);
  if (set == 0) {
    return 0;
  }
  uint64_t ending = begin_value(fields, set, offset);
  end_value(fields, set);
  return ending;
}

uint64_t vn__fields_begin(vn__fields_t *fields, bool array, uint32_t offset) {
  if (fields->skipped > 0) {
    fields->skipped++;
    return 0;
  }
  if (fields->open == 0 && array && fields->batch && !fields->in_batch) {
    fields->in_batch = true;
    return 0;
  }
  uint64_t set = next_set(fields);
  if (set == 0) {
    fields->skipped = 1;
    return 0;
  }
  uint64_t ending = begin_value(fields, set, offset);
  unsigned depth = fields->open++;
  VN_ASSERT(depth <= VN_PATH_SEGMENTS_MAX);
  fields->sets[depth] = set;
  fields->next_index[depth] = 0;
  fields->arrays = (fields->arrays & ~(UINT32_C(1) << depth)) | (uint32_t)array << depth;
  return ending;
}

void vn__fields_end(vn__fields_t *fields) {
  if (fields->skipped > 0) {
    fields->skipped--;
    return;
  }
  if (fields->open == 0) {
    fields->in_batch = false;
    return;
  }
  fields->open--;
  end_value(fields, fields->sets[fields->open]);
}

void vn__fields_item_begin(vn__fields_t *fields) {
  VN_ASSERT(fields->in_batch && fields->open == 0 && fields->deepest_element == 0);
  for (unsigned path = 0; path < fields->path_count; path++) {
    fields->offsets[path] = ABSENT;
  }
}

void vn__fields_item_end(vn__fields_t *fields) { end_value(fields, fields->all); }

bool vn__fields_wants_ahead(const vn__fields_t *fields) {
  if (fields->deepest_element == 0 || fields->ahead || fields->skipped > 0 || fields->open == 0) {
    return false;
  }
  unsigned depth = fields->open - 1u;
  uint64_t own = 0;
  uint64_t inner = 0;
  for (unsigned path = 0; path < fields->path_count; path++) {
    uint64_t bit = UINT64_C(1) << path & fields->sets[depth];
    own |= fields->element_depths[path] == depth ? bit : 0;
    inner |= fields->element_depths[path] > depth ? bit : 0;
  }
  return (own & ~field_bits(fields)) != 0 && (inner & field_bits(fields)) != 0;
}

void vn__fields_ahead_begin(vn__fields_t *fields) {
  fields->ahead = true;
  fields->enabled = fields->all & ~field_bits(fields);
}

void vn__fields_ahead_end(vn__fields_t *fields, uint8_t open) {
  fields->ahead = false;
  fields->enabled = fields->all;
  fields->open = open;
  fields->skipped = 0;
  fields->next_index[open - 1u] = 0;
}
