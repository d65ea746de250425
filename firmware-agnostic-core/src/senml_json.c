#include <string.h>

#include "senml_priv.h"
#include "vn/json.h"

#define RECORD_DEPTH 2u

/* Bytes are looked at eight at a time. */
#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* A label of one or two letters as one number; those of most records come first. */
#define KEY(first, second) ((uint16_t)((unsigned)(first) << 8 | (unsigned)(second)))

static vn__senml_label_t find_label(const char *bytes, size_t length) {
  static const struct {
    uint16_t key;
    uint8_t label;
  } labels[] = {
      {KEY('n', 0), VN__SENML_N},    {KEY('v', 0), VN__SENML_V},    {KEY('t', 0), VN__SENML_T},
      {KEY('u', 0), VN__SENML_U},    {KEY('b', 'n'), VN__SENML_BN}, {KEY('b', 't'), VN__SENML_BT},
      {KEY('b', 'u'), VN__SENML_BU}, {KEY('b', 'v'), VN__SENML_BV}, {KEY('b', 's'), VN__SENML_BS},
      {KEY('v', 's'), VN__SENML_VS}, {KEY('v', 'b'), VN__SENML_VB}, {KEY('v', 'd'), VN__SENML_VD},
      {KEY('s', 0), VN__SENML_S},    {KEY('u', 't'), VN__SENML_UT},
  };
  if (length == 4u && memcmp(bytes, "bver", 4) == 0) {
    return VN__SENML_BVER;
  }
  if (length == 0 || length > 2u) {
    return VN__SENML_UNKNOWN;
  }
  uint16_t key = KEY((uint8_t)bytes[0], length == 2u ? (uint8_t)bytes[1] : 0u);
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    if (labels[i].key == key) {
      return (vn__senml_label_t)labels[i].label;
    }
  }
  return VN__SENML_UNKNOWN;
}

/* True when the last character of a raw string is an escaped underscore. */
static bool ends_in_escaped_underscore(vn_text_t raw) {
  if (raw.length < 6u) {
    return false;
  }
  const char *tail = &raw.bytes[raw.length - 6u];
  if (memcmp(tail, "\\u005", 5) != 0 || (tail[5] != 'f' && tail[5] != 'F')) {
    return false;
  }
  /* An even number of backslashes are backslashes, and the rest are plain letters. */
  size_t backslashes = 1;
  while (backslashes <= raw.length - 6u && tail[-(ptrdiff_t)backslashes] == '\\') {
    backslashes++;
  }
  return backslashes % 2u == 1u;
}

static vn_reason_t read_label(const vn_json_t *json, vn__senml_label_t *label) {
  vn_text_t raw = json->text;
  char plain[8];
  size_t length = raw.length;
  const char *bytes = raw.bytes;
  bool reserved = length > 0 && bytes[length - 1u] == '_';
  *label = VN__SENML_UNKNOWN;
  if (json->escaped) {
    reserved = reserved || ends_in_escaped_underscore(raw);
    bytes = plain;
    if (vn_json_unescape(raw, plain, sizeof plain, &length) != VN_REASON_NONE) {
      length = 0; /* longer than any label */
    }
  }
  if (reserved) {
    return VN_REASON_MUST_UNDERSTAND;
  }
  *label = find_label(bytes, length);
  return VN_REASON_NONE;
}

/* Skips what is left of a container that was just opened. */
static vn_reason_t skip_container(vn_json_t *json) {
  vn_json_event_t event;
  uint8_t outside = (uint8_t)(json->depth - 1u);
  while (json->depth > outside) {
    vn_reason_t reason = vn_json_next(json, &event);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
  }
  return VN_REASON_NONE;
}

static vn_reason_t read_value(vn__senml_t *senml, vn_json_t *json, vn__senml_label_t label) {
  vn_json_event_t event;
  vn_number_t number = {0};
  vn_reason_t reason = vn_json_next(json, &event);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  switch (event) {
    case VN_JSON_NUMBER:
      reason = vn_number_from_text(json->text.bytes, json->text.length, &number);
      vn__senml_number(senml, label, reason, &number);
      return (vn_reason_t)senml->pack_problem;
    case VN_JSON_STRING:
      vn__senml_text(senml, label, json->text, json->escaped);
      return (vn_reason_t)senml->pack_problem;
    case VN_JSON_OBJECT_BEGIN:
    case VN_JSON_ARRAY_BEGIN:
      reason = skip_container(json);
      if (reason != VN_REASON_NONE) {
        return reason;
      }
      break;
    default:
      break;
  }
  vn__senml_other(senml, label);
  return (vn_reason_t)senml->pack_problem;
}

