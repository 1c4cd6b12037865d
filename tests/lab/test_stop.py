"""A node that is stopped returns what waits for a link, or stands in a session whose other end is silent, to a sender that keeps
nothing; and it does not take long."""
import hashlib
import re
import signal
import socket
import tempfile
import time

import pytest

from world.certificates import Authority
from world.sallyport import Node
from world.wait import until

pytestmark = pytest.mark.pair

SECRET, COUNT = "a secret for the component", 500
CORE, EDGE = "127.0.66.10", "127.0.66.20"


class RawComponent:
    """XEP-0114 by hand: it keeps all that comes back."""

    def __init__(self, address, domain):
        self.socket, self.seen = socket.create_connection((address, 5347), 5), ""
        self.socket.sendall(f"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
                            f"to='{domain}'>".encode())
        stream_id = self.read(r"id=['\"]([^'\"]+)")
        self.socket.sendall(f"<handshake>{hashlib.sha1((stream_id + SECRET).encode()).hexdigest()}</handshake>".encode())
        self.read(r"(<handshake ?/>)")

    def read(self, pattern, seconds=10):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            self.seen += self.socket.recv(65536).decode()
        return re.search(pattern, self.seen).group(1)

    def to_the_end(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            part = self.socket.recv(65536)
            if not part:
                return self.seen
            self.seen += part.decode()


@pytest.fixture(scope="module")
def lab():
    running = []
    with tempfile.TemporaryDirectory(prefix="lab-stop-") as folder:
        authority = Authority(folder, "traversal")

        def link(name):
            certificate, key = authority.issue(name, [f"{name}.stop.lab"])
            return {"certificate": certificate, "key": key, "trust": authority.certificate,
                    "secret": "a secret for the link of this lab"}

        def node(role, sections):
            running.append(Node(role, f"{role}{len(running)}", folder, {
                "node": {"name": f"{role}.stop.lab", "threads": 2}, **sections}).ready())
            return running[-1]

        def core(**sections):
            return node("core", {"link": link("core"), "link.dial": [
                {"address": f"{EDGE}:7400", "name": "edge.stop.lab", "role": "edge"}],
                "components": {"listen": [f"{CORE}:5347"]},
                "components.allowed": [{"domain": "comp.stop.lab", "secret": SECRET}], **sections})

        def edge():
            return node("edge", {"link": {**link("edge"), "listen": [f"{EDGE}:7400"]}, "s2s": {"listen": [f"{EDGE}:5269"]},
                                 "settings": {"federation.enabled": True, "federation.privacy_mode": "off",
                                              "federation.domains": ["comp.stop.lab"]}})

        lab.core, lab.edge = core, edge
        try:
            yield lab
        finally:
            for process in running:
                process.kill()


def stop_and_count(core, component):
    began = time.monotonic()
    core.child.send_signal(signal.SIGTERM)
    seen = component.to_the_end(10)
    core.child.wait(10)
    took = time.monotonic() - began
    returned = re.findall(r"<message[^>]*id=['\"]s(\d+)['\"][^>]*type=['\"]error|"
                          r"<message[^>]*type=['\"]error['\"][^>]*id=['\"]s(\d+)", seen)
    assert sorted(int(one or other) for one, other in returned) == list(range(COUNT))
    assert took < 4, took  # two seconds, on a slow machine


def send(component):
    component.socket.sendall("".join(
        f"<message from='u@comp.stop.lab' to='v{number % 7}@far{number % 5}.lab' id='s{number}'><body>x</body></message>"
        for number in range(COUNT)).encode())


def send_until_the_core_has_it_all(core, component):
    send(component)

    def read():
        return [one["stanzas_in"] for one in core.json("status")["components"]]
    until(lambda: read() == [COUNT], lambda: f"the core to read {COUNT}: {read()}")


def test_what_waits_for_a_link_that_is_down_is_returned_at_a_stop(lab):
    core = lab.core()
    component = RawComponent(CORE, "comp.stop.lab")
    send_until_the_core_has_it_all(core, component)
    stop_and_count(core, component)


def test_what_stands_in_a_session_whose_other_end_is_silent_is_returned_at_a_stop(lab):
    edge, core = lab.edge(), lab.core()
    core.wait_for(r"link\.open")
    component = RawComponent(CORE, "comp.stop.lab")
    edge.child.send_signal(signal.SIGSTOP)
    try:
        send_until_the_core_has_it_all(core, component)
        stop_and_count(core, component)
    finally:
        edge.child.send_signal(signal.SIGCONT)
