/* Socket options on connections that a library keeps to itself. */
#ifndef VN_TCP_OPTIONS_H
#define VN_TCP_OPTIONS_H

/*
 * Sets TCP_NODELAY on every TCP socket of the process among descriptors 3 to 63 and remembers which
 * these are. Call at every connect.
 */
void vn_tcp_no_delay(void);

/*
 * Renews TCP_QUICKACK on the sockets that vn_tcp_no_delay found, at most once a millisecond (the
 * kernel clears it by itself). Any thread.
 */
void vn_tcp_quick_ack(void);

#endif
