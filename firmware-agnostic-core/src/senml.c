#include <string.h>

#include "senml_priv.h"
#include "vn/arith.h"
#include "vn/json.h"

#define BIT(label) (UINT32_C(1) << (label))
#define BASE_LABELS                                                                \
  (BIT(VN__SENML_BS) | BIT(VN__SENML_BV) | BIT(VN__SENML_BU) | BIT(VN__SENML_BT) | \
   BIT(VN__SENML_BN) | BIT(VN__SENML_BVER))
#define OTHER_VALUES (BIT(VN__SENML_VS) | BIT(VN__SENML_VB) | BIT(VN__SENML_VD))

/* Below it a time is relative to now (RFC 8428 section 4.5.3); the same in two finer units. */
#define RELATIVE_BELOW_MS (INT64_C(1000) << 28)
#define RELATIVE_BELOW_E10 (INT64_C(10000000000) << 28)

#define VERSION_DEFAULT 10
#define VERSION_KNOWN_BITS 26u /* 10: RFC 8428; bit 4: RFC 9100's secondary units */

void vn__senml_init(vn__senml_t *senml, const vn__decode_t *decode, bool only_check) {
  VN_ASSERT(decode->deliver != NULL && decode->offset != NULL);
  *senml = (vn__senml_t){.decode = decode, .only_check = only_check};
}

static void note(vn__senml_t *senml, vn_reason_t reason) {
  if (senml->problem == VN_REASON_NONE) {
    senml->problem = (uint8_t)reason;
  }
}

static void set_base(vn__senml_base_t *base, vn_reason_t reason, const vn_number_t *number) {
  base->in_force = true;
  base->problem = (uint8_t)reason;
  if (reason == VN_REASON_NONE) {
    base->number = *number;
  }
}

/* Marks a label as seen. A base label that comes twice leaves no base that could be trusted. */
static bool first_of_its_label(vn__senml_t *senml, vn__senml_label_t label) {
  if ((senml->seen & BIT(label)) == 0) {
    senml->seen |= BIT(label);
    return true;
  }
  note(senml, VN_REASON_DUPLICATE_LABEL);
  if (label == VN__SENML_BN) {
    senml->base_name_problem = VN_REASON_DUPLICATE_LABEL;
  } else if (label == VN__SENML_BT) {
    set_base(&senml->base_time, VN_REASON_DUPLICATE_LABEL, NULL);
  } else if (label == VN__SENML_BV) {
    set_base(&senml->base_value, VN_REASON_DUPLICATE_LABEL, NULL);
  }
  return label == VN__SENML_BVER;
}

/*
 * Versions up to the default are accepted (the RFC's own example carries 5), above it those that
 * only set bits with a known meaning.
 */
static bool version_is_supported(const vn_number_t *number) {
  int64_t version;
  vn_number_t rest;
  if (vn_number_scale(number, 0, 1, VERSION_KNOWN_BITS, &version) != VN_REASON_NONE) {
    return false;
  }
  vn_number_t negated = vn_number_from_integer(-version);
  if (vn_number_add(number, &negated, &rest) != VN_REASON_NONE) {
    return false;
  }
  bool whole = rest.kind == VN_NUMBER_BINARY ? !(rest.binary < 0.0 || rest.binary > 0.0)
                                             : rest.mantissa == 0 && !rest.inexact;
  return whole && (version <= VERSION_DEFAULT || ((uint64_t)version & ~VERSION_KNOWN_BITS) == 0);
}

/* A time that is no finite number is an unusable time stamp, not a sensor fault. */
static vn_reason_t as_time_reason(vn_reason_t reason) {
  return reason == VN_REASON_NONE || reason == VN_REASON_TYPE ? reason : VN_REASON_TIME;
}

void vn__senml_number(vn__senml_t *senml, vn__senml_label_t label, vn_reason_t reason,
                      const vn_number_t *number) {
  if (label == VN__SENML_UNKNOWN || !first_of_its_label(senml, label)) {
    return;
  }
  switch (label) {
    case VN__SENML_V:
      senml->value = *number;
      break;
    case VN__SENML_T:
      senml->time = *number;
      reason = as_time_reason(reason);
      break;
    case VN__SENML_BV:
      set_base(&senml->base_value, reason, number);
      break;
    case VN__SENML_BT:
      reason = as_time_reason(reason);
      set_base(&senml->base_time, reason, number);
      break;
    case VN__SENML_BVER:
      if (reason != VN_REASON_NONE || !version_is_supported(number)) {
        senml->pack_problem = VN_REASON_VERSION;
      }
      break;
    case VN__SENML_BS:
      senml->base_sum_in_force = true;
      break;
    case VN__SENML_BN:
      senml->base_name_problem = VN_REASON_SENML;
      reason = VN_REASON_SENML;
      break;
    case VN__SENML_N:
    case VN__SENML_U:
    case VN__SENML_BU:
      reason = VN_REASON_SENML;
      break;
    default: /* s, ut: only their type matters; vs, vb, vd: refused later whatever they hold */
      break;
  }
  if (reason != VN_REASON_NONE) {
    note(senml, reason);
  }
}

