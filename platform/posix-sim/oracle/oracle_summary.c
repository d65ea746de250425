/* Summary messages (docs/summary.cddl, encoding cbor) against the results that are due. */
#include "oracle_record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { PIPELINES_MAX = 64, KINDS = 7, MEMBERS_MAX = 512 };

#define IDENTITY_KEYS 0xFFu

/* A message on the way through it. */
typedef struct message {
  vn_oracle_t *oracle;
  vn__identity_t identity;
  vn__cbor_t cbor;
  vn__text_t pipelines[PIPELINES_MAX];
  vn__cbor_t windows[PIPELINES_MAX]; /* at the list of names */
  size_t pipeline_count;
  vn_oracle_member_t members[MEMBERS_MAX];
  vn_oracle_span_t spans[MEMBERS_MAX];
} message_t;

static void read_sample(message_t *message, vn__record_t *record) {
  size_t count = vn__oracle_cbor_array(&message->cbor);
  message->cbor.bad = message->cbor.bad || count > MEMBERS_MAX;
  for (size_t i = 0; i < count && !message->cbor.bad; i++) {
    message->cbor.bad = vn__oracle_cbor_array(&message->cbor) != 2;
    message->members[i] =
        (vn_oracle_member_t){.time_ms = (int64_t)vn__oracle_cbor_unsigned(&message->cbor)};
    message->members[i].value = (int32_t)vn__oracle_cbor_integer(&message->cbor);
  }
  record->told.sample = message->members;
  record->told.sample_count = (uint32_t)count;
}

static void read_supersedes(message_t *message, vn__record_t *record) {
  size_t count = vn__oracle_cbor_array(&message->cbor);
  message->cbor.bad = message->cbor.bad || count > MEMBERS_MAX || count == 0;
  for (size_t i = 0; i < count && !message->cbor.bad; i++) {
    message->cbor.bad = vn__oracle_cbor_array(&message->cbor) != 2;
    message->spans[i].start_ms = vn__oracle_cbor_integer(&message->cbor);
    message->spans[i].end_ms = vn__oracle_cbor_integer(&message->cbor);
  }
  record->told.superseded = message->spans;
  record->told.superseded_count = (uint32_t)count;
}

/* Of the record's accounting what follows from the readings; refusals are the device's to count. */
static void read_accounting(vn__cbor_t *cbor, vn__record_t *record) {
  int64_t key = -1;
  for (size_t pairs = vn__oracle_cbor_map(cbor); pairs > 0 && !cbor->bad; pairs--) {
    key = vn__oracle_cbor_key(cbor, key);
    uint64_t count = vn__oracle_cbor_unsigned(cbor);
    cbor->bad = cbor->bad || count == 0 || count > UINT32_MAX;
    if (key == 0) {
      record->told.late = (uint32_t)count;
    } else if (key == 5) {
      record->told.gaps = (uint32_t)count;
    } else if (key == 6) {
      record->told.coverage = (uint32_t)count;
    }
  }
}

static void read_numbers(vn__cbor_t *cbor, vn__record_t *record, int64_t key) {
  vn_oracle_result_t *told = &record->told;
  int32_t *const values[] = {&told->min, &told->max, &told->first, &told->last};
  if (key == KEY_SUM) {
    told->sum = vn__oracle_cbor_integer(cbor);
  } else if (key == KEY_SUM_SQ) {
    vn__oracle_cbor_wide(cbor, &told->squares_high, &told->squares_low);
  } else if (key >= KEY_MIN && key <= KEY_LAST) {
    *values[key - KEY_MIN] = (int32_t)vn__oracle_cbor_integer(cbor);
  } else if (key >= KEY_MEAN && key <= KEY_STDDEV_SAMPLE) {
    record->floats[key] = vn__oracle_cbor_float(cbor);
  } else {
    vn__oracle_cbor_skip(cbor); /* statistics that aren't judged here */
  }
}

static void read_identity(vn__cbor_t *cbor, vn__record_t *record, int64_t key) {
  uint64_t *const numbers[] = {&record->pipeline, &record->window, NULL, NULL, NULL, NULL,
                               &record->kind};
  if (key == KEY_SERIES) {
    record->series = vn__oracle_cbor_text(cbor);
  } else if (key == KEY_START) {
    record->told.start_ms = vn__oracle_cbor_integer(cbor);
  } else if (key == KEY_END) {
    record->told.end_ms = vn__oracle_cbor_integer(cbor);
  } else if (key == KEY_REV) {
    record->told.revision = (uint32_t)vn__oracle_cbor_unsigned(cbor);
  } else if (key == KEY_COUNT) {
    record->told.count = (uint32_t)vn__oracle_cbor_unsigned(cbor);
  } else {
    *numbers[key] = vn__oracle_cbor_unsigned(cbor);
  }
}

