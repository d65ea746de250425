#include "vn/sequence.h"

#include "vn/assert.h"

#include <stddef.h>

enum { WINDOW = VN_SEQUENCE_WINDOW };

/* Sensors begin with one of these. */
#define FIRST_NUMBER_MAX 1u

/* A number, and what is known of its reading; check 0: nothing. */
typedef struct arrival {
  vn_time_ms_t time_ms;
  uint32_t number;
  uint8_t check;
} arrival_t;

/* What a number is to a sequence. */
typedef enum place {
  PLACE_FIRST,
  PLACE_AHEAD,
  PLACE_WITHIN, /* of the window, and not there yet */
  PLACE_RESTART,
  PLACE_KNOWN,
  PLACE_OTHER, /* known, of another reading */
  PLACE_PREVIOUS_AHEAD,
  PLACE_PREVIOUS_WITHIN,
  PLACE_NOT_PREVIOUS
} place_t;

typedef enum evidence { EVIDENCE_NONE, EVIDENCE_SAME, EVIDENCE_OTHER } evidence_t;

static void begin_epoch(vn_sequence_t *sequence, uint32_t number) {
  sequence->highest = number;
  sequence->seen = 1;
  sequence->span = 0;
}

static void advance(vn_sequence_t *sequence, uint32_t number) {
  uint32_t steps = number - sequence->highest;
  sequence->missing += steps - 1u;
  sequence->seen = steps < WINDOW ? sequence->seen << steps | 1u : 1u;
  sequence->span = (uint8_t)(steps < WINDOW - (uint32_t)sequence->span ? sequence->span + steps
                                                                       : (uint32_t)WINDOW);
  sequence->highest = number;
}

/* A number below the first of its epoch opens a gap; one above it fills a place counted missing. */
static void fill(vn_sequence_t *sequence, uint32_t number) {
  uint32_t age = sequence->highest - number;
  sequence->seen |= UINT64_C(1) << age;
  if (age > sequence->span) {
    sequence->missing += age - sequence->span - 1u;
    sequence->span = (uint8_t)age;
  } else {
    VN_ASSERT(sequence->missing > 0);
    sequence->missing--;
  }
}

static void swap_epochs(vn_sequence_t *sequence) {
  const vn_sequence_t before = *sequence;
  sequence->seen = before.previous_seen;
  sequence->highest = before.previous_highest;
  sequence->span = before.previous_span;
  sequence->previous_seen = before.seen;
  sequence->previous_highest = before.highest;
  sequence->previous_span = before.span;
}

static void restart(vn_sequence_t *sequence, const arrival_t *arrival) {
  swap_epochs(sequence);
  begin_epoch(sequence, arrival->number);
  sequence->restart_ms = arrival->time_ms;
  sequence->epochs++;
}

/* Half of all numbers lie ahead of the highest. */
static bool is_ahead(uint32_t steps) { return steps - 1u < UINT32_C(0x7FFFFFFF); }

static uint32_t distance(uint32_t a, uint32_t b) { return a - b < b - a ? a - b : b - a; }

static bool is_seen(uint64_t seen, uint32_t age) { return age < WINDOW && (seen >> age & 1u) != 0; }

/* The place of a check is that of this epoch's number, if that came. */
static bool is_ours(const vn_sequence_t *sequence, uint32_t number) {
  return is_seen(sequence->seen, (sequence->highest - number) % WINDOW);
}

/* Once this epoch is as long as the window its numbers have taken all places. */
static evidence_t compare_previous(const vn_sequence_t *sequence, const uint8_t *checks,
                                   const arrival_t *arrival) {
  if (checks == NULL || sequence->span >= WINDOW || is_ours(sequence, arrival->number)) {
    return EVIDENCE_NONE;
  }
  uint8_t kept = checks[arrival->number % WINDOW];
  return kept == 0 ? EVIDENCE_NONE : kept == arrival->check ? EVIDENCE_SAME : EVIDENCE_OTHER;
}

/* Older than the restart, and nearer to the numbers of before. */
static place_t find_in_older(const vn_sequence_t *sequence, const arrival_t *arrival, bool near) {
  uint32_t age = sequence->previous_highest - arrival->number;
  if (near) {
    return PLACE_NOT_PREVIOUS;
  }
  if (age < WINDOW) {
    return PLACE_PREVIOUS_WITHIN;
  }
  return 0u - age < WINDOW ? PLACE_PREVIOUS_AHEAD : PLACE_KNOWN;
}

/* Where both epochs could have the number the check decides, then the time, then the distance. */
static place_t find_in_previous(const vn_sequence_t *sequence, const uint8_t *checks,
                                const arrival_t *arrival) {
  uint32_t ours = distance(sequence->highest, arrival->number);
  uint32_t theirs = distance(sequence->previous_highest, arrival->number);
  bool near = ours < WINDOW;
  bool older = arrival->time_ms < sequence->restart_ms;
  bool known = is_seen(sequence->previous_seen, sequence->previous_highest - arrival->number);
  evidence_t evidence = compare_previous(sequence, checks, arrival);
  if (known && evidence == EVIDENCE_SAME) {
    return older || !near ? PLACE_KNOWN : PLACE_NOT_PREVIOUS;
  }
  if (!older || theirs >= ours) {
    return PLACE_NOT_PREVIOUS;
  }
  if (known) {
    return near && evidence == EVIDENCE_OTHER ? PLACE_NOT_PREVIOUS : PLACE_KNOWN;
  }
  return find_in_older(sequence, arrival, near);
}

