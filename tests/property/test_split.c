/*
 * Readings of one series that reach two devices: what both tell of a window, put together, is what
 * one device would have told. Sums, extremes and the sample.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace_rig.h"

#define SEED 59u
#define TRACES 10000u

enum { PARTS = 2, READINGS = 40 };

typedef struct bench {
  trace_setup_t setup;
  trace_t trace, parts[PARTS];
  trace_run_t whole, engines[PARTS];
  uint64_t merged, samples; /* windows that both had a part of; with samples */
} bench_t;

/* A receiver's own arithmetic: the members of two messages, added up. */
typedef struct receiver {
  vn_aggregate_t total;
  vn_member_t sample[2 * TRACE_SAMPLE_MAX];
  uint32_t sample_count;
} receiver_t;

static int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

static void add_numbers(vn_aggregate_t *total, const vn_aggregate_t *part) {
  if (total->count == 0) {
    *total = *part;
    return;
  }
  uint64_t squares = total->squares_low + part->squares_low;
  total->squares_high += part->squares_high + (squares < part->squares_low);
  total->squares_low = squares;
  total->count += part->count;
  total->sum += part->sum;
  total->min = lesser(total->min, part->min);
  total->max = greater(total->max, part->max);
}

static int by_rule(const void *left, const void *right) {
  const vn_member_t *a = left;
  const vn_member_t *b = right;
  if (a->priority != b->priority) {
    return a->priority < b->priority ? -1 : 1;
  }
  if (a->time_ms != b->time_ms) {
    return a->time_ms < b->time_ms ? -1 : 1;
  }
  return (a->value > b->value) - (a->value < b->value);
}

static void add_part(receiver_t *receiver, const trace_result_t *part) {
  add_numbers(&receiver->total, &part->aggregate);
  memcpy(receiver->sample + receiver->sample_count, part->sample,
         part->sample_count * sizeof part->sample[0]);
  receiver->sample_count += part->sample_count;
  qsort(receiver->sample, receiver->sample_count, sizeof receiver->sample[0], by_rule);
}

static bool is_same_sample(const receiver_t *receiver, const trace_result_t *whole) {
  bool same = receiver->sample_count >= whole->sample_count;
  for (uint32_t i = 0; same && i < whole->sample_count; i++) {
    same = by_rule(&receiver->sample[i], &whole->sample[i]) == 0;
  }
  return same;
}

static bool is_whole(const receiver_t *receiver, const trace_result_t *whole) {
  const vn_aggregate_t *a = &receiver->total;
  const vn_aggregate_t *b = &whole->aggregate;
  return a->count == b->count && a->sum == b->sum && a->squares_low == b->squares_low &&
         a->squares_high == b->squares_high && a->min == b->min && a->max == b->max &&
         is_same_sample(receiver, whole);
}

static bool is_part_of(const trace_result_t *part, const trace_result_t *whole) {
  return part->series == whole->series && part->window == whole->window &&
         part->start_ms == whole->start_ms && part->end_ms == whole->end_ms;
}

/* The last results of a run, in memory of the caller's. */
typedef struct view {
  const trace_result_t **results;
  size_t count, next;
} view_t;

static view_t view_of(const trace_run_t *run) {
  view_t view = {malloc((run->told.count + 1) * sizeof(const trace_result_t *)), 0, 0};
  assert_non_null(view.results);
  view.count = trace_standing(&run->told, view.results);
  return view;
}

/* All views ascend alike: every window of the whole finds its parts in turn, and none is left. */
static bool parts_make_the_whole(bench_t *bench) {
  view_t whole = view_of(&bench->whole);
  view_t parts[PARTS] = {view_of(&bench->engines[0]), view_of(&bench->engines[1])};
  bool good = true;
  for (size_t i = 0; good && i < whole.count; i++) {
    receiver_t receiver = {0};
    unsigned found = 0;
    for (size_t p = 0; p < PARTS; p++) {
      view_t *view = &parts[p];
      if (view->next < view->count && is_part_of(view->results[view->next], whole.results[i])) {
        add_part(&receiver, view->results[view->next++]);
        found++;
      }
    }
    good = found > 0 && is_whole(&receiver, whole.results[i]);
    bench->merged += found == PARTS;
    bench->samples += found == PARTS && whole.results[i]->sample_count > 1;
  }
  for (size_t p = 0; p < PARTS; p++) {
    good = good && parts[p].next == parts[p].count;
    free(parts[p].results);
  }
  free(whole.results);
  return good;
}

static void deal(bench_t *bench, prng_t *prng) {
  memset(bench->parts, 0, sizeof bench->parts);
  for (size_t i = 0; i < bench->trace.count; i++) {
    trace_t *part = &bench->parts[prng_below(prng, PARTS)];
    part->readings[part->count++] = bench->trace.readings[i];
  }
}

static void two_engines_together_tell_what_one_tells(void **state) {
  (void)state;
  static bench_t bench;
  for (uint32_t number = 0; number < trace_count(TRACES); number++) {
    prng_t prng = prng_make(trace_seed(SEED), number);
    trace_setup_random(&bench.setup, &prng, TRACE_TIME | (number % 2 == 0 ? TRACE_TIES : 0));
    trace_random(&bench.trace, &prng, &bench.setup, READINGS);
    const vn_pipeline_t *pipeline = &bench.setup.pipeline;
    trace_shuffle(&bench.trace, &prng, pipeline->out_of_order_ms + pipeline->lateness_ms);
    deal(&bench, &prng);
    trace_whole(&bench.whole, &bench.setup, &bench.trace);
    trace_whole(&bench.engines[0], &bench.setup, &bench.parts[0]);
    trace_whole(&bench.engines[1], &bench.setup, &bench.parts[1]);
    bool good = parts_make_the_whole(&bench);
    if (!good) {
      print_error("trace %u\n", (unsigned)number);
      trace_print(&bench.setup, &bench.trace);
    }
    assert_true(good);
  }
  print_message("%llu windows in two parts, %llu with samples\n", (unsigned long long)bench.merged,
                (unsigned long long)bench.samples);
  assert_true(bench.merged > trace_count(TRACES) && bench.samples > trace_count(TRACES) / 2);
  trace_free(&bench.whole);
  trace_free(&bench.engines[0]);
  trace_free(&bench.engines[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_engines_together_tell_what_one_tells),
  };
  print_message("seed %u\n", (unsigned)trace_seed(SEED));
  return cmocka_run_group_tests(tests, NULL, NULL);
}
