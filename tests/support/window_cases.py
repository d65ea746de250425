"""Cases for the window rules: configuration text, random cases, comparison of results."""
import random
from fractions import Fraction

import replay
from window_oracle import WindowOracle

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
FIRST_TIME, LAST_TIME = -62135596800000, 253402300799999  # the years 1 and 9999
EPOCHS = (0, -100000, -10**13, 1795219200000, 2**31 * 1000 - 50, FIRST_TIME + 400,
          LAST_TIME - 7 * 10**10)
RESOLUTIONS = {"1": 0, "0.1": -1, "0.01": -2, "0.000001": -6, "10": 1}


def decimal(value, exponent):
    """value * 10^exponent as decimal text, and sometimes not in the shortest form."""
    if exponent >= 0:
        return str(value * 10**exponent)
    digits = str(abs(value)).rjust(1 - exponent, "0")
    return ("-" if value < 0 else "") + digits[:exponent] + "." + digits[exponent:]


def kind_of(window):
    kinds = {"gap": "session", "count": "count", "slide": "sliding", "above": "condition",
             "below": "condition"}
    return next((kind for key, kind in kinds.items() if key in window), "tumbling")


def condition_yaml(window, exponent):
    side = "above" if "above" in window else "below"
    given = [f"{side}: {decimal(window[side], exponent)}"]
    if "hysteresis" in window:
        given.append(f"hysteresis: {decimal(window['hysteresis'], exponent)}")
    if "max" in window:
        given.append(f"max_length: {window['max']}ms")
    return f"condition: {{{', '.join(given)}}}"


def shape_yaml(window, exponent):
    slide, offset = window.get("slide"), window.get("offset")
    kind = kind_of(window)
    if kind == "session":
        return f"session: {{gap: {window['gap']}ms}}"
    if kind == "condition":
        return condition_yaml(window, exponent)
    if kind == "count":
        at_length = f"{{size: {window['count']}, slide: {slide}}}"
        return f"count: {window['count'] if slide is None else at_length}"
    more = f", slide: {slide}ms" if kind == "sliding" else ""
    more += f", offset: {offset}ms" if offset is not None else ""
    return f"{kind}: {{size: {window['size']}ms{more}}}"


def window_yaml(window, exponent):
    sample = f", sample: {window['sample']}" if window.get("sample") else ""
    statistics = window.get("statistics")
    asked = f", statistics: [{', '.join(statistics)}]" if statistics else ""
    return f"      - {{name: {window['name']}, {shape_yaml(window, exponent)}{asked}{sample}}}\n"


def config_yaml(case, alerts=""):
    cfg = case["cfg"]
    lines = ["device: sim", "broker: {uri: mqtt://127.0.0.1:1883}", "inputs:",
             '  - {topic: "in/{name}", format: number, series: "{name}"}', "pipelines:",
             "  - name: p", '    match: "*"', "    series: 8",
             f"    resolution: {case.get('resolution', '1')}"]
    for key, word in (("ooo", "out_of_order"), ("lateness", "allowed_lateness"),
                      ("idle_timeout", "idle_timeout"), ("max_future", "max_future"),
                      ("expected_every", "expected_every"), ("late_every", "late_every"),
                      ("early_every", "early_every")):
        if cfg.get(key) is not None:
            lines.append(f"    {word}: {cfg[key]}ms")
    if cfg.get("corrections"):
        lines.append(f"    after_lateness: correct\n    corrections: {cfg['corrections']}")
    for key in ("scope", "time"):
        if cfg.get(key):
            lines.append(f"    {key}: {cfg[key]}")
    exponent = RESOLUTIONS[case.get("resolution", "1")]
    windows = "".join(window_yaml(window, exponent) for window in cfg["windows"])
    return "\n".join(lines) + "\n" + ("    windows:\n" + windows if windows else "") + alerts


def trace_lines(case):
    """The events as lines of a trace; values get the decimal point of the resolution."""
    exponent = RESOLUTIONS[case.get("resolution", "1")]
    for event in case["events"]:
        members = []
        for key, value in event.items():
            if key == "v":
                text = decimal(value, exponent)
            else:
                text = f'"{value}"' if isinstance(value, str) else str(value)
            members.append(f'"{key}": {text}')
        yield "{" + ", ".join(members) + "}"


