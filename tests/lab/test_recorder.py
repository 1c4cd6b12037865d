"""The handshake recorder with a real partner: every attempt in both directions, step by step; what changed at the partner as
the difference from the last good attempt; and a file for its administrator in which nothing is that is not his business."""
import json
import os
import re

import pytest

from world.federation import COMPONENTS, SETTINGS
from world.prosody import PASSWORD
from world.sallyport import SECRET
from world.wait import until

pytestmark = pytest.mark.pair

# Domains of one partner; all of them are good at first.
DOMAINS = ("expired.guest.lab", "own.guest.lab", "plain.guest.lab", "moved.guest.lab")
CERTIFIED = ("expired.guest.lab", "own.guest.lab")
NO_TLS = 'VirtualHost "plain.guest.lab"\n    modules_disabled = { "tls" }\n'
SRV = "_xmpp-server._tcp.moved.guest.lab. 1 SRV 0 0 5269 "
BODY = "a sentence for nobody's recorder"


def recorded(world, domain, **wanted):
    """Handshakes of the domain, newest first, as `handshakes list` has them and with these values."""
    rows = world.edge.json("handshakes", "list", domain)["handshakes"]
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def shown(world, row):
    """(the whole record, {name of a step: the facts of its first occurrence})."""
    whole = world.edge.json("handshakes", "show", row["id"])
    facts = {}
    for step in whole["steps"]:
        facts.setdefault(step["step"], step["facts"])
    return whole, facts


@pytest.fixture(scope="module")
def partner(world):
    """Talks both ways with every domain while all is well; the user, and their last handshakes' ids."""
    world.arrange("tls_required")
    good = {domain: world.certificates["guest"] for domain in CERTIFIED}
    world.edge.set(peers=[{"domain": domain, "authentication": "certificate"} for domain in CERTIFIED] +
                         [{"domain": "moved.guest.lab", "authentication": "dialback"}])
    world.edge.close_streams(*DOMAINS)
    with world.guest("mo@moved.guest.lab", also={**{domain: ["oz"] for domain in DOMAINS[:3]}}, certificates=good) as mo:
        oz = world.another(mo, "oz@own.guest.lab")
        since = world.ana.mark(), mo.mark()
        for domain in DOMAINS:
            world.ana.says(f"nobody@{domain}", BODY, id=f"good {domain}")
        for domain in DOMAINS:  # the partner's answer opens the other direction
            bounce = world.ana.sees(20, since[0], what="message", type="error", id=f"good {domain}")
            assert bounce["condition"] == "service-unavailable", bounce
        mo.says(world.ana, BODY)
        world.ana.hears(BODY, since=since[0])
        try:
            yield mo, oz
        finally:
            world.arrange()


def test_both_directions_and_both_proofs_are_there(world, partner):
    assert partner
    for domain in DOMAINS:
        proof = "dialback" if domain == "moved.guest.lab" else "external"
        for direction in ("outbound", "inbound"):
            rows = recorded(world, domain, direction=direction, purpose="stanzas", good=True)
            assert rows and rows[0]["outcome"] == proof and rows[0]["local"] == "coluc.com", (domain, direction, rows)
            assert rows[0]["ms"] > 0 and rows[0]["address"].rpartition(":")[0] == "198.51.100.40", rows
    # As receiving server we asked its authoritative server.
    asked = recorded(world, "moved.guest.lab", direction="outbound", purpose="dialback")
    assert asked and asked[0]["outcome"] == "the key is valid", asked


