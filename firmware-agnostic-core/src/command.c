/* Commands: reading one JSON object, with every check that its text alone allows. */
#include "vn/command.h"

#include "json_priv.h"

#include <string.h>

#define WORD_MAX 16u /* longer ones are none of ours */
#define MS_PER_SECOND 1000
#define BIT(kind) (1u << (kind))
#define BITS_ALL (BIT(VN_COMMAND_COUNT) - 1u)
#define BITS_ALERTS (BITS_ALL & ~BIT(VN_COMMAND_SAVEPOINT))

typedef enum member_type {
  TYPE_COMMAND,
  TYPE_TEXT,
  TYPE_DURATION,
  TYPE_STATE,
  TYPE_NUMBER,
  TYPE_BOOL
} member_type_t;

typedef enum member {
  MEMBER_COMMAND,
  MEMBER_ALERT,
  MEMBER_SERIES,
  MEMBER_EPISODE,
  MEMBER_FOR,
  MEMBER_ONCE,
  MEMBER_BY,
  MEMBER_COMMENT,
  MEMBER_ID,
  MEMBER_STATE,
  MEMBER_AFTER,
  MEMBER_COUNT
} member_t;

/* A member: what it may be, and which commands have it. */
typedef struct member_rule {
  const char *name;
  uint16_t limit; /* longest text */
  uint8_t type;
  uint8_t kinds;
} member_rule_t;

static const member_rule_t kMembers[MEMBER_COUNT] = {
    [MEMBER_COMMAND] = {"command", WORD_MAX, TYPE_COMMAND, BITS_ALL},
    [MEMBER_ALERT] = {"alert", VN_COMMAND_ALERT_MAX, TYPE_TEXT, BITS_ALERTS},
    [MEMBER_SERIES] = {"series", VN_COMMAND_SERIES_MAX, TYPE_TEXT, BITS_ALERTS},
    [MEMBER_EPISODE] = {"episode", 0, TYPE_NUMBER,
                        BIT(VN_COMMAND_ACKNOWLEDGE) | BIT(VN_COMMAND_RESET)},
    [MEMBER_FOR] = {"for", WORD_MAX, TYPE_DURATION, BIT(VN_COMMAND_SHELVE)},
    [MEMBER_ONCE] = {"once", 0, TYPE_BOOL, BIT(VN_COMMAND_SHELVE)},
    [MEMBER_BY] = {"by", VN_COMMAND_BY_MAX, TYPE_TEXT, BITS_ALL},
    [MEMBER_COMMENT] = {"comment", VN_COMMAND_COMMENT_MAX, TYPE_TEXT, BITS_ALL},
    [MEMBER_ID] = {"id", VN_COMMAND_ID_MAX, TYPE_TEXT, BITS_ALL},
    [MEMBER_STATE] = {"state", WORD_MAX, TYPE_STATE, BIT(VN_COMMAND_LIST_ALERTS)},
    [MEMBER_AFTER] = {"after", 0, TYPE_NUMBER, BIT(VN_COMMAND_LIST_ALERTS)},
};

/* A command at work. */
typedef struct reader {
  vn_json_t json;
  vn_command_t *command;
  vn_command_problem_t *problem;
  size_t used; /* of the command's text */
  uint16_t seen;
  bool once;
} reader_t;

const char *vn_command_word(vn_command_kind_t kind) {
  static const char *const words[] = {
#define COMMAND_WORD(name, word) word,
      VN_COMMAND_LIST(COMMAND_WORD)
#undef COMMAND_WORD
  };
  return kind < VN_COMMAND_COUNT ? words[kind] : NULL;
}

const char *vn_command_error_word(vn_command_error_t error) {
  static const char *const words[] = {
#define ERROR_WORD(name, word, text) word,
      VN_COMMAND_ERROR_LIST(ERROR_WORD)
#undef ERROR_WORD
  };
  VN_ASSERT(error < VN_COMMAND_ERROR_COUNT);
  return words[error];
}

