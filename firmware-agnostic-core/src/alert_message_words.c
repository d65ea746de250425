/* The summary of an alert message: one sentence for people, rounded to the resolution. */
#include "alert_message_priv.h"

/* What an event is called, and what else its sentence tells. */
typedef struct phrase {
  const char *words;
  bool measured; /* the value, and the limit that it passed */
  bool leveled;  /* the severity, where there are levels */
  bool settled;  /* what the alert is now */
} phrase_t;

static const phrase_t phrases[VN_ALERT_EVENT_COUNT] = {
    [VN_ALERT_EVENT_FIRING] = {" firing", true, true, false},
    [VN_ALERT_EVENT_RESOLVED] = {" resolved", true, false, false},
    [VN_ALERT_EVENT_ESCALATED] = {" escalated to ", true, true, false},
    [VN_ALERT_EVENT_EASED] = {" eased to ", true, true, false},
    [VN_ALERT_EVENT_LATCHED] = {" is over and waits for a reset", true, false, false},
    [VN_ALERT_EVENT_REPEATED] = {" still firing", true, true, false},
    [VN_ALERT_EVENT_ACKNOWLEDGED] = {" acknowledged", false, false, true},
    [VN_ALERT_EVENT_EVIDENCE] = {" evidence", false, false, false},
    [VN_ALERT_EVENT_NO_DATA] = {" has no data", false, false, false},
    [VN_ALERT_EVENT_DATA] = {" has data again", false, false, true},
    [VN_ALERT_EVENT_SHELVED] = {" shelved", false, false, true},
    [VN_ALERT_EVENT_UNSHELVED] = {" no longer shelved", false, false, true},
    [VN_ALERT_EVENT_OUT_OF_SERVICE] = {" taken out of service", false, false, true},
    [VN_ALERT_EVENT_IN_SERVICE] = {" back in service", false, false, true},
};

/* Half away from zero. */
static int64_t rounded(int64_t value, uint64_t divisor) {
  uint64_t whole = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  whole = whole / divisor + (whole % divisor >= divisor - whole % divisor);
  return (int64_t)(value < 0 ? 0 - whole : whole);
}

/* Six digits are enough for people. */
static void say_real(vn_json_writer_t *writer, double value) {
  const double most = 1e6;
  const double least = 1e5;
  const double ten = 10;
  double given = vn__alert_printable(value);
  double size = given < 0 ? -given : given;
  int exponent = 0;
  for (; size >= most; exponent++) {
    size /= ten;
  }
  for (; size > 0 && size < least; exponent--) {
    size *= ten;
  }
  int64_t digits = (int64_t)(size + 0.5);
  vn_json_decimal(writer, given < 0 ? -digits : digits, exponent);
}

/* A space, and the unit, if there is one. */
static void say_unit(vn_json_writer_t *writer, const vn_transition_t *transition) {
  if (transition->unit[0] != '\0') {
    vn__json_string_literal(writer, " ");
    vn__alert_say(writer, transition->unit, VN__WORD_ESCAPED_MAX);
  }
}

static void say_amount(vn_json_writer_t *writer, const vn_transition_t *transition,
                       int64_t amount) {
  vn_json_decimal(writer, amount, transition->exponent);
  say_unit(writer, transition);
}

static void say_period(vn_json_writer_t *writer, const char *words, int64_t period_ms) {
  vn__json_string_literal(writer, words);
  vn_json_decimal(writer, period_ms, -3);
  vn__json_string_literal(writer, " s");
}

static void say_time(vn_json_writer_t *writer, const char *words, vn_time_ms_t time_ms) {
  char time[VN__TIME_TEXT_MAX];
  vn_text_t text = {time, vn__time_text(time_ms, time)};
  vn__json_string_literal(writer, words);
  vn__json_string_piece(writer, text);
}

static bool is_line(const vn_alert_rule_t *rule) {
  return rule->condition == VN_ALERT_REACHES || rule->condition == VN_ALERT_FALLS_TO;
}

static void say_value(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_value_t *value = &transition->value;
  const vn_alert_rule_t *rule = transition->rule;
  bool rate = rule->condition == VN_ALERT_RATE;
  vn__json_string_literal(writer, " ");
  vn__alert_say(writer, transition->of, VN__OF_ESCAPED_MAX);
  vn__json_string_literal(writer, rate ? " changing by " : is_line(rule) ? " heading for " : " ");
  if (value->denominator == 0) {
    say_real(writer, value->real);
    say_unit(writer, transition);
  } else {
    say_amount(writer, transition, rounded(value->numerator, value->denominator));
  }
  if (rate || is_line(rule)) {
    say_period(writer, " in ", rule->period_ms);
  }
}

