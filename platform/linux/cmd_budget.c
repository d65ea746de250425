/* vnotch budget: what a configuration costs, in bytes and in years of flash life. */
#include "cmd_budget_target.h"
#include "commands.h"
#include "configuration.h"
#include "daemon_shadow.h"
#include "wear.h"

#include <stdio.h>
#include <string.h>

#define YEARS_SHOWN_MAX 1000.0
#define DAYS_PER_YEAR 365.25
#define LIFE_WANTED 2.0 /* what would make it so many times as long is told */

/* Everything that a report tells. */
typedef struct report {
  const vn_plan_t *plan;
  vn_budget_t budget;
  vn_wear_t worst, usual;
  size_t shadow_bytes; /* of the other rules beside */
  bool durable, region_fits;
} report_t;

typedef struct part {
  const char *key; /* in JSON */
  size_t bytes;
  const char *name; /* for people */
} part_t;

#define PARTS 9u

/* Digits in groups of three: "1,432". */
static const char *grouped(uint64_t number, char out[32]) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
  size_t used = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) {
      out[used++] = ',';
    }
    out[used++] = digits[i];
  }
  out[used] = '\0';
  return out;
}

static void list_parts(const vn_budget_t *budget, part_t parts[PARTS]) {
  const part_t all[PARTS] = {
      {"table_bytes", budget->table_bytes, "series table"},
      {"queue_bytes", budget->queue_bytes, "input queue"},
      {"outbox_bytes", budget->outbox_bytes, "outbox"},
      {"batch_bytes", budget->batch_bytes, "batch of results"},
      {"scratch_bytes", budget->scratch_bytes, "scratch"},
      {"log_bytes", budget->log_bytes, "state on flash"},
      {"derived_bytes", budget->derived_bytes, "derived series"},
      {"engine_bytes", budget->engine_bytes, "engine"},
      {"alignment_bytes", budget->alignment_bytes, "alignment"},
  };
  memcpy(parts, all, sizeof all);
}

static size_t alert_state_bytes(const vn_budget_pipeline_t *pipeline) {
  return pipeline->alert_bytes - pipeline->alert_evidence_bytes - pipeline->alert_waiting_bytes -
         pipeline->alert_detector_bytes;
}

static void print_alerts(const vn_budget_pipeline_t *pipeline) {
  char a[32], b[32], c[32], d[32];
  if (pipeline->alert_bytes == 0) {
    return;
  }
  size_t states = alert_state_bytes(pipeline);
  (void)printf(
      "    of the alerts: %zu states of %zu B = %s B, evidence %s B, readings in time order %s B, "
      "detectors %s B\n",
      states / sizeof(vn_alert_state_t), sizeof(vn_alert_state_t), grouped(states, a),
      grouped(pipeline->alert_evidence_bytes, b), grouped(pipeline->alert_waiting_bytes, c),
      grouped(pipeline->alert_detector_bytes, d));
}

static void print_pipeline(const char *name, const vn_budget_pipeline_t *pipeline) {
  char a[32], b[32], c[32], d[32], e[32], f[32], g[32];
  (void)printf("%s: %s series x %s B = %s B\n", name, grouped(pipeline->series, a),
               grouped(pipeline->series_bytes, b), grouped(pipeline->bytes, c));
  (void)printf(
      "    each: %lu panes of %lld ms x %zu B = %s B, samples %s B, revisions %s B, alerts %s B\n",
      (unsigned long)pipeline->panes, (long long)pipeline->pane_ms, sizeof(vn_pane_t),
      grouped(pipeline->pane_bytes, d), grouped(pipeline->member_bytes, e),
      grouped(pipeline->revision_bytes, f), grouped(pipeline->alert_bytes, g));
  print_alerts(pipeline);
  (void)printf("    and: tallies and coverage %s B\n", grouped(pipeline->tally_bytes, d));
  size_t others = pipeline->session_bytes + pipeline->count_bytes + pipeline->report_bytes +
                  pipeline->condition_bytes + pipeline->extra_bytes;
  if (others > 0) {
    (void)printf(
        "    and: %lu sessions %s B, count windows %s B, reports %s B, conditions %s B, "
        "quantiles, slope, distinct %s B\n",
        (unsigned long)pipeline->sessions, grouped(pipeline->session_bytes, d),
        grouped(pipeline->count_bytes, e), grouped(pipeline->report_bytes, f),
        grouped(pipeline->condition_bytes, g), grouped(pipeline->extra_bytes, c));
  }
  if (pipeline->guard_bytes > 0) {
    (void)printf("    and: repeats and limits %s B\n", grouped(pipeline->guard_bytes, d));
  }
  if (pipeline->ordered_bytes > 0) {
    (void)printf("    and: readings in time order %s B\n", grouped(pipeline->ordered_bytes, d));
  }
}