static bool is_word(vn_text_t text, const char *word) {
  return strlen(word) == text.length && memcmp(text.bytes, word, text.length) == 0;
}

/* The first problem stays: what comes behind it may follow from it. */
static void note(reader_t *reader, vn_command_error_t error, vn_text_t member, const char *text) {
  if (reader->problem->error == VN_COMMAND_ERROR_NONE) {
    *reader->problem = (vn_command_problem_t){member, text, 0, (uint8_t)error};
  }
}

static void note_member(reader_t *reader, member_t member, const char *text) {
  const char *name = kMembers[member].name;
  note(reader, VN_COMMAND_ERROR_MEMBER, (vn_text_t){name, strlen(name)}, text);
}

/* Damage, which counts more than all that was found before it. */
static void note_damage(reader_t *reader, size_t offset, const char *text) {
  *reader->problem =
      (vn_command_problem_t){.text = text, .offset = offset, .error = VN_COMMAND_ERROR_JSON};
}

/* Unescapes the string at work into out[capacity]; false: it is longer, or no text. */
static bool take_text(reader_t *reader, member_t member, char *out, size_t capacity,
                      vn_text_t *text) {
  size_t length = 0;
  vn_reason_t reason = vn_json_unescape(reader->json.text, out, capacity, &length);
  if (reason != VN_REASON_NONE) {
    note_member(reader, member, reason == VN_REASON_LIMIT ? "is too long" : "is no Unicode text");
    return false;
  }
  *text = (vn_text_t){out, length};
  return true;
}

static void keep_text(reader_t *reader, member_t member) {
  vn_command_t *command = reader->command;
  vn_text_t *const places[MEMBER_COUNT] = {
      [MEMBER_ALERT] = &command->alert,     [MEMBER_SERIES] = &command->series,
      [MEMBER_BY] = &command->by,           [MEMBER_ID] = &command->id,
      [MEMBER_COMMENT] = &command->comment,
  };
  VN_ASSERT(places[member] != NULL);
  VN_ASSERT(reader->used + kMembers[member].limit <= sizeof command->text);
  char *out = command->text + reader->used;
  if (!take_text(reader, member, out, kMembers[member].limit, places[member])) {
    return;
  }
  reader->used += places[member]->length;
  bool is_name = member == MEMBER_ALERT || member == MEMBER_SERIES;
  if (is_name && places[member]->length == 0) {
    note_member(reader, member, "is empty: write a name, or leave the member out");
  }
}

static void take_kind(reader_t *reader) {
  char word[WORD_MAX];
  vn_text_t text = {word, 0};
  size_t length = 0;
  if (vn_json_unescape(reader->json.text, word, sizeof word, &length) == VN_REASON_NONE) {
    text.length = length;
  }
  uint8_t kind = 0;
  while (kind < VN_COMMAND_COUNT && !is_word(text, vn_command_word((vn_command_kind_t)kind))) {
    kind++;
  }
  reader->command->kind = kind;
  if (kind == VN_COMMAND_COUNT) {
    note(reader, VN_COMMAND_ERROR_COMMAND, reader->json.text,
         "is no command: use acknowledge, shelve, unshelve, reset, out_of_service, in_service, "
         "list or savepoint");
  }
}

static void take_state(reader_t *reader) {
  char word[WORD_MAX];
  vn_text_t text;
  if (!take_text(reader, MEMBER_STATE, word, sizeof word, &text)) {
    return;
  }
  for (unsigned phase = VN_ALERT_NORMAL; phase <= VN_ALERT_NO_DATA; phase++) {
    if (is_word(text, vn_alert_phase_word((vn_alert_phase_t)phase))) {
      reader->command->state = (uint8_t)phase;
      reader->command->has_state = true;
      return;
    }
  }
  note_member(reader, MEMBER_STATE,
              "is no state: use normal, pending, firing, recovering or no_data");
}

