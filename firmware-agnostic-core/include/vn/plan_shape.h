/* The shape of a plan: its structs, member by member, for what writes, reads or compares plans. */
#ifndef VN_PLAN_SHAPE_H
#define VN_PLAN_SHAPE_H

#include "vn/plan.h"

/*
 * Version of the shape, which tables and blobs made of a plan carry: raised when a member or the
 * meaning of one changes.
 */
#define VN_PLAN_VERSION 1u

/*
 * The members of a struct, all of them, in the order of their declaration:
 *
 *   ONE(type, kind, member)
 *   MANY(type, kind, member, entries, row) an array inside the struct: of arrays of `row` each, or
 *                                         of one
 *   PART(type, shape, member)             a struct inside the struct
 *   LIST(type, shape, member, counted_by) a pointer to structs (WORDS: to texts), and who says how
 *                                         many; that one, which may lie in a part, is a COUNT
 *
 * Kinds: U8 U16 U32 U64 I8 I32 I64 BOOL REAL, COUNT (a uint8_t that a list sets), WORD (a text that
 * ends with a NUL; may be NULL), TEXT, PATTERN, TEMPLATE, PATH (of vn/topic.h and vn/payload.h).
 */
#define VN_SHAPE_RATE(ONE, MANY, PART, LIST) \
  ONE(vn_rate_t, U32, readings)              \
  ONE(vn_rate_t, U32, per_ms)                \
  ONE(vn_rate_t, U32, burst)

#define VN_SHAPE_DRAW(ONE, MANY, PART, LIST) \
  ONE(vn_draw_t, I64, half_life_ms)          \
  ONE(vn_draw_t, U8, weight)

#define VN_SHAPE_WINDOW(ONE, MANY, PART, LIST) \
  ONE(vn_window_t, WORD, name)                 \
  ONE(vn_window_t, I64, size_ms)               \
  ONE(vn_window_t, I64, slide_ms)              \
  ONE(vn_window_t, I64, offset_ms)             \
  ONE(vn_window_t, I64, gap_ms)                \
  ONE(vn_window_t, I64, max_ms)                \
  ONE(vn_window_t, I64, limit)                 \
  ONE(vn_window_t, I64, hysteresis)            \
  ONE(vn_window_t, I64, every_ms)              \
  ONE(vn_window_t, U32, size_readings)         \
  ONE(vn_window_t, U32, slide_readings)        \
  ONE(vn_window_t, U32, statistics)            \
  ONE(vn_window_t, I32, error)                 \
  PART(vn_window_t, DRAW, draw)                \
  ONE(vn_window_t, U16, sample)                \
  ONE(vn_window_t, U8, supersedes_max)         \
  ONE(vn_window_t, U8, condition)              \
  ONE(vn_window_t, U8, shape)                  \
  ONE(vn_window_t, U8, method)

#define VN_SHAPE_SUMMARY(ONE, MANY, PART, LIST)              \
  ONE(vn_summary_pipeline_t, WORD, name)                     \
  ONE(vn_summary_pipeline_t, WORD, unit)                     \
  LIST(vn_summary_pipeline_t, WINDOW, windows, window_count) \
  ONE(vn_summary_pipeline_t, COUNT, window_count)            \
  ONE(vn_summary_pipeline_t, I8, exponent)                   \
  ONE(vn_summary_pipeline_t, BOOL, corrects)

#define VN_SHAPE_LIMITS(ONE, MANY, PART, LIST) \
  ONE(vn_alert_limits_t, I64, low)             \
  ONE(vn_alert_limits_t, I64, high)            \
  ONE(vn_alert_limits_t, I64, hysteresis)

#define VN_SHAPE_RULE(ONE, MANY, PART, LIST)         \
  ONE(vn_alert_rule_t, I64, limit)                   \
  ONE(vn_alert_rule_t, I64, low)                     \
  ONE(vn_alert_rule_t, I64, hysteresis)              \
  ONE(vn_alert_rule_t, I64, for_ms)                  \
  ONE(vn_alert_rule_t, I64, keep_firing_for_ms)      \
  ONE(vn_alert_rule_t, I64, period_ms)               \
  ONE(vn_alert_rule_t, I64, least_ms)                \
  ONE(vn_alert_rule_t, I64, within_ms)               \
  LIST(vn_alert_rule_t, LIMITS, levels, level_count) \
  ONE(vn_alert_rule_t, U32, min_samples)             \
  ONE(vn_alert_rule_t, COUNT, level_count)           \
  ONE(vn_alert_rule_t, U8, hits)                     \
  ONE(vn_alert_rule_t, U8, hits_of)                  \
  ONE(vn_alert_rule_t, U8, times)                    \
  ONE(vn_alert_rule_t, U8, condition)                \
  ONE(vn_alert_rule_t, BOOL, real)                   \
  ONE(vn_alert_rule_t, BOOL, latch)                  \
  ONE(vn_alert_rule_t, BOOL, follows)

