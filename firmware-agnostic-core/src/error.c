#include "vn/error.h"

const char *vn_err_text(vn_err_t error) {
  switch (error) {
#define ERROR_TEXT(name, number, text) \
  case name:                           \
    return text;
    VN_ERR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
  }
  return "unknown error";
}

const char *vn_err_name(vn_err_t error) {
  switch (error) {
#define ERROR_NAME(name, number, text) \
  case name:                           \
    return #name;
    VN_ERR_LIST(ERROR_NAME)
#undef ERROR_NAME
  }
  return "VN_ERR_UNKNOWN";
}
