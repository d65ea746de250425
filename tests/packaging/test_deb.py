"""The Debian package: what is in it, and that it installs, runs, keeps and purges what it should.

Everything happens below a folder of its own: dpkg gets it as its root. Without the rights of root
by fakeroot. In the folder of a cross build the same for its architecture, under the emulator.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["VN_SOURCE_DIR"]
BUILD = os.environ["VN_BUILD_DIR"]
sys.path.insert(0, os.path.join(SOURCE, "tests", "integration"))
import harness  # noqa: E402

PROGRAMS = ["usr/bin/vnotch", "usr/bin/vnotch-sim", "usr/bin/vnotchd"]
UNIT = "usr/lib/systemd/system/vnotchd.service"
CONFIGURATION = "etc/vnotch/vnotch.yaml"
DOCUMENTS = "usr/share/doc/vnotch/"
# Which package of Debian 12 has what the programs are linked with.
OWNERS = {"libc.so.6": "libc6", "libm.so.6": "libc6", "libcbor.so.0.8": "libcbor0.8",
          "libyaml-0.so.2": "libyaml-0-2", "libpaho-mqtt3as.so.1": "libpaho-mqtt1.3",
          "ld-linux-armhf.so.3": "libc6", "ld-linux-aarch64.so.1": "libc6",
          "ld-linux-x86-64.so.2": "libc6"}
TARGETS = {"arm-linux-gnueabihf.cmake": ("armhf", "ARM", "qemu-arm"),
           "aarch64-linux-gnu.cmake": ("arm64", "AArch64", "qemu-aarch64")}
ENVIRONMENT = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C"}


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT,
                            **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def cached(name):
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        found = re.search(rf"^{name}:\w+=(.*)$", cache.read(), re.M)
    return found[1] if found else ""


def target():
    """(Debian's word for the architecture, readelf's, the command in front of a program)."""
    known = TARGETS.get(os.path.basename(cached("CMAKE_TOOLCHAIN_FILE")))
    if known is None:
        return run("dpkg", "--print-architecture").strip(), None, []
    roots = os.environ.get("VN_SYSROOT", os.path.join(SOURCE, "build", "sysroot"))
    return known[0], known[1], [known[2], "-L", os.path.join(roots, known[0])]


class Built(unittest.TestCase):
    """Makes the package once for the tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.mkdtemp()
        cls.architecture, cls.machine, cls.emulator = target()
        run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-G", "DEB", "-B",
            cls.made)
        (cls.file,) = glob.glob(os.path.join(cls.made, "*.deb"))
        cls.content = os.path.join(cls.made, "content")
        run("dpkg-deb", "-x", cls.file, cls.content)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.made)

    def field(self, name):
        return run("dpkg-deb", "-f", self.file, name).strip()

    def files(self):
        found = [os.path.join(folder, name) for folder, _, names in os.walk(self.content)
                 for name in names]
        return sorted(os.path.relpath(name, self.content) for name in found)


class Package(Built):
    def test_its_name_says_version_and_architecture(self):
        version = cached("CMAKE_PROJECT_VERSION")
        self.assertEqual(os.path.basename(self.file), f"vnotch_{version}_{self.architecture}.deb")
        self.assertEqual([self.field(name) for name in ("Package", "Version", "Architecture")],
                         ["vnotch", version, self.architecture])
        for name in ("Maintainer", "Description", "Section", "Installed-Size"):
            self.assertTrue(self.field(name), name)

    def test_it_holds_programs_unit_configuration_and_documents(self):
        files = self.files()
        documents = [name for name in files if name.startswith(DOCUMENTS)]
        self.assertEqual([name for name in files if name not in documents],
                         sorted([CONFIGURATION, UNIT, *PROGRAMS]))
        self.assertIn(DOCUMENTS + "copyright", documents)
        self.assertIn(DOCUMENTS + "examples/plant.yaml", documents)
        with open(os.path.join(self.content, DOCUMENTS, "copyright"), encoding="utf-8") as text:
            self.assertIn("License: Apache-2.0", text.read())

    def test_everything_belongs_to_root_and_nobody_else_may_write(self):
        for line in run("dpkg-deb", "-c", self.file).splitlines():
            mode, owner, *_, name = line.split()
            executable = mode[0] == "d" or name[2:] in PROGRAMS
            self.assertEqual((mode[1:], owner), ("rwxr-xr-x" if executable else "rw-r--r--",
                                                 "root/root"), name)

    def test_it_depends_on_what_the_programs_are_linked_with_and_on_no_more(self):
        needed = set()
        for program in PROGRAMS:
            dynamic = run("readelf", "-d", os.path.join(self.content, program))
            self.assertNotRegex(dynamic, "RPATH|RUNPATH")
            needed |= {OWNERS[name] for name in re.findall(r"NEEDED.*\[(.*)\]", dynamic)}
        said = {part.split()[0] for part in self.field("Depends").split(",")}
        self.assertEqual(said, needed)

    def test_programs_are_for_the_machine_and_stripped(self):
        for program in PROGRAMS:
            path = os.path.join(self.content, program)
            if self.machine:
                self.assertRegex(run("readelf", "-h", path), rf"Machine:\s+{self.machine}\n")
            self.assertNotIn(".debug_info", run("readelf", "-SW", path))
            self.assertNotIn(".symtab", run("readelf", "-SW", path))

    def test_nothing_tells_where_it_was_built(self):
        for name in self.files():
            with open(os.path.join(self.content, name), "rb") as file:
                content = file.read()
            for place in (SOURCE, BUILD, self.made):
                self.assertNotIn(place.encode(), content, name)

    def test_what_is_in_etc_is_a_conffile(self):
        conffiles = run("dpkg-deb", "-I", self.file, "conffiles").split()
        self.assertEqual(conffiles, ["/" + CONFIGURATION])

    def test_the_unit_starts_what_is_in_the_package(self):
        with open(os.path.join(self.content, UNIT), encoding="utf-8") as file:
            unit = dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)
        for key in ("ExecStart", "ExecStartPre"):
            paths = [word[1:] for word in unit[key].split() if word.startswith("/")]
            self.assertEqual(paths, ["usr/bin/vnotchd", CONFIGURATION])
        with open(os.path.join(SOURCE, "docs", "operations.md"), encoding="utf-8") as file:
            manual = re.search(r"```ini\n\[Service\]\n(.*?)```", file.read(), re.S)[1]
        said = dict(line.split("=", 1) for line in manual.splitlines())
        self.assertEqual({key: unit.get(key) for key in said}, said)


