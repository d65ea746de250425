/* Notices of gaps (docs/summary.cddl) as one line each, with the words of their JSON form. */
#include "decode_map_priv.h"
#include "vn/gap.h"

#define VERSION 1u

enum { TOP_VERSION, TOP_DEVICE, TOP_BOOT, TOP_SEQ, TOP_GAPS = 7, TOP_COUNT };
/* The numbers between are those of summary messages, which have them all. */
static const char *const top_words[TOP_COUNT] = {"version",   "device",  "boot",       "seq",
                                                 "pipelines", "records", "accounting", "gaps"};
static const char *top_word(unsigned key) { return key < TOP_COUNT ? top_words[key] : NULL; }

enum { GAP_WHY, GAP_COUNT = 8 };
static const char *const gap_words[GAP_COUNT] = {"why",     "first",  "last", "messages",
                                                 "results", "alerts", "from", "to"};
static const char *gap_word(unsigned key) { return key < GAP_COUNT ? gap_words[key] : NULL; }

bool vn__decode_is_gap(vn_cbor_reader_t reader) {
  static const struct {
    unsigned key;
    vn_cbor_kind_t kind;
  } needed[] = {{TOP_DEVICE, VN_CBOR_TEXT},
                {TOP_BOOT, VN_CBOR_UINT},
                {TOP_SEQ, VN_CBOR_UINT},
                {TOP_GAPS, VN_CBOR_ARRAY},
                {TOP_VERSION, VN_CBOR_UINT}};
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

static bool put_member(vn_cbor_reader_t reader, unsigned key, vn_json_writer_t *writer,
                       vn__decode_problem_t *problem) {
  vn_cbor_item_t item;
  vn_cbor_reader_t peek = reader;
  vn_json_key(writer, gap_words[key]);
  if (key == GAP_WHY && vn__decode_next(&peek, &item, problem) && item.kind == VN_CBOR_UINT &&
      item.unsigned_value < VN_GAP_REASONS) {
    vn_json_literal(writer, vn_gap_word((vn_gap_reason_t)item.unsigned_value));
    return true;
  }
  return vn__decode_item(&reader, writer, problem);
}

static bool put_gap(vn_cbor_reader_t reader, vn_json_writer_t *writer,
                    vn__decode_problem_t *problem) {
  vn__known_t known;
  if (!vn__known_scan(reader, gap_word, &known, problem)) {
    return false;
  }
  vn_json_object_begin(writer);
  for (unsigned key = 0; key < GAP_COUNT; key++) {
    vn_cbor_reader_t member = reader;
    member.position = known.at[key];
    if (known.at[key] != 0 && !put_member(member, key, writer, problem)) {
      return false;
    }
  }
  vn_json_object_end(writer);
  return true;
}

static bool put_gaps(vn_cbor_reader_t reader, vn_json_writer_t *writer,
                     vn__decode_problem_t *problem) {
  vn_cbor_item_t list;
  if (!vn__decode_next(&reader, &list, problem)) {
    return false;
  }
  vn_json_key(writer, "gaps");
  vn_json_array_begin(writer);
  for (uint64_t left = list.unsigned_value; left > 0; left--) {
    if (!put_gap(reader, writer, problem) || !vn__decode_skip(&reader, problem)) {
      return false;
    }
  }
  vn_json_array_end(writer);
  return true;
}

bool vn__decode_render_gap(const void *subject, vn_json_writer_t *writer,
                           vn__decode_problem_t *problem) {
  static const uint8_t head[] = {TOP_DEVICE, TOP_BOOT, TOP_SEQ};
  vn_cbor_reader_t reader = *(const vn_cbor_reader_t *)subject;
  vn_cbor_reader_t member = reader;
  vn__known_t known;
  if (!vn__known_scan(reader, top_word, &known, problem)) {
    return false;
  }
  vn_json_object_begin(writer);
  for (unsigned i = 0; i < sizeof head; i++) {
    member.position = known.at[head[i]];
    vn_json_key(writer, top_words[head[i]]);
    if (!vn__decode_item(&member, writer, problem)) {
      return false;
    }
  }
  member.position = known.at[TOP_GAPS];
  if (!put_gaps(member, writer, problem)) {
    return false;
  }
  vn_json_object_end(writer);
  return true;
}
