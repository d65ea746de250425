/*
 * The oracle by itself: cases on standard input, what it expects as JSON lines on standard output.
 * A case is a setup, `begin`, readings, perhaps `flush`, and `done`; words are separated by spaces:
 *
 *   pipeline OUT_OF_ORDER LATENESS MAX_FUTURE EXPECTED_EVERY
 *   window NAME tumbling|sliding|session SIZE_OR_GAP SLIDE OFFSET SAMPLE
 *   alert NAME above|below LIMIT CLEAR FOR KEEP
 *   series NAME
 *   r SERIES TIME VALUE ARRIVAL
 */
#include "oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16, NAME_MAX = 32, WORDS = 8 };

typedef struct bench {
  vn_oracle_pipeline_t pipeline;
  vn_oracle_window_t windows[MOST];
  vn_oracle_alert_t alerts[MOST];
  vn_oracle_series_t series[MOST];
  size_t window_count, alert_count, series_count, name_count;
  char names[3 * MOST][NAME_MAX];
  vn_oracle_t *oracle;
  unsigned index; /* of the event, from 0 */
} bench_t;

static int64_t number(const char *word) { return strtoll(word, NULL, 10); }

static const char *keep_name(bench_t *bench, const char *word) {
  char *name = bench->names[bench->name_count++];
  (void)snprintf(name, NAME_MAX, "%s", word);
  return name;
}

/* ---- What is told. */

static void print_spans(const vn_oracle_result_t *result) {
  printf(", \"supersedes\": [");
  for (uint32_t i = 0; i < result->superseded_count; i++) {
    printf("%s[%" PRId64 ", %" PRId64 "]", i > 0 ? ", " : "", result->superseded[i].start_ms,
           result->superseded[i].end_ms);
  }
  printf("], \"sample\": [");
  for (uint32_t i = 0; i < result->sample_count; i++) {
    printf("%s[%" PRId64 ", %" PRId32 "]", i > 0 ? ", " : "", result->sample[i].time_ms,
           result->sample[i].value);
  }
  printf("]}\n");
}

static void print_result(void *context, const vn_oracle_result_t *result) {
  const bench_t *bench = context;
  printf("{\"type\": \"summary\", \"index\": %u, \"window\": \"%s\", \"series\": \"%s\"",
         bench->index, bench->windows[result->window].name, bench->series[result->series].name);
  printf(", \"start\": %" PRId64 ", \"end\": %" PRId64 ", \"kind\": \"%s\", \"rev\": %" PRIu32,
         result->start_ms, result->end_ms, result->kind == VN_ORACLE_LATE ? "late" : "on_time",
         result->revision);
  printf(", \"count\": %" PRIu32 ", \"sum\": %" PRId64 ", \"squares\": [%" PRIu64 ", %" PRIu64 "]",
         result->count, result->sum, result->squares_high, result->squares_low);
  printf(", \"min\": %" PRId32 ", \"max\": %" PRId32 ", \"first\": %" PRId32 ", \"last\": %" PRId32,
         result->min, result->max, result->first, result->last);
  printf(", \"late\": %" PRIu32 ", \"gaps\": %" PRIu32 ", \"coverage\": %" PRIu32 ", \"final\": %s",
         result->late, result->gaps, result->coverage, result->final ? "true" : "false");
  print_spans(result);
}

static void print_transition(void *context, const vn_oracle_transition_t *transition) {
  const bench_t *bench = context;
  printf("{\"type\": \"alert\", \"index\": %u, \"alert\": \"%s\", \"series\": \"%s\"", bench->index,
         bench->alerts[transition->alert].name, bench->series[transition->series].name);
  printf(", \"state\": \"%s\", \"episode\": %" PRIu32 ", \"at\": %" PRId64 ", \"starts\": %" PRId64
         ", \"ends\": %" PRId64 ", \"told\": %s}\n",
         transition->state, transition->episode, transition->at_ms, transition->starts_ms,
         transition->ends_ms, transition->told ? "true" : "false");
}

