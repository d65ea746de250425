/*
 * Messages as `vnotch watch` gets them: the first byte chooses the kind of topic, the rest up to
 * the first NUL is the end of the topic, what follows is the payload. Whatever comes, no control
 * character and no escape reaches a screen or a line.
 */
#include "watch_layout.h"
#include "watch_plain.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_line(void *context, const char *line, size_t length) {
  (void)context;
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)line[i];
    VN_ASSERT((byte >= ' ' && byte != 0x7F) || (byte == '\n' && i + 1 == length));
  }
}

static void look_at_screen(const vn_watch_screen_t *screen) {
  for (unsigned row = 0; row < screen->rows; row++) {
    for (unsigned column = 0; column < screen->columns; column++) {
      const unsigned char *bytes = (const unsigned char *)screen->cells[row][column].bytes;
      VN_ASSERT(bytes[0] >= ' ' && bytes[0] != 0x7F);
      VN_ASSERT(bytes[0] < 0x80 || !(bytes[0] == 0xC2 && bytes[1] < 0xA1));
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const kTopics[] = {
      "vnotch/gw/alert/", "vnotch/gw/event",  "vnotch/gw/summary",
      "vnotch/gw/stats",  "vnotch/gw/status", "vnotch/gw/response",
      "vnotch/"};
  static vn_watch_model_t model;
  static vn_watch_view_t view;
  static vn_watch_screen_t screen;
  char topic[600];
  vn_watch_plain_t plain = {.write = look_at_line, .utf8 = true};
  vn_watch_listener_t listener = vn_watch_plain_listener(&plain);
  vn_watch_init(&model, "vnotch", &listener);
  memset(&view, 0, sizeof view);
  if (size < 1) {
    return 0;
  }
  const uint8_t *end = memchr(data, 0, size);
  size_t tail = end == NULL ? 0 : (size_t)(end - data - 1);
  tail = end == data ? 0 : tail < 500 ? tail : 500;
  const char *start = kTopics[data[0] % (sizeof kTopics / sizeof *kTopics)];
  size_t length = strlen(start);
  memcpy(topic, start, length);
  memcpy(topic + length, data + 1, tail);
  const uint8_t *payload = end == NULL ? data + 1 : end + 1;
  vn_watch_take(&model, (vn_text_t){topic, length + tail}, payload, (size_t)(data + size - payload),
                data[0] >= 0x80);
  view.broker = "mqtt://127.0.0.1";
  view.interactive = true;
  vn_watch_layout(&model, &view, 24, 120, true, &screen);
  look_at_screen(&screen);
  return 0;
}
