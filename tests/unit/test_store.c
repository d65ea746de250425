/* The memory that a plan needs: counted, cut from one block, or declared as static arrays. */
#include "vn/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_rig.h"
#include "vn/budget.h"

/* What the rig's plan needs with a flash of 64 sectors of 4 KiB. */
enum {
  plant_pipelines = 2,
  plant_series = 4,
  plant_buckets = 8,
  plant_name_bytes = 64,
  plant_panes = 18,
  plant_members = 36,
  plant_revisions = 12,
  plant_alerts = 12,
  plant_alert_orders = 0,
  plant_alert_entries = 0,
  plant_evidence = 0,
  plant_residuals = 0,
  plant_composites = 0,
  plant_session_states = 0,
  plant_sessions = 0,
  plant_count_states = 0,
  plant_count_panes = 0,
  plant_reports = 0,
  plant_conditions = 0,
  plant_trends = 0,
  plant_counters = 0,
  plant_registers = 0,
  plant_recent = 0,
  plant_checks = 4 * 64,
  plant_limits = 0,
  plant_heard = 0,
  plant_deltas = 0,
  plant_places_used = 2,
  plant_ordered_states = 0,
  plant_reorder = 0,
  plant_ordered_panes = 0,
  plant_sample_scratch = 2,
  plant_queue_bytes = 4096,
  plant_allowances = 0,
  plant_blocks = 64,
  plant_places = 80,
  plant_coarse = 0,
  plant_coarse_members = 0,
  plant_derived = 0,
  plant_waiting = 0,
  plant_link_buckets = 0,
  plant_link_name_bytes = 0,
  plant_batch_bytes = 1024,
  plant_scratch_bytes = 4096,
  plant_record_bytes = 512,
  plant_items = 85,
  plant_sectors = 64,
  plant_page_bytes = 256
};
VN_STORE_DEFINE(plant);
VN_STATIC_ASSERT(VN_RAM_BYTES(plant) < 40u * 1024u, "the node has 40 KiB for its store");

static const flash_fake_shape_t shape = {
    .erase_size = 4096, .prog_size = 16, .sector_count = 64, .erased_value = 0x6B};

static void static_arrays_run_the_same_engine_as_a_block(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  assert_int_equal(vn_init(&rig->engine, &rig->plan, &plant, &rig->ports), VN_OK);
  assert_int_equal(vn_restore(&rig->engine), VN_OK);
  for (uint32_t i = 0; i < 40; i++) {
    rig_send(rig, "a", rig->wall_ms, 2000, i);
    assert_int_equal(rig_wait(rig, 1000), VN_OK);
  }
  assert_int_equal(rig_accounting(rig, "a").accepted, 40);
  assert_true(rig->result_count >= 3);
  rig_free(rig);
  flash_fake_free(flash);
}

static void the_budget_is_what_is_allocated(void **state) {
  (void)state;
  flash_fake_t *flash = flash_fake_new(&shape, 1);
  rig_t *rig = rig_new(&flash->port);
  vn_store_t need;
  vn_budget_t budget;
  assert_int_equal(vn_store_need(&rig->plan, &need), VN_OK);
  assert_int_equal(vn_budget(&rig->plan, &budget), VN_OK);
  assert_int_equal(budget.total_bytes, vn_store_bytes(&need) + sizeof(vn_engine_t));
  size_t parts = budget.engine_bytes + budget.table_bytes + budget.queue_bytes +
                 budget.outbox_bytes + budget.batch_bytes + budget.scratch_bytes +
                 budget.log_bytes + budget.derived_bytes + budget.alignment_bytes;
  for (size_t i = 0; i < rig->plan.pipeline_count; i++) {
    parts += budget.pipelines[i].bytes;
  }
  assert_int_equal(parts, budget.total_bytes);
  assert_int_equal(budget.pipelines[1].panes, 3);
  assert_int_equal(budget.pipelines[1].pane_ms, 10000);
  rig_free(rig);
  flash_fake_free(flash);
}

static void the_block_holds_all_arrays_apart_and_aligned(void **state) {
  (void)state;
  rig_t *rig = rig_new(NULL);
  vn_store_t store;
  assert_int_equal(vn_store_need(&rig->plan, &store), VN_OK);
  size_t bytes = vn_store_bytes(&store);
  uint8_t *block = aligned_alloc(64, bytes);
  vn_store_layout(&store, block);
  assert_ptr_equal(store.pipelines, block);
  assert_int_equal((uintptr_t)store.panes % 64, 0);
  assert_int_equal((uintptr_t)store.queue % 64, 0);
  assert_true((uint8_t *)(store.scratch + store.scratch_bytes) <= block + bytes);
  assert_int_equal(store.sector_count, 0);
  memset(block, 0xA5, bytes);
  free(block);
  rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(static_arrays_run_the_same_engine_as_a_block),
      cmocka_unit_test(the_budget_is_what_is_allocated),
      cmocka_unit_test(the_block_holds_all_arrays_apart_and_aligned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
