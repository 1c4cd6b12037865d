"""Streams that break and are resumed (XEP-0198 section 5), against a server of the tests' own that knows nothing of ours: as
initiating and as receiving server, its connections reset at any byte. Each message arrives once, and in order. LAB_SEED
chooses other moments."""
import os

import pytest

from world.certificates import Authority
from world.client import Clients, User
from world.names import NameServer
from world.resuming import SM, Broken, ResumingServer
from world.several import Several
from world.trio import Trio
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.66.20", "link": "127.0.66.21", "core": "127.0.66.10", "presence": "127.0.66.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
SEED = os.environ.get("LAB_SEED", "1")
DNS = """
local-zone: "com." static
local-zone: "lab." static
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "edge1.coluc.com. 60 A 127.0.66.20"
local-data: "_xmpp-server._tcp.resumes.lab. 60 SRV 0 0 5269 xmpp.resumes.lab."
local-data: "xmpp.resumes.lab. 60 A 127.0.67.20"
local-data: "_xmpp-server._tcp.other.lab. 60 SRV 0 0 5269 xmpp.other.lab."
local-data: "xmpp.other.lab. 60 A 127.0.67.21"
"""


class World(Several):
    def __init__(self, folder):
        start = self.start
        start(NameServer("resumption-dns", "127.0.66.53", DNS, folder, port=5355))
        authority = Authority(folder, "authority")
        names = ["resumes.lab", "other.lab"]
        self.certificates = {name: authority.issue(name, [name]) for name in names}
        self.trio = Trio(f"{folder}/trio", "coluc.com", AT, NAMES, "127.0.66.53:5355", "127.0.0.0/8", names)
        start(self.trio).start()
        until(lambda: self.trio.rows() == [self.trio.component], "the chain", 20)
        self.trio.add_users("romeo")
        self.romeo = User(start(Clients("resumption-clients", folder)), "romeo", "romeo@coluc.com", self.trio.users).online()

    def peer(self, domain="resumes.lab", address="127.0.67.20"):
        return ResumingServer(address, domain, self.certificates[domain], (AT["edge"], 5269), seed=SEED)

    def broken(self, direction, outcome):
        """Of the metric, for the edge."""
        wanted = f'sallyport_broken_streams_total{{direction="{direction}",outcome="{outcome}"}}'
        lines = [line for line in self.trio.edge.ask("metrics").splitlines() if line.startswith(wanted)]
        return int(float(lines[0].rsplit(" ", 1)[1])) if lines else 0


@pytest.fixture(scope="module")
def lab():
    with World.raised("lab-resumption-") as made:
        yield made


@pytest.fixture
def peer(lab):
    made = lab.peer()
    try:
        yield made
        assert not made.errors, made.errors
    finally:
        made.stop()


def test_what_it_sends_arrives_once_and_in_order_whenever_its_connections_break(lab, peer):
    since = lab.romeo.mark()
    peer.break_after(200, 9000)  # from the middle of the handshake on
    peer.send("romeo@coluc.com", "in", 300)
    until(lambda: len(lab.romeo.heard("in", since)) >= 300,
          lambda: f"LAB_SEED={SEED}: {len(lab.romeo.heard('in', since))} of 300, {peer.opened} connections", 120)
    peer.break_after(None, None)
    until(peer.sent, "the last acknowledgement", 60)
    assert lab.romeo.heard("in", since) == list(range(300))
    assert peer.resumed_out >= 3, peer.opened


def test_what_it_gets_arrives_once_and_in_order_whenever_its_connections_break(lab, peer):
    peer.break_after(2500, 9000)  # handshakes come through
    for first in range(0, 300, 20):
        lab.romeo.counts(f"tester@{peer.domain}", "out", first, 20)
        until(lambda: len(peer.received) >= first + 20, lambda: f"LAB_SEED={SEED}: {peer.received[-3:]}", 60)
    peer.break_after(None, None)
    assert [body for body in peer.received if body] == [f"out {number}" for number in range(300)]
    assert peer.resumed_in >= 3, peer.accepted
    assert lab.broken("outbound", "resumed") >= 3


def proved(server, certificate=None):
    """A stream on which the domain is proved; what broke in the test before may still be in the way of its proof."""
    why = []

    def opens():
        try:
            return server.open(None, certificate)
        except Broken as broken:
            why.append(str(broken))
            return None
    return until(opens, lambda: f"a stream of {server.domain}: {why}", 30, 0.5)


def test_nobody_else_resumes_its_stream(lab, peer):
    connection = proved(peer)
    connection.send(f"<enable xmlns='{SM}' resume='true'/>")
    name = connection.expect(f"{{{SM}}}enabled").get("id")
    connection.reset()
    other = lab.peer("other.lab", "127.0.67.21")
    try:
        # Another domain; the same with a certificate that it did not show before.
        for stranger, certificate in ((other, None), (peer, lab.certificates["resumes.lab"])):
            foreign = proved(stranger, certificate)
            foreign.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
            failed = foreign.expect(f"{{{SM}}}failed")
            assert failed.get("h") is None
            assert [child.tag.split("}")[1] for child in failed] == ["item-not-found"]
            foreign.reset()
    finally:
        other.stop()
    own = proved(peer)
    own.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
    assert own.expect(f"{{{SM}}}resumed").get("previd") == name
    # And from a connection that only seems to live.
    again = proved(peer)
    again.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
    assert again.expect(f"{{{SM}}}resumed").get("h") == "0"
    again.reset()


def test_a_peer_that_does_not_resume_is_served_as_before(lab, peer):
    peer.resumes = False
    since = lab.romeo.mark()
    lab.romeo.counts(f"tester@{peer.domain}", "plain", 0, 20)
    until(lambda: "plain 19" in peer.received, lambda: str(peer.received[-3:]), 30)
    assert [body for body in peer.received if body] == [f"plain {number}" for number in range(20)]
    peer.send("romeo@coluc.com", "back", 20)
    until(lambda: len(lab.romeo.heard("back", since)) >= 20, "20 messages", 30)
    assert lab.romeo.heard("back", since) == list(range(20))
