"""Both directions on one stream (XEP-0288) with Prosody's own mod_s2s_bidi; counted on the wire."""
import contextlib
import os
import re
import signal

import pytest

from world.raw import EDGE, EVERYTHING, RawStream
from world.tap import Tap
from world.wait import until

pytestmark = pytest.mark.pair

BIDI = {"modules": ["s2s_bidi"]}
SWITCHES = {"in general": {"bidi": "on"}, "for the peer": {"peers": [{"domain": "guest.lab", "bidi": "on"}]}}


@pytest.fixture(autouse=True)
def off_again(world):
    world.arrange("tls_required")
    yield
    world.edge.set(bidi="off")
    world.arrange()


def connections(tap):
    return [flow for flow in tap.begun if EDGE in (flow[0][0], flow[1][0]) or "2001:db8:5269::10" in (flow[0][0], flow[1][0])]


def both_ways(first, second, text, times=3):
    for number in range(times):
        first.says(second, f"{text} {number}")
        second.hears(f"{text} {number}")
        second.says(first, f"{text} {number} too")
        first.hears(f"{text} {number} too")


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_stream_that_we_open_carries_both_ways(world, switch):
    world.edge.set(**SWITCHES[switch])
    with world.guest(**BIDI) as gus, Tap(world.network["guest"]) as tap:
        both_ways(world.ana, gus, f"ours, {switch}")
        assert "guest.lab" in world.edge.ask("peers", "ping", "guest.lab")  # the answer comes back on the same stream
        assert len(connections(tap)) == 1, tap.begun
        assert gus.server.lines("Requested bidirectional stream")


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_stream_that_they_open_carries_both_ways(world, switch):
    world.edge.set(**SWITCHES[switch])
    with world.guest(**BIDI) as gus, Tap(world.network["guest"]) as tap:
        both_ways(gus, world.ana, f"theirs, {switch}")
        assert "guest.lab" in world.edge.ask("peers", "ping", "guest.lab")
        assert len(connections(tap)) == 1, tap.begun
        assert gus.server.lines("Requesting bidirectional stream")


def test_five_hundred_messages_each_way_stay_in_order_on_one_stream(world):
    world.edge.set(bidi="on")
    with world.guest(**BIDI) as gus, Tap(world.network["guest"]) as tap:
        since = gus.mark(), world.ana.mark()
        world.ana.counts(gus, "bidi-out", 0, 1)
        gus.hears("bidi-out 0", 15, since[0])
        gus.counts(world.ana, "bidi-back", 0, 500)
        world.ana.counts(gus, "bidi-out", 1, 499)
        world.ana.hears("bidi-back 499", 30, since[1])
        gus.hears("bidi-out 499", 30, since[0])
        assert gus.heard("bidi-out", since[0]) == list(range(500))
        assert world.ana.heard("bidi-back", since[1]) == list(range(500))
        assert len(connections(tap)) == 1, tap.begun


@pytest.mark.parametrize("managed", (True, False), ids=("acknowledged", "taken"))
def test_what_is_on_a_stream_that_they_opened_is_not_lost_with_it(world, managed):
    """First deaf, then gone: what it did not acknowledge, or its TCP did not take, goes over a stream of ours."""
    world.edge.set(bidi="on")
    with world.guest(**BIDI, options="" if managed else "smacks_enabled_s2s = false") as gus:
        both_ways(gus, world.ana, f"deaf, managed {managed}", 1)
        since = gus.mark(), world.ana.mark()
        os.killpg(gus.server.pid, signal.SIGSTOP)
        # A stopped server's TCP goes on taking; only what it was seen to take long ago would be settled.
        with contextlib.nullcontext() if managed else world.network.silence("guest", *EVERYTHING):
            world.ana.counts(gus, "kept", 0, 40)
            stream = lambda: [s for s in world.edge.json("peers", "show", "guest.lab")["streams"] if s["bidirectional"]]
            until(lambda: stream() and stream()[0]["stanzas_out"] >= 41, stream, 10)
            assert bool(stream()[0]["unacknowledged"]) == managed
            gus.server.kill()
            gus.server.child.wait()
        world.restart(gus)
        gus.online()
        until(lambda: len(gus.heard("kept", since[0])) >= 40, lambda: f"all to come: {gus.heard('kept', since[0])}", 40)
        assert gus.heard("kept", since[0]) == list(range(40))
        assert not world.ana.bounced("kept", since[1])


def test_what_does_not_fit_onto_their_stream_at_once_follows_in_order(world):
    world.edge.set(bidi="on")
    with world.guest(**BIDI) as gus, Tap(world.network["guest"]) as tap:
        since = gus.mark()
        gus.says(world.ana, "open")
        world.ana.hears("open")
        bulk = "x" * 10000  # in the id as well: three times what a stream takes before it has to drain
        world.ana.counts(gus, bulk, 0, 150)
        until(lambda: len(gus.heard(bulk, since)) == 150, lambda: f"all to arrive: {len(gus.heard(bulk, since))}", 30)
        assert gus.heard(bulk, since) == list(range(150))
        assert len(connections(tap)) == 1, tap.begun


def test_by_default_it_is_neither_asked_for_nor_offered(world):
    with world.guest(**BIDI) as gus, Tap(world.network["guest"]) as tap:
        both_ways(world.ana, gus, "by default", 1)
        assert len(connections(tap)) >= 2, tap.begun
        assert not gus.server.lines("bidirectional stream")


def test_the_exception_is_for_its_peer_alone(world):
    for settings, offered in (({"peers": [{"domain": "guest.lab", "bidi": "on"}]}, False), ({"peers": [], "bidi": "on"}, True),
                              ({"peers": [{"domain": "attacker.lab", "bidi": "off"}]}, False)):
        world.edge.set(**settings)
        stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
        assert bool(re.search(r"<bidi xmlns=['\"]urn:xmpp:features:bidi['\"]", stream.seen)) == offered, (settings, stream.seen)
        stream.close()
