/* What a SenML pack gives, as text that a test can compare; and the packs of RFC 8428. */
#ifndef SENML_PACK_H
#define SENML_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vn/payload.h"

#define SENML_ARRIVAL_MS INT64_C(1700000000000)

/* One line a delivery: "name value*10^6 time_ms" ("-": no time), or "!reason name". */
typedef struct senml_result {
  char text[16384];
  size_t length;
  size_t readings;
  size_t refusals;
  size_t relative; /* readings with a time relative to the arrival */
  size_t offset;   /* SIZE_MAX when the decoder left it alone */
  vn_reason_t reason;
} senml_result_t;

/* Of the last decoding. */
extern senml_result_t senml_last;

void senml_decode(vn_format_t format, const uint8_t *payload, size_t length);
void senml_decode_json(const char *text);
void senml_decode_cbor(const char *hex);
size_t senml_from_hex(const char *hex, uint8_t *out);

/* Fails the test unless the last decoding gave just that. */
void senml_expect(const char *lines, vn_reason_t reason);

typedef struct senml_row {
  const char *payload; /* JSON text, or CBOR as hex */
  const char *lines;
  vn_reason_t reason;
} senml_row_t;

void senml_expect_json(const senml_row_t *rows, size_t count);
void senml_expect_cbor(const senml_row_t *rows, size_t count);

#define EXPECT_JSON(rows) senml_expect_json(rows, sizeof(rows) / sizeof *(rows))
#define EXPECT_CBOR(rows) senml_expect_cbor(rows, sizeof(rows) / sizeof *(rows))

typedef struct senml_example {
  const char *json;
  const char *cbor;
  const char *lines;
} senml_example_t;

#define SENML_EXAMPLES 8u

/* Examples 5.1.1 to 5.1.7 and 6 of RFC 8428, some of them shortened. */
extern const senml_example_t senml_examples[SENML_EXAMPLES];

#endif
