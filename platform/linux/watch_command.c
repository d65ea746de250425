#include "watch_command.h"

#include "vn/json_writer.h"
#include "watch_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_text(vn_json_writer_t *writer, const char *key, const char *text) {
  vn_json_key(writer, key);
  vn_json_literal(writer, text);
}

size_t vn_watch_command(vn_watch_ask_t *ask, const char *word, const vn_watch_alert_t *alert,
                        int64_t now_ms, char *out) {
  bool of_episode = strcmp(word, "acknowledge") == 0 || strcmp(word, "reset") == 0;
  vn_json_writer_t writer;
  ask->count++;
  (void)snprintf(ask->id, sizeof ask->id, "%s-%" PRIu32, ask->session, ask->count);
  (void)snprintf(ask->what, sizeof ask->what, "%s %s %.180s", word, alert->alert, alert->series);
  (void)snprintf(ask->device, sizeof ask->device, "%s", alert->device);
  ask->until_ms = now_ms + VN_WATCH_ANSWER_MS;
  ask->open = true;
  vn_json_writer_init(&writer, out, VN_WATCH_COMMAND_BYTES);
  vn_json_object_begin(&writer);
  put_text(&writer, "command", word);
  put_text(&writer, "alert", alert->alert);
  put_text(&writer, "series", alert->series);
  if (of_episode && alert->episode > 0) {
    vn_json_key(&writer, "episode");
    vn_json_integer(&writer, alert->episode);
  }
  if (strcmp(word, "shelve") == 0) {
    put_text(&writer, "for", "30m");
  }
  if (ask->by[0] != '\0') {
    put_text(&writer, "by", ask->by);
  }
  put_text(&writer, "id", ask->id);
  vn_json_object_end(&writer);
  VN_ASSERT(!writer.overflow); /* names have at most 386 bytes, six times that when escaped */
  return writer.length;
}

void vn_watch_answered(vn_watch_ask_t *ask, const vn_watch_answer_t *answer,
                       vn_watch_view_t *view) {
  char said[VN_WATCH_NOTICE_BYTES];
  if (!ask->open || strcmp(answer->id, ask->id) != 0) {
    return;
  }
  ask->open = false;
  if (strcmp(answer->result, "done") == 0) {
    (void)snprintf(said, sizeof said, "%s: done", ask->what);
    vn_watch_say(view, VN_WATCH_GOOD, said);
    return;
  }
  (void)snprintf(said, sizeof said, "%s: refused%s%s%s%.200s", ask->what,
                 answer->error[0] != '\0' ? ", " : "", answer->error,
                 answer->text[0] != '\0' ? ": " : "", answer->text);
  vn_watch_say(view, VN_WATCH_ALARM, said);
}

void vn_watch_waited(vn_watch_ask_t *ask, vn_watch_view_t *view, int64_t now_ms) {
  char said[VN_WATCH_NOTICE_BYTES];
  if (ask->open && now_ms >= ask->until_ms) {
    ask->open = false;
    (void)snprintf(said, sizeof said, "%s: no answer from %s within 5 s", ask->what, ask->device);
    vn_watch_say(view, VN_WATCH_ALARM, said);
  }
}

/* What a byte belongs to. */
enum { STATE_PLAIN, STATE_ESCAPE, STATE_SEQUENCE };

static vn_watch_key_t plain_key(uint8_t byte) {
  static const struct {
    uint8_t byte;
    vn_watch_key_t key;
  } keys[] = {
      {'k', VN_WATCH_KEY_UP},         {'j', VN_WATCH_KEY_DOWN},
      {'g', VN_WATCH_KEY_FIRST},      {'G', VN_WATCH_KEY_LAST},
      {'p', VN_WATCH_KEY_PAGE_UP},    {'n', VN_WATCH_KEY_PAGE_DOWN},
      {'w', VN_WATCH_KEY_WINDOW},     {0x0C, VN_WATCH_KEY_REDRAW},
      {'q', VN_WATCH_KEY_QUIT},       {'a', VN_WATCH_KEY_ACKNOWLEDGE},
      {'s', VN_WATCH_KEY_SHELVE},     {'u', VN_WATCH_KEY_UNSHELVE},
      {'r', VN_WATCH_KEY_RESET},      {'o', VN_WATCH_KEY_OUT_OF_SERVICE},
      {'i', VN_WATCH_KEY_IN_SERVICE},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (keys[i].byte == byte) {
      return keys[i].key;
    }
  }
  return VN_WATCH_KEY_NONE;
}

/* The end of ESC [ parameters byte, or of ESC O byte. */
static vn_watch_key_t sequence_key(uint8_t parameter, uint8_t byte) {
  switch (byte) {
    case 'A':
      return VN_WATCH_KEY_UP;
    case 'B':
      return VN_WATCH_KEY_DOWN;
    case 'H':
      return VN_WATCH_KEY_FIRST;
    case 'F':
      return VN_WATCH_KEY_LAST;
    case '~':
      return parameter == '5'                       ? VN_WATCH_KEY_PAGE_UP
             : parameter == '6'                     ? VN_WATCH_KEY_PAGE_DOWN
             : parameter == '1' || parameter == '7' ? VN_WATCH_KEY_FIRST
             : parameter == '4' || parameter == '8' ? VN_WATCH_KEY_LAST
                                                    : VN_WATCH_KEY_NONE;
    default:
      return VN_WATCH_KEY_NONE;
  }
}

vn_watch_key_t vn_watch_take_key(vn_watch_keys_t *keys, uint8_t byte) {
  enum { ESCAPE = 0x1B };
  if (byte == ESCAPE) {
    *keys = (vn_watch_keys_t){.state = STATE_ESCAPE};
    return VN_WATCH_KEY_NONE;
  }
  if (keys->state == STATE_PLAIN) {
    return plain_key(byte);
  }
  if (keys->state == STATE_ESCAPE) {
    keys->state = byte == '[' || byte == 'O' ? STATE_SEQUENCE : STATE_PLAIN;
    return VN_WATCH_KEY_NONE;
  }
  if (byte >= 0x40 && byte < 0x7F) {
    keys->state = STATE_PLAIN;
    return sequence_key(keys->parameter, byte);
  }
  /* Two digits are some other key. */
  keys->parameter = keys->parameter == 0 ? byte : (uint8_t)' ';
  return VN_WATCH_KEY_NONE;
}

const char *vn_watch_key_command(vn_watch_key_t key) {
  switch (key) {
    case VN_WATCH_KEY_ACKNOWLEDGE:
      return "acknowledge";
    case VN_WATCH_KEY_SHELVE:
      return "shelve";
    case VN_WATCH_KEY_UNSHELVE:
      return "unshelve";
    case VN_WATCH_KEY_RESET:
      return "reset";
    case VN_WATCH_KEY_OUT_OF_SERVICE:
      return "out_of_service";
    case VN_WATCH_KEY_IN_SERVICE:
      return "in_service";
    default:
      return NULL;
  }
}
