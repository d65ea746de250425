/* Relations between keys: each impossible one is told with the numbers and a way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PIPELINE "pipelines: [{name: p}]\n"
#define WINDOWS(text) "pipelines:\n  - name: p\n    windows:\n" text

static void brokers(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"broker: {uri: \"mqtt://\"}\n" PIPELINE, {"1:15: `uri`: `mqtt://` has no host"}},
      {"broker: {uri: \"mqtt://:1883\"}\n" PIPELINE, {"1:15: `uri`: `mqtt://:1883` has no host"}},
      {"broker: {uri: \"h:1883\"}\n" PIPELINE,
       {"1:15: `uri`: `h:1883` starts with no known scheme"}},
      {"broker: {uri: \"mqtt://h:0\"}\n" PIPELINE,
       {"1:15: `uri`: `mqtt://h:0` has no usable port: 1 to 65535"}},
      {"broker: {uri: \"mqtt://h:65536\"}\n" PIPELINE,
       {"1:15: `uri`: `mqtt://h:65536` has no usable"}},
      {"broker: {uri: \"mqtt://h:18x\"}\n" PIPELINE, {"1:15: `uri`: `mqtt://h:18x` has no usable"}},
      {"broker: {uri: \"mqtt://u:p@h\"}\n" PIPELINE,
       {"1:15: `uri`: `mqtt://u:p@h` holds a user name: use `username` and `password_file`"}},
      {"broker: {uri: \"mqtt://h/x\"}\n" PIPELINE, {"1:15: `uri`: `mqtt://h/x` has a path"}},
      {"broker: {uri: \"mqtt://a b\"}\n" PIPELINE, {"1:15: `uri`: `mqtt://a b` holds a character"}},
      {"broker: {uri: \"mqtt://[::1]:1883\"}\n" PIPELINE, {NULL}},
      {"broker: {uri: \"mqtt://[::1\"}\n" PIPELINE, {"1:15: `uri`: `mqtt://[::1` has no host"}},
      {"broker: {uri: \"wss://h:443/mqtt\"}\n" PIPELINE, {NULL}},
      {"broker: {uri: \"mqtts://h\", tls: {cert_file: nowhere/c}}\n" PIPELINE,
       {"1:45: `cert_file` needs `key_file` beside it"}},
      {"broker: {uri: \"mqtts://h\", tls: {key_file: nowhere/k}}\n" PIPELINE,
       {"1:44: `key_file` needs `cert_file` beside it"}},
      {"broker: {uri: \"mqtt://h\", tls: {ca_file: c}}\n" PIPELINE,
       {"1:32: warning: `tls` is not used: the `uri` is not encrypted"}},
      {"broker: {uri: \"mqtt://h\", password_file: nowhere/p}\n" PIPELINE,
       {"1:42: `password_file` needs `username` beside it"}},
      {"upstream: {uri: \"ftp://h\"}\n" PIPELINE, {"1:17: `uri`: `ftp://h` starts with no known"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void repeats(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines: [{name: p, same_time: conflict}]\n",
       {"1:34: `same_time: conflict` needs `deduplicate` beside it"}},
      {"pipelines: [{name: p, deduplicate: 65}]\n",
       {"1:36: `deduplicate`: `65` is too large: at most 64"}},
      {"pipelines: [{name: p, dedup: 8}]\n",
       {"1:23: `dedup` is no key of `pipelines[]`; did you "
        "mean `deduplicate`?"}},
      {"pipelines: [{name: p, deduplicate: 64, same_time: conflict}]\n", {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void corrections(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines: [{name: p, corrections: 2, windows: [{name: w, tumbling: 1m}]}]\n",
       {"1:36: `corrections` needs `after_lateness: correct`: without it"}},
      {"pipelines: [{name: p, late_every: 2s, windows: [{name: w, tumbling: 1m}]}]\n",
       {"1:35: `late_every` needs `allowed_lateness` or"}},
      {"pipelines: [{name: p, early_every: 2s, windows: [{name: w, count: 5}]}]\n",
       {"1:36: `early_every` needs a tumbling or a sliding window"}},
      {"pipelines: [{name: p, early_every: 2s, windows: [{name: w, tumbling: 1m}]}]\n", {NULL}},
      {"pipelines: [{name: p, after_lateness: correct, windows: [{name: w, count: 5}]}]\n",
       {"1:39: `after_lateness: correct` needs a tumbling or a sliding window"}},
      {"pipelines: [{name: p, after_lateness: keep}]\n", {"1:39: `after_lateness`: `keep` "}},
      {"summaries: {encoding: senml+json}\n"
       "pipelines: [{name: p, after_lateness: correct, windows: [{name: w, tumbling: 1m}]}]\n",
       {"2:39: `after_lateness: correct` needs `summaries.encoding` cbor, cbor-named or json"}},
      {"pipelines: [{name: p, after_lateness: correct, corrections: 64, late_every: 1m, "
       "windows: [{name: w, tumbling: 1m}]}]\n",
       {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void limits(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines: [{name: p, limit: {per: 1s}}]\n", {"1:30: `readings` is missing"}},
      {"pipelines: [{name: p, limit: 100}]\n", {"1:30: `limit` wants a mapping, here is a text"}},
      {"pipelines: [{name: p, limit: {readings: 0}}]\n",
       {"1:41: `readings`: `0` is too small: at least 1"}},
      {"limit: {readings: 1000001}\n" PIPELINE,
       {"1:19: `readings`: `1000001` is too large: at most 1000000"}},
      {"limit: {readings: 5, per: 2d}\n" PIPELINE, {"1:27: `per`: `2d` is too large: at most 1d"}},
      {"limit: {readings: 5, per: 1m, burst: 0}\n" PIPELINE,
       {"1:38: `burst`: `0` is too small: at least 1"}},
      {"pipelines: [{name: p, rate: 5}]\n",
       {"1:23: `rate` is no key of `pipelines[]`; did you mean `limit`?"}},
      {"limit: {readings: 5}\npipelines: [{name: p, limit: {readings: 5, burst: 7}}]\n", {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void times_to_live(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines: [{name: p, time_to_live: 1m, alerts: [{name: quiet, absent_for: 1h}]}]\n",
       {"1:37: `time_to_live` of 1m gives a series up before alert `quiet` can fire: make it "
        "longer "
        "than the `absent_for` of 1h"}},
      {"pipelines: [{name: p, time_to_live: 0s}]\n",
       {"1:37: `time_to_live`: `0s` is too small: at least 1ms"}},
      {"pipelines: [{name: p, ttl: 7d}]\n",
       {"1:23: `ttl` is no key of `pipelines[]`; did you mean `time_to_live`?"}},
      {"pipelines: [{name: p, time_to_live: 7d, alerts: [{name: quiet, absent_for: 1h}]}]\n",
       {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void states(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"state: {durability: checkpoint}\n" PIPELINE,
       {"1:21: `durability: checkpoint` needs `file` beside it"}},
      {"state: {durability: journal}\n" PIPELINE,
       {"1:21: `durability: journal` needs `file` beside it"}},
      {"state: {file: x, size: 1000kB}\n" PIPELINE,
       {"1:24: `size` is no multiple of the erase block of 8KiB: use 976KiB or 984KiB"}},
      {"state: {file: x, size: 16KiB}\n" PIPELINE,
       {"1:24: `size` holds 4 erase blocks of 4KiB: at least 8 are needed"}},
      {"state: {flash: {erase_block: 5000B}}\n" PIPELINE,
       {"1:30: `erase_block` is no power of two"}},
      {"state: {flash: {program_unit: 100B}}\n" PIPELINE,
       {"1:31: `program_unit` is no power of two"}},
      {"state: {flash: {erase_block: 2KiB, program_unit: 1KiB}}\n" PIPELINE,
       {"1:50: `program_unit` of 1KiB is more than a quarter of the erase block of 2KiB"}},
      {"state: {file: x, size: 512KiB}\n" PIPELINE,
       {"1:24: `size` of the state: 512KiB is too small, "}},
      {"state: {file: x}\n" PIPELINE, {NULL}},
      {"capacity: {outbox: 4MiB}\nstate: {file: x}\n" PIPELINE,
       {"1:20: warning: `outbox`: 4MiB doesn't fit into the region of the state beside the "
        "series"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void journals(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"inputs: [{topic: \"a/{s}\", format: number}]\nstate: {file: x, durability: "
       "journal}\n" PIPELINE,
       {"1:10: warning: without `sequence`, or `time` of its own, a message that the broker sends "
        "again looks like a new one"}},
      {"inputs: [{topic: a, format: senml+json, qos: 0}]\nstate: {file: x, durability: journal}\n"
       "pipelines: [{name: p, deduplicate: 8}]\n",
       {"1:10: warning: `qos: 0`: what the broker sends this way is lost"}},
      {"inputs: [{topic: a, format: senml+json}]\nstate: {file: x, durability: journal}\n"
       "pipelines: [{name: p}]\n",
       {"3:13: warning: without `deduplicate` a reading without a sequence number counts twice"}},
      {"inputs: [{topic: a, format: json, fields: [{path: v}], sequence: {path: n}}]\n"
       "state: {file: x, durability: journal}\npipelines: [{name: p}]\n",
       {NULL}},
      {"inputs: [{topic: a, format: number, qos: 2}]\nstate: {file: x, durability: "
       "journal}\n" PIPELINE,
       {"1:42: `qos`: `2` is too large: at most 1"}},
      {"inputs: [{topic: a, format: number}]\nstate: {file: x}\n" PIPELINE, {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void inputs(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"inputs: [{topic: \"#\", format: number}]\n" PIPELINE,
       {"1:18: `topic`: `#` takes in our own results below vnotch/vnotch/"}},
      {"device: gw\ntopics: {prefix: a/b}\ninputs:\n"
       "  - {topic: \"a/{x}/gw/summary\", format: number}\n"
       "  - {topic: \"a/{x}/gx/summary\", format: number}\n" PIPELINE,
       {"4:13: `topic`: `a/{x}/gw/summary` takes in our own results below a/b/gw/"}},
      {"inputs: [{topic: \"a/{x}\", format: number}, {topic: \"a/{y}\", format: "
       "senml+json}]\n" PIPELINE,
       {"1:52: `topic`: the input in line 1, column 10 subscribes to the same topics"}},
      {"inputs: [{topic: \"a/{x}/{x}\", format: number}]\n" PIPELINE,
       {"1:18: `topic`: `a/{x}/{x}`: "}},
      {"inputs: [{topic: \"a{b}c\", format: number}]\n" PIPELINE, {"1:18: `topic`: `a{b}c`: "}},
      {"inputs: [{topic: \"a/{b}\", format: number, series: \"{c}\"}]\n" PIPELINE,
       {"1:51: `series`: `{c}`: "}},
      {"inputs: [{topic: \"a/{b}\", format: number, series: \"{name}\"}]\n" PIPELINE,
       {"1:51: `series`: `{name}`: "}},
      {"inputs: [{topic: \"a/{b}\", format: senml+json, series: \"{b}/{name}\"}]\n" PIPELINE,
       {NULL}},
      {"inputs: [{topic: a, format: json, fields: [{path: \"a[\"}]}]\n" PIPELINE,
       {"1:51: `path`: `a[`: "}},
      {"inputs: [{topic: a, format: json, fields: [{path: a}, {path: b}]}]\n" PIPELINE,
       {"1:55: this field would go into the same series `{topic}` as the field in line 1, column "
        "44"}},
      {"inputs: [{topic: a, format: number, fields: [{path: a}], time: {path: t, unit: "
       "s}}]\n" PIPELINE,
       {"1:37: `fields` is for the formats json and cbor only: a number has nothing but its value",
        "1:58: `time` is for the formats json and cbor only"}},
      {"inputs: [{topic: a, format: senml+cbor, sequence: {path: t}}]\n" PIPELINE,
       {"1:41: `sequence` is for the formats json and cbor only: SenML says it by itself"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void pipelines(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines: [{name: p}, {name: p, match: b}]\n",
       {"1:31: a second pipeline `p`: the first is in line 1, column 20",
        "1:41: pipeline `p` never gets a series: `*` of pipeline `p` before it matches all that "
        "`b` "
        "matches"}},
      {"pipelines: [{name: p, match: \"a/*\"}, {name: q, match: \"a/b*\"}, {name: r, match: "
       "\"*/b\"}]\n",
       {"1:55: pipeline `q` never gets a series: `a/*` of pipeline `p` before it"}},
      {"pipelines: [{name: p, match: \"a/?\"}, {name: q, match: \"a/*\"}]\n", {NULL}},
      {"capacity: {series: 10}\npipelines: [{name: p, series: 11}]\n",
       {"2:31: `series`: 11 is more than `capacity.series`, which is 10"}},
      {"pipelines: [{name: p, unit: C}]\n", {NULL}},
      {"pipelines: [{name: p, unit: degC}]\n",
       {"1:29: warning: `unit`: `degC` is no unit of SenML"}},
      {"pipelines: [{name: p, resolution: 0.03}]\n",
       {"1:35: `resolution`: `0.03` is no power of ten"}},
      {"pipelines: [{name: p, resolution: 0}]\n", {"1:35: `resolution`: `0` is no power of ten"}},
      {"pipelines: [{name: p, resolution: -0.1}]\n", {"1:35: `resolution`: `-0.1` is no power"}},
      {"pipelines: [{name: p, resolution: 1e-10}]\n", {"1:35: `resolution`: `1e-10` is no power"}},
      {"pipelines: [{name: p, range: [-40, 125.005]}]\n",
       {"1:36: `range`: `125.005` is no multiple of the resolution 0.01: use 125.00 or 125.01"}},
      {"pipelines: [{name: p, range: [-40.001, 125]}]\n",
       {"1:31: `range`: `-40.001` is no multiple of the resolution 0.01: use -40.01 or -40.00"}},
      {"pipelines: [{name: p, range: [0, 21474836.48]}]\n",
       {"1:34: `range`: `21474836.48` can't be held: -21474836.48 to 21474836.47 at the resolution "
        "0.01"}},
      {"pipelines: [{name: p, range: [5, 5]}]\n",
       {"1:30: `range`: the lowest value must be less than the highest"}},
      {"pipelines: [{name: p, range: [a, 5]}]\n", {"1:31: `range`: `a` is no decimal number"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define ORDERED(keys, statistic)                                                                   \
  "pipelines:\n  - name: p\n" keys "    windows: [{name: w, tumbling: 1m, statistics: [" statistic \
  "]}]\n"

static void statistics_in_time_order(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ORDERED("    half_life: 1m\n    out_of_order: 1s\n    reorder: 8\n", "exponential_mean"),
       {NULL}},
      {ORDERED("    alpha: 1\n", "exponential_mean"), {NULL}},
      {ORDERED("    max_hold: 1m\n    interpolation: linear\n", "covered_ms"), {NULL}},
      {ORDERED("    counter_modulus: 42949672.96\n", "rate"), {NULL}},
      {ORDERED("", "exponential_mean"),
       {"3:15: `exponential_mean` needs to know how fast to forget: add `half_life: 1m` or"}},
      {ORDERED("    half_life: 1m\n    alpha: 0.5\n", "exponential_mean"),
       {"4:5: `alpha`: how the mean forgets is said by `half_life` in line 3, column 5 already"}},
      {ORDERED("    alpha: 0\n", "exponential_mean"),
       {"3:12: `alpha`: `0` can't be held: 0.000000001 to 1.000000000 at nine decimals"}},
      {ORDERED("    alpha: 1.5\n", "exponential_mean"), {"3:12: `alpha`: `1.5` can't be held"}},
      {ORDERED("    counter_modulus: 42949672.97\n", "increase"),
       {"3:22: `counter_modulus`: `42949672.97` can't be held: 0.01 to 42949672.96 at the"}},
      {ORDERED("    counter_modulus: 0.005\n", "increase"),
       {"3:22: `counter_modulus`: `0.005` can't be held"}},
      {ORDERED("    max_hold: 1m\n", "increase"),
       {"3:5: `max_hold` does nothing: no window of the pipeline asks for `time_weighted_mean`"}},
      {ORDERED("    interpolation: hold\n", "mean"), {"3:5: `interpolation` does nothing"}},
      {ORDERED("    counter_modulus: 256\n", "integral"),
       {"3:5: `counter_modulus` does nothing: no window of the pipeline asks for `increase` or"}},
      {ORDERED("    half_life: 1m\n", "mean"), {"3:5: `half_life` does nothing"}},
      {ORDERED("    reorder: 8\n    out_of_order: 1s\n", "mean"),
       {"3:5: `reorder` does nothing: no window of the pipeline asks for a statistic that goes "
        "by"}},
      {ORDERED("    reorder: 8\n", "rate"),
       {"3:5: `reorder` does nothing: no reading waits with `out_of_order: 0s`"}},
      {ORDERED("    reorder: 1025\n    out_of_order: 1s\n", "rate"),
       {"3:14: `reorder`: `1025` is too large: at most 1024"}},
      {ORDERED("    interpolation: cubic\n", "integral"),
       {"3:20: `interpolation`: `cubic` is none of hold, linear"}},
      {WINDOWS("      - {name: w, session: {gap: 1s}, statistics: [rate]}\n"),
       {"4:9: statistics that go by time order are for `tumbling` and `sliding` windows"}},
      {WINDOWS("      - {name: w, count: 5, statistics: [integral]}\n"),
       {"4:9: statistics that go by time order are for `tumbling` and `sliding` windows"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void condition_windows(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {WINDOWS("      - {name: w, condition: {}}\n"),
       {"4:30: the condition has no limit: add `above: 30` or `below: 5`"}},
      {WINDOWS("      - {name: w, condition: {above: 5, below: 1}}\n"),
       {"4:41: a second limit, `below`: a condition has one"}},
      {WINDOWS("      - {name: w, condition: {above: 0.005}}\n"),
       {"4:38: `above`: `0.005` is no multiple of the resolution 0.01: use 0.00 or 0.01"}},
      {WINDOWS("      - {name: w, condition: {below: 5, hysteresis: -1}}\n"),
       {"4:53: `hysteresis` is negative: it is a distance from the limit"}},
      {WINDOWS("      - {name: w, condition: {above: 30000000}}\n"),
       {"4:38: `above`: `30000000` can't be held"}},
      {WINDOWS("      - {name: w, condition: {above: 21474836.47}}\n"),
       {"4:38: `above`: no value is ever above this limit"}},
      {WINDOWS("      - {name: w, condition: {above: -21474836, hysteresis: 1}}\n"),
       {"4:61: `hysteresis`: the window would never end"}},
      {WINDOWS("      - {name: w, condition: {above: 5, max_length: 0s}}\n"),
       {"4:53: `max_length`"}},
      {WINDOWS("      - {name: w, condition: {above: 5}, offset: 1s}\n"),
       {"4:42: `offset` is for `tumbling` and `sliding`"}},
      {WINDOWS("      - {name: w, condition: {above: 5}, session: {gap: 1s}}\n"),
       {"4:19: a second shape, `condition`: a window has one"}},
      {WINDOWS("      - {name: w, condition: {below: 5, hysteresis: 1, max_length: 1h}}\n"
               "      - {name: v, tumbling: 1m}\n"),
       {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void windows(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {WINDOWS("      - {name: w}\n"), {"4:9: the window has no shape: add `tumbling: 1m`,"}},
      {WINDOWS("      - {name: w, tumbling: 1m, statistics: [p95]}\n"),
       {"4:9: quantiles need `range: [low, high]`"}},
      {WINDOWS("      - {name: w, session: {gap: 1s}, statistics: [slope]}\n"), {NULL}},
      {WINDOWS("      - {name: w, count: 9, statistics: [p50]}\n"),
       {"4:9: quantiles need `range: [low, high]`"}},
      {WINDOWS("      - {name: w, session: {gap: 1s}, offset: 1s}\n"),
       {"4:39: `offset` is for `tumbling` and `sliding`"}},
      {WINDOWS("      - {name: w, report: {}}\n"),
       {"4:27: the report has no method: add `deadband"}},
      {WINDOWS("      - {name: w, report: {deadband: 1, swinging_door: 1}}\n"),
       {"4:41: a second method, `swinging_door`: a report has one"}},
      {WINDOWS("      - {name: w, report: {deadband: 0.005}}\n"),
       {"4:38: `deadband`: `0.005` is no multiple of the resolution 0.01: use 0.00 or 0.01"}},
      {WINDOWS("      - {name: w, report: {deadband: -1}}\n"), {"4:38: `deadband`: `-1` can't be"}},
      {WINDOWS("      - {name: w, report: {deadband: 0}, sample: 4}\n"),
       {"4:42: `sample` doesn't go with `report`"}},
      {WINDOWS("      - {name: w, report: {deadband: 0}, offset: 1s}\n"),
       {"4:42: `offset` is for `tumbling` and `sliding`"}},
      {"summaries: {encoding: senml+json}\n" WINDOWS("      - {name: w, report: {deadband: 0}}\n"),
       {"5:19: `report`: SenML has no place for its points"}},
      {WINDOWS("      - {name: w, report: {deadband: 0}, statistics: [p50]}\n"),
       {"4:9: quantiles, `slope` and `distinct` don't go with `report`"}},
      {WINDOWS("      - {name: w, report: {swinging_door: 0.5, at_least_every: 1h, points: 2}}\n"),
       {NULL}},
      {WINDOWS("      - {name: w, count: {size: 100003, slide: 7}}\n"),
       {"4:9: 100003 readings every 7 need 100003 panes, the limit is 4096"}},
      {WINDOWS("      - {name: w, tumbling: 1m, sliding: {size: 2m, slide: 1m}}\n"),
       {"4:33: a second shape, `sliding`: a window has one"}},
      {WINDOWS("      - {name: w, tumbling: 1m}\n      - {name: w, tumbling: 2m}\n"),
       {"5:16: a second window `w`: the first is in line 4, column 16"}},
      {WINDOWS("      - {name: w, tumbling: 1m, offset: 1m}\n"),
       {"4:41: `offset` of 1m: it must be shorter than the size of 1m"}},
      {WINDOWS("      - {name: w, sliding: {size: 5m, slide: 1m, offset: -2m}}\n"),
       {"4:9: `offset` of -2m: it must be shorter than the slide of 1m"}},
      {WINDOWS("      - {name: w, tumbling: {size: 1m, offset: 1s}, offset: 2s}\n"),
       {"4:53: `offset` is given twice: inside the shape in line 4, column 48, too"}},
      {WINDOWS("      - {name: w, sliding: {size: 10m, slide: 7s}}\n"), {NULL}},
      {WINDOWS("      - {name: w, sliding: {size: 100m, slide: 7s}}\n"),
       {"4:9: 100m every 7s needs 1s panes: 6000 of them, the limit is 4096"}},
      {WINDOWS("      - {name: w, tumbling: 1ms}\n      - {name: v, tumbling: 5s}\n"),
       {"5:9: 5s needs 1ms panes: 5000 of them, the limit is 4096"}},
      {"pipelines:\n  - name: p\n    allowed_lateness: 2h\n    out_of_order: 1s\n    windows:\n"
       "      - {name: w, tumbling: 1s}\n",
       {"6:9: 1s, with 7201s of `out_of_order` and `allowed_lateness`, needs 1s panes: 7202 of "
        "them"}},
      {"pipelines:\n  - name: p\n    allowed_lateness: 30m\n    windows:\n"
       "      - {name: v, sliding: {size: 2s, slide: 1s}}\n"
       "      - {name: w, tumbling: 1s}\n      - {name: x, tumbling: 1s}\n",
       {"7:9: with an `allowed_lateness` of 30m a window every 1s needs 1800 counters"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define DERIVE(text)                                                                  \
  "pipelines: [{name: d, match: \"*/d\"}, {name: g, match: \"g*\", scope: global},\n" \
  "  {name: c, match: \"*/c\", windows: [{name: minute, tumbling: 2m}]},\n"           \
  "  {name: p, windows: [{name: minute, tumbling: 1m}, {name: ten, count: 10}]}]\nderive:\n" text

static void derived(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {DERIVE("  - {series: \"{l}/d\", sum: [\"{l}/a\", \"{l}/b\"], of: minute.mean}\n"), {NULL}},
      {DERIVE("  - {series: \"{l}/d\", of: minute.mean}\n"), {"5:5: nothing to compute: add"}},
      {DERIVE("  - {series: h/d, sum: [a, b], ratio: [a, b], of: minute.mean}\n"),
       {"5:32: a second computation, `ratio`"}},
      {DERIVE("  - {series: h/d, ratio: [a, b, e], of: minute.mean}\n"),
       {"5:26: `ratio` is of 2 series, here are 3"}},
      {DERIVE("  - {series: h/d, sum: [a], of: minute.mean}\n"),
       {"5:24: `sum` is of 2 to 4 series, here are 1"}},
      {DERIVE("  - {series: h/d, sum: [a, [b]], of: minute.mean}\n"),
       {"5:28: `sum` wants texts, here is a list"}},
      {DERIVE("  - {series: \"{l}/d\", sum: [\"{l}/a\", \"{k}/b\"], of: minute.mean}\n"),
       {"5:38: `sum`: `{k}/b` hasn't the same captures as the series `{l}/d`"}},
      {DERIVE("  - {series: \"{l}/d\", sum: [\"{l}/a\", \"+/b\"], of: minute.mean}\n"),
       {"5:38: `sum`: `+/b`: + and # name nothing"}},
      {DERIVE("  - {series: \"a{l}/d\", sum: [a, b], of: minute.mean}\n"), {"5:14: `series`: "}},
      {DERIVE("  - {series: ga, sum: [a, b], of: minute.mean}\n"),
       {"5:14: `series`: pipeline `g`, which takes it, has `scope: global`"}},
      {DERIVE("  - {series: h/d, sum: [a, b], of: minute}\n"),
       {"5:36: `of`: `minute` is no window.statistic"}},
      {DERIVE("  - {series: h/d, sum: [a, b], of: hour.mean}\n"),
       {"5:36: `of`: no window `hour` in pipeline `p`, which owns `a`"}},
      {DERIVE("  - {series: h/d, sum: [a, b], of: ten.mean}\n"),
       {"5:36: `of`: `ten` is no window of time"}},
      {DERIVE("  - {series: h/d, sum: [a, b], of: minute.meen}\n"),
       {"5:36: `of`: nothing is derived from `meen`: use count, sum, min, max, first, last, mean "
        "or "
        "range; did you mean `mean`?"}},
      {DERIVE("  - {series: h/d, sum: [a, h/c], of: minute.mean}\n"),
       {"5:38: `of`: the windows `minute` of the pipelines `p` and `c` differ"}},
      {DERIVE("  - {series: h/d, sum: [a, b], of: minute.mean}\n"
              "  - {series: \"{x}/d\", sum: [\"{x}/a\", \"{x}/b\"], of: minute.mean}\n"),
       {"6:5: another derivation makes series of the same names"}},
      {DERIVE("  - {series: a, sum: [b, e], of: minute.mean}\n"
              "  - {series: b, sum: [a, e], of: minute.mean}\n"),
       {"6:5: the derived series depends on itself"}},
      {"pipelines: [{name: p, match: \"x*\"}]\nderive: [{series: \"{l}/d\", sum: [a, b], of: "
       "a.sum}]\n",
       {"2:19: `series`: no pipeline takes all of `{l}/d`: the `match` of one must cover it, such "
        "as \"*/d\""}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

/* Lists that are too long end at the first entry too many. */
static void too_many_entries(void **state) {
  (void)state;
  char *text = malloc(200000);
  assert_non_null(text);
  size_t used = (size_t)sprintf(text, "pipelines:\n");
  for (unsigned i = 0; i < 1000; i++) {
    used += (size_t)sprintf(text + used, "  - {name: p%u, match: \"p%u\"}\n", i, i);
  }
  loaded_t loaded;
  load_text(&loaded, text);
  assert_int_equal(loaded.error_count, 1);
  assert_int_equal(loaded.findings[0].line, 34);
  assert_string_equal(loaded.findings[0].text, "`pipelines` has 1000 entries: at most 32");
  loaded_free(&loaded);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(brokers),
      cmocka_unit_test(repeats),
      cmocka_unit_test(times_to_live),
      cmocka_unit_test(limits),
      cmocka_unit_test(states),
      cmocka_unit_test(journals),
      cmocka_unit_test(inputs),
      cmocka_unit_test(windows),
      cmocka_unit_test(condition_windows),
      cmocka_unit_test(statistics_in_time_order),
      cmocka_unit_test(pipelines),
      cmocka_unit_test(derived),
      cmocka_unit_test(too_many_entries),
      cmocka_unit_test(corrections),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
