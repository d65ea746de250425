/* Loading a plan: one walk along its shape, with a stack of its own, in bounded memory. */
#include "vn/plan_load.h"

#include "vn/cbor.h"
#include "vn/crc32c.h"

#include <string.h>

/* plan, pipeline, summary, window, draw; or plan, pipeline, alert, rule, limits. */
#define DEPTH_MAX 5u

#define HEAD_BYTES                                                               \
  (1u + sizeof VN_PLAN_BLOB_NAME) /* the head of the array, and that of the name \
                                   */

/* Structs of one shape that lie side by side. */
typedef struct frame {
  const vn_shape_t *shape;
  size_t at; /* of the struct at work */
  uint8_t member, left;
} frame_t;

typedef struct loader {
  vn_cbor_reader_t reader;
  uint8_t *memory; /* NULL: the need is counted, nothing is stored */
  size_t capacity, used;
  vn_pattern_t pattern; /* the last one: templates are made of its captures */
  union {
    vn_template_t template_;
    vn_path_t path;
  } scratch;
  frame_t frames[DEPTH_MAX];
  uint8_t depth;
  vn_err_t error;
} loader_t;

/* Notes the first error; always false. */
static bool fail(loader_t *loader, vn_err_t error) {
  loader->error = loader->error == VN_OK ? error : loader->error;
  return false;
}

/* Room that is all zero; only its place while the need is counted. */
static bool take_room(loader_t *loader, size_t bytes, size_t *at) {
  if (loader->memory != NULL) {
    if (bytes > loader->capacity - loader->used) {
      return fail(loader, VN_ERR_FULL);
    }
    memset(loader->memory + loader->used, 0, bytes);
  }
  *at = loader->used;
  loader->used += bytes;
  return true;
}

static bool take_aligned_room(loader_t *loader, size_t bytes, size_t *at) {
  size_t gap = (VN_PLAN_ALIGNMENT - loader->used % VN_PLAN_ALIGNMENT) % VN_PLAN_ALIGNMENT;
  return take_room(loader, gap, at) && take_room(loader, bytes, at);
}

static void store(loader_t *loader, size_t at, const void *value, size_t size) {
  if (loader->memory != NULL) {
    memcpy(loader->memory + at, value, size);
  }
}

static bool next(loader_t *loader, vn_cbor_item_t *item) {
  vn_reason_t reason = vn_cbor_next(&loader->reader, item);
  return reason == VN_REASON_NONE || fail(loader, VN_ERR_FORMAT);
}

static bool next_array(loader_t *loader, uint8_t most, uint8_t *count) {
  vn_cbor_item_t item;
  if (!next(loader, &item)) {
    return false;
  }
  if (item.kind != VN_CBOR_ARRAY || item.indefinite || item.unsigned_value > most) {
    return fail(loader, VN_ERR_FORMAT);
  }
  *count = (uint8_t)item.unsigned_value;
  return true;
}

/* The text at hand, copied; `end` bytes of zero go behind it. */
static bool copy_text(loader_t *loader, const vn_cbor_item_t *item, size_t end, vn_text_t *text) {
  size_t at;
  *text = item->text;
  for (size_t i = 0; i < item->text.length; i++) {
    if (item->text.bytes[i] == '\0') {
      return fail(loader, VN_ERR_FORMAT);
    }
  }
  if (!take_room(loader, item->text.length + end, &at)) {
    return false;
  }
  if (loader->memory != NULL) {
    text->bytes = (const char *)loader->memory + at;
    memcpy(loader->memory + at, item->text.bytes, item->text.length);
  }
  return true;
}

static bool next_text(loader_t *loader, vn_text_t *text) {
  vn_cbor_item_t item;
  if (!next(loader, &item)) {
    return false;
  }
  return item.kind == VN_CBOR_TEXT ? copy_text(loader, &item, 0, text)
                                   : fail(loader, VN_ERR_FORMAT);
}