static vn_reason_t read_record(vn__senml_t *senml, vn_json_t *json) {
  for (;;) {
    vn_json_event_t event;
    vn__senml_label_t label;
    vn_reason_t reason = vn_json_next(json, &event);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    if (event == VN_JSON_OBJECT_END) {
      vn__senml_end_record(senml);
      return VN_REASON_NONE;
    }
    VN_ASSERT(event == VN_JSON_KEY && json->depth == RECORD_DEPTH);
    size_t start = (size_t)((const uint8_t *)json->text.bytes - json->bytes);
    reason = read_label(json, &label);
    if (reason == VN_REASON_NONE) {
      reason = read_value(senml, json, label);
    }
    if (reason == VN_REASON_MUST_UNDERSTAND || reason == VN_REASON_VERSION) {
      json->position = start;
    }
    if (reason != VN_REASON_NONE) {
      return reason;
    }
  }
}

static vn_reason_t read_element(vn__senml_t *senml, vn_json_t *json, vn_json_event_t event) {
  if (event == VN_JSON_OBJECT_BEGIN) {
    return read_record(senml, json);
  }
  vn_reason_t reason = event == VN_JSON_ARRAY_BEGIN ? skip_container(json) : VN_REASON_NONE;
  if (reason == VN_REASON_NONE) {
    vn__senml_refuse_record(senml, VN_REASON_SENML);
  }
  return reason;
}

static vn_reason_t read_pack(const vn__decode_t *decode, bool only_check) {
  vn__senml_t senml;
  vn_json_t json;
  vn_json_event_t event;
  vn__senml_init(&senml, decode, only_check);
  vn_json_init(&json, decode->payload, decode->length, VN_SENML_DEPTH_MAX);
  vn_reason_t reason = vn_json_next(&json, &event);
  if (reason == VN_REASON_NONE && event != VN_JSON_ARRAY_BEGIN) {
    *decode->offset = 0;
    return VN_REASON_SENML;
  }
  while (reason == VN_REASON_NONE) {
    reason = vn_json_next(&json, &event);
    if (reason != VN_REASON_NONE || event == VN_JSON_DONE) {
      break;
    }
    if (event != VN_JSON_ARRAY_END) {
      reason = read_element(&senml, &json, event);
    }
  }
  *decode->offset = json.position;
  return reason;
}

/* True when the bytes behind the label bver are a version that every pack may carry. */
static bool is_plain_version(const uint8_t *bytes, size_t length) {
  size_t i = 0;
  while (i < length && (bytes[i] == ' ' || bytes[i] == ':')) {
    i++;
  }
  if (i + 1u < length && bytes[i] >= '1' && bytes[i] <= '9') {
    i += bytes[i] == '1' && bytes[i + 1u] == '0' ? 2u : 1u;
    return i < length && (bytes[i] == ',' || bytes[i] == '}');
  }
  return false;
}

static bool is_suspicious(const uint8_t *bytes, size_t left) {
  if (bytes[0] == 'b' && left >= 5u && memcmp(bytes, "bver\"", 5) == 0) {
    return !is_plain_version(&bytes[5], left - 5u);
  }
  return bytes[0] == '\\' || (bytes[0] == '_' && left >= 2u && bytes[1] == '"');
}

/* A bit in each byte of `word` that is 0; bytes above a found one may be marked wrongly. */
static uint64_t zero_bytes(uint64_t word) { return (word - ONES) & ~word & HIGH_BITS; }

/*
 * False when nothing in the payload can refuse the whole pack: no label that ends in an underscore,
 * no version, no escape that could hide either. Then one pass is enough.
 */
static bool may_refuse_pack(const uint8_t *bytes, size_t length) {
  size_t i = 0;
  while (i < length) {
    size_t stop = i + 1u;
    if (length - i > sizeof(uint64_t)) {
      uint64_t here;
      uint64_t next;
      memcpy(&here, &bytes[i], sizeof here);
      memcpy(&next, &bytes[i + 1u], sizeof next);
      uint64_t found = zero_bytes(here ^ (ONES * '\\')) |
                       zero_bytes((here ^ (ONES * '_')) | (next ^ (ONES * '"'))) |
                       zero_bytes((here ^ (ONES * 'b')) | (next ^ (ONES * 'v')));
      stop = i + sizeof here;
      i = found == 0 ? stop : i;
    }
    for (; i < stop; i++) {
      if (is_suspicious(&bytes[i], length - i)) {
        return true;
      }
    }
  }
  return false;
}

vn_reason_t vn__decode_senml_json(const vn__decode_t *decode) {
  VN_ASSERT(decode->length > 0);
  if (may_refuse_pack(decode->payload, decode->length)) {
    vn_reason_t reason = read_pack(decode, true);
    if (reason == VN_REASON_MUST_UNDERSTAND || reason == VN_REASON_VERSION) {
      return reason;
    }
  }
  return read_pack(decode, false);
}
