#include "replay.h"

#include "configuration.h"
#include "history.h"
#include "result_lines.h"
#include "trace.h"
#include "virtual_clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_ALIGNMENT 64u

typedef struct replay {
  const vn_replay_options_t *options;
  FILE *errors;
  FILE *trace_file, *output_file;
  vn_configuration_t *configuration;
  vn_plan_t plan;
  void *block;
  vn_engine_t engine;
  vn_virtual_clock_t virtual_clock;
  vn_clock_t clock;
  vn_observer_t observer;
  vn_result_lines_t lines;
  vn_trace_t trace;
  uint64_t unassigned[VN_REASON_COUNT];
  bool at_given; /* some line had an "at" of its own */
} replay_t;

static int complain(const replay_t *replay, int code, const char *what, const char *why) {
  fprintf(replay->errors, "vnotch-sim: %s: %s\n", what, why);
  return code;
}

/* Nothing of a replay is kept, whatever the configuration says. */
static int prepare_engine(replay_t *replay) {
  replay->plan =
      replay->options->plan != NULL ? *replay->options->plan : replay->configuration->plan;
  replay->plan.durability = VN_DURABILITY_VOLATILE;
  replay->plan.state_bytes = 0;
  vn_store_t store;
  vn_err_t error = vn_store_need(&replay->plan, &store);
  if (error != VN_OK) {
    return complain(replay, VN_EXIT_CONFIGURATION, replay->options->config, vn_err_text(error));
  }
  size_t bytes = vn_store_bytes(&store);
  size_t rounded = (bytes / BLOCK_ALIGNMENT + 1) * BLOCK_ALIGNMENT;
  replay->block = aligned_alloc(BLOCK_ALIGNMENT, rounded);
  if (replay->block == NULL) {
    return complain(replay, VN_EXIT_UNAVAILABLE, "no memory for the engine",
                    "reduce the capacities in the configuration");
  }
  vn_store_layout(&store, replay->block);
  vn_virtual_clock_init(&replay->virtual_clock);
  replay->clock = vn_virtual_clock_port(&replay->virtual_clock);
  replay->observer =
      vn_result_lines_observer(&replay->lines, replay->options->scores, replay->options->events);
  const vn_ports_t ports = {.clock = &replay->clock, .observer = &replay->observer};
  error = vn_init(&replay->engine, &replay->plan, &store, &ports);
  if (error == VN_OK) {
    error = vn_restore(&replay->engine);
  }
  return error == VN_OK
             ? VN_EXIT_OK
             : complain(replay, VN_EXIT_CONFIGURATION, replay->options->config, vn_err_text(error));
}

static int open_journal(replay_t *replay) {
  replay->trace_file = tmpfile();
  if (replay->trace_file == NULL) {
    return complain(replay, VN_EXIT_IO, "no temporary file", strerror(errno));
  }
  int code = vn_history_write(replay->options->journal, replay->trace_file, replay->errors);
  rewind(replay->trace_file);
  return code;
}

static int open_trace(replay_t *replay) {
  const char *name = replay->options->trace;
  if (replay->options->journal != NULL) {
    return open_journal(replay);
  }
  replay->trace_file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
  return replay->trace_file == NULL ? complain(replay, VN_EXIT_IO, name, strerror(errno))
                                    : VN_EXIT_OK;
}

static int prepare_files(replay_t *replay) {
  const vn_replay_options_t *options = replay->options;
  int code = open_trace(replay);
  if (code != VN_EXIT_OK) {
    return code;
  }
  replay->output_file = options->output == NULL ? stdout : fopen(options->output, "wb");
  if (replay->output_file == NULL) {
    return complain(replay, VN_EXIT_IO, options->output, strerror(errno));
  }
  vn_trace_init(&replay->trace, replay->trace_file);
  if (!vn_result_lines_init(&replay->lines, replay->output_file)) {
    return complain(replay, VN_EXIT_UNAVAILABLE, "no memory", "for the output buffer");
  }
  return VN_EXIT_OK;
}

static int prepare(replay_t *replay) {
  const vn_replay_options_t *options = replay->options;
  unsigned errors = 0;
  if (options->plan == NULL) {
    replay->configuration = vn_configuration_load(options->config, replay->errors, &errors);
  }
  if (options->plan == NULL && replay->configuration == NULL) {
    return VN_EXIT_CONFIGURATION;
  }
  int code = prepare_files(replay);
  return code == VN_EXIT_OK ? prepare_engine(replay) : code;
}

/* "at" holds until the next one; a trace without any is as if each reading came at its own time. */
static void move_clock(replay_t *replay, const vn_trace_event_t *event) {
  if (event->has_at) {
    replay->at_given = true;
    vn_virtual_clock_set(&replay->virtual_clock, event->at_ms);
  } else if (!replay->at_given && event->has_time && event->kind == VN_TRACE_READING) {
    vn_virtual_clock_set(&replay->virtual_clock, event->time_ms);
  }
}

