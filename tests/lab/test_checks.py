"""`check …` on a trio in good health, where every check exits with 0; and then each cause that the article and its years since
have known, made on purpose: the check exits with another status, and `check all` names cause and remedy.

The three nodes, the partner and the name server are in one namespace of their own, so that its firewall can be played with."""
import contextlib
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from world import sallyport
from world.certificates import Authority
from world.client import Clients, User
from world.names import NameServer
from world.netns import PREFIX, Namespace, remove_namespaces
from world.prosody import Prosody
from world.raw import Authority as RawServer, dialback_key
from world.several import Several
from world.trio import Trio
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.66.20", "link": "127.0.66.21", "core": "127.0.66.10", "presence": "127.0.66.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
AXL = "imp1.coluc.com:8443"
PARTNER, SECOND, RAW = "127.0.66.30", "127.0.66.22", "127.0.66.40"
OURS = '"_xmpp-server._tcp.coluc.com. 1 SRV 0 0 5269 edge1.coluc.com."'
DNS = f"""
local-zone: "com." static
local-zone: "lab." static
local-data: {OURS}
local-data: "edge1.coluc.com. 1 A {AT['edge']}"
local-data: "edge2.coluc.com. 1 A {SECOND}"
local-data: "wrong.coluc.com. 1 A {PARTNER}"
local-data: "_xmpp-server._tcp.vngtp.lab. 1 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "_xmpp-server._tcp.plain.lab. 1 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "_xmpp-server._tcp.secure.lab. 1 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "raw.coluc.com. 1 A {RAW}"
local-data: "xmpp.vngtp.lab. 1 A {PARTNER}"
"""
MODES = """
VirtualHost "plain.lab"
    modules_disabled = { "tls" }
VirtualHost "secure.lab"
    s2s_require_encryption = true
"""


class World(Several):
    """The trio, the partner, one user of each; all in `here`."""

    def __init__(self, folder):
        self.folder = folder
        self.here = Namespace(f"{PREFIX}{os.getpid()}-desk")
        self.dns = self.start(NameServer("desk-dns", "127.0.66.53", DNS, folder, self.here))
        authority = self.authority = Authority(folder, "authority")
        self.vngtp = self.start(Prosody("vngtp", folder, PARTNER, {"vngtp.lab": ["victor"]}, [],
                                        authority.issue("vngtp", ["vngtp.lab", "plain.lab", "secure.lab"]), authority.certificate,
                                        "127.0.66.53", self.here, c2s=("127.0.66.31", 5222), options=MODES))
        self.trio = self.start(Trio(f"{folder}/trio", "coluc.com", AT, NAMES, "127.0.66.53:53", "127.0.0.0/8",
                                    ["vngtp.lab", "plain.lab", "secure.lab"], dict.fromkeys(("edge", "core", "presence"), self.here)))
        self.certificate = [os.path.join(self.trio.folder, f"s2s.{kind}") for kind in ("pem", "key")]
        with open(os.path.join(self.trio.folder, "edge.toml"), "a", encoding="utf-8") as file:
            file.write(f'\n[tls]\ntrust = "{authority.certificate}"\n\n[limits]\nqueue_seconds = 3\n')
        self.trio.start()
        self.edge, self.core, self.presence = self.trio.edge, self.trio.core, self.trio.presence
        self.vngtp.ready()
        self.trio.add_users("romeo")
        until(self.trio.rows, "the row of the edge", 15)
        until(self.in_force, lambda: f"the chain: {[node.chain() for node in self.trio.nodes.values()]}", 15)
        clients = self.start(Clients("desk-clients", folder, self.here))
        self.romeo = User(clients, "romeo", "romeo@coluc.com", self.trio.users).online()
        self.victor = User(clients, "victor", "victor@vngtp.lab", self.vngtp).online()

    def in_force(self):
        """What a node knows of the others comes to it a moment later."""
        return all(step["state"] == "in force" for node in self.trio.nodes.values() for step in node.chain().values())

    def stop(self):
        super().stop()
        remove_namespaces(self.here.name)

    def check(self, role, *words):
        """(exit status, what was printed in one line)."""
        node = getattr(self, role)
        done = subprocess.run([sallyport.BINARY, "check", *words, "--node", os.path.join(node.data, "admin.sock")],
                              capture_output=True, text=True, timeout=40, check=False)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def set(self, name, value):
        self.edge.ask("config", "set", f"federation.{name}", value)


