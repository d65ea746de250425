/*
 * Regions of flash that hold anything: the input says how many genuine commits there are, and then
 * what is done to the image, with CRCs made right again where that is what a bad writer would do.
 * Mount takes bounded time and stays within the region, and what is committed behind it is what the
 * next mount brings back, unless somebody has forged what only the log writes.
 */
#include <stdlib.h>
#include <string.h>

#include "../../firmware-agnostic-core/src/flash_log_priv.h"

#define SECTORS 24u
#define ERASE_BYTES 1024u
#define UNIT_BYTES 16u
#define REGION_BYTES (SECTORS * ERASE_BYTES)
#define ITEMS 4u
#define ITEM_BYTES 48u
#define RECORDS_MAX 512u
#define READS_MAX 2000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A RAM that keeps a flash's rules, and the items that are stored there. */
typedef struct bench {
  uint8_t bytes[REGION_BYTES];
  uint8_t erased[REGION_BYTES / UNIT_BYTES];
  uint32_t bad_from, bad_to; /* reads of these bytes fail */
  uint64_t reads;
  bool forged; /* a CRC was made right, or a sector has a double */
  uint8_t items[ITEMS][ITEM_BYTES];
  bool there[ITEMS];
  vn_flash_t port;
  vn_log_owner_t owner;
  vn_flash_log_t log;
  vn_log_item_t places[ITEMS];
  vn_log_sector_t sectors[SECTORS];
  uint64_t page[32], record[32]; /* aligned */
  uint32_t records[RECORDS_MAX], record_count;
  const uint8_t *input;
  size_t left;
} bench_t;

static vn_err_t read_bytes(void *context, uint32_t offset, void *to, uint32_t length) {
  bench_t *bench = context;
  VN_ASSERT(offset <= REGION_BYTES && length <= REGION_BYTES - offset);
  VN_ASSERT(++bench->reads < READS_MAX);
  memcpy(to, bench->bytes + offset, length);
  bool bad = bench->bad_from < bench->bad_to && offset < bench->bad_to &&
             offset + length > bench->bad_from;
  return bad ? VN_ERR_FLASH : VN_OK;
}

static vn_err_t program(void *context, uint32_t offset, const void *from, uint32_t length) {
  bench_t *bench = context;
  VN_ASSERT(offset <= REGION_BYTES && length <= REGION_BYTES - offset);
  VN_ASSERT(offset % UNIT_BYTES == 0 && length % UNIT_BYTES == 0);
  for (uint32_t unit = offset / UNIT_BYTES; unit < (offset + length) / UNIT_BYTES; unit++) {
    VN_ASSERT(bench->erased[unit] == 1);
    bench->erased[unit] = 0;
  }
  memcpy(bench->bytes + offset, from, length);
  return VN_OK;
}

static vn_err_t erase(void *context, uint32_t offset, uint32_t length) {
  bench_t *bench = context;
  VN_ASSERT(offset <= REGION_BYTES && length <= REGION_BYTES - offset);
  VN_ASSERT(offset % ERASE_BYTES == 0 && length % ERASE_BYTES == 0);
  memset(bench->bytes + offset, 0xFF, length);
  memset(bench->erased + offset / UNIT_BYTES, 1, length / UNIT_BYTES);
  return VN_OK;
}

static vn_err_t sync_all(void *context) {
  VN_ASSERT(context != NULL);
  return VN_OK;
}

static vn_err_t put_item(bench_t *bench, uint32_t item) {
  return vn_log_put(&bench->log, item, VN_RECORD_SLOT, 0, item, bench->items[item], ITEM_BYTES);
}

static vn_err_t rewrite(void *context, vn_flash_log_t *log, uint32_t item) {
  bench_t *bench = context;
  VN_ASSERT(item < ITEMS && log == &bench->log);
  if (bench->there[item]) {
    return put_item(bench, item);
  }
  vn_log_release(log, item);
  return VN_OK;
}

