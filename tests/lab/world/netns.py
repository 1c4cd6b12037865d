"""Network namespaces joined by bridges, and the firewall between the DMZ and the inside.

    internet 198.51.100.0/24, 2001:db8:5269::/64      dmz 10.20.0.0/24      inside 10.10.0.0/24
    dns .53  vngtp .20  ejab .30  tester .66  edge .10 -- edge .10 -- firewall .1 | .1 -- core .10  inside .5  dns .53
                                                                                      imp .7 (presence node)
    guest .40, .41                                                                                 strict .6
"""
import contextlib
import ctypes
import json
import os
import socket
import subprocess
import threading

PREFIX = "sp-"
_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


def sh(*words, stdin=None, check=True):
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()} {done.stdout.strip()}")
    return done.stdout


class Namespace:
    def __init__(self, name):
        self.name = name
        sh("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return sh("ip", "-n", self.name, *words)

    def run(self, *words):
        return sh("ip", "netns", "exec", self.name, *words)

    def nft(self, script):
        return sh("ip", "netns", "exec", self.name, "nft", "-f", "-", stdin=script)

    @contextlib.contextmanager
    def silence(self, *what, verdict="drop"):
        """Packets that match are dropped without a word, on their way in and out: silence("tcp dport 5269")."""
        rules = "\n".join(f"{one} {verdict}" for one in what)
        self.nft("\n".join(f"""table inet silence {{
            chain {hook} {{
                type filter hook {hook} priority 0;
                {rules}
            }}
        }}""" for hook in ("input", "output")))
        try:
            yield
        finally:
            self.nft("delete table inet silence")

    def reset(self, *what):
        """As silence(), but whoever sends is told at once."""
        return self.silence(*what, verdict="reject with tcp reset")

    def counter(self, name):
        text = sh("ip", "netns", "exec", self.name, "nft", "-j", "list", "counters")
        for entry in json.loads(text)["nftables"]:
            if entry.get("counter", {}).get("name") == name:
                return entry["counter"]["packets"]
        raise KeyError(name)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        """A socket that lives in this namespace. Made on a thread of its own, so that ours never moves."""
        made = []

        def make():
            try:
                with open(f"/run/netns/{self.name}", "rb") as there:
                    if _libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                made.append(socket.socket(family, kind))
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def connect(self, address, port, seconds=5.0):
        made = self.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        made.settimeout(seconds)
        try:
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        return made

    def accepts(self, address, port):
        """Does somebody listen there, asked from inside this namespace?"""
        try:
            self.connect(address, port, 1.0).close()
            return True
        except OSError:
            return False


class Network:
    """All namespaces of one run. `run` makes their names unique; remove() leaves nothing behind."""

    HOSTS = {  # host: {bridge: addresses}
        "dns": {"internet": ["198.51.100.53/24"]},
        "vngtp": {"internet": ["198.51.100.20/24", "2001:db8:5269::20/64"]},
        "ejab": {"internet": ["198.51.100.30/24", "2001:db8:5269::30/64"]},
        "guest": {"internet": ["198.51.100.40/24", "198.51.100.41/24", "2001:db8:5269::40/64"]},
        "tester": {"internet": ["198.51.100.66/24", "198.51.100.67/24", "2001:db8:5269::66/64"]},
        "edge": {"internet": ["198.51.100.10/24", "2001:db8:5269::10/64"], "dmz": ["10.20.0.10/24"]},
        "firewall": {"dmz": ["10.20.0.1/24"], "inside": ["10.10.0.1/24"]},
        "core": {"inside": ["10.10.0.10/24"]},
        "inside": {"inside": ["10.10.0.5/24"]},
        "imp": {"inside": ["10.10.0.7/24"]},
        "strict": {"inside": ["10.10.0.6/24"]},
        "insidedns": {"inside": ["10.10.0.53/24"]},
    }

    def __init__(self, run):
        self.run = run
        self.hosts = {}
        self.switch = Namespace(f"{PREFIX}{run}-switch")
        for bridge in ("internet", "dmz", "inside"):
            self.switch.ip("link", "add", bridge, "type", "bridge", "mcast_snooping", "0")
            self.switch.ip("link", "set", bridge, "up")
        for host, sides in self.HOSTS.items():
            self.hosts[host] = Namespace(f"{PREFIX}{run}-{host}")
            sh("ip", "netns", "exec", self.hosts[host].name, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0",
               "net.ipv6.conf.default.accept_dad=0", check=False)
            for bridge, addresses in sides.items():
                self._join(host, bridge, addresses)
        self._route()
        self._guard()

    def __getitem__(self, host):
        return self.hosts[host]

    def _join(self, host, bridge, addresses):
        port, here = f"{host}-{bridge[:4]}", self.hosts[host]
        self.switch.ip("link", "add", port, "type", "veth", "peer", "name", bridge, "netns", here.name)
        self.switch.ip("link", "set", port, "master", bridge, "up")
        here.ip("link", "set", bridge, "up")
        for address in addresses:
            here.ip("addr", "add", address, "dev", bridge, *(["nodad"] if ":" in address else []))

    def _route(self):
        for host in ("core", "inside", "imp", "strict", "insidedns"):
            self[host].ip("route", "add", "default", "via", "10.10.0.1")
        # The edge could reach the inside if the firewall let it: only the rule below stands between.
        self["edge"].ip("route", "add", "10.10.0.0/24", "via", "10.20.0.1")
        sh("ip", "netns", "exec", self["firewall"].name, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def _guard(self):
        self["firewall"].nft("""
            table ip gate {
                counter forbidden { }
                counter dialled_out { }
                chain forward {
                    type filter hook forward priority 0; policy drop;
                    ct state established,related accept
                    iifname "dmz" tcp flags & (syn | ack) == syn counter name "forbidden" reject
                    iifname "dmz" meta l4proto != tcp counter name "forbidden" reject
                    iifname "dmz" drop comment "late segments of connections that ended"
                    iifname "inside" ip saddr 10.10.0.10 counter name "dialled_out" accept
                }
            }""")
        # A second witness on the edge itself: every connection it begins towards the DMZ or the inside.
        self["edge"].nft("""
            table ip witness {
                counter dialled_in { }
                chain output {
                    type filter hook output priority 0;
                    oifname "dmz" ip protocol tcp tcp flags & (syn | ack) == syn counter name "dialled_in"
                }
            }""")

    def forbidden(self):
        """Attempts from the DMZ towards the inside: what the firewall refused, what the edge began."""
        return {"refused": self["firewall"].counter("forbidden"), "begun": self["edge"].counter("dialled_in")}

    def forget_forbidden(self):
        for host in ("firewall", "edge"):
            sh("ip", "netns", "exec", self[host].name, "nft", "reset", "counters")

    def cut(self, host, bridge):
        """Pulls the cable of a host."""
        self.switch.ip("link", "set", f"{host}-{bridge[:4]}", "down")

    def mend(self, host, bridge):
        self.switch.ip("link", "set", f"{host}-{bridge[:4]}", "up")

    def silence(self, host, *what):
        """Namespace.silence() of a host."""
        return self[host].silence(*what)

    def reset(self, host, *what):
        """Namespace.reset() of a host."""
        return self[host].reset(*what)

    def remove(self):
        remove_namespaces(f"{PREFIX}{self.run}-")


def names(prefix):
    """The namespaces so named."""
    listed = [line.split()[0] for line in sh("ip", "netns", "list", check=False).splitlines() if line.strip()]
    return [name for name in listed if name.startswith(prefix)]


def remove_namespaces(prefix):
    """Ends what still runs in namespaces so named, then removes them."""
    for name in names(prefix):
        for pid in sh("ip", "netns", "pids", name, check=False).split():
            if int(pid) != os.getpid():
                try:
                    os.kill(int(pid), 9)
                except ProcessLookupError:
                    pass
        sh("ip", "netns", "del", name, check=False)
