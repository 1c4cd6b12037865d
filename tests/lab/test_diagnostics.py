"""Captures that Wireshark reads, decrypted where the operator said so; diagnostic logs whose archives hold no secret; the
event log across a restart and at a syslog receiver; a disk that fills up."""
import contextlib
import json
import os
import re
import stat
import struct
import subprocess
import tarfile
import threading
import time

import pytest

from world.federation import COMPONENTS, SETTINGS
from world.raw import STARTTLS, RawStream
from world.sallyport import BINARY, SECRET, Refused
from world.wait import until

pytestmark = pytest.mark.pair
MARK = "correct horse of the capture"


@pytest.fixture(autouse=True)
def afterwards(world):
    yield
    for node in (world.edge, world.core):
        for verb in ("diag", "capture"):
            node.ask(verb, "stop", check=False)
        node.ask("log", "level", "all", "reset", check=False)
    for entry in world.edge.json("capture", "list")["files"]:
        world.edge.ask("capture", "remove", entry["name"])
    for entry in world.edge.json("diag", "list")["files"]:
        world.edge.ask("diag", "remove", entry["name"])
    world.arrange()


def tshark(file, *words):
    done = subprocess.run(["tshark", "-n", "-r", file, *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def talk(world, text):
    """One message each way over fresh streams."""
    world.close_streams()
    since = world.victor.mark()
    world.ana.says(world.victor, text)
    world.victor.hears(text, since=since)


def bring(node, group, name, folder):
    file = str(folder / f"{name}.file")
    node.ask(group, "get", name, file)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    return file


def test_a_capture_with_secrets_shows_the_xmpp_in_clear(world, tmp_path):
    world.arrange("tls_required")
    world.edge.ask("capture", "start", "clear", "--with-secrets", "--port", "5269")
    talk(world, MARK)
    until(lambda: world.edge.json("capture", "list")["running"]["packets"] > 20, lambda: "no packets were captured")
    ended = world.edge.json("capture", "stop")
    assert ended["state"] == "stopped" and ended["secrets"] > 0, ended
    kept = os.path.join(world.edge.data, "captures", "clear.pcapng")
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(kept)).st_mode) == 0o700
    file = bring(world.edge, "capture", "clear", tmp_path)
    with open(file, "rb") as here, open(kept, "rb") as there:
        assert here.read() == there.read()
    shown = tshark(file, "-d", "tcp.port==5269,xmpp", "-Y", "xmpp", "-V")
    assert MARK in shown, shown[-3000:]
    assert "Transport Layer Security" in shown
    alarms = {alarm["code"] for alarm in world.edge.json("alarms")["alarms"]}
    assert "capture.secrets" in alarms
    world.edge.ask("capture", "remove", "clear")
    assert "capture.secrets" not in {alarm["code"] for alarm in world.edge.json("alarms")["alarms"]}


def test_a_capture_without_secrets_shows_no_body(world, tmp_path):
    world.arrange("tls_required")
    world.edge.ask("capture", "start", "dark", "--port", "5269")
    talk(world, MARK)
    until(lambda: world.edge.json("capture", "list")["running"]["packets"] > 20, lambda: "no packets were captured")
    ended = world.edge.json("capture", "stop")
    assert ended["secrets"] == 0
    file = bring(world.edge, "capture", "dark", tmp_path)
    assert "Encrypted Application Data" in tshark(file, "-V") or "Application Data" in tshark(file, "-V")
    with open(file, "rb") as packets:
        assert MARK.encode() not in packets.read()
    assert MARK not in tshark(file, "-d", "tcp.port==5269,xmpp", "-V")


