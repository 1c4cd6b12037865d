"""The article on XMPP federation, from its first page to its last, on three real nodes. Read it from top to bottom: each
test is a page, in the order of the article, and leaves the nodes ready for the next.

    outside                      DMZ                        inside
    victor@vngtp.lab  <--5269--> edge  <--7400 link, 2222 SSH-- core --7400 link, 8443 AXL--> presence <--5222-- romeo@coluc.com
    (an ordinary Prosody)        127.0.60.20                    127.0.60.10                   127.0.60.7

The three files are what `sallyport init` wrote. Nothing here needs root: the addresses are those of the loopback. To play
along, start nodes of your own with `./dev demo` and type what stands in ask(...) behind `sallyport`, with --node.
"""
import contextlib
import os
import re
import socket
import subprocess

import pytest

from world.certificates import Authority
from world.client import Clients, User
from world.names import NameServer
from world.prosody import PASSWORD, Prosody
from world.sallyport import Refused
from world.several import Several
from world.trio import Trio
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.60.20", "link": "127.0.60.21", "core": "127.0.60.10", "presence": "127.0.60.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
COMPONENT = "cm-2_s2scp-1.edge1-coluc-com"
AXL = "imp1.coluc.com:8443"
SWITCHED_ON = "xconfiguration xcpConfiguration is_federation_enabled - changed from: 0 to: 1"
KEY = "d780f198ac34a6dbd795fcdaf8762eaf52ea9b03"  # of the article
ONE_WAY = "messages to other domains are returned, messages from other domains arrive"
NOT_TOLD = f"{ONE_WAY}: the IM&P server no longer knows where messages to other domains go"
DNS = """
local-zone: "com." static
local-zone: "lab." static
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "edge1.coluc.com. 60 A 127.0.60.20"
local-data: "_xmpp-server._tcp.vngtp.lab. 60 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "xmpp.vngtp.lab. 60 A 127.0.61.20"
"""


class World(Several):
    """The trio, the other organisation, and one user of each."""

    def __init__(self, folder):
        start = self.start
        start(NameServer("chain-dns", "127.0.60.53", DNS, folder, port=5354))
        authority = Authority(folder, "authority")
        self.vngtp = start(Prosody("vngtp", folder, "127.0.61.20", {"vngtp.lab": ["victor"]}, [],
                                   authority.issue("vngtp", ["vngtp.lab"]), authority.certificate, "127.0.60.53@5354",
                                   c2s=("127.0.61.5", 5222)))
        self.trio = start(Trio(f"{folder}/trio", "coluc.com", AT, NAMES, "127.0.60.53:5354", "127.0.0.0/8", ["vngtp.lab"]))
        self.trio.start()
        self.edge, self.core, self.presence = self.trio.edge, self.trio.core, self.trio.presence
        self.vngtp.ready()
        self.rows_become(COMPONENT)
        self.trio.add_users("romeo")
        clients = start(Clients("chain-clients", folder))
        self.romeo = User(clients, "romeo", "romeo@coluc.com", self.trio.users).online()
        self.victor = User(clients, "victor", "victor@vngtp.lab", self.vngtp).online()

    def rows_become(self, *wanted, seconds=10.0):
        until(lambda: self.trio.rows() == list(wanted),
              lambda: f"rows {wanted}; there are {self.trio.rows()}\n{self.core.log()[-2000:]}", seconds)

    def federation(self, on):
        """What the administrator clicks: XMPP federation support > On, at the edge."""
        self.edge.ask("config", "set", "federation.enabled", "true" if on else "false")
        self.rows_become(*([COMPONENT] if on else []))

    def carries(self, sender, receiver, text, seconds=15):
        since = receiver.mark()
        sender.says(receiver, text)
        receiver.hears(text, seconds, since)

    def returned(self, sender, receiver, text):
        """The condition with which a message comes back."""
        since = sender.mark()
        sender.says(receiver, text, id=text.replace(" ", "-"))
        return sender.sees(15, since, what="message", type="error", id=text.replace(" ", "-"))["condition"]

    def edge_hears_of(self, code):
        """Alarms of the core stand on the edge's board too."""
        return any(code in alarm["key"] for alarm in self.edge.json("alarms")["alarms"])

    def step(self, node, words):
        """The step of the chain in `sallyport status` that has these words."""
        return next((step for name, step in node.chain().items() if words in name), {"state": "absent", "reason": ""})

    def step_becomes(self, node, words, state, reason="", seconds=10.0):
        until(lambda: self.step(node, words)["state"] == state and reason in (self.step(node, words)["reason"] or ""),
              lambda: f"'{words}' {state} '{reason}' on {node.name}: {node.chain()}", seconds)