static void read_member(message_t *message, vn__record_t *record, int64_t key) {
  switch (key) {
    case KEY_SAMPLE:
      read_sample(message, record);
      break;
    case KEY_SUPERSEDES:
      read_supersedes(message, record);
      break;
    case KEY_ACCOUNTING:
      read_accounting(&message->cbor, record);
      break;
    case KEY_FLAGS:
      record->flags = vn__oracle_cbor_unsigned(&message->cbor);
      break;
    case KEY_RANGE:
      record->range = vn__oracle_cbor_unsigned(&message->cbor);
      break;
    default:
      read_numbers(&message->cbor, record, key);
      break;
  }
}

static bool read_record(message_t *message, vn__record_t *record) {
  vn__cbor_t *cbor = &message->cbor;
  int64_t key = -1;
  *record = (vn__record_t){.message = &message->identity};
  for (size_t pairs = vn__oracle_cbor_map(cbor); pairs > 0 && !cbor->bad; pairs--) {
    key = vn__oracle_cbor_key(cbor, key);
    record->present |= key < KEYS ? UINT64_C(1) << key : 0;
    if (key <= KEY_COUNT) {
      read_identity(cbor, record, key);
    } else {
      read_member(message, record, key);
    }
  }
  return !cbor->bad && (record->present & IDENTITY_KEYS) == IDENTITY_KEYS &&
         record->pipeline < message->pipeline_count && record->kind < KINDS;
}

/* The place in the setup of the window that a record names; the count of windows: none. */
static size_t find_window(const message_t *message, const vn__record_t *record) {
  const vn__plan_t *plan = &message->oracle->plan;
  vn__cbor_t names = message->windows[record->pipeline];
  size_t count = vn__oracle_cbor_array(&names);
  vn__text_t name = {"", 0};
  for (size_t i = 0; i <= record->window && i < count; i++) {
    name = vn__oracle_cbor_text(&names);
  }
  size_t place = record->window < count ? 0 : plan->window_count;
  for (; place < plan->window_count; place++) {
    const vn_oracle_window_t *window = &plan->windows[place].given;
    if (vn__oracle_text_is(name, window->name) &&
        vn__oracle_text_is(message->pipelines[record->pipeline],
                           plan->pipelines[window->pipeline].given.name)) {
      break;
    }
  }
  return place;
}

/* "message seq 5 of boot 2: line1/temp, window 0, [0, 60000) rev 0: ..." */
void vn__oracle_record_differs(vn_oracle_t *oracle, const vn__record_t *record, const char *format,
                               ...) {
  char text[VN__DIFFERENCE_MAX / 2];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  vn__oracle_differ(oracle,
                    "message seq %" PRIu64 " of boot %" PRIu64 ": %.*s, window %" PRIu64
                    ", [%" PRId64 ", %" PRId64 ") rev %" PRIu32 ": %s",
                    record->message->seq, record->message->boot, (int)record->series.length,
                    record->series.bytes, record->window, record->told.start_ms,
                    record->told.end_ms, record->told.revision, text);
}

static bool take_record(message_t *message, vn__record_t *record) {
  vn_oracle_t *oracle = message->oracle;
  record->told.series = vn__oracle_find_series(oracle, record->series);
  record->told.window = find_window(message, record);
  if (record->told.series == oracle->plan.series_count ||
      record->told.window == oracle->plan.window_count) {
    vn__oracle_record_differs(oracle, record, "there is no such series or window");
    return false;
  }
  if (vn__oracle_is_coarse(record)) {
    return vn__oracle_take_coarse(oracle, record);
  }
  const vn_oracle_result_t *due = vn__oracle_find_due(oracle, &record->told);
  if (due == NULL) {
    vn__oracle_record_differs(oracle, record,
                              "no such result is due: none was expected, or it was told before");
    return false;
  }
  if (!vn__oracle_same_result(oracle, due, record)) {
    return false;
  }
  oracle->figures.results_compared++;
  vn__oracle_result_told(oracle, due);
  return true;
}

static bool names(vn__cbor_t list, size_t count, const char *name) {
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    found = vn__oracle_text_is(vn__oracle_cbor_text(&list), name) || found;
  }
  return found;
}

/* All of its windows, in whatever order. */
static bool has_windows(const vn__plan_t *plan, const vn__pipeline_plan_t *pipeline,
                        vn__cbor_t list) {
  size_t count = vn__oracle_cbor_array(&list);
  bool same = count == pipeline->window_count;
  for (size_t i = 0; same && i < pipeline->window_count; i++) {
    same = names(list, count, plan->windows[pipeline->windows[i]].given.name);
  }
  return same;
}

