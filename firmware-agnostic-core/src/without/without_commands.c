/* In the place of commands: no topic is theirs. */
#include "../engine_command_priv.h"

const bool vn__has_commands = false;

bool vn__is_command_topic(const vn_plan_t *plan, vn_text_t topic) {
  (void)plan;
  (void)topic;
  return false;
}

bool vn__is_reply_topic(const vn_plan_t *plan, vn_text_t topic) {
  (void)plan;
  (void)topic;
  return false;
}

void vn__suppress_command(vn_engine_t *engine) { (void)engine; }

void vn__take_command(vn_engine_t *engine) { (void)engine; }

size_t vn__answer_max(const vn_plan_t *plan) {
  (void)plan;
  return 0;
}
