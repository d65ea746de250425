#include "vn/reason.h"

const char *vn_reason_word(vn_reason_t reason) {
  switch (reason) {
#define REASON_WORD(name, word, text) \
  case name:                          \
    return word;
    VN_REASON_LIST(REASON_WORD)
#undef REASON_WORD
    case VN_REASON_COUNT:
      break;
  }
  return "unknown";
}

const char *vn_reason_text(vn_reason_t reason) {
  switch (reason) {
#define REASON_TEXT(name, word, text) \
  case name:                          \
    return text;
    VN_REASON_LIST(REASON_TEXT)
#undef REASON_TEXT
    case VN_REASON_COUNT:
      break;
  }
  return "unknown reason";
}
