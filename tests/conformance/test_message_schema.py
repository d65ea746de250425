"""Emitted messages against docs/summary.cddl and against each other, examples of docs/messages.md
against what the encoders write. The decoder and the checker share no code with the encoders."""
import os
import pathlib
import re
import subprocess
import sys
from fractions import Fraction

TESTS = pathlib.Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"
sys.path.insert(0, str(TESTS / "support"))
import cddl_check  # noqa: E402
import replay  # noqa: E402
import strict_cbor  # noqa: E402

EMITTER = pathlib.Path(os.environ.get("VN_BUILD_DIR", "build/release"), "tests", "conformance",
                       "test_messages")
RULES = {"cbor": "summary-message", "cbor-named": "named-summary-message",
         "senml+cbor": "senml-pack", "gap": "gap-message", "gap-named": "named-gap-message"}
GAP_KEYS = ("why", "first", "last", "messages", "results", "alerts", "from", "to")
WHY = ("dropped", "coarsened")
ELSEWHERE = {"command", "response", "response-error", "response-list"}  # test_commands.py
SENML_LABELS = {-3: "bt", -2: "bn", 0: "n", 1: "u", 2: "v"}
KINDS = ("on_time", "late", "idle", "early", "forced", "partial", "count")
FIELDS = re.findall(r'"(\w+)":', (DOCS / "summary.cddl").read_text(encoding="utf-8").split(
    "named-record =")[1])


def close(a, b):
    """Two floats of one quotient: the last bit may differ."""
    return abs(Fraction(a) - Fraction(b)) <= abs(Fraction(b)) * Fraction(1, 2**51)


ACCOUNTED = ("late", "duplicate", "rejected", "limited", "quarantined", "gaps", "coverage")
COUNTERS = ("received", "accepted", "late", "no_window", "duplicate", "limited", "quarantined",
            "rejected", "missing", "unordered", "corrected")
FLAGS = ("time_quality", "coarsened", "partial", "degraded", "final", "reconfigured")


def value_of(encoded):
    """An integer of any size."""
    if isinstance(encoded, strict_cbor.Tag):
        return int.from_bytes(encoded.value, "big")
    return encoded


def renamed(record):
    out = {FIELDS[key]: value for key, value in record.items()}
    if "accounting" in out:
        out["accounting"] = {ACCOUNTED[key]: count for key, count in out["accounting"].items()}
    return out


def record_as_json(record, pipelines):
    """The JSON form of a CBOR record with text keys; floats are left as they are."""
    pipeline = pipelines[record["pipeline"]]
    scale = Fraction(10) ** pipeline["exponent"]
    out = dict(record, pipeline=pipeline["name"], window=pipeline["windows"][record["window"]],
               kind=KINDS[record["kind"]])
    for key in ("sum", "min", "max", "first", "last", "range", "p50", "p90", "p95", "p99",
                "increase"):
        if key in out:
            out[key] = value_of(out[key]) * scale
    if "sum_sq" in out:
        out["sum_sq"] = value_of(out["sum_sq"]) * scale * scale
    if "flags" in out:
        out["flags"] = [word for bit, word in enumerate(FLAGS) if out["flags"] >> bit & 1]
    if "sample" in out:
        base = out.get("from", out["start"])
        out["sample"] = [[t + base, v * scale] for t, v in out["sample"]]
    return out


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return close(a, b)
    return a == b


def same_members(a, b, what):
    assert a.keys() == b.keys(), f"{what}: {a.keys() ^ b.keys()}"
    for key in a:
        assert same(a[key], b[key]), f"{what}.{key}: {a[key]} and {b[key]}"


def check_summary_forms(forms):
    """One content in five encodings."""
    cbor, named = forms["cbor"], forms["cbor-named"]
    assert named["seq"] == cbor[3] and named["boot"] == cbor[2] and named["device"] == cbor[1]
    assert named["records"] == [renamed(record) for record in cbor[5]]
    assert [list(p.values()) for p in cbor[4]] == \
        [[p["name"], p["unit"], p["exponent"], p["windows"]] for p in named["pipelines"]]
    text = forms["json"]
    assert text.get("accounting") == named.get("accounting")
    assert named.get("accounting", {}) == \
        {COUNTERS[key]: count for key, count in cbor.get(6, {}).items()}
    assert (text["device"], text["boot"], text["seq"]) == (cbor[1], cbor[2], cbor[3])
    for record, summary in zip(named["records"], text["summaries"], strict=True):
        same_members(record_as_json(record, named["pipelines"]), summary, "summary")
    packed = [{SENML_LABELS[k]: v for k, v in record.items()} for record in forms["senml+cbor"]]
    for mine, theirs in zip(packed, forms["senml+json"], strict=True):
        same_members(mine, theirs, "senml")
    check_senml(forms["senml+json"], text["summaries"])


