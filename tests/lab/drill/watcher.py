"""Looks at what one node says, over and over, and remembers when it first said it."""
import threading
import time


class Watcher:
    def __init__(self, desk):
        self.desk, self.seen, self._over = desk, [], threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while not self._over.is_set():
            began = time.monotonic()
            self.seen.append((time.monotonic(), self.desk.views()))
            self._over.wait(max(0.0, 0.1 - (time.monotonic() - began)))

    def stop(self):
        self._over.set()
        self._thread.join(20)

    def latest(self):
        return self.seen[-1][1] if self.seen else {}

    def first(self, fits, since):
        """view -> seconds from `since` until it fitted for the first time; None: never yet."""
        found = {}
        for at, views in list(self.seen):
            for name, view in views.items():
                if at >= since and view is not None and name not in found and fits(name, view):
                    found[name] = at - since
        return found
