#include "shrink.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "room.h"

typedef struct shrink {
  vn_case_t *best, *tried;
  const vn_world_options_t *options;
  vn_world_result_t *result;
  unsigned left;
} shrink_t;

static bool fails(const shrink_t *shrink, const vn_case_t *world_case) {
  vn_story_free(&shrink->result->story);
  vn_check_case(world_case, shrink->options, shrink->result);
  return shrink->result->problem[0] != '\0' && !shrink->result->unfit;
}

/* Keeps what was tried when it still fails. */
static bool attempt(shrink_t *shrink) {
  if (shrink->left == 0) {
    return false;
  }
  shrink->left--;
  bool good = fails(shrink, shrink->tried);
  if (good) {
    *shrink->best = *shrink->tried;
  } else {
    *shrink->tried = *shrink->best;
  }
  return good;
}

static void remove_faults(vn_case_t *from, size_t first, size_t count) {
  size_t behind = first + count < from->fault_count ? first + count : from->fault_count;
  memmove(&from->faults[first], &from->faults[behind],
          (from->fault_count - behind) * sizeof from->faults[0]);
  from->fault_count -= behind - first;
}

/* Delta debugging: ever smaller parts of the list go, as long as it fails without them. */
static bool shrink_faults(shrink_t *shrink) {
  bool any = false;
  for (size_t part = shrink->best->fault_count; part > 0; part /= 2) {
    for (size_t first = 0; first < shrink->best->fault_count && shrink->left > 0;) {
      remove_faults(shrink->tried, first, part);
      bool good = attempt(shrink);
      any = any || good;
      first += good ? 0 : part;
    }
  }
  return any;
}

/* Nothing is needed of what comes behind the failure, and perhaps not all that comes before. */
static bool shrink_time(shrink_t *shrink) {
  bool any = false;
  for (int64_t minutes = shrink->best->minutes; minutes > 1 && shrink->left > 0;) {
    minutes = minutes / 2;
    shrink->tried->minutes = minutes;
    while (shrink->tried->fault_count > 0 &&
           shrink->tried->faults[shrink->tried->fault_count - 1u].at_ms >= minutes * 60000) {
      shrink->tried->fault_count--;
    }
    bool good = attempt(shrink);
    any = any || good;
    minutes = good ? minutes : 0;
  }
  return any;
}

/* The seed stays, and what must fit together: the state's region, and how long it takes. */
static int64_t *free_value(vn_case_t *of, size_t key, int64_t *least, int64_t *usual) {
  int64_t *value = vn_case_value(of, key, least, usual);
  bool kept = value == &of->seed || value == &of->erase || value == &of->unit ||
              value == &of->sectors || value == &of->minutes || value == &of->series ||
              value == &of->outbox_kib;
  return kept ? NULL : value;
}

/* What is as usual needs no line. */
static bool shrink_some_keys(shrink_t *shrink, size_t first, size_t behind) {
  bool changed = false;
  for (size_t key = first; key < behind; key++) {
    int64_t least;
    int64_t usual;
    int64_t *value = free_value(shrink->tried, key, &least, &usual);
    if (value != NULL && *value != usual) {
      *value = usual;
      changed = true;
    }
  }
  return changed && attempt(shrink);
}

static bool shrink_keys(shrink_t *shrink) {
  bool any = false;
  size_t keys = 0;
  int64_t least;
  int64_t usual;
  while (vn_case_value(shrink->best, keys, &least, &usual) != NULL) {
    keys++;
  }
  for (size_t part = keys; part > 0; part /= 2) {
    for (size_t first = 0; first < keys && shrink->left > 0; first += part) {
      any = shrink_some_keys(shrink, first, first + part < keys ? first + part : keys) || any;
    }
  }
  return any;
}

static bool shrink_series(shrink_t *shrink) {
  bool any = false;
  while (shrink->best->series > 1 && shrink->left > 0) {
    shrink->tried->series = shrink->best->series / 2;
    if (!attempt(shrink)) {
      break;
    }
    any = true;
  }
  return any;
}

static bool shrink_lists(shrink_t *shrink) {
  bool any = false;
  for (size_t i = shrink->best->alert_count; i > 0; i--) {
    vn_case_t *tried = shrink->tried;
    memmove(&tried->alerts[i - 1u], &tried->alerts[i],
            (tried->alert_count - i) * sizeof tried->alerts[0]);
    tried->alert_count--;
    any = attempt(shrink) || any;
  }
  for (size_t i = shrink->best->window_count; i > 0 && shrink->best->window_count > 1; i--) {
    vn_case_t *tried = shrink->tried;
    memmove(&tried->windows[i - 1u], &tried->windows[i],
            (tried->window_count - i) * sizeof tried->windows[0]);
    tried->window_count--;
    any = attempt(shrink) || any;
  }
  return any;
}

static bool shrink_figures(shrink_t *shrink) {
  bool any = false;
  for (size_t i = 0; i < shrink->best->fault_count && shrink->left > 0; i++) {
    int64_t *figures[] = {&shrink->tried->faults[i].b, &shrink->tried->faults[i].d,
                          &shrink->tried->faults[i].c, &shrink->tried->faults[i].for_ms};
    for (size_t k = 0; k < sizeof figures / sizeof figures[0]; k++) {
      if (*figures[k] > 1) {
        *figures[k] = *figures[k] > 8 ? *figures[k] / 4 : k < 2 ? 0 : 1;
        any = attempt(shrink) || any;
      }
    }
  }
  return any;
}

static int by_time(const void *a, const void *b) {
  const vn_case_fault_t *left = a;
  const vn_case_fault_t *right = b;
  return left->at_ms < right->at_ms ? -1 : left->at_ms > right->at_ms;
}

unsigned vn_shrink(vn_case_t *world_case, const vn_world_options_t *options, unsigned runs,
                   vn_world_result_t *result) {
  shrink_t shrink = {.best = world_case,
                     .tried = vn_room_new(sizeof *world_case),
                     .options = options,
                     .result = result,
                     .left = runs};
  *shrink.tried = *world_case;
  qsort(shrink.tried->faults, shrink.tried->fault_count, sizeof shrink.tried->faults[0], by_time);
  (void)attempt(&shrink); /* in order of time, so that the last ones can be cut off */
  bool any = true;
  while (any && shrink.left > 0) {
    any = shrink_time(&shrink);
    any = shrink_faults(&shrink) || any;
    any = shrink_lists(&shrink) || any;
    any = shrink_series(&shrink) || any;
    any = shrink_keys(&shrink) || any;
    any = shrink_figures(&shrink) || any;
  }
  (void)fails(&shrink, world_case);
  vn_room_free(shrink.tried);
  return runs - shrink.left;
}
