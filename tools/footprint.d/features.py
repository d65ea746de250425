"""What each feature of features.txt takes of an image: linked with it, and without."""

import os
import re
import shutil


def known(core_folder):
    """[(name, pattern of its files)]"""
    with open(os.path.join(core_folder, "features.txt"), encoding="utf-8") as file:
        return re.findall(r"^([a-z]+) (\S+)$", file.read(), re.M)


def leave_out(run, prefix, flags, core_folder, archive, feature):
    """As VN_WITHOUT does: its files go out of the archive, one that stands in for them comes."""
    name, pattern = feature
    members = run(prefix + "ar", "t", archive).split()
    gone = [member for member in members if re.fullmatch(rf"(?:{pattern})\.c\.obj", member)]
    source = os.path.join(core_folder, "src", "without", f"without_{name}.c")
    stand_in = os.path.join(os.path.dirname(archive), f"without_{name}.c.obj")
    run(prefix + "gcc", *flags, "-I" + os.path.join(core_folder, "src"), "-c", source, "-o",
        stand_in)
    run(prefix + "ar", "d", archive, *gone)
    run(prefix + "ar", "r", archive, stand_in)


def measure(run, prefix, flags, core_folder, core, link_text, folder):
    """{without_NAME: bytes of code and constants of the image}; link_text makes it of a core."""
    found = {}
    for feature in known(core_folder):
        archive = os.path.join(folder, "without.a")
        shutil.copy(core, archive)
        leave_out(run, prefix, flags, core_folder, archive, feature)
        found["without_" + feature[0]] = link_text(archive)
    return found
