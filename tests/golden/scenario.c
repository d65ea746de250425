/* What happens to the two devices, and when. */
#include "device.h"

#include <string.h>

#include "vn/crc32c.h"

enum {
  PACKS = 4800, /* of device 0; device 1 gets one in every three */
  HALF = PACKS / 2,
  PACK_MS = 800,
  PAUSE_EVERY = 1000,
  PAUSE_MS = 120000,
  OUTAGE_FROM = 1300,
  OUTAGE_TO = 1500,
  CLOCKLESS_FROM = 3300,
  CLOCKLESS_TO = 3340
};

#define START_MS INT64_C(1795219200000)

/* The power goes off in the middle of a flash operation: so many from there on. */
static const struct {
  uint32_t pack, device, operation;
} cuts[] = {{900, 0, 3}, {2101, 1, 5}, {CLOCKLESS_FROM, 0, 9}};

static device_t devices[GOLDEN_DEVICES];
static uint8_t savepoint[SAVEPOINT_MAX];

void golden_sum(golden_sums_t *sums, const uint8_t *bytes, size_t length) {
  uint64_t hash = sums->bytes == 0 ? UINT64_C(0xCBF29CE484222325) : sums->hash;
  for (size_t i = 0; i < length; i++) { /* FNV-1a */
    hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
  }
  sums->hash = hash;
  sums->crc = vn_crc32c(sums->crc, bytes, length);
  sums->bytes += length;
}

static bool gets_one(unsigned device, uint32_t pack) { return device == 0 || pack % 3u == 0; }

/* What a line may carry beside frames: noise, a frame that is too long. */
static void disturb(device_t *device, uint32_t pack) {
  uint8_t noise[40];
  if (pack % 37u == 0) {
    prng_fill(&device->sensors.prng, noise, sizeof noise);
    vn_node_receive(&device->node, noise, sizeof noise);
    vn_node_receive(&device->node, (const uint8_t[]){0}, 1);
  }
  if (pack % 53u == 0) {
    device_spoil(device);
  }
  if (pack % 211u == 0) {
    memset(noise, 0xFF, sizeof noise);
    for (int i = 0; i < 50; i++) {
      vn_node_receive(&device->node, noise, sizeof noise);
    }
    vn_node_receive(&device->node, (const uint8_t[]){0}, 1);
  }
}

static void arrange(uint32_t pack) {
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    if (cuts[i].pack == pack) {
      vn_ram_flash_cut(&devices[cuts[i].device].flash, cuts[i].operation);
    }
  }
  device_t *device = &devices[0];
  device->hide_time = pack >= CLOCKLESS_FROM && pack < CLOCKLESS_TO;
  if (pack == OUTAGE_FROM) {
    device->gateway_up = false;
  }
  if (pack == OUTAGE_TO || pack == CLOCKLESS_TO) {
    device_greet(device);
  }
}

static const char *play_pack(unsigned index, uint32_t pack) {
  device_t *device = &devices[index];
  if (gets_one(index, pack)) {
    disturb(device, pack);
    golden_sensors_next(&device->sensors, device->now_ms, &device->pack);
    device_send(device);
  }
  return device_settle(device);
}

static int64_t pack_ms(uint32_t pack) {
  return START_MS + (int64_t)pack * PACK_MS + (int64_t)(pack / PAUSE_EVERY) * PAUSE_MS;
}

static const char *play_packs(uint32_t from, uint32_t to) {
  for (uint32_t pack = from; pack < to; pack++) {
    arrange(pack);
    for (unsigned i = 0; i < GOLDEN_DEVICES; i++) {
      devices[i].now_ms = pack_ms(pack);
      const char *wrong = play_pack(i, pack);
      if (wrong != NULL) {
        return wrong;
      }
    }
  }
  return NULL;
}

static const char *start_all(void) {
  for (unsigned i = 0; i < GOLDEN_DEVICES; i++) {
    const char *wrong = device_start(&devices[i]);
    if (wrong != NULL) {
      return wrong;
    }
    device_greet(&devices[i]);
  }
  return NULL;
}

