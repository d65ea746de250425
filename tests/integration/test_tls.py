"""TLS: certificate and name of the broker are always checked; how the daemon shows who it is."""

import json
import os
import subprocess
import unittest

from harness import BASE_MS, Case, configuration, free_port, wait_for

INPUTS = """
- topic: "j/{device}"
  format: json
  fields: [{path: v, series: "{device}"}]
  time: {path: t, unit: ms}
"""
PIPELINES = """
- name: all
  windows:
    - {name: minute, tumbling: 1m}
"""


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.make_authority("ca")
        self.make_certificate("server", "DNS:localhost,IP:127.0.0.1")

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def make_key(self, name):
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                     self.path(name + ".key"))
        os.chmod(self.path(name + ".key"), 0o600)

    def make_authority(self, name):
        self.make_key(name)
        self.openssl("req", "-x509", "-new", "-key", self.path(name + ".key"), "-days", "2",
                     "-subj", f"/CN=test {name}", "-out", self.path(name + ".pem"))

    def make_certificate(self, name, names):
        self.make_key(name)
        with open(self.path(name + ".ext"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={names}\n")
        self.openssl("req", "-new", "-key", self.path(name + ".key"), "-subj", f"/CN={name}",
                     "-out", self.path(name + ".csr"))
        self.openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path("ca.pem"),
                     "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", "2", "-extfile",
                     self.path(name + ".ext"), "-out", self.path(name + ".pem"))

    def tls_broker(self, certificate="server", extra=""):
        """A broker with a plain listener for the test and an encrypted one for vnotchd."""
        port = free_port()
        return self.broker(extra=f"listener {port} 127.0.0.1\ncafile {self.path('ca.pem')}\n"
                                 f"certfile {self.path(certificate + '.pem')}\n"
                                 f"keyfile {self.path(certificate + '.key')}\n{extra}\n"), port

    def tls_daemon(self, port, tls=None, host="localhost", rest=""):
        tls = tls if tls is not None else f"{{ca_file: {self.path('ca.pem')}}}"
        text = configuration(port, INPUTS, PIPELINES, f"file: {self.state_file()}",
                             broker=f"{{uri: 'mqtts://{host}:{port}', tls: {tls}{rest}}}")
        return self.daemon(text)

    def works(self, broker, daemon):
        client = self.client(broker)
        daemon.start()
        client.publish_all([("j/a", json.dumps({"v": 1, "t": BASE_MS}))])
        self.wait_json(client, "vnotch/gw/stats", lambda s: s["readings"]["accepted"] == 1)
        self.assertEqual(daemon.stop(), 0)

    def is_refused(self, broker, daemon, word="TLS"):
        client = self.client(broker)
        daemon.start(wait=False)
        wait_for(lambda: "cannot connect" in daemon.log(), 10, daemon.log)
        wait_for(lambda: word in daemon.log(), 5, daemon.log)
        self.assertEqual(client.on("vnotch/gw/status"), [])
        self.assertEqual(daemon.stop(), 0)

    def test_a_broker_of_our_authority_is_accepted(self):
        broker, port = self.tls_broker()
        self.works(broker, self.tls_daemon(port))

    def test_a_certificate_for_another_host_is_refused(self):
        self.make_certificate("stranger", "DNS:broker.example")
        broker, port = self.tls_broker("stranger")
        self.is_refused(broker, self.tls_daemon(port))

    def test_a_certificate_of_another_authority_is_refused(self):
        broker, port = self.tls_broker()
        self.make_authority("other")
        self.is_refused(broker, self.tls_daemon(port, f"{{ca_file: {self.path('other.pem')}}}"))

    def test_a_client_certificate_opens_a_broker_that_wants_one(self):
        self.make_certificate("device", "DNS:gw")
        broker, port = self.tls_broker(extra="require_certificate true")
        tls = (f"{{ca_file: {self.path('ca.pem')}, cert_file: {self.path('device.pem')}, "
               f"key_file: {self.path('device.key')}}}")
        self.works(broker, self.tls_daemon(port, tls))

    def test_without_a_client_certificate_that_broker_refuses(self):
        broker, port = self.tls_broker(extra="require_certificate true")
        self.is_refused(broker, self.tls_daemon(port), "cannot connect")


class Password(Case):
    def start(self, password, version="5"):
        users = os.path.join(self.folder, "users")
        subprocess.run(["mosquitto_passwd", "-b", "-c", users, "gw", "secret"], check=True,
                       capture_output=True)
        port = free_port()
        broker = self.broker(head="per_listener_settings true",
                             extra=f"listener {port} 127.0.0.1\nallow_anonymous false\n"
                                   f"password_file {users}")
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(password + "\n")
        os.chmod(path, 0o600)
        text = configuration(port, INPUTS, PIPELINES, "",
                             broker=f"{{uri: 'mqtt://127.0.0.1:{port}', username: gw, "
                                    f"password_file: {path}, mqtt: {version}}}")
        return broker, self.daemon(text, f"mqtt-{version}")

    def test_the_right_password_is_accepted(self):
        _, daemon = self.start("secret")
        daemon.start()
        self.assertEqual(daemon.stop(), 0)

    def test_the_wrong_password_is_told(self):
        for version in ("5", "3.1.1"):
            with self.subTest(mqtt=version):
                _, daemon = self.start("guess", version)
                daemon.start(wait=False)
                wait_for(lambda: "refuses the connection" in daemon.log(), 10, daemon.log)
                self.assertRegex(daemon.log(), "(?i)not authori[sz]ed")
                self.assertNotIn("guess", daemon.log())
                self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
