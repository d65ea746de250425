/* What the engine's other files know of commands. */
#ifndef VN_ENGINE_COMMAND_PRIV_H
#define VN_ENGINE_COMMAND_PRIV_H

#include "engine_priv.h"

/* Whether a topic is the one of commands; any thread. */
bool vn__is_command_topic(const vn_plan_t *plan, vn_text_t topic);

/* Whether an answer may go to a topic that somebody else chose; any thread. */
bool vn__is_reply_topic(const vn_plan_t *plan, vn_text_t topic);

/* Counts a command that isn't even read: there are too many. */
void vn__suppress_command(vn_engine_t *engine);

/* Carries out the command at work and answers it. */
void vn__take_command(vn_engine_t *engine);

/* The longest answer to a command. */
size_t vn__answer_max(const vn_plan_t *plan);

/* Sends the answer to the command at work: `length` bytes of the scratch. */
void vn__output_answer(vn_engine_t *engine, size_t length);

#endif