static place_t find_in_window(const vn_sequence_t *sequence, const uint8_t *checks,
                              const arrival_t *arrival) {
  uint32_t age = sequence->highest - arrival->number;
  uint8_t kept = checks != NULL ? checks[arrival->number % WINDOW] : 0;
  bool known = is_seen(sequence->seen, age);
  bool other = known && kept != 0 && kept != arrival->check;
  bool newer = arrival->time_ms > sequence->last_ms;
  if (!known) {
    return PLACE_WITHIN;
  }
  if (other && newer && arrival->number <= FIRST_NUMBER_MAX && age > 0) {
    return PLACE_RESTART;
  }
  return other ? PLACE_OTHER : PLACE_KNOWN;
}

static place_t find(const vn_sequence_t *sequence, const uint8_t *checks,
                    const arrival_t *arrival) {
  if (!sequence->started) {
    return PLACE_FIRST;
  }
  if (sequence->previous_seen != 0) {
    place_t place = find_in_previous(sequence, checks, arrival);
    if (place != PLACE_NOT_PREVIOUS) {
      return place;
    }
  }
  uint32_t steps = arrival->number - sequence->highest;
  if (is_ahead(steps)) {
    return PLACE_AHEAD;
  }
  if (0u - steps < WINDOW) {
    return find_in_window(sequence, checks, arrival);
  }
  return arrival->time_ms > sequence->last_ms ? PLACE_RESTART : PLACE_KNOWN;
}

static void put(vn_sequence_t *sequence, place_t place, const arrival_t *arrival) {
  switch (place) {
    case PLACE_FIRST:
      sequence->started = true;
      sequence->last_ms = arrival->time_ms;
      begin_epoch(sequence, arrival->number);
      break;
    case PLACE_AHEAD:
      advance(sequence, arrival->number);
      break;
    case PLACE_WITHIN:
      fill(sequence, arrival->number);
      break;
    case PLACE_RESTART:
      restart(sequence, arrival);
      break;
    default:
      swap_epochs(sequence);
      (place == PLACE_PREVIOUS_AHEAD ? advance : fill)(sequence, arrival->number);
      swap_epochs(sequence);
      break;
  }
}

/* `checks` may be NULL. */
static vn_sequence_verdict_t take(vn_sequence_t *sequence, uint8_t *checks,
                                  const arrival_t *arrival) {
  place_t place = find(sequence, checks, arrival);
  if (place == PLACE_KNOWN || place == PLACE_OTHER) {
    return place == PLACE_OTHER ? VN_SEQUENCE_CONFLICT : VN_SEQUENCE_DUPLICATE;
  }
  put(sequence, place, arrival);
  if (arrival->time_ms > sequence->last_ms) {
    sequence->last_ms = arrival->time_ms;
  }
  bool previous = place == PLACE_PREVIOUS_AHEAD || place == PLACE_PREVIOUS_WITHIN;
  if (checks != NULL && !(previous && is_ours(sequence, arrival->number))) {
    checks[arrival->number % WINDOW] = arrival->check;
  }
  return place == PLACE_RESTART ? VN_SEQUENCE_RESTARTED : VN_SEQUENCE_NEW;
}

vn_sequence_verdict_t vn_sequence_take(vn_sequence_t *sequence, uint32_t number,
                                       vn_time_ms_t time_ms) {
  const arrival_t arrival = {.time_ms = time_ms, .number = number};
  return take(sequence, NULL, &arrival);
}

vn_sequence_verdict_t vn_sequence_take_checked(vn_sequence_t *sequence, uint8_t *checks,
                                               uint32_t number, vn_time_ms_t time_ms,
                                               uint8_t check) {
  VN_ASSERT(check != 0);
  const arrival_t arrival = {.time_ms = time_ms, .number = number, .check = check};
  return take(sequence, checks, &arrival);
}

bool vn_sequence_is_repeat(const vn_sequence_t *sequence, const uint8_t *checks, uint32_t number,
                           vn_time_ms_t time_ms, uint8_t check) {
  const arrival_t arrival = {.time_ms = time_ms, .number = number, .check = check};
  return find(sequence, checks, &arrival) == PLACE_KNOWN;
}

bool vn_sequence_has_check(const vn_sequence_t *sequence, uint32_t place) {
  VN_ASSERT(place < WINDOW);
  return is_ours(sequence, place) ||
         (sequence->span < WINDOW &&
          is_seen(sequence->previous_seen, (sequence->previous_highest - place) % WINDOW));
}
