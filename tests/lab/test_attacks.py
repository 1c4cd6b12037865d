"""Attacks from the wire against the running edge. After each the healthy peers still talk, and nothing forged came in."""
import base64

import pytest

from world.raw import Authority, HEADER, STARTTLS, RawStream, message

pytestmark = pytest.mark.pair


@pytest.fixture(autouse=True)
def healthy(world):
    """A healthy peer gets through during and after the attack, and the victim's name brought nothing inside."""
    since = world.ana.mark()
    yield
    forged = [event for event in world.ana.events(since) if "victim.lab" in str(event.get("sender", ""))]
    assert not forged, forged
    mark = world.ana.mark()
    world.victor.says(world.ana, "still healthy")
    world.ana.hears("still healthy", 5, mark)


@pytest.fixture
def authority(world):
    server = Authority(world.network["tester"], certificate=world.certificates["attacker"])
    yield server
    server.close()


@pytest.fixture
def attacker(world, authority):
    """A stream on which attacker.lab has really proved itself towards coluc.com, by SASL EXTERNAL."""
    world.arrange("tls_optional")
    stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
    stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").read("<success")
    stream.seen = ""
    yield stream.opened()
    stream.close()


def plain(world, sender="attacker.lab", to="coluc.com"):
    return RawStream(world.network["tester"]).opened(sender, to)


def test_an_unsolicited_verify_answer_validates_nobody(world, authority):  # T01
    world.arrange("tls_optional")
    authority.verdict = lambda request: None
    first = plain(world, "victim.lab").send(f"<db:result from='victim.lab' to='coluc.com'>{'0' * 64}</db:result>")
    second = plain(world)
    second.send(f"<db:verify from='victim.lab' to='coluc.com' id='{first.stream_id()}' type='valid'/>")
    first.send(message("victim.lab", "ana@coluc.com"))
    seen = first.refused("not-authorized", "invalid-from", "remote-connection-failed", "policy-violation", seconds=20)
    assert "type='valid'" not in seen and 'type="valid"' not in seen


def test_dialback_in_clear_is_refused_where_tls_is_required(world, authority):  # T11
    world.arrange("tls_required")
    mark = world.running[0].mark()
    stream = plain(world).send("<db:result from='attacker.lab' to='coluc.com'>abc</db:result>")
    stream.read("policy-violation")
    assert authority.accepted == 0
    assert not [line for line in world.running[0].lines("attacker.lab", mark) if "198.51.100.10" in line]


@pytest.mark.parametrize("sender", ("coluc.com", "rooms.coluc.com"))
def test_a_domain_of_ours_cannot_come_from_outside(world, sender):  # T14
    stream = RawStream(world.network["tester"]).send(HEADER.format(sender, "coluc.com"))
    seen = stream.to_the_end()
    assert "invalid-from" in seen or "policy-violation" in seen


def test_a_name_that_leads_back_to_the_edge_is_no_loop(world):  # T14
    since = world.ana.mark()
    world.ana.says("x@mirror.lab", "hello mirror", id="mirror-1")
    event = world.ana.sees(30, since, what="message", type="error", id="mirror-1")
    assert event["condition"].startswith("remote-server")


def test_a_second_sender_needs_its_own_proof(world, attacker):  # T09, T39
    attacker.send(message("victim.lab", "ana@coluc.com"))
    attacker.refused("invalid-from")


def test_a_second_target_needs_its_own_proof(world, attacker):  # T09
    attacker.send(message("attacker.lab", "room@rooms.coluc.com"))
    attacker.refused("host-unknown", "invalid-from", "not-authorized", "improper-addressing")


@pytest.mark.parametrize("injected", (HEADER.format("attacker.lab", "coluc.com") + message("victim.lab", "ana@coluc.com"), " ",
                                      "<?xml version='1.0'?>"))
def test_plaintext_behind_starttls_is_not_obeyed(world, injected):  # T16
    world.arrange("tls_required")
    stream = plain(world)
    before = len(stream.seen)
    stream.send(STARTTLS + injected)
    answer = stream.to_the_end()[before:]
    assert "<failure" in answer or "<proceed" in answer, answer
    assert "<stream:features" not in answer