static uint32_t apply(void *context, uint8_t type, uint8_t flags, uint32_t argument,
                      const uint8_t *payload, uint32_t length) {
  bench_t *bench = context;
  VN_ASSERT(length <= sizeof bench->record);
  if (type != VN_RECORD_SLOT || flags != 0 || argument >= ITEMS || length != ITEM_BYTES) {
    return VN_LOG_NO_ITEM;
  }
  memcpy(bench->items[argument], payload, ITEM_BYTES);
  bench->there[argument] = true;
  return argument;
}

/* A log as after a power-up. */
static void power_up(bench_t *bench) {
  memset(bench->there, 0, sizeof bench->there);
  memset(bench->erased, 0, sizeof bench->erased);
  vn_log_config_t config = {
      .flash = &bench->port,
      .owner = &bench->owner,
      .items = bench->places,
      .item_count = ITEMS,
      .sectors = bench->sectors,
      .page = (uint8_t *)bench->page,
      .page_size = sizeof bench->page,
      .record = (uint8_t *)bench->record,
      .record_max = sizeof bench->record,
      .live_bytes_max = ITEMS * (ITEM_BYTES + 16u),
      .commit_bytes_max = ITEMS * (ITEM_BYTES + 16u) + 160u,
      .region_id = 7,
  };
  VN_ASSERT(vn_log_init(&bench->log, &config) == VN_OK);
}

/* Gives items new content and commits them. */
static vn_err_t commit(bench_t *bench, uint8_t mark, uint32_t first, uint32_t count) {
  vn_commit_t content = {.accepted = mark, .boot = 1};
  vn_err_t error = vn_log_begin(&bench->log);
  if (error != VN_OK) {
    return error;
  }
  for (uint32_t i = first; i < first + count && error == VN_OK; i++) {
    memset(bench->items[i % ITEMS], mark + (int)i, ITEM_BYTES);
    bench->there[i % ITEMS] = true;
    error = put_item(bench, i % ITEMS);
  }
  if (error != VN_OK) {
    vn_log_abort(&bench->log);
    return error;
  }
  return vn_log_commit(&bench->log, &content);
}

static uint32_t take(bench_t *bench, unsigned bytes) {
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes && bench->left > 0; i++, bench->left--) {
    value |= (uint32_t)*bench->input++ << (8 * i);
  }
  return value;
}

/* The offsets of everything that looks like a record. */
static void list_records(bench_t *bench) {
  bench->record_count = 0;
  for (uint32_t at = 0; at + 16 <= REGION_BYTES && bench->record_count < RECORDS_MAX; at += 8) {
    vn__log_record_t record;
    vn__log_decode_record(bench->bytes + at, &record);
    uint32_t room = ERASE_BYTES - at % ERASE_BYTES;
    if (at % ERASE_BYTES >= VN__LOG_HEADER_BYTES && record.type != VN_RECORD_PADDING &&
        record.type <= VN_RECORD_TOMB && vn__record_size(record.length) <= room) {
      bench->records[bench->record_count++] = at;
    }
  }
}

/* Makes the CRC right of what lies there as a record, whatever it is. */
static void repair_record(bench_t *bench, uint32_t at) {
  uint8_t *bytes = bench->bytes + at;
  uint64_t sequence = vn__get_u64(bench->bytes + at / ERASE_BYTES * ERASE_BYTES + 8);
  uint32_t length = vn__get_u16(bytes);
  uint32_t room = ERASE_BYTES - at % ERASE_BYTES - VN__LOG_RECORD_BYTES;
  uint32_t crc = vn_crc32c(vn__log_seed(sequence, at % ERASE_BYTES), bytes, 12);
  crc = vn_crc32c(crc, bytes + VN__LOG_RECORD_BYTES, length < room ? length : room);
  vn__set_u32(bytes + 12, crc);
}

/* Some bytes of a record get other values. */
static void change_record(bench_t *bench, bool repair) {
  uint32_t which = take(bench, 1);
  uint32_t byte = take(bench, 1);
  uint32_t value = take(bench, 1);
  if (bench->record_count == 0) {
    return;
  }
  uint32_t at = bench->records[which % bench->record_count];
  uint32_t room = ERASE_BYTES - at % ERASE_BYTES;
  bench->bytes[at + byte % (room < 160 ? room : 160)] = (uint8_t)value;
  if (repair) {
    repair_record(bench, at);
  }
}

