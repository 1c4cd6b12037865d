"""Behind HAProxy: it sends servers to an edge only while the edge can serve them, and who a server is comes from the PROXY header of a
listed balancer, and from nobody else. On loopback; nothing here needs root."""
import json
import re
import socket
import urllib.error
import urllib.request

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
THIRD = (BALANCER, 5289)  # only while the edge says that it is ready
HEALTH = f"{AT['edge']}:8081"
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
listen third
    bind {balancer}:5289
    option httpchk GET /health
    server edge {edge}:5269 send-proxy-v2 check port 8081 inter 100ms fall 1 rise 1
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
            text = text.replace("[s2s]\n", f'[s2s]\nproxies = ["{BALANCER}"]\n', 1)
            file.write(f'{text}\n[admin]\nhealth = ["{HEALTH}"]\n')
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


def health():
    """Status and answer of the edge's own address for balancers."""
    try:
        with urllib.request.urlopen(f"http://{HEALTH}/health", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def served(address):
    """Whether the balancer brings a server to the edge. Of one that has nobody to bring it to, the connection ends."""
    try:
        with Server(address, THIRD) as server:
            return "starttls" in features(server)
    except OSError:
        return False


def test_the_balancer_sends_servers_only_to_an_edge_that_is_ready(lab):
    until(lambda: served("127.0.65.82"), lambda: lab.haproxy.log(), 10)
    status, said = health()
    assert status == 200 and said == {"ready": True, "draining": False, "version": said["version"]}
    lab.trio.core.stop()
    try:
        until(lambda: not served("127.0.65.82"), lambda: f"{health()}\n{lab.haproxy.log()}", 15)
        assert health()[0] == 503 and health()[1]["ready"] is False
        with Server("127.0.65.82", SECOND) as server:
            assert "starttls" in server.hears(), "the connection check alone finds the edge well"
    finally:
        lab.trio.restart("core")
    until(lambda: served("127.0.65.82"), lambda: f"{health()}\n{lab.haproxy.log()}", 15)
