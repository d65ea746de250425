/* Alert messages: the retained state and the event of one transition, as JSON. */
#include "alert_message_priv.h"

#include <string.h>

const char *vn_alert_event_word(vn_alert_event_t event) {
#define EVENT_WORD(name, word) word,
  static const char *const words[] = {VN_ALERT_EVENT_LIST(EVENT_WORD)};
#undef EVENT_WORD
  VN_ASSERT((unsigned)event < VN_ALERT_EVENT_COUNT);
  return words[event];
}

static const char *event_word(const vn_transition_t *transition) {
  return vn_alert_event_word((vn_alert_event_t)transition->event);
}

bool vn__alert_limit(const vn_transition_t *transition, int64_t *limit) {
  const vn_alert_rule_t *rule = transition->rule;
  bool high = transition->high_side;
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_OUTSIDE:
    case VN_ALERT_RATE:
      *limit = high ? rule->limit : rule->low;
      break;
    case VN_ALERT_LEVELS:
      if (transition->level == 0) {
        return false;
      }
      *limit =
          high ? rule->levels[transition->level - 1].high : rule->levels[transition->level - 1].low;
      break;
    default:
      *limit = rule->limit;
      return rule->condition < VN_ALERT_UNCHANGED_FOR;
  }
  return *limit != VN_ALERT_NO_HIGH && *limit != VN_ALERT_NO_LOW;
}

double vn__alert_printable(double value) {
  const double least = 0x1p-64;
  const double most = 0x1p63;
  double size = value < 0 ? -value : value;
  if (size < least) {
    return 0;
  }
  return size <= most ? value : (value < 0 ? -most : most);
}

void vn__alert_say(vn_json_writer_t *writer, const char *word, size_t limit) {
  (void)vn__json_string_cut(writer, vn__text(word), limit);
}

static void put_text(vn_json_writer_t *writer, const char *key, vn_text_t text, size_t limit) {
  vn_json_key(writer, key);
  vn__json_string_begin(writer);
  (void)vn__json_string_cut(writer, text, limit);
  vn__json_string_end(writer);
}

static void put_word(vn_json_writer_t *writer, const char *key, const char *word) {
  put_text(writer, key, vn__text(word), VN__WORD_ESCAPED_MAX);
}

static void put_unsigned(vn_json_writer_t *writer, const char *key, uint64_t value) {
  vn_json_key(writer, key);
  vn_json_unsigned(writer, value);
}

static void put_integer(vn_json_writer_t *writer, const char *key, int64_t value) {
  vn_json_key(writer, key);
  vn_json_integer(writer, value);
}

static void put_bool(vn_json_writer_t *writer, const char *key, bool value) {
  vn_json_key(writer, key);
  vn_json_bool(writer, value);
}

/* An integer, or null when there is none. */
static void put_time(vn_json_writer_t *writer, const char *key, bool known, vn_time_ms_t time_ms) {
  vn_json_key(writer, key);
  if (known) {
    vn_json_integer(writer, time_ms);
  } else {
    vn_json_null(writer);
  }
}

static void put_names(vn_json_writer_t *writer, const vn_transition_t *transition, bool event) {
  put_word(writer, "alert", transition->alert);
  vn_json_key(writer, "series");
  vn_json_text(writer, transition->series);
  put_word(writer, "pipeline", transition->pipeline);
  put_text(writer, "of", vn__text(transition->of), VN__OF_ESCAPED_MAX);
  put_word(writer, "state", vn_alert_phase_word((vn_alert_phase_t)transition->phase));
  if (event) {
    put_word(writer, "phase", event_word(transition));
  }
  put_word(writer, "severity", transition->severity);
  if (transition->rule->condition == VN_ALERT_LEVELS && transition->level > 0) {
    put_unsigned(writer, "level", transition->level);
  }
  put_unsigned(writer, "episode", transition->episode);
  put_unsigned(writer, "rev", transition->revision);
}

