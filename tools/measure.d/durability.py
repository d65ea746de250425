"""What durability costs: messages, commits, starts, flash; beside the figures of littlefs."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile

import common
import latency
import transport

TITLE = "Durability"
EXPLANATION = """
`build/release/bin/vnotch-bench store CASE FILE COUNT`: the engine and the file of the state, no
broker; a region of 32 MiB, sectors of 64 KiB, units of 512 bytes; a sliding window of 6 panes, an
alert and a sample of 8 per series, `deduplicate: 8`; results are taken at once. Bytes are those
programmed: erasing writes each sector of a file once more. Messages: 100 series, a message a
second of each, a commit every 10 s; time on the clock, syncs included. Instructions: `valgrind
--tool=callgrind`, the difference of two runs, without the kernel's. Commits: 50 of 1,000 series
have changed. A start: what a hard stop left, until all is as it was; its pages are thrown out of
the cache before. Through a broker: as above, with QoS 1, and a region of 8 MiB.

The log alone, in memory: 1,000 records of 300 bytes; sectors erased and bytes programmed per
commit once the ring has turned some times. *Hot*: only a tenth of the records ever changes.
*littlefs*: version 2.11 on its emulated block device with the same pattern in its files, measured
once and not by this tool. Write amplification: bytes programmed for each that is new; *fill*: live
bytes by bytes of the region.
"""
SHAPES = {"single": ("single JSON readings", 1), "pack": ("JSON arrays of 100", 100)}
MODES = ("volatile", "checkpoint", "journal")
FEW, MANY = 1000, 3000
COMMITS = 50
BROKER_SINGLES, BROKER_PACKS = 20000, 10000

GEOMETRIES = {"2M_4K_16": "2 MiB, sectors of 4 KiB, units of 16 B",
              "4M_4K_16": "4 MiB, sectors of 4 KiB, units of 16 B",
              "4M_4K_512": "4 MiB, sectors of 4 KiB, units of 512 B",
              "1M_2K_8": "1 MiB, sectors of 2 KiB, units of 8 B",
              "2M_128K_16": "2 MiB, sectors of 128 KiB, units of 16 B"}
# Erases and bytes of littlefs for the same work, geometry by geometry.
PATTERNS = {
    "all": ("all 1,000 records", {"2M_4K_16": "74.0 / 294 KB", "4M_4K_512": "74.7 / 296 KB",
                                  "1M_2K_8": "148 / 294 KB", "2M_128K_16": "3.0 / 293 KB"}),
    "random": ("50 random records", {"2M_4K_16": "1,751 / 6.9 MB", "4M_4K_512": "1,751 / 6.9 MB",
                                     "1M_2K_8": "3,473 / 6.9 MB", "2M_128K_16": "107 / 9.5 MB"}),
    "tail": ("the last 50 records", {"2M_4K_16": "36.6 / 117 KB", "4M_4K_512": "36.7 / 123 KB",
                                     "1M_2K_8": "64 / 105 KB", "2M_128K_16": "12 / 445 KB"}),
    "append": ("50 records in turn, as a log", {
        "2M_4K_16": "6.15 / 22 KB", "4M_4K_512": "5.41 / 20 KB", "1M_2K_8": "19.7 / 38 KB",
        "2M_128K_16": "4.0 / 345 KB"}),
    "outbox": ("an output of 200 B, 32 kept", {
        "2M_4K_16": "1.05 / 2.2 KB", "4M_4K_512": "1.17 / 2.9 KB", "1M_2K_8": "1.11 / 1.2 KB",
        "2M_128K_16": "1.0 / 63 KB"}),
}
# Of the design, by the kilobytes of the region.
FILL_BOUNDS = {"uniform": {4096: "<= 1.02", 1252: "<= 1.30", 1024: "<= 1.30", 920: "<= 1.30"},
               "hot": {4096: "<= 1.18", 1252: "<= 1.94", 1024: "<= 1.94", 920: "<= 1.94"}}


def program():
    return os.path.join(common.BIN_DIR, "vnotch-bench")


def places():
    """(how it is called, a folder): the state lies there."""
    memory = [("in `/dev/shm`", "/dev/shm")] if os.path.isdir("/dev/shm") else []
    return [("on the disk", os.path.join(common.SOURCE_DIR, "build")), *memory]


@contextlib.contextmanager
def state_file(parent):
    with tempfile.TemporaryDirectory(prefix="vnotch-measure-", dir=parent) as folder:
        yield os.path.join(folder, "state.flash")


def run_case(name, parent=None, count=None, before=()):
    """The case's figures, and what the command in front of it said."""
    with state_file(parent) as path:
        command = [*before, program(), "store", name, path]
        done = subprocess.run(command + ([str(count)] if count else []), capture_output=True,
                              text=True, check=True)
        return json.loads(done.stdout), done.stderr


def executed(name, count, options=()):
    """In memory where that can be: the kernel's part isn't counted anyway."""
    before = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *options]
    return int(re.search(r"Collected : (\d+)",
                         run_case(name, places()[-1][1], count, before)[1])[1])


