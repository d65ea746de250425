/*
 * Commands: nothing out of range comes out, and whatever was asked, the answer fits its bound and
 * is one JSON object.
 */
#include <stdlib.h>
#include <string.h>

#include "vn/command_answer.h"
#include "vn/json.h"

#define NAME_MAX_BYTES 255u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const vn_command_t *command) {
  VN_ASSERT(command->alert.length <= VN_COMMAND_ALERT_MAX);
  VN_ASSERT(command->series.length <= VN_COMMAND_SERIES_MAX);
  VN_ASSERT(command->by.length <= VN_COMMAND_BY_MAX);
  VN_ASSERT(command->comment.length <= VN_COMMAND_COMMENT_MAX);
  VN_ASSERT(command->id.length <= VN_COMMAND_ID_MAX);
  VN_ASSERT(command->kind <= VN_COMMAND_COUNT && command->state <= VN_ALERT_NO_DATA);
  VN_ASSERT(command->for_ms >= 0 && command->for_ms <= VN_COMMAND_SHELVE_MAX_MS);
}

/* A good command says all that it needs. */
static void check_good(const vn_command_t *command) {
  VN_ASSERT(command->kind < VN_COMMAND_COUNT);
  VN_ASSERT(command->alert.length > 0 || command->kind == VN_COMMAND_LIST_ALERTS);
  VN_ASSERT(command->for_ms == 0 || command->kind == VN_COMMAND_SHELVE);
}

static void check_object(const char *text, size_t length) {
  vn_json_t json;
  vn_json_event_t event = VN_JSON_NULL;
  vn_json_init(&json, (const uint8_t *)text, length, 2);
  while (event != VN_JSON_DONE) {
    VN_ASSERT(vn_json_next(&json, &event) == VN_REASON_NONE);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const vn_message_head_t head = {"\"gw\"", 1, 2};
  static char out[4096];
  vn_command_t command;
  vn_answer_t answer = {.command = &command, .at_ms = INT64_MIN, .suppressed = UINT64_MAX};
  vn_command_error_t error = vn_command_read(data, size, &command, &answer.problem);
  check(&command);
  if (error == VN_COMMAND_ERROR_NONE) {
    check_good(&command);
  } else {
    VN_ASSERT(answer.problem.error == error && answer.problem.text != NULL);
    VN_ASSERT(answer.problem.offset <= size);
  }
  size_t length = vn_answer_message(&head, &answer, out, sizeof out);
  VN_ASSERT(length <= vn_answer_max(head.device, NAME_MAX_BYTES));
  check_object(out, length);
  return 0;
}
