/*
 * Outbox of the nano runtime: summary messages from the begin of its bytes on, alerts from the end.
 * An alert is kept as what is told of it, and becomes text when it leaves: 48 bytes for two
 * messages of 400.
 */
#include "nano_priv.h"

#include <string.h>

#define ALIGNED 8u

/* In front of the records of a message. */
typedef struct entry {
  vn_time_ms_t time_ms;
  uint32_t boot, seq;
  uint16_t length; /* of records and accounting */
  uint8_t records;
  uint8_t state; /* vn_outbox_entry_state_t */
  uint32_t spare;
} entry_t;

VN_STATIC_ASSERT(sizeof(entry_t) % ALIGNED == 0, "entries lie one behind the other");
VN_STATIC_ASSERT(sizeof(vn__nano_notice_t) % ALIGNED == 0, "notices do, too");

static uint8_t *bytes_of(const vn_nano_t *nano) { return (uint8_t *)nano->store->outbox; }

static entry_t entry_at(const vn_nano_t *nano, uint32_t at) {
  entry_t entry;
  memcpy(&entry, bytes_of(nano) + at, sizeof entry);
  return entry;
}

static void keep_entry(const vn_nano_t *nano, uint32_t at, const entry_t *entry) {
  memcpy(bytes_of(nano) + at, entry, sizeof *entry);
}

static uint32_t size_of(const entry_t *entry) {
  return (uint32_t)sizeof *entry + (entry->length + ALIGNED - 1u) / ALIGNED * ALIGNED;
}

/* The oldest notice lies at the end. */
static uint8_t *notice_at(const vn_nano_t *nano, uint32_t index) {
  return bytes_of(nano) + nano->store->outbox_bytes -
         (index + 1u) * (uint32_t)sizeof(vn__nano_notice_t);
}

/* What is open has room to be closed. */
static uint32_t open_bytes(const vn_nano_t *nano) {
  return nano->batch_records == 0
             ? 0
             : (uint32_t)sizeof(entry_t) + nano->batch_bytes + VN__NANO_ACCOUNTING_MAX + ALIGNED;
}

static uint32_t free_bytes(const vn_nano_t *nano) {
  uint32_t taken =
      nano->used + open_bytes(nano) + nano->notices * (uint32_t)sizeof(vn__nano_notice_t);
  VN_ASSERT(taken <= nano->store->outbox_bytes);
  return nano->store->outbox_bytes - taken;
}

uint32_t vn__nano_summary_bytes(const vn_nano_t *nano) {
  return nano->used + (nano->batch_records > 0 ? (uint32_t)sizeof(entry_t) + nano->batch_bytes : 0);
}

/* What lies behind moves down, the open message too. */
static void remove_entry(vn_nano_t *nano, uint32_t at) {
  entry_t entry = entry_at(nano, at);
  uint32_t size = size_of(&entry);
  uint32_t behind = vn__nano_summary_bytes(nano) - at - size;
  uint8_t *to = bytes_of(nano) + at;
  for (uint32_t i = 0; i < behind; i++) {
    to[i] = to[i + size];
  }
  nano->used = (uint16_t)(nano->used - size);
}

/* The oldest that isn't on its way, which would be told as gone and arrive; else the oldest. */
static uint32_t victim(const vn_nano_t *nano) {
  entry_t entry;
  for (uint32_t at = 0; at < nano->used; at += size_of(&entry)) {
    entry = entry_at(nano, at);
    if (entry.state != VN_OUTBOX_SENT) {
      return at;
    }
  }
  return 0;
}

/* Alerts are never dropped for anything else; of summaries the oldest goes. */
static bool make_room(vn_nano_t *nano, uint32_t bytes) {
  while (free_bytes(nano) < bytes) {
    if (nano->used == 0 && nano->batch_records > 0) {
      vn__nano_cut(nano);
    }
    if (nano->used == 0) {
      return false;
    }
    remove_entry(nano, victim(nano));
    nano->figures.outbox_dropped++;
  }
  return true;
}

/* From the first output on its time runs. */
void vn__nano_owe(vn_nano_t *nano, bool urgent) {
  if (!nano->owed) {
    nano->owed = true;
    nano->owed_since_mono_ms = vn__nano_mono_ms(nano);
  }
  nano->urgent = nano->urgent || urgent;
}

void vn__nano_cut(vn_nano_t *nano) {
  if (nano->batch_records == 0) {
    return;
  }
  entry_t entry = {.time_ms = VN_TIME_MINUS_INFINITY,
                   .boot = nano->boot,
                   .seq = nano->seq,
                   .records = nano->batch_records,
                   .state = VN_OUTBOX_NEW};
  uint8_t *behind = bytes_of(nano) + nano->used + sizeof entry + nano->batch_bytes;
  vn_time_ms_t wall_ms;
  entry.time_ms = vn__nano_wall_ms(nano, &wall_ms) ? wall_ms : VN_TIME_MINUS_INFINITY;
  entry.length =
      (uint16_t)(nano->batch_bytes + vn__nano_accounting(nano, behind, VN__NANO_ACCOUNTING_MAX));
  keep_entry(nano, nano->used, &entry);
  nano->used = (uint16_t)(nano->used + size_of(&entry));
  nano->batch_records = 0;
  nano->batch_bytes = 0;
  nano->seq++;
}

