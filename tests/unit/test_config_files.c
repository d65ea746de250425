/* Files: what is read at all, secrets, the examples, and the design's own example. */
#define _DEFAULT_SOURCE /* symlink, mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "load_text.h"

#define PIPELINE "pipelines: [{name: p}]\n"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  (void)strcpy(folder, "/tmp/vnotch-test-XXXXXX");
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command);
}

static void path_in(char out[64], const char *name) {
  int length = snprintf(out, 64, "%s/%s", folder, name);
  assert_true(length > 0 && length < 64);
}

static void write_file(const char *path, const char *text, mode_t mode) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path, mode), 0);
}

static void expect_only(const char *path, const char *expected) {
  loaded_t loaded = {.error_count = 0};
  (void)strcpy(loaded.path, path);
  load_path(&loaded);
  if (expected == NULL) {
    assert_string_equal(loaded.output, "");
    assert_non_null(loaded.configuration);
  } else {
    assert_null(loaded.configuration);
    assert_int_equal(loaded.error_count, 1);
    assert_int_equal(strncmp(loaded.findings[0].text, expected, strlen(expected)), 0);
  }
  loaded_free(&loaded);
}

static void a_file_that_cant_be_read_is_one_error(void **state) {
  (void)state;
  char path[64];
  path_in(path, "missing.yaml");
  expect_only(path, "can't open the file: No such file or directory");
  expect_only(folder, "is no regular file");
  expect_only("/dev/null", "is no regular file");
  path_in(path, "fifo");
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_only(path, "is no regular file"); /* and doesn't wait for a writer */
}

static void a_file_of_others_is_refused(void **state) {
  (void)state;
  char path[64], link[64];
  path_in(path, "c.yaml");
  write_file(path, PIPELINE, 0666);
  expect_only(path, "is writable by everybody: chmod o-w it");
  assert_int_equal(chmod(path, 0664), 0);
  expect_only(path, NULL);
  path_in(link, "link.yaml");
  assert_int_equal(symlink("c.yaml", link), 0);
  expect_only(link, NULL);
  char inner[64];
  path_in(inner, "inner");
  assert_int_equal(mkdir(inner, 0700), 0);
  path_in(inner, "inner/link.yaml");
  assert_int_equal(symlink("../c.yaml", inner), 0);
  expect_only(inner, "is a symbolic link to another folder: name the file itself");
}

static void a_stranger_may_not_own_the_file(void **state) {
  (void)state;
  char path[64];
  if (geteuid() != 0) {
    skip(); /* only root can give a file away */
  }
  path_in(path, "foreign.yaml");
  write_file(path, PIPELINE, 0644);
  assert_int_equal(chown(path, 12345, 12345), 0);
  expect_only(path, "belongs to another user");
  assert_int_equal(chown(folder, 12345, 12345), 0); /* who owns the folder owns the file anyway */
  expect_only(path, NULL);
  assert_int_equal(chown(folder, 0, 0), 0);
}

static void expect_secret(mode_t mode, const char *expected) {
  char path[64], text[256];
  loaded_t loaded;
  path_in(path, "password");
  write_file(path, "secret\n", 0600);
  assert_int_equal(chmod(path, mode), 0);
  (void)snprintf(text, sizeof text,
                 "broker: {uri: \"mqtt://h\", username: u, password_file: %s}\n" PIPELINE, path);
  load_text(&loaded, text);
  if (expected == NULL) {
    assert_string_equal(loaded.output, "");
  } else {
    assert_int_equal(loaded.error_count, 1);
    assert_int_equal(loaded.findings[0].column, 55);
    assert_non_null(strstr(loaded.findings[0].text, expected));
    assert_null(strstr(loaded.output, "secret"));
  }
  loaded_free(&loaded);
}

static void secrets_are_for_few(void **state) {
  (void)state;
  expect_secret(0600, NULL);
  expect_secret(0640, NULL);
  expect_secret(0644, "password` is readable by everybody: chmod 0600 it");
  expect_secret(0602, "password` is writable by everybody: chmod o-w it");
}

static void keys_of_tls_are_secrets_too(void **state) {
  (void)state;
  char key[64], text[320];
  loaded_t loaded;
  path_in(key, "k.pem");
  write_file(key, "key\n", 0644);
  (void)snprintf(text, sizeof text,
                 "broker: {uri: \"mqtts://h\", tls: {cert_file: c, key_file: %s}}\n" PIPELINE, key);
  load_text(&loaded, text);
  assert_int_equal(loaded.error_count, 1);
  assert_non_null(strstr(loaded.findings[0].text, "`key_file`: "));
  loaded_free(&loaded);
}

static void examples_have_no_errors(void **state) {
  (void)state;
  unsigned count = 0;
  DIR *examples = opendir(VN_SOURCE_DIR "/config/examples");
  assert_non_null(examples);
  for (struct dirent *entry = readdir(examples); entry != NULL; entry = readdir(examples)) {
    if (strstr(entry->d_name, ".yaml") == NULL) {
      continue;
    }
    char path[512];
    unsigned errors = 0;
    (void)snprintf(path, sizeof path, "%s/config/examples/%s", VN_SOURCE_DIR, entry->d_name);
    vn_configuration_t *configuration = vn_configuration_load(path, stderr, &errors);
    assert_non_null(configuration);
    vn_configuration_free(configuration);
    count++;
  }
  assert_int_equal(closedir(examples), 0);
  assert_true(count >= 4);
}

