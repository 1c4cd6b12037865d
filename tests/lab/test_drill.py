"""The drill: each fault is made on purpose, and every node that should know of it says so, in one sentence everywhere: `status`,
the alarms, `check all` and what the pages draw (REST) have the same words, the same severity and the same remedy, soon after the
fault; and all three have nothing to say soon after the cure. Where a sentence says what passes meanwhile, real messages are sent.

A row of FAULTS is a fault: how it is made (drill/faults.py), who says what, what passes. `…` in a sentence stands for anything.
At the end the table is printed, and written to $LAB_DRILL (run/lab/drill.md)."""
import concurrent.futures
import os
import re
import time
from dataclasses import dataclass

import pytest

from drill import faults
from drill.place import AXL, COMPONENT, NAMES, Place
from drill.watcher import Watcher
from world.today import whole
from world.wait import load, until

# Its seconds are those of a host that has time for it; beside other suites `./dev lab -k drill` is for whoever changes a judge.
pytestmark = [pytest.mark.pair, whole]

VIEWS = ("status", "alarms", "page", "page's alarms")
SEES = 3.0     # what a node itself can see
LOOKS_UP = 10.0  # what needs DNS, or the clock of another

@dataclass(frozen=True)
class Tell:
    """What a node says. `far`: of an alarm of the core, as edges show it: the core's sentence is in it byte for byte."""
    severity: str
    text: str
    remedy: str = "…"
    alarm: bool = True  # it is an alarm too, not only a problem of `status`
    far: bool = False
    maybe: bool = False  # that it is not said is no fault: another sentence names the cause

    def shown(self):
        if not self.far:
            return self.severity, self.text, self.remedy
        return self.severity, f"an alarm of {NAMES['core']}: {self.text}", f"on {NAMES['core']}: {self.remedy}"

    def fits(self, said):
        severity, text, remedy = self.shown()
        return said.severity == severity and matches(text, said.text) and matches(remedy, said.remedy)

    def on_the_edge(self):
        return Tell(self.severity, self.text, self.remedy, self.alarm, True, self.maybe)


def matches(pattern, text):
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("…")), text, re.S) is not None


@dataclass
class Fault:
    name: str
    how: object
    edge: tuple = ()
    core: tuple = ()
    presence: tuple = ()
    within: float = SEES   # seconds until all say it, and until all are well again
    after: float = 0       # seconds that the node's own timers take before it can know; of drill/place.py, or named in the row
    out: str = "arrives"   # a message of ours to the partner: arrives, waits (arrives after the cure), or how it comes back
    into: str = "arrives"
    away: tuple = ()       # who is not there to be asked
    without_socket: tuple = ()  # who can be asked over his admin address only
    gone: float = 0        # beside `within`, for what is told for a while longer

    def tells(self, role):
        return getattr(self, role)

    def views(self, role):
        return VIEWS[2:] if role in self.without_socket else VIEWS


ONE_WAY = "messages to other domains are returned, messages from other domains arrive"
PROVISIONED = f"the IM&P server {AXL} cannot be provisioned: "
HAD = "; its table had every row when it was last read"
NOT_LOADED = Tell("error", f"a step of provisioning failed: loaded by the router of {NAMES['presence']}: its router has not loaded "
                  f"{COMPONENT}: {ONE_WAY}", "`sallyport restart router` on that node; `sallyport check all` there finds other causes")
HELD = Tell("warning", "… held for a link that is down", "`sallyport check link` shows which and why", alarm=False, maybe=True)
SSH_EFFECT = "; until then changes of settings do not reach the other node, and links and streams do not need it"
DOWN_CORE = Tell("error", "the link to core1-coluc-com is down: it waits to be resumed",
                 "start the core; if it runs, `sallyport check link` there shows why it cannot connect")
SSH_DOWN_CORE = Tell("warning", f"the provisioning connection to {NAMES['core']} is down…",
                     "start the core; if it runs, `sallyport status` there shows why it cannot connect" + SSH_EFFECT)
NO_WAY = Tell("error", "a step of provisioning failed: a way to the edges: no link leads to a loaded S2S component…",
              "check in `sallyport status` on the core that its link to the edge is up")


def axl(severity, text, remedy, sentence=PROVISIONED):
    tell = Tell(severity, sentence + text + HAD, remedy)
    return {"core": (tell,), "edge": (tell.on_the_edge(),)}


