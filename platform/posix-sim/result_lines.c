#include "result_lines.h"

#include <stdlib.h>

#define BUFFER_BYTES ((size_t)1 << 18)
#define LINE_MAX_BYTES \
  ((size_t)1 << 15) /* a sample of 64 takes 5 KB, 255 superseded results 11 KB */

bool vn_result_lines_init(vn_result_lines_t *lines, FILE *file) {
  *lines = (vn_result_lines_t){.file = file, .buffer = malloc(BUFFER_BYTES)};
  return lines->buffer != NULL;
}

void vn_result_lines_free(vn_result_lines_t *lines) {
  free(lines->buffer);
  lines->buffer = NULL;
}

bool vn_result_lines_flush(vn_result_lines_t *lines) {
  bool written = fwrite(lines->buffer, 1, lines->used, lines->file) == lines->used;
  lines->failed = lines->failed || !written || fflush(lines->file) != 0;
  lines->used = 0;
  return !lines->failed;
}

static vn_json_writer_t begin_line(vn_result_lines_t *lines, const char *type) {
  if (BUFFER_BYTES - lines->used < LINE_MAX_BYTES) {
    (void)vn_result_lines_flush(lines);
  }
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, lines->buffer + lines->used, LINE_MAX_BYTES - 1);
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "type");
  vn_json_literal(&writer, type);
  return writer;
}

static vn_json_writer_t begin_indexed(vn_result_lines_t *lines, const char *type) {
  vn_json_writer_t writer = begin_line(lines, type);
  vn_json_key(&writer, "index");
  vn_json_unsigned(&writer, lines->index);
  return writer;
}

static void end_line(vn_result_lines_t *lines, vn_json_writer_t *writer) {
  vn_json_object_end(writer);
  VN_ASSERT(!writer->overflow);
  lines->used += writer->length;
  lines->buffer[lines->used++] = '\n';
}

static void on_summary(void *context, const vn_summary_t *summary) {
  vn_result_lines_t *lines = context;
  vn_json_writer_t writer = begin_indexed(lines, "summary");
  vn_summary_members(&writer, summary, true);
  end_line(lines, &writer);
}

void vn_result_lines_drop(vn_result_lines_t *lines, const vn_drop_t *drop) {
  vn_json_writer_t writer = begin_indexed(lines, "drop");
  vn_json_key(&writer, "reason");
  vn_json_literal(&writer, vn_reason_word((vn_reason_t)drop->reason));
  if (drop->series.length > 0) {
    vn_json_key(&writer, "series");
    vn_json_text(&writer, drop->series);
  }
  if (drop->has_time) {
    vn_json_key(&writer, "t");
    vn_json_integer(&writer, drop->time_ms);
  }
  end_line(lines, &writer);
}

static void on_drop(void *context, const vn_drop_t *drop) { vn_result_lines_drop(context, drop); }

static vn_json_writer_t begin_alert(vn_result_lines_t *lines, const char *type,
                                    const vn_transition_t *transition) {
  vn_json_writer_t writer = begin_indexed(lines, type);
  vn_json_key(&writer, "alert");
  vn_json_literal(&writer, transition->alert);
  vn_json_key(&writer, "series");
  vn_json_text(&writer, transition->series);
  return writer;
}

/* That of the episode, as long as it is shown; only where the rule has levels. */
static void put_level(vn_json_writer_t *writer, const vn_transition_t *transition) {
  bool open = transition->phase == VN_ALERT_FIRING || transition->phase == VN_ALERT_RECOVERING;
  if (transition->rule != NULL && transition->rule->condition == VN_ALERT_LEVELS) {
    vn_json_key(writer, "level");
    vn_json_unsigned(writer, open ? transition->level : 0);
  }
}

static void on_alert(void *context, const vn_transition_t *transition) {
  vn_result_lines_t *lines = context;
  vn_json_writer_t writer = begin_alert(lines, "alert", transition);
  vn_json_key(&writer, "state");
  vn_json_literal(&writer, vn_alert_phase_word((vn_alert_phase_t)transition->phase));
  vn_json_key(&writer, "episode");
  vn_json_unsigned(&writer, transition->episode);
  vn_json_key(&writer, "at");
  vn_json_integer(&writer, transition->at_ms);
  put_level(&writer, transition);
  end_line(lines, &writer);
}