def test_the_identity_cannot_change_at_the_restart(world, authority):  # T33
    world.arrange("tls_optional")
    stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
    stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").read("<success")
    stream.send(HEADER.format("victim.lab", "coluc.com") + message("victim.lab", "ana@coluc.com"))
    stream.refused("invalid-from", "not-authorized", "improper-addressing")


@pytest.mark.parametrize("authzid", ("victim.lab", "u@attacker.lab", "attacker.lab/r", "attacker.lab\0x"))
def test_external_names_only_the_certificate(world, authzid):  # T27
    world.arrange("tls_optional")
    stream = RawStream(world.network["tester"]).opened().over_tls(world.certificates["attacker"]).opened()
    text = base64.b64encode(authzid.encode()).decode()
    stream.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{text}</auth>")
    stream.read("<invalid-authzid|<not-authorized")


@pytest.mark.parametrize("sender", ("x.attacker.lab", "attacker.lab.evil.lab", "victim.lab/attacker.lab"))
def test_a_forged_sender_closes_the_stream(world, attacker, sender):  # T39
    attacker.send(f"<message from='{sender}' to='ana@coluc.com'><body>forged</body></message>")
    attacker.refused("invalid-from", "improper-addressing")


@pytest.mark.parametrize("to", ("u@victim.lab", "u@attacker.lab", "u@nowhere.lab", "u@127.0.0.1", "u@coluc.com.evil.lab"))
def test_the_edge_is_no_relay(world, attacker, to):  # T40
    mark = world.running[0].mark()
    attacker.send(message("attacker.lab", to))
    attacker.refused("host-unknown", "host-gone", "improper-addressing")
    assert not world.running[0].lines("victim.lab|nowhere.lab|evil.lab", mark)


@pytest.mark.parametrize("missing", ("<message from='u@attacker.lab'><body/></message>",
                                     "<message to='ana@coluc.com'><body/></message>",
                                     "<message from='' to=''><body/></message>"))
def test_missing_addresses_close_the_stream(world, attacker, missing):  # T41
    attacker.send(missing)
    attacker.refused("improper-addressing", "invalid-from")


