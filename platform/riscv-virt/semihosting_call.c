#include "semihosting.h"

/* The three uncompressed instructions are the marker, and lie in one page. */
intptr_t semihosting_call(intptr_t operation, const void *block) {
  register intptr_t a0 __asm("a0") = operation;
  register const void *a1 __asm("a1") = block;
  __asm volatile(
      ".option push\n\t.option norvc\n\t.balign 16\n\t"
      "slli zero, zero, 0x1f\n\tebreak\n\tsrai zero, zero, 0x7\n\t.option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}
