/* What node.c and the template's board need to be linked for bare metal, beside the core; measured,
 * never run. */
#include <stdint.h>
#include <string.h>

int main(void);
void _start(void);

void _start(void) { (void)main(); }

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
