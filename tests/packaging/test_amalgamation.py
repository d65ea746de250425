"""vnotch.c and vnotch.h: they compile alone, and do what the library does, byte for byte."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

BIN = os.environ["VN_BIN_DIR"]
BUILD = os.environ["VN_BUILD_DIR"]
SOURCE = os.environ["VN_SOURCE_DIR"]
TEMPLATE = os.path.join(SOURCE, "platform", "template")
NODE = [os.path.join(TEMPLATE, "node.c"),
        os.path.join(SOURCE, "tests", "packaging", "node", "board.c")]
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror",
          "-ffp-contract=off"]
SENSORS, MINUTES, EVERY_MS = 8, 20, 2500  # as the board says


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{result.stdout.decode()}"
                             f"{result.stderr.decode()}")
    return result.stdout


def libraries(core):
    """The core, and the sanitizers that the tested build has."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        flags = [line.split("=", 1)[1] for line in cache if line.startswith("CMAKE_C_FLAGS:")]
    return [core] + [flag for flag in flags[0].split() if flag.startswith("-fsanitize")]


REFUSED = """
#include "vnotch.h"
#include <stdio.h>
int main(void) {
  vn_plan_t plans[] = {{.queue_bytes = 64}, {.input_count = 1}, {.commands = true},
                       {.coarsen_count = 1}, {.derivation_count = 1},
                       {.durability = VN_DURABILITY_CHECKPOINT}, {.device = NULL}};
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
    vn_plan_problem_t problem;
    printf("%s\\n", vn_plan_check(&plans[i], &problem) == VN_ERR_PLAN ? problem.text : "?");
  }
  return 0;
}
"""


def features():
    with open(os.path.join(SOURCE, "firmware-agnostic-core", "features.txt"),
              encoding="utf-8") as file:
        return dict(line.strip().split(" ", 1) for line in file if not line.startswith("#"))


