/*
 * The state of the nano runtime on flash: whole snapshots, each in the next of at least three
 * places. A snapshot counts when its checksum is right, the newest one that does is the state. The
 * place of the last whole one is never written, nor that of the one before it unless there are
 * errors: what a cut left half readable may fade, and the one before it must be there then.
 */
#include "nano_priv.h"
#include "vn/crc32c.h"

#include <string.h>

#define MAGIC UINT32_C(0x314B4E56) /* "VNK1" */
#define PLACES_MIN 3u
#define PAGE_MIN 64u

typedef struct header {
  uint32_t magic, specification;
  uint64_t sequence;
  uint32_t length; /* of all behind it, with the checksum */
  uint32_t boot;
} header_t;

/* What belongs to no series. */
typedef struct common {
  vn_nano_figures_t figures;
  uint32_t seq;
  uint16_t used, batch_bytes;
  uint8_t batch_records, notices;
} common_t;

typedef enum way { MEASURE, WRITE, READ } way_t;

/* A snapshot on its way to the flash, or back. */
typedef struct stream {
  vn_nano_keep_t *keep;
  uint32_t at, end; /* in the flash */
  uint32_t filled;  /* of the page */
  uint32_t length, crc;
  vn_err_t error;
  way_t way;
} stream_t;

static uint32_t round_up(uint32_t value, uint32_t unit) {
  return (value + unit - 1u) / unit * unit;
}

static void program(stream_t *stream) {
  vn_nano_keep_t *keep = stream->keep;
  uint32_t bytes = round_up(stream->filled, keep->flash->prog_size);
  memset(keep->page + stream->filled, 0, bytes - stream->filled);
  if (stream->error == VN_OK && bytes > 0) {
    stream->error = keep->flash->prog(keep->flash->context, stream->at, keep->page, bytes);
  }
  stream->at += bytes;
  stream->filled = 0;
}

static void write(stream_t *stream, const uint8_t *bytes, uint32_t length) {
  while (length > 0) {
    uint32_t room = stream->keep->page_bytes - stream->filled;
    uint32_t part = length < room ? length : room;
    memcpy(stream->keep->page + stream->filled, bytes, part);
    stream->filled += part;
    bytes += part;
    length -= part;
    if (stream->filled == stream->keep->page_bytes) {
      program(stream);
    }
  }
}

/* A read stays within its sector. */
static void read(stream_t *stream, void *to, uint32_t length) {
  const vn_flash_t *flash = stream->keep->flash;
  uint8_t *bytes = to;
  if (stream->error == VN_OK && length > stream->end - stream->at) {
    stream->error = VN_ERR_FORMAT;
  }
  for (uint32_t done = 0; done < length && stream->error == VN_OK;) {
    uint32_t left = flash->erase_size - stream->at % flash->erase_size;
    uint32_t part = length - done < left ? length - done : left;
    stream->error = flash->read(flash->context, stream->at, bytes + done, part);
    stream->at += part;
    done += part;
  }
  if (stream->error != VN_OK) {
    memset(to, 0, length);
  }
}

/* To the flash, or from it. */
static void move(stream_t *stream, void *bytes, size_t size) {
  uint32_t length = (uint32_t)size;
  if (stream->way == READ) {
    read(stream, bytes, length);
  } else if (stream->way == WRITE) {
    write(stream, bytes, length);
  }
  stream->length += length;
  if (stream->way != MEASURE) {
    stream->crc = vn_crc32c(stream->crc, bytes, length);
  }
}

static void move_pane(stream_t *stream, const vn__nano_work_t *work, uint8_t slot) {
  vn_nano_pane_t *pane = &work->panes[slot];
  uint8_t live = !vn__nano_is_gone(work, pane->last_ms, work->series->watermark_ms);
  move(stream, &live, sizeof live);
  if (live == 0) {
    return;
  }
  move(stream, pane, sizeof *pane);
  uint32_t sample = work->nano->store->sample;
  uint32_t count = pane->aggregate.count < sample ? pane->aggregate.count : sample;
  move(stream, work->members + (size_t)slot * sample, count * sizeof(vn_member_t));
}

static void move_series(stream_t *stream, vn_nano_t *nano) {
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    vn__nano_work_t work = vn__nano_work(nano, i);
    move(stream, work.series, sizeof *work.series);
    for (uint8_t slot = 0; slot < nano->store->pane_count; slot++) {
      move_pane(stream, &work, slot);
    }
    /* Only a pane of the series may be asked for, whatever was read. */
    work.series->slot = work.series->slot < nano->store->pane_count ? work.series->slot : 0;
  }
}

