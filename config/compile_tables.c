/* A plan as tables in C: what is zero is left out, what is pointed to comes first. */
#include "compile_priv.h"

#include <inttypes.h>
#include <string.h>

#define PATH_MAX_BYTES 256u
#define LINE_LENGTH 80u

typedef struct tables {
  FILE *out;
  unsigned depth;
} tables_t;

/* A struct, and the name that all it points to begins with. */
typedef struct place {
  const uint8_t *base;
  const vn_shape_t *shape;
  vn_shape_id_t id;
  char path[PATH_MAX_BYTES];
} place_t;

static place_t place_of(vn_shape_id_t id, const void *base) {
  place_t place = {.base = base, .shape = vn_shape(id), .id = id};
  return place;
}

/* The struct or array behind a member: "<path>_<member>", "<path>_<member>_<index>". */
static void set_path(place_t *place, const place_t *outer, const char *member, int index) {
  char number[16] = "";
  if (index >= 0) {
    (void)snprintf(number, sizeof number, "_%d", index);
  }
  int length = snprintf(place->path, sizeof place->path, "%s_%s%s", outer->path, member, number);
  VN_ASSERT(length > 0 && (size_t)length < sizeof place->path);
}

static place_t part_of(const place_t *outer, uint8_t index) {
  const vn_shape_member_t *member = &outer->shape->members[index];
  place_t part = place_of((vn_shape_id_t)member->shape, vn__member_at(outer->base, member));
  set_path(&part, outer, vn__member_name(outer->id, index), -1);
  return part;
}

static place_t entry_of(const place_t *outer, uint8_t index, const vn__list_t *list,
                        uint8_t entry) {
  const vn_shape_member_t *member = &outer->shape->members[index];
  place_t place = place_of((vn_shape_id_t)member->shape, list->entries + list->size * entry);
  set_path(&place, outer, vn__member_name(outer->id, index), entry);
  return place;
}

static void indent(const tables_t *tables) {
  (void)fprintf(tables->out, "\n%*s", (int)(4 * tables->depth), "");
}

/* Octal escapes have three digits at most, so that what follows can't become a part of them. */
static void print_byte(FILE *out, unsigned char byte) {
  if (byte == '"' || byte == '\\' || byte == '?') {
    (void)fprintf(out, "\\%c", byte);
  } else if (byte < ' ' || byte > '~') {
    (void)fprintf(out, "\\%03o", (unsigned)byte);
  } else {
    (void)fputc(byte, out);
  }
}

/* In pieces, so that no line grows without bounds. */
static void print_string(const tables_t *tables, const char *bytes, size_t length) {
  (void)fputc('"', tables->out);
  for (size_t i = 0; i < length; i++) {
    if (i > 0 && i % LINE_LENGTH == 0) {
      (void)fputc('"', tables->out);
      indent(tables);
      (void)fputc('"', tables->out);
    }
    print_byte(tables->out, (unsigned char)bytes[i]);
  }
  (void)fputc('"', tables->out);
}

static void print_text(const tables_t *tables, vn_text_t text) {
  (void)fputs("{", tables->out);
  print_string(tables, text.bytes, text.length);
  (void)fprintf(tables->out, ", %zu}", text.length);
}

static void print_pattern(const tables_t *tables, const vn_pattern_t *pattern) {
  (void)fputs("{.text = ", tables->out);
  print_text(tables, pattern->text);
  for (uint8_t i = 0; i < pattern->capture_count; i++) {
    (void)fputs(i == 0 ? ", .captures = {" : ", ", tables->out);
    print_text(tables, pattern->captures[i]);
  }
  (void)fprintf(tables->out, "%s, .capture_count = %u}", pattern->capture_count > 0 ? "}" : "",
                (unsigned)pattern->capture_count);
}

static void print_template(const tables_t *tables, const vn_template_t *template_) {
  (void)fputs("{.parts = {", tables->out);
  for (uint8_t i = 0; i < template_->part_count; i++) {
    const vn_template_part_t *part = &template_->parts[i];
    (void)fputs(i == 0 ? "{" : ", {", tables->out);
    if (part->capture == VN_PART_LITERAL) {
      (void)fputs(".literal = ", tables->out);
      print_text(tables, part->literal);
      (void)fputs(", ", tables->out);
    }
    (void)fprintf(tables->out, ".capture = %d}", part->capture);
  }
  (void)fprintf(tables->out, "}, .part_count = %u}", (unsigned)template_->part_count);
}

