"""A Sallyport pair: node files, processes, the command line. Everything the lab assumes about our own formats is here."""
import json
import os
import socket
import subprocess

from .process import Process
from .wait import until

BINARY = os.environ.get("SALLYPORT") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "build", "release", "sallyport")

# Events of the log that the scenarios look for: what they prove -> a pattern for the name in the log.
EVENTS = {
    "ready": r"node\.ready",
    "stream opened": r"s2s\.stream\.opened",
    "stream closed": r"s2s\.(stream|connection)\.closed",
    "attempt failed": r"s2s\.outbound\.failed",
    "dialback only": r"s2s\.stream\.closed-dialback-only",
    "dialback key sent": r"s2s\.result\.sent",
    "dialback result": r"s2s\.result\.(received|answered|shortcut)",
    "dialback timer": r"s2s\.dialback\.timeout-scheduled",
    "verify asked": r"s2s\.verify\.sent",
    "verify received": r"s2s\.verify\.received",
    "verify judged": r"s2s\.verify\.answered",
    "connection state": r"s2s\.(state|pair\.ready)",
    "lookup begun": r"dns\.lookup\.started",
    "lookup done": r"dns\.lookup\.done",
    "connecting": r"s2s\.outbound\.connecting",
    "peer dead": r"s2s\.peer\.dead",
    "setting changed": r"settings\.changed",
    "link up": r"link\.(bound|open|resumed)",
    "link down": r"link\.down",
    "router loaded": r"router\.loaded",
    "stanzas returned": r"router\.returned",
}


def toml(value):
    """A Python value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def write_node_file(path, sections):
    """`sections`: {"node": {...}, "link.dial": [{...}, {...}], ...}; lists become [[tables]]."""
    with open(path, "w", encoding="utf-8") as file:
        for name, content in sections.items():
            for table in content if isinstance(content, list) else [content]:
                file.write(f"[[{name}]]\n" if isinstance(content, list) else f"[{name}]\n")
                for key, value in table.items():
                    file.write(f"{key} = {toml(value)}\n")
                file.write("\n")


class Refused(AssertionError):
    """The command line said no."""


class Node(Process):
    """One `sallyport edge`, `sallyport core` or `sallyport presence`."""

    def __init__(self, role, name, folder, sections, namespace=None, prefix=()):
        self.role, self.folder, self.namespace = role, folder, namespace
        self.data = os.path.join(folder, f"{name}-data")
        self.file = os.path.join(folder, f"{name}.toml")
        self.arguments = (role, name, folder, sections, namespace, prefix)
        sections = {**sections, "node": {**sections["node"], "data": self.data}}
        write_node_file(self.file, sections)
        super().__init__(name, [*prefix, BINARY, role, "--config", self.file], folder, namespace)

    def ready(self):
        self.wait_for(EVENTS["ready"], 20)
        return self

    def again(self, **sections):
        """The same node, started anew with the data that it left behind; with these sections of its file, if any."""
        role, name, folder, before, namespace, prefix = self.arguments
        return Node(role, name, folder, {**before, **sections}, namespace, prefix).ready()

    def event(self, name, *facts, since=0, seconds=15.0):
        """Waits for a log event whose line holds all `facts`."""
        pattern = EVENTS[name] + r"\b"
        return until(lambda: next((line for line in self.lines(pattern, since) if all(fact in line for fact in facts)), None),
                     lambda: f"event {name} {facts}; log ends:\n{self.log(since)[-3000:]}", seconds)

    def events(self, name, since=0):
        return self.lines(EVENTS[name] + r"\b", since)

    def ask(self, *words, check=True):
        """The command line over the admin socket, as on a terminal of 100 columns."""
        done = subprocess.run([BINARY, *words, "--node", os.path.join(self.data, "admin.sock")], capture_output=True,
                              text=True, timeout=15, check=False, env={**os.environ, "COLUMNS": "100"})
        if check and done.returncode != 0:
            raise Refused(f"sallyport {' '.join(words)}: {done.returncode} {done.stdout} {done.stderr}")
        return done.stdout

    def json(self, *words):
        return json.loads(self.ask(*words, "--json"))

    def verbs(self, *calls, check=True):
        """Requests as (verb, arguments), straight to the admin socket: a process each would cost more than the answer."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(15)
            admin.connect(os.path.join(self.data, "admin.sock"))
            admin.sendall("".join(json.dumps({"verb": verb, "args": arguments, "author": "lab"}) + "\n"
                                  for verb, arguments in calls).encode())
            answers = admin.makefile(encoding="utf-8")
            for verb, arguments in calls:
                answer = json.loads(answers.readline())
                while "event" in answer:
                    answer = json.loads(answers.readline())
                if check and not answer["ok"]:
                    raise Refused(f"{verb} {arguments}: {answer['error']}")

    def set(self, **settings):
        """federation settings by their last name: set(security_mode="no_tls", allow_list=[...])."""
        self.verbs(*(("config.set", {"name": f"federation.{name}",
                                     "value": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)})
                     for name, value in settings.items()))

    def close_streams(self, *domains):
        self.verbs(*(("peers.close", {"domain": domain}) for domain in domains), check=False)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.program()}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))

    def program(self):
        """The node's own process id; `ip netns exec` replaces itself by the program."""
        return self.pid