static void change_header(bench_t *bench) {
  uint8_t *header = bench->bytes + take(bench, 1) % SECTORS * ERASE_BYTES;
  uint32_t byte = take(bench, 1) % 60;
  header[byte] = (uint8_t)take(bench, 1);
  vn__set_u32(header + 60, vn_crc32c(0, header, 60));
}

/* One sector in the place of another, or bytes as they come. */
static void change_bytes(bench_t *bench, bool sector) {
  uint32_t from = take(bench, 2) % REGION_BYTES;
  uint32_t count = take(bench, 1);
  if (sector) {
    uint32_t to = count % SECTORS * ERASE_BYTES;
    memmove(bench->bytes + to, bench->bytes + from / ERASE_BYTES * ERASE_BYTES, ERASE_BYTES);
    return;
  }
  for (uint32_t i = from; i < from + count && i < REGION_BYTES && bench->left > 0; i++) {
    bench->bytes[i] = (uint8_t)take(bench, 1);
  }
}

static void damage(bench_t *bench) {
  uint32_t kind = take(bench, 1) % 7;
  bench->forged = bench->forged || kind == 1 || kind == 2 || kind == 6;
  switch (kind) {
    case 0:
      change_bytes(bench, false);
      break;
    case 1:
      change_bytes(bench, true);
      break;
    case 2:
      change_header(bench);
      break;
    case 3:
      change_record(bench, false);
      break;
    case 4:
      bench->bad_from = take(bench, 2);
      bench->bad_to = bench->bad_from + take(bench, 2);
      break;
    case 5:
      memset(bench->bytes + take(bench, 1) % SECTORS * ERASE_BYTES, (int)take(bench, 1),
             ERASE_BYTES);
      break;
    default:
      change_record(bench, true);
      break;
  }
}

/* Genuine commits, now and then over a power cut. */
static void make_image(bench_t *bench) {
  uint32_t commits = take(bench, 1) % 96;
  vn_commit_t last;
  power_up(bench);
  VN_ASSERT(vn_log_format(&bench->log) == VN_OK);
  for (uint32_t i = 0; i < commits; i++) {
    VN_ASSERT(commit(bench, (uint8_t)i, i, 1 + i % ITEMS) == VN_OK);
    if (i % 29 == 28) {
      power_up(bench);
      VN_ASSERT(vn_log_mount(&bench->log, &last) == VN_OK);
    }
  }
}

static void check_mount_of_own_commit(bench_t *bench) {
  uint8_t items[ITEMS][ITEM_BYTES];
  vn_commit_t last;
  if (commit(bench, 200, 0, ITEMS) != VN_OK || bench->bad_to > bench->bad_from) {
    return; /* no room or no way: it said so */
  }
  memcpy(items, bench->items, sizeof items);
  power_up(bench);
  vn_err_t error = vn_log_mount(&bench->log, &last);
  if (bench->forged) {
    return;
  }
  VN_ASSERT(error == VN_OK && last.accepted == 200);
  VN_ASSERT(memcmp(items, bench->items, sizeof items) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bench_t *bench = calloc(1, sizeof *bench);
  VN_ASSERT(bench != NULL);
  vn_commit_t last;
  bench->input = data;
  bench->left = size;
  bench->port = (vn_flash_t){bench,      REGION_BYTES, ERASE_BYTES, UNIT_BYTES,
                             read_bytes, program,      erase,       sync_all};
  bench->owner = (vn_log_owner_t){bench, rewrite, apply};
  make_image(bench);
  list_records(bench);
  while (bench->left > 0) {
    damage(bench);
  }
  power_up(bench);
  bench->reads = 0;
  vn_err_t error = vn_log_mount(&bench->log, &last);
  if (error == VN_ERR_UNFORMATTED) {
    error = vn_log_format(&bench->log);
  }
  if (error == VN_OK) {
    check_mount_of_own_commit(bench);
  } else {
    VN_ASSERT(error == VN_ERR_FOREIGN || error == VN_ERR_CORRUPT || error == VN_ERR_TOO_BIG ||
              error == VN_ERR_FLASH || error == VN_ERR_LOG_FULL);
  }
  free(bench);
  return 0;
}
