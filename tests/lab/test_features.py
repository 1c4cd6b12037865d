"""Stream features as a peer sees them on the wire, under each security mode."""
import re

import pytest

from world.raw import EDGE, RawStream

pytestmark = pytest.mark.pair

STARTTLS = r"<starttls xmlns=['\"]urn:ietf:params:xml:ns:xmpp-tls['\"]"


@pytest.fixture(autouse=True)
def afterwards(world):
    yield
    world.arrange()


def features(world, mode):
    world.arrange(mode)
    stream = RawStream(world.network["tester"]).opened("attacker.lab")
    return re.search(r"<stream:features.*", stream.seen, re.S).group(0)


def test_tls_required_offers_starttls_with_required_and_nothing_else(world):
    seen = features(world, "tls_required")
    assert re.search(STARTTLS + r"\s*>\s*<required\s*/>\s*</starttls>", seen), seen
    assert "mechanism" not in seen and "dialback" not in seen


def test_tls_optional_offers_starttls_without_required(world):
    seen = features(world, "tls_optional")
    assert re.search(STARTTLS, seen) and "<required" not in seen.split("</starttls>")[0].split("<starttls")[1], seen


def test_no_tls_offers_no_starttls(world):
    seen = features(world, "no_tls")
    assert "starttls" not in seen, seen


def test_the_stream_ids_are_long_and_differ(world):
    ids = {RawStream(world.network["tester"]).opened().stream_id() for _ in range(12)}
    assert len(ids) == 12 and min(map(len, ids)) >= 22


def test_ipv6_answers_too(world):
    RawStream(world.network["tester"], "2001:db8:5269::10").opened()


def test_direct_tls_speaks_alpn_and_refuses_another_protocol(world):
    import ssl
    for protocol, good in (("xmpp-server", True), ("http/1.1", False)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        plain = world.network["tester"].connect(EDGE, 5270)
        if good:
            assert context.wrap_socket(plain, server_hostname="coluc.com").selected_alpn_protocol() == protocol
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain, server_hostname="coluc.com")


def test_a_peer_with_a_certificate_is_offered_external(world):
    world.arrange("tls_required")
    stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
    assert "EXTERNAL" in stream.seen
    stranger = RawStream(world.network["tester"]).opened("victim.lab").over_tls(world.certificates["attacker"])
    stranger.opened("victim.lab")
    assert "EXTERNAL" not in stranger.seen
