/* What one would write instead: windows of doubles, without sample, alert, watermark or late
 * readings. */
#include <stdlib.h>

#include "bench.h"

/* The least that computes anything: a bucket of doubles per window in an array, six open at a time.
 */
typedef struct bucket {
  double sum, squares, min, max;
  int64_t start_ms;
  uint64_t count;
} bucket_t;

static void naive_reading(bench_t *bench, bucket_t *buckets, int64_t time_ms, double value) {
  for (int64_t k = 0; k < 6; k++) {
    int64_t start_ms = time_ms / 10000 * 10000 - k * 10000;
    bucket_t *bucket = &buckets[(start_ms / 10000) % 7];
    if (bucket->start_ms != start_ms) {
      bench->summaries += bucket->count > 0 ? 1 : 0;
      *bucket = (bucket_t){.start_ms = start_ms, .min = value, .max = value};
    }
    bucket->sum += value;
    bucket->squares += value * value;
    bucket->min = value < bucket->min ? value : bucket->min;
    bucket->max = value > bucket->max ? value : bucket->max;
    bucket->count++;
  }
}

void bench_naive(bench_t *bench, uint64_t readings) {
  bucket_t *buckets = calloc((size_t)bench->series * 7, sizeof *buckets);
  uint32_t next = 0;
  for (uint64_t i = 0; i < readings && buckets != NULL; i++) {
    naive_reading(bench, buckets + (size_t)next * 7, bench->now_ms,
                  (double)bench_value(bench) / 100.0);
    if (++next == bench->series) {
      next = 0;
      bench->now_ms += BENCH_PERIOD_MS;
    }
  }
  free(buckets);
}

/* What a user would write: the open windows of all series in one hash map, each from malloc. */
typedef struct open_window {
  struct open_window *next;
  int64_t start_ms;
  double sum, squares, min, max;
  uint64_t count;
  uint32_t series;
} open_window_t;

typedef struct window_map {
  open_window_t **heads;
  uint32_t mask;
} window_map_t;

static open_window_t **place_of(const window_map_t *map, uint32_t series, int64_t start_ms) {
  uint64_t key = (uint64_t)(start_ms / BENCH_PANE_MS) * UINT64_C(0x9E3779B97F4A7C15) + series;
  key = (key ^ (key >> 29)) * UINT64_C(0xBF58476D1CE4E5B9);
  open_window_t **place = &map->heads[(uint32_t)(key >> 32) & map->mask];
  while (*place != NULL && ((*place)->series != series || (*place)->start_ms != start_ms)) {
    place = &(*place)->next;
  }
  return place;
}

static void close_window(bench_t *bench, const window_map_t *map, uint32_t series,
                         int64_t start_ms) {
  open_window_t **place = place_of(map, series, start_ms);
  open_window_t *window = *place;
  if (window != NULL) {
    bench->summaries++;
    *place = window->next;
    free(window);
  }
}

static void add_to_window(open_window_t *window, double value) {
  window->sum += value;
  window->squares += value * value;
  window->min = value < window->min ? value : window->min;
  window->max = value > window->max ? value : window->max;
  window->count++;
}

static open_window_t *open_or_find(bench_t *bench, const window_map_t *map, uint32_t series,
                                   int64_t start_ms, double value) {
  open_window_t **place = place_of(map, series, start_ms);
  open_window_t *window = *place;
  if (window == NULL && (window = malloc(sizeof *window)) != NULL) {
    *window = (open_window_t){.series = series, .start_ms = start_ms, .min = value, .max = value};
    *place = window;
    close_window(bench, map, series, start_ms - (int64_t)bench->panes * BENCH_PANE_MS);
  }
  return window;
}

static void map_reading(bench_t *bench, const window_map_t *map, uint32_t series, double value) {
  int64_t newest_ms = bench->now_ms / BENCH_PANE_MS * BENCH_PANE_MS;
  for (uint32_t k = 0; k < bench->panes; k++) {
    open_window_t *window =
        open_or_find(bench, map, series, newest_ms - (int64_t)k * BENCH_PANE_MS, value);
    if (window != NULL) {
      add_to_window(window, value);
    }
  }
}

static void free_windows(window_map_t *map) {
  for (size_t i = 0; map->heads != NULL && i <= map->mask; i++) {
    while (map->heads[i] != NULL) {
      open_window_t *window = map->heads[i];
      map->heads[i] = window->next;
      free(window);
    }
  }
  free(map->heads);
}

void bench_naive_map(bench_t *bench, uint64_t readings) {
  window_map_t map = {.mask = 1};
  while (map.mask < bench->series * bench->panes * 2) {
    map.mask = map.mask * 2 + 1;
  }
  map.heads = calloc((size_t)map.mask + 1, sizeof *map.heads);
  uint32_t next = 0;
  for (uint64_t i = 0; i < readings && map.heads != NULL; i++) {
    map_reading(bench, &map, next, (double)bench_value(bench) / 100.0);
    if (++next == bench->series) {
      next = 0;
      bench->now_ms += BENCH_PERIOD_MS;
    }
  }
  free_windows(&map);
}
