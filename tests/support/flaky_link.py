"""Networks that fail: a proxy that goes silent or breaks at any byte, and a link that goes down."""

import os
import re
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

CHUNK = 65536
TURN_S = 0.02
FIRST_NUMBER = re.compile(rb'"seq": ?(\d+)')
PUBLISH, PUBACK = 3, 4


class Observer:
    """Reads along what goes through one connection: which messages the client acknowledged, when.

    `acknowledged` collects (wall time it passed here, wall time of its acknowledgement, topic,
    first sequence number of the payload): what the client did with it lies between these times.
    """

    def __init__(self, acknowledged):
        self.acknowledged = acknowledged
        self.waiting = {"down": b"", "up": b""}
        self.under_way = {}

    def feed(self, direction, data):
        stream = self.waiting[direction] + data
        at = 0
        while True:
            size, head = self.packet_size(stream, at)
            if size is None or at + size > len(stream):
                break
            self.packet(direction, stream[at], stream[at + head:at + size])
            at += size
        self.waiting[direction] = stream[at:]

    @staticmethod
    def packet_size(stream, at):
        """Bytes of the packet at this place, and of its fixed header; None: not there yet."""
        length = 0
        for i in range(1, 5):
            if at + i >= len(stream):
                return None, 0
            digit = stream[at + i]
            length |= (digit & 0x7F) << 7 * (i - 1)
            if digit < 0x80:
                return 1 + i + length, 1 + i
        return None, 0

    def packet(self, direction, kind, body):
        if direction == "down" and kind >> 4 == PUBLISH and kind & 6:
            length = struct.unpack_from(">H", body)[0]
            number = struct.unpack_from(">H", body, 2 + length)[0]
            first = FIRST_NUMBER.search(body, 2 + length)
            self.under_way[number] = (time.time(), body[2:2 + length].decode(),
                                      int(first[1]) if first else None)
        elif direction == "up" and kind >> 4 == PUBACK:
            message = self.under_way.pop(struct.unpack_from(">H", body)[0], None)
            if message is not None:
                passed, *what = message
                self.acknowledged.append((passed, time.time(), *what))


class Pair:
    """A client's connection and ours to the target; `up` is from the client to the target."""

    def __init__(self, client, target, observer):
        self.sockets = {"up": client, "down": target}  # where each direction's bytes come from
        self.waiting = {"up": b"", "down": b""}
        self.observer = observer

    def read(self, direction):
        """False: the connection has ended."""
        if self.waiting[direction]:
            return True
        try:
            data = self.sockets[direction].recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.waiting[direction] = data
        return bool(data)

    def write(self, direction, most):
        """Passes on what waits, at most so many bytes; returns how many, or None at the end."""
        data = self.waiting[direction][:most]
        if not data:
            return 0
        try:
            sent = self.sockets["down" if direction == "up" else "up"].send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return None
        if self.observer is not None:
            self.observer.feed(direction, data[:sent])
        self.waiting[direction] = self.waiting[direction][sent:]
        return sent

    def close(self, reset):
        for end in self.sockets.values():
            if reset:  # no FIN: what is under way is gone
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()


