"""An edge, a core and a presence node as `sallyport init` writes them: nothing is added by hand. On loopback addresses, or
in namespaces where somebody made them."""
import os
import subprocess

from . import sallyport
from .process import Process
from .prosody import PASSWORD

NODES = ("edge", "presence", "core")


class WrittenNode(sallyport.Node):
    """A node that runs from a file that is there already."""

    def __init__(self, role, folder, namespace=None, prefix=()):  # pylint: disable=super-init-not-called
        self.role, self.folder, self.namespace, self.prefix = role, folder, namespace, prefix
        self.file = os.path.join(folder, f"{role}.toml")
        self.data = os.path.join(folder, "data", role)
        Process.__init__(self, role, [*prefix, sallyport.BINARY, role, "--config", self.file], folder, namespace)

    def again(self, **_):
        return WrittenNode(self.role, self.folder, self.namespace, self.prefix).ready()

    def chain(self):
        return {step["step"]: step for step in self.json("status")["chain"]}

    def alarms(self):
        return {alarm["code"]: alarm for alarm in self.json("alarms")["alarms"]}

    def problems(self):
        """What the head of `status` says, with the remedies."""
        return "\n".join(f"{one['text']} -> {one['remedy']}" for one in self.json("status")["problems"])


class Users:
    """What a client needs to know of the presence node (world.client.User)."""

    def __init__(self, address, certificate):
        self.c2s, self.client_trust = (address, 5222), certificate


class Trio:
    """`at`: role -> address; `names`: role -> host name."""

    def __init__(self, folder, domain, at, names, dns, network, allow=(), namespaces=None, admin_port=None):
        self.folder, self.domain, self.at, self.names = folder, domain, at, names
        self.namespaces = namespaces or {}
        words = ["init", "--directory", folder, "--domain", domain, "--self-signed", "--dns-server", dns, "--allow-network",
                 network, "--edge-name", names["edge"], "--core-name", names["core"], "--presence-name", names["presence"],
                 "--edge-public", at["edge"], "--edge-link", at["link"], "--core-inside", at["core"],
                 "--presence", at["presence"]]
        if admin_port:
            words += ["--admin-port", str(admin_port)]
        for name in allow:
            words += ["--allow", name]
        self.printed = subprocess.run([sallyport.BINARY, *words], capture_output=True, text=True, check=True,
                                      stdin=subprocess.DEVNULL).stdout
        self.component = "cm-2_s2scp-1." + names["edge"].replace(".", "-")
        self.users = Users(at["presence"], os.path.join(folder, "s2s.pem"))
        self.nodes = {}

    def start(self, *roles):
        for role in roles or NODES:
            self.nodes[role] = WrittenNode(role, self.folder, self.namespaces.get(role))
        for role in roles or NODES:
            self.nodes[role].ready()
        return self

    edge = property(lambda self: self.nodes["edge"])
    core = property(lambda self: self.nodes["core"])
    presence = property(lambda self: self.nodes["presence"])

    def restart(self, role):
        self.nodes[role] = self.nodes[role].again()
        return self.nodes[role]

    def add_users(self, *names):
        path = self.secret(PASSWORD)
        for name in names:
            self.presence.ask("users", "add", f"{name}@{self.domain}", "--password-file", path)

    def secret(self, text):
        path = os.path.join(self.folder, "typed-password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return path

    def rows(self):
        return sorted(row["cp_id"] for row in self.presence.json("run", "sql", "select * from xmpps2snodes")["rows"])

    def stop(self):
        for role in reversed(NODES):
            if role in self.nodes:
                self.nodes[role].stop()
