/* Keys and single values: unknown, missing, of the wrong kind, out of bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PIPELINE "pipelines: [{name: p}]\n"

static void unknown_keys_suggest_what_was_meant(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"devise: x\n" PIPELINE,
       {"1:1: `devise` is no key of the top level; did you mean `device`?"}},
      {"qqqq: x\n" PIPELINE, {"1:1: `qqqq` is no key of the top level"}},
      {"hysteresis: 1\n" PIPELINE,
       {"1:1: `hysteresis` is no key of the top level; it belongs to "
        "`pipelines[].windows[].condition` or `pipelines[].alerts[]` or "
        "`pipelines[].alerts[].levels[]`"}},
      {"pipelines: [{name: p, device: x}]\n",
       {"1:23: `device` is no key of `pipelines[]`; it belongs to the top level of the file"}},
      {"pipelines: [{name: p, alowed_latenes: 1m}]\n",
       {"1:23: `alowed_latenes` is no key of `pipelines[]`; did you mean `allowed_lateness`?"}},
      {"pipelines: [{name: p, grace: 1m}]\n",
       {"1:23: `grace` is no key of `pipelines[]`; did you mean `allowed_lateness`?"}},
      {"pipelines: [{name: p, late_tolerance: 1m}]\n",
       {"1:23: `late_tolerance` is no key of `pipelines[]`; did you mean `allowed_lateness`?"}},
      {"pipelines: [{name: p, windows: [{name: w, sliding: {size: 2s, slide: 1s, hop: 1s}}]}]\n",
       {"1:74: `hop` is no key of `pipelines[].windows[].sliding`; did you mean `slide`?"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 1s, hopping: 1s}]}]\n",
       {"1:57: `hopping` is no key of `pipelines[].windows[]`; did you mean `sliding`?"}},
      {"pipelines: [{name: p, alerts: [{name: a, above: 1, threshold: 80}]}]\n",
       {"1:52: `threshold` is no key of `pipelines[].alerts[]`; did you mean `above`?"}},
      {"broker: {uri: \"mqtt://h\", password: x}\n" PIPELINE,
       {"1:27: `password` is no key of `broker`; did you mean `password_file`?"}},
      {"inputs: [{topic: a, format: number, fields[]: x}]\n" PIPELINE,
       {"1:43: text with braces or brackets must be in quotes"}},
      {"Device: x\n" PIPELINE, {"1:1: `Device` is no key of the top level; did you mean `device`"}},
      {"\"\": x\n" PIPELINE, {"1:1: `` is no key of the top level"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void missing_keys(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"device: a\n", {"1:1: `pipelines` is missing. What is computed."}},
      {"pipelines: []\n", {"1:12: `pipelines` is empty: nothing would be computed"}},
      {"pipelines:\n", {"1:11: `pipelines` wants a list, here is nothing"}},
      {"pipelines:\n  - match: a\n", {"2:5: `name` is missing. Name of the pipeline"}},
      {"broker: {mqtt: 5}\n" PIPELINE, {"1:9: `uri` is missing"}},
      {"inputs: [{}]\n" PIPELINE, {"1:10: `topic` is missing", "1:10: `format` is missing"}},
      {"inputs:\n  - topic: a\n    format: json\n" PIPELINE,
       {"2:5: the formats json and cbor need `fields`"}},
      {"inputs: [{topic: a, format: cbor, fields: []}]\n" PIPELINE,
       {"1:43: the formats json and cbor need `fields`"}},
      {"inputs: [{topic: a, format: json, fields: [{series: a}]}]\n" PIPELINE,
       {"1:44: `path` is missing"}},
      {"inputs: [{topic: a, format: json, fields: [{path: a}], time: {}}]\n" PIPELINE,
       {"1:62: `path` is missing", "1:62: `unit` is missing"}},
      {"inputs: [{topic: a, format: json, fields: [{path: a}], sequence: {}}]\n" PIPELINE,
       {"1:66: `path` is missing"}},
      {"pipelines: [{name: p, windows: [{tumbling: 1m}]}]\n", {"1:33: `name` is missing"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: {}}]}]\n", {"1:53: `size` is missing"}},
      {"pipelines: [{name: p, windows: [{name: w, sliding: {size: 1m}}]}]\n",
       {"1:52: `slide` is missing"}},
      {"pipelines: [{name: p, alerts: [{above: 1}]}]\n", {"1:32: `name` is missing"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void values_of_the_wrong_kind(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"device: [a]\n" PIPELINE, {"1:9: `device` wants one value, here is a list"}},
      {"device: {a}\n" PIPELINE,
       {"1:9: `device` wants one value, here is a mapping; text with braces must be in quotes"}},
      {"device:\n" PIPELINE, {"1:8: `device` wants one value, here is nothing"}},
      {"device: \"\"\n" PIPELINE, {"1:9: `device` is empty"}},
      {"broker: mqtt://h\n" PIPELINE, {"1:9: `broker` wants a mapping, here is a text"}},
      {"broker: []\n" PIPELINE, {"1:9: `broker` wants a mapping, here is a list"}},
      {"inputs: {topic: a}\n" PIPELINE, {"1:9: `inputs` wants a list, here is a mapping"}},
      {"inputs: [a, [b]]\n" PIPELINE,
       {"1:10: an entry of `inputs` is a mapping such as {topic: ...}, here is a text",
        "1:13: an entry of `inputs` is a mapping such as {topic: ...}, here is a list"}},
      {"inputs: [{topic: a, format: number, series: {name}}]\n" PIPELINE,
       {"1:45: `series` wants one value, here is a mapping; text with braces must be in quotes"}},
      {"stats_every: {a: 1}\n" PIPELINE,
       {"1:14: `stats_every` wants one value, here is a mapping"}},
      {"pipelines: [{name: p, range: 5}]\n",
       {"1:30: `range` wants two numbers in brackets: [low, high], here is a text"}},
      {"pipelines: [{name: p, range: [1, 2, 3]}]\n", {"1:30: `range` wants two numbers"}},
      {"pipelines: [{name: p, range: [1, [2]]}]\n", {"1:30: `range` wants two numbers"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: [1m]}]}]\n",
       {"1:53: `tumbling` wants a duration or a mapping, here is a list"}},
      {"pipelines: [{name: p, windows: [{name: w, sliding: 1m}]}]\n",
       {"1:52: `sliding` wants a mapping, here is a text"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 1m, statistics: mean}]}]\n",
       {"1:69: `statistics` wants a list in brackets, here is a text"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 1m, statistics: []}]}]\n",
       {"1:69: `statistics` is empty"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 1m, statistics: [[mean]]}]}]\n",
       {"1:70: `statistics` wants words, here is a list"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void durations(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"stats_every: 10\n" PIPELINE,
       {"1:14: `stats_every`: `10` has no unit: write ms, s, m, h or d behind the number (10ms, "
        "10s, "
        "10m)"}},
      {"stats_every: 1.5h\n" PIPELINE,
       {"1:14: `stats_every`: `1.5h` has a fraction: use the next"}},
      {"stats_every: 10 s\n" PIPELINE, {"1:14: `stats_every`: `10 s` has an unknown unit"}},
      {"stats_every: 10min\n" PIPELINE, {"1:14: `stats_every`: `10min` has an unknown unit"}},
      {"stats_every: s\n" PIPELINE, {"1:14: `stats_every`: `s` is no duration"}},
      {"stats_every: -5s\n" PIPELINE, {"1:14: `stats_every`: `-5s` is too small: at least 1s"}},
      {"stats_every: 2d\n" PIPELINE, {"1:14: `stats_every`: `2d` is too large: at most 1d"}},
      {"stats_every: 9223372036854775808ms\n" PIPELINE,
       {"1:14: `stats_every`: `9223372036854775808ms` is too large"}},
      {"stats_every: 9223372036854775807d\n" PIPELINE, {"1:14: `stats_every`: `922"}},
      {"summaries: {coarsen: []}\n" PIPELINE, {NULL}},
      {"summaries: {encoding: cbor-named, coarsen: [10m, 1h, 6h, 1d]}\n" PIPELINE, {NULL}},
      {"summaries: {coarsen: [1m, 2m, 3m, 4m, 5m]}\n" PIPELINE,
       {"1:22: `coarsen` has more than 4 lengths"}},
      {"summaries: {coarsen: [1h, 5m]}\n" PIPELINE, {"1:27: `coarsen`: the lengths must ascend"}},
      {"summaries: {coarsen: [1h, 1h]}\n" PIPELINE, {"1:27: `coarsen`: the lengths must ascend"}},
      {"summaries: {coarsen: [500ms]}\n" PIPELINE,
       {"1:23: `coarsen`: `500ms` is not between 1s and 366d"}},
      {"summaries: {coarsen: [soon]}\n" PIPELINE, {"1:23: `coarsen`: `soon`"}},
      {"summaries: {encoding: json, coarsen: [1h]}\n" PIPELINE,
       {"1:38: warning: `coarsen` is for CBOR"}},
      {"summaries: {encoding: json}\n" PIPELINE, {NULL}},
      {"summaries: {flush_every: 0s}\n" PIPELINE,
       {"1:26: `flush_every`: `0s` is too small: at least 1ms"}},
      {"broker: {uri: \"mqtt://h\", keep_alive: 1500ms}\n" PIPELINE,
       {"1:39: `keep_alive` is no number of whole seconds"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 0s}]}]\n",
       {"1:53: `tumbling`: `0s` is too small: at least 1ms"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: -1s}]}]\n",
       {"1:53: `tumbling`: `-1s` is too small"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 9223372036854775808s}]}]\n",
       {"1:53: `tumbling`: `9223372036854775808s` is too large"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 60}]}]\n",
       {"1:53: `tumbling`: `60` has no unit: write ms, s, m, h or d behind the number (60ms, "
        "60s, "}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void sizes_numbers_and_words(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"capacity: {outbox: 4}\n" PIPELINE,
       {"1:20: `outbox`: `4` has no unit: write B, KiB, MiB, GiB, kB, MB or GB behind the number "
        "(4B, 4KiB, 4MiB)"}},
      {"capacity: {outbox: 4 MiB}\n" PIPELINE, {"1:20: `outbox`: `4 MiB` has an unknown unit"}},
      {"capacity: {outbox: 4MB}\n" PIPELINE, {NULL}},
      {"capacity: {outbox: 1KiB}\n" PIPELINE,
       {"1:20: `outbox`: `1KiB` is too small: at least 4KiB"}},
      {"capacity: {outbox: big}\n" PIPELINE, {"1:20: `outbox`: `big` is no size"}},
      {"capacity: {name: 256B}\n" PIPELINE, {"1:18: `name`: `256B` is too large: at most 255B"}},
      {"capacity: {name: 15B}\n" PIPELINE, {"1:18: `name`: `15B` is too small: at least 16B"}},
      {"capacity: {series: 0}\n" PIPELINE, {"1:20: `series`: `0` is too small: at least 1"}},
      {"capacity: {series: 1000001}\n" PIPELINE,
       {"1:20: `series`: `1000001` is too large: at most 1000000"}},
      {"capacity: {series: 99999999999999999999}\n" PIPELINE,
       {"1:20: `series`: `9999999999999999"}},
      {"capacity: {series: 1.5}\n" PIPELINE, {"1:20: `series`: `1.5` is no whole number"}},
      {"inputs: [{topic: a, format: number, qos: 2}]\n" PIPELINE,
       {"1:42: `qos`: `2` is too large: at most 1"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 1s, sample: 65}]}]\n",
       {"1:65: `sample`: `65` is too large: at most 64"}},
      {"summaries: {encoding: xml}\n" PIPELINE,
       {"1:23: `encoding`: `xml` is none of cbor, cbor-named, json, senml+cbor, senml+json"}},
      {"summaries: {encoding: jsom}\n" PIPELINE,
       {"1:23: `encoding`: `jsom` is none of cbor, cbor-named, json, senml+cbor, senml+json; did "
        "you "
        "mean `json`?"}},
      {"broker: {uri: \"mqtt://h\", mqtt: 3.1}\n" PIPELINE,
       {"1:33: `mqtt`: `3.1` is none of 5, 3.1.1"}},
      {"pipelines: [{name: p, windows: [{name: w, tumbling: 1s, statistics: [avg, mean, "
       "mean]}]}]\n",
       {"1:70: `statistics`: `avg` is none of count, sum, sum_sq, min, max, first, last, mean, "
        "variance, variance_sample, stddev, stddev_sample, range, p50, p90, p95, p99, slope, "
        "distinct, time_weighted_mean, integral, covered_ms, increase, rate, exponential_mean; did "
        "you mean `mean`?",
        "1:81: `statistics`: `mean` is there twice"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void names(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"device: a b\n" PIPELINE, {"1:9: `device`: `a b` is no name: letters, digits, `.`, `_`"}},
      {"device: a/b\n" PIPELINE, {"1:9: `device`: `a/b` is no name"}},
      {"device: -a\n" PIPELINE, {"1:9: `device`: `-a` is no name"}},
      {"device: \xC3\xA9\n" PIPELINE, {"1:9: `device`: `\xC3\xA9` is no name"}},
      {"device: \"a+\"\n" PIPELINE, {"1:9: `device`: `a+` is no name"}},
      {"pipelines: [{name: "
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]\n",
       {"1:20: `name` has 65 bytes, more than 64"}},
      {"topics: {prefix: $SYS}\n" PIPELINE, {"1:18: `prefix`: `$SYS` starts with $"}},
      {"topics: {prefix: a//b}\n" PIPELINE, {"1:18: `prefix`: `a//b` has an empty level"}},
      {"topics: {prefix: a/}\n" PIPELINE, {"1:18: `prefix`: `a/` has an empty level"}},
      {"topics: {prefix: \"a/+\"}\n" PIPELINE, {"1:18: `prefix`: `a/+` holds a character"}},
      {"topics: {prefix: site-1/vnotch}\n" PIPELINE, {NULL}},
      {"homeassistant: {prefix: a/}\n" PIPELINE, {"1:25: `prefix`: `a/` has an empty level"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void what_is_not_built_yet_says_so(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"capacity: {on_full: overflow}\n" PIPELINE,
       {"1:21: `on_full: overflow` is not available in this version"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

/* One pass tells everything, in the order of the file. */
static void ten_errors_are_ten_messages(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"devise: gw\n"
       "broker: {uri: \"http://h\", mqtt: 6}\n"
       "capacity: {series: 0, outbox: 4}\n"
       "inputs:\n"
       "  - {topic: \"a/#/b\", format: number}\n"
       "pipelines:\n"
       "  - name: p\n"
       "    resolution: 0.03\n"
       "    windows:\n"
       "      - {name: w, tumbling: 60}\n"
       "    alerts:\n"
       "      - {name: a, of: x.mean, above: 5}\n"
       "      - {name: a, above: 5, below: 3}\n",
       {"1:1: `devise` is no key", "2:15: `uri`: `http://h` starts with no known scheme",
        "2:33: `mqtt`: `6` is none", "3:20: `series`: `0` is too small",
        "3:31: `outbox`: `4` has no unit", "5:13: `topic`: `a/#/b`",
        "8:17: `resolution`: `0.03` is no power of ten", "10:29: `tumbling`: `60` has no unit",
        "12:23: `of`: no window `x` in this pipeline", "13:16: a second alert `a`",
        "13:29: a second condition, `below`"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_keys_suggest_what_was_meant),
      cmocka_unit_test(missing_keys),
      cmocka_unit_test(values_of_the_wrong_kind),
      cmocka_unit_test(durations),
      cmocka_unit_test(sizes_numbers_and_words),
      cmocka_unit_test(names),
      cmocka_unit_test(what_is_not_built_yet_says_so),
      cmocka_unit_test(ten_errors_are_ten_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
