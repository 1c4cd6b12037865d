"""The presence node behind core and edge: ordinary components attach to it and talk with the world; its router works with
what it has loaded; whatever dies comes back."""
import os
import time

import pytest

from world.federation import COMPONENTS, S2S_COMPONENT
from world.process import Process
from world.sallyport import Refused
from world.wait import until

pytestmark = pytest.mark.pair

BIBOUMI = """hostname=irc.coluc.com
password={secret}
xmpp_server_ip=10.10.0.7
port=5347
db_name={folder}/biboumi.sqlite
log_level=0
log_file=
"""


@pytest.fixture
def trio(world):
    world.arrange()
    yield world
    world.presence.ask("config", "set", "router.live_changes", "true")
    world.provision()
    reaches(world)


def reaches(world):
    until(lambda: world.presence.json("status")["router"]["gateways"] == ["edge1-coluc-com"], "the edge to be reached", 10)


def talks(one, other, word, seconds=15.0):
    """A message each way."""
    since = one.mark(), other.mark()
    one.says(other, f"{word} there")
    other.hears(f"{word} there", seconds, since[1])
    other.says(one, f"{word} back")
    one.hears(f"{word} back", seconds, since[0])


def test_a_component_on_slixmpp_talks_with_servers_outside(trio):
    reaches(trio)
    talks(trio.bot, trio.victor, "prosody")
    talks(trio.bot, trio.iris, "ejabberd")
    assert trio.victor.asks("bot.coluc.com", "disco") == ["gateway/lab"]
    status = trio.presence.json("status")
    assert status["router"]["loaded"] == [S2S_COMPONENT]
    assert [one["domain"] for one in status["components"]] == ["bot.coluc.com"]


def test_a_component_talks_with_the_inside_server(trio):
    talks(trio.bot, trio.ana, "inside")


def test_biboumi_attaches_and_answers_the_world(trio):
    path = os.path.join(trio.folder, "biboumi.cfg")
    with open(path, "w", encoding="utf-8") as file:
        file.write(BIBOUMI.format(secret=COMPONENTS["irc.coluc.com"], folder=trio.folder))
    since = trio.presence.mark()
    biboumi = Process("biboumi", ["biboumi", path], trio.folder, trio.network["imp"])
    try:
        trio.presence.wait_for(r"component\.attached.*irc\.coluc\.com", 20, since)
        assert trio.victor.asks("irc.coluc.com", "disco") == ["conference/irc"]
        assert trio.iris.asks("irc.coluc.com", "version").lower().startswith("biboumi")
    finally:
        biboumi.stop()


def test_a_wrong_secret_is_refused(trio):
    since = trio.presence.mark()
    with trio.network["imp"].connect("10.10.0.7", 5347) as stranger:
        stranger.sendall(b"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
                         b"to='bot.coluc.com'><handshake>0000</handshake>")
        trio.presence.wait_for(r"component\.closed.*wrong handshake", 10, since)


@pytest.mark.parametrize("role", ["edge", "core", "presence"])
def test_a_killed_node_comes_back_and_everything_heals_within_ten_seconds(trio, role):
    reaches(trio)
    talks(trio.victor, trio.bot, f"before {role}")
    node = getattr(trio, role)
    node.kill()
    node.child.wait()
    trio.running.remove(node)
    setattr(trio, role, node.again())
    trio.running.append(getattr(trio, role))
    begun = time.monotonic()
    if role == "presence":
        trio.bot.online()

    def heals(n):
        since = trio.bot.mark()
        trio.victor.says(trio.bot, f"after {role} {n}")
        try:
            return trio.bot.hears(f"after {role} {n}", 1, since)
        except AssertionError:
            return None
    for n in range(10):
        if heals(n):
            break
    assert time.monotonic() - begun < 10
    talks(trio.bot, trio.victor, f"out after {role}", 10)


