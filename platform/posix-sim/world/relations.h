/* Laws that need no oracle: the same readings, told in another way, give the same results. */
#ifndef VN_WORLD_RELATIONS_H
#define VN_WORLD_RELATIONS_H

#include "case.h"
#include "story.h"

typedef enum vn_relation {
  VN_RELATION_DUPLICATED, /* any reading twice: the same results and events */
  VN_RELATION_PERMUTED,   /* within out_of_order: the same results */
  VN_RELATION_SHIFTED,    /* by days: the same results, so much later */
  VN_RELATION_ADDED,      /* another series: those of the others are as before */
  VN_RELATION_SPLIT,      /* over two devices: together the same counts, sums, extremes */
  VN_RELATIONS
} vn_relation_t;

/*
 * What the first device of a case took, told to an engine without faults as it was and as the
 * relation has it. False: `problem` says what differs. *judged: the relation applies to this case.
 */
bool vn_relation_holds(vn_relation_t relation, const vn_case_t *world_case, const vn_story_t *story,
                       bool *judged, char *problem, size_t room);

#endif
