"""Peers that fall silent without closing, streams that nobody uses, and white space that keeps a connection."""
import pytest

from world.federation import TIMERS
from world.raw import EVERYTHING, RawStream, message
from world.tap import Tap
from world.wait import until

pytestmark = pytest.mark.pair

NOTICED = TIMERS["ping"] + TIMERS["dead_peer"]


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange()


def test_a_peer_that_falls_silent_is_noticed_and_what_it_did_not_get_is_sent_again_once(world):
    with world.guest() as gus, Tap(world.network["edge"]) as tap:
        world.ana.says(gus, "before the silence")
        gus.hears("before the silence")
        since, here = (gus.mark(), world.ana.mark()), world.edge.mark()
        with world.network.silence("guest", *EVERYTHING):
            world.ana.says(gus, "into the silence", id="silence-1")
            world.edge.event("peer dead", "guest.lab", since=here, seconds=NOTICED + 4)
            given_up(world, tap)
        gus.hears("into the silence", 15, since[0])
        world.ana.says(gus, "after the silence")
        gus.hears("after the silence", 15, since[0])
        assert [event["body"] for event in gus.events(since[0]) if event["what"] == "message"] == [
            "into the silence", "after the silence"]
        assert not [event for event in world.ana.events(since[1]) if event["type"] == "error"]


def test_a_peer_that_stays_silent_costs_a_true_bounce(world):
    with world.guest() as gus, Tap(world.network["edge"]) as tap:
        world.ana.says(gus, "the last word")
        gus.hears("the last word")
        since, here = (gus.mark(), world.ana.mark()), world.edge.mark()
        with world.network.silence("guest", *EVERYTHING):
            world.ana.says(gus, "never again", id="silent-1")
            world.edge.event("peer dead", "guest.lab", since=here, seconds=NOTICED + 4)
            event = world.ana.sees(20, since[1], what="message", type="error", id="silent-1")
            assert event["condition"] == "remote-server-timeout"
            given_up(world, tap)
        world.ana.says(gus, "all is well again")
        until_heard(world, gus, "all is well again", since[0])
        assert not [event for event in gus.events(since[0]) if event.get("body") == "never again"]


def given_up(world, tap):
    """The kernel holds nothing of the dead connections either: a late retransmission would deliver what was answered for."""
    ports = [f":{flow[0][1]} " for flow in tap.dials("198.51.100.40") + tap.dials("2001:db8:5269::40")]
    assert ports

    def held():
        return [line for line in world.network["edge"].run("ss", "-Htn", "state", "all").splitlines()
                if not line.startswith(("SYN-SENT", "TIME-WAIT")) and any(port in line for port in ports[:1])]
    until(lambda: not held(), held, 2)


def until_heard(world, gus, text, since):
    """The edge waits before it tries again; the operator's ping does not."""
    world.edge.ask("peers", "ping", gus.jid.split("@")[1], check=False)
    gus.hears(text, 10, since)


@pytest.fixture
def attacker(world):
    """attacker.lab, a peer like any other here, with a stream that its certificate has proved."""
    stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
    stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").read("<success")
    stream.seen = ""
    yield stream.opened()
    stream.close()


def test_white_space_between_stanzas_is_nothing(world, attacker):
    since = world.ana.mark()
    attacker.send(" \n\t ").send(message("attacker.lab", "ana@coluc.com", "one")).send("\n" * 50)
    attacker.send(message("attacker.lab", "ana@coluc.com", "two")).send(" ")
    world.ana.hears("one", 10, since)
    world.ana.hears("two", 10, since)
    assert "<stream:error" not in attacker.seen


@pytest.fixture
def impatient(world):
    """An edge that closes a stream after three seconds without a stanza."""
    patience = world.edge.arguments[3]["timers"]

    def restart(timers):
        core = world.core.mark()
        world.edge.stop()
        world.running.remove(world.edge)
        world.edge = world.edge.again(timers=timers)
        world.running.append(world.edge)
        world.core.event("link up", since=core, seconds=20)
    restart({**patience, "idle": 3})
    yield
    restart(patience)


def test_an_idle_stream_is_closed_white_space_or_not_and_the_next_stanza_opens_another(world, impatient, attacker):
    with world.guest() as gus, Tap(world.network["guest"]) as tap:
        world.ana.says(gus, "first")
        gus.hears("first")
        gus.says(world.ana, "first too")
        world.ana.hears("first too")
        there = gus.server.mark()
        opened = len(tap.begun)
        seen = attacker.kept_awake_until_the_end(8)
        assert "</stream:stream>" in seen, seen
        gus.server.wait_for(r"s2sin.*(closed|disconnected)", 8, there)
        gus.server.wait_for(r"s2sout.*(closed|disconnected)", 8, there)
        world.ana.says(gus, "second")
        gus.hears("second")
        assert len(tap.begun) > opened
