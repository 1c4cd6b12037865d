"""What happens to messages when a part is away: delivered once and in order, or truly bounced."""
import os
import signal

import pytest

from world.wait import until

REMOTE_ERRORS = ("remote-server-not-found", "remote-server-timeout")


def bounce(user, to, number=1):
    since = user.mark()
    user.says(to, f"to nobody {number}", id=f"lost-{number}")
    return user.sees(60, since, what="message", type="error", id=f"lost-{number}")["condition"]


def test_a_domain_that_does_not_exist_bounces(world):
    assert bounce(world.ana, "x@nowhere.lab") == "remote-server-not-found"


def test_a_domain_without_service_bounces(world):
    assert bounce(world.ana, "x@closed.lab") in REMOTE_ERRORS


def test_a_domain_whose_server_is_down_bounces(world):
    assert bounce(world.ana, "x@down.lab") in REMOTE_ERRORS


# How the server outside ends: in order; at once; or first deaf, so that its kernel takes what it never reads.
ENDS = {"stopped": (), "killed": (signal.SIGKILL,), "frozen": (signal.SIGSTOP, signal.SIGKILL)}


@pytest.mark.pair
@pytest.mark.parametrize("end", ENDS)
def test_what_is_sent_to_a_server_that_returns_in_time_arrives_once(world, end):
    world.arrange()
    with world.guest() as gus:
        world.ana.says(gus, f"before it is {end}")
        gus.hears(f"before it is {end}")
        since, here = (gus.mark(), world.ana.mark()), world.edge.mark()
        for number in ENDS[end][:-1]:
            gus.server.kill(number)
        if end == "frozen":
            world.ana.says(gus, "meanwhile 0")
            until(lambda: any(stream["unacknowledged"] for stream in world.edge.json("peers", "show", "guest.lab")["streams"]),
                  lambda: world.edge.json("peers", "show", "guest.lab"), 5)
        gus.server.stop(2) if end == "stopped" else gus.server.kill(ENDS[end][-1])
        gus.server.child.wait()
        world.ana.counts(gus, "meanwhile", 1, 4)
        world.edge.event("attempt failed", "guest.lab", since=here)
        world.restart(gus)
        gus.online()
        gus.hears("meanwhile 4", 20, since[0])
        world.ana.says(gus, "meanwhile 5")
        gus.hears("meanwhile 5", 20, since[0])
        assert gus.heard("meanwhile", since[0]) == list(range(0 if end == "frozen" else 1, 6))
        assert not [event for event in world.ana.events(since[1]) if event["what"] == "message"]


@pytest.mark.pair
def test_what_is_sent_to_a_server_that_does_not_return_is_bounced(world):
    world.arrange()
    with world.guest() as gus:
        world.ana.says(gus, "once here")
        gus.hears("once here")
        gus.server.kill()
        assert bounce(world.ana, gus) == "remote-server-timeout"


@pytest.mark.pair
def test_the_inside_server_is_down_and_the_outside_hears_a_true_error(world):
    world.arrange()
    os.killpg(world.inside.pid, signal.SIGSTOP)
    try:
        world.network.cut("inside", "inside")
        condition = bounce(world.victor, "ana@coluc.com", 7)
    finally:
        world.network.mend("inside", "inside")
        os.killpg(world.inside.pid, signal.SIGCONT)
    assert condition in REMOTE_ERRORS


@pytest.mark.pair
def test_a_cut_link_resumes_without_loss_or_duplicate_and_in_order(world):
    world.arrange()
    since = world.victor.mark(), world.ana.mark()
    # While its stream is being opened, Prosody sends what comes just then before what it has queued.
    world.victor.says(world.ana, "the way in is open")
    world.ana.hears("the way in is open", 20, since[1])
    world.ana.counts(world.victor, "cut-out", 0, 100)
    world.victor.counts(world.ana, "cut-in", 0, 100)
    world.victor.hears("cut-out 99", 20, since[0])
    edge = world.edge.mark()
    world.network.cut("edge", "dmz")  # the link alone: what the inside server acknowledges is another matter
    try:
        world.victor.counts(world.ana, "cut-in", 100, 100)
        world.edge.event("link down", since=edge, seconds=20)
    finally:
        world.network.mend("edge", "dmz")
    world.edge.event("link up", since=edge, seconds=20)
    world.ana.counts(world.victor, "cut-out", 100, 100)
    world.victor.hears("cut-out 199", 30, since[0])
    assert world.victor.heard("cut-out", since[0]) == list(range(200))
    arrived = until(lambda: len(world.ana.heard("cut-in", since[1])) + len(world.victor.bounced("cut-in", since[0])) >= 200
                    and world.ana.heard("cut-in", since[1]),
                    lambda: f"heard {len(world.ana.heard('cut-in', since[1]))}, "
                            f"bounced {len(world.victor.bounced('cut-in', since[0]))}", 30)
    assert arrived == sorted(set(arrived))
    bounced = {int(event["id"].rsplit("-", 1)[1]) for event in world.victor.bounced("cut-in", since[0])}
    assert set(arrived) | bounced == set(range(200)) and not set(arrived) & bounced


@pytest.mark.pair
def test_the_core_is_killed_and_nothing_is_lost(world):
    # Prosody acknowledges by XEP-0198 to the edge and resends; a duplicate may come from the crash, a loss may not.
    world.arrange()
    since = world.victor.mark(), world.ana.mark()
    world.victor.counts(world.ana, "kill", 0, 50)
    world.ana.hears("kill 49", 20, since[1])
    world.victor.counts(world.ana, "kill", 50, 150)
    world.core.kill()
    world.core.child.wait()
    world.running.remove(world.core)
    edge = world.edge.mark()
    world.core = world.core.again()
    world.running.append(world.core)
    world.edge.event("link up", since=edge, seconds=20)

    def all_told():
        bounced = {int(event["id"].rsplit("-", 1)[1]) for event in world.victor.bounced("kill", since[0])}
        return set(world.ana.heard("kill", since[1])) | bounced == set(range(200))
    until(all_told, lambda: f"heard {len(set(world.ana.heard('kill', since[1])))}, "
                            f"bounced {len(world.victor.bounced('kill', since[0]))}", 40)


@pytest.mark.pair
def test_the_edge_restarts_and_both_sides_talk_again(world):
    world.arrange()
    world.edge.stop()
    world.running.remove(world.edge)
    core = world.core.mark()
    world.edge = world.edge.again()
    world.running.append(world.edge)
    world.core.event("link up", since=core, seconds=20)
    heard = 0
    for number in range(40):
        since = world.victor.mark()
        world.ana.says(world.victor, f"after the restart {number}")
        try:
            world.victor.hears(f"after the restart {number}", 1, since)
            heard += 1
            break
        except AssertionError:
            continue
    assert heard
