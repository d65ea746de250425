#include "check.h"

#include "records.h"
#include "relations.h"
#include "twin.h"

/* Whatever was cut and sent again, upstream has what an engine without faults tells. */
static bool check_twin(const vn_case_t *world_case, const vn_notices_t *notices,
                       vn_world_result_t *result) {
  vn_story_t told = {.keeps_messages = true};
  vn_records_t got = {0};
  vn_records_t want = {0};
  const vn_story_t *story = &result->story;
  bool good = true;
  for (uint32_t i = 0; i < (uint32_t)world_case->devices && good; i++) {
    good = vn_twin_run(world_case, story->readings, story->reading_count, i, &told, result->problem,
                       sizeof result->problem);
  }
  good = good &&
         vn_records_of(story, VN_RECORD_ALL, 0, &got, result->problem, sizeof result->problem) &&
         vn_records_of(&told, VN_RECORD_ALL, 0, &want, result->problem, sizeof result->problem) &&
         (notices->count == 0 ? vn_records_equal(&got, &want, "what upstream has", result->problem,
                                                 sizeof result->problem)
                              : vn_records_fit(&got, &want, notices, "what upstream has",
                                               result->problem, sizeof result->problem));
  vn_records_free(&got);
  vn_records_free(&want);
  vn_story_free(&told);
  return good;
}

/* One for each seed: they take as long as everything else. */
static bool check_relation(const vn_case_t *world_case, vn_world_result_t *result) {
  bool judged = false;
  vn_relation_t relation = (vn_relation_t)(world_case->seed % VN_RELATIONS);
  bool good = vn_relation_holds(relation, world_case, &result->story, &judged, result->problem,
                                sizeof result->problem);
  result->figures.relations += judged;
  return good;
}

static void check_story(const vn_case_t *world_case, vn_world_result_t *result) {
  vn_notices_t notices = {0};
  (void)(vn_notices_of(&result->story, &notices, result->problem, sizeof result->problem) &&
         vn_story_is_consistent(&result->story, &notices, result->doubtful, result->problem,
                                sizeof result->problem) &&
         check_twin(world_case, &notices, result) && check_relation(world_case, result));
  result->figures.noticed += notices.count > 0;
  vn_notices_free(&notices);
}

void vn_check_case(const vn_case_t *world_case, const vn_world_options_t *options,
                   vn_world_result_t *result) {
  vn_world_run(world_case, options, result);
  if (result->problem[0] == '\0' && options->keep) {
    check_story(world_case, result);
  }
}
