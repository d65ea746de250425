/* Start-up on QEMU's RISC-V board `virt` without firmware: stack, traps, .bss, main. */
#include "semihosting.h"
#include "vn/assert.h"

#include <stdint.h>

/* Exit codes beside those of main. */
enum { EXIT_EXCEPTION = 99, EXIT_ASSERTION = 98 };

/* Of the linker script. */
extern uint32_t _sbss[], _ebss[];

int main(void);
void _start(void);
_Noreturn void start_c(void);
_Noreturn void on_trap(void);

_Noreturn void on_trap(void) {
  semihosting_print("unexpected exception\n");
  semihosting_exit(EXIT_EXCEPTION);
}

_Noreturn void vn_assert_failed(const char *file, int line) {
  (void)line;
  semihosting_print(file);
  semihosting_print(": assertion failed\n");
  semihosting_exit(EXIT_ASSERTION);
}

_Noreturn void start_c(void) {
  for (uint32_t *to = _sbss; to < _ebss; to++) {
    *to = 0;
  }
  semihosting_exit(main());
}

/* .balign: mtvec takes its lowest bits as a mode. */
__attribute__((naked, section(".start"))) void _start(void) {
  __asm volatile(
      "la sp, _stack_top\n\t"
      "la t0, 1f\n\t"
      ".option arch, +zicsr\n\t"
      "csrw mtvec, t0\n\t"
      "j start_c\n\t"
      ".balign 4\n"
      "1:\n\t"
      "la sp, _stack_top\n\t"
      "j on_trap");
}