def link_down(to, why, remedy):
    tell = Tell("error", f"the link to {to} is down: {why}", remedy)
    return {"core": (tell, HELD), "edge": (tell.on_the_edge(),)}


SECRET = ("set the same secret of this link on both nodes; then, where it was changed, `sallyport reload` on an edge, `sallyport reload` "
          "and `sallyport restart router` on a presence node, or restart the core")
CERTIFICATES = ("compare certificates and [link] trust on both nodes: each has to trust the authority that signed the other's "
                "certificate, which has to be in its time and name the other node; then `sallyport reload`, and on a presence node "
                "`sallyport restart router`")
LINK_REFUSED = "start that node; if it runs, correct its address, or allow TCP 7400 from the core to it where a firewall rejects it"
LINK_DROPPED = "allow TCP 7400 from the core to it in the firewall, and check that its host is up"
START_EDGE = ("start the edge; if it runs, correct the address in [[ssh.dial]], or allow TCP 2222 from the core to it where a "
              "firewall rejects it" + SSH_EFFECT)
SKEW = "find out which host is wrong, and synchronise both with a time service; each node checks certificates against its own clock"
JUMP = "find out what set the clock of this host; times in logs and histories before and after the jump do not compare"


def partner(domain, why, remedy):
    return Tell("warning", f"{domain}.lab cannot be reached: {why}", remedy, alarm=False)


def stores(*more):
    """Whatever store has met the disk meanwhile."""
    return tuple(Tell(severity, text, maybe=True) for severity, text in (
        ("error", "settings cannot be changed: …"), ("error", "accounts, tokens and the audit cannot be stored: …"),
        ("warning", "the event log cannot be stored: …"), ("warning", "the history cannot be stored: …"),
        ("error", "the admin socket …"), ("error", "settings from … cannot be stored; …"),
        ("warning", "the IM&P server … cannot be provisioned: …"), ("error", "the database of the presence node fails: …"), *more))


def full(role):
    return Tell("error", f"the disk of …data/{role} is full", "free disk space: …"), *stores()


def certificate(severity, text, remedy):
    return (Tell(severity, f"the certificate for s2s coluc.com {text}", remedy),)


INSIDE_DOWN = Tell("error", "the internal server of old.coluc.com cannot be reached: …",
                   "start the server of old.coluc.com at xmpp.old.coluc.com:5269, or correct that address; test with `sallyport "
                   "check tls old.coluc.com`")
CLOCK_JUMPED = Tell("warning", f"the clock of {NAMES['core']} jumped: by 60.0 s forward", JUMP)

