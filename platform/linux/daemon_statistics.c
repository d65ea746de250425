/* The statistics message: every figure by its name. */
#include "clock_linux.h"
#include "daemon.h"
#include "flash_life.h"
#include "log.h"
#include "memory.h"
#include "vn/json_writer.h"

/* Series of one message; with the longest name and all counters one takes 650 bytes. */
#define SERIES_TOLD 16u

static void put_unsigned(vn_json_writer_t *writer, const char *key, uint64_t value) {
  vn_json_key(writer, key);
  vn_json_unsigned(writer, value);
}

static void put_readings(vn_json_writer_t *writer, const vn_figures_t *figures) {
  const vn_accounting_t *readings = &figures->readings;
  vn_json_key(writer, "readings");
  vn_json_object_begin(writer);
  vn_accounting_members(writer, readings, true);
  put_unsigned(writer, "unassigned", figures->unassigned);
  put_unsigned(writer, "derived", figures->derived);
  put_unsigned(writer, "underived", figures->underived);
  vn_json_object_end(writer);
}

/* Those that happened: most never do. */
static void put_reasons(vn_json_writer_t *writer, const vn_figures_t *figures) {
  vn_json_key(writer, "reasons");
  vn_json_object_begin(writer);
  for (unsigned i = 1; i < VN_REASON_COUNT; i++) {
    if (figures->reasons[i] > 0) {
      put_unsigned(writer, vn_reason_word((vn_reason_t)i), figures->reasons[i]);
    }
  }
  vn_json_object_end(writer);
}

static uint64_t outbox_depth(const vn_outbox_t *outbox) {
  uint64_t depth = 0;
  for (unsigned i = 0; i < VN_OUTBOX_QUEUES; i++) {
    depth += outbox->lines[i].head - outbox->lines[i].tail;
  }
  return depth;
}

static void put_traffic(vn_json_writer_t *writer, const vn_daemon_t *daemon) {
  const vn_figures_t *figures = vn_engine_figures(&daemon->engine);
  vn_json_key(writer, "messages");
  vn_json_object_begin(writer);
  put_unsigned(writer, "received", figures->messages);
  put_unsigned(writer, "refused", figures->messages_refused);
  put_unsigned(writer, "dropped", figures->messages_dropped);
  put_unsigned(writer, "queued", vn_waiting(&daemon->engine));
  put_unsigned(writer, "waits", atomic_load(&daemon->link.waits));
  vn_json_object_end(writer);
  vn_json_key(writer, "commands");
  vn_json_object_begin(writer);
  put_unsigned(writer, "received", figures->commands);
  put_unsigned(writer, "refused", figures->commands_refused);
  vn_json_object_end(writer);
  vn_json_key(writer, "outputs");
  vn_json_object_begin(writer);
  put_unsigned(writer, "summaries", figures->summaries);
  put_unsigned(writer, "alerts", figures->alerts);
  put_unsigned(writer, "late_for_alerts", figures->late_for_alerts);
  put_unsigned(writer, "dead_letters", figures->dead_letters);
  put_unsigned(writer, "waiting", outbox_depth(&daemon->engine.outbox));
  put_unsigned(writer, "dropped", figures->outbox_dropped);
  put_unsigned(writer, "coarsened", figures->outbox_coarsened);
  vn_json_object_end(writer);
}

static void put_alerts(vn_json_writer_t *writer, const vn_engine_t *engine) {
  vn_alert_figures_t figures;
  vn_engine_alert_figures(engine, &figures);
  const struct {
    const char *key;
    uint64_t count;
  } counts[] = {
      {"active", figures.active},         {"unacknowledged", figures.unacknowledged},
      {"latched", figures.latched},       {"suppressed", figures.suppressed},
      {"shelved", figures.shelved},       {"out_of_service", figures.out_of_service},
      {"no_data", figures.no_data},       {"stale", figures.stale},
      {"chattering", figures.chattering}, {"activations", figures.activations},
      {"muted", figures.muted},           {"per_hour", figures.per_hour},
  };
  vn_json_key(writer, "alerts");
  vn_json_object_begin(writer);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    put_unsigned(writer, counts[i].key, counts[i].count);
  }
  vn_json_key(writer, "flood");
  vn_json_bool(writer, figures.flood);
  vn_json_object_end(writer);
}

