"""Random devices with alerts and what happens to them, for alert_oracle and the replay."""
import random

EPOCHS = (0, -100000, -10**13, 1795219200000)
EXACT = ("mean", "min", "max", "sum", "count", "first", "last", "range")
IN_ORDER = ("time_weighted_mean", "integral", "increase", "rate")
ROUNDED = ("variance", "variance_sample", "stddev", "stddev_sample", "slope")
BAD_COMMANDS = ("", "{", "[]", '{"command": "shelve", "alert": "a0"}', '{"command": "list"}',
                '{"command": "reset", "alert": "a0", "for": "5ms"}',
                '{"command": "acknowledge", "alert": "nobody"}',
                '{"command": "shelve", "alert": "a0", "for": "5"}',
                '{"command": "unshelve", "alert": "a0", "series": "nobody"}')


def ms(rng, *choices):
    return f"{rng.choice(choices)}ms"


def sometimes(rng, share, keys, name, value):
    if rng.random() < share:
        keys[name] = value()


def is_of_time(window):
    return "tumbling" in window or "sliding" in window


def random_window(rng, number, statistics):
    shape = rng.choice((
        {"tumbling": ms(rng, 5, 10, 12)}, {"sliding": {"size": "10ms", "slide": ms(rng, 5, 15)}},
        {"session": {"gap": ms(rng, 1, 3, 7)}}, {"count": str(rng.randint(1, 5))},
        {"count": {"size": "4", "slide": "2"}},
        {"condition": {rng.choice(("above", "below")): str(rng.randint(-4, 4)),
                       "hysteresis": str(rng.randint(0, 2)), "max_length": ms(rng, 5, 20)}}))
    return {"name": f"w{number}", **shape, "statistics": sorted(statistics)}


