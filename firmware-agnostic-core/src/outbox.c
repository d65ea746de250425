/* Outbox: two lines of entries over one pool of blocks. */
#include "vn/outbox.h"

#include <string.h>

#define NO_BLOCK UINT32_MAX

/* Flags of a stored record. */
#define RECORD_RETAINED 1u
#define RECORD_ABSOLUTE 2u
#define RECORD_CORRELATION 4u
#define RECORD_NUMBERED 8u
#define RECORD_FLAGS (RECORD_RETAINED | RECORD_ABSOLUTE | RECORD_CORRELATION | RECORD_NUMBERED)

static vn_outbox_line_t *line_of(vn_outbox_t *outbox, uint64_t index) {
  return &outbox->lines[index % VN_OUTBOX_QUEUES];
}

static vn_outbox_place_t *place_of(const vn_outbox_line_t *line, uint64_t number) {
  return &line->places[number & (line->entries_max - 1u)];
}

static bool is_known(const vn_outbox_line_t *line, uint64_t number) {
  return number >= line->tail && number < line->head;
}

void vn_outbox_init(vn_outbox_t *outbox, vn_outbox_block_t *blocks, uint32_t block_count,
                    vn_outbox_place_t *const places[VN_OUTBOX_QUEUES],
                    const uint32_t entries_max[VN_OUTBOX_QUEUES]) {
  VN_ASSERT(outbox != NULL && blocks != NULL);
  *outbox = (vn_outbox_t){.blocks = blocks, .block_count = block_count};
  outbox->free_block = NO_BLOCK;
  outbox->free_count = block_count;
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    VN_ASSERT(entries_max[q] > 0 && (entries_max[q] & (entries_max[q] - 1u)) == 0);
    outbox->lines[q].places = places[q];
    outbox->lines[q].entries_max = entries_max[q];
    memset(places[q], 0, entries_max[q] * sizeof places[q][0]);
  }
}

static void free_entry(vn_outbox_t *outbox, vn_outbox_place_t *place) {
  if (place->state == VN_OUTBOX_DONE) {
    return;
  }
  uint32_t last = place->first_block;
  uint32_t count = 1;
  while (outbox->blocks[last].next != NO_BLOCK) {
    last = outbox->blocks[last].next;
    count++;
  }
  outbox->blocks[last].next = outbox->free_block;
  outbox->free_block = place->first_block;
  outbox->free_count += count;
  place->state = VN_OUTBOX_DONE;
}

static void move_tail(vn_outbox_line_t *line) {
  while (line->tail < line->head && place_of(line, line->tail)->state == VN_OUTBOX_DONE) {
    line->tail++;
  }
}

static uint32_t blocks_for(size_t length) {
  return (uint32_t)((length + VN_OUTBOX_BLOCK_DATA - 1u) / VN_OUTBOX_BLOCK_DATA);
}

static bool line_is_full(const vn_outbox_line_t *line) {
  return line->head - line->tail >= line->entries_max;
}

static bool may_be_dropped(const vn_outbox_place_t *place) {
  return place->state == VN_OUTBOX_NEW || place->state == VN_OUTBOX_READY;
}

/* Whether dropping leads to a place in the line and `blocks` blocks: nothing is dropped in vain. */
static bool can_make_room(const vn_outbox_t *outbox, const vn_outbox_line_t *line,
                          uint32_t blocks) {
  const vn_outbox_line_t *others = &outbox->lines[VN_OUTBOX_OTHERS];
  if (line_is_full(line) && (line != others || !may_be_dropped(place_of(line, line->tail)))) {
    return false; /* the line only gets shorter at its tail */
  }
  uint64_t room = outbox->free_count;
  for (uint64_t number = others->tail; room < blocks && number < others->head; number++) {
    const vn_outbox_place_t *place = place_of(others, number);
    room += may_be_dropped(place) ? blocks_for(place->length) : 0;
  }
  return room >= blocks;
}

/* Drops the oldest of the others that isn't in flight; there is one. */
static void drop_one(vn_outbox_t *outbox) {
  vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  uint64_t number = line->tail;
  while (number < line->head && !may_be_dropped(place_of(line, number))) {
    number++;
  }
  VN_ASSERT(number < line->head);
  free_entry(outbox, place_of(line, number));
  outbox->dropped[VN_OUTBOX_OTHERS]++;
  move_tail(line);
}

/* Blocks never used come last: memory that no outage has needed is never touched. */
static uint32_t take_block(vn_outbox_t *outbox) {
  uint32_t block = outbox->free_block;
  if (block == NO_BLOCK) {
    VN_ASSERT(outbox->fresh_block < outbox->block_count);
    return outbox->fresh_block++;
  }
  outbox->free_block = outbox->blocks[block].next;
  return block;
}

