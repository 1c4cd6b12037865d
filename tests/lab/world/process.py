"""A process in a namespace: its log is a file, its end is certain."""
import ctypes
import os
import re
import signal
import subprocess

from .wait import Late, until

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """Whatever becomes of us, our servers do not outlive us."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    def __init__(self, name, command, folder, namespace=None, environment=None, stdin=subprocess.DEVNULL,
                 stdout=None):
        self.name = name
        self.log_path = os.path.join(folder, f"{name}.log")
        self._log = open(self.log_path, "ab")
        self.began = os.path.getsize(self.log_path)  # a process that ran here before has its lines above
        if namespace is not None:
            command = ["ip", "netns", "exec", namespace.name, *command]
        self.child = subprocess.Popen(
            command, stdin=stdin, stdout=stdout or self._log, stderr=self._log, cwd=folder, start_new_session=True,
            preexec_fn=_die_with_parent, env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def log(self, since=0):
        with open(self.log_path, "rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace")

    def mark(self):
        """Where the log ends now; give it to `since` later."""
        return os.path.getsize(self.log_path)

    def lines(self, pattern, since=0):
        return [line for line in self.log(max(since, self.began)).splitlines() if re.search(pattern, line)]

    def wait_for(self, pattern, seconds=15.0, since=0):
        """The first log line that matches; fails at once when the process ended."""
        def look():
            found = self.lines(pattern, since)
            if found:
                return found[0]
            if not self.alive():
                raise Late(f"{self.name} ended ({self.child.returncode}) before '{pattern}':\n{self.log()[-2000:]}")
            return None
        return until(look, lambda: f"'{pattern}' in the log of {self.name}:\n{self.log(since)[-1500:]}", seconds)

    def kill(self, signal_number=signal.SIGKILL):
        try:
            os.killpg(self.child.pid, signal_number)
        except ProcessLookupError:
            pass

    def stop(self, seconds=5.0):
        """Asks politely, then does not ask."""
        if self.alive():
            self.kill(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        self.child.wait()
        self._log.close()
        return self.child.returncode