FAULTS = [
    Fault("row of xmpps2snodes deleted: the core writes it again", faults.row_missing),
    Fault("row not loaded until `restart router`", faults.row_not_loaded, core=(NOT_LOADED,), edge=(NOT_LOADED.on_the_edge(),),
          presence=(Tell("error", "a step of provisioning failed: loaded by the router: the router has not loaded an S2S component: "
                         "xmpps2snodes has 1 row, 0 loaded",
                         "restart the router (sallyport restart router) or set router.live_changes = true"),),
          out="remote-server-not-found"),
    Fault("AXL refused", faults.axl(blocked="reset"),
          **axl("warning", "…: Connection refused", "start its AXL service; if it runs, correct its address, or allow TCP 8443 from "
                "this core to it where a firewall rejects it")),
    Fault("AXL times out", faults.axl(blocked="silence"), after=5.0,  # AxlClient::dial_timeout
          **axl("warning", "…", "allow TCP 8443 from this core to it in the firewall, and check that its host and its AXL service "
                "answer")),
    Fault("AXL password changed", faults.axl_password,
          **axl("error", "wrong user or password, or the user has no AXL API access (401)",
                f"set the right password with `sallyport imp-servers passwd {AXL}`, which tries it at once; the user needs AXL API access",
                f"the IM&P server {AXL} refuses the user or the password: ")),
    Fault("AXL certificate not trusted", faults.axl_certificate,
          **axl("warning", "TLS fails: …: the certificate is not trusted: unable to get local issuer certificate",
                "add its CA to [axl] trust in the node's file, or give it a certificate that covers its name")),
    Fault("link refused", faults.link_refused, presence=(NO_WAY, HELD), out="waits", into="waits",
          **{**link_down(NAMES["edge"], "…", LINK_REFUSED),
             "edge": (Tell("error", "the link to core1-coluc-com is down: …"), HELD,
                      *(tell.on_the_edge() for tell in link_down(NAMES["edge"], "…", LINK_REFUSED)["core"][:1]))}),
    Fault("firewall of the DMZ drops everything", faults.dmz_dropped, after=15.0,  # signs of life 5 s, patience 5 s, a dial 5 s
          core=(Tell("error", f"the link to {NAMES['edge']} is down: …", LINK_DROPPED),
                Tell("warning", f"the provisioning connection to {NAMES['edge']} is down: …",
                     "allow TCP 2222 from the core to the edge in the firewall, and check that the edge's host is up" + SSH_EFFECT), HELD),
          edge=(DOWN_CORE, SSH_DOWN_CORE, HELD), presence=(NO_WAY, HELD), out="waits", into="waits"),
    Fault("wrong secret of a link", faults.link_secret, out="waits", into="waits",
          presence=(Tell("error", "the link to core1-coluc-com is down: the core at … was refused: wrong handshake: the secrets differ",
                         SECRET), HELD),
          **link_down(NAMES["presence"], "wrong handshake: the secrets differ …", SECRET)),
    Fault("wrong certificate of a link", faults.link_certificate, out="waits", into="waits",
          presence=(Tell("error", "the link to core1-coluc-com is down: TLS with a node at … fails: …", CERTIFICATES), HELD),
          **link_down(NAMES["presence"], "the peer's certificate is not accepted: …", CERTIFICATES)),
    Fault("SSH refused", faults.ssh_refused,
          core=(Tell("warning", f"the provisioning connection to {NAMES['edge']} is down: …Connection refused", START_EDGE),),
          edge=(SSH_DOWN_CORE,), gone=4.0),  # SshDialler's longest delay
    Fault("SSH key not authorised", faults.ssh_key,
          core=(Tell("warning", f"the provisioning connection to {NAMES['edge']} is down: the edge does not accept our key …",
                     "put the public key of the core ([[ssh.dial]] key) into authorized_keys of the edge, then restart the edge"
                     + SSH_EFFECT),),
          edge=(Tell("warning", f"the provisioning connection to {NAMES['core']} is down: the key … of a node at … is not accepted",
                     "put the public key of the core ([[ssh.dial]] key) into authorized_keys of the edge, then restart the edge"
                     + SSH_EFFECT),), gone=4.0),
    Fault("DNS dead at the edge", faults.dns_dead_at_the_edge, within=LOOKS_UP,
          edge=(Tell("error", "DNS gives no answer about coluc.com: …", "check [dns] servers …: open streams go on, peers whose "
                     "names are cached are reached until those expire, others are not"),)),
    Fault("DNS dead inside", faults.dns_dead_inside, within=LOOKS_UP,
          **(lambda tell: {"core": (tell,), "edge": (tell.on_the_edge(),)})(
              Tell("error", "DNS gives no answer about coluc.com: …", "check [dns] servers …: connections that stand go on; a node or "
                   "server whose address is a name is found again only while that name is cached or in hosts_file"))),
    Fault("partners: refused, certificate expired, of another name, no TLS", faults.partners, edge=(
        partner("refused", "…: Connection refused", "`sallyport check tls refused.lab`; …"),
        partner("expired", "…: certificate has expired", "`sallyport handshakes diff expired.lab` shows what changed; …"),
        partner("misnamed", "…: the certificate does not name misnamed.lab", "`sallyport handshakes diff misnamed.lab` shows …"),
        partner("plain", "the remote server offers no TLS, which our mode requires", "`sallyport handshakes diff plain.lab` …"))),
    Fault("partners: dialback fails, SRV to nowhere, black hole", faults.more_partners, after=4.0, edge=(  # [timers] negotiation, connect
        partner("doubter", "…", "`sallyport check dialback doubter.lab`…"),
        partner("nowhere", "service declared absent", "`sallyport check dns nowhere.lab`"),
        partner("hole", "…", "`sallyport check tls hole.lab`; …"))),
    Fault("partner denied by list", faults.denied, out="not-allowed", into="remote-server-timeout"),
    Fault("own certificate ends in 20 days", faults.certificate(20),
          edge=certificate("warning", "expires within 30 days: …, 19 days left", "renew it, then `sallyport reload`")),
    Fault("own certificate ends in 5 days", faults.certificate(5),
          edge=certificate("error", "expires within 7 days: …, 4 days left",
                           "renew it, then `sallyport reload`; when it has expired, those who verify it refuse it")),
    Fault("own certificate expired", faults.certificate(-1),
          edge=certificate("error", "has expired: …", "renew it, then `sallyport reload`; those who verify it refuse it")),
    Fault("certificate renewed, not reloaded", faults.certificate_not_reloaded,
          edge=(Tell("warning", "the certificate in use for s2s coluc.com is not the one in its file: …",
                     "`sallyport reload` uses the one in the file"),)),
    Fault("syslog receiver dead", faults.syslog_dead,
          edge=(Tell("warning", "log lines cannot be sent to tcp://127.0.68.90:5140: …", "see the detail; check the receiver, …"),),
          gone=30.0),  # it has to be well so long (record 0032)
    Fault("internal server down", faults.inside_server_down, core=(INSIDE_DOWN,), edge=(INSIDE_DOWN.on_the_edge(),),
          gone=4.0),  # it is asked again every 3 s
    Fault("name of an internal server not in DNS", faults.inside_name_missing, within=LOOKS_UP,
          core=(INSIDE_DOWN,), edge=(INSIDE_DOWN.on_the_edge(),)),
    Fault("log disk full", faults.log_disk_full, gone=5.0,  # it is told so long that lines were lost
          **{role: (Tell("warning", "log lines are lost: standard error: …", "check what reads the node's standard error …"),)
             for role in ("core", "presence")},
          edge=(Tell("warning", "log lines are lost: standard error: …"),
                Tell("warning", "log lines are lost: standard error: …", "check what reads …").on_the_edge())),
    Fault("disks full", faults.disks_full, gone=8.0, 
          core=full("core"), presence=full("presence"), edge=(*full("edge"), *(tell.on_the_edge() for tell in full("core")))),  # a store is tried again every 5 s
    Fault("disk read-only", faults.disk_read_only, gone=8.0, without_socket=("presence",),
          presence=(Tell("error", "the disk of …data/presence is mounted read-only", "mount it for writing, …"), *stores())),
    Fault("core stopped", faults.stopped("core"), edge=(DOWN_CORE, SSH_DOWN_CORE, HELD), presence=(DOWN_CORE, HELD),
          out="waits", into="waits", away=("core",), gone=4.0),
    Fault("presence node stopped", faults.stopped("presence"), away=("presence",), out="", into="waits", gone=4.0,
          core=(*link_down(NAMES["presence"], "…: Connection refused …", LINK_REFUSED)["core"],
                Tell("warning", PROVISIONED + "…", maybe=True)),
          edge=(*link_down(NAMES["presence"], "…: Connection refused …", LINK_REFUSED)["edge"],
                Tell("warning", PROVISIONED + "…", maybe=True).on_the_edge(), HELD)),
    Fault("edge stopped", faults.stopped("edge"), away=("edge",), presence=(NO_WAY, HELD), out="waits", into="", gone=4.0,
          core=(*link_down(NAMES["edge"], "…: Connection refused …", LINK_REFUSED)["core"],
                Tell("warning", f"the provisioning connection to {NAMES['edge']} is down: …Connection refused", START_EDGE))),
    Fault("federation off", faults.federation_off, out="remote-server-not-found", into="remote-server-timeout",
          **{role: (Tell("error", "federation is off", "sallyport config set federation.enabled true", alarm=False),)
             for role in ("edge", "core")},
          presence=(Tell("error", "other domains cannot be reached: …: xmpps2snodes has 0 rows, 0 loaded",
                         "switch federation on at the edge, …", alarm=False),)),
    Fault("clock of the core 60 s ahead", faults.clock, within=LOOKS_UP, gone=4.0,
          core=(CLOCK_JUMPED, *(Tell("warning", f"the clock of {realm}-coluc-com differs from ours: it is … behind", SKEW)
                                for realm in ("edge1", "imp1"))),
          edge=(CLOCK_JUMPED.on_the_edge(),
                Tell("warning", "the clock of core1-coluc-com differs from ours: it is … ahead", SKEW),
                Tell("warning", "the clock of imp1-coluc-com differs from ours: it is … behind", SKEW, far=True)),
          presence=(Tell("warning", "the clock of core1-coluc-com differs from ours: it is … ahead", SKEW),)),
]


