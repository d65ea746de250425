#include "surroundings.h"

#include <stdio.h>

void surroundings_print(const char *text) { (void)fputs(text, stdout); }

bool surroundings_save(const char *path, const uint8_t *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    return false;
  }
  bool good = fwrite(bytes, 1, length, file) == length;
  return fclose(file) == 0 && good;
}

size_t surroundings_load(const char *path, uint8_t *bytes, size_t capacity) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return 0;
  }
  size_t length = fread(bytes, 1, capacity, file);
  return fclose(file) == 0 ? length : 0;
}

int main(int argc, char **argv) {
  return argc == 3 ? golden_main(argv[1], argv[2]) : golden_main(argc == 1 ? "" : "?", "");
}
