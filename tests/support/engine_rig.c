#include "engine_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vn_text_t text(const char *literal) { return (vn_text_t){literal, strlen(literal)}; }

static int64_t mono_ms(void *context) { return ((const rig_t *)context)->wall_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  const rig_t *rig = context;
  *out = rig->wall_ms;
  return rig->wall_valid;
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  rig_t *rig = context;
  if (!rig->link_up || (rig->dead != NULL && *rig->dead)) {
    return VN_ERR_LINK;
  }
  if (rig->pending_count == 16) {
    return VN_AGAIN;
  }
  rig->pending[rig->pending_count++] = message->index;
  if (rig->sent_count < RIG_SENT_MAX) {
    rig_message_t *copy = &rig->sent[rig->sent_count++];
    *copy = (rig_message_t){.index = message->index,
                            .channel = message->channel,
                            .retained = message->retained,
                            .absolute = message->absolute,
                            .topic_length = message->topic_length,
                            .payload_length = message->payload_length};
    if (message->topic_length > sizeof copy->topic ||
        message->payload_length >= sizeof copy->payload) {
      fprintf(stderr, "engine_rig: a message is longer than the rig's\n");
      abort();
    }
    memcpy(copy->topic, message->topic, message->topic_length);
    memcpy(copy->payload, message->payload, message->payload_length);
    if (message->correlation_length > 0) {
      memcpy(copy->correlation, message->correlation, message->correlation_length);
    }
  }
  return VN_OK;
}

static void copy_name(char out[16], const char *bytes, size_t length) {
  size_t part = length < 15 ? length : 15;
  memcpy(out, bytes, part);
  out[part] = 0;
}

static void on_summary(void *context, const vn_summary_t *summary) {
  rig_t *rig = context;
  const vn_window_result_t *result = summary->result;
  if (rig->result_count == RIG_RESULTS_MAX) {
    return;
  }
  rig_result_t *copy = &rig->results[rig->result_count++];
  memset(copy, 0, sizeof *copy);
  copy_name(copy->series, summary->series.bytes, summary->series.length);
  copy->start_ms = result->start_ms;
  copy->end_ms = result->end_ms;
  copy->sum = result->aggregate->sum;
  copy->count = result->aggregate->count;
  copy->revision = result->revision;
  copy->window = result->window;
  copy->kind = result->kind;
  copy->flags = result->flags;
  memcpy(copy->accounting, result->accounting, sizeof copy->accounting);
}

static void on_drop(void *context, const vn_drop_t *drop) {
  rig_t *rig = context;
  rig->last_drop = (vn_reason_t)drop->reason;
  rig->drops++;
}

static void copy_transition(rig_transition_t *copy, const vn_transition_t *transition) {
  memset(copy, 0, sizeof *copy);
  copy_name(copy->alert, transition->alert, strlen(transition->alert));
  copy_name(copy->series, transition->series.bytes, transition->series.length);
  copy->at_ms = transition->at_ms;
  copy->starts_ms = transition->starts_ms;
  copy->ends_ms = transition->ends_ms;
  copy->episode = transition->episode;
  copy->flags = transition->flags;
  copy->revision = transition->revision;
  copy->from = transition->from;
  copy->phase = transition->phase;
  copy->event = transition->event;
  copy->level = transition->level;
  copy->first_in_group = transition->first_in_group;
}

static void on_alert(void *context, const vn_transition_t *transition) {
  rig_t *rig = context;
  if (rig->transition_count < RIG_RESULTS_MAX) {
    copy_transition(&rig->transitions[rig->transition_count++], transition);
  }
}

static void on_event(void *context, const vn_transition_t *transition) {
  rig_t *rig = context;
  if (rig->event_count < RIG_RESULTS_MAX) {
    copy_transition(&rig->events[rig->event_count++], transition);
  }
}

static void on_answer(void *context, vn_text_t message) {
  rig_t *rig = context;
  memcpy(rig->answer, message.bytes, message.length);
  rig->answer[message.length] = 0;
  rig->answer_count++;
}

static void make_windows(rig_t *rig) {
  uint32_t statistics = VN_STATISTIC_BIT(VN_STATISTIC_COUNT) | VN_STATISTIC_BIT(VN_STATISTIC_SUM) |
                        VN_STATISTIC_BIT(VN_STATISTIC_MEAN);
  rig->windows[0] = (vn_window_t){
      .name = "ten", .size_ms = 10000, .slide_ms = 10000, .statistics = statistics, .sample = 2};
  rig->windows[1] = (vn_window_t){.name = "slide",
                                  .size_ms = 20000,
                                  .slide_ms = 10000,
                                  .statistics = statistics,
                                  .shape = VN_WINDOW_SLIDING};
  rig->alerts[0] = (vn_alert_plan_t){.name = "hot",
                                     .severity = "critical",
                                     .of = "value",
                                     .rule = {.limit = 8000,
                                              .hysteresis = 500,
                                              .for_ms = 3000,
                                              .keep_firing_for_ms = 4000,
                                              .condition = VN_ALERT_ABOVE},
                                     .exponent = -2};
  rig->alerts[1] = (vn_alert_plan_t){.name = "warm",
                                     .severity = "",
                                     .of = "ten.mean",
                                     .rule = {.limit = 5000, .condition = VN_ALERT_ABOVE},
                                     .source = VN_ALERT_OF_WINDOW,
                                     .window = 0,
                                     .statistic = VN_STATISTIC_MEAN,
                                     .exponent = -2};
  rig->alerts[2] = (vn_alert_plan_t){.name = "silent",
                                     .severity = "",
                                     .of = "value",
                                     .rule = {.period_ms = 30000, .condition = VN_ALERT_ABSENT_FOR},
                                     .exponent = -2};
}

