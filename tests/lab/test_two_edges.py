"""Two edges for one presence node: two rows, two ways out, and one that goes leaves the other in force."""
import os
import re
import signal
import tempfile

import pytest

from world.certificates import Authority
from world.client import Clients, User
from world.names import NameServer
from world.process import Process
from world.prosody import Prosody
from world import sallyport
from world.trio import Trio, WrittenNode
from world.wait import until

pytestmark = pytest.mark.pair

AT = {"edge": "127.0.64.20", "link": "127.0.64.21", "core": "127.0.64.10", "presence": "127.0.64.7"}
NAMES = {"edge": "edge1.coluc.com", "core": "core1.coluc.com", "presence": "imp1.coluc.com"}
SECOND = "cm-2_s2scp-1.edge2-coluc-com"
DNS = """
local-zone: "com." static
local-zone: "lab." static
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 1 0 5269 edge2.coluc.com."
local-data: "edge1.coluc.com. 60 A 127.0.64.20"
local-data: "edge2.coluc.com. 60 A 127.0.64.22"
local-data: "_xmpp-server._tcp.vngtp.lab. 60 SRV 0 0 5269 xmpp.vngtp.lab."
local-data: "xmpp.vngtp.lab. 60 A 127.0.65.20"
"""


class SecondEdge(WrittenNode):
    """What the trio's edge has, under another name; the same keys of SSH, a certificate of its own on the link."""

    def __init__(self, folder):  # pylint: disable=super-init-not-called
        self.role, self.folder, self.namespace, self.prefix = "edge", folder, None, ()
        self.file, self.data = f"{folder}/edge2.toml", f"{folder}/data/edge2"
        Process.__init__(self, "edge2", [sallyport.BINARY, "edge", "--config", self.file], folder)


def write_second_edge(folder):
    authority = Authority.__new__(Authority)
    authority.folder, authority.certificate, authority.key = folder, f"{folder}/traversal-ca.pem", f"{folder}/traversal-ca.key"
    authority.issue("edge2-link", ["edge2.coluc.com"], role="edge")
    os.chmod(f"{folder}/edge2-link.key", 0o600)
    with open(f"{folder}/edge.toml", encoding="utf-8") as file:
        text = file.read()
    for old, new in (("edge1.coluc.com", "edge2.coluc.com"), (AT["edge"], "127.0.64.22"), (AT["link"], "127.0.64.23"),
                     ("data/edge", "data/edge2"), ("edge-link.", "edge2-link.")):
        assert old in text, old
        text = text.replace(old, new)
    with open(f"{folder}/edge2.toml", "w", encoding="utf-8") as file:
        file.write(text)
    secret = re.search(r'^secret = "(\w+)"', text, re.M).group(1)  # that of the core's link to the first edge
    with open(f"{folder}/core.toml", "a", encoding="utf-8") as file:
        file.write(f'\n[[link.dial]]\naddress = "127.0.64.23:7400"\nname = "edge2.coluc.com"\nrole = "edge"\nsecret = "{secret}"\n'
                   '\n[[ssh.dial]]\naddress = "127.0.64.23:2222"\nname = "edge2.coluc.com"\nkey = "core_ed25519"\n'
                   'host_key = "ssh_host_ed25519.pub"\n')


@pytest.fixture(scope="module")
def lab():
    running = []

    def start(process):
        running.append(process)
        return process

    class World:  # pylint: disable=too-few-public-methods
        pass

    with tempfile.TemporaryDirectory(prefix="lab-edges-") as folder:
        try:
            start(NameServer("edges-dns", "127.0.64.53", DNS, folder, port=5356))
            authority = Authority(folder, "authority")
            vngtp = start(Prosody("vngtp", folder, "127.0.65.20", {"vngtp.lab": ["victor"]}, [],
                                  authority.issue("vngtp", ["vngtp.lab"]), authority.certificate, "127.0.64.53@5356",
                                  c2s=("127.0.65.5", 5222)))
            made = World()
            made.trio = start(Trio(f"{folder}/trio", "coluc.com", AT, NAMES, "127.0.64.53:5356", "127.0.0.0/8", ["vngtp.lab"]))
            write_second_edge(f"{folder}/trio")
            made.trio.start()
            made.second = start(SecondEdge(f"{folder}/trio")).ready()
            vngtp.ready()
            made.trio.add_users("romeo")
            clients = start(Clients("edges-clients", folder))
            made.romeo = User(clients, "romeo", "romeo@coluc.com", made.trio.users).online()
            made.victor = User(clients, "victor", "victor@vngtp.lab", vngtp).online()
            yield made
        finally:
            for process in reversed(running):
                process.stop()


def rows_become(lab, *wanted, seconds=15):
    until(lambda: lab.trio.rows() == sorted(wanted),
          lambda: f"{lab.trio.rows()}, wanted {wanted}\n{lab.trio.core.log()[-2000:]}", seconds)


def test_each_edge_has_a_row_and_each_is_a_way_out(lab):
    rows_become(lab, lab.trio.component, SECOND)
    until(lambda: "edge1-coluc-com, edge2-coluc-com" in (lab.trio.presence.chain()["a way to the edges"]["reason"] or ""),
          lab.trio.presence.chain, 15)
    lab.romeo.says(lab.victor, "by one of two")
    lab.victor.hears("by one of two", 20)


def test_an_edge_that_is_killed_keeps_its_row_and_the_other_carries(lab):
    lab.trio.edge.kill(signal.SIGKILL)
    lab.trio.edge.child.wait()
    until(lambda: lab.trio.presence.chain()["a way to the edges"]["reason"] == "edge2-coluc-com",
          lab.trio.presence.chain, 15)
    since = lab.victor.mark()
    lab.romeo.says(lab.victor, "by the one that is left")
    lab.victor.hears("by the one that is left", 30, since)
    assert lab.trio.rows() == sorted([lab.trio.component, SECOND])
    lab.trio.restart("edge")
    rows_become(lab, lab.trio.component, SECOND)


def test_an_edge_that_no_longer_federates_takes_its_row_with_it(lab):
    lab.second.ask("config", "set", "federation.enabled", "false")
    rows_become(lab, lab.trio.component)
    lab.second.ask("config", "set", "federation.enabled", "true")
    rows_become(lab, lab.trio.component, SECOND)


def test_what_cannot_change_live_is_one_notification_until_the_router_is_restarted(lab):
    presence = lab.trio.presence
    with open(presence.file, encoding="utf-8") as file:
        before = file.read()
    for old, new in (("name = \"imp1.coluc.com\"", "name = \"imp9.coluc.com\""),
                     ("127.0.64.7:7400", "127.0.64.8:7400"), ("secret = \"", "secret = \"other")):
        assert old in before, old
        with open(presence.file, "w", encoding="utf-8") as file:
            file.write(before.replace(old, new))
        presence.ask("reload")
        presence.ask("reload")
        standing = presence.json("notifications")["notifications"]
        assert len(standing) == 1 and "restart" in standing[0]["description"], standing
        with open(presence.file, "w", encoding="utf-8") as file:
            file.write(before)
        presence.ask("reload")
        assert not presence.json("notifications")["notifications"], "what is in force again needs no restart"