static const char *limit_words(const vn_transition_t *transition) {
  switch ((vn_alert_condition_t)transition->rule->condition) {
    case VN_ALERT_ABOVE:
      return ", limit above ";
    case VN_ALERT_BELOW:
      return ", limit below ";
    case VN_ALERT_REACHES:
      return ", limit at least ";
    case VN_ALERT_FALLS_TO:
      return ", limit at most ";
    default:
      return transition->high_side ? ", limit above " : ", limit below ";
  }
}

static void say_limit(vn_json_writer_t *writer, const vn_transition_t *transition) {
  int64_t limit;
  if (vn__alert_limit(transition, &limit)) {
    vn__json_string_literal(writer, limit_words(transition));
    say_amount(writer, transition, limit);
  }
}

static void say_condition(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const vn_alert_rule_t *rule = transition->rule;
  switch ((vn_alert_condition_t)rule->condition) {
    case VN_ALERT_DEVIATION:
      vn__json_string_literal(writer, ", limit deviation ");
      vn_json_decimal(writer, rule->limit, -3);
      return;
    case VN_ALERT_ABSENT_FOR:
      if (rule->times > 0) {
        vn__json_string_literal(writer, ", limit no reading for ");
        vn_json_unsigned(writer, rule->times);
        vn__json_string_literal(writer, " times its period");
      } else {
        say_period(writer, ", limit no reading for ", rule->period_ms);
      }
      return;
    case VN_ALERT_UNCHANGED_FOR:
      say_period(writer, ", limit unchanged for ", rule->period_ms);
      return;
    case VN_ALERT_INSIDE:
      vn__json_string_literal(writer, ", limit inside ");
      vn_json_decimal(writer, rule->low, transition->exponent);
      vn__json_string_literal(writer, " to ");
      say_amount(writer, transition, rule->limit);
      return;
    default:
      say_limit(writer, transition);
  }
}

/* " escalated to critical", " shelved by ann until 2026-11-21T08:00:00Z" */
static void say_event(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const phrase_t *phrase = &phrases[transition->event];
  bool moved =
      transition->event == VN_ALERT_EVENT_ESCALATED || transition->event == VN_ALERT_EVENT_EASED;
  vn__json_string_literal(writer, phrase->words);
  if (phrase->leveled && (moved || transition->rule->condition == VN_ALERT_LEVELS)) {
    vn__json_string_literal(writer, moved ? "" : ", ");
    vn__alert_say(writer, transition->severity, VN__WORD_ESCAPED_MAX);
  }
  if (transition->by.length > 0) {
    vn__json_string_literal(writer, " by ");
    (void)vn__json_string_cut(writer, transition->by, VN__WORD_ESCAPED_MAX);
  }
  if (transition->event == VN_ALERT_EVENT_SHELVED) {
    if ((transition->flags & VN_ALERT_FLAG_SHELVED_ONCE) != 0) {
      vn__json_string_literal(writer, " until an episode ends");
    } else {
      say_time(writer, " until ", transition->shelved_until_ms);
    }
  }
}

static void say_settled(vn_json_writer_t *writer, const vn_transition_t *transition) {
  bool latched = (transition->flags & VN_ALERT_FLAG_LATCHED) != 0;
  vn__json_string_literal(writer, ", now ");
  vn__json_string_literal(writer, transition->phase == VN_ALERT_NO_DATA ? "without data"
                                  : latched
                                      ? "latched"
                                      : vn_alert_phase_word((vn_alert_phase_t)transition->phase));
}

/* "overheat firing: a/temp value 81.2 Cel, limit above 80 Cel, at 2026-11-21T08:00:00Z" */
void vn__alert_summary(vn_json_writer_t *writer, const vn_transition_t *transition) {
  const phrase_t *phrase = &phrases[transition->event];
  vn_json_key(writer, "summary");
  vn__json_string_begin(writer);
  vn__alert_say(writer, transition->alert, VN__WORD_ESCAPED_MAX);
  say_event(writer, transition);
  vn__json_string_literal(writer, ": ");
  vn__json_string_piece(writer, transition->series);
  if (phrase->measured && transition->has_value) {
    say_value(writer, transition);
  }
  if (phrase->measured) {
    say_condition(writer, transition);
  }
  if (phrase->settled) {
    say_settled(writer, transition);
  }
  if (transition->event == VN_ALERT_EVENT_EVIDENCE) {
    vn__json_string_literal(writer, ", the readings before and after it");
  }
  if (transition->event == VN_ALERT_EVENT_NO_DATA) {
    say_period(writer, ", no reading for ", transition->no_data_after_ms);
  }
  say_time(writer, ", at ", transition->at_ms);
  vn__json_string_end(writer);
}