static void make_pipelines(rig_t *rig) {
  vn_pipeline_t pipeline = {
      .summary = {.name = "plant",
                  .unit = "Cel",
                  .windows = rig->windows,
                  .window_count = 2,
                  .exponent = -2},
      .match = text("*"),
      .alerts = rig->alerts,
      .out_of_order_ms = 2000,
      .lateness_ms = 5000,
      .idle_timeout_ms = VN_DURATION_OFF,
      .max_future_ms = 60000,
      .range_low = -4000,
      .range_high = 12500,
      .series_max = RIG_SERIES_MAX,
      .alert_count = 3,
  };
  rig->pipelines[0] = pipeline;
  pipeline.summary.name = "other";
  pipeline.match = text("other*");
  pipeline.idle_timeout_ms = 15000;
  pipeline.alert_count = 0;
  pipeline.series_max = 2;
  rig->pipelines[1] = rig->pipelines[0];
  rig->pipelines[0] = pipeline;
}

/* An input with its pattern and its template; ends the program when they are wrong. */
static void make_input(vn_input_t *input, vn_format_t format, const char *pattern,
                       const char *series) {
  const char *problem = NULL;
  bool senml = format == VN_FORMAT_SENML_JSON || format == VN_FORMAT_SENML_CBOR;
  *input = (vn_input_t){.format = (uint8_t)format, .qos = 1};
  if (vn_pattern_compile(text(pattern), &input->pattern, &problem) != VN_OK ||
      vn_template_compile(text(series), &input->pattern, senml, &input->series, &problem) !=
          VN_OK) {
    fprintf(stderr, "engine_rig: %s\n", problem);
    abort();
  }
}

static void make_path(vn_path_t *path, const char *of) {
  const char *problem = NULL;
  if (vn_path_compile(text(of), path, &problem) != VN_OK) {
    fprintf(stderr, "engine_rig: %s\n", problem);
    abort();
  }
}

static void make_inputs(rig_t *rig) {
  vn_input_t *json = &rig->inputs[1];
  vn_input_t *cbor = &rig->inputs[2];
  make_input(&rig->inputs[0], VN_FORMAT_NUMBER, "n/{s}", "{s}");
  make_input(json, VN_FORMAT_JSON, "j/{s}", "{s}");
  make_input(cbor, VN_FORMAT_CBOR, "c/{s}", "{s}");
  make_input(&rig->inputs[3], VN_FORMAT_SENML_JSON, "p/#", "{name}");
  make_input(&rig->inputs[4], VN_FORMAT_SENML_CBOR, "b/#", "{name}");
  rig->field.series = json->series;
  make_path(&rig->field.path, "v");
  make_path(&json->time_path, "t");
  make_path(&json->sequence_path, "seq");
  json->time_unit = VN_UNIT_MS;
  json->has_time = json->has_sequence = true;
  json->fields = cbor->fields = &rig->field;
  json->field_count = cbor->field_count = 1;
}

static void make_plan(rig_t *rig, const vn_flash_t *flash) {
  rig->plan = (vn_plan_t){
      .device = "gw-1",
      .prefix = "vnotch",
      .inputs = rig->inputs,
      .pipelines = rig->pipelines,
      .seed = 1,
      .flush_every_ms = 1000,
      .checkpoint_every_ms = 10000,
      .state_bytes = flash != NULL ? flash->size_bytes : 0,
      .erase_block_bytes = flash != NULL ? flash->erase_size : 0,
      .program_unit_bytes = flash != NULL ? flash->prog_size : 0,
      .endurance_cycles = 100000,
      .series_max = RIG_SERIES_MAX,
      .queue_messages = 8,
      .queue_bytes = 4096,
      .message_max_bytes = 512,
      .outbox_bytes = 8192,
      .outbox_entries = 64,
      .batch_max = 4,
      .name_max = 16,
      .input_count = 5,
      .pipeline_count = 2,
      .durability = flash != NULL ? VN_DURABILITY_CHECKPOINT : VN_DURABILITY_VOLATILE,
  };
}

/* Zeros at its begin alone, for tests that look at what never came: 10 MB a rig take their time. */
static void *room(size_t count, size_t size) {
  void *memory = malloc(count * size);
  return memory == NULL ? NULL : memset(memory, 0, 16u * size);
}

