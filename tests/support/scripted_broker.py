"""A broker for one client that does what a test says: MQTT 3.1.1, messages with QoS 1."""

import socket
import struct
import threading

from mqtt_packets import CONNECT, PUBACK, PUBLISH, SUBSCRIBE, packet, text

CONNACK, SUBACK, PINGREQ, PINGRESP = 0x20, 0x90, 0xC0, 0xD0
DUP = 8


class ScriptedBroker:
    """Takes one connection after the other on a port that stays the same: one that outgoing
    connections don't take while it is gone."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", port))
        self.session_present = False
        self.changed = threading.Condition()
        self.connection = None
        self.subscriptions = 0
        self.acknowledged = []
        self.ended = False
        self.listen()

    def listen(self):
        self.thread = threading.Thread(target=self._serve, args=(self.listener,), daemon=True)
        self.thread.start()

    def _serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._talk(connection)
            except OSError:
                pass
            with self.changed:
                self.connection = None
            connection.close()

    @staticmethod
    def _read(connection, length):
        data = b""
        while len(data) < length:
            part = connection.recv(length - len(data))
            if not part:
                raise ConnectionError("the client has gone")
            data += part
        return data

    def _read_packet(self, connection):
        kind = self._read(connection, 1)[0]
        length, shift = 0, 0
        while True:
            digit = self._read(connection, 1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                return kind, self._read(connection, length)

    def _talk(self, connection):
        while True:
            kind, body = self._read_packet(connection)
            with self.changed:
                if kind == CONNECT:
                    connection.sendall(packet(CONNACK, bytes([self.session_present, 0])))
                    self.session_present = True
                elif kind == SUBSCRIBE:
                    connection.sendall(packet(SUBACK, body[:2] + b"\x01" * body.count(b"/")))
                    self.connection = connection
                    self.subscriptions += 1
                elif kind == PINGREQ:
                    connection.sendall(packet(PINGRESP, b""))
                elif kind & 0xF0 == PUBACK:
                    self.acknowledged.append(struct.unpack(">H", body[:2])[0])
                self.changed.notify_all()

    def wait(self, condition, what):
        with self.changed:
            assert self.changed.wait_for(condition, 120), what

    def wait_subscribed(self, times):
        """Until the client has subscribed so often in all, and still is."""
        self.wait(lambda: self.subscriptions >= times and self.connection is not None,
                  f"{self.subscriptions} of {times} subscriptions")

    def publish(self, topic, payload, number, dup=False):
        """Sends it and waits for its acknowledgement."""
        head = PUBLISH | 2 | (DUP if dup else 0)
        before = len(self.acknowledged)
        data = packet(head, text(topic) + struct.pack(">H", number) + payload.encode())
        with self.changed:
            self.connection.sendall(data)
        self.wait(lambda: number in self.acknowledged[before:], f"{number} is not acknowledged")

    def drop(self):
        """Breaks the connection."""
        with self.changed:
            connection, self.connection = self.connection, None
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)

    def restart(self):
        """Is gone for a moment, with its port."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        self.thread.join()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.listen()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        self.thread.join()