/* An empty chain for `length` bytes; there are enough free blocks. */
static uint32_t take_chain(vn_outbox_t *outbox, size_t length) {
  uint32_t count = blocks_for(length);
  VN_ASSERT(count > 0 && count <= outbox->free_count);
  uint32_t first = take_block(outbox);
  uint32_t last = first;
  for (uint32_t i = 1; i < count; i++) {
    uint32_t block = take_block(outbox);
    outbox->blocks[last].next = block;
    last = block;
  }
  outbox->blocks[last].next = NO_BLOCK;
  outbox->free_count -= count;
  return first;
}

/* A place in a chain, moved on by writing. */
typedef struct cursor {
  uint32_t block, used;
} cursor_t;

static void write_chain(vn_outbox_t *outbox, cursor_t *at, const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  while (length > 0) {
    if (at->used == VN_OUTBOX_BLOCK_DATA) {
      at->block = outbox->blocks[at->block].next;
      at->used = 0;
    }
    size_t room = VN_OUTBOX_BLOCK_DATA - at->used;
    size_t part = length < room ? length : room;
    memcpy(outbox->blocks[at->block].data + at->used, from, part);
    at->used += (uint32_t)part;
    from += part;
    length -= part;
  }
}

static vn_outbox_queue_t queue_of(const vn_outbox_t *outbox, const vn_message_t *message) {
  const vn_outbox_line_t *alerts = &outbox->lines[VN_OUTBOX_ALERTS];
  bool urgent = message->channel == VN_CHANNEL_ALERT || message->channel == VN_CHANNEL_EVENT ||
                (message->channel == VN_CHANNEL_RESPONSE &&
                 alerts->head - alerts->tail < alerts->entries_max / 2u);
  return urgent ? VN_OUTBOX_ALERTS : VN_OUTBOX_OTHERS;
}

static uint8_t flags_of(const vn_message_t *message) {
  return (uint8_t)((message->retained ? RECORD_RETAINED : 0u) |
                   (message->absolute ? RECORD_ABSOLUTE : 0u) |
                   (message->correlation_length > 0 ? RECORD_CORRELATION : 0u) |
                   (message->numbered ? RECORD_NUMBERED : 0u));
}

static void put_number(uint8_t *out, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    out[i] = (uint8_t)(number >> (8 * i));
  }
}

static uint64_t get_number(const uint8_t *in, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; i++) {
    number |= (uint64_t)in[i] << (8 * i);
  }
  return number;
}

/* What lies in front of the topic. */
static size_t head_bytes(uint8_t flags) {
  return VN_OUTBOX_HEADER_BYTES + ((flags & RECORD_NUMBERED) != 0 ? VN_OUTBOX_NUMBER_BYTES : 0);
}

static void write_head(vn_outbox_t *outbox, cursor_t *at, const vn_message_t *message) {
  uint8_t head[VN_OUTBOX_HEADER_BYTES + VN_OUTBOX_NUMBER_BYTES] = {flags_of(message),
                                                                   message->channel};
  put_number(head + 2, message->topic_length, 2);
  put_number(head + 4, message->boot, 4);
  put_number(head + 8, message->seq, 8);
  put_number(head + 16, (uint64_t)message->time_ms, 8);
  write_chain(outbox, at, head, head_bytes(head[0]));
}

/* The correlation data with the byte that tells their length. */
static size_t correlation_bytes(const vn_message_t *message) {
  return message->correlation_length + (message->correlation_length > 0 ? 1u : 0u);
}

static void write_correlation(vn_outbox_t *outbox, cursor_t *at, const vn_message_t *message) {
  const uint8_t length = (uint8_t)message->correlation_length;
  if (length > 0) {
    write_chain(outbox, at, &length, sizeof length);
    write_chain(outbox, at, message->correlation, length);
  }
}

