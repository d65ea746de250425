/* Summaries: the choice of the encoding, and the fields that all of them share. */
#include "vn/summary.h"

#include "summary_priv.h"

size_t vn_summary_record(vn_encoding_t encoding, const vn_summary_t *summary,
                         uint8_t pipeline_index, bool first, uint8_t *out, size_t capacity) {
  VN_ASSERT(summary->result->aggregate->count > 0);
  VN_ASSERT(summary->result->window < summary->pipeline->window_count);
  VN_ASSERT(summary->result->supersedes_count <= vn__summary_window(summary)->supersedes_max);
  switch (encoding) {
    case VN_ENCODING_JSON:
      return vn__json_record(summary, first, (char *)out, capacity);
    case VN_ENCODING_SENML_JSON:
      return vn__senml_json_record(summary, (char *)out, capacity);
    case VN_ENCODING_SENML_CBOR:
      return vn__senml_cbor_record(summary, out, capacity);
    case VN_ENCODING_CBOR:
    case VN_ENCODING_CBOR_NAMED:
    default:
      return vn__cbor_record(encoding == VN_ENCODING_CBOR_NAMED, summary, pipeline_index, out,
                             capacity);
  }
}

size_t vn_summary_message(vn_encoding_t encoding, const vn_summary_batch_t *batch, uint8_t *out,
                          size_t capacity) {
  switch (encoding) {
    case VN_ENCODING_JSON:
      return vn__json_message(batch, (char *)out, capacity);
    case VN_ENCODING_SENML_JSON:
      return vn__senml_json_message(batch, (char *)out, capacity);
    case VN_ENCODING_SENML_CBOR:
      return vn__senml_cbor_message(batch, out, capacity);
    case VN_ENCODING_CBOR:
    case VN_ENCODING_CBOR_NAMED:
    default:
      return vn__cbor_message(encoding == VN_ENCODING_CBOR_NAMED, batch, out, capacity);
  }
}

const char *vn_encoding_content_type(vn_encoding_t encoding) {
  static const char *const types[] = {
      [VN_ENCODING_CBOR] = "application/cbor",
      [VN_ENCODING_CBOR_NAMED] = "application/cbor",
      [VN_ENCODING_JSON] = "application/json",
      [VN_ENCODING_SENML_CBOR] = "application/senml+cbor",
      [VN_ENCODING_SENML_JSON] = "application/senml+json",
  };
  VN_ASSERT((unsigned)encoding < sizeof types / sizeof *types);
  return types[encoding];
}

const char *vn__field_word(vn__field_t field) {
#define FIELD_WORD(name, word) word,
  static const char *const words[] = {VN__FIELD_LIST(FIELD_WORD)};
#undef FIELD_WORD
  VN_ASSERT((unsigned)field < VN__FIELD_COUNT_OF);
  return words[field];
}

/* Both lists hold the statistics in the same order, in three runs each. */
VN_STATIC_ASSERT(VN__FIELD_LAST - VN__FIELD_COUNT == VN_STATISTIC_LAST - VN_STATISTIC_COUNT,
                 "COUNT..LAST are one run");
VN_STATIC_ASSERT(VN__FIELD_RANGE - VN__FIELD_MEAN == VN_STATISTIC_RANGE - VN_STATISTIC_MEAN,
                 "MEAN..RANGE are one run");
VN_STATIC_ASSERT(VN__FIELD_EXPONENTIAL_MEAN - VN__FIELD_P50 ==
                     VN_STATISTIC_EXPONENTIAL_MEAN - VN_STATISTIC_P50,
                 "P50..EXPONENTIAL_MEAN are one run");
VN_STATIC_ASSERT(VN_STATISTIC_COUNT_OF == VN_STATISTIC_EXPONENTIAL_MEAN + 1,
                 "a statistic behind EXPONENTIAL_MEAN follows it in the fields, too");

vn_statistic_t vn__field_statistic(vn__field_t field) {
  if (field >= VN__FIELD_P50) {
    VN_ASSERT(field <= VN__FIELD_EXPONENTIAL_MEAN);
    return (vn_statistic_t)(VN_STATISTIC_P50 + (int)(field - VN__FIELD_P50));
  }
  if (field >= VN__FIELD_MEAN) {
    VN_ASSERT(field <= VN__FIELD_RANGE);
    return (vn_statistic_t)(VN_STATISTIC_MEAN + (int)(field - VN__FIELD_MEAN));
  }
  VN_ASSERT(field >= VN__FIELD_COUNT && field <= VN__FIELD_LAST);
  return (vn_statistic_t)(VN_STATISTIC_COUNT + (int)(field - VN__FIELD_COUNT));
}

uint64_t vn__statistic_fields(uint32_t statistics) {
  const uint32_t first = VN_STATISTIC_BIT(VN_STATISTIC_MEAN) - 1u;
  const uint32_t second = VN_STATISTIC_BIT(VN_STATISTIC_P50) - 1u - first;
  return (uint64_t)(statistics & first) << VN__FIELD_COUNT |
         (uint64_t)(statistics & second) >> VN_STATISTIC_MEAN << VN__FIELD_MEAN |
         (uint64_t)statistics >> VN_STATISTIC_P50 << VN__FIELD_P50;
}

unsigned vn__accounted(const uint32_t *accounting) {
  unsigned count = 0;
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF; i++) {
    count += accounting[i] > 0 ? 1u : 0u;
  }
  return count;
}

uint64_t vn__window_fields(const vn_window_t *window, uint32_t statistics) {
  const uint64_t times = VN__FIELD_BIT(VN__FIELD_FROM) | VN__FIELD_BIT(VN__FIELD_TO);
  uint64_t fields = VN__FIELD_BIT(VN__FIELD_COUNT + 1) - 1u;
  fields |= VN__FIELD_BIT(VN__FIELD_FLAGS);
  fields |= vn__window_has_accounting(window) ? VN__FIELD_BIT(VN__FIELD_ACCOUNTING) : 0;
  fields |= window->sample > 0 ? VN__FIELD_BIT(VN__FIELD_SAMPLE) : 0;
  fields |= window->supersedes_max > 0 ? VN__FIELD_BIT(VN__FIELD_SUPERSEDES) : 0;
  fields |= window->shape == VN_WINDOW_COUNT ? times : 0;
  return fields | vn__statistic_fields(statistics);
}
