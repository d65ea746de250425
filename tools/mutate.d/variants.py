"""Builds the wrong variants made by hand, one at a time, and sees which test notices each."""

import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading

import engine
import flash_log
from objects import BUILD, ROOT, SOURCES, build_object, compile_commands, link_command

GROUPS = {"flash-log": flash_log, "engine": engine}
DOCUMENT = ROOT / "docs/testing.md"
TRAPS = "powerloss/test_powerloss_traps"
CPU_S, WALL_S = 60, 900


def edited(name, edits):
    """{file: text} of the files that the variant changes; ValueError: the code has moved on."""
    texts = {}
    for file, old, new in edits:
        text = texts.get(file) or (SOURCES / f"{file}.c").read_text()
        if text.count(old) != 1:
            raise ValueError(f"{name}: the text to replace stands {text.count(old)} times in "
                             f"{file}.c; adapt tools/mutate.d: {old!r}")
        texts[file] = text.replace(old, new)
    return texts


def check_texts(variants, picked):
    """Tells of variants that the code has moved away from; the picked ones have to fit."""
    for variant in variants:
        try:
            edited(variant[0], variant[3])
        except ValueError as error:
            if variant in picked:
                sys.exit(f"tools/mutate: {error}")
            print(f"tools/mutate: {error}", file=sys.stderr)


def failure_of(program, folder, pattern):
    """The name of the first test that fails or does not end, or None."""
    environment = dict(os.environ, VN_BIN_DIR=str(BUILD / "bin"), VN_SOURCE_DIR=str(ROOT),
                       VN_CUTS="100000")
    output = folder / "output"
    with output.open("w") as stdout:
        command = ["prlimit", f"--cpu={CPU_S}", "stdbuf", "-oL", program, *pattern]
        ran = subprocess.Popen(command, cwd=folder, env=environment, stdout=stdout,
                               stderr=subprocess.PIPE, text=True, errors="replace")
    late = threading.Timer(WALL_S, ran.kill)
    late.start()
    failed = None
    for line in ran.stderr:
        failed = re.match(r"\[  FAILED  \] (\w+)$", line)
        if failed:
            ran.kill()
            break
    late.cancel()
    if ran.wait() == 0:
        return None
    ended = failed or ran.returncode not in (-signal.SIGKILL, -signal.SIGXCPU)
    began = re.findall(r"^\[ RUN      \] (\w+)$", output.read_text(errors="replace"), re.M)
    who = failed.group(1) if failed else began[-1] if began else "the program does not start"
    return who if ended else who + " (does not end)"


def link(folder, objects, test):
    program, words = folder / "program", link_command(test)
    place = next(i for i, word in enumerate(words) if word.endswith(".a"))
    words = [*words[:place], *map(str, objects), "-o", str(program), *words[place:]]
    linked = subprocess.run(words, cwd=BUILD, capture_output=True)
    if linked.returncode != 0:
        sys.exit(f"tools/mutate: cannot link {test}: {linked.stderr.decode()}")
    return program


def judge(task):
    """(program, test) that notices the variant, or None."""
    (name, _, _, edits), tests, commands = task
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        objects = []
        for file, text in edited(name, edits).items():
            copy, target = folder / f"{file}.c", folder / f"{file}.o"
            copy.write_text(text)
            if not build_object(commands[str(SOURCES / f"{file}.c")], copy, target):
                sys.exit(f"tools/mutate: {name}: {file}.c does not compile")
            objects.append(target)
        pattern = [f"{task[0][1]}_*"] if tests == [TRAPS] else []
        for test in tests:
            who = failure_of(link(folder, objects, test), folder, pattern)
            if who is not None:
                return test, who
        return None


def marks(group):
    return f"<!-- {group}: begin -->\n", f"<!-- {group}: end -->\n"


def rows_of(group):
    """{variant: its row} of the document's table."""
    begin, end = marks(group)
    text = DOCUMENT.read_text()
    rows = re.findall(r"^\| `\w+` \|.*\n", text[text.index(begin):text.index(end)], re.M)
    return {row.split("`")[1]: row for row in rows}


def asked(variant, tests, rows):
    """The tests that may notice the variant; the one that did so before comes first."""
    name, owner, _, _ = variant
    if owner:
        return [owner if "/" in owner else TRAPS]
    return sorted(tests, key=lambda test: f"`{test.replace('/test_', '.')}`" not in
                  rows.get(name, ""))


def write_table(group, verdicts):
    """A row a variant: what is wrong, and who notices. What was not run keeps its row."""
    rows = rows_of(group)
    for (name, _, wrong, _), noticed in verdicts:
        who = "nobody"
        if noticed:
            who = f"`{noticed[0].replace('/test_', '.')}`: {noticed[1]}"
        rows[name] = f"| `{name}` | {wrong} | {who} |\n"
    kept = [rows[variant[0]] for variant in GROUPS[group].VARIANTS if variant[0] in rows]
    found = sum(1 for row in kept if not row.endswith("| nobody |\n"))
    lines = [f"`tools/mutate --{group} --markdown`: {found} of {len(kept)} are noticed.\n", "\n",
             "| variant | what is wrong | the test that notices |\n", "|---|---|---|\n", *kept]
    text = DOCUMENT.read_text()
    begin, end = marks(group)
    DOCUMENT.write_text(text[:text.index(begin) + len(begin)] + "".join(lines) +
                        text[text.index(end):])


def check_original(verdicts):
    """What notices a variant has to pass without one."""
    for test in sorted({noticed[0] for _, noticed in verdicts if noticed}):
        with tempfile.TemporaryDirectory() as place:
            who = failure_of(BUILD / "tests" / test, pathlib.Path(place), [])
        if who:
            sys.exit(f"tools/mutate: {test}: {who} fails without any variant: mend that first")


def run(group, arguments):
    """All variants, or those that are named; 0 if enough of them are noticed."""
    variants, tests, rows = GROUPS[group].VARIANTS, GROUPS[group].TESTS, rows_of(group)
    picked = [variant for variant in variants
              if not arguments.modules or variant[0] in arguments.modules]
    unknown = set(arguments.modules) - {variant[0] for variant in variants}
    if unknown:
        sys.exit(f"tools/mutate: no variant {unknown.pop()} in tools/mutate.d/{group}")
    if not arguments.markdown and rows.keys() != {variant[0] for variant in variants}:
        sys.exit(f"tools/mutate: the table of {group} in docs/testing.md lists other variants: "
                 f"tools/mutate --{group} --markdown writes it")
    check_texts(variants, picked)
    commands = compile_commands()
    tasks = [(variant, asked(variant, tests, rows), commands) for variant in picked]
    verdicts = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for variant, noticed in zip(picked, pool.map(judge, tasks)):
            verdicts.append((variant, noticed))
            who = f"noticed: {noticed[0]}: {noticed[1]}" if noticed else "NOT NOTICED"
            print(f"{variant[0]:32} {who}", flush=True)
    check_original(verdicts)
    if arguments.markdown:
        write_table(group, verdicts)
    found = sum(1 for _, noticed in verdicts if noticed)
    score = 100 * found / max(len(verdicts), 1)
    print(f"{found} of {len(verdicts)} noticed: {score:.1f} %")
    return 0 if score >= arguments.check else 1
