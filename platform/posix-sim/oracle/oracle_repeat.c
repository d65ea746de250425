/* Sequence numbers: what came before, and sensors that count anew. */
#include "oracle_model.h"
#include "oracle_number.h"

#define CHECKS 255u

/* A number with the byte by which its reading is known. */
typedef struct numbered {
  int64_t number;
  uint8_t check;
} numbered_t;

static int64_t gap(const vn__count_t *count, int64_t number) {
  int64_t apart = number - (int64_t)count->highest;
  return apart < 0 ? -apart : apart;
}

static bool is_known(const vn__count_t *count, int64_t number) {
  int64_t below = (int64_t)count->highest - number;
  return below >= 0 && below < VN__NUMBERS_KNOWN && (count->numbers >> below & 1) != 0;
}

static bool is_same(const vn__count_t *count, const numbered_t *came) {
  return count->checks[came->number % VN__NUMBERS_KNOWN] == came->check;
}

/* Those that lie too far below the highest one are forgotten. */
static void learn(vn__count_t *count, const numbered_t *came) {
  uint32_t number = (uint32_t)came->number;
  if (count->numbers == 0) {
    count->highest = count->lowest = number;
  }
  if (number > count->highest) {
    uint32_t above = number - count->highest;
    count->numbers = above < VN__NUMBERS_KNOWN ? count->numbers << above : 0;
    count->highest = number;
  }
  count->lowest = number < count->lowest ? number : count->lowest;
  count->numbers |= UINT64_C(1) << (count->highest - number);
  count->checks[number % VN__NUMBERS_KNOWN] = came->check;
}

/* A device has 64 places for checks: the new count takes those of the old one. */
static bool is_overwritten(const vn__count_t *now, int64_t number) {
  uint64_t apart = (uint64_t)((int64_t)now->highest - number) % VN__NUMBERS_KNOWN;
  return now->highest - now->lowest >= VN__NUMBERS_KNOWN || (now->numbers >> apart & 1) != 0;
}

typedef enum answer { ANSWER_REPEAT, ANSWER_LEARNT, ANSWER_OF_NOW } answer_t;

/* Was it known to the old count? What the byte doesn't say the distance does. */
static answer_t judge_known(const vn__state_t *state, const numbered_t *came, bool older) {
  const vn__count_t *before = &state->counted_before;
  bool within_reach = gap(&state->counted, came->number) < VN__NUMBERS_KNOWN;
  bool closer = gap(before, came->number) < gap(&state->counted, came->number);
  if (is_overwritten(&state->counted, came->number)) {
    return older && closer ? ANSWER_REPEAT : ANSWER_OF_NOW;
  }
  if (is_same(before, came)) {
    return older || !within_reach ? ANSWER_REPEAT : ANSWER_OF_NOW;
  }
  return older && closer && !within_reach ? ANSWER_REPEAT : ANSWER_OF_NOW;
}

static answer_t judge_old(vn__state_t *state, const numbered_t *came, bool older) {
  vn__count_t *before = &state->counted_before;
  if (before->numbers == 0) {
    return ANSWER_OF_NOW;
  }
  if (is_known(before, came->number)) {
    return judge_known(state, came, older);
  }
  bool of_old = older && gap(&state->counted, came->number) >= VN__NUMBERS_KNOWN &&
                gap(before, came->number) < gap(&state->counted, came->number);
  if (!of_old || gap(before, came->number) >= VN__NUMBERS_KNOWN) {
    return of_old ? ANSWER_REPEAT : ANSWER_OF_NOW;
  }
  learn(before, came);
  return ANSWER_LEARNT;
}

static bool is_restart(const vn__state_t *state, const numbered_t *came) {
  const vn__count_t *now = &state->counted;
  if (now->numbers == 0 || came->number >= (int64_t)now->highest) {
    return false;
  }
  return gap(now, came->number) >= VN__NUMBERS_KNOWN ||
         (came->number <= 1 && is_known(now, came->number) && !is_same(now, came));
}

bool vn__oracle_model_repeat(vn__state_t *state, const vn_oracle_reading_t *reading,
                             int64_t time_ms) {
  vn__count_t *now = &state->counted;
  int32_t value = reading->refused ? 0 : reading->value;
  const numbered_t came = {reading->sequence,
                           (uint8_t)(vn__oracle_priority(0, reading->time_ms, value) % CHECKS)};
  answer_t answer = judge_old(state, &came, time_ms < state->restart_ms);
  if (answer != ANSWER_OF_NOW) {
    return answer == ANSWER_REPEAT;
  }
  if (time_ms > state->newest_ms && is_restart(state, &came)) {
    state->counted_before = *now;
    state->restart_ms = time_ms;
    now->numbers = 0;
  }
  bool too_old = now->numbers != 0 && came.number < (int64_t)now->highest &&
                 gap(now, came.number) >= VN__NUMBERS_KNOWN;
  if (too_old || is_known(now, came.number)) {
    return true;
  }
  learn(now, &came);
  return false;
}
