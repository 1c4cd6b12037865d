"""Nobody waits for what is stuck: who reads the log of a node, and the disk under the users' database."""
import concurrent.futures
import os
import re
import signal
import sqlite3
import struct
import time

import pytest

from world import sallyport
from world.accounts import Server, accounts
from world.client import User
from world.federation import USERS
from world.preload import preloaded
from world.wait import until

pytestmark = pytest.mark.pair

# Standard error is a pipe that a process reads, as with the journal or a container's log driver.
PIPED = ["bash", "-c", 'exec "$@" 2> >(exec cat >&2)', "bash"]


def reader_of(node):
    """The process that reads the node's standard error."""
    def look():
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                    name, _, rest = file.read().partition("(")[2].rpartition(")")
                if name == "cat" and int(rest.split()[1]) == node.pid:
                    return int(pid)
            except (OSError, ValueError):
                continue
        return None
    return until(look, lambda: f"no process reads the log of {node.name}")


def restarted(world, role, prefix=(), limits=None):
    """A node of the pair or the presence node, begun anew behind `prefix`, with these limits if any."""
    old = getattr(world, role)
    old.stop()
    world.running.remove(old)
    _, name, folder, sections, namespace, _ = old.arguments
    node = sallyport.Node(role, name, folder, sections if limits is None else {**sections, "limits": limits}, namespace, prefix)
    setattr(world, role, node)
    world.running.append(node)
    return node.ready()


@pytest.fixture
def piped(world):
    """The nodes of the pair, with readers of their logs that can be stopped, and little room for lines."""
    usual = {role: getattr(world, role).arguments[3]["limits"] for role in ("edge", "core")}
    readers = {}
    for role in ("edge", "core"):
        node = restarted(world, role, PIPED, {**usual[role], "log_bytes": 65536})
        readers[role] = reader_of(node)
    world.core.event("link up")
    yield readers
    for reader in readers.values():
        try:
            os.kill(reader, signal.SIGCONT)
        except ProcessLookupError:
            pass
    for role in ("edge", "core"):
        restarted(world, role, (), usual[role])
    world.core.event("link up")


def told_lost(node):
    return sum(int(number) for line in node.lines(r'Event="log\.lines\.lost"')
               for number in re.findall(r'lines="(\d+)"', line))


def test_stanzas_flow_although_nobody_reads_the_logs(world, piped):
    world.arrange()
    world.ana.says(world.victor, "while the logs are read")
    world.victor.hears("while the logs are read", 30)
    for reader in piped.values():
        os.kill(reader, signal.SIGSTOP)
    # Each round opens streams anew, which the log tells step by step: more than a pipe and the queue hold.
    for number in range(25):
        world.close_streams()
        world.ana.says(world.victor, f"unread {number}")
        world.victor.hears(f"unread {number}", 20)
        world.victor.says(world.ana, f"unread as well {number}")
        world.ana.hears(f"unread as well {number}", 20)
    assert world.edge.json("status")["role"] == "edge"
    until(lambda: "log.stuck" in {alarm["code"] for alarm in world.edge.json("alarms")["alarms"]},
          lambda: world.edge.ask("alarms"), 20)
    since = world.edge.mark()
    for reader in piped.values():
        os.kill(reader, signal.SIGCONT)
    world.edge.wait_for(r'Event="log\.lines\.lost"', 20, since)
    assert told_lost(world.edge) > 0
    world.ana.says(world.victor, "read again")
    world.victor.hears("read again", 20)


def test_a_node_ends_although_nobody_reads_its_log(world, piped):
    os.kill(piped["edge"], signal.SIGSTOP)
    for _ in range(25):
        world.close_streams()
        world.ana.says(world.victor, "before the end")
    assert world.edge.stop(20) == 0


@pytest.fixture
def password(world):
    with accounts(world) as path:
        yield path