def test_an_outbound_handshake_has_every_step(world, partner):
    assert partner
    whole, facts = shown(world, recorded(world, "own.guest.lab", direction="outbound", good=True)[0])
    asked = [step["facts"] for step in whole["steps"] if step["step"].startswith("dns.")]
    assert {"_xmpp-server._tcp.own.guest.lab", "_xmpps-server._tcp.own.guest.lab", "A own.guest.lab"} <= \
        {answer["question"] for answer in asked}, asked
    a_record = next(answer for answer in asked if answer["question"] == "A own.guest.lab")
    assert a_record["answer"] == "198.51.100.40" and 0 < int(a_record["ttl"]) <= 60, a_record
    assert facts["tcp.connected"]["address"] == "198.51.100.40:5269" and facts["tcp.connected"]["host"] == "own.guest.lab"
    tls = facts["tls.session"]
    assert re.fullmatch(r"TLSv1\.[23]", tls["version"]) and "_" in tls["cipher"] and tls["sni"] == "own.guest.lab", tls
    assert tls["chain"] == "accepted" and tls["issuer"] == "CN=lab-authority" and "*.guest.lab" in tls["names"], tls
    assert re.fullmatch("[0-9a-f]{64}", tls["sha256"]) and re.fullmatch(r"\d{4}-\d\d-\d\d", tls["not-after"]), tls
    assert "starttls" in facts["features.received"]["features"], facts
    assert facts["sasl.sent"]["mechanism"] == facts["sasl.success"]["mechanism"] == "EXTERNAL"
    names = [step["step"] for step in whole["steps"]]
    in_order = [names.index(name) for name in ("dns.srv", "tcp.connected", "stream.opened", "features.received",
                                               "tls.session", "sasl.sent", "sasl.success", "state")]
    assert in_order == sorted(in_order), names
    times = [step["ms"] for step in whole["steps"]]
    assert times == sorted(times) and times[-1] <= whole["ms"] and whole["left_out"] == 0, times


def test_the_steps_of_dialback_are_there_without_a_key(world, partner):
    assert partner
    for direction, steps in (("outbound", ("result.sent", "dialback.timeout-scheduled", "result.received")),
                             ("inbound", ("tcp.accepted", "result.received", "result.answered"))):
        whole, facts = shown(world, recorded(world, "moved.guest.lab", direction=direction, purpose="stanzas")[0])
        assert all(step in facts for step in steps), facts
        assert not any("key" in one["facts"] for one in whole["steps"]), whole
    printed = world.edge.ask("handshakes", "show", "moved.guest.lab")
    assert "result." in printed and max(len(line) for line in printed.splitlines()) <= 100, printed


# What changes over night at the partner ------------------------------------------------------------------------------

CHANGES = {  # domain: (where it fails, what the outcome says, what the difference must show)
    "expired.guest.lab": ("tls", "certificate has expired", ("tls.session", "chain", "accepted", "certificate has expired")),
    "own.guest.lab": ("tls", "self-signed certificate", ("tls.session", "issuer", "CN=lab-authority", "CN=own.guest.lab")),
    "plain.guest.lab": ("tls", "offers no TLS", ("features.received", "features", "starttls", "dialback")),
    "moved.guest.lab": ("tcp", "Connection refused", ("dns.srv", "answer", "four.guest.lab", "nobody.guest.lab")),
}


@pytest.fixture(scope="module")
def next_day(world, partner):
    """Other certificates, no STARTTLS, another SRV target: one restart of the partner, one change of its zone."""
    mo, oz = partner
    mo.server.stop(3)
    new = {domain: world.certificates[domain.partition(".")[0]] for domain in CERTIFIED}
    zone = 'local-data: "nobody.guest.lab. 60 A 198.51.100.66"\nlocal-data: "' + SRV + 'nobody.guest.lab."'
    with world.dns.change('local-data: "' + SRV + 'four.guest.lab."', zone):
        options = NO_TLS  # it stands before the list of domains, which names it once more
        world.restart(mo, certificates=new, options=options,
                      domains={domain: ["oz"] for domain in ("moved.guest.lab", *DOMAINS[:2])})
        oz.server = mo.server
        mo.online()
        oz.online()
        until(lambda: "nobody.guest.lab" in world.edge.ask("check", "dns", "moved.guest.lab", check=False), "the new SRV record")
        here, since = world.edge.mark(), (mo.mark(), oz.mark())
        for domain in DOMAINS:
            world.ana.says(f"nobody@{domain}", BODY, id=f"bad {domain}")
        mo.says(world.ana, BODY, id="mo in vain")
        oz.says(world.ana, BODY, id="oz in vain")
        for domain in DOMAINS:
            world.edge.event("attempt failed", domain, since=here)
        for user, mark in zip((mo, oz), since):
            user.sees(25, mark, what="message", type="error", id=f"{user.who} in vain")
        yield


