"""Instructions of readings and steps, counted by QEMU as it executes tests/cost."""

import os
import re
import shutil
import subprocess
import sys

# What is told of each kind: a reading that only counts, one that closes a window, one that makes an
# alert fire or end, a step.
TOLD = {"reading": ("min", "mean", "max"), "close": ("min", "mean", "max"),
        "alert": ("mean", "max"), "step": ("mean", "max")}
# No board of QEMU's has a Cortex-M0+ and room for the core. A Cortex-M3 executes the same
# instructions, all of which it has.
M3_BOARD = ("mps2-an385", "mps2")


def board_of(root, board):
    """QEMU's name of it, and the linker script for its memory."""
    with open(os.path.join(root, "toolchains", "cpu", board.split("-")[0] + ".cmake"),
              encoding="utf-8") as file:
        text = file.read()
    machine = re.search(r'^set\(VN_BOARD "?([\w-]*)"?\)', text, re.M)[1]
    return (machine, re.search(r"^set\(VN_MEMORY (\w+)\)", text, re.M)[1]) if machine else M3_BOARD


def can_run():
    missing = [tool for tool in ("qemu-system-arm", "cc") if shutil.which(tool) is None]
    if missing and os.environ.get("CI"):
        sys.exit(f"footprint: {missing[0]} is missing: run tools/setup cortex")
    if missing:
        print(f"footprint: {missing[0]} is missing: instructions are not counted", file=sys.stderr)
    return not missing


def place(symbols, name):
    """The address of a function; thumb's lowest bit is no part of it."""
    return hex(int(re.search(rf"^(\w+) T {name}$", symbols, re.M)[1], 16) & ~1)


def executed(run, prefix, image, plugin, machine):
    """{kind: (times, fewest, most, sum)}"""
    symbols = run(prefix + "nm", image)
    places = ",".join(f"{kind}={place(symbols, 'cost_begin_' + kind)}"
                      for kind in ("nothing", *TOLD))
    done = subprocess.run(
        ["timeout", "100", "qemu-system-arm", "-M", machine, "-nographic", "-monitor", "none",
         "-serial", "none", "-semihosting-config", "enable=on,target=native", "-plugin",
         f"{plugin},end={place(symbols, 'cost_end')},{places}", "-kernel", image],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    found = {kind: tuple(map(int, numbers.split())) for kind, numbers in re.findall(
        r"^(\w+) (\d+ \d+ \d+ \d+)$", done.stderr, re.M)}
    if done.returncode != 0 or set(found) != {"nothing", *TOLD}:
        sys.exit(f"footprint: tests/cost ended with {done.returncode} on {machine}: {done.stderr}")
    return found


def figures(found):
    """Without what counting itself takes; means are rounded up."""
    own = found["nothing"][1]
    told = {}
    for kind, which in TOLD.items():
        times, fewest, most, total = found[kind]
        numbers = {"min": fewest - own, "mean": -(-total // times) - own, "max": most - own}
        told.update({f"{kind}_{name}": numbers[name] for name in which})
    return told


def measure(run, prefix, root, board, flags, core, folder):
    if not can_run():
        return {}
    machine, memory = board_of(root, board)
    sources, board_port = os.path.join(root, "tests", "cost"), os.path.join(root, "platform",
                                                                           "cortex-m")
    image, plugin = os.path.join(folder, "cost.elf"), os.path.join(folder, "count.so")
    run("cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-shared", "-fPIC",
        os.path.join(root, "tools", "footprint.d", "count.c"), "-o", plugin)
    run(prefix + "gcc", *flags, f"-I{sources}", f"-I{board_port}",
        os.path.join(sources, "cost.c"), os.path.join(sources, "tables", "cost.c"),
        *(os.path.join(board_port, name) for name in ("memory.c", "semihosting.c",
                                                      "semihosting_call.c", "start_up.c")),
        core, "-nostartfiles", "-nodefaultlibs", "-Wl,--gc-sections", f"-L{board_port}",
        f"-T{memory}.ld", "-Wl,--no-warn-rwx-segments", "-lgcc", "-o", image)
    return figures(executed(run, prefix, image, plugin, machine))