@pytest.fixture(scope="module")
def lab():
    with World.raised("lab-chain-") as made:
        yield made


# Step 1. Enable XMPP federation ---------------------------------------------------------------------------------------

def test_page_1_federation_is_switched_on_at_the_edge_and_the_whole_chain_follows(lab):
    lab.federation(False)
    since = lab.edge.mark(), lab.core.mark()

    lab.edge.ask("config", "set", "federation.enabled", "true")

    # "Expressway-E updates its local configuration and replicates this setting with Expressway Core."
    lab.edge.event("setting changed", f'Detail="{SWITCHED_ON}"', since=since[0])
    lab.core.wait_for(r"replication\.received\b.*" + re.escape(f'component="{COMPONENT}"'), since=since[1])
    lab.core.event("setting changed", f'Detail="{SWITCHED_ON}"', 'author="edge1.coluc.com"', since=since[1])

    # "Expressway-C updates the xmpps2snodes table on the CUP database with the realms of the S2S component."
    sent = lab.core.wait_for(r"axl\.sent\b.*executeSQLUpdate", since=since[1])
    for fact in ('Module="network.axl"', 'Level="INFO "', 'Action="Send"', f'URL="https://{AXL}/axl/"'):
        assert fact in sent, sent
    assert lab.core.lines('axl\\.sent\\b.*Function="executeSQLQuery"', since[1])
    lab.rows_become(COMPONENT, seconds=5)

    # "Ensure that the public DNS has the SRV records."
    assert f"{AT['edge']}:5269 leads to this node" in lab.edge.ask("check", "dns", "coluc.com")


def test_page_1_each_of_the_three_shows_the_whole_chain(lab):
    lab.step_becomes(lab.edge, "federation set on edge1.coluc.com", "in force")
    lab.step_becomes(lab.edge, "settings received on core1.coluc.com", "in force")
    lab.step_becomes(lab.core, "settings received from edge1.coluc.com", "in force")
    for node in (lab.edge, lab.core):
        lab.step_becomes(node, f"told to the IM&P server {AXL}", "in force", COMPONENT)
        lab.step_becomes(node, "loaded by the router of imp1.coluc.com", "in force")
    for step in ("joined to a core", "told by a core", "loaded by the router", "a way to the edges"):
        lab.step_becomes(lab.presence, step, "in force")


# Verify the XMPP configuration ----------------------------------------------------------------------------------------

def test_page_2_the_query_shows_the_row(lab):
    printed = lab.presence.ask("run", "sql", "select * from xmpps2snodes").splitlines()
    assert printed[0].split() == ["pkid", "cp_id"] and set(printed[1]) == {"="}, printed
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} +" + re.escape(COMPONENT), printed[2]), printed


def test_page_2_federation_is_off_on_the_presence_node_itself(lab):
    assert lab.presence.json("config", "get", "presence.federation_node_status")["value"] == "off"
    with pytest.raises(Refused, match="xmpps2snodes"):
        lab.presence.ask("config", "set", "presence.federation_node_status", "on")


def test_page_2_debug_logs(lab):
    lab.edge.ask("log", "level", "developer.clusterdb.restapi", "debug")
    lab.edge.ask("log", "level", "developer.xcp.federation", "debug")  # the dialback timer of the next page
    lab.core.ask("log", "level", "network.axl", "debug")
    since = lab.core.mark()
    lab.core.ask("imp-servers", "refresh")
    asked = lab.core.wait_for(r"axl\.request\b.*xmpps2snodes", since=since)
    assert 'Level="DEBUG"' in asked and 'Authorization="Basic ********"' in asked, asked
    answered = lab.core.wait_for(r"axl\.response\b.*" + re.escape(COMPONENT), since=since)
    assert 'Level="DEBUG"' in answered and 'Status="200"' in answered and "Milliseconds=" in answered, answered
    # What is replicated, field by field.
    lab.core.ask("log", "level", "developer.clusterdb.restapi", "debug")
    lab.edge.ask("config", "set", "federation.security_mode", "tls_optional")
    field = lab.core.wait_for(r'replication\.field\b.*name="federation\.security_mode"', since=since)
    assert 'Module="developer.clusterdb.restapi"' in field and 'Level="DEBUG"' in field and "tls_optional" in field, field


