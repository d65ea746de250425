#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "replay.h"
#include "room.h"
#include "shrink.h"

#define DAY_MINUTES 1440
#define SHRINK_RUNS 400
/* Sensors that count anew twice in a row go beyond what is promised: docs/durability.md. */
#define ALL_KINDS (((1u << VN_FAULT_KINDS) - 1u) & ~(1u << VN_FAULT_RENUMBER))
#define EXIT_DIFFERS 1
#define MULTIPLIER UINT64_C(6364136223846793005)

#define FLAW_WORD(name, word) " " word

const char vn_run_usage[] =
    "       vnotch-sim run [--seed N | --seeds A..B] [--days D | --minutes M] [--faults KINDS]\n"
    "                      [--durability journal|checkpoint] [--devices N] [--seconds S]\n"
    "                      [--readings-a-day MOST] [--oracle on|off] [--cases FOLDER]\n"
    "                      [--until-failure] [--shrink RUNS] [--flaw FLAW] [--trace]\n"
    "       vnotch-sim run --case FILE [--oracle on|off] [--flaw FLAW] [--trace]\n"
    "       flaws:" VN_WORLD_FLAWS(FLAW_WORD) "\n";
#undef FLAW_WORD

typedef struct plan {
  const char *case_path, *folder;
  uint64_t first, last;
  int64_t minutes, devices, durability, seconds, shrink, day_most;
  uint32_t kinds;
  bool oracle, keep, trace, until_failure;
  vn_world_flaw_t flaw;
} plan_t;

typedef struct tally {
  vn_world_figures_t figures;
  uint64_t cases, passed_over, unfit, failed;
  uint64_t hash;
} tally_t;

static bool read_number(const char *text, int64_t least, int64_t *out) {
  char *end;
  long long number = strtoll(text, &end, 10);
  *out = number;
  return end != text && *end == '\0' && number >= least;
}

static bool read_seeds(const char *text, plan_t *plan) {
  char *end;
  plan->first = plan->last = strtoull(text, &end, 10);
  bool good = end != text;
  if (good && strncmp(end, "..", 2) == 0) {
    const char *second = end + 2;
    plan->last = strtoull(second, &end, 10);
    good = end != second;
  }
  return good && *end == '\0' && plan->first <= plan->last;
}

/* "all", "none", or words with commas. */
static bool read_kinds(const char *text, plan_t *plan) {
  plan->kinds = strcmp(text, "all") == 0 ? ALL_KINDS : 0;
  bool good = true;
  if (plan->kinds != 0 || strcmp(text, "none") == 0) {
    return true;
  }
  while (good && *text != '\0') {
    char word[20] = "";
    size_t length = strcspn(text, ",");
    good = length < sizeof word;
    memcpy(word, text, good ? length : 0);
    vn_fault_kind_t kind = vn_case_kind(word);
    good = good && kind < VN_FAULT_KINDS;
    plan->kinds |= good ? 1u << kind : 0;
    text += length + (text[length] == ',');
  }
  return good;
}

static bool read_flaw(const char *text, plan_t *plan) {
#define FLAW_WORD(name, word) word,
  static const char *const flaws[VN_FLAWS] = {VN_WORLD_FLAWS(FLAW_WORD)};
#undef FLAW_WORD
  unsigned flaw = 0;
  while (flaw < VN_FLAWS && strcmp(flaws[flaw], text) != 0) {
    flaw++;
  }
  plan->flaw = (vn_world_flaw_t)flaw;
  return flaw < VN_FLAWS;
}

static bool read_days(const char *text, plan_t *plan) {
  bool good = read_number(text, 1, &plan->minutes);
  plan->minutes *= DAY_MINUTES;
  return good;
}

static bool read_minutes(const char *text, plan_t *plan) {
  return read_number(text, 1, &plan->minutes);
}

static bool read_seconds(const char *text, plan_t *plan) {
  return read_number(text, 1, &plan->seconds);
}

static bool read_day_most(const char *text, plan_t *plan) {
  return read_number(text, 1, &plan->day_most);
}

static bool read_shrink(const char *text, plan_t *plan) {
  return read_number(text, 0, &plan->shrink);
}

static bool read_devices(const char *text, plan_t *plan) {
  return read_number(text, 1, &plan->devices);
}

static bool read_durability(const char *text, plan_t *plan) {
  plan->durability = strcmp(text, "journal") == 0;
  return plan->durability != 0 || strcmp(text, "checkpoint") == 0;
}

static bool read_oracle(const char *text, plan_t *plan) {
  plan->oracle = plan->keep = strcmp(text, "on") == 0;
  return plan->oracle || strcmp(text, "off") == 0;
}

