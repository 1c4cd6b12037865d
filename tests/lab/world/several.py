"""What a scenario starts, and has to stop again whatever becomes of it."""
import contextlib
import os
import tempfile


class Several:
    """Processes that stop together, the last one first. A subclass starts them in its constructor, which takes a folder."""
    running = None

    def start(self, process):
        self.running.append(process)
        return process

    def stop(self):
        for process in reversed(self.running):
            process.stop()

    @classmethod
    @contextlib.contextmanager
    def raised(cls, prefix):
        """One in a folder of its own. What it has started is stopped also where its constructor fails."""
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            os.chmod(folder, 0o755)  # servers with users of their own look into it
            made = cls.__new__(cls)
            made.running = []
            try:
                made.__init__(folder)
                yield made
            finally:
                made.stop()