void vn__nano_put_record(vn_nano_t *nano, const uint8_t *record, size_t length) {
  uint32_t bytes = (uint32_t)length;
  uint32_t whole = nano->envelope + nano->batch_bytes + bytes + VN__NANO_ACCOUNTING_MAX;
  if (whole > nano->store->scratch_bytes) {
    vn__nano_cut(nano);
  }
  vn__nano_owe(nano, false);
  uint32_t head = (uint32_t)sizeof(entry_t) + VN__NANO_ACCOUNTING_MAX + ALIGNED;
  if (!make_room(nano, bytes + head)) {
    nano->figures.outbox_dropped++;
    nano->seq++; /* whoever counts sees that one is missing */
    return;
  }
  memcpy(bytes_of(nano) + nano->used + sizeof(entry_t) + nano->batch_bytes, record, length);
  nano->batch_bytes = (uint16_t)(nano->batch_bytes + bytes);
  nano->batch_records++;
  if (nano->batch_records >= nano->plan->batch_max) {
    vn__nano_cut(nano);
  }
}

void vn__nano_put_notice(vn_nano_t *nano, const vn__nano_notice_t *notice) {
  vn__nano_owe(nano, true);
  if (nano->notices == UINT8_MAX || !make_room(nano, sizeof *notice)) {
    nano->figures.outbox_dropped += 2;
    return;
  }
  memcpy(notice_at(nano, nano->notices), notice, sizeof *notice);
  nano->notices++;
}

static vn__nano_notice_t notice_of(const vn_nano_t *nano, uint32_t index) {
  vn__nano_notice_t notice;
  memcpy(&notice, notice_at(nano, index), sizeof notice);
  return notice;
}

/* One that is told of in both ways is gone. */
static void keep_notice(vn_nano_t *nano, uint32_t index, const vn__nano_notice_t *notice) {
  if (notice->parts[0] != VN_OUTBOX_DONE || notice->parts[1] != VN_OUTBOX_DONE) {
    memcpy(notice_at(nano, index), notice, sizeof *notice);
    return;
  }
  nano->notices--;
  for (; index < nano->notices; index++) {
    vn__nano_notice_t next = notice_of(nano, index + 1u);
    memcpy(notice_at(nano, index), &next, sizeof next);
  }
}

static vn_err_t send(const vn_nano_t *nano, vn_message_t *message) {
  message->numbered = true;
  message->index = message->seq;
  return nano->ports->uplink->send(nano->ports->uplink->context, message);
}

static vn_err_t send_part(const vn_nano_t *nano, const vn__nano_notice_t *notice, bool event) {
  char *text = (char *)nano->store->scratch;
  size_t capacity = nano->store->scratch_bytes;
  size_t topic = event ? 0 : vn__nano_alert_topic(nano, notice, text, capacity);
  size_t length = vn__nano_alert_message(nano, notice, event, text + topic, capacity - topic);
  VN_ASSERT(topic + length <= capacity);
  vn_message_t message = {.topic = event ? "event" : text,
                          .topic_length = event ? sizeof "event" - 1 : topic,
                          .payload = nano->store->scratch + topic,
                          .payload_length = length,
                          .boot = notice->boot,
                          .seq = notice->seq + event,
                          .time_ms = notice->at_ms,
                          .channel = event ? VN_CHANNEL_EVENT : VN_CHANNEL_ALERT,
                          .retained = !event};
  return send(nano, &message);
}

static vn_err_t send_summary(const vn_nano_t *nano, uint32_t at, const entry_t *entry) {
  vn__nano_content_t content = {.records = bytes_of(nano) + at + sizeof *entry,
                                .length = entry->length,
                                .boot = entry->boot,
                                .seq = entry->seq,
                                .record_count = entry->records};
  size_t length =
      vn__nano_message(nano, &content, nano->store->scratch, nano->store->scratch_bytes);
  VN_ASSERT(length <= nano->store->scratch_bytes);
  vn_message_t message = {.topic = "summary",
                          .topic_length = sizeof "summary" - 1,
                          .payload = nano->store->scratch,
                          .payload_length = length,
                          .boot = entry->boot,
                          .seq = entry->seq,
                          .time_ms = entry->time_ms,
                          .results = entry->records,
                          .channel = VN_CHANNEL_SUMMARY};
  return send(nano, &message);
}

