"""vnotch compile: tables that every compiler takes without a warning, whose memory on a target is
what `vnotch budget --target` says; and refusals that say why."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("VN_SOURCE_DIR", "."))
PROGRAM = pathlib.Path(os.environ.get("VN_BIN_DIR", "build/release/bin"), "vnotch")
FILES = sorted([*SOURCE.glob("config/examples/*.yaml"), *SOURCE.glob("tests/compiled/*.yaml")])
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror",
            "-I", SOURCE / "firmware-agnostic-core" / "include")
COMPILERS = {
    "gcc": ("gcc",),
    "clang": ("clang",),
    "arm": ("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-Os", "-ffreestanding"),
}
SMALL = "pipelines: [{name: a}]\n"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Compiled(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="vnotch-compile-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def vnotch(self, *arguments):
        return run(PROGRAM, "compile", *arguments)

    def configuration(self, text):
        file = self.folder / "configuration.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    def check_with(self, compiler):
        if shutil.which(COMPILERS[compiler][0]) is None:
            self.skipTest(f"no {COMPILERS[compiler][0]} here")
        self.assertGreaterEqual(len(FILES), 9)
        for file in FILES:
            name = file.stem
            done = self.vnotch(file, "-o", self.folder / f"{name}.c")
            self.assertEqual(done.returncode, 0, done.stderr)
            store = self.folder / f"{name}_store.c"
            store.write_text(f'#include "{name}.h"\nVN_STORE_DEFINE({name});\n'
                             f'extern const vn_store_t *const used;\n'
                             f'const vn_store_t *const used = &{name};\n'
                             f'VN_STATIC_ASSERT(VN_RAM_BYTES({name}) > 0, "a constant");\n',
                             encoding="utf-8")
            done = run(*COMPILERS[compiler], *WARNINGS, "-fsyntax-only", self.folder / f"{name}.c",
                       store)
            self.assertEqual(done.stderr, "", file)
            self.assertEqual(done.returncode, 0)

    def test_gcc_takes_the_tables_without_a_warning(self):
        self.check_with("gcc")

    def test_clang_takes_the_tables_without_a_warning(self):
        self.check_with("clang")

    def test_the_compiler_for_cortex_m_takes_the_tables_without_a_warning(self):
        self.check_with("arm")

    def test_the_example_of_the_documentation_compiles(self):
        page = (SOURCE / "docs" / "compile.md").read_text(encoding="utf-8")
        blocks = dict(re.findall(r"^```(yaml|c)\n(.*?)^```$", page, re.M | re.S))
        (self.folder / "node.yaml").write_text(blocks["yaml"], encoding="utf-8")
        (self.folder / "main.c").write_text(blocks["c"], encoding="utf-8")
        done = self.vnotch(self.folder / "node.yaml", "-o", self.folder / "node.c")
        self.assertEqual(done.returncode, 0, done.stderr)
        for compiler in COMPILERS.values():
            if shutil.which(compiler[0]) is not None:
                done = run(*compiler, *WARNINGS, "-fsyntax-only", self.folder / "main.c",
                           self.folder / "node.c")
                self.assertEqual(done.stderr, "")

    def symbols(self, name):
        """The arrays of a store and an engine in an image for Cortex-M3: symbol and bytes."""
        source, target = self.folder / f"{name}_image.c", self.folder / f"{name}.o"
        source.write_text(f'#include "{name}.h"\nVN_STORE_DEFINE({name});\nvn_engine_t engine;\n'
                          f"extern const vn_store_t *const used;\n"
                          f"const vn_store_t *const used = &{name};\n", encoding="utf-8")
        done = run(*COMPILERS["arm"], *WARNINGS, "-c", source, "-o", target)
        self.assertEqual(done.returncode, 0, done.stderr)
        table = run("arm-none-eabi-nm", "-S", target).stdout
        return {symbol: int(size, 16) for size, symbol in re.findall(r"(\w+) [bB] (\w+)", table)}

    def test_the_budget_for_a_target_is_what_an_image_holds(self):
        if shutil.which("arm-none-eabi-gcc") is None:
            self.skipTest("no arm-none-eabi-gcc here")
        for file in FILES:
            name = file.stem
            done = self.vnotch(file, "-o", self.folder / f"{name}.c")
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(run(PROGRAM, "budget", file, "--json", "--target",
                                  "cortex-m3").stdout)
            symbols = self.symbols(name)
            self.assertEqual(symbols.pop("engine"), told["engine_bytes"])
            self.assertEqual(symbols, {f"{name}_{array}_": size
                                       for array, size in told["arrays"].items()})
            self.assertEqual(told["store_bytes"], sum(symbols.values()))
            self.assertEqual(told["total_bytes"], told["store_bytes"] + told["engine_bytes"])
            text = run(PROGRAM, "budget", "--target", "cortex-m3", file).stdout
            self.assertIn(f"{told['total_bytes']} B  in all\n", text)

    def test_an_unknown_target_is_refused_with_those_that_are_known(self):
        done = run(PROGRAM, "budget", FILES[0], "--target", "pdp11")
        self.assertEqual(done.returncode, 64)
        self.assertIn("cortex-m55", done.stderr)
        self.assertEqual(run(PROGRAM, "budget", FILES[0], "--target").returncode, 64)

    def test_a_blob_is_written_for_each_file_and_the_same_each_time(self):
        for file in FILES:
            blobs = []
            for output in ("a.cbor", "b.cbor"):
                done = self.vnotch(file, "-o", self.folder / output)
                self.assertEqual(done.returncode, 0, done.stderr)
                blobs.append((self.folder / output).read_bytes())
            self.assertEqual(blobs[0], blobs[1])
            self.assertEqual(blobs[0][:14], b"\x84\x6bvnotch-plan\x01")

    def test_the_same_file_gives_the_same_bytes(self):
        outputs = []
        for folder in ("a", "b"):
            (self.folder / folder).mkdir()
            done = self.vnotch(FILES[0], "-o", self.folder / folder / "x.c", "--name", "plan_1")
            self.assertEqual(done.returncode, 0, done.stderr)
            outputs.append([(self.folder / folder / name).read_bytes() for name in ("x.c", "x.h")])
        self.assertEqual(outputs[0], outputs[1])
        self.assertIn(b"const vn_plan_t plan_1_plan = ", outputs[0][0])

    def test_names_follow_the_file(self):
        file = self.configuration(SMALL)
        self.assertEqual(self.vnotch(file, "-o", self.folder / "my-node.c").returncode, 0)
        self.assertIn("my_node_plan", (self.folder / "my-node.h").read_text(encoding="utf-8"))

    def test_a_name_that_is_no_identifier_is_refused(self):
        file = self.configuration(SMALL)
        for name in ("1a", "A", "a b", "", "a" * 49):
            done = self.vnotch(file, "-o", self.folder / "x.c", "--name", name)
            self.assertEqual(done.returncode, 64, name)
            self.assertIn("--name", done.stderr)
        self.assertEqual(self.vnotch(file, "-o", self.folder / "2.c").returncode, 64)

    def test_a_wrong_command_line_is_refused(self):
        file = self.configuration(SMALL)
        for arguments in ((), (file,), (file, "-o"), (file, "-o", "x.txt"), ("-o", "x.c"),
                          (file, file, "-o", "x.c"), (file, "-o", ".c")):
            self.assertEqual(self.vnotch(*arguments).returncode, 64, arguments)

    def test_a_configuration_with_errors_gives_nothing(self):
        done = self.vnotch(self.configuration("pipelines: [{nam: a}]\n"), "-o",
                           self.folder / "x.c")
        self.assertEqual(done.returncode, 78)
        self.assertIn("configuration.yaml:1:", done.stderr)
        self.assertFalse((self.folder / "x.c").exists())

    def test_what_no_firmware_can_hold_is_refused(self):
        text = "capacity: {series: 1000000, outbox: 1GiB}\npipelines: [{name: a, windows: [" \
               "{name: b, tumbling: 1s, sample: 64}], out_of_order: 1h}]\n"
        done = self.vnotch(self.configuration(text), "-o", self.folder / "x.c")
        self.assertEqual(done.returncode, 78)
        self.assertIn("too large", done.stderr)

    def test_a_place_that_takes_no_file_is_told(self):
        done = self.vnotch(self.configuration(SMALL), "-o", self.folder / "missing" / "x.c")
        self.assertEqual(done.returncode, 74)
        self.assertIn("x.h", done.stderr)


if __name__ == "__main__":
    unittest.main()
