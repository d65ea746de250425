/* UART of QEMU's mps2 and mps3 boards (CMSDK APB UART), polled. */
#ifndef VN_UART_H
#define VN_UART_H

#include "node.h"

/* Switches the first UART of the board on. */
void uart_open(void);

/* The next byte, or -1: there is none. */
int uart_receive(void);

/* Waits until everything is taken; for vn_line_t. */
void uart_write(void *context, const uint8_t *bytes, size_t length);

#endif
