#include "uart.h"

/* VN_UART_BASE comes with the board: see CMakeLists.txt. */
#define REGISTER(offset) (*(volatile uint32_t *)(VN_UART_BASE + (offset)))
#define DATA REGISTER(0x00u)
#define STATE REGISTER(0x04u) /* bit 0: transmit buffer full, bit 1: receive buffer full */
#define CTRL REGISTER(0x08u)  /* bit 0: transmit on, bit 1: receive on */
#define BAUDDIV REGISTER(0x10u)

enum { TRANSMIT_FULL = 1, RECEIVE_FULL = 2, BOTH_ON = 3, FASTEST = 16 };

void uart_open(void) {
  BAUDDIV = FASTEST;
  CTRL = BOTH_ON;
}

int uart_receive(void) { return (STATE & RECEIVE_FULL) != 0 ? (int)(DATA & 0xFFu) : -1; }

void uart_write(void *context, const uint8_t *bytes, size_t length) {
  (void)context;
  for (size_t i = 0; i < length; i++) {
    while ((STATE & TRANSMIT_FULL) != 0) {
    }
    DATA = bytes[i];
  }
}
