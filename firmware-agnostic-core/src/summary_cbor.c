/* Summaries as deterministic CBOR (docs/summary.cddl), with integer or with text keys. */
#include "summary_priv.h"

#include <string.h>

/* RFC 8949, 4.2.1 sorts keys by their encoded bytes: text keys by length first. */
static const uint8_t named_order[VN__FIELD_COUNT_OF] = {VN__FIELD_TO,
                                                        VN__FIELD_END,
                                                        VN__FIELD_MAX,
                                                        VN__FIELD_MIN,
                                                        VN__FIELD_P50,
                                                        VN__FIELD_P90,
                                                        VN__FIELD_P95,
                                                        VN__FIELD_P99,
                                                        VN__FIELD_REV,
                                                        VN__FIELD_SUM,
                                                        VN__FIELD_FROM,
                                                        VN__FIELD_KIND,
                                                        VN__FIELD_LAST,
                                                        VN__FIELD_MEAN,
                                                        VN__FIELD_RATE,
                                                        VN__FIELD_COUNT,
                                                        VN__FIELD_FIRST,
                                                        VN__FIELD_FLAGS,
                                                        VN__FIELD_RANGE,
                                                        VN__FIELD_SLOPE,
                                                        VN__FIELD_START,
                                                        VN__FIELD_SAMPLE,
                                                        VN__FIELD_SERIES,
                                                        VN__FIELD_STDDEV,
                                                        VN__FIELD_SUM_SQ,
                                                        VN__FIELD_WINDOW,
                                                        VN__FIELD_DISTINCT,
                                                        VN__FIELD_INCREASE,
                                                        VN__FIELD_INTEGRAL,
                                                        VN__FIELD_PIPELINE,
                                                        VN__FIELD_VARIANCE,
                                                        VN__FIELD_ACCOUNTING,
                                                        VN__FIELD_COVERED_MS,
                                                        VN__FIELD_SUPERSEDES,
                                                        VN__FIELD_STDDEV_SAMPLE,
                                                        VN__FIELD_VARIANCE_SAMPLE,
                                                        VN__FIELD_EXPONENTIAL_MEAN,
                                                        VN__FIELD_TIME_WEIGHTED_MEAN};

static void put_literal(vn_cbor_writer_t *writer, const char *text) {
  vn_cbor_text(writer, text, strlen(text));
}

static void put_key(vn_cbor_writer_t *writer, bool named, unsigned key, const char *word) {
  if (named) {
    put_literal(writer, word);
  } else {
    vn_cbor_uint(writer, key);
  }
}

/* Small numbers: times count from the start, or from the first time where that is an ordinal. */
static void put_sample(vn_cbor_writer_t *writer, const vn_summary_t *summary) {
  const vn_window_result_t *result = summary->result;
  vn_time_ms_t base_ms =
      vn__summary_counts(summary) ? result->aggregate->first_ms : result->start_ms;
  vn_cbor_array(writer, result->sample_count);
  for (uint32_t i = 0; i < result->sample_count; i++) {
    vn_cbor_array(writer, 2);
    vn_cbor_int(writer, result->sample[i].time_ms - base_ms);
    vn_cbor_int(writer, result->sample[i].value);
  }
}

static void put_supersedes(vn_cbor_writer_t *writer, const vn_window_result_t *result) {
  vn_cbor_array(writer, result->supersedes_count);
  for (unsigned i = 0; i < result->supersedes_count; i++) {
    vn_cbor_array(writer, 2);
    vn_cbor_int(writer, result->supersedes[i].start_ms);
    vn_cbor_int(writer, result->supersedes[i].end_ms);
  }
}

/* {item: count}, sorted: as integers by number, as words by length. */
static void put_accounting(vn_cbor_writer_t *writer, bool named, const uint32_t *accounting) {
  static const uint8_t order[] = {
      VN_ACCOUNTED_GAPS,     VN_ACCOUNTED_LATE,      VN_ACCOUNTED_LIMITED,    VN_ACCOUNTED_COVERAGE,
      VN_ACCOUNTED_REJECTED, VN_ACCOUNTED_DUPLICATE, VN_ACCOUNTED_QUARANTINED};
  VN_STATIC_ASSERT(sizeof order == VN_ACCOUNTED_COUNT_OF, "every item has its place");
  vn_cbor_map(writer, vn__accounted(accounting));
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF; i++) {
    unsigned item = named ? order[i] : i;
    if (accounting[item] > 0) {
      put_key(writer, named, item, vn_accounted_word((vn_accounted_t)item));
      vn_cbor_uint(writer, accounting[item]);
    }
  }
}

