"""Compiled plans in an image for Cortex-M3: the bytes of a host, and the memory that was told."""
import json
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
BOARD = SOURCE / "platform" / "cortex-m"
IMAGE = SOURCE / "tests" / "packaging" / "firmware" / "plan_image.c"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror",
          "-ffp-contract=off")
ARM = ("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-O1", "-ffreestanding",
       "-ffunction-sections", "-fdata-sections", "-fno-tree-loop-distribute-patterns",
       "-I", SOURCE / "toolchains" / "freestanding")
QEMU = ("timeout", "120", "qemu-system-arm", "-M", "mps2-an385", "-nographic", "-monitor", "none",
        "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel")
SAY = '#include <stdio.h>\nvoid semihosting_print(const char *text);\n' \
      'void semihosting_print(const char *text) { fputs(text, stderr); }\n'


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{command}\n{done.stdout}{done.stderr}")
    return done


@unittest.skipUnless(shutil.which(ARM[0]) and shutil.which(QEMU[2]),
                     "no compiler or emulator for Cortex-M")
class CompiledFirmware(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="vnotch-firmware-")
        cls.folder = pathlib.Path(cls.scratch.name)
        run(SOURCE / "tools" / "amalgamate", cls.folder)
        (cls.folder / "vn").mkdir()
        (cls.folder / "vn" / "vn.h").write_text('#include "../vnotch.h"\n', encoding="utf-8")
        (cls.folder / "vn" / "assert.h").write_text('#include "../vnotch.h"\n', encoding="utf-8")
        run(*ARM, *STRICT, "-c", cls.folder / "vnotch.c", "-o", cls.folder / "vnotch.o")
        # The board has its own.
        run("arm-none-eabi-objcopy", "--weaken-symbol=vn_assert_failed", cls.folder / "vnotch.o")
        run("arm-none-eabi-ar", "rc", cls.folder / "libvnotch.a", cls.folder / "vnotch.o")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def compile_plan(self, file):
        run(VNOTCH, "compile", file, "-o", self.folder / "plan.c")
        run(VNOTCH, "compile", file, "-o", self.folder / "plan.cbor")
        numbers = ",".join(map(str, (self.folder / "plan.cbor").read_bytes()))
        (self.folder / "blob.h").write_text(f"static const unsigned char blob[] = {{{numbers}}};\n",
                                            encoding="utf-8")

    def on_host(self):
        """What the same source says here."""
        (self.folder / "say.c").write_text(SAY, encoding="utf-8")
        with open(BUILD / "CMakeCache.txt", encoding="utf-8") as cache:
            flags = [line.split("=", 1)[1] for line in cache if line.startswith("CMAKE_C_FLAGS:")]
        sanitizers = [flag for flag in flags[0].split() if flag.startswith("-fsanitize")]
        program = self.folder / "program"
        run("clang" if sanitizers else "gcc", *STRICT, *sanitizers, "-I", self.folder, "-I",
            SOURCE / "firmware-agnostic-core" / "include", IMAGE, self.folder / "plan.c",
            self.folder / "say.c", BUILD / "tests" / "lib" / "libvnotch-core-builtin.a", "-o",
            program)
        return run(program).stderr

    def in_image(self):
        """What the image says, and its map."""
        image, table = self.folder / "image.elf", self.folder / "image.map"
        board = [BOARD / name for name in ("memory.c", "semihosting.c", "semihosting_call.c",
                                           "start_up.c")]
        run(*ARM, *STRICT, "-nostartfiles", "-nodefaultlibs", "-Wl,--gc-sections", "-L", BOARD,
            "-Tmps2.ld", f"-Wl,-Map={table}", "-I", self.folder, "-I", BOARD, IMAGE,
            self.folder / "plan.c", *board, self.folder / "libvnotch.a", "-lgcc", "-o", image)
        return run(*QEMU, image).stderr, table.read_text(encoding="utf-8")

    def check_plan(self, file):
        self.compile_plan(file)
        said, table = self.in_image()
        sums = re.fullmatch(r"tables (\w{8})\nblob (\w{8})\n", said)
        self.assertIsNotNone(sums, said)
        self.assertEqual(sums[1], sums[2])
        self.assertNotEqual(sums[1], "00000000")
        self.assertEqual(said, self.on_host())
        told = json.loads(run(VNOTCH, "budget", file, "--target", "cortex-m3", "--json").stdout)
        sections = {name: int(size, 16) for name, address, size in re.findall(
            r"^ \.bss\.(\w+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) ", table, re.M)
            if int(address, 16) != 0}
        mine = {name: size for name, size in sections.items()
                if name == "engine" or re.fullmatch(r"plan_\w+_", name)}
        self.assertEqual(mine, {"engine": told["engine_bytes"],
                                **{f"plan_{array}_": size
                                   for array, size in told["arrays"].items()}})
        self.assertEqual(sum(mine.values()), told["total_bytes"])

    def test_the_nano_node(self):
        self.check_plan(SOURCE / "tests" / "compiled" / "nano.yaml")

    def test_a_plan_with_everything(self):
        self.check_plan(SOURCE / "tests" / "compiled" / "everything.yaml")

    def test_a_journal(self):
        self.check_plan(SOURCE / "tests" / "compiled" / "journal.yaml")


if __name__ == "__main__":
    unittest.main()
