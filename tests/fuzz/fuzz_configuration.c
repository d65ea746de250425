/* Any bytes as a configuration file: errors or a plan, within limits. */
#include "configuration.h"
#include "vn/assert.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[] = "/tmp/vnotch-fuzz-XXXXXX";
  unsigned errors = 0;
  int descriptor = mkstemp(path);
  FILE *sink = fopen("/dev/null", "w");
  VN_ASSERT(descriptor >= 0 && sink != NULL);
  ssize_t written = write(descriptor, data, size);
  VN_ASSERT(written == (ssize_t)size);
  vn_configuration_t *configuration = vn_configuration_load(path, sink, &errors);
  VN_ASSERT((configuration == NULL) == (errors > 0));
  vn_configuration_free(configuration);
  (void)fclose(sink);
  (void)close(descriptor);
  (void)unlink(path);
  return 0;
}