class Lab:
    def __init__(self, place):
        self.place, self.rows, self.number, self.failed = place, [], 0, False

    def watch(self):
        return {role: Watcher(desk) for role, desk in self.place.desks.items()}


@pytest.fixture(scope="module")
def lab():
    if os.geteuid() != 0:
        pytest.skip("network namespaces and disks need root")
    with Place.raised("lab-drill-") as place:
        made = Lab(place)
        for desk in place.desks.values():
            desk.becomes_well(30)
        place.ping()
        yield made
        written(made.rows)


def wrong(fault, role, views):
    """Why these views of a node are not as they should be; empty: they are."""
    for view in fault.views(role):
        said = views.get(view)
        if said is None:
            return f"{view}: could not be had"
        wanted = [tell for tell in fault.tells(role) if tell.alarm or "alarm" not in view]
        for one in said:
            fitting = [tell for tell in wanted if tell.fits(one)]
            if not fitting:
                return f"{view} says, and nobody expected it: {one}"
        for tell in wanted:
            count = sum(tell.fits(one) for one in said)
            if count > 1 and not tell.maybe:
                return f"{view} says {count} times: {tell.shown()}"
            if count == 0 and not tell.maybe:
                return f"{view} does not say: {tell.shown()}; it says {said}"
    return differing(views, *fault.views(role))


