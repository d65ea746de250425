/* CBOR's exact numbers as vn_number_t. */
#ifndef VN_CBOR_NUMBER_PRIV_H
#define VN_CBOR_NUMBER_PRIV_H

#include "vn/cbor.h"
#include "vn/number.h"

/* An integer item, -2^64 to 2^64-1; beyond int64 all digits but the last are kept. */
vn_number_t vn__cbor_integer(const vn_cbor_item_t *item);

/* What stands behind tag 4: [exponent, mantissa]; false when it is anything else. */
bool vn__cbor_decimal_fraction(vn_cbor_reader_t *reader, vn_number_t *out);

#endif
