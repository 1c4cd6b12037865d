"""How each fault is made and undone. A context manager a fault: it stands from `yield` on, which gives the moment from which
the nodes could know of it (nothing: now), and is undone behind it."""
import contextlib
import os
import shutil
import signal
import time

from world.wait import until

from drill.place import AT, AXL, COMPONENT, EDGE_DNS, HOLE, INSIDE_DNS, PARTNER, REFUSED


@contextlib.contextmanager
def row_missing(lab):
    """Somebody deletes it from the table; the core reads the table once a minute, and when it is asked to."""
    lab.presence.ask("run", "sql", f"delete from xmpps2snodes where cp_id = '{COMPONENT}'")
    yield
    lab.core.ask("imp-servers", "refresh")


@contextlib.contextmanager
def row_not_loaded(lab):
    lab.presence.ask("config", "set", "router.live_changes", "false")
    lab.federation(False)
    lab.presence.ask("restart", "router")
    lab.federation(True)
    yield
    lab.presence.ask("restart", "router")
    lab.presence.ask("config", "set", "router.live_changes", "true")


def axl(*, blocked=None):
    """The core asks its IM&P server while that does not answer."""
    @contextlib.contextmanager
    def how(lab):
        with getattr(lab.here, blocked)("tcp dport 8443"):
            began = time.monotonic()
            lab.core.verbs(("imp-servers.refresh", {}), check=False)
            yield began
        lab.core.ask("imp-servers", "refresh")
    return how


@contextlib.contextmanager
def axl_password(lab):
    """Somebody changes it on the IM&P server and forgets the core."""
    lab.presence.ask("axl-users", "passwd", "axl-core", "--password-file", lab.trio.secret("a new password 1"))
    lab.core.ask("imp-servers", "refresh", check=False)
    yield
    lab.core.ask("imp-servers", "passwd", AXL, "--password-file", lab.trio.secret("a new password 1"))


@contextlib.contextmanager
def replaced(lab, name, by, node, verb):
    """The file `name` of the trio is another one for a while, and the node reads it."""
    kept = lab.path(name) + ".before"
    shutil.copy(lab.path(name), kept)
    shutil.copy(by, lab.path(name))
    node().ask(*verb)
    try:
        yield
    finally:
        shutil.move(kept, lab.path(name))
        node().ask(*verb)


@contextlib.contextmanager
def axl_certificate(lab):
    """The core trusts another authority than the one that the IM&P server's certificate is from."""
    shutil.copy(lab.path("traversal-ca.pem"), lab.path("axl-ca.pem"))
    lab.rewrite("core.toml", '[axl]\ntrust = "traversal-ca.pem"', '[axl]\ntrust = "axl-ca.pem"')
    with replaced(lab, "axl-ca.pem", lab.other_authority.certificate, lambda: lab.core, ("reload",)):
        lab.core.ask("imp-servers", "refresh", check=False)
        yield
    lab.core.ask("imp-servers", "refresh")


def refused(lab, port):
    """Whoever sends to that port of the edge's inner address, or from it, is told at once that nobody is there."""
    alive = "tcp flags & rst == 0x0"  # what tells them must pass
    return lab.here.reset(f"ip daddr {AT['link']} tcp dport {port} {alive}", f"ip saddr {AT['link']} tcp sport {port} {alive}")


@contextlib.contextmanager
def link_refused(lab):
    with refused(lab, 7400):
        lab.romeo.says(lab.victor, "over a link that is cut")
        lab.victor.says(lab.romeo, "over the same link")
        yield


@contextlib.contextmanager
def dmz_dropped(lab):
    """The firewall before the edge drops all that comes from the inside, without a word."""
    with lab.here.silence(*(f"ip {which} {AT['link']} tcp {side} {port}" for which, side in (("daddr", "dport"), ("saddr", "sport"))
                            for port in (7400, 2222))):
        yield


