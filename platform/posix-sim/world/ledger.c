/* Which readings a device took, and which of them it still has after a restart. */
#include "room.h"
#include "world_priv.h"

#include <inttypes.h>
#include <string.h>

/* To the oracle no reading is in the future of a clock that isn't set. */
#define ALWAYS_MS (INT64_MAX / 4)
#define REPEATED (SIZE_MAX - 1u)

static void tell_oracle(const vn__device_t *device, const vn_story_reading_t *reading) {
  vn_oracle_t *oracle = device->world->oracles[device->number];
  if (oracle == NULL) {
    return;
  }
  const vn_oracle_reading_t told = {
      .time_ms = reading->time_ms,
      .arrival_ms = reading->unset ? ALWAYS_MS : reading->arrival_ms,
      .value = reading->value,
      .sequence = reading->sequence,
      .series = reading->series / (size_t)device->world->with->devices};
  vn_oracle_reading(oracle, &told);
}

/* With a journal nothing is ever taken back: the count is enough. */
static void add(const vn__world_t *world, vn__ledger_t *ledger, size_t entry) {
  if (world->with->journal != 0) {
    ledger->count++;
    return;
  }
  if (ledger->count == ledger->room) {
    ledger->entries = vn_room_grow(ledger->entries, &ledger->room, sizeof *ledger->entries);
  }
  ledger->entries[ledger->count++] = entry;
}

/* How often a reading of a series was taken. */
static uint16_t *times_of(vn__ledger_t *ledger, uint32_t number) {
  while (number >= ledger->seen_room) {
    size_t before = ledger->seen_room;
    ledger->seen = vn_room_grow(ledger->seen, &ledger->seen_room, sizeof *ledger->seen);
    memset(ledger->seen + before, 0, (ledger->seen_room - before) * sizeof *ledger->seen);
  }
  return &ledger->seen[number];
}

static void note_taken(vn__ledger_t *ledger, uint32_t number, bool taken) {
  uint16_t *times = times_of(ledger, number);
  ledger->different += taken && *times == 0;
  *times = (uint16_t)(taken ? *times + 1 : *times - 1);
  ledger->different -= !taken && *times == 0;
}

/* True: the device has it already. */
static bool is_known(const vn__world_t *world, const vn__letter_t *letter, size_t logged) {
  if (!letter->logged) {
    return false;
  }
  return logged >= REPEATED || !world->result->story.readings[logged].lost;
}

/*
 * A repeat is one whatever came in between, as long as no sensor counts anew. The first reading
 * behind a restart may be refused, and taken when it comes again.
 */
static bool says_nothing(const vn__world_t *world, const vn__taking_t *how) {
  return !world->renumbered || !how->in_turn;
}

void vn__ledger_take(vn__device_t *device, vn__letter_t *letter, const vn__taking_t *how) {
  vn__world_t *world = device->world;
  vn__ledger_t *ledger = &world->ledgers[letter->series];
  for (uint32_t i = 0; i < letter->count; i++) {
    vn__letter_reading_t *reading = &letter->readings[i];
    vn__world_trace(world, "d%u takes s%u number %u of %" PRId64 ", arrived %" PRId64,
                    (unsigned)device->number, (unsigned)letter->series, (unsigned)reading->sequence,
                    reading->time_ms, how->unset ? -1 : how->arrival_ms);
    bool again = is_known(world, letter, reading->logged);
    if (again && says_nothing(world, how)) {
      add(world, ledger, REPEATED);
      continue;
    }
    const vn_story_reading_t entry = {.time_ms = reading->time_ms,
                                      .arrival_ms = how->arrival_ms,
                                      .value = reading->value,
                                      .sequence = reading->sequence,
                                      .series = (uint16_t)letter->series,
                                      .id = reading->id,
                                      .device = (uint8_t)device->number,
                                      .again = again,
                                      .unset = how->unset};
    note_taken(ledger, reading->id, true);
    size_t place = vn_story_reading(&world->result->story, &entry);
    reading->logged = again ? reading->logged : place;
    add(world, ledger, place);
    tell_oracle(device, &entry);
  }
  letter->logged = true;
}

static const vn_series_state_t *state_of(const vn__device_t *device, uint32_t series) {
  const char *name = device->world->sensors[series].name;
  size_t length = 0;
  while (name[length] != '\0') {
    length++;
  }
  const vn_text_t text = {name, length};
  uint32_t number = vn_series_find(&device->engine.table, text, vn_series_hash(text));
  return number == VN_SERIES_NONE ? NULL : vn_engine_series(&device->engine, number);
}

/* Those that were decoded: what is refused for its form is in no ledger. Where no message is
 * damaged the rest are conflicts of numbers. */
