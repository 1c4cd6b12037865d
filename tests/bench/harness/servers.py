"""The servers that are compared, each started from a configuration of its own with its rate limits off."""

import shutil
import subprocess
from pathlib import Path

from .name_server import DNS_PORT
from .process import ServerProcess

SECRET = "benchmark-secret"
BUILD = Path(__file__).resolve().parents[3] / "build/release"


class Server:
    """One kind of server. `place` has the folder for a start, the certificates and the loopback address."""

    name = ""
    inside_kind = "component"
    inside_port = 5347
    inside_domain = "comp.b.test"
    sends = True  # carries stanzas from the inside to the federation too

    def __init__(self, folder: Path, certificates: Path, address: str):
        self.folder = folder
        self.certificates = certificates
        self.address = address
        self.process = None

    @classmethod
    def missing(cls):
        """Why this server cannot be measured here, or nothing."""
        return None

    @classmethod
    def version(cls):
        return ""

    @property
    def name_server(self):
        return self.address.rsplit(".", 1)[0] + ".2"

    def start(self):
        self.folder.mkdir(parents=True)
        self.launch()
        for port in (5269, self.inside_port):
            self.process.wait_for(self.address, port)

    def launch(self):
        raise NotImplementedError

    def stop(self):
        if self.process:
            self.process.stop()

    def generator_arguments(self):
        remote = self.certificates / "remote"
        return ["--server", f"{self.address}:5269", "--certificate", f"{remote}.pem", "--key", f"{remote}.key",
                "--inside", f"{self.address}:{self.inside_port}", "--inside-kind", self.inside_kind,
                "--inside-domain", self.inside_domain, "--to", f"sink@{self.inside_domain}", "--secret", SECRET]


class Prosody(Server):
    """Changed from Debian's defaults: mod_limits off, Nagle off, a longer accept queue."""

    name = "prosody"
    garbage_collector = "incremental"

    @classmethod
    def missing(cls):
        return None if shutil.which("prosody") else "prosody is not installed"

    @classmethod
    def version(cls):
        return _package_version("prosody")

    def launch(self):
        certificates = self.certificates
        configuration = self.folder / "prosody.cfg.lua"
        configuration.write_text(f"""
run_as_root = true
data_path = "{self.folder}"
pidfile = "{self.folder}/prosody.pid"
log = {{ warn = "{self.folder}/prosody.log" }}
interfaces = {{ "{self.address}" }}
component_interfaces = {{ "{self.address}" }}
network_settings = {{ nagle = false; tcp_backlog = 4096 }}
gc = {{ mode = "{self.garbage_collector}" }}
modules_enabled = {{ "disco", "roster", "saslauth", "tls", "blocklist", "bookmarks", "carbons", "dialback", "pep",
    "private", "smacks", "vcard4", "vcard_legacy", "csi_simple", "invites", "invites_adhoc", "invites_register",
    "ping", "register", "time", "uptime", "version", "admin_adhoc" }}
modules_disabled = {{ "c2s", "limits" }}
s2s_secure_auth = true
unbound = {{ resolvconf = false; hoststxt = false; forward = "{self.name_server}@{DNS_PORT}";
    options = {{ ["do-not-query-localhost:"] = "no" }} }}
ssl = {{ certificate = "{certificates}/server.pem", key = "{certificates}/server.key",
    cafile = "{certificates}/public-ca.pem" }}
authentication = "internal_hashed"
VirtualHost "b.test"
Component "{self.inside_domain}"
    component_secret = "{SECRET}"
""")
        self.process = ServerProcess(["prosody", "--config", str(configuration), "-F"], self.folder / "output.log")


class ProsodyGenerational(Prosody):
    """The same with Lua's generational garbage collector."""

    name = "prosody-gcgen"
    garbage_collector = "generational"


