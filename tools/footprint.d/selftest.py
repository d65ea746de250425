"""Feeds the stack script and the comparison what they must find."""

import os
import shutil
import subprocess
import sys
import tempfile

PREFIX = "arm-none-eabi-"
BASE = """
volatile char *out;
__attribute__((noinline)) static int leaf(int x) {
  volatile char room[200]; out = room; room[x] = 1; return room[0]; }
__attribute__((noinline)) static int small(int x) { return x + *out; }
"""
CASES = [
    ("a chain", "int main(void) { return leaf(3); }", "", 200, None),
    ("the deeper of two", "int main(void) { return small(1) + leaf(2) + small(3); }", "", 200,
     None),
    ("recursion", "__attribute__((noinline)) static int deep(int x) { volatile int y = x;\n"
     " return x == 0 ? 0 : deep(x - 1) + y; }\nint main(void) { return deep(*out); }", "", 0,
     "recursion: x.c:deep -> x.c:deep"),
    ("recursion of two", "int even(int x); __attribute__((noinline)) int odd(int x) {\n"
     " return x == 0 ? 0 : even(x - 1) + *out; }\n__attribute__((noinline)) int even(int x) {\n"
     " return x == 0 ? 1 : odd(x - 1) + *out; }\nint main(void) { return even(*out); }", "", 0,
     "recursion"),
    ("an unknown pointer", "int (*volatile hook)(int) = leaf;\nint main(void) {\n"
     " return hook(1) + *out; }", "", 0, "a call through a pointer at x.c:main"),
    ("a known pointer", "int (*volatile hook)(int) = leaf;\nint main(void) {\n"
     " return hook(1) + *out; }", "x.c:main -> x.c:leaf\n", 200, None),
    ("a frame that has no constant", "int main(void) { volatile char room[*out + 1];\n"
     " out = room; return room[0]; }", "", 0, "by an unknown amount"),
    ("a large frame", "int main(void) { volatile char room[5000]; out = room; return room[9]; }",
     "", 5000, None),
]


def measured(stack, folder, source, table, cpu):
    file, image = os.path.join(folder, "x.c"), os.path.join(folder, "x.elf")
    calls = os.path.join(folder, "calls.txt")
    for name, text in ((file, BASE + source + "\nvoid _start(void) { main(); }\n"), (calls, table)):
        with open(name, "w", encoding="utf-8") as out:
            out.write(text)
    subprocess.run([PREFIX + "gcc", "-Os", "-g", "-mthumb", f"-mcpu={cpu}", "-ffreestanding",
                    "-nostdlib", "-Wl,--no-warn-rwx-segments", file, "-lgcc", "-o", image],
                   check=True, capture_output=True)
    return stack.measure(PREFIX, image, calls, ["main"])["main"][0]


def case_fails(stack, case, cpu):
    name, source, table, least, reason = case
    with tempfile.TemporaryDirectory() as folder:
        try:
            depth = measured(stack, folder, source, table, cpu)
            right = reason is None and least <= depth <= least + 64
            told = f"{depth} bytes"
        except stack.Problem as problem:
            right = reason is not None and reason in str(problem)
            told = str(problem)
    if not right:
        print(f"self-test: {cpu}: {name}: {told}")
    return not right


def run(stack, compare):
    if shutil.which(PREFIX + "gcc") is None:
        print("footprint: no arm-none-eabi-gcc: tools/setup cortex")
        return 1 if os.environ.get("CI") == "true" else 77
    failed = sum(case_fails(stack, case, cpu) for case in CASES for cpu in ("cortex-m0plus",
                                                                            "cortex-m4"))
    sys.stdout.flush()
    for value, most, expected in ((7, 7, []), (8, 7, ["b: text: 8, at most 7"])):
        failed += compare("b", {"text": value}, {}, {"text": most}) != expected
    print(f"footprint: self-test: {2 * len(CASES) + 2} cases, {failed} failed")
    return 1 if failed else 0
