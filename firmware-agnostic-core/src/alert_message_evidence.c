/* The evidence of an alert message: the window that caused it. */
#include "alert_message_priv.h"

/* Start and end of count windows number readings: their times are those of the first and the last
 * one. */
static void put_bounds(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_window_result_t *result = transition->result;
  vn_json_key(writer, "start");
  vn_json_integer(writer, result->start_ms);
  vn_json_key(writer, "end");
  vn_json_integer(writer, result->end_ms);
  if (transition->window->shape == VN_WINDOW_COUNT) {
    vn_json_key(writer, "from");
    vn_json_integer(writer, result->aggregate->first_ms);
    vn_json_key(writer, "to");
    vn_json_integer(writer, result->aggregate->last_ms);
  }
}

void vn__alert_evidence(vn_json_writer_t *writer, const vn_transition_t *transition) {
  if (transition->result == NULL) {
    return;
  }
  VN_ASSERT(transition->window != NULL);
  vn_json_key(writer, "window");
  vn_json_object_begin(writer);
  vn_json_key(writer, "name");
  vn__json_string_begin(writer);
  vn__alert_say(writer, transition->window->name, VN__WORD_ESCAPED_MAX);
  vn__json_string_end(writer);
  put_bounds(writer, transition);
  vn_json_key(writer, "count");
  vn_json_unsigned(writer, transition->result->aggregate->count);
  vn_json_object_end(writer);
}

size_t vn__alert_evidence_max(const vn_alert_message_size_t *size) {
  enum {
    FRAME = sizeof "'window':{'name':'','start':,'end':,'from':,'to':,'count':},",
    NUMBERS = 4 * 20 + 10
  };
  return size->has_windows ? FRAME + NUMBERS + VN__WORD_ESCAPED_MAX : 0;
}
