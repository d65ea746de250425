/* Summaries as JSON: the members of replay's result lines. */
#include "json_writer_priv.h"
#include "summary_priv.h"

static void put_identity(vn_json_writer_t *writer, const vn_summary_t *summary) {
  const vn_window_result_t *result = summary->result;
  vn_json_key(writer, "pipeline");
  vn_json_literal(writer, summary->pipeline->name);
  vn_json_key(writer, "window");
  vn_json_literal(writer, vn__summary_window(summary)->name);
  vn_json_key(writer, "series");
  vn_json_text(writer, summary->series);
  vn_json_key(writer, "start");
  vn_json_integer(writer, result->start_ms);
  vn_json_key(writer, "end");
  vn_json_integer(writer, result->end_ms);
  if (vn__summary_counts(summary)) {
    vn_json_key(writer, "from");
    vn_json_integer(writer, result->aggregate->first_ms);
    vn_json_key(writer, "to");
    vn_json_integer(writer, result->aggregate->last_ms);
  }
  vn_json_key(writer, "kind");
  vn_json_literal(writer, vn_kind_word((vn_kind_t)result->kind));
  vn_json_key(writer, "rev");
  vn_json_unsigned(writer, result->revision);
}

static void put_sample(vn_json_writer_t *writer, const vn_summary_t *summary) {
  vn_json_key(writer, "sample");
  vn_json_array_begin(writer);
  for (uint32_t i = 0; i < summary->result->sample_count; i++) {
    const vn_member_t *member = &summary->result->sample[i];
    vn_json_array_begin(writer);
    vn_json_integer(writer, member->time_ms);
    vn_json_decimal(writer, member->value, summary->pipeline->exponent);
    vn_json_array_end(writer);
  }
  vn_json_array_end(writer);
}

static void put_supersedes(vn_json_writer_t *writer, const vn_window_result_t *result) {
  vn_json_key(writer, "supersedes");
  vn_json_array_begin(writer);
  for (unsigned i = 0; i < result->supersedes_count; i++) {
    vn_json_array_begin(writer);
    vn_json_integer(writer, result->supersedes[i].start_ms);
    vn_json_integer(writer, result->supersedes[i].end_ms);
    vn_json_array_end(writer);
  }
  vn_json_array_end(writer);
}

static void put_accounting(vn_json_writer_t *writer, const uint32_t *accounting) {
  vn_json_key(writer, "accounting");
  vn_json_object_begin(writer);
  for (unsigned i = 0; i < VN_ACCOUNTED_COUNT_OF; i++) {
    if (accounting[i] > 0) {
      vn_json_key(writer, vn_accounted_word((vn_accounted_t)i));
      vn_json_unsigned(writer, accounting[i]);
    }
  }
  vn_json_object_end(writer);
}

static void put_flags(vn_json_writer_t *writer, unsigned flags) {
  vn_json_key(writer, "flags");
  vn_json_array_begin(writer);
  for (unsigned i = 0; i < VN_FLAG_COUNT_OF; i++) {
    if ((flags & VN_FLAG_BIT(i)) != 0) {
      vn_json_literal(writer, vn_flag_word((vn_flag_t)i));
    }
  }
  vn_json_array_end(writer);
}

void vn_summary_members(vn_json_writer_t *writer, const vn_summary_t *summary, bool always) {
  const vn_aggregate_t *aggregate = summary->result->aggregate;
  const vn_window_t *window = vn__summary_window(summary);
  const uint32_t base = VN_STATISTIC_BIT(VN_STATISTIC_VARIANCE + 1) - 1u;
  VN_ASSERT(aggregate->count > 0);
  put_identity(writer, summary);
  uint32_t asked = vn__summary_asked(summary);
  uint32_t statistics = vn__statistics_of(summary->result, always ? asked | base : asked);
  for (int i = 0; i < VN_STATISTIC_COUNT_OF; i++) {
    vn_statistic_t statistic = (vn_statistic_t)i;
    if ((statistics & VN_STATISTIC_BIT(statistic)) != 0) {
      vn_json_key(writer, vn_statistic_word(statistic));
      vn__json_statistic(writer, summary->result, statistic, summary->pipeline->exponent);
    }
  }
  if (window->sample > 0 && !vn__summary_is_delta(summary)) {
    put_sample(writer, summary);
  }
  if (summary->result->supersedes_count > 0) {
    put_supersedes(writer, summary->result);
  }
  if (vn__accounted(summary->result->accounting) > 0) {
    put_accounting(writer, summary->result->accounting);
  }
  if (summary->result->flags != 0) {
    put_flags(writer, summary->result->flags);
  }
}

size_t vn__json_record(const vn_summary_t *summary, bool first, char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  writer.comma = !first;
  vn_json_object_begin(&writer);
  vn_summary_members(&writer, summary, false);
  vn_json_object_end(&writer);
  return writer.length;
}

void vn_accounting_members(vn_json_writer_t *writer, const vn_accounting_t *accounting,
                           bool zeros) {
  uint64_t counts[VN_ACCOUNTING_COUNTERS];
  vn_accounting_list(accounting, counts);
  for (unsigned i = 0; i < VN_ACCOUNTING_COUNTERS; i++) {
    if (zeros || counts[i] > 0) {
      vn_json_key(writer, vn_accounting_word(i));
      vn_json_unsigned(writer, counts[i]);
    }
  }
}

static void put_device_accounting(vn_json_writer_t *writer, const vn_accounting_t *accounting) {
  vn_json_key(writer, "accounting");
  vn_json_object_begin(writer);
  vn_accounting_members(writer, accounting, false);
  vn_json_object_end(writer);
}

size_t vn__json_message(const vn_summary_batch_t *batch, char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "device");
  vn_json_literal(&writer, batch->head.device);
  vn_json_key(&writer, "boot");
  vn_json_unsigned(&writer, batch->head.boot);
  vn_json_key(&writer, "seq");
  vn_json_unsigned(&writer, batch->head.seq);
  vn_json_key(&writer, "summaries");
  vn_json_array_begin(&writer);
  vn__json_put(&writer, (const char *)batch->records, batch->records_length);
  vn_json_array_end(&writer);
  if (batch->accounting != NULL) {
    put_device_accounting(&writer, batch->accounting);
  }
  vn_json_object_end(&writer);
  return writer.length;
}