def test_a_cut_cable_loses_and_doubles_nothing(trio):
    reaches(trio)
    since = trio.victor.mark(), trio.bot.mark()
    trio.bot.counts(trio.victor, "trio-out", 0, 100)
    trio.victor.hears("trio-out 99", 20, since[0])
    core = trio.core.mark()
    trio.network.cut("imp", "inside")
    try:
        trio.victor.counts(trio.bot, "trio-in", 0, 100)
        trio.core.event("link down", "imp1-coluc-com", since=core, seconds=20)
        trio.bot.counts(trio.victor, "trio-out", 100, 100)
    finally:
        trio.network.mend("imp", "inside")
    trio.victor.hears("trio-out 199", 30, since[0])
    trio.bot.hears("trio-in 99", 30, since[1])
    assert trio.victor.heard("trio-out", since[0]) == list(range(200))
    assert trio.bot.heard("trio-in", since[1]) == list(range(100))


def test_what_is_not_loaded_is_returned_and_the_node_says_why(trio):
    reaches(trio)
    trio.provision("cm-2_s2scp-1.edge9-coluc-com")  # a row that no link leads to
    trio.presence.ask("config", "set", "router.live_changes", "false")
    trio.presence.ask("restart", "router")
    assert "no link leads to" in trio.presence.json("status")["router"]["obstacle"]
    trio.provision()
    status = trio.presence.json("status")["router"]
    assert status["loaded"] == ["cm-2_s2scp-1.edge9-coluc-com"] and status["pending"] == ["xmpps2snodes"]
    notifications = trio.presence.json("notifications")["notifications"]
    assert [(one["severity"], one["origin"]) for one in notifications] == [("notice", "router configuration")]
    assert notifications[0]["description"].startswith(
        "XCP Router : (imp1.coluc.com) requires a restart in order for recent configuration changes to take effect.")

    core = trio.core.mark()
    trio.presence.ask("restart", "router")
    assert trio.presence.json("notifications")["notifications"] == []
    trio.core.wait_for(r"link\.resumed.*imp1-coluc-com", 10, core)
    reaches(trio)
    talks(trio.bot, trio.victor, "loaded")  # over the component's old connection


def test_no_row_bounces_without_naming_anybody(trio):
    reaches(trio)
    trio.provision("")
    trio.presence.ask("restart", "router")
    since, log = trio.bot.mark(), trio.presence.mark()
    trio.bot.says(trio.victor, "to nobody", id="no-row")
    error = trio.bot.sees(10, since, what="message", type="error", id="no-row")
    assert error["condition"] == "remote-server-not-found"
    assert "coluc" not in error["text"] and "edge" not in error["text"]
    trio.presence.event("stanzas returned", "xmpps2snodes has 0 rows, 0 loaded", since=log)
    problems = [one["text"] for one in trio.presence.json("status")["problems"]]
    assert any("has not loaded an S2S component" in text for text in problems), problems
    descriptions = [one["description"] for one in trio.presence.json("notifications")["notifications"]]
    assert any("returns stanzas to other domains" in text for text in descriptions), descriptions


def test_settings_without_effect_are_refused_with_the_node_to_go_to_and_not_shown(trio):
    with pytest.raises(Refused, match="federation.security_mode belongs to the edge; change it there"):
        trio.presence.ask("config", "set", "federation.security_mode", "no_tls")
    with pytest.raises(Refused, match="federation.allow_list belongs to the edge"):
        trio.presence.ask("allow", "list")
    names = {row["name"] for row in trio.presence.json("config", "get")["settings"]}
    assert names == {"router.live_changes", "presence.federation_node_status", "log.modules"}
    with pytest.raises(Refused, match="router.live_changes belongs to the presence node"):
        trio.edge.ask("config", "set", "router.live_changes", "false")


def test_own_federation_is_refused_while_an_edge_federates(trio):
    with pytest.raises(Refused, match="must be off while an edge federates for this node: xmpps2snodes has 1 row"):
        trio.presence.ask("config", "set", "presence.federation_node_status", "on")