static void put_time(vn_json_writer_t *writer, const char *key, vn_time_ms_t time_ms) {
  vn_json_key(writer, key);
  if (time_ms == VN_TIME_MINUS_INFINITY) {
    vn_json_null(writer);
  } else {
    vn_json_integer(writer, time_ms);
  }
}

static void put_recovery(vn_json_writer_t *writer, const vn_recovery_t *recovery) {
  vn_json_key(writer, "recovery");
  vn_json_object_begin(writer);
  vn_json_key(writer, "fresh");
  vn_json_bool(writer, recovery->fresh);
  vn_json_key(writer, "clean");
  vn_json_bool(writer, recovery->clean);
  put_unsigned(writer, "series_restored", recovery->series_restored);
  put_unsigned(writer, "series_reset", recovery->series_reset);
  put_unsigned(writer, "operators_reset", recovery->operators_reset);
  put_unsigned(writer, "records_damaged", recovery->records_damaged);
  put_unsigned(writer, "messages_again", recovery->messages_again);
  if (!recovery->fresh && !recovery->clean && !recovery->journal) {
    put_time(writer, "lost_from", recovery->lost_from_ms);
    put_time(writer, "lost_to", recovery->lost_to_ms);
  }
  vn_json_object_end(writer);
}

/* With so many digits behind the point, for people. */
static void put_rounded(vn_json_writer_t *writer, const char *key, double value, int digits) {
  double scale = 1;
  for (int i = 0; i < digits; i++) {
    scale *= 10;
  }
  vn_json_key(writer, key);
  vn_json_decimal(writer, (int64_t)(value * scale + 0.5), -digits);
}

static void put_flash(vn_json_writer_t *writer, const vn_daemon_t *daemon) {
  vn_flash_figures_t figures;
  if (!vn_engine_flash_figures(&daemon->engine, &figures)) {
    return;
  }
  vn_flash_life_t life = vn_flash_life(&daemon->configuration->plan, &figures);
  vn_json_key(writer, "flash");
  vn_json_object_begin(writer);
  put_unsigned(writer, "commits", figures.commits);
  put_unsigned(writer, "entries", figures.entries);
  put_unsigned(writer, "fresh_bytes", figures.fresh_bytes);
  put_unsigned(writer, "journal_bytes", figures.journal_bytes);
  put_unsigned(writer, "moved_bytes", figures.moved_bytes);
  put_unsigned(writer, "erases", figures.erases);
  put_unsigned(writer, "limited", figures.limited);
  put_unsigned(writer, "refused", figures.refused);
  vn_json_key(writer, "full");
  vn_json_bool(writer, figures.full);
  put_rounded(writer, "amplification", life.amplification, 3);
  put_rounded(writer, "commits_per_day", life.commits_per_day, 0);
  put_rounded(writer, "bytes_per_day", life.bytes_per_day, 0);
  put_rounded(writer, "erases_per_day", life.erases_per_day, 1);
  put_unsigned(writer, "erases_ever", figures.erases_ever);
  put_unsigned(writer, "least_worn", figures.least_worn);
  put_unsigned(writer, "most_worn", figures.most_worn);
  put_unsigned(writer, "blocks_bad", figures.sectors_bad);
  put_unsigned(writer, "scrubs", figures.scrubs);
  put_unsigned(writer, "scrub_pages", figures.scrub_pages);
  put_unsigned(writer, "scrub_unstable", figures.scrub_unstable);
  put_unsigned(writer, "scrub_damaged", figures.scrub_damaged);
  put_unsigned(writer, "scrub_rewritten", figures.scrub_rewritten);
  put_rounded(writer, "years", life.years, 2);
  put_rounded(writer, "years_left", life.years_left, 2);
  put_rounded(writer, "lifetime_years", life.lifetime_years, 2);
  vn_json_key(writer, "measured");
  vn_json_bool(writer, life.is_measured);
  vn_json_key(writer, "short");
  vn_json_bool(writer, life.is_short);
  vn_json_object_end(writer);
}

static void put_connections(vn_json_writer_t *writer, const vn_link_t *link) {
  vn_mqtt_figures_t in = vn_mqtt_figures(link->in);
  vn_mqtt_figures_t out = vn_mqtt_figures(link->out);
  vn_json_key(writer, "mqtt");
  vn_json_object_begin(writer);
  put_unsigned(writer, "connects_in", in.connects);
  put_unsigned(writer, "connects_out", out.connects);
  put_unsigned(writer, "sessions_lost", in.sessions_lost);
  put_unsigned(writer, "refused", out.refused);
  vn_json_object_end(writer);
}