def test_log_ins_and_stanzas_wait_for_no_write_to_the_users_database(world, password):
    world.arrange()
    world.provision()
    server, crowd = Server(world.trust), world._crowd("imp", "imp")
    uma = User(crowd, "uma", f"uma@{USERS}", server).online()
    una = f"una@{USERS}"
    database = sqlite3.connect(os.path.join(world.presence.data, "users.db"), timeout=10, isolation_level=None)
    try:
        database.execute("BEGIN EXCLUSIVE")
        # Every message to a user who is away is to be written; none can be.
        for number in range(20):
            uma.says(una, f"to be kept {number}")
        ugo = User(crowd, "ugo", f"ugo@{USERS}", server).online()
        uma.says(ugo, "while the disk is stuck")
        ugo.hears("while the disk is stuck")
        world.victor.says(uma, "from outside meanwhile")
        uma.hears("from outside meanwhile")
        uma.says(world.victor, "to outside meanwhile")
        world.victor.hears("to outside meanwhile")
        began = time.monotonic()
        assert world.presence.json("status")["role"] == "presence"
        assert time.monotonic() - began < 2, "the admin socket waits for the users' database"
        with pytest.raises(sallyport.Refused):
            world.presence.ask("users", "add", f"late@{USERS}", "--password-file", password)
        database.execute("ROLLBACK")
        for user in (uma, ugo):
            crowd.command(do="leave", who=user.who)
            user.sees(what="disconnected")
    finally:
        database.close()


class SlowDisk:
    """Under the users' database of the presence node: what each read, and each write or sync, takes longer, in seconds."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "slow-disk")
        self.file = open(self.path, "w+b", buffering=0)
        self.takes(0, 0)
        self.prefix = preloaded(os.path.join(os.path.dirname(sallyport.__file__), "slow_disk.c"), folder, SLOW_FILES="users.db",
                                SLOW_DISK=self.path)

    def takes(self, reads, writes):
        self.file.seek(0)
        self.file.write(struct.pack("=qq", int(reads * 1e9), int(writes * 1e9)))


@pytest.fixture
def slow_disk(world):
    disk = SlowDisk(world.folder)
    restarted(world, "presence", disk.prefix)
    world.provision()
    world.presence.event("link up", seconds=20)
    yield disk
    disk.takes(0, 0)
    restarted(world, "presence")
    world.provision()
    world.presence.event("link up", seconds=20)


def took(act):
    began = time.monotonic()
    act()
    return time.monotonic() - began


LATE = [f"late{number}" for number in range(8)]


@pytest.fixture
def late(world):
    with accounts(world, LATE):
        yield LATE


def test_log_ins_and_stanzas_flow_over_a_slow_disk(world, slow_disk, password, late):
    """A disk at which each read, write and sync takes a tenth of a second, and which never rests. Who is online hears of it in nothing.
    Who logs in waits for some reads of his own (every commit empties the cache of the connection that reads), and behind those of
    whoever came before."""
    world.arrange()
    server, crowd = Server(world.trust), world._crowd("imp", "imp")
    uma, ugo = (User(crowd, name, f"{name}@{USERS}", server).online() for name in ("uma", "ugo"))
    usual = took(lambda: User(crowd, late[0], f"{late[0]}@{USERS}", server).online())  # the client takes its time, too
    ways, alone = {}, []

    def logs_in(name):
        return User(crowd, name, f"{name}@{USERS}", server).online()

    slow_disk.takes(0.1, 0.1)
    try:
        for number, name in enumerate(late[1:4]):
            for kept in range(10):  # to who is away: each is to be written
                uma.says(f"una@{USERS}", f"to be kept {number}.{kept}")
            for sender, receiver in ((uma, ugo), (world.victor, uma), (uma, world.victor)):
                def passes(sender=sender, receiver=receiver, since=receiver.mark()):
                    sender.says(receiver, f"meanwhile {number} from {sender.who}")
                    receiver.hears(f"meanwhile {number} from {sender.who}", 30, since)
                ways[number, sender.who, receiver.who] = took(passes)
            alone.append(took(lambda name=name: logs_in(name)) - usual)
        with concurrent.futures.ThreadPoolExecutor(len(late)) as pool:
            together = took(lambda: list(pool.map(logs_in, late[4:]))) - usual
    finally:
        slow_disk.takes(0, 0)
    print(f"ways {max(ways.values()):.2f} s, log-ins {max(alone):.2f} s, {len(late) - 4} at once {together:.2f} s")
    assert max(ways.values()) < 1, ways
    assert max(alone) < 3, alone
    assert together < 6, together
