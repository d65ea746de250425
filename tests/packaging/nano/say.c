/* What a host does in place of the emulator. */
#include <stdint.h>
#include <stdio.h>

#include "board_end.h"
#include "semihosting.h"

void semihosting_print(const char *text) { (void)fputs(text, stderr); }

void board_end(void) {}
