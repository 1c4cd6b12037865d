"""The organisation that the pages are tested on, all on loopback addresses: montague.lab with an edge, a core and a presence
node joined by link, SSH and AXL; a Prosody inside; and outside a partner that works (capulet.lab), one that is down
(tybalt.lab), one whose certificate is somebody else's (paris.lab), and a hostile peer that puts markup wherever it can.

Run as a program it prints one line of JSON with what the tests need, then obeys commands, one JSON object a line.
"""
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from world import sallyport  # noqa: E402
from world.certificates import Authority  # noqa: E402
from world.client import Clients, User  # noqa: E402
from world.names import NameServer  # noqa: E402
from world.prosody import Prosody  # noqa: E402
from world.wait import until  # noqa: E402

NET = "127.0.30."
DNS = f"{NET}53:5453"
EDGE, CORE, PRESENCE = "edge1.montague.lab", "core1.montague.lab", "imp1.montague.lab"
ADMIN_PORT = 9443
EVIL = "<img src=x onerror=alert(1)>"
AXL_PASSWORD = "a rose by any other name"
PEOPLE = {"administrator": ("anna", "correct horse battery staple"), "operator": ("otto", "tr0mbone & teapot 7"),
          "read-only": ("rita", "quiet river stones 12")}
ADDRESSES = {"edge1.montague.lab": 20, "core1.montague.lab": 10, "imp1.montague.lab": 7, "xmpp.capulet.lab": 41,
             "xmpp.tybalt.lab": 42, "xmpp.paris.lab": 43, "xmpp.mantua.lab": 44}
SERVICES = {"montague.lab": "edge1.montague.lab", "rooms.montague.lab": "edge1.montague.lab", "imp.montague.lab":
            "edge1.montague.lab", "capulet.lab": "xmpp.capulet.lab", "rooms.capulet.lab": "xmpp.capulet.lab",
            "tybalt.lab": "xmpp.tybalt.lab", "paris.lab": "xmpp.paris.lab", "mantua.lab": "xmpp.mantua.lab"}


def at(host, port=None):
    return f"{NET}{host}" + (f":{port}" if port else "")


def zones():
    lines = ['local-zone: "lab." static', 'local-data: "lab. 60 SOA ns.lab. admin.lab. 1 60 60 60 5"']
    lines += [f'local-data: "{name}. 60 A {at(host)}"' for name, host in ADDRESSES.items()]
    lines += [f'local-data: "_xmpp-server._tcp.{name}. 60 SRV 0 0 5269 {target}."' for name, target in SERVICES.items()]
    return "\n".join(lines)


