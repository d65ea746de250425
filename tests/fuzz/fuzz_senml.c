/*
 * SenML: the first byte chooses the form. A refused pack delivers nothing, a pack gives no more
 * items than it has bytes, and the short way through a pack gives what the careful way gives.
 */
#include <stdlib.h>
#include <string.h>

#include "vn/payload.h"

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
  mix(tally, decoded->reason);
  for (size_t i = 0; i < decoded->name.length; i++) {
    mix(tally, (uint8_t)decoded->name.bytes[i]);
  }
  if (decoded->reason == VN_REASON_NONE) {
    VN_ASSERT(decoded->name.length > 0 && decoded->name.length <= VN_SENML_NAME_MAX);
    VN_ASSERT(!decoded->has_time ||
              (decoded->time_ms >= VN_TIME_LOWEST_MS && decoded->time_ms <= VN_TIME_HIGHEST_MS));
    vn_reason_t reason = vn_number_scale(&decoded->value, -2, INT32_MIN, INT32_MAX, &value);
    mix(tally, reason);
    mix(tally, (uint64_t)value);
    mix(tally, (uint64_t)decoded->time_ms);
  }
}

static vn_reason_t decode(vn_format_t format, const uint8_t *bytes, size_t size, tally_t *tally) {
  vn_input_t input = {.format = (uint8_t)format};
  size_t offset = 0;
  *tally = (tally_t){0, 0};
  vn_reason_t reason =
      vn_payload_decode(&input, bytes, size, INT64_C(1700000000000), take, tally, &offset);
  VN_ASSERT(offset <= size && tally->items <= size);
  if (reason == VN_REASON_VERSION || reason == VN_REASON_MUST_UNDERSTAND) {
    VN_ASSERT(tally->items == 0);
  }
  return reason;
}

/* The tag that says "CBOR" keeps the decoder from the short way; its length is even here. */
static void compare_ways(const uint8_t *bytes, size_t size) {
  static const uint8_t tag[] = {0xD9, 0xD9, 0xF7};
  tally_t fast;
  tally_t careful;
  uint8_t *tagged = malloc(size + 2u * sizeof tag);
  VN_ASSERT(tagged != NULL);
  memcpy(tagged, tag, sizeof tag);
  memcpy(&tagged[sizeof tag], tag, sizeof tag);
  memcpy(&tagged[2u * sizeof tag], bytes, size);
  vn_reason_t reason = decode(VN_FORMAT_SENML_CBOR, bytes, size, &fast);
  if (bytes[0] < 0xC0u || bytes[0] >= 0xE0u) {
    VN_ASSERT(decode(VN_FORMAT_SENML_CBOR, tagged, size + 2u * sizeof tag, &careful) == reason);
    VN_ASSERT(fast.items == careful.items && fast.digest == careful.digest);
  }
  free(tagged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tally_t tally;
  if (size < 2u) {
    return 0;
  }
  if ((data[0] & 1u) == 0) {
    compare_ways(&data[1], size - 1u);
  } else {
    (void)decode(VN_FORMAT_SENML_JSON, &data[1], size - 1u, &tally);
  }
  return 0;
}
