/* A plan as a blob: its structs member by member, deterministic CBOR (vn/plan_load.h). */
#include "compile_priv.h"
#include "vn/cbor.h"
#include "vn/crc32c.h"
#include "vn/plan_load.h"

#include <string.h>

/* A text put together again from its parts is no longer than the configuration takes texts. */
#define TEXT_MAX 16384u

typedef struct blob {
  vn_cbor_writer_t writer;
  const vn_pattern_t *pattern; /* the last one: templates name its captures */
  char text[TEXT_MAX];
  size_t length; /* of the text */
} blob_t;

static void add(blob_t *blob, const char *bytes, size_t length) {
  VN_ASSERT(length <= sizeof blob->text - blob->length);
  memcpy(blob->text + blob->length, bytes, length);
  blob->length += length;
}

static void add_word(blob_t *blob, const char *word) { add(blob, word, strlen(word)); }

static void write_parts(blob_t *blob) {
  vn_cbor_text(&blob->writer, blob->text, blob->length);
  blob->length = 0;
}

static void add_part(blob_t *blob, const vn_template_part_t *part) {
  switch (part->capture) {
    case VN_PART_LITERAL:
      add(blob, part->literal.bytes, part->literal.length);
      break;
    case VN_PART_TOPIC:
      add_word(blob, "{topic}");
      break;
    case VN_PART_NAME:
      add_word(blob, "{name}");
      break;
    default:
      add_word(blob, "{");
      add(blob, blob->pattern->captures[part->capture].bytes,
          blob->pattern->captures[part->capture].length);
      add_word(blob, "}");
      break;
  }
}

static void write_template(blob_t *blob, const vn_template_t *template_) {
  for (uint8_t i = 0; i < template_->part_count; i++) {
    add_part(blob, &template_->parts[i]);
  }
  write_parts(blob);
}

/* A key is quoted where it would be read as something else. */
static void add_key(blob_t *blob, vn_text_t key) {
  bool quoted = key.length == 0 || key.bytes[0] == '"' ||
                memchr(key.bytes, '.', key.length) != NULL ||
                memchr(key.bytes, '[', key.length) != NULL;
  add_word(blob, quoted ? "\"" : "");
  add(blob, key.bytes, key.length);
  add_word(blob, quoted ? "\"" : "");
}

static void write_path(blob_t *blob, const vn_path_t *path) {
  for (uint8_t i = 0; i < path->segment_count; i++) {
    const vn_path_segment_t *segment = &path->segments[i];
    char number[16];
    switch (segment->kind) {
      case VN_SEGMENT_KEY:
        add_word(blob, i > 0 ? "." : "");
        add_key(blob, segment->key);
        break;
      case VN_SEGMENT_INDEX:
        (void)snprintf(number, sizeof number, "[%lu]", (unsigned long)segment->index);
        add_word(blob, number);
        break;
      default:
        add_word(blob, "[*]");
        break;
    }
  }
  write_parts(blob);
}

static void write_word(blob_t *blob, const void *at) {
  const char *word;
  memcpy(&word, at, sizeof word);
  if (word == NULL) {
    vn_cbor_null(&blob->writer);
  } else {
    vn_cbor_text(&blob->writer, word, strlen(word));
  }
}

static void write_number(blob_t *blob, const void *at, vn_shape_kind_t kind) {
  bool is_negative;
  double real;
  if (kind == VN_SHAPE_KIND_REAL) {
    memcpy(&real, at, sizeof real);
    vn_cbor_float(&blob->writer, real);
    return;
  }
  uint64_t value = vn__integer_at(at, kind, &is_negative);
  if (kind == VN_SHAPE_KIND_BOOL) {
    vn_cbor_bool(&blob->writer, value != 0);
  } else if (is_negative) {
    vn_cbor_int(&blob->writer, (int64_t)value);
  } else {
    vn_cbor_uint(&blob->writer, value);
  }
}

