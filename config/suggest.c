#include <string.h>

#include "schema_priv.h"

#define WORD_MAX 32u /* longer words are no typing errors of our keys */

static unsigned smallest(unsigned a, unsigned b, unsigned c) {
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

/* Levenshtein's distance, or limit + 1 when it is more. */
unsigned vn__edit_distance(vn_text_t a, const char *b, unsigned limit) {
  size_t length = strlen(b);
  size_t difference = a.length > length ? a.length - length : length - a.length;
  if (a.length > WORD_MAX || length > WORD_MAX || difference > limit) {
    return limit + 1;
  }
  unsigned row[WORD_MAX + 1];
  for (unsigned j = 0; j <= length; j++) {
    row[j] = j;
  }
  for (unsigned i = 1; i <= a.length; i++) {
    unsigned diagonal = row[0];
    row[0] = i;
    for (unsigned j = 1; j <= length; j++) {
      unsigned above = row[j];
      unsigned exchange = diagonal + (a.bytes[i - 1] != b[j - 1]);
      row[j] = smallest(above + 1, row[j - 1] + 1, exchange);
      diagonal = above;
    }
  }
  return row[length] <= limit ? row[length] : limit + 1;
}

/* What others call our keys: stream engines, brokers, alert managers. */
static const char *const peer_words[][2] = {
    {"grace", "allowed_lateness"},
    {"grace_period", "allowed_lateness"},
    {"late_tolerance", "allowed_lateness"},
    {"lateness", "allowed_lateness"},
    {"lag", "out_of_order"},
    {"delay", "out_of_order"},
    {"delay", "for"},
    {"watermark", "out_of_order"},
    {"max_out_of_orderness", "out_of_order"},
    {"hop", "slide"},
    {"hop", "sliding"},
    {"hopping", "sliding"},
    {"every", "slide"},
    {"advance", "slide"},
    {"step", "slide"},
    {"length", "size"},
    {"window", "tumbling"},
    {"period", "tumbling"},
    {"interval", "tumbling"},
    {"threshold", "above"},
    {"limit", "above"},
    {"gt", "above"},
    {"max", "above"},
    {"lt", "below"},
    {"min", "below"},
    {"deadband", "hysteresis"},
    {"pending_for", "for"},
    {"duration", "for"},
    {"count", "min_samples"},
    {"between", "inside"},
    {"outside_range", "outside"},
    {"inside_range", "inside"},
    {"band", "outside"},
    {"thresholds", "levels"},
    {"severities", "levels"},
    {"change", "rate_of_change"},
    {"roc", "rate_of_change"},
    {"derivative", "rate_of_change"},
    {"predict", "reaches"},
    {"predict_linear", "reaches"},
    {"horizon", "within"},
    {"sequence", "after"},
    {"pattern", "after"},
    {"latching", "latch"},
    {"sticky", "latch"},
    {"no_data", "no_data_after"},
    {"nodata", "no_data_after"},
    {"repeat", "repeat_every"},
    {"repeat_interval", "repeat_every"},
    {"renotify", "repeat_every"},
    {"inhibit", "inhibited_by"},
    {"depends_on", "inhibited_by"},
    {"parent", "inhibited_by"},
    {"silent", "publish"},
    {"quiet", "publish"},
    {"notify", "publish"},
    {"priority", "severity"},
    {"description", "annotations"},
    {"summary", "annotations"},
    {"tags", "labels"},
    {"yes", "true"},
    {"on", "true"},
    {"no", "false"},
    {"off", "false"},
    {"event_time", "event"},
    {"keep_firing", "keep_firing_for"},
    {"absent", "absent_for"},
    {"timeout", "absent_for"},
    {"timeout", "idle_timeout"},
    {"stuck", "unchanged_for"},
    {"idle", "idle_timeout"},
    {"aggregations", "statistics"},
    {"aggregates", "statistics"},
    {"functions", "statistics"},
    {"metrics", "statistics"},
    {"stats", "statistics"},
    {"stats", "stats_every"},
    {"reservoir", "sample"},
    {"filter", "match"},
    {"select", "match"},
    {"precision", "resolution"},
    {"scale", "resolution"},
    {"decimals", "resolution"},
    {"limits", "range"},
    {"units", "unit"},
    {"host", "uri"},
    {"url", "uri"},
    {"server", "uri"},
    {"address", "uri"},
    {"user", "username"},
    {"password", "password_file"},
    {"passwd", "password_file"},
    {"cafile", "ca_file"},
    {"ca", "ca_file"},
    {"cert", "cert_file"},
    {"key", "key_file"},
    {"keepalive", "keep_alive"},
    {"version", "mqtt"},
    {"topics", "topic"},
    {"type", "format"},
    {"codec", "format"},
    {"data_format", "format"},
    {"timestamp", "time"},
    {"seq", "sequence"},
    {"field", "path"},
    {"key", "path"},
    {"key", "series"},
    {"nan", "missing"},
    {"sinks", "upstream"},
    {"output", "upstream"},
    {"sources", "inputs"},
    {"rules", "pipelines"},
    {"queue", "input_queue"},
    {"path", "file"},
    {"persistence", "durability"},
    {"checkpoint_interval", "checkpoint_every"},
    {"flush_interval", "flush_every"},
    {"batch_size", "batch"},
    {"format", "encoding"},
    {"rate", "limit"},
    {"rate_limit", "limit"},
    {"throttle", "limit"},
    {"ttl", "time_to_live"},
    {"expire_after", "time_to_live"},
    {"dedup", "deduplicate"},
    {"deduplication", "deduplicate"},
    {"median", "p50"},
    {"avg", "mean"},
    {"average", "mean"},
    {"std", "stddev"},
    {"sd", "stddev"},
    {"var", "variance"},
    {"n", "count"},
    {"reset", "reject"},
    {"drop", "reject"},
    {"none", "volatile"},
    {"processing", "arrival"},
    {"ingestion", "arrival"},
    {"key", "series"},
    {"senml", "senml+json"},
    {"text", "number"},
    {"plain", "number"},
    {"float", "number"},
    {"iso8601", "rfc3339"},
};

const char *vn__peer_word(vn_text_t word, unsigned index) {
  for (size_t i = 0; i < sizeof(peer_words) / sizeof(peer_words[0]); i++) {
    if (vn__text_is(word, peer_words[i][0]) && index-- == 0) {
      return peer_words[i][1];
    }
  }
  return NULL;
}

/* Keeps the nearest candidate seen so far. */
typedef struct search {
  const char *best;
  unsigned distance;
} search_t;

/* A short word is another word after two changes: those get one. */
static void consider(search_t *search, vn_text_t word, const char *candidate) {
  unsigned limit = word.length <= 3 ? 1 : 2;
  unsigned distance = vn__edit_distance(word, candidate, limit);
  if (distance <= limit && distance < search->distance) {
    search->best = candidate;
    search->distance = distance;
  }
}

static const char *ask(vn__loader_t *loader, const char *candidate) {
  return candidate == NULL ? "" : vn__format(loader, "; did you mean `%s`?", candidate);
}

static bool has_key(const vn__section_t *section, vn_text_t word) {
  for (uint32_t i = 0; i < section->key_count; i++) {
    if (vn__text_is(word, section->keys[i].name)) {
      return true;
    }
  }
  return false;
}

/* Every place that has a key of this name. */
static const char *elsewhere(vn__loader_t *loader, vn_text_t word) {
  const char *places = "";
  for (unsigned i = 0; i < VN__SECTION_COUNT; i++) {
    const vn__section_t *other = vn__schema_section(i);
    if (has_key(other, word)) {
      const char *lead = places[0] == '\0' ? "; it belongs to" : " or";
      places = other->path[0] == '\0'
                   ? vn__format(loader, "%s%s the top level of the file", places, lead)
                   : vn__format(loader, "%s%s `%s`", places, lead, other->path);
    }
  }
  return places;
}

const char *vn__suggest_key(vn__loader_t *loader, const vn__section_t *section, vn_text_t word) {
  const char *peer;
  for (unsigned i = 0; (peer = vn__peer_word(word, i)) != NULL; i++) {
    if (has_key(section, vn__text(peer))) {
      return ask(loader, peer);
    }
  }
  const char *place = elsewhere(loader, word);
  if (place[0] != '\0') {
    return place;
  }
  search_t search = {NULL, 3};
  for (uint32_t i = 0; i < section->key_count; i++) {
    consider(&search, word, section->keys[i].name);
  }
  return ask(loader, search.best);
}

const char *vn__suggest_word(vn__loader_t *loader, const vn__word_t *words, vn_text_t word) {
  const char *peer;
  for (unsigned i = 0; (peer = vn__peer_word(word, i)) != NULL; i++) {
    for (const vn__word_t *one = words; one->word != NULL; one++) {
      if (strcmp(one->word, peer) == 0) {
        return ask(loader, peer);
      }
    }
  }
  search_t search = {NULL, 3};
  for (const vn__word_t *one = words; one->word != NULL; one++) {
    consider(&search, word, one->word);
  }
  return ask(loader, search.best);
}