static void put_statistic(vn_cbor_writer_t *writer, const vn_summary_t *summary,
                          vn_statistic_t statistic) {
  const vn_aggregate_t *aggregate = summary->result->aggregate;
  if (vn__statistic_is_integer(statistic)) {
    vn_cbor_int(writer, vn__statistic_integer(summary->result, statistic));
  } else if (statistic == VN_STATISTIC_SUM_SQ) {
    vn_cbor_u128(writer, vn_aggregate_squares(aggregate));
  } else {
    vn_cbor_float(writer,
                  vn__statistic_float(summary->result, statistic, summary->pipeline->exponent));
  }
}

static int64_t bound_of(const vn_window_result_t *result, vn__field_t field) {
  switch (field) {
    case VN__FIELD_START:
      return result->start_ms;
    case VN__FIELD_END:
      return result->end_ms;
    case VN__FIELD_FROM:
      return result->aggregate->first_ms;
    default:
      VN_ASSERT(field == VN__FIELD_TO);
      return result->aggregate->last_ms;
  }
}

static void put_field(vn_cbor_writer_t *writer, bool named, const vn_summary_t *summary,
                      vn__field_t field) {
  const vn_window_result_t *result = summary->result;
  switch (field) {
    case VN__FIELD_WINDOW:
      vn_cbor_uint(writer, result->window);
      break;
    case VN__FIELD_SERIES:
      vn_cbor_text(writer, summary->series.bytes, summary->series.length);
      break;
    case VN__FIELD_REV:
      vn_cbor_uint(writer, result->revision);
      break;
    case VN__FIELD_KIND:
      vn_cbor_uint(writer, result->kind);
      break;
    case VN__FIELD_SAMPLE:
      put_sample(writer, summary);
      break;
    case VN__FIELD_SUPERSEDES:
      put_supersedes(writer, result);
      break;
    case VN__FIELD_ACCOUNTING:
      put_accounting(writer, named, result->accounting);
      break;
    case VN__FIELD_FLAGS:
      vn_cbor_uint(writer, result->flags);
      break;
    case VN__FIELD_START:
    case VN__FIELD_END:
    case VN__FIELD_FROM:
    case VN__FIELD_TO:
      vn_cbor_int(writer, bound_of(result, field));
      break;
    default:
      put_statistic(writer, summary, vn__field_statistic(field));
      break;
  }
}

static uint64_t present_fields(const vn_summary_t *summary) {
  uint64_t fields = vn__window_fields(vn__summary_window(summary), vn__summary_asked(summary));
  const uint32_t all = VN_STATISTIC_BIT(VN_STATISTIC_COUNT_OF) - 1u;
  fields &= ~vn__statistic_fields(all & ~vn__statistics_of(summary->result, all));
  if (summary->result->supersedes_count == 0) {
    fields &= ~VN__FIELD_BIT(VN__FIELD_SUPERSEDES);
  }
  if (vn__summary_is_delta(summary)) {
    fields &= ~VN__FIELD_BIT(VN__FIELD_SAMPLE);
  }
  if (vn__accounted(summary->result->accounting) == 0) {
    fields &= ~VN__FIELD_BIT(VN__FIELD_ACCOUNTING);
  }
  if (summary->result->flags == 0) {
    fields &= ~VN__FIELD_BIT(VN__FIELD_FLAGS);
  }
  return fields;
}

static unsigned bits_in(uint64_t set) {
  unsigned count = 0;
  for (; set != 0; set &= set - 1) {
    count++;
  }
  return count;
}

size_t vn__cbor_record(bool named, const vn_summary_t *summary, uint8_t pipeline_index,
                       uint8_t *out, size_t capacity) {
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  uint64_t fields = present_fields(summary);
  vn_cbor_map(&writer, bits_in(fields));
  for (unsigned i = 0; i < VN__FIELD_COUNT_OF; i++) {
    vn__field_t field = (vn__field_t)(named ? named_order[i] : i);
    if ((fields & VN__FIELD_BIT(field)) != 0) {
      put_key(&writer, named, field, vn__field_word(field));
      if (field == VN__FIELD_PIPELINE) {
        vn_cbor_uint(&writer, pipeline_index);
      } else {
        put_field(&writer, named, summary, field);
      }
    }
  }
  return writer.length;
}

