#include "watch_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Another screen, no cursor, lines aren't continued. And back. */
static const char enter_sequence[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
static const char leave_sequence[] = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/* Handlers take no context; a process has one terminal. */
static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t size_changed;
static volatile sig_atomic_t pause_wanted;
static volatile sig_atomic_t taken;
static volatile sig_atomic_t wake_descriptor = -1;
static struct termios saved;
static int input = -1;
static int output = -1;

static void wake(void) {
  int before = errno;
  uint64_t one = 1;
  ssize_t written = write((int)wake_descriptor, &one, sizeof one);
  (void)written;
  errno = before;
}

static void on_stop(int number) {
  (void)number;
  stop_wanted = 1;
  wake();
}

static void on_size(int number) {
  (void)number;
  size_changed = 1;
  wake();
}

static void on_pause(int number) {
  (void)number;
  pause_wanted = 1;
  wake();
}

/* Only calls that a handler may make. */
static void give_back(void) {
  if (taken == 0) {
    return;
  }
  taken = 0;
  ssize_t written = write(output, leave_sequence, sizeof leave_sequence - 1);
  (void)written;
  if (input >= 0) {
    (void)tcsetattr(input, TCSADRAIN, &saved);
  }
}

/* The handler is reset already: the signal does what it would have done. */
static void on_fatal(int number) {
  give_back();
  (void)raise(number);
}

static bool handle(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  (void)sigemptyset(&action.sa_mask);
  return sigaction(number, &action, NULL) == 0;
}

bool vn_terminal_signals(int wake_fd) {
  wake_descriptor = wake_fd;
  return handle(SIGINT, on_stop, 0) && handle(SIGTERM, on_stop, 0) && handle(SIGHUP, on_stop, 0);
}

bool vn_terminal_stop_wanted(void) { return stop_wanted != 0; }

static bool handle_terminal_signals(void) {
  static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSYS, SIGTRAP};
  bool ok = handle(SIGWINCH, on_size, 0) && handle(SIGTSTP, on_pause, 0) &&
            handle(SIGTTOU, SIG_IGN, 0); /* giving back must not stop us in the background */
  for (size_t i = 0; ok && i < sizeof fatal / sizeof *fatal; i++) {
    ok = handle(fatal[i], on_fatal, (int)SA_RESETHAND);
  }
  return ok;
}

static bool take_over(void) {
  if (input >= 0) {
    struct termios keys = saved;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = 0;
    if (tcsetattr(input, TCSADRAIN, &keys) != 0) {
      return false;
    }
  }
  taken = 1;
  return vn_terminal_write(output, enter_sequence, sizeof enter_sequence - 1);
}

bool vn_terminal_enter(int in, int out) {
  input = in;
  output = out;
  if (in >= 0 && tcgetattr(in, &saved) != 0) {
    return false;
  }
  bool ok = handle_terminal_signals() && take_over();
  if (!ok) {
    give_back();
  }
  return ok;
}

void vn_terminal_leave(void) { give_back(); }

bool vn_terminal_changed(void) {
  bool changed = size_changed != 0;
  size_changed = 0;
  if (pause_wanted != 0) {
    pause_wanted = 0;
    give_back();
    (void)raise(SIGSTOP);
    (void)take_over();
    changed = true;
  }
  return changed;
}

static unsigned number_of(const char *variable, unsigned otherwise) {
  const char *text = getenv(variable);
  char *end = NULL;
  unsigned long number = text != NULL ? strtoul(text, &end, 10) : 0;
  return number > 0 && number <= 1000 && *end == '\0' ? (unsigned)number : otherwise;
}

void vn_terminal_size(int out, unsigned *rows, unsigned *columns) {
  struct winsize size;
  memset(&size, 0, sizeof size);
  bool known = ioctl(out, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
  *rows = known ? size.ws_row : number_of("LINES", 24);
  *columns = known ? size.ws_col : number_of("COLUMNS", 80);
}

bool vn_terminal_write(int out, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(out, bytes, length);
    if (written >= 0) {
      bytes += written;
      length -= (size_t)written;
    } else if (errno == EAGAIN) {
      struct pollfd ready = {.fd = out, .events = POLLOUT};
      (void)poll(&ready, 1, 1000);
    } else if (errno != EINTR) {
      return false;
    }
    if (length > 0 && stop_wanted != 0) {
      return false;
    }
  }
  return true;
}
