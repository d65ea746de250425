"""Turns what vnotchd publishes into lines that people read."""

from configuration import units
from screen import RULE, clock, grouped

UNITS = units()
ROWS = ["machine/cpu", "machine/memory", "machine/net-in", "machine/net-out", "a/oven",
        "a/pressure", "a/flow", "b/oven", "b/level", "b/vibration", "tanks/1", "meters/1"]


def decimal(scaled, exponent):
    """An integer at 10^exponent as text, as exact as it is."""
    if exponent >= 0:
        return grouped(scaled * 10 ** exponent)
    return f"{scaled / 10 ** -exponent:,.{-exponent}f}"


def reason_of(event):
    """Why it fires, in a few words."""
    if event["value"] is None:
        return "no reading"
    of = "" if event["of"] == "value" else event["of"] + " "
    if event["limit"] is None:
        return f"{event['value']:.2f} {event['unit']} unchanged"
    sign = ">" if event["value"] > event["limit"] else "<"
    return f"{of}{event['value']:.2f} {sign} {event['limit']:g} {event['unit']}"


def tell_event(screen, event, kill_ms):
    since = clock(event["starts_at"])
    name = f"{event['alert']} {event['series']}"
    if event["phase"] == "firing":
        screen.event("FIRING", f"{name}: {reason_of(event)} since {since}", "bad")
        return
    when = f"was firing since {since}"
    if kill_ms is not None and event["starts_at"] < kill_ms < event["ends_at"]:
        when += ", over the kill"
    screen.event("resolved", f"{name} {when}", "good")


def tell_letter(screen, letter):
    screen.event("refused", f"{letter['topic']}: {letter['text']}", "note")


def tell_recovery(screen, recovery):
    screen.event("restart", f"{recovery['series_restored']} series are back from the last commit, "
                 f"{recovery['messages_again']} messages behind it from the journal", "good")


def table_row(series, row):
    mean = row["sum"] / row["count"] * 10.0 ** row["exponent"]
    digits = max(0, -row["exponent"])
    low, high = (decimal(row[key], row["exponent"]) for key in ("min", "max"))
    return (f"{series[:16]:<17}{clock(row['start'], 0):<9}{row['count']:>6}{mean:>14,.{digits}f}"
            f"{low:>12} ..{high:>12} {UNITS[row['pipeline']]}")


def table(watch, most=99):
    """The last window of each series, in at most so many lines."""
    names = ROWS + sorted(name for name in watch.latest if name.startswith("machine/temp"))
    shown = [name for name in names if name in watch.latest][:max(1, most - 2)]
    lines = [f"{'series':<17}{'window':<9}{'count':>6}{'mean':>14}{'min':>12} ..{'max':>12} unit"]
    lines += [table_row(name, watch.latest[name]) for name in shown]
    hidden = len(watch.latest) - len(shown)
    return lines + ([f"and {hidden} more series"] if hidden > 0 else [])


def counters(books, watch):
    """Published on our side, counted on vnotchd's."""
    stats = watch.stats["readings"] if watch.stats else {}
    apart = sum(stats.get(key, 0) for key in ("late", "duplicate", "quarantined", "rejected"))
    return (f"{grouped(books.readings)} published, {grouped(stats.get('accepted', 0))} in windows, "
            f"{grouped(apart)} set apart")


def firing_line(watch):
    names = [f"{alert} {series}" for alert, series in watch.firing]
    return "firing: " + (", ".join(names) if names else "nothing")


def panel(books, watch, progress, rows):
    return [RULE, *table(watch, rows - 12), RULE, firing_line(watch),
            f"{progress}: {counters(books, watch)}"]
