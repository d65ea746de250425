/* vnotch-bench store: what a message, a commit and a start cost with a state on flash. */
#include "store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "flash_file.h"

#define REGION_BYTES (32u << 20)
#define ERASE_BYTES (64u << 10)
#define PROG_BYTES 512u
#define SERIES 100u       /* of the message cases; a message a second of each */
#define SERIES_KEPT 1000u /* of the commits */
#define SERIES_BACK 900u  /* of the recovery: about 300 kB of state */
#define DIRTY 50u
#define PENDING_MAX 4096u
#define STEP_BUDGET 256u

/* The engine with a state, and an uplink that is as fast as can be. */
typedef struct store_bench {
  bench_t bench;
  bench_pack_t pack;
  vn_flash_file_t file;
  counted_flash_t flash;
  vn_uplink_t uplink;
  uint64_t pending[PENDING_MAX];
  uint32_t pending_count;
  uint32_t random;
} store_bench_t;

static double seconds(clockid_t which) {
  struct timespec now;
  (void)clock_gettime(which, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static vn_err_t take_output(void *context, const vn_message_t *message) {
  store_bench_t *store = context;
  if (store->pending_count == PENDING_MAX) {
    return VN_AGAIN;
  }
  store->pending[store->pending_count++] = message->index;
  return VN_OK;
}

static void acknowledge_outputs(store_bench_t *store) {
  for (uint32_t i = 0; i < store->pending_count; i++) {
    vn_sent(&store->bench.engine, store->pending[i], true);
  }
  store->pending_count = 0;
}

static bool open_file(store_bench_t *store, const char *path) {
  const vn_flash_file_setup_t setup = {
      .path = path, .size_bytes = REGION_BYTES, .erase_size = ERASE_BYTES, .prog_size = PROG_BYTES};
  if (vn_flash_file_open(&store->file, &setup) != VN_FLASH_FILE_OK) {
    fprintf(stderr, "vnotch-bench: the state file %s cannot be opened\n", path);
    return false;
  }
  counted_flash_init(&store->flash, &store->file.port);
  return true;
}

static bool open_store(store_bench_t *store, vn_durability_t durability, uint32_t series,
                       const char *path) {
  const bench_case_t shape = {.series = series, .panes = 6};
  memset(store, 0, sizeof *store);
  store->file.descriptor = -1;
  store->uplink = (vn_uplink_t){.context = store, .send = take_output};
  store->random = 12345;
  bench_keep_t keep = {.uplink = &store->uplink, .durability = (uint8_t)durability};
  if (durability != VN_DURABILITY_VOLATILE) {
    if (!open_file(store, path)) {
      return false;
    }
    keep.flash = &store->flash.port;
  }
  return bench_open_kept(&store->bench, &shape, &keep);
}

static void close_store(store_bench_t *store) {
  bench_close(&store->bench);
  vn_flash_file_close(&store->file);
}

/* Of a single reading also the milliseconds: the same again would be a repeat. */
static void set_time(store_bench_t *store) {
  bench_t *bench = &store->bench;
  char digits[8];
  bench_set_seconds(bench, &store->pack);
  if (store->pack.records == 1) {
    (void)snprintf(digits, sizeof digits, "%03u", (unsigned)(bench->now_ms % 1000));
    memcpy(bench->payload + store->pack.seconds_at[0] + 10, digits, 3);
  }
}

/* A message of one series, durable when the mode says so, and taken; false: the state fails. */
static bool take(store_bench_t *store, uint32_t series) {
  bench_t *bench = &store->bench;
  char topic[16];
  int length = snprintf(topic, sizeof topic, "json/%05u", (unsigned)series);
  vn_text_t name = {topic, (size_t)length};
  set_time(store);
  vn_err_t error =
      bench->engine.journal.on
          ? vn_accept_message(&bench->engine, name, bench->payload, store->pack.length, false)
          : vn_offer_message(&bench->engine, name, bench->payload, store->pack.length, false);
  return error == VN_OK;
}

static bool step(store_bench_t *store) {
  uint32_t sleep_ms = 0;
  bool good = vn_step(&store->bench.engine, STEP_BUDGET, &sleep_ms) == VN_OK;
  acknowledge_outputs(store);
  return good;
}

static bool take_round(store_bench_t *store, uint64_t messages, uint32_t series) {
  for (uint64_t i = 0; i < messages; i++) {
    if (!take(store, (uint32_t)(i % series)) || !step(store)) {
      return false;
    }
    if (i % series == series - 1u) {
      store->bench.now_ms += 1000;
    }
  }
  return true;
}

static bool complain(const char *what) {
  fprintf(stderr, "vnotch-bench: the state fails: %s\n", what);
  return false;
}

static bool measure_messages(store_bench_t *store, uint64_t messages) {
  if (!take_round(store, SERIES * 20u, SERIES)) { /* all windows are open, some are over */
    return false;
  }
  counted_flash_t before = store->flash;
  double start_s = seconds(CLOCK_MONOTONIC);
  double cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID);
  if (!take_round(store, messages, SERIES)) {
    return false;
  }
  cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
  double spent_s = seconds(CLOCK_MONOTONIC) - start_s;
  double count = (double)messages;
  printf("{\"messages\": %" PRIu64
         ", \"payload_bytes\": %zu, \"us\": %.2f, \"cpu_us\": %.2f, "
         "\"bytes\": %.1f, \"syncs\": %.3f, \"erases\": %.5f}\n",
         messages, store->pack.length, spent_s * 1e6 / count, cpu_s * 1e6 / count,
         (double)(store->flash.bytes - before.bytes) / count,
         (double)(store->flash.syncs - before.syncs) / count,
         (double)(store->flash.erases - before.erases) / count);
  return true;
}

bool store_messages(vn_durability_t durability, uint32_t per_message, const char *file,
                    uint64_t messages) {
  static store_bench_t store;
  bool done = open_store(&store, durability, SERIES, file);
  if (done) {
    bench_make_json(&store.bench, &store.pack, per_message);
    done = measure_messages(&store, messages) || complain("messages");
  }
  close_store(&store);
  return done;
}

/* All series have a state that is on the flash. */
static bool fill(store_bench_t *store, uint32_t series) {
  bench_make_json(&store->bench, &store->pack, 1);
  return take_round(store, (uint64_t)series * 20u, series) &&
         vn_checkpoint(&store->bench.engine) == VN_OK;
}

static uint32_t any(store_bench_t *store, uint32_t below) {
  store->random = store->random * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)store->random * below) >> 32);
}