def test_the_command_of_the_article_captures_until_its_count(world, tmp_path):
    done = []

    def capture():
        done.append(subprocess.run([BINARY, "utils", "network", "capture", "internet", "file", "axl_inject.pcap", "count", "25",
                                    "size", "all", "--node", os.path.join(world.edge.data, "admin.sock")],
                                   capture_output=True, text=True, timeout=60, check=False))

    thread = threading.Thread(target=capture)
    thread.start()
    until(lambda: world.edge.json("capture", "list")["running"], lambda: f"it never began: {done}")
    for turn in range(5):
        if world.edge.json("capture", "list")["running"]:
            talk(world, f"packet {turn}")
    thread.join(30)
    assert done and done[0].returncode == 0, done
    assert "25 packets" in done[0].stdout, done[0].stdout
    assert [entry["name"] for entry in world.edge.json("capture", "list")["files"]] == ["axl_inject.pcap"]
    file = bring(world.edge, "capture", "axl_inject.pcap", tmp_path)
    assert len(tshark(file).splitlines()) == 25
    with open(file, "rb") as packets:
        assert packets.read(8) == struct.pack("=IHH", 0xA1B2C3D4, 2, 4), "the classic format"


@pytest.mark.parametrize("mode", ["tls_required", "tls_optional", "no_tls"])
def test_the_features_are_shown_as_in_the_article(world, tmp_path, mode):
    world.arrange(mode)
    world.edge.ask("capture", "start", "features.pcap", "--interface", "internet", "--port", "5269")
    stream = RawStream(world.network["tester"]).opened("attacker.lab")  # Prosody would use the port for Direct TLS
    if mode != "no_tls":
        stream.send(STARTTLS)
        stream.read("<proceed")
    stream.close()
    world.edge.ask("capture", "stop")
    file = bring(world.edge, "capture", "features.pcap", tmp_path)
    ours = "(ip.src == 198.51.100.10 or ipv6.src == 2001:db8:5269::10)"
    packets = [line.split("XMPP/XML", 1)[1].split(None, 1)[1].strip()
               for line in tshark(file, "-d", "tcp.port==5269,xmpp", "-Y", f"xmpp and {ours}").splitlines()]
    # A packet of its own each: "STREAM < coluc.com", "FEATURES", and after the peer's STARTTLS "PROCEED".
    assert any(info.startswith("STREAM < coluc.com") for info in packets) and "FEATURES" in packets, packets
    assert ("PROCEED" in packets) == (mode != "no_tls"), packets
    tree = tshark(file, "-d", "tcp.port==5269,xmpp", "-Y", f"xmpp.features and {ours}", "-V")
    offered = tree[tree.index("FEATURES"):]
    assert ("STARTTLS" in offered) == (mode != "no_tls"), offered
    assert ("REQUIRED" in offered) == (mode == "tls_required"), offered


def test_ctrl_c_ends_the_capture_of_the_article(world):
    command = subprocess.Popen([BINARY, "utils", "network", "capture", "internet", "file", "cut", "count", "100000", "size",
                                "all", "--node", os.path.join(world.edge.data, "admin.sock")], stdout=subprocess.PIPE)
    until(lambda: world.edge.json("capture", "list")["running"], lambda: "it never began")
    command.terminate()
    command.wait(10)
    until(lambda: not world.edge.json("capture", "list")["running"], lambda: "it goes on")
    assert [entry["name"] for entry in world.edge.json("capture", "list")["files"]] == ["cut"]


@pytest.mark.parametrize("words, said", [
    (["../x"], "a name has"), (["/tmp/x"], "a name has"), (["x", "--interface", "eth7"], "internet"),
    (["x", "--port", "22"], "not one of this node's"), (["x", "--host", "nobody.test"], "not an IP address"),
    (["x", "--bytes", "99999999999"], "at most")])
def test_what_a_capture_refuses_is_said(world, words, said):
    with pytest.raises(Refused, match=re.escape(said)):
        world.edge.ask("capture", "start", *words)
    assert not world.edge.json("capture", "list")["running"]


def test_without_the_capability_it_is_named(world):
    # setpriv takes CAP_NET_RAW from a process that asks in the same way as a node would.
    with world.another_edge(["setpriv", "--bounding-set=-net_raw", "--inh-caps=-all"]) as edge:
        with pytest.raises(Refused, match="CAP_NET_RAW"):
            edge.ask("capture", "start", "x")


