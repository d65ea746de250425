/*
 * What a node asks of its board: six functions. board.c is the form to fill in.
 */
#ifndef BOARD_H
#define BOARD_H

#include "vn/vn.h"

/* Milliseconds since some start; never goes back. Called for every reading: keep it short. */
int64_t board_mono_ms(void *context);

/* Milliseconds since the Unix epoch. False while nobody has set the clock; it may be set later. */
bool board_wall_ms(void *context, vn_time_ms_t *out);

/*
 * Takes a message or refuses it: VN_OK (what becomes of it is told with vn_sent, later, never from
 * in here), VN_AGAIN (no room now) or VN_ERR_LINK (down; vn_uplink_restarted when it is back).
 * Pointers are valid during the call only.
 */
vn_err_t board_send(void *context, const vn_message_t *message);

/* The message that has arrived at its receiver since the last call; false: none has. */
bool board_sent(uint64_t *index);

/* The next reading and its sensor's name; false: there is none now. */
bool board_reading(vn_text_t *sensor, int32_t *hundredths);

/* Sleeps at most so long, or until something happens. False ends the node: boards say true. */
bool board_sleep(uint32_t ms);

#endif
