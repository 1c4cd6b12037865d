"""Behind HAProxy: who a server is comes from the PROXY header of a listed balancer, and from nobody else. On loopback; nothing
here needs root."""
import re
import socket

import pytest

from world.names import NameServer
from world.process import Process
from world.several import Several
from world.trio import Trio
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.65.20", "link": "127.0.65.21", "core": "127.0.65.10", "presence": "127.0.65.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
BALANCER = "127.0.65.9"
FIRST, SECOND = (BALANCER, 5269), (BALANCER, 5279)  # version 1 and 2 of the header
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
          " from='partner.lab' to='coluc.com' version='1.0'>")

CONFIGURATION = """
global
    maxconn 2000
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    source {balancer}
listen first
    bind {balancer}:5269
    server edge {edge}:5269 send-proxy
listen second
    bind {balancer}:5279
    server edge {edge}:5269 send-proxy-v2 check inter 100ms
"""


class Lab(Several):
    def __init__(self, folder):
        self.start(NameServer("balancer-dns", "127.0.65.53", 'local-zone: "com." static\n', folder, port=5355))
        self.trio = self.start(Trio(f"{folder}/trio", "coluc.com", AT, NAMES, "127.0.65.53:5355", "127.0.0.0/8",
                                    allow=["partner.lab"]))
        path = f"{self.trio.folder}/edge.toml"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("[s2s]\n", f'[s2s]\nproxies = ["{BALANCER}"]\n', 1))
        self.trio.start()
        with open(f"{folder}/haproxy.cfg", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(balancer=BALANCER, edge=AT["edge"]))
        self.haproxy = self.start(Process("haproxy", ["haproxy", "-db", "-f", f"{folder}/haproxy.cfg"], folder))
        until(lambda: answers(FIRST) and answers(SECOND), lambda: f"HAProxy: {self.haproxy.log()}", 10)

    edge = property(lambda self: self.trio.edge)


def answers(at):
    try:
        socket.create_connection(at, 1).close()
        return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def lab():
    with Lab.raised("lab-balancer-") as made:
        yield made


class Server:
    """The first bytes of another server, from an address of its own."""

    def __init__(self, address, to, first=HEADER):
        self.socket = socket.create_connection(to, 5, (address, 0))
        self.socket.settimeout(10)
        self.name = "{}:{}".format(*self.socket.getsockname())
        self.socket.sendall(first.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def hears(self):
        """All until the features, or until the end."""
        heard = ""
        while "</stream:features>" not in heard and (part := self.socket.recv(65536)):
            heard += part.decode()
        return heard


def features(server):
    """What it was offered; nothing where it was cut off."""
    try:
        return server.hears()
    except OSError:
        return ""


@pytest.mark.parametrize("to", [FIRST, SECOND], ids=["version 1", "version 2"])
def test_the_address_behind_the_balancer_counts_everywhere(lab, to):
    with Server("127.0.65.77", to) as server:
        assert "starttls" in server.hears()
        lab.edge.wait_for(re.escape(server.name))


def test_connections_are_counted_for_who_is_behind_the_balancer(lab):
    """One address has its bound, and leaves the others theirs."""
    greedy = []
    try:
        for _ in range(200):
            greedy.append(Server("127.0.65.78", SECOND))
        assert not any(features(one) for one in greedy[-20:]), "no bound for one address"
        with Server("127.0.65.79", SECOND) as other:
            assert "starttls" in other.hears()
    finally:
        for one in greedy:
            one.socket.close()


def test_nobody_else_says_who_he_is(lab):
    with Server("127.0.65.80", (AT["edge"], 5269)) as plain:
        assert "starttls" in plain.hears()
        lab.edge.wait_for(re.escape(plain.name))
    with Server("127.0.65.80", (AT["edge"], 5269), "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + HEADER) as liar:
        assert "starttls" not in liar.hears()
    assert "192.0.2.1" not in lab.edge.log()


def test_a_balancer_that_says_nothing_of_whom_is_told_in_the_log(lab):
    with Server(BALANCER, (AT["edge"], 5269)) as silent:
        assert not features(silent)
        line = lab.edge.wait_for(rf's2s\.proxy\.refused.*{re.escape(silent.name)}')
        assert "does not begin with a PROXY header" in line, line


def test_checks_of_the_balancer_are_no_trouble(lab):
    """The check of HAProxy sends LOCAL and closes, ten times a second."""
    assert not [line for line in lab.edge.lines(r"s2s\.proxy\.refused") if "its time" in line]
    with Server("127.0.65.81", SECOND) as server:
        assert "starttls" in server.hears(), "HAProxy holds the edge for dead"