/* The clock hardly moves meanwhile: nothing is committed but here. */
static bool measure_commits(store_bench_t *store, uint64_t commits) {
  double spent_s = 0;
  uint64_t bytes = 0;
  uint64_t erases = 0;
  for (uint64_t i = 0; i < commits; i++) {
    store->bench.now_ms++;
    for (uint32_t k = 0; k < DIRTY; k++) {
      if (!take(store, any(store, SERIES_KEPT)) || !step(store)) {
        return false;
      }
    }
    counted_flash_t before = store->flash;
    double start_s = seconds(CLOCK_MONOTONIC);
    if (vn_checkpoint(&store->bench.engine) != VN_OK) {
      return false;
    }
    spent_s += seconds(CLOCK_MONOTONIC) - start_s;
    bytes += store->flash.bytes - before.bytes;
    erases += store->flash.erases - before.erases;
  }
  double count = (double)commits;
  printf("{\"commits\": %" PRIu64 ", \"us\": %.1f, \"bytes\": %.0f, \"erases\": %.4f}\n", commits,
         spent_s * 1e6 / count, (double)bytes / count, (double)erases / count);
  return true;
}

bool store_commits(vn_durability_t durability, const char *file, uint64_t commits) {
  static store_bench_t store;
  bool done = open_store(&store, durability, SERIES_KEPT, file) && fill(&store, SERIES_KEPT);
  done = done && (measure_commits(&store, commits) || complain("commits"));
  close_store(&store);
  return done;
}

/* What of the file is in the page cache has to be read again, where the system obeys. */
static void forget_pages(const char *path) {
  int descriptor = open(path, O_RDONLY);
  if (descriptor >= 0) {
    (void)fdatasync(descriptor);
    (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    (void)close(descriptor);
  }
}

/* A state, messages behind it in the journal if there is one, and no stop. */
static bool leave_state(store_bench_t *store, uint64_t messages, uint64_t *state_bytes) {
  if (!fill(store, SERIES_BACK)) {
    return false;
  }
  for (uint32_t i = 0; i < SERIES_BACK; i++) {
    if (!take(store, i) || !step(store)) {
      return false;
    }
  }
  uint64_t before = store->flash.bytes;
  if (vn_checkpoint(&store->bench.engine) != VN_OK) {
    return false;
  }
  *state_bytes = store->flash.bytes - before;
  store->bench.now_ms += 1000;
  for (uint64_t i = 0; i < messages; i++) {
    if (!take(store, (uint32_t)i % SERIES_BACK)) {
      return false;
    }
  }
  return true;
}

static bool come_back(store_bench_t *store, vn_durability_t durability, const char *file) {
  if (!open_store(store, durability, SERIES_BACK, file)) {
    return false;
  }
  while (vn_waiting(&store->bench.engine) > 0) {
    if (!step(store)) {
      return false;
    }
  }
  return true;
}

bool store_recovery(vn_durability_t durability, const char *file, uint64_t messages) {
  static store_bench_t store;
  uint64_t state_bytes = 0;
  messages = durability == VN_DURABILITY_JOURNAL ? messages : 0;
  bool done = open_store(&store, durability, SERIES_BACK, file) &&
              (leave_state(&store, messages, &state_bytes) || complain("recovery"));
  close_store(&store);
  if (!done) {
    return false;
  }
  forget_pages(file);
  double start_s = seconds(CLOCK_MONOTONIC);
  done = come_back(&store, durability, file) || complain("recovery");
  double spent_s = seconds(CLOCK_MONOTONIC) - start_s;
  const vn_recovery_t *recovery = vn_engine_recovery(&store.bench.engine);
  if (done) {
    printf(
        "{\"ms\": %.2f, \"state_bytes\": %" PRIu64 ", \"series\": %u, \"messages\": %" PRIu64 "}\n",
        spent_s * 1e3, state_bytes, (unsigned)recovery->series_restored, recovery->messages_again);
  }
  close_store(&store);
  return done;
}
