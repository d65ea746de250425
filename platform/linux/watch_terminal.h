/* The terminal: taken over and given back, whatever ends the program; and signals. */
#ifndef VN_WATCH_TERMINAL_H
#define VN_WATCH_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From now on INT, TERM and HUP ask for a stop, and write to wake_fd (an eventfd); calls that wait
 * are interrupted.
 */
bool vn_terminal_signals(int wake_fd);

/* True when a signal asked for it. */
bool vn_terminal_stop_wanted(void);

/*
 * Takes over the terminal of these descriptors: another screen, no cursor, keys one by one without
 * echo. Given back by vn_terminal_leave and by every signal that ends the program, but KILL. in <
 * 0: there are no keys. False with errno: it can't be taken over.
 */
bool vn_terminal_enter(int in, int out);

/* Gives it back as it was; nothing when it was not taken over. */
void vn_terminal_leave(void);

/* True once per change of its size; and once behind a pause (Ctrl-Z), which this carries out. */
bool vn_terminal_changed(void);

/* Rows and columns of the terminal at the descriptor; else $LINES and $COLUMNS; else 24 and 80. */
void vn_terminal_size(int out, unsigned *rows, unsigned *columns);

/* Writes all; false: the other end is gone, or a signal asked for a stop. */
bool vn_terminal_write(int out, const char *bytes, size_t length);

#endif
