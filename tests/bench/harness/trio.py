"""What the inside chain costs: the router of a presence node, settings on their way, client sessions. One node of ours on
its core, no rivals: nothing else does these things in the same way."""

import base64
import hashlib
import hmac
import json
import os
import re
import selectors
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lab"))
from world import sallyport  # noqa: E402
from world.trio import Trio  # noqa: E402
from world.wait import until  # noqa: E402

from .process import GENERATOR_CPU, SERVER_CPU, _prefer  # noqa: E402

DOMAIN = "bench.lab"
PASSWORD = "a password of the bench"


class BenchTrio(Trio):
    def __init__(self, folder, network, sections="", level="warn"):
        at = {"edge": f"{network}.20", "link": f"{network}.21", "core": f"{network}.10", "presence": f"{network}.7"}
        names = {role: f"{role}.{DOMAIN}" for role in ("edge", "core", "presence")}
        super().__init__(str(folder), DOMAIN, at, names, "127.0.0.1:53", "127.0.0.0/8")
        with open(folder / "presence.toml", "a", encoding="utf-8") as file:
            file.write(f'\n[log]\nlevel = "{level}"\n\n[limits]\nprofile = "open"\n' + sections)

    def presence_alone(self):
        """Pinned to its core."""
        command = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", SERVER_CPU]
        node = sallyport.Node.__new__(type("Pinned", (sallyport.Node,), {}))
        node.role, node.folder, node.data = "presence", self.folder, os.path.join(self.folder, "data", "presence")
        sallyport.Process.__init__(node, "presence", [*command, sallyport.BINARY, "presence", "--config",
                                                      os.path.join(self.folder, "presence.toml")], self.folder)
        _prefer(node.pid)
        self.nodes["presence"] = node
        until(lambda: os.path.exists(os.path.join(node.data, "admin.sock")) and node.ask("status", check=False),
              lambda: node.log()[-2000:], 20)
        return node


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))


def settled_kb(pid):
    """Resident memory once the process has nothing more to do: it used no time of its core since the last look."""
    seen = [-1.0]

    def is_quiet():
        seen.append(cpu_seconds(pid))
        return seen[-1] == seen[-2]
    until(is_quiet, "the node to come to rest", 20, 0.5)
    return resident_kb(pid)


# router ---------------------------------------------------------------------------------------------------------------

def component(address, domain, secret):
    """An XEP-0114 component, attached."""
    plain = socket.create_connection((address, 5347), 10)
    plain.sendall(f"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
                  f"to='{domain}'>".encode())
    seen = b""
    while not (found := re.search(rb"<stream:stream[^>]* id=['\"]([^'\"]+)", seen)) or not seen.rstrip().endswith(b">"):
        seen += plain.recv(4096)
    key = hashlib.sha1(found.group(1) + secret.encode()).hexdigest()
    plain.sendall(f"<handshake>{key}</handshake>".encode())
    while b"<handshake" not in seen:
        part = plain.recv(4096)
        if not part:
            raise RuntimeError(f"the handshake failed: {seen}")
        seen += part
    plain.setblocking(False)
    return plain


def router(folder, network, seconds):
    """Stanzas from one component to another, as fast as flow control permits."""
    allowed = "".join(f'\n[[components.allowed]]\ndomain = "{name}.lab"\nsecret = "a secret of the bench"\n' for name in "ab")
    trio = BenchTrio(folder, network, f'\n[components]\nlisten = ["{network}.7:5347"]\n{allowed}')
    os.sched_setaffinity(0, {int(GENERATOR_CPU)})
    try:
        node = trio.presence_alone()
        source, sink = (component(f"{network}.7", f"{name}.lab", "a secret of the bench") for name in "ab")
        head = "<message type='chat' from='x@a.lab/r' to='y@b.lab/r' id='0'><body>"
        stanza = (head + "x" * (322 - len(head) - len("</body></message>")) + "</body></message>").encode()
        batch = stanza * 200
        selector = selectors.DefaultSelector()
        selector.register(source, selectors.EVENT_READ | selectors.EVENT_WRITE)
        selector.register(sink, selectors.EVENT_READ)
        sent = arrived = bad = 0
        rest, tail = b"", b""
        begun, cpu, warm = time.monotonic(), 0.0, None
        while True:
            now = time.monotonic()
            if warm is None and now - begun > 1:
                warm, cpu = (now, arrived), cpu_seconds(node.pid)
            over = now - begun > 1 + seconds
            if over and not rest and arrived >= sent:
                break
            if now - begun > seconds + 60:
                raise RuntimeError(f"{sent - arrived} of {sent} stanzas did not arrive")
            if over and not rest:
                selector.modify(source, selectors.EVENT_READ)
            for key, events in selector.select(1):
                if key.fileobj is source and events & selectors.EVENT_WRITE and (rest or not over):
                    if not rest:
                        rest, sent = batch, sent + 200
                    rest = rest[source.send(rest):]
                if events & selectors.EVENT_READ:
                    data = key.fileobj.recv(1 << 20)
                    if not data:
                        raise RuntimeError("the node ended a component's connection: " + node.log()[-1000:])
                    if key.fileobj is sink:
                        seen = tail + data
                        arrived += seen.count(b"</message>")
                        tail = seen[-9:] if not seen.endswith(b"</message>") else b""
                        bad += seen.count(b"type='error'")
        took, spent = time.monotonic() - warm[0], cpu_seconds(node.pid) - cpu
        count = arrived - warm[1]
        return {"stanzas_per_s": count / took, "us_per_stanza": spent / count * 1e6, "per_core_second": count / spent,
                "peer_core": spent / took, "lost": sent - arrived, "bad": bad}
    finally:
        trio.stop()


