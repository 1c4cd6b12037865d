"""One server does not behave while much is written to it or by it: all others are served as fast as before, both ways. Each manner of
a partner outside and of a server inside; the rest of them belongs to `./dev lab`."""
import contextlib
import os
import signal
import threading
import time

import pytest

from world.raw import EVERYTHING
from world.today import WHOLE
from world.wait import load, until

pytestmark = pytest.mark.pair

# Seconds on an idle machine: less is not told apart from what else it does. Where the manner keeps the machine busy, its processors
# are shared with the servers and clients that do so.
ENOUGH, BUSY = 0.15, 0.4
MESSAGES = 20
MODULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "world", "prosody_modules")
CORE = "ip saddr 10.10.0.10 meta l4proto tcp", "ip daddr 10.10.0.10 meta l4proto tcp"


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange()


class Outside:
    """guest.lab, a partner: its mail comes from ana; edge and core hold what it does not take."""
    host, network = "guest", EVERYTHING

    def __init__(self, world):
        self.world, self.node, self.visit = world, world.edge, world.guest
        self.writer, self.friend = world.ana, world.victor
        self.nobody = "nobody@imp.coluc.com"  # behind the presence node: what is asked for is not the speed of ana's server


class Inside:
    """strict.coluc.com, a server of the organisation: its mail comes from victor; the core holds what it does not take."""
    host, network = "strict", CORE

    def __init__(self, world):
        self.world, self.node, self.visit = world, world.core, world.strict
        self.writer, self.friend = world.victor, world.ana
        self.nobody = "nobody@down.lab"  # nobody listens there: the edge returns it


def held(place, user):
    """What the node before that server has for it."""
    domain = user.jid.split("@")[1]
    return sum(to["queued"] + to["unacknowledged"] for to in place.node.json("peers", "show", domain)["destinations"])


def written(place, user, word, count):
    """So many messages; the sender's server, whose speed is not asked for here, has no more to do with them."""
    place.writer.counts(user, word, 0, count)
    since, last = place.friend.mark(), f"{count} written, {time.monotonic()}"
    place.writer.says(place.friend, last)
    place.friend.hears(last, 60, since)


def longest(writer, reader, word):
    """The longest way of a message among some."""
    took = []
    for number in range(MESSAGES):
        since, begun = reader.mark(), time.monotonic()
        writer.says(reader, f"{word} {number}")
        reader.hears(f"{word} {number}", since=since)
        took.append(time.monotonic() - begun)
    return max(took)


def ways(world, word):
    """Sender and receiver -> the longest way: both partners that behave, out and in."""
    found = {}
    for friend in (world.victor, world.iris):
        found[f"to {friend.jid}"] = longest(world.ana, friend, f"{word}, to {friend.who}")
        found[f"from {friend.jid}"] = longest(friend, world.ana, f"{word}, from {friend.who}")
    return found


@contextlib.contextmanager
def stalled(place, user):
    """Its process stands still: connections stay and nothing is read."""
    os.killpg(user.server.pid, signal.SIGSTOP)
    try:
        written(place, user, "stalled", 3000)
        yield
    finally:
        os.killpg(user.server.pid, signal.SIGCONT)


@contextlib.contextmanager
def slow(place, user):
    """It reads 30 kB a second, and far more is written."""
    written(place, user, "s" * 2000, 400)
    yield
    assert held(place, user) > 0, "it has been slow all the time"


@contextlib.contextmanager
def unacknowledging(place, user):
    """It reads everything and acknowledges nothing (XEP-0198)."""
    written(place, user, "unacknowledged", 3000)
    assert held(place, user) > 0, "it acknowledges nothing"
    yield


@contextlib.contextmanager
def flooding(place, user):
    """It writes as fast as it can to somebody who is not there."""
    over = threading.Event()

    def flood():
        number = 0
        while not over.wait(0.1):  # in portions, so that it ends when the case does
            user.counts(place.nobody, "flood", number, 200)
            number += 200
    writer = threading.Thread(target=flood)
    writer.start()
    try:
        until(lambda: user.bounced("flood"), "the flood to be under way", 20)
        yield
    finally:
        over.set()
        writer.join()


@contextlib.contextmanager
def resetting(place, user):
    """Its connections are reset several times a second, while mail for it keeps coming."""
    over, resets = threading.Event(), []

    def reset():
        while not over.wait(0.3):
            with place.world.network.reset(place.host, *place.network):
                resets.append(time.monotonic())
                over.wait(0.2)
    breaker = threading.Thread(target=reset)
    breaker.start()
    try:
        place.writer.counts(user, "resetting", 0, 1000)
        until(lambda: len(resets) > 3, "some resets", 10)
        yield
    finally:
        over.set()
        breaker.join()


# Manner -> how it is done, options of its server, and what is still equal to the undisturbed way.
MANNERS = {
    "stalled": (stalled, {}, ENOUGH),
    "slow": (slow, {"modules": ["limits"], "options": 'limits = { s2sin = { rate = "30kb/s"; burst = "1s" } }'}, BUSY),
    "unacknowledging": (unacknowledging, {"modules": ["lab_deaf"], "options": f'plugin_paths = {{ "{MODULES}" }}'}, ENOUGH),
    "flooding": (flooding, {}, BUSY),
    "resetting": (resetting, {}, BUSY),
}
SHORT = {("outside", "stalled"), ("inside", "unacknowledging")}
CASES = [pytest.param(place, manner, id=f"{place}-{manner}", marks=() if WHOLE or (place, manner) in SHORT else pytest.mark.skip(
    reason="every manner is for ./dev lab")) for place in ("outside", "inside") for manner in MANNERS]


@pytest.mark.parametrize("place, manner", CASES)
def test_who_does_not_behave_holds_nobody_up(world, place, manner):
    place = {"outside": Outside, "inside": Inside}[place](world)
    how, options, floor = MANNERS[manner]
    with place.visit(**options) as user:
        place.writer.says(user, "before")
        user.hears("before")
        before = ways(world, f"before {manner}")
        with how(place, user):
            meanwhile = ways(world, f"while {manner}")
        late = {way: (before[way], took) for way, took in meanwhile.items() if took >= 2 * max(before[way], floor * load())}
        print(manner, before, meanwhile)
        assert not late, late
    # What it did not take comes back before somebody else is measured. The core goes on asking a server that is away.
    until(lambda: held(place, user) < 10,
          lambda: f"nothing to be held any more: {place.node.ask('peers', 'show', user.jid.split('@')[1])}", 60)