static void put_value(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_value_t *value = &transition->value;
  vn_json_key(writer, "value");
  if (!transition->has_value) {
    vn_json_null(writer);
  } else if (value->denominator == 0) {
    vn_json_double(writer, vn__alert_printable(value->real), 0);
  } else {
    bool negative = value->numerator < 0;
    vn_u128_t numerator = {0,
                           negative ? 0 - (uint64_t)value->numerator : (uint64_t)value->numerator};
    vn_json_ratio(writer, negative, numerator, value->denominator, transition->exponent);
  }
}

static void put_limit(vn_json_writer_t *writer, const vn_transition_t *transition) {
  int64_t limit;
  vn_json_key(writer, "limit");
  if (vn__alert_limit(transition, &limit)) {
    vn_json_decimal(writer, limit, transition->exponent);
  } else {
    vn_json_null(writer);
  }
  if (transition->rule->condition == VN_ALERT_INSIDE) {
    vn_json_key(writer, "low");
    vn_json_decimal(writer, transition->rule->low, transition->exponent);
  }
}

/* The times of a state that no episode belongs to, or of one that never fired, say nothing. */
static void put_times(vn_json_writer_t *writer, const vn_transition_t *transition) {
  bool fired = transition->episode > 0 &&
               (!transition->has_end || transition->starts_ms <= transition->ends_ms);
  put_time(writer, "starts_at", fired || transition->phase == VN_ALERT_PENDING,
           transition->starts_ms);
  put_time(writer, "ends_at", transition->has_end, transition->ends_ms);
  put_integer(writer, "at", transition->at_ms);
}

static bool is_open(const vn_transition_t *transition) {
  return transition->phase == VN_ALERT_FIRING || transition->phase == VN_ALERT_RECOVERING ||
         (transition->phase == VN_ALERT_NO_DATA && transition->episode > 0 && !transition->has_end);
}

/* What holds beside the state; what doesn't apply costs no bytes. */
static void put_circumstances(vn_json_writer_t *writer, const vn_transition_t *transition) {
  unsigned flags = transition->flags;
  bool acknowledged = (flags & VN_ALERT_FLAG_ACKNOWLEDGED) != 0;
  if (acknowledged || is_open(transition)) {
    put_bool(writer, "acknowledged", acknowledged);
  }
  if ((flags & VN_ALERT_FLAG_LATCHED) != 0) {
    put_bool(writer, "latched", true);
  }
  if ((flags & VN_ALERT_FLAG_SHELVED_ONCE) != 0) {
    put_bool(writer, "shelved_once", true);
  } else if ((flags & VN_ALERT_FLAG_SHELVED) != 0) {
    put_integer(writer, "shelved_until", transition->shelved_until_ms);
  }
  if ((flags & VN_ALERT_FLAG_OUT_OF_SERVICE) != 0) {
    put_bool(writer, "out_of_service", true);
  }
  if (transition->has_group) {
    put_bool(writer, "first_in_group", transition->first_in_group);
  }
}

static void put_people(vn_json_writer_t *writer, const vn_transition_t *transition) {
  if (transition->by.length > 0) {
    put_text(writer, "by", transition->by, VN__WORD_ESCAPED_MAX);
  }
  if (transition->comment.length > 0) {
    put_text(writer, "comment", transition->comment, VN__COMMENT_ESCAPED_MAX);
  }
}

static void put_object(vn_json_writer_t *writer, const char *key, const char *object) {
  if (object != NULL) {
    vn_json_key(writer, key);
    vn_json_raw(writer, object, strlen(object));
  }
}

static void put_id(vn_json_writer_t *writer, const vn_message_head_t *head,
                   const vn_transition_t *transition) {
  vn_json_key(writer, "id");
  vn__json_string_begin(writer);
  vn__alert_say(writer, head->device, VN__WORD_ESCAPED_MAX);
  vn__json_string_literal(writer, ":");
  vn__alert_say(writer, transition->alert, VN__WORD_ESCAPED_MAX);
  vn__json_string_literal(writer, ":");
  vn__json_string_piece(writer, transition->series);
  vn__json_string_literal(writer, ":");
  vn_json_unsigned(writer, transition->episode);
  vn__json_string_literal(writer, ":");
  vn__json_string_literal(writer, event_word(transition));
  if (transition->event > VN_ALERT_EVENT_RESOLVED) {
    vn__json_string_literal(writer, ":");
    vn_json_unsigned(writer, transition->revision);
  }
  vn__json_string_end(writer);
}

