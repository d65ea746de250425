/* Signals: handlers set a flag and write to a descriptor, no more. */
#ifndef VN_SIGNALS_H
#define VN_SIGNALS_H

#include <stdbool.h>

/*
 * Call first. Opens /dev/null on descriptors 0-2 that are closed: libraries would take them.
 * Ignores SIGPIPE and SIGXFSZ: a broken connection and a full disk are errors that calls return.
 */
bool vn_signals_prepare(void);

/*
 * SIGTERM and SIGINT ask for a stop, SIGHUP and SIGUSR1 for the figures in the log; each also
 * writes to wake_fd (an eventfd).
 */
bool vn_signals_install(int wake_fd);

bool vn_signals_stop_wanted(void);

/* True once per request. */
bool vn_signals_report_wanted(void);

#endif
