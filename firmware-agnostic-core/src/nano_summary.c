/* Summaries of the nano runtime: records and messages of docs/summary.cddl, integer keys. */
#include "nano_priv.h"
#include "summary_priv.h"
#include "vn/arith.h"

#include <string.h>

#define EXPONENT_MOST 9 /* 10^9 * a count of 32 bits fits 64 bits */

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* value as mantissa * 2^exponent, as a double has it; value > 0. */
static uint64_t mantissa_of(uint64_t value, int *exponent) {
  const uint64_t one = UINT64_C(1) << 52;
  vn_u128_t wide = {0, value};
  uint64_t bits = bits_of(vn_u128_to_double(wide));
  *exponent = (int)(bits >> 52) - 1075;
  return (bits & (one - 1u)) | one;
}

/*
 * The mean as the engine tells it, (double)sum / ((double)count * 10^-exponent), by integers: soft
 * floats would cost 3 KiB.
 */
static double mean_of(const vn_aggregate_t *aggregate, int exponent) {
  VN_ASSERT(exponent <= 0 && exponent >= -EXPONENT_MOST);
  uint64_t sum = aggregate->sum < 0 ? 0 - (uint64_t)aggregate->sum : (uint64_t)aggregate->sum;
  uint64_t divisor = aggregate->count;
  double mean;
  int up, down;
  if (sum == 0) {
    return 0.0;
  }
  for (; exponent < 0; exponent++) {
    divisor *= 10u;
  }
  vn_u128_t dividend = {mantissa_of(sum, &up), 0};
  uint64_t remainder;
  vn_u128_t quotient = vn_u128_div_u64(dividend, mantissa_of(divisor, &down), &remainder);
  quotient.low |= (uint64_t)(remainder != 0); /* far below the rounding position */
  uint64_t bits = bits_of(vn_u128_to_double(quotient));
  bits += (uint64_t)(up - down - 64) << 52;
  bits |= (uint64_t)(aggregate->sum < 0) << 63;
  memcpy(&mean, &bits, sizeof mean);
  return mean;
}

static void put_key(vn_cbor_writer_t *writer, vn__field_t field) { vn_cbor_uint(writer, field); }

static void put_pair(vn_cbor_writer_t *writer, unsigned key, int64_t value) {
  vn_cbor_uint(writer, key);
  vn_cbor_int(writer, value);
}

static void put_word(vn_cbor_writer_t *writer, const char *word) {
  vn_text_t text = vn__nano_text(word);
  vn_cbor_text(writer, text.bytes, text.length);
}

static unsigned tallied(const vn_tally_t *tally) {
  unsigned count = 0;
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    count += tally->counts[i] > 0;
  }
  return count;
}

static void put_tally(vn_cbor_writer_t *writer, const vn_tally_t *tally) {
  put_key(writer, VN__FIELD_ACCOUNTING);
  vn_cbor_map(writer, tallied(tally));
  for (unsigned i = 0; i < VN_TALLY_ITEMS; i++) {
    if (tally->counts[i] > 0) {
      put_pair(writer, i, tally->counts[i]);
    }
  }
}

static uint32_t sample_count(const vn__nano_work_t *work, const vn_aggregate_t *aggregate) {
  return aggregate->count < work->window->sample ? aggregate->count : work->window->sample;
}

static void put_sample(vn_cbor_writer_t *writer, const vn__nano_work_t *work,
                       const vn__nano_result_t *result, vn_time_ms_t start_ms) {
  uint32_t count = sample_count(work, &result->pane->aggregate);
  put_key(writer, VN__FIELD_SAMPLE);
  vn_cbor_array(writer, count);
  for (uint32_t i = 0; i < count; i++) {
    vn_cbor_array(writer, 2);
    vn_cbor_int(writer, result->sample[i].time_ms - start_ms);
    vn_cbor_int(writer, result->sample[i].value);
  }
}

static void put_statistic(vn_cbor_writer_t *writer, const vn__nano_work_t *work,
                          const vn_aggregate_t *aggregate, vn__field_t field) {
  switch (field) {
    case VN__FIELD_COUNT:
      vn_cbor_uint(writer, aggregate->count);
      break;
    case VN__FIELD_SUM:
      vn_cbor_int(writer, aggregate->sum);
      break;
    case VN__FIELD_MIN:
      vn_cbor_int(writer, aggregate->min);
      break;
    case VN__FIELD_MAX:
      vn_cbor_int(writer, aggregate->max);
      break;
    case VN__FIELD_FIRST:
      vn_cbor_int(writer, aggregate->first);
      break;
    case VN__FIELD_LAST:
      vn_cbor_int(writer, aggregate->last);
      break;
    case VN__FIELD_MEAN:
      vn_cbor_float(writer, mean_of(aggregate, work->pipeline->summary.exponent));
      break;
    default:
      VN_ASSERT(field == VN__FIELD_RANGE);
      vn_cbor_int(writer, (int64_t)aggregate->max - aggregate->min);
      break;
  }
}

/* Those that a result tells, as bits of their fields; without doubles to ask for. */
static uint32_t fields_of(uint32_t statistics) {
  uint32_t asked = statistics | VN_STATISTIC_BIT(VN_STATISTIC_COUNT);
  uint32_t first = asked & (VN_STATISTIC_BIT(VN_STATISTIC_LAST + 1) - 1u);
  uint32_t mean = asked >> VN_STATISTIC_MEAN & 1u, range = asked >> VN_STATISTIC_RANGE & 1u;
  return first << VN__FIELD_COUNT | mean << VN__FIELD_MEAN | range << VN__FIELD_RANGE;
}