def read_until(stream, *marks):
    """What the edge sends, until all of these have come, one behind the other."""
    seen, at = b"", 0
    for mark in marks:
        while seen.find(mark, at) < 0:
            part = stream.recv(4096)
            assert part, seen
            seen += part
        at = seen.find(mark, at) + len(mark)
    return seen


@contextlib.contextmanager
def opened_stream():
    """A stream to the edge without TLS, up to its features."""
    with socket.create_connection((AT["edge"], 5269), 10) as stream:
        stream.sendall(b"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
                       b"xmlns:stream='http://etherx.jabber.org/streams' from='vngtp.lab' to='coluc.com' version='1.0'>")
        read_until(stream, b"</stream:features>")
        yield stream


def shown(node, since, *lines):
    """The log has lines with these levels and Details, in this order; others may stand between them."""
    wanted = r"\n(?:.*\n)*?".join(rf'.* Level="{level}" .* Detail="{detail}".*' for level, detail in lines)
    return until(lambda: re.search(wanted, node.log(since)), lambda: f"{lines}\n{node.log(since)[-6000:]}", 15)


# Step 2. Dialback -----------------------------------------------------------------------------------------------------

def test_page_3_dialback_as_all_three_roles(lab):
    lab.edge.close_streams("vngtp.lab")
    since = lab.edge.mark()
    lab.carries(lab.romeo, lab.victor, "dialback, please")
    lab.carries(lab.victor, lab.romeo, "with pleasure")
    # "Expressway shows this debug when it is the initiating server."
    shown(lab.edge, since, ("INFO ", r"xcoder=\w{9} sending:: <db:result from='coluc\.com' to='vngtp\.lab'>[0-9a-f]{8}…</db:result>"),
          ("DEBUG", r"\(.*, coluc\.com:vngtp\.lab, OUT\) xcoder=\w{9} Scheduling dialback timeout in 30 secs\."),
          ("INFO ", r"Connection state change: PENDING->CONNECTED: coluc\.com:vngtp\.lab, OUT, .*"))
    # "Expressway shows this debug when it is the receiving server."
    shown(lab.edge, since, ("INFO ", r"xcoder=\w{9} received:: <db:result from='vngtp\.lab' to='coluc\.com'>[0-9a-f]{8}…</db:result>"),
          ("INFO ", r"Starting resolver lookup for 'vngtp\.lab:puny=vngtp\.lab:service=_xmpp-server\._tcp:defport=0'"),
          ("INFO ", r"resolved dialback address for host=vngtp\.lab method=SRV dns-timings=\(TOTAL:[0-9.]+ SRV:[0-9.]+\)"),
          ("INFO ", r"\(.*, coluc\.com:vngtp\.lab, IN\) DBVerify stream is open\. Sending db:verify packet: "
                    r"<db:verify from='coluc\.com' id='.*' to='vngtp\.lab'>[0-9a-f]{8}…</db:verify>"),
          ("INFO ", r"\(.*, coluc\.com:vngtp\.lab, IN\) DBVerify Packet Received "
                    r"<db:verify from='vngtp\.lab' id='.*' to='coluc\.com' type='valid'/>"))
    # "Expressway shows this debug when it is the authoritative server." Prosody goes on to use the stream on which it asks; this
    # server only asks.
    with opened_stream() as stream:
        stream.sendall(b"<db:verify from='vngtp.lab' to='coluc.com' id='05E295A2B'>" + KEY.encode() + b"</db:verify>")
        assert b"type='invalid'" in read_until(stream, b"<db:verify", b"/>"), "not a key of ours"
        stream.sendall(b"</stream:stream>")
        read_until(stream, b"</stream:stream>")
    shown(lab.edge, since, ("INFO ", r"(?P<stream>xcoder=\w{9}) onStreamOpen:: <stream:stream .*xmlns='jabber:server'.*/>"),
          ("INFO ", r"(?P=stream) received:: <db:verify from='vngtp\.lab' id='05E295A2B' to='coluc\.com'>d780f198…</db:verify>"),
          ("INFO ", r"(?P=stream) closing stream used for dialback only"))
    assert not re.search(r"\b[0-9a-f]{40,}\b", lab.edge.log(since)), "the keys themselves are not in the log"


