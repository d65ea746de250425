/* The service manager's protocol, and the wake-up of the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock_linux.h"
#include "notify.h"
#include "wake.h"

/* An abstract socket leaves no file behind. */
static int listen_at(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  memcpy(address.sun_path + 1, name, length);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)),
                   0);
  return fd;
}

static const char *received(int fd) {
  static char text[256];
  ssize_t length = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
  text[length > 0 ? length : 0] = '\0';
  return text;
}

static void messages_reach_an_abstract_socket(void **state) {
  (void)state;
  char name[64];
  char path[66];
  (void)snprintf(name, sizeof name, "vnotch-notify-%ld", (long)getpid());
  (void)snprintf(path, sizeof path, "@%s", name);
  int fd = listen_at(name);
  assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
  assert_int_equal(setenv("WATCHDOG_USEC", "400000", 1), 0);
  vn_notify_t notify;
  vn_notify_open(&notify);
  assert_int_equal(notify.watchdog_ms, 200);
  vn_notify_send(&notify, "READY=1");
  assert_string_equal(received(fd), "READY=1");
  vn_notify_feed(&notify, 1000);
  assert_string_equal(received(fd), "WATCHDOG=1");
  vn_notify_feed(&notify, 1199);
  assert_string_equal(received(fd), "");
  vn_notify_feed(&notify, 1200);
  assert_string_equal(received(fd), "WATCHDOG=1");
  vn_notify_close(&notify);
  (void)close(fd);
  (void)unsetenv("WATCHDOG_USEC");
}

static void the_watchdog_of_another_process_is_not_fed(void **state) {
  (void)state;
  char path[66];
  (void)snprintf(path, sizeof path, "@vnotch-other-%ld", (long)getpid());
  int fd = listen_at(path + 1);
  (void)setenv("NOTIFY_SOCKET", path, 1);
  (void)setenv("WATCHDOG_USEC", "400000", 1);
  (void)setenv("WATCHDOG_PID", "1", 1);
  vn_notify_t notify;
  vn_notify_open(&notify);
  assert_int_equal(notify.watchdog_ms, 0);
  vn_notify_close(&notify);
  (void)close(fd);
  (void)unsetenv("WATCHDOG_PID");
  (void)unsetenv("WATCHDOG_USEC");
}

static void without_a_usable_socket_nothing_happens(void **state) {
  static const char *const paths[] = {"", "/", "relative", "/nonexistent/vnotch/notify"};
  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    (void)setenv("NOTIFY_SOCKET", paths[i], 1);
    vn_notify_t notify;
    vn_notify_open(&notify);
    assert_int_equal(notify.fd, -1);
    vn_notify_send(&notify, "READY=1");
    vn_notify_close(&notify);
  }
  (void)unsetenv("NOTIFY_SOCKET");
}

static void a_call_before_the_sleep_is_not_lost(void **state) {
  (void)state;
  vn_wake_t wake;
  assert_true(vn_wake_open(&wake));
  uint32_t seen = vn_wake_seen(&wake);
  vn_wake_call(&wake);
  int64_t before_ms = vn_clock_linux_mono_ms();
  vn_wake_sleep(&wake, seen, 60000);
  assert_true(vn_clock_linux_mono_ms() - before_ms < 30000);
  assert_int_not_equal(vn_wake_seen(&wake), seen);
  (void)close(wake.fd);
}

static void a_signal_handlers_write_ends_the_sleep(void **state) {
  (void)state;
  vn_wake_t wake;
  assert_true(vn_wake_open(&wake));
  uint64_t one = 1;
  assert_int_equal(write(wake.fd, &one, sizeof one), sizeof one);
  int64_t before_ms = vn_clock_linux_mono_ms();
  vn_wake_sleep(&wake, vn_wake_seen(&wake), 60000);
  assert_true(vn_clock_linux_mono_ms() - before_ms < 30000);
  (void)close(wake.fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_reach_an_abstract_socket),
      cmocka_unit_test(the_watchdog_of_another_process_is_not_fed),
      cmocka_unit_test(without_a_usable_socket_nothing_happens),
      cmocka_unit_test(a_call_before_the_sleep_is_not_lost),
      cmocka_unit_test(a_signal_handlers_write_ends_the_sleep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
