"""Prosody 13 and ejabberd 24.12 of Debian 13, ejabberd 26.07 of sid, as partners: what organisations send each other all day.
One conversation with each of Debian 13 belongs to every run; the whole matrix to `./dev lab`."""
import pytest

from world.tap import Tap
from world.today import DEBIAN_13, SID, WHOLE, root_of, talk, whole

pytestmark = pytest.mark.pair


@pytest.fixture(scope="module", params=DEBIAN_13 + (SID if WHOLE else []), ids="-".join)
def gus(world, request):
    """The partner's user; `gus.kind`, `gus.root`."""
    kind, suite = request.param
    root = root_of(suite)
    with world.partner(kind, root) as user:
        user.kind, user.root = kind, root
        yield user


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange("tls_required")
    yield
    world.arrange()


def test_they_talk_ask_and_are_told_of_what_cannot_be(world, gus):
    assert gus.root.version(gus.kind) >= {"prosody": "13", "ejabberd": "24.12"}[gus.kind]
    talk(world, gus, "today")
    assert world.ana.asks("guest.lab", "ping") == "pong" == gus.asks("coluc.com", "ping")
    assert world.ana.asks(gus.full, "version") == "lab-client" == gus.asks(world.ana.full, "version")
    assert world.ana.asks("nobody@guest.lab/x", "version") == "!service-unavailable"
    assert gus.asks("nobody@coluc.com/x", "version") == "!service-unavailable"


@whole
@pytest.mark.parametrize("proof", ("certificate", "dialback"))
def test_each_side_proves_itself_as_it_was_asked_to(world, gus, proof):
    world.arrange("tls_required", peers=[{"domain": "guest.lab", "authentication": proof}])
    here = gus.server.mark()
    talk(world, gus, f"by {proof}")
    assert gus.server.accepted_by("coluc.com", here) == {"certificate": "external", "dialback": "dialback"}[proof]


@whole
def test_they_subscribe_to_each_other(world, gus):
    for asking, granting in ((world.ana, gus), (gus, world.ana)):
        since = granting.mark(), asking.mark()
        asking.presence(granting, "subscribe")
        granting.sees(since=since[0], what="presence", type="subscribe", sender=asking.jid)
        granting.presence(asking, "subscribed")
        asking.sees(since=since[1], what="presence", type="available", sender=granting.full)
    for one, other in ((world.ana, gus), (gus, world.ana)):
        since = other.mark()
        one.presence(other, "unsubscribe")
        other.sees(since=since, what="presence", type="unsubscribe", sender=one.jid)


@whole
@pytest.mark.parametrize("host", ("inside", "outside"))
def test_they_meet_in_a_room(world, gus, host):
    owner, visitor = (world.ana, gus) if host == "inside" else (gus, world.ana)
    room = f"{gus.kind}-{gus.root.suite}@rooms.{'coluc.com' if host == 'inside' else 'guest.lab'}"
    owner.joins(room, "host")
    visitor.joins(room, "visitor")
    visitor.says(room, "good morning", type="groupchat")
    owner.sees(what="message", sender=f"{room}/visitor", body="good morning")
    owner.says(room, "and to you", type="groupchat")
    visitor.sees(what="message", sender=f"{room}/host", body="and to you")
    visitor.leaves(room, "visitor")
    owner.leaves(room, "host")


@whole
def test_two_hundred_messages_each_way_keep_their_order(world, gus):
    since = gus.mark(), world.ana.mark()
    world.ana.counts(gus, "out", 0, 200)
    gus.counts(world.ana, "back", 0, 200)
    gus.hears("out 199", 60, since[0])
    world.ana.hears("back 199", 60, since[1])
    assert gus.heard("out", since[0]) == world.ana.heard("back", since[1]) == list(range(200))


@whole
def test_a_domain_with_nothing_but_direct_tls_is_reached(world, gus):
    with Tap(world.network["guest"]) as tap:
        assert world.ana.asks("direct.lab", "ping") == "pong"
        assert tap.dials("198.51.100.40", 5270)
        assert not tap.dials("198.51.100.40", 5269)