static bool read_case_path(const char *text, plan_t *plan) {
  plan->case_path = text;
  return true;
}

static bool read_folder(const char *text, plan_t *plan) {
  plan->folder = text;
  return true;
}

static bool read_option(const char *name, const char *value, plan_t *plan) {
  static const struct {
    const char *name;
    bool (*read)(const char *text, plan_t *plan);
  } options[] = {
      {"--seed", read_seeds},      {"--seeds", read_seeds},
      {"--days", read_days},       {"--minutes", read_minutes},
      {"--faults", read_kinds},    {"--durability", read_durability},
      {"--devices", read_devices}, {"--seconds", read_seconds},
      {"--oracle", read_oracle},   {"--case", read_case_path},
      {"--cases", read_folder},    {"--shrink", read_shrink},
      {"--flaw", read_flaw},       {"--readings-a-day", read_day_most},
  };
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
    if (strcmp(options[i].name, name) == 0) {
      return value != NULL && options[i].read(value, plan);
    }
  }
  return false;
}

static bool read_options(int argc, char **argv, plan_t *plan, FILE *errors) {
  for (int i = 0; i < argc; i += 2) {
    bool trace = strcmp(argv[i], "--trace") == 0;
    bool until_failure = strcmp(argv[i], "--until-failure") == 0;
    plan->trace = plan->trace || trace;
    plan->until_failure = plan->until_failure || until_failure;
    if (trace || until_failure) {
      i--;
    } else if (!read_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL, plan)) {
      fprintf(errors, "vnotch-sim: wrong option or value: %s %s\nusage: vnotch-sim ...\n%s",
              argv[i], i + 1 < argc ? argv[i + 1] : "", vn_run_usage);
      return false;
    }
  }
  return true;
}

static void count(tally_t *tally, const vn_world_result_t *result) {
  uint64_t *sums = (uint64_t *)(void *)&tally->figures;
  const uint64_t *parts = (const uint64_t *)(const void *)&result->figures;
  for (size_t i = 0; i < sizeof result->figures / sizeof(uint64_t); i++) {
    sums[i] += parts[i];
  }
  tally->cases++;
  tally->unfit += result->unfit;
  tally->figures.simulated_ms -= result->unfit ? result->figures.simulated_ms : 0;
  tally->failed += result->problem[0] != '\0' && !result->unfit;
  tally->hash = tally->hash * MULTIPLIER + result->story.hash;
}

static void save(const plan_t *plan, const vn_case_t *world_case, const char *problem,
                 FILE *errors) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/%" PRId64 ".case", plan->folder, world_case->seed);
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    fprintf(errors, "vnotch-sim: %s can't be written\n", path);
    return;
  }
  fprintf(file, "# %s\n", problem);
  vn_case_print(world_case, file);
  (void)fclose(file);
  fprintf(errors, "  case: %s\n", path);
}

/* The case is made smaller and written down. */
static void explain(const plan_t *plan, vn_case_t *world_case, const vn_world_options_t *options,
                    vn_world_result_t *result, FILE *errors) {
  fprintf(errors, "seed %" PRId64 ": %s\n", world_case->seed, result->problem);
  unsigned runs = vn_shrink(world_case, options, (unsigned)plan->shrink, result);
  fprintf(errors, "  smaller, after %u runs: %s\n", runs, result->problem);
  if (plan->folder != NULL) {
    save(plan, world_case, result->problem, errors);
  } else {
    vn_case_print(world_case, errors);
  }
}

static void print_tally(const tally_t *tally, double seconds) {
  const vn_world_figures_t *figures = &tally->figures;
  double years = (double)figures->simulated_ms / 31557600000.0;
  printf("{\"cases\": %" PRIu64 ", \"passed_over\": %" PRIu64 ", \"unfit\": %" PRIu64
         ", \"failed\": %" PRIu64 ", \"hash\": \"%016" PRIx64 "\", \"device_years\": %.4f, ",
         tally->cases, tally->passed_over, tally->unfit, tally->failed, tally->hash, years);
  printf("\"readings\": %" PRIu64 ", \"messages\": %" PRIu64 ", \"redelivered\": %" PRIu64
         ", \"lost_by_broker\": %" PRIu64 ", \"lost_by_device\": %" PRIu64 ", ",
         figures->readings, figures->messages, figures->redelivered, figures->lost_by_broker,
         figures->lost_by_device);
  printf("\"published\": %" PRIu64 ", \"published_again\": %" PRIu64 ", \"power_ups\": %" PRIu64
         ", \"cuts\": %" PRIu64 ", \"torn\": %" PRIu64 ", \"faults\": %" PRIu64
         ", \"moves\": %" PRIu64 ", \"answers\": %" PRIu64 ", \"results_checked\": %" PRIu64
         ", \"relations\": %" PRIu64 ", \"noticed\": %" PRIu64 ", ",
         figures->published, figures->published_again, figures->power_ups, figures->cuts,
         figures->torn, figures->faults, figures->moves, figures->answers, figures->results_checked,
         figures->relations, figures->noticed);
  printf("\"cpu_seconds\": %.2f, \"cases_per_second\": %.2f, \"device_years_per_minute\": %.3f}\n",
         seconds, (double)tally->cases / seconds, years * 60.0 / seconds);
}

