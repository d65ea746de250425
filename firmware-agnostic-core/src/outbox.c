/* Outbox: two lines of entries over one pool of blocks. */
#include "outbox_priv.h"

#include <string.h>

void vn_outbox_init(vn_outbox_t *outbox, vn_outbox_block_t *blocks, uint32_t block_count,
                    vn_outbox_place_t *const places[VN_OUTBOX_QUEUES],
                    const uint32_t entries_max[VN_OUTBOX_QUEUES]) {
  VN_ASSERT(outbox != NULL && blocks != NULL);
  *outbox = (vn_outbox_t){.blocks = blocks, .block_count = block_count};
  outbox->free_block = VN__NO_BLOCK;
  outbox->free_count = block_count;
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    VN_ASSERT(entries_max[q] > 0 && (entries_max[q] & (entries_max[q] - 1u)) == 0);
    outbox->lines[q].places = places[q];
    outbox->lines[q].entries_max = entries_max[q];
    memset(places[q], 0, entries_max[q] * sizeof places[q][0]);
  }
}

void vn__outbox_free(vn_outbox_t *outbox, vn_outbox_place_t *place) {
  if (place->state == VN_OUTBOX_DONE) {
    return;
  }
  uint32_t last = place->first_block;
  uint32_t count = 1;
  while (outbox->blocks[last].next != VN__NO_BLOCK) {
    last = outbox->blocks[last].next;
    count++;
  }
  outbox->blocks[last].next = outbox->free_block;
  outbox->free_block = place->first_block;
  outbox->free_count += count;
  place->state = VN_OUTBOX_DONE;
  place->marks = 0;
}

void vn__outbox_move_tail(vn_outbox_line_t *line) {
  while (line->tail < line->head && vn__place_of(line, line->tail)->state == VN_OUTBOX_DONE) {
    line->tail++;
  }
}

void vn_outbox_reserve(vn_outbox_t *outbox, uint32_t bytes) {
  VN_ASSERT(outbox != NULL);
  uint32_t blocks = vn__blocks_for(bytes);
  outbox->reserved_blocks = blocks <= outbox->block_count / 8u ? blocks : 0;
}

/* Room that is kept for notices of gaps is none for others. */
typedef struct room {
  const vn_outbox_line_t *line;
  uint32_t blocks; /* that have to be free */
  uint32_t places; /* the same of the line */
} room_t;

static room_t room_for(const vn_outbox_t *outbox, vn_outbox_queue_t queue,
                       const vn_message_t *message) {
  bool notice = message->channel == VN_CHANNEL_GAP;
  const vn_outbox_line_t *line = &outbox->lines[queue];
  bool kept = !notice && queue == VN_OUTBOX_ALERTS && line->entries_max >= 8u;
  return (room_t){
      .line = line,
      .blocks = vn__blocks_for(vn__record_length(message)) + (notice ? 0 : outbox->reserved_blocks),
      .places = kept ? 2u : 1u};
}

static bool line_is_full(const room_t *room) {
  return room->line->entries_max - (room->line->head - room->line->tail) < room->places;
}

static bool may_be_dropped(const vn_outbox_place_t *place) {
  return place->state == VN_OUTBOX_NEW || place->state == VN_OUTBOX_READY;
}

/* Whether dropping leads to room: nothing is dropped in vain. */
static bool can_make_room(const vn_outbox_t *outbox, const room_t *room) {
  const vn_outbox_line_t *others = &outbox->lines[VN_OUTBOX_OTHERS];
  if (line_is_full(room) &&
      (room->line != others || !may_be_dropped(vn__place_of(others, others->tail)))) {
    return false; /* the line only gets shorter at its tail */
  }
  uint64_t blocks = outbox->free_count;
  for (uint64_t number = others->tail; blocks < room->blocks && number < others->head; number++) {
    const vn_outbox_place_t *place = vn__place_of(others, number);
    blocks += may_be_dropped(place) ? vn__blocks_for(place->length) : 0;
  }
  return blocks >= room->blocks;
}

static void note_gone(vn_outbox_t *outbox, const vn_message_t *message, vn_gap_reason_t reason) {
  if (message->numbered && message->channel != VN_CHANNEL_GAP) {
    const vn_gap_message_t gone = {
        .seq = message->seq,
        .at_ms = message->time_ms,
        .results = message->results,
        .alert = message->channel == VN_CHANNEL_ALERT || message->channel == VN_CHANNEL_EVENT};
    vn_gap_add(&outbox->gaps[reason], &gone);
  }
}

