/* The shape of a plan: all members of all its structs, as they are declared. */
#include "vn/plan_shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/*
 * A value for each member by its place: the compiler complains of one too many, of one that is
 * missing (-Wmissing-field-initializers) and of a struct in the place of a number.
 */
#define ONE(type, kind, member) VALUE_##kind,
#define MANY(type, kind, member, entries, row) {VALUE_ROW_##member},
#define PART(type, shape, member) {VN_SHAPE_##shape(ONE, MANY, INNER, LIST)},
#define LIST(type, shape, member, counter) NULL,
#define INNER(type, shape, member) {VN_SHAPE_##shape(ONE, MANY, LEAF, LIST)},
#define VALUE_U8 1
#define VALUE_U16 1
#define VALUE_U32 1
#define VALUE_U64 1
#define VALUE_I8 1
#define VALUE_I32 1
#define VALUE_I64 1
#define VALUE_BOOL true
#define VALUE_REAL 1.0
#define VALUE_COUNT 1
#define VALUE_WORD ""
#define VALUE_TEXT \
  { "", 1 }
#define VALUE_PATTERN \
  { {NULL, 0}, {{NULL, 0}}, 0 }
#define VALUE_TEMPLATE \
  { {{{NULL, 0}, 0}}, 0 }
#define VALUE_PATH \
  { {{{NULL, 0}, 0, 0}}, 0 }
#define VALUE_ROW_operands VALUE_PATTERN
#define VALUE_ROW_order \
  { 1 }
#define VALUE_ROW_pipelines 1
#define VALUE_ROW_windows 1
#define VALUE_ROW_coarsen_ms 1

#define VALUE(shape, type) const type value_of_##shape = {VN_SHAPE_##shape(ONE, MANY, PART, LIST)};

static void every_member_is_listed_in_its_place(void **state) {
  (void)state;
  VN_SHAPE_LIST(VALUE)
  assert_int_equal(value_of_PLAN.commands, true);
  assert_int_equal(value_of_INPUT.has_sequence, true);
  assert_int_equal(value_of_PIPELINE.unset_clock, 1);
  assert_int_equal(value_of_PIPELINE.ordered.reorder, 1);
  assert_int_equal(value_of_DERIVATION.ahead, 1);
  assert_int_equal(value_of_ALERT.in_order, true);
  assert_int_equal(value_of_ALERT.rule.follows, true);
  assert_int_equal(value_of_WINDOW.method, 1);
  assert_int_equal(value_of_FIELD.missing.inexact, true);
  assert_int_equal(value_of_RATE.burst + value_of_DRAW.weight + value_of_LIMITS.hysteresis, 3);
  assert_int_equal(value_of_TIME_WEIGHTED.mode + value_of_EXPONENTIAL.alpha, 2);
  assert_int_equal(value_of_ORDERED.reorder + value_of_EVIDENCE.after, 2);
  assert_int_equal(value_of_RULE.follows + value_of_NUMBER.inexact + value_of_SUMMARY.corrects, 3);
}

/* What a kind is in C. */
#define TYPE_U8 uint8_t
#define TYPE_U16 uint16_t
#define TYPE_U32 uint32_t
#define TYPE_U64 uint64_t
#define TYPE_I8 int8_t
#define TYPE_I32 int32_t
#define TYPE_I64 int64_t
#define TYPE_BOOL bool
#define TYPE_REAL double
#define TYPE_COUNT uint8_t
#define TYPE_WORD const char *
#define TYPE_TEXT vn_text_t
#define TYPE_PATTERN vn_pattern_t
#define TYPE_TEMPLATE vn_template_t
#define TYPE_PATH vn_path_t

#define NOTHING(type, shape, member)
#define NO_LIST(type, shape, member, counter)
#define ONE_TYPE(type, kind, member)                                                 \
  VN_STATIC_ASSERT(sizeof(true ? &((type *)NULL)->member : (TYPE_##kind *)NULL) > 0, \
                   #type "." #member " is another kind");
#define MANY_TYPE(type, kind, member, entries, row)                                   \
  VN_STATIC_ASSERT(sizeof(((type *)NULL)->member) == (entries) * sizeof(TYPE_##kind), \
                   #type "." #member " has another size");
#define TYPES(shape, type) VN_SHAPE_##shape(ONE_TYPE, MANY_TYPE, NOTHING, NO_LIST)
VN_SHAPE_LIST(TYPES)

static void members_stand_in_the_order_of_their_declaration(void **state) {
  (void)state;
  for (unsigned id = 0; id < VN_SHAPE_ID_WORDS; id++) {
    const vn_shape_t *shape = vn_shape((vn_shape_id_t)id);
    for (unsigned i = 1; i < shape->member_count; i++) {
      assert_true(shape->members[i].offset > shape->members[i - 1].offset);
    }
    assert_true(shape->members[shape->member_count - 1].offset < shape->size);
  }
}

static void lists_know_who_counts_them(void **state) {
  (void)state;
  const vn_shape_t *plan = vn_shape(VN_SHAPE_ID_PLAN);
  const vn_shape_t *alert = vn_shape(VN_SHAPE_ID_ALERT);
  assert_int_equal(plan->members[2].kind, VN_SHAPE_KIND_LIST);
  assert_int_equal(plan->members[2].counted_by, offsetof(vn_plan_t, input_count));
  assert_int_equal(plan->members[2].shape, VN_SHAPE_ID_INPUT);
  assert_int_equal(alert->members[3].counted_by, offsetof(vn_alert_plan_t, rule.level_count));
  assert_int_equal(vn_shape_kind_size(VN_SHAPE_KIND_PATTERN), sizeof(vn_pattern_t));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_member_is_listed_in_its_place),
      cmocka_unit_test(members_stand_in_the_order_of_their_declaration),
      cmocka_unit_test(lists_know_who_counts_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