/* What a message says of a pipeline must be what the setup says. */
static void judge_pipeline(message_t *message, vn__text_t name, vn__text_t unit, int64_t exponent) {
  const vn__plan_t *plan = &message->oracle->plan;
  for (size_t i = 0; i < plan->pipeline_count && !message->cbor.bad; i++) {
    const vn_oracle_pipeline_t *pipeline = &plan->pipelines[i].given;
    bool same_unit = pipeline->unit == NULL || vn__oracle_text_is(unit, pipeline->unit);
    bool same = same_unit && exponent == -(int64_t)pipeline->decimals &&
                has_windows(plan, &plan->pipelines[i], message->windows[message->pipeline_count]);
    if (vn__oracle_text_is(name, pipeline->name) && !same) {
      vn__oracle_differ(message->oracle,
                        "message seq %" PRIu64 ": pipeline %s has another exponent (%" PRId64
                        "), unit (%.*s) or list of windows",
                        message->identity.seq, pipeline->name, exponent, (int)unit.length,
                        unit.bytes);
    }
  }
}

static void read_pipeline(message_t *message) {
  vn__cbor_t *cbor = &message->cbor;
  int64_t key = -1;
  int64_t exponent = 0;
  vn__text_t unit = {"", 0};
  vn__text_t *name = &message->pipelines[message->pipeline_count];
  *name = unit;
  message->windows[message->pipeline_count] = (vn__cbor_t){cbor->end, cbor->end, false};
  for (size_t pairs = vn__oracle_cbor_map(cbor); pairs > 0 && !cbor->bad; pairs--) {
    key = vn__oracle_cbor_key(cbor, key);
    if (key < 2) {
      *(key == 0 ? name : &unit) = vn__oracle_cbor_text(cbor);
    } else if (key == 2) {
      exponent = vn__oracle_cbor_integer(cbor);
    } else {
      if (key == 3) {
        message->windows[message->pipeline_count] = *cbor;
      }
      vn__oracle_cbor_skip(cbor);
    }
  }
  judge_pipeline(message, *name, unit, exponent);
  message->pipeline_count++;
}

static void read_pipelines(message_t *message) {
  size_t count = vn__oracle_cbor_array(&message->cbor);
  message->cbor.bad = message->cbor.bad || count > PIPELINES_MAX;
  while (count-- > 0 && !message->cbor.bad) {
    read_pipeline(message);
  }
}

static bool take_records(message_t *message) {
  size_t count = vn__oracle_cbor_array(&message->cbor);
  message->cbor.bad = message->cbor.bad || count == 0;
  while (count-- > 0 && !message->cbor.bad) {
    vn__record_t record;
    if (!read_record(message, &record)) {
      message->cbor.bad = true;
    } else if (!take_record(message, &record)) {
      return false;
    }
  }
  return true;
}

/* received = accepted + late + no_window + duplicate + limited + quarantined + rejected. */
static void take_accounting(message_t *message) {
  vn__cbor_t *cbor = &message->cbor;
  uint64_t received = 0;
  uint64_t others = 0;
  int64_t key = -1;
  for (size_t pairs = vn__oracle_cbor_map(cbor); pairs > 0 && !cbor->bad; pairs--) {
    key = vn__oracle_cbor_key(cbor, key);
    uint64_t count = vn__oracle_cbor_unsigned(cbor);
    received = key == 0 ? count : received;
    others += key > 0 && key < 8 ? count : 0;
  }
  if (!cbor->bad && received != others) {
    vn__oracle_differ(message->oracle,
                      "message seq %" PRIu64 ": accounting: received %" PRIu64
                      ", but the parts make %" PRIu64,
                      message->identity.seq, received, others);
  }
}

static void take_rest(message_t *message, size_t pairs) {
  vn__cbor_t *cbor = &message->cbor;
  int64_t key = 3;
  for (; pairs > 0 && !cbor->bad; pairs--) {
    key = vn__oracle_cbor_key(cbor, key);
    if (key == 4) {
      read_pipelines(message);
    } else if (key == 5) {
      if (!take_records(message)) {
        return;
      }
    } else if (key == 6) {
      take_accounting(message);
    } else {
      vn__oracle_cbor_skip(cbor);
    }
  }
  if (cbor->bad || cbor->at != cbor->end) {
    vn__oracle_differ(message->oracle,
                      "message seq %" PRIu64 ": it isn't what docs/summary.cddl says",
                      message->identity.seq);
  }
}

void vn__oracle_take_summary(vn_oracle_t *oracle, const void *payload, size_t length,
                             uint64_t hash) {
  message_t message; /* its lists are filled as far as they are used */
  message.oracle = oracle;
  message.identity = (vn__identity_t){.hash = hash};
  message.pipeline_count = 0;
  message.cbor = (vn__cbor_t){payload, (const uint8_t *)payload + length, false};
  size_t pairs = vn__oracle_take_head(oracle, &message.cbor, &message.identity);
  if (pairs < 2) {
    vn__oracle_differ(
        oracle, "a summary message isn't what docs/summary.cddl says (behind seq %" PRIu64 ")",
        message.identity.seq);
  } else if (vn__oracle_identify(oracle, &message.identity) == VN__NEW) {
    take_rest(&message, pairs);
  }
}