# provisioning ---------------------------------------------------------------------------------------------------------

def provisioning(folder, network, _):
    """10,000 static routes from the edge to the core; and from the switch at the edge to the row."""
    trio = BenchTrio(folder, network, level="info")  # whether a node is ready is seen in its log
    try:
        trio.start()
        until(lambda: trio.rows() == [trio.component], "the first row", 30)
        routes = [{"domain": f"d{number}.example", "address": "192.0.2.1", "port": 5269} for number in range(10_000)]
        path = os.path.join(trio.folder, "routes.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(routes, file)
        text = json.dumps(routes)

        def agreed():
            return all(step["state"] == "in force" for name, step in trio.edge.chain().items() if name.startswith("settings"))
        mark = trio.core.mark()
        begun = time.monotonic()
        trio.edge.verbs(("config.set", {"name": "federation.static_routes", "value": text}))
        set_at = time.monotonic()
        trio.core.wait_for(r'settings\.changed.*name="federation\.static_routes"', 120, mark)
        in_force = time.monotonic()
        until(agreed, "the acknowledgement", 60)
        times = {}
        for value, wanted in (("false", []), ("true", [trio.component])):
            at = time.monotonic()
            trio.edge.verbs(("config.set", {"name": "federation.enabled", "value": value}))
            until(lambda: trio.rows() == wanted, f"rows {wanted}", 30, 0.005)
            times[value] = time.monotonic() - at
        return {"set_on_edge_s": set_at - begun, "in_force_on_core_s": in_force - begun,
                "row_there_s": times["true"], "row_gone_s": times["false"]}
    finally:
        trio.stop()


# clients --------------------------------------------------------------------------------------------------------------

class Client:
    """A session: STARTTLS, SCRAM-SHA-256, a resource, presence."""

    salted = {}

    def __init__(self, at, user, resource, context):
        self.stream, self.seen = socket.create_connection((at, 5222), 30), b""
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open(b"<starttls")
        self._say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<proceed")
        self.stream = context.wrap_socket(self.stream, server_hostname=DOMAIN)
        self._open(b"</mechanisms>")
        self._log_in(user)
        self._open(b"<bind")
        self._say(f"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource>"
                  "</bind></iq>", b"</iq>")
        self._say("<presence/>", b"<presence")

    def _say(self, text, until_seen):
        self.stream.sendall(text.encode())
        self.seen = b""
        while until_seen not in self.seen:
            part = self.stream.recv(16384)
            if not part or b"<failure" in self.seen:
                raise RuntimeError(f"a session ended: {self.seen[-300:]}")
            self.seen += part

    def _open(self, until_seen):
        self._say(f"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='{DOMAIN}' "
                  "version='1.0'>", until_seen)
        while b"</stream:features>" not in self.seen:
            self.seen += self.stream.recv(16384)

    def _log_in(self, user):
        bare = f"n={user},r={base64.b64encode(os.urandom(18)).decode()}"
        first = base64.b64encode(f"n,,{bare}".encode()).decode()
        self._say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first}</auth>", b"</challenge>")
        challenge = base64.b64decode(re.search(rb">([^<]+)</challenge>", self.seen).group(1)).decode()
        nonce, salt, rounds = (part[2:] for part in challenge.split(",")[:3])
        if user not in self.salted:
            self.salted[user] = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), base64.b64decode(salt), int(rounds))
        final = f"c=biws,r={nonce}"
        key = hmac.digest(self.salted[user], b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), f"{bare},{challenge},{final}".encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        answer = base64.b64encode(f"{final},p={proof}".encode()).decode()
        self._say(f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{answer}</response>", b"<success")


def clients(folder, network, _, count=10_000):
    """Resident memory of client sessions on which nothing happens."""
    trio = BenchTrio(folder, network)
    os.sched_setaffinity(0, {int(GENERATOR_CPU)})
    try:
        node = trio.presence_alone()
        users = [f"u{number}" for number in range(count // 10 + 1)]
        for at in range(0, len(users), 50):
            node.verbs(*(("users.add", {"user": f"{user}@{DOMAIN}", "password": PASSWORD}) for user in users[at:at + 50]))
        context = ssl.create_default_context(cafile=os.path.join(trio.folder, "s2s.pem"))
        held = [Client(trio.at["presence"], users[-1], f"warm{number}", context) for number in range(8)]
        before = resident_kb(node.pid)
        begun, cpu = time.monotonic(), cpu_seconds(node.pid)
        for number in range(count):
            held.append(Client(trio.at["presence"], users[number // 10], f"r{number % 10}", context))
        took, spent = time.monotonic() - begun, cpu_seconds(node.pid) - cpu
        after = settled_kb(node.pid)
        return {"sessions": count, "kb_per_session": (after - before) / count, "rss_before_kb": before, "rss_after_kb": after,
                "opened_per_s": count / took, "peer_ms_per_session": spent / count * 1000}
    finally:
        trio.stop()


RUNS = {"router": router, "provisioning": provisioning, "clients": clients}


def run(name, folder, network, seconds):
    """A line of JSON; true when it is one of figures."""
    line = {"bench": name, "server": "sallyport"}
    folder.mkdir(parents=True)
    try:
        line.update({key: round(value, 3) for key, value in RUNS[name](folder / "trio", network, seconds).items()})
    except (AssertionError, RuntimeError, OSError, subprocess.SubprocessError) as problem:
        line["failed_because"] = str(problem)[-2000:]
    print(json.dumps(line), flush=True)
    return "failed_because" not in line and not line.get("lost") and not line.get("bad")