/* A bit per byte: - . / 0-9 : A-Z _ a-z. */
static const uint32_t name_bytes[8] = {0, 0x07FFE000u, 0x87FFFFFEu, 0x07FFFFFEu, 0, 0, 0, 0};
/* The same without - . / : _ */
static const uint32_t first_bytes[8] = {0, 0x03FF0000u, 0x07FFFFFEu, 0x07FFFFFEu, 0, 0, 0, 0};

static bool is_in(const uint32_t set[8], uint8_t byte) {
  return (set[byte >> 5] >> (byte & 31u) & 1u) != 0;
}

/* Byte order marks and noncharacters are no text to anybody; the rest is merely not for names. */
static vn_reason_t charset_reason(const uint8_t *bytes, size_t left) {
  bool is_no_text =
      left >= 3u && bytes[0] == 0xEFu &&
      ((bytes[1] == 0xBBu && bytes[2] == 0xBFu) || (bytes[1] == 0xBFu && bytes[2] >= 0xBEu));
  return is_no_text ? VN_REASON_UTF8 : VN_REASON_CHARSET;
}

/* [A-Za-z0-9][A-Za-z0-9:./_-]*; `continued`: not the first piece of the name. */
static vn_reason_t check_name(const char *name, size_t length, bool continued) {
  const uint8_t *bytes = (const uint8_t *)name;
  size_t i = 0;
  if (length > 0 && (continued || is_in(first_bytes, bytes[0]))) {
    while (i < length && is_in(name_bytes, bytes[i])) {
      i++;
    }
  }
  return i == length ? VN_REASON_NONE : charset_reason(&bytes[i], length - i);
}

/* Copies text behind what `names` holds already; NAME when there is no room. */
static vn_reason_t append_name(vn__senml_t *senml, size_t at, vn_text_t text, bool escaped,
                               size_t *length) {
  size_t capacity = sizeof senml->names - at;
  if (escaped) {
    vn_reason_t reason = vn_json_unescape(text, &senml->names[at], capacity, length);
    return reason == VN_REASON_LIMIT ? VN_REASON_NAME : reason;
  }
  if (text.length > capacity) {
    return VN_REASON_NAME;
  }
  if (text.length > 0) {
    memcpy(&senml->names[at], text.bytes, text.length);
  }
  *length = text.length;
  return VN_REASON_NONE;
}

static void set_base_name(vn__senml_t *senml, vn_text_t text, bool escaped) {
  size_t length = 0;
  vn_reason_t reason = append_name(senml, 0, text, escaped, &length);
  if (reason == VN_REASON_NONE) {
    reason = check_name(senml->names, length, false);
  }
  senml->base_length = reason == VN_REASON_NONE ? length : 0;
  senml->base_name_problem = (uint8_t)reason;
}

/* "NaN" as text is the sensor's way to say it; any other text is of the wrong type. */
static vn_reason_t text_as_number(vn_text_t text) {
  vn_number_t ignored;
  vn_reason_t reason = vn_number_from_text(text.bytes, text.length, &ignored);
  return reason == VN_REASON_NAN || reason == VN_REASON_INF ? reason : VN_REASON_TYPE;
}

void vn__senml_text(vn__senml_t *senml, vn__senml_label_t label, vn_text_t text, bool escaped) {
  static const vn_number_t none = {0};
  switch (label) {
    case VN__SENML_N:
      if (first_of_its_label(senml, label)) {
        senml->name = text;
        senml->name_escaped = escaped;
      }
      break;
    case VN__SENML_BN:
      if (first_of_its_label(senml, label)) {
        set_base_name(senml, text, escaped);
      }
      break;
    case VN__SENML_U:
    case VN__SENML_BU:
    case VN__SENML_VS:
    case VN__SENML_VB:
    case VN__SENML_VD:
      (void)first_of_its_label(senml, label);
      break;
    case VN__SENML_UNKNOWN:
      break;
    default:
      vn__senml_number(senml, label, text_as_number(text), &none);
      break;
  }
}

void vn__senml_other(vn__senml_t *senml, vn__senml_label_t label) {
  static const vn_number_t none = {0};
  bool value = label == VN__SENML_VS || label == VN__SENML_VB || label == VN__SENML_VD;
  vn__senml_number(senml, label, value ? VN_REASON_NONE : VN_REASON_TYPE, &none);
}

/* The record's name with the base name before it. */
static vn_reason_t resolve_name(vn__senml_t *senml, vn_text_t *name) {
  if (senml->base_name_problem != VN_REASON_NONE) {
    return (vn_reason_t)senml->base_name_problem;
  }
  *name = senml->name;
  size_t base = senml->base_length;
  if (base > 0 || senml->name_escaped) {
    size_t length = 0;
    vn_reason_t reason = append_name(senml, base, senml->name, senml->name_escaped, &length);
    if (reason != VN_REASON_NONE) {
      return reason;
    }
    *name = (vn_text_t){senml->names, base + length};
  }
  if (name->length == 0 || name->length > VN_SENML_NAME_MAX) {
    return VN_REASON_NAME;
  }
  return check_name(&name->bytes[base], name->length - base, base > 0);
}

