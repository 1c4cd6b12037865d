"""Users of the presence node with real clients: slixmpp, and profanity at a terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from world.accounts import Server, accounts
from world.client import User
from world.federation import USERS
from world.prosody import PASSWORD
from world.sallyport import Refused

pytestmark = pytest.mark.pair


@pytest.fixture(scope="module")
def inhabited(world):
    with accounts(world):
        yield world


@pytest.fixture
def people(inhabited):
    world = inhabited
    world.arrange()
    world.provision()
    server, crowd = Server(world.trust), world._crowd("imp", "imp")
    uma, ugo = (User(crowd, name, f"{name}@{USERS}", server).online() for name in ("uma", "ugo"))
    yield world, uma, ugo
    for user in (uma, ugo):
        crowd.command(do="leave", who=user.who)
        user.sees(what="disconnected")


def test_two_users_of_one_domain_see_and_write_each_other(people):
    _, uma, ugo = people
    since = uma.mark()
    uma.presence(ugo, "subscribe")
    ugo.sees(what="presence", type="subscribe", sender=uma.jid)
    ugo.presence(uma, "subscribed")
    uma.sees(10, since, what="presence", type="available", sender=ugo.full)
    uma.says(ugo, "next door")
    ugo.hears("next door")
    assert ugo.asks(USERS, "disco") == ["server/im"]
    assert ugo.asks(USERS, "version") == "Sallyport"


def test_a_user_and_somebody_outside_write_each_other(people):
    world, uma, _ = people
    since = uma.mark(), world.victor.mark()
    uma.says(world.victor, "over three gates")
    world.victor.hears("over three gates", 15, since[1])
    world.victor.says(uma, "and back")
    uma.hears("and back", 15, since[0])
    uma.presence(world.victor, "subscribe")
    world.victor.sees(15, since[1], what="presence", type="subscribe", sender=uma.jid)
    world.victor.presence(uma, "subscribed")
    uma.sees(15, since[0], what="presence", type="available", sender=lambda sender: sender.startswith(world.victor.jid))


def test_what_comes_from_outside_for_an_absent_user_waits(people):
    world, _, _ = people
    world.victor.says(f"una@{USERS}", "when you are back")
    since = world.victor.mark()
    world.victor.says(f"nobody@{USERS}", "who are you", id="nobody")
    world.victor.says(f"nobody@{USERS}/x", "which one are you", id="nobody-there", type="normal")
    world.victor.sees(15, since, what="message", type="error", id="nobody-there")
    assert not [event for event in world.victor.events(since) if event.get("id") == "nobody"], "as for an absent user"
    crowd = world._crowd("imp", "imp")
    una = User(crowd, "una", f"una@{USERS}", Server(world.trust)).online()
    una.hears("when you are back")
    crowd.command(do="leave", who="una")
    una.sees(what="disconnected")


def test_a_removed_user_is_gone(people):
    world, _, _ = people
    with pytest.raises(Refused, match="no such user"):
        world.presence.ask("users", "show", f"nobody@{USERS}")
    assert {row["user"] for row in world.presence.json("users", "list")["users"]} >= {f"uma@{USERS}", f"ugo@{USERS}"}
    with open(world.presence.log_path, encoding="utf-8", errors="replace") as log:
        assert PASSWORD not in log.read()


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, command, home, namespace):
        self.seen = ""
        child, self.side = pty.openpty()
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.near = child
        environment = {**os.environ, "HOME": home, "TERM": "xterm", "LANG": "C.UTF-8",
                       "XDG_CONFIG_HOME": f"{home}/.config", "XDG_DATA_HOME": f"{home}/.local/share"}
        self.program = subprocess.Popen(["ip", "netns", "exec", namespace.name, *command], stdin=self.side,
                                        stdout=self.side, stderr=self.side, env=environment, start_new_session=True)
        os.close(self.side)

    def shows(self, text, seconds=20.0):
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < deadline, f"waited for {text!r}; the terminal shows {self.seen[-2000:]}"
            if select.select([self.near], [], [], 0.1)[0]:
                raw = os.read(self.near, 65536).decode(errors="replace")
                self.seen += re.sub(r"\x1b[\[(][0-9;?]*[a-zA-Z]", " ", raw)

    def types(self, line):
        os.write(self.near, (line + "\r").encode())

    def end(self):
        if self.program.poll() is None:
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait()
        os.close(self.near)


def test_profanity_logs_in_and_writes(people):
    world, uma, _ = people
    home = os.path.join(world.folder, "profanity")
    os.makedirs(os.path.join(home, ".config", "profanity"))
    profanity = Terminal(["profanity"], home, world.network["imp"])
    try:
        profanity.shows("Profanity")
        profanity.types(f"/connect una@{USERS} server 10.10.0.7 port 5222 tls trust")
        profanity.shows("assword")
        profanity.types(PASSWORD)
        profanity.shows("logged in successfully")
        since = uma.mark()
        profanity.types(f"/msg {uma.jid} from a terminal")
        uma.hears("from a terminal", 15, since)
        uma.says(f"una@{USERS}", "to a terminal")
        profanity.shows("to a terminal")
    finally:
        profanity.end()