vn_err_t vn_outbox_add(vn_outbox_t *outbox, const vn_message_t *message) {
  VN_ASSERT(outbox != NULL && message != NULL && message->correlation_length <= UINT8_MAX);
  vn_outbox_queue_t queue = queue_of(outbox, message);
  vn_outbox_line_t *line = &outbox->lines[queue];
  size_t length = head_bytes(flags_of(message)) + message->topic_length +
                  correlation_bytes(message) + message->payload_length;
  if (message->topic_length > UINT16_MAX || !can_make_room(outbox, line, blocks_for(length))) {
    outbox->dropped[queue]++;
    return VN_ERR_FULL;
  }
  while (line_is_full(line) || blocks_for(length) > outbox->free_count) {
    drop_one(outbox);
  }
  uint32_t chain = take_chain(outbox, length);
  cursor_t at = {chain, 0};
  write_head(outbox, &at, message);
  write_chain(outbox, &at, message->topic, message->topic_length);
  write_correlation(outbox, &at, message);
  write_chain(outbox, &at, message->payload, message->payload_length);
  *place_of(line, line->head) = (vn_outbox_place_t){chain, (uint32_t)length, VN_OUTBOX_NEW};
  line->head++;
  return VN_OK;
}

static bool is_record(const uint8_t *record, uint32_t length) {
  if (length < VN_OUTBOX_HEADER_BYTES) {
    return false;
  }
  size_t before = head_bytes(record[0]) + (size_t)get_number(record + 2, 2);
  if (record[0] > RECORD_FLAGS || record[1] >= VN_CHANNEL_COUNT || before > length) {
    return false;
  }
  bool correlated = (record[0] & RECORD_CORRELATION) != 0;
  return !correlated || (before < length && before + 1u + record[before] <= length);
}

/* Gives up numbers below `tail`. */
static void raise_tail(vn_outbox_t *outbox, vn_outbox_line_t *line, uint64_t tail) {
  while (line->tail < line->head && line->tail < tail) {
    free_entry(outbox, place_of(line, line->tail));
    line->tail++;
  }
}

/* Makes `number` part of the line's range; false when it is too old for it. */
static bool reach(vn_outbox_t *outbox, vn_outbox_line_t *line, uint64_t number) {
  if (line->head == line->tail) {
    line->head = line->tail = number;
  }
  if (number < line->tail) {
    if (line->head - number > line->entries_max) {
      return false;
    }
    line->tail = number;
    return true;
  }
  if (number >= line->head) {
    if (number >= line->entries_max) {
      raise_tail(outbox, line, number - line->entries_max + 1);
    }
    line->tail = line->head == line->tail ? number : line->tail;
    line->head = number + 1;
  }
  return true;
}

vn_err_t vn_outbox_restore(vn_outbox_t *outbox, uint64_t index, const uint8_t *record,
                           uint32_t length) {
  VN_ASSERT(outbox != NULL && record != NULL);
  vn_outbox_line_t *line = line_of(outbox, index);
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (!is_record(record, length) || blocks_for(length) > outbox->block_count) {
    return VN_ERR_FORMAT;
  }
  if (!reach(outbox, line, number)) {
    return VN_OK;
  }
  free_entry(outbox, place_of(line, number));
  while (blocks_for(length) > outbox->free_count && line->tail < number) {
    raise_tail(outbox, line, line->tail + 1);
  }
  if (blocks_for(length) > outbox->free_count) {
    return VN_OK;
  }
  uint32_t chain = take_chain(outbox, length);
  cursor_t at = {chain, 0};
  write_chain(outbox, &at, record, length);
  *place_of(line, number) = (vn_outbox_place_t){chain, length, VN_OUTBOX_READY};
  return VN_OK;
}

void vn_outbox_resume(vn_outbox_t *outbox, vn_outbox_queue_t queue, uint64_t tail, uint64_t head) {
  vn_outbox_line_t *line = &outbox->lines[queue];
  raise_tail(outbox, line, tail);
  if (line->head < head) {
    if (head >= line->entries_max) {
      raise_tail(outbox, line, head - line->entries_max);
    }
    line->tail = line->tail == line->head ? head : line->tail;
    line->head = head;
  }
  move_tail(line);
  line->next = line->tail;
}

/* Copies a chain; the entry is there and fits. */
static void read_chain(const vn_outbox_t *outbox, const vn_outbox_place_t *place, uint8_t *out) {
  uint32_t block = place->first_block;
  uint32_t left = place->length;
  while (left > 0) {
    uint32_t part = left < VN_OUTBOX_BLOCK_DATA ? left : VN_OUTBOX_BLOCK_DATA;
    memcpy(out, outbox->blocks[block].data, part);
    out += part;
    left -= part;
    block = outbox->blocks[block].next;
  }
}

uint32_t vn_outbox_record(const vn_outbox_t *outbox, uint64_t index, uint8_t *out,
                          uint32_t capacity) {
  const vn_outbox_line_t *line = &outbox->lines[index % VN_OUTBOX_QUEUES];
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (!is_known(line, number) || place_of(line, number)->state == VN_OUTBOX_DONE ||
      place_of(line, number)->length > capacity) {
    return 0;
  }
  read_chain(outbox, place_of(line, number), out);
  return place_of(line, number)->length;
}