def test_page_3_stanzas_of_one_pair_as_at_vbose(lab):
    since = lab.edge.mark()
    assert "60 seconds" in lab.edge.ask("peers", "trace", "vngtp.lab", "--from", "coluc.com")
    lab.carries(lab.romeo, lab.victor, "not for the log")
    lab.carries(lab.victor, lab.romeo, "nor is this")
    out = lab.edge.wait_for(r"s2s\.stanza\b.* sending:: <message", since=since)
    into = lab.edge.wait_for(r"s2s\.stanza\b.* received:: <message", since=since)
    assert "from='romeo@coluc.com" in out and "from='victor@vngtp.lab" in into and 'Level="VBOSE"' in out, (out, into)
    assert "not for the log" not in lab.edge.log(since) and "nor is this" not in lab.edge.log(since)
    lab.edge.ask("peers", "trace", "vngtp.lab", "--for", "0")
    after = lab.edge.mark()
    lab.carries(lab.romeo, lab.victor, "unseen")
    assert not lab.edge.lines(r"s2s\.stanza\b", after)


# Step 3. Security mode ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode,starttls,required",
                         [("no_tls", False, False), ("tls_optional", True, False), ("tls_required", True, True)])
def test_page_4_the_features_show_the_security_mode(lab, mode, starttls, required):
    lab.edge.ask("config", "set", "federation.security_mode", mode)
    with socket.create_connection((AT["edge"], 5269), 10) as stream:
        stream.sendall(b"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
                       b"xmlns:stream='http://etherx.jabber.org/streams' from='vngtp.lab' to='coluc.com' version='1.0'>")
        seen = b""
        while b"</stream:features>" not in seen and b"<stream:features/>" not in seen:
            part = stream.recv(4096)
            assert part, seen
            seen += part
    features = seen[seen.index(b"<stream:features"):]
    assert (b"urn:ietf:params:xml:ns:xmpp-tls" in features, b"<required/>" in features) == (starttls, required), features


# Logins of clients ----------------------------------------------------------------------------------------------------

