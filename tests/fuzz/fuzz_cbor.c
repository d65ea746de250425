/*
 * CBOR: the library's back end and our own must agree on every item, and nothing is read outside
 * of the input or behind what an item says it used.
 */
#include "../../firmware-agnostic-core/src/cbor_codec_priv.h"

#undef VN__CBOR_CODEC
#define VN__CBOR_CODEC(name) own_##name
#include "../../firmware-agnostic-core/src/builtin/cbor_codec_builtin.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_nan(double value) { return value != value; }

static void compare(const uint8_t *bytes, size_t length) {
  vn_cbor_item_t a = {0};
  vn_cbor_item_t b = {0};
  size_t used_a = 0;
  size_t used_b = 0;
  vn_reason_t reason = vn__cbor_take(bytes, length, &a, &used_a);
  VN_ASSERT(own_take(bytes, length, &b, &used_b) == reason);
  if (reason != VN_REASON_NONE) {
    return;
  }
  VN_ASSERT(used_a == used_b && used_a > 0 && used_a <= length);
  VN_ASSERT(a.kind == b.kind && a.indefinite == b.indefinite);
  if (a.kind == VN_CBOR_FLOAT) {
    VN_ASSERT((is_nan(a.float_value) && is_nan(b.float_value)) ||
              memcmp(&a.float_value, &b.float_value, sizeof a.float_value) == 0);
  } else {
    VN_ASSERT(a.unsigned_value == b.unsigned_value && a.text.bytes == b.text.bytes &&
              a.text.length == b.text.length);
  }
}

/* The same value; all NaN are one, and so are both zeros. */
static bool is_same(double a, double b) {
  return is_nan(a) ? is_nan(b) : !(a < b) && !(a > b) && !is_nan(b);
}

/* Whatever was read can be written, in at most as many bytes, and reads the same. */
static void write_again(const vn_cbor_item_t *item, size_t used) {
  uint8_t bytes[9];
  vn_cbor_writer_t writer;
  vn_cbor_reader_t reader;
  vn_cbor_item_t again;
  vn_cbor_writer_init(&writer, bytes, sizeof bytes);
  if (item->kind == VN_CBOR_FLOAT) {
    vn_cbor_float(&writer, item->float_value);
  } else if (item->kind == VN_CBOR_UINT) {
    vn_cbor_uint(&writer, item->unsigned_value);
  } else {
    return;
  }
  VN_ASSERT(!writer.overflow && writer.length <= used);
  vn_cbor_reader_init(&reader, bytes, writer.length);
  VN_ASSERT(vn_cbor_next(&reader, &again) == VN_REASON_NONE && reader.position == writer.length);
  VN_ASSERT(again.kind == item->kind);
  VN_ASSERT(item->kind == VN_CBOR_UINT ? again.unsigned_value == item->unsigned_value
                                       : is_same(again.float_value, item->float_value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vn_cbor_reader_t reader;
  vn_cbor_reader_init(&reader, data, size);
  while (reader.position < reader.length) {
    vn_cbor_item_t item;
    size_t start = reader.position;
    compare(&data[start], size - start);
    if (vn_cbor_next(&reader, &item) != VN_REASON_NONE) {
      VN_ASSERT(reader.position == start);
      break;
    }
    VN_ASSERT(reader.position > start && reader.position <= size);
    write_again(&item, reader.position - start);
  }
  return 0;
}
