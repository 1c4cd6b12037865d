"""A trio whose nodes are killed, whose connections are cut at any byte, whose disks are full and whose database is damaged:
ten seconds after all is back the three agree, nothing is there twice and nothing is lost. LAB_SEED chooses other moments."""
import glob
import os
import random
import re
import signal
import subprocess
import threading

import pytest

from world.certificates import Authority
from world.client import Clients, User
from world.cutter import Cutter
from world.names import NameServer
from world.prosody import Prosody
from world.sallyport import Refused
from world.several import Several
from world.trio import Trio
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.62.20", "link": "127.0.62.21", "core": "127.0.62.10", "presence": "127.0.62.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
SEED = os.environ.get("LAB_SEED", "1")
BACK_IN_AGREEMENT = 10.0
DNS = """
local-zone: "com." static
local-zone: "lab." static
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "edge1.coluc.com. 60 A 127.0.62.20"
local-data: "_xmpp-server._tcp.vngtp.lab. 60 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "xmpp.vngtp.lab. 60 A 127.0.63.20"
"""


class World(Several):
    """The trio with a relay on each way of the core, and a Prosody outside."""

    def __init__(self, folder):
        self.folder, self.number = folder, 0
        start = self.start
        start(NameServer("faults-dns", "127.0.62.53", DNS, folder, port=5355))
        authority = Authority(folder, "authority")
        self.vngtp = start(Prosody("vngtp", folder, "127.0.63.20", {"vngtp.lab": ["victor"]}, [],
                                   authority.issue("vngtp", ["vngtp.lab"]), authority.certificate, "127.0.62.53@5355",
                                   c2s=("127.0.63.5", 5222)))
        self.trio = Trio(f"{folder}/trio", "coluc.com", AT, NAMES, "127.0.62.53:5355", "127.0.0.0/8", ["vngtp.lab"])
        self.ways = {name: start(Cutter((relay, port), (target, port))) for name, relay, target, port in (
            ("link to the edge", "127.0.62.31", AT["link"], 7400), ("ssh", "127.0.62.31", AT["link"], 2222),
            ("link to the presence node", "127.0.62.32", AT["presence"], 7400),
            ("axl", "127.0.62.32", AT["presence"], 8443))}
        self.rewrite("core.toml", (AT["link"], "127.0.62.31"), (AT["presence"], "127.0.62.32"))
        self.rewrite("hosts", (AT["presence"], "127.0.62.32"))
        for role in NAMES:
            self.own_disk(role)
        start(self.trio).start()
        self.vngtp.ready()
        self.agree()
        self.trio.add_users("romeo")
        clients = start(Clients("faults-clients", folder))
        self.romeo = User(clients, "romeo", "romeo@coluc.com", self.trio.users).online()
        self.victor = User(clients, "victor", "victor@vngtp.lab", self.vngtp).online()

    def rewrite(self, name, *changes):
        path = os.path.join(self.trio.folder, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            assert old in text, (name, old)
            text = text.replace(f'"{old}:', f'"{new}:').replace(f"{old} ", f"{new} ")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def own_disk(self, role):
        """A small one, where we may."""
        path = os.path.join(self.trio.folder, "data", role)
        os.makedirs(path, mode=0o700)
        self.has_disks = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "none", path],
                                        capture_output=True, check=False).returncode == 0
        if self.has_disks:
            self.start(Mounted(path))

    def value(self, node, name):
        return node.json("config", "get", f"federation.{name}")["value"]

    def change(self, on=None):
        """A new domain in the allow list, and federation on or off."""
        self.number += 1
        self.trio.edge.ask("allow", "add", f"d{self.number}.example")
        if on is not None:
            self.trio.edge.ask("config", "set", "federation.enabled", "true" if on else "false")

    def disagreement(self):
        edge, core = self.trio.edge, self.trio.core
        try:
            for name in ("enabled", "allow_list"):
                if self.value(edge, name) != self.value(core, name):
                    return f"{name}: {self.value(edge, name)} on the edge, {self.value(core, name)} on the core"
            wanted = [self.trio.component] if self.value(edge, "enabled") else []
            if self.trio.rows() != wanted:
                return f"rows {self.trio.rows()}, wanted {wanted}"
        except Refused as refused:
            return str(refused)
        return ""

    def agree(self, what=""):
        until(lambda: not self.disagreement(),
              lambda: f"{what}, LAB_SEED={SEED}: {self.disagreement()}\n{self.trio.core.log()[-3000:]}", BACK_IN_AGREEMENT)

    def nothing_twice(self):
        history = self.trio.core.json("config", "history", "federation.allow_list")["changes"]
        values = [str(change["to"]) for change in history]
        assert len(values) == len(set(values)), "a change was applied twice"

    def carries(self, sender, receiver, text):
        since = receiver.mark()
        sender.says(receiver, text)
        receiver.hears(text, 20, since)

    def federates(self):
        """Both ways, with the snapshot that is in force."""
        self.number += 1
        self.carries(self.romeo, self.victor, f"out {self.number}")
        self.carries(self.victor, self.romeo, f"in {self.number}")