static void move_outbox(stream_t *stream, vn_nano_t *nano) {
  uint8_t *bytes = (uint8_t *)nano->store->outbox;
  uint32_t summaries = vn__nano_summary_bytes(nano);
  uint32_t notices = nano->notices * (uint32_t)sizeof(vn__nano_notice_t);
  if (summaries + notices > nano->store->outbox_bytes) {
    stream->error = VN_ERR_FORMAT;
    return;
  }
  move(stream, bytes, summaries);
  move(stream, bytes + nano->store->outbox_bytes - notices, notices);
}

static void move_common(stream_t *stream, vn_nano_t *nano) {
  common_t common;
  memset(&common, 0, sizeof common); /* what lies between the members is stored, too */
  common.figures = nano->figures;
  common.seq = nano->seq;
  common.used = nano->used;
  common.batch_bytes = nano->batch_bytes;
  common.batch_records = nano->batch_records;
  common.notices = nano->notices;
  move(stream, &common, sizeof common);
  nano->figures = common.figures;
  nano->seq = common.seq;
  nano->used = common.used;
  nano->batch_bytes = common.batch_bytes;
  nano->batch_records = common.batch_records;
  nano->notices = common.notices;
}

/* All of it, and its checksum. */
static void move_state(stream_t *stream, vn_nano_t *nano) {
  move_common(stream, nano);
  move_outbox(stream, nano);
  move_series(stream, nano);
  uint32_t crc = stream->crc;
  uint32_t stored = crc;
  move(stream, &stored, sizeof stored);
  if (stored != crc && stream->error == VN_OK) {
    stream->error = VN_ERR_CHECKSUM;
  }
}

/* A sector at a time: a cut hits one. */
static vn_err_t erase(const vn_nano_keep_t *keep, uint32_t at, uint32_t length) {
  const vn_flash_t *flash = keep->flash;
  vn_err_t error = VN_OK;
  for (uint32_t end = at + length; at < end && error == VN_OK; at += flash->erase_size) {
    error = flash->erase(flash->context, at, flash->erase_size);
  }
  return error;
}

static vn_err_t commit(vn_nano_t *nano) {
  vn_nano_keep_t *keep = nano->keep;
  stream_t measure = {.way = MEASURE};
  move_state(&measure, nano);
  keep->place = (keep->place + 1u) % keep->place_count;
  keep->place = keep->place == keep->good ? (keep->place + 1u) % keep->place_count : keep->place;
  header_t header = {.magic = MAGIC,
                     .specification = keep->specification,
                     .sequence = ++keep->sequence,
                     .length = measure.length,
                     .boot = nano->boot};
  stream_t stream = {.keep = keep, .at = keep->place * keep->place_bytes, .way = WRITE};
  stream.error = erase(keep, stream.at, (uint32_t)sizeof header + header.length);
  move(&stream, &header, sizeof header);
  move_state(&stream, nano);
  program(&stream);
  if (stream.error == VN_OK) {
    stream.error = keep->flash->sync(keep->flash->context);
  }
  keep->good = stream.error == VN_OK ? keep->place : keep->good;
  return stream.error;
}

/* Names in their order, sizes, the grid of the windows: what the bytes depend on. */
static uint32_t specification_of(const vn_nano_t *nano) {
  const vn_pipeline_t *pipeline = nano->plan->pipelines;
  const vn_window_t *window = pipeline->summary.windows;
  const vn_nano_store_t *store = nano->store;
  const int64_t numbers[] = {
      window->size_ms,          window->offset_ms,    pipeline->out_of_order_ms,
      pipeline->lateness_ms,    store->sample,        pipeline->summary.exponent,
      store->series_count,      store->pane_count,    store->outbox_bytes,
      sizeof(vn_nano_series_t), sizeof(common_t),     (int64_t)nano->plan->seed,
      sizeof(vn_nano_pane_t),   pipeline->alert_count};
  uint32_t crc = vn_crc32c(0, numbers, sizeof numbers);
  for (uint8_t i = 0; i < store->series_count; i++) {
    vn_text_t name = vn__nano_text(nano->names[i]);
    crc = vn_crc32c(crc, name.bytes, name.length + 1u);
  }
  return crc;
}

