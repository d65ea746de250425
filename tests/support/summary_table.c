#include "summary_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vn/cbor.h"

enum { COARSENED = 2, PARTIAL_KIND = 5 };

static void give_up(const char *why) {
  fprintf(stderr, "summary_table: %s\n", why);
  abort();
}

static vn_cbor_item_t next(vn_cbor_reader_t *reader) {
  vn_cbor_item_t item;
  if (vn_cbor_next(reader, &item) != VN_REASON_NONE) {
    give_up("malformed CBOR");
  }
  return item;
}

static int64_t integer(vn_cbor_reader_t *reader) {
  vn_cbor_item_t item = next(reader);
  return item.kind == VN_CBOR_NEGATIVE ? -1 - (int64_t)item.unsigned_value
                                       : (int64_t)item.unsigned_value;
}

static void skip(vn_cbor_reader_t *reader) {
  for (uint64_t left = 1; left > 0; left--) {
    vn_cbor_item_t item = next(reader);
    left += item.kind == VN_CBOR_ARRAY ? item.unsigned_value : 0;
    left += item.kind == VN_CBOR_MAP ? 2 * item.unsigned_value : 0;
    left += item.kind == VN_CBOR_TAG ? 1 : 0;
  }
}

static void copy_text(vn_cbor_reader_t *reader, char out[16]) {
  vn_cbor_item_t item = next(reader);
  if (item.kind != VN_CBOR_TEXT || item.text.length >= 16) {
    give_up("a short text belongs here");
  }
  memcpy(out, item.text.bytes, item.text.length);
  out[item.text.length] = '\0';
}

static void take_squares(vn_cbor_reader_t *reader, table_row_t *row) {
  vn_cbor_item_t item = next(reader);
  row->sum_sq_low = item.unsigned_value;
  if (item.kind != VN_CBOR_TAG) {
    return;
  }
  item = next(reader);
  row->sum_sq_low = 0;
  for (size_t i = 0; i < item.text.length; i++) {
    row->sum_sq_high = row->sum_sq_high << 8 | row->sum_sq_low >> 56;
    row->sum_sq_low = row->sum_sq_low << 8 | (uint8_t)item.text.bytes[i];
  }
}

static int by_time(const void *a, const void *b) {
  const int64_t *left = a;
  const int64_t *right = b;
  int order = (left[0] > right[0]) - (left[0] < right[0]);
  return order != 0 ? order : (left[1] > right[1]) - (left[1] < right[1]);
}

/* Times follow when the start is known: it comes before. */
static void take_sample(vn_cbor_reader_t *reader, table_row_t *row) {
  uint64_t count = next(reader).unsigned_value;
  if (count > TABLE_SAMPLE_MAX) {
    give_up("a sample longer than the table's");
  }
  row->sample_count = (uint8_t)count;
  for (uint64_t i = 0; i < count; i++) {
    (void)next(reader);
    row->sample[i][0] = row->start + integer(reader);
    row->sample[i][1] = integer(reader);
  }
  qsort(row->sample, (size_t)count, sizeof row->sample[0], by_time);
}

static void take_accounting(vn_cbor_reader_t *reader, table_row_t *row) {
  for (uint64_t left = next(reader).unsigned_value; left > 0; left--) {
    uint64_t item = next(reader).unsigned_value;
    row->accounting[item % VN_ACCOUNTED_COUNT_OF] = (uint32_t)next(reader).unsigned_value;
  }
}

static void take_bound(vn_cbor_reader_t *reader, uint64_t key, table_row_t *row) {
  int64_t *const places[] = {&row->start, &row->end};
  int64_t *const values[] = {&row->min, &row->max, &row->first, &row->last};
  if (key == 8) {
    row->sum = integer(reader);
  } else if (key < 5) {
    *places[key - 3] = integer(reader);
  } else {
    *values[key - 10] = integer(reader);
  }
}

static void take_field(vn_cbor_reader_t *reader, uint64_t key, table_row_t *row) {
  row->fields |= UINT64_C(1) << key;
  switch (key) {
    case 2:
      copy_text(reader, row->series);
      break;
    case 5:
      row->rev = (uint32_t)integer(reader);
      break;
    case 6:
      row->kind = (uint8_t)integer(reader);
      break;
    case 7:
      row->count = (uint32_t)integer(reader);
      break;
    case 9:
      take_squares(reader, row);
      break;
    case 14:
      take_sample(reader, row);
      break;
    case 16:
      take_accounting(reader, row);
      break;
    case 17:
      row->flags = (uint8_t)integer(reader);
      break;
    case 18:
      row->mean = next(reader).float_value;
      break;
    case 19:
      row->variance = next(reader).float_value;
      break;
    default:
      if (key == 3 || key == 4 || key == 8 || (key >= 10 && key <= 13)) {
        take_bound(reader, key, row);
      } else {
        skip(reader);
      }
  }
}

