/* vnotch watch: the loop between the connection, the model and the terminal. */
#include "clock_linux.h"
#include "cmd_watch_priv.h"
#include "commands.h"
#include "signals.h"
#include "watch_command.h"
#include "watch_plain.h"
#include "watch_terminal.h"
#include "watch_text.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_WAIT_MS 10000
#define ONCE_MS 1000
/* Often enough for the eye, seldom enough for a slow line; ages move by the second. */
#define FRAME_MS 100
#define IDLE_FRAME_MS 1000

typedef enum mode { MODE_SCREEN, MODE_LINES, MODE_ONCE } watch_mode_t;

typedef struct watch {
  vn__watch_options_t options;
  vn__watch_link_t link;
  vn_watch_model_t model;
  vn_watch_view_t view;
  vn_watch_ask_t ask;
  vn_watch_keys_t keys;
  vn_watch_plain_t plain;
  vn_watch_screen_t screens[2]; /* what is shown, and what will be */
  char paint[VN_WATCH_PAINT_BYTES];
  unsigned shown; /* index of what is shown */
  int64_t painted_ms, losses_due_ms;
  uint64_t losses_told;
  watch_mode_t mode;
  bool keyboard, color, anything_shown, changed, quit, output_gone, was_up;
} watch_t;

static int64_t wall_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_line(void *context, const char *line, size_t length) {
  watch_t *watch = context;
  watch->output_gone = watch->output_gone || !vn_terminal_write(STDOUT_FILENO, line, length);
}

static void on_answer(void *context, const char *device, const vn_watch_answer_t *answer) {
  watch_t *watch = context;
  (void)device; /* ids are not used twice */
  vn_watch_answered(&watch->ask, answer, &watch->view);
}

/* Sleeps until something is to be done; true: the keyboard has something. */
static bool wait_for_work(watch_t *watch, int64_t timeout_ms) {
  struct pollfd ready[3] = {{.fd = watch->link.wake_fd, .events = POLLIN},
                            {.fd = STDOUT_FILENO, .events = 0},
                            {.fd = watch->keyboard ? STDIN_FILENO : -1, .events = POLLIN}};
  bool at_once = timeout_ms <= 0 || vn_ring_count(&watch->link.ring) > 0;
  int count = poll(ready, 3, at_once ? 0 : (int)timeout_ms);
  if (count <= 0) {
    return false;
  }
  if ((ready[0].revents & POLLIN) != 0) {
    uint64_t calls;
    ssize_t got = read(watch->link.wake_fd, &calls, sizeof calls);
    (void)got;
  }
  watch->output_gone = watch->output_gone || (ready[1].revents & (POLLERR | POLLHUP)) != 0;
  watch->quit = watch->quit || (ready[2].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  return (ready[2].revents & POLLIN) != 0;
}

static void take_messages(watch_t *watch) {
  enum { AT_ONCE = 2000 };
  vn__watch_arrival_t arrival;
  watch->plain.now_ms = wall_ms();
  for (int i = 0; i < AT_ONCE && !watch->output_gone && vn__watch_next(&watch->link, &arrival);
       i++) {
    vn_watch_take(&watch->model, arrival.topic, arrival.payload, arrival.length, arrival.retained);
    vn__watch_release(&watch->link);
    watch->changed = true;
  }
}

static void paint(watch_t *watch) {
  unsigned rows;
  unsigned columns;
  vn_watch_screen_t *next = &watch->screens[1 - watch->shown];
  const vn_watch_screen_t *before = watch->anything_shown ? &watch->screens[watch->shown] : NULL;
  vn_terminal_size(STDOUT_FILENO, &rows, &columns);
  watch->view.now_ms = wall_ms();
  watch->view.connected = atomic_load(&watch->link.up);
  watch->view.missed = atomic_load(&watch->link.missed);
  vn_watch_layout(&watch->model, &watch->view, rows, columns, watch->plain.utf8, next);
  size_t length = vn_watch_paint(before, next, watch->color, watch->paint, sizeof watch->paint);
  watch->output_gone = !vn_terminal_write(STDOUT_FILENO, watch->paint, length);
  watch->shown = 1 - watch->shown;
  watch->anything_shown = true;
  watch->changed = false;
  watch->painted_ms = vn_clock_linux_mono_ms();
}

static void give_command(watch_t *watch, const char *word) {
  char command[VN_WATCH_COMMAND_BYTES];
  char said[VN_WATCH_NOTICE_BYTES];
  const vn_watch_alert_t *alert = vn_watch_selected(&watch->model, &watch->view);
  if (alert == NULL) {
    vn_watch_say(&watch->view, VN_WATCH_NOTE, "there is no alert to do this with");
    return;
  }
  size_t length = vn_watch_command(&watch->ask, word, alert, vn_clock_linux_mono_ms(), command);
  bool sent = vn__watch_publish(&watch->link, watch->model.prefix, alert->device, command, length);
  (void)snprintf(said, sizeof said, sent ? "%s: sent" : "%s: not sent, there is no connection",
                 watch->ask.what);
  watch->ask.open = sent;
  vn_watch_say(&watch->view, sent ? VN_WATCH_PLAIN : VN_WATCH_ALARM, said);
}

static void act(watch_t *watch, vn_watch_key_t key) {
  enum { ALL = 1000000 };
  static const struct {
    vn_watch_key_t key;
    int move;
  } moves[] = {{VN_WATCH_KEY_UP, -1},
               {VN_WATCH_KEY_DOWN, 1},
               {VN_WATCH_KEY_FIRST, -ALL},
               {VN_WATCH_KEY_LAST, ALL}};
  for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
    if (moves[i].key == key) {
      vn_watch_move(&watch->view, moves[i].move);
    }
  }
  if (key == VN_WATCH_KEY_PAGE_UP || key == VN_WATCH_KEY_PAGE_DOWN) {
    vn_watch_page(&watch->view, key == VN_WATCH_KEY_PAGE_UP ? -1 : 1);
  } else if (key == VN_WATCH_KEY_WINDOW) {
    vn_watch_next_window(&watch->model, &watch->view);
  } else if (key == VN_WATCH_KEY_REDRAW) {
    watch->anything_shown = false;
  } else if (key == VN_WATCH_KEY_QUIT) {
    watch->quit = true;
  } else if (vn_watch_key_command(key) != NULL) {
    give_command(watch, vn_watch_key_command(key));
  }
}

