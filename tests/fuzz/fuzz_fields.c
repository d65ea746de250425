/*
 * Numbers, JSON and CBOR with field paths: the first byte chooses the format. Nothing out of range
 * comes out, a message gives no more items than it has bytes (and fields), and the short way
 * through a JSON batch gives what the ordinary way gives.
 */
#include <stdlib.h>
#include <string.h>

#include "vn/payload.h"

#define FIELDS 4u
#define DETOUR 3u /* a path with [*] keeps batches off the short way */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct tally {
  size_t items;
  uint64_t digest;
} tally_t;

static void mix(tally_t *tally, uint64_t value) {
  tally->digest = (tally->digest ^ value) * UINT64_C(0x9E3779B97F4A7C15);
  tally->digest ^= tally->digest >> 29;
}

static void take(void *context, const vn_decoded_t *decoded) {
  tally_t *tally = context;
  int64_t value = 0;
  tally->items++;
  VN_ASSERT(decoded->field < FIELDS && decoded->reason < VN_REASON_COUNT);
  VN_ASSERT(!decoded->has_time ||
            (decoded->time_ms >= VN_TIME_LOWEST_MS && decoded->time_ms <= VN_TIME_HIGHEST_MS));
  if (decoded->field == DETOUR) {
    return;
  }
  mix(tally, decoded->field);
  mix(tally, decoded->reason);
  mix(tally, decoded->has_time ? (uint64_t)decoded->time_ms : 1);
  mix(tally, decoded->has_sequence ? decoded->sequence : 1);
  if (decoded->reason == VN_REASON_NONE) {
    mix(tally, vn_number_scale(&decoded->value, -2, INT32_MIN, INT32_MAX, &value));
    mix(tally, (uint64_t)value);
  }
}

static void compile(const char *text, vn_path_t *out) {
  const char *problem;
  VN_ASSERT(vn_path_compile((vn_text_t){text, strlen(text)}, out, &problem) == VN_OK);
}

static tally_t decode(const vn_input_t *input, const uint8_t *payload, size_t size) {
  tally_t tally = {0, 0};
  size_t offset = 0;
  vn_reason_t reason = vn_payload_decode(input, payload, size, 0, take, &tally, &offset);
  VN_ASSERT(offset <= size && tally.items <= FIELDS * (size + 1));
  mix(&tally, reason);
  mix(&tally, offset);
  return tally;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const kPaths[FIELDS] = {"v", "p.x", "a[1]", "z[*].v"};
  static const vn_format_t kFormats[] = {VN_FORMAT_JSON, VN_FORMAT_CBOR, VN_FORMAT_NUMBER};
  vn_field_t fields[FIELDS];
  vn_input_t input;
  memset(fields, 0, sizeof fields);
  memset(&input, 0, sizeof input);
  for (unsigned i = 0; i < FIELDS; i++) {
    compile(kPaths[i], &fields[i].path);
  }
  compile("t", &input.time_path);
  compile("q", &input.sequence_path);
  input.fields = fields;
  input.has_sequence = true;
  if (size > 0) {
    input.has_time = (data[0] & 0x80u) != 0;
    input.time_unit = data[0] >> 5 & 3u;
    input.format = (uint8_t)kFormats[(data[0] & 0x1Fu) % 3u];
    input.field_count = FIELDS - 1;
    tally_t short_way = decode(&input, data + 1, size - 1);
    input.field_count = FIELDS;
    tally_t ordinary_way = decode(&input, data + 1, size - 1);
    VN_ASSERT(short_way.digest == ordinary_way.digest);
  }
  return 0;
}
