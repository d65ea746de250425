"""A small terminal: what a program shows on it, and a program that has it as its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")
LEAVE = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


class Screen:
    """Cells, moved over by the sequences that vnotch uses; any other one is an error."""

    def __init__(self, rows, columns):
        self.resize(rows, columns)
        self.clears = 0
        self.other_screen = False
        self.cursor_shown = True
        self.rest = b""

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.row = self.column = 0
        self.clear()

    def clear(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]

    def feed(self, data):
        data = self.rest + data
        while data:
            if data[0] == 0x1b:
                match = SEQUENCE.match(data)
                if match is None:
                    assert len(data) < 16, f"not a sequence: {data[:16]}"
                    break
                self.sequence(*match.groups())
                data = data[match.end():]
            else:
                length = 1 if data[0] < 0x80 else 2 if data[0] < 0xe0 else 3
                if len(data) < length:
                    break
                self.put(data[:length].decode("utf-8"))
                data = data[length:]
        self.rest = data

    def put(self, character):
        if not self.other_screen:
            return  # what the program says before and after
        assert character.isprintable(), repr(character)
        if self.row < self.rows and self.column < self.columns:
            self.cells[self.row][self.column] = character
        self.column += 1

    def sequence(self, private, parameters, final):
        final = final.decode()
        if private:
            assert (parameters, final) in ((b"1049", "h"), (b"1049", "l"), (b"25", "h"),
                                           (b"25", "l"), (b"7", "h"), (b"7", "l")), parameters
            if parameters == b"1049":
                self.other_screen = final == "h"
            if parameters == b"25":
                self.cursor_shown = final == "h"
        elif final == "H":
            self.row, self.column = (int(number) - 1 for number in parameters.split(b";"))
        elif final == "J":
            assert parameters == b"2"
            self.clears += 1
            self.clear()
        else:
            assert final == "m", final

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def text(self):
        return "\n".join(self.lines())


class Program:
    """A program with a terminal of its own; its output goes to `screen`."""

    def __init__(self, command, rows=24, columns=80, environment=None):
        self.screen = Screen(rows, columns)
        self.output = b""
        self.status = None
        gate, opener = os.pipe()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                self.set_size(0, rows, columns)
                os.close(opener)
                os.read(gate, 1)
                os.execve(command[0], command,
                          {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "USER": "ann",
                           **(environment or {})})
            finally:
                os._exit(127)
        os.close(gate)
        self.modes = termios.tcgetattr(self.terminal)  # before the program can change them
        os.close(opener)

    @staticmethod
    def set_size(descriptor, rows, columns):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.read(0.05)
        self.screen.resize(rows, columns)
        self.set_size(self.terminal, rows, columns)

    def read(self, seconds):
        """Takes what comes within so many seconds; False: nothing did."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # the other side is closed
            data = b""
        self.output += data
        self.screen.feed(data)
        return bool(data)

    def wait_text(self, pattern, seconds=120):
        """Waits until the screen matches; returns its text then."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.screen.text(), re.M):
            assert time.monotonic() < deadline, \
                f"not within {seconds} s: {pattern}\n{self.screen.text()}"
            assert self.read(0.1) or self.is_running(), \
                f"ended with {self.status}: {self.output[-500:]}"
        return self.screen.text()

    def has_text(self, pattern):
        """What is on the screen if it matches by now, else None."""
        while self.read(0):
            pass
        text = self.screen.text()
        return text if re.search(pattern, text, re.M) else None

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def is_running(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is None

    def wait(self, seconds=120):
        """Waits for the end and returns the exit status; minus the signal's number if by one."""
        deadline = time.monotonic() + seconds
        while self.is_running():
            assert time.monotonic() < deadline, f"still runs after {seconds} s"
            self.read(0.02)
        while self.read(0):
            pass
        return self.status

    def close(self):
        if self.is_running():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)
