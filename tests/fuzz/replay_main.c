/* Runs a fuzz target over files and folders of inputs; for builds without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs one input from a heap block of its exact size, so that an overrun meets the sanitizer. */
static int replay_file(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = malloc(size > 0 ? size : 1);
  int result = 1;
  if (file != NULL && data != NULL && fread(data, 1, size, file) == size) {
    result = LLVMFuzzerTestOneInput(data, size);
  } else {
    fprintf(stderr, "replay: cannot read %s\n", path);
  }
  free(data);
  if (file != NULL) {
    fclose(file);
  }
  return result;
}

static int replay_folder(const char *folder, unsigned *count) {
  DIR *directory = opendir(folder);
  if (directory == NULL) {
    fprintf(stderr, "replay: cannot open %s\n", folder);
    return 1;
  }
  int result = 0;
  const struct dirent *entry;
  while (result == 0 && (entry = readdir(directory)) != NULL) {
    char path[PATH_BYTES];
    struct stat status;
    int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (length < 0 || (size_t)length >= sizeof path || stat(path, &status) != 0) {
      fprintf(stderr, "replay: cannot read %s in %s\n", entry->d_name, folder);
      result = 1;
    } else if (S_ISREG(status.st_mode)) {
      result = replay_file(path, (size_t)status.st_size);
      *count += 1;
    }
  }
  closedir(directory);
  return result;
}

int main(int argc, char **argv) {
  unsigned count = 0;
  int result = LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc && result == 0; i++) {
    struct stat status;
    if (stat(argv[i], &status) == 0 && S_ISREG(status.st_mode)) {
      result = replay_file(argv[i], (size_t)status.st_size);
      count += 1;
    } else {
      result = replay_folder(argv[i], &count);
    }
  }
  printf("replay: %u inputs\n", count);
  if (count == 0) {
    fprintf(stderr, "replay: no inputs: give files or folders\n");
  }
  return result != 0 || count == 0;
}
