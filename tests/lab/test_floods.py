"""Peers that send too much, guess, or point elsewhere: the edge stays within its limits and others notice nothing."""
import re
import time

import pytest

from test_attacks import attacker, authority, healthy  # noqa: F401 (fixtures)
from world.raw import HEADER, RawStream, message

pytestmark = pytest.mark.pair


def test_stream_ids_are_fresh_after_each_restart(world, authority):  # T07
    world.arrange("tls_optional")
    stream = RawStream(world.network["tester"]).opened()
    ids = [stream.stream_id()]
    ids.append(stream.over_tls(world.certificates["attacker"]).opened().stream_id())
    stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").read("<success")
    stream.seen = ""
    ids.append(stream.opened().stream_id())
    ids += [RawStream(world.network["tester"]).opened().stream_id() for _ in range(10)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9A-Za-z._-]{22,}", one) for one in ids), ids
    assert len({one[:4] for one in ids}) > len(ids) // 2, ids


def test_guessed_keys_are_invalid_and_answered_ever_more_slowly(world):  # T08
    question = ("<db:verify from='attacker.lab' to='coluc.com' id='guess{:04}'>" + "0" * 64 + "</db:verify>")
    asked = 1200
    # An edge with the usual time for negotiation: that of the others here is short, and may be over before the last answer.
    with world.another_edge():
        stream = RawStream(world.network["tester"], port=5299).opened()
        began = time.monotonic()
        stream.send("".join(question.format(number) for number in range(asked)))
        stream.read(r"id=['\"]guess{:04}['\"]".format(asked - 1), 30)
        assert stream.seen.count("type='invalid'") + stream.seen.count('type="invalid"') == asked
        # 64 KiB at once, then 10 KiB a second, of which the last read of up to 64 KiB is paid for afterwards.
        assert time.monotonic() - began > (asked * len(question) - 2 * 65536) / 10240 * 0.9
        stream.close()


def test_stanzas_within_a_refused_child_are_no_stanzas(world, attacker):  # T47
    since = world.ana.mark()
    attacker.send("<iq type='get' id='nested' from='u@attacker.lab/r' to='ana@coluc.com'><bad xmlns='urn:x' jid='@@'/>"
                  "<message from='v@victim.lab' to='ana@coluc.com'><body>nested</body></message></iq>")
    attacker.send(message("attacker.lab", "ana@coluc.com", "after the nested one"))
    world.ana.hears("after the nested one", 5, since)
    assert not [event for event in world.ana.events(since) if event.get("body") == "nested"]


def test_answers_that_nobody_waits_for_are_ignored(world, attacker):  # T48
    since = world.ana.mark()
    attacker.send("".join(f"<iq type='{kind}' id='{guess}' from='attacker.lab' to='coluc.com'/>"
                          for kind in ("result", "error") for guess in ("s2s1", "ping", "1", *range(2, 300))))
    attacker.send(message("attacker.lab", "ana@coluc.com", "after the guesses"))
    world.ana.hears("after the guesses", 5, since)
    assert "<iq" not in attacker.seen


def test_a_stranger_fills_neither_the_log_nor_the_event_log(world):  # T81
    world.arrange("tls_optional")
    since = world.edge.mark()
    before = world.edge.json("events", "--limit", "1")["last"]
    answer = "<db:verify from='attacker.lab' to='coluc.com' id='x' type='valid'/>"
    for _ in range(10):
        stream = RawStream(world.network["tester"]).opened()
        stream.send(answer * 500)
        stream.send("<db:verify from='attacker.lab' to='coluc.com' id='last'>00</db:verify>").read("id=['\"]last['\"]", 20)
        stream.send("</stream:stream>").to_the_end()
    world.edge.wait_for(r'Event="log\.repeated".* of="s2s\.answer\.dropped" from="198\.51\.100\.\d+"', 30, since)
    assert len(world.edge.lines(r'Event="s2s\.answer\.dropped"', since)) < 60
    assert world.edge.json("events", "--limit", "1")["last"] - before < 600
    # Others are written as before.
    since = world.edge.mark()
    world.ana.says(world.victor, "and the log goes on")
    world.victor.hears("and the log goes on")
    world.edge.event("connection state", "vngtp.lab", since=since)


def test_a_flood_of_subscriptions_holds_back_its_sender_only(world, attacker):  # T50
    before = world.edge.memory()
    padding = "x" * 3500
    flood = "".join(f"<presence type='subscribe' from='u{number}@attacker.lab' to='nobody@coluc.com'><status>{padding}"
                    "</status></presence>" for number in range(200))
    attacker.socket.settimeout(0.5)
    sent, began, slowest = 0, time.monotonic(), 0.0
    while sent < 12 << 20 and time.monotonic() - began < 20:
        try:
            attacker.socket.sendall(flood.encode())
            sent += len(flood)
        except TimeoutError:
            break  # the edge does not read on: that is what holds the sender back
        since, asked = world.ana.mark(), time.monotonic()
        world.victor.says(world.ana, f"meanwhile {sent}")
        world.ana.hears(f"meanwhile {sent}", 5, since)
        slowest = max(slowest, time.monotonic() - asked)
    elapsed = time.monotonic() - began
    # 4 MiB at once and 1 MiB a second; what is sent beyond lies in the buffers of both TCPs.
    assert sent < (4 << 20) + (elapsed + 1) * (1 << 20) + (8 << 20), (sent, elapsed)
    assert slowest < 2, slowest
    assert world.edge.memory() - before < 48 << 20


def test_a_route_changes_the_address_and_not_the_identity(world, authority):  # T71
    world.arrange("tls_required", peers=[{"domain": "routed.lab", "authentication": "certificate"}])
    world.edge.set(static_routes=[{"domain": "routed.lab", "address": "198.51.100.66", "port": 5269}],
                   use_static_routes=True)
    here, since = world.edge.mark(), world.ana.mark()
    world.ana.says("x@routed.lab", "not for attacker.lab", id="routed-1")
    event = world.ana.sees(20, since, what="message", type="error", id="routed-1")
    assert event["condition"].startswith("remote-server")
    assert authority.accepted >= 1
    assert not [line for line in world.edge.events("lookup begun", here) if "routed.lab" in line]
    assert not any("not for attacker.lab" in text for text in authority.texts)


def test_a_routed_domain_is_verified_at_its_route(world, authority):  # T71
    world.arrange("tls_optional")
    world.edge.set(static_routes=[{"domain": "routed.lab", "address": "198.51.100.66", "port": 5269}],
                   use_static_routes=True)
    stream = RawStream(world.network["tester"]).send(HEADER.format("routed.lab", "coluc.com"))
    stream.read(r"</stream:features>")
    stream.send(f"<db:result from='routed.lab' to='coluc.com'>{'a' * 64}</db:result>")
    stream.read(r"type=['\"]valid['\"]", 15)
    assert [request for request in authority.requests if "routed.lab" in str(request)]
    stream.close()