@pytest.fixture(scope="module")
def lab():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    with World.raised("lab-desk-") as made:
        yield made


# Good health ----------------------------------------------------------------------------------------------------------

HEALTHY = [("edge", "dns coluc.com"), ("edge", "dns vngtp.lab"), ("edge", "tls vngtp.lab"), ("edge", "certs"),
           ("edge", "certs vngtp.lab"), ("edge", "dialback"), ("edge", "dialback vngtp.lab"), ("edge", "link"),
           ("edge", "all"), ("edge", "all vngtp.lab"), ("core", "certs"), ("core", "axl"), ("core", "link"), ("core", "all"),
           ("presence", "certs"), ("presence", "link"), ("presence", "all")]


def carries(sender, receiver, text):
    since = receiver.mark()
    sender.says(receiver, text)
    receiver.hears(text, since=since)


@pytest.fixture(scope="module")
def talked(lab):
    carries(lab.romeo, lab.victor, "out")
    carries(lab.victor, lab.romeo, "in")


@pytest.mark.parametrize("role,words", HEALTHY)
def test_in_good_health_every_check_is_content(lab, talked, role, words):
    status, printed = lab.check(role, *words.split())
    assert status == 0 and ": good" in printed and " bad " not in printed and " warning " not in printed, printed


def test_a_check_of_dialback_proves_all_three_roles_with_a_partner(lab, talked):
    _, printed = lab.check("edge", "dialback", "vngtp.lab")
    for part in ("confirms keys of coluc.com with our secret and refuses a wrong key", "vngtp.lab answered a ping",
                 "as initiating server", "as receiving server"):
        assert part in printed, printed


def test_a_check_that_a_node_cannot_do_and_a_node_that_is_away(lab):
    assert lab.check("core", "dialback")[0] == 1 and "run this on an edge" in lab.check("core", "dialback")[1]
    assert lab.check("edge", "axl")[0] == 1 and "run this on the core" in lab.check("edge", "axl")[1]
    away = SimpleNamespace(data=os.path.join(lab.folder, "nowhere"))
    lab.nobody = away
    assert lab.check("nobody", "all")[0] == 3


# On the wire ----------------------------------------------------------------------------------------------------------

def leads(lab, word):
    """The edge's own look-up of coluc.com has this word in it."""
    return word in lab.check("edge", "dns", "coluc.com")[1]


@contextlib.contextmanager
def second_edge(lab):
    """Its administrator has not heard of the first one's secret."""
    name = "edge2.coluc.com"
    pair = lab.authority.issue("edge2-link", [name])
    content = sallyport.edge_file(
        name, listen=[f"{SECOND}:5269"], link=f"{SECOND}:7400", dns="127.0.66.53:53", allow=["127.0.0.0/8"],
        trust=lab.authority.certificate, identity=(["coluc.com"], *pair), link_certificate=pair,
        link_trust=lab.authority.certificate, threads=1,
        settings={"federation.enabled": True, "federation.domains": ["coluc.com"], "federation.privacy_mode": "off",
                  "federation.dialback_secret": "the secret of the second edge"})
    node = sallyport.Node("edge", "edge2", lab.folder, content, lab.here)
    try:
        yield node.ready()
    finally:
        node.stop()


@contextlib.contextmanager
def raw_server(lab):
    server = RawServer(lab.here, RAW)
    try:
        yield server
    finally:
        server.close()