rig_t *rig_new(const vn_flash_t *flash) {
  rig_t *rig = calloc(1, sizeof *rig);
  rig->sent = room(RIG_SENT_MAX, sizeof rig->sent[0]);
  rig->results = room(RIG_RESULTS_MAX, sizeof rig->results[0]);
  rig->transitions = room(RIG_RESULTS_MAX, sizeof rig->transitions[0]);
  rig->events = room(RIG_RESULTS_MAX, sizeof rig->events[0]);
  rig->wall_ms = INT64_C(1795219200000);
  rig->wall_valid = true;
  rig->link_up = true;
  rig->acknowledge = true;
  make_windows(rig);
  make_pipelines(rig);
  make_inputs(rig);
  make_plan(rig, flash);
  rig->clock = (vn_clock_t){rig, mono_ms, wall_ms};
  rig->uplink = (vn_uplink_t){rig, send_up};
  rig->observer = (vn_observer_t){.context = rig,
                                  .summary = on_summary,
                                  .drop = on_drop,
                                  .alert = on_alert,
                                  .event = on_event,
                                  .answer = on_answer};
  rig->ports = (vn_ports_t){&rig->clock, flash, &rig->uplink, &rig->observer};
  return rig;
}

/* received = accepted + ... + rejected: of each series, and of the device with what it refused
 * before there was a series and with the series that are gone. */
static void check_books(const rig_t *rig) {
  const vn_figures_t *figures = vn_engine_figures(&rig->engine);
  uint64_t received = figures->unassigned + figures->expired.received;
  bool good = vn_accounting_balances(&figures->readings);
  for (uint32_t i = 0; i < rig->engine.table.capacity; i++) {
    if (rig->engine.table.name_lengths[i] > 0) {
      const vn_accounting_t *own = &vn_engine_series(&rig->engine, i)->accounting;
      good = good && vn_accounting_balances(own);
      received += own->received;
    }
  }
  if (!good || received != figures->readings.received) {
    fprintf(stderr, "engine_rig: the books don't balance\n");
    abort();
  }
}

void rig_free(rig_t *rig) {
  if (rig->engine.restored) {
    check_books(rig);
  }
  free(rig->block);
  free(rig->sent);
  free(rig->results);
  free(rig->transitions);
  free(rig->events);
  free(rig);
}

vn_err_t rig_start(rig_t *rig) {
  vn_store_t need;
  vn_err_t error = vn_store_need(&rig->plan, &need);
  if (error != VN_OK) {
    return error;
  }
  free(rig->block);
  rig->block = aligned_alloc(64, vn_store_bytes(&need));
  rig->store = need;
  vn_store_layout(&rig->store, rig->block);
  error = vn_init(&rig->engine, &rig->plan, &rig->store, &rig->ports);
  return error == VN_OK ? vn_restore(&rig->engine) : error;
}

rig_t *rig_go_on(rig_t *rig, rig_t *next) {
  next->wall_ms = rig->wall_ms;
  memcpy(next->results, rig->results, sizeof rig->results[0] * rig->result_count);
  next->result_count = rig->result_count;
  rig_free(rig);
  bool good = rig_start(next) == VN_OK && vn_engine_recovery(&next->engine)->series_reset == 0;
  return good ? next : NULL;
}

bool rig_note(rig_story_t *story, const rig_t *rig) {
  if (rig->result_count > RIG_STORY_MAX - story->count) {
    return false;
  }
  memcpy(story->results + story->count, rig->results, rig->result_count * sizeof rig->results[0]);
  story->count += rig->result_count;
  return true;
}

void rig_message(rig_t *rig, const char *topic, const char *payload) {
  vn_take_message(&rig->engine, text(topic), (const uint8_t *)payload, strlen(payload), false);
}

void rig_send(rig_t *rig, const char *series, int64_t time_ms, int32_t value, uint32_t sequence) {
  char topic[32];
  char payload[96];
  (void)snprintf(topic, sizeof topic, "j/%s", series);
  (void)snprintf(payload, sizeof payload, "{\"t\":%lld,\"v\":%d.%02d,\"seq\":%u}",
                 (long long)time_ms, value / 100, value % 100, (unsigned)sequence);
  rig_message(rig, topic, payload);
}

vn_err_t rig_step(rig_t *rig) {
  uint32_t sleep_ms = 0;
  vn_err_t error = VN_OK;
  do {
    vn_err_t stepped = vn_step(&rig->engine, 8, &sleep_ms);
    error = error == VN_OK ? stepped : error;
    size_t acknowledged = rig->acknowledge ? rig->pending_count : 0;
    for (size_t i = 0; i < acknowledged; i++) {
      vn_sent(&rig->engine, rig->pending[i], true);
    }
    rig->pending_count -= acknowledged;
    sleep_ms = acknowledged > 0 ? 0 : sleep_ms;
  } while (sleep_ms == 0 && error == VN_OK);
  return error;
}

vn_err_t rig_wait(rig_t *rig, int64_t ms) {
  rig->wall_ms += ms;
  return rig_step(rig);
}

vn_accounting_t rig_accounting(const rig_t *rig, const char *series) {
  uint32_t number = vn_series_find(&rig->engine.table, text(series), vn_series_hash(text(series)));
  return number == VN_SERIES_NONE ? (vn_accounting_t){0}
                                  : vn_engine_series(&rig->engine, number)->accounting;
}
