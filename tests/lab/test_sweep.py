"""A run that was killed cannot tidy up; sweep.py does it for the next one."""
import os
import signal
import subprocess
import sys

import pytest

from world.netns import names
from world.wait import until

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = f"""
import os, subprocess, sys, tempfile
sys.path.insert(0, {HERE!r})
from world.federation import FOLDER
from world.netns import PREFIX, Namespace
space = Namespace(f"{{PREFIX}}{{os.getpid()}}-host")
folder = tempfile.mkdtemp(prefix=f"{{FOLDER}}{{os.getpid()}}-")
server = subprocess.Popen(["ip", "netns", "exec", space.name, "sleep", "600"], stdout=subprocess.DEVNULL, start_new_session=True)
print(space.name, folder, server.pid, flush=True)
server.wait()
"""


def command_of(pid):
    """Its command line; nothing when it has ended, waited for or not."""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def test_what_a_killed_run_leaves_is_swept_away():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    with subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True) as run:
        space, folder, server = run.stdout.readline().split()
        until(lambda: command_of(server).startswith("sleep"), "the server in its namespace", 5)
        run.send_signal(signal.SIGKILL)
    assert names(space) and os.path.isdir(folder) and command_of(server)
    subprocess.run([sys.executable, os.path.join(HERE, "sweep.py")], check=True)
    assert not names(space) and not os.path.exists(folder)
    until(lambda: command_of(server) == "", "the server to end", 5)
