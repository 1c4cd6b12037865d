"""Settings flow between edge and core over SSH: switched on here and in force there, whatever is killed or cut, and
nobody gets anything else out of that port. A pair of its own beside the pair of the world, in the same namespaces."""
import datetime
import os
import signal
import socket
import subprocess
import time

import pytest

from world import sallyport
from world.wait import until

pytestmark = pytest.mark.pair

EDGE, CORE = "edge9.coluc.com", "core9.coluc.com"
SSH = ("10.20.0.10", 2229)


class Pair:
    """An edge and a core that replicate; ports of their own."""

    def __init__(self, world, folder, edge_settings, core_settings):
        self.world, self.folder = world, str(folder)
        os.chmod(self.folder, 0o755)
        for name in ("host", "core", "stranger"):
            self.key(name)
        traversal = world.traversal
        certificates = {name: traversal.issue(f"link-{name}", [name]) for name in (EDGE, CORE)}
        identity = (["coluc.com"], *world.certificates["edge"])
        edge = sallyport.edge_file(
            EDGE, listen=["198.51.100.10:5299"], link="10.20.0.10:7499", dns="198.51.100.53:53", allow=[],
            trust=world.trust, identity=identity, link_certificate=certificates[EDGE],
            link_trust=world.traversal_trust, settings=edge_settings, threads=1)
        edge["ssh"] = {"listen": ["%s:%d" % SSH], "host_key": self.path("host"), "authorized_keys": self.path("core.pub")}
        core = sallyport.core_file(
            CORE, edge="10.20.0.10:7499", edge_name=EDGE, inside="10.10.0.10:5299",
            servers=[{"domains": ["coluc.com"], "address": "10.10.0.5:5269", "tls": "required", "auth": "dialback"}],
            trust=world.trust, identity=identity, link_certificate=certificates[CORE],
            link_trust=world.traversal_trust, settings=core_settings, threads=1)
        core["ssh.dial"] = [{"address": "%s:%d" % SSH, "name": EDGE, "key": self.path("core"), "host_key": self.path("host.pub")}]
        self.edge = sallyport.Node("edge", "edge9", self.folder, edge, world.network["edge"])
        self.core = sallyport.Node("core", "core9", self.folder, core, world.network["core"])
        self.edge.ready()
        self.core.ready()

    def path(self, name):
        return os.path.join(self.folder, name)

    def key(self, name):
        if os.path.exists(self.path(name)):
            os.remove(self.path(name))
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.path(name)], check=True)

    def value(self, node, name):
        return node.json("config", "get", name)["value"]

    def agree(self, name, value, seconds=10):
        until(lambda: self.value(self.edge, name) == value and self.value(self.core, name) == value,
              lambda: f"{name} = {value}: {self.value(self.edge, name)} {self.value(self.core, name)}\n"
                      f"{self.edge.log()[-2000:]}\n{self.core.log()[-2000:]}", seconds)

    def chain(self, node):
        return {step["step"]: step for step in node.json("status")["chain"]}

    def alarms(self, node):
        return {alarm["code"]: alarm for alarm in node.json("alarms")["alarms"]}

    def stop(self):
        self.core.stop()
        self.edge.stop()


FIRST = {"federation.enabled": False, "federation.privacy_mode": "off", "federation.dialback_secret": "the secret of the edge"}
CORE_FIRST = {"federation.privacy_mode": "deny_list", "federation.dialback_secret": "another one on the core"}


@pytest.fixture
def pair(world, tmp_path):
    made = Pair(world, tmp_path, {**FIRST, "federation.domains": ["old.coluc.com"]},
                {**CORE_FIRST, "federation.domains": ["coluc.com"]})
    try:
        made.agree("federation.privacy_mode", "off")
        made.agree("federation.domains", ["coluc.com"])
        yield made
    finally:
        made.stop()


