/* What the payload decoders share: one message, and one decoder per format. */
#ifndef VN_PAYLOAD_PRIV_H
#define VN_PAYLOAD_PRIV_H

#include "vn/payload.h"

/* Places in a payload are kept in 32 bits; no MQTT message comes near this. */
#define VN__PAYLOAD_MAX UINT32_MAX

/* One message on its way through a decoder: the arguments of vn_payload_decode. */
typedef struct vn__decode {
  const vn_input_t *input;
  const uint8_t *payload;
  size_t length; /* 1..VN__PAYLOAD_MAX - 1 */
  vn_time_ms_t arrival_ms;
  vn_decoded_fn deliver;
  void *context;
  size_t *offset;     /* set by a decoder that returns anything but NONE */
  const bool *enough; /* NULL, or: once it is true, the decoder of JSON reads no further */
} vn__decode_t;

static inline bool vn__has_enough(const vn__decode_t *decode) {
  return decode->enough != NULL && *decode->enough;
}

/* As vn_payload_decode. A message of which enough was seen is good as far as it was read. */
VN_NODISCARD vn_reason_t vn__payload_look(const vn__decode_t *decode);

VN_NODISCARD vn_reason_t vn__decode_number(const vn__decode_t *decode);
VN_NODISCARD vn_reason_t vn__decode_json(const vn__decode_t *decode);
VN_NODISCARD vn_reason_t vn__decode_cbor(const vn__decode_t *decode);
VN_NODISCARD vn_reason_t vn__decode_senml_json(const vn__decode_t *decode);
VN_NODISCARD vn_reason_t vn__decode_senml_cbor(const vn__decode_t *decode);

#endif