/* Both send from the oldest on until the budget is used up, or the link takes no more. */
static uint32_t send_notices(vn_nano_t *nano, uint32_t budget, bool *more) {
  uint32_t sent = 0;
  for (uint32_t i = 0; i < nano->notices * 2u && *more && sent < budget; i++) {
    vn__nano_notice_t notice = notice_of(nano, i / 2u);
    if (notice.parts[i % 2u] != VN_OUTBOX_READY) {
      continue;
    }
    *more = send_part(nano, &notice, i % 2u != 0) == VN_OK;
    if (*more) {
      notice.parts[i % 2u] = VN_OUTBOX_SENT;
      keep_notice(nano, i / 2u, &notice);
      sent++;
    }
  }
  return sent;
}

static uint32_t send_summaries(vn_nano_t *nano, uint32_t budget, bool more) {
  uint32_t sent = 0;
  uint32_t size;
  for (uint32_t at = 0; at < nano->used && more && sent < budget; at += size) {
    entry_t entry = entry_at(nano, at);
    size = size_of(&entry);
    if (entry.state == VN_OUTBOX_READY) {
      more = send_summary(nano, at, &entry) == VN_OK;
      entry.state = more ? VN_OUTBOX_SENT : VN_OUTBOX_READY;
      sent += more;
      keep_entry(nano, at, &entry);
    }
  }
  return sent;
}

uint32_t vn__nano_send(vn_nano_t *nano, uint32_t budget) {
  bool more = true;
  uint32_t sent = send_notices(nano, budget, &more);
  return sent + send_summaries(nano, budget - sent, more);
}

static bool settle_notice(vn_nano_t *nano, uint64_t index, uint8_t state) {
  for (uint32_t i = 0; i < nano->notices; i++) {
    vn__nano_notice_t notice = notice_of(nano, i);
    uint64_t part = index - notice.seq;
    if (part < 2u && notice.parts[part] == VN_OUTBOX_SENT) {
      notice.parts[part] = state;
      keep_notice(nano, i, &notice);
      return true;
    }
  }
  return false;
}

void vn_nano_sent(vn_nano_t *nano, uint64_t index, bool ok) {
  VN_ASSERT(nano != NULL && nano->ready);
  entry_t entry;
  nano->changed = true;
  if (settle_notice(nano, index, ok ? VN_OUTBOX_DONE : VN_OUTBOX_READY)) {
    return;
  }
  for (uint32_t at = 0; at < nano->used; at += size_of(&entry)) {
    entry = entry_at(nano, at);
    if (entry.seq == index && entry.state == VN_OUTBOX_SENT) {
      entry.state = VN_OUTBOX_READY;
      keep_entry(nano, at, &entry);
      if (ok) {
        remove_entry(nano, at);
      }
      return;
    }
  }
}

/* Of everything: from one of these states (bits) to that one. */
static void set_states(vn_nano_t *nano, unsigned from, uint8_t to) {
  entry_t entry;
  for (uint32_t at = 0; at < nano->used; at += size_of(&entry)) {
    entry = entry_at(nano, at);
    entry.state = (from >> entry.state & 1u) != 0 ? to : entry.state;
    keep_entry(nano, at, &entry);
  }
  for (uint32_t i = 0; i < nano->notices; i++) {
    vn__nano_notice_t notice = notice_of(nano, i);
    for (unsigned part = 0; part < 2u; part++) {
      notice.parts[part] = (from >> notice.parts[part] & 1u) != 0 ? to : notice.parts[part];
    }
    keep_notice(nano, i, &notice);
  }
}

void vn__nano_release(vn_nano_t *nano) {
  set_states(nano, 1u << VN_OUTBOX_NEW, VN_OUTBOX_READY);
  nano->owed = nano->urgent = false;
}

void vn_nano_uplink_restarted(vn_nano_t *nano) {
  VN_ASSERT(nano != NULL && nano->ready);
  set_states(nano, 1u << VN_OUTBOX_SENT, VN_OUTBOX_READY);
}

/* Entries one behind the other, up to the end of what is used. */
static bool are_entries(const vn_nano_t *nano) {
  uint32_t at = 0;
  while (nano->used - at >= sizeof(entry_t)) {
    entry_t entry = entry_at(nano, at);
    if (size_of(&entry) > nano->used - at || entry.state > VN_OUTBOX_SENT) {
      return false;
    }
    at += size_of(&entry);
  }
  return at == nano->used;
}

/* Nothing leaves before it is kept again: what was read may have been the last time that it could
 * be. */
bool vn__nano_outbox_resume(vn_nano_t *nano) {
  if (!are_entries(nano)) {
    return false;
  }
  set_states(nano, 1u << VN_OUTBOX_SENT | 1u << VN_OUTBOX_READY, VN_OUTBOX_NEW);
  vn__nano_owe(nano, true);
  return true;
}
