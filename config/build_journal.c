/* Journal mode promises that nothing counts twice where repeats can be told from news. */
#include "build_priv.h"

static bool has_own_time(const vn_input_t *input) {
  return input->has_time || input->format == VN_FORMAT_SENML_JSON ||
         input->format == VN_FORMAT_SENML_CBOR;
}

/* True: its readings are known again by their time, if a pipeline remembers them. */
static bool check_input(const vn__build_t *build, uint8_t index) {
  const vn_input_t *input = &build->configuration->plan.inputs[index];
  vn__mark_t mark = build->input_marks[index];
  if (input->qos == 0) {
    vn__warning(build->loader, mark,
                "`qos: 0`: what the broker sends this way is lost when the connection breaks, and "
                "no journal brings it back: use `qos: 1`");
  }
  if (input->has_sequence || has_own_time(input)) {
    return !input->has_sequence;
  }
  vn__warning(build->loader, mark,
              "without `sequence`, or `time` of its own, a message that the broker sends again "
              "looks like a new one, and counts twice in spite of the journal");
  return false;
}

void vn__check_journal(const vn__build_t *build) {
  const vn_plan_t *plan = &build->configuration->plan;
  bool by_time = false;
  for (uint8_t i = 0; i < plan->input_count && plan->durability == VN_DURABILITY_JOURNAL; i++) {
    by_time = check_input(build, i) || by_time;
  }
  for (uint8_t i = 0; i < plan->pipeline_count && by_time; i++) {
    if (plan->pipelines[i].deduplicate == 0) {
      vn__warning(
          build->loader, build->pipeline_marks[i].pipeline,
          "without `deduplicate` a reading without a sequence number counts twice when the "
          "broker sends it again: remember as many as come in a few seconds, 8 for example");
    }
  }
}
