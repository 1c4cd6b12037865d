"""An unmodified ejabberd without distribution, driven through its HTTP API on loopback."""
import glob
import inspect
import json
import os
import shlex

from .process import Process
from .prosody import PASSWORD
from .wait import until

CONFIGURATION = """
hosts: {domains}
loglevel: debug
certfiles: ["{chain}", "{key}"]
ca_file: "{trust}"
s2s_cafile: "{trust}"
s2s_use_starttls: optional
s2s_timeout: 60
auth_method: internal
auth_password_format: plain
disable_sasl_mechanisms: ["X-OAUTH2"]
acl: {{ loopback: {{ ip: ["127.0.0.0/8"] }} }}
api_permissions: {{ lab: {{ who: {{ ip: "127.0.0.0/8" }}, what: ["*"] }} }}
shaper: {{ slow: {{ rate: 30000, burst_size: 30000 }} }}
shaper_rules: {{ slow: slow }}
listen:
  - {{ port: 5222, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, max_stanza_size: 524288, shaper: none }}
  - {{ port: 5269, ip: "::", module: ejabberd_s2s_in, max_stanza_size: 524288, shaper: {shaper} }}
{direct}  - {{ port: 5280, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {{ /api: mod_http_api }} }}
modules:
  mod_admin_extra: {{}}
  mod_disco: {{}}
  mod_http_api: {{}}
  mod_muc: {{ hosts: ["rooms.@HOST@"] }}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_s2s_dialback: {{}}
  mod_time: {{}}
  mod_version: {{}}
{modules}{options}
"""


class Ejabberd(Process):
    """`also`: more domains; `direct_port`: Direct TLS there too; `shaper`: "slow" lets 30 kB/s in; `modules`: more of them;
    `options`: lines of its configuration beside the ones here; `root`: the Debian (world.root) that it is of, this one by default."""

    def __init__(self, name, folder, domain, users, certificate, trust, nameserver, namespace, also=(), direct_port=None,
                 shaper="none", modules=(), options="", root=None):
        self.arguments = (name, folder, domain, users, certificate, trust, nameserver, namespace, also, direct_port, shaper,
                          modules, options, root)
        self.c2s = ("127.0.0.1", 5222)
        self.domain, self.users, self.namespace = domain, users, namespace
        # Mnesia of one release does not start on the tables of a newer one.
        home = os.path.join(folder, f"{name}-{root.suite}-home" if root else f"{name}-home")
        os.makedirs(os.path.join(home, "spool"), exist_ok=True)
        configuration = os.path.join(home, "ejabberd.yml")
        chain, key = certificate
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                domains=json.dumps([domain, *also]), chain=chain, key=key, trust=trust, shaper=shaper,
                direct=f'  - {{ port: {direct_port}, ip: "::", module: ejabberd_s2s_in, tls: true, shaper: {shaper} }}\n'
                if direct_port else "", modules="".join(f"  {module}: {{}}\n" for module in modules), options=options))
        resolver = os.path.join(home, "resolv.conf")
        with open(resolver, "w", encoding="ascii") as file:
            file.write(f"nameserver {nameserver}\n")
        found = root.glob("/usr/lib/*/ejabberd-*/ebin") if root else glob.glob("/usr/lib/*/ejabberd-*/ebin")
        words = ["erl", "-noinput", "+sbwt", "none", "+S", "1", "-mnesia", "dir", f'"{home}/spool"', "-s", "ejabberd"]
        # `ip netns exec` gives a mount namespace of its own, so this resolver is seen by nobody else.
        command = root.command(words, folder, resolver) if root else [
            "sh", "-c", f"mount --bind {resolver} /etc/resolv.conf && exec {shlex.join(words)}"]
        super().__init__(name, command, folder, namespace, {
            "HOME": home, "ERL_LIBS": os.path.dirname(os.path.dirname(sorted(found)[0])),
            "EJABBERD_CONFIG_PATH": configuration, "EJABBERD_LOG_PATH": os.path.join(home, "ejabberd.log"),
            "ERL_CRASH_DUMP_SECONDS": "0"})

    def again(self, **changes):
        """The same server, started anew with its accounts; `changes` are arguments that are others now."""
        names = inspect.signature(Ejabberd.__init__).parameters
        return Ejabberd(**{**dict(zip(list(names)[1:], self.arguments)), **changes}).ready()

    def ready(self):
        until(lambda: self.namespace.accepts("127.0.0.1", 5280) and self.namespace.accepts("127.0.0.1", 5269),
              lambda: f"ejabberd's listeners: {self.log()[-2000:]}", 120)
        there = until(self._accounts, "ejabberd's API to answer", 120)
        for user in self.users:
            if user not in there:
                self.call("register", user=user, host=self.domain, password=PASSWORD)
        return self

    def _accounts(self):
        """The names behind an empty one; nothing while the port is open and nobody answers yet."""
        try:
            return ["", *self.call("registered_users", host=self.domain)]
        except (ConnectionResetError, TimeoutError):
            return None

    def call(self, command, **arguments):
        """A command of ejabberd's HTTP API."""
        body = json.dumps(arguments).encode()
        with self.namespace.connect("127.0.0.1", 5280) as connection:
            connection.sendall(f"POST /api/{command} HTTP/1.0\r\nHost: lab\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            connection.settimeout(30)
            answer = b""
            while part := connection.recv(65536):
                answer += part
                head, _, rest = answer.partition(b"\r\n\r\n")
                length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
                if length and len(rest) >= length[0]:
                    break
        head, _, rest = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"ejabberd refused {command}: {answer.decode(errors='replace')}")
        return json.loads(rest)

    def accepted_by(self, peer, since=0):
        """How the inbound stream from `peer` was authenticated: "external", "dialback" or None."""
        found = self.lines(rf"Accepted inbound s2s (EXTERNAL|dialback) authentication {peer}", since)
        return None if not found else "external" if "EXTERNAL" in found[-1] else "dialback"