static bool load_word(loader_t *loader, size_t at) {
  vn_cbor_item_t item;
  vn_text_t text;
  if (!next(loader, &item)) {
    return false;
  }
  if (item.kind == VN_CBOR_NULL) {
    return true;
  }
  if (item.kind != VN_CBOR_TEXT) {
    return fail(loader, VN_ERR_FORMAT);
  }
  if (!copy_text(loader, &item, 1, &text)) {
    return false;
  }
  store(loader, at, &text.bytes, sizeof text.bytes);
  return true;
}

/* Texts that are read once, here: an empty one stands for none. */
static bool load_compiled(loader_t *loader, vn_shape_kind_t kind, size_t at) {
  const char *problem;
  vn_text_t text;
  vn_err_t error;
  if (!next_text(loader, &text)) {
    return false;
  }
  if (text.length == 0) {
    return true;
  }
  switch (kind) {
    case VN_SHAPE_KIND_PATTERN:
      error = vn_pattern_compile(text, &loader->pattern, &problem);
      store(loader, at, &loader->pattern, sizeof loader->pattern);
      break;
    case VN_SHAPE_KIND_TEMPLATE:
      error =
          vn_template_compile(text, &loader->pattern, true, &loader->scratch.template_, &problem);
      store(loader, at, &loader->scratch.template_, sizeof loader->scratch.template_);
      break;
    default:
      error = vn_path_compile(text, &loader->scratch.path, &problem);
      store(loader, at, &loader->scratch.path, sizeof loader->scratch.path);
      break;
  }
  return error == VN_OK || fail(loader, error);
}

static bool load_text(loader_t *loader, size_t at) {
  vn_text_t text;
  if (!next_text(loader, &text)) {
    return false;
  }
  store(loader, at, &text, sizeof text);
  return true;
}

static bool load_real(loader_t *loader, size_t at) {
  vn_cbor_item_t item;
  if (!next(loader, &item)) {
    return false;
  }
  double value = item.float_value;
  if (item.kind != VN_CBOR_FLOAT || value - value != 0) { /* NaN and infinities */
    return fail(loader, VN_ERR_FORMAT);
  }
  store(loader, at, &value, sizeof value);
  return true;
}

static bool load_bool(loader_t *loader, size_t at) {
  vn_cbor_item_t item;
  if (!next(loader, &item)) {
    return false;
  }
  if (item.kind != VN_CBOR_BOOL) {
    return fail(loader, VN_ERR_FORMAT);
  }
  bool value = item.unsigned_value != 0;
  store(loader, at, &value, sizeof value);
  return true;
}

/* The greatest value of a kind of integer; signed ones begin at -1 less that. */
static uint64_t greatest_of(vn_shape_kind_t kind, bool *is_signed) {
  *is_signed = kind >= VN_SHAPE_KIND_I8;
  switch (kind) {
    case VN_SHAPE_KIND_U8:
      return UINT8_MAX;
    case VN_SHAPE_KIND_U16:
      return UINT16_MAX;
    case VN_SHAPE_KIND_U32:
      return UINT32_MAX;
    case VN_SHAPE_KIND_U64:
      return UINT64_MAX;
    case VN_SHAPE_KIND_I8:
      return INT8_MAX;
    case VN_SHAPE_KIND_I32:
      return INT32_MAX;
    default:
      VN_ASSERT(kind == VN_SHAPE_KIND_I64);
      return INT64_MAX;
  }
}

/* Negative ones in two's complement. */
static void store_integer(loader_t *loader, vn_shape_kind_t kind, size_t at, uint64_t value) {
  uint8_t byte = (uint8_t)value;
  uint16_t half = (uint16_t)value;
  uint32_t word = (uint32_t)value;
  switch (vn_shape_kind_size(kind)) {
    case sizeof byte:
      store(loader, at, &byte, sizeof byte);
      break;
    case sizeof half:
      store(loader, at, &half, sizeof half);
      break;
    case sizeof word:
      store(loader, at, &word, sizeof word);
      break;
    default:
      store(loader, at, &value, sizeof value);
      break;
  }
}