uint32_t vn_nano_kept_max(const vn_nano_t *nano) {
  VN_ASSERT(nano != NULL && nano->plan != NULL);
  const vn_nano_store_t *store = nano->store;
  size_t pane = 1u + sizeof(vn_nano_pane_t) + store->sample * sizeof(vn_member_t);
  size_t series = sizeof(vn_nano_series_t) + store->pane_count * pane;
  return (uint32_t)(sizeof(header_t) + sizeof(common_t) + store->outbox_bytes +
                    store->series_count * series + sizeof(uint32_t));
}

/* The newest header below `bound`: its place; place_count: there is none. Notes what else is there:
 * the highest sequence, and whether there is somebody else's. */
static uint32_t find(vn_nano_keep_t *keep, uint64_t bound, header_t *found, bool *foreign) {
  uint32_t best = keep->place_count;
  for (uint32_t i = 0; i < keep->place_count; i++) {
    header_t header;
    stream_t stream = {.keep = keep, .at = i * keep->place_bytes, .way = READ};
    stream.end = stream.at + keep->place_bytes;
    move(&stream, &header, sizeof header);
    bool known = header.magic == MAGIC && header.sequence < UINT64_MAX / 2 &&
                 header.length <= keep->place_bytes - sizeof header;
    if (stream.error != VN_OK || !known) {
      continue;
    }
    keep->sequence = header.sequence > keep->sequence ? header.sequence : keep->sequence;
    bool own = header.specification == keep->specification;
    *foreign = *foreign || !own;
    if (own && header.sequence < bound &&
        (best == keep->place_count || header.sequence > found->sequence)) {
      *found = header;
      best = i;
    }
  }
  return best;
}

static bool load(vn_nano_t *nano, uint32_t place, const header_t *header) {
  vn_nano_keep_t *keep = nano->keep;
  header_t again;
  stream_t stream = {.keep = keep, .at = place * keep->place_bytes, .way = READ};
  stream.end = stream.at + (uint32_t)sizeof again + header->length;
  move(&stream, &again, sizeof again);
  vn__nano_begin(nano);
  move_state(&stream, nano);
  if (stream.error != VN_OK || stream.at != stream.end || !vn__nano_outbox_resume(nano)) {
    vn__nano_begin(nano);
    return false;
  }
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    nano->store->series[i].last_arrival_mono_ms = nano->tick_mono_ms;
  }
  /* A run of the next number may have told something, and its snapshots are gone. */
  bool damaged = header->sequence < keep->sequence;
  nano->boot = header->boot + (damaged ? 2u : 1u);
  keep->place = keep->good = place;
  return true;
}

static vn_err_t load_newest(vn_nano_t *nano) {
  vn_nano_keep_t *keep = nano->keep;
  header_t header = {.sequence = UINT64_MAX};
  bool foreign = false;
  for (;;) {
    uint32_t place = find(keep, header.sequence, &header, &foreign);
    if (place == keep->place_count) {
      return foreign ? VN_ERR_FOREIGN : VN_ERR_UNFORMATTED;
    }
    if (load(nano, place, &header)) {
      return VN_OK;
    }
  }
}

vn_err_t vn_nano_restore(vn_nano_t *nano, vn_nano_keep_t *keep, const vn_flash_t *flash,
                         uint8_t *page, uint32_t page_bytes) {
  VN_ASSERT(nano != NULL && keep != NULL && flash != NULL && page != NULL);
  VN_ASSERT(nano->plan->durability == VN_DURABILITY_CHECKPOINT && !nano->ready);
  uint32_t place = round_up(vn_nano_kept_max(nano) + flash->prog_size, flash->erase_size);
  *keep = (vn_nano_keep_t){.flash = flash,
                           .page = page,
                           .page_bytes = page_bytes,
                           .place_bytes = place,
                           .place_count = flash->size_bytes / place,
                           .specification = specification_of(nano)};
  if (keep->place_count < PLACES_MIN || page_bytes < PAGE_MIN ||
      page_bytes % flash->prog_size != 0 || flash->erase_size % page_bytes != 0) {
    return VN_ERR_STORE;
  }
  keep->good = keep->place_count; /* none */
  nano->keep = keep;
  nano->commit = commit;
  nano->commit_mono_ms = nano->tick_mono_ms;
  nano->ready = true;
  return load_newest(nano);
}