class Installed(Built, harness.Case):
    """In a root of its own."""

    def setUp(self):
        harness.Case.setUp(self)
        self.root = tempfile.mkdtemp(dir=self.made)
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
            os.makedirs(os.path.join(self.root, folder))
        for name in ("status", "available"):
            with open(os.path.join(self.root, "var/lib/dpkg", name), "w", encoding="utf-8"):
                pass

    def dpkg(self, *arguments):
        """The maintainer scripts run with $DPKG_ROOT, outside of the root that has no shell."""
        as_root = [] if os.geteuid() == 0 else ["fakeroot"]
        return run(*as_root, "dpkg", f"--root={self.root}", "--force-not-root", "--force-depends",
                   "--force-architecture", "--force-script-chrootless", "--force-confold",
                   f"--log={self.root}/var/log.dpkg", *arguments, stdin=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.root, name)

    def left(self):
        """What there is beside dpkg's own records."""
        return sorted(os.path.relpath(os.path.join(folder, name), self.root)
                      for folder, _, names in os.walk(self.root) for name in names
                      if "var/lib/dpkg" not in folder and name != "log.dpkg")

    def program(self, name, *arguments):
        return run(*self.emulator, self.path("usr/bin/" + name), *arguments)

    def change(self):
        """What an operator does first."""
        with open(self.path(CONFIGURATION), "a", encoding="utf-8") as file:
            file.write("# mine\n")
        os.makedirs(self.path("var/lib/vnotch"))
        with open(self.path("var/lib/vnotch/state.flash"), "wb") as file:
            file.write(b"state")

    def test_programs_run_and_take_the_configuration(self):
        self.dpkg("-i", self.file)
        version = cached("CMAKE_PROJECT_VERSION")
        for name in ("vnotchd", "vnotch", "vnotch-sim"):
            self.assertIn(version, self.program(name, "--version"))
        self.program("vnotch", "check", self.path(CONFIGURATION))
        self.program("vnotchd", "--config", self.path(CONFIGURATION), "--check-config")

    def test_removing_keeps_configuration_and_state_and_purging_takes_them(self):
        self.dpkg("-i", self.file)
        self.change()
        self.dpkg("-r", "vnotch")
        self.assertEqual(self.left(), [CONFIGURATION, "var/lib/vnotch/state.flash"])
        self.dpkg("-P", "vnotch")
        self.assertEqual(self.left(), [])

    def test_an_upgrade_keeps_a_changed_configuration_and_the_state(self):
        self.dpkg("-i", self.file)
        self.change()
        self.dpkg("-i", self.file)
        with open(self.path(CONFIGURATION), encoding="utf-8") as file:
            self.assertTrue(file.read().endswith("# mine\n"))
        self.assertIn("var/lib/vnotch/state.flash", self.left())

    def test_the_daemon_serves_readings_and_stops_clean(self):
        self.dpkg("-i", self.file)
        os.makedirs(self.path("var/lib/vnotch"))
        broker = self.broker()
        client = self.client(broker)
        with open(self.path(CONFIGURATION), encoding="utf-8") as file:
            configuration = file.read().replace(":1883", f":{broker.port}").replace(
                "/var/lib", self.path("var/lib"))
        daemon = self.daemon(configuration)
        daemon.prefix = self.emulator
        self.addCleanup(setattr, harness, "VNOTCHD", harness.VNOTCHD)
        harness.VNOTCHD = self.path("usr/bin/vnotchd")
        daemon.start()
        client.publish("sensors/cellar", "21.5")
        client.publish("sensors/cellar", "warm")  # when it comes back, the one before was taken
        harness.wait_for(lambda: client.on("vnotch/gateway/dead-letter"), 15, "a dead letter")
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        self.assertRegex(daemon.log(), r"series=1\b")
        self.assertEqual(daemon.stop(), 0)
        self.dpkg("-P", "vnotch")
        self.assertEqual(self.left(), [])


if __name__ == "__main__":
    unittest.main()