static size_t put_message(const vn_message_head_t *head, const vn_transition_t *transition,
                          bool event, vn_json_writer_t *writer) {
  VN_ASSERT(transition->phase <= VN_ALERT_NO_DATA && transition->event < VN_ALERT_EVENT_COUNT);
  vn_json_object_begin(writer);
  put_names(writer, transition, event);
  put_value(writer, transition);
  put_limit(writer, transition);
  put_word(writer, "unit", transition->unit);
  put_times(writer, transition);
  put_circumstances(writer, transition);
  put_people(writer, transition);
  vn__alert_evidence(writer, transition, event);
  put_object(writer, "labels", transition->labels);
  put_object(writer, "annotations", transition->annotations);
  vn__alert_summary(writer, transition);
  put_word(writer, "device", head->device);
  put_unsigned(writer, "boot", head->boot);
  put_unsigned(writer, "seq", head->seq);
  put_id(writer, head, transition);
  vn_json_object_end(writer);
  return writer->length;
}

size_t vn_alert_state_message(const vn_message_head_t *head, const vn_transition_t *transition,
                              char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  return put_message(head, transition, false, &writer);
}

size_t vn_alert_event_message(const vn_message_head_t *head, const vn_transition_t *transition,
                              char *out, size_t capacity) {
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, out, capacity);
  return put_message(head, transition, true, &writer);
}

/* An event with everything but what the lengths below count. */
#define FRAME_TEXT                                                                              \
  "{'alert':'','series':'','pipeline':'','of':'','state':'','phase':'','severity':'','level':," \
  "'episode':,'rev':,'value':,'limit':,'low':,'unit':'','starts_at':,'ends_at':,'at':,"         \
  "'acknowledged':false,'latched':true,'shelved_until':,'out_of_service':true,"                 \
  "'first_in_group':false,'by':'','comment':'','labels':,'annotations':,'summary':'',"          \
  "'device':'','boot':,'seq':,'id':'::::'}"

size_t vn_alert_message_max(const vn_alert_message_size_t *size) {
  enum {
    FRAME = sizeof(FRAME_TEXT),
    TIME = 20,     /* and other numbers of 64 bits */
    NUMBER = 10,   /* of 32 bits */
    PHASE = 10,    /* "recovering" */
    EVENT = 14,    /* "out_of_service" */
    DECIMAL = 41,  /* 64 bits with an exponent of 18 or -18 */
    QUOTIENT = 59, /* 17 digits and an exponent */
    MEMBERS = PHASE + EVENT + 1 + NUMBER + NUMBER + QUOTIENT + 2 * DECIMAL + 4 * TIME + NUMBER +
              TIME + NUMBER + EVENT + 1 + NUMBER,
    SUMMARY = VN__ALERT_SENTENCE_MAX + 4 * DECIMAL,
    WORDS_OF_MEMBERS = 4 + 2 + 1, /* alert, pipeline, severity, unit; device, alert of id; by */
    WORDS_OF_SUMMARY = 5          /* alert, severity, by, unit twice */
  };
  size_t escaped;
  (void)vn__json_fitting(vn__text(size->device), VN__WORD_ESCAPED_MAX, &escaped);
  size_t words = (WORDS_OF_MEMBERS + WORDS_OF_SUMMARY) * VN__WORD_ESCAPED_MAX +
                 2 * VN__OF_ESCAPED_MAX + VN__COMMENT_ESCAPED_MAX + escaped;
  return FRAME + MEMBERS + SUMMARY + words + 3u * (size_t)size->name_max + size->texts_max +
         vn__alert_evidence_max(size);
}
