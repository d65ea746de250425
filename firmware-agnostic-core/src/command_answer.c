/* Answers to commands, as JSON. */
#include "vn/command_answer.h"

#include "json_writer_priv.h"

#include <string.h>

/* Bounds on escaped texts, so that an answer fits whatever was asked. */
#define WORD_ESCAPED_MAX 64u
#define MEMBER_ESCAPED_MAX 64u
#define ID_ESCAPED_MAX (6u * VN_COMMAND_ID_MAX)
#define FILE_ESCAPED_MAX 192u /* less than what a problem or an alert takes */

/* What comes behind the alerts of a list: `next`, `suppressed`, the time, the device. */
#define TAIL_FRAME 80u
#define TAIL_NUMBERS (10u + 20u + 20u + 10u)

static void put_word(vn_json_writer_t *json, const char *key, vn_text_t word, size_t limit) {
  vn_json_key(json, key);
  vn__json_string_begin(json);
  (void)vn__json_string_cut(json, word, limit);
  vn__json_string_end(json);
}

static void put_number(vn_json_writer_t *json, const char *key, uint64_t number) {
  vn_json_key(json, key);
  vn_json_unsigned(json, number);
}

/* "`for` is no duration: ..."; damage: "malformed JSON at byte 17". */
static void put_text(vn_json_writer_t *json, const vn_command_problem_t *problem) {
  vn_json_key(json, "text");
  vn__json_string_begin(json);
  if (problem->member.length > 0) {
    vn__json_string_literal(json, "`");
    (void)vn__json_string_cut(json, problem->member, MEMBER_ESCAPED_MAX);
    vn__json_string_literal(json, "` ");
  }
  vn__json_string_literal(json, problem->text);
  if (problem->error == VN_COMMAND_ERROR_JSON) {
    vn__json_string_literal(json, " at byte ");
    vn_json_unsigned(json, problem->offset);
  }
  vn__json_string_end(json);
}

static void begin(vn_json_writer_t *json, const vn_answer_t *answer) {
  const char *word = vn_command_word((vn_command_kind_t)answer->command->kind);
  const vn_command_problem_t *problem = &answer->problem;
  bool done = problem->error == VN_COMMAND_ERROR_NONE;
  vn_json_object_begin(json);
  if (answer->command->id.length > 0) {
    put_word(json, "id", answer->command->id, ID_ESCAPED_MAX);
  }
  if (word != NULL) {
    vn_json_key(json, "command");
    vn_json_literal(json, word);
  }
  vn_json_key(json, "result");
  vn_json_literal(json, done ? "done" : "error");
  if (!done) {
    vn_json_key(json, "error");
    vn_json_literal(json, vn_command_error_word((vn_command_error_t)problem->error));
    put_text(json, problem);
  }
}

static size_t end(vn_answer_writer_t *writer) {
  vn_json_writer_t *json = &writer->json;
  if (writer->suppressed > 0) {
    put_number(json, "suppressed", writer->suppressed);
  }
  vn_json_key(json, "at");
  vn_json_integer(json, writer->at_ms);
  put_word(json, "device", vn__text(writer->head->device), WORD_ESCAPED_MAX);
  put_number(json, "boot", writer->head->boot);
  vn_json_object_end(json);
  return json->length;
}

static void prepare(vn_answer_writer_t *writer, const vn_message_head_t *head,
                    const vn_answer_t *answer, char *out, size_t capacity) {
  VN_ASSERT(answer->command != NULL);
  *writer =
      (vn_answer_writer_t){.head = head, .at_ms = answer->at_ms, .suppressed = answer->suppressed};
  vn_json_writer_init(&writer->json, out, capacity);
  begin(&writer->json, answer);
}

size_t vn_answer_message(const vn_message_head_t *head, const vn_answer_t *answer, char *out,
                         size_t capacity) {
  vn_answer_writer_t writer;
  prepare(&writer, head, answer, out, capacity);
  if (answer->command->kind != VN_COMMAND_SAVEPOINT) {
    put_number(&writer.json, "changed", answer->changed);
  } else if (answer->problem.error == VN_COMMAND_ERROR_NONE) {
    put_word(&writer.json, "file", answer->file, FILE_ESCAPED_MAX);
    put_number(&writer.json, "bytes", answer->bytes);
    put_number(&writer.json, "seq", answer->seq);
  }
  return end(&writer);
}