class Mounted:
    def __init__(self, path):
        self.path = path

    def stop(self):
        subprocess.run(["umount", "-l", self.path], check=False)


@pytest.fixture(scope="module")
def lab():
    with World.raised("lab-faults-") as made:
        yield made


@pytest.fixture
def chance(request):
    return random.Random(f"{SEED} {request.node.name}")


def moment(chance, longest):
    threading.Event().wait(chance.uniform(0, longest))


@pytest.mark.parametrize("role", ["edge", "core", "presence"])
def test_a_node_that_is_killed_at_any_moment(lab, chance, role):
    for number in range(3):
        lab.change(on=number % 2 == 1)
        moment(chance, 0.4)
        lab.trio.nodes[role].kill(signal.SIGKILL)
        lab.trio.nodes[role].child.wait()
        lab.trio.restart(role)
        lab.agree(f"{role} killed, round {number}")
    lab.change(on=True)
    lab.agree("on again")
    if role == "presence":
        lab.romeo.online()  # his client does not come back by itself
    lab.federates()
    lab.nothing_twice()


@pytest.mark.parametrize("way", ["ssh", "axl"])
def test_a_way_that_is_cut_at_any_byte(lab, chance, way):
    relay = lab.ways[way]
    for number in range(8):
        before = relay.cuts
        relay.cut_after(chance.randrange(1, 500))  # less than one change and its answer
        lab.change(on=number % 2 == 1)
        if way == "axl":
            lab.trio.core.ask("imp-servers", "refresh", check=False)
        until(lambda: relay.cuts > before, f"the cut of {way}", 20)
        lab.agree(f"{way} cut, round {number}")
    lab.nothing_twice()


def test_links_that_are_cut_at_any_byte_lose_and_repeat_no_message(lab, chance):
    lab.change(on=True)
    lab.agree()
    lab.federates()
    since = lab.romeo.mark(), lab.victor.mark()
    for number in range(6):
        for way in ("link to the edge", "link to the presence node"):
            lab.ways[way].cut_after(chance.randrange(1, 4000))
        lab.romeo.counts(lab.victor, "out", number * 10, 10)
        lab.victor.counts(lab.romeo, "in", number * 10, 10)
        until(lambda: len(lab.victor.heard("out", since[1])) >= number * 10 + 10 and
              len(lab.romeo.heard("in", since[0])) >= number * 10 + 10,
              lambda: f"LAB_SEED={SEED} {lab.victor.heard('out', since[1])} {lab.romeo.heard('in', since[0])}", 30)
    assert lab.victor.heard("out", since[1]) == list(range(60))
    assert lab.romeo.heard("in", since[0]) == list(range(60))
    assert sum(lab.ways[way].cuts for way in ("link to the edge", "link to the presence node")) >= 4


def fill(folder):
    """Not a byte is left on its disk; the file that took them."""
    path = os.path.join(folder, "ballast")
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return path


def test_a_full_disk_on_the_presence_node(lab):
    if not lab.has_disks:
        pytest.skip("small disks need root")
    lab.agree()
    ballast = fill(lab.trio.presence.data)
    try:
        with pytest.raises(Refused) as refused:
            for number in range(2000):  # what SQLite has allocated already may hold a few
                lab.trio.presence.ask("run", "sql", "insert into xmpps2snodes (pkid, cp_id) values "
                                        f"(newid(), 'cm-2_s2scp-1.{'x' * 150}-{number}')")
        assert "presence.store" in lab.trio.presence.alarms(), refused.value
        lab.federates()
    finally:
        os.remove(ballast)
    for row in lab.trio.rows():
        if "xxx" in row:
            lab.trio.presence.ask("run", "sql", f"delete from xmpps2snodes where cp_id = '{row}'")
    lab.agree("room on the disk")
    until(lambda: "presence.store" not in lab.trio.presence.alarms(), lab.trio.presence.alarms, 10)


