"""Completion in real shells on a terminal of their own: what is typed, a tab, and the line that comes of it."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BINARY, Node

BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
TAB, HOME, ENTER, CLEAR = b"\t", b"\x01", b"\r", b"\x15"


class Shell:
    """An interactive shell with the script of its kind, and `sallyport` in its path."""

    START = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}

    def __init__(self, kind, folder):
        programs = os.path.join(folder, "programs")
        os.makedirs(programs, exist_ok=True)
        if not os.path.exists(f"{programs}/sallyport"):
            os.symlink(os.path.abspath(BINARY), f"{programs}/sallyport")
        script = os.path.join(folder, f"completion.{kind}")
        with open(script, "w", encoding="ascii") as file:
            subprocess.run([BINARY, "completion", kind], stdout=file, check=True)
        environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ ", "HOME": folder,
                       "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "COLUMNS": "500", "ASAN_OPTIONS": "detect_leaks=0"}
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.execvpe(self.START[kind][0], self.START[kind], environment)
        setup = {"bash": f"[ ! -e {BASH_COMPLETION} ] || . {BASH_COMPLETION}; bind 'set enable-bracketed-paste off'; . {script}",
                 "zsh": f"unset zle_bracketed_paste; autoload -U compinit; compinit -u -d {folder}/dump; . {script}; bindkey -e",
                 "fish": f". {script}"}[kind]
        self.say(setup.encode() + ENTER)
        self.say(b"stty cols 500 -echoctl; echo rea''dy" + ENTER)
        self.until(r"\bready\b")

    def say(self, keys):
        os.write(self.terminal, keys)

    def read(self, seconds):
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        return os.read(self.terminal, 65536).decode(errors="replace") if ready else ""

    def until(self, pattern, seconds=60.0):
        text, end = "", time.monotonic() + seconds
        while not re.search(pattern, text):
            left = end - time.monotonic()
            assert left > 0, (pattern, text)
            text += self.read(left)
        return re.search(pattern, text)

    def completes(self, line, wanted):
        """The line after a tab, as the shell hands it to a command; asked again while its completion still runs."""
        for _ in range(5):
            self.say(CLEAR + line.encode() + TAB)
            quiet = time.monotonic() + 10
            while self.read(1.0) and time.monotonic() < quiet:
                pass
            self.say(HOME + b"echo '=['" + b" " + ENTER)
            # zsh takes the slash of a folder back when something else than a name follows
            got = self.until(r"=\[ (sallyport[^\r\n]*)").group(1).strip().rstrip("/")
            while self.read(0.3):
                pass
            if got == wanted:
                return
        assert got == wanted

    def stop(self):
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.terminal)


@pytest.fixture(scope="module")
def node():
    made = Node(accounts=False)
    made.cli("allow", "add", "partner.example", "*.other.example")
    yield made
    made.stop()


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request, tmp_path):
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed: ./dev setup")
    made = Shell(request.param, str(tmp_path))
    yield made
    made.stop()


def test_a_tab_completes_commands_options_and_what_the_node_knows(node, shell):
    at = f"sallyport --node {node.data}"
    shell.completes("sallyport ala", "sallyport alarms")
    shell.completes("sallyport peers cl", "sallyport peers close")
    shell.completes("sallyport events --lim", "sallyport events --limit")
    shell.completes("sallyport log level s2s tr", "sallyport log level s2s trace")
    shell.completes(f"{at} allow remove part", f"{at} allow remove partner.example")
    shell.completes(f"{at} config set federation.bid", f"{at} config set federation.bidi")
    shell.completes(f"{at} config set federation.bidi of", f"{at} config set federation.bidi off")
    shell.completes(f"sallyport --node {node.data[:-1]}", f"sallyport --node {node.data}")


def test_without_a_node_a_tab_is_quick_and_silent(shell):
    shell.completes("sallyport --node /nonexistent peers cl", "sallyport --node /nonexistent peers close")
    shell.completes("sallyport --node /nonexistent peers show par", "sallyport --node /nonexistent peers show par")


def test_candidates_come_within_a_moment_from_a_node_that_hangs(node):
    os.kill(node.process.pid, signal.SIGSTOP)
    try:
        done = subprocess.run([BINARY, "__complete", "--node", node.data, "allow", "remove", ""], capture_output=True, text=True,
                              timeout=30, check=True)
    finally:
        os.kill(node.process.pid, signal.SIGCONT)
    assert (done.stdout, done.stderr) == ("", "")
    asked = node.cli("complete", "allow").stdout
    assert asked == "*.other.example\npartner.example\n"


def test_an_installation_has_the_scripts_where_shells_look(tmp_path):
    build = os.path.dirname(os.path.abspath(BINARY))
    if not os.path.exists(f"{build}/cmake_install.cmake"):
        pytest.skip("the program is not in its build folder")
    subprocess.run(["cmake", "--install", build, "--prefix", str(tmp_path)], check=True, stdout=subprocess.DEVNULL)
    for kind, place in (("bash", "bash-completion/completions/sallyport"), ("zsh", "zsh/vendor-completions/_sallyport"),
                        ("fish", "fish/vendor_completions.d/sallyport.fish")):
        printed = subprocess.run([BINARY, "completion", kind], capture_output=True, text=True, check=True).stdout
        assert (tmp_path / "share" / place).read_text() == printed
