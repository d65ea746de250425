/* Sizes of structs on other machines; all whose names are known have the same layout. */
#include "cmd_budget_target.h"

#include "target_sizes.h"
#include "vn/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const targets[] = {"cortex-m0plus", "cortex-m3", "cortex-m4f", "cortex-m7",
                                      "cortex-m55",    "armhf",     "riscv32"};

#if VN_TARGETS_KNOWN
#define ENTRY_BYTES_OF(member) VN_TARGET_BYTES_##member
#else
#define ENTRY_BYTES_OF(member) 0u
#define VN_TARGET_BYTES_engine 0u
#endif

/* One array; its entries, and their size. */
typedef struct array {
  const char *name;
  uint64_t count;
  uint32_t size;
} array_t;

#define INDEX_OWN(name, type, member, constant, count) INDEX_##member,
#define INDEX_BYTES(name, member, constant, count) INDEX_##member,
#define INDEX_SAME(name, type, member, constant) INDEX_##member,
enum { VN_STORE_LIST(INDEX_OWN, INDEX_SAME, INDEX_BYTES, store) ARRAYS };

/* The count of an array that has as many entries as another: that of the constant. */
#define COUNT_OF_OWN(name, type, member, constant, count) \
  const uint64_t constant##_count = need->count;
#define COUNT_OF_BYTES(name, member, constant, count) const uint64_t constant##_count = need->count;
#define COUNT_OF_SAME(name, type, member, constant)
#define ENTRY_OWN(name, type, member, constant, count) \
  {#member, constant##_count, ENTRY_BYTES_OF(member)},
#define ENTRY_BYTES(name, member, constant, count) \
  {#member, constant##_count, ENTRY_BYTES_OF(member)},
#define ENTRY_SAME(name, type, member, constant) \
  {#member, constant##_count, ENTRY_BYTES_OF(member)},

static void list_arrays(const vn_store_t *need, array_t arrays[ARRAYS]) {
  VN_STORE_LIST(COUNT_OF_OWN, COUNT_OF_SAME, COUNT_OF_BYTES, store)
  const array_t all[ARRAYS] = {VN_STORE_LIST(ENTRY_OWN, ENTRY_SAME, ENTRY_BYTES, store)};
  memcpy(arrays, all, sizeof all);
}

bool vn_budget_target_is_known(const char *target) {
  for (size_t i = 0; VN_TARGETS_KNOWN && i < sizeof targets / sizeof targets[0]; i++) {
    if (strcmp(target, targets[i]) == 0) {
      return true;
    }
  }
  return false;
}

const char *vn_budget_target_names(void) {
  return VN_TARGETS_KNOWN
             ? "cortex-m0plus, cortex-m3, cortex-m4f, cortex-m7, cortex-m55, armhf, riscv32"
             : "none, there was no compiler for 32 bits when vnotch was built";
}

static uint64_t bytes_of(const array_t *array) { return array->count * array->size; }

static void print_json(const array_t arrays[ARRAYS], const char *target, uint64_t store_bytes) {
  const char *separator = "";
  (void)printf("{\"target\":\"%s\",\"total_bytes\":%" PRIu64
               ",\"engine_bytes\":%u,\"store_bytes\":%" PRIu64 ",\"arrays\":{",
               target, store_bytes + VN_TARGET_BYTES_engine, VN_TARGET_BYTES_engine, store_bytes);
  for (size_t i = 0; i < ARRAYS; i++) {
    if (arrays[i].count > 0) {
      (void)printf("%s\"%s\":%" PRIu64, separator, arrays[i].name, bytes_of(&arrays[i]));
      separator = ",";
    }
  }
  (void)puts("}}");
}

static void print_text(const array_t arrays[ARRAYS], const char *target, uint64_t store_bytes) {
  (void)printf("memory on %s:\n", target);
  for (size_t i = 0; i < ARRAYS; i++) {
    if (arrays[i].count > 0) {
      (void)printf("%10" PRIu64 " B  %s: %" PRIu64 " x %" PRIu32 " B\n", bytes_of(&arrays[i]),
                   arrays[i].name, arrays[i].count, arrays[i].size);
    }
  }
  (void)printf("%10u B  engine\n%10" PRIu64 " B  in all\n", VN_TARGET_BYTES_engine,
               store_bytes + VN_TARGET_BYTES_engine);
}

void vn_budget_target_print(const vn_plan_t *plan, const char *target, bool json) {
  array_t arrays[ARRAYS];
  vn_store_t need;
  uint64_t store_bytes = 0;
  vn_err_t counted = vn_store_need(plan, &need);
  VN_ASSERT(counted == VN_OK && vn_budget_target_is_known(target));
  list_arrays(&need, arrays);
  for (size_t i = 0; i < ARRAYS; i++) {
    store_bytes += bytes_of(&arrays[i]);
  }
  if (json) {
    print_json(arrays, target, store_bytes);
  } else {
    print_text(arrays, target, store_bytes);
  }
}
