/* vnotch-bench [CASE...]: how fast the core is, what a state costs; JSON lines, one per case. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store.h"

static const bench_case_t cases[] = {
    {"known_series_100", bench_known_series, 100, 6, 8000000, NULL},
    {"known_series_10k", bench_known_series, 10000, 6, 8000000, NULL},
    {"known_series_1M", bench_known_series, 1000000, 6, 8000000, NULL},
    {"by_name_100", bench_by_name, 100, 6, 8000000, NULL},
    {"by_name_10k", bench_by_name, 10000, 6, 8000000, NULL},
    {"by_name_1M", bench_by_name, 1000000, 6, 8000000, NULL},
    {"by_name_shuffled_10k", bench_by_name_shuffled, 10000, 6, 8000000, NULL},
    {"panes_1", bench_known_series, 100, 1, 8000000, NULL},
    {"panes_6", bench_known_series, 100, 6, 8000000, NULL},
    {"panes_60", bench_known_series, 100, 60, 8000000, NULL},
    {"naive_map_1", bench_naive_map, 100, 1, 8000000, NULL},
    {"naive_map_6", bench_naive_map, 100, 6, 4000000, NULL},
    {"naive_map_60", bench_naive_map, 100, 60, 400000, NULL},
    {"naive_buckets_100", bench_naive, 100, 6, 8000000, NULL},
    {"json_pack_of_100", bench_json_pack, 100, 6, 4000000, NULL},
    {"json_single", bench_json_single, 100, 6, 1000000, NULL},
    {"senml_json_pack_of_100", bench_senml_json_pack, 100, 6, 4000000, NULL},
    {"senml_cbor_pack_of_100", bench_senml_cbor_pack, 100, 6, 4000000, NULL},
    {"number_single", bench_number_single, 100, 6, 1000000, NULL},
    {"alerts_none", bench_known_series, 100, 1, 8000000, "none"},
    {"alerts_above", bench_known_series, 100, 1, 8000000, "above"},
    {"alerts_firing", bench_known_series, 100, 1, 8000000, "firing"},
    {"alerts_outside", bench_known_series, 100, 1, 8000000, "outside"},
    {"alerts_inside", bench_known_series, 100, 1, 8000000, "inside"},
    {"alerts_levels", bench_known_series, 100, 1, 8000000, "levels"},
    {"alerts_rate", bench_known_series, 100, 1, 8000000, "rate"},
    {"alerts_unchanged", bench_known_series, 100, 1, 8000000, "unchanged"},
    {"alerts_hits", bench_known_series, 100, 1, 8000000, "hits"},
    {"alerts_after", bench_known_series, 100, 1, 8000000, "after"},
    {"alerts_absent", bench_known_series, 100, 1, 8000000, "absent"},
    {"alerts_no_data", bench_known_series, 100, 1, 8000000, "no_data"},
    {"alerts_in_order", bench_known_series, 100, 1, 8000000, "in_order"},
};

static double now_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int run(const bench_case_t *bench, uint64_t readings) {
  bench_t state;
  if (!bench_open(&state, bench)) {
    fprintf(stderr, "vnotch-bench: %s: no memory for %u series\n", bench->name, bench->series);
    return 1;
  }
  bench->run(&state, readings / 8 + 1); /* caches, branch predictors, series table */
  double start_s = now_s();
  bench->run(&state, readings);
  double spent_s = now_s() - start_s;
  printf(
      "{\"bench\": \"%s\", \"series\": %u, \"panes\": %u, \"readings\": %llu, \"readings_per_s\": "
      "%.0f, "
      "\"ns_per_reading\": %.1f, \"summaries\": %llu, \"store_bytes\": %zu}\n",
      bench->name, bench->series, bench->panes, (unsigned long long)readings,
      (double)readings / spent_s, spent_s * 1e9 / (double)readings,
      (unsigned long long)state.summaries, state.store_bytes);
  fflush(stdout);
  bench_close(&state);
  return 0;
}

static bool wanted(const char *name, int argc, char **argv) {
  if (argc == 0) {
    return true;
  }
  for (int i = 0; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static int list(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    puts(cases[i].name);
  }
  return 0;
}

static int run_wanted(uint64_t readings, int argc, char **argv) {
  int failures = 0;
  int ran = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (wanted(cases[i].name, argc, argv)) {
      failures += run(&cases[i], readings > 0 ? readings : cases[i].readings);
      ran++;
    }
  }
  if (ran == 0) {
    fputs("vnotch-bench: no such case; --list names them\n", stderr);
    return 64;
  }
  return failures > 0 ? 74 : 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "store") == 0) {
    return store_main(argc - 2, argv + 2);
  }
  if (argc > 1 && strcmp(argv[1], "--list") == 0) {
    return list();
  }
  if (argc > 2 && strcmp(argv[1], "--readings") == 0) {
    return run_wanted(strtoull(argv[2], NULL, 10), argc - 3, argv + 3);
  }
  if (argc > 1 && argv[1][0] == '-') {
    fputs(
        "usage: vnotch-bench [--list | [--readings N] [CASE...]]\n"
        "       vnotch-bench store [--list | CASE [FILE [COUNT]]]\n",
        stderr);
    return 64;
  }
  return run_wanted(0, argc - 1, argv + 1);
}