static void put_windows(vn_cbor_writer_t *writer, const vn_summary_pipeline_t *pipeline) {
  vn_cbor_array(writer, pipeline->window_count);
  for (unsigned i = 0; i < pipeline->window_count; i++) {
    put_literal(writer, pipeline->windows[i].name);
  }
}

static void put_pipeline(vn_cbor_writer_t *writer, bool named,
                         const vn_summary_pipeline_t *pipeline) {
  vn_cbor_map(writer, 4);
  put_key(writer, named, 0, "name");
  put_literal(writer, pipeline->name);
  put_key(writer, named, 1, "unit");
  put_literal(writer, pipeline->unit);
  if (named) { /* sorted: "windows" before "exponent" */
    put_literal(writer, "windows");
    put_windows(writer, pipeline);
  }
  put_key(writer, named, 2, "exponent");
  vn_cbor_int(writer, pipeline->exponent);
  if (!named) {
    vn_cbor_uint(writer, 3);
    put_windows(writer, pipeline);
  }
}

static void put_pipelines(vn_cbor_writer_t *writer, bool named, const vn_summary_batch_t *batch) {
  put_key(writer, named, 4, "pipelines");
  vn_cbor_array(writer, batch->pipeline_count);
  for (unsigned i = 0; i < batch->pipeline_count; i++) {
    put_pipeline(writer, named, batch->pipelines[i]);
  }
}

static void put_records(vn_cbor_writer_t *writer, bool named, const vn_summary_batch_t *batch) {
  put_key(writer, named, 5, "records");
  vn_cbor_array(writer, batch->record_count);
  vn_cbor_raw(writer, batch->records, batch->records_length);
}

/* {counter: number}, sorted like an accounting of a window; what is 0 isn't told. */
static void put_device_accounting(vn_cbor_writer_t *writer, bool named,
                                  const vn_summary_batch_t *batch) {
  static const uint8_t order[] = {2, 5, 8, 1, 0, 7, 10, 4, 3, 9, 6};
  VN_STATIC_ASSERT(sizeof order == VN_ACCOUNTING_COUNTERS, "every counter has its place");
  uint64_t counts[VN_ACCOUNTING_COUNTERS];
  uint32_t told = 0;
  if (batch->accounting == NULL) {
    return;
  }
  vn_accounting_list(batch->accounting, counts);
  for (unsigned i = 0; i < VN_ACCOUNTING_COUNTERS; i++) {
    told += counts[i] > 0 ? 1u : 0u;
  }
  put_key(writer, named, 6, "accounting");
  vn_cbor_map(writer, told);
  for (unsigned i = 0; i < VN_ACCOUNTING_COUNTERS; i++) {
    unsigned counter = named ? order[i] : i;
    if (counts[counter] > 0) {
      put_key(writer, named, counter, vn_accounting_word(counter));
      vn_cbor_uint(writer, counts[counter]);
    }
  }
}

static void put_head(vn_cbor_writer_t *writer, const vn_summary_batch_t *batch) {
  vn_cbor_uint(writer, 0);
  vn_cbor_uint(writer, VN__SUMMARY_VERSION);
  vn_cbor_uint(writer, 1);
  put_literal(writer, batch->head.device);
  vn_cbor_uint(writer, 2);
  vn_cbor_uint(writer, batch->head.boot);
  vn_cbor_uint(writer, 3);
  vn_cbor_uint(writer, batch->head.seq);
}

static void put_named_head(vn_cbor_writer_t *writer, const vn_summary_batch_t *batch) {
  put_literal(writer, "seq");
  vn_cbor_uint(writer, batch->head.seq);
  put_literal(writer, "boot");
  vn_cbor_uint(writer, batch->head.boot);
  put_literal(writer, "device");
  put_literal(writer, batch->head.device);
}

size_t vn__cbor_message(bool named, const vn_summary_batch_t *batch, uint8_t *out,
                        size_t capacity) {
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, out, capacity);
  vn_cbor_map(&writer, batch->accounting != NULL ? 7 : 6);
  if (named) {
    put_named_head(&writer, batch);
    put_records(&writer, named, batch);
    put_literal(&writer, "version");
    vn_cbor_uint(&writer, VN__SUMMARY_VERSION);
    put_pipelines(&writer, named, batch);
  } else {
    put_head(&writer, batch);
    put_pipelines(&writer, named, batch);
    put_records(&writer, named, batch);
  }
  put_device_accounting(&writer, named, batch);
  return writer.length;
}
