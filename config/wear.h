/* Years of flash life, by the rules of the flash log: a model with stated assumptions. */
#ifndef VN_WEAR_H
#define VN_WEAR_H

#include "vn/budget.h"

/* What a device does, as far as its flash is concerned. */
typedef struct vn_wear_load {
  double dirty_share; /* of the series change within an interval of checkpoints */
  double size_share;  /* of their longest that slots and results have */
  bool each_series;   /* sends a message a second; else one comes in all (journal) */
  bool worst;         /* write amplification 1 + alpha; else that of a log in ordinary use */
} vn_wear_load_t;

typedef struct vn_wear {
  double state_bytes_per_day;   /* checkpoints of series */
  double outputs_bytes_per_day; /* summaries on their way out */
  double commit_bytes_per_day;  /* commit records and padding */
  double journal_bytes_per_day; /* messages of VN_BUDGET_MESSAGE_BYTES */
  double amplification;
  double erases_per_day;
  double years;
} vn_wear_t;

/* Each series changes in each interval, all at their longest; a tenth of them, half as long. */
extern const vn_wear_load_t vn_wear_worst, vn_wear_usual;

/* A plan with a state, and its budget. */
vn_wear_t vn_wear_estimate(const vn_plan_t *plan, const vn_budget_t *budget,
                           const vn_wear_load_t *load);

#endif