def stock_login(lab, name, password, *more):
    """The conditions with which slixmpp was refused, or ["in"]."""
    host, port = lab.trio.users.c2s
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "world", "stock_client.py")
    done = subprocess.run(["/usr/bin/python3", script, f"{name}@coluc.com", password, host, str(port),
                           lab.trio.users.client_trust, *more], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def reasons(lab, since):
    return [re.search(r' why="((?:[^"\\]|\\.)*)"', line)[1] for line in lab.presence.lines(r"c2s\.login\.failed\b", since)]


def test_the_log_says_why_a_stock_client_is_refused(lab):
    since = lab.presence.mark()
    refused = stock_login(lab, "romeo", PASSWORD)
    assert refused and set(refused) == {"not-authorized"}, "the client is told nothing else"
    said = reasons(lab, since)
    assert any(why.startswith("channel binding: the client wants tls-unique") for why in said), said
    assert any(why.startswith("channel binding: the client supports it, but was offered none") for why in said), said
    # It begins with mechanisms that bind to the channel, without the data that they need.
    *tried, last = stock_login(lab, "romeo", PASSWORD, "unbound")
    assert last == "in" and set(tried) <= {"malformed-request"}, "as the manual says"


@pytest.mark.parametrize("name, password, why", [("romeo", "not his password", "wrong password"),
                                                 ("nobody", PASSWORD, "there is no such user")])
def test_the_log_tells_a_wrong_password_from_an_unknown_user_and_the_client_does_not_learn_it(lab, name, password, why):
    since = lab.presence.mark()
    told = set(stock_login(lab, name, password, "unbound")) - {"malformed-request"}
    assert told == {"not-authorized"}
    assert why in reasons(lab, since), reasons(lab, since)


# Symptom 1: one-way messaging -----------------------------------------------------------------------------------------

def test_page_5_symptom_1_a_wrong_axl_password(lab):
    before = [node.pid for node in (lab.edge, lab.core, lab.presence)]
    lab.federation(False)
    since = lab.core.mark()

    # Somebody changes the password of the application user on the IM&P server, and forgets the core.
    lab.presence.ask("axl-users", "passwd", "axl-core", "--password-file", lab.trio.secret("a new password 1"))
    lab.edge.ask("config", "set", "federation.enabled", "true")

    # "On Expressway-C logs: Function="executeSQLQuery" Status="401" Reason="None""
    lab.core.wait_for('Function="executeSQLQuery" Status="401" Reason="None"', since=since)

    # An alarm on the core and on the edge; the effect is named on all three.
    until(lambda: "axl.refused" in lab.core.alarms(), lab.core.alarms, 10)
    until(lambda: lab.edge_hears_of("axl.refused"), lab.edge.alarms, 10)
    for node in (lab.edge, lab.core):
        lab.step_becomes(node, f"told to the IM&P server {AXL}", "failed", NOT_TOLD)
    lab.step_becomes(lab.presence, "told by a core", "failed", "401")
    for node in (lab.edge, lab.core, lab.presence):
        until(lambda node=node: ONE_WAY in node.problems(), node.problems, 10)
    until(lambda: "chain.failed" in lab.presence.alarms(), lab.presence.alarms, 10)

    # One way: what comes from outside arrives; what goes out is returned, without a word about hosts or causes.
    lab.carries(lab.victor, lab.romeo, "do you hear me")
    assert lab.returned(lab.romeo, lab.victor, "I do but") == "remote-server-not-found"

    # "Update password, refresh CUP server discovery." Nothing is restarted.
    lab.core.ask("imp-servers", "passwd", AXL, "--password-file", lab.trio.secret("a new password 1"))
    lab.core.ask("imp-servers", "refresh")
    lab.rows_become(COMPONENT)
    lab.carries(lab.romeo, lab.victor, "now you hear me too")
    until(lambda: "axl.refused" not in lab.core.alarms(), lab.core.alarms, 5)
    until(lambda: not lab.edge_hears_of("axl.refused"), lab.edge.alarms, 10)
    assert before == [node.pid for node in (lab.edge, lab.core, lab.presence)]


# Symptom 2: the router is bouncing packets ----------------------------------------------------------------------------

def test_page_6_symptom_2_the_router_does_not_know_the_component(lab):
    lab.federation(False)
    lab.presence.ask("config", "set", "router.live_changes", "false")
    lab.presence.ask("restart", "router")
    since = lab.presence.mark()
    lab.federation(True)

    # The row is there, and messages are returned all the same. The log and the status name the cause on every node.
    assert lab.returned(lab.romeo, lab.victor, "bounced") == "remote-server-not-found"
    lab.presence.event("stanzas returned", "has not loaded an S2S component", "restart the router", since=since)
    lab.step_becomes(lab.presence, "loaded by the router", "failed", "restart router")
    for node in (lab.edge, lab.core):
        lab.step_becomes(node, "loaded by the router of imp1.coluc.com", "failed", ONE_WAY)
        lab.step_becomes(node, "loaded by the router of imp1.coluc.com", "failed", "restart router")

    # Nobody has to look at the chain: it is a problem and an alarm on every node that knows of it.
    until(lambda: lab.edge_hears_of("chain.failed"), lab.edge.alarms, 10)
    for node in (lab.core, lab.presence):
        until(lambda node=node: "chain.failed" in node.alarms(), node.alarms, 10)
    for node in (lab.edge, lab.core, lab.presence):
        assert node.problems().count("restart router") == 1, node.problems()
    far = next(alarm for alarm in lab.edge.json("alarms")["alarms"] if "chain.failed" in alarm["key"])
    assert far["node"] == NAMES["core"] and far["severity"] == "error" and "restart router" in far["cure"], far

    # "This can be verified under the Notifications page."
    notification = lab.presence.json("notifications")["notifications"][0]
    assert "restart" in notification["description"] and notification["origin"], notification

    # "Restart XCP router on CUP." "Once the service is restarted, this notification will be deleted automatically."
    pid = lab.presence.pid
    lab.presence.ask("restart", "router")
    lab.presence.event("router loaded", 'components="1"', since=since)
    until(lambda: not lab.presence.json("notifications")["notifications"], "the notification to go", 10)
    lab.step_becomes(lab.core, "loaded by the router of imp1.coluc.com", "in force")
    for node in (lab.edge, lab.core, lab.presence):
        until(lambda node=node: "chain.failed" not in str(node.json("alarms")), node.alarms, 10)
    lab.carries(lab.romeo, lab.victor, "not bounced any more")
    assert pid == lab.presence.pid, "only the router was restarted; romeo is still online"


def test_page_6_in_live_mode_the_router_cures_itself(lab):
    lab.presence.ask("config", "set", "router.live_changes", "true")
    lab.federation(False)
    lab.step_becomes(lab.presence, "loaded by the router", "off")
    assert lab.returned(lab.romeo, lab.victor, "nobody federates") == "remote-server-not-found"
    lab.federation(True)
    lab.step_becomes(lab.presence, "a way to the edges", "in force")
    lab.carries(lab.romeo, lab.victor, "without anybody's help")
