/* Plans as blobs: what is loaded is what was compiled, and nothing else is taken. */
#include "vn/plan_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiled.h"
#include "plan_blob.h"
#include "plan_compare.h"

/* The plan with the most kinds of things in it. */
static const vn_plan_t *richest(void) {
  const vn_plan_t *found = NULL;
  for (const compiled_plan_t *const *at = compiled_plans; *at != NULL; at++) {
    found = strcmp((*at)->plan->device, "all-1") == 0 ? (*at)->plan : found;
  }
  assert_non_null(found);
  return found;
}

static vn_err_t load_error(const plan_blob_t *blob) {
  void *memory;
  vn_err_t error;
  const vn_plan_t *plan = plan_blob_load(blob, &memory, &error);
  assert_true((plan != NULL) == (error == VN_OK));
  free(memory);
  return error;
}

static void a_loaded_plan_is_the_one_that_was_compiled(void **state) {
  (void)state;
  for (const compiled_plan_t *const *at = compiled_plans; *at != NULL; at++) {
    plan_blob_t blob = plan_blob_of((*at)->plan);
    void *memory;
    vn_err_t error;
    const vn_plan_t *plan = plan_blob_load(&blob, &memory, &error);
    assert_int_equal(error, VN_OK);
    memset(blob.bytes, 0xA5, blob.length); /* nothing points into it */
    assert_true(plan_same(plan, (*at)->plan));
    assert_true(vn_plan_hash(plan) == vn_plan_hash((*at)->plan));
    plan_blob_t again = plan_blob_of(plan), first = plan_blob_of((*at)->plan);
    assert_int_equal(again.length, first.length);
    assert_memory_equal(again.bytes, first.bytes, first.length);
    free(again.bytes);
    free(first.bytes);
    free(memory);
    free(blob.bytes);
  }
}

static void memory_that_is_too_small_by_a_byte_is_told(void **state) {
  (void)state;
  plan_blob_t blob = plan_blob_of(richest());
  const vn_plan_t *plan = NULL;
  size_t need;
  assert_int_equal(vn_plan_load_need(blob.bytes, blob.length, &need), VN_OK);
  assert_true(need > sizeof(vn_plan_t) && need < 64 * blob.length);
  for (size_t capacity = 0; capacity < need; capacity += capacity < need - 40 ? 37 : 1) {
    void *memory = malloc(capacity + 1);
    assert_int_equal(vn_plan_load(blob.bytes, blob.length, memory, capacity, &plan), VN_ERR_FULL);
    assert_null(plan);
    free(memory);
  }
  free(blob.bytes);
}

