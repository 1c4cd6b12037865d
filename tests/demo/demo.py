"""Two organisations on this machine's loopback addresses, no rights needed.

    montague.lab  presence 127.0.10.7 <--dials-- core 127.0.10.10 --dials--> edge 127.0.10.20 :5269 --+
                  romeo, benvolio                                                                     | "the Internet"
    capulet.lab   Prosody 127.0.11.5 <---------- core 127.0.11.10 --dials--> edge 127.0.11.20 :5269 --+
                  juliet

montague.lab is a trio that `sallyport init` wrote: its users are embedded, and its core tells the presence node over AXL
where messages to other domains go. capulet.lab has a server of its own behind a pair. Names come from an unprivileged
unbound on 127.0.10.53; Prosody has a view of its own in which every foreign name is the core. With SALLYPORT=none both
are Prosodies without any gateway: that checks the demo itself.
"""
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from world import sallyport  # noqa: E402
from world.certificates import Authority  # noqa: E402
from world.client import Clients, User  # noqa: E402
from world.names import NameServer  # noqa: E402
from world.prosody import Prosody  # noqa: E402
from world.trio import Trio  # noqa: E402
from world.wait import until  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
DNS_PORT = 5353
ADMIN_PORT = 9443
WITHOUT_PAIRS = os.environ.get("SALLYPORT") == "none"