/* Base and own number together; the caller has made sure that one of them is there. */
static vn_reason_t resolve_number(const vn__senml_base_t *base, const vn_number_t *own,
                                  vn_number_t *out) {
  if (!base->in_force) {
    *out = *own;
    return VN_REASON_NONE;
  }
  if (base->problem != VN_REASON_NONE) {
    return (vn_reason_t)base->problem;
  }
  if (own == NULL) {
    *out = base->number;
    return VN_REASON_NONE;
  }
  return vn_number_add(&base->number, own, out);
}

static bool is_relative(const vn_number_t *seconds, int64_t ms) {
  int64_t fine;
  if (ms != RELATIVE_BELOW_MS) {
    return ms < RELATIVE_BELOW_MS;
  }
  /* The sum was rounded up to the border, or lies on it. */
  return vn_number_scale(seconds, -10, INT64_MIN, INT64_MAX, &fine) == VN_REASON_NONE &&
         fine < RELATIVE_BELOW_E10;
}

static vn_reason_t resolve_time(const vn__senml_t *senml, vn_decoded_t *decoded) {
  vn_number_t seconds = {0};
  int64_t ms = 0;
  bool own = (senml->seen & BIT(VN__SENML_T)) != 0;
  if (own || senml->base_time.in_force) {
    vn_reason_t reason = resolve_number(&senml->base_time, own ? &senml->time : NULL, &seconds);
    if (reason != VN_REASON_NONE) {
      return as_time_reason(reason);
    }
    if (vn_number_scale(&seconds, -3, VN_TIME_LOWEST_MS, VN_TIME_HIGHEST_MS, &ms) !=
        VN_REASON_NONE) {
      return VN_REASON_TIME;
    }
  }
  decoded->has_time = true;
  decoded->is_relative = is_relative(&seconds, ms);
  if (decoded->is_relative) {
    ms = vn_add_saturating(senml->decode->arrival_ms, ms);
  }
  decoded->time_ms = ms;
  return ms < VN_TIME_LOWEST_MS || ms > VN_TIME_HIGHEST_MS ? VN_REASON_TIME : VN_REASON_NONE;
}

/* Value and time of a record whose labels and name are in order. */
static vn_reason_t resolve_reading(const vn__senml_t *senml, vn_decoded_t *decoded) {
  bool own = (senml->seen & BIT(VN__SENML_V)) != 0;
  if ((senml->seen & OTHER_VALUES) != 0) {
    return VN_REASON_TYPE;
  }
  if (!own && !senml->base_value.in_force) {
    bool sum = (senml->seen & BIT(VN__SENML_S)) != 0 || senml->base_sum_in_force;
    return sum ? VN_REASON_MISSING : VN_REASON_SENML;
  }
  vn_reason_t reason =
      resolve_number(&senml->base_value, own ? &senml->value : NULL, &decoded->value);
  return reason == VN_REASON_NONE ? resolve_time(senml, decoded) : reason;
}

static vn_reason_t resolve(vn__senml_t *senml, vn_decoded_t *decoded) {
  vn_text_t name = {NULL, 0};
  uint32_t values = senml->seen & (OTHER_VALUES | BIT(VN__SENML_V));
  vn_reason_t name_reason = resolve_name(senml, &name);
  if (name_reason == VN_REASON_NONE) {
    decoded->name = name;
  }
  if (senml->problem != VN_REASON_NONE) {
    return (vn_reason_t)senml->problem;
  }
  if ((values & (values - 1u)) != 0 || senml->seen == 0) {
    return VN_REASON_SENML;
  }
  return name_reason == VN_REASON_NONE ? resolve_reading(senml, decoded) : name_reason;
}

static void reset_record(vn__senml_t *senml) {
  senml->seen = 0;
  senml->problem = VN_REASON_NONE;
  senml->name = (vn_text_t){NULL, 0};
  senml->name_escaped = false;
}

void vn__senml_end_record(vn__senml_t *senml) {
  bool base_only = (senml->seen & ~BASE_LABELS) == 0 && (senml->seen & BASE_LABELS) != 0;
  bool nothing = base_only && senml->problem == VN_REASON_NONE;
  if (!senml->only_check && !nothing) {
    vn_decoded_t decoded = {0};
    decoded.reason = (uint8_t)resolve(senml, &decoded);
    senml->decode->deliver(senml->decode->context, &decoded);
  }
  reset_record(senml);
}

void vn__senml_refuse_record(vn__senml_t *senml, vn_reason_t reason) {
  VN_ASSERT(reason != VN_REASON_NONE);
  if (!senml->only_check) {
    vn_decoded_t decoded = {.reason = (uint8_t)reason};
    senml->decode->deliver(senml->decode->context, &decoded);
  }
  reset_record(senml);
}