static bool load_integer(loader_t *loader, vn_shape_kind_t kind, size_t at) {
  vn_cbor_item_t item;
  bool is_signed;
  if (!next(loader, &item)) {
    return false;
  }
  uint64_t greatest = greatest_of(kind, &is_signed);
  bool negative = item.kind == VN_CBOR_NEGATIVE;
  if ((item.kind != VN_CBOR_UINT && !(negative && is_signed)) || item.unsigned_value > greatest) {
    return fail(loader, VN_ERR_FORMAT);
  }
  store_integer(loader, kind, at, negative ? ~item.unsigned_value : item.unsigned_value);
  return true;
}

static bool load_one(loader_t *loader, vn_shape_kind_t kind, size_t at) {
  switch (kind) {
    case VN_SHAPE_KIND_WORD:
      return load_word(loader, at);
    case VN_SHAPE_KIND_TEXT:
      return load_text(loader, at);
    case VN_SHAPE_KIND_PATTERN:
    case VN_SHAPE_KIND_TEMPLATE:
    case VN_SHAPE_KIND_PATH:
      return load_compiled(loader, kind, at);
    case VN_SHAPE_KIND_REAL:
      return load_real(loader, at);
    case VN_SHAPE_KIND_BOOL:
      return load_bool(loader, at);
    default:
      return load_integer(loader, kind, at);
  }
}

static bool load_array(loader_t *loader, const vn_shape_member_t *member, size_t at) {
  vn_shape_kind_t kind = (vn_shape_kind_t)member->kind;
  uint8_t count = 0;
  if (!next_array(loader, member->entries, &count)) {
    return false;
  }
  if (count != member->entries) {
    return fail(loader, VN_ERR_FORMAT);
  }
  for (uint8_t i = 0; i < count; i++) {
    if (!load_one(loader, kind, at + i * vn_shape_kind_size(kind))) {
      return false;
    }
  }
  return true;
}

/* The head of a struct: all its members but those that count lists. */
static bool begin_struct(loader_t *loader, const vn_shape_t *shape) {
  uint8_t told = 0, count = 0;
  for (uint8_t i = 0; i < shape->member_count; i++) {
    told = (uint8_t)(told + (shape->members[i].kind != VN_SHAPE_KIND_COUNT));
  }
  if (!next_array(loader, told, &count)) {
    return false;
  }
  return count == told || fail(loader, VN_ERR_FORMAT);
}

static bool push(loader_t *loader, uint8_t shape, size_t at, uint8_t count) {
  VN_ASSERT(loader->depth < DEPTH_MAX && count > 0);
  frame_t frame = {.shape = vn_shape((vn_shape_id_t)shape), .at = at, .left = count};
  loader->frames[loader->depth++] = frame;
  return begin_struct(loader, frame.shape);
}

/* Two lists that one member counts have the same length. */
static bool store_count(loader_t *loader, size_t at, uint8_t count) {
  uint8_t *own = loader->memory == NULL ? NULL : loader->memory + at;
  if (own != NULL && *own != 0 && *own != count) {
    return fail(loader, VN_ERR_FORMAT);
  }
  store(loader, at, &count, sizeof count);
  return true;
}

static bool load_words(loader_t *loader, size_t at, uint8_t count) {
  for (uint8_t i = 0; i < count; i++) {
    if (!load_word(loader, at + i * sizeof(const char *))) {
      return false;
    }
  }
  return true;
}

static bool load_list(loader_t *loader, const vn_shape_member_t *member, size_t base) {
  bool words = member->shape == VN_SHAPE_ID_WORDS;
  uint8_t count = 0;
  size_t at;
  if (!next_array(loader, UINT8_MAX, &count) ||
      !store_count(loader, base + member->counted_by, count)) {
    return false;
  }
  if (count == 0) {
    return true;
  }
  size_t size = words ? sizeof(const char *) : vn_shape((vn_shape_id_t)member->shape)->size;
  if (!take_aligned_room(loader, size * count, &at)) {
    return false;
  }
  if (loader->memory != NULL) {
    const void *first = loader->memory + at;
    store(loader, base + member->offset, &first, sizeof first);
  }
  return words ? load_words(loader, at, count) : push(loader, member->shape, at, count);
}