def check_senml(pack, summaries):
    """Every statistic of every summary is a record with its name, time and value."""
    resolved, time = [], None
    for record in pack[1:]:
        time = record.get("bt", time)
        resolved.append((pack[0]["bn"] + record["n"], time, record["v"]))
    expected = [(f"gw-17/{s['series']}/{s['window']}/{key}",
                 Fraction(s.get("to", s["end"]), 1000), s[key])
                for s in summaries for key in s
                if key in FIELDS[7:14] + FIELDS[18:24] + FIELDS[26:38]]
    assert resolved == expected, f"{resolved} and {expected}"


def decoded(word, payload):
    """The message as plain values; binary ones go through the strict decoder and the schema."""
    if word not in RULES:
        return replay.exact(payload)
    item = strict_cbor.loads(bytes.fromhex(payload))
    errors = decoded.schema.errors(RULES[word], item)
    assert not errors, f"{word}: {errors}"
    return item


def documented():
    """name -> text of the example's block."""
    text = (DOCS / "messages.md").read_text(encoding="utf-8")
    return dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)```", text, re.S))


def check_examples(examples):
    blocks = documented()
    for name, block in blocks.items():
        if name in ELSEWHERE:
            continue
        if name == "cbor":
            hex_text = re.sub(r"#[^\n]*|\s", "", block)
            assert hex_text == examples[name], f"{name}: the document says {hex_text}"
        else:
            mine, theirs = replay.exact(block), replay.exact(examples[name])
            assert str(mine) == str(theirs), f"{name}: the document says {mine}, not {theirs}"
    expected = {"cbor", "json", "json-late", "json-session", "json-count", "json-report",
                "json-gap", "senml+json", "alert", "event", "event-acknowledged", "event-escalated",
                "event-evidence", "dead-letter"}
    assert blocks.keys() == expected | ELSEWHERE, blocks.keys() ^ expected ^ ELSEWHERE


def check_gap_forms(forms):
    """The three forms of a notice say the same."""
    named, text = forms["gap-named"], forms["gap-json"]
    device, boot, seq, gaps = (forms["gap"][key] for key in (1, 2, 3, 7))
    assert (device, boot, seq) == (text["device"], text["boot"], text["seq"]), text
    assert (device, boot, seq) == (named["device"], named["boot"], named["seq"]), named
    words = [{GAP_KEYS[key]: value for key, value in gap.items()} for gap in gaps]
    assert words == named["gaps"], named
    assert [dict(gap, why=WHY[gap["why"]]) for gap in words] == text["gaps"], text


def check_schema_refuses():
    """The checker itself must see faults."""
    good = {0: 1, 1: "d", 2: 0, 3: 0, 4: [{0: "p", 1: "", 2: 0, 3: ["w"]}],
            5: [{0: 0, 1: 0, 2: "s", 3: 0, 4: 1, 5: 0, 6: 0, 7: 1}], "later": [1]}
    assert not decoded.schema.errors("summary-message", good)
    for path, value in (((0,), 2), ((1,), 7), ((2,), -1), ((4,), []), ((5,), {}),
                        ((5, 0, 6), 7), ((5, 0, 18), 3), ((5, 0, 8), "x"), ((5, 0, 14), [[1]]),
                        ((5, 0, 15), []), ((5, 0, 15), [[1]]), ((5, 0, 17), 0),
                        ((5, 0, 16), {0: 0}), ((5, 0, 16), {6: 1000}), ((5, 0, 24), 1.5),
                        ((4, 0, 2), 19), ((5, 0, 3), 1.0), ((5, 0, 5), True)):
        bad = strict_copy(good)
        target = bad
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value
        assert decoded.schema.errors("summary-message", bad), path
    for wrong in ("1801", "a201010001", "bf00ff", "fa3fc00000", "a1", "0000", "f97e01"):
        try:
            strict_cbor.loads(bytes.fromhex(wrong))
        except strict_cbor.NotDeterministic:
            continue
        raise AssertionError(f"{wrong} passed as deterministic")


def strict_copy(value):
    if isinstance(value, dict):
        return {key: strict_copy(inner) for key, inner in value.items()}
    return [strict_copy(inner) for inner in value] if isinstance(value, list) else value


def main():
    decoded.schema = cddl_check.load(DOCS / "summary.cddl")
    check_schema_refuses()
    out = subprocess.run([EMITTER, "emit"], capture_output=True, check=True).stdout.decode()
    forms, examples, rounds, notices, seen = {}, {}, 0, 0, set()
    for line in out.splitlines():
        word, payload = line.split(" ", 1)
        if word.startswith("example-"):
            examples[word.removeprefix("example-")] = payload
            continue
        forms[word] = decoded(word, payload)
        if word == "gap-json":
            check_gap_forms(forms)
            notices += 1
        if word == "senml+json":
            check_summary_forms(forms)
            seen |= {key for summary in forms["json"]["summaries"] for key in summary}
            forms = {}
            rounds += 1
    check_examples(examples)
    missing = set(FIELDS) - seen
    assert not missing, f"in no message: {missing}"
    assert notices == 3, notices
    print(f"{rounds} messages in 5 encodings fit the schema and each other")
    return 0 if rounds > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