/* A reading that finds no series is refused before the engine counts it. */
static void refuse(replay_t *replay, const vn_trace_event_t *event, vn_reason_t reason) {
  const vn_drop_t drop = {event->series, event->time_ms, (uint8_t)reason, event->has_time};
  replay->unassigned[reason]++;
  vn_result_lines_drop(&replay->lines, &drop);
}

static void take_reading(replay_t *replay, const vn_trace_event_t *event) {
  const vn_reading_t reading = {.number = event->value,
                                .time_ms = event->time_ms,
                                .sequence = event->sequence,
                                .has_time = event->has_time,
                                .has_sequence = event->has_sequence};
  uint32_t series;
  vn_reason_t opened = vn_series_open(&replay->engine, event->series, &series);
  if (opened != VN_REASON_NONE) {
    refuse(replay, event, opened);
    return;
  }
  (void)vn_take_reading(&replay->engine, series, &reading);
}

/* A mark for a series that nobody has heard of has no effect. */
static void take_watermark(replay_t *replay, const vn_trace_event_t *event) {
  uint32_t series = VN_SERIES_NONE;
  if (event->has_series) {
    series = vn_series_find(&replay->engine.table, event->series, vn_series_hash(event->series));
    if (series == VN_SERIES_NONE) {
      return;
    }
  }
  vn_watermark(&replay->engine, series, event->time_ms);
}

static void take_event(replay_t *replay, const vn_trace_event_t *event) {
  replay->lines.index = event->index;
  if (event->kind == VN_TRACE_CLOCK) {
    vn_watch_clock(&replay->engine); /* what it knew to the last */
  }
  move_clock(replay, event);
  switch ((vn_trace_kind_t)event->kind) {
    case VN_TRACE_READING:
      take_reading(replay, event);
      break;
    case VN_TRACE_MESSAGE:
      vn_take_message(&replay->engine, event->topic, event->payload, event->payload_length,
                      event->retained);
      break;
    case VN_TRACE_TICK:
      vn_tick(&replay->engine);
      break;
    case VN_TRACE_WATERMARK:
      take_watermark(replay, event);
      break;
    case VN_TRACE_FLUSH:
      vn_flush(&replay->engine);
      break;
    case VN_TRACE_CLOCK:
      vn_virtual_clock_show(&replay->virtual_clock, event->is_set);
      vn_watch_clock(&replay->engine);
      break;
  }
}

static vn_figures_t figures_of(const replay_t *replay) {
  vn_figures_t figures = *vn_engine_figures(&replay->engine);
  for (size_t i = 0; i < VN_REASON_COUNT; i++) {
    figures.reasons[i] += replay->unassigned[i];
    figures.unassigned += replay->unassigned[i];
    figures.readings.received += replay->unassigned[i];
    figures.readings.rejected += replay->unassigned[i];
  }
  return figures;
}

static int finish(replay_t *replay) {
  const vn_figures_t figures = figures_of(replay);
  vn_result_lines_totals(&replay->lines, &replay->engine, &figures);
  if (!vn_result_lines_flush(&replay->lines)) {
    const char *name = replay->options->output;
    return complain(replay, VN_EXIT_IO, name == NULL ? "standard output" : name,
                    "the results could not be written");
  }
  return VN_EXIT_OK;
}

static int run(replay_t *replay) {
  vn_trace_event_t event;
  vn_trace_result_t result;
  while ((result = vn_trace_next(&replay->trace, &event)) == VN_TRACE_EVENT) {
    take_event(replay, &event);
  }
  const char *name =
      replay->options->journal != NULL ? replay->options->journal : replay->options->trace;
  if (result == VN_TRACE_BAD_LINE) {
    (void)vn_result_lines_flush(&replay->lines);
    fprintf(replay->errors, "%s:%llu: error: %s\n", name,
            (unsigned long long)replay->trace.lines.lines, replay->trace.problem);
    return VN_EXIT_DATA;
  }
  if (result == VN_TRACE_IO) {
    return complain(replay, VN_EXIT_IO, name, "reading failed");
  }
  return finish(replay);
}

static int clean_up(replay_t *replay, int code) {
  vn_trace_free(&replay->trace);
  vn_result_lines_free(&replay->lines);
  if (replay->trace_file != NULL && replay->trace_file != stdin) {
    fclose(replay->trace_file);
  }
  if (replay->output_file != NULL && replay->output_file != stdout &&
      fclose(replay->output_file) != 0 && code == VN_EXIT_OK) {
    code = complain(replay, VN_EXIT_IO, replay->options->output, strerror(errno));
  }
  free(replay->block);
  if (replay->configuration != NULL) {
    vn_configuration_free(replay->configuration);
  }
  return code;
}

int vn_replay(const vn_replay_options_t *options, FILE *errors) {
  replay_t *replay = calloc(1, sizeof *replay);
  if (replay == NULL) {
    return VN_EXIT_UNAVAILABLE;
  }
  replay->options = options;
  replay->errors = errors;
  int code = prepare(replay);
  if (code == VN_EXIT_OK) {
    code = run(replay);
  }
  code = clean_up(replay, code);
  free(replay);
  return code;
}