static void print_memory(const report_t *report) {
  char text[32];
  part_t parts[PARTS];
  list_parts(&report->budget, parts);
  for (uint8_t i = 0; i < report->plan->pipeline_count; i++) {
    print_pipeline(report->plan->pipelines[i].summary.name, &report->budget.pipelines[i]);
  }
  for (size_t i = 0; i < PARTS; i++) {
    (void)printf("%s: %s B\n", parts[i].name, grouped(parts[i].bytes, text));
  }
  (void)printf("total memory: %s B\n", grouped(report->budget.total_bytes, text));
  if (report->shadow_bytes > 0) {
    (void)printf("other rules beside (shadow): %s B more\n", grouped(report->shadow_bytes, text));
  }
}

static void print_life(const char *label, const vn_wear_t *wear) {
  bool long_life = wear->years > YEARS_SHOWN_MAX;
  (void)printf("flash life, %s: %s%.1f years\n", label, long_life ? "more than " : "",
               long_life ? YEARS_SHOWN_MAX : wear->years);
}

static const char *advice(vn_wear_part_t greatest) {
  switch (greatest) {
    case VN_WEAR_JOURNAL:
      return "packs of readings, a smaller `program_unit` where the flash has one, or "
             "`durability: checkpoint`";
    case VN_WEAR_STATE:
      return "a longer `checkpoint_every`, longer windows, fewer statistics and samples";
    case VN_WEAR_COMMITS:
      return "a longer `checkpoint_every` or `flush_every`";
    default:
      return "longer windows, fewer statistics and samples";
  }
}

static void print_writes(const char *label, const vn_wear_t *wear) {
  char a[32], b[32], c[32];
  (void)printf("flash a day, %s: %s commits, %s B", label,
               grouped((uint64_t)wear->commits_per_day, a),
               grouped((uint64_t)wear->bytes_per_day, b));
  for (unsigned i = 0; i < VN_WEAR_PARTS; i++) {
    (void)printf("%s%s %s B", i == 0 ? " (" : ", ", vn_wear_part_name((vn_wear_part_t)i),
                 grouped((uint64_t)wear->part_bytes_per_day[i], c));
  }
  (void)printf("), write amplification %.2f, %s erases, %.4f cycles\n", wear->amplification,
               grouped((uint64_t)wear->erases_per_day, a), wear->cycles_per_day);
}

/* Each remedy as far as it helps, or until the life asked for is reached. */
static void print_remedies(const report_t *report) {
  vn_wear_remedy_t remedies[VN_WEAR_REMEDIES];
  const char *separator = "    by itself would help:";
  vn_wear_remedies(report->plan, LIFE_WANTED * DAYS_PER_YEAR * report->usual.years, remedies);
  for (unsigned i = 0; i < VN_WEAR_REMEDIES; i++) {
    char text[VN_WEAR_TEXT_MAX];
    if (remedies[i].value > 0) {
      (void)vn_wear_remedy_text((vn_wear_remedy_kind_t)i, &remedies[i], text);
      (void)printf("%s %s", separator, text);
      separator = ",";
    }
  }
  if (separator[0] == ',') {
    (void)puts("");
  }
}