def test_federation_switched_on_at_the_edge_is_in_force_on_the_core(pair):
    since = pair.edge.mark(), pair.core.mark()
    pair.edge.ask("config", "set", "federation.enabled", "true")
    pair.agree("federation.enabled", True)
    words = "xconfiguration xcpConfiguration is_federation_enabled - changed from: 0 to: 1"
    pair.edge.event("setting changed", words, since=since[0])
    received = pair.core.wait_for(r"replication\.received\b", since=since[1])
    assert 'Module="developer.clusterdb.restapi"' in received and f'component="cm-2_s2scp-1.{EDGE.replace(".", "-")}"' in received
    pair.core.event("setting changed", words, f'author="{EDGE}"', since=since[1])
    for node, step in ((pair.edge, f"settings received on {CORE}"), (pair.core, f"settings received from {EDGE}")):
        until(lambda: pair.chain(node)[step]["state"] == "in force", lambda: pair.chain(node), 10)
        assert "Provisioning" in node.ask("status")


def test_the_owner_of_a_setting_wins_and_the_other_side_says_where_to_change_it(pair):
    with pytest.raises(sallyport.Refused, match="belongs to the core"):
        pair.edge.ask("config", "set", "federation.domains", "x.coluc.com")
    with pytest.raises(sallyport.Refused, match="belongs to the edge"):
        pair.core.ask("allow", "add", "vngtp.lab")
    pair.core.ask("config", "set", "federation.domains", "coluc.com,rooms.coluc.com")
    pair.agree("federation.domains", ["coluc.com", "rooms.coluc.com"])
    pair.edge.ask("allow", "add", "vngtp.lab")
    pair.agree("federation.allow_list", ["vngtp.lab"])
    for node in (pair.edge, pair.core):
        assert "the secret of the edge" not in node.log() and "another one on the core" not in node.log()
    with open(os.path.join(pair.core.data, "settings.json"), encoding="utf-8") as copy:
        assert "the secret of the edge" in copy.read(), "the dialback secret travels too"


def test_a_core_without_domains_of_its_own_leaves_the_edges_alone(world, tmp_path):
    made = Pair(world, tmp_path, {**FIRST, "federation.domains": ["coluc.com"]}, {})
    try:
        made.agree("federation.privacy_mode", "off")
        made.edge.ask("config", "set", "federation.enabled", "true")
        made.agree("federation.enabled", True)
        assert made.value(made.edge, "federation.domains") == ["coluc.com"]
    finally:
        made.stop()


@pytest.mark.parametrize("role", ["edge", "core"])
def test_a_killed_node_comes_back_and_agrees_within_ten_seconds(pair, role):
    for number in range(3):
        node = getattr(pair, role)
        domain = f"d{number}.lab"
        pair.edge.ask("allow", "add", domain)
        node.kill(signal.SIGKILL)
        node.child.wait()
        other = pair.core if role == "edge" else pair.edge
        other.wait_for(r"replication\.closed\b")
        if role == "core":
            pair.edge.ask("allow", "add", "while-down." + domain)
        setattr(pair, role, node.again())
        begun = time.monotonic()
        pair.agree("federation.allow_list", pair.value(pair.edge, "federation.allow_list"), 10)
        assert time.monotonic() - begun < 10
    history = pair.core.json("config", "history", "federation.allow_list")["changes"]
    values = [change["to"] for change in history]
    assert len(values) == len({str(value) for value in values}), "nothing is applied twice"


def test_a_cut_cable_is_noticed_and_both_sides_agree_after_it(pair):
    pair.world.network.cut("edge", "dmz")
    try:
        pair.edge.ask("allow", "add", "cut.lab")
        pair.edge.wait_for(r"replication\.closed\b", 15)
        step = pair.chain(pair.edge)[f"settings received on {CORE}"]
        assert step["state"] == "pending" and "down" in step["reason"]
    finally:
        pair.world.network.mend("edge", "dmz")
    pair.agree("federation.allow_list", ["cut.lab"], 12)


