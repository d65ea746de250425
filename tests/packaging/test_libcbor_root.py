"""VN_LIBCBOR_ROOT: the core takes libcbor from where it is told, not where pkg-config has it."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = os.environ["VN_SOURCE_DIR"]
CODEC = "firmware-agnostic-core/CMakeFiles/vnotch-core.dir/src/cbor_codec_libcbor.c.o"


def told(variable):
    return pathlib.Path(subprocess.run(["pkg-config", f"--variable={variable}", "libcbor"],
                                       capture_output=True, text=True, check=True).stdout.strip())


class LibcborRoot(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.scratch.name, "libcbor")
        self.build = pathlib.Path(self.scratch.name, "build")
        (self.root / "include").mkdir(parents=True)
        (self.root / "include" / "cbor").symlink_to(told("includedir") / "cbor")

    def tearDown(self):
        self.scratch.cleanup()

    def cmake(self, *words):
        return subprocess.run(["cmake", *words], capture_output=True, text=True, check=False,
                              env={**os.environ, "PKG_CONFIG_LIBDIR": self.scratch.name})

    def configure(self):
        return self.cmake("-S", SOURCE, "-B", self.build, "-G", "Ninja", "-DVN_CORE_ONLY=ON",
                          "-DBUILD_TESTING=OFF", "-DVN_CBOR=libcbor",
                          "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                          f"-DVN_LIBCBOR_ROOT={self.root}")

    def check(self, include):
        configured = self.configure()
        self.assertEqual(configured.returncode, 0, configured.stderr)
        commands = json.loads((self.build / "compile_commands.json").read_text(encoding="utf-8"))
        codec = [entry["command"] for entry in commands
                 if entry["file"].endswith("/cbor_codec_libcbor.c")]
        self.assertEqual(len(codec), 1)
        self.assertIn(str(include), codec[0])
        built = self.cmake("--build", self.build, "--target", CODEC)
        self.assertEqual(built.returncode, 0, built.stdout)

    def test_a_folder_with_headers_and_a_library(self):
        (self.root / "lib").mkdir()
        (self.root / "lib" / "libcbor.so").symlink_to(told("libdir") / "libcbor.so")
        self.check(self.root / "include")

    def test_a_folder_with_the_source(self):
        """Libcbor's own CMakeLists.txt makes a target `cbor`; so does this one."""
        (self.root / "CMakeLists.txt").write_text(
            "add_library(cbor INTERFACE)\n"
            "target_include_directories(cbor INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)\n",
            encoding="utf-8")
        self.check(self.root / "include")

    def test_a_folder_without_either_is_an_error(self):
        configured = self.configure()
        self.assertNotEqual(configured.returncode, 0)
        self.assertIn(f"VN_LIBCBOR_ROOT is '{self.root}'", " ".join(configured.stderr.split()))


if __name__ == "__main__":
    unittest.main()