static void print_path(const tables_t *tables, const vn_path_t *path) {
  (void)fputs("{.segments = {", tables->out);
  for (uint8_t i = 0; i < path->segment_count; i++) {
    const vn_path_segment_t *segment = &path->segments[i];
    (void)fputs(i == 0 ? "{" : ", {", tables->out);
    if (segment->kind == VN_SEGMENT_KEY) {
      (void)fputs(".key = ", tables->out);
      print_text(tables, segment->key);
    } else {
      (void)fprintf(tables->out, ".index = %" PRIu32 "u, .kind = %u", segment->index,
                    (unsigned)segment->kind);
    }
    (void)fputc('}', tables->out);
  }
  (void)fprintf(tables->out, "}, .segment_count = %u}", (unsigned)path->segment_count);
}

static void print_signed(FILE *out, int64_t value) {
  if (value == INT64_MIN || value == INT64_MAX) {
    (void)fputs(value == INT64_MIN ? "INT64_MIN" : "INT64_MAX", out);
  } else if (value < -INT32_MAX || value > INT32_MAX) {
    (void)fprintf(out, "INT64_C(%" PRId64 ")", value);
  } else {
    (void)fprintf(out, "%" PRId64, value);
  }
}

static void print_integer(FILE *out, const void *at, vn_shape_kind_t kind) {
  bool is_negative;
  uint64_t value = vn__integer_at(at, kind, &is_negative);
  if (kind == VN_SHAPE_KIND_BOOL) {
    (void)fputs(value != 0 ? "true" : "false", out);
  } else if (kind == VN_SHAPE_KIND_I32 && (int64_t)value == INT32_MIN) {
    (void)fputs("INT32_MIN", out);
  } else if (is_negative || kind == VN_SHAPE_KIND_I32 || kind == VN_SHAPE_KIND_I64) {
    print_signed(out, (int64_t)value);
  } else if (value > UINT32_MAX) {
    (void)fprintf(out, "UINT64_C(%" PRIu64 ")", value);
  } else {
    (void)fprintf(out, "%" PRIu64 "%s", value, value > INT16_MAX ? "u" : "");
  }
}

static void print_one(const tables_t *tables, const void *at, vn_shape_kind_t kind) {
  const char *word;
  double real;
  switch (kind) {
    case VN_SHAPE_KIND_WORD:
      memcpy(&word, at, sizeof word);
      print_string(tables, word, strlen(word));
      break;
    case VN_SHAPE_KIND_TEXT:
      print_text(tables, *(const vn_text_t *)at);
      break;
    case VN_SHAPE_KIND_PATTERN:
      print_pattern(tables, at);
      break;
    case VN_SHAPE_KIND_TEMPLATE:
      print_template(tables, at);
      break;
    case VN_SHAPE_KIND_PATH:
      print_path(tables, at);
      break;
    case VN_SHAPE_KIND_REAL:
      memcpy(&real, at, sizeof real);
      (void)fprintf(tables->out, "%a", real);
      break;
    default:
      print_integer(tables->out, at, kind);
      break;
  }
}

/* Static data is zero where nothing is said. */
static bool is_zero(const void *at, vn_shape_kind_t kind) {
  bool is_negative;
  double real;
  const char *word;
  switch (kind) {
    case VN_SHAPE_KIND_WORD:
      memcpy(&word, at, sizeof word);
      return word == NULL;
    case VN_SHAPE_KIND_TEXT:
      return ((const vn_text_t *)at)->length == 0;
    case VN_SHAPE_KIND_PATTERN:
      return ((const vn_pattern_t *)at)->text.length == 0;
    case VN_SHAPE_KIND_TEMPLATE:
      return ((const vn_template_t *)at)->part_count == 0;
    case VN_SHAPE_KIND_PATH:
      return ((const vn_path_t *)at)->segment_count == 0;
    case VN_SHAPE_KIND_REAL:
      memcpy(&real, at, sizeof real);
      return real == 0;
    default:
      return vn__integer_at(at, kind, &is_negative) == 0;
  }
}

/* The entries of an array up to the last one that isn't zero; 0: there is none. */
static uint8_t entries_to_tell(const uint8_t *at, const vn_shape_member_t *member) {
  vn_shape_kind_t kind = (vn_shape_kind_t)member->kind;
  uint8_t count = member->entries;
  while (count > 0 && is_zero(at + (count - 1u) * vn_shape_kind_size(kind), kind)) {
    count--;
  }
  return count;
}

static void print_array(const tables_t *tables, const uint8_t *at, const vn_shape_member_t *member,
                        uint8_t count) {
  vn_shape_kind_t kind = (vn_shape_kind_t)member->kind;
  bool rows = member->row < member->entries;
  (void)fputs(rows ? "{{" : "{", tables->out);
  for (uint8_t i = 0; i < count; i++) {
    if (i > 0) {
      (void)fputs(i % member->row == 0 ? "}, {" : ", ", tables->out);
    }
    print_one(tables, at + i * vn_shape_kind_size(kind), kind);
  }
  (void)fputs(rows ? "}}" : "}", tables->out);
}

static void print_struct(tables_t *tables, const place_t *place);

