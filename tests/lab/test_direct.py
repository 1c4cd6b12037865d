"""Direct TLS (XEP-0368), both ways with a real server, and what is shown of it on the wire."""
import pytest

from world.raw import EDGE
from world.tap import Tap

pytestmark = pytest.mark.pair

CLIENT_HELLO = b"\x16\x03"


def offers(hello, domain):
    """The Client Hello comes first, names the domain (SNI) and the protocol (ALPN, with its length before it)."""
    return hello.startswith(CLIENT_HELLO) and domain.encode() in hello and b"\x0bxmpp-server" in hello


def test_a_domain_with_nothing_but_direct_tls_is_reached_and_answers_by_it(world):
    world.arrange("tls_required")
    with world.guest("dora@direct.lab", port=None, direct_port=5270) as dora, Tap(world.network["guest"]) as tap:
        world.ana.says(dora, "straight to TLS")
        dora.hears("straight to TLS")
        out = tap.dials("198.51.100.40", 5270)
        assert out and all(offers(tap.said(flow), "direct.lab") for flow in out), out
        dora.says(world.ana, "and straight back")
        world.ana.hears("and straight back")
        back = tap.dials(EDGE, 5270)
        assert back and all(offers(tap.said(flow), "coluc.com") for flow in back), back
        assert len(tap.begun) == len(out) + len(back), tap.begun  # not one connection to 5269
        assert dora.server.accepted_by("coluc.com") == "external"


def test_direct_tls_that_nobody_answers_gives_way_to_starttls(world):
    # both.lab publishes Direct TLS first, on a port where nobody listens.
    with world.guest("gus@both.lab") as gus, Tap(world.network["guest"]) as tap:
        world.ana.says(gus, "by the other door")
        gus.hears("by the other door")
        assert tap.dials("198.51.100.40", 5270) and tap.dials("198.51.100.40")
