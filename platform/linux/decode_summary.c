/* Summary messages (docs/summary.cddl): their maps, and one line per record. */
#include "decode_map_priv.h"

#include <string.h>

#define VERSION 1u

enum { TOP_VERSION, TOP_DEVICE, TOP_BOOT, TOP_SEQ, TOP_PIPELINES, TOP_RECORDS, TOP_COUNT };
static const char *const top_words[TOP_COUNT] = {"version", "device",    "boot",
                                                 "seq",     "pipelines", "records"};
static const char *top_word(unsigned key) { return key < TOP_COUNT ? top_words[key] : NULL; }

unsigned vn__known_number(const vn_cbor_item_t *key, vn__word_fn word) {
  if (key->kind == VN_CBOR_UINT) {
    return key->unsigned_value < VN__KNOWN_MAX && word((unsigned)key->unsigned_value) != NULL
               ? (unsigned)key->unsigned_value
               : VN__KNOWN_MAX;
  }
  for (unsigned i = 0; key->kind == VN_CBOR_TEXT && word(i) != NULL; i++) {
    if (strlen(word(i)) == key->text.length &&
        memcmp(word(i), key->text.bytes, key->text.length) == 0) {
      return i;
    }
  }
  return VN__KNOWN_MAX;
}

bool vn__known_scan(vn_cbor_reader_t reader, vn__word_fn word, vn__known_t *known,
                    vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  memset(known, 0, sizeof *known);
  if (!vn__decode_next(&reader, &item, problem)) {
    return false;
  }
  if (item.kind != VN_CBOR_MAP || item.indefinite) {
    return vn__decode_fail(problem, "a map of definite length belongs here", reader.position);
  }
  for (uint64_t left = item.unsigned_value; left > 0; left--) {
    if (!vn__decode_next(&reader, &item, problem)) {
      return false;
    }
    unsigned key = vn__known_number(&item, word);
    if (key < VN__KNOWN_MAX) {
      known->at[key] = reader.position;
    }
    if (!vn__decode_skip(&reader, problem)) {
      return false;
    }
  }
  return true;
}

bool vn__known_take(vn_cbor_reader_t reader, const vn__known_t *known, unsigned key,
                    vn_cbor_kind_t kind, vn_cbor_item_t *item) {
  if (known->at[key] == 0) {
    return false;
  }
  reader.position = known->at[key];
  return vn_cbor_next(&reader, item) == VN_REASON_NONE && item->kind == (uint8_t)kind &&
         !item->indefinite;
}

bool vn__decode_is_summary(vn_cbor_reader_t reader) {
  static const struct {
    unsigned key;
    vn_cbor_kind_t kind;
  } needed[] = {{TOP_DEVICE, VN_CBOR_TEXT},     {TOP_BOOT, VN_CBOR_UINT},
                {TOP_SEQ, VN_CBOR_UINT},        {TOP_RECORDS, VN_CBOR_ARRAY},
                {TOP_PIPELINES, VN_CBOR_ARRAY}, {TOP_VERSION, VN_CBOR_UINT}};
  vn__decode_problem_t problem;
  vn__known_t known;
  vn_cbor_item_t item;
  if (!vn__known_scan(reader, top_word, &known, &problem)) {
    return false;
  }
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    if (!vn__known_take(reader, &known, needed[i].key, needed[i].kind, &item)) {
      return false;
    }
  }
  return item.unsigned_value == VERSION; /* the last one needed */
}

bool vn__decode_summary(vn_cbor_reader_t reader, vn__decode_output_t *output,
                        vn__decode_problem_t *problem) {
  vn__known_t top;
  vn_cbor_item_t item;
  vn__decode_record_t record = {.reader = reader, .pipelines = reader};
  if (!vn__known_scan(reader, top_word, &top, problem)) {
    return false;
  }
  if (vn__known_take(reader, &top, TOP_DEVICE, VN_CBOR_TEXT, &item)) {
    record.device = item.text;
  }
  if (vn__known_take(reader, &top, TOP_BOOT, VN_CBOR_UINT, &item)) {
    record.boot = item.unsigned_value;
  }
  if (vn__known_take(reader, &top, TOP_SEQ, VN_CBOR_UINT, &item)) {
    record.seq = item.unsigned_value;
  }
  record.pipelines.position = top.at[TOP_PIPELINES];
  record.reader.position = top.at[TOP_RECORDS];
  if (!vn__decode_next(&record.reader, &item, problem)) {
    return false;
  }
  for (uint64_t left = item.unsigned_value; left > 0; left--) {
    if (!vn__decode_line(output, vn__decode_render_record, &record, problem) ||
        !vn__decode_skip(&record.reader, problem)) {
      return false;
    }
  }
  return true;
}