@contextlib.contextmanager
def link_secret(lab):
    """Of the link between core and presence node; both read it again."""
    right = lab.secret_of("presence.toml")

    def becomes(old, new):
        lab.rewrite("presence.toml", old, new)
        lab.presence.ask("reload")
        lab.presence.ask("restart", "router")
    becomes(right, "0" * 64)
    yield
    becomes("0" * 64, right)


@contextlib.contextmanager
def link_certificate(lab):
    made = lab.other_authority.issue("imp1-link", ["imp1.coluc.com"], days=400, role="presence")
    names = [lab.path(f"presence-link.{ending}") for ending in ("pem", "key")]
    for name, new in zip(names, made):
        shutil.copy(name, name + ".before")
        shutil.copy(new, name)
    lab.presence.ask("restart", "router")
    yield
    for name in names:
        shutil.move(name + ".before", name)
    lab.presence.ask("restart", "router")


@contextlib.contextmanager
def ssh_refused(lab):
    with refused(lab, 2222):
        lab.edge.ask("deny", "add", "ssh.example")
        yield
    lab.edge.ask("deny", "remove", "ssh.example")


def restart(lab, role):
    lab.trio.nodes[role].stop()
    lab.trio.restart(role)
    if role == "presence":
        lab.romeo.online()  # his client does not come back by itself


@contextlib.contextmanager
def ssh_key(lab):
    """The edge was given another authorised key than the core's."""
    shutil.copy(lab.path("core_ed25519.pub"), lab.path("core_ed25519.pub.before"))
    shutil.copy(lab.path("ssh_host_ed25519.pub"), lab.path("core_ed25519.pub"))
    restart(lab, "edge")
    yield
    shutil.move(lab.path("core_ed25519.pub.before"), lab.path("core_ed25519.pub"))
    restart(lab, "edge")


@contextlib.contextmanager
def dns_dead(lab, address):
    lab.ping()  # the streams are open
    with lab.here.silence(f"ip daddr {address} udp dport 53", f"ip daddr {address} tcp dport 53"):
        yield


def dns_dead_at_the_edge(lab):
    return dns_dead(lab, EDGE_DNS)


def dns_dead_inside(lab):
    return dns_dead(lab, INSIDE_DNS)


def certificate(days):
    @contextlib.contextmanager
    def how(lab):
        lab.certificate(days)
        lab.edge.ask("reload")
        yield
        lab.certificate(400)
        lab.edge.ask("reload")
    return how


@contextlib.contextmanager
def certificate_not_reloaded(lab):
    shutil.copy(lab.path("edge-s2s.pem"), lab.path("edge-s2s.pem.before"))
    shutil.copy(lab.other_authority.certificate, lab.path("edge-s2s.pem"))
    yield
    shutil.move(lab.path("edge-s2s.pem.before"), lab.path("edge-s2s.pem"))


@contextlib.contextmanager
def clock(lab):
    lab.set_clock(60)
    yield
    lab.set_clock(0)
    restart(lab, "core")  # that a clock jumped is told for an hour


@contextlib.contextmanager
def disks_full(lab):
    for role in ("edge", "core", "presence"):
        lab.disks[role].fill()
    yield
    for role in ("edge", "core", "presence"):
        lab.disks[role].empty()


@contextlib.contextmanager
def disk_read_only(lab):
    """Of the presence node, from its start: nobody remounts a disk on which files are open for writing."""
    lab.presence.stop()
    lab.disks["presence"].remount("ro")
    lab.trio.restart("presence")
    lab.romeo.online()
    began = time.monotonic()
    try:
        yield began
    finally:
        lab.disks["presence"].remount("rw", "nsenter", "-m", "-t", str(lab.presence.pid))
        lab.disks["presence"].remount("rw")


@contextlib.contextmanager
def log_disk_full(lab):
    nodes = lab.trio.nodes.values()
    for node in nodes:  # what is left of the last page of a file is room, too
        with open(node.log_path, "ab") as log:
            log.write(b"\n" * (-os.path.getsize(node.log_path) % 4096))
    lab.disks["logs"].fill()

    def lines():
        for node in nodes:
            node.ask("diag", "marker", "a line for the log", check=False)
            node.ask("log", "level", "s2s", "debug" if node.role == "edge" else "info", check=False)
        lab.core.ask("imp-servers", "refresh", check=False)
        lab.edge.ask("config", "set", "federation.bidi", "on")
    lines()
    try:
        yield
    finally:
        lab.disks["logs"].empty()
        lab.edge.ask("log", "reset", check=False)
        lab.edge.ask("config", "set", "federation.bidi", "off")


