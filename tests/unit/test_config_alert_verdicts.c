/* Alerts: what stands between a condition and those who are told, and what alerts say of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ALERTS(text)                                                                              \
  "pipelines:\n  - name: p\n    range: [-40, 125]\n    windows: [{name: minute, tumbling: 1m}]\n" \
  "    alerts:\n" text

#define KEYS(text) ALERTS("      - {name: a, above: 80, " text "}\n")

static void verdicts(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {KEYS("at_least: 3, of_last: 32, min_samples: 1000000, for: 0s"), {NULL}},
      {KEYS("consecutive: 32, keep_firing_for: 1m, latch: true, no_data_after: 5m"), {NULL}},
      {KEYS("at_least: 3"),
       {"6:30: `at_least` and `of_last` need each other: `at_least: 3, of_last: 5`"}},
      {KEYS("of_last: 3"), {"6:30: `at_least` and `of_last` need each other"}},
      {KEYS("at_least: 4, of_last: 3"),
       {"6:40: `at_least`: 4 of the last 3 evaluations is never true"}},
      {KEYS("at_least: 0, of_last: 33"),
       {"6:40: `at_least`: `0` is too small: at least 1",
        "6:52: `of_last`: `33` is too large: at most 32"}},
      {KEYS("consecutive: 33"), {"6:43: `consecutive`: `33` is too large: at most 32"}},
      {KEYS("consecutive: 3, at_least: 2, of_last: 3"),
       {"6:46: `at_least` doesn't go with `consecutive`: it says how many of how many already",
        "6:59: `of_last` doesn't go with `consecutive`"}},
      {KEYS("min_samples: 0"), {"6:43: `min_samples`: `0` is too small: at least 1"}},
      {KEYS("for: -1s, keep_firing_for: 5"),
       {"6:35: `for`: `-1s` is too small: at least 0s",
        "6:57: `keep_firing_for`: `5` has no unit"}},
      {KEYS("latch: yes"), {"6:37: `latch`: `yes` is none of false, true; did you mean `true`?"}},
      {KEYS("no_data_after: 0s"), {"6:45: `no_data_after`: `0s` is too small: at least 1ms"}},
      {KEYS("latching: true"),
       {"6:30: `latching` is no key of `pipelines[].alerts[]`; did you mean `latch`?"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define ORDER(keys, alert)                                 \
  "pipelines:\n  - name: p\n" keys                         \
  "    windows: [{name: w, tumbling: 1m}]\n    alerts: [{" \
  "name: a, above: 1, " alert "}]\n"

static void order_of_time(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ORDER("    out_of_order: 1s\n    reorder: 8\n", "evaluate: event"), {NULL}},
      {ORDER("", "evaluate: arrival"), {NULL}},
      {ORDER("", "evaluate: event"),
       {"4:44: `evaluate: event` does nothing: no reading waits with `out_of_order: 0s`; leave it "
        "out, or say how far out of order readings come"}},
      {ORDER("    out_of_order: 1s\n", "of: w.mean, evaluate: event"),
       {"5:56: `evaluate: event` is for alerts of values: windows are told in order anyway"}},
      {ORDER("    out_of_order: 1s\n", "evaluate: sometimes"),
       {"5:44: `evaluate`: `sometimes` is none of arrival, event"}},
      {ORDER("    out_of_order: 1s\n    reorder: 8\n", "evaluate: arrival"),
       {"4:5: `reorder` does nothing: no window of the pipeline asks for a statistic that goes by "
        "time order, and no alert has `evaluate: event`"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define FIRST "      - {name: door, above: 1}\n"

static void patterns(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ALERTS(FIRST "      - {name: a, below: 5, after: door, within: 0s}\n"), {NULL}},
      {ALERTS(FIRST "      - {name: a, below: 5, after: door}\n"),
       {"7:29: `after` needs `within`: how long ago that alert may have been true, such as "
        "`within: 30s`"}},
      {ALERTS(FIRST "      - {name: a, below: 5, within: 1s}\n"),
       {"7:29: `within` needs `after`, `reaches` or `falls_to`"}},
      {ALERTS(FIRST "      - {name: a, below: 5, after: dor, within: 1s}\n"),
       {"7:36: `after`: no alert `dor` in this pipeline; did you mean `door`?"}},
      {ALERTS(FIRST "      - {name: a, below: 5, after: window, within: 1s}\n"),
       {"7:36: `after`: no alert `window` in this pipeline; the pipeline has door"}},
      {ALERTS("      - {name: a, below: 5, after: b, within: 1s}\n"),
       {"6:36: `after`: no alert `b` in this pipeline; the pipeline has no other"}},
      {ALERTS(FIRST "      - {name: a, below: 5, after: a, within: 1s}\n"),
       {"7:36: `after` names the alert itself: name another one"}},
      {ALERTS("      - {name: a, below: 5, after: door, within: 1s}\n" FIRST),
       {"6:36: `after`: `door` stands behind this alert: put it in front of it"}},
      {ALERTS("      - {name: quiet, absent_for: 1m}\n"
              "      - {name: a, below: 5, after: quiet, within: 1s}\n"),
       {"7:36: `after`: `quiet` is an absence, which is no evaluation: use an alert with another "
        "condition"}},
      {ALERTS(FIRST "      - {name: a, below: 5, after: [door], within: 1s}\n"),
       {"7:36: `after` wants one value, here is a list"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void inhibitions(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {ALERTS(FIRST "      - {name: a, below: 5, inhibited_by: [door, quiet]}\n"
                    "      - {name: quiet, absent_for: 1m}\n"),
       {NULL}},
      {ALERTS(FIRST "      - {name: a, below: 5, inhibited_by: []}\n"),
       {"7:43: `inhibited_by` is empty: name one at least, or leave the key out"}},
      {ALERTS(FIRST "      - {name: a, below: 5, inhibited_by: door}\n"),
       {"7:43: `inhibited_by` wants a list in brackets, here is a text"}},
      {ALERTS(FIRST "      - {name: a, below: 5, inhibited_by: [door, a, dooor, door]}\n"),
       {"7:50: `inhibited_by` names the alert itself: name another one",
        "7:53: `inhibited_by`: no alert `dooor` in this pipeline; did you mean `door`?",
        "7:60: `inhibited_by`: `door` is there twice"}},
      {ALERTS("      - {name: a, below: 5, inhibited_by: [c]}\n"
              "      - {name: b, below: 6, inhibited_by: [a]}\n"
              "      - {name: c, below: 7, inhibited_by: [b]}\n"
              "      - {name: d, below: 8, inhibited_by: [a]}\n"),
       {"6:43: `inhibited_by`: `a` mutes itself by way of others: alerts can't mute each other in "
        "a circle"}},
      {ALERTS("      - {name: a, above: 1, inhibit: [c]}\n"),
       {"6:29: `inhibit` is no key of `pipelines[].alerts[]`; did you mean `inhibited_by`?"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void who_is_told(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {KEYS("publish: false, group: g, labels: {a: b}"), {NULL}},
      {KEYS("urgent: true, repeat_every: 1h, group: plant.east-1"), {NULL}},
      {KEYS("publish: false, repeat_every: 1h, urgent: true"),
       {"6:46: `repeat_every` doesn't go with `publish: false`: nobody is told of this alert",
        "6:64: `urgent` doesn't go with `publish: false`"}},
      {KEYS("publish: never"), {"6:39: `publish`: `never` is none of false, true"}},
      {KEYS("repeat_every: 0s"), {"6:44: `repeat_every`: `0s` is too small: at least 1ms"}},
      {KEYS("group: -x"), {"6:37: `group`: `-x` is no name: letters, digits, `.`, `_` and `-`"}},
      {KEYS("group: \"\""), {"6:37: `group` is empty"}},
      {KEYS("severity: \"very bad\""), {"6:40: `severity`: `very bad` is no name"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

#define GROUP(n) "{name: a" #n ", above: 1, group: g" #n "}, "

static void groups_of_a_device(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"pipelines:\n  - {name: p, match: \"p*\", alerts: [" GROUP(0) GROUP(1) GROUP(2) GROUP(
           3) GROUP(4) GROUP(5) GROUP(6) GROUP(7) GROUP(8) GROUP(9) GROUP(10) GROUP(11) GROUP(12)
           GROUP(13) GROUP(14) GROUP(15) "]}\n  - {name: q, alerts: [" GROUP(3) GROUP(16) "]}\n",
       {"3:86: `group`: `g16` is one more than the 16 groups of a device"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void labels_and_annotations(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {KEYS("labels: {_a1: 1, B: \"{x}\"}, annotations: {runbook: \"http://x/#a\"}"), {NULL}},
      {KEYS("labels: {}"), {"6:38: `labels` are one to 8 texts, here are 0"}},
      {KEYS("labels: [a]"), {"6:38: `labels` wants a mapping, here is a list"}},
      {KEYS("labels: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1}"),
       {"6:38: `labels` are one to 8 texts, here are 9"}},
      {KEYS("labels: {1a: x, a-b: x, \"\": x}"),
       {"6:39: `labels`: `1a` is no name of a text: letters, digits and `_` only, no digit first, "
        "at most 64 bytes",
        "6:46: `labels`: `a-b` is no name", "6:54: `labels`: `` is no name"}},
      {KEYS("annotations: {a: [b], c: {d: e}, f: \"\"}"),
       {"6:47: `annotations`: `a` wants one text, here is a list",
        "6:55: `annotations`: `c` wants one text, here is a mapping; text with braces",
        "6:66: `f` is empty"}},
      {KEYS("labels: {a: b, a: c}"), {"6:45: "}},
      {KEYS("tags: {a: b}"),
       {"6:30: `tags` is no key of `pipelines[].alerts[]`; did you mean `labels`?"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

/* {"a":"..."} of exactly `bytes` bytes. */
static void load_label(loaded_t *loaded, size_t bytes) {
  char text[1024], label[600];
  memset(label, 'x', sizeof label);
  label[bytes - strlen("{\"a\":\"\"}")] = '\0';
  (void)snprintf(text, sizeof text,
                 "pipelines: [{name: p, alerts: [{name: a, above: 1, labels: {a: %s}}]}]\n", label);
  load_text(loaded, text);
}