def test_dns_leads_to_four_servers_and_dialback_finds_the_wrong_ones(lab, talked):
    """Each is asked as the partner would ask it: one key that is ours, one that is not (XEP-0220 2.1.2)."""
    with open(os.path.join(lab.trio.folder, "edge.toml"), encoding="utf-8") as file:
        secret = re.search(r'dialback_secret["\s]*= "([^"]+)"', file.read())[1]
    new = "\n".join(f'local-data: "_xmpp-server._tcp.coluc.com. 1 SRV {order} 0 5269 {host}.coluc.com."'
                    for order, host in enumerate(("edge1", "wrong", "edge2", "raw")))
    with second_edge(lab), raw_server(lab) as server, lab.dns.change(f"local-data: {OURS}", new):
        until(lambda: leads(lab, "raw.coluc.com"), "the new records")
        for words in (["dialback"], ["all"]):
            status, printed = lab.check("edge", *words)
            assert status == 2, printed
            for says, remedy in (
                    ("edge1.coluc.com at 127.0.66.20:5269 confirms keys of coluc.com with our secret", ""),
                    ("the server wrong.coluc.com at 127.0.66.30:5269 did not answer for coluc.com",
                     "remove it from the DNS of coluc.com"),
                    ("the server edge2.coluc.com at 127.0.66.22:5269 has another dialback secret than this edge",
                     "set the same federation.dialback_secret on every edge"),
                    ("the server raw.coluc.com at 127.0.66.40:5269 answers 'valid' to a wrong key", "is not one of our edges")):
                assert says in printed and remedy in printed, (says, printed)
        # What it was asked, byte by byte.
        wire = "".join(server.texts)
        header = re.search(r"<stream:stream[^>]*>", wire)[0]
        assert re.search(r"from=.vngtp\.lab", header) and re.search(r"to=.coluc\.com", header), header
        asked = [(re.search(r"\bid=.([^'\"]+)", one)[1], key)
                 for one, key in re.findall(r"(<db:verify[^>]*>)([0-9a-f]{64})</db:verify>", wire)]
        assert len(asked) == 4, wire
        right = [id_ for id_, key in asked if key == dialback_key(secret, "vngtp.lab", "coluc.com", id_)]
        assert len(right) == 2 and not any(id_.endswith("-wrong") for id_ in right), asked
        assert secret not in printed and not any(key in printed for _, key in asked)


def test_without_any_record_nobody_can_verify_our_keys(lab, talked):
    with lab.dns.change(f"local-data: {OURS}", 'local-data: "none.coluc.com. 1 TXT none"'):
        until(lambda: leads(lab, "there is no SRV record"), "no record")
        for words in (["dialback"], ["all"]):
            status, printed = lab.check("edge", *words)
            assert status == 2 and "DNS has no server for coluc.com" in printed, printed
            assert "publish _xmpp-server._tcp.coluc.com. IN SRV 0 0 5269" in printed, printed


# The causes -----------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def federation_off(lab):
    lab.set("enabled", "false")
    until(lambda: not lab.trio.rows(), "the row to go")
    try:
        yield
    finally:
        lab.set("enabled", "true")
        until(lab.trio.rows, "the row", 15)


@contextlib.contextmanager
def node_status_on(lab):
    with federation_off(lab):
        lab.presence.ask("config", "set", "presence.federation_node_status", "on")
    until(lambda: "failed" in str(lab.edge.chain()), "the edge to hear of it")
    try:
        yield
    finally:
        lab.presence.ask("config", "set", "presence.federation_node_status", "off")
        until(lambda: "failed" not in str(lab.edge.chain()), "the edge to hear of it")


@contextlib.contextmanager
def axl_password(lab):
    """Somebody changes it on the IM&P server and forgets the core."""
    lab.presence.ask("axl-users", "passwd", "axl-core", "--password-file", lab.trio.secret("a new password 1"))
    lab.core.ask("imp-servers", "refresh", check=False)
    until(lambda: "refuses the user or the password" in lab.edge.problems(), lambda: f"the edge to hear of it: {lab.edge.problems()}")
    try:
        yield
    finally:
        lab.core.ask("imp-servers", "passwd", AXL, "--password-file", lab.trio.secret("a new password 1"))
        lab.core.ask("imp-servers", "refresh")
        until(lambda: "far.alarm" not in lab.edge.alarms(), "the edge to hear of the cure")


