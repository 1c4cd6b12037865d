"""A change of policy is in force at once, without a restart, and touches only what it concerns."""
import time

import pytest

from world.sallyport import Refused

pytestmark = pytest.mark.pair


@pytest.fixture(autouse=True)
def open_policy(world):
    world.arrange()
    yield
    world.arrange()


def talk(world, friend, body):
    world.ana.says(friend, body)
    friend.hears(body)
    friend.says(world.ana, body + " too")
    world.ana.hears(body + " too")


def test_a_denied_peer_is_closed_within_a_second_and_the_other_stays(world):
    talk(world, world.victor, "before the deny")
    talk(world, world.iris, "before the deny")
    here, there = world.edge.mark(), world.vngtp.mark()
    world.edge.set(deny_list=["vngtp.lab", "*.vngtp.lab"], privacy_mode="deny_list")
    world.vngtp.wait_for("policy-violation", 1.5, there)
    closed = [line for line in world.edge.events("stream closed", here) if "ejabberd.lab" in line]
    assert not closed, closed
    since = world.ana.mark()
    world.ana.says(world.victor, "denied now", id="denied-1")
    assert world.ana.sees(since=since, what="message", type="error", id="denied-1")["condition"]
    talk(world, world.iris, "still here")
    world.edge.set(privacy_mode="off", deny_list=[])
    _until_talking(world, world.victor)


def test_the_allow_list_is_empty_by_default_and_static_routes_count_as_allowed(world):
    world.edge.set(privacy_mode="allow_list", allow_list=[])
    since = world.ana.mark()
    world.ana.says(world.victor, "nobody is allowed", id="allow-1")
    world.ana.sees(since=since, what="message", type="error", id="allow-1")
    world.edge.set(static_routes=[{"domain": "vngtp.lab", "address": "198.51.100.20", "port": 5269}],
                   use_static_routes=True)
    _until_talking(world, world.victor)
    world.edge.set(use_static_routes=False, static_routes=[], allow_list=["ejabberd.lab"])
    _until_talking(world, world.iris)


def test_federation_off_and_on(world):
    talk(world, world.victor, "while on")
    there = world.vngtp.mark()
    world.edge.set(enabled=False)
    world.vngtp.wait_for(r"</stream:stream>|stream:error|closed|disconnected", 2, there)
    since = world.ana.mark()
    world.ana.says(world.victor, "while off", id="off-1")
    world.ana.sees(since=since, what="message", type="error", id="off-1")
    world.edge.set(enabled=True)
    _until_talking(world, world.victor)


def test_limits_of_one_peer_act_on_its_live_stream(world):
    talk(world, world.victor, "before the limit")
    talk(world, world.iris, "before the limit")
    long = "long " * 10_000
    world.victor.says(world.ana, long)
    world.ana.hears(long)
    here = world.edge.mark()
    world.edge.set(peers=[{"domain": "vngtp.lab", "limits": {"stanza_bytes": 20_000}}])
    talk(world, world.victor, "short under the limit")
    assert not world.edge.events("stream closed", here), "the change itself closes nothing"
    since = world.victor.mark()
    world.victor.says(world.ana, long, id="long-1")
    assert world.victor.sees(5, since, what="message", type="error", id="long-1")["condition"] == "policy-violation"
    talk(world, world.victor, "short behind the long one")
    assert not world.edge.events("stream closed", here), "one stanza closes nothing"
    world.iris.says(world.ana, long + "from another peer")
    world.ana.hears(long + "from another peer")
    world.edge.set(peers=[])
    _until_talking(world, world.victor)
    world.victor.says(world.ana, long + "without the limit")
    world.ana.hears(long + "without the limit")


def test_a_wrong_setting_is_refused_and_changes_nothing(world):
    before = world.edge.ask("config", "get", "federation.security_mode")
    for name, value in (("security_mode", "sometimes"), ("dialback_secret", "short"), ("static_routes", "[{}]")):
        with pytest.raises(Refused):
            world.edge.set(**{name: value})
    assert world.edge.ask("config", "get", "federation.security_mode") == before


def test_a_change_is_logged_with_old_and_new_value(world):
    here = world.edge.mark()
    world.edge.set(enabled=False)
    world.edge.event("setting changed", "federation.enabled", "from", "1", "0", since=here)
    world.edge.set(enabled=True)
    world.edge.event("setting changed", "federation.enabled", "from", "0", "1", since=here)


def _until_talking(world, friend, seconds=20):
    """A peer that was refused may wait before it tries again; ask until it answers."""
    deadline = time.monotonic() + seconds
    number = 0
    while True:
        number += 1
        since = friend.mark(), world.ana.mark()
        world.ana.says(friend, f"again {number}", id=f"again-{number}")
        seen = world.ana.clients  # a bounce means: not yet
        try:
            friend.hears(f"again {number}", 2, since[0])
            return
        except AssertionError:
            if time.monotonic() > deadline:
                raise AssertionError(f"{friend.jid} is not reached again: {seen.events[-5:]}") from None
