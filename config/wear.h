/* Years of flash life, by the rules of the flash log: a model with stated assumptions. */
#ifndef VN_WEAR_H
#define VN_WEAR_H

#include "vn/budget.h"

/*
 * What a device does, as far as its flash is concerned. Series of a pipeline with `expected_every`
 * are all at work and have a reading as often as it says.
 */
typedef struct vn_wear_load {
  double active_share;    /* of the other series are at work, */
  int64_t reading_ms;     /* with a reading as often as this; 0: one in each interval */
  double slot_share;      /* of their longest that states and counters have, */
  double result_share;    /* and results */
  unsigned readings;      /* of a message (journal) */
  int64_t session_end_ms; /* how often sessions end; 0: they follow each other */
  bool worst; /* each series by itself: times of results, messages; write amplification 1 + alpha */
} vn_wear_load_t;

/* What is written. */
typedef enum vn_wear_part {
  VN_WEAR_STATE,   /* states of series, in checkpoints and with their results */
  VN_WEAR_OUTPUTS, /* summaries on their way out */
  VN_WEAR_COMMITS, /* COMMIT records, the device's counters, padding */
  VN_WEAR_JOURNAL, /* messages of VN_BUDGET_MESSAGE_BYTES */
  VN_WEAR_PARTS
} vn_wear_part_t;

typedef struct vn_wear {
  double commits_per_day;
  double messages_per_day; /* into the journal */
  double results_per_day;
  double part_bytes_per_day[VN_WEAR_PARTS];
  double bytes_per_day; /* the sum; without what cleaning moves */
  double amplification;
  double erases_per_day;
  double cycles_per_day; /* of each block */
  double years;
} vn_wear_t;

/*
 * Worst: all series have a reading a second, a message of its own, all is at its longest. Usual: a
 * tenth of them have one in each interval of checkpoints, all together send a message a second;
 * states are a fifth as long as they can be, results half; sessions end once an hour.
 */
extern const vn_wear_load_t vn_wear_worst, vn_wear_usual;

/* A plan with a state, and its budget. */
vn_wear_t vn_wear_estimate(const vn_plan_t *plan, const vn_budget_t *budget,
                           const vn_wear_load_t *load);

/* Bytes a day that messages may write so that the flash lasts so long, all else being as usual. */
double vn_wear_left_for_journal(const vn_plan_t *plan, const vn_budget_t *budget, double days);

/* What most is written for. */
vn_wear_part_t vn_wear_greatest(const vn_wear_t *wear);

/* The key of a part in JSON, and its name for people; static. */
const char *vn_wear_part_key(vn_wear_part_t part);
const char *vn_wear_part_name(vn_wear_part_t part);

/*
 * A change of the plan that makes the flash last longer in usual use, and how long it lasts then.
 * Each is tried by itself: doubled, or halved, as often as it takes to reach the days wanted.
 */
typedef enum vn_wear_remedy_kind {
  VN_WEAR_INTERVAL, /* checkpoint_every_ms */
  VN_WEAR_REGION,   /* state_bytes */
  VN_WEAR_UNIT,     /* program_unit_bytes */
  VN_WEAR_PACKS,    /* readings that come in one message; journal */
  VN_WEAR_REMEDIES
} vn_wear_remedy_kind_t;
typedef struct vn_wear_remedy {
  uint64_t value; /* of the plan's field, or readings; 0: it is no help */
  double years;
  bool enough; /* for the days wanted */
} vn_wear_remedy_t;
void vn_wear_remedies(const vn_plan_t *plan, double days, vn_wear_remedy_t out[VN_WEAR_REMEDIES]);

/* "`size: 32MiB` (6.2 years)"; the text's length, at most VN_WEAR_TEXT_MAX - 1. */
#define VN_WEAR_TEXT_MAX 80u
unsigned vn_wear_remedy_text(vn_wear_remedy_kind_t kind, const vn_wear_remedy_t *remedy,
                             char out[VN_WEAR_TEXT_MAX]);

#endif