@pytest.mark.parametrize("octets", (b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\x00", b"\xeb<>"),
                         ids=lambda octets: octets.hex())
def test_bad_utf8_closes_the_stream(world, attacker, octets):  # T43
    attacker.send(b"<message from='u@attacker.lab' to='ana@coluc.com'><body>" + octets + b"</body></message>")
    attacker.refused("not-well-formed", "unsupported-encoding", "bad-format", "invalid-xml")


@pytest.mark.parametrize("nested", (HEADER.format("victim.lab", "coluc.com")[21:] + message("victim.lab", "ana@coluc.com"),))
def test_a_stream_within_the_stream_is_refused(world, attacker, nested):  # T45
    attacker.send(nested)
    attacker.to_the_end()


@pytest.mark.parametrize("text", (
    "<!DOCTYPE a [<!ENTITY x 'y'>]>", "<!DOCTYPE a SYSTEM 'http://198.51.100.66/x'>", "<!-- x -->", "<?php x?>",
    "<?xml version='1.0'?>"), ids=lambda text: text[:10])
def test_restricted_xml_between_stanzas_closes_the_stream(world, attacker, text):  # T52, T53
    attacker.send(text)
    attacker.refused("restricted-xml", "not-well-formed", "bad-format")


def test_a_document_type_before_the_header_is_refused(world):  # T52
    stream = RawStream(world.network["tester"])
    stream.send("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]>" + HEADER.format("attacker.lab", "coluc.com")[21:])
    stream.refused("restricted-xml", "bad-format", "not-well-formed")


def test_an_undefined_entity_closes_the_stream(world, attacker):  # T52
    attacker.send(message("attacker.lab", "ana@coluc.com", "&undefined;"))
    attacker.refused("restricted-xml", "not-well-formed", "bad-format")


def goes_on(world, attacker, body):
    """The stream still carries what stands behind."""
    since = world.ana.mark()
    attacker.send(message("attacker.lab", "ana@coluc.com", body))
    world.ana.hears(body, 10, since)
    assert "<stream:error" not in attacker.seen, attacker.seen


def test_deep_nesting_is_one_bad_stanza(world, attacker):  # T54
    mark = world.edge.mark()
    attacker.send("<message from='u@attacker.lab' to='ana@coluc.com'>" + "<a>" * 20000 + "</a>" * 20000 + "</message>")
    goes_on(world, attacker, "behind the deep one")
    assert world.edge.lines(r"s2s\.stanza\.bounced.*policy-violation", mark)


@pytest.mark.parametrize("sender,to", (
    ("u@attacker.lab", "☃@coluc.com/r"), ("u@attacker.lab", "💩@coluc.com"), ("☃@attacker.lab", "ana@coluc.com"),
    ("u@attacker.lab", "@coluc.com"), ("u@attacker.lab", "a@coluc.com/"), ("u@attacker.lab", "x" * 1024 + "@coluc.com"),
    ("u@attacker.lab", "")))
def test_a_malformed_address_is_one_bad_stanza(world, attacker, sender, to):  # T41
    mark = world.edge.mark()
    attacker.send(f"<message from='{sender}' to='{to}' id='m1'><body>x</body></message>")
    goes_on(world, attacker, f"behind {sender} {to[:20]}")
    assert world.edge.lines(r"s2s\.stanza\.bounced.*jid-malformed", mark)


@pytest.mark.parametrize("attributes", ("a='" + "x" * 1_000_000 + "'", " ".join(f"a{n}='1'" for n in range(20000)),
                                        " ".join(f"xmlns:p{n}='u'" for n in range(20000))), ids=("long", "many", "namespaces"))
def test_attributes_have_limits_before_authentication(world, attributes):  # T55
    stream = RawStream(world.network["tester"])
    try:
        stream.send(HEADER.format("attacker.lab", "coluc.com")[:-1] + " " + attributes + ">")
    except OSError:
        pass
    try:
        stream.refused("policy-violation")
    except ConnectionError:
        pass


def test_a_stanza_above_the_limit_is_read_past_and_one_without_end_ends_the_stream(world, attacker):  # T57
    since = world.ana.mark()
    body = "y" * (10000 - len(message("attacker.lab", "ana@coluc.com", "")))
    attacker.send(message("attacker.lab", "ana@coluc.com", body))
    world.ana.hears(body, 10, since)
    mark = world.edge.mark()
    attacker.send(message("attacker.lab", "ana@coluc.com", "z" * 600_000))
    goes_on(world, attacker, "behind the large one")
    assert world.edge.lines(r"s2s\.stanza\.bounced.*policy-violation", mark)
    try:
        attacker.send(message("attacker.lab", "ana@coluc.com", "z" * 3_000_000))
    except OSError:
        pass
    attacker.read("policy-violation")


def test_a_stalled_negotiation_ends_at_the_deadline(world):  # T58
    stream = RawStream(world.network["tester"]).opened()
    stream.refused("policy-violation", "connection-timeout", seconds=8 + 4)


def test_memory_before_authentication_is_bounded(world):  # T59
    before = world.edge.memory()
    text = HEADER.format("attacker.lab", "coluc.com")[:-1] + " a='" + "x" * 2000
    streams = []
    for _ in range(200):
        try:
            streams.append(RawStream(world.network["tester"]).send(text))
        except OSError:
            break
    grown = world.edge.memory() - before
    for stream in streams:
        stream.close()
    assert grown <= 200 * 64 * 1024 + 5_000_000, grown


def test_http_on_the_port_is_not_echoed(world):  # T22
    stream = RawStream(world.network["tester"]).send("GET /secret-path HTTP/1.0\r\n\r\n")
    assert "secret-path" not in stream.to_the_end()