class World:
    def __init__(self):
        # The path of a Unix socket is short, so not below the repository.
        self.folder = tempfile.mkdtemp(prefix="sallyport-web-")
        os.chmod(self.folder, 0o700)
        self.running = []
        self.nodes = {}

    def start(self, process):
        self.running.append(process)
        return process

    def path(self, name):
        return os.path.join(self.folder, name)

    def secret(self, text):
        descriptor, path = tempfile.mkstemp(dir=self.folder)
        os.write(descriptor, f"{text}\n".encode())
        os.close(descriptor)
        return path

    def begin(self):
        self._certificates()
        for name in ("host", "core"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.path(name)], check=True)
        self.start(NameServer("dns", at(53), zones(), self.folder, port=5453))
        inside_view = f'local-zone: "." redirect\nlocal-data: ". 5 A {at(10)}"'
        self.start(NameServer("inside-dns", at(54), inside_view, self.folder, port=5453))
        self.inside = self.start(Prosody("inside", self.folder, at(5), {"montague.lab": ["romeo", "benvolio", "mercutio"]},
                                         ["rooms.montague.lab"], self.certificates["montague"], self.trust,
                                         f"{at(54)}@5453", c2s=(at(5), 5222)))
        self.capulet = self.start(Prosody("capulet", self.folder, at(41), {"capulet.lab": ["juliet", "nurse"]},
                                          ["rooms.capulet.lab"], self.certificates["capulet"], self.trust,
                                          f"{at(53)}@5453", c2s=(at(41), 5222)))
        self.paris = self.start(Prosody("paris", self.folder, at(43), {"paris.lab": ["paris"]}, [],
                                        self.certificates["paris"], self.trust, f"{at(53)}@5453", c2s=(at(43), 5222)))
        self.mantua = self.start(Prosody("mantua", self.folder, at(44), {"mantua.lab": ["friar"]}, [],
                                         self.certificates["mantua"], self.trust, f"{at(53)}@5453", c2s=(at(44), 5222)))
        self._nodes()
        for server in (self.inside, self.capulet, self.paris, self.mantua):
            server.ready()
        for node in self.nodes.values():
            node.ready()
        self.nodes["edge"].event("link up", seconds=20)
        self.nodes["presence"].event("link up", seconds=20)
        self._provision()
        if "--no-admin" not in sys.argv:
            self._administrators()
        self._people()
        return self

    def _certificates(self):
        pki = self.path("pki")
        public, traversal = Authority(pki, "public-authority"), Authority(pki, "traversal-authority")
        self.trust, self.traversal_trust = public.certificate, traversal.certificate
        # A subject is free text that the peer chooses; the name it needs stands in the alternative names.
        self.certificates = {
            "montague": public.issue("montague", ["montague.lab", "*.montague.lab"]),
            "capulet": public.issue("capulet", ["capulet.lab", "rooms.capulet.lab"]),
            "paris": public.self_signed("paris", ["paris.lab"]),
            "mantua": self._evil(public, "mantua", "mantua.lab"),
            "link-edge": traversal.issue("link-edge", [EDGE]),
            "link-core": traversal.issue("link-core", [CORE]),
            "link-presence": traversal.issue("link-presence", [PRESENCE]),
        }

    def _evil(self, authority, name, domain):
        """A certificate in order but for its subject, which is markup."""
        base = os.path.join(authority.folder, name)
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        f"/O=<script>alert(1)<\\/script>/CN={EVIL}", "-keyout", f"{base}.key", "-out", f"{base}.csr"],
                       check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", f"{base}.csr", "-CA", authority.certificate, "-CAkey",
                        authority.key, "-days", "20", "-CAcreateserial", "-out", f"{base}.pem", "-extfile", "/dev/stdin"],
                       input=f"subjectAltName=DNS:{domain}\nextendedKeyUsage=serverAuth,clientAuth\n".encode(), check=True,
                       capture_output=True)
        with open(f"{base}.pem", "a", encoding="ascii") as chain, open(authority.certificate, encoding="ascii") as issuer:
            chain.write(issuer.read())
        return f"{base}.pem", f"{base}.key"

    def _nodes(self):
        identity = (["montague.lab", "*.montague.lab"], *self.certificates["montague"])
        domains = ["montague.lab", "rooms.montague.lab", "imp.montague.lab"]
        settings = {
            "federation.enabled": True, "federation.security_mode": "tls_required", "federation.privacy_mode": "deny_list",
            "federation.deny_list": ["spam.example", "*.spam.example"],
            "federation.allow_list": ["capulet.lab", "rooms.capulet.lab"],
            "federation.dialback_secret": "wherefore art thou Romeo",
            "federation.peers": [{"domain": "capulet.lab", "authentication": "dialback", "note": "their CA is being replaced"},
                                 {"domain": "paris.lab", "authentication": "certificate", "note": "only with a certificate"}],
        }
        edge = sallyport.edge_file(
            EDGE, listen=[at(20, 5269)], link=at(20, 7400), dns=DNS, allow=["127.0.0.0/8"], trust=self.trust, identity=identity,
            link_certificate=self.certificates["link-edge"], link_trust=self.traversal_trust, settings=settings, threads=1,
            timers={"negotiation": 8, "dialback": 6, "connect": 3})
        edge["ssh"] = {"listen": [at(20, 2222)], "host_key": self.path("host"), "authorized_keys": self.path("core.pub")}
        core = sallyport.core_file(
            CORE, edge=at(20, 7400), edge_name=EDGE, presence=at(7, 7400), presence_name=PRESENCE, inside=at(10, 5269),
            servers=[{"domains": ["montague.lab", "rooms.montague.lab"], "address": at(5, 5269), "tls": "required",
                      "auth": "dialback"}],
            trust=self.trust, identity=identity, link_certificate=self.certificates["link-core"],
            link_trust=self.traversal_trust, settings={"federation.domains": domains}, threads=1)
        core["ssh.dial"] = [{"address": at(20, 2222), "name": EDGE, "key": self.path("core"), "host_key": self.path("host.pub")}]
        core["dns"] = {"servers": [DNS]}
        presence = sallyport.presence_file(
            PRESENCE, link=at(7, 7400), components={"bot.montague.lab": "a secret for the bot"}, component_listen=at(7, 5347),
            trust=self.trust, identity=identity, link_certificate=self.certificates["link-presence"],
            link_trust=self.traversal_trust, settings={}, axl={"listen": [at(7, 8443)]},
            clients={"listen": [at(7, 5222)], "domains": ["imp.montague.lab"]})
        for role, sections, host in (("edge", edge, 20), ("core", core, 10), ("presence", presence, 7)):
            if "--no-admin" not in sys.argv:
                sections["admin"] = {"listen": [at(host, ADMIN_PORT)]}
                # Edge and presence node believe the core, the core nobody. The edge does not name the presence node's pages:
                # the core tells it where they are.
                others = {"core": ("edge", "presence"), "edge": ("core",), "presence": ("core", "edge")}[role]
                sections["admin.node"] = [self.pages(other) for other in others]
            self.nodes[role] = self.start(sallyport.Node(role, role, self.folder, sections))

    @staticmethod
    def pages(role):
        name, host = {"edge": (EDGE, 20), "core": (CORE, 10), "presence": (PRESENCE, 7)}[role]
        return {"name": name, "role": role, "url": f"https://{at(host, ADMIN_PORT)}"}

    def _provision(self):
        """Row in the presence node's table, put there by the core over AXL."""
        password = self.secret(AXL_PASSWORD)
        self.nodes["presence"].ask("axl-users", "add", "axluser", "--password-file", password)
        self.nodes["core"].ask("imp-servers", "add", at(7), "axluser", "--password-file", password, "--no-tls-verify")
        for name in ("rosaline", "balthasar", "abram"):
            self.nodes["presence"].ask("users", "add", f"{name}@imp.montague.lab", "--password-file", password)

    def _administrators(self):
        for role, (name, password) in PEOPLE.items():
            file = self.secret(password)
            for node in self.nodes.values():
                node.ask("admins", "add", name, "--role", role, "--password-file", file)

    def _people(self):
        self.romeo = User(self.start(Clients("inside-clients", self.folder)), "romeo", "romeo@montague.lab", self.inside)
        self.juliet = User(self.start(Clients("capulet-clients", self.folder)), "juliet", "juliet@capulet.lab", self.capulet)
        for user in (self.romeo, self.juliet):
            user.online()

    # Commands ---------------------------------------------------------------------------------------------------------

    def chat(self, count=5):
        """Messages both ways with the partner that works."""
        since = self.romeo.mark(), self.juliet.mark()
        for number in range(count):
            self.romeo.says(self.juliet, f"out {since} {number}")
            self.juliet.says(self.romeo, f"in {since} {number}")
        self.juliet.hears(f"out {since} {count - 1}", 20, since[1])
        self.romeo.hears(f"in {since} {count - 1}", 20, since[0])

    def fail(self):
        """Messages to those that cannot be reached, until the edge has noted why."""
        def noted():
            peers = {row["remote"]: row["last_error"] for row in self.nodes["edge"].json("peers", "list")["peers"]}
            return all(peers.get(domain) for domain in ("tybalt.lab", "paris.lab"))
        for to in ("tybalt@tybalt.lab", "paris@paris.lab", "friar@mantua.lab"):
            self.romeo.says(to, "are you there?")
        until(noted, lambda: self.nodes["edge"].json("peers", "list"), 30)

    def outage(self):
        """One attempt at capulet.lab goes to an address where nobody listens: a failed handshake after good ones."""
        edge = self.nodes["edge"]
        edge.ask("routes", "add", "capulet.lab", at(42))
        edge.ask("config", "set", "federation.use_static_routes", "true")
        if edge.json("peers", "show", "capulet.lab")["streams"]:
            edge.ask("peers", "close", "capulet.lab")
        self.romeo.says(self.juliet, "are you away?")
        until(lambda: not edge.json("handshakes", "list", "capulet.lab")["handshakes"][0]["good"],
              lambda: edge.json("handshakes", "list", "capulet.lab"), 20)
        edge.ask("config", "set", "federation.use_static_routes", "false")
        edge.ask("routes", "remove", "capulet.lab")

    def log_in(self, user, password=AXL_PASSWORD):
        """A client of a user of the presence node; one with another password is refused."""
        if not hasattr(self, "clients"):
            self.clients = self.start(Clients("presence-clients", self.folder))
        user = User(self.clients, f"{user} {len(self.clients.events)}", f"{user}@imp.montague.lab", None)
        self.clients.command(do="connect", who=user.who, jid=f"{user.jid}/lab", password=password, host=at(7), port=5222,
                             trust=self.trust)
        user.sees(20, what="online" if password == AXL_PASSWORD else "failed-auth")

    def notify(self):
        """The presence node has two notifications: its router has not loaded the table, and returned a stanza for that."""
        presence = self.nodes["presence"]
        component = "cm-2_s2scp-1.edge1-montague-lab"
        presence.ask("config", "set", "router.live_changes", "false")

        def unloaded():
            """A core whose link has just come back writes the row again, and may do so before the restart."""
            presence.ask("run", "sql", f"delete from xmpps2snodes where cp_id = '{component}'")
            presence.ask("restart", "router")
            return not presence.json("status")["router"]["loaded"]

        until(unloaded, lambda: presence.json("status")["router"], 20)
        if not presence.json("run", "sql", "select * from xmpps2snodes")["rows"]:  # the core may have been quicker
            presence.ask("run", "sql", f"insert into xmpps2snodes (pkid, cp_id) values (newid(), '{component}')")
        self.component_says("bot.montague.lab", "a secret for the bot", "juliet@capulet.lab", "are you there?")
        until(lambda: len(presence.json("notifications")["notifications"]) == 2,
              lambda: presence.json("notifications"), 20)

    def renotify(self):
        """As `notify` found it: changes of the table take effect at once."""
        self.nodes["presence"].ask("config", "set", "router.live_changes", "true")

    def account(self, role, name, password):
        """One more account for a single test."""
        self.nodes[role].ask("admins", "add", name, "--role", "read-only", "--password-file", self.secret(password))

    def component_says(self, domain, secret, to, body):
        """One message of a component (XEP-0114) of the presence node."""
        with socket.create_connection((at(7), 5347), 5) as stream:
            stream.settimeout(5)
            stream.sendall(f"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
                           f" to='{domain}'>".encode())
            header = self._reads(stream, ">", "id=")
            number = re.search(r"""id=['"]([^'"]+)""", header).group(1)
            stream.sendall(f"<handshake>{hashlib.sha1((number + secret).encode()).hexdigest()}</handshake>".encode())
            self._reads(stream, "handshake")
            stream.sendall(f"<message from='bot@{domain}' to='{to}' type='chat' id='n1'><body>{body}</body></message>".encode())
            self._reads(stream, "<error")

    @staticmethod
    def _reads(stream, *wanted):
        """What came until all of `wanted` is in it."""
        text = ""
        while not all(one in text for one in wanted):
            part = stream.recv(65536)
            assert part, f"the stream ended after {text}"
            text += part.decode()
        return text

    def attack(self):
        """Markup from the wire wherever a peer may put text: stream header, stanza, stream error."""
        header = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
                  "xmlns:stream='http://etherx.jabber.org/streams' from='{}' to='montague.lab' version='1.0'>")
        evil = EVIL.replace("<", "&lt;").replace(">", "&gt;")
        for start in (header.format(evil), header.format("evil.lab") + "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                      f"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{evil}\u202eturned\u2066</text></stream:error>",
                      header.format("evil.lab") + f"<message from='{evil}' to='romeo@montague.lab'><body>x</body></message>"):
            with socket.create_connection((at(20), 5269), 5) as stream:
                stream.sendall(start.encode())
                stream.settimeout(5)
                try:
                    while stream.recv(65536):
                        pass
                except OSError:
                    pass

    def about(self):
        return {"folder": self.folder, "authority": self.trust, "binary": sallyport.BINARY, "people": PEOPLE, "evil": EVIL,
                "nodes": {role: {"url": f"https://{at(host)}:{ADMIN_PORT}", "socket": os.path.join(self.nodes[role].data, "admin.sock")}
                          for role, host in (("edge", 20), ("core", 10), ("presence", 7))}}

    def stop(self):
        for process in reversed(self.running):
            try:
                process.stop()
            except OSError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)


def serve(world):
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "stop":
            return
        try:
            answer = {"ok": True, "result": getattr(world, command.pop("do"))(**command)}
        except (AssertionError, RuntimeError, OSError, ValueError, subprocess.SubprocessError, ssl.SSLError) as error:
            answer = {"ok": False, "error": str(error)}
        print(json.dumps(answer), flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    world = World()
    try:
        world.begin()
        print(json.dumps(world.about()), flush=True)
        serve(world)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        world.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
