"""A strict server inside: it takes no dialback, and trusts nobody but the core's inside authority (internal-servers.md)."""
import pytest

from world.wait import until

pytestmark = pytest.mark.pair

STRICT = "s2s_secure_auth = true\ns2s_require_encryption = true"


@pytest.fixture(autouse=True)
def new_streams(world):
    """The core's streams with the strict server end with the server; the outside's begin anew.

    Each scenario has an outsider of its own: the core remembers for a while how a pair of domains failed.
    """
    world.arrange()


def test_a_strict_server_trusts_the_certificates_that_the_core_mints(world):
    with world.strict(options=STRICT) as sam:
        for friend, domain in ((world.victor, "vngtp.lab"), (world.iris, "ejabberd.lab")):
            sam.says(friend, f"strictly to {domain}")
            friend.hears(f"strictly to {domain}")
            friend.says(sam, f"strictly from {domain}")
            sam.hears(f"strictly from {domain}")
            assert sam.server.accepted_by(domain) == "external"
            # With certificates Prosody acknowledges in both directions (internal-servers.md).
            pairs = [s for s in world.core.json("peers", "show", "strict.coluc.com")["streams"] if s["local"] == domain]
            assert len(pairs) == 2 and all(stream["acknowledgements"] for stream in pairs), pairs
        assert sam.asks("vngtp.lab", "ping") == "pong"
        assert world.victor.asks(sam.full, "version") == "lab-client"


def test_a_strict_server_without_that_trust_takes_nothing(world):
    with world.strict(options=STRICT, trust=world.trust) as sam:
        since = sam.mark(), world.victor.mark()
        sam.says(world.victor, "out without trust", id="trust-1")
        assert sam.sees(20, since[0], what="message", type="error", id="trust-1")["condition"]
        world.victor.says(sam, "in without trust", id="trust-2")
        assert world.victor.sees(30, since[1], what="message", type="error", id="trust-2")["condition"]
        assert not sam.server.accepted_by("vngtp.lab")
        assert "without trust" not in str([event for event in sam.events(since[0]) if event["type"] != "error"])


def test_a_strict_server_that_returns_in_time_gets_the_message_once(world):
    with world.strict(options=STRICT) as sam:
        world.iris.says(sam, "you are there")
        sam.hears("you are there")
        strict = "strict.coluc.com"
        until(lambda: not any(stream["unacknowledged"] for stream in world.core.json("peers", "show", strict)["streams"]),
              "the core to know that it has arrived")
        sam.server.stop()
        core = world.core.mark()
        since = sam.mark(), world.iris.mark()
        world.iris.says(sam, "until you are back", id="back-1")
        until(lambda: world.core.lines(r"s2s\.outbound\.failed.*strict\.coluc\.com", core), "the core to notice")
        world.restart(sam)
        sam.online()
        sam.hears("until you are back", 20, since[0])
        world.iris.says(sam, "and after it")
        sam.hears("and after it", 20, since[0])
        assert [event["body"] for event in sam.events(since[0]) if event["what"] == "message"] == [
            "until you are back", "and after it"]
        assert not [event for event in world.iris.events(since[1]) if event["type"] == "error"]


def test_a_server_that_stays_away_bounces(world):
    with world.strict(options=STRICT) as sam:
        world.uwe.says(sam, "the last to arrive")
        sam.hears("the last to arrive")
        sam.server.kill()
        since = world.uwe.mark()
        world.uwe.says(sam, "too late", id="away-1")
        event = world.uwe.sees(25, since, what="message", type="error", id="away-1")
        assert event["condition"] == "remote-server-timeout"
        assert "10.10.0" not in event["text"] and "coluc" not in event["text"]  # nothing of the inside in the bounce
