/* A board to fill in: what each function may do and must not is in board.h. As it stands it links,
 * has no readings and ends at once. */
#include "board.h"

int64_t board_mono_ms(void *context) {
  (void)context;
  return 0; /* a counter of ticks, widened to 64 bits: ticks wrap, this doesn't */
}

bool board_wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  (void)out;
  return false; /* a clock with a battery, or what a server said */
}

vn_err_t board_send(void *context, const vn_message_t *message) {
  (void)context;
  (void)message;
  return VN_ERR_LINK; /* copy topic and payload into the driver's buffer, or VN_AGAIN */
}

bool board_sent(uint64_t *index) {
  (void)index;
  return false; /* message->index of what was acknowledged */
}

bool board_reading(vn_text_t *sensor, int32_t *hundredths) {
  (void)sensor;
  (void)hundredths;
  return false; /* what the interrupt of the converter has put into a buffer */
}

bool board_sleep(uint32_t ms) {
  (void)ms;
  return false; /* a timer, then wait for an interrupt; true */
}
