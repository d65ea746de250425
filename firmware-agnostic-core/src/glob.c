#include "vn/topic.h"

static bool byte_matches(vn_text_t glob, size_t at, char byte) {
  return at < glob.length && (glob.bytes[at] == '?' || glob.bytes[at] == byte);
}

static bool is_star(vn_text_t glob, size_t at) { return at < glob.length && glob.bytes[at] == '*'; }

bool vn_glob_match(vn_text_t glob, vn_text_t text) {
  VN_ASSERT(glob.bytes != NULL || glob.length == 0);
  VN_ASSERT(text.bytes != NULL || text.length == 0);
  size_t at = 0;
  size_t star = glob.length; /* the last * seen; none yet */
  size_t resume = 0;         /* where that * stops swallowing at the next attempt */
  for (size_t i = 0; i < text.length;) {
    if (is_star(glob, at)) {
      star = at++;
      resume = i;
    } else if (byte_matches(glob, at, text.bytes[i])) {
      at++;
      i++;
    } else if (star < glob.length) {
      /* Only the last * needs another try: what an earlier one could gain, this one can too. */
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (is_star(glob, at)) {
    at++;
  }
  return at == glob.length;
}
