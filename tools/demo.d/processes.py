"""A broker and vnotchd of our own: started, watched, ended by their process ids."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


class Trouble(Exception):
    """Something that the user can do something about; `code` becomes the exit code."""

    def __init__(self, text, code):
        super().__init__(text)
        self.code = code


class Interrupts:
    """Signals that end the demo raise Trouble, but not while a process begins: it would stay."""

    def __init__(self):
        self.held = False
        self.number = None

    def handle(self, number, _frame):
        self.number = number
        self.let_go()

    def let_go(self):
        if self.number is not None and not self.held:
            raise Trouble("interrupted: everything that was started is ended and removed",
                          128 + self.number)

    @contextlib.contextmanager
    def hold(self):
        self.held = True
        try:
            yield
        finally:
            self.held = False
        self.let_go()


INTERRUPTS = Interrupts()


def free_port():
    """A port below those of outgoing connections, and a name in the kernel that keeps it from other
    demos and tests until the broker listens there, and later."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0vnotch-port-{port}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return port, claim
        except OSError:
            claim.close()


class Child:
    """A process that this demo started, and the file with its last words."""

    def __init__(self, name, folder):
        self.name = name
        self.log_path = os.path.join(folder, name + ".log")
        self.process = None

    def spawn(self, arguments):
        # A session of its own: Ctrl-C reaches the demo alone, which then ends its children.
        with open(self.log_path, "ab") as log, INTERRUPTS.hold():
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)

    def log_tail(self, lines=6):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                return "".join("  " + line for line in log.readlines()[-lines:])
        except OSError:
            return ""

    def check(self):
        """Raises Trouble when it has ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            raise Trouble(f"{self.name} has ended by itself (code {self.process.returncode}); "
                          f"its last words:\n{self.log_tail()}", 70)

    def kill(self):
        """The hard way, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self, seconds=60):
        """The clean way; returns the exit code."""
        if self.process is None:
            return None
        self.process.terminate()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        return code

    def close(self):
        """Whatever state it is in: afterwards it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None


class Broker(Child):
    """mosquitto with a store, on a free port that only this machine reaches."""

    def __init__(self, folder):
        super().__init__("mosquitto", folder)
        self.port, self.claim = free_port()
        self.program = shutil.which("mosquitto", path=PATH)
        if self.program is None:
            raise Trouble("there is no mosquitto on this machine: run tools/setup run", 69)
        store = os.path.join(folder, "broker")
        os.mkdir(store)
        self.config = os.path.join(folder, "mosquitto.conf")
        # As root, mosquitto would become a user who cannot write into our folder.
        user = "user root\n" if os.geteuid() == 0 else ""
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"{user}listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                       f"persistence true\npersistence_location {store}/\nautosave_interval 5\n"
                       "set_tcp_nodelay true\nmax_queued_messages 0\n"
                       "log_dest stdout\nlog_type error\nlog_type warning\nlog_type debug\n")

    def start(self, seconds=60):
        self.spawn([self.program, "-c", self.config])
        deadline = time.monotonic() + seconds
        while True:
            self.check()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise Trouble(f"mosquitto doesn't listen within {seconds} s:\n{self.log_tail()}",
                              70)
            time.sleep(0.02)

    def delivered_again(self, client):
        """Topics of the messages that it sent to a client for the second time (DUP flag)."""
        start = f"Sending PUBLISH to {client} (d1,"
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return [line.split("'")[1] for line in log if start in line]


class Daemon(Child):
    def __init__(self, folder, program, config):
        super().__init__("vnotchd", folder)
        self.program = program
        self.config = config
        self.starts = 0

    def start(self):
        self.starts += 1
        self.spawn([self.program, "--config", self.config])
