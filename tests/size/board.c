/* The least that node.c needs to be linked for bare metal; it is measured, never run. What it
 * reads could be anything, so that nothing of the core is optimised away. */
#include "board.h"

#include <string.h>

int main(void);
void _start(void);

static volatile uint32_t *const anything = (volatile uint32_t *)0x40000000u;

int64_t board_mono_ms(void *context) {
  (void)context;
  return *anything;
}

bool board_wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = *anything;
  return true;
}

vn_err_t board_send(void *context, const vn_message_t *message) {
  (void)context;
  *anything = message->payload[0];
  return VN_OK;
}

bool board_sent(uint64_t *index) {
  *index = *anything;
  return *index != 0;
}

bool board_reading(vn_text_t *sensor, int32_t *hundredths) {
  static const char name[] = "t0";
  *sensor = (vn_text_t){name, 2};
  *hundredths = (int32_t)*anything;
  return *hundredths != 0;
}

bool board_sleep(uint32_t ms) {
  *anything = ms;
  return true;
}

void _start(void) { *anything = (uint32_t)main(); }

/* Loops that stay loops: -fno-tree-loop-distribute-patterns. */
void *memcpy(void *restrict to, const void *restrict from, size_t length) {
  uint8_t *out = to;
  const uint8_t *in = from;
  while (length-- > 0) {
    *out++ = *in++;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t length) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (out <= in) {
    return memcpy(to, from, length);
  }
  while (length-- > 0) {
    out[length] = in[length];
  }
  return to;
}

void *memset(void *to, int value, size_t length) {
  uint8_t *out = to;
  while (length-- > 0) {
    *out++ = (uint8_t)value;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t length) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  for (; length > 0; length--, left++, right++) {
    if (*left != *right) {
      return *left < *right ? -1 : 1;
    }
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) {
    length++;
  }
  return length;
}
