"""The whole lab: coluc.com behind a Sallyport pair, a presence node beside it with domains of its own, vngtp.lab (Prosody)
and ejabberd.lab outside, names, certificates.

With SALLYPORT=none the pair is left out and coluc.com's Prosody stands on the edge's public address itself: that checks
the lab, not Sallyport.
"""
import contextlib
import glob
import itertools
import os
import shutil
import sqlite3
import tempfile
import uuid

from . import sallyport
from .certificates import Authority
from .client import Clients, Component, User
from .ejabberd import Ejabberd
from .names import INSIDE, PUBLIC, NameServer
from .netns import PREFIX, Network, names
from .prosody import Prosody

FOLDER = "sallyport-lab-"  # then the process id of the run
IDN = "xn--bcher-kva.lab"
SETTINGS = {
    "federation.enabled": True,
    "federation.security_mode": "tls_optional",
    "federation.privacy_mode": "off",
    "federation.domains": ["coluc.com", "rooms.coluc.com", "strict.coluc.com", "imp.coluc.com", "bot.coluc.com",
                           "irc.coluc.com"],
    "federation.dialback_secret": "s3cr3tf0rd14lb4ck-of-the-lab",
}
# Domains of the presence node: its users, a component on slixmpp, a gateway to IRC; the secrets of the components.
USERS, COMPONENTS = "imp.coluc.com", {"bot.coluc.com": "a secret for the bot", "irc.coluc.com": "a secret for biboumi"}
S2S_COMPONENT = "cm-2_s2scp-1.edge1-coluc-com"
TIMERS = {"negotiation": 8, "dialback": 6, "ping": 5, "dead_peer": 3, "connect": 4}  # of the edge, seconds
ROUTES = [{"domain": "vngtp.lab", "address": "198.51.100.20", "port": 5269},
          {"domain": "rooms.vngtp.lab", "address": "198.51.100.20", "port": 5269},
          {"domain": "ejabberd.lab", "address": "198.51.100.30", "port": 5269},
          {"domain": "rooms.ejabberd.lab", "address": "198.51.100.30", "port": 5269}]