def test_another_host_key_is_an_alarm_and_no_connection(pair):
    pair.edge.stop()
    pair.key("host")  # the pinned public key is read at the core's start
    since = pair.core.mark()
    pair.edge = pair.edge.again()
    pair.core.wait_for(r"alarm\.raised.*ssh\.host_key", 20, since)
    alarm = pair.alarms(pair.core)["ssh.host_key"]
    assert alarm["severity"] == "error" and "SHA256:" in alarm["detail"]
    assert "another SSH host key" in pair.core.ask("status")
    assert not pair.core.lines(r"ssh\.open", since)
    assert not pair.edge.lines(r"ssh\.open", pair.edge.mark() - 1)


# Hostile clients ------------------------------------------------------------------------------------------------------

def command(pair, *words, key="core", user="sallyport"):
    return ["ip", "netns", "exec", pair.world.network["core"].name, "ssh", "-F", "none", "-p", str(SSH[1]), "-i",
            pair.path(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10", *words, f"{user}@{SSH[0]}"]


def openssh(pair, *words, key="core", user="sallyport", then=()):
    return subprocess.run([*command(pair, *words, key=key, user=user), *then], capture_output=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)


def test_only_the_known_key_logs_in_and_nothing_but_keys(pair):
    since = pair.edge.mark()
    for tried in (openssh(pair, "-N", key="stranger"), openssh(pair, "-N", user="root"),
                  openssh(pair, "-N", "-o", "PreferredAuthentications=password,keyboard-interactive")):
        assert tried.returncode == 255 and b"Permission denied (publickey)" in tried.stderr, tried.stderr
    pair.edge.wait_for("ssh.refused.*unknown key", since=since)
    pair.edge.wait_for("ssh.refused.*another user", since=since)


@pytest.mark.parametrize("words,then,what", [
    (["-T"], [], "a session"),
    (["-T"], ["id"], "a session"),
    (["-T", "-s"], ["sftp"], "a session"),
    (["-W", "127.0.0.1:22"], [], "forwarding to 127.0.0.1:22"),
    (["-W", "10.20.0.10:7400"], [], "forwarding to 10.20.0.10:7400"),
    (["-W", "provisioning:22"], [], "forwarding to provisioning:22"),
    (["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8080:127.0.0.1:22"], [], "remote forwarding"),
])
def test_there_is_no_shell_no_command_no_file_and_no_other_forwarding(pair, words, then, what):
    since = pair.edge.mark()
    tried = openssh(pair, *words, then=then)
    assert tried.returncode == 255 and tried.stdout == b"", tried
    pair.edge.wait_for(r"ssh\.refused.*" + what, since=since)


def test_weak_algorithms_are_not_spoken(pair):
    for option, said in (("KexAlgorithms=diffie-hellman-group14-sha1", b"no matching key exchange"),
                         ("KexAlgorithms=diffie-hellman-group14-sha256,ecdh-sha2-nistp256", b"no matching key exchange"),
                         ("Ciphers=aes128-cbc,aes256-ctr", b"no matching cipher"),
                         ("HostKeyAlgorithms=rsa-sha2-256", b"no matching host key type")):
        tried = openssh(pair, "-N", "-o", option)
        assert tried.returncode == 255 and said in tried.stderr, tried.stderr


def reach(host):
    """A connection through the forwarding client, once it listens."""
    try:
        return host.connect("127.0.0.1", 5001)
    except OSError:
        return None


def test_the_one_channel_is_one_and_judges_who_speaks(pair):
    since = pair.edge.mark()
    host = pair.world.network["core"]
    client = subprocess.Popen(command(pair, "-N", "-L", "5001:provisioning:2222"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        first = until(lambda: reach(host), "the forwarding client", 15)
        pair.edge.wait_for(r"ssh\.open", since=since)
        second = host.connect("127.0.0.1", 5001)
        pair.edge.wait_for(r"ssh\.refused.*a second channel", since=since)
        first.close()
        second.close()
    finally:
        client.kill()
        client.wait()
    # With an open end: an ssh at whose end nobody speaks any more ends the channel, perhaps before the greeting is there.
    with subprocess.Popen(command(pair, "-W", "provisioning:2222"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as speaking:
        try:
            greeting = speaking.stdout.read1(4096)
        finally:
            speaking.kill()
    assert b'"type":"hello"' in greeting, "the edge greets; a stranger to the protocol gets no further"


def test_strangers_that_connect_and_say_nothing_are_few_and_soon_gone(pair):
    host = pair.world.network["core"]
    mute = [host.connect(*SSH) for _ in range(14)]
    try:
        def closed():
            gone = 0
            for one in mute:
                one.settimeout(0.05)
                try:
                    while data := one.recv(4096):
                        assert data
                    gone += 1
                except socket.timeout:
                    pass
                except OSError:
                    gone += 1
            return gone >= 4
        until(closed, "four of fourteen to be closed at once", 5)
        pair.edge.wait_for(r"ssh\.refused.*too many connections")
        pair.edge.wait_for(r"ssh\.refused.*no login within its time", 20)
    finally:
        for one in mute:
            one.close()
    pair.edge.ask("allow", "add", "alive.lab")
    pair.agree("federation.allow_list", ["alive.lab"])


# Faults and size ------------------------------------------------------------------------------------------------------

def test_a_full_disk_on_the_core_is_an_alarm_and_it_agrees_once_there_is_room(world, tmp_path):
    made = Pair(world, tmp_path, {**FIRST, "federation.domains": ["coluc.com"]}, {})
    blocker = os.path.join(made.core.data, "replicas.db")
    try:
        made.agree("federation.privacy_mode", "off")
        lock = subprocess.Popen(["/usr/bin/python3", "-c", (
            "import sqlite3,sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN EXCLUSIVE')\n"
            "print('locked', flush=True)\nsys.stdin.read()"), blocker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert lock.stdout.readline() == "locked\n"
            made.edge.ask("allow", "add", "locked.lab")
            until(lambda: "replication.store" in made.alarms(made.core), lambda: made.core.log()[-2000:], 15)
            until(lambda: made.chain(made.edge)[f"settings received on {CORE}"]["state"] == "failed",
                  lambda: made.chain(made.edge), 15)
        finally:
            lock.stdin.close()
            lock.wait()
        until(lambda: made.chain(made.edge)[f"settings received on {CORE}"]["state"] == "in force",
              lambda: made.chain(made.edge), 15)
        assert "replication.store" not in made.alarms(made.core)
        assert made.value(made.core, "federation.allow_list") == ["locked.lab"]
    finally:
        made.stop()


def moment(line):
    return datetime.datetime.fromisoformat(line.split(" ", 1)[0].replace("Z", "+00:00")).timestamp()


def test_ten_thousand_static_routes_arrive(world, tmp_path):
    routes = [{"domain": f"d{number}.example", "address": "192.0.2.%d" % (number % 250 + 1), "port": 5269}
              for number in range(10_000)]
    made = Pair(world, tmp_path, {**FIRST, "federation.static_routes": routes}, {})
    try:
        changed = r'settings\.changed.*name="federation\.static_routes"'
        whole = moment(made.core.wait_for(changed, 30)) - moment(made.core.wait_for(r"ssh\.open"))
        until(lambda: made.chain(made.edge)[f"settings received on {CORE}"]["state"] == "in force",
              lambda: made.chain(made.edge), 20)
        begun = time.monotonic()
        made.edge.ask("allow", "add", "one.more.example")
        until(lambda: made.value(made.core, "federation.allow_list") == ["one.more.example"], "the change after it", 15)
        print(f"10,000 routes: {whole:.2f} s from the connection to in force on the core; a change after it: "
              f"{time.monotonic() - begun:.2f} s")
    finally:
        made.stop()