def differing(views, first, *others):
    """The views of one node agree to the byte."""
    by_text = {one.text: one for one in views[first]}
    for view in others:
        for one in views[view]:
            if one != by_text.get(one.text):
                return f"{first} and {view} differ: {one}; {first}: {views[first]}"
    return ""


def said_by(fault, role, watchers, began):
    """Until the node's views are right; the seconds until the first and until the last of them had all that they should."""
    def is_right(_, views):
        return not wrong(fault, role, views)
    watcher = watchers[role]
    return next((at - began for at, views in list(watcher.seen) if at >= began and is_right(None, views)), None)


def first_said(fault, role, watchers, began):
    tells = [tell for tell in fault.tells(role) if not tell.maybe]
    times = [at - began for at, views in list(watchers[role].seen) if at >= began and any(
        tell.fits(one) for said in views.values() if said for one in said for tell in tells)]
    return min(times, default=None)


class Traffic:
    """One message in one direction, and what became of it."""

    def __init__(self, place, sender, receiver, text):
        self.sender, self.receiver, self.text = sender, receiver, text
        self.since = sender.mark(), receiver.mark()
        sender.says(receiver, text, id=text)

    def outcome(self):
        for event in self.receiver.events(self.since[1]):
            if event["what"] == "message" and event["type"] != "error" and event["body"] == self.text:
                return "arrives"
        for event in self.sender.events(self.since[0]):
            if event["what"] == "message" and event["type"] == "error" and event["id"] == self.text:
                return event["condition"]
        return "waits"


def send(lab, fault):
    lab.number += 1
    place, sent = lab.place, {}
    for way, sender, receiver in (("out", place.romeo, place.victor), ("into", place.victor, place.romeo)):
        if getattr(fault, way):
            sent[way] = Traffic(place, sender, receiver, f"{way} {lab.number}")
    return sent


def passes(fault, sent):
    for way, message in sent.items():
        wanted = getattr(fault, way)
        if wanted != "waits":
            until(lambda message=message: message.outcome() != "waits", lambda: f"{fault.name}: {message.text}", 15 * load())
        assert message.outcome() == wanted, (fault.name, way, message.outcome())


def checked(fault, role, desk, said):
    """`check all` and the command line have the same sentences."""
    found = {(text, remedy) for text, remedy in desk.check_all()}
    # What a check does beside may be told too (held stanzas, DNS); what status said must be.
    for one in said:
        if any(tell.fits(one) and not tell.maybe for tell in fault.tells(role)):
            assert (one.text, one.remedy) in found, (fault.name, role, one, found)
    if role in fault.without_socket:
        return
    printed = desk.printed()
    for one in said:
        if any(tell.fits(one) and not tell.maybe for tell in fault.tells(role)):
            assert " ".join(one.text.split()) in printed, (fault.name, role, one, printed)