class Federation:
    def __init__(self):
        self.direct = os.environ.get("SALLYPORT") == "none"
        self.folder = tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-")
        os.chmod(self.folder, 0o755)
        self.running, self.crowds = [], {}
        self.edge_numbers = itertools.count(2)
        self.network = None
        self.edge = self.core = self.presence = None

    def start(self):
        self.network = net = Network(str(os.getpid()))
        self._certificates()
        start = self._started
        self.dns = start(NameServer("dns", "198.51.100.53", PUBLIC, self.folder, net["dns"]))
        start(NameServer("insidedns", "10.10.0.53", INSIDE, self.folder, net["insidedns"]))
        self.ejab = start(Ejabberd("ejabberd", self.folder, "ejabberd.lab", ["iris", "ivan"],
                                   self.certificates["ejabberd"], self.trust, "198.51.100.53", net["ejab"]))
        self.vngtp = start(self._vngtp())
        if self.direct:
            self.inside = start(self._inside("edge", "198.51.100.10", "198.51.100.53"))
        else:
            self.inside = start(self._inside("inside", "10.10.0.5", "10.10.0.53"))
            self.edge = start(self._edge())
            self.core = start(self._core())
            self.presence = start(self._presence())
        for server in (self.vngtp, self.inside, self.edge, self.core, self.presence):
            if server:
                server.ready()
        if self.edge:
            self.edge.event("link up", seconds=20)
            self.presence.event("link up", seconds=20)
            self.provision()
        self.ejab.ready()
        self._users()
        return self

    def _started(self, process):
        self.running.append(process)
        return process

    def _certificates(self):
        folder = os.path.join(self.folder, "pki")
        public, traversal = Authority(folder, "lab-authority"), Authority(folder, "traversal-authority")
        self.authority, self.traversal = public, traversal
        self.trust, self.traversal_trust = public.certificate, traversal.certificate
        self.certificates = {
            "inside": public.issue("inside", ["coluc.com", "rooms.coluc.com"]),
            "edge": public.issue("edge", ["coluc.com", "*.coluc.com"]),
            "core": public.issue("core", ["coluc.com", "*.coluc.com"]),
            "vngtp": public.issue("vngtp", ["vngtp.lab", "rooms.vngtp.lab", IDN]),
            "guest": public.issue("guest", ["guest.lab", "*.guest.lab", "direct.lab", "both.lab", "six.lab", "spare.lab"]),
            "strict": public.issue("strict", ["strict.coluc.com"]),
            "expired": public.issue("expired", ["expired.guest.lab"], days=-1),
            "late": public.issue("late", ["late.guest.lab"], days=-1),
            "misnamed": public.issue("misnamed", ["xmpp.guest.lab"]),
            "own": public.self_signed("own", ["own.guest.lab"]),
            "lone": public.self_signed("lone", ["lone.guest.lab"]),
            "purpose": public.issue("purpose", ["purpose.guest.lab"], usage="serverAuth"),
            "ejabberd": public.issue("ejabberd", ["ejabberd.lab", "rooms.ejabberd.lab"]),
            "attacker": public.issue("attacker", ["attacker.lab"]),
            "link-edge": traversal.issue("link-edge", ["edge1.coluc.com"]),
            "link-core": traversal.issue("link-core", ["core1.coluc.com"]),
            "link-imp": traversal.issue("link-imp", ["imp1.coluc.com"]),
        }

    def _vngtp(self):
        return Prosody("vngtp", self.folder, ["198.51.100.20", "2001:db8:5269::20"],
                       {"vngtp.lab": ["victor", "vera"], "bücher.lab": ["uwe"]}, ["rooms.vngtp.lab"],
                       self.certificates["vngtp"], self.trust, "198.51.100.53", self.network["vngtp"])

    @contextlib.contextmanager
    def guest(self, jid="gus@guest.lab", also=None, **options):
        """A Prosody outside, at 198.51.100.40, that one scenario has for itself: its user, online. `also`: more domains."""
        yield from self._visit("guest", jid, also or {}, ["198.51.100.40", "198.51.100.41", "2001:db8:5269::40"],
                               "198.51.100.53", {"trust": self.trust, **options})

    @contextlib.contextmanager
    def strict(self, **options):
        """A Prosody inside, strict.coluc.com at 10.10.0.6, that one scenario has for itself: its user, online."""
        yield from self._visit("strict", "sam@strict.coluc.com", {}, "10.10.0.6", "10.10.0.53",
                               {"trust": os.path.join(self.core.data, "inside-ca.pem"), **options})

    @contextlib.contextmanager
    def partner(self, kind, root, **options):
        """A Prosody or ejabberd of another Debian at the guest's place, with guest.lab, its rooms and direct.lab: gus, online."""
        certificate, nameserver = self.certificates["guest"], "198.51.100.53"
        if kind == "prosody":
            server = Prosody("guest", self.folder, ["198.51.100.40", "2001:db8:5269::40"], {"guest.lab": ["gus"], "direct.lab": []},
                             ["rooms.guest.lab"], certificate, self.trust, nameserver, self.network["guest"], direct_port=5270,
                             root=root, **options)
        else:
            server = Ejabberd("guest", self.folder, "guest.lab", ["gus"], certificate, self.trust, nameserver,
                              self.network["guest"], also=["direct.lab"], direct_port=5270, root=root, **options)
        yield from self._stay("guest", "gus@guest.lab", server)

    def _visit(self, host, jid, also, address, forward, options):
        name, domain = jid.split("@")
        yield from self._stay(host, jid, Prosody(
            host, self.folder, address, {domain: [name], **also}, [], self.certificates[host], namespace=self.network[host],
            forward=forward, **options))

    def _stay(self, host, jid, server):
        user = User(self._crowd(host, host), jid.split("@")[0], jid, self._started(server))
        try:
            server.ready()
            yield user.online()
        finally:
            self.running.remove(user.server)
            user.server.stop()

    @contextlib.contextmanager
    def another_edge(self, prefix=(), data=None, settings=None, threads=2, **sections):
        """A second edge in the edge's namespace, just begun, on ports of its own and with nothing behind it."""
        name = f"edge{next(self.edge_numbers)}"
        content = sallyport.edge_file(
            f"{name}.coluc.com", listen=["198.51.100.10:5299"], link="10.20.0.10:7499", dns="198.51.100.53:53",
            allow=["198.51.100.0/24"], trust=self.trust, identity=(["coluc.com"], *self.certificates["edge"]),
            link_certificate=self.certificates["link-edge"], link_trust=self.traversal_trust,
            settings={**SETTINGS, **(settings or {})}, threads=threads)
        for section, values in sections.items():
            content[section] = {**content.get(section, {}), **values}
        if data:
            os.symlink(data, os.path.join(self.folder, f"{name}-data"))
        node = sallyport.Node("edge", name, self.folder, content, self.network["edge"], prefix)
        try:
            yield node.ready()
        finally:
            node.stop()
            if data:
                os.unlink(os.path.join(self.folder, f"{name}-data"))

    def another(self, user, jid):
        """One more user of the same visiting server, online."""
        return User(user.clients, jid.split("@")[0], jid, user.server).online()

    def restart(self, user, **changes):
        """The visitor's server, which has ended, begins anew, with other arguments if any; its user comes back with online()."""
        self.running.remove(user.server)
        user.server = self._started(user.server.again(**changes))

    def _inside(self, host, address, forward):
        return Prosody("inside", self.folder, address, {"coluc.com": ["ana", "çelik", "ben"]}, ["rooms.coluc.com"],
                       self.certificates["inside"], self.trust, forward, self.network[host])

    def _edge(self):
        return sallyport.Node("edge", "edge", self.folder, sallyport.edge_file(
            "edge1.coluc.com", listen=["198.51.100.10:5269", "[2001:db8:5269::10]:5269"], direct=["198.51.100.10:5270"],
            link="10.20.0.10:7400", dns="198.51.100.53:53", allow=["198.51.100.0/24", "2001:db8:5269::/64"],
            trust=self.trust, identity=(["coluc.com", "*.coluc.com"], *self.certificates["edge"]),
            link_certificate=self.certificates["link-edge"], link_trust=self.traversal_trust,
            timers=TIMERS, settings=SETTINGS), self.network["edge"])

    def _core(self):
        return sallyport.Node("core", "core", self.folder, sallyport.core_file(
            "core1.coluc.com", edge="10.20.0.10:7400", edge_name="edge1.coluc.com",
            presence="10.10.0.7:7400", presence_name="imp1.coluc.com", inside="10.10.0.10:5269",
            servers=[{"domains": ["coluc.com", "rooms.coluc.com"], "address": "10.10.0.5:5269", "tls": "required",
                      "auth": "dialback"},
                     {"domains": ["strict.coluc.com"], "address": "10.10.0.6:5269", "tls": "required",
                      "auth": "certificate"}],
            trust=self.trust, identity=(["coluc.com", "*.coluc.com"], *self.certificates["core"]),
            link_certificate=self.certificates["link-core"], link_trust=self.traversal_trust,
            timers={"ping": 5, "dead_peer": 3}, settings=SETTINGS), self.network["core"])

    def _crowd(self, name, host):
        """The process with a host's clients; begun when it is first wanted."""
        if name not in self.crowds:
            self.crowds[name] = self._started(Clients(f"clients-{name}", self.folder, self.network[host]))
        return self.crowds[name]

    def _presence(self):
        return sallyport.Node("presence", "presence", self.folder, sallyport.presence_file(
            "imp1.coluc.com", link="10.10.0.7:7400", components=COMPONENTS, component_listen="10.10.0.7:5347",
            trust=self.trust, identity=(["*.coluc.com"], *self.certificates["core"]),
            link_certificate=self.certificates["link-imp"], link_trust=self.traversal_trust, settings={},
            clients={"listen": ["10.10.0.7:5222"], "domains": [USERS]}), self.network["imp"])

    def provision(self, *components):
        """The rows of xmpps2snodes; without `components`, the edge's; with "" none."""
        since = self.presence.mark()
        with contextlib.closing(sqlite3.connect(os.path.join(self.presence.data, "presence.db"), timeout=10)) as database:
            with database:
                database.execute("DELETE FROM xmpps2snodes")
                database.executemany("INSERT INTO xmpps2snodes VALUES (?, ?)",
                                     [(str(uuid.uuid4()), one) for one in components or [S2S_COMPONENT] if one])
        self.presence.ask("reload")
        return since

    def _users(self):
        inside = self._crowd("inside", "edge" if self.direct else "inside")
        vngtp, ejab = self._crowd("vngtp", "vngtp"), self._crowd("ejab", "ejab")
        if self.presence:
            self.bot = Component(self._crowd("imp", "imp"), "bot", "bot.coluc.com", COMPONENTS["bot.coluc.com"],
                                 ("10.10.0.7", 5347)).online()
        self.ana = User(inside, "ana", "ana@coluc.com", self.inside)
        self.celik = User(inside, "celik", "çelik@coluc.com", self.inside)
        self.victor = User(vngtp, "victor", "victor@vngtp.lab", self.vngtp)
        self.uwe = User(vngtp, "uwe", "uwe@bücher.lab", self.vngtp)
        self.iris = User(ejab, "iris", "iris@ejabberd.lab", self.ejab)
        for user in (self.ana, self.celik, self.victor, self.uwe, self.iris):
            user.online()

    def peer(self, name):
        """(server, user, domain) of the outside peer."""
        return {"prosody": (self.vngtp, self.victor, "vngtp.lab"),
                "ejabberd": (self.ejab, self.iris, "ejabberd.lab")}[name]

    def arrange(self, mode="tls_optional", authentication="any", route="dns", peers=()):
        """Gives the edge these settings and closes the streams that stand, so that the next stanza opens new ones."""
        if self.direct:
            return
        exceptions = [] if authentication == "any" else [
            {"domain": domain, "authentication": authentication}
            for domain in ("vngtp.lab", "rooms.vngtp.lab", "ejabberd.lab", "rooms.ejabberd.lab")]
        self.edge.set(enabled=True, security_mode=mode, privacy_mode="off", deny_list=[], allow_list=[],
                      require_client_certificates=False, peers=exceptions + list(peers),
                      static_routes=ROUTES if route == "static" else [], use_static_routes=route == "static")
        self.close_streams()

    def close_streams(self):
        self.edge.close_streams("vngtp.lab", "rooms.vngtp.lab", "ejabberd.lab", "rooms.ejabberd.lab", IDN, "guest.lab",
                                "attacker.lab")

    def stop(self):
        for process in reversed(self.running):
            try:
                process.stop()
            except OSError:
                pass
        if self.network:
            self.network.remove()

    def keep(self, name, failed_log, folders=()):
        """Copies every log of ours and of those folders to run/lab/<scenario>; returns the folder."""
        target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "run", "lab", name[:80])
        target = os.path.normpath(target)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        for folder in (self.folder, *folders):
            for file in os.listdir(folder):
                if file.endswith((".log", ".events", ".toml", ".conf", ".lua")):
                    shutil.copy(os.path.join(folder, file), target)
        with open(os.path.join(target, "failure.txt"), "w", encoding="utf-8") as file:
            file.write(failed_log)
        return target

    def forget(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def left(self):
        """What is still there of this run: namespaces, files, processes (each began in our folder)."""
        def place(pid):
            try:
                return os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                return ""
        running = [pid for pid in os.listdir("/proc") if pid.isdigit() and place(pid).startswith(self.folder)]
        return names(f"{PREFIX}{os.getpid()}-") + glob.glob(f"{self.folder}*") + running
