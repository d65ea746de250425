/* Alert messages: the retained state and the event of one transition, as JSON. */
#include "vn/alert_message.h"

#include "json_writer_priv.h"
#include "time_text_priv.h"

#include <string.h>

/*
 * Words of a plan have at most 64 bytes and need no escapes; where one does all the same, it is cut
 * to this length, so that the bound of a message holds for every plan.
 */
#define WORD_ESCAPED_MAX 64u
#define OF_ESCAPED_MAX 80u /* window.statistic */

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

/* The limit that the value is measured by; false: the condition has none. */
static bool find_limit(const vn_transition_t *transition, int64_t *limit) {
  const vn_alert_rule_t *rule = transition->rule;
  bool high = transition->high_side;
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_OUTSIDE:
    case VN_ALERT_RATE:
    case VN_ALERT_INSIDE:
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

static uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* What the writer of floats can take: 2^-64 .. 2^63. */
static double printable(double value) {
  const double least = 0x1p-64;
  const double most = 0x1p63;
  double size = value < 0 ? -value : value;
  if (size < least) {
    return 0;
  }
  return size <= most ? value : (value < 0 ? -most : most);
}

static void put_value(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_value_t *value = &transition->value;
  vn_json_key(writer, "value");
  if (!transition->has_value) {
    vn_json_null(writer);
  } else if (value->denominator == 0) {
    vn_json_double(writer, printable(value->real), 0);
  } else {
    vn_u128_t numerator = {0, magnitude(value->numerator)};
    vn_json_ratio(writer, value->numerator < 0, numerator, value->denominator,
                  transition->exponent);
  }
}

static void put_limit(vn_json_writer_t *writer, const vn_transition_t *transition) {
  int64_t limit;
  vn_json_key(writer, "limit");
  if (find_limit(transition, &limit)) {
    vn_json_decimal(writer, limit, transition->exponent);
  } else {
    vn_json_null(writer);
  }
}

static void put_times(vn_json_writer_t *writer, const vn_transition_t *transition) {
  vn_json_key(writer, "starts_at");
  vn_json_integer(writer, transition->starts_ms);
  vn_json_key(writer, "ends_at");
  if (transition->has_end) {
    vn_json_integer(writer, transition->ends_ms);
  } else {
    vn_json_null(writer);
  }
  vn_json_key(writer, "at");
  vn_json_integer(writer, transition->at_ms);
}

static void say_word(vn_json_writer_t *writer, const char *word, size_t limit) {
  (void)vn__json_string_cut(writer, vn__text(word), limit);
}

/* For people: rounded to the resolution, half away from zero. */
static int64_t rounded(int64_t value, uint64_t divisor) {
  uint64_t whole = magnitude(value);
  whole = whole / divisor + (whole % divisor >= divisor - whole % divisor);
  return (int64_t)(value < 0 ? 0 - whole : whole);
}

/* A space, and the unit, if there is one. */
static void say_unit(vn_json_writer_t *writer, const vn_transition_t *transition) {
  if (transition->unit[0] != '\0') {
    vn__json_string_literal(writer, " ");
    say_word(writer, transition->unit, WORD_ESCAPED_MAX);
  }
}

static void say_amount(vn_json_writer_t *writer, const vn_transition_t *transition,
                       int64_t amount) {
  vn_json_decimal(writer, amount, transition->exponent);
  say_unit(writer, transition);
}

static void say_value(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_value_t *value = &transition->value;
  if (!transition->has_value) {
    return;
  }
  vn__json_string_literal(writer, " ");
  say_word(writer, transition->of, OF_ESCAPED_MAX);
  vn__json_string_literal(writer, " ");
  if (value->denominator == 0) {
    vn_json_double(writer, printable(value->real), 0);
    say_unit(writer, transition);
  } else {
    say_amount(writer, transition, rounded(value->numerator, value->denominator));
  }
}

static void say_period(vn_json_writer_t *writer, const char *words, int64_t period_ms) {
  vn__json_string_literal(writer, words);
  vn_json_decimal(writer, period_ms, -3);
  vn__json_string_literal(writer, " s");
}

static void say_limit(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_rule_t *rule = transition->rule;
  int64_t limit;
  if (!find_limit(transition, &limit)) {
    return;
  }
  bool inside = rule->condition == VN_ALERT_INSIDE;
  bool above = rule->condition == VN_ALERT_ABOVE || rule->condition == VN_ALERT_REACHES ||
               (rule->condition != VN_ALERT_BELOW && rule->condition != VN_ALERT_FALLS_TO &&
                transition->high_side != inside);
  vn__json_string_literal(writer, above ? ", limit above " : ", limit below ");
  say_amount(writer, transition, limit);
}

static void say_condition(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_rule_t *rule = transition->rule;
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_DEVIATION:
      vn__json_string_literal(writer, ", limit deviation ");
      vn_json_decimal(writer, rule->limit, -3);
      return;
    case VN_ALERT_ABSENT_FOR:
      say_period(writer, ", limit no reading for ", rule->period_ms);
      return;
    case VN_ALERT_UNCHANGED_FOR:
      say_period(writer, ", limit unchanged for ", rule->period_ms);
      return;
    case VN_ALERT_RATE:
      say_limit(writer, transition);
      say_period(writer, " in ", rule->period_ms);
      return;
    case VN_ALERT_REACHES:
    case VN_ALERT_FALLS_TO:
      say_limit(writer, transition);
      say_period(writer, " within ", rule->period_ms);
      return;
    default:
      say_limit(writer, transition);
  }
}

