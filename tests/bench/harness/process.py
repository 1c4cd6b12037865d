"""A server under test as a process: pinned to its core, ended with the benchmark, never by name."""

import os
import socket
import subprocess
import time

GENERATOR_CPU = "0"
SERVER_CPU = "1"
START_SECONDS = 20
STOP_SECONDS = 10


def pinned(cpu: str, command: list[str]) -> list[str]:
    """The command on one core, before other work where that is permitted, and not outliving this process."""
    words = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() == 0:
        words += ["nice", "-n", "-10"]
    return [*words, "taskset", "-c", cpu, *command]


class ServerProcess:
    def __init__(self, command, log, environment=None):
        self.log = log
        self._output = open(log, "wb")
        self._process = subprocess.Popen(pinned(SERVER_CPU, command), stdin=subprocess.DEVNULL, stdout=self._output,
                                         stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})

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
