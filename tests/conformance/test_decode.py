"""vnotch decode: messages as lines, other items as JSON, damage with its place."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import replay  # noqa: E402

EMITTER = pathlib.Path(os.environ.get("VN_BUILD_DIR", "build/release"), "tests", "conformance",
                       "test_messages")
PROGRAM = replay.PROGRAM_DIR / "vnotch"
FAILURES = []

EXAMPLE = bytes.fromhex(
    "a60001016467772d31020703182a0481a4006474656d70016343656c02210381666d696e7574650581ae0000010002"
    "6b736974652f612f74656d70031b000001a1fbc8c000041b000001a1fbc9aa600500060007183a081a0001fe14091a"
    "1188b6960a1907da0b1909ba0c1907f80d19096a")
EXAMPLE_LINE = (
    '{"device":"gw-1","boot":7,"seq":42,"pipeline":"temp","window":"minute","series":"site/a/temp",'
    '"start":1795225600000,"end":1795225660000,"kind":"on_time","rev":0,"count":58,"sum":1305.8,'
    '"sum_sq":29417.231,"min":20.1,"max":24.9,"first":20.4,"last":24.1}\n')
# A record with much of what is optional, a key of the future, and a bignum.
RICH = bytes.fromhex(
    "a60001016164020003000481a40061700160022103816177" "0581ae"
    "0000" "0100" "026173" "032a" "0413" "0501" "0606" "0702" "09c249010000000000000000"
    "0e8182182b03" "12f93e00" "1703" "182a8101" "63657874f5")
RICH_LINE = (
    '{"device":"d","boot":0,"seq":0,"pipeline":"p","window":"w","series":"s","start":-11,"end":19,'
    '"kind":"count","rev":1,"count":2,"sum_sq":1844674407370955.1616,"mean":1.5,"range":0.03,'
    '"sample":[[32,0.03]],"42":[1],"ext":true}\n')
# A session that replaces two results, and a count window.
SHAPES = bytes.fromhex(
    "a60001016164020003000481a400617001600221038261736163" "0582"
    "a9" "0000" "0100" "026173" "032a" "041864" "0501" "0601" "0702" "0f8282290582061832"
    "ab" "0000" "0101" "026173" "0307" "0409" "0500" "0606" "0702" "0e8182030c"
    "18183863" "1819193039")
SHAPE_LINES = (
    '{"device":"d","boot":0,"seq":0,"pipeline":"p","window":"s","series":"s","start":-11,"end":100,'
    '"kind":"late","rev":1,"count":2,"supersedes":[[-10,5],[6,50]]}\n'
    '{"device":"d","boot":0,"seq":0,"pipeline":"p","window":"c","series":"s","start":7,"end":9,'
    '"from":-100,"to":12345,"kind":"count","rev":0,"count":2,"sample":[[-97,0.12]]}\n')
# How the readings came, with an item and a flag of a later version.
ACCOUNTED = bytes.fromhex(
    "a60001016164020003000481a400617001600221038161770581"
    "aa" "0000" "0100" "026173" "0300" "0401" "0500" "0601" "0702"
    "10a400020501061902ee0701" "111850")
ACCOUNTED_LINE = (
    '{"device":"d","boot":0,"seq":0,"pipeline":"p","window":"w","series":"s","start":0,"end":1,'
    '"kind":"late","rev":0,"count":2,"accounting":{"late":2,"gaps":1,"coverage":750,"7":1},'
    '"flags":["final",6]}\n')


def check(what, condition, seen=None):
    if not condition:
        FAILURES.append(what)
        print(f"FAILED: {what}: {seen}")


def decode(data, *arguments):
    done = subprocess.run([PROGRAM, "decode", *arguments], input=data, capture_output=True,
                          check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def lines():
    check("a message", decode(EXAMPLE) == (0, EXAMPLE_LINE, ""), decode(EXAMPLE))
    check("an accounting", decode(ACCOUNTED) == (0, ACCOUNTED_LINE, ""), decode(ACCOUNTED))
    check("messages one after another", decode(EXAMPLE * 3)[1] == EXAMPLE_LINE * 3)
    check("optional and unknown keys", decode(RICH) == (0, RICH_LINE, ""), decode(RICH))
    check("sessions and counts", decode(SHAPES) == (0, SHAPE_LINES, ""), decode(SHAPES))
    check("nothing", decode(b"") == (0, "", ""))
    for hexadecimal, text in (
            ("00", "0"), ("3bffffffffffffffff", "-18446744073709551616"),
            ("1bffffffffffffffff", "18446744073709551615"), ("fb3ff199999999999a", "1.1"),
            ("f97c00", '"Infinity"'), ("f97e00", '"NaN"'), ("f6", "null"), ("f4", "false"),
            ("4301ff00", '"h\'01ff00\'"'), ("63610a62", '"a\\nb"'),
            ("c11a6b00f800", '{"tag":1,"value":1795225600}'),
            ("9f01820203ff", "[1,[2,3]]"), ("bf6161f6206162ff", '{"a":null,"-1":"b"}'),
            ("80", "[]"), ("a0", "{}"), ("818180", "[[[]]]"),
            ("a2000118ff02", '{"0":1,"255":2}')):
        got = decode(bytes.fromhex(hexadecimal))
        check(f"item {hexadecimal}", got == (0, text + "\n", ""), got)


def damage():
    status, out, err = decode(EXAMPLE + EXAMPLE[:-1])
    check("a cut message", status == 65 and out == EXAMPLE_LINE and "byte 225:" in err, err)
    for hexadecimal, place in (("5fff", 0), ("ff", 1), ("1c", 0), ("81" * 100 + "00", 65),
                               ("a1a000", 2), ("bf00ff", 3)):
        status, out, err = decode(bytes.fromhex(hexadecimal))
        check(f"damage {hexadecimal[:8]}", status == 65 and f"byte {place}:" in err and out == "",
              (status, err))
    for before, after in (("0581ae0000", "0581ae0001"), ("0581ae00000100", "0581ae00000101"),
                          ("022103", "023203"), ("081a0001fe14", "08650001fe1400"[:12])):
        assert before in EXAMPLE.hex()
        status, out, err = decode(bytes.fromhex(EXAMPLE.hex().replace(before, after, 1)))
        check(f"a contradiction {after}", (status, out) == (65, ""), (out, err))
    cuts = [decode(RICH[:length])[0] for length in range(1, len(RICH))]
    check("every cut is refused", set(cuts) == {65}, cuts)


def files():
    with tempfile.NamedTemporaryFile() as file:
        file.write(EXAMPLE)
        file.flush()
        check("a file", decode(b"", file.name)[1] == EXAMPLE_LINE)
    check("standard input by name", decode(EXAMPLE, "-")[1] == EXAMPLE_LINE)
    check("no file", decode(b"", "/nonexistent/x")[0] == 74)
    check("usage", decode(b"", "a", "b")[0] == 64 and decode(b"", "--what")[0] == 64)
    full = subprocess.run(f"exec {PROGRAM} decode > /dev/full", shell=True, input=EXAMPLE,
                          capture_output=True, check=False)
    check("a full disk", full.returncode == 74, full)


def emitted():
    """Lines of binary messages against the JSON form of the same content."""
    out = subprocess.run([EMITTER, "emit"], capture_output=True, check=True).stdout.decode()
    binary, texts = {"cbor": b"", "cbor-named": b""}, []
    for line in out.splitlines():
        word, payload = line.split(" ", 1)
        if word in binary:
            binary[word] += bytes.fromhex(payload)
        elif word == "json":
            texts += replay.exact(payload)["summaries"]
    for word, data in binary.items():
        got = [replay.exact(line) for line in decode(data)[1].splitlines()]
        check(f"{word}: number of lines", len(got) == len(texts) > 0, len(got))
        for mine, theirs in zip(got, texts):
            problem = [key for key in theirs if list(mine)[3:] != list(theirs) or
                       not (mine[key] == theirs[key] or near(key, mine[key], theirs[key]))]
            check(f"{word}: {problem}", not problem, (mine, theirs))


def notices():
    """Notices of gaps say in each form what they say in JSON."""
    out = subprocess.run([EMITTER, "emit"], capture_output=True, check=True).stdout.decode()
    forms = {"gap": [], "gap-named": [], "gap-json": []}
    for line in out.splitlines():
        word, payload = line.split(" ", 1)
        if word in forms:
            forms[word].append(payload)
    texts = [replay.exact(text) for text in forms["gap-json"]]
    for word in ("gap", "gap-named"):
        code, text, _ = decode(bytes.fromhex("".join(forms[word])))
        got = [replay.exact(line) for line in text.splitlines()]
        check(f"{word} as JSON", code == 0 and got == texts and len(got) == 3, got)


def near(key, mine, theirs):
    return key.startswith(("mean", "variance", "stddev", "time_weighted", "integral", "rate",
                           "exponential")) and \
        abs(mine - theirs) <= abs(theirs) / 2**51


def main():
    lines()
    damage()
    files()
    emitted()
    notices()
    print("decode: " + (f"{len(FAILURES)} failures" if FAILURES else "all as documented"))
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
