"""Failed sessions from the command line: who cannot be reached and whom it hurts, again, why, block; with a partner whose server
goes away and comes back."""
import json
import re

import pytest

from world.sallyport import Refused
from world.wait import until

pytestmark = pytest.mark.pair


@pytest.fixture(autouse=True)
def afterwards(world):
    world.arrange()
    yield
    world.arrange()


def row(world, domain="guest.lab"):
    return next((row for row in world.edge.json("peers", "list")["peers"] if row["remote"] == domain), None)


def ping(world, domain="guest.lab"):
    """Try again: what happens meanwhile comes first, an object a line; the answer is the last object."""
    printed, decoder, answer = world.edge.ask("peers", "ping", domain, "--from", "coluc.com", "--json"), json.JSONDecoder(), None
    while printed := printed.lstrip():
        answer, end = decoder.raw_decode(printed)
        printed = printed[end:]
    return answer


def failure(world, domain="guest.lab"):
    """The destination that fails, as `peers show` has it."""
    return next((one for one in world.edge.json("peers", "show", domain)["destinations"] if one["failures"]), None)


def is_problem(world):
    """Others, whose names end as his does, may be one too."""
    return re.search(r"(?<![\w.])guest\.lab cannot be reached", world.edge.ask("status")) is not None


def test_a_partner_that_went_away_is_listed_retried_and_comes_back(world):
    with world.guest() as gus:
        world.ana.says(gus, "while you are here")
        gus.hears("while you are here")
        assert row(world)["state"] == "open" and not row(world)["last_error"], row(world)
        gus.server.kill()
        gus.server.child.wait()
        since = gus.mark()
        world.ana.says(gus, "while you are away")

        # Listed: which partner, which domain of ours, what waits, at which step and why.
        failed = until(lambda: failure(world), "the failure")
        assert (failed["local"], failed["last_step"]) == ("coluc.com", "tcp") and "refused" in failed["last_error"], failed
        assert failed["last_failure"] and failed["next_retry_seconds"] >= 0, failed
        listed = row(world)
        assert listed["local"] == "coluc.com" and listed["queued"] == 1 and "refused" in listed["last_error"], listed
        printed = world.edge.ask("peers", "list")
        assert "guest.lab" in printed and "Connection refused" in printed, printed
        assert max(len(line) for line in printed.splitlines()) <= 100, printed
        assert is_problem(world)
        told = world.edge.ask("why", "coluc.com", "guest.lab", check=False)
        assert "STOP tcp" in told, told

        # He is back: again, at once and not only at the next attempt.
        world.restart(gus)
        gus.online()
        world.ana.says(gus, "welcome back")
        pong = ping(world)
        assert pong["remote"] == "guest.lab" and pong["milliseconds"] > 0, pong
        gus.hears("welcome back", since=since)
        assert not failure(world) and row(world)["state"] == "open", row(world)
        assert not is_problem(world)
        assert "STOP" not in world.edge.ask("why", "coluc.com", "guest.lab")


def test_a_partner_that_fails_is_blocked_and_let_in_again(world):
    with world.guest() as gus:
        world.ana.says(gus, "before the block")
        gus.hears("before the block")
        world.edge.set(privacy_mode="deny_list")
        here = world.edge.mark()
        blocked = world.edge.ask("deny", "add", "guest.lab")
        assert "guest.lab" in blocked
        world.edge.event("stream closed", "guest.lab", since=here)
        since = world.ana.mark()
        world.ana.says(gus, "through the block", id="blocked")
        assert world.ana.sees(since=since, what="message", type="error", id="blocked")["condition"] == "not-allowed"
        assert "deny list" in world.edge.ask("why", "coluc.com", "guest.lab", check=False)
        with pytest.raises(Refused, match="deny list"):
            ping(world)
        world.edge.ask("deny", "remove", "guest.lab")
        assert ping(world)["milliseconds"] > 0
        world.ana.says(gus, "after the block")
        gus.hears("after the block")


def test_on_a_deny_list_that_is_not_in_force_a_block_says_so(world):
    world.edge.set(privacy_mode="off")
    told = world.edge.json("deny", "add", "blocked.lab")
    world.edge.ask("deny", "remove", "blocked.lab")
    assert "privacy_mode" in told["note"], told