def test_an_archive_holds_everything_but_secrets(world, tmp_path):
    world.arrange("tls_optional", "dialback")
    world.edge.ask("diag", "start", "case", "--capture", "--levels", "s2s=debug,network.dns=debug", "--seconds", "300")
    levels = {row["module"]: row for row in world.edge.json("log", "level")["modules"]}
    assert levels["s2s"]["origin"] == "run time" and levels["s2s"]["level"] == "debug"
    world.edge.ask("diag", "marker", "now", "the", "message")
    talk(world, MARK)
    state = world.edge.json("diag", "stop")
    assert state["state"] == "stopped" and state["markers"] == 1
    made = world.edge.json("diag", "collect")
    file = bring(world.edge, "diag", made["name"], tmp_path)
    with tarfile.open(file) as archive:
        content = {os.path.basename(entry.name): archive.extractfile(entry).read() for entry in archive.getmembers()}
        assert all(entry.mode == 0o600 and entry.name.startswith("case/") for entry in archive.getmembers())
    assert set(content) == {"about.json", "status.json", "peers.json", "settings.json", "alarms.json", "events.jsonl",
                            "node.toml", "log.txt", "capture.pcapng"}
    secrets = [SECRET, SETTINGS["federation.dialback_secret"], MARK, *COMPONENTS.values()]
    for _, path in world.certificates["edge"], world.certificates["link-edge"]:
        with open(path, encoding="ascii") as key:
            secrets += [line for line in key.read().splitlines() if line and "-----" not in line]
    for name, text in content.items():
        if name == "capture.pcapng":
            continue
        for secret in secrets:
            assert secret.encode() not in text, (name, secret)
        assert not re.search(rb"\b[0-9a-f]{64}\b", re.sub(rb'"(certificate_)?sha256":"[0-9a-f]+"', b"", text)) or \
            name in ("peers.json", "status.json"), name
    assert b"DEBUG_MARKER=\"now the message\"" in content["log.txt"]
    assert b"s2s.result.sent" in content["log.txt"] and b"vngtp.lab" in content["log.txt"]
    assert json.loads(content["about.json"])["end"] == "stopped"
    assert json.loads(content["settings.json"])["values"]["federation.dialback_secret"] == "********"
    assert b"secret = '********'" in content["node.toml"] or b'secret = "********"' in content["node.toml"]
    raw = tmp_path / "capture.pcapng"
    raw.write_bytes(content["capture.pcapng"])
    assert tshark(str(raw))


def test_a_diagnosis_survives_a_restart_and_ends_by_itself(world):
    with world.another_edge() as edge:
        edge.ask("diag", "start", "long", "--levels", "all=debug", "--seconds", "600")
        edge.ask("diag", "marker", "before")
        edge.stop()
        again = edge.again()
        try:
            latest = again.json("diag", "list")["latest"]
            assert latest["state"] == "running" and latest["restarts"] == 1 and latest["markers"] == 1
            rows = {row["module"]: row for row in again.json("log", "level")["modules"]}
            assert rows["users"]["level"] == "debug" and 0 < rows["users"]["seconds_left"] <= 600
            again.ask("diag", "stop")
            again.ask("diag", "start", "short", "--seconds", "1")
            until(lambda: again.json("diag", "list")["latest"]["state"] == "time", lambda: "it did not end")
            # The event log goes on where it was.
            codes = [event["event"] for event in again.json("events", "--limit", "1000")["events"]]
            assert codes.count("node.ready") == 2 and "diag.resumed" in codes
            numbers = [event["number"] for event in again.json("events", "--limit", "1000")["events"]]
            assert numbers == sorted(set(numbers))
        finally:
            again.stop()


def test_events_are_found_by_time_code_module_and_peer(world):
    world.arrange("tls_optional", "dialback")
    talk(world, "for the event log")
    found = world.edge.json("events", "--module", "XMPPFederation", "--peer", "vngtp.lab", "--code", "s2s.result", "--since",
                            "10m")["events"]
    assert found and all(event["event"].startswith("s2s.result") for event in found)
    assert all(event["event_module"] == "XMPPFederation" for event in found)
    assert not world.edge.json("events", "--until", "2020-01-01T00:00:00Z")["events"]
    with pytest.raises(Refused, match="since"):
        world.edge.ask("events", "--since", "yesterday")