static uint64_t taken_by(const vn__world_t *world, const vn_series_state_t *state) {
  if (state == NULL) {
    return 0;
  }
  const vn_accounting_t *own = &state->accounting;
  return own->received - (world->with->bad > 0 ? own->rejected : 0);
}

/* What is lost is told: since when, and none of it was lost for another reason. Where a sensor
 * counts anew a reading may be taken for a repeat, and counts of these cause no commit. */
static void check_loss(vn__device_t *device, const vn_story_reading_t *reading) {
  const vn_recovery_t *recovery = vn_engine_recovery(&device->engine);
  bool told = reading->arrival_ms >= recovery->lost_from_ms &&
              reading->arrival_ms <= recovery->lost_to_ms && !recovery->clean;
  if (device->stopped) {
    vn__world_problem(device->world, "d%u lost number %u of s%u by a clean stop",
                      (unsigned)device->number, (unsigned)reading->sequence,
                      (unsigned)reading->series);
  } else if (!told && !device->clock_moved && !device->world->renumbered) {
    vn__world_problem(
        device->world,
        "d%u lost number %u of s%u, arrived at %" PRId64 ", and tells of %" PRId64 " to %" PRId64,
        (unsigned)device->number, (unsigned)reading->sequence, (unsigned)reading->series,
        reading->arrival_ms, recovery->lost_from_ms, recovery->lost_to_ms);
  }
}

static void forget(vn__device_t *device, uint32_t series, uint64_t accepted) {
  vn__world_t *world = device->world;
  vn__ledger_t *ledger = &world->ledgers[series];
  if (accepted > ledger->count) {
    vn__world_problem(world, "s%u of d%u came back with %" PRIu64 " readings and was sent %zu",
                      (unsigned)series, (unsigned)device->number, accepted, ledger->count);
    return;
  }
  size_t kept = (size_t)accepted;
  size_t first = 0;
  for (size_t i = 0; i < kept; i++) {
    first += ledger->entries[i] != REPEATED;
  }
  for (size_t i = kept; i < ledger->count; i++) {
    if (ledger->entries[i] < REPEATED) {
      vn_story_reading_t *reading = &world->result->story.readings[ledger->entries[i]];
      reading->lost = true;
      note_taken(ledger, reading->id, false);
      if (*times_of(ledger, reading->id) == 0) { /* else it was a repeat: only its count */
        check_loss(device, reading);
      }
      world->result->figures.lost_by_device++;
    }
  }
  if (world->oracles[device->number] != NULL && kept < ledger->count) {
    vn_oracle_forget(world->oracles[device->number], series / (size_t)world->with->devices, first);
  }
  ledger->count = kept;
}

static void settle_doubt(vn__device_t *device) {
  vn__letter_t *letter = device->doubtful;
  device->doubtful = NULL;
  if (letter == NULL) {
    return;
  }
  if (device->engine.journal.accepted > device->doubtful_before) {
    vn__ledger_take(device, letter, &device->doubtful_how);
  }
  if (device->doubtful_alone) {
    device->doubtful_alone = false;
    vn__letter_free(device->world, letter);
  }
}

void vn__ledger_restored(vn__device_t *device) {
  const vn_case_t *with = device->world->with;
  if (with->journal != 0) {
    settle_doubt(device);
    return;
  }
  for (uint32_t i = device->number; i < (uint32_t)with->series; i += (uint32_t)with->devices) {
    forget(device, i, taken_by(device->world, state_of(device, i)));
  }
}

/* What the state says of a series: readings that are no repeats. */
static uint64_t judged_by(const vn_series_state_t *state) {
  if (state == NULL) {
    return 0;
  }
  const vn_accounting_t *own = &state->accounting;
  return own->accepted + own->late + own->no_window;
}

/*
 * A number that comes again is a repeat, whatever it brings. One whose first time was quarantined
 * may be either, and what the network repeats is counted in memory alone.
 */
void vn__ledger_check(vn__device_t *device) {
  vn__world_t *world = device->world;
  const vn_case_t *with = world->with;
  for (uint32_t i = device->number; i < (uint32_t)with->series; i += (uint32_t)with->devices) {
    uint64_t judged = judged_by(state_of(device, i));
    uint64_t sent = world->ledgers[i].different;
    bool all = with->max_future_ms == 0 && !world->renumbered;
    if (judged > sent || (all && judged < sent)) {
      vn__world_problem(world, "s%u of d%u counts %" PRIu64 " readings of %" PRIu64 " that it took",
                        (unsigned)i, (unsigned)device->number, judged, sent);
    }
  }
}
