#include "vn/payload.h"

#include "payload_priv.h"

static vn_reason_t dispatch(const vn__decode_t *decode) {
  switch ((vn_format_t)decode->input->format) {
    case VN_FORMAT_NUMBER:
      return vn__decode_number(decode);
    case VN_FORMAT_JSON:
      return vn__decode_json(decode);
    case VN_FORMAT_CBOR:
      return vn__decode_cbor(decode);
    case VN_FORMAT_SENML_JSON:
      return vn__decode_senml_json(decode);
    case VN_FORMAT_SENML_CBOR:
      return vn__decode_senml_cbor(decode);
    default:
      VN_ASSERT(false);
      return VN_REASON_TYPE;
  }
}

vn_reason_t vn__payload_look(const vn__decode_t *decode) {
  *decode->offset = 0;
  if (decode->length == 0) {
    return VN_REASON_EMPTY;
  }
  if (decode->length >= VN__PAYLOAD_MAX) {
    return VN_REASON_TOO_BIG;
  }
  return dispatch(decode);
}

vn_reason_t vn_payload_decode(const vn_input_t *input, const uint8_t *payload, size_t length,
                              vn_time_ms_t arrival_ms, vn_decoded_fn deliver, void *context,
                              size_t *offset) {
  VN_ASSERT(input != NULL && deliver != NULL && offset != NULL);
  VN_ASSERT(payload != NULL || length == 0);
  const vn__decode_t decode = {input, payload, length, arrival_ms, deliver, context, offset, NULL};
  return vn__payload_look(&decode);
}
