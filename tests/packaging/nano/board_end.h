/* The board's last words. */
#ifndef BOARD_END_H
#define BOARD_END_H

void board_end(void);

#endif