/* Digits; saturates. The number of bytes. */
static size_t take_digits(vn_text_t text, int64_t *value) {
  const int64_t most = INT64_MAX / 10 - 9;
  size_t i = 0;
  *value = 0;
  for (; i < text.length && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++) {
    *value = *value > most ? *value : *value * 10 + (text.bytes[i] - '0');
  }
  return i;
}

/* Milliseconds of a unit; 0: there is no such unit. */
static int64_t unit_ms(vn_text_t word) {
  static const struct {
    const char *word;
    int64_t ms;
  } units[] = {{"ms", 1},
               {"s", MS_PER_SECOND},
               {"m", 60 * MS_PER_SECOND},
               {"h", 3600 * MS_PER_SECOND},
               {"d", 86400 * MS_PER_SECOND}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (is_word(word, units[i].word)) {
      return units[i].ms;
    }
  }
  return 0;
}

static void take_duration(reader_t *reader) {
  char word[WORD_MAX];
  vn_text_t text;
  if (!take_text(reader, MEMBER_FOR, word, sizeof word, &text)) {
    return;
  }
  int64_t count;
  size_t digits = take_digits(text, &count);
  int64_t unit = unit_ms((vn_text_t){text.bytes + digits, text.length - digits});
  if (digits == 0 || unit == 0) {
    note_member(reader, MEMBER_FOR,
                "is no duration: write a whole number and its unit (ms, s, m, h, d), such as 30m");
  } else if (count == 0 || count > VN_COMMAND_SHELVE_MAX_MS / unit) {
    note_member(reader, MEMBER_FOR, "is no time to shelve for: from 1ms to 30d");
  } else {
    reader->command->for_ms = count * unit;
  }
}

static void take_number(reader_t *reader, member_t member) {
  int64_t value;
  bool is_episode = member == MEMBER_EPISODE;
  size_t digits = take_digits(reader->json.text, &value);
  if (digits != reader->json.text.length || value > UINT32_MAX || (is_episode && value == 0)) {
    note_member(reader, member,
                is_episode ? "is no number of an episode: a whole number from 1"
                           : "is no cursor: use the `next` of an answer");
    return;
  }
  *(is_episode ? &reader->command->episode : &reader->command->after) = (uint32_t)value;
  reader->command->has_after = reader->command->has_after || !is_episode;
}

/* Reads on behind a value that may be a container. */
static vn_reason_t skip_value(reader_t *reader, vn_json_event_t event) {
  uint8_t depth = reader->json.depth;
  vn_reason_t reason = VN_REASON_NONE;
  if (event != VN_JSON_OBJECT_BEGIN && event != VN_JSON_ARRAY_BEGIN) {
    return reason;
  }
  while (reason == VN_REASON_NONE && reader->json.depth >= depth) {
    reason = vn_json_next(&reader->json, &event);
  }
  return reason;
}

static const char *type_problem(member_type_t type, vn_json_event_t event) {
  switch (type) {
    case TYPE_BOOL:
      return event == VN_JSON_TRUE || event == VN_JSON_FALSE ? NULL : "must be true or false";
    case TYPE_NUMBER:
      return event == VN_JSON_NUMBER ? NULL : "must be a number";
    default:
      return event == VN_JSON_STRING ? NULL : "must be a string";
  }
}

static void take_value(reader_t *reader, member_t member, vn_json_event_t event) {
  member_type_t type = (member_type_t)kMembers[member].type;
  const char *problem = type_problem(type, event);
  if (problem != NULL) {
    note_member(reader, member, problem);
    return;
  }
  switch (type) {
    case TYPE_COMMAND:
      take_kind(reader);
      break;
    case TYPE_TEXT:
      keep_text(reader, member);
      break;
    case TYPE_DURATION:
      take_duration(reader);
      break;
    case TYPE_STATE:
      take_state(reader);
      break;
    case TYPE_NUMBER:
      take_number(reader, member);
      break;
    case TYPE_BOOL:
      reader->once = event == VN_JSON_TRUE;
      break;
  }
}

