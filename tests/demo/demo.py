"""Two organisations on this machine's loopback addresses: each a Prosody behind a Sallyport core and edge.

    montague.lab  Prosody 127.0.10.5 -- core 127.0.10.10 --dials--> edge 127.0.10.20 :5269 --+
                                                                                             | "the Internet"
    capulet.lab   Prosody 127.0.11.5 -- core 127.0.11.10 --dials--> edge 127.0.11.20 :5269 --+

Names come from an unprivileged unbound on 127.0.10.53; each inside has a view of its own in which every foreign name is
the core. With SALLYPORT=none the pairs are left out: that checks the demo itself.
"""
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from world import sallyport  # noqa: E402
from world.certificates import Authority  # noqa: E402
from world.client import Clients, User  # noqa: E402
from world.names import NameServer  # noqa: E402
from world.prosody import Prosody  # noqa: E402

ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
DNS_PORT = 5353
ADMIN_PORT = 9443
WITHOUT_PAIRS = os.environ.get("SALLYPORT") == "none"
ORGANISATIONS = {"montague.lab": ("10", "romeo"), "capulet.lab": ("11", "juliet")}
STEPS = ("lookup begun", "lookup done", "stream opened", "dialback key sent", "dialback timer", "verify asked",
         "verify received", "verify judged", "dialback result", "connection state", "dialback only")


def say(text=""):
    print(text, flush=True)


class Organisation:
    """One domain: its Prosody, its pair, its user."""

    def __init__(self, domain, folder, authority, traversal, start):
        self.domain, self.folder, self.start = domain, folder, start
        self.net, self.user_name = ORGANISATIONS[domain]
        self.short = domain.split(".", maxsplit=1)[0]
        self.authority, self.traversal = authority, traversal
        self.certificate = authority.issue(self.short, [domain, f"*.{domain}"])
        self.edge = self.core = None
        self.password_file = os.path.join(folder, "demo-password")

    def at(self, host):
        return f"127.0.{self.net}.{host}"

    def begin(self, other):
        view = f'local-zone: "." redirect\nlocal-data: ". 5 A {self.at(10)}"'
        self.start(NameServer(f"{self.short}-dns", self.at(54), view, self.folder, port=DNS_PORT))
        self.prosody = self.start(Prosody(
            f"{self.short}-prosody", self.folder, self.at(20 if WITHOUT_PAIRS else 5), {self.domain: [self.user_name]},
            [f"rooms.{self.domain}"], self.certificate, self.authority.certificate,
            f"127.0.10.53@{DNS_PORT}" if WITHOUT_PAIRS else f"{self.at(54)}@{DNS_PORT}", c2s=(self.at(5), 5222)))
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
            edge_name, listen=[f"{self.at(20)}:5269"], link=f"{self.at(20)}:7400", dns=f"127.0.10.53:{DNS_PORT}",
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
        edge["admin"], core["admin"] = {"listen": [f"{self.at(20)}:{ADMIN_PORT}"]}, {"listen": [f"{self.at(10)}:{ADMIN_PORT}"]}
        self.edge = self.start(sallyport.Node("edge", f"{self.short}-edge", self.folder, edge))
        self.core = self.start(sallyport.Node("core", f"{self.short}-core", self.folder, core))

    def ready(self):
        self.prosody.ready()
        if self.edge:
            self.edge.ready()
            self.core.ready()
            self.edge.event("link up", seconds=20)
            for node in (self.edge, self.core):
                node.ask("admins", "add", "demo", "--role", "administrator", "--password-file", self.password_file)

    def online(self):
        clients = self.start(Clients(f"{self.short}-clients", self.folder))
        self.user = User(clients, self.user_name, f"{self.user_name}@{self.domain}", self.prosody).online()
        return self.user


def zones():
    lines = ['local-zone: "lab." static', 'local-data: "lab. 60 SOA ns.lab. admin.lab. 1 60 60 60 5"']
    for domain, (net, _) in ORGANISATIONS.items():
        lines.append(f'local-data: "edge1.{domain}. 60 A 127.0.{net}.20"')
        lines += [f'local-data: "_xmpp-server._tcp.{name}. 60 SRV 0 0 5269 edge1.{domain}."'
                  for name in (domain, f"rooms.{domain}")]
    return "\n".join(lines)


def private(path, flags):
    return os.open(path, flags, 0o600)


class Demo:
    def __init__(self):
        wanted = os.path.join(ROOT, "run", "demo")
        # The path of a Unix socket is short; a clone that lies deep uses /tmp.
        self.folder = wanted if len(wanted) < 60 else tempfile.mkdtemp(prefix="sallyport-demo-")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, mode=0o700)
        self.password = secrets.token_urlsafe(12)
        with open(os.path.join(self.folder, "demo-password"), "w", encoding="ascii", opener=private) as file:
            file.write(self.password + "\n")
        self.running, self.organisations = [], []

    def start(self, process):
        self.running.append(process)
        return process

    def begin(self):
        say("starting two organisations, montague.lab and capulet.lab …")
        pki = os.path.join(self.folder, "pki")
        authority, traversal = Authority(pki, "public-authority"), Authority(pki, "traversal-authority")
        self.start(NameServer("internet-dns", "127.0.10.53", zones(), self.folder, port=DNS_PORT))
        names = list(ORGANISATIONS)
        for domain, other in zip(names, reversed(names)):
            organisation = Organisation(domain, self.folder, authority, traversal, self.start)
            organisation.begin(other)
            self.organisations.append(organisation)
        for organisation in self.organisations:
            organisation.ready()

    def prove(self):
        one, other = (organisation.online() for organisation in self.organisations)
        self._carry(one, other, "But, soft! what light through yonder window breaks?")
        self._carry(other, one, "O Romeo, Romeo! wherefore art thou Romeo?")
        pong = one.asks("capulet.lab", "ping")
        say(f"  {one.jid} pings capulet.lab: {pong}")
        assert pong == "pong", pong

    @staticmethod
    def _carry(sender, receiver, text):
        sender.says(receiver, text)
        event = receiver.hears(text, 20)
        say(f"  {receiver.jid} hears from {event['sender']}: {event['body']}")

    def show(self):
        for organisation in self.organisations:
            if organisation.edge:
                say(f"\nthe dialback exchange as the edge of {organisation.domain} logged it:")
                for line in organisation.edge.log().splitlines():
                    if any(re.search(sallyport.EVENTS[step], line) for step in STEPS):
                        say("  " + line)

    def where_to_look(self):
        say("\nwhere to look:")
        for organisation in self.organisations:
            if organisation.edge:
                for name, host in (("edge", 20), ("core", 10)):
                    say(f"  https://{organisation.at(host)}:{ADMIN_PORT}/  {name} of {organisation.domain}; name demo, password {self.password}")
        binary = os.path.relpath(sallyport.BINARY)
        for organisation in self.organisations:
            if organisation.edge:
                socket = os.path.join(organisation.edge.data, "admin.sock")
                say(f"  {binary} status --node {socket}")
                say(f"  {binary} peers list --node {socket}")
                say(f"  {binary} events --node {socket}")
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