def instructions(name):
    if shutil.which("valgrind") is None:
        return None
    return (executed(name, MANY) - executed(name, FEW)) / (MANY - FEW)


def commit_instructions(name):
    if shutil.which("valgrind") is None:
        return None
    only = ["--toggle-collect=vn_checkpoint"]
    return (executed(name, 2 * COMMITS, only) - executed(name, COMMITS, only)) / COMMITS


def counted(number):
    return "" if number is None else f", {number:,.0f} instructions"


def message_rows(shape, runs):
    what, rows = SHAPES[shape][0], []
    for mode in MODES:
        name = f"{shape}_{mode}"
        cost = counted(instructions(name))
        for where, parent in places()[:1 if mode == "volatile" else None]:
            best = min((run_case(name, parent)[0] for _ in range(runs)), key=lambda one: one["us"])
            text = f"{best['us']:.1f} us, {best['cpu_us']:.1f} us of CPU{cost}"
            if mode == "volatile":
                rows.append((f"{what}, `{mode}`", text, ""))
                continue
            rows.append((f"{what}, `{mode}`, state {where}",
                         f"{text}, {best['bytes']:,.0f} B of flash, {best['syncs']:.3f} syncs per "
                         f"message of {best['payload_bytes']:,} B", ""))
    return rows


def commit_rows(runs):
    rows = []
    for mode in MODES[1:]:
        name = f"commit_{mode}"
        cost = counted(commit_instructions(name))
        for where, parent in places():
            best = min((run_case(name, parent)[0] for _ in range(runs)), key=lambda one: one["us"])
            rows.append((f"a commit, `{mode}`, state {where}",
                         f"{best['us']:,.0f} us{cost}, {best['bytes']:,.0f} B, "
                         f"{best['erases']:.2f} erases", ""))
    return rows


def sync_rows():
    return [(f"a sync, 1 KiB {where}", latency.figures(latency.syncs(parent)), "")
            for where, parent in places()]


def recovery_rows():
    rows = []
    for mode in MODES[1:]:
        for where, parent in places():
            one = run_case(f"recovery_{mode}", parent)[0]
            behind = f" and {one['messages']} messages" if one["messages"] else ""
            rows.append((f"a start, `{mode}`, state {where}",
                         f"{one['ms']:.1f} ms for {one['series']:,} series, "
                         f"{one['state_bytes'] / 1000:.0f} kB{behind}", "<= 1 s"))
    return rows


def broker_rows(runs):
    rows = []
    cases = [(transport.CASES[0], BROKER_SINGLES), (transport.CASES[1], BROKER_PACKS)]
    for (what, make, per_message, _, _), count in cases:
        chunks = transport.chunks_of(make, count, 1)
        for where, parent in places():
            def run(parent=parent):
                with state_file(parent) as path:
                    state = f'state: {{{{file: "{path}", durability: journal}}}}'
                    return transport.run_daemon(chunks, count * per_message,
                                                transport.configuration(1, state, 8), 1)
            seconds, cpu = min(run() for _ in range(runs))
            rows.append((f"through a broker, {what}, `journal`, state {where}",
                         f"{count / seconds:,.0f} messages/s, {count * per_message / seconds:,.0f} "
                         f"readings/s, {cpu / count:.0f} us of CPU per message", ""))
    return rows


def kilobytes(number):
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.2f} KB"


def pattern_rows():
    rows = []
    for pattern, (what, theirs) in PATTERNS.items():
        geometries = list(theirs) + (["4M_4K_16"] if pattern == "random" else [])
        for geometry in geometries:
            one = run_ring(f"{pattern}_{geometry}")
            measured = "refused: the region is too small" if "refused" in one else (
                f"{one['erases_per_commit']:.2f} erases, {kilobytes(one['bytes_per_commit'])}")
            bound = (f"littlefs {theirs[geometry]}" if geometry in theirs
                     else "design 4.07 / 15.7 KB")
            rows.append((f"{what}: {GEOMETRIES[geometry]}", measured, bound))
    return rows


def run_ring(name):
    done = subprocess.run([program(), "store", name], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def fill_rows():
    listed = subprocess.run([program(), "store", "--list"], capture_output=True, text=True,
                            check=True).stdout.split()
    rows = []
    for name in (name for name in listed if name.startswith("fill_")):
        one, (kind, dirty, size) = run_ring(name), name.split("_")[1:]
        region_kib = int(size.removesuffix("K"))
        measured = "refused" if "refused" in one else (
            f"write amplification {one['amplification']:.2f} at fill {one['fill']:.2f}")
        rows.append((f"{dirty} {'random' if kind == 'uniform' else kind} records, "
                     f"{region_kib:,} KiB, sectors of 4 KiB", measured,
                     FILL_BOUNDS[kind].get(region_kib, "")))
    return rows


def measure(runs):
    return [*sync_rows(), *(row for shape in SHAPES for row in message_rows(shape, runs)),
            *commit_rows(runs), *recovery_rows(), *broker_rows(runs), *pattern_rows(),
            *fill_rows()]