static member_t find_member(vn_text_t key) {
  unsigned member = 0;
  while (
      member < MEMBER_COUNT &&
      !vn__json_same_text(key, (vn_text_t){kMembers[member].name, strlen(kMembers[member].name)})) {
    member++;
  }
  return (member_t)member;
}

/* The key at work and its value. */
static vn_reason_t read_member(reader_t *reader) {
  vn_text_t key = reader->json.text;
  member_t member = find_member(key);
  vn_json_event_t event;
  vn_reason_t reason = vn_json_next(&reader->json, &event);
  if (reason != VN_REASON_NONE) {
    return reason;
  }
  if (member == MEMBER_COUNT) {
    note(reader, VN_COMMAND_ERROR_MEMBER, key,
         "is no member of a command: they are command, alert, series, episode, for, once, by, "
         "comment, id, state, after");
  } else if ((reader->seen & BIT(member)) != 0) {
    note_member(reader, member, "is there twice");
  } else {
    reader->seen = (uint16_t)(reader->seen | BIT(member));
    take_value(reader, member, event);
  }
  return skip_value(reader, event);
}

/* The whole document. */
static void read_object(reader_t *reader) {
  vn_json_event_t event;
  vn_reason_t reason = vn_json_next(&reader->json, &event);
  if (reason == VN_REASON_NONE && event != VN_JSON_OBJECT_BEGIN) {
    note_damage(reader, 0, "a command is one JSON object");
    return;
  }
  while (reason == VN_REASON_NONE && event != VN_JSON_DONE) {
    reason = vn_json_next(&reader->json, &event);
    if (reason == VN_REASON_NONE && event == VN_JSON_KEY) {
      reason = read_member(reader);
    }
  }
  if (reason != VN_REASON_NONE) {
    note_damage(reader, reader->json.position, vn_reason_text(reason));
  }
}

static bool was_given(const reader_t *reader, member_t member) {
  return (reader->seen & BIT(member)) != 0;
}

/* What must be there, and what must not. */
static void check_members(reader_t *reader) {
  unsigned kind = reader->command->kind;
  if (!was_given(reader, MEMBER_COMMAND)) {
    note(reader, VN_COMMAND_ERROR_COMMAND, (vn_text_t){NULL, 0},
         "`command` is missing: say what is to be done");
    return;
  }
  for (unsigned i = 0; i < MEMBER_COUNT; i++) {
    if (was_given(reader, (member_t)i) && (kMembers[i].kinds & BIT(kind)) == 0) {
      note_member(reader, (member_t)i, "doesn't belong to this command");
    }
  }
  bool needs_alert = kind != VN_COMMAND_LIST_ALERTS && kind != VN_COMMAND_SAVEPOINT;
  if (needs_alert && !was_given(reader, MEMBER_ALERT)) {
    note_member(reader, MEMBER_ALERT, "is missing: name the alert");
  }
  if (kind == VN_COMMAND_SHELVE && (reader->command->for_ms > 0) == reader->once) {
    note_member(reader, MEMBER_FOR,
                "or `once`: shelve needs one of them, such as \"for\": \"30m\" or \"once\": true");
  }
}

vn_command_error_t vn_command_read(const uint8_t *bytes, size_t length, vn_command_t *command,
                                   vn_command_problem_t *problem) {
  VN_ASSERT(command != NULL && problem != NULL);
  reader_t reader = {.command = command, .problem = problem};
  memset(command, 0, sizeof *command);
  command->kind = VN_COMMAND_COUNT;
  *problem = (vn_command_problem_t){.error = VN_COMMAND_ERROR_NONE};
  vn_json_init(&reader.json, bytes, length, VN_JSON_DEPTH_MAX);
  read_object(&reader);
  if (problem->error == VN_COMMAND_ERROR_NONE) {
    check_members(&reader);
  }
  return (vn_command_error_t)problem->error;
}