/* What is behind ".name = "; false: nothing, it is zero. `dry`: only whether. */
static bool print_member(tables_t *tables, const place_t *place, uint8_t index, bool dry);

static bool struct_is_zero(const place_t *place) {
  for (uint8_t i = 0; i < place->shape->member_count; i++) {
    if (print_member(NULL, place, i, true)) {
      return false;
    }
  }
  return true;
}

static bool print_part(tables_t *tables, const place_t *place, uint8_t index, bool dry) {
  place_t part = part_of(place, index);
  if (struct_is_zero(&part)) {
    return false;
  }
  if (!dry) {
    print_struct(tables, &part);
  }
  return true;
}

static bool print_member(tables_t *tables, const place_t *place, uint8_t index, bool dry) {
  const vn_shape_member_t *member = &place->shape->members[index];
  const uint8_t *at = vn__member_at(place->base, member);
  if (member->kind == VN_SHAPE_KIND_PART) {
    return print_part(tables, place, index, dry);
  }
  if (member->kind == VN_SHAPE_KIND_LIST) {
    bool there = vn__list_of(place->base, member).count > 0;
    if (there && !dry) {
      (void)fprintf(tables->out, "%s_%s", place->path, vn__member_name(place->id, index));
    }
    return there;
  }
  uint8_t count = entries_to_tell(at, member);
  if (count > 0 && !dry && member->entries > 1) {
    print_array(tables, at, member, count);
  } else if (count > 0 && !dry) {
    print_one(tables, at, (vn_shape_kind_t)member->kind);
  }
  return count > 0;
}

static void print_struct(tables_t *tables, const place_t *place) {
  bool first = true;
  (void)fputc('{', tables->out);
  tables->depth++;
  for (uint8_t i = 0; i < place->shape->member_count; i++) {
    if (print_member(tables, place, i, true)) {
      indent(tables);
      (void)fprintf(tables->out, ".%s = ", vn__member_name(place->id, i));
      (void)print_member(tables, place, i, false);
      (void)fputc(',', tables->out);
      first = false;
    }
  }
  tables->depth--;
  if (first) {
    (void)fputc('0', tables->out);
  } else {
    indent(tables);
  }
  (void)fputc('}', tables->out);
}

static void print_words(tables_t *tables, const vn__list_t *list) {
  tables->depth++;
  for (uint8_t i = 0; i < list->count; i++) {
    indent(tables);
    print_one(tables, list->entries + list->size * i, VN_SHAPE_KIND_WORD);
    (void)fputc(',', tables->out);
  }
  tables->depth--;
}

static void print_lists(tables_t *tables, const place_t *place);

static void print_list(tables_t *tables, const place_t *place, uint8_t index) {
  const vn_shape_member_t *member = &place->shape->members[index];
  vn__list_t list = vn__list_of(place->base, member);
  bool words = member->shape == VN_SHAPE_ID_WORDS;
  if (list.count == 0) {
    return;
  }
  for (uint8_t i = 0; !words && i < list.count; i++) {
    place_t entry = entry_of(place, index, &list, i);
    print_lists(tables, &entry);
  }
  (void)fprintf(tables->out, "static const %s %s_%s[] = {",
                vn__shape_type((vn_shape_id_t)member->shape), place->path,
                vn__member_name(place->id, index));
  for (uint8_t i = 0; !words && i < list.count; i++) {
    place_t entry = entry_of(place, index, &list, i);
    tables->depth++;
    indent(tables);
    print_struct(tables, &entry);
    (void)fputc(',', tables->out);
    tables->depth--;
  }
  if (words) {
    print_words(tables, &list);
  }
  (void)fputs("\n};\n\n", tables->out);
}

/* All that a struct points to. */
static void print_lists(tables_t *tables, const place_t *place) {
  for (uint8_t i = 0; i < place->shape->member_count; i++) {
    if (place->shape->members[i].kind == VN_SHAPE_KIND_PART) {
      place_t part = part_of(place, i);
      print_lists(tables, &part);
    } else if (place->shape->members[i].kind == VN_SHAPE_KIND_LIST) {
      print_list(tables, place, i);
    }
  }
}

void vn_compile_tables(const vn_compile_t *compile, const char *header, FILE *out) {
  VN_ASSERT(vn_compile_name_is_good(compile->name));
  tables_t tables = {.out = out};
  place_t plan = place_of(VN_SHAPE_ID_PLAN, compile->plan);
  (void)snprintf(plan.path, sizeof plan.path, "%s_plan", compile->name);
  (void)fprintf(out, "/* Made by vnotch compile from %s; don't edit. */\n#include \"%s\"\n\n",
                compile->origin, header);
  print_lists(&tables, &plan);
  (void)fprintf(out, "const vn_plan_t %s = ", plan.path);
  print_struct(&tables, &plan);
  (void)fputs(";\n", out);
}
