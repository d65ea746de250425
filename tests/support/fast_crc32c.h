/* CRC-32C for tests that mount hundreds of thousands of times. */
#ifndef FAST_CRC32C_H
#define FAST_CRC32C_H

/* A program that calls this has another vn_crc32c than the core's: the same values from eight
 * tables. NULL when it agrees with the definition bit by bit, or what is wrong. */
const char *fast_crc32c_check(void);

#endif
