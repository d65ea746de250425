#include "json_shape_priv.h"
#include "number_priv.h"
#include "vn/json.h"

/* The place of `text`, minus `before` bytes. */
static uint32_t text_offset(const vn_json_t *json, size_t before) {
  return (uint32_t)((size_t)((const uint8_t *)json->text.bytes - json->bytes) - before);
}

/* The place of a token of `length` bytes that has just been read. */
static uint32_t token_offset(const vn_json_t *json, size_t length) {
  return (uint32_t)(json->position - length);
}

/* The way through a message: the reader, the matcher, and the shape of a batch's items. */
typedef struct walk {
  vn_json_t json;
  vn_json_t saved; /* where reading ahead started */
  vn__fields_t fields;
  vn__shape_t shape;
  uint8_t ahead_open; /* fields.open there */
} walk_t;

static void feed_scalar(walk_t *walk, uint32_t offset) {
  uint64_t paths = vn__fields_scalar(&walk->fields, offset);
  if (walk->json.depth > 1) {
    vn__shape_scalar(&walk->shape, paths, offset, walk->json.position);
  } else {
    vn__shape_end(&walk->shape, walk->json.position); /* it is an item itself */
  }
}

static void start_ahead(walk_t *walk) {
  walk->saved = walk->json;
  walk->ahead_open = walk->fields.open;
  vn__fields_ahead_begin(&walk->fields);
}

/* Back to where reading ahead started. */
static void end_ahead(walk_t *walk) {
  walk->json = walk->saved;
  vn__fields_ahead_end(&walk->fields, walk->ahead_open);
}

static void feed_begin(walk_t *walk, bool array) {
  uint64_t paths = vn__fields_begin(&walk->fields, array, token_offset(&walk->json, 1));
  if (walk->fields.open == 1 && walk->fields.skipped == 0) {
    vn__shape_begin(&walk->shape);
  } else {
    vn__shape_container(&walk->shape, paths);
  }
  if (vn__fields_wants_ahead(&walk->fields)) {
    start_ahead(walk);
  }
}

static void feed_end(walk_t *walk) {
  bool item = walk->fields.open == 1 && walk->fields.skipped == 0 && walk->fields.in_batch;
  vn__fields_end(&walk->fields);
  if (walk->fields.ahead && walk->fields.open < walk->ahead_open) {
    end_ahead(walk);
  } else if (item && walk->fields.deepest_element == 0 && !vn__has_enough(walk->fields.decode)) {
    vn__shape_end(&walk->shape, walk->json.position);
    walk->json.position = vn__shape_repeat(&walk->shape, &walk->fields);
  }
}

/* Hands one event to the matcher. */
static void feed(walk_t *walk, vn_json_event_t event) {
  switch (event) {
    case VN_JSON_OBJECT_BEGIN:
    case VN_JSON_ARRAY_BEGIN:
      feed_begin(walk, event == VN_JSON_ARRAY_BEGIN);
      break;
    case VN_JSON_OBJECT_END:
    case VN_JSON_ARRAY_END:
      feed_end(walk);
      break;
    case VN_JSON_KEY:
      vn__fields_key(&walk->fields, walk->json.text, walk->json.escaped);
      break;
    case VN_JSON_NUMBER:
      feed_scalar(walk, text_offset(&walk->json, 0));
      break;
    case VN_JSON_STRING:
      feed_scalar(walk, text_offset(&walk->json, 1));
      break;
    case VN_JSON_FALSE:
      feed_scalar(walk, token_offset(&walk->json, 5));
      break;
    case VN_JSON_TRUE:
    case VN_JSON_NULL:
      feed_scalar(walk, token_offset(&walk->json, 4));
      break;
    default:
      break;
  }
}

/* The text of the string whose first quote is at `offset`. */
static void read_string(const vn__decode_t *decode, uint32_t offset, vn__value_t *out) {
  const char *start = (const char *)decode->payload + offset + 1;
  size_t length = 0;
  bool escaped = false;
  for (; start[length] != '"'; length++) {
    if (start[length] == '\\') {
      escaped = true;
      length++;
    }
  }
  out->kind = VN__VALUE_TEXT;
  out->text = (vn_text_t){start, length};
  if (escaped) {
    size_t used = 0;
    if (vn_json_unescape(out->text, out->unescaped, sizeof out->unescaped, &used) !=
        VN_REASON_NONE) {
      out->kind = VN__VALUE_OTHER; /* too long for a number or a time */
    }
    out->text = (vn_text_t){out->unescaped, used};
  }
}

static void read_value(const vn__decode_t *decode, uint32_t offset, vn__value_t *out) {
  const uint8_t *at = decode->payload + offset;
  VN_ASSERT(offset < decode->length);
  out->kind = VN__VALUE_OTHER;
  switch (*at) {
    case '"':
      read_string(decode, offset, out);
      break;
    case 't':
    case 'f':
      out->kind = VN__VALUE_BOOL;
      out->number = vn_number_from_integer(*at == 't');
      break;
    case 'n':
      out->kind = VN__VALUE_NULL;
      break;
    case '{':
    case '[':
      break;
    default:
      (void)vn__number_prefix(at, decode->length - offset, &out->number);
      out->kind = VN__VALUE_NUMBER;
      break;
  }
}

vn_reason_t vn__decode_json(const vn__decode_t *decode) {
  walk_t walk;
  vn_json_event_t event = VN_JSON_NULL;
  vn_json_init(&walk.json, decode->payload, decode->length, VN_JSON_DEPTH_MAX);
  vn__fields_init(&walk.fields, decode, read_value);
  walk.fields.texts_are_numbers = true;
  vn__shape_init(&walk.shape);
  while (event != VN_JSON_DONE && !vn__has_enough(decode)) {
    vn_reason_t reason = vn_json_next(&walk.json, &event);
    if (reason == VN_REASON_NONE) {
      feed(&walk, event);
    } else if (walk.fields.ahead) {
      end_ahead(&walk); /* the damage is met again on the way */
    } else {
      *decode->offset = walk.json.position;
      return reason;
    }
  }
  return VN_REASON_NONE;
}
