"""The deepest stack of a linked image for Arm, from its own instructions.

A frame is what its function pushes and takes off the stack pointer; calls are the branches to other
functions. Calls through pointers are known by the line they come from (debug information, also of
what was inlined) and by a table of what can be behind them. Recursion has no deepest stack, nor has
a call that the table doesn't know: both are errors.
"""

import os
import re
import subprocess

FUNCTION = re.compile(r"^([0-9a-f]{8}) <(.+)>:$")
LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S+)(?:\t(.*))?$")
BRANCH = re.compile(r"^(bl?x?|b[a-z]{2})(?:\.[nw])?$")
BRANCH_TARGET = re.compile(r"^(?:r\d+, )?([0-9a-f]+) <([^>+]+)(\+0x[0-9a-f]+)?>")
PORT = "port"


class Problem(Exception):
    """What keeps the depth from being known."""


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def count_of(registers):
    """How many registers a list such as {r0, r4-r7, lr} has."""
    total = 0
    for part in registers.strip("{} ").split(","):
        ends = re.findall(r"\d+", part)
        total += int(ends[1]) - int(ends[0]) + 1 if len(ends) == 2 else 1
    return total


def pushed(name, operands, constants):
    """Bytes that an instruction takes of the stack."""
    name = re.sub(r"\.[nw]$", "", name)
    if name in ("push", "vpush") or name in ("stmdb", "vstmdb") and operands.startswith("sp!"):
        registers = operands[operands.index("{"):]
        return count_of(registers) * (8 if "d" in registers and name.startswith("v") else 4)
    found = re.match(r"sp, (?:sp, )?#(\d+)", operands)
    if name in ("sub", "subw") and found:
        return int(found[1])
    found = re.match(r"sp, (?:sp, )?(r\d+|ip)", operands)
    if name in ("sub", "add") and found:
        constant = constants.get(found[1])
        if constant is None:
            raise Problem(f"the stack pointer moves by an unknown amount: {name} {operands}")
        signed = constant - (1 << 32) if constant >> 31 else constant
        return max(0, -signed if name == "add" else signed)
    if name == "mov" and re.match(r"sp, (?!r7)", operands):
        raise Problem(f"the stack pointer moves by an unknown amount: {name} {operands}")
    found = re.search(r"\[sp, #-(\d+)\]!", operands)
    return int(found[1]) if found and name.startswith("str") else 0


class Function:
    def __init__(self, name, address):
        self.name, self.address, self.place = name, address, name
        self.frame, self.calls, self.indirect = 0, set(), []


def words_of(lines):
    """Constants that lie among the code: {address: value}."""
    words = {}
    for line in lines:
        found = re.match(r"^\s*([0-9a-f]+):\t(?:[0-9a-f ]+\t)?\.word\t0x([0-9a-f]+)", line)
        if found:
            words[int(found[1], 16)] = int(found[2], 16)
    return words


def note_constant(name, operands, words, constants):
    found = re.match(r"(r\d+|ip), \[pc, #-?\d+\].*?([0-9a-f]+) <", operands)
    if name.startswith("ldr") and found:
        constants[found[1]] = words.get(int(found[2], 16))
        return
    found = re.match(r"(r\d+|ip), #(\d+)", operands)
    if name in ("mov", "movs", "movw", "mov.w") and found:
        constants[found[1]] = int(found[2])
        return
    found = re.match(r"(r\d+|ip), (?:\1, )?#(\d+)$", operands)
    if name in ("lsls", "lsl") and found and constants.get(found[1]) is not None:
        constants[found[1]] <<= int(found[2])


def note_branch(function, address, name, operands, popped):
    plain = re.sub(r"\.[nw]$", "", name)
    target = BRANCH_TARGET.match(operands)
    if target and (BRANCH.match(plain) or plain in ("cbz", "cbnz")):
        if not target[3] and (target[2] != function.name or plain == "bl"):
            function.calls.add(int(target[1], 16))
    elif plain in ("blx", "bx") and re.match(r"(r\d+|ip)$", operands) and operands not in popped:
        function.indirect.append(address)


def read(objdump, image):
    """{address: Function} of everything in the image."""
    words = words_of(run(objdump, "-d", image).splitlines())
    functions, current, popped, constants = {}, None, set(), {}
    for line in run(objdump, "-d", "--no-show-raw-insn", image).splitlines():
        start = FUNCTION.match(line)
        if start:
            current = Function(start[2], int(start[1], 16))
            functions[current.address] = current
            popped, constants = set(), {}
            continue
        found = LINE.match(line)
        if not found or current is None:
            continue
        name, operands = found[2], re.sub(r"\s*[;@].*", "", found[3] or "")
        current.frame += pushed(name, operands, constants)
        note_constant(name, found[3] or "", words, constants)
        if name.startswith("pop"):
            popped |= set(re.findall(r"r\d+|ip", operands))
        note_branch(current, int(found[1], 16), name, operands, popped)
    return functions


def places(addr2line, image, addresses):
    """{address: "file.c:function"}: the innermost one, where functions were inlined."""
    if not addresses:
        return {}
    asked = "".join(f"{address:#x}\n" for address in addresses)
    text = run(addr2line, "-f", "-i", "-a", "-e", image, input=asked).splitlines()
    found = {}
    for number, line in enumerate(text):
        if line.startswith("0x"):
            file = os.path.basename(text[number + 2].split(":")[0])
            found[int(line, 16)] = f"{file}:{text[number + 1]}"
    return found


def table(file):
    """{caller: [callee]} as the file says."""
    known = {}
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                caller, callees = line.split(" -> ")
                known[caller] = callees.split()
    return known


def resolve(functions, known, at):
    """Puts what can be behind pointers among the calls."""
    by_place = {}
    for function in functions.values():
        by_place.setdefault(re.sub(r"\.(isra|part|constprop|cold).*", "", function.place),
                            []).append(function.address)
    for function in functions.values():
        for address in function.indirect:
            if at[address] not in known:
                raise Problem(f"{function.place}: a call through a pointer at {at[address]}, "
                              "which tests/size/calls.txt doesn't have")
            for callee in known[at[address]]:
                function.calls.update(by_place.get(callee, ()))


def deepest(functions, address, depths, above):
    """(bytes, [function]) from here down."""
    if address in depths:
        return depths[address]
    if address in above:
        names = [functions[one].place for one in above[above.index(address):]]
        raise Problem("recursion: " + " -> ".join(names + [functions[address].place]))
    below = (0, [])
    for callee in sorted(functions[address].calls):
        if callee in functions:
            below = max(below, deepest(functions, callee, depths, above + [address]),
                        key=lambda one: one[0])
    function = functions[address]
    depths[address] = (function.frame + below[0], [function] + below[1])
    return depths[address]


def measure(prefix, image, calls, entries):
    """{entry: (bytes, [(function, bytes of its frame)])} from these functions of the image down."""
    functions = read(prefix + "objdump", image)
    asked = list(functions) + [site for one in functions.values() for site in one.indirect]
    at = places(prefix + "addr2line", image, asked)
    for function in functions.values():
        file = at.get(function.address, "??:").split(":")[0]
        function.place = function.name if file == "??" else f"{file}:{function.name}"
    resolve(functions, table(calls), at)
    depths, found = {}, {}
    for entry in entries:
        starts = [one.address for one in functions.values() if one.name == entry]
        if len(starts) != 1:
            raise Problem(f"the image has {len(starts)} functions called {entry}")
        depth, path = deepest(functions, starts[0], depths, [])
        found[entry] = (depth, [(function.place, function.frame) for function in path])
    return found
