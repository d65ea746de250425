/* The configuration file of a case: what a user would have written for such a device. */
#include "case.h"

#include <inttypes.h>

static void print_decimal(FILE *file, int64_t scaled, int64_t decimals) {
  int64_t unit = 1;
  for (int64_t i = 0; i < decimals; i++) {
    unit *= 10;
  }
  int64_t size = scaled < 0 ? -scaled : scaled;
  fprintf(file, "%s%" PRId64, scaled < 0 ? "-" : "", size / unit);
  if (decimals > 0) {
    fprintf(file, ".%0*" PRId64, (int)decimals, size % unit);
  }
}

static void print_head(const vn_case_t *world_case, uint32_t device, FILE *file) {
  fprintf(file, "device: d%u\nbroker: {uri: \"mqtt://127.0.0.1:1883\"}\n", (unsigned)device);
  fprintf(file, "summaries: {encoding: cbor, batch: %" PRId64 ", flush_every: %" PRId64 "ms}\n",
          world_case->batch, world_case->flush_ms);
  fprintf(file,
          "capacity: {series: %" PRId64 ", input_queue: %" PRId64 ", outbox: %" PRId64
          "KiB, name: 16B, message: 4KiB}\n",
          world_case->series + 1, world_case->queue, world_case->outbox_kib);
  fprintf(file,
          "state:\n  file: state.flash\n  size: %" PRId64
          "B\n  durability: %s\n  checkpoint_every: %" PRId64 "ms\n",
          world_case->erase * world_case->sectors,
          world_case->journal != 0 ? "journal" : "checkpoint", world_case->checkpoint_ms);
  fprintf(file,
          "  flash: {erase_block: %" PRId64 "B, program_unit: %" PRId64
          "B, endurance: 100000000}\n",
          world_case->erase, world_case->unit);
  fputs(
      "inputs:\n  - topic: \"in/{name}\"\n    format: json\n    series: \"{name}\"\n"
      "    fields: [{path: v}]\n    time: {path: t, unit: ms}\n    sequence: {path: q}\n",
      file);
}

static void print_window(const vn_case_window_t *window, size_t i, FILE *file) {
  fprintf(file, "      - {name: w%zu, ", i);
  if (window->shape == VN_CASE_SESSION) {
    fprintf(file, "session: {gap: %" PRId64 "ms}", window->size_ms);
  } else if (window->shape == VN_CASE_SLIDING) {
    fprintf(file, "sliding: {size: %" PRId64 "ms, slide: %" PRId64 "ms}", window->size_ms,
            window->slide_ms);
  } else {
    fprintf(file, "tumbling: %" PRId64 "ms", window->size_ms);
  }
  fputs(", statistics: [count, sum, sum_sq, min, max, first, last, mean, variance]", file);
  fprintf(file, ", sample: %" PRId64 "}\n", window->sample);
}

static void print_alert(const vn_case_t *world_case, size_t i, FILE *file) {
  const vn_case_alert_t *alert = &world_case->alerts[i];
  fprintf(file, "      - {name: a%zu, %s: ", i, alert->below ? "below" : "above");
  print_decimal(file, alert->limit, world_case->decimals);
  fputs(", hysteresis: ", file);
  print_decimal(file, alert->hysteresis, world_case->decimals);
  fprintf(file, ", for: %" PRId64 "ms, keep_firing_for: %" PRId64 "ms}\n", alert->for_ms,
          alert->keep_ms);
}

void vn_case_configuration(const vn_case_t *world_case, uint32_t device, FILE *file) {
  print_head(world_case, device, file);
  fputs("pipelines:\n  - name: p\n    match: \"*\"\n    unit: Cel\n    resolution: ", file);
  print_decimal(file, 1, world_case->decimals);
  fprintf(file, "\n    out_of_order: %" PRId64 "ms\n    allowed_lateness: %" PRId64 "ms\n",
          world_case->out_of_order_ms, world_case->lateness_ms);
  if (world_case->max_future_ms > 0) {
    fprintf(file, "    max_future: %" PRId64 "ms\n", world_case->max_future_ms);
  }
  fputs("    windows:\n", file);
  for (size_t i = 0; i < world_case->window_count; i++) {
    print_window(&world_case->windows[i], i, file);
  }
  fputs(world_case->alert_count > 0 ? "    alerts:\n" : "", file);
  for (size_t i = 0; i < world_case->alert_count; i++) {
    print_alert(world_case, i, file);
  }
}
