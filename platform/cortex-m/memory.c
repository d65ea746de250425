/* The five libc functions that the core and the compiler call; with them no libc is linked. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes until both places are aligned, then words. */
typedef uintptr_t __attribute__((may_alias)) word_t;

static bool is_aligned(const void *a, const void *b) {
  return (((uintptr_t)a | (uintptr_t)b) & (sizeof(word_t) - 1u)) == 0;
}

void *memset(void *to, int value, size_t length) {
  unsigned char *bytes = to;
  const word_t word = (word_t)-1 / 0xFFu * (unsigned char)value;
  for (; length > 0 && !is_aligned(bytes, bytes); length--) {
    *bytes++ = (unsigned char)value;
  }
  for (; length >= sizeof word; length -= sizeof word, bytes += sizeof word) {
    *(word_t *)(void *)bytes = word;
  }
  for (; length > 0; length--) {
    *bytes++ = (unsigned char)value;
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
  unsigned char *bytes = to;
  const unsigned char *source = from;
  if (is_aligned(to, from)) {
    for (; length >= sizeof(word_t); length -= sizeof(word_t)) {
      *(word_t *)(void *)bytes = *(const word_t *)(const void *)source;
      bytes += sizeof(word_t);
      source += sizeof(word_t);
    }
  }
  for (; length > 0; length--) {
    *bytes++ = *source++;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t length) {
  unsigned char *bytes = to;
  const unsigned char *source = from;
  if (bytes < source) {
    for (size_t i = 0; i < length; i++) {
      bytes[i] = source[i];
    }
  } else {
    for (size_t i = length; i > 0; i--) {
      bytes[i - 1] = source[i - 1];
    }
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t length) {
  const unsigned char *left = a;
  const unsigned char *right = b;
  for (size_t i = 0; i < length; i++) {
    if (left[i] != right[i]) {
      return left[i] < right[i] ? -1 : 1;
    }
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  return length;
}