/* "overheat firing: a/temp value 81.2 Cel, limit above 80 Cel, at 2026-11-21T08:00:00Z" */
static void put_summary(vn_json_writer_t *writer, const vn_transition_t *transition) {
  char time[VN__TIME_TEXT_MAX];
  vn_text_t time_text = {time, vn__time_text(transition->at_ms, time)};
  vn_json_key(writer, "summary");
  vn__json_string_begin(writer);
  say_word(writer, transition->alert, WORD_ESCAPED_MAX);
  vn__json_string_literal(writer, " ");
  vn__json_string_literal(writer, event_word(transition));
  vn__json_string_literal(writer, ": ");
  vn__json_string_piece(writer, transition->series);
  say_value(writer, transition);
  say_condition(writer, transition);
  vn__json_string_literal(writer, ", at ");
  vn__json_string_piece(writer, time_text);
  vn__json_string_end(writer);
}

static void put_id(vn_json_writer_t *writer, const vn_message_head_t *head,
                   const vn_transition_t *transition) {
  vn_json_key(writer, "id");
  vn__json_string_begin(writer);
  say_word(writer, head->device, WORD_ESCAPED_MAX);
  vn__json_string_literal(writer, ":");
  say_word(writer, transition->alert, WORD_ESCAPED_MAX);
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

static void put_member(vn_json_writer_t *writer, const char *key, const char *text) {
  vn_json_key(writer, key);
  vn__json_string_begin(writer);
  say_word(writer, text, WORD_ESCAPED_MAX);
  vn__json_string_end(writer);
}

static void put_names(vn_json_writer_t *writer, const vn_transition_t *transition, bool event) {
  put_member(writer, "alert", transition->alert);
  vn_json_key(writer, "series");
  vn_json_text(writer, transition->series);
  put_member(writer, "pipeline", transition->pipeline);
  vn_json_key(writer, "of");
  vn__json_string_begin(writer);
  say_word(writer, transition->of, OF_ESCAPED_MAX);
  vn__json_string_end(writer);
  put_member(writer, "state", vn_alert_phase_word((vn_alert_phase_t)transition->phase));
  if (event) {
    put_member(writer, "phase", event_word(transition));
  }
  put_member(writer, "severity", transition->severity);
  vn_json_key(writer, "episode");
  vn_json_unsigned(writer, transition->episode);
}

static size_t put_message(const vn_message_head_t *head, const vn_transition_t *transition,
                          bool event, vn_json_writer_t *writer) {
  VN_ASSERT(transition->phase <= VN_ALERT_NO_DATA);
  vn_json_object_begin(writer);
  put_names(writer, transition, event);
  put_value(writer, transition);
  put_limit(writer, transition);
  put_member(writer, "unit", transition->unit);
  put_times(writer, transition);
  put_summary(writer, transition);
  put_member(writer, "device", head->device);
  vn_json_key(writer, "boot");
  vn_json_unsigned(writer, head->boot);
  vn_json_key(writer, "seq");
  vn_json_unsigned(writer, head->seq);
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

size_t vn_alert_message_max(const char *device, uint16_t name_max) {
  enum {
    FRAME = 200,         /* keys, quotes, commas of an event */
    WORDS = 10 + 3 * 14, /* state; phase, in summary and id too */
    SENTENCE = 60,       /* of the summary, with the time */
    QUOTIENT = 41 + 18,
    DECIMAL = 23 + 18, /* limit; value, limit or period in the summary */
    INTEGERS = 3 * 20 + 20 + 10 + 2 * 10 + 6,
    PLAN_WORDS = 3 + 3 + 2, /* alert and unit 3 times each; severity, pipeline */
    SERIES = 3
  };
  size_t escaped;
  (void)vn__json_fitting(vn__text(device), WORD_ESCAPED_MAX, &escaped);
  size_t fixed = FRAME + WORDS + SENTENCE + QUOTIENT + 3 * DECIMAL + INTEGERS;
  size_t words = PLAN_WORDS * WORD_ESCAPED_MAX + 2 * OF_ESCAPED_MAX;
  return fixed + words + 2 * escaped + (size_t)SERIES * name_max;
}