/* What each message costs; readings that come in one share it. */
static void print_journal(const report_t *report) {
  char a[32], b[32];
  if (report->plan->durability == VN_DURABILITY_JOURNAL) {
    (void)printf(
        "journal: at most %s B; a message of %u B takes %s B of flash and a sync, however "
        "many readings it holds\n",
        grouped(report->budget.journal_bytes_max, a), VN_BUDGET_MESSAGE_BYTES,
        grouped(report->budget.journal_message_bytes, b));
    if (report->plan->journal_day_bytes > 0) {
      (void)printf("    messages may write at most %s B a day",
                   grouped(report->plan->journal_day_bytes, a));
      if (report->plan->journal_source_day_bytes > 0) {
        (void)printf(", those of one topic %s B",
                     grouped(report->plan->journal_source_day_bytes, b));
      }
      (void)puts("; more are dropped and counted");
    }
    (void)puts(
        "    assumed: a message of one reading as often as `expected_every` says; without it a "
        "message a second of all series together, at worst of each");
  }
}

static void print_state(const report_t *report) {
  char a[32], b[32], c[32], d[32];
  if (!report->durable) {
    (void)puts("state: volatile, no flash is used");
    return;
  }
  (void)printf("state region: %s B; live at most %s B, in one commit at most %s B\n",
               grouped(report->budget.region_bytes, a), grouped(report->budget.live_bytes_max, b),
               grouped(report->budget.commit_bytes_max, c));
  (void)printf("    advised size: %s B\n", grouped(report->budget.region_bytes_needed, d));
  print_journal(report);
  print_writes("worst case", &report->worst);
  print_life("worst case", &report->worst);
  print_writes("usual case", &report->usual);
  print_life("usual case", &report->usual);
  (void)printf("    assumed: %lu cycles a block; `expected_every` tells how often readings come\n",
               (unsigned long)report->plan->endurance_cycles);
  (void)puts(
      "    worst: all series have a reading a second, or as often as that says; states and results "
      "are at their longest, each result comes by itself");
  (void)puts(
      "    usual: without that a tenth of the series have a reading in each interval; states are a "
      "fifth as long as they can be, results half; sessions end once an hour");
  (void)puts("    both: conditions end once an hour, reports have a point a minute; no alerts");
  vn_wear_part_t greatest = vn_wear_greatest(&report->usual);
  (void)printf("    most is written for %s: %s would help\n", vn_wear_part_name(greatest),
               advice(greatest));
  print_remedies(report);
}

static void print_json_windows(const vn_summary_pipeline_t *summary,
                               const vn_budget_pipeline_t *pipeline) {
  (void)fputs(",\"windows\":[", stdout);
  for (uint8_t i = 0; i < summary->window_count; i++) {
    (void)printf("%s{\"name\":\"%s\",\"series_bytes\":%zu}", i == 0 ? "" : ",",
                 summary->windows[i].name, pipeline->window_bytes[i]);
  }
  (void)fputs("]}", stdout);
}