/* Each key acts on what is shown, so the screen follows each. */
static void take_keys(watch_t *watch) {
  uint8_t bytes[64];
  ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
  for (ssize_t i = 0; i < length && !watch->quit; i++) {
    vn_watch_key_t key = vn_watch_take_key(&watch->keys, bytes[i]);
    if (key != VN_WATCH_KEY_NONE) {
      act(watch, key);
      paint(watch);
    }
  }
}

/* Without a screen: the ups and downs of the connection, on stderr. */
static void tell_connection(watch_t *watch) {
  char said[512];
  bool up = atomic_load(&watch->link.up);
  if (up != watch->was_up) {
    vn__watch_said(&watch->link, said, sizeof said);
    (void)fprintf(stderr, "vnotch: %s\n", up ? "connected again" : said);
    watch->was_up = up;
  }
}

/* What is not among the lines, on stderr, at most once a second and at the end. */
static void tell_losses(watch_t *watch, bool at_the_end) {
  int64_t now_ms = vn_clock_linux_mono_ms();
  uint64_t missed = atomic_load(&watch->link.missed);
  uint64_t unreadable = watch->model.unreadable;
  if (missed + unreadable == watch->losses_told || (now_ms < watch->losses_due_ms && !at_the_end)) {
    return;
  }
  (void)fprintf(stderr,
                "vnotch: so far %llu messages were missed, they came faster than the output is "
                "read; %llu made no sense\n",
                (unsigned long long)missed, (unsigned long long)unreadable);
  watch->losses_told = missed + unreadable;
  watch->losses_due_ms = now_ms + IDLE_FRAME_MS;
}

static bool goes_on(const watch_t *watch) {
  return !watch->quit && !watch->output_gone && !vn_terminal_stop_wanted();
}

static void follow_screen(watch_t *watch) {
  while (goes_on(watch)) {
    int64_t now_ms = vn_clock_linux_mono_ms();
    int64_t due_ms = watch->painted_ms + (watch->changed ? FRAME_MS : IDLE_FRAME_MS);
    if (wait_for_work(watch, due_ms - now_ms)) {
      take_keys(watch);
    }
    take_messages(watch);
    now_ms = vn_clock_linux_mono_ms();
    vn_watch_waited(&watch->ask, &watch->view, now_ms);
    if (vn_terminal_changed()) {
      watch->anything_shown = false;
    }
    due_ms = watch->painted_ms + (watch->changed ? FRAME_MS : IDLE_FRAME_MS);
    if (goes_on(watch) && (now_ms >= due_ms || !watch->anything_shown)) {
      paint(watch);
    }
  }
}

static void follow_lines(watch_t *watch) {
  while (goes_on(watch)) {
    (void)wait_for_work(watch, IDLE_FRAME_MS);
    take_messages(watch);
    tell_connection(watch);
    tell_losses(watch, false);
  }
  tell_losses(watch, true);
}