static void print_drop(void *context, const vn_oracle_drop_t *drop) {
  const bench_t *bench = context;
  printf(
      "{\"type\": \"drop\", \"index\": %u, \"reason\": \"%s\", \"series\": \"%s\", \"t\": %" PRId64
      "}\n",
      bench->index, drop->reason, bench->series[drop->series].name, drop->time_ms);
}

/* ---- What is asked. */

static void read_window(bench_t *bench, char **words) {
  static const char *const kinds[] = {"tumbling", "sliding", "session"};
  vn_oracle_window_t *window = &bench->windows[bench->window_count++];
  *window = (vn_oracle_window_t){.name = keep_name(bench, words[1]),
                                 .size_ms = number(words[3]),
                                 .gap_ms = number(words[3]),
                                 .slide_ms = number(words[4]),
                                 .offset_ms = number(words[5]),
                                 .sample = (uint32_t)number(words[6])};
  for (uint8_t i = 0; i < 3; i++) {
    window->kind = strcmp(words[2], kinds[i]) == 0 ? i : window->kind;
  }
}

static void read_alert(bench_t *bench, char **words) {
  bench->alerts[bench->alert_count++] = (vn_oracle_alert_t){.name = keep_name(bench, words[1]),
                                                            .below = strcmp(words[2], "below") == 0,
                                                            .limit = number(words[3]),
                                                            .clear = number(words[4]),
                                                            .for_ms = number(words[5]),
                                                            .keep_ms = number(words[6])};
}

static void read_pipeline(bench_t *bench, char **words) {
  bench->pipeline = (vn_oracle_pipeline_t){.name = "p",
                                           .out_of_order_ms = number(words[1]),
                                           .allowed_lateness_ms = number(words[2]),
                                           .max_future_ms = number(words[3]),
                                           .expected_every_ms = number(words[4])};
}

static void begin(bench_t *bench) {
  const vn_oracle_setup_t setup = {.prefix = "vnotch",
                                   .device = "sim",
                                   .pipelines = &bench->pipeline,
                                   .windows = bench->windows,
                                   .alerts = bench->alerts,
                                   .series = bench->series,
                                   .pipeline_count = 1,
                                   .window_count = bench->window_count,
                                   .alert_count = bench->alert_count,
                                   .series_count = bench->series_count};
  const vn_oracle_listener_t listener = {bench, print_result, print_transition, print_drop};
  bench->oracle = vn_oracle_new(&setup);
  vn_oracle_listen(bench->oracle, &listener);
}

static void read_reading(bench_t *bench, char **words) {
  const vn_oracle_reading_t reading = {.series = (size_t)number(words[1]),
                                       .time_ms = number(words[2]),
                                       .value = (int32_t)number(words[3]),
                                       .arrival_ms = number(words[4])};
  vn_oracle_reading(bench->oracle, &reading);
  bench->index++;
}

static void done(bench_t *bench) {
  vn_oracle_free(bench->oracle);
  *bench = (bench_t){.oracle = NULL};
  puts("{\"type\": \"done\"}");
}

static void read_line(bench_t *bench, char **words) {
  const char *what = words[0];
  if (strcmp(what, "r") == 0) {
    read_reading(bench, words);
  } else if (strcmp(what, "window") == 0) {
    read_window(bench, words);
  } else if (strcmp(what, "alert") == 0) {
    read_alert(bench, words);
  } else if (strcmp(what, "pipeline") == 0) {
    read_pipeline(bench, words);
  } else if (strcmp(what, "series") == 0) {
    bench->series[bench->series_count++] = (vn_oracle_series_t){keep_name(bench, words[1]), 0};
  } else if (strcmp(what, "begin") == 0) {
    begin(bench);
  } else if (strcmp(what, "flush") == 0) {
    vn_oracle_end(bench->oracle);
  } else {
    done(bench);
  }
}

int main(void) {
  static bench_t bench;
  static char line[256];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *words[WORDS] = {NULL};
    char *rest = line;
    for (size_t i = 0; i < WORDS; i++) {
      words[i] = strtok_r(rest, " \n", &rest);
    }
    if (words[0] != NULL) {
      read_line(&bench, words);
    }
  }
  return EXIT_SUCCESS;
}
