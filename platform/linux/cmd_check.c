/* vnotch check, vnotch document-configuration. */
#include "commands.h"
#include "configuration.h"

#include <stdio.h>

int vn_cmd_check(int argc, char **argv) {
  if (argc != 2 || argv[1][0] == '\0' || argv[1][0] == '-') {
    (void)fputs("usage: vnotch check FILE\n", stderr);
    return VN_STATUS_USAGE;
  }
  unsigned errors = 0;
  vn_configuration_t *configuration = vn_configuration_load(argv[1], stderr, &errors);
  if (configuration == NULL) {
    (void)fprintf(stderr, "%s: %u %s\n", argv[1], errors, errors == 1 ? "error" : "errors");
    return VN_STATUS_CONFIGURATION;
  }
  vn_configuration_free(configuration);
  return printf("%s: no errors\n", argv[1]) < 0 ? VN_STATUS_IO : VN_STATUS_OK;
}

int vn_cmd_document_configuration(int argc, char **argv) {
  (void)argv;
  if (argc != 1) {
    (void)fputs("usage: vnotch document-configuration\n", stderr);
    return VN_STATUS_USAGE;
  }
  vn_configuration_document(stdout);
  return VN_STATUS_OK;
}
