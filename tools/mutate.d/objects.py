"""Objects and programs with another version of a source file in them."""

import functools
import json
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build/release"
SOURCES = ROOT / "firmware-agnostic-core/src"


def compile_commands():
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    return {entry["file"]: entry["command"] for entry in entries
            if re.search(r"/vnotch-core(-objects)?\.dir/", entry["command"])}


@functools.cache
def link_command(test):
    """The words that link a test program, without its output."""
    suite, name = test.split("/")
    lines = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", f"{suite}-{name}"],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    words = shlex.split(lines[-1].split("&&")[1])
    place = words.index("-o")
    return words[:place] + words[place + 2:]


def build_object(command, source, target):
    words = shlex.split(command)
    place = words.index("-o")
    words = [word for word in words[:place] if not word.startswith(("-W", "-g"))]
    words = [word for word in words if word != "ccache" and not word.endswith("/ccache")]
    words += ["-w", "-I", str(SOURCES), "-c", str(source), "-o", str(target)]
    return subprocess.run(words, cwd=BUILD, capture_output=True).returncode == 0
