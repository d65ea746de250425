#include "latest.h"

#include "discovery.h"
#include "memory.h"
#include "vn/json_writer.h"

#include <string.h>

/* "latest/" and two slashes. */
#define TOPIC_EXTRA 16u
/* Members beside those of a record: "device" and "boot". */
#define PAYLOAD_EXTRA 512u

/* In front of topic and payload in a slot. */
typedef struct head {
  uint32_t topic_length, payload_length;
  uint32_t name_length; /* of the series: the end of the topic */
  bool waits;           /* it is in the ring */
} head_t;

static head_t *head_of(const vn_latest_t *latest, uint32_t slot) {
  return (head_t *)(void *)(latest->slots + slot * latest->slot_bytes);
}

static char *topic_of(head_t *head) { return (char *)(head + 1); }

static size_t topic_max(const vn_plan_t *plan) {
  return TOPIC_EXTRA + VN_WORD_MAX + plan->name_max;
}

static size_t payload_max(const vn_plan_t *plan) {
  size_t most = 0;
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    const vn_summary_pipeline_t *pipeline = &plan->pipelines[i].summary;
    for (uint8_t k = 0; k < pipeline->window_count; k++) {
      size_t length = vn_summary_record_max(VN_ENCODING_JSON, pipeline, k, plan->name_max);
      most = length > most ? length : most;
    }
  }
  return most + PAYLOAD_EXTRA;
}

size_t vn_latest_message_max(const vn_plan_t *plan) { return topic_max(plan) + payload_max(plan); }

vn_err_t vn_latest_open(vn_latest_t *latest, const vn_plan_t *plan) {
  size_t bytes = sizeof(head_t) + vn_latest_message_max(plan);
  *latest = (vn_latest_t){.plan = plan};
  for (uint8_t i = 0; i < plan->pipeline_count; i++) {
    uint8_t windows = plan->pipelines[i].summary.window_count;
    latest->windows = windows > latest->windows ? windows : latest->windows;
  }
  latest->slot_bytes = (bytes + sizeof(head_t) - 1) / sizeof(head_t) * sizeof(head_t);
  latest->slot_count = plan->series_max * latest->windows;
  if (latest->slot_count == 0) {
    return VN_OK;
  }
  latest->slots = vn_memory_map(latest->slot_count * latest->slot_bytes);
  latest->waiting = vn_memory_map(latest->slot_count * sizeof latest->waiting[0]);
  return latest->slots != NULL && latest->waiting != NULL ? VN_OK : VN_ERR_STORE;
}

static void wait_in_line(vn_latest_t *latest, uint32_t slot) {
  head_t *head = head_of(latest, slot);
  if (!head->waits) {
    VN_ASSERT(latest->count < latest->slot_count);
    head->waits = true;
    latest->waiting[(latest->first + latest->count) % latest->slot_count] = slot;
    latest->count++;
  }
}

static size_t write_payload(const char *device, uint32_t boot, const vn_summary_t *summary,
                            char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  vn_json_object_begin(&writer);
  vn_summary_members(&writer, summary, false);
  vn_json_key(&writer, "device");
  vn_json_literal(&writer, device);
  vn_json_key(&writer, "boot");
  vn_json_unsigned(&writer, boot);
  vn_json_object_end(&writer);
  VN_ASSERT(!writer.overflow);
  return writer.length;
}

void vn_latest_note(vn_latest_t *latest, uint32_t series, uint32_t boot,
                    const vn_summary_t *summary) {
  const vn_window_result_t *result = summary->result;
  if (!vn_window_result_is_first(result)) {
    return;
  }
  uint32_t slot = series * latest->windows + result->window;
  VN_ASSERT(slot < latest->slot_count);
  head_t *head = head_of(latest, slot);
  const char *window = summary->pipeline->windows[result->window].name;
  size_t room = latest->slot_bytes - sizeof *head;
  size_t topic = vn_discovery_latest_topic(window, summary->series, topic_of(head), room);
  VN_ASSERT(topic > 0);
  head->topic_length = (uint32_t)topic;
  head->name_length = (uint32_t)summary->series.length;
  head->payload_length = (uint32_t)write_payload(latest->plan->device, boot, summary,
                                                 topic_of(head) + topic, room - topic);
  wait_in_line(latest, slot);
}

bool vn_latest_next(vn_latest_t *latest, vn_latest_message_t *message) {
  while (latest->count > 0) {
    uint32_t slot = latest->waiting[latest->first];
    head_t *head = head_of(latest, slot);
    if (head->payload_length > 0) {
      *message = (vn_latest_message_t){
          .topic = {topic_of(head), head->topic_length},
          .payload = {topic_of(head) + head->topic_length, head->payload_length},
          .slot = slot};
      return true;
    }
    head->waits = false;
    latest->first = (latest->first + 1) % latest->slot_count;
    latest->count--;
  }
  return false;
}

void vn_latest_taken(vn_latest_t *latest, uint32_t slot) {
  head_t *head = head_of(latest, slot);
  VN_ASSERT(latest->count > 0 && latest->waiting[latest->first] == slot);
  head->waits = false;
  latest->first = (latest->first + 1) % latest->slot_count;
  latest->count--;
}

/* Of an older one than the slot has now: then the newer one goes once more, which does no harm. */
void vn_latest_verdict(vn_latest_t *latest, uint32_t slot, bool ok) {
  VN_ASSERT(slot < latest->slot_count);
  if (!ok) {
    wait_in_line(latest, slot);
  }
}

void vn_latest_forget(vn_latest_t *latest, uint32_t series, vn_text_t name) {
  for (uint32_t i = 0; i < latest->windows; i++) {
    head_t *head = head_of(latest, series * latest->windows + i);
    const char *own = topic_of(head) + head->topic_length - head->name_length;
    if (head->payload_length > 0 && head->name_length == name.length &&
        memcmp(own, name.bytes, name.length) == 0) {
      head->payload_length = 0;
    }
  }
}
