/* CRC-32C (Castagnoli, reflected polynomial 0x82F63B78). */
#ifndef VN_CRC32C_H
#define VN_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC of `length` bytes, continued from `crc` (0 for the first piece):
 * vn_crc32c(vn_crc32c(0, a), b) is the CRC of a followed by b; "123456789" gives 0xE3069283.
 * Any address will do. What it costs is chosen with the build (VN_CRC32C_SLICES in CMakeLists.txt).
 */
uint32_t vn_crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