static void on_event(void *context, const vn_transition_t *transition) {
  vn_result_lines_t *lines = context;
  vn_json_writer_t writer = begin_alert(lines, "event", transition);
  vn_json_key(&writer, "phase");
  vn_json_literal(&writer, vn_alert_event_word((vn_alert_event_t)transition->event));
  vn_json_key(&writer, "episode");
  vn_json_unsigned(&writer, transition->episode);
  vn_json_key(&writer, "rev");
  vn_json_unsigned(&writer, transition->revision);
  vn_json_key(&writer, "at");
  vn_json_integer(&writer, transition->at_ms);
  put_level(&writer, transition);
  if (transition->has_group && transition->event == VN_ALERT_EVENT_FIRING) {
    vn_json_key(&writer, "first_in_group");
    vn_json_bool(&writer, transition->first_in_group);
  }
  end_line(lines, &writer);
}

/* The members of the answer as they are, behind those of the line. */
static void on_answer(void *context, vn_text_t message) {
  vn_result_lines_t *lines = context;
  vn_json_writer_t writer = begin_indexed(lines, "answer");
  VN_ASSERT(message.length > 2 && message.bytes[0] == '{');
  vn_json_raw(&writer, message.bytes + 1, message.length - 2);
  end_line(lines, &writer);
}

static void on_score(void *context, const vn_score_t *score) {
  vn_result_lines_t *lines = context;
  vn_json_writer_t writer = begin_indexed(lines, "score");
  vn_json_key(&writer, "alert");
  vn_json_literal(&writer, score->alert);
  vn_json_key(&writer, "series");
  vn_json_text(&writer, score->series);
  vn_json_key(&writer, "t");
  vn_json_integer(&writer, score->time_ms);
  vn_json_key(&writer, "score");
  vn_json_decimal(&writer, score->score, -3);
  end_line(lines, &writer);
}

vn_observer_t vn_result_lines_observer(vn_result_lines_t *lines, bool scores, bool events) {
  return (vn_observer_t){.context = lines,
                         .summary = on_summary,
                         .drop = on_drop,
                         .alert = on_alert,
                         .score = scores ? on_score : NULL,
                         .event = events ? on_event : NULL,
                         .answer = events ? on_answer : NULL};
}

static void put_reasons(vn_json_writer_t *writer, const vn_figures_t *figures) {
  vn_json_key(writer, "reasons");
  vn_json_object_begin(writer);
  for (int i = VN_REASON_NONE + 1; i < VN_REASON_COUNT; i++) {
    if (figures->reasons[i] > 0) {
      vn_json_key(writer, vn_reason_word((vn_reason_t)i));
      vn_json_unsigned(writer, figures->reasons[i]);
    }
  }
  vn_json_object_end(writer);
}

/* Counters that aren't readings. */
static void put_counts(vn_json_writer_t *writer, const vn_figures_t *figures) {
  const struct {
    const char *key;
    uint64_t count;
  } counts[] = {
      {"unassigned", figures->unassigned},
      {"messages", figures->messages},
      {"messages_refused", figures->messages_refused},
      {"commands", figures->commands},
      {"commands_refused", figures->commands_refused},
      {"summaries", figures->summaries},
      {"alerts", figures->alerts},
      {"activations", figures->activations},
      {"muted", figures->muted},
      {"late_for_alerts", figures->late_for_alerts},
      {"series_expired", figures->series_expired},
      {"derived", figures->derived},
      {"underived", figures->underived},
  };
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    vn_json_key(writer, counts[i].key);
    vn_json_unsigned(writer, counts[i].count);
  }
}

/* What is written so far stays, and the line goes on in a buffer that has room. */
static void go_on(vn_result_lines_t *lines, vn_json_writer_t *writer) {
  bool comma = writer->comma;
  VN_ASSERT(!writer->overflow);
  lines->used += writer->length;
  if (BUFFER_BYTES - lines->used < LINE_MAX_BYTES) {
    (void)vn_result_lines_flush(lines);
  }
  vn_json_writer_init(writer, lines->buffer + lines->used, LINE_MAX_BYTES - 1);
  writer->comma = comma;
}

static void put_series(vn_result_lines_t *lines, vn_json_writer_t *writer,
                       const vn_engine_t *engine) {
  vn_json_key(writer, "by_series");
  vn_json_array_begin(writer);
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] > 0) {
      vn_json_object_begin(writer);
      vn_json_key(writer, "series");
      vn_json_text(writer, vn_series_name(&engine->table, i));
      vn_accounting_members(writer, &vn_engine_series(engine, i)->accounting, false);
      vn_json_object_end(writer);
      go_on(lines, writer);
    }
  }
  vn_json_array_end(writer);
}

void vn_result_lines_totals(vn_result_lines_t *lines, const vn_engine_t *engine,
                            const vn_figures_t *figures) {
  vn_json_writer_t writer = begin_line(lines, "totals");
  vn_accounting_members(&writer, &figures->readings, true);
  put_counts(&writer, figures);
  put_reasons(&writer, figures);
  put_series(lines, &writer, engine);
  end_line(lines, &writer);
}
