/* In the place of messages with readings: the platform gives readings by vn_take_reading. Nothing
 * gets into a queue, so nothing is taken out of it. */
#include "../engine_journal_priv.h"

const bool vn__has_messages = false;

bool vn__take_queued(vn_engine_t *engine) {
  (void)engine;
  return false;
}

bool vn__is_too_big(const vn_engine_t *engine, vn_text_t topic, size_t length) {
  (void)engine;
  (void)topic;
  (void)length;
  return true;
}

uint8_t *vn__queue_claim(vn_engine_t *engine, const vn__arrival_t *arrival, uint32_t *total) {
  (void)engine;
  (void)arrival;
  *total = 0;
  return NULL;
}

bool vn__take_repeat(vn_engine_t *engine, const vn__arrival_t *arrival) {
  (void)engine;
  (void)arrival;
  return false;
}

void vn__refuse_limited(vn_engine_t *engine, const vn__arrival_t *arrival) {
  (void)engine;
  (void)arrival;
}
