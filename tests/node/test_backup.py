"""Nodes of a trio that `sallyport init` has made, on loopback addresses of their own: backed up while they run, lost, and
restored. And the commands of docs/manual/backup.md, in their order, on an edge in namespaces of its own."""
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SALLYPORT", str(ROOT / "build/dev/sallyport"))
PASSPHRASE = "correct horse battery staple"
ROLES = ("edge", "core", "presence")


def run(*words, check=True, text=None):
    done = subprocess.run([BINARY, *map(str, words)], input=text or "", capture_output=True, text=True, timeout=120, check=False)
    assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Node:
    def __init__(self, role, folder):
        self.role, self.file, self.data = role, folder / f"{role}.toml", folder / "data" / role
        self.process = None

    def start(self):
        self.log, ready = "", threading.Event()
        self.process = subprocess.Popen([BINARY, self.role, "--config", str(self.file)], stderr=subprocess.PIPE, text=True)

        def read(stream):
            for line in stream:
                self.log += line
                if "node.ready" in line:
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        assert ready.wait(120) and self.process.poll() is None, self.log

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log
        self.reader.join(10)

    def ask(self, *words, text=None):
        return run(*words, "--node", self.data / "admin.sock", text=text).stdout

    def json(self, *words):
        return json.loads(self.ask(*words, "--json"))


class Trio:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-node-"))
        self.etc = self.folder / "nodes"
        net = f"127.{random.randint(32, 250)}.{random.randint(1, 250)}."
        self.edge_admin = f"{net}2:9443"
        run("init", "--directory", self.etc, "--domain", "b.test", "--edge-public", f"{net}1", "--edge-link", f"{net}2",
            "--core-inside", f"{net}3", "--core-link-source", f"{net}3", "--presence", f"{net}4", "--self-signed",
            "--admin-port", "9443")
        self.nodes = {role: Node(role, self.etc) for role in ROLES}
        self.passphrase = self.folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n")

    def backup(self, role, name=None):
        path = self.folder / (name or f"{role}.backup")
        run("backup", path, "--config", self.nodes[role].file, "--passphrase-file", self.passphrase)
        return path

    def restore(self, path, *options, check=True):
        return run("restore", path, "--passphrase-file", self.passphrase, *options, check=check)

    def stop(self):
        for node in self.nodes.values():
            if node.process and node.process.poll() is None:
                node.stop()
        shutil.rmtree(self.folder)


@pytest.fixture
def trio():
    made = Trio()
    yield made
    made.stop()


def settle(node, *words, has):
    """The answer once it has what other nodes bring; the admin socket answers each time, so no clock is needed."""
    for _ in range(600):
        answer = node.ask(*words)
        if has in answer:
            return answer
        threading.Event().wait(0.1)
    raise AssertionError(answer)


def identity(node):
    """What makes it this node: files, settings with their secret, who may use it."""
    facts = {path.name: path.read_bytes() for path in node.file.parent.iterdir() if path.is_file()}
    facts |= {name: (node.data / name).read_bytes() for name in ("secrets.key", "admin.pem", "admin.key")}
    with sqlite3.connect(node.data / "settings.db") as database:
        facts["settings"] = database.execute("SELECT name, value_json, revision FROM setting ORDER BY name").fetchall()
    facts["admins"] = [(one["name"], one["role"]) for one in node.json("admins", "list")["admins"]]
    facts["tokens"] = [one["name"] for one in node.json("tokens", "list")["tokens"]]
    return facts


def test_nodes_that_were_lost_are_what_they_were(trio):
    edge, core, presence = (trio.nodes[role] for role in ROLES)
    for node in (presence, edge, core):
        node.start()
        node.ask("admins", "add", "anna", "--role", "administrator", text="a long password of anna\n")
    token = trio.folder / "token"
    token.write_text(edge.json("tokens", "add", "monitor")["token"])
    edge.ask("config", "set", "federation.allow_list", "partner.example,other.example")
    settle(core, "config", "get", "federation.allow_list", has="partner.example")
    presence.ask("users", "add", "romeo@b.test", text="wherefore art thou\n")
    settle(presence, "run", "sql", "select * from xmpps2snodes", has="edge1")
    before = {role: identity(node) for role, node in trio.nodes.items()}
    inside_ca = (core.data / "inside-ca.pem").read_bytes() if (core.data / "inside-ca.pem").exists() else None

    made = {role: trio.backup(role) for role in ROLES}
    for node in trio.nodes.values():
        assert node.process.poll() is None
        node.stop()
    shutil.rmtree(trio.etc)
    for path in made.values():
        trio.restore(path)
        assert PASSPHRASE.encode() not in path.read_bytes()
    assert {path.name for path in edge.data.iterdir()} <= {"admin.db", "admin.key", "admin.pem", "replicas.db",
                                                          "secrets.key", "settings.db"}
    for node in (presence, edge, core):
        run("check-config", node.file)
        node.start()
    after = {role: identity(node) for role, node in trio.nodes.items()}
    for role in ROLES:
        # Each backup had the files of its own node only.
        assert set(after[role]) <= set(before[role])
        for name, value in after[role].items():
            assert value == before[role][name], f"{role}: {name}"
    assert [one["user"] for one in presence.json("users", "list")["users"]] == ["romeo@b.test"]
    assert "edge1" in presence.ask("run", "sql", "select * from xmpps2snodes")
    assert "imp1" in core.ask("imp-servers", "list")
    if inside_ca:
        assert (core.data / "inside-ca.pem").read_bytes() == inside_ca
    # A script from before still knows the node, and the node the script.
    assert "problems" in run("status", "--json", "--node", trio.edge_admin, "--token-file", token, "--trust",
                             edge.data / "admin.pem").stdout
    settle(core, "status", has="up")