#define VN_SHAPE_ALERT(ONE, MANY, PART, LIST)                \
  ONE(vn_alert_plan_t, WORD, name)                           \
  ONE(vn_alert_plan_t, WORD, severity)                       \
  ONE(vn_alert_plan_t, WORD, of)                             \
  LIST(vn_alert_plan_t, WORDS, severities, rule.level_count) \
  ONE(vn_alert_plan_t, WORD, labels)                         \
  ONE(vn_alert_plan_t, WORD, annotations)                    \
  PART(vn_alert_plan_t, RULE, rule)                          \
  ONE(vn_alert_plan_t, I64, no_data_after_ms)                \
  ONE(vn_alert_plan_t, I64, repeat_every_ms)                 \
  ONE(vn_alert_plan_t, U32, warm_up)                         \
  ONE(vn_alert_plan_t, U16, inhibited_by)                    \
  ONE(vn_alert_plan_t, U8, follows)                          \
  ONE(vn_alert_plan_t, U8, group)                            \
  ONE(vn_alert_plan_t, U8, source)                           \
  ONE(vn_alert_plan_t, U8, window)                           \
  ONE(vn_alert_plan_t, U8, statistic)                        \
  ONE(vn_alert_plan_t, U8, detector)                         \
  ONE(vn_alert_plan_t, I8, exponent)                         \
  ONE(vn_alert_plan_t, BOOL, quiet)                          \
  ONE(vn_alert_plan_t, BOOL, urgent)                         \
  ONE(vn_alert_plan_t, BOOL, eager)                          \
  ONE(vn_alert_plan_t, BOOL, in_order)

#define VN_SHAPE_TIME_WEIGHTED(ONE, MANY, PART, LIST) \
  ONE(vn_time_weighted_rule_t, I64, max_hold_ms)      \
  ONE(vn_time_weighted_rule_t, U8, mode)

#define VN_SHAPE_EXPONENTIAL(ONE, MANY, PART, LIST) \
  ONE(vn_exponential_rule_t, I64, half_life_ms)     \
  ONE(vn_exponential_rule_t, U32, alpha)

#define VN_SHAPE_ORDERED(ONE, MANY, PART, LIST)         \
  PART(vn_ordered_rule_t, TIME_WEIGHTED, time_weighted) \
  PART(vn_ordered_rule_t, EXPONENTIAL, exponential)     \
  ONE(vn_ordered_rule_t, U64, counter_modulus)          \
  ONE(vn_ordered_rule_t, U16, reorder)

#define VN_SHAPE_EVIDENCE(ONE, MANY, PART, LIST) \
  ONE(vn_evidence_t, U16, bytes)                 \
  ONE(vn_evidence_t, U8, before)                 \
  ONE(vn_evidence_t, U8, after)

#define VN_SHAPE_PIPELINE(ONE, MANY, PART, LIST)  \
  PART(vn_pipeline_t, SUMMARY, summary)           \
  ONE(vn_pipeline_t, TEXT, match)                 \
  LIST(vn_pipeline_t, ALERT, alerts, alert_count) \
  ONE(vn_pipeline_t, I64, out_of_order_ms)        \
  ONE(vn_pipeline_t, I64, lateness_ms)            \
  ONE(vn_pipeline_t, I64, idle_timeout_ms)        \
  ONE(vn_pipeline_t, I64, max_future_ms)          \
  ONE(vn_pipeline_t, I64, late_every_ms)          \
  ONE(vn_pipeline_t, I64, early_every_ms)         \
  ONE(vn_pipeline_t, I64, expected_every_ms)      \
  ONE(vn_pipeline_t, I64, time_to_live_ms)        \
  PART(vn_pipeline_t, RATE, limit)                \
  PART(vn_pipeline_t, ORDERED, ordered)           \
  PART(vn_pipeline_t, EVIDENCE, evidence)         \
  ONE(vn_pipeline_t, I32, range_low)              \
  ONE(vn_pipeline_t, I32, range_high)             \
  ONE(vn_pipeline_t, U32, series_max)             \
  ONE(vn_pipeline_t, U8, corrections)             \
  ONE(vn_pipeline_t, U16, alert_reorder)          \
  ONE(vn_pipeline_t, COUNT, alert_count)          \
  ONE(vn_pipeline_t, U8, time_mode)               \
  ONE(vn_pipeline_t, U8, scope)                   \
  ONE(vn_pipeline_t, U8, deduplicate)             \
  ONE(vn_pipeline_t, U8, same_time)               \
  ONE(vn_pipeline_t, U8, unset_clock)

