"""What two organisations send each other all day."""
import pytest

from world.sallyport import Refused

PEERS = ("prosody", "ejabberd")


@pytest.mark.parametrize("peer", PEERS)
def test_chat_both_ways(world, peer):
    _, friend, _ = world.peer(peer)
    world.ana.says(friend, f"hello out there, {peer}")
    friend.hears(f"hello out there, {peer}")
    friend.says(world.ana, f"hello inside from {peer} & <friends> \u2603 \U0001F600")
    world.ana.hears(f"hello inside from {peer} & <friends> \u2603 \U0001F600")


@pytest.mark.parametrize("kind", ("ping", "disco", "version"))
@pytest.mark.parametrize("peer", PEERS)
def test_iq_both_ways(world, peer, kind):
    _, friend, domain = world.peer(peer)
    wanted = {"ping": {"inside": "pong", "prosody": "pong", "ejabberd": "pong"},
              "disco": {"inside": ["server/im"], "prosody": ["server/im"], "ejabberd": ["server/im"]},
              "version": {"inside": "Prosody", "prosody": "Prosody", "ejabberd": "ejabberd"}}[kind]
    assert set(wanted[peer]) <= set(world.ana.asks(domain, kind))
    assert set(wanted["inside"]) <= set(friend.asks("coluc.com", kind))


@pytest.mark.parametrize("peer", PEERS)
def test_iq_between_clients(world, peer):
    _, friend, _ = world.peer(peer)
    assert world.ana.asks(friend.full, "version") == "lab-client"
    assert friend.asks(world.ana.full, "version") == "lab-client"


@pytest.mark.parametrize("peer", PEERS)
def test_an_iq_to_nobody_is_answered_by_an_error(world, peer):
    _, friend, domain = world.peer(peer)
    assert world.ana.asks(f"nobody@{domain}/x", "version") == "!service-unavailable"
    assert friend.asks("nobody@coluc.com/x", "version") == "!service-unavailable"


@pytest.mark.parametrize("peer", PEERS)
def test_subscription_and_presence_both_ways(world, peer):
    _, friend, _ = world.peer(peer)
    for asking, granting in ((world.ana, friend), (friend, world.ana)):
        since = granting.mark()
        asking.presence(granting, "subscribe")
        granting.sees(since=since, what="presence", type="subscribe", sender=asking.jid)
        since = asking.mark()
        granting.presence(asking, "subscribed")
        asking.sees(since=since, what="presence", type="subscribed", sender=granting.jid)
        asking.sees(since=since, what="presence", type="available", sender=granting.full)
        since = asking.mark()
        granting.presence(status=f"seen from {asking.who}")
        asking.sees(since=since, what="presence", status=f"seen from {asking.who}", sender=granting.full)
    for one, other in ((world.ana, friend), (friend, world.ana)):
        since = other.mark()
        one.presence(other, "unsubscribe")
        other.sees(since=since, what="presence", type="unsubscribe", sender=one.jid)


@pytest.mark.parametrize("peer", PEERS)
def test_an_outside_user_talks_in_an_inside_room(world, peer):
    _, friend, _ = world.peer(peer)
    _talk_in_a_room(f"{peer}-visits@rooms.coluc.com", world.ana, friend)


@pytest.mark.parametrize("peer", PEERS)
def test_an_inside_user_talks_in_an_outside_room(world, peer):
    _, friend, domain = world.peer(peer)
    _talk_in_a_room(f"ana-visits@rooms.{domain}", friend, world.ana)


def _talk_in_a_room(room, host, guest):
    host.joins(room, "host")
    guest.joins(room, "guest")
    host.sees(what="presence", sender=f"{room}/guest")
    guest.says(room, "good morning", type="groupchat")
    host.sees(what="message", sender=f"{room}/guest", body="good morning")
    host.says(room, "and to you", type="groupchat")
    guest.sees(what="message", sender=f"{room}/host", body="and to you")
    since = host.mark()
    guest.leaves(room, "guest")
    host.sees(since=since, what="presence", type="unavailable", sender=f"{room}/guest")
    host.leaves(room, "host")


@pytest.mark.parametrize("peer", PEERS)
def test_a_stanza_of_200_kilobytes(world, peer):
    _, friend, _ = world.peer(peer)
    out, back = "out" + "0123456789abcdef" * 12800, "back" + "fedcba9876543210" * 12800
    world.ana.says(friend, out)
    friend.hears(out, 20)
    friend.says(world.ana, back)
    world.ana.hears(back, 20)


def test_non_ascii_domain_and_localpart_over_ipv6_after_a_dead_target(world):
    # bücher.lab: the first SRV target does not exist, the second has only an IPv6 address.
    world.celik.says("uwe@bücher.lab", "grüße")
    assert world.uwe.hears("grüße")["sender"].startswith("çelik@coluc.com")
    world.uwe.says("çelik@coluc.com", "zurück")
    assert world.celik.hears("zurück")["sender"].startswith("uwe@bücher.lab")


@pytest.mark.parametrize("peer", PEERS)
def test_five_hundred_messages_stay_in_order(world, peer):
    _, friend, _ = world.peer(peer)
    since = friend.mark(), world.ana.mark()
    world.ana.counts(friend, f"out-{peer}", 0, 500)
    friend.counts(world.ana, f"back-{peer}", 0, 500)
    friend.hears(f"out-{peer} 499", 30, since[0])
    world.ana.hears(f"back-{peer} 499", 30, since[1])
    assert friend.heard(f"out-{peer}", since[0]) == list(range(500))
    assert world.ana.heard(f"back-{peer}", since[1]) == list(range(500))


@pytest.mark.pair
@pytest.mark.parametrize("peer", PEERS)
def test_the_operator_pings_a_peer(world, peer):
    _, _, domain = world.peer(peer)
    assert domain in world.edge.ask("peers", "ping", domain)  # an exit status that is not 0 raises


@pytest.mark.pair
def test_the_operator_s_ping_that_fails_is_told_to_the_operator_alone(world):
    there = world.inside.mark()
    with pytest.raises(Refused, match="dns: service declared absent"):
        world.edge.ask("peers", "ping", "closed.lab")
    world.ana.says(world.victor, "the next stanza")
    world.victor.hears("the next stanza")
    assert not world.inside.lines(r"closed\.lab", there)
