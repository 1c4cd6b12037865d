"""Alarms that need a partner or time: a partner's certificate that ends soon, a module that logs too much for too long; and
events at a syslog receiver on a Unix socket, as the machine's own is."""
import contextlib
import os
import re
import socket
import subprocess

import pytest

from world import sallyport
from world.wait import until

pytestmark = pytest.mark.pair
REQUIRED = {"settings": {"federation.security_mode": "tls_required"}, "threads": 1}


def alarms(node, code):
    return {alarm["key"]: alarm for alarm in node.json("alarms")["alarms"] if alarm["code"] == code}


def opens_stream(edge, domain):
    """A ping; nobody waits for the answer, which goes where DNS says that coluc.com is."""
    command = [sallyport.BINARY, "peers", "ping", domain, "--node", os.path.join(edge.data, "admin.sock")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as ping:
        until(lambda: edge.json("peers", "show", domain)["streams"], f"a stream with {domain}")
        ping.terminate()


def test_a_partner_s_certificate_that_ends_soon(world):
    """Partners with ten days left and with twenty (the lab's own); their administrators are to be told of the one."""
    soon = world.authority.issue("ends-soon", ["own.guest.lab"], days=10)
    with world.guest(also={"own.guest.lab": []}, certificates={"own.guest.lab": soon}), world.another_edge(**REQUIRED) as edge:
        for domain in ("own.guest.lab", "vngtp.lab"):
            opens_stream(edge, domain)
        found = until(lambda: alarms(edge, "peer.certificate_expiring"), lambda: edge.json("alarms"), 75)
        assert set(found) == {"own.guest.lab"}, found
        assert "9 days left" in found["own.guest.lab"]["detail"] and found["own.guest.lab"]["cure"], found
        assert found["own.guest.lab"]["severity"] == "warning"
        assert "the certificate of own.guest.lab expires soon" in edge.ask("check", "certs", check=False)


def test_events_reach_a_syslog_receiver_on_a_unix_socket(world):
    path = os.path.join(world.folder, "dev-log")
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(path)
        receiver.settimeout(15)
        with world.another_edge(**REQUIRED, log={"level": "info", "syslog": [f"unix:{path}"]}) as edge:
            edge.ask("diag", "start", "unix")
            edge.ask("diag", "marker", "to the machine's own log")
            line = ""
            while "diag.marker" not in line:
                line = receiver.recv(65536).decode()
                assert re.match(r"<\d+>", line) and "\n" not in line.rstrip("\n"), line
            assert "to the machine's own log" in line and "sallyport-edge" in line
            edge.ask("diag", "stop")
