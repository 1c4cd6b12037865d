"""Peers of today that are begun for one scenario: with options of their own, or to be stopped. For `./dev lab`."""
import time

import pytest

from world.raw import EDGE, EVERYTHING
from world.tap import Tap
from world.today import DEBIAN_13, SID, root_of, talk, talk_from, whole
from world.wait import until

pytestmark = [pytest.mark.pair, whole]
BIDI = {"prosody": {"modules": ["s2s_bidi"]}, "ejabberd": {"modules": ["mod_s2s_bidi"]}}
SLOW = {"prosody": {"modules": ["limits"], "options": 'limits = { s2sin = { rate = "30kb/s"; burst = "1s" } }'},
        "ejabberd": {"shaper": "slow"}}


@pytest.fixture(params=DEBIAN_13 + SID, ids="-".join)
def place(request):
    """Kind and root of the partner."""
    kind, suite = request.param
    return kind, root_of(suite)


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange("tls_required")
    yield
    world.edge.set(bidi="off")
    world.arrange()


def test_one_stream_carries_both_ways(world, place):
    kind, root = place
    world.edge.set(bidi="on")
    with world.partner(kind, root, **BIDI[kind]) as gus:
        talk(world, gus, "bidi")
        gus.server.stop()
        with Tap(world.network["guest"]) as tap:
            world.restart(gus)
            gus.online()
            for _ in range(3):
                talk(world, gus, "bidi again")
            streams = [flow for flow in tap.begun if {flow[0][0], flow[1][0]} & {EDGE, "2001:db8:5269::10"}]
            # ejabberd 24.12 offers it in the namespace of the request (urn:xmpp:bidi), which is no offer: a stream each way.
            assert len(streams) == (2 if place[0] == "ejabberd" and root.suite == "trixie" else 1), tap.begun


@pytest.mark.parametrize("place", [("prosody", "trixie"), ("ejabberd", "sid")], ids="-".join, indirect=True)
def test_a_silent_cut_of_a_stream_that_they_opened_loses_nothing(world, place):
    """Longer than every patience of ours, while we go on writing onto their stream: it arrives afterwards, or comes back."""
    kind, root = place
    world.edge.set(bidi="on")
    with world.partner(kind, root, **BIDI[kind]) as gus:
        def onto_theirs():
            """Our stream to them may be there already, for what an earlier scenario left; it has no part here."""
            world.close_streams()
            talk_from(gus, world.ana, "they open it")
            talk_from(world.ana, gus, "we use it")
            return [one["stanzas_out"] for one in world.edge.json("peers", "show", "guest.lab")["streams"]
                    if one["direction"] == "inbound" and one["bidirectional"] and one["stanzas_out"]]
        until(onto_theirs, "our stanzas to go over a stream of theirs")
        since, here, began = (gus.mark(), world.ana.mark()), world.edge.mark(), time.monotonic()
        with world.network.silence("guest", *EVERYTHING):
            for wave in range(11):
                world.ana.counts(gus, "cut", wave * 5, 5)
                until(lambda: time.monotonic() - began >= 10 * (wave + 1), "the cut to last", 11)
        world.edge.event("peer dead", "guest.lab", since=here)
        world.edge.ask("peers", "ping", "guest.lab", check=False)  # the edge waits before it tries again, the operator does not
        world.ana.says(gus, "healed")
        gus.hears("healed", 30, since[0])

        def told():
            return gus.heard("cut", since[0]), [int(event["id"].rsplit("-", 1)[1])
                                                for event in world.ana.bounced("cut", since[1])]
        until(lambda: sorted(sum(told(), [])) == list(range(55)), lambda: f"each to arrive or to come back, once: {told()}", 30)


def test_they_reach_us_by_direct_tls(world, place):
    """Their DNS leads them to 5270 first. What ejabberd makes of that is counted in test_direct_ejabberd.py."""
    kind, root = place
    with world.dns.change("_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269", "_xmpp-server._tcp.coluc.com. 60 SRV 20 0 5269"), \
         world.partner(kind, root) as gus, Tap(world.network["guest"]) as tap:
        talk_from(gus, world.ana, "straight to TLS")
        theirs = {flow[1][1] for flow in tap.begun if flow[0][0] in ("198.51.100.40", "2001:db8:5269::40")}
        assert tap.dials(EDGE, 5270) and theirs == {5270}, tap.begun
        talk(world, gus, "both ways")


