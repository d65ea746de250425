"""MQTT 3.1.1 over plain sockets: publishing costs next to nothing, receiving is timed at once."""

import socket
import struct
import threading
import time

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, DISCONNECT = 0x10, 0x20, 0x30, 0x40, 0x82, 0xE0
CLEAN_SESSION = 2


def remaining_length(length):
    out = bytearray()
    while True:
        length, digit = divmod(length, 128)
        out.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(out)


def text(value):
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def packet(head, body):
    return bytes([head]) + remaining_length(len(body)) + body


def publish_packet(topic, payload, qos, packet_id=1):
    body = text(topic) + (struct.pack(">H", packet_id) if qos else b"") + payload
    return packet(PUBLISH | qos << 1, body)


class Connection:
    def __init__(self, port, name, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = None
        try:
            self._log_in(name)
        except OSError:
            self.socket.close()
            raise

    def _log_in(self, name):
        body = text("MQTT") + bytes([4, CLEAN_SESSION]) + struct.pack(">H", 0) + text(name)
        self.socket.sendall(packet(CONNECT, body))
        answer = self._read_exactly(4)
        if answer[0] != CONNACK or answer[3] != 0:
            raise ConnectionError(f"the broker refuses the connection: {answer.hex()}")

    def _start_reader(self, run):
        self.socket.settimeout(None)
        self.reader = threading.Thread(target=run, daemon=True)
        self.reader.start()

    def _read_exactly(self, length):
        got = b""
        while len(got) < length:
            part = self.socket.recv(length - len(got))
            if not part:
                raise ConnectionError("the broker ends the connection")
            got += part
        return got

    def send(self, packets):
        self.socket.sendall(packets)

    def close(self):
        try:
            self.socket.sendall(packet(DISCONNECT, b""))
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.reader.join()


class Publisher(Connection):
    """Sends packets as they are and counts what is acknowledged."""

    def __init__(self, port, name, host="127.0.0.1"):
        super().__init__(port, name, host)
        self.acknowledged = 0
        self.changed = threading.Condition()
        self._start_reader(self._count)

    def _count(self):
        """What comes are PUBACKs of 4 bytes only: nothing is subscribed to."""
        bytes_seen = 0
        while True:
            try:
                part = self.socket.recv(65536)
            except OSError:
                part = b""
            with self.changed:
                bytes_seen += len(part)
                self.acknowledged = bytes_seen // 4 if part else float("inf")
                self.changed.notify_all()
            if not part:
                return

    def wait_acknowledged(self, count, seconds=120):
        """Waits until so many packets are acknowledged in all."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.acknowledged >= count, seconds):
                raise TimeoutError(f"the broker has acknowledged {self.acknowledged} of {count}")
            if self.acknowledged == float("inf"):
                raise ConnectionError("the broker has ended the connection")

    def publish_all(self, messages, window=256):
        """Publishes (topic, payload) pairs with QoS 1, `window` of them in flight."""
        base = self.acknowledged
        for first in range(0, len(messages), window):
            part = messages[first:first + window]
            self.send(b"".join(publish_packet(topic, payload, 1, number + 1)
                               for number, (topic, payload) in enumerate(part)))
            self.wait_acknowledged(base + first + len(part))


class Subscriber(Connection):
    """Takes messages with QoS 1: (time of arrival in ns, topic, payload)."""

    def __init__(self, port, name, topic, host="127.0.0.1"):
        super().__init__(port, name, host)
        self.messages = []
        self.send(packet(SUBSCRIBE, struct.pack(">H", 1) + text(topic) + bytes([1])))
        answer = self._read_exactly(5)
        if answer[0] != 0x90 or answer[4] > 1:
            raise ConnectionError(f"the broker refuses the subscription: {answer.hex()}")
        self._start_reader(self._receive)

    def _receive(self):
        waiting = b""
        while True:
            try:
                part = self.socket.recv(65536)
            except OSError:
                return
            now = time.perf_counter_ns()
            if not part:
                return
            waiting = self._take(waiting + part, now)

    def _take(self, stream, now):
        """Takes the whole packets at the front; returns the rest."""
        place = 0
        while True:
            length, body = 0, place + 1
            while body < len(stream) and body - place < 5:
                length |= (stream[body] & 0x7F) << 7 * (body - place - 1)
                body += 1
                if stream[body - 1] < 0x80:
                    break
            else:
                return stream[place:]
            if body + length > len(stream):
                return stream[place:]
            if stream[place] & 0xF0 == PUBLISH:
                self._arrived(stream[place], stream[body:body + length], now)
            place = body + length

    def _arrived(self, head, body, now):
        end = 2 + struct.unpack(">H", body[:2])[0]
        topic, payload = body[2:end].decode(), body[end:]
        if head & 0x06:
            self.send(packet(PUBACK, payload[:2]))
            payload = payload[2:]
        self.messages.append((now, topic, payload))