def is_the_same(fault, latest):
    """A far alarm is the core's own sentence, severity and cure."""
    if "core" in fault.away:
        return
    core = {(one.severity, one.text, one.remedy) for one in latest["core"]["page"]}
    prefix, on = f"an alarm of {NAMES['core']}: ", f"on {NAMES['core']}: "
    for one in latest.get("edge", {}).get("page") or []:
        if one.text.startswith(prefix) and any(tell.far and not tell.maybe and tell.fits(one) for tell in fault.edge):
            assert (one.severity, one.text[len(prefix):], one.remedy.removeprefix(on)) in core, (fault.name, one, core)


def told(lab, fault, watchers, began, seen):
    """Everybody says it, everywhere, and what passes passes. Fills `seen`: the seconds of each node, what it said, what was sent."""
    place, roles = lab.place, [role for role in lab.place.desks if role not in fault.away]
    bound = fault.after + fault.within * load()
    for role in roles:
        until(lambda role=role: said_by(fault, role, watchers, began) is not None,
              lambda role=role: f"{role}: {wrong(fault, role, watchers[role].latest())}\nall: {watchers[role].latest()}",
              max(0.1, began + bound + 5 - time.monotonic()), 0.05)
        seen.times[role] = first_said(fault, role, watchers, began), said_by(fault, role, watchers, began)
    seen.sent.update(send(lab, fault))
    seen.views.update({role: watchers[role].latest() for role in roles})
    is_the_same(fault, seen.views)
    passes(fault, seen.sent)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(checked, fault, role, place.desks[role], seen.views[role]["page"]) for role in roles]:
            done.result()
    for role, (_, last) in seen.times.items():
        assert last <= bound, f"{fault.name}: {role} said all of it after {last:.1f} s, {bound:.1f} s are allowed"


def well_again(lab, fault, mended, seen):
    bound = fault.within * load() + fault.gone
    for role, desk in lab.place.desks.items():
        until(desk.is_well, lambda desk=desk: f"{desk.role} still says {desk.views()}",
              max(1.0, mended + bound + 10 - time.monotonic()), 0.05)
        well = time.monotonic() - mended
        lab.rows.append((fault, role, seen.times.get(role), well, seen.views.get(role)))
        assert well <= bound, f"{fault.name}: {role} was well after {well:.1f} s, {bound:.1f} s are allowed"
    for way, message in seen.sent.items():
        if getattr(fault, way) == "waits":
            until(lambda message=message: message.outcome() == "arrives", f"{way} of {fault.name} after the cure", 20 * load())


class Seen:
    def __init__(self):
        self.times, self.sent, self.views = {}, {}, {}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_told_by_every_node_that_should_know(lab, fault):
    for desk in lab.place.desks.values():
        desk.becomes_well(40 if lab.failed else 1)
    watchers, seen, problem, lab.failed = lab.watch(), Seen(), None, True
    try:
        with fault.how(lab.place) as began:
            try:
                told(lab, fault, watchers, began or time.monotonic(), seen)
            except Exception as failed:  # pylint: disable=broad-except  # first the cure: the next fault has the same nodes
                problem = failed
        mended = time.monotonic()
        if problem:
            raise problem
        well_again(lab, fault, mended, seen)
        lab.failed = False
    finally:
        for watcher in watchers.values():
            watcher.stop()


def written(rows):
    """The table, a row a fault and node."""
    lines = ["| fault | node | says | seconds (first view, all views, gone after the cure) |", "|---|---|---|---|"]
    for fault, role, times, well, views in rows:
        said = [f"{one.severity}: {one.text} → {one.remedy}" for one in (views or {}).get("page") or []]
        if not said and not fault.tells(role):
            continue
        first, last = times or (None, None)
        seconds = ", ".join("–" if one is None else f"{one:.1f}" for one in (first, last, well))
        lines.append(f"| {fault.name} | {role} | {'<br>'.join(said)} | {seconds} |")
    table = "\n".join(lines) + "\n"
    print("\n" + table)
    path = os.environ.get("LAB_DRILL") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "run", "lab",
                                                       "drill.md")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(table)
