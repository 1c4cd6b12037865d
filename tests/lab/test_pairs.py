"""Several pairs of domains on one stream (RFC 6120 2.5, XEP-0220 2.3), counted on the wire."""
import pytest

from world.raw import EDGE, Authority, RawStream, message
from world.tap import Tap

pytestmark = pytest.mark.pair


@pytest.fixture
def tap(world):
    world.arrange("tls_optional")
    with Tap(world.network["edge"]) as tap:
        yield tap


@pytest.fixture
def stream(world, tap):
    """attacker.lab, an honest server here, has proved itself to coluc.com by its certificate."""
    stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
    stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").read("<success")
    stream.seen = ""
    yield stream.opened()
    stream.close()


@pytest.fixture
def authorities(world):
    """The authoritative servers of attacker.lab and victim.lab."""
    servers = [Authority(world.network["tester"], address, world.certificates["attacker"])
               for address in ("198.51.100.66", "198.51.100.67")]
    yield servers
    for server in servers:
        server.close()


def pair(stream, sender, to):
    stream.send(f"<db:result from='{sender}' to='{to}'>{'5' * 64}</db:result>")
    return stream.read(rf"<db:result [^>]*from=.{to}.[^>]*?type=.(\w+).|<db:result [^>]*type=.(\w+).[^>]*from=.{to}.")


def test_a_peer_adds_our_rooms_to_the_stream_that_it_has(world, tap, stream):
    room = "many@rooms.coluc.com"
    world.ana.joins(room, "host")
    assert "valid" in pair(stream, "attacker.lab", "rooms.coluc.com").groups()
    since = world.ana.mark()
    stream.send(f"<presence from='u@attacker.lab/r' to='{room}/visitor'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
    world.ana.sees(since=since, what="presence", sender=f"{room}/visitor")
    stream.send(message("attacker.lab", "ana@coluc.com", "to the other domain"))
    world.ana.hears("to the other domain", since=since)
    inbound = [one for one in world.edge.json("peers", "show", "attacker.lab")["streams"] if one["direction"] == "inbound"]
    assert len(inbound) == 1, inbound
    assert {(one["local"], one["pending"]) for one in inbound[0]["pairs"]} == {("coluc.com", False), ("rooms.coluc.com", False)}
    assert len(tap.dials(EDGE)) == 1, tap.begun
    stream.send(f"<presence from='u@attacker.lab/r' to='{room}/visitor' type='unavailable'/>")
    world.ana.sees(since=since, what="presence", sender=f"{room}/visitor", type="unavailable")
    world.ana.leaves(room, "host")


def test_a_second_sender_on_the_stream_is_asked_back_for_by_its_own_name(world, tap, stream, authorities):
    authorities[1].verdict = lambda request: "valid" if request["to"] == "victim.lab" else "invalid"
    assert "valid" in pair(stream, "victim.lab", "coluc.com").groups()
    since = world.ana.mark()
    stream.send(message("victim.lab", "ana@coluc.com", "as the second"))
    stream.send(message("attacker.lab", "ana@coluc.com", "as the first"))
    world.ana.hears("as the second", since=since)
    world.ana.hears("as the first", since=since)
    assert [request["to"] for request in authorities[1].requests] == ["victim.lab"]
    assert len(tap.dials(EDGE)) == 1, tap.begun


def test_a_pair_that_is_refused_leaves_the_others(world, stream, authorities):
    authorities[1].verdict = lambda request: "invalid"
    assert "invalid" in pair(stream, "victim.lab", "coluc.com").groups()
    since = world.ana.mark()
    stream.send(message("attacker.lab", "ana@coluc.com", "still welcome"))
    world.ana.hears("still welcome", since=since)
    stream.send(message("victim.lab", "ana@coluc.com", "not me")).refused("invalid-from", "not-authorized")
