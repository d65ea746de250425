"""Builds the wrong variants of the flash log, one at a time, and sees which test notices each."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from flash_log import TESTS, VARIANTS
from objects import BUILD, ROOT, SOURCES, build_object, compile_commands, link_command

TRAPS = "powerloss/test_powerloss_traps"
TIMEOUT_S = 300


def edited(name, edits):
    """{file: text} of the files that the variant changes."""
    texts = {}
    for file, old, new in edits:
        text = texts.get(file) or (SOURCES / f"{file}.c").read_text()
        if text.count(old) != 1:
            sys.exit(f"tools/mutate: {name}: the text to replace stands {text.count(old)} times in "
                     f"{file}.c; adapt tools/mutate.d/flash_log.py: {old!r}")
        texts[file] = text.replace(old, new)
    return texts


def first_failure(output):
    """The name of the test that was not passed: one that failed, or one that did not end."""
    failed = re.search(r"^\[  FAILED  \] (\w+)$", output, re.M)
    began = re.findall(r"^\[ RUN      \] (\w+)$", output, re.M)
    return failed.group(1) if failed else began[-1] if began else "the program does not start"


def run_test(folder, objects, test, words, pattern):
    """The name of the test that fails with these objects in the place of the originals, or None."""
    program = folder / "program"
    place = next(i for i, word in enumerate(words) if word.endswith(".a"))
    words = [*words[:place], *map(str, objects), "-o", str(program), *words[place:]]
    linked = subprocess.run(words, cwd=BUILD, capture_output=True)
    if linked.returncode != 0:
        sys.exit(f"tools/mutate: cannot link {test}: {linked.stderr.decode()}")
    environment = dict(os.environ, VN_BIN_DIR=str(BUILD / "bin"), VN_SOURCE_DIR=str(ROOT),
                       VN_CUTS="100000")
    try:
        ran = subprocess.run([program, *pattern], cwd=folder, capture_output=True, text=True,
                             timeout=TIMEOUT_S, env=environment)
    except subprocess.TimeoutExpired as late:
        return first_failure((late.stdout or b"").decode()) + " (does not end)"
    return None if ran.returncode == 0 else first_failure(ran.stdout + ran.stderr)


def judge(task):
    """Who notices the variant, or None."""
    (name, trap, _, edits), commands, links = task
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        objects = []
        for file, text in edited(name, edits).items():
            copy, target = folder / f"{file}.c", folder / f"{file}.o"
            copy.write_text(text)
            if not build_object(commands[str(SOURCES / f"{file}.c")], copy, target):
                sys.exit(f"tools/mutate: {name}: {file}.c does not compile")
            objects.append(target)
        pattern = [f"{trap}_*"] if trap else []
        for test in [TRAPS] if trap else TESTS:
            who = run_test(folder, objects, test, links[test], pattern)
            if who is not None:
                return who
        return None


def run(arguments):
    """All variants, or those that are named; 0 if enough of them are noticed."""
    picked = [variant for variant in VARIANTS
              if not arguments.modules or variant[0] in arguments.modules]
    unknown = set(arguments.modules) - {variant[0] for variant in VARIANTS}
    if unknown:
        sys.exit(f"tools/mutate: no variant {unknown.pop()}; they stand in "
                 "tools/mutate.d/flash_log.py")
    commands, links = compile_commands(), {test: link_command(test) for test in TESTS}
    needed = {TRAPS} | (set() if all(variant[1] for variant in picked) else set(TESTS))
    for test in sorted(needed):
        if subprocess.run([BUILD / "tests" / test], capture_output=True).returncode != 0:
            sys.exit(f"tools/mutate: {test} fails without any variant: mend that first")
    verdicts = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [(variant, commands, links) for variant in picked]
        for variant, who in zip(picked, pool.map(judge, tasks)):
            verdicts.append((variant, who))
            print(f"{variant[0]:32} {'noticed: ' + who if who else 'NOT NOTICED'}", flush=True)
    found = sum(1 for _, who in verdicts if who)
    score = 100 * found / max(len(verdicts), 1)
    print(f"{found} of {len(verdicts)} noticed: {score:.1f} %")
    return 0 if score >= arguments.check else 1
