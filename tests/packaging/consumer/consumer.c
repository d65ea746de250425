/* Uses one function of each kind, so that header, library and codec are found. */
#include "vn/cbor.h"
#include "vn/crc32c.h"
#include "vn/error.h"

#include <stdio.h>
#include <string.h>

int main(void) {
  uint8_t bytes[16];
  vn_cbor_writer_t writer;
  vn_cbor_writer_init(&writer, bytes, sizeof bytes);
  vn_cbor_array(&writer, 1);
  vn_cbor_float(&writer, 1.5);
  printf("%s %08x %zu\n", vn_err_text(VN_OK), (unsigned)vn_crc32c(0, "123456789", 9),
         writer.length);
  return writer.overflow || strcmp(vn_err_name(VN_OK), "VN_OK") != 0;
}