static bool load_member(loader_t *loader, frame_t *frame) {
  const vn_shape_member_t *member = &frame->shape->members[frame->member++];
  size_t at = frame->at + member->offset;
  switch ((vn_shape_kind_t)member->kind) {
    case VN_SHAPE_KIND_COUNT:
      return true;
    case VN_SHAPE_KIND_PART:
      return push(loader, member->shape, at, 1);
    case VN_SHAPE_KIND_LIST:
      return load_list(loader, member, frame->at);
    default:
      return member->entries > 1 ? load_array(loader, member, at)
                                 : load_one(loader, (vn_shape_kind_t)member->kind, at);
  }
}

/* A struct is complete: the one beside it, or back to what it belongs to. */
static bool end_struct(loader_t *loader, frame_t *frame) {
  frame->left--;
  if (frame->left == 0) {
    loader->depth--;
    return true;
  }
  frame->at += frame->shape->size;
  frame->member = 0;
  return begin_struct(loader, frame->shape);
}

static bool load_plan(loader_t *loader) {
  size_t at;
  bool good = take_room(loader, sizeof(vn_plan_t), &at) && push(loader, VN_SHAPE_ID_PLAN, at, 1);
  while (good && loader->depth > 0) {
    frame_t *frame = &loader->frames[loader->depth - 1u];
    good = frame->member < frame->shape->member_count ? load_member(loader, frame)
                                                      : end_struct(loader, frame);
  }
  if (good && loader->reader.position != loader->reader.length) {
    return fail(loader, VN_ERR_FORMAT);
  }
  return good;
}

static uint32_t crc_at(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Name, CRC, version, in this order: what is damaged isn't taken for another version. */
static vn_err_t open_blob(loader_t *loader, const uint8_t *blob, size_t length) {
  static const uint8_t head[HEAD_BYTES + 1u] = "\x84\x6b" VN_PLAN_BLOB_NAME;
  vn_cbor_item_t item;
  VN_STATIC_ASSERT(sizeof VN_PLAN_BLOB_NAME - 1u == 11u, "the head of the name says its length");
  if (length < HEAD_BYTES + VN_PLAN_BLOB_CRC_BYTES || memcmp(blob, head, HEAD_BYTES) != 0) {
    return VN_ERR_FORMAT;
  }
  size_t end = length - VN_PLAN_BLOB_CRC_BYTES;
  if (blob[end] != 0x1A || crc_at(blob + end + 1) != vn_crc32c(0, blob, end)) {
    return VN_ERR_CHECKSUM;
  }
  vn_cbor_reader_init(&loader->reader, blob, end);
  loader->reader.position = HEAD_BYTES;
  if (!next(loader, &item) || item.kind != VN_CBOR_UINT) {
    return VN_ERR_FORMAT;
  }
  return item.unsigned_value == VN_PLAN_VERSION ? VN_OK : VN_ERR_VERSION;
}

vn_err_t vn_plan_load(const uint8_t *blob, size_t length, void *memory, size_t capacity,
                      const vn_plan_t **plan) {
  VN_ASSERT(blob != NULL && memory != NULL && plan != NULL);
  VN_ASSERT((uintptr_t)memory % VN_PLAN_ALIGNMENT == 0);
  loader_t loader = {.memory = memory, .capacity = capacity};
  vn_plan_problem_t problem;
  vn_err_t error = open_blob(&loader, blob, length);
  if (error != VN_OK) {
    return error;
  }
  if (!load_plan(&loader)) {
    return loader.error;
  }
  const vn_plan_t *loaded = memory;
  error = vn_plan_check(loaded, &problem);
  if (error == VN_OK) {
    *plan = loaded;
  }
  return error;
}

vn_err_t vn_plan_load_need(const uint8_t *blob, size_t length, size_t *bytes) {
  VN_ASSERT(blob != NULL && bytes != NULL);
  loader_t loader = {.memory = NULL};
  vn_err_t error = open_blob(&loader, blob, length);
  if (error == VN_OK && !load_plan(&loader)) {
    error = loader.error;
  }
  *bytes = loader.used;
  return error;
}