/* The entry is gone; what a commit has of it must not come back. */
static void bury(vn_outbox_t *outbox, vn_outbox_line_t *line, uint64_t number) {
  vn_outbox_place_t *place = vn__place_of(line, number);
  place->state = VN_OUTBOX_DONE;
  place->marks = number < line->released ? VN_OUTBOX_TOMB : 0;
  outbox->tombs += number < line->released ? 1u : 0u;
  vn__outbox_move_tail(line);
}

void vn_outbox_give_up(vn_outbox_t *outbox, uint64_t index, vn_gap_reason_t reason) {
  VN_ASSERT(outbox != NULL);
  vn_outbox_line_t *line = vn__line_of(outbox, index);
  uint64_t number = index / VN_OUTBOX_QUEUES;
  vn_outbox_place_t *place = vn__place_of(line, number);
  VN_ASSERT(vn__is_known(line, number) && may_be_dropped(place));
  const vn_message_t message = vn__record_head(outbox->blocks[place->first_block].data);
  note_gone(outbox, &message, reason);
  outbox->dropped[index % VN_OUTBOX_QUEUES] += reason == VN_GAP_DROPPED;
  vn__outbox_free(outbox, place);
  bury(outbox, line, number);
}

/* Which of the others goes next: of those that aren't in flight the oldest that was never sent,
 * else the oldest; the head: there is none. */
static uint64_t least_missed(const vn_outbox_t *outbox) {
  const vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  uint64_t found = line->head;
  for (uint64_t number = line->tail; number < line->head; number++) {
    const vn_outbox_place_t *place = vn__place_of(line, number);
    if (may_be_dropped(place) && (place->marks & VN_OUTBOX_OFFERED) == 0) {
      return number;
    }
    found = may_be_dropped(place) && found == line->head ? number : found;
  }
  return found;
}

static void drop_one(vn_outbox_t *outbox, bool for_place) {
  uint64_t number = for_place ? outbox->lines[VN_OUTBOX_OTHERS].tail : least_missed(outbox);
  VN_ASSERT(number < outbox->lines[VN_OUTBOX_OTHERS].head);
  vn_outbox_give_up(outbox, number * VN_OUTBOX_QUEUES + VN_OUTBOX_OTHERS, VN_GAP_DROPPED);
}

/* Blocks never used come last: memory that no outage has needed is never touched. */
static uint32_t take_block(vn_outbox_t *outbox) {
  uint32_t block = outbox->free_block;
  if (block == VN__NO_BLOCK) {
    VN_ASSERT(outbox->fresh_block < outbox->block_count);
    return outbox->fresh_block++;
  }
  outbox->free_block = outbox->blocks[block].next;
  return block;
}

/* An empty chain for `length` bytes; there are enough free blocks. */
uint32_t vn__outbox_chain(vn_outbox_t *outbox, size_t length) {
  uint32_t count = vn__blocks_for(length);
  VN_ASSERT(count > 0 && count <= outbox->free_count);
  uint32_t first = take_block(outbox);
  uint32_t last = first;
  for (uint32_t i = 1; i < count; i++) {
    uint32_t block = take_block(outbox);
    outbox->blocks[last].next = block;
    last = block;
  }
  outbox->blocks[last].next = VN__NO_BLOCK;
  outbox->free_count -= count;
  return first;
}

void vn_outbox_shed(vn_outbox_t *outbox, uint32_t blocks) {
  VN_ASSERT(outbox != NULL);
  while (outbox->free_count < blocks &&
         least_missed(outbox) < outbox->lines[VN_OUTBOX_OTHERS].head) {
    drop_one(outbox, false);
  }
}

static vn_outbox_queue_t queue_of(const vn_outbox_t *outbox, const vn_message_t *message) {
  const vn_outbox_line_t *alerts = &outbox->lines[VN_OUTBOX_ALERTS];
  switch (message->channel) {
    case VN_CHANNEL_ALERT:
    case VN_CHANNEL_EVENT:
    case VN_CHANNEL_GAP:
      return VN_OUTBOX_ALERTS;
    case VN_CHANNEL_RESPONSE:
      return alerts->head - alerts->tail < alerts->entries_max / 2u ? VN_OUTBOX_ALERTS
                                                                    : VN_OUTBOX_OTHERS;
    default:
      return VN_OUTBOX_OTHERS;
  }
}

static uint8_t marks_of(bool offered, bool coarsest) {
  return (uint8_t)((offered ? VN_OUTBOX_OFFERED : 0u) | (coarsest ? VN_OUTBOX_COARSEST : 0u));
}

