/* How long the flash will last at the pace of this run. */
#ifndef VN_FLASH_LIFE_H
#define VN_FLASH_LIFE_H

#include "vn/flash_figures.h"

typedef struct vn_flash_life {
  double commits_per_day, bytes_per_day, erases_per_day; /* bytes: with those that are moved */
  double amplification;                                  /* bytes written for each fresh one */
  double years;                                          /* from new to worn out, at this pace */
  double years_left;     /* of the most worn block, when all go on alike */
  double lifetime_years; /* that are asked for; 0: any */
  bool is_measured;      /* an hour is over, or the region was written once */
  bool is_short;         /* measured, and less than asked for */
} vn_flash_life_t;

/* What is no more than a year in a thousand isn't told apart. */
#define VN_FLASH_LIFE_YEARS_MAX 1000.0

vn_flash_life_t vn_flash_life(const vn_plan_t *plan, const vn_flash_figures_t *figures);

#endif
