/* Commands: what people want of alerts is done, and answered. */
#include "engine_alert_priv.h"
#include "engine_command_priv.h"
#include "vn/command_answer.h"
#include "vn/savepoint.h"

#include <string.h>

const bool vn__has_commands = true;

/* So many commands at once, then so many a second: each writes to the flash. */
#define COMMANDS_BURST 100u
#define COMMANDS_PER_SECOND 20u

/* A list is told in parts of about this size. */
#define LIST_BYTES 4096u

/* A command at work. */
typedef struct request {
  vn_engine_t *engine;
  const vn_command_t *command;
  vn_answer_t answer;
  bool stale; /* some alert has another episode than the one that is meant */
} request_t;

static bool starts_with(vn_text_t text, const char *word, vn_text_t *rest) {
  size_t length = strlen(word);
  if (text.length < length || memcmp(text.bytes, word, length) != 0) {
    return false;
  }
  *rest = (vn_text_t){text.bytes + length, text.length - length};
  return true;
}

static bool same_text(vn_text_t text, const char *word) {
  return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

/* What stands behind <prefix>/<device>/; false: it is no topic of ours. */
static bool own_topic(const vn_plan_t *plan, vn_text_t topic, vn_text_t *rest) {
  return starts_with(topic, plan->prefix, rest) && starts_with(*rest, "/", rest) &&
         starts_with(*rest, plan->device, rest) && starts_with(*rest, "/", rest);
}

bool vn__is_command_topic(const vn_plan_t *plan, vn_text_t topic) {
  vn_text_t rest;
  return own_topic(plan, topic, &rest) && same_text(rest, "command");
}

/* Below the prefix all is a device's to publish: nobody may have us speak there. */
bool vn__is_reply_topic(const vn_plan_t *plan, vn_text_t topic) {
  vn_text_t rest;
  if (topic.length == 0 || topic.length > VN_REPLY_TOPIC_MAX || topic.bytes[0] == '$') {
    return false;
  }
  for (size_t i = 0; i < topic.length; i++) {
    if (topic.bytes[i] == '+' || topic.bytes[i] == '#' || topic.bytes[i] == '\0') {
      return false;
    }
  }
  if (own_topic(plan, topic, &rest)) {
    return same_text(rest, "response") || starts_with(rest, "response/", &rest);
  }
  return !starts_with(topic, plan->prefix, &rest) || !starts_with(rest, "/", &rest);
}

static void refuse(request_t *request, vn_command_error_t error, const char *text) {
  request->answer.problem = (vn_command_problem_t){.text = text, .error = (uint8_t)error};
}

static const char *no_effect_text(vn_command_kind_t kind) {
  switch (kind) {
    case VN_COMMAND_ACKNOWLEDGE:
      return "there is no episode that is not acknowledged";
    case VN_COMMAND_UNSHELVE:
      return "it isn't shelved";
    case VN_COMMAND_RESET:
      return "it isn't latched";
    case VN_COMMAND_OUT_OF_SERVICE:
      return "it is out of service already";
    default:
      return "it is in service already";
  }
}

/* The end of a shelving that is asked for: a time, or 0: the end of an episode. */
static vn_time_ms_t shelve_end_ms(const request_t *request) {
  int64_t for_ms = request->command->for_ms;
  return for_ms > 0 ? vn_add_saturating(request->answer.at_ms, for_ms) : 0;
}

/* A time that has passed is over, though the next tick is still to say so (A27). */
static bool is_shelved(const request_t *request, const vn_alert_state_t *state) {
  return (state->flags & VN_ALERT_FLAG_SHELVED_ONCE) != 0 ||
         ((state->flags & VN_ALERT_FLAG_SHELVED) != 0 &&
          request->answer.at_ms < state->shelved_until_ms);
}

/* Whether there is something to do (C1 to C5). */
static bool has_meaning(const request_t *request, const vn_alert_state_t *state) {
  unsigned flags = state->flags;
  switch ((vn_command_kind_t)request->command->kind) {
    case VN_COMMAND_ACKNOWLEDGE:
      return state->episode > 0 && (flags & VN_ALERT_FLAG_ACKNOWLEDGED) == 0;
    case VN_COMMAND_SHELVE:
      return true;
    case VN_COMMAND_UNSHELVE:
      return is_shelved(request, state);
    case VN_COMMAND_RESET:
      return (flags & VN_ALERT_FLAG_LATCHED) != 0;
    case VN_COMMAND_OUT_OF_SERVICE:
      return (flags & VN_ALERT_FLAG_OUT_OF_SERVICE) == 0;
    default:
      return (flags & VN_ALERT_FLAG_OUT_OF_SERVICE) != 0;
  }
}

static void set_flags(vn_alert_state_t *state, unsigned clear, unsigned set) {
  state->flags = (uint16_t)((state->flags & ~clear) | set);
}

/* Changes the state; the event that says so. Not for a reset. */
static vn_alert_event_t change_flags(const request_t *request, vn_alert_state_t *state) {
  const unsigned shelved = VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_SHELVED_ONCE;
  switch ((vn_command_kind_t)request->command->kind) {
    case VN_COMMAND_ACKNOWLEDGE:
      set_flags(state, 0, VN_ALERT_FLAG_ACKNOWLEDGED);
      return VN_ALERT_EVENT_ACKNOWLEDGED;
    case VN_COMMAND_SHELVE:
      set_flags(state, shelved, request->command->for_ms > 0 ? VN_ALERT_FLAG_SHELVED : shelved);
      state->shelved_until_ms = shelve_end_ms(request);
      return VN_ALERT_EVENT_SHELVED;
    case VN_COMMAND_UNSHELVE:
      set_flags(state, shelved, 0);
      state->shelved_until_ms = 0;
      return VN_ALERT_EVENT_UNSHELVED;
    case VN_COMMAND_OUT_OF_SERVICE:
      set_flags(state, 0, VN_ALERT_FLAG_OUT_OF_SERVICE);
      return VN_ALERT_EVENT_OUT_OF_SERVICE;
    default:
      set_flags(state, VN_ALERT_FLAG_OUT_OF_SERVICE, 0);
      return VN_ALERT_EVENT_IN_SERVICE;
  }
}

static void carry_out(request_t *request, vn__work_t *work, size_t rule) {
  vn_alert_state_t *state = &vn__alerts(work)[rule];
  vn__cause_t cause = {.at_ms = request->answer.at_ms,
                       .by = request->command->by,
                       .comment = request->command->comment};
  vn__owe(work);
  if (request->command->kind == VN_COMMAND_RESET) {
    vn__alert_moved(work, rule, vn_alert_reset(state), &cause);
  } else {
    vn__alert_tell(work, rule, change_flags(request, state), &cause);
  }
  (void)vn__alert_tell_firing(work, rule, &cause); /* if this was what muted it (A26) */
  request->answer.changed++;
}

/* All alerts of this name; there are pipelines without one, of course. */
static bool apply_to_series(request_t *request, uint32_t series) {
  vn__work_t work = vn__work(request->engine, series);
  const vn_pipeline_t *plan = work.pipeline->plan;
  bool found = false;
  for (size_t i = 0; i < plan->alert_count; i++) {
    if (!same_text(request->command->alert, plan->alerts[i].name)) {
      continue;
    }
    const vn_alert_state_t *state = &vn__alerts(&work)[i];
    uint32_t episode = request->command->episode;
    found = true;
    if (episode != 0 && episode != state->episode) {
      request->stale = true;
    } else if (has_meaning(request, state)) {
      carry_out(request, &work, i);
    }
  }
  vn__settle_if_heavy(request->engine);
  return found;
}

static void apply_to_all(request_t *request) {
  vn_engine_t *engine = request->engine;
  for (uint32_t i = 0; i < engine->table.capacity; i++) {
    if (engine->table.name_lengths[i] > 0) {
      (void)apply_to_series(request, i);
    }
  }
}

static bool is_known_alert(const vn_plan_t *plan, vn_text_t name) {
  for (size_t i = 0; i < plan->pipeline_count; i++) {
    for (size_t k = 0; k < plan->pipelines[i].alert_count; k++) {
      if (same_text(name, plan->pipelines[i].alerts[k].name)) {
        return true;
      }
    }
  }
  return false;
}

static uint32_t find_series(const vn_engine_t *engine, vn_text_t name) {
  return vn_series_find(&engine->table, name, vn_series_hash(name));
}

static void apply(request_t *request) {
  const vn_command_t *command = request->command;
  if (command->for_ms > 0 && !request->engine->arrival_valid) {
    refuse(request, VN_COMMAND_ERROR_CLOCK,
           "the clock of the device is not set: shelve with \"once\": true, or try again later");
    return;
  }
  if (command->series.length == 0) {
    apply_to_all(request);
  } else {
    uint32_t series = find_series(request->engine, command->series);
    if (series == VN_SERIES_NONE || !apply_to_series(request, series)) {
      refuse(request, VN_COMMAND_ERROR_SERIES,
             "the alert has no such series: see the topics alert/<alert>/<series>");
      return;
    }
  }
  if (request->answer.changed == 0 && request->stale) {
    refuse(request, VN_COMMAND_ERROR_STALE, "the alert is in another episode: look at its state");
  } else if (request->answer.changed == 0) {
    refuse(request, VN_COMMAND_ERROR_NO_EFFECT, no_effect_text((vn_command_kind_t)command->kind));
  }
}

/* What is in the state by now, without this command, which changes nothing in it. */
static void keep(request_t *request) {
  vn_engine_t *engine = request->engine;
  engine->savepoints.asked = true;
  vn_err_t error = vn_savepoint_keep(engine, &request->answer.bytes);
  engine->savepoints.asked = false;
  if (error == VN_AGAIN) {
    refuse(request, VN_COMMAND_ERROR_SAVEPOINT, "one was written in the last 10 s: that will do");
  } else if (error == VN_ERR_ORDER) {
    refuse(request, VN_COMMAND_ERROR_SAVEPOINT, "this device has no place for savepoints");
  } else if (error != VN_OK) {
    refuse(request, VN_COMMAND_ERROR_SAVEPOINT,
           "the file can't be written: look at the disk, the folder and its rights");
  } else {
    request->answer.file =
        (vn_text_t){engine->savepoints.keeper->name, strlen(engine->savepoints.keeper->name)};
    request->answer.seq = engine->head.seq;
  }
}

static bool is_listed(const vn_command_t *command, const vn_alert_state_t *state) {
  vn_alert_phase_t shown = vn_alert_shown(state);
  if (command->has_state) {
    return shown == command->state;
  }
  return shown != VN_ALERT_NORMAL ||
         (state->flags & (VN_ALERT_FLAG_SHELVED | VN_ALERT_FLAG_OUT_OF_SERVICE)) != 0;
}

/* Adds the alert at a place in the order of lists, if it is to be told; false: it doesn't fit. */
static bool list_place(const request_t *request, uint32_t place, vn_answer_writer_t *writer) {
  vn_engine_t *engine = request->engine;
  const vn_command_t *command = request->command;
  uint32_t series = place / VN_ALERTS_MAX;
  uint32_t rule = place % VN_ALERTS_MAX;
  if (engine->table.name_lengths[series] == 0) {
    return true;
  }
  vn__work_t work = vn__work(engine, series);
  if (rule >= work.pipeline->plan->alert_count) {
    return true;
  }
  const vn_alert_plan_t *alert = &work.pipeline->plan->alerts[rule];
  const vn_alert_state_t *state = &vn__alerts(&work)[rule];
  if ((command->alert.length > 0 && !same_text(command->alert, alert->name)) ||
      !is_listed(command, state)) {
    return true;
  }
  const vn_answer_alert_t told = {.alert = alert->name,
                                  .severity = vn__alert_severity(alert, state),
                                  .series = vn_series_name(&engine->table, series),
                                  .state = state};
  return vn_answer_list_add(writer, &told);
}

/* Alerts have places in the order of lists by the numbers of their series; those that come and go
 * meanwhile leave the others where they are. */
static size_t list(const request_t *request) {
  vn_engine_t *engine = request->engine;
  const vn_command_t *command = request->command;
  bool one = command->series.length > 0;
  uint32_t first = one ? find_series(engine, command->series) : 0;
  uint64_t end = ((uint64_t)first + 1) * VN_ALERTS_MAX;
  uint64_t place = (uint64_t)first * VN_ALERTS_MAX;
  end = one ? end : (uint64_t)engine->table.capacity * VN_ALERTS_MAX;
  if (command->has_after && command->after >= place) {
    place = (uint64_t)command->after + 1;
  }
  vn_answer_writer_t writer;
  vn_answer_list_begin(&writer, &engine->head, &request->answer, (char *)engine->store.scratch,
                       vn__answer_max(engine->plan));
  while (place < end && list_place(request, (uint32_t)place, &writer)) {
    place++;
  }
  uint32_t last = (uint32_t)place - 1;
  return vn_answer_list_end(&writer, place < end ? &last : NULL);
}

size_t vn__answer_max(const vn_plan_t *plan) {
  size_t least = vn_answer_max(plan->device, plan->name_max);
  size_t share = plan->outbox_bytes / 4u < LIST_BYTES ? plan->outbox_bytes / 4u : LIST_BYTES;
  return share > least ? share : least;
}

/* Names that nothing has can't be listed or changed. */
static void check_names(request_t *request) {
  const vn_engine_t *engine = request->engine;
  const vn_command_t *command = request->command;
  if (command->alert.length > 0 && !is_known_alert(engine->plan, command->alert)) {
    refuse(request, VN_COMMAND_ERROR_ALERT, "no alert of the configuration has this name");
  } else if (command->kind == VN_COMMAND_LIST_ALERTS && command->series.length > 0 &&
             find_series(engine, command->series) == VN_SERIES_NONE) {
    refuse(request, VN_COMMAND_ERROR_SERIES, "there is no such series now");
  }
}

static bool is_good(const request_t *request) {
  return request->answer.problem.error == VN_COMMAND_ERROR_NONE;
}

static void answer(request_t *request) {
  vn_engine_t *engine = request->engine;
  size_t length;
  if (is_good(request) && request->command->kind == VN_COMMAND_LIST_ALERTS) {
    length = list(request);
  } else {
    length = vn_answer_message(&engine->head, &request->answer, (char *)engine->store.scratch,
                               engine->store.scratch_bytes);
  }
  VN_ASSERT(length <= vn__answer_max(engine->plan) && length <= engine->store.scratch_bytes);
  engine->commands_suppressed = 0;
  engine->figures.commands_refused += is_good(request) ? 0 : 1;
  const vn_observer_t *observer = engine->ports.observer;
  if (observer != NULL && observer->answer != NULL) {
    observer->answer(observer->context, (vn_text_t){(char *)engine->store.scratch, length});
  }
  vn__output_answer(engine, length);
}

static bool is_allowed(vn_engine_t *engine) {
  const vn_rate_t most = {COMMANDS_PER_SECOND, 1000, COMMANDS_BURST};
  vn_bucket_rate_t rate = vn_bucket_rate(&most);
  int64_t now_ms = vn__mono_ms(engine);
  if (!engine->plan->commands || !vn_bucket_has(&rate, &engine->command_tokens, now_ms)) {
    return false;
  }
  vn_bucket_take(&rate, &engine->command_tokens, now_ms);
  return true;
}

void vn__suppress_command(vn_engine_t *engine) {
  engine->figures.commands++;
  engine->figures.commands_refused++;
  engine->commands_suppressed++;
  engine->owed.globals = true;
}

/* A list is made with its answer. */
static void carry_out_any(request_t *request) {
  if (request->command->kind == VN_COMMAND_SAVEPOINT) {
    keep(request);
    return;
  }
  check_names(request);
  if (is_good(request) && request->command->kind != VN_COMMAND_LIST_ALERTS) {
    apply(request);
  }
}

void vn__take_command(vn_engine_t *engine) {
  const vn_message_at_work_t *message = &engine->message;
  if (!is_allowed(engine)) {
    vn__suppress_command(engine);
    return;
  }
  engine->figures.commands++;
  engine->owed.globals = true;
  vn_command_t command;
  request_t request = {.engine = engine, .command = &command};
  vn_command_error_t error =
      vn_command_read(message->payload, message->payload_length, &command, &request.answer.problem);
  request.answer.command = &command;
  request.answer.at_ms = engine->arrival_ms;
  request.answer.suppressed = engine->commands_suppressed;
  if (message->retained) {
    refuse(&request, VN_COMMAND_ERROR_RETAINED,
           "a retained command is never carried out, it would be again at each connection: publish "
           "it without the retain flag");
  } else if (error == VN_COMMAND_ERROR_NONE) {
    carry_out_any(&request);
  }
  answer(&request);
}
