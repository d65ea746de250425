"""What condition windows must tell, from all that happened to one series.

Rule W14 of docs/semantics.md. The history is a list of what came, in order of arrival:
(index, "reading", t, v) or (index, "close", kind). Values are integers in units of the resolution.
"""


def evaluated(history):
    """All but the readings that are older than one before them (A1)."""
    kept, latest = [], None
    for event in history:
        if event[1] == "reading":
            if latest is not None and event[2] < latest:
                continue
            latest = event[2]
        kept.append(event)
    return kept


def is_late(history, t):
    return any(event[1] == "reading" and event[2] > t for event in history)


def truth(window, held, value):
    """Whether the condition holds at this value, if it held before or not (A2)."""
    sign = 1 if "above" in window else -1
    limit = window["above"] if "above" in window else window["below"]
    return sign * (value - limit) > (-window.get("hysteresis", 0) if held else 0)


def results(window, history):
    """(index, content, start, end, kind, rev, superseded bounds or None), in order."""
    told = []     # of the last window: (start, end)
    content = []  # of the open window, or of the last one
    is_open = False
    holds = False
    for event in evaluated(history):
        index = event[0]

        def tell(end, kind):
            start = content[0][0]
            before = told[-1] if told and told[-1] != (start, end) else None
            result = index, list(content), start, end, kind, len(told), before
            told.append((start, end))
            return result

        if event[1] == "close":
            if is_open:
                yield tell(content[-1][0] + 1, event[2])
            is_open = False
            continue
        _, _, t, v = event
        holds = truth(window, holds, v)
        if is_open and "max" in window and t >= content[0][0] + window["max"]:
            yield tell(content[0][0] + window["max"], "forced")
            is_open = False
        elif is_open and not holds:
            yield tell(t, "on_time")
            is_open = False
        if holds:
            if not is_open and not (told and (t < told[-1][1] or t == told[-1][0])):
                told, content = [], []
            is_open = True
            content.append((t, v))
