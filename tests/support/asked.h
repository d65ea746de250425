/* How much of a test is asked for by VN_CASES, VN_TRACES, VN_ROUNDS and VN_SEED. */
#ifndef ASKED_H
#define ASKED_H

#include <stdint.h>
#include <stdlib.h>

static inline uint32_t asked(const char *variable, uint32_t otherwise) {
  const char *text = getenv(variable);
  return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

/* Rounds of a unit test with random cases; few are enough on a slow CPU or an emulator. */
static inline uint32_t rounds(uint32_t otherwise) { return asked("VN_ROUNDS", otherwise); }

#endif
