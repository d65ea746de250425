/* Outbox after a restart: records come back in any order. */
#include "outbox_priv.h"

/* Gives up numbers below `tail`. */
static void raise_tail(vn_outbox_t *outbox, vn_outbox_line_t *line, uint64_t tail) {
  while (line->tail < line->head && line->tail < tail) {
    vn__outbox_free(outbox, vn__place_of(line, line->tail));
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
  vn_outbox_line_t *line = vn__line_of(outbox, index);
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (!vn__record_is_good(record, length) || vn__blocks_for(length) > outbox->block_count) {
    return VN_ERR_FORMAT;
  }
  if (!reach(outbox, line, number)) {
    return VN_OK;
  }
  vn__outbox_free(outbox, vn__place_of(line, number));
  while (vn__blocks_for(length) > outbox->free_count && line->tail < number) {
    raise_tail(outbox, line, line->tail + 1);
  }
  if (vn__blocks_for(length) > outbox->free_count) {
    return VN_OK;
  }
  uint32_t chain = vn__outbox_chain(outbox, length);
  vn__chain_cursor_t at = {chain, 0};
  vn__chain_write(outbox, &at, record, length);
  *vn__place_of(line, number) =
      (vn_outbox_place_t){.first_block = chain, .length = length, .state = VN_OUTBOX_READY};
  return VN_OK;
}

void vn_outbox_forget(vn_outbox_t *outbox, uint64_t index) {
  VN_ASSERT(outbox != NULL);
  vn_outbox_line_t *line = vn__line_of(outbox, index);
  uint64_t number = index / VN_OUTBOX_QUEUES;
  if (vn__is_known(line, number)) {
    vn__outbox_free(outbox, vn__place_of(line, number));
  }
}

void vn_outbox_trim(vn_outbox_t *outbox, vn_outbox_queue_t queue, uint64_t tail) {
  VN_ASSERT(outbox != NULL);
  raise_tail(outbox, &outbox->lines[queue], tail);
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
  vn__outbox_move_tail(line);
  line->next = line->tail;
  line->released = line->head;
  vn_outbox_resume_limit(outbox, queue, line->head);
}

void vn_outbox_resume_limit(vn_outbox_t *outbox, vn_outbox_queue_t queue, uint64_t limit) {
  vn_outbox_line_t *line = &outbox->lines[queue];
  line->limit = limit < line->head ? limit : line->head;
  for (uint64_t i = line->tail; i < line->head; i++) {
    vn_outbox_place_t *place = vn__place_of(line, i);
    if (place->state != VN_OUTBOX_DONE) {
      uint8_t flags = outbox->blocks[place->first_block].data[0];
      bool offered = i < line->limit || (flags & VN__RECORD_OFFERED) != 0;
      place->marks = (uint8_t)((offered ? VN_OUTBOX_OFFERED : 0u) |
                               ((flags & VN__RECORD_COARSEST) != 0 ? VN_OUTBOX_COARSEST : 0u));
    }
  }
}