static int print_once(watch_t *watch) {
  unsigned rows;
  unsigned columns;
  char text[VN_WATCH_ROW_BYTES];
  int64_t until_ms = vn_clock_linux_mono_ms() + ONCE_MS;
  while (goes_on(watch) && vn_clock_linux_mono_ms() < until_ms) {
    (void)wait_for_work(watch, until_ms - vn_clock_linux_mono_ms());
    take_messages(watch);
  }
  vn_terminal_size(STDOUT_FILENO, &rows, &columns);
  watch->view.now_ms = wall_ms();
  watch->view.connected = atomic_load(&watch->link.up);
  vn_watch_layout(&watch->model, &watch->view, vn_watch_rows_needed(&watch->model), columns,
                  watch->plain.utf8, &watch->screens[0]);
  for (unsigned row = 0; row < watch->screens[0].rows; row++) {
    (void)vn_watch_row_text(&watch->screens[0], row, text);
    (void)puts(text);
  }
  tell_losses(watch, true);
  return VN_STATUS_OK;
}

/* Waits for the first connection; a broker that isn't there is told at once, and not waited for. */
static int await_connection(watch_t *watch) {
  char said[512];
  int64_t until_ms = vn_clock_linux_mono_ms() + CONNECT_WAIT_MS;
  while (!atomic_load(&watch->link.up) && !vn_terminal_stop_wanted()) {
    int64_t left_ms = until_ms - vn_clock_linux_mono_ms();
    if (atomic_load(&watch->link.failed) || left_ms <= 0) {
      vn__watch_said(&watch->link, said, sizeof said);
      char *retry = strstr(said, " retry_ms=");
      if (retry != NULL) {
        *retry = '\0'; /* there won't be another attempt */
      }
      (void)fprintf(stderr, "vnotch: %s\n",
                    left_ms > 0 ? said : "the broker doesn't answer within 10 s, check its uri");
      return VN_STATUS_UNAVAILABLE;
    }
    (void)wait_for_work(watch, left_ms);
  }
  watch->was_up = true;
  return VN_STATUS_OK;
}

static watch_mode_t choose_mode(const watch_t *watch) {
  const char *kind = getenv("TERM");
  bool screen =
      isatty(STDOUT_FILENO) == 1 && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
  return watch->options.once ? MODE_ONCE : screen ? MODE_SCREEN : MODE_LINES;
}

static void prepare(watch_t *watch) {
  const char *user = getenv("USER");
  const char *no_color = getenv("NO_COLOR");
  vn_watch_listener_t listener = {.context = watch, .answer = on_answer};
  (void)setlocale(LC_CTYPE, "");
  watch->plain = (vn_watch_plain_t){.write = write_line, .context = watch};
  watch->plain.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  watch->mode = choose_mode(watch);
  watch->keyboard = watch->mode == MODE_SCREEN && isatty(STDIN_FILENO) == 1;
  watch->color = no_color == NULL || no_color[0] == '\0';
  watch->view.interactive = watch->mode == MODE_SCREEN;
  watch->view.broker = watch->options.broker.uri;
  (void)snprintf(watch->ask.session, sizeof watch->ask.session, "%s",
                 watch->link.client_id + strlen("vnotch-"));
  if (user != NULL && strlen(user) <= VN_WORD_MAX) {
    (void)snprintf(watch->ask.by, sizeof watch->ask.by, "%s", user);
  }
  if (watch->mode == MODE_LINES) {
    listener = vn_watch_plain_listener(&watch->plain);
  }
  vn_watch_init(&watch->model, watch->options.prefix, &listener);
}

static int follow(watch_t *watch) {
  switch (watch->mode) {
    case MODE_ONCE:
      return print_once(watch);
    case MODE_LINES:
      follow_lines(watch);
      return VN_STATUS_OK;
    default:
      if (!vn_terminal_enter(watch->keyboard ? STDIN_FILENO : -1, STDOUT_FILENO)) {
        perror("vnotch: the terminal can't be used");
        return VN_STATUS_IO;
      }
      follow_screen(watch);
      vn_terminal_leave();
      return VN_STATUS_OK;
  }
}

static int run(watch_t *watch) {
  int status = vn__watch_open(&watch->link, &watch->options);
  if (status != VN_STATUS_OK) {
    return status;
  }
  prepare(watch);
  if (!vn_signals_prepare() || !vn_terminal_signals(watch->link.wake_fd)) {
    perror("vnotch: signals can't be taken");
    status = VN_STATUS_IO;
  } else {
    status = await_connection(watch);
  }
  if (status == VN_STATUS_OK && !vn_terminal_stop_wanted()) {
    status = follow(watch);
  }
  vn__watch_close(&watch->link);
  return status;
}

int vn_cmd_watch(int argc, char **argv) {
  static watch_t watch; /* what is left of a connection that doesn't end outlives this function */
  int status = vn__watch_options(argc, argv, &watch.options);
  if (status < 0) {
    status = run(&watch);
  }
  if (watch.options.configuration != NULL && watch.link.mqtt == NULL) {
    vn_configuration_free(watch.options.configuration);
  }
  return status;
}
