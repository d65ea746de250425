/* Log lines: form, escapes, rate limit; read back through a pipe in place of stderr. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

static int pipe_ends[2];
static int saved_stderr;

static int redirect(void **state) {
  (void)state;
  (void)unsetenv("JOURNAL_STREAM");
  saved_stderr = dup(STDERR_FILENO);
  return pipe(pipe_ends) == 0 && dup2(pipe_ends[1], STDERR_FILENO) >= 0 &&
                 fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) == 0
             ? 0
             : -1;
}

static int restore(void **state) {
  (void)state;
  (void)dup2(saved_stderr, STDERR_FILENO);
  (void)close(saved_stderr);
  (void)close(pipe_ends[0]);
  (void)close(pipe_ends[1]);
  return 0;
}

/* What was written since the last call. */
static const char *written(void) {
  static char text[16384];
  ssize_t length = read(pipe_ends[0], text, sizeof text - 1);
  text[length > 0 ? length : 0] = '\0';
  return text;
}

static void a_line_is_a_sentence_and_pairs(void **state) {
  (void)state;
  vn_log(VN_LOG_INFO, VN_LOG_START, "started well", "file", "/a/b", "count",
         vn_log_number(-17, (char[24]){0}), NULL);
  assert_string_equal(written(), "vnotchd: started well file=/a/b count=-17\n");
}

static void values_that_could_mislead_are_quoted_and_escaped(void **state) {
  (void)state;
  vn_log(VN_LOG_INFO, VN_LOG_STOP, "x", "a", "b c", "d", "", "e", "q\"\\\x1b[2J\n\xff", "f", "g=h",
         "n", NULL, NULL);
  assert_string_equal(
      written(),
      "vnotchd: x a=\"b c\" d=\"\" e=\"q\\\"\\\\\\x1b[2J\\x0a\\xff\" f=\"g=h\" n=\"\"\n");
}

static void the_journal_gets_priorities(void **state) {
  (void)state;
  assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
  vn_log(VN_LOG_ERROR, VN_LOG_TLS, "bad", NULL);
  vn_log(VN_LOG_NOTICE, VN_LOG_TLS, "good", NULL);
  assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
  assert_string_equal(written(), "<3>bad\n<5>good\n");
}

static void long_values_are_cut_at_the_end_of_the_line(void **state) {
  char value[5000];
  (void)state;
  memset(value, 'v', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  vn_log(VN_LOG_INFO, VN_LOG_SESSION, "x", "key", value, "more", value, NULL);
  const char *line = written();
  assert_int_equal(strlen(line), 1001);
  assert_int_equal(line[1000], '\n');
}

static void a_flood_of_one_kind_leaves_the_others_alone(void **state) {
  (void)state;
  for (unsigned i = 0; i < 5 * VN_LOG_ALLOWANCE; i++) {
    vn_log(VN_LOG_WARNING, VN_LOG_QUEUE, "dropped", NULL);
  }
  const char *text = written();
  unsigned lines = 0;
  for (const char *p = text; *p != '\0'; p++) {
    lines += *p == '\n' ? 1 : 0;
  }
  assert_int_equal(lines, VN_LOG_ALLOWANCE);
  vn_log(VN_LOG_WARNING, VN_LOG_BROKER, "lost", NULL);
  assert_string_equal(written(), "vnotchd: lost\n");
}

typedef struct diverted {
  char text[256];
  size_t length;
} diverted_t;

static void take_line(void *context, const char *line, size_t length) {
  diverted_t *diverted = context;
  assert_true(length < sizeof diverted->text);
  memcpy(diverted->text, line, length);
  diverted->text[length] = '\0';
}

static void lines_can_go_elsewhere(void **state) {
  diverted_t diverted = {.text = ""};
  (void)state;
  vn_log_divert(take_line, &diverted);
  vn_log(VN_LOG_NOTICE, VN_LOG_BROKER, "gone", "reason", "a b", NULL);
  vn_log_divert(NULL, NULL);
  assert_string_equal(diverted.text, "gone reason=\"a b\"");
  assert_string_equal(written(), "");
  vn_log(VN_LOG_NOTICE, VN_LOG_BROKER, "back", NULL);
  assert_string_equal(written(), "vnotchd: back\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_line_is_a_sentence_and_pairs, redirect, restore),
      cmocka_unit_test_setup_teardown(values_that_could_mislead_are_quoted_and_escaped, redirect,
                                      restore),
      cmocka_unit_test_setup_teardown(the_journal_gets_priorities, redirect, restore),
      cmocka_unit_test_setup_teardown(long_values_are_cut_at_the_end_of_the_line, redirect,
                                      restore),
      cmocka_unit_test_setup_teardown(lines_can_go_elsewhere, redirect, restore),
      cmocka_unit_test_setup_teardown(a_flood_of_one_kind_leaves_the_others_alone, redirect,
                                      restore),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