def random_band(rng, keys, fraction=""):
    """One or two limits that leave room between them, and a hysteresis that fits."""
    low = rng.randint(-5, 5)
    high = low + rng.randint(1, 8)
    kind = rng.choice(("above", "below", "outside", "inside"))
    if kind in ("outside", "inside"):
        keys[kind] = [f"{low}{fraction}", f"{high}{fraction}"]
    else:
        keys[kind] = f"{low}{fraction}"
    sometimes(rng, 0.5, keys, "hysteresis", lambda: str(rng.randint(0, (high - low) // 2)))


def random_levels(rng, keys):
    """Levels that all have the same sides, so that each is stricter than the one before."""
    sides = rng.choice((("above",), ("below",), ("above", "below")))
    above, below = rng.randint(0, 4), rng.randint(-4, -1)
    keys["levels"] = []
    for number in range(rng.randint(2, 4)):
        limits = {"above": str(above), "below": str(below)}
        level = {"severity": f"s{number}", **{side: limits[side] for side in sides}}
        sometimes(rng, 0.4, level, "hysteresis",
                  lambda: str(rng.randint(0, (above - below) // 2)))
        keys["levels"].append(level)
        above, below = above + rng.randint(1, 4), below - rng.randint(1, 4)
    sometimes(rng, 0.3, keys, "hysteresis", lambda: "0")


def random_condition(rng, keys, windows):
    """Also asks the window for its statistic."""
    kind = rng.random()
    if kind < 0.12:
        keys["unchanged_for"] = ms(rng, 1, 5, 20)
    elif kind < 0.24:
        rate = keys["rate_of_change"] = {"per": ms(rng, 1, 10)}
        limit = rng.randint(0, 9)
        sometimes(rng, 0.7, rate, "above", lambda: str(limit))
        if "above" not in rate or rng.random() < 0.4:
            rate["below"] = str(-limit - 1)
        sometimes(rng, 0.4, keys, "hysteresis", lambda: str(rng.randint(0, limit)))
    elif windows and kind < 0.5:
        random_window_condition(rng, keys, windows)
    elif kind < 0.68:
        random_levels(rng, keys)
    else:
        random_band(rng, keys)


def random_window_condition(rng, keys, windows):
    window = rng.choice(windows)
    kind = rng.random()
    if kind < 0.2 and "count" not in window:
        keys["of"] = f"{window['name']}.slope"
        keys[rng.choice(("reaches", "falls_to"))] = f"{rng.randint(-9, 9)}.37"
        keys["within"] = ms(rng, 1, 10, 50)
    elif kind < 0.4:
        ordered = IN_ORDER if all(map(is_of_time, windows)) else ()
        keys["of"] = f"{window['name']}.{rng.choice(ROUNDED + ordered)}"
        random_band(rng, keys, ".37")
    else:
        keys["of"] = f"{window['name']}.{rng.choice(EXACT)}"
        random_band(rng, keys)
    window["statistics"] = sorted({*window["statistics"], keys["of"].split(".")[1]})


def random_verdict(rng, keys, earlier):
    if rng.random() < 0.25:
        most = rng.randint(1, 5)
        keys.update({"at_least": str(rng.randint(1, most)), "of_last": str(most)})
    elif rng.random() < 0.15:
        keys["consecutive"] = str(rng.randint(1, 4))
    others = [rule["name"] for rule in earlier if "absent_for" not in rule]
    if others and "within" not in keys and rng.random() < 0.25:
        keys.update({"after": rng.choice(others), "within": ms(rng, 1, 3, 5, 20)})
    sometimes(rng, 0.5, keys, "for", lambda: ms(rng, 0, 1, 5, 15))
    sometimes(rng, 0.5, keys, "keep_firing_for", lambda: ms(rng, 0, 1, 5, 15))
    sometimes(rng, 0.2, keys, "min_samples", lambda: str(rng.randint(1, 4)))
    sometimes(rng, 0.25, keys, "no_data_after", lambda: ms(rng, 5, 20, 50))
    if keys.get("of", "value") == "value":
        sometimes(rng, 0.25, keys, "evaluate", lambda: rng.choice(("event", "event", "arrival")))


def random_absence(rng, keys):
    if rng.random() < 0.6:
        keys["absent_for"] = ms(rng, 5, 20, 50)
    else:
        keys["absent_for"] = {"times": str(rng.randint(2, 5)), "at_least": ms(rng, 1, 10),
                              "at_most": ms(rng, 20, 60)}


def random_rule(rng, name, earlier, windows, interplay):
    keys = {"name": name}
    if rng.random() < 0.15:
        random_absence(rng, keys)
    else:
        random_condition(rng, keys, windows)
        random_verdict(rng, keys, earlier)
        sometimes(rng, 0.25, keys, "latch", lambda: "true")
    sometimes(rng, 0.08, keys, "publish", lambda: "false")
    if "publish" not in keys:
        sometimes(rng, 0.25, keys, "repeat_every", lambda: ms(rng, 1, 10, 30))
        sometimes(rng, 0.15, keys, "urgent", lambda: "true")
    if interplay:
        sometimes(rng, 0.4, keys, "group", lambda: rng.choice(("g", "h")))
        if earlier:
            sometimes(rng, 0.4, keys, "inhibited_by", lambda: sorted(rng.sample(
                [rule["name"] for rule in earlier], min(len(earlier), rng.choice((1, 1, 2))))))
    return keys


def random_pipeline(rng, name, match, first):
    """`first`: number of its first alert. The results of several windows at one line of a trace
    come in no order that is promised, so alerts that look at each other have one window."""
    interplay = rng.random() < 0.5
    windows = [random_window(rng, i, {"count"})
               for i in range(rng.choice((0, 1) if interplay else (0, 1, 2)))]
    keys = {"name": name, "match": match, "resolution": rng.choice(("0.01", "0.001")),
            "out_of_order": ms(rng, 0, 0, 2, 10), "allowed_lateness": ms(rng, 0, 15)}
    sometimes(rng, 0.25, keys, "idle_timeout", lambda: ms(rng, 10, 40))
    sometimes(rng, 0.1, keys, "max_future", lambda: ms(rng, 0, 1))
    sometimes(rng, 0.1, keys, "range", lambda: ["-25", "17"])
    sometimes(rng, 0.15, keys, "scope", lambda: "global")
    rules = []
    for number in range(rng.choice((1, 2, 4, 6))):
        rules.append(random_rule(rng, f"a{first + number}", rules, windows, interplay))
        if keys["out_of_order"] == "0ms":
            rules[-1].pop("evaluate", None)
    if any(rule.get("evaluate") == "event" for rule in rules):
        sometimes(rng, 0.4, keys, "reorder", lambda: str(rng.choice((1, 2, 5))))
    if not windows and "scope" not in keys:
        sometimes(rng, 0.2, keys, "time_to_live", lambda: "101ms")
    return {**keys, "windows": windows, "alerts": rules}


def random_command(rng, names):
    if rng.random() < 0.1:
        return rng.choice(BAD_COMMANDS)
    command = rng.choice(("acknowledge", "acknowledge", "shelve", "shelve", "unshelve", "reset",
                          "reset", "out_of_service", "in_service", "in_service", "in_service"))
    members = [f'"command": "{command}"', f'"alert": "{rng.choice(names)}"']
    if rng.random() < 0.5:
        members.append(f'"series": "{rng.choice(("a", "qb"))}"')
    if command == "shelve":
        members.append(rng.choice(('"once": true', f'"for": "{rng.choice((3, 10, 30))}ms"')))
    if command in ("acknowledge", "reset") and rng.random() < 0.2:
        members.append(f'"episode": {rng.randint(1, 3)}')
    return "{" + ", ".join(members) + "}"


def random_trace(rng, names):
    now = rng.choice(EPOCHS)
    level = 0
    trace = []
    for _ in range(rng.randint(5, 80)):
        now += rng.choice((0, 1, 1, 3, 10, 30))
        kind = rng.random()
        if kind < 0.15:
            trace.append({"op": "tick", "at": now})
        elif kind < 0.27:
            trace.append({"command": random_command(rng, names), "at": now})
        elif kind < 0.29:
            series = rng.choice(({}, {"series": "a"}))
            trace.append({"op": "watermark", **series, "t": now - rng.choice((0, 5)), "at": now})
        else:
            level = max(-12, min(22, level + rng.choice((0, 0, -1, 1, -4, 4))))
            back = rng.choice((0, 0, 0, 0, 1, 4, 12, -1, -3))
            trace.append({"series": rng.choice(("a", "a", "qb")), "t": now - back,
                          "v": str(level), "at": now})
    if rng.random() < 0.5:
        trace.append({"op": "flush", "at": now})
    return trace


def random_case(seed):
    rng = random.Random(seed)
    pipelines = [random_pipeline(rng, "p", "*", 0)]
    if rng.random() < 0.4:
        count = len(pipelines[0]["alerts"])
        pipelines.insert(0, random_pipeline(rng, "q", "q*", count))
    device = {"pipelines": pipelines}
    if rng.random() < 0.3:
        device["flood"] = {"alerts": str(rng.randint(1, 3)), "per": ms(rng, 20, 50)}
    names = [rule["name"] for pipeline in pipelines for rule in pipeline["alerts"]]
    return {"name": f"random {seed}", "rules": [], "device": device,
            "trace": random_trace(rng, names)}