@pytest.mark.parametrize("domain", CHANGES)
def test_a_change_at_the_partner_is_the_difference(world, next_day, domain):
    failed_at, outcome, (step, fact, before, now) = CHANGES[domain]
    newest = until(lambda: recorded(world, domain, direction="outbound", purpose="stanzas", good=False), f"{domain} fails")[0]
    assert newest["failed_at"] == failed_at and outcome in newest["outcome"], newest
    told = world.edge.json("handshakes", "diff", newest["id"])
    assert told["compared_with"]["good"] and told["compared_with"]["direction"] == "outbound", told
    assert told["compared_with"]["peer"] == domain
    found = [one for one in told["differences"] if one["kind"] == "changed" and one["step"] == step and one["fact"] == fact]
    assert any(before in one["before"] and now in one["now"] for one in found), told["differences"]
    # What is the same every time and what is another every time is left out.
    assert not [one for one in told["differences"] if one["fact"] in ("ttl", "ms", "id", "peer-id")], told
    printed = world.edge.ask("handshakes", "diff", domain)
    assert "compared with" in printed and max(len(line) for line in printed.splitlines()) <= 100, printed
    assert world.edge.json("peers", "show", domain)["last_failed_handshake"]["peer"] == domain


def test_inbound_failures_say_at_which_step(world, next_day):
    """The authoritative server of the one is gone; the other's certificate proves nothing any more."""
    gone = until(lambda: recorded(world, "moved.guest.lab", direction="inbound", purpose="stanzas", good=False), "gone")[0]
    assert gone["failed_at"] == "dialback", gone
    _, facts = shown(world, gone)
    assert facts["result.answered"]["type"] != "valid", facts
    own = until(lambda: recorded(world, "own.guest.lab", direction="inbound", purpose="stanzas", good=False), "own")[0]
    _, facts = shown(world, own)
    assert "self-signed" in facts["tls.session"]["chain"], facts
    for row in (gone, own):
        assert row["verdict_id"], row
        told = world.edge.json("why", row["verdict_id"])
        assert (told["from"], told["to"]) == (row["peer"], "coluc.com") and told["remedy"], told


def secrets(world):
    """Everything that was secret in this world and may have passed the edge."""
    yield from (SECRET, PASSWORD, BODY, SETTINGS["federation.dialback_secret"], *COMPONENTS.values())
    for file in os.listdir(os.path.dirname(world.trust)):
        if file.endswith(".key"):
            with open(os.path.join(os.path.dirname(world.trust), file), encoding="ascii") as key:
                yield from (line for line in key.read().splitlines() if line and "-----" not in line)


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_file_for_the_partner_is_whole_and_holds_no_secret(world, next_day, domain):
    # A stream may come or go just now: what is recorded before and after is exported for certain.
    before = {row["id"] for row in recorded(world, domain)}
    text = world.edge.ask("handshakes", "export", domain)
    after = {row["id"] for row in recorded(world, domain)}
    export = json.loads(text)
    assert export["format"] == "sallyport-handshakes-1" and export["peer"] == domain, export
    assert {row["good"] for row in export["handshakes"]} == {True, False}
    assert before & after <= {row["id"] for row in export["handshakes"]} <= before | after
    assert all(row["steps"] for row in export["handshakes"])
    everything = text + world.edge.ask("handshakes", "show", domain) + world.edge.ask("handshakes", "diff", domain)
    for secret in secrets(world):
        assert secret not in everything, secret
    # Keys of dialback are 64 digits, as the fingerprints of certificates are.
    fingerprints = {step["facts"]["sha256"] for row in export["handshakes"] for step in row["steps"] if "sha256" in step["facts"]}
    assert set(re.findall(r"\b[0-9a-f]{64}\b", text)) <= fingerprints
    assert not re.search(r"\b10\.(10|20)\.0\.\d+", text), "addresses of the inside"
    assert "<message" not in text and "<body" not in text
