/* Signals: handlers set a flag and write to a descriptor, no more. */
#ifndef VN_SIGNALS_H
#define VN_SIGNALS_H

#include <stdbool.h>

/* Opens /dev/null on descriptors 0-2 that are closed. Call first: libraries would take them. */
bool vn_signals_open_standard(void);

/*
 * SIGTERM and SIGINT ask for a stop, SIGHUP and SIGUSR1 for the figures in the log; each also
 * writes to wake_fd (an eventfd). SIGPIPE is ignored.
 */
bool vn_signals_install(int wake_fd);

bool vn_signals_stop_wanted(void);

/* True once per request. */
bool vn_signals_report_wanted(void);

#endif