vn_err_t vn_outbox_add(vn_outbox_t *outbox, const vn_message_t *message) {
  VN_ASSERT(outbox != NULL && message != NULL && message->correlation_length <= UINT8_MAX);
  vn_outbox_queue_t queue = queue_of(outbox, message);
  room_t room = room_for(outbox, queue, message);
  if (message->topic_length > UINT16_MAX || !can_make_room(outbox, &room)) {
    note_gone(outbox, message, VN_GAP_DROPPED);
    outbox->dropped[queue] += message->channel != VN_CHANNEL_GAP;
    return VN_ERR_FULL;
  }
  while (line_is_full(&room)) {
    drop_one(outbox, true);
  }
  while (room.blocks > outbox->free_count) {
    drop_one(outbox, false);
  }
  size_t length = vn__record_length(message);
  uint32_t chain = vn__outbox_chain(outbox, length);
  vn__record_write(outbox, chain, message);
  vn_outbox_line_t *line = &outbox->lines[queue];
  *vn__place_of(line, line->head) =
      (vn_outbox_place_t){.first_block = chain,
                          .length = (uint32_t)length,
                          .state = VN_OUTBOX_NEW,
                          .marks = marks_of(message->offered, message->coarsest)};
  line->head++;
  return VN_OK;
}

bool vn_outbox_has_room(const vn_outbox_t *outbox, const vn_message_t *message) {
  VN_ASSERT(outbox != NULL && message != NULL);
  room_t room = room_for(outbox, queue_of(outbox, message), message);
  return !line_is_full(&room) && room.blocks <= outbox->free_count;
}

void vn_outbox_take_back(vn_outbox_t *outbox, uint64_t head) {
  VN_ASSERT(outbox != NULL);
  vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  VN_ASSERT(head >= line->released && head >= line->tail);
  while (line->head > head) {
    line->head--;
    vn__outbox_free(outbox, vn__place_of(line, line->head));
  }
}

void vn_outbox_move(vn_outbox_t *outbox, uint64_t index) {
  VN_ASSERT(outbox != NULL && index % VN_OUTBOX_QUEUES == VN_OUTBOX_OTHERS);
  vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  uint64_t number = index / VN_OUTBOX_QUEUES;
  vn_outbox_place_t *place = vn__place_of(line, number);
  VN_ASSERT(vn__is_known(line, number) && place->state != VN_OUTBOX_DONE);
  VN_ASSERT(line->head - line->tail < line->entries_max);
  vn_outbox_place_t *next = vn__place_of(line, line->head);
  *next = *place;
  next->state = VN_OUTBOX_NEW;
  bool offered = number < line->limit || (place->marks & VN_OUTBOX_OFFERED) != 0;
  next->marks = marks_of(offered, (place->marks & VN_OUTBOX_COARSEST) != 0);
  outbox->blocks[next->first_block].data[0] |= offered ? VN__RECORD_OFFERED : 0;
  line->head++;
  bury(outbox, line, number);
}

uint32_t vn_outbox_record(const vn_outbox_t *outbox, uint64_t index, uint8_t *out,
                          uint32_t capacity) {
  const vn_outbox_line_t *line = &outbox->lines[index % VN_OUTBOX_QUEUES];
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (!vn__is_known(line, number) || vn__place_of(line, number)->state == VN_OUTBOX_DONE ||
      vn__place_of(line, number)->length > capacity) {
    return 0;
  }
  vn__chain_read(outbox, vn__place_of(line, number), out);
  return vn__place_of(line, number)->length;
}

uint64_t vn_outbox_limit(const vn_outbox_t *outbox, vn_outbox_queue_t queue, uint32_t ahead) {
  const vn_outbox_line_t *line = &outbox->lines[queue];
  uint64_t from = line->next > line->tail ? line->next : line->tail;
  uint64_t limit =
      queue == VN_OUTBOX_OTHERS && line->head - from > ahead ? from + ahead : line->head;
  return limit > line->limit ? limit : line->limit;
}

static void set_limit(vn_outbox_line_t *line, uint64_t limit) {
  for (uint64_t i = line->released; i < line->head; i++) {
    vn_outbox_place_t *place = vn__place_of(line, i);
    if (place->state == VN_OUTBOX_NEW) {
      place->state = VN_OUTBOX_READY;
    }
  }
  line->released = line->head;
  line->limit = limit;
}

/* What is committed now needs no tombs any more. */
static void forget_tombs(vn_outbox_t *outbox) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES && outbox->tombs > 0; q++) {
    const vn_outbox_line_t *line = &outbox->lines[q];
    for (uint64_t i = line->tail; i < line->head; i++) {
      vn__place_of(line, i)->marks &= (uint8_t)~VN_OUTBOX_TOMB;
    }
  }
  outbox->tombs = 0;
}

void vn_outbox_let_go(vn_outbox_t *outbox, uint32_t ahead) {
  VN_ASSERT(outbox != NULL && ahead > 0);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    set_limit(&outbox->lines[q], vn_outbox_limit(outbox, (vn_outbox_queue_t)q, ahead));
  }
}