def test_a_backup_is_of_one_moment_while_settings_change(trio):
    edge = trio.nodes["edge"]
    edge.start()
    ended, changed = threading.Event(), []

    def change():
        while not ended.is_set():
            number = len(changed)
            edge.ask("config", "set", "federation.allow_list", f"a{number}.example,b{number}.example")
            changed.append(number)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        made = [trio.backup("edge", f"{number}.backup") for number in range(5)]
    finally:
        ended.set()
        changing.join()
    assert changed, "nothing was changed meanwhile"
    for path in made:
        trio.restore(path, "--check")
        root = trio.folder / (path.name + ".root")
        root.mkdir()
        trio.restore(path, "--root", root)
        with sqlite3.connect(f"{root}{edge.data}/settings.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            settings = database.execute("SELECT max(revision) FROM setting").fetchone()
            assert settings == database.execute("SELECT max(revision) FROM setting_change").fetchone()
            value = json.loads(database.execute("SELECT value_json FROM setting WHERE name = 'federation.allow_list'").fetchone()[0])
            assert not value or value[0][1:] == value[1][1:]


def test_a_running_node_is_left_alone_and_every_file_of_it_is_known(trio):
    edge = trio.nodes["edge"]
    edge.start()
    path = trio.backup("edge")
    before = edge.json("config", "get")
    refused = trio.restore(path, "--force", check=False)
    assert refused.returncode == 1 and "stop it first" in refused.stderr
    assert edge.json("config", "get") == before
    known = set(re.findall(r'^    \{"([a-z.-]+)", \w+', (ROOT / "src/nodes/ctl/node_data.cpp").read_text(), re.MULTILINE))
    assert "settings.db" in known
    there = {re.sub("-(wal|shm)$", "", one.name) for one in edge.data.iterdir()}
    assert there <= known, "a row in src/nodes/ctl/node_data.cpp is missing"


# The commands of the manual ------------------------------------------------------------------------------------------------

SYSTEMCTL = """#!/bin/sh
# What systemd does, as far as the chapter needs it.
case $1 in
    start) sallyport edge --config /etc/sallyport/edge.toml 2>>/tmp/log & echo $! >/tmp/pid
           for i in $(seq 600); do sallyport status --node /var/lib/sallyport/edge >/dev/null 2>&1 && exit 0; sleep 0.1; done
           cat /tmp/log; exit 1 ;;
    stop) kill "$(cat /tmp/pid)"
          for i in $(seq 600); do kill -0 "$(cat /tmp/pid)" 2>/dev/null || exit 0; sleep 0.1; done; exit 1 ;;
esac
"""
HOST = """set -e
mount -t proc proc /proc
ip link set lo up
mount -t tmpfs -o mode=1777 none /tmp
mkdir /tmp/upper /tmp/work /tmp/bin
mount -t overlay -o lowerdir=/etc,upperdir=/tmp/upper,workdir=/tmp/work overlay /etc
mount -t tmpfs -o mode=755 none /var/lib
mount -t tmpfs -o mode=700 none /root
rm -rf /etc/sallyport
cp "/proc/self/fd/$PROGRAM" /tmp/bin/sallyport
printf '%s' "$SYSTEMCTL" >/tmp/bin/systemctl
chmod 755 /tmp/bin/*
PATH=/tmp/bin:/usr/sbin:/usr/bin:/sbin:/bin  # that of the tests may be below /root
umask 022
sallyport init --domain b.test --edge-public 127.0.0.1 --edge-link 127.0.0.2 --core-inside 127.0.0.3 --core-link-source 127.0.0.3 \
    --inside-server 127.0.0.5 --self-signed >/dev/null
systemctl start sallyport-edge
sallyport config set federation.allow_list partner.example --node /var/lib/sallyport/edge >/dev/null
lose() { systemctl stop sallyport-edge; rm -rf /etc/sallyport /var/lib/sallyport; }
"""


def chapter():
    text = (ROOT / "docs/manual/backup.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs namespaces of its own")
def test_the_commands_of_the_manual_do_what_it_says():
    blocks = chapter()
    assert len(blocks) == 5
    script = HOST
    for block in blocks:
        if block.startswith("sallyport restore /root/edge1.backup"):
            script += "lose\n"
        # Who is asked for the passphrase types it; there is no terminal, so it is the first line of the input.
        script += "".join(line if "--passphrase-file" in line or not re.match("sallyport (backup|restore)", line)
                          else f"echo '{PASSPHRASE}' | {line}" for line in block.splitlines(keepends=True))
    script += "sallyport config get federation.allow_list --node /var/lib/sallyport/edge\n"
    script += "stat -c '%a %n' /etc/sallyport/edge.toml /var/lib/sallyport/edge /root/*.backup /root/backup.passphrase\n"
    script += "systemctl stop sallyport-edge\n"
    with open(BINARY, "rb") as program:
        done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
                              pass_fds=(program.fileno(),), capture_output=True, text=True, timeout=300, check=False,
                              env={**os.environ, "SYSTEMCTL": SYSTEMCTL, "PROGRAM": str(program.fileno())})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Good backup of the edge edge1.b.test" in done.stdout
    assert done.stdout.count("Restored the edge edge1.b.test") == 2
    assert "partner.example" in done.stdout
    modes = dict(reversed(line.split()) for line in done.stdout.splitlines() if re.match(r"\d{3} /", line))
    assert modes["/var/lib/sallyport/edge"] == "700" and modes["/etc/sallyport/edge.toml"] in ("600", "640")
    assert {mode for name, mode in modes.items() if name.startswith("/root/")} == {"600"}
    assert len(modes) == 5
