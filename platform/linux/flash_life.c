#include "flash_life.h"

#include "vn/assert.h"

#define DAY_MS 86400000.0
#define HOUR_MS 3600000
#define DAYS_PER_YEAR 365.25

static double years_of(double cycles, double erases_per_day, uint32_t sectors) {
  double most = VN_FLASH_LIFE_YEARS_MAX * DAYS_PER_YEAR * erases_per_day;
  return cycles * sectors >= most ? VN_FLASH_LIFE_YEARS_MAX
                                  : cycles * sectors / (DAYS_PER_YEAR * erases_per_day);
}

/* A sector is erased before it is filled: of a short run the bytes tell more than the erases. */
static double sectors_used(const vn_flash_figures_t *figures) {
  double filled = (double)(figures->fresh_bytes + figures->moved_bytes) / figures->usable_bytes;
  double erased = (double)figures->erases;
  return filled > erased ? filled : erased;
}

vn_flash_life_t vn_flash_life(const vn_plan_t *plan, const vn_flash_figures_t *figures) {
  VN_ASSERT(figures->sectors > 0 && figures->usable_bytes > 0);
  double used = sectors_used(figures);
  double per_day = DAY_MS / (double)(figures->run_ms > 0 ? figures->run_ms : 1);
  double written = (double)(figures->fresh_bytes + figures->moved_bytes);
  double left = plan->endurance_cycles > figures->most_worn
                    ? (double)(plan->endurance_cycles - figures->most_worn)
                    : 0;
  vn_flash_life_t life = {
      .commits_per_day = (double)figures->commits * per_day,
      .bytes_per_day = written * per_day,
      .erases_per_day = used * per_day,
      .amplification = figures->fresh_bytes > 0 ? written / (double)figures->fresh_bytes : 1,
      .years = years_of(plan->endurance_cycles, used * per_day, figures->sectors),
      .years_left = years_of(left, used * per_day, figures->sectors),
      .lifetime_years = plan->lifetime_days / DAYS_PER_YEAR,
      .is_measured = figures->run_ms >= HOUR_MS || used >= figures->sectors,
  };
  life.is_short = life.is_measured && life.years < life.lifetime_years;
  return life;
}