#define VN_SHAPE_NUMBER(ONE, MANY, PART, LIST) \
  ONE(vn_number_t, REAL, binary)               \
  ONE(vn_number_t, I64, mantissa)              \
  ONE(vn_number_t, I32, exponent)              \
  ONE(vn_number_t, U8, kind)                   \
  ONE(vn_number_t, BOOL, inexact)

#define VN_SHAPE_FIELD(ONE, MANY, PART, LIST) \
  ONE(vn_field_t, PATH, path)                 \
  ONE(vn_field_t, TEMPLATE, series)           \
  ONE(vn_field_t, BOOL, has_missing)          \
  PART(vn_field_t, NUMBER, missing)

#define VN_SHAPE_INPUT(ONE, MANY, PART, LIST)  \
  ONE(vn_input_t, PATTERN, pattern)            \
  ONE(vn_input_t, TEMPLATE, series)            \
  LIST(vn_input_t, FIELD, fields, field_count) \
  ONE(vn_input_t, PATH, time_path)             \
  ONE(vn_input_t, PATH, sequence_path)         \
  ONE(vn_input_t, COUNT, field_count)          \
  ONE(vn_input_t, U8, format)                  \
  ONE(vn_input_t, U8, time_unit)               \
  ONE(vn_input_t, U8, qos)                     \
  ONE(vn_input_t, BOOL, has_time)              \
  ONE(vn_input_t, BOOL, has_sequence)

#define VN_SHAPE_DERIVATION(ONE, MANY, PART, LIST)                                       \
  ONE(vn_derivation_t, PATTERN, series)                                                  \
  ONE(vn_derivation_t, TEMPLATE, name)                                                   \
  MANY(vn_derivation_t, PATTERN, operands, VN_OPERANDS_MAX, VN_OPERANDS_MAX)             \
  MANY(vn_derivation_t, U8, order, (VN_OPERANDS_MAX * VN_CAPTURES_MAX), VN_CAPTURES_MAX) \
  MANY(vn_derivation_t, U8, pipelines, VN_OPERANDS_MAX, VN_OPERANDS_MAX)                 \
  MANY(vn_derivation_t, U8, windows, VN_OPERANDS_MAX, VN_OPERANDS_MAX)                   \
  ONE(vn_derivation_t, U8, pipeline)                                                     \
  ONE(vn_derivation_t, U8, operand_count)                                                \
  ONE(vn_derivation_t, U8, kind)                                                         \
  ONE(vn_derivation_t, U8, statistic)                                                    \
  ONE(vn_derivation_t, U8, ahead)

#define VN_SHAPE_PLAN(ONE, MANY, PART, LIST)                       \
  ONE(vn_plan_t, WORD, device)                                     \
  ONE(vn_plan_t, WORD, prefix)                                     \
  LIST(vn_plan_t, INPUT, inputs, input_count)                      \
  LIST(vn_plan_t, PIPELINE, pipelines, pipeline_count)             \
  LIST(vn_plan_t, DERIVATION, derivations, derivation_count)       \
  PART(vn_plan_t, RATE, limit)                                     \
  PART(vn_plan_t, RATE, flood)                                     \
  ONE(vn_plan_t, U64, seed)                                        \
  ONE(vn_plan_t, I64, flush_every_ms)                              \
  ONE(vn_plan_t, I64, checkpoint_every_ms)                         \
  ONE(vn_plan_t, I64, scrub_every_ms)                              \
  MANY(vn_plan_t, I64, coarsen_ms, VN_COARSEN_MAX, VN_COARSEN_MAX) \
  ONE(vn_plan_t, U64, state_bytes)                                 \
  ONE(vn_plan_t, U32, erase_block_bytes)                           \
  ONE(vn_plan_t, U32, program_unit_bytes)                          \
  ONE(vn_plan_t, U64, journal_day_bytes)                           \
  ONE(vn_plan_t, U64, journal_source_day_bytes)                    \
  ONE(vn_plan_t, U32, endurance_cycles)                            \
  ONE(vn_plan_t, U32, lifetime_days)                               \
  ONE(vn_plan_t, U32, series_max)                                  \
  ONE(vn_plan_t, U32, queue_messages)                              \
  ONE(vn_plan_t, U32, queue_bytes)                                 \
  ONE(vn_plan_t, U32, message_max_bytes)                           \
  ONE(vn_plan_t, U32, outbox_bytes)                                \
  ONE(vn_plan_t, U32, outbox_entries)                              \
  ONE(vn_plan_t, U16, batch_max)                                   \
  ONE(vn_plan_t, U16, name_max)                                    \
  ONE(vn_plan_t, COUNT, input_count)                               \
  ONE(vn_plan_t, COUNT, pipeline_count)                            \
  ONE(vn_plan_t, COUNT, derivation_count)                          \
  ONE(vn_plan_t, U8, group_count)                                  \
  ONE(vn_plan_t, U8, coarsen_count)                                \
  ONE(vn_plan_t, U8, encoding)                                     \
  ONE(vn_plan_t, U8, durability)                                   \
  ONE(vn_plan_t, BOOL, commands)