static void print_json_pipeline(const vn_summary_pipeline_t *summary,
                                const vn_budget_pipeline_t *pipeline) {
  const part_t parts[] = {
      {"series_bytes", pipeline->series_bytes, NULL},
      {"bytes", pipeline->bytes, NULL},
      {"pane_bytes", pipeline->pane_bytes, NULL},
      {"member_bytes", pipeline->member_bytes, NULL},
      {"revision_bytes", pipeline->revision_bytes, NULL},
      {"session_bytes", pipeline->session_bytes, NULL},
      {"count_bytes", pipeline->count_bytes, NULL},
      {"report_bytes", pipeline->report_bytes, NULL},
      {"condition_bytes", pipeline->condition_bytes, NULL},
      {"extra_bytes", pipeline->extra_bytes, NULL},
      {"ordered_bytes", pipeline->ordered_bytes, NULL},
      {"guard_bytes", pipeline->guard_bytes, NULL},
      {"tally_bytes", pipeline->tally_bytes, NULL},
      {"alert_bytes", pipeline->alert_bytes, NULL},
      {"slot_bytes_max", pipeline->slot_bytes_max, NULL},
  };
  (void)printf("{\"name\":\"%s\",\"series\":%lu,\"panes\":%lu,\"pane_ms\":%lld", summary->name,
               (unsigned long)pipeline->series, (unsigned long)pipeline->panes,
               (long long)pipeline->pane_ms);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    (void)printf(",\"%s\":%zu", parts[i].key, parts[i].bytes);
  }
  (void)printf(
      ",\"alerts\":{\"state_bytes\":%zu,\"evidence_bytes\":%zu,\"waiting_bytes\":%zu,"
      "\"detector_bytes\":%zu}",
      alert_state_bytes(pipeline), pipeline->alert_evidence_bytes, pipeline->alert_waiting_bytes,
      pipeline->alert_detector_bytes);
  print_json_windows(summary, pipeline);
}

static void print_json_life(const char *key, const vn_wear_t *wear) {
  (void)printf(",\"%s\":{\"years\":%.2f,\"commits_per_day\":%.0f,\"bytes_per_day\":%.0f", key,
               wear->years, wear->commits_per_day, wear->bytes_per_day);
  for (unsigned i = 0; i < VN_WEAR_PARTS; i++) {
    (void)printf(",\"%s_bytes_per_day\":%.0f", vn_wear_part_key((vn_wear_part_t)i),
                 wear->part_bytes_per_day[i]);
  }
  (void)printf(
      ",\"erases_per_day\":%.0f,\"cycles_per_day\":%.6f,\"amplification\":%.3f,"
      "\"greatest\":\"%s\"}",
      wear->erases_per_day, wear->cycles_per_day, wear->amplification,
      vn_wear_part_key(vn_wear_greatest(wear)));
}

/* null: it is no help. */
static void print_json_remedies(const report_t *report) {
  static const char *const keys[VN_WEAR_REMEDIES] = {"checkpoint_every_ms", "size_bytes",
                                                     "program_unit_bytes", "readings_per_message"};
  vn_wear_remedy_t remedies[VN_WEAR_REMEDIES];
  vn_wear_remedies(report->plan, LIFE_WANTED * DAYS_PER_YEAR * report->usual.years, remedies);
  (void)printf(",\"lifetime_days\":%lu,\"helps\":{", (unsigned long)report->plan->lifetime_days);
  for (unsigned i = 0; i < VN_WEAR_REMEDIES; i++) {
    (void)printf("%s\"%s\":", i == 0 ? "" : ",", keys[i]);
    if (remedies[i].value > 0) {
      (void)printf("{\"value\":%llu,\"years\":%.2f}", (unsigned long long)remedies[i].value,
                   remedies[i].years);
    } else {
      (void)fputs("null", stdout);
    }
  }
  (void)fputs("}", stdout);
}