def test_a_full_disk_on_the_edge(lab):
    if not lab.has_disks:
        pytest.skip("small disks need root")
    lab.agree()
    ballast = fill(lab.trio.edge.data)
    edge = lab.trio.edge
    try:
        with pytest.raises(Refused) as refused:
            for _ in range(2000):
                lab.change()
        assert "full" in str(refused.value), refused.value
        assert "settings.store" in edge.alarms()
        until(lambda: "events.store" in edge.alarms(), edge.alarms, 20)
        kept = lab.value(edge, "allow_list")
        lab.federates()
    finally:
        os.remove(ballast)
    assert lab.value(edge, "allow_list") == kept
    until(lambda: not {"settings.store", "events.store"} & set(edge.alarms()), edge.alarms, 20)
    lab.change()
    lab.agree("room on the disk")
    lab.nothing_twice()


def test_a_full_disk_on_the_core(lab):
    if not lab.has_disks:
        pytest.skip("small disks need root")
    lab.agree()
    ballast = fill(lab.trio.core.data)
    try:
        until(lambda: lab.change() or lab.disagreement(), "the disk of the core to be full", 20)
        until(lambda: "replication.store" in lab.trio.core.alarms(), lab.trio.core.alarms, 15)
        lab.federates()
    finally:
        os.remove(ballast)
    lab.agree("room on the disk")
    until(lambda: "replication.store" not in lab.trio.core.alarms(), lab.trio.core.alarms, 10)
    lab.nothing_twice()


STORES = {"edge": {"settings.store", "admin.store", "events.store"}, "core": {"settings.store", "admin.store", "axl.down"},
          "presence": {"settings.store", "admin.store", "presence.store"}}


def end(lab, role, how):
    lab.trio.nodes[role].kill(how)
    lab.trio.nodes[role].child.wait()


def start_again(lab, role):
    node = lab.trio.restart(role)
    if role == "presence":
        lab.romeo.online()  # his client does not come back by itself
    return node


def is_well_again(lab, role):
    """Without a restart everything is written again."""
    node = lab.trio.nodes[role]
    until(lambda: node.ask("log", "levels", check=False), "the admin socket to answer", 20)
    until(lambda: not (STORES[role] | {"admin.socket"}) & set(node.alarms()), node.alarms, 60)
    lab.change(on=True)
    lab.agree("room on the disk")
    lab.federates()
    lab.nothing_twice()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("role", ["edge", "core", "presence"])
def test_a_node_starts_on_a_full_disk(lab, role, how):
    if not lab.has_disks:
        pytest.skip("small disks need root")
    lab.change(on=True)
    lab.agree()
    end(lab, role, how)
    ballast = fill(lab.trio.nodes[role].data)
    try:
        node = start_again(lab, role)
        lab.federates()
        # After SIGKILL the log of each database is still there, with room in it.
        if how == signal.SIGTERM:
            until(lambda: STORES[role] <= set(node.alarms()), node.alarms, 30)
            with pytest.raises(Refused) as refused:
                node.ask("admins", "add", "anna", "--role", "operator", "--password-file", lab.trio.secret("a long password"))
            assert "admin.db" in str(refused.value)
        lab.federates()
    finally:
        os.remove(ballast)
    is_well_again(lab, role)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("role", ["edge", "core", "presence"])
def test_a_node_starts_on_a_disk_that_is_mounted_read_only(lab, role, how):
    if not lab.has_disks:
        pytest.skip("small disks need root")
    lab.change(on=True)
    lab.agree()
    end(lab, role, how)
    data = lab.trio.nodes[role].data
    subprocess.run(["mount", "-o", "remount,ro", data], check=True)
    try:
        node = start_again(lab, role)
        lab.federates()
        for code in STORES[role] | {"admin.socket"}:
            until(lambda code=code: node.lines(rf"alarm\.raised\b.*\bcode=\"?{re.escape(code)}\b"),
                  lambda code=code: f"{code} in {node.log()[-3000:]}", 30)
        lab.federates()
    finally:
        subprocess.run(["mount", "-o", "remount,rw", data], check=True)
    is_well_again(lab, role)


def test_a_damaged_database_does_not_stop_a_running_node_and_is_put_aside_at_the_start(lab):
    lab.agree()
    database = os.path.join(lab.trio.presence.data, "presence.db")
    for path in (database, f"{database}-wal"):
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            file.write(b"damaged " * (size // 8))
    lab.federates()
    lab.trio.presence.ask("run", "sql", "select * from xmpps2snodes", check=False)
    lab.federates()

    lab.trio.presence.kill(signal.SIGKILL)
    lab.trio.presence.child.wait()
    lab.trio.restart("presence")
    lab.agree("a new database")
    aside = glob.glob(f"{database}.damaged-*")
    assert aside and aside[0].split("/")[-1] in str(lab.trio.presence.alarms()["presence.store"])
    lab.romeo.online()
    lab.federates()