static void write_one(blob_t *blob, const void *at, vn_shape_kind_t kind) {
  const vn_text_t *text = at;
  switch (kind) {
    case VN_SHAPE_KIND_WORD:
      write_word(blob, at);
      break;
    case VN_SHAPE_KIND_TEXT:
      vn_cbor_text(&blob->writer, text->bytes, text->length);
      break;
    case VN_SHAPE_KIND_PATTERN:
      blob->pattern = at;
      vn_cbor_text(&blob->writer, blob->pattern->text.bytes, blob->pattern->text.length);
      break;
    case VN_SHAPE_KIND_TEMPLATE:
      write_template(blob, at);
      break;
    case VN_SHAPE_KIND_PATH:
      write_path(blob, at);
      break;
    default:
      write_number(blob, at, kind);
      break;
  }
}

static void write_struct(blob_t *blob, const void *base, const vn_shape_t *shape);

static void write_list(blob_t *blob, const void *base, const vn_shape_member_t *member) {
  vn__list_t list = vn__list_of(base, member);
  vn_cbor_array(&blob->writer, list.count);
  for (uint8_t i = 0; i < list.count; i++) {
    const uint8_t *entry = list.entries + list.size * i;
    if (member->shape == VN_SHAPE_ID_WORDS) {
      write_word(blob, entry);
    } else {
      write_struct(blob, entry, vn_shape((vn_shape_id_t)member->shape));
    }
  }
}

static void write_entries(blob_t *blob, const uint8_t *at, const vn_shape_member_t *member) {
  vn_shape_kind_t kind = (vn_shape_kind_t)member->kind;
  if (member->entries > 1) {
    vn_cbor_array(&blob->writer, member->entries);
  }
  for (uint8_t i = 0; i < member->entries; i++) {
    write_one(blob, at + i * vn_shape_kind_size(kind), kind);
  }
}

static void write_struct(blob_t *blob, const void *base, const vn_shape_t *shape) {
  size_t told = 0;
  for (uint8_t i = 0; i < shape->member_count; i++) {
    told += shape->members[i].kind != VN_SHAPE_KIND_COUNT;
  }
  vn_cbor_array(&blob->writer, told);
  for (uint8_t i = 0; i < shape->member_count; i++) {
    const vn_shape_member_t *member = &shape->members[i];
    const uint8_t *at = vn__member_at(base, member);
    switch ((vn_shape_kind_t)member->kind) {
      case VN_SHAPE_KIND_COUNT:
        break;
      case VN_SHAPE_KIND_LIST:
        write_list(blob, base, member);
        break;
      case VN_SHAPE_KIND_PART:
        write_struct(blob, at, vn_shape((vn_shape_id_t)member->shape));
        break;
      default:
        write_entries(blob, at, member);
        break;
    }
  }
}

/* Always four bytes, also where fewer would do. */
static void write_crc(vn_cbor_writer_t *writer) {
  uint32_t crc =
      writer->overflow || writer->buffer == NULL ? 0 : vn_crc32c(0, writer->buffer, writer->length);
  const uint8_t bytes[VN_PLAN_BLOB_CRC_BYTES] = {0x1A, (uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
                                                 (uint8_t)(crc >> 8), (uint8_t)crc};
  vn_cbor_raw(writer, bytes, sizeof bytes);
}

size_t vn_compile_blob(const vn_plan_t *plan, uint8_t *out, size_t capacity) {
  blob_t blob = {.length = 0};
  vn_cbor_writer_init(&blob.writer, out, capacity);
  vn_cbor_array(&blob.writer, 4);
  vn_cbor_text(&blob.writer, VN_PLAN_BLOB_NAME, strlen(VN_PLAN_BLOB_NAME));
  vn_cbor_uint(&blob.writer, VN_PLAN_VERSION);
  write_struct(&blob, plan, vn_shape(VN_SHAPE_ID_PLAN));
  write_crc(&blob.writer);
  return blob.writer.length;
}
