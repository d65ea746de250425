/* Plans that were compiled into tables are those that the daemon reads, and behave as they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiled.h"
#include "configuration.h"
#include "plan_blob.h"
#include "plan_compare.h"
#include "replay.h"

#define TRACE_LINES 500u

static vn_configuration_t *load(const char *file) {
  unsigned errors = 0;
  vn_configuration_t *configuration = vn_configuration_load(file, stderr, &errors);
  assert_non_null(configuration);
  return configuration;
}

static void there_are_plans(void **state) {
  (void)state;
  unsigned count = 0;
  while (compiled_plans[count] != NULL) {
    count++;
  }
  assert_true(count >= 9);
}

static void tables_are_the_plan_that_the_daemon_reads(void **state) {
  (void)state;
  for (const compiled_plan_t *const *at = compiled_plans; *at != NULL; at++) {
    vn_configuration_t *configuration = load((*at)->file);
    print_message("%s\n", (*at)->file);
    assert_true(plan_same(&configuration->plan, (*at)->plan));
    assert_true(vn_plan_hash(&configuration->plan) == vn_plan_hash((*at)->plan));
    vn_configuration_free(configuration);
  }
}

static int64_t mono_ms(void *context) {
  (void)context;
  return 0;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = 0;
  return true;
}

/* As firmware begins: no block, no heap. */
static void an_engine_takes_the_tables_and_their_static_store(void **state) {
  (void)state;
  static vn_engine_t engine;
  const vn_clock_t clock = {NULL, mono_ms, wall_ms};
  const vn_ports_t ports = {.clock = &clock};
  for (const compiled_plan_t *const *at = compiled_plans; *at != NULL; at++) {
    vn_store_t need;
    assert_int_equal(vn_store_need((*at)->plan, &need), VN_OK);
    assert_true((*at)->ram_bytes <= vn_store_bytes(&need));
    vn_plan_t plan = *(*at)->plan;
    plan.durability = VN_DURABILITY_VOLATILE;
    assert_int_equal(vn_init(&engine, &plan, (*at)->store, &ports), VN_OK);
    assert_int_equal(vn_restore(&engine), VN_OK);
  }
}

/* The name of a series that the pipeline takes: its glob with letters in place of wildcards. */
static void name_of(const vn_pipeline_t *pipeline, unsigned number, char out[300]) {
  size_t length = 0;
  for (size_t i = 0; i < pipeline->match.length && length < 290; i++) {
    char byte = pipeline->match.bytes[i];
    out[length++] = byte == '*' || byte == '?' ? (char)('a' + number % 3) : byte;
  }
  out[length] = '\0';
}

/* Readings of all pipelines, mostly in order, over some ten minutes. */
static void write_trace(const vn_plan_t *plan, const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  int64_t at_ms = 1700000000000;
  uint32_t noise = 1;
  for (unsigned i = 0; i < TRACE_LINES; i++) {
    char name[300];
    noise = noise * 1664525u + 1013904223u;
    at_ms += noise >> 22;
    name_of(&plan->pipelines[i % plan->pipeline_count], noise >> 8, name);
    int64_t time_ms = at_ms - (int64_t)((noise >> 12) % 3000);
    (void)fprintf(file, "{\"at\": %lld, \"series\": \"%s\", \"t\": %lld, \"v\": %u.%u}\n",
                  (long long)at_ms, name, (long long)time_ms, (noise >> 9) % 110,
                  (noise >> 5) % 10);
    if (i % 97 == 96) {
      (void)fprintf(file, "{\"op\": \"tick\", \"at\": %lld}\n", (long long)at_ms);
    }
  }
  (void)fputs("{\"op\": \"flush\"}\n", file);
  assert_int_equal(fclose(file), 0);
}

static char *read_all(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *bytes = malloc(1u << 24);
  assert_non_null(bytes);
  *length = fread(bytes, 1, 1u << 24, file);
  assert_int_equal(fclose(file), 0);
  return bytes;
}

static char *replay(const vn_replay_options_t *options, size_t *length) {
  assert_int_equal(vn_replay(options, stderr), VN_EXIT_OK);
  return read_all(options->output, length);
}

static void a_replay_gives_the_same_bytes_with_each(void **state) {
  (void)state;
  char folder[] = "/tmp/vnotch-compiled-XXXXXX", trace[64], output[64];
  assert_non_null(mkdtemp(folder));
  (void)snprintf(trace, sizeof trace, "%s/trace", folder);
  (void)snprintf(output, sizeof output, "%s/output", folder);
  for (const compiled_plan_t *const *at = compiled_plans; *at != NULL; at++) {
    vn_replay_options_t options = {
        .config = (*at)->file, .trace = trace, .output = output, .scores = true, .events = true};
    size_t length, other_length;
    write_trace((*at)->plan, trace);
    char *read = replay(&options, &length);
    options.plan = (*at)->plan;
    char *compiled = replay(&options, &other_length);
    assert_true(length > 1000);
    assert_int_equal(length, other_length);
    assert_memory_equal(read, compiled, length);
    free(compiled);
    plan_blob_t blob = plan_blob_of((*at)->plan);
    void *memory;
    vn_err_t error;
    options.plan = plan_blob_load(&blob, &memory, &error);
    assert_int_equal(error, VN_OK);
    char *loaded = replay(&options, &other_length);
    assert_int_equal(length, other_length);
    assert_memory_equal(read, loaded, length);
    free(loaded);
    free(memory);
    free(blob.bytes);
    free(read);
  }
  assert_int_equal(unlink(trace) + unlink(output) + rmdir(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_are_plans),
      cmocka_unit_test(tables_are_the_plan_that_the_daemon_reads),
      cmocka_unit_test(an_engine_takes_the_tables_and_their_static_store),
      cmocka_unit_test(a_replay_gives_the_same_bytes_with_each),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