void vn_outbox_release_ahead(vn_outbox_t *outbox, uint32_t ahead) {
  VN_ASSERT(outbox != NULL);
  forget_tombs(outbox);
  vn_outbox_let_go(outbox, ahead);
}

void vn_outbox_release(vn_outbox_t *outbox) { vn_outbox_release_ahead(outbox, UINT32_MAX); }

/* The number of the next entry that may leave, or the line's head. */
static uint64_t next_ready(vn_outbox_line_t *line) {
  uint64_t end = line->limit < line->released ? line->limit : line->released;
  if (line->next < line->tail) {
    line->next = line->tail;
  }
  while (line->next < end) {
    if (vn__place_of(line, line->next)->state == VN_OUTBOX_READY) {
      return line->next;
    }
    line->next++;
  }
  return line->head;
}

bool vn_outbox_wants_release(const vn_outbox_t *outbox) {
  const vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_OTHERS];
  return line->next >= line->limit && line->limit < line->released;
}

bool vn_outbox_look(const vn_outbox_t *outbox, uint64_t index, vn_message_t *message,
                    uint8_t *scratch, uint32_t capacity) {
  VN_ASSERT(outbox != NULL && message != NULL && scratch != NULL);
  uint32_t length = vn_outbox_record(outbox, index, scratch, capacity);
  if (length == 0) {
    return false;
  }
  *message = vn__record_read(scratch, length, index);
  return true;
}

bool vn_outbox_next(vn_outbox_t *outbox, vn_message_t *message, uint8_t *scratch,
                    uint32_t capacity) {
  VN_ASSERT(outbox != NULL && message != NULL && scratch != NULL);
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    uint64_t number = next_ready(&outbox->lines[q]);
    if (number == outbox->lines[q].head) {
      continue;
    }
    bool there = vn_outbox_look(outbox, number * VN_OUTBOX_QUEUES + q, message, scratch, capacity);
    VN_ASSERT(there);
    return true;
  }
  return false;
}

bool vn_outbox_hurry(vn_outbox_t *outbox, uint64_t *index) {
  VN_ASSERT(outbox != NULL && index != NULL);
  vn_outbox_line_t *line = &outbox->lines[VN_OUTBOX_ALERTS];
  VN_ASSERT(line->head > line->released);
  if (next_ready(line) != line->head) {
    return false;
  }
  vn_outbox_place_t *place = vn__place_of(line, line->head - 1u);
  VN_ASSERT(place->state == VN_OUTBOX_NEW);
  place->state = VN_OUTBOX_READY;
  *index = (line->head - 1u) * VN_OUTBOX_QUEUES + VN_OUTBOX_ALERTS;
  return true;
}

void vn_outbox_taken(vn_outbox_t *outbox, uint64_t index) {
  vn_outbox_line_t *line = vn__line_of(outbox, index);
  VN_ASSERT(vn__is_known(line, index / VN_OUTBOX_QUEUES));
  vn_outbox_place_t *place = vn__place_of(line, index / VN_OUTBOX_QUEUES);
  VN_ASSERT(place->state == VN_OUTBOX_READY);
  place->state = VN_OUTBOX_SENT;
  place->marks = VN_OUTBOX_OFFERED;
}

void vn_outbox_sent(vn_outbox_t *outbox, uint64_t index, bool ok) {
  vn_outbox_line_t *line = vn__line_of(outbox, index);
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (!vn__is_known(line, number) || vn__place_of(line, number)->state != VN_OUTBOX_SENT) {
    return;
  }
  if (ok) {
    vn__outbox_free(outbox, vn__place_of(line, number));
    vn__outbox_move_tail(line);
    return;
  }
  vn__place_of(line, number)->state = VN_OUTBOX_READY;
  line->next = number < line->next ? number : line->next;
}

void vn_outbox_rewind(vn_outbox_t *outbox) {
  for (unsigned q = 0; q < VN_OUTBOX_QUEUES; q++) {
    vn_outbox_line_t *line = &outbox->lines[q];
    for (uint64_t i = line->tail; i < line->head; i++) {
      if (vn__place_of(line, i)->state == VN_OUTBOX_SENT) {
        vn__place_of(line, i)->state = VN_OUTBOX_READY;
      }
    }
    line->next = line->tail;
  }
}

bool vn_outbox_empty(const vn_outbox_t *outbox) {
  return outbox->lines[VN_OUTBOX_ALERTS].head == outbox->lines[VN_OUTBOX_ALERTS].tail &&
         outbox->lines[VN_OUTBOX_OTHERS].head == outbox->lines[VN_OUTBOX_OTHERS].tail;
}