class Ejabberd(Server):
    """No shaper, no busy waiting of the schedulers; not distributed, so that no port mapper is started."""

    name = "ejabberd"

    @classmethod
    def missing(cls):
        return None if shutil.which("ejabberdctl") else "ejabberd is not installed"

    @classmethod
    def version(cls):
        return _package_version("ejabberd")

    def launch(self):
        certificates = self.certificates
        configuration = self.folder / "ejabberd.yml"
        configuration.write_text(f"""
loglevel: error
log_rotate_count: 0
hosts: [b.test]
certfiles: ["{certificates}/server-both.pem"]
ca_file: "{certificates}/public-ca.pem"
s2s_cafile: "{certificates}/public-ca.pem"
s2s_use_starttls: required
s2s_protocol_options: [no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]
acme: {{auto: false}}
listen:
  - {{port: 5269, ip: "{self.address}", module: ejabberd_s2s_in, max_stanza_size: 524288, shaper: none, backlog: 4096}}
  - port: {self.inside_port}
    ip: "{self.address}"
    module: ejabberd_service
    hosts: {{"{self.inside_domain}": {{password: "{SECRET}"}}}}

modules: {{mod_disco: {{}}, mod_ping: {{}}, mod_roster: {{}}, mod_version: {{}}, mod_s2s_dialback: {{}}}}
""")
        resolver = self.folder / "inetrc"
        resolver.write_text("{lookup, [dns]}.\n{resolv_conf, \"\"}.\n{hosts_file, \"\"}.\n"
                            f"{{nameserver, {{{self.name_server.replace('.', ',')}}}, {DNS_PORT}}}.\n")
        environment = {
            "ERL_INETRC": str(resolver),
            "HOME": str(self.folder),
            "ERL_LIBS": "/usr/lib/x86_64-linux-gnu",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "EJABBERD_CONFIG_PATH": str(configuration),
            "EJABBERD_LOG_PATH": str(self.folder / "ejabberd.log"),
        }
        quiet = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]
        self.process = ServerProcess(
            ["erl", "-noinput", "+K", "true", "+P", "250000", *quiet, "-mnesia", "dir", f'"{self.folder}/mnesia"',
             "-ejabberd", "log_rotate_count", "0", "-s", "ejabberd"], self.folder / "output.log", environment)


class Sallyport(Server):
    """The edge alone; the generator plays the core on its router link."""

    name = "sallyport"
    inside_kind = "link"
    inside_port = 7400
    inside_domain = "b.test"
    binary = BUILD / "sallyport"

    @classmethod
    def missing(cls):
        return None if cls.binary.exists() else f"{cls.binary} is not built (./dev build)"

    @classmethod
    def version(cls):
        return f"{cls.binary.stat().st_size // 1024} KiB binary"

    def launch(self):
        certificates = self.certificates
        configuration = self.folder / "edge.toml"
        configuration.write_text(f"""
[node]
name = "edge1.b.test"
data = "{self.folder}/data"
threads = 1
[log]
level = "warn"
[dns]
servers = ["{self.name_server}:{DNS_PORT}"]
[s2s]
listen = ["{self.address}:5269"]
allow_networks = ["127.0.0.1/32"]
[tls]
trust = "{certificates}/public-ca.pem"
[[tls.identity]]
domains = ["b.test", "*.b.test"]
certificate = "{certificates}/server.pem"
key = "{certificates}/server.key"
[link]
listen = ["{self.address}:{self.inside_port}"]
certificate = "{certificates}/edge1.pem"
key = "{certificates}/edge1.key"
trust = "{certificates}/traversal-ca.pem"
secret = "{SECRET}"
[limits]
profile = "open"
[settings]
federation.enabled = true
federation.security_mode = "tls_required"
federation.privacy_mode = "off"
federation.domains = ["b.test"]
""")
        self.process = ServerProcess([str(self.binary), "edge", "--config", str(configuration)],
                                     self.folder / "output.log")

    def generator_arguments(self):
        core = self.certificates / "core1"
        return [*Server.generator_arguments(self), "--link-certificate", f"{core}.pem", "--link-key", f"{core}.key",
                "--realm", "core1-b-test", "--far-realm", "edge1-b-test"]


class Relay(Server):
    """Not a rival: the generator's own stand-in for an edge, which judges nothing. What the generator can take at most."""

    name = "relay"
    inside_kind = "link"
    inside_port = 7400
    inside_domain = "b.test"
    sends = False
    binary = BUILD / "bench_s2s"

    def launch(self):
        certificates = self.certificates
        self.process = ServerProcess(
            [str(self.binary), "relay", "--server", f"{self.address}:5269",
             "--certificate", f"{certificates}/server.pem", "--key", f"{certificates}/server.key",
             "--inside", f"{self.address}:{self.inside_port}",
             "--link-certificate", f"{certificates}/edge1.pem", "--link-key", f"{certificates}/edge1.key"],
            self.folder / "output.log")

    def generator_arguments(self):
        return Sallyport.generator_arguments(self)


def _package_version(package):
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return found.stdout


PRODUCT = Sallyport.name
REFERENCE = Relay.name
SERVERS = [Prosody, ProsodyGenerational, Ejabberd, Sallyport, Relay]