static void put_statistics(vn_cbor_writer_t *writer, const vn__nano_work_t *work,
                           const vn_aggregate_t *aggregate, unsigned from, unsigned to) {
  uint32_t fields = fields_of(work->window->statistics);
  for (unsigned i = from; i <= to; i++) {
    if ((fields >> i & 1u) != 0) {
      put_key(writer, (vn__field_t)i);
      put_statistic(writer, work, aggregate, (vn__field_t)i);
    }
  }
}

static unsigned pairs_of(const vn__nano_work_t *work, const vn__nano_result_t *result) {
  unsigned pairs = VN__FIELD_COUNT; /* those before it */
  for (uint32_t fields = fields_of(work->window->statistics); fields != 0; fields &= fields - 1u) {
    pairs++;
  }
  pairs += work->window->sample > 0;
  pairs += result->flags != 0;
  return pairs + (tallied(&result->pane->tally) > 0);
}

static size_t put_record(const vn__nano_work_t *work, const vn__nano_result_t *result, uint8_t *out,
                         size_t capacity) {
  const vn_nano_pane_t *pane = result->pane;
  vn_time_ms_t end_ms = pane->last_ms + 1;
  vn_time_ms_t start_ms = end_ms - work->window->size_ms;
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  vn_cbor_map(&writer, pairs_of(work, result));
  put_pair(&writer, VN__FIELD_PIPELINE, 0);
  put_pair(&writer, VN__FIELD_WINDOW, 0);
  put_key(&writer, VN__FIELD_SERIES);
  put_word(&writer, work->nano->names[work->index]);
  put_pair(&writer, VN__FIELD_START, start_ms);
  put_pair(&writer, VN__FIELD_END, end_ms);
  put_pair(&writer, VN__FIELD_REV, result->revision);
  put_pair(&writer, VN__FIELD_KIND, result->kind);
  put_statistics(&writer, work, &pane->aggregate, VN__FIELD_COUNT, VN__FIELD_LAST);
  if (work->window->sample > 0) {
    put_sample(&writer, work, result, start_ms);
  }
  if (tallied(&pane->tally) > 0) {
    put_tally(&writer, &pane->tally);
  }
  if (result->flags != 0) {
    put_pair(&writer, VN__FIELD_FLAGS, result->flags);
  }
  put_statistics(&writer, work, &pane->aggregate, VN__FIELD_MEAN, VN__FIELD_RANGE);
  VN_ASSERT(!writer.overflow);
  return writer.length;
}

void vn__nano_tell(const vn__nano_work_t *work, const vn__nano_result_t *result) {
  vn_nano_t *nano = work->nano;
  nano->figures.summaries++;
  size_t length = put_record(work, result, nano->store->scratch, nano->store->scratch_bytes);
  vn__nano_put_record(nano, nano->store->scratch, length);
}

/* Heads, keys and numbers at their longest. */
size_t vn__nano_record_max(const vn_nano_t *nano) {
  enum { FIXED = 2 + 2 * 2 + 4 + 2 * 10 + 6 + 2 + 6 + 7 * 11 + 2 + 2 + 5 * 4 + 3, MEMBER = 15 };
  size_t name = 0;
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    size_t length = vn__nano_text(nano->names[i]).length;
    name = length > name ? length : name;
  }
  return FIXED + name + (size_t)nano->plan->pipelines->summary.windows->sample * MEMBER;
}

size_t vn__nano_message(const vn_nano_t *nano, const vn__nano_content_t *content, uint8_t *out,
                        size_t capacity) {
  const vn_summary_pipeline_t *pipeline = &nano->plan->pipelines->summary;
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  vn_cbor_map(&writer, 7);
  put_pair(&writer, 0, VN__SUMMARY_VERSION);
  vn_cbor_uint(&writer, 1);
  put_word(&writer, nano->plan->device);
  put_pair(&writer, 2, content->boot);
  put_pair(&writer, 3, content->seq);
  vn_cbor_uint(&writer, 4);
  vn_cbor_array(&writer, 1);
  vn_cbor_map(&writer, 4);
  vn_cbor_uint(&writer, 0);
  put_word(&writer, pipeline->name);
  vn_cbor_uint(&writer, 1);
  put_word(&writer, pipeline->unit);
  put_pair(&writer, 2, pipeline->exponent);
  vn_cbor_uint(&writer, 3);
  vn_cbor_array(&writer, 1);
  put_word(&writer, pipeline->windows->name);
  vn_cbor_uint(&writer, 5);
  vn_cbor_array(&writer, content->record_count);
  vn_cbor_raw(&writer, content->records, content->length);
  return writer.length;
}

size_t vn__nano_accounting(const vn_nano_t *nano, uint8_t *out, size_t capacity) {
  uint64_t counts[VN_ACCOUNTING_COUNTERS];
  unsigned told = 0;
  vn_cbor_writer_t writer;
  vn_accounting_list(&nano->figures.readings, counts);
  for (unsigned i = 0; i < VN_ACCOUNTING_COUNTERS; i++) {
    told += counts[i] > 0;
  }
  vn_cbor_writer_init(&writer, out, capacity);
  vn_cbor_uint(&writer, 6);
  vn_cbor_map(&writer, told);
  for (unsigned i = 0; i < VN_ACCOUNTING_COUNTERS; i++) {
    if (counts[i] > 0) {
      put_pair(&writer, i, (int64_t)counts[i]);
    }
  }
  VN_ASSERT(!writer.overflow);
  return writer.length;
}