@contextlib.contextmanager
def syslog_dead(lab):
    lab.syslog.stop()
    lab.edge.ask("config", "set", "federation.bidi", "on")  # an event to be sent
    yield
    lab.syslog.listen()
    lab.edge.ask("config", "set", "federation.bidi", "off")


def old_goes(lab):
    lab.old.kill(signal.SIGKILL)
    lab.old.child.wait()
    lab.victor.says("ana@old.coluc.com", "is anybody there")


def old_comes_back(lab):
    lab.running.remove(lab.old)
    lab.old = lab.start(lab.old.again())
    lab.victor.says("ana@old.coluc.com", "and now")


@contextlib.contextmanager
def inside_server_down(lab):
    old_goes(lab)
    yield
    old_comes_back(lab)


@contextlib.contextmanager
def inside_name_missing(lab):
    with lab.inside_dns.change('local-data: "xmpp.old.coluc.com. 1 A', 'local-data: "away.old.coluc.com. 1 A'):
        old_goes(lab)
        yield
    old_comes_back(lab)


def stopped(role):
    @contextlib.contextmanager
    def how(lab):
        lab.trio.nodes[role].stop()
        yield
        lab.trio.restart(role)
        if role == "presence":
            lab.romeo.online()
    return how


@contextlib.contextmanager
def federation_off(lab):
    lab.set("enabled", "false")
    yield
    lab.set("enabled", "true")


@contextlib.contextmanager
def denied(lab):
    """The partner with whom we talk."""
    lab.edge.ask("allow", "remove", "vngtp.lab")
    yield
    lab.edge.ask("allow", "add", "vngtp.lab")


def written_to(lab, *names):
    for name in names:
        lab.romeo.says(f"x@{name}.lab", f"to {name}", id=f"to {name}")


def answered(lab, *names):
    """They are written to until each answers that it has no such user: the message was there."""
    def is_answered(name):
        since = lab.romeo.mark()
        lab.romeo.says(f"nobody@{name}.lab", "once more", id=f"once more {name}")
        with contextlib.suppress(AssertionError):
            return lab.romeo.sees(2, since, what="message", type="error", id=f"once more {name}",
                                  condition=lambda one: not one.startswith("remote-server"))
        return None
    for name in names:
        until(lambda name=name: is_answered(name), f"an answer of {name}.lab", 20)


@contextlib.contextmanager
def partners(lab):
    """Each is written to, and each has one thing wrong; at the end each is all right and is written to again."""
    names = ("refused", "expired", "misnamed", "plain")
    lab.edge.set(peers=[{"domain": f"{name}.lab", "authentication": "certificate"} for name in ("expired", "misnamed")])
    with lab.here.reset(f"ip daddr {REFUSED}"):
        written_to(lab, *names)
        yield
    lab.edge.set(peers=[{"domain": "plain.lab", "security_mode": "tls_optional"}])
    answered(lab, *names)
    lab.edge.close_streams("expired.lab")  # as long as it is open, its certificate is told of


@contextlib.contextmanager
def more_partners(lab):
    names = ("doubter", "nowhere", "hole")
    lab.edge.set(peers=[{"domain": "doubter.lab", "authentication": "dialback"}])
    astray = lab.strangers_dns.change(f". 1 A {AT['edge']}", f". 1 A {PARTNER}")
    with lab.here.silence(f"ip daddr {HOLE}"), astray:
        written_to(lab, *names)
        yield
    lab.edge.set(peers=[])
    with lab.dns.change("nowhere.lab. 1 SRV 0 0 0 .", "nowhere.lab. 1 SRV 0 0 5269 xmpp.nowhere.lab."):
        answered(lab, *names)
