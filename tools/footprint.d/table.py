"""The tables of README and docs/footprint.md, from the committed figures."""

import os
import re

BEGIN, END = "<!-- tools/footprint --table -->\n", "<!-- end of table -->\n"
ROWS = [("flash: code and constants of the whole image", "text"), ("of it the core", "core"),
        ("of it the compiler's routines (64-bit division, soft floats)", "libgcc"),
        ("RAM of the whole image: data, bss and the deepest stack", "ram"),
        ("deepest stack, at start", "stack"),
        ("of it below `vn_step` (nano: `vn_nano_step`)", "stack_step"),
        ("of it below `vn_take_reading` (`vn_nano_take_reading`)", "stack_reading")]
STATES = [("the engine", "vn_engine_t"), ("its pipeline", "vn_pipeline_state_t"),
          ("a series, without what follows", "vn_series_state_t"), ("a pane of it", "vn_pane_t"),
          ("what a pane counts: late, refused", "vn_tally_t"),
          ("a member of a sample", "vn_member_t"), ("an alert of it", "vn_alert_state_t"),
          ("a session", "vn_session_t"), ("a pane of a count window", "vn_aggregate_t"),
          ("a report by exception", "vn_report_state_t"),
          ("a condition window", "vn_condition_state_t"), ("a slope, of each pane", "vn_trend_t"),
          ("statistics in time order, of a series", "vn_ordered_state_t"),
          ("the same, of each pane", "vn_ordered_pane_t"),
          ("a deviation by residuals", "vn_residual_t"),
          ("a deviation by the composite", "vn_composite_t")]
FEATURES = [
    ("engine, plan, store",
     r"engine(_(begin|room|reading|windows|step|output|outbox|clock|expiry))?"
     r"|store|without_.*|plan.*|budget|error|reason|flash_figures|assert|pack|hash|arith"
     r"|square_root|utf8|time_text|bucket|recent|glob|series"),
    ("windows of time, samples", r"window(_.*)?|aggregate.*|reservoir.*|tally|draw|correction"
     r"|engine_former"),
    ("sessions, counts, reports, conditions", r"session.*|count_window.*|report.*"
     r"|condition_window.*"),
    ("quantiles, slope, distinct", r"histogram|distinct|trend|extra|ratio"),
    ("statistics in time order", r"ordered.*|time_weighted|counter|exponential|reorder"),
    ("alerts and their messages", r"alert.*|engine_alert.*"),
    ("deviations", r"deviation.*|engine_deviations"),
    ("derived series", r"derive|engine_derive.*"),
    ("summaries in CBOR", r"summary(_(cbor|size|statistic))?|cbor_(writer|codec_builtin)"),
    ("summaries in JSON and SenML", r"summary_(json|senml)|json_writer.*"),
    ("messages in: JSON, CBOR, SenML, topics", r"engine_message|payload.*|senml.*|json|json_text"
     r"|json_shape|topic|template|path|rfc3339|ring|cbor_(reader|number)|dead_letter|number.*"
     r"|sequence|engine_identity"),
    ("outbox, gaps", r"outbox.*|gap"),
    ("coarser results in a full outbox", r"engine_coarsen.*|coarse.*|summary_read"),
    ("flash log, checkpoints, journal", r"flash_log.*|engine_(restore|commit|slot.*|global"
     r"|journal.*|farewell|allowance)|journal_entry|crc32c.*"),
    ("savepoints", r"engine_savepoint.*"),
    ("commands", r"engine_command|command.*"),
    ("shadow pipelines", r"shadow"),
]


def boards_table(content, boards, budgets):
    return rows_table("bytes", ROWS, content, boards, budgets)


def rows_table(head, rows, content, boards, budgets):
    known = [board for board in boards if board in content["figures"]]
    lines = [f"| {head} | " + " | ".join(boards[board] for board in known) + " |",
             "|---|" + "---:|" * len(known)]
    for title, name in rows:
        cells = []
        for board in known:
            most = content["budgets"].get(board, {}).get(name)
            have = content["figures"][board].get(name)
            cell = "" if have is None else f"{have:,}"
            cells.append(f"{cell} (at most {most:,})" if budgets and most else cell)
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


COSTS = [("a reading that closes nothing: fewest", "reading_min"), ("mean", "reading_mean"),
         ("most", "reading_max"), ("a reading that closes a window: fewest", "close_min"),
         ("mean", "close_mean"), ("most", "close_max"),
         ("a reading that an alert fires or ends with: mean", "alert_mean"),
         ("most", "alert_max"), ("a step: mean", "step_mean"), ("most", "step_max")]
LEFT_OUT = [("messages in, not readings alone", "messages"), ("the flash log", "flash"),
            ("coarser results in a full outbox", "coarsening"), ("commands", "commands"),
            ("derived series", "derived")]


def costs_table(content, boards):
    """Of the boards that instructions were counted on."""
    return rows_table("instructions of", COSTS, content,
                      {board: name for board, name in boards.items()
                       if "reading_mean" in content["figures"].get(board, {})}, True)


def left_out_table(content, boards):
    rows = [(f"{title} (`{name}`)", "feature_" + name) for title, name in LEFT_OUT]
    return rows_table("flash that is saved without", rows, content,
                      {board: name for board, name in boards.items()
                       if "feature_flash" in content["figures"].get(board, {})}, True)


def states_table(content):
    sizes = content["figures"]["m3"]
    return "| state, on all of them | bytes |\n|---|---:|\n" + "".join(
        f"| {title} (`{name}`) | {sizes[name]:,} |\n" for title, name in STATES)


def features_table(content, boards):
    columns = [board for board in ("m0plus", "m4f") if board in content["modules"]]
    rows, seen = [], set()
    for title, pattern in FEATURES:
        cells = []
        for board in columns:
            names = {name for name in content["modules"][board] if re.fullmatch(pattern, name)}
            seen |= names
            cells.append(sum(content["modules"][board][name] for name in names))
        rows.append((cells[-1], f"| {title} | " + " | ".join(f"{c:,}" for c in cells) + " |\n"))
    left = sorted(name for name in content["modules"][columns[0]] if name and name not in seen)
    assert not left, f"tools/footprint.d/table.py: no feature has {left}"
    return ("| code and constants of | " + " | ".join(boards[board] for board in columns)
            + " |\n|---|" + "---:|" * len(columns) + "\n"
            + "".join(row for _, row in sorted(rows, reverse=True)))


def replaced(text, block):
    start, rest = text.split(BEGIN, 1)
    return start + BEGIN + block + END + rest.split(END, 1)[1]


def run(root, content, boards, check):
    mean = [("instructions of a reading, mean", "reading_mean")]
    blocks = {"README.md": rows_table("bytes", ROWS + mean, content, boards, False),
              os.path.join("docs", "footprint.md"): "\n".join(
                  [boards_table(content, boards, True), costs_table(content, boards),
                   states_table(content), features_table(content, boards),
                   left_out_table(content, boards)])}
    stale = []
    for name, block in blocks.items():
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        wanted = replaced(text, block)
        if text != wanted and not check:
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(wanted)
        stale += [name] if text != wanted else []
    if check and stale:
        print(f"footprint: {', '.join(stale)}: tools/footprint --table writes other tables")
    return 1 if check and stale else 0