@contextlib.contextmanager
def not_loaded(lab):
    with federation_off(lab):
        lab.presence.ask("config", "set", "router.live_changes", "false")
        lab.presence.ask("restart", "router")
    until(lambda: "failed" in str(lab.edge.chain()), "the edge to hear of it")
    try:
        yield
    finally:
        lab.presence.ask("config", "set", "router.live_changes", "true")
        lab.presence.ask("restart", "router")
        until(lambda: "failed" not in str(lab.edge.chain()), "the edge to hear of it")


@contextlib.contextmanager
def closed_inwards(lab):
    until(lambda: leads(lab, "leads to this node"), "the record of this edge")
    with lab.here.reset(f"ip daddr {AT['edge']} tcp dport 5269"):
        yield


@contextlib.contextmanager
def closed_outwards(lab):
    lab.edge.close_streams("vngtp.lab")
    with lab.here.reset(f"ip daddr {PARTNER} tcp dport 5269"):
        yield
    until(lambda: lab.edge.ask("peers", "ping", "vngtp.lab", check=False).count("ms"), "the partner")


@contextlib.contextmanager
def no_tls(lab):
    lab.set("security_mode", "no_tls")
    try:
        yield
    finally:
        lab.set("security_mode", "tls_required")


@contextlib.contextmanager
def nothing(_):
    yield


@contextlib.contextmanager
def not_allowed(lab):
    lab.edge.ask("allow", "remove", "vngtp.lab")
    try:
        yield
    finally:
        lab.edge.ask("allow", "add", "vngtp.lab")


@contextlib.contextmanager
def wrong_route(lab):
    lab.edge.close_streams("vngtp.lab")
    lab.edge.ask("routes", "add", "vngtp.lab", "127.0.66.99")
    lab.set("use_static_routes", "true")
    try:
        yield
    finally:
        lab.set("use_static_routes", "false")
        lab.edge.ask("routes", "remove", "vngtp.lab")
        until(lambda: lab.edge.ask("peers", "ping", "vngtp.lab", check=False).count("ms"), "the partner")


@contextlib.contextmanager
def ssh_cut(lab):
    with lab.here.reset("tcp dport 2222", "tcp sport 2222"):
        lab.edge.ask("deny", "add", "ssh.example")
        until(lambda: all("ssh.down" in node.alarms() for node in (lab.edge, lab.core)), "the alarm on both", 40)
        yield
    lab.edge.ask("deny", "remove", "ssh.example")  # it comes back by itself: see the last test


@contextlib.contextmanager
def link_cut(lab):
    here = lab.core.mark()
    with lab.here.reset(f"ip daddr {AT['link']} tcp dport 7400", f"ip saddr {AT['link']} tcp sport 7400"):
        lab.romeo.says(lab.victor, "over a link that is cut")
        lab.core.event("link down", since=here)
        until(lambda: lab.check("core", "link")[0] == 2, "the dial that fails")
        yield  # it comes back by itself: see the last test


@contextlib.contextmanager
def certificate(lab, domains, days):
    for file, new in zip(lab.certificate, lab.authority.issue("changed", domains, days)):
        shutil.copy(file, file + ".before")
        shutil.copy(new, file)
    lab.edge.ask("reload")
    try:
        yield
    finally:
        for file in lab.certificate:
            shutil.move(file + ".before", file)
        lab.edge.ask("reload")


def expired(lab):
    return certificate(lab, ["coluc.com"], -1)


def misnamed(lab):
    return certificate(lab, ["other.example"], 200)


