"""One partner does not answer any more while much is written to it: the others are served as fast as before."""
import os
import signal
import time

import pytest

from world.wait import until

pytestmark = pytest.mark.pair

ENOUGH = 0.15  # seconds; less is not told apart from what else the machine does


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange()


def longest(world, friend, word):
    """The longest way of a message among some."""
    ways = []
    for number in range(20):
        begun = time.monotonic()
        world.ana.says(friend, f"{word} {number}")
        friend.hears(f"{word} {number}")
        ways.append(time.monotonic() - begun)
    return max(ways)


def held(world):
    return sum(to["queued"] + to["unacknowledged"] for to in world.edge.json("peers", "show", "guest.lab")["destinations"])


def test_a_partner_that_stands_still_holds_nobody_up(world):
    friends = [world.peer(peer)[1] for peer in ("prosody", "ejabberd")]
    with world.guest() as gus:
        world.ana.says(gus, "before")
        gus.hears("before")
        before = max(longest(world, friend, "undisturbed") for friend in friends)
        os.killpg(gus.server.pid, signal.SIGSTOP)
        try:
            world.ana.counts(gus, "stands still", 0, 3000)
            # They have left the sender's server, whose speed is not asked for here.
            until(lambda: held(world) >= 3000, lambda: f"the edge to hold them: {held(world)}", 30)
            after = max(longest(world, friend, "disturbed") for friend in friends)
        finally:
            os.killpg(gus.server.pid, signal.SIGCONT)
        assert after < 2 * max(before, ENOUGH), (before, after)
