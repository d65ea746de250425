"""Lists of files for the build systems of firmware: each names what the amalgamation is made of.

Zephyr, ESP-IDF and PlatformIO are not here: their functions are stood in for by ones that write
down what they are given.
"""

import fnmatch
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["VN_SOURCE_DIR"]
PACKAGING = os.path.join(SOURCE, "packaging")
CORE = os.path.join(SOURCE, "firmware-agnostic-core")
ZEPHYR = """
function(zephyr_library_named)
  message("named ${ARGN}")
endfunction()
function(zephyr_library_sources)
  message("sources ${ARGN}")
endfunction()
function(zephyr_library_include_directories)
  message("private ${ARGN}")
endfunction()
function(zephyr_library_compile_options)
  message("options ${ARGN}")
endfunction()
function(zephyr_include_directories)
  message("public ${ARGN}")
endfunction()
"""
ESP_IDF = """
macro(idf_component_register)
  cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS" ${ARGN})
  message("sources ${given_SRCS}")
  message("public ${given_INCLUDE_DIRS}")
  message("private ${given_PRIV_INCLUDE_DIRS}")
  set(COMPONENT_LIB vnotch)
endmacro()
function(target_compile_options)
  message("options ${ARGN}")
endfunction()
"""


def amalgamated():
    loader = importlib.machinery.SourceFileLoader("amalgamate",
                                                  os.path.join(SOURCE, "tools", "amalgamate"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("amalgamate", loader))
    loader.exec_module(module)
    return sorted(os.path.relpath(file, SOURCE) for file in module.sources())


def version():
    with open(os.path.join(SOURCE, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"project\(vnotch VERSION (\S+)", file.read())[1]


class Builds(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def given(self, functions, listed, wanted="y"):
        """{what: [words]} of a CMakeLists.txt, run as a script with these functions."""
        script = os.path.join(self.folder, "script.cmake")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"{functions}\nset(CONFIG_VNOTCH {wanted})\ninclude({listed})\n")
        done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split(" ", 1) for line in done.stderr.splitlines() if " " in line]
        return {what: words.split(";") for what, words in lines}

    def check(self, given):
        self.assertEqual(sorted(os.path.relpath(file, SOURCE) for file in given["sources"]),
                         amalgamated())
        self.assertEqual(given["public"], [os.path.join(CORE, "include")])
        self.assertEqual(given["private"], [os.path.join(CORE, "src")])
        self.assertIn("-ffp-contract=off", given["options"])

    def test_zephyr_gets_all_files(self):
        with open(os.path.join(SOURCE, "zephyr", "module.yml"), encoding="utf-8") as file:
            module = dict(line.strip().split(": ", 1) for line in file if ": " in line)
        self.assertEqual(module["name"], "vnotch")
        self.assertTrue(os.path.exists(os.path.join(SOURCE, module["kconfig"])))
        self.check(self.given(ZEPHYR, os.path.join(SOURCE, module["cmake"], "CMakeLists.txt")))

    def test_zephyr_gets_nothing_unasked(self):
        listed = os.path.join(PACKAGING, "zephyr", "CMakeLists.txt")
        self.assertEqual(self.given(ZEPHYR, listed, "n"), {})

    def test_esp_idf_gets_all_files(self):
        folder = os.path.join(PACKAGING, "esp-idf", "vnotch")
        self.check(self.given(ESP_IDF, os.path.join(folder, "CMakeLists.txt")))
        with open(os.path.join(folder, "idf_component.yml"), encoding="utf-8") as file:
            self.assertIn(f'version: "{version()}"\n', file.read())

    def test_platformio_gets_all_files(self):
        with open(os.path.join(SOURCE, "library.json"), encoding="utf-8") as file:
            library = json.load(file)
        build = library["build"]
        self.assertEqual(library["version"], version())
        self.assertTrue(os.path.exists(os.path.join(SOURCE, build["includeDir"],
                                                    library["headers"])))
        base, taken = os.path.join(SOURCE, build["srcDir"]), set()
        names = [os.path.relpath(os.path.join(folder, name), base)
                 for folder, _, files in os.walk(base) for name in files]
        for rule in build["srcFilter"]:
            pattern = rule[2:-1]
            hits = {name for name in names if fnmatch.fnmatch(name, pattern)
                    and name.count("/") == pattern.count("/")}
            self.assertTrue(hits, rule)
            taken = taken | hits if rule[0] == "+" else taken - hits
        self.assertEqual(sorted(os.path.join(build["srcDir"], name) for name in taken),
                         amalgamated())
        self.assertIn("-ffp-contract=off", build["flags"])


if __name__ == "__main__":
    unittest.main()