RELOAD, RESTART = "sallyport reload", "restart router"
CAUSES = {  # cause: (how, [(node, the check that is about it, what it says, its remedy)])
    "federation is off": (federation_off, [
        ("edge", "all", "federation is off", "config set federation.enabled true"),
        ("core", "all", "federation is off", "config set federation.enabled true"),
        ("presence", "all", "xmpps2snodes has 0 rows", "switch federation on at the edge")]),
    "federation is on at the IM&P server itself": (node_status_on, [
        ("presence", "all", "presence.federation_node_status is on", "switch it off"),
        ("core", "axl", "has not loaded cm-2_s2scp-1.edge1-coluc-com", "`sallyport check all` there"),
        ("edge", "all", "loaded by the router of imp1.coluc.com", RESTART)]),
    "wrong AXL password": (axl_password, [
        ("core", "axl", "the IM&P server imp1.coluc.com:8443 refuses the user or the password: wrong user or password",
         "set the right password with `sallyport imp-servers passwd imp1.coluc.com:8443`"),
        ("edge", "all", "an alarm of core1.coluc.com: the IM&P server imp1.coluc.com:8443 refuses the user or the password",
         "on core1.coluc.com: set the right password with `sallyport imp-servers passwd imp1.coluc.com:8443`")]),
    "the router has not loaded the component": (not_loaded, [
        ("core", "axl", "its router has not loaded cm-2_s2scp-1.edge1-coluc-com", RESTART),
        ("presence", "all", "the router has not loaded an S2S component", RESTART),
        ("edge", "all", "its router has not loaded cm-2_s2scp-1.edge1-coluc-com", RESTART)]),
    "5269 is closed inwards": (closed_inwards, [
        ("edge", "dialback", "peers cannot verify our dialback keys at edge1.coluc.com at 127.0.66.20:5269", "open the port")]),
    "5269 is closed outwards": (closed_outwards, [
        ("edge", "tls vngtp.lab", "127.0.66.30:5269: Connection refused", "check that our firewall and theirs")]),
    "they have no TLS, we require it": (nothing, [
        ("edge", "tls plain.lab", "the server offers no STARTTLS", "add an exception to federation.peers")]),
    "they require TLS, we have none": (no_tls, [
        ("edge", "tls secure.lab", "it requires TLS, but our security mode for it is No TLS", "federation.security_mode")]),
    "not on the allow list": (not_allowed, [
        ("edge", "dialback vngtp.lab", "vngtp.lab cannot federate with us", "add it to federation.allow_list")]),
    "a wrong static route": (wrong_route, [
        ("edge", "tls vngtp.lab", "the static route of vngtp.lab leads to no server that answers", "sallyport routes list")]),
    "SSH is cut": (ssh_cut, [
        ("core", "all", "the provisioning connection to edge1.coluc.com is down", "TCP 2222 from the core to the edge"),
        ("edge", "all", "the provisioning connection to core1.coluc.com is down", "start the core; if it runs")]),
    "the link is cut": (link_cut, [
        ("core", "link", "the link to edge1.coluc.com is down", "allow TCP 7400 from the core to it"),
        ("edge", "link", "the link to core1-coluc-com is down", "start the core; if it runs")]),
    "our certificate has expired": (expired, [("edge", "certs", "has expired", RELOAD)]),
    "our certificate names somebody else": (misnamed, [
        ("edge", "certs", "no certificate covers coluc.com", "add a [[tls.identity]]")]),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_found_and_named(lab, talked, cause):
    how, findings = CAUSES[cause]
    with how(lab):
        for role, words, says, remedy in findings:
            for asked in {words, " ".join(["all", *words.split()[1:]])}:
                said = []

                def finds(at=role, asked=asked, says=says, remedy=remedy):
                    said[:] = lab.check(at, *asked.split())
                    return said[0] != 0 and says in said[1] and remedy in said[1]

                # What another node knows takes a moment to come.
                until(finds, lambda: f"{role}, check {asked}: {said}", 10)


def test_what_was_mended_is_good_again(lab):
    for role in ("core", "presence"):
        until(lambda node=role: lab.check(node, "all")[0] == 0, lambda node=role: lab.check(node, "all")[1], 40)
    for words in ("link", "dialback vngtp.lab", "certs", "dns coluc.com", "tls vngtp.lab"):
        until(lambda asked=words.split(): lab.check("edge", *asked)[0] == 0, words, 30)
    carries(lab.romeo, lab.victor, "all is well, out")
    carries(lab.victor, lab.romeo, "all is well, in")