/* The window's name in the lists of the message. */
static void name_window(vn_cbor_reader_t lists, uint64_t pipeline, uint64_t window, char out[16]) {
  (void)next(&lists);
  for (; pipeline > 0; pipeline--) {
    skip(&lists);
  }
  for (uint64_t left = next(&lists).unsigned_value; left > 0; left--) {
    if (next(&lists).unsigned_value != 3) {
      skip(&lists);
      continue;
    }
    (void)next(&lists);
    for (; window > 0; window--) {
      skip(&lists);
    }
    copy_text(&lists, out);
    return;
  }
}

static bool same_place(const table_row_t *a, const table_row_t *b) {
  return strcmp(a->series, b->series) == 0 && strcmp(a->window, b->window) == 0;
}

/* Whether `outer`, a coarser result, stands for `inner`, which is no delta. */
static bool stands_for(const table_row_t *outer, const table_row_t *inner) {
  return (outer->flags & COARSENED) != 0 && inner->kind != PARTIAL_KIND &&
         same_place(outer, inner) && inner->start >= outer->start && inner->end <= outer->end &&
         (inner->start != outer->start || inner->end != outer->end);
}

static bool is_newer(const table_row_t *a, const table_row_t *b) {
  return a->boot != b->boot ? a->boot > b->boot : a->rev > b->rev;
}

static void upsert(summary_table_t *table, const table_row_t *row) {
  table->coarse += (row->flags & COARSENED) != 0;
  size_t kept = 0;
  for (size_t i = 0; i < table->count; i++) {
    if (stands_for(&table->rows[i], row)) {
      table->ignored++;
      return;
    }
  }
  for (size_t i = 0; i < table->count; i++) {
    table_row_t *old = &table->rows[i];
    if (same_place(old, row) && old->start == row->start && old->end == row->end &&
        old->kind != PARTIAL_KIND && row->kind != PARTIAL_KIND) {
      if (is_newer(row, old)) {
        *old = *row;
      }
      return;
    }
    if (!stands_for(row, old)) {
      table->rows[kept++] = *old;
    }
  }
  table->count = kept;
  if (table->count == TABLE_ROWS_MAX) {
    give_up("too many results");
  }
  table->rows[table->count++] = *row;
}

static void take_records(summary_table_t *table, vn_cbor_reader_t *reader, vn_cbor_reader_t lists,
                         uint32_t boot) {
  for (uint64_t left = next(reader).unsigned_value; left > 0; left--) {
    table_row_t row = {.boot = boot};
    uint64_t numbers[2] = {0};
    for (uint64_t pairs = next(reader).unsigned_value; pairs > 0; pairs--) {
      uint64_t key = next(reader).unsigned_value;
      if (key < 2) {
        numbers[key] = next(reader).unsigned_value;
      } else {
        take_field(reader, key, &row);
      }
    }
    name_window(lists, numbers[0], numbers[1], row.window);
    upsert(table, &row);
  }
}

static void take_message(summary_table_t *table, const rig_message_t *message) {
  vn_cbor_reader_t reader;
  vn_cbor_reader_t lists = {0};
  uint32_t boot = 0;
  vn_cbor_reader_init(&reader, message->payload, message->payload_length);
  for (uint64_t left = next(&reader).unsigned_value; left > 0; left--) {
    uint64_t key = next(&reader).unsigned_value;
    if (key == 2) {
      boot = (uint32_t)integer(&reader);
    } else if (key == 5) {
      take_records(table, &reader, lists, boot);
    } else {
      lists = key == 4 ? reader : lists;
      skip(&reader);
    }
  }
}

summary_table_t *summary_table_new(void) {
  summary_table_t *table = calloc(1, sizeof *table);
  table->rows = calloc(TABLE_ROWS_MAX, sizeof table->rows[0]);
  return table;
}

void summary_table_free(summary_table_t *table) {
  free(table->rows);
  free(table);
}

void summary_table_note(summary_table_t *table, const rig_t *rig, size_t *from) {
  if (rig->sent_count == RIG_SENT_MAX) {
    give_up("more messages than the rig remembers");
  }
  for (; *from < rig->sent_count; (*from)++) {
    if (rig->sent[*from].channel == VN_CHANNEL_SUMMARY) {
      take_message(table, &rig->sent[*from]);
    }
  }
}

const table_row_t *summary_table_find(const summary_table_t *table, const char *series,
                                      const char *window, int64_t start, int64_t end) {
  for (size_t i = 0; i < table->count; i++) {
    const table_row_t *row = &table->rows[i];
    if (row->start == start && row->end == end && strcmp(row->series, series) == 0 &&
        strcmp(row->window, window) == 0) {
      return row;
    }
  }
  return NULL;
}
