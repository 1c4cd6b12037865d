"""The world of the drill, in one namespace of its own: a trio, an internal server behind its core, a partner, two name servers
(one for the edge, one for the inside), small disks for the data of each node and for their logs.

    victor@vngtp.lab <--> edge <--> core <--> presence <--> romeo@coluc.com
                                     ^------> ana@old.coluc.com (an internal server)
"""
import os
import re
import shutil
import socket
import struct
import subprocess
import threading

from drill.desk import ADMIN_PORT, Desk
from world.certificates import Authority
from world.client import Clients, User
from world.names import NameServer
from world.netns import PREFIX, Namespace, remove_namespaces
from world.preload import preloaded
from world.prosody import Prosody
from world.several import Several
from world.trio import NODES, Trio, WrittenNode
from world.wait import until

AT = {"edge": "127.0.68.20", "link": "127.0.68.21", "core": "127.0.68.10", "presence": "127.0.68.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
ADMIN = {"edge": AT["link"], "core": AT["core"], "presence": AT["presence"]}
EDGE_DNS, INSIDE_DNS = "127.0.68.53", "127.0.68.54"
PARTNER, PARTNERS, REFUSED, HOLE = "127.0.68.30", "127.0.68.32", "127.0.68.99", "127.0.68.98"
SYSLOG = "127.0.68.90"
INSIDE = "127.0.68.5"
AXL = "imp1.coluc.com:8443"
COMPONENT = "cm-2_s2scp-1.edge1-coluc-com"
DISK_MIB = 160  # empty, more is free than lowers the alarm disk.low (128 MiB)
CLOCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")
# Partners that each have one thing wrong, at one server; the drill begins with none of them written to.
STRANGERS = ("expired.lab", "misnamed.lab", "plain.lab", "doubter.lab", "refused.lab", "hole.lab", "nowhere.lab")
ZONES = f"""
local-zone: "com." static
local-zone: "lab." static
local-data: "_xmpp-server._tcp.coluc.com. 1 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.old.coluc.com. 1 SRV 0 0 5269 edge1.coluc.com."
local-data: "edge1.coluc.com. 1 A {AT['edge']}"
local-data: "_xmpp-server._tcp.vngtp.lab. 1 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "xmpp.vngtp.lab. 1 A {PARTNER}"
local-data: "_xmpp-server._tcp.nowhere.lab. 1 SRV 0 0 0 ."
local-data: "xmpp.nowhere.lab. 1 A {PARTNERS}"
local-data: "refused.lab. 1 A {REFUSED}"
local-data: "hole.lab. 1 A {HOLE}"
""" + "\n".join(f'local-data: "{name}. 1 A {PARTNERS}"' for name in STRANGERS[:4])
INSIDE_ZONES = f"""
local-zone: "com." static
local-zone: "lab." static
local-data: "xmpp.old.coluc.com. 1 A {INSIDE}"
"""
# Where the internal server looks for every foreign domain: its core.
INSIDE_VIEW = f"""
local-zone: "." redirect
local-data: ". 1 A {AT['core']}"
"""
# Where the server of these strangers looks for us, to ask whether a key is ours.
STRANGERS_VIEW = f"""
local-zone: "." redirect
local-data: ". 1 A {AT['edge']}"
"""
ODD = """
VirtualHost "plain.lab"
    modules_disabled = { "tls" }
"""


class Disk:
    """A small file system of its own."""

    def __init__(self, path, mib=DISK_MIB):
        self.path = path
        os.makedirs(path, mode=0o700, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "none", path], check=True)

    def fill(self):
        """Not a byte is left."""
        with open(os.path.join(self.path, "ballast"), "wb", buffering=0) as file:
            for size in (1 << 20, 4096, 512, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass

    def empty(self):
        os.remove(os.path.join(self.path, "ballast"))

    def remount(self, how, *where):
        """`where`: how to get to the mounts of a node, which has its own since its start (`ip netns exec`)."""
        subprocess.run([*where, "mount", "-o", f"remount,{how}", self.path], check=True)

    def stop(self):
        subprocess.run(["umount", "-l", self.path], check=False)


class Receiver:
    """Of syslog over TCP: reads, and keeps nothing."""

    def __init__(self, namespace):
        self.here, self.open = namespace, []
        self.listen()

    def listen(self):
        self.listener = self.here.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((SYSLOG, 5140))
        self.listener.listen(4)
        self.thread = threading.Thread(target=self._accept, args=(self.listener,), daemon=True)
        self.thread.start()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    @staticmethod
    def _read(connection):
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass

    def stop(self):
        for one in (self.listener, *self.open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.open.clear()
        self.thread.join(5)


class Place(Several):
    names = NAMES

    def __init__(self, folder):
        self.folder = folder
        self.here = Namespace(f"{PREFIX}{os.getpid()}-drill")
        self.dns = self.start(NameServer("drill-dns", EDGE_DNS, ZONES, folder, self.here))
        self.inside_dns = self.start(NameServer("drill-inside-dns", INSIDE_DNS, INSIDE_ZONES, folder, self.here))
        self.start(NameServer("drill-inside-view", "127.0.68.55", INSIDE_VIEW, folder, self.here))
        self.strangers_dns = self.start(NameServer("drill-strangers-view", "127.0.68.56", STRANGERS_VIEW, folder, self.here))
        self.authority = Authority(folder, "authority")
        self.other_authority = Authority(folder, "other-authority")
        self.servers()
        self.disks = {"logs": self.start(Disk(f"{folder}/trio", 64))}
        self.trio = Trio(f"{folder}/trio", "coluc.com", AT, NAMES, f"{EDGE_DNS}:53", "127.0.0.0/8",
                         ["vngtp.lab", *STRANGERS],
                         dict.fromkeys(NODES, self.here), ADMIN_PORT)
        for role in NODES:
            self.disks[role] = self.start(Disk(os.path.join(folder, "trio", "data", role)))
        self.clock = os.path.join(folder, "clock")
        self.set_clock(0)
        self.write_files()
        self.syslog = self.start(Receiver(self.here))
        self.start(self.trio)
        for role in NODES:
            self.trio.nodes[role] = WrittenNode(role, self.trio.folder, self.here, own_clock(self) if role == "core" else ())
        for role in NODES:
            self.trio.nodes[role].ready()
        self.trio.add_users("romeo")
        for node in self.trio.nodes.values():
            node.ask("admins", "add", "anna", "--role", "administrator", "--password-file", self.trio.secret("a long password"))
        for server in (self.vngtp, self.odd, self.old):
            server.ready()
        clients = self.start(Clients("drill-clients", folder, self.here))
        self.romeo = User(clients, "romeo", "romeo@coluc.com", self.trio.users).online()
        self.victor = User(clients, "victor", "victor@vngtp.lab", self.vngtp).online()
        self.desks = {role: Desk(self, role, ADMIN[role]) for role in NODES}
        until(self.trio.rows, "the row of the edge", 15)

    edge = property(lambda self: self.trio.nodes["edge"])
    core = property(lambda self: self.trio.nodes["core"])
    presence = property(lambda self: self.trio.nodes["presence"])

    def servers(self):
        folder, authority = self.folder, self.authority
        self.vngtp = self.start(Prosody("vngtp", folder, PARTNER, {"vngtp.lab": ["victor"]}, [],
                                        authority.issue("vngtp", ["vngtp.lab"]), authority.certificate, EDGE_DNS, self.here,
                                        c2s=("127.0.68.31", 5222)))
        own = {"expired.lab": authority.issue("expired", ["expired.lab"], days=-1),
               "misnamed.lab": authority.issue("misnamed", ["somebody-else.lab"])}
        self.odd = self.start(Prosody("odd", folder, [PARTNERS, REFUSED, HOLE],
                                      {name: ["x"] for name in STRANGERS if name != "plain.lab"}, [],
                                      authority.issue("odd", list(STRANGERS)), authority.certificate, "127.0.68.56", self.here,
                                      c2s=("127.0.68.33", 5222), certificates=own, options=ODD))
        self.old = self.start(Prosody("old", folder, INSIDE, {"old.coluc.com": ["ana"]}, [],
                                      authority.issue("old", ["old.coluc.com"]), authority.certificate, "127.0.68.55",
                                      self.here, c2s=("127.0.68.6", 5222)))

    def write_files(self):
        """What `sallyport init` does not know of: the second name server, the internal server, syslog, the lab's authority."""
        trust = self.authority.certificate
        self.rewrite("core.toml", f"{EDGE_DNS}:53", f"{INSIDE_DNS}:53")
        self.rewrite("core.toml", 'federation.domains = ["coluc.com"]', 'federation.domains = ["coluc.com", "old.coluc.com"]')
        self.rewrite("edge.toml", 'federation.domains = ["coluc.com"]', 'federation.domains = ["coluc.com", "old.coluc.com"]')
        for name in ("edge.toml", "presence.toml"):  # on the loopback every connection comes from there
            self.rewrite(name, f'addresses = ["{AT["core"]}"]', 'addresses = ["127.0.0.1"]')
        self.certificate(400)
        self.rewrite("edge.toml", 'domains = ["coluc.com"]\ncertificate = "s2s.pem"\nkey = "s2s.key"',
                     'domains = ["coluc.com", "old.coluc.com"]\ncertificate = "edge-s2s.pem"\nkey = "edge-s2s.key"')
        self.append("edge.toml", f'[tls]\ntrust = "{trust}"\n\n[log]\nlevel = "info"\nsyslog = ["tcp://{SYSLOG}:5140"]\n\n'
                                 '[limits]\nqueue_seconds = 3\n\n[timers]\nnegotiation = 4\ndialback = 4\nconnect = 3\n')
        self.append("core.toml", f'[tls]\ntrust = "{trust}"\n\n[limits]\nqueue_seconds = 3\n\n[inside]\n'
                                 f'listen = ["{AT["core"]}:5269"]\n\n[[inside.server]]\ndomains = ["old.coluc.com"]\n'
                                 'address = "xmpp.old.coluc.com:5269"\n')

    def certificate(self, days):
        """That of the edge, for so many days from now."""
        for ending, file in zip(("pem", "key"), self.authority.issue("s2s", ["coluc.com", "old.coluc.com"], days)):
            shutil.copy(file, self.path(f"edge-s2s.{ending}"))

    def path(self, name):
        return os.path.join(self.trio.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def rewrite(self, name, old, new):
        text = self.read(name)
        assert old in text, (name, old, text)
        self.write(name, text.replace(old, new))

    def append(self, name, text):
        self.write(name, self.read(name) + "\n" + text)

    def set_clock(self, seconds):
        """Of the core, against that of the others."""
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as file:
            file.write(struct.pack("=q", seconds * 1_000_000_000))

    def stop(self):
        super().stop()
        remove_namespaces(self.here.name)

    def set(self, name, value):
        self.edge.ask("config", "set", f"federation.{name}", value)

    def federation(self, on):
        self.set("enabled", "true" if on else "false")
        until(lambda: bool(self.trio.rows()) == on, "the row to follow", 15)

    def secret_of(self, name):
        return re.search(r'secret = "([0-9a-f]{64})"', self.read(name))[1]

    def ping(self):
        """A message each way has passed; the streams are open."""
        for sender, receiver in ((self.romeo, self.victor), (self.victor, self.romeo)):
            since = receiver.mark()
            sender.says(receiver, "are you there")
            receiver.hears("are you there", 20, since)


def own_clock(lab):
    """What a program has to be told so that its clock is set by that file."""
    return preloaded(CLOCK, lab.folder, DRILL_CLOCK=lab.clock)