class Amalgamation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        run(os.path.join(SOURCE, "tools", "amalgamate"), cls.folder)
        cls.source = os.path.join(cls.folder, "vnotch.c")
        cls.object = os.path.join(cls.folder, "vnotch.o")
        run("gcc", *STRICT, "-c", cls.source, "-o", cls.object)
        # The node's board includes "vn/vn.h".
        os.mkdir(os.path.join(cls.folder, "vn"))
        with open(os.path.join(cls.folder, "vn", "vn.h"), "w", encoding="utf-8") as header:
            header.write('#include "../vnotch.h"\n')

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def node(self, compiler, include, *objects):
        program = os.path.join(self.folder, "node")
        run(compiler, *STRICT, f"-I{include}", f"-I{TEMPLATE}", *NODE, *objects, "-o",
            program)
        return run(program)

    def test_clang_has_nothing_to_say(self):
        run("clang", *STRICT, "-fsyntax-only", self.source)

    def test_bare_metal_has_nothing_to_say_and_no_data_of_its_own(self):
        compiler = "arm-none-eabi-gcc"
        headers = run(compiler, "-print-file-name=include").decode().strip()
        target = os.path.join(self.folder, "arm.o")
        run(compiler, *STRICT, "-mcpu=cortex-m0plus", "-mthumb", "-ffreestanding",
            "-nostdinc", "-isystem", headers, "-isystem",
            os.path.join(SOURCE, "toolchains", "freestanding"), "-c", self.source, "-o", target)
        _, data, bss = run("arm-none-eabi-size", target).decode().splitlines()[1].split()[:3]
        self.assertEqual((data, bss), ("0", "0"))

    def test_the_header_may_be_included_twice_and_comes_alone(self):
        run("gcc", *STRICT, "-I", self.folder, "-fsyntax-only", "-x", "c", "-",
            input=b'#include "vnotch.h"\n#include "vnotch.h"\n')

    def test_it_exports_what_the_library_exports(self):
        def exported(file):
            lines = run("nm", "-g", "--defined-only", file).decode().splitlines()
            return {line.split()[2] for line in lines if len(line.split()) == 3}

        library = exported(os.path.join(BUILD, "tests", "lib", "libvnotch-core-builtin.a"))
        self.assertEqual({name for name in exported(self.object) if name.startswith("vn_")},
                         {name for name in library if name.startswith("vn_")})

    def test_making_it_again_gives_the_same_bytes(self):
        again = os.path.join(self.folder, "again")
        run(os.path.join(SOURCE, "tools", "amalgamate"), again)
        for name in ("vnotch.c", "vnotch.h"):
            with open(os.path.join(self.folder, name), "rb") as one, \
                    open(os.path.join(again, name), "rb") as other:
                self.assertEqual(one.read(), other.read())

    def test_a_node_sends_the_same_bytes_with_it_and_with_the_library(self):
        by_file = self.node("gcc", self.folder, self.object)
        include = os.path.join(SOURCE, "firmware-agnostic-core", "include")
        compiler = "clang" if libraries("")[1:] else "gcc"
        library = os.path.join(BUILD, "tests", "lib", "libvnotch-core-builtin.a")
        self.assertEqual(by_file, self.node(compiler, include, *libraries(library)))
        self.check(by_file.decode().splitlines())

    def test_a_node_sends_the_same_bytes_without_what_it_has_no_use_for(self):
        small = os.path.join(self.folder, "small")
        run(os.path.join(SOURCE, "tools", "amalgamate"), "--without", ",".join(features()), small)
        target = os.path.join(small, "vnotch.o")
        run("gcc", *STRICT, "-c", os.path.join(small, "vnotch.c"), "-o", target)
        self.assertLess(os.path.getsize(target), 0.9 * os.path.getsize(self.object))
        self.assertEqual(self.node("gcc", self.folder, target),
                         self.node("gcc", self.folder, self.object))
        self.check_refusals(small, target)

    def check_refusals(self, include, target):
        """A plan that needs what was left out is told so."""
        source, program = (os.path.join(include, name) for name in ("refused.c", "refused"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(REFUSED)
        run("gcc", *STRICT, f"-I{include}", source, target, "-o", program)
        *told, other = run(program).decode().splitlines()
        self.assertEqual([text.split(": this core is built without")[0] for text in told],
                         ["inputs or their queue", "inputs or their queue", "commands",
                          "lengths to coarsen to", "derived series", "durability"])
        self.assertNotIn("built without", other)

    def test_each_feature_can_be_left_out_alone(self):
        """What stands in for it has all that the rest calls of it."""
        library = os.path.join(BUILD, "tests", "lib", "libvnotch-core-builtin.a")
        needs, has, member = {}, {}, ""
        for line in run("nm", "-g", library).decode().splitlines():
            parts = line.split()
            if line.endswith(":"):
                member = re.sub(r"\.c\.o:$", "", line)
            elif len(parts) == 2:
                needs.setdefault(member, set()).add(parts[1])
            elif len(parts) == 3:
                has.setdefault(member, set()).add(parts[2])
        for name, files in features().items():
            gone = {member for member in has if re.fullmatch(files, member)}
            self.assertTrue(gone, name)
            given = set().union(*(has[member] for member in gone))
            asked = set().union(*(needs.get(member, set()) for member in set(has) - gone)) & given
            path = os.path.join(SOURCE, "firmware-agnostic-core", "src", "without",
                                f"without_{name}.c")
            with open(path, encoding="utf-8") as file:
                instead = set(re.findall(r"^[a-z].*?\b(vn_\w+)(?:\(| = )", file.read(), re.M))
            self.assertEqual(instead, asked, name)

    def test_the_firmware_block_of_the_readme_is_the_node(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as readme, \
                open(NODE[0], encoding="utf-8") as node:
            text = node.read()
            self.assertIn(f"```c\n{text}```\n", readme.read())
            self.assertLessEqual(len(text.splitlines()), 60)

    def check(self, lines):
        """Each minute of each sensor has its mean; the one that got hot has an alert."""
        messages = [line.split(" ") for line in lines]
        summaries = b"".join(bytes.fromhex(payload) for topic, payload in messages
                             if topic == "summary")
        decoded = run(os.path.join(BIN, "vnotch"), "decode", "-", input=summaries)
        results = [json.loads(line) for line in decoded.splitlines()]
        self.assertEqual(len(results), SENSORS * MINUTES)
        for minute, first_ms in enumerate((0, 60000)):
            result = results[minute * SENSORS + 1]
            times = range(first_ms, (minute + 1) * 60000, EVERY_MS)
            mean = sum(2000 + time // 1000 + 10 for time in times) / len(times) / 100
            self.assertEqual((result["series"], result["start"] - results[0]["start"]),
                             ("t1", minute * 60000))
            self.assertAlmostEqual(result["mean"], mean, places=9)
        self.assertEqual({len(result["sample"]) for result in results}, {4})
        states = [json.loads(bytes.fromhex(payload))["state"] for topic, payload in messages
                  if topic == "alert/hot/t3"]
        self.assertEqual(states, ["firing", "normal"])


if __name__ == "__main__":
    unittest.main()
