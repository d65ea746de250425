#include "semihosting.h"
#include "surroundings.h"

#include <string.h>

enum { ARGUMENTS_BYTES = 256 };

int main(void);

void surroundings_print(const char *text) { semihosting_print(text); }

bool surroundings_save(const char *path, const uint8_t *bytes, size_t length) {
  intptr_t file = semihosting_open(path, SEMIHOSTING_WRITE);
  if (file < 0) {
    return false;
  }
  bool good = semihosting_write(file, bytes, length);
  semihosting_close(file);
  return good;
}

size_t surroundings_load(const char *path, uint8_t *bytes, size_t capacity) {
  intptr_t file = semihosting_open(path, SEMIHOSTING_READ);
  if (file < 0) {
    return 0;
  }
  size_t length = semihosting_read(file, bytes, capacity);
  semihosting_close(file);
  return length;
}

/* The emulator's arguments: the image's name, then ours. */
int main(void) {
  static char text[ARGUMENTS_BYTES];
  char *words[3] = {text, text, text};
  size_t count = 0;
  if (!semihosting_arguments(text, sizeof text)) {
    return golden_main("?", "");
  }
  size_t length = strlen(text);
  for (size_t i = 0; i < length; i++) {
    if (text[i] != ' ' && (i == 0 || text[i - 1] == '\0') && count < 3) {
      words[count++] = text + i;
    }
    text[i] = text[i] == ' ' ? '\0' : text[i];
  }
  return count == 3 ? golden_main(words[1], words[2]) : golden_main(count <= 1 ? "" : "?", "");
}
