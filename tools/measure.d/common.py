"""What the parts share: places, a broker and a daemon, figures of a process."""

import contextlib
import glob
import os
import platform
import shutil
import sys
import tempfile

SOURCE_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(SOURCE_DIR, "tests", "integration"),
                os.path.join(SOURCE_DIR, "tests", "support")]
os.environ.setdefault("VN_BIN_DIR", os.path.join(SOURCE_DIR, "build", "release", "bin"))

import harness  # noqa: E402
import mqtt_packets  # noqa: E402

BIN_DIR = os.environ["VN_BIN_DIR"]
BASE_MS = harness.BASE_MS


def distribution():
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()


class Bench:
    """A broker, as our documents recommend it unless told otherwise, and vnotchd beside it."""

    def __init__(self, folder, **broker_options):
        self.folder = folder
        self.broker = harness.Broker(folder, **broker_options).start()
        self.port = self.broker.port
        self.closing = [self.broker.stop]

    def daemon(self, config):
        daemon = harness.Daemon(self.folder, config.format(
            port=self.port, state=os.path.join(self.folder, "state.flash")))
        self.closing.append(daemon.close)
        return daemon

    def publisher(self):
        publisher = mqtt_packets.Publisher(self.port, "measure-publisher")
        self.closing.append(publisher.close)
        return publisher

    def subscriber(self, topic):
        subscriber = mqtt_packets.Subscriber(self.port, "measure-subscriber", topic)
        self.closing.append(subscriber.close)
        return subscriber

    def close(self):
        for close in reversed(self.closing):
            close()


@contextlib.contextmanager
def bench(**broker_options):
    folder = tempfile.mkdtemp(prefix="vnotch-measure-")
    os.chmod(folder, 0o755)
    made = Bench(folder, **broker_options)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


def cpu_us(pid):
    """CPU time of all threads of a process."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(FileNotFoundError), open(path, encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1000


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def millions(value):
    return f"{value / 1e6:.2f} M"