/* X(shape, type) for each struct above; a plan is the last one. */
#define VN_SHAPE_LIST(X)                    \
  X(RATE, vn_rate_t)                        \
  X(DRAW, vn_draw_t)                        \
  X(WINDOW, vn_window_t)                    \
  X(SUMMARY, vn_summary_pipeline_t)         \
  X(LIMITS, vn_alert_limits_t)              \
  X(RULE, vn_alert_rule_t)                  \
  X(ALERT, vn_alert_plan_t)                 \
  X(TIME_WEIGHTED, vn_time_weighted_rule_t) \
  X(EXPONENTIAL, vn_exponential_rule_t)     \
  X(ORDERED, vn_ordered_rule_t)             \
  X(EVIDENCE, vn_evidence_t)                \
  X(PIPELINE, vn_pipeline_t)                \
  X(NUMBER, vn_number_t)                    \
  X(FIELD, vn_field_t)                      \
  X(INPUT, vn_input_t)                      \
  X(DERIVATION, vn_derivation_t)            \
  X(PLAN, vn_plan_t)

typedef enum vn_shape_id {
#define VN_SHAPE_ENUM(shape, type) VN_SHAPE_ID_##shape,
  VN_SHAPE_LIST(VN_SHAPE_ENUM)
#undef VN_SHAPE_ENUM
      VN_SHAPE_ID_WORDS, /* of lists: texts instead of structs */
  VN_SHAPE_ID_NONE
} vn_shape_id_t;

typedef enum vn_shape_kind {
  VN_SHAPE_KIND_U8,
  VN_SHAPE_KIND_U16,
  VN_SHAPE_KIND_U32,
  VN_SHAPE_KIND_U64,
  VN_SHAPE_KIND_I8,
  VN_SHAPE_KIND_I32,
  VN_SHAPE_KIND_I64,
  VN_SHAPE_KIND_BOOL,
  VN_SHAPE_KIND_REAL,
  VN_SHAPE_KIND_COUNT,
  VN_SHAPE_KIND_WORD,
  VN_SHAPE_KIND_TEXT,
  VN_SHAPE_KIND_PATTERN,
  VN_SHAPE_KIND_TEMPLATE,
  VN_SHAPE_KIND_PATH,
  VN_SHAPE_KIND_PART,
  VN_SHAPE_KIND_LIST,
  VN_SHAPE_KIND_COUNT_OF
} vn_shape_kind_t;

/* One member; offsets from the start of its struct. */
typedef struct vn_shape_member {
  uint16_t offset;
  uint16_t counted_by; /* LIST: offset of the uint8_t that counts */
  uint8_t kind;        /* vn_shape_kind_t */
  uint8_t entries;     /* of an array; 1: none */
  uint8_t row;         /* entries of each array in it */
  uint8_t shape;       /* vn_shape_id_t of PART and LIST */
} vn_shape_member_t;

typedef struct vn_shape {
  const vn_shape_member_t *members;
  uint16_t size; /* of the struct */
  uint8_t member_count;
} vn_shape_t;

/* A struct's shape, shape < VN_SHAPE_ID_WORDS; and the bytes of one entry of a kind, which is
 * neither PART nor LIST. Static storage. */
const vn_shape_t *vn_shape(vn_shape_id_t shape);
size_t vn_shape_kind_size(vn_shape_kind_t kind);

#endif