def test_nothing_is_lost_without_a_word_when_they_restart_under_load(world, place):
    kind, root = place
    with world.partner(kind, root) as gus:
        talk(world, gus, "before")
        since = gus.mark(), world.ana.mark()
        world.ana.counts(gus, "load", 0, 100)
        gus.hears("load 20", 30, since[0])
        gus.server.stop()
        world.ana.counts(gus, "load", 100, 100)
        world.restart(gus)
        gus.online()
        world.ana.says(gus, "after all")
        gus.hears("after all", 60, since[0])

        def told():
            returned = [int(event["id"].rsplit("-", 1)[1]) for event in world.ana.bounced("load", since[1])]
            return gus.heard("load", since[0]), returned
        # ejabberd acknowledges nothing: what it had read when it stopped is its own loss.
        known = set(range(200) if kind == "prosody" else range(100, 200))
        until(lambda: known <= set(sum(told(), [])), lambda: str(told()), 60)
        arrived, _ = told()
        assert len(arrived) == len(set(arrived)), arrived


def test_what_they_write_comes_in_order_and_once_when_they_restart_under_load(world, place):
    kind, root = place
    with world.partner(kind, root) as gus:
        talk(world, gus, "before")
        since = world.ana.mark()
        gus.counts(world.ana, "load", 0, 200)
        world.ana.hears("load 20", 30, since)
        gus.server.stop()  # what it had not written yet is its own loss
        world.restart(gus)
        gus.online()
        gus.counts(world.ana, "load", 200, 100)
        world.ana.hears("load 299", 60, since)
        arrived = world.ana.heard("load", since)
        assert arrived == sorted(set(arrived)), arrived
        assert set(arrived) >= {*range(21), *range(200, 300)}, arrived


def test_nothing_of_theirs_is_lost_without_a_word_when_the_edge_restarts_under_load(world, place):
    kind, root = place
    # ejabberd returns what it is given for up to five minutes after a failed dial, unless it is told otherwise.
    with world.partner(kind, root, **({"options": "s2s_max_retry_delay: 1"} if kind == "ejabberd" else {})) as gus:
        talk(world, gus, "before")
        since = world.ana.mark(), gus.mark()
        gus.counts(world.ana, "load", 0, 200)
        world.ana.hears("load 20", 30, since[0])
        core = world.core.mark()
        world.edge.stop()
        gus.counts(world.ana, "load", 200, 100)  # it may hold them, or return them
        world.running.remove(world.edge)
        world.edge = world.edge.again()
        world.running.append(world.edge)
        world.core.event("link up", since=core, seconds=20)

        def arrives():
            gus.says(world.ana, "after all")
            return [event for event in world.ana.events(since[0]) if event.get("body") == "after all"]
        until(arrives, "what they write to arrive again", 60, 1)

        def told():
            returned = [int(event["id"].rsplit("-", 1)[1]) for event in gus.bounced("load", since[1])]
            return world.ana.heard("load", since[0]), returned
        # ejabberd keeps nothing of what it has given to TCP: what was on its way then is its own loss.
        known = set(range(300) if kind == "prosody" else range(200, 300))
        until(lambda: known <= set(sum(told(), [])), lambda: f"missing: {sorted(known - set(sum(told(), [])))}", 60)
        arrived, _ = told()
        assert len(arrived) == len(set(arrived)), arrived


def test_a_partner_that_reads_slowly_gets_everything_in_order(world, place):
    kind, root = place
    with world.partner(kind, root, **SLOW[kind]) as gus:
        talk(world, gus, "slow")
        since = gus.mark()
        count = 40  # of four kilobytes, in the id as well: a reader of 30 kB/s takes longer than a dead peer's patience (8 s)
        bulk = "x" * 4000
        world.ana.counts(gus, bulk, 0, count)
        until(lambda: len(gus.heard(bulk, since)) == count, lambda: f"all to arrive: {len(gus.heard(bulk, since))}", 90)
        assert gus.heard(bulk, since) == list(range(count))