/* Names need no escapes: the configuration allows none that would. */
static void print_json(const report_t *report) {
  part_t parts[PARTS];
  list_parts(&report->budget, parts);
  (void)printf("{\"total_bytes\":%zu", report->budget.total_bytes);
  for (size_t i = 0; i < PARTS; i++) {
    (void)printf(",\"%s\":%zu", parts[i].key, parts[i].bytes);
  }
  (void)printf(",\"shadow_bytes\":%zu", report->shadow_bytes);
  (void)fputs(",\"pipelines\":[", stdout);
  for (uint8_t i = 0; i < report->plan->pipeline_count; i++) {
    (void)fputs(i == 0 ? "" : ",", stdout);
    print_json_pipeline(&report->plan->pipelines[i].summary, &report->budget.pipelines[i]);
  }
  (void)fputs("]", stdout);
  if (report->durable) {
    (void)printf(
        ",\"state\":{\"region_bytes\":%llu,\"advised_bytes\":%llu,\"live_bytes_max\":%llu,"
        "\"commit_bytes_max\":%llu,\"journal_bytes_max\":%llu,\"journal_message_bytes\":%llu,"
        "\"journal_day_bytes\":%llu,\"journal_source_day_bytes\":%llu",
        (unsigned long long)report->budget.region_bytes,
        (unsigned long long)report->budget.region_bytes_needed,
        (unsigned long long)report->budget.live_bytes_max,
        (unsigned long long)report->budget.commit_bytes_max,
        (unsigned long long)report->budget.journal_bytes_max,
        (unsigned long long)report->budget.journal_message_bytes,
        (unsigned long long)report->plan->journal_day_bytes,
        (unsigned long long)report->plan->journal_source_day_bytes);
    print_json_life("life_worst", &report->worst);
    print_json_life("life_usual", &report->usual);
    print_json_remedies(report);
    (void)fputs("}", stdout);
  }
  (void)fputs("}\n", stdout);
}

static size_t shadow_bytes(const vn_plan_t *live, const vn_plan_t *other) {
  vn_store_t store;
  if (other == NULL || vn_store_need(other, &store) != VN_OK) {
    return 0;
  }
  return vn_store_bytes(&store) + vn_shadow_marks(live, other) + sizeof(vn_shadow_run_t);
}

/* The loader has checked the plan: its budget can be made. */
static void make_report(const vn_configuration_t *configuration, report_t *report) {
  const vn_plan_t *plan = &configuration->plan;
  report->plan = plan;
  report->shadow_bytes = shadow_bytes(plan, configuration->shadow);
  report->durable = plan->durability != VN_DURABILITY_VOLATILE;
  report->region_fits = vn_budget(plan, &report->budget) == VN_OK;
  if (report->durable) {
    report->worst = vn_wear_estimate(plan, &report->budget, &vn_wear_worst);
    report->usual = vn_wear_estimate(plan, &report->budget, &vn_wear_usual);
  }
}

typedef struct options {
  const char *path, *target;
  bool json;
} options_t;

static int budget_here(const vn_configuration_t *configuration, bool json) {
  report_t report;
  make_report(configuration, &report);
  if (json) {
    print_json(&report);
  } else {
    print_memory(&report);
    print_state(&report);
  }
  return report.region_fits ? VN_STATUS_OK : VN_STATUS_CONFIGURATION;
}

static int budget(const options_t *options) {
  unsigned errors = 0;
  int status = VN_STATUS_OK;
  vn_configuration_t *configuration = vn_configuration_load(options->path, stderr, &errors);
  if (configuration == NULL) {
    return VN_STATUS_CONFIGURATION;
  }
  if (options->target != NULL) {
    vn_budget_target_print(&configuration->plan, options->target, options->json);
  } else {
    status = budget_here(configuration, options->json);
  }
  vn_configuration_free(configuration);
  return status;
}

static bool read_options(int argc, char **argv, options_t *options) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--json") == 0) {
      options->json = true;
    } else if (strcmp(argv[i], "--target") == 0 && i + 1 < argc) {
      options->target = argv[++i];
    } else if (options->path == NULL && argv[i][0] != '-') {
      options->path = argv[i];
    } else {
      return false;
    }
  }
  return options->path != NULL &&
         (options->target == NULL || vn_budget_target_is_known(options->target));
}

int vn_cmd_budget(int argc, char **argv) {
  options_t options = {.path = NULL};
  if (!read_options(argc, argv, &options)) {
    (void)fprintf(stderr,
                  "usage: vnotch budget FILE [--json] [--target TARGET]\n"
                  "targets: %s\n",
                  vn_budget_target_names());
    return VN_STATUS_USAGE;
  }
  return budget(&options);
}