#define DESIGN_HEAD                                                              \
  "device: gw-17\n"                                                              \
  "broker:\n"                                                                    \
  "  uri: mqtt://127.0.0.1:1883        # mqtt mqtts ws wss\n"                    \
  "  mqtt: 5                           # or 3.1.1\n"                             \
  "  username: gw-17\n"                                                          \
  "  password_file: nowhere/vnotch/password\n"                                   \
  "  tls: {ca_file: ca.pem, cert_file: gw.pem, key_file: gw.key}\n"              \
  "upstream: {uri: mqtts://cloud.example:8883}\n"                                \
  "topics: {prefix: vnotch}\n"                                                   \
  "summaries: {encoding: cbor, batch: 20, flush_every: 1s}\n"                    \
  "capacity: {series: 1000, input_queue: 4096, outbox: 4MiB, on_full: reject}\n" \
  "state:\n"                                                                     \
  "  file: /var/lib/vnotch/state.flash\n"                                        \
  "  size: 8MiB\n"                                                               \
  "  durability: checkpoint            # volatile | checkpoint | journal\n"      \
  "  checkpoint_every: 10s\n"                                                    \
  "  flash: {erase_block: 4KiB, program_unit: 256B, endurance: 100000%s}\n"      \
  "inputs:\n"                                                                    \
  "  - {topic: \"plant/{line}/{sensor}\", qos: 1, format: senml+json, series: "  \
  "\"{line}/{sensor}\"}\n"                                                       \
  "  - topic: \"zigbee2mqtt/{name}\"\n"                                          \
  "    format: json\n"                                                           \
  "    fields:\n"                                                                \
  "      - {path: temperature, series: \"{name}/temp\"}\n"                       \
  "      - {path: humidity, series: \"{name}/rh\"}\n"                            \
  "    time: {path: last_seen, unit: ms}\n"
#define DESIGN_TAIL                                                                                \
  "pipelines:\n"                                                                                   \
  "  - name: temperature\n"                                                                        \
  "    match: \"*/temp*\"\n"                                                                       \
  "    series: 200\n"                                                                              \
  "    unit: Cel\n"                                                                                \
  "    resolution: 0.01\n"                                                                         \
  "    range: [-40, 125]\n"                                                                        \
  "    time: event                     # or arrival\n"                                             \
  "    out_of_order: 2s\n"                                                                         \
  "    allowed_lateness: 1m\n"                                                                     \
  "    idle_timeout: 30s\n"                                                                        \
  "    max_future: 5s\n"                                                                           \
  "    windows:\n"                                                                                 \
  "      - {name: minute, tumbling: 1m, statistics: [count, mean, min, max, stddev%s], sample: "   \
  "8}\n"                                                                                           \
  "      - {name: trend, sliding: {size: 10m, slide: 1m}, statistics: [mean%s]}\n"                 \
  "%s"                                                                                             \
  "    alerts:\n"                                                                                  \
  "      - {name: overheat, of: value, above: 80, hysteresis: 5, for: 10s, keep_firing_for: 30s, " \
  "severity: critical}\n"                                                                          \
  "      - {name: warm-minute, of: minute.mean, above: 70}\n"                                      \
  "      - {name: silent, absent_for: 1m}\n"                                                       \
  "      - {name: stuck, unchanged_for: 10m}\n"

/* The design's example loads as it stands; what it asks beyond the region's size is told. */
static void the_design_example(void **state) {
  (void)state;
  char text[4096];
  loaded_t loaded;
  (void)snprintf(
      text, sizeof text, DESIGN_HEAD DESIGN_TAIL, ", lifetime: 5y", ", p95", ", slope",
      "      - {name: visit, session: {gap: 30s}}\n      - {name: hundred, count: 100}\n");
  load_text(&loaded, text);
  assert_int_equal(loaded.error_count, 0);
  assert_true(loaded.finding_count <= 3);
  assert_non_null(strstr(loaded.findings[1].text, "doesn't fit into the region of the state"));
  assert_non_null(loaded.configuration);
  const vn_pipeline_t *pipeline = &loaded.configuration->plan.pipelines[0];
  assert_int_equal(pipeline->alert_count, 4);
  assert_int_equal(pipeline->summary.window_count, 4);
  assert_int_equal(pipeline->summary.windows[2].gap_ms, 30000);
  assert_int_equal(pipeline->summary.windows[3].size_readings, 100);
  loaded_free(&loaded);
}

/* The page of keys names every key that can be written, and every word of a choice. */
static void the_document_is_complete(void **state) {
  (void)state;
  static const char *const some[] = {"| `device` |", "| `allowed_lateness` |",
                                     "`senml+cbor`", "`variance_sample`",
                                     "1ms to 100y",  "`lifetime` |"};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  vn_configuration_document(out);
  assert_int_equal(fclose(out), 0);
  for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
    assert_non_null(strstr(text, some[i]));
  }
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_that_cant_be_read_is_one_error),
      cmocka_unit_test(a_file_of_others_is_refused),
      cmocka_unit_test(a_stranger_may_not_own_the_file),
      cmocka_unit_test(secrets_are_for_few),
      cmocka_unit_test(keys_of_tls_are_secrets_too),
      cmocka_unit_test(examples_have_no_errors),
      cmocka_unit_test(the_design_example),
      cmocka_unit_test(the_document_is_complete),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
