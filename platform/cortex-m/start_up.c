/* Start-up of a Cortex-M: vector table, FPU, .data and .bss, main. Its end is the emulator's. */
#include "semihosting.h"
#include "vn/assert.h"

#include <stddef.h>
#include <stdint.h>

/* Exit codes beside those of main. */
enum { EXIT_EXCEPTION = 99, EXIT_ASSERTION = 98 };

#define CPACR (*(volatile uint32_t *)0xE000ED88u)

/* Of the linker script. */
extern uint32_t _sidata[], _sdata[], _edata[], _sbss[], _ebss[], _estack[];

int main(void);
_Noreturn void Reset_Handler(void);
void Default_Handler(void);

void Default_Handler(void) {
  semihosting_print("unexpected exception\n");
  semihosting_exit(EXIT_EXCEPTION);
}

_Noreturn void vn_assert_failed(const char *file, int line) {
  (void)line;
  semihosting_print(file);
  semihosting_print(": assertion failed\n");
  semihosting_exit(EXIT_ASSERTION);
}

_Noreturn void Reset_Handler(void) {
#if defined(__ARM_FP)
  CPACR |= 0xFu << 20; /* before the first instruction that needs it */
  __asm volatile("dsb\n\tisb" ::: "memory");
#endif
  const uint32_t *from = _sidata;
  for (uint32_t *to = _sdata; to < _edata; to++) {
    *to = *from++;
  }
  for (uint32_t *to = _sbss; to < _ebss; to++) {
    *to = 0;
  }
  semihosting_exit(main());
}

typedef union vector {
  void *stack;
  void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    {.stack = _estack},
    {.handler = Reset_Handler},
    {.handler = Default_Handler}, /* NMI, HardFault, MemManage, BusFault, UsageFault */
    {.handler = Default_Handler},
    {.handler = Default_Handler},
    {.handler = Default_Handler},
    {.handler = Default_Handler},
    {.stack = NULL},
    {.stack = NULL},
    {.stack = NULL},
    {.stack = NULL},
    {.handler = Default_Handler}, /* SVCall, DebugMonitor */
    {.handler = Default_Handler},
    {.stack = NULL},
    {.handler = Default_Handler}, /* PendSV, SysTick */
    {.handler = Default_Handler},
};