static void count(golden_result_t *result) {
  for (unsigned i = 0; i < GOLDEN_DEVICES; i++) {
    const vn_figures_t *figures = vn_engine_figures(&devices[i].node.engine);
    result->accepted += figures->readings.accepted;
    result->corrected += figures->readings.corrected;
    result->duplicates += figures->readings.duplicate;
    result->summaries += figures->summaries;
    result->alerts += figures->alerts;
    result->dead_letters += figures->dead_letters;
    result->cuts += devices[i].restarts;
    result->frames_refused += devices[i].refused;
  }
}

/* Savepoints out behind a half, and, where the scenario goes on, into flashes that are empty. */
static const char *pass_on(golden_part_t part, unsigned half, const golden_files_t *files,
                           golden_result_t *result) {
  for (unsigned i = 0; i < GOLDEN_DEVICES; i++) {
    size_t length = device_export(&devices[i], savepoint, sizeof savepoint);
    if (length == 0) {
      return "no savepoint could be written";
    }
    golden_sum(&result->savepoint[half], savepoint, length);
    if (part == GOLDEN_FIRST_HALF && !files->save(i, savepoint, length)) {
      return "a savepoint could not be saved";
    }
    const char *wrong =
        part == GOLDEN_WHOLE && half == 0 ? device_import(&devices[i], savepoint, length) : NULL;
    if (wrong != NULL) {
      return wrong;
    }
  }
  return NULL;
}

/* The sensors are where they are behind the first half; the devices have what was saved there. */
static const char *take_over(const golden_files_t *files) {
  for (unsigned i = 0; i < GOLDEN_DEVICES; i++) {
    device_t *device = &devices[i];
    for (uint32_t pack = 0; pack < HALF; pack++) {
      if (gets_one(i, pack)) {
        uint8_t noise[40];
        if (pack % 37u == 0) {
          prng_fill(&device->sensors.prng, noise, sizeof noise);
        }
        golden_sensors_next(&device->sensors, pack_ms(pack), &device->pack);
        device->next_number++; /* of its message */
      }
    }
    device->next_number++; /* of the stop */
    size_t length = files->load(i, savepoint, sizeof savepoint);
    const char *wrong = length == 0 ? "there is no savepoint to begin with"
                                    : device_import(device, savepoint, length);
    if (wrong != NULL) {
      return wrong;
    }
  }
  return NULL;
}

static const char *play_half(golden_part_t part, unsigned half, const golden_files_t *files,
                             golden_result_t *result) {
  uint32_t before = devices[0].sensors.count + devices[1].sensors.count;
  for (unsigned i = 0; i < GOLDEN_DEVICES; i++) {
    devices[i].output = &result->output[half];
    devices[i].now_ms = pack_ms(half * HALF);
  }
  const char *wrong = start_all();
  wrong = wrong == NULL ? play_packs(half * HALF, (half + 1u) * HALF) : wrong;
  if (wrong != NULL) {
    return wrong;
  }
  result->readings += devices[0].sensors.count + devices[1].sensors.count - before;
  if (half == 1 || part != GOLDEN_WHOLE) {
    count(result);
  }
  return pass_on(part, half, files, result);
}

const char *golden_play(golden_part_t part, const golden_files_t *files, golden_result_t *result) {
  const char *wrong = NULL;
  *result = (golden_result_t){.readings = 0};
  for (unsigned i = 0; i < GOLDEN_DEVICES && wrong == NULL; i++) {
    wrong = device_make(&devices[i], i, START_MS);
  }
  if (part == GOLDEN_SECOND_HALF) {
    wrong = wrong == NULL ? take_over(files) : wrong;
  } else {
    wrong = wrong == NULL ? play_half(part, 0, files, result) : wrong;
  }
  if (part != GOLDEN_FIRST_HALF) {
    wrong = wrong == NULL ? play_half(part, 1, files, result) : wrong;
  }
  return wrong;
}
