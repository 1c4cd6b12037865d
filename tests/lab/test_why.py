"""`why FROM TO` before and `why ID` after: real messages that cannot pass, each returned with the id of its refusal, and the
operator asks as the manual says (docs/manual/why.md). A row is a cause."""
import json
import re
from types import SimpleNamespace

import pytest

from world.names import NameServer
from world.prosody import Prosody
from world.wait import until

pytestmark = pytest.mark.pair

# The partner's own view of DNS: whoever asks it for coluc.com is led to a server that knows nothing of coluc.com.
LED_ASTRAY = """
local-zone: "com." static
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269 wrong.coluc.com."
local-data: "wrong.coluc.com. 60 A 198.51.100.20"
"""
PARTNERS = """
VirtualHost "bare.guest.lab"
    modules_disabled = { "tls" }
VirtualHost "secure.guest.lab"
    s2s_require_encryption = true
"""
ROUTE = {"domain": "routed.lab", "address": "198.51.100.66", "port": 5269}


def row(to, rule, step, setting, part, remedy, foreseen=False, sender="ana", node="edge"):
    """`rule` of the refusal; the `step` at which the walk stops; whether the walk says so before anything was sent."""
    return SimpleNamespace(to=to, rule=rule, step=step, setting=setting, part=part, remedy=remedy, foreseen=foreseen,
                           sender=sender, node=node)


# What is wrong with a domain; no other test writes to these, for the edge remembers who failed. All of them are written to at
# once, for each waits as long as [limits] queue_seconds says.
DOMAINS = {
    "no such name": row("x@nowhere.lab", "dns", "dns", "the domain's DNS", "the peer's", "check dns nowhere.lab", True),
    "SRV says none": row("x@closed.lab", "dns", "dns", "the domain's DNS", "the peer's", "check dns closed.lab", True),
    "DNS is silent": row("x@silent.lab", "dns", "dns", "[dns] servers", "the peer's", "check dns silent.lab", True),
    "nobody listens": row("x@down.lab", "tcp", "tcp", "firewalls", "the peer's", "check tls down.lab"),
    "a dead route": row("x@routed.lab", "tcp", "tcp", "federation.static_routes", "ours or the peer's", "routes list"),
    "no TLS there": row("x@bare.guest.lab", "tls", "tls", "federation.security_mode", "the peer's",
                        "check tls bare.guest.lab"),
    "TLS only there": row("x@secure.guest.lab", "tls", "tls", "federation.security_mode", "the peer's",
                          "check tls secure.guest.lab"),
    "an untrusted certificate": row("x@lone.guest.lab", "tls", "tls", "federation.peers", "the peer's",
                                    "handshakes diff lone.guest.lab"),
    "an expired certificate": row("x@late.guest.lab", "tls", "tls", "federation.peers", "the peer's",
                                  "handshakes diff late.guest.lab"),
    "dialback fails": row("x@doubter.lab", "dialback", "dialback", "federation.dialback_secret", "ours or the peer's",
                          "check dialback doubter.lab"),
    "the inside server is down": row("x@strict.coluc.com", "tcp", "tcp", "[[inside.server]]", "ours",
                                     "start the server of strict.coluc.com at 10.10.0.6:5269", sender="victor",
                                     node="core"),
}
REASONS = {"no such name": "no-such-name", "SRV says none": "service declared absent", "nobody listens": "refused",
           "no TLS there": "offers no TLS", "TLS only there": "requires TLS", "an untrusted certificate": "self-signed",
           "an expired certificate": "has expired"}


@pytest.fixture(scope="module")
def strangers(world):
    """The partners that each have one thing wrong, and the edge's settings that make it matter."""
    world.arrange("tls_required")
    own = {f"{kind}.guest.lab": world.certificates[kind] for kind in ("lone", "late")}
    names = NameServer("astray", "198.51.100.67", LED_ASTRAY, world.folder, world.network["tester"])
    doubter = Prosody("doubter", world.folder, "198.51.100.67", {"doubter.lab": ["dora"]}, [], world.certificates["own"],
                      world.trust, "198.51.100.67", world.network["tester"])
    try:
        with world.guest(also={domain: [] for domain in own}, certificates=own, options=PARTNERS):
            doubter.ready()
            world.edge.set(use_static_routes=True, static_routes=[ROUTE],
                           peers=[{"domain": domain, "authentication": "certificate"} for domain in own] +
                                 [{"domain": "secure.guest.lab", "security_mode": "no_tls"}])
            yield
    finally:
        doubter.stop()
        names.stop()
        world.arrange()