def expected_lines(case):
    cfg = dict(case["cfg"])
    lines = WindowOracle(**cfg).run(case["events"])
    scale = Fraction(10) ** RESOLUTIONS[case.get("resolution", "1")]
    for line in lines:
        for key in ("sum", "min", "max", "first", "last", "mean"):
            if key in line:
                line[key] *= scale
        for key in ("sum_sq", "variance"):
            if key in line:
                line[key] *= scale * scale
        if "content" in line:
            line["content"] = [(t, v * scale) for t, v in line["content"]]
    return lines


def same_sample(got, want, k):
    """A sample has min(k, n) members, all of them from the window's content."""
    rest = list(want["content"])
    members = [(t, v) for t, v in got["sample"]]
    if len(members) != min(k, len(rest)):
        return False
    for member in members:
        if member not in rest:
            return False
        rest.remove(member)
    return True


def difference(got, want, samples):
    """What differs between two lines, or None."""
    for key in ("supersedes", "from", "to"):
        if key in got and key not in want:
            return f"{key}: got {got[key]}, expected none"
    for key, value in want.items():
        if key == "content":
            continue
        if key == "accounting":  # refusals may be told or not: of some nobody knows in time
            equal = {k: n for k, n in got.get(key, {}).items() if k != "quarantined"} == value
        elif key == "flags":
            equal = got.get(key, []) == value
        elif key in ("mean", "variance"):
            equal = replay.is_near(got.get(key, 10**30), value)
        else:
            equal = got.get(key) == value
        if not equal:
            return f"{key}: got {got.get(key)}, expected {value}"
    if want["type"] == "summary" and want["kind"] != "partial" and samples[want["window"]]:
        if not same_sample(got, want, samples[want["window"]]):
            return f"sample: got {got.get('sample')}, content {want['content']}"
    return None


def orders(case, lines):
    """What the order of the lines must respect: within one event and series a drop is first, then
    come the results of each kind of windows by end, those of time together."""
    alone = {w["name"]: w["name"] for w in case["cfg"]["windows"]
             if kind_of(w) in ("session", "count", "condition")}
    order = lambda line: (line["index"], line["series"], alone.get(line.get("window"), ""))
    told = set()
    for line in lines:
        place = (line["index"], line["series"])
        if line["type"] == "drop" and place in told:
            return None, f"a drop behind results: {line}"
        told.add(place)
    return sorted(lines, key=order), None


def compare(case, results, totals):
    """The first difference between results and oracle, or None."""
    samples = {window["name"]: window.get("sample", 0) for window in case["cfg"]["windows"]}
    want = expected_lines(case)
    got = [line for line in results if line["type"] != "alert"]
    (got, problem), (want, _) = orders(case, got), orders(case, want)
    if problem:
        return problem
    for mine, theirs in zip(got, want):
        problem = difference(mine, theirs, samples)
        if problem:
            return f"{problem}\n  got      {mine}\n  expected {theirs}"
    if len(got) != len(want):
        first_odd = (got if len(got) > len(want) else want)[min(len(got), len(want))]
        return f"{len(got)} lines, expected {len(want)}: {first_odd}"
    if not replay.conserves(totals):
        return f"totals don't add up: {totals}"
    return None


def random_shape(rng):
    kind = rng.random()
    if kind < 0.3:
        return {"gap": rng.choice((1, 2, 3, 5, 7, 15, 40))}
    if kind < 0.45:
        window = {rng.choice(("above", "below")): rng.randint(-40, 40)}
        if rng.random() < 0.5:
            window["hysteresis"] = rng.choice((0, 1, 20, 60))
        if rng.random() < 0.5:
            window["max"] = rng.choice((1, 2, 5, 20, 100))
        return window
    if kind < 0.6:
        more = {"slide": rng.randint(1, 6)} if rng.random() < 0.6 else {}
        return {"count": rng.randint(1, 8), **more}
    size = rng.choice((1, 5, 10, 12, 30, 60))
    window = {"size": size}
    slide = size
    if rng.random() < 0.5:
        slide = rng.choice((1, 3, 5, 10, 20, size))
        window["slide"] = slide
    if rng.random() < 0.4:
        window["offset"] = rng.randint(1 - slide, slide - 1)
    return window


