/* Alert messages of the nano runtime: those of docs/messages.md for a limit on a value. Its words
 * need no escapes: vn_nano_init has looked at them. */
#include "json_writer_priv.h"
#include "nano_priv.h"
#include "time_text_priv.h"

#define PUT(writer, literal) vn__json_put(writer, literal, sizeof(literal) - 1)

static void put_word(vn_json_writer_t *writer, const char *word) {
  vn_text_t text = vn__nano_text(word);
  vn__json_put(writer, text.bytes, text.length);
}

static void put_number(vn_json_writer_t *writer, int64_t number) {
  vn_json_integer(writer, number);
  writer->comma = false;
}

static void put_decimal(vn_json_writer_t *writer, int64_t value, int exponent) {
  vn_json_decimal(writer, value, exponent);
  writer->comma = false;
}

static const char *event_word(const vn__nano_notice_t *notice) {
  return notice->firing ? "firing" : "resolved";
}

static void put_names(const vn_nano_t *nano, const vn__nano_notice_t *notice, bool event,
                      vn_json_writer_t *writer) {
  const vn_alert_plan_t *alert = nano->plan->pipelines->alerts;
  PUT(writer, "{\"alert\":\"");
  put_word(writer, alert->name);
  PUT(writer, "\",\"series\":\"");
  put_word(writer, nano->names[notice->series]);
  PUT(writer, "\",\"pipeline\":\"");
  put_word(writer, nano->plan->pipelines->summary.name);
  PUT(writer, "\",\"of\":\"");
  put_word(writer, alert->of);
  PUT(writer, "\",\"state\":\"");
  put_word(writer, notice->firing ? "firing" : "normal");
  if (event) {
    PUT(writer, "\",\"phase\":\"");
    put_word(writer, event_word(notice));
  }
  PUT(writer, "\",\"severity\":\"");
  put_word(writer, alert->severity);
}

static void put_numbers(const vn_nano_t *nano, const vn__nano_notice_t *notice,
                        vn_json_writer_t *writer) {
  const vn_alert_plan_t *alert = nano->plan->pipelines->alerts;
  PUT(writer, "\",\"episode\":");
  put_number(writer, notice->episode);
  PUT(writer, ",\"rev\":");
  put_number(writer, notice->revision);
  PUT(writer, ",\"value\":");
  put_decimal(writer, notice->value, alert->exponent);
  PUT(writer, ",\"limit\":");
  put_decimal(writer, alert->rule.limit, alert->exponent);
  PUT(writer, ",\"unit\":\"");
  put_word(writer, nano->plan->pipelines->summary.unit);
  PUT(writer, "\",\"starts_at\":");
  put_number(writer, notice->starts_ms);
  PUT(writer, ",\"ends_at\":");
  if (notice->firing) {
    PUT(writer, "null");
  } else {
    put_number(writer, notice->ends_ms);
  }
  PUT(writer, ",\"at\":");
  put_number(writer, notice->at_ms);
  if (notice->firing) {
    PUT(writer, ",\"acknowledged\":false");
  }
}

/* A JSON object of the plan. */
static void put_object(vn_json_writer_t *writer, const char *key, const char *object) {
  if (object != NULL) {
    put_word(writer, key);
    put_word(writer, object);
  }
}

static void put_amount(const vn_nano_t *nano, int64_t amount, vn_json_writer_t *writer) {
  const char *unit = nano->plan->pipelines->summary.unit;
  put_decimal(writer, amount, nano->plan->pipelines->alerts->exponent);
  if (unit[0] != '\0') {
    PUT(writer, " ");
    put_word(writer, unit);
  }
}

/* "hot firing: a value 81.2 Cel, limit above 80 Cel, at 2026-11-21T08:00:00Z" */
static void put_sentence(const vn_nano_t *nano, const vn__nano_notice_t *notice,
                         vn_json_writer_t *writer) {
  const vn_alert_plan_t *alert = nano->plan->pipelines->alerts;
  char time[VN__TIME_TEXT_MAX];
  PUT(writer, ",\"summary\":\"");
  put_word(writer, alert->name);
  PUT(writer, " ");
  put_word(writer, event_word(notice));
  PUT(writer, ": ");
  put_word(writer, nano->names[notice->series]);
  PUT(writer, " ");
  put_word(writer, alert->of);
  PUT(writer, " ");
  put_amount(nano, notice->value, writer);
  put_word(writer, alert->rule.condition == VN_ALERT_ABOVE ? ", limit above " : ", limit below ");
  put_amount(nano, alert->rule.limit, writer);
  PUT(writer, ", at ");
  vn__json_put(writer, time, vn__time_text(notice->at_ms, time));
}

static void put_identity(const vn_nano_t *nano, const vn__nano_notice_t *notice, bool event,
                         vn_json_writer_t *writer) {
  PUT(writer, "\",\"device\":\"");
  put_word(writer, nano->plan->device);
  PUT(writer, "\",\"boot\":");
  put_number(writer, notice->boot);
  PUT(writer, ",\"seq\":");
  put_number(writer, (int64_t)notice->seq + event);
  PUT(writer, ",\"id\":\"");
  put_word(writer, nano->plan->device);
  PUT(writer, ":");
  put_word(writer, nano->plan->pipelines->alerts->name);
  PUT(writer, ":");
  put_word(writer, nano->names[notice->series]);
  PUT(writer, ":");
  put_number(writer, notice->episode);
  PUT(writer, ":");
  put_word(writer, event_word(notice));
  PUT(writer, "\"}");
}

size_t vn__nano_alert_message(const vn_nano_t *nano, const vn__nano_notice_t *notice, bool event,
                              char *out, size_t capacity) {
  const vn_alert_plan_t *alert = nano->plan->pipelines->alerts;
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  put_names(nano, notice, event, &writer);
  put_numbers(nano, notice, &writer);
  put_object(&writer, ",\"labels\":", alert->labels);
  put_object(&writer, ",\"annotations\":", alert->annotations);
  put_sentence(nano, notice, &writer);
  put_identity(nano, notice, event, &writer);
  return writer.length;
}

size_t vn__nano_alert_topic(const vn_nano_t *nano, const vn__nano_notice_t *notice, char *out,
                            size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  PUT(&writer, "alert/");
  put_word(&writer, nano->plan->pipelines->alerts->name);
  PUT(&writer, "/");
  put_word(&writer, nano->names[notice->series]);
  return writer.length;
}

/* Topic and event of the series with the longest name, all numbers at their longest. */
size_t vn__nano_alert_max(const vn_nano_t *nano) {
  const vn__nano_notice_t longest = {.at_ms = VN_TIME_LOWEST_MS + 1,
                                     .starts_ms = VN_TIME_LOWEST_MS,
                                     .ends_ms = VN_TIME_LOWEST_MS,
                                     .seq = UINT32_MAX,
                                     .boot = UINT32_MAX,
                                     .episode = UINT32_MAX,
                                     .revision = UINT32_MAX,
                                     .value = INT32_MIN};
  size_t most = 0;
  for (uint8_t i = 0; i < nano->store->series_count; i++) {
    vn__nano_notice_t notice = longest;
    notice.series = i;
    size_t length = vn__nano_alert_topic(nano, &notice, NULL, 0);
    length += vn__nano_alert_message(nano, &notice, true, NULL, 0);
    most = length > most ? length : most;
  }
  return most;
}
