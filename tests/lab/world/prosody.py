"""An unmodified Prosody with a folder, a configuration and accounts of its own."""
import inspect
import os

from .process import Process

PASSWORD = "correct horse"


def encode(name):
    """Prosody's file name of a host or user: everything but letters and digits as %xx."""
    return "".join(c if c.isalnum() and c.isascii() else "".join(f"%{byte:02x}" for byte in c.encode()) for c in name)


class Prosody(Process):
    """`domains`: {domain: [users]}; `rooms`: MUC domains; `forward`: its resolver, "address" or "address@port";
    `certificates`: {domain: (chain, key)} for domains with one of their own; `port` None: only Direct TLS; `options`:
    lines of its configuration that overrule the ones here; `root`: the Debian (world.root) that it is of, this one by default."""

    def __init__(self, name, folder, address, domains, rooms, certificate, trust, forward, namespace=None,
                 c2s=("127.0.0.1", 5222), port=5269, direct_port=None, modules=(), certificates=None, options="", root=None):
        self.c2s, self.service = c2s, "s2s" if port else "s2s_direct_tls"
        self.arguments = (name, folder, address, domains, rooms, certificate, trust, forward, namespace, c2s, port,
                          direct_port, modules, certificates, options, root)
        self.main_domain = next(iter(domains))
        data = os.path.join(folder, f"{name}-data")
        for domain, users in domains.items():
            accounts = os.path.join(data, encode(domain), "accounts")
            os.makedirs(accounts, exist_ok=True)
            for user in users:
                with open(os.path.join(accounts, f"{encode(user)}.dat"), "w", encoding="ascii") as file:
                    file.write(f'return {{ ["password"] = "{PASSWORD}" }};\n')
        own = {domain: f'\n    ssl = {{ certificate = "{pair[0]}"; key = "{pair[1]}"; cafile = "{trust}" }}'
               for domain, pair in (certificates or {}).items()}
        hosts = "\n".join(f'VirtualHost "{domain}"{own.get(domain, "")}' for domain in domains)
        components = "\n".join(f'Component "{room}" "muc"\n    name = "rooms"\n    restrict_room_creation = false\n'
                               "    muc_room_locking = false\n    muc_room_default_public = true" for room in rooms)
        chain, key = certificate
        path = os.path.join(folder, f"{name}.cfg.lua")
        addresses = [address] if isinstance(address, str) else address
        quoted = ", ".join(f'"{one}"' for one in addresses)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""
run_as_root = true
daemonize = false
data_path = "{data}"
pidfile = "{folder}/{name}.pid"
log = {{ {{ levels = {{ min = "debug" }}, to = "console", timestamps = "%H:%M:%S" }} }}
admins = {{ }}
plugin_paths = {{ }}
modules_enabled = {{ "roster", "saslauth", "tls", "dialback", "disco", "ping", "version", "presence", "message", "iq",
    "c2s", "s2s", "s2s_auth_certs", "smacks", "offline", "posix", "time"{"".join(f', "{module}"' for module in modules)} }}
modules_disabled = {{ }}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
s2s_require_encryption = false
s2s_secure_auth = false
smacks_enabled_s2s = true
c2s_ports = {{ {c2s[1]} }}
c2s_interfaces = {{ "{c2s[0]}" }}
s2s_ports = {{ {port or ""} }}
s2s_interfaces = {{ {quoted} }}
interfaces = {{ {quoted} }}
{f's2s_direct_tls_ports = {{ {direct_port} }}' if direct_port else ''}
limits = {{ }}
ssl = {{ certificate = "{chain}"; key = "{key}"; cafile = "{trust}"; capath = "/nonexistent" }}
certificates = "{folder}"
unbound = {{ resolvconf = false; hoststxt = false; forward = {{ "{forward}" }} }}
{options}
{hosts}
{components}
""")
        command = ["prosody", "-F", "--config", path]
        super().__init__(name, root.command(command, folder) if root else command, folder, namespace)

    def ready(self):
        self.wait_for(rf"portmanager\s+info\s+Activated service '{self.service}'", 20)
        self.wait_for(r"portmanager\s+info\s+Activated service 'c2s'", 20)
        return self

    def again(self, **changes):
        """The same server, started anew with its accounts; `changes` are arguments that are others now."""
        names = inspect.signature(Prosody.__init__).parameters
        return Prosody(**{**dict(zip(list(names)[1:], self.arguments)), **changes}).ready()

    def accepted_by(self, peer, since=0):
        """How the stream from `peer` to our first domain was authenticated: "external", "dialback" or None."""
        if self.lines(rf"\s{self.main_domain}:saslauth\s.*Accepting SASL EXTERNAL identity from {peer}", since):
            return "external"
        return "dialback" if self.lines(rf"authenticated for {peer}|Incoming s2s connection {peer}->", since) else None