def random_window(rng, number):
    window = {"name": f"w{number}", **random_shape(rng)}
    if rng.random() < 0.3:
        window["sample"] = rng.randint(1, 8)
    return window


def random_event(rng, now_t, series):
    event = {"series": rng.choice(series), "t": now_t, "v": rng.choice(
        (rng.randint(-50, 50), rng.randint(INT32_MIN, INT32_MAX), INT32_MIN, INT32_MAX))}
    return event


def random_steps(rng, windows):
    """How far time moves from reading to reading: a walk, around one window's edges, in bursts."""
    edge = rng.choice([w.get("gap") or w.get("slide") or w.get("size", 1) for w in windows])
    jump = rng.choice((0, 200, 10**9))
    return rng.choice(((0, 1, 1, 2, 3, 7, 15, jump), (0, 1, 1, 2, 3, 7, 15, jump),
                       (edge - 1, edge, edge, edge + 1), (0, 0, 0, 0, 0, 0, 1, edge),
                       (1, 1, 1, 20 * edge)))


def random_delays(rng):
    if rng.random() < 0.15:
        return {"ooo": rng.choice((60, 150)), "lateness": rng.choice((0, 90, 200))}
    return {"ooo": rng.choice((0, 0, 1, 5, 20)), "lateness": rng.choice((0, 0, 3, 10, 40))}


def random_case(seed):
    """Times move on, with disorder around the bounds and a rare jump."""
    rng = random.Random(seed)
    windows = [random_window(rng, i) for i in range(rng.choice((1, 1, 2, 3, 5)))]
    cfg = {"windows": windows, **random_delays(rng)}
    steps = random_steps(rng, windows)
    if rng.random() < 0.25:
        cfg["scope"] = "global"
    if rng.random() < 0.08:
        cfg["time"] = "arrival"
    if rng.random() < 0.3:
        cfg["idle_timeout"] = rng.choice((5, 20, 50))
    if rng.random() < 0.3:
        cfg["max_future"] = rng.choice((0, 5, 30))
    if rng.random() < 0.4:
        cfg["expected_every"] = rng.choice((1, 2, 4, 7, 25))
    if rng.random() < 0.4 and any("size" in window for window in cfg["windows"]):
        cfg["corrections"] = rng.choice((1, 2, 4))
    if rng.random() < 0.4 and (cfg.get("corrections") or cfg["lateness"]) and any(
            "size" in window for window in cfg["windows"]):
        cfg["late_every"] = rng.choice((1, 5, 20))
    series = ["a", "b", "c/d"][:rng.choice((1, 2, 3))]
    front = rng.choice(EPOCHS)
    clock = front
    edge = cfg["ooo"] + cfg["lateness"]
    events = []
    for _ in range(rng.randint(5, 60)):
        front += rng.choice(steps)
        clock = max(clock, front) + rng.choice((0, 1, 4))
        kind = rng.random()
        if kind < 0.88:
            back = rng.choice((0, 0, 0, 1, cfg["ooo"], cfg["ooo"] + 1, rng.randint(0, edge + 40)))
            event = random_event(rng, front - back, series)
            if rng.random() < 0.5:
                event["at"] = clock - rng.choice((0, 0, 40))
                clock = max(clock, event["at"])
            events.append(event)
        elif kind < 0.95:
            clock += rng.choice((0, 4, 5, 20, 50, 60))
            events.append({"op": "tick", "at": clock})
        else:
            event = {"op": "watermark", "t": front - rng.randint(-5, 20)}
            if rng.random() < 0.5:
                event["series"] = rng.choice(series)
            events.append(event)
    if rng.random() < 0.9:
        events.append({"op": "flush"})
    return {"name": f"random {seed}", "cfg": cfg, "events": events,
            "resolution": rng.choice(list(RESOLUTIONS))}