static double seconds_since(clock_t begin) {
  double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
  return seconds > 0 ? seconds : 1e-6;
}

static vn_world_options_t options_of(const plan_t *plan) {
  return (vn_world_options_t){
      .oracle = plan->oracle, .keep = plan->keep, .trace = plan->trace, .flaw = plan->flaw};
}

static bool is_busy(const plan_t *plan, const vn_case_t *world_case) {
  int64_t readings_a_day = world_case->series * DAY_MINUTES * 60000 / world_case->every_ms;
  return plan->day_most > 0 && readings_a_day > plan->day_most;
}

static void run_seed(const plan_t *plan, uint64_t seed, vn_case_t *world_case, tally_t *tally,
                     FILE *errors) {
  const vn_world_options_t options = options_of(plan);
  vn_world_result_t result;
  vn_case_draw(world_case, seed, plan->minutes, plan->kinds);
  if (is_busy(plan, world_case)) {
    tally->passed_over++;
    return;
  }
  world_case->devices = plan->devices > 0 ? plan->devices : world_case->devices;
  world_case->journal = plan->durability >= 0 ? plan->durability : world_case->journal;
  vn_check_case(world_case, &options, &result);
  count(tally, &result);
  if (plan->trace && result.unfit) {
    fprintf(errors, "seed %" PRIu64 " says nothing: %s\n", seed, result.problem);
  }
  if (result.problem[0] != '\0' && !result.unfit) {
    explain(plan, world_case, &options, &result, errors);
  }
  vn_story_free(&result.story);
}

static int run_case(const plan_t *plan, vn_case_t *world_case, FILE *errors) {
  const vn_world_options_t options = options_of(plan);
  vn_world_result_t result;
  unsigned line = 0;
  const char *problem = NULL;
  FILE *file = fopen(plan->case_path, "r");
  if (file == NULL) {
    fprintf(errors, "vnotch-sim: %s can't be read\n", plan->case_path);
    return VN_EXIT_IO;
  }
  bool good = vn_case_read(world_case, file, &line, &problem);
  (void)fclose(file);
  if (!good) {
    fprintf(errors, "%s:%u: error: %s\n", plan->case_path, line, problem);
    return VN_EXIT_DATA;
  }
  tally_t tally = {.hash = 0};
  clock_t begin = clock();
  vn_check_case(world_case, &options, &result);
  count(&tally, &result);
  printf("%s: %s\n", plan->case_path, result.problem[0] == '\0' ? "no difference" : result.problem);
  print_tally(&tally, seconds_since(begin));
  good = result.problem[0] == '\0';
  vn_story_free(&result.story);
  return good ? VN_EXIT_OK : EXIT_DIFFERS;
}

static int run_seeds(const plan_t *plan, vn_case_t *world_case, FILE *errors) {
  tally_t tally = {.hash = plan->first};
  clock_t begin = clock();
  double seconds = 0;
  for (uint64_t seed = plan->first;; seed++) {
    run_seed(plan, seed, world_case, &tally, errors);
    seconds = seconds_since(begin);
    bool enough = plan->until_failure && tally.failed > 0;
    if (enough || seed == plan->last || (plan->seconds > 0 && seconds >= (double)plan->seconds)) {
      break;
    }
  }
  print_tally(&tally, seconds);
  return tally.failed == 0 ? VN_EXIT_OK : EXIT_DIFFERS;
}

int vn_run(int argc, char **argv, FILE *errors) {
  plan_t plan = {.first = 1,
                 .last = 1,
                 .minutes = DAY_MINUTES,
                 .durability = -1,
                 .shrink = SHRINK_RUNS,
                 .kinds = ALL_KINDS,
                 .oracle = true,
                 .keep = true};
  if (!read_options(argc, argv, &plan, errors)) {
    return VN_EXIT_USAGE;
  }
  vn_case_t *world_case = vn_room_new(sizeof *world_case);
  int code = plan.case_path != NULL ? run_case(&plan, world_case, errors)
                                    : run_seeds(&plan, world_case, errors);
  vn_room_free(world_case);
  return code;
}
