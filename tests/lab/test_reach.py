"""Finding a server: several targets, dead ones first, one family only, a family that is dropped on its way."""
import time

import pytest

from world.federation import TIMERS
from world.raw import UselessServer
from world.tap import Tap

pytestmark = pytest.mark.pair

GUEST, GUEST6 = "198.51.100.40", "2001:db8:5269::40"


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange()


def talk(world, friend, text):
    world.ana.says(friend, f"out: {text}")
    friend.hears(f"out: {text}")
    friend.says(world.ana, f"back: {text}")
    world.ana.hears(f"back: {text}")


def test_a_peer_with_ipv6_alone(world):
    with world.guest("gus@six.lab") as gus, Tap(world.network["guest"]) as tap, \
            world.network.silence("guest", "ip saddr 198.51.100.10 tcp dport 5269"):
        talk(world, gus, "six")
        out = tap.dials(GUEST6)
        assert out and all(flow[0][0] == "2001:db8:5269::10" for flow in out), tap.begun


def test_ipv6_that_is_dropped_on_the_way_costs_a_quarter_of_a_second(world):
    with world.guest() as gus, Tap(world.network["edge"]) as tap, \
            world.network.silence("guest", "ip6 saddr 2001:db8:5269::10 tcp dport 5269"):
        begun = time.monotonic()
        world.ana.says(gus, "around the hole")
        gus.hears("around the hole")
        took = time.monotonic() - begun
        six, four = tap.dials(GUEST6), tap.dials(GUEST)
        assert six and four, tap.begun
        assert tap.at[four[0]] - tap.at[six[0]] >= 0.2  # RFC 8305: 250 ms, not both at once
        assert took < TIMERS["connect"], took  # nor did it wait for IPv6 to fail


def test_a_refusing_and_a_silent_target_give_way_to_the_third(world):
    # spare.lab: the first target refuses, the second drops everything, the third is there.
    with world.guest("gus@spare.lab") as gus, Tap(world.network["edge"]) as tap, \
            world.network.silence("guest", "ip daddr 198.51.100.41 tcp dport 5269"):
        since = gus.mark()
        begun = time.monotonic()
        world.ana.says(gus, "the third time", id="spare-1")
        gus.hears("the third time", TIMERS["connect"] + 6, since)
        took = time.monotonic() - begun
        targets = [tap.dials(*target) for target in (("198.51.100.20", 5298), ("198.51.100.41", 5269), (GUEST, 5269))]
        assert all(targets), tap.begun
        assert tap.at[targets[0][0]] <= tap.at[targets[1][0]] < tap.at[targets[2][0]]
        assert took >= TIMERS["connect"] - 0.5, took  # what the silent one costs; the refusing one costs nothing
        world.ana.says(gus, "again at once")
        gus.hears("again at once", TIMERS["connect"] - 0.5, since)


def test_targets_that_are_of_no_use_to_xmpp_give_way_to_the_third_both_ways(world):
    # useless.guest.lab: the first target does not know the domain, the second says nothing at all, the third is there. What the
    # guest says is verified by a call-back, which has the same three to choose from.
    with world.guest("gus@useless.guest.lab") as gus, \
            UselessServer(world.network["tester"], "198.51.100.66", "host-unknown") as unknowing, \
            UselessServer(world.network["tester"], "198.51.100.67") as silent:
        since = gus.mark()
        world.ana.says(gus, "the third time", id="useless-1")
        gus.hears("the third time", TIMERS["negotiation"] + 6, since)
        assert unknowing.accepted >= 1 and silent.accepted >= 1
        since = world.ana.mark()
        gus.says(world.ana, "back again")
        world.ana.hears("back again", TIMERS["negotiation"] + 6, since)
        before = unknowing.accepted, silent.accepted
        since = gus.mark()
        world.ana.says(gus, "and once more")
        gus.hears("and once more", 5, since)
        assert (unknowing.accepted, silent.accepted) == before


def test_a_domain_that_says_it_has_no_service_is_told_at_once_and_nobody_is_dialled(world):
    with Tap(world.network["edge"]) as tap:
        since = world.ana.mark()
        world.ana.says("x@closed.lab", "anybody", id="closed-1")
        event = world.ana.sees(5, since, what="message", type="error", id="closed-1")
        assert event["condition"] == "remote-server-not-found"
        assert not [flow for flow in tap.begun if flow[0][0] in ("198.51.100.10", "2001:db8:5269::10")]
