/* Times for people. */
#ifndef VN_TIME_TEXT_PRIV_H
#define VN_TIME_TEXT_PRIV_H

#include "vn/time.h"

#define VN__TIME_TEXT_MAX 24u

/*
 * RFC 3339 in UTC: "2026-11-21T08:00:00Z", with ".250" before the Z when it isn't a whole second.
 * No terminator; returns the length. Times outside VN_TIME_LOWEST_MS .. VN_TIME_HIGHEST_MS are
 * shown as the end they are beyond.
 */
unsigned vn__time_text(vn_time_ms_t time_ms, char out[VN__TIME_TEXT_MAX]);

#endif
