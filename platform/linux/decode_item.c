/* Any CBOR item as JSON: iterative, bounded in depth. */
#include "decode_priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64u

/* A container that is open; `left` items are to come unless its length is indefinite. */
typedef struct frame {
  uint64_t left;
  uint8_t kind; /* VN_CBOR_ARRAY, VN_CBOR_MAP, VN_CBOR_TAG */
  bool indefinite;
  bool at_value; /* of a map: the key has been read */
} frame_t;

typedef struct walk {
  vn_cbor_reader_t *reader;
  vn_json_writer_t *writer; /* NULL: only skipping */
  vn__decode_problem_t *problem;
  frame_t frames[DEPTH_MAX];
  unsigned depth;
  bool done;
} walk_t;

bool vn__decode_fail(vn__decode_problem_t *problem, const char *text, size_t offset) {
  problem->text = text;
  problem->offset = offset;
  return false;
}

bool vn__decode_next(vn_cbor_reader_t *reader, vn_cbor_item_t *item,
                     vn__decode_problem_t *problem) {
  vn_reason_t reason = vn_cbor_next(reader, item);
  return reason == VN_REASON_NONE ||
         vn__decode_fail(problem, vn_reason_text(reason), reader->position);
}

void vn__decode_double(vn_json_writer_t *writer, double value) {
  enum { DIGITS_FIRST = 15, DIGITS_LAST = 17 };
  char text[32];
  if (!isfinite(value)) {
    vn_json_literal(writer, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    return;
  }
  int length = 0;
  for (int digits = DIGITS_FIRST; digits <= DIGITS_LAST; digits++) {
    length = snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  vn_json_raw(writer, text, (size_t)length);
}

static void put_negative(vn_json_writer_t *writer, uint64_t magnitude_less_1) {
  if (magnitude_less_1 <= INT64_MAX) {
    vn_json_integer(writer, -1 - (int64_t)magnitude_less_1);
    return;
  }
  char text[32] = "-18446744073709551616";
  if (magnitude_less_1 < UINT64_MAX) {
    snprintf(text, sizeof text, "-%" PRIu64, magnitude_less_1 + 1);
  }
  vn_json_raw(writer, text, strlen(text));
}

/* h'0102', as in CBOR's diagnostic notation, in a JSON string. */
static bool put_bytes(walk_t *walk, vn_text_t bytes) {
  static const char digits[] = "0123456789abcdef";
  char *text = malloc(2 * bytes.length + 3);
  if (text == NULL) {
    return vn__decode_fail(walk->problem, "no memory", walk->reader->position);
  }
  size_t length = 0;
  text[length++] = 'h';
  text[length++] = '\'';
  for (size_t i = 0; i < bytes.length; i++) {
    unsigned char byte = (unsigned char)bytes.bytes[i];
    text[length++] = digits[byte >> 4];
    text[length++] = digits[byte & 15];
  }
  text[length++] = '\'';
  vn_json_text(walk->writer, (vn_text_t){text, length});
  free(text);
  return true;
}

static bool put_scalar(walk_t *walk, const vn_cbor_item_t *item) {
  vn_json_writer_t *writer = walk->writer;
  switch ((vn_cbor_kind_t)item->kind) {
    case VN_CBOR_UINT:
    case VN_CBOR_SIMPLE:
      vn_json_unsigned(writer, item->unsigned_value);
      return true;
    case VN_CBOR_NEGATIVE:
      put_negative(writer, item->unsigned_value);
      return true;
    case VN_CBOR_TEXT:
      vn_json_text(writer, item->text);
      return true;
    case VN_CBOR_BYTES:
      return put_bytes(walk, item->text);
    case VN_CBOR_BOOL:
      vn_json_bool(writer, item->unsigned_value != 0);
      return true;
    case VN_CBOR_FLOAT:
      vn__decode_double(writer, item->float_value);
      return true;
    default:
      vn_json_null(writer);
      return true;
  }
}

static bool put_key(walk_t *walk, const vn_cbor_item_t *item) {
  char text[32];
  vn_text_t key = item->text;
  if (item->kind == VN_CBOR_UINT || item->kind == VN_CBOR_NEGATIVE) {
    vn_json_writer_t number;
    vn_json_writer_init(&number, text, sizeof text);
    if (item->kind == VN_CBOR_UINT) {
      vn_json_unsigned(&number, item->unsigned_value);
    } else {
      put_negative(&number, item->unsigned_value);
    }
    key = (vn_text_t){text, number.length};
  } else if (item->kind != VN_CBOR_TEXT) {
    return vn__decode_fail(walk->problem, "a map key that is neither an integer nor a text",
                           walk->reader->position);
  }
  vn_json_key_text(walk->writer, key);
  return true;
}

static void put_open(vn_json_writer_t *writer, const vn_cbor_item_t *item) {
  if (item->kind == VN_CBOR_ARRAY) {
    vn_json_array_begin(writer);
    return;
  }
  vn_json_object_begin(writer);
  if (item->kind == VN_CBOR_TAG) {
    vn_json_key(writer, "tag");
    vn_json_unsigned(writer, item->unsigned_value);
    vn_json_key(writer, "value");
  }
}

/* Closes the innermost container. */
static void pop(walk_t *walk) {
  uint8_t kind = walk->frames[--walk->depth].kind;
  if (walk->writer == NULL) {
    return;
  }
  if (kind == VN_CBOR_ARRAY) {
    vn_json_array_end(walk->writer);
  } else {
    vn_json_object_end(walk->writer);
  }
}

/* A value is complete: so may be the containers around it. */
static void complete(walk_t *walk) {
  while (walk->depth > 0) {
    frame_t *frame = &walk->frames[walk->depth - 1];
    frame->at_value = false;
    if (frame->indefinite || --frame->left > 0) {
      return;
    }
    pop(walk);
  }
  walk->done = true;
}

static bool push(walk_t *walk, const vn_cbor_item_t *item) {
  if (walk->depth == DEPTH_MAX) {
    return vn__decode_fail(walk->problem, "nested deeper than 64 levels", walk->reader->position);
  }
  if (walk->writer != NULL) {
    put_open(walk->writer, item);
  }
  uint64_t left = item->kind == VN_CBOR_TAG ? 1 : item->unsigned_value;
  walk->frames[walk->depth++] =
      (frame_t){.left = left, .kind = item->kind, .indefinite = item->indefinite};
  if (left == 0 && !item->indefinite) {
    pop(walk);
    complete(walk);
  }
  return true;
}

static bool end_indefinite(walk_t *walk) {
  const frame_t *frame = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
  if (frame == NULL || !frame->indefinite || frame->at_value) {
    return vn__decode_fail(walk->problem, "a break where none may be", walk->reader->position);
  }
  pop(walk);
  complete(walk);
  return true;
}

static bool is_container(uint8_t kind) {
  return kind == VN_CBOR_ARRAY || kind == VN_CBOR_MAP || kind == VN_CBOR_TAG;
}

static bool step(walk_t *walk) {
  vn_cbor_item_t item;
  if (!vn__decode_next(walk->reader, &item, walk->problem)) {
    return false;
  }
  if (item.kind == VN_CBOR_BREAK) {
    return end_indefinite(walk);
  }
  frame_t *frame = walk->depth > 0 ? &walk->frames[walk->depth - 1] : NULL;
  if (frame != NULL && frame->kind == VN_CBOR_MAP && !frame->at_value) {
    frame->at_value = true;
    if (walk->writer != NULL) {
      return put_key(walk, &item);
    }
    if (!is_container(item.kind)) {
      return true;
    }
    return vn__decode_fail(walk->problem, "a map key that is an array, a map or a tag",
                           walk->reader->position);
  }
  if (is_container(item.kind)) {
    return push(walk, &item);
  }
  bool shown = walk->writer == NULL || put_scalar(walk, &item);
  complete(walk);
  return shown;
}

static bool walk_item(vn_cbor_reader_t *reader, vn_json_writer_t *writer,
                      vn__decode_problem_t *problem) {
  walk_t walk = {.reader = reader, .writer = writer, .problem = problem};
  while (!walk.done) {
    if (!step(&walk)) {
      return false;
    }
  }
  return true;
}

bool vn__decode_skip(vn_cbor_reader_t *reader, vn__decode_problem_t *problem) {
  return walk_item(reader, NULL, problem);
}

bool vn__decode_item(vn_cbor_reader_t *reader, vn_json_writer_t *writer,
                     vn__decode_problem_t *problem) {
  return walk_item(reader, writer, problem);
}
