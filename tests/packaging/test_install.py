"""An installed vnotch serves another project: by CMake's package and by pkg-config."""

import os
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ["VN_BUILD_DIR"]
CONSUMER = os.path.join(os.environ["VN_SOURCE_DIR"], "tests", "packaging", "consumer")
EXPECTED = "ok e3069283 4"


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout.strip()


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.prefix = os.path.join(cls.folder, "moved", "prefix")
        first = os.path.join(cls.folder, "first")
        run("cmake", "--install", BUILD, "--prefix", first)
        # A package that was moved after its installation still works.
        os.makedirs(os.path.dirname(cls.prefix))
        os.rename(first, cls.prefix)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def find(self, name):
        for folder, _, files in os.walk(self.prefix):
            if name in files:
                return folder
        self.fail(f"{name} was not installed")

    def test_a_cmake_project_finds_the_package(self):
        build = os.path.join(self.folder, "build")
        run("cmake", "-S", CONSUMER, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        self.assertEqual(run(os.path.join(build, "consumer")), EXPECTED)

    def test_pkg_config_gives_the_flags(self):
        path = os.pathsep.join([self.find("vnotch.pc"), os.environ.get("PKG_CONFIG_PATH", "")])
        flags = run("pkg-config", "--cflags", "--libs", "vnotch",
                    env={**os.environ, "PKG_CONFIG_PATH": path.rstrip(os.pathsep)}).split()
        program = os.path.join(self.folder, "by_pkg_config")
        run("cc", "-std=c11", os.path.join(CONSUMER, "consumer.c"), "-o", program, *flags)
        self.assertEqual(run(program), EXPECTED)

    def test_every_public_header_compiles_alone(self):
        include = self.find("vn.h")
        headers = sorted(os.listdir(include))
        self.assertIn("engine.h", headers)
        for header in headers:
            run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                "-I", os.path.dirname(include), "-x", "c", "-", input=f'#include "vn/{header}"\n')

    def test_nothing_private_is_installed(self):
        for folder, _, files in os.walk(self.prefix):
            for name in files:
                self.assertFalse(name.endswith("_priv.h"), os.path.join(folder, name))


if __name__ == "__main__":
    unittest.main()