static void put_shadow(vn_json_writer_t *writer, const vn_shadow_run_t *run) {
  if (run == NULL) {
    return;
  }
  const vn_shadow_figures_t *figures = &run->shadow.figures;
  vn_json_key(writer, "shadow");
  vn_json_object_begin(writer);
  put_unsigned(writer, "alerts_differ", figures->apart);
  put_unsigned(writer, "results_equal", figures->results_equal);
  put_unsigned(writer, "results_differ", figures->results_differ);
  put_unsigned(writer, "results_alone", figures->results_alone);
  put_unsigned(writer, "results_uncompared", figures->results_uncompared);
  put_unsigned(writer, "notices", run->head);
  put_unsigned(writer, "notices_dropped", run->dropped);
  vn_json_object_end(writer);
}

/* A part of the series at a time: the next message goes on where this one stops. */
static void put_series(vn_json_writer_t *writer, const vn_engine_t *engine, uint32_t *next) {
  uint32_t told = 0;
  vn_json_key(writer, "by_series");
  vn_json_array_begin(writer);
  for (uint32_t looked = 0; looked < engine->table.capacity && told < SERIES_TOLD; looked++) {
    uint32_t series = *next < engine->table.capacity ? *next : 0;
    *next = series + 1;
    if (engine->table.name_lengths[series] > 0) {
      vn_json_object_begin(writer);
      vn_json_key(writer, "series");
      vn_json_text(writer, vn_series_name(&engine->table, series));
      vn_accounting_members(writer, &vn_engine_series(engine, series)->accounting, false);
      vn_json_object_end(writer);
      told++;
    }
  }
  vn_json_array_end(writer);
}

size_t vn_statistics_write(const vn_daemon_t *daemon, uint32_t *next_series, char *text,
                           size_t capacity) {
  const vn_recovery_t *recovery = vn_engine_recovery(&daemon->engine);
  vn_json_writer_t writer;
  vn_json_writer_init(&writer, text, capacity);
  vn_json_object_begin(&writer);
  vn_json_key(&writer, "device");
  vn_json_literal(&writer, daemon->configuration->plan.device);
  put_unsigned(&writer, "boot", recovery->boot);
  vn_json_key(&writer, "version");
  vn_json_literal(&writer, VN_VERSION_TEXT);
  vn_json_key(&writer, "uptime_ms");
  vn_json_integer(&writer, vn_clock_linux_mono_ms() - daemon->status.started_ms);
  put_unsigned(&writer, "series", daemon->engine.table.count);
  put_unsigned(&writer, "series_expired", vn_engine_figures(&daemon->engine)->series_expired);
  put_traffic(&writer, daemon);
  put_alerts(&writer, &daemon->engine);
  put_readings(&writer, vn_engine_figures(&daemon->engine));
  put_reasons(&writer, vn_engine_figures(&daemon->engine));
  put_series(&writer, &daemon->engine, next_series);
  put_recovery(&writer, recovery);
  put_flash(&writer, daemon);
  put_connections(&writer, &daemon->link);
  put_shadow(&writer, daemon->link.shadow);
  put_unsigned(&writer, "resident_bytes", vn_memory_resident_bytes());
  vn_json_object_end(&writer);
  return writer.overflow ? 0 : writer.length;
}

void vn_statistics_log(const vn_daemon_t *daemon) {
  const vn_figures_t *figures = vn_engine_figures(&daemon->engine);
  vn_log(VN_LOG_NOTICE, VN_LOG_SIGNAL, "figures", "messages",
         vn_log_number((int64_t)figures->messages, (char[24]){0}), "received",
         vn_log_number((int64_t)figures->readings.received, (char[24]){0}), "accepted",
         vn_log_number((int64_t)figures->readings.accepted, (char[24]){0}), "summaries",
         vn_log_number((int64_t)figures->summaries, (char[24]){0}), "alerts",
         vn_log_number((int64_t)figures->alerts, (char[24]){0}), "dropped",
         vn_log_number((int64_t)figures->messages_dropped, (char[24]){0}), "series",
         vn_log_number((int64_t)daemon->engine.table.count, (char[24]){0}), NULL);
}
