/* The cases of `vnotch-bench store` by their names. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { SINGLE, PACK, COMMITS, RECOVERY } kind_t;

typedef struct store_case {
  const char *name;
  kind_t kind;
  vn_durability_t durability;
  uint64_t count;
} store_case_t;

static const store_case_t cases[] = {
    {"single_volatile", SINGLE, VN_DURABILITY_VOLATILE, 20000},
    {"single_checkpoint", SINGLE, VN_DURABILITY_CHECKPOINT, 20000},
    {"single_journal", SINGLE, VN_DURABILITY_JOURNAL, 5000},
    {"pack_volatile", PACK, VN_DURABILITY_VOLATILE, 5000},
    {"pack_checkpoint", PACK, VN_DURABILITY_CHECKPOINT, 5000},
    {"pack_journal", PACK, VN_DURABILITY_JOURNAL, 2000},
    {"commit_checkpoint", COMMITS, VN_DURABILITY_CHECKPOINT, 200},
    {"commit_journal", COMMITS, VN_DURABILITY_JOURNAL, 200},
    {"recovery_checkpoint", RECOVERY, VN_DURABILITY_CHECKPOINT, 0},
    {"recovery_journal", RECOVERY, VN_DURABILITY_JOURNAL, 400},
};

static bool run(const store_case_t *one, const char *file, uint64_t count) {
  switch (one->kind) {
    case SINGLE:
      return store_messages(one->durability, 1, file, count);
    case PACK:
      return store_messages(one->durability, BENCH_PACK, file, count);
    case COMMITS:
      return store_commits(one->durability, file, count);
    case RECOVERY:
      return store_recovery(one->durability, file, count);
  }
  return false;
}

static void list(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    puts(cases[i].name);
  }
  ring_list();
}

static const store_case_t *find(const char *name) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (strcmp(cases[i].name, name) == 0) {
      return &cases[i];
    }
  }
  return NULL;
}

static int complain(const char *what) {
  fputs(what, stderr);
  return 64;
}

/* CASE [FILE [COUNT]]: what needs no file takes none; the file must not be there yet. */
int store_main(int argc, char **argv) {
  if (argc == 0) {
    return complain("usage: vnotch-bench store [--list | CASE [FILE [COUNT]]]\n");
  }
  if (strcmp(argv[0], "--list") == 0) {
    list();
    return 0;
  }
  const store_case_t *one = find(argv[0]);
  if (one == NULL) {
    return ring_run(argv[0]) ? 0 : 64;
  }
  if (argc < 2 && one->durability != VN_DURABILITY_VOLATILE) {
    return complain("vnotch-bench: which file? It is made, and not removed.\n");
  }
  uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : one->count;
  return run(one, argc > 1 ? argv[1] : NULL, count) ? 0 : 74;
}
