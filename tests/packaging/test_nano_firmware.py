"""The nano node as firmware: in an emulated board, and the example of docs/nano.md.

The image is linked for 20 KiB of flash and 8 KiB of RAM, with all that it has: vectors, start-up,
stack. QEMU has no Cortex-M0+; its Cortex-M0 runs the same instructions.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["VN_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["VN_BUILD_DIR"])
VNOTCH = pathlib.Path(os.environ["VN_BIN_DIR"], "vnotch")
HERE = SOURCE / "tests" / "packaging" / "nano"
BOARD = SOURCE / "platform" / "cortex-m"
NODE = SOURCE / "platform" / "template" / "nano" / "node.c"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror",
          "-ffp-contract=off", "-I", SOURCE / "firmware-agnostic-core" / "include",
          "-I", SOURCE / "platform" / "template", "-I", BOARD)
ARM = ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mfloat-abi=soft", "-mthumb", "-Os", "-g",
       "-ffreestanding", "-ffunction-sections", "-fdata-sections",
       "-fno-tree-loop-distribute-patterns", "-I", SOURCE / "toolchains" / "freestanding")
M4 = ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-mthumb")
QEMU = ("timeout", "120", "qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none",
        "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel")
MESSAGES = 363  # nine minutes of eight sensors; a full outbox drops some summaries


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{command}\n{done.stdout}{done.stderr}")
    return done


def need(*tools):
    """Skips where a tool is missing, but not in CI."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing and os.environ.get("CI") != "true":
        raise unittest.SkipTest(f"no {', '.join(missing)}")


def sanitizers():
    """What the library of this build was made with."""
    with open(BUILD / "CMakeCache.txt", encoding="utf-8") as cache:
        flags = [line.split("=", 1)[1] for line in cache if line.startswith("CMAKE_C_FLAGS:")]
    return [flag for flag in flags[0].split() if flag.startswith("-fsanitize")]


class NanoFirmware(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="vnotch-nano-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def on_host(self, *sources):
        program = self.folder / "program"
        flags = sanitizers()
        run("clang" if flags else "gcc", "-I", self.folder, *STRICT, *flags, *sources,
            BUILD / "tests" / "lib" / "libvnotch-core-builtin.a", "-o", program)
        return run(program)

    def test_the_image_in_8_kib_says_what_a_host_says(self):
        need(ARM[0], QEMU[2])
        run(SOURCE / "tools" / "build", "--no-install", "cortex-m0plus", "vnotch-core")
        image = self.folder / "nano.elf"
        board = [BOARD / name for name in ("memory.c", "semihosting.c", "semihosting_call.c",
                                           "start_up.c")]
        run(*ARM, *STRICT, "-nostartfiles", "-nodefaultlibs", "-Wl,--gc-sections", "-L", BOARD,
            "-T", HERE / "nano.ld", NODE, HERE / "board.c", HERE / "stack.c", *board,
            SOURCE / "build" / "cortex-m0plus" / "lib" / "libvnotch-core.a", "-lgcc", "-o", image)
        *messages, stack = run(*QEMU, image).stderr.splitlines()
        told = self.on_host(NODE, HERE / "board.c", HERE / "say.c").stderr.splitlines()
        self.assertEqual(len(told), MESSAGES)
        self.assertEqual(messages, told)
        used = re.fullmatch(r"stack (\d+)", stack)
        self.assertIsNotNone(used, stack)
        self.assertLess(int(used[1]), 1024)
        self.assertGreater(int(used[1]), 256)

    def test_a_node_with_a_state_goes_on_behind_cuts_as_on_a_host(self):
        need(ARM[0], QEMU[2])
        run(SOURCE / "tools" / "build", "--no-install", "cortex-m4f", "vnotch-core", "vnotch-node")
        lib = SOURCE / "build" / "cortex-m4f" / "lib"
        micro = SOURCE / "platform" / "template" / "micro" / "node.c"
        renamed = ("-Dmain=node_main", "-Wno-missing-prototypes")
        image, node = self.folder / "micro.elf", self.folder / "node.o"
        run(ARM[0], *M4, *ARM[4:], *STRICT, *renamed, "-c", micro, "-o", node)
        board = [BOARD / name for name in ("memory.c", "semihosting.c", "semihosting_call.c",
                                           "start_up.c", "ram_flash.c")]
        run(ARM[0], *M4, *ARM[4:], *STRICT, "-nostartfiles", "-nodefaultlibs", "-Wl,--gc-sections",
            "-L", BOARD, "-Tmps2.ld", node, HERE / "cut_board.c", *board,
            lib / "libvnotch-core.a", "-lgcc", "-o", image)
        flags = sanitizers()
        run("clang" if flags else "gcc", *STRICT, *flags, *renamed, "-c", micro, "-o", node)
        told = self.on_host(node, HERE / "cut_board.c", BOARD / "ram_flash.c",
                            HERE / "say.c").stderr.splitlines()
        self.assertEqual(told.count("power"), 5)
        self.assertGreater(len(told), 200)
        self.assertEqual(run(*QEMU[:4], "mps2-an386", *QEMU[5:], image).stderr.splitlines(), told)

    def test_the_example_is_a_node(self):
        need("gcc")
        text = (SOURCE / "docs" / "nano.md").read_text(encoding="utf-8")
        for name, kind in (("node.yaml", "yaml"), ("example.c", "c")):
            block = re.search(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)[1]
            (self.folder / name).write_text(block, encoding="utf-8")
        run(VNOTCH, "compile", self.folder / "node.yaml", "-o", self.folder / "node.c")
        told = self.on_host(self.folder / "example.c", self.folder / "node.c",
                            HERE / "use.c").stdout
        self.assertIn('"id":"node-7:high:t2:1:firing"', told)
        self.assertIn("refused: conditions but above and below\n", told)


if __name__ == "__main__":
    unittest.main()