def walk(world, one):
    """What `why FROM TO` says at the node where it should say it."""
    sender = getattr(world, one.sender).jid
    done = getattr(world, one.node).ask("why", sender, one.to, "--json", check=False)
    return json.loads(done)


@pytest.fixture(scope="module")
def refused(world, strangers):
    """{cause: (what the walk said before, the bounce, the verdict's id)}, of one message each."""
    before = {cause: walk(world, one) for cause, one in DOMAINS.items()}
    marks = {"edge": world.edge.mark(), "core": world.core.mark()}
    since = {name: getattr(world, name).mark() for name in ("ana", "victor")}
    for cause, one in DOMAINS.items():
        getattr(world, one.sender).says(one.to, f"body of {cause}", id=f"why {cause}")
    told = {}
    for cause, one in DOMAINS.items():
        bounce = getattr(world, one.sender).sees(45, since[one.sender], what="message", type="error", id=f"why {cause}")
        told[cause] = before[cause], bounce, bounce["verdict"] or id_in_log(world, one, marks[one.node])
    return told


def id_in_log(world, one, since, event="s2s.outbound.failed"):
    """Errors to other domains carry no id; the log of the node that refused has it."""
    domain = one.to.partition("@")[2]
    line = until(lambda: getattr(world, one.node).lines(rf'Event="{re.escape(event)}".*{re.escape(domain)}', since),
                 f"{event} of {domain}")[-1]
    return re.search('verdict="(v-[0-9a-f]{12})"', line)[1]


def explains(world, one, verdict_id):
    """`why ID` names rule, setting, remedy and whose part it is; its words for people have them too."""
    told = getattr(world, one.node).json("why", verdict_id)
    assert told["id"] == verdict_id and told["rule"] == one.rule, told
    assert one.setting in told["change"], told
    assert one.remedy in (told["remedy"] or ""), told
    assert told["part"] == one.part, told
    assert told["now_passes"] is False, told
    assert "DOMAIN" not in str(told), told
    printed = " ".join(getattr(world, one.node).ask("why", verdict_id).split())
    assert one.rule in printed and " ".join(one.remedy.split()) in printed, printed
    return told


@pytest.mark.parametrize("cause", DOMAINS)
def test_a_domain_that_cannot_be_reached(world, refused, cause):
    one, (before, bounce, verdict_id) = DOMAINS[cause], refused[cause]
    assert bounce["condition"] in ("remote-server-not-found", "remote-server-timeout"), bounce
    assert bounce["text"] == "", "nothing of hosts or causes is told to the user"
    assert before["passes"] is not one.foreseen, before
    if one.foreseen:
        assert before["blocked_at"] == one.step, before
    told = explains(world, one, verdict_id)
    assert REASONS.get(cause, "") in told["reason"], told
    after = walk(world, one)
    assert not after["passes"] and after["blocked_at"] == one.step and after["part"] == one.part, after
    assert REASONS.get(cause, "") in after["blocked_by"], after


def test_a_walk_exits_as_its_answer_is(world, refused):
    assert refused
    passes = world.edge.ask("why", "ana@coluc.com", "victor@vngtp.lab")
    assert "passes" in passes and "STOP" not in passes
    with pytest.raises(AssertionError, match="does not pass"):
        world.edge.ask("why", "ana@coluc.com", "x@closed.lab")


# What forbids it at once, on this side ------------------------------------------------------------------------------

POLICY = {
    "federation is off": (dict(enabled=False), row("victor@vngtp.lab", "federation-off", "federation-off",
                                                   "federation.enabled", "ours", "federation.enabled")),
    "on the deny list": (dict(privacy_mode="deny_list", deny_list=["vngtp.lab"]),
                         row("victor@vngtp.lab", "deny-list", "deny-list", "federation.deny_list", "ours",
                             "remove it from federation.deny_list")),
    "not on the allow list": (dict(privacy_mode="allow_list", allow_list=["other.lab"]),
                              row("victor@vngtp.lab", "allow-list", "allow-list", "federation.allow_list", "ours",
                                  "add it to federation.allow_list")),
}


