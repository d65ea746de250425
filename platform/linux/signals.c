#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* Handlers take no context. */
static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t report_wanted;
static volatile sig_atomic_t wake_descriptor = -1;

static void wake(void) {
  int saved = errno;
  uint64_t one = 1;
  ssize_t written = write((int)wake_descriptor, &one, sizeof one);
  (void)written;
  errno = saved;
}

static void on_stop(int number) {
  (void)number;
  stop_wanted = 1;
  wake();
}

static void on_report(int number) {
  (void)number;
  report_wanted = 1;
  wake();
}

static bool handle(int number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  (void)sigemptyset(&action.sa_mask);
  return sigaction(number, &action, NULL) == 0;
}

static bool open_standard_descriptors(void) {
  int fd = -1;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd < 0) {
    return false;
  }
  (void)close(fd);
  return true;
}

bool vn_signals_prepare(void) {
  return open_standard_descriptors() && handle(SIGPIPE, SIG_IGN) && handle(SIGXFSZ, SIG_IGN);
}

bool vn_signals_install(int wake_fd) {
  wake_descriptor = wake_fd;
  return handle(SIGTERM, on_stop) && handle(SIGINT, on_stop) && handle(SIGHUP, on_report) &&
         handle(SIGUSR1, on_report);
}

bool vn_signals_stop_wanted(void) { return stop_wanted != 0; }

bool vn_signals_report_wanted(void) {
  bool wanted = report_wanted != 0;
  report_wanted = 0;
  return wanted;
}
