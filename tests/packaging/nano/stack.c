/* How much stack was ever used: the emulator's RAM is zero at first. */
#include <stdint.h>

#include "board_end.h"
#include "semihosting.h"

/* Of the linker script. */
extern uint32_t _ebss[], _estack[];

void board_end(void) {
  char digits[] = "00000\n";
  const volatile uint32_t *deepest = _ebss;
  while (deepest < _estack && *deepest == 0) {
    deepest++;
  }
  uint32_t bytes = (uint32_t)((uintptr_t)_estack - (uintptr_t)deepest);
  for (uint32_t i = 5; i > 0; i--, bytes /= 10u) {
    digits[i - 1] = (char)('0' + bytes % 10u);
  }
  semihosting_print("stack ");
  semihosting_print(digits);
}