@pytest.mark.parametrize("cause", POLICY)
def test_a_rule_of_ours_forbids_it(world, cause):
    settings, one = POLICY[cause]
    world.arrange()
    world.edge.set(**settings)
    try:
        before, since = walk(world, one), world.ana.mark()
        world.ana.says(one.to, "forbidden", id=f"why {cause}")
        bounce = world.ana.sees(15, since, what="message", type="error", id=f"why {cause}")
        assert bounce["condition"] == "not-allowed", bounce
        assert before["blocked_at"] == one.step and before["verdict_id"] == bounce["verdict"], (before, bounce)
        explains(world, one, bounce["verdict"])
    finally:
        world.arrange()
    assert world.edge.json("why", bounce["verdict"])["now_passes"] is True


def test_the_partner_hears_the_same_refusal(world):
    """The other direction of the deny list: the stream of a denied partner."""
    world.arrange()
    here, since = world.edge.mark(), world.victor.mark()
    one = row("ana@coluc.com", "deny-list", "deny-list", "federation.deny_list", "ours", "remove it from", sender="victor")
    world.edge.set(privacy_mode="deny_list", deny_list=["vngtp.lab"])
    try:
        world.victor.says(one.to, "let me in", id="why denied")
        world.victor.sees(25, since, what="message", type="error", id="why denied")
        line = until(lambda: world.edge.lines(r'Event="s2s\.refused".*vngtp\.lab', here), "the refusal")[-1]
        walked = walk(world, one)
        assert walked["direction"] == "inbound" and walked["blocked_at"] == "deny-list", walked
        assert f'verdict="{walked["verdict_id"]}"' in line, (walked, line)
        explains(world, one, walked["verdict_id"])
    finally:
        world.arrange()


def test_the_link_is_down(world):
    one = row("victor@vngtp.lab", "link-down", "link", "[[link.dial]]", "ours", "check link", node="core")
    world.arrange()
    with world.network.reset("edge", "tcp dport 7400"):
        since = world.ana.mark()
        world.ana.says(one.to, "over a broken link", id="why link")
        bounce = world.ana.sees(25, since, what="message", type="error", id="why link")
        assert bounce["condition"] == "remote-server-timeout"
        walked = walk(world, one)
        assert walked["blocked_at"] == "link" and walked["part"] == "ours", walked
        explains(world, one, bounce["verdict"])
    until(lambda: walk(world, one)["passes"], "the link to be back", 20)


def test_a_domain_of_ours_that_does_not_federate(world):
    """Their DNS leads here for a name that nobody serves."""
    one = row("x@unknown.coluc.com", "not-local", "not-local", "federation.domains", "ours",
              "if unknown.coluc.com is ours, add it", sender="victor")
    world.arrange()
    here, since = world.edge.mark(), world.victor.mark()
    world.victor.says(one.to, "anybody there", id="why unknown")
    world.victor.sees(25, since, what="message", type="error", id="why unknown")
    explains(world, one, id_in_log(world, one, here, "s2s.refused"))
    walked = walk(world, one)
    assert walked["blocked_at"] == "not-local" and "neither vngtp.lab nor unknown.coluc.com" in walked["blocked_by"], walked


def test_a_user_of_ours_who_does_not_exist(world):
    """Nobody outside is told (the message vanishes); the operator is."""
    world.arrange()
    told = world.presence.ask("why", "victor@vngtp.lab", "nobody@imp.coluc.com", check=False)
    assert "STOP user" in told and "no such user" in told and "users add nobody@imp.coluc.com" in told, told


def test_an_id_that_nobody_gave(world):
    assert "nothing was refused as v-000000000000" in refusal_of(world, "v-000000000000")


def refusal_of(world, verdict_id):
    with pytest.raises(AssertionError) as told:
        world.edge.ask("why", verdict_id)
    return str(told.value)
