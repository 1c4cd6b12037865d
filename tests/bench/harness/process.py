"""A server under test as a process: pinned to its core, ended with the benchmark, never by name."""

import os
import socket
import subprocess
import time
from pathlib import Path

PRIORITY = -10
GENERATOR_CPU = "0"
SERVER_CPU = "1"
START_SECONDS = 20
STOP_SECONDS = 10


def start_pinned(cpu: str, command: list[str], **popen) -> subprocess.Popen:
    """Starts the command on one core, not outliving this process, and before other work where that is permitted."""
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "taskset", "-c", cpu, *command],
                               stdin=subprocess.DEVNULL, start_new_session=True, **popen)
    _prefer(process.pid)
    return process


def _prefer(pid):
    # With autogroups the kernel weighs sessions, not processes, against each other.
    group = Path(f"/proc/{pid}/autogroup")
    try:
        os.setpriority(os.PRIO_PROCESS, pid, PRIORITY)
        if group.exists():
            group.write_text(str(PRIORITY))
    except OSError:
        pass  # not root: the figures then depend on what else runs


class ServerProcess:
    def __init__(self, command, log, environment=None):
        self.log = log
        self._output = open(log, "wb")
        self._process = start_pinned(SERVER_CPU, command, stdout=self._output, stderr=subprocess.STDOUT,
                                     env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self._process.pid

    def wait_for(self, address, port):
        """Until something accepts there; a RuntimeError with the end of the log when it does not."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection((address, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-1500:]
        raise RuntimeError(f"nothing accepts on {address}:{port}\n{tail}")

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._output.close()