void vn_outbox_release(vn_outbox_t *outbox) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    vn_outbox_line_t *line = &outbox->lines[q];
    /* New entries are the youngest: the walk ends at the first one that is not. */
    for (uint64_t i = line->head; i > line->tail; i--) {
      vn_outbox_place_t *place = place_of(line, i - 1);
      if (place->state != VN_OUTBOX_NEW) {
        break;
      }
      place->state = VN_OUTBOX_READY;
    }
  }
}

/* The number of the next entry that is ready, or the line's head. */
static uint64_t next_ready(vn_outbox_line_t *line) {
  if (line->next < line->tail) {
    line->next = line->tail;
  }
  while (line->next < line->head) {
    uint8_t state = place_of(line, line->next)->state;
    if (state == VN_OUTBOX_READY) {
      return line->next;
    }
    if (state == VN_OUTBOX_NEW) {
      break;
    }
    line->next++;
  }
  return line->head;
}

/* A message as its stored record has it. */
static vn_message_t read_record(const uint8_t *record, size_t length, uint64_t index) {
  vn_message_t message = {
      .topic = (const char *)record + head_bytes(record[0]),
      .topic_length = (size_t)get_number(record + 2, 2),
      .index = index,
      .channel = record[1],
      .retained = (record[0] & RECORD_RETAINED) != 0,
      .absolute = (record[0] & RECORD_ABSOLUTE) != 0,
      .numbered = (record[0] & RECORD_NUMBERED) != 0,
  };
  if (message.numbered) {
    message.boot = (uint32_t)get_number(record + 4, 4);
    message.seq = get_number(record + 8, 8);
    message.time_ms = (vn_time_ms_t)get_number(record + 16, 8);
  }
  size_t before = head_bytes(record[0]) + message.topic_length;
  if ((record[0] & RECORD_CORRELATION) != 0) {
    message.correlation_length = record[before];
    message.correlation = record + before + 1;
    before += message.correlation_length + 1u;
  }
  message.payload = record + before;
  message.payload_length = length - before;
  return message;
}

bool vn_outbox_next(vn_outbox_t *outbox, vn_message_t *message, uint8_t *scratch,
                    uint32_t capacity) {
  VN_ASSERT(outbox != NULL && message != NULL && scratch != NULL);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    uint64_t number = next_ready(&outbox->lines[q]);
    if (number == outbox->lines[q].head) {
      continue;
    }
    uint64_t index = number * VN_OUTBOX_QUEUES + q;
    uint32_t length = vn_outbox_record(outbox, index, scratch, capacity);
    VN_ASSERT(length >= VN_OUTBOX_HEADER_BYTES);
    *message = read_record(scratch, length, index);
    return true;
  }
  return false;
}

void vn_outbox_taken(vn_outbox_t *outbox, uint64_t index) {
  vn_outbox_line_t *line = line_of(outbox, index);
  VN_ASSERT(is_known(line, index / VN_OUTBOX_QUEUES));
  VN_ASSERT(place_of(line, index / VN_OUTBOX_QUEUES)->state == VN_OUTBOX_READY);
  place_of(line, index / VN_OUTBOX_QUEUES)->state = VN_OUTBOX_SENT;
}

void vn_outbox_sent(vn_outbox_t *outbox, uint64_t index, bool ok) {
  vn_outbox_line_t *line = line_of(outbox, index);
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (!is_known(line, number) || place_of(line, number)->state != VN_OUTBOX_SENT) {
    return;
  }
  if (ok) {
    free_entry(outbox, place_of(line, number));
    move_tail(line);
    return;
  }
  place_of(line, number)->state = VN_OUTBOX_READY;
  line->next = number < line->next ? number : line->next;
}

void vn_outbox_rewind(vn_outbox_t *outbox) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    vn_outbox_line_t *line = &outbox->lines[q];
    for (uint64_t i = line->tail; i < line->head; i++) {
      if (place_of(line, i)->state == VN_OUTBOX_SENT) {
        place_of(line, i)->state = VN_OUTBOX_READY;
      }
    }
    line->next = line->tail;
  }
}

bool vn_outbox_empty(const vn_outbox_t *outbox) {
  return outbox->lines[VN_OUTBOX_ALERTS].head == outbox->lines[VN_OUTBOX_ALERTS].tail &&
         outbox->lines[VN_OUTBOX_OTHERS].head == outbox->lines[VN_OUTBOX_OTHERS].tail;
}