void vn_answer_list_begin(vn_answer_writer_t *writer, const vn_message_head_t *head,
                          const vn_answer_t *answer, char *out, size_t capacity) {
  VN_ASSERT(answer->problem.error == VN_COMMAND_ERROR_NONE);
  prepare(writer, head, answer, out, capacity);
  vn_json_key(&writer->json, "alerts");
  vn_json_array_begin(&writer->json);
}

/* What is true, and left out where it isn't. */
static void put_flag(vn_json_writer_t *json, const char *key, unsigned flag) {
  if (flag != 0) {
    vn_json_key(json, key);
    vn_json_bool(json, true);
  }
}

static void put_state(vn_json_writer_t *json, const vn_alert_state_t *state) {
  vn_json_key(json, "state");
  vn_json_literal(json, vn_alert_phase_word(vn_alert_shown(state)));
}

static void put_flags(vn_json_writer_t *json, const vn_alert_state_t *state) {
  put_flag(json, "acknowledged", state->flags & VN_ALERT_FLAG_ACKNOWLEDGED);
  put_flag(json, "latched", state->flags & VN_ALERT_FLAG_LATCHED);
  if ((state->flags & VN_ALERT_FLAG_SHELVED) != 0) {
    if ((state->flags & VN_ALERT_FLAG_SHELVED_ONCE) != 0) {
      put_flag(json, "shelved_once", 1);
    } else {
      vn_json_key(json, "shelved_until");
      vn_json_integer(json, state->shelved_until_ms);
    }
  }
  put_flag(json, "out_of_service", state->flags & VN_ALERT_FLAG_OUT_OF_SERVICE);
}

static void put_alert(vn_json_writer_t *json, const vn_answer_alert_t *alert) {
  const vn_alert_state_t *state = alert->state;
  vn_json_object_begin(json);
  put_word(json, "alert", vn__text(alert->alert), WORD_ESCAPED_MAX);
  vn_json_key(json, "series");
  vn_json_text(json, alert->series);
  put_state(json, state);
  put_word(json, "severity", vn__text(alert->severity), WORD_ESCAPED_MAX);
  put_number(json, "episode", state->episode);
  vn_json_key(json, "starts_at");
  if (state->phase == VN_ALERT_NORMAL) {
    vn_json_null(json);
  } else {
    vn_json_integer(json, state->pending_since_ms);
  }
  put_flags(json, state);
  vn_json_object_end(json);
}

static size_t tail_max(const char *device) {
  size_t escaped;
  (void)vn__json_fitting(vn__text(device), WORD_ESCAPED_MAX, &escaped);
  return TAIL_FRAME + TAIL_NUMBERS + escaped;
}

bool vn_answer_list_add(vn_answer_writer_t *writer, const vn_answer_alert_t *alert) {
  vn_json_writer_t before = writer->json;
  put_alert(&writer->json, alert);
  if (writer->json.length + tail_max(writer->head->device) <= writer->json.capacity) {
    return true;
  }
  writer->json = before;
  return false;
}

size_t vn_answer_list_end(vn_answer_writer_t *writer, const uint32_t *next) {
  vn_json_array_end(&writer->json);
  if (next != NULL) {
    put_number(&writer->json, "next", *next);
  }
  return end(writer);
}

size_t vn_answer_max(const char *device, uint16_t name_max) {
  enum {
    FRAME = 100,    /* keys, quotes, commas in front of text or alerts */
    SENTENCE = 200, /* the longest text, with the byte */
    ALERT = 230     /* keys, states, flags and numbers of one alert */
  };
  return FRAME + ID_ESCAPED_MAX + SENTENCE + MEMBER_ESCAPED_MAX + ALERT + 2 * WORD_ESCAPED_MAX +
         name_max + tail_max(device);
}