def test_events_reach_a_syslog_receiver_and_cannot_be_forged(world):
    receiver = world.network["edge"].socket(kind=2)  # UDP
    receiver.bind(("127.0.0.1", 5514))
    receiver.settimeout(15)
    tcp = world.network["edge"].socket()
    tcp.bind(("127.0.0.1", 5601))
    tcp.listen(1)
    tcp.settimeout(15)
    with contextlib.closing(receiver), contextlib.closing(tcp), \
            world.another_edge(log={"level": "info", "syslog": ["udp://127.0.0.1:5514", "tcp://127.0.0.1:5601"]}) as edge:
        forged = 'x" Level="error"\n<11>1 forged'
        edge.ask("diag", "start", "log")
        edge.ask("diag", "marker", forged)
        line = ""
        while "diag.marker" not in line:
            line = receiver.recv(4096).decode()
            assert re.match(r"<\d+>1 \d{4}-\d\d-\d\dT[0-9:.]+Z \S+ sallyport-edge \d+ \S+ - ", line), line
            assert "\n" not in line
        assert r"\u000a" in line and '\\"' in line
        stream, _ = tcp.accept()
        with stream, stream.makefile("rb") as frames:
            for _ in range(3):
                size = b""
                while not size.endswith(b" "):
                    size += frames.read(1)
                assert frames.read(int(size)).startswith(b"<")


def test_a_syslog_receiver_that_is_away_is_an_alarm(world):
    with world.another_edge(log={"level": "info", "syslog": ["tcp://127.0.0.1:5602"]}) as edge:
        until(lambda: "log.syslog" in {alarm["code"] for alarm in edge.json("alarms")["alarms"]}, lambda: "no alarm stands")
        alarm = next(one for one in edge.json("alarms")["alarms"] if one["code"] == "log.syslog")
        assert alarm["key"] == "tcp://127.0.0.1:5602"
        edge.ask("alarms", "ack", str(alarm["number"]), "--note", "known")
        alarm = next(one for one in edge.json("alarms")["alarms"] if one["code"] == "log.syslog")
        assert alarm["note"] == "known" and alarm["acknowledged_by"]
        assert "acknowledged by" in edge.ask("alarms")


def test_a_level_for_a_while(world):
    world.edge.ask("log", "level", "developer.xcp.federation", "debug", "--for", "1")
    row = world.edge.json("log", "level", "s2s")["modules"][0]
    assert row["level"] == "debug" and row["origin"] == "run time"
    until(lambda: world.edge.json("log", "level", "s2s")["modules"][0]["origin"] != "run time", lambda: "it stays")


def test_certificates_that_end_soon_are_alarms(world):
    # Those of the lab are made for 20 days.
    until(lambda: "certificate.expiring" in {alarm["code"] for alarm in world.edge.json("alarms")["alarms"]},
          lambda: "no alarm stands", 20)
    alarm = next(one for one in world.edge.json("alarms")["alarms"] if one["code"] == "certificate.expiring")
    assert "day" in alarm["detail"] and "reload" in alarm["cure"]


def test_a_full_disk_ends_a_capture_and_nothing_else(world, tmp_path):
    """The node's data on a small file system; the floor that stays free is 256 MiB."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=264m,mode=700", "none", data], check=True)
    try:
        with world.another_edge(data=str(data)) as edge:
            edge.ask("capture", "start", "full", "--interface", "internet")
            (data / "ballast").write_bytes(b"\0" * (7 << 20))
            stop = time.monotonic() + 30
            while edge.json("capture", "list")["running"]:
                assert time.monotonic() < stop, "it goes on"
                with contextlib.suppress(OSError):
                    with world.network["tester"].connect("198.51.100.10", 5269) as stream:
                        stream.sendall(b" " * 65536)
            last = edge.json("capture", "list")["last"]
            assert last["state"] == "disk" and "free on this disk" in last["detail"], last
            with pytest.raises(Refused, match="free on this disk"):
                edge.ask("capture", "start", "more")
            with pytest.raises(Refused, match="free on this disk"):
                edge.ask("diag", "start")
            (data / "ballast2").write_bytes(b"\0" * (200 << 20))
            with contextlib.suppress(OSError):
                (data / "ballast3").write_bytes(b"\0" * (100 << 20))
            # Nothing is left to write on, and the node still answers and logs.
            assert edge.json("status")["role"] == "edge"
            talk(world, "traffic goes on")
    finally:
        subprocess.run(["umount", "-l", data], check=True)