class Link(threading.Thread):
    """A port that leads to another one, as well as it is told to, once it is started.

    `silent`: nothing passes, nothing is closed, as on a link that is half open; `let_pass(n)`: not
    until so many more bytes, in both directions together, have passed. `cut(n)`: after so many all
    connections are reset.
    """

    def __init__(self, target_port, host="127.0.0.1", observe=False):
        super().__init__(daemon=True)
        self.target_port = target_port
        self.listener = socket.create_server((host, 0))
        self.listener.setblocking(False)
        self.host, self.port = self.listener.getsockname()
        self.silent = False
        self.left = None
        self.ration = None
        self.cuts = 0
        self.acknowledged = [] if observe else None
        self.pairs = []
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def cut(self, after_bytes=0):
        with self.lock:
            self.left = after_bytes

    def let_pass(self, count):
        with self.lock:
            self.ration = count
        self.silent = False

    def run(self):
        while not self.ended.is_set():
            if self.silent:
                time.sleep(TURN_S)
            else:
                self.wait()
                self.turn()
        self.close_all(False)
        self.listener.close()

    def wait(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            for pair in self.pairs:
                for direction, end in pair.sockets.items():
                    other = "down" if direction == "up" else "up"
                    events = 0 if pair.waiting[direction] else selectors.EVENT_READ
                    events |= selectors.EVENT_WRITE if pair.waiting[other] else 0
                    if events:
                        selector.register(end, events)
            selector.select(TURN_S)

    def turn(self):
        self.accept()
        for pair in list(self.pairs):
            if not all(self.pass_on(pair, direction) for direction in ("up", "down")):
                pair.close(False)
                self.pairs.remove(pair)
        with self.lock:
            cut = self.left is not None and self.left <= 0
            self.left = None if cut else self.left
            if self.ration is not None and self.ration <= 0:
                self.ration, self.silent = None, True
        if cut:
            self.close_all(True)
            self.cuts += 1

    def pass_on(self, pair, direction):
        open_still = pair.read(direction)
        with self.lock:
            most = min(max(0, CHUNK if end is None else end) for end in (self.left, self.ration))
        sent = pair.write(direction, most)
        if sent is None:
            return False
        with self.lock:
            self.left = None if self.left is None else self.left - sent
            self.ration = None if self.ration is None else self.ration - sent
        return open_still or bool(pair.waiting[direction])

    def accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        try:
            target = socket.create_connection(("127.0.0.1", self.target_port), timeout=1)
        except OSError:
            client.close()
            return
        for end in (client, target):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        observer = Observer(self.acknowledged) if self.acknowledged is not None else None
        self.pairs.append(Pair(client, target, observer))

    def close_all(self, reset):
        for pair in self.pairs:
            pair.close(reset)
        self.pairs = []

    def close(self):
        self.ended.set()
        if self.ident is not None:
            self.join()


def have_namespaces():
    """Whether this machine lets us have networks of our own."""
    if not all(shutil.which(tool) for tool in ("unshare", "nsenter", "ip")):
        return False
    command = ["unshare", "-rn", "sh", "-c",
               "ip link set lo up && ip link add vn-test0 type veth peer name vn-test1"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def enter_namespace(environment):
    """Starts this program anew in a user and network namespace of its own, if that is possible."""
    if "VN_NAMESPACE" not in environment and have_namespaces():
        environment = dict(environment, VN_NAMESPACE="1")
        sys.stdout.flush()
        command = ["unshare", "-rn", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
        os.execvpe("unshare", command + [sys.executable] + sys.argv, environment)


class Cable:
    """A network namespace for the program under test, and the cable to it.

    `prefix` is put in front of a command to run it there; `host` is our end's address.
    """

    def __init__(self):
        self.host = "10.213.7.1"
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "100000"])
        here = os.stat("/proc/self/ns/net").st_ino
        deadline = time.monotonic() + 10
        while os.stat(f"/proc/{self.keeper.pid}/ns/net").st_ino == here:
            assert time.monotonic() < deadline, "no network namespace"
            time.sleep(0.01)
        self.prefix = ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net"]
        pid = str(self.keeper.pid)
        self.ip("link", "add", "vn-here", "type", "veth", "peer", "name", "vn-there", "netns", pid)
        self.ip("addr", "add", self.host + "/24", "dev", "vn-here")
        self.ip("link", "set", "vn-here", "up")
        self.ip("addr", "add", "10.213.7.2/24", "dev", "vn-there", there=True)
        self.ip("link", "set", "lo", "up", there=True)
        self.ip("link", "set", "vn-there", "up", there=True)

    def ip(self, *arguments, there=False):
        subprocess.run((self.prefix if there else []) + ["ip", *arguments], check=True)

    def down(self):
        self.ip("link", "set", "vn-here", "down")

    def up(self):
        self.ip("link", "set", "vn-here", "up")

    def close(self):
        self.keeper.kill()
        self.keeper.wait()