static void every_flipped_bit_is_found(void **state) {
  (void)state;
  for (const compiled_plan_t *const *at = compiled_plans; *at != NULL; at++) {
    plan_blob_t blob = plan_blob_of((*at)->plan);
    for (size_t bit = 0; bit < 8 * blob.length; bit++) {
      blob.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
      vn_err_t error = load_error(&blob);
      assert_int_equal(error, bit / 8 < 13 ? VN_ERR_FORMAT : VN_ERR_CHECKSUM);
      blob.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(load_error(&blob), VN_OK);
    free(blob.bytes);
  }
}

/* In memory of its own size, so that a look behind the end is seen. */
static vn_err_t cut_error(const plan_blob_t *blob, size_t length, bool repaired) {
  plan_blob_t cut = {malloc(length + 1), length};
  memcpy(cut.bytes, blob->bytes, length);
  if (repaired && length >= VN_PLAN_BLOB_CRC_BYTES) {
    plan_blob_repair(&cut);
  }
  cut.bytes = realloc(cut.bytes, length == 0 ? 1 : length);
  vn_err_t error = load_error(&cut);
  free(cut.bytes);
  return error;
}

static void a_blob_cut_short_anywhere_is_refused(void **state) {
  (void)state;
  plan_blob_t blob = plan_blob_of(richest());
  for (size_t length = 0; length < blob.length; length++) {
    vn_err_t error = cut_error(&blob, length, false);
    assert_true(error == VN_ERR_FORMAT || error == VN_ERR_CHECKSUM);
    assert_int_equal(cut_error(&blob, length, true), VN_ERR_FORMAT);
  }
  free(blob.bytes);
}

static void bytes_behind_the_plan_are_refused(void **state) {
  (void)state;
  plan_blob_t blob = plan_blob_of(richest());
  blob.bytes = realloc(blob.bytes, blob.length + 1);
  blob.bytes[blob.length] = 0;
  blob.length++;
  assert_int_equal(load_error(&blob), VN_ERR_CHECKSUM);
  plan_blob_repair(&blob);
  assert_int_equal(load_error(&blob), VN_ERR_FORMAT);
  free(blob.bytes);
}

static void another_version_is_told_as_such(void **state) {
  (void)state;
  plan_blob_t blob = plan_blob_of(richest());
  assert_int_equal(blob.bytes[13], VN_PLAN_VERSION);
  for (uint8_t version = 0; version < 24; version++) {
    blob.bytes[13] = version;
    plan_blob_repair(&blob);
    assert_int_equal(load_error(&blob), version == VN_PLAN_VERSION ? VN_OK : VN_ERR_VERSION);
  }
  free(blob.bytes);
}

static void wrong_relations_are_found_behind_a_right_checksum(void **state) {
  (void)state;
  vn_plan_t plan = *richest();
  vn_pipeline_t pipelines[VN_PIPELINES_MAX];
  memcpy(pipelines, plan.pipelines, plan.pipeline_count * sizeof *pipelines);
  plan.pipelines = pipelines;
  pipelines[0].series_max = plan.series_max + 1;
  plan_blob_t blob = plan_blob_of(&plan);
  assert_int_equal(load_error(&blob), VN_ERR_PLAN);
  free(blob.bytes);
  pipelines[0].series_max = 1;
  plan.outbox_entries = 5;
  blob = plan_blob_of(&plan);
  assert_int_equal(load_error(&blob), VN_ERR_PLAN);
  free(blob.bytes);
}

/* Heads that announce much, in the place of each byte of the plan. */
static void hostile_bytes_behind_a_right_checksum_do_no_harm(void **state) {
  (void)state;
  static const uint8_t heads[][9] = {
      {0x9A, 0xFF, 0xFF, 0xFF, 0xFF},
      {0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
      {0x7A, 0x7F, 0xFF, 0xFF, 0xFF},
      {0x7B, 0, 0, 0, 1, 0, 0, 0, 0},
      {0x98, 0xFF, 0x80, 0x80, 0x80, 0x80},
      {0x9F, 0x60, 0xFF},
      {0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
      {0x3B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
      {0xF6},
      {0xFB, 0x7F, 0xF8},
  };
  plan_blob_t blob = plan_blob_of(richest());
  plan_blob_t spoilt = {malloc(blob.length), blob.length};
  unsigned refused = 0, tried = 0;
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    for (size_t at = 14; at + sizeof heads[0] + VN_PLAN_BLOB_CRC_BYTES < blob.length; at += 1) {
      memcpy(spoilt.bytes, blob.bytes, blob.length);
      memcpy(spoilt.bytes + at, heads[i], i == 8 ? 1 : sizeof heads[0]);
      plan_blob_repair(&spoilt);
      refused += load_error(&spoilt) != VN_OK;
      tried++;
    }
  }
  assert_true(refused > tried / 2);
  free(spoilt.bytes);
  free(blob.bytes);
}

static void what_is_no_plan_is_refused(void **state) {
  (void)state;
  uint8_t bytes[64] = {0};
  plan_blob_t blob = {bytes, sizeof bytes};
  assert_int_equal(load_error(&blob), VN_ERR_FORMAT);
  memset(bytes, 0xFF, sizeof bytes);
  assert_int_equal(load_error(&blob), VN_ERR_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_loaded_plan_is_the_one_that_was_compiled),
      cmocka_unit_test(memory_that_is_too_small_by_a_byte_is_told),
      cmocka_unit_test(every_flipped_bit_is_found),
      cmocka_unit_test(a_blob_cut_short_anywhere_is_refused),
      cmocka_unit_test(bytes_behind_the_plan_are_refused),
      cmocka_unit_test(another_version_is_told_as_such),
      cmocka_unit_test(wrong_relations_are_found_behind_a_right_checksum),
      cmocka_unit_test(hostile_bytes_behind_a_right_checksum_do_no_harm),
      cmocka_unit_test(what_is_no_plan_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