SECRET = "a shared traversal secret"
QUEUE_SECONDS = 10  # how long a stanza waits for a server that is away
HOLD_SECONDS = 5  # how long one waits on the core for a link that is down


def edge_file(name, *, listen, link, dns, allow, trust, identity, link_certificate, link_trust, settings, direct=(),
              timers=None, threads=2, level="debug"):
    return {
        "node": {"name": name, "threads": threads},
        "log": {"level": level},
        "dns": {"servers": [dns]},
        "s2s": {"listen": list(listen), "direct_tls_listen": list(direct), "allow_networks": list(allow)},
        "tls": {"trust": trust},
        "tls.identity": [{"domains": identity[0], "certificate": identity[1], "key": identity[2]}],
        "link": {"listen": [link], "certificate": link_certificate[0], "key": link_certificate[1], "trust": link_trust,
                 "secret": SECRET},
        "timers": timers or {},
        # One tester with one address plays many peers.
        "limits": {"new_connections_per_10s": 2000, "unauthenticated_per_address": 200, "connections_per_address": 1000,
                   "queue_seconds": QUEUE_SECONDS},
        "settings": settings,
    }


def core_file(name, *, edge, edge_name, inside, servers, trust, identity, link_certificate, link_trust, settings,
              presence=None, presence_name="", timers=None, threads=2, level="debug"):
    dials = [{"address": edge, "name": edge_name, "role": "edge"}]
    if presence:
        dials.append({"address": presence, "name": presence_name, "role": "presence"})
    return {
        "node": {"name": name, "threads": threads},
        "log": {"level": level},
        "tls": {"trust": trust},
        "tls.identity": [{"domains": identity[0], "certificate": identity[1], "key": identity[2]}],
        "link": {"certificate": link_certificate[0], "key": link_certificate[1], "trust": link_trust, "secret": SECRET,
                 "hold_seconds": HOLD_SECONDS},
        "link.dial": dials,
        "inside": {"listen": [inside]},
        "inside.server": servers,
        "timers": timers or {},
        "limits": {"queue_seconds": QUEUE_SECONDS},
        "settings": settings,
    }


def presence_file(name, *, link, components, trust, link_certificate, link_trust, settings, component_listen,
                  identity=None, timers=None, level="debug", **sections):
    """`components`: {domain: secret}; `sections` are added as they are, "." written "_"."""
    return {
        "node": {"name": name},
        "log": {"level": level},
        "tls": {"trust": trust},
        **({"tls.identity": [{"domains": identity[0], "certificate": identity[1], "key": identity[2]}]} if identity else {}),
        "link": {"listen": [link], "certificate": link_certificate[0], "key": link_certificate[1], "trust": link_trust,
                 "secret": SECRET},
        "components": {"listen": [component_listen]},
        "components.allowed": [{"domain": domain, "secret": secret} for domain, secret in components.items()],
        "timers": timers or {},
        **{section.replace("_", "."): content for section, content in sections.items()},
        "settings": settings,
    }