def free_network():
    """Where nobody else's demo runs: 127.0.NUMBER is the first organisation's, the next one the other's."""
    for number in range(10, 30, 2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((f"127.0.{number}.53", DNS_PORT))
                return number
            except OSError:
                continue
    return 10


NETWORK = free_network()
DNS_SERVER = f"127.0.{NETWORK}.53"
ORGANISATIONS = {"montague.lab": (NETWORK, ["romeo", "benvolio"]), "capulet.lab": (NETWORK + 1, ["juliet"])}
STEPS = ("lookup begun", "lookup done", "stream opened", "dialback key sent", "dialback timer", "verify asked",
         "verify received", "verify judged", "dialback result", "connection state", "dialback only")


def say(text=""):
    print(text, flush=True)


class Organisation:
    """One domain, and how its users come online."""

    edge = core = presence = None

    def __init__(self, domain, folder, start):
        self.domain, self.folder, self.start = domain, folder, start
        self.net, self.user_names = ORGANISATIONS[domain]
        self.short = domain.split(".", maxsplit=1)[0]

    def at(self, host):
        return f"127.0.{self.net}.{host}"

    def pages(self):
        """Node -> where its web page is."""
        inside = {"edge": self.at(21) if self.presence else self.at(20), "core": self.at(10), "presence": self.at(7)}
        return {node: f"https://{inside[node.role]}:{ADMIN_PORT}/" for node in self.nodes()}

    def nodes(self):
        return [node for node in (self.edge, self.core, self.presence) if node]

    def online(self, server):
        clients = self.start(Clients(f"{self.short}-clients", self.folder))
        return [User(clients, name, f"{name}@{self.domain}", server).online() for name in self.user_names]


class WithTrio(Organisation):
    """Users of a presence node; the files are those of `sallyport init`, and nothing else is done."""

    def begin(self, other):
        at = {"edge": self.at(20), "link": self.at(21), "core": self.at(10), "presence": self.at(7)}
        names = {"edge": f"edge1.{self.domain}", "core": f"core1.{self.domain}", "presence": f"imp1.{self.domain}"}
        self.trio = Trio(os.path.join(self.folder, self.short), self.domain, at, names, f"{DNS_SERVER}:{DNS_PORT}",
                         "127.0.0.0/8", [other], admin_port=ADMIN_PORT)
        say(f"{self.domain}: sallyport init has written edge.toml, core.toml and presence.toml")
        self.start(self.trio)
        self.trio.start()
        self.edge, self.core, self.presence = self.trio.edge, self.trio.core, self.trio.presence

    def ready(self):
        until(lambda: self.trio.rows() == [self.trio.component], "the core to provision the presence node", 20)
        self.presence.event("router loaded", 'components="1"', seconds=20)
        self.trio.add_users(*self.user_names)

    def users(self):
        return self.online(self.trio.users)


class WithServer(Organisation):
    """Users of a Prosody behind a pair."""

    def __init__(self, domain, folder, start, authority, traversal):
        super().__init__(domain, folder, start)
        self.authority, self.traversal = authority, traversal
        self.certificate = authority.issue(self.short, [domain, f"*.{domain}"])

    def begin(self, other):
        view = f'local-zone: "." redirect\nlocal-data: ". 5 A {self.at(10)}"'
        self.start(NameServer(f"{self.short}-dns", self.at(54), view, self.folder, port=DNS_PORT))
        self.prosody = self.start(Prosody(
            f"{self.short}-prosody", self.folder, self.at(20 if WITHOUT_PAIRS else 5), {self.domain: self.user_names},
            [f"rooms.{self.domain}"], self.certificate, self.authority.certificate,
            f"{DNS_SERVER}@{DNS_PORT}" if WITHOUT_PAIRS else f"{self.at(54)}@{DNS_PORT}", c2s=(self.at(5), 5222)))
        if not WITHOUT_PAIRS:
            self._pair(other)

    def _pair(self, other):
        settings = {
            "federation.enabled": True,
            "federation.security_mode": "tls_required",
            "federation.privacy_mode": "off",
            "federation.domains": [self.domain, f"rooms.{self.domain}"],
            "federation.dialback_secret": f"the dialback secret of {self.domain}",
            "federation.peers": [{"domain": other, "authentication": "dialback", "note": "the demo shows dialback"}],
        }
        identity = ([self.domain, f"*.{self.domain}"], *self.certificate)
        edge_name = f"edge1.{self.domain}"
        edge = sallyport.edge_file(
            edge_name, listen=[f"{self.at(20)}:5269"], link=f"{self.at(20)}:7400", dns=f"{DNS_SERVER}:{DNS_PORT}",
            allow=["127.0.0.0/8"], trust=self.authority.certificate, identity=identity,
            link_certificate=self.traversal.issue(f"{self.short}-link-edge", [edge_name]),
            link_trust=self.traversal.certificate, settings=settings, threads=1)
        core = sallyport.core_file(
            f"core1.{self.domain}", edge=f"{self.at(20)}:7400", edge_name=edge_name, inside=f"{self.at(10)}:5269",
            servers=[{"domains": [self.domain, f"rooms.{self.domain}"], "address": f"{self.at(5)}:5269",
                      "tls": "required", "auth": "dialback"}],
            trust=self.authority.certificate, identity=identity,
            link_certificate=self.traversal.issue(f"{self.short}-link-core", [f"core1.{self.domain}"]),
            link_trust=self.traversal.certificate, settings=settings, threads=1)
        edge["admin"] = {"listen": [f"{self.at(20)}:{ADMIN_PORT}"]}
        core["admin"] = {"listen": [f"{self.at(10)}:{ADMIN_PORT}"]}
        self.edge = self.start(sallyport.Node("edge", f"{self.short}-edge", self.folder, edge))
        self.core = self.start(sallyport.Node("core", f"{self.short}-core", self.folder, core))

    def ready(self):
        self.prosody.ready()
        if self.edge:
            self.edge.ready()
            self.core.ready()
            self.edge.event("link up", seconds=20)

    def users(self):
        return self.online(self.prosody)


def zones():
    lines = ['local-zone: "lab." static', 'local-data: "lab. 60 SOA ns.lab. admin.lab. 1 60 60 60 5"']
    for domain, (net, _) in ORGANISATIONS.items():
        lines.append(f'local-data: "edge1.{domain}. 60 A 127.0.{net}.20"')
        lines += [f'local-data: "_xmpp-server._tcp.{name}. 60 SRV 0 0 5269 edge1.{domain}."'
                  for name in (domain, f"rooms.{domain}")]
    return "\n".join(lines)


def private(path, flags):
    return os.open(path, flags, 0o600)


def indented(text):
    return "\n".join("  " + line for line in text.rstrip().splitlines())


class Demo:
    def __init__(self):
        wanted = os.path.join(ROOT, "run", "demo")
        # The path of a Unix socket is short; a clone that lies deep uses /tmp.
        self.folder = wanted if len(wanted) < 60 else tempfile.mkdtemp(prefix="sallyport-demo-")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, mode=0o700)
        self.running, self.organisations = [], []
        self.password = secrets.token_urlsafe(12)
        self.password_file = os.path.join(self.folder, "demo-password")
        with open(self.password_file, "w", encoding="ascii", opener=private) as file:
            file.write(self.password + "\n")

    def start(self, process):
        self.running.append(process)
        return process

    def begin(self):
        say("starting two organisations, montague.lab (embedded users) and capulet.lab (a Prosody) …")
        pki = os.path.join(self.folder, "pki")
        authority, traversal = Authority(pki, "public-authority"), Authority(pki, "traversal-authority")
        self.start(NameServer("internet-dns", DNS_SERVER, zones(), self.folder, port=DNS_PORT))
        def server(domain):
            return WithServer(domain, self.folder, self.start, authority, traversal)
        one, other = ORGANISATIONS
        self.organisations = [server(one) if WITHOUT_PAIRS else WithTrio(one, self.folder, self.start), server(other)]
        for organisation, name in zip(self.organisations, (other, one)):
            organisation.begin(name)
        for organisation in self.organisations:
            organisation.ready()
            for node in organisation.nodes():
                node.ask("admins", "add", "demo", "--role", "administrator", "--password-file", self.password_file)

    def prove(self):
        (romeo, benvolio), (juliet,) = (organisation.users() for organisation in self.organisations)
        say("\nmessages:")
        self._carry(romeo, juliet, "But, soft! what light through yonder window breaks?")
        self._carry(juliet, romeo, "O Romeo, Romeo! wherefore art thou Romeo?")
        self._carry(juliet, benvolio, "Hast thou seen Romeo?")
        self._carry(benvolio, juliet, "Towards him I made, but he was ware of me.")
        self._carry(benvolio, romeo, "Good morrow, cousin.")
        pong = romeo.asks("capulet.lab", "ping")
        say(f"  {romeo.jid} pings capulet.lab: {pong}")
        assert pong == "pong", pong

    @staticmethod
    def _carry(sender, receiver, text):
        sender.says(receiver, text)
        event = receiver.hears(text, 20)
        say(f"  {receiver.jid} hears from {event['sender']}: {event['body']}")

    def show(self):
        """The chain from the edge's setting to the message, as the nodes tell it."""
        for organisation in self.organisations:
            if organisation.presence:
                words = "select * from xmpps2snodes"
                say(f'\nwhat the core of {organisation.domain} told its presence node (run sql "{words}"):')
                say(indented(organisation.presence.ask("run", "sql", words)))
            if organisation.edge:
                say(f"\nthe dialback exchange as the edge of {organisation.domain} logged it:")
                for line in organisation.edge.log().splitlines():
                    if any(re.search(sallyport.EVENTS[step], line) for step in STEPS):
                        say("  " + line)
        for organisation in self.organisations:
            for node in organisation.nodes() if organisation.presence else []:
                say(f"\nsallyport status, {node.role} of {organisation.domain}:")
                say(indented(node.ask("status")))

    def where_to_look(self):
        say("\nwhere to look:")
        for organisation in self.organisations:
            for node, page in organisation.pages().items():
                say(f"  {page}  {node.role} of {organisation.domain}")
        if not WITHOUT_PAIRS:
            say(f"  name demo, password {self.password}; the browser does not know the certificates, which the nodes made")
        binary = os.path.relpath(sallyport.BINARY)
        for organisation in self.organisations:
            for node in organisation.nodes():
                say(f"  {binary} status --node {os.path.join(node.data, 'admin.sock')}")
        say("  other verbs: peers list, events, alarms, why FROM TO; sallyport --help")
        say(f"  logs and configurations: {self.folder}")

    def stop(self):
        for process in reversed(self.running):
            process.stop()


def main():
    if not WITHOUT_PAIRS and not os.access(sallyport.BINARY, os.X_OK):
        say(f"demo: no binary at {sallyport.BINARY}; ./dev build makes it")
        return 1
    once = "--once" in sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    demo, status = Demo(), 1
    try:
        demo.begin()
        demo.prove()
        demo.show()
        demo.where_to_look()
        status = 0
        if not once:
            say("\nrunning; Ctrl-C stops it")
            signal.pause()
    except KeyboardInterrupt:
        say("\nstopping …")
    except (AssertionError, RuntimeError, OSError) as error:
        say(f"demo: {error}\nlogs: {demo.folder}")
        status = 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        demo.stop()
    say("messages went both ways" if status == 0 else "the demo failed")
    return status


if __name__ == "__main__":
    sys.exit(main())
