#include "vn/assert.h"

/* Alone in its file: a program that brings its own version never links this one. */
_Noreturn void vn_assert_failed(const char *file, int line) {
  (void)file;
  (void)line;
#if defined(__GNUC__)
  __builtin_trap();
#else
  for (;;) {
  }
#endif
}