static void texts_have_room_as_json(void **state) {
  (void)state;
  loaded_t loaded;
  load_label(&loaded, VN_ALERT_TEXT_MAX);
  assert_int_equal(loaded.error_count, 0);
  loaded_free(&loaded);
  load_label(&loaded, VN_ALERT_TEXT_MAX + 1);
  assert_int_equal(loaded.error_count, 1);
  assert_string_equal(loaded.findings[0].text, "`labels` take 513 bytes as JSON: at most 512");
  loaded_free(&loaded);
}

#define EVIDENCE(text) \
  "pipelines: [{name: p, alerts: [{name: a, above: 1}], evidence: {" text "}}]\n"

static void evidence(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {EVIDENCE(""), {NULL}},
      {EVIDENCE("before: 32, after: 0, bytes: 4096"), {NULL}},
      {EVIDENCE("before: 1, after: 31, bytes: 64"), {NULL}},
      {EVIDENCE("before: 20, after: 13"),
       {"1:64: `evidence`: 33 readings, `before` and `after` together: at most 32"}},
      {EVIDENCE("before: 0"), {"1:73: `before`: `0` is too small: at least 1"}},
      {EVIDENCE("after: 32"), {"1:72: `after`: `32` is too large: at most 31"}},
      {EVIDENCE("bytes: 63"), {"1:72: `bytes`: `63` is too small: at least 64"}},
      {EVIDENCE("bytes: 4097"), {"1:72: `bytes`: `4097` is too large: at most 4096"}},
      {"pipelines: [{name: p, evidence: {}}]\n",
       {"1:23: `evidence` does nothing: the pipeline has no alerts; leave it out"}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

static void floods(void **state) {
  (void)state;
  static const load_case_t cases[] = {
      {"alerts: {flood: {alerts: 1000000, per: 1d}}\npipelines: [{name: p}]\n", {NULL}},
      {"alerts: {}\npipelines: [{name: p}]\n",
       {"1:9: `alerts` is empty: add `flood: {alerts: 20, per: 1m}`, or leave it out"}},
      {"alerts: []\npipelines: [{name: p}]\n", {"1:9: `alerts` wants a mapping, here is a list"}},
      {"alerts: {flood: {}}\npipelines: [{name: p}]\n",
       {"1:17: `alerts` is missing", "1:17: `per` is missing"}},
      {"alerts: {flood: {alerts: 0, per: 2d}}\npipelines: [{name: p}]\n",
       {"1:26: `alerts`: `0` is too small: at least 1", "1:34: `per`: `2d` is too large"}},
      {"alerts: {fload: {}}\npipelines: [{name: p}]\n",
       {"1:10: `fload` is no key of `alerts`; did you mean `flood`?"}},
      {"alerts: {flood: {alerts: 5, per: 1m}}\n"
       "pipelines: [{name: p, alerts: [{name: flood, above: 1}]}]\n",
       {"2:39: `name`: `flood` is the alert that tells a flood (`alerts.flood`): choose another"}},
      {"pipelines: [{name: p, alerts: [{name: flood, above: 1}]}]\n", {NULL}},
  };
  assert_int_equal(load_cases(cases, COUNT_OF(cases)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts),
      cmocka_unit_test(order_of_time),
      cmocka_unit_test(patterns),
      cmocka_unit_test(inhibitions),
      cmocka_unit_test(who_is_told),
      cmocka_unit_test(groups_of_a_device),
      cmocka_unit_test(labels_and_annotations),
      cmocka_unit_test(texts_have_room_as_json),
      cmocka_unit_test(evidence),
      cmocka_unit_test(floods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
