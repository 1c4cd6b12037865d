"""Waiting for events with a deadline. Nothing in the lab sleeps for a guessed time."""
import time


class Late(AssertionError):
    """What was awaited did not come in time."""


def until(condition, what, seconds=15.0, step=0.02):
    """The first true value of condition(), or Late with `what` in it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Late(f"waited {seconds:g} s for {what() if callable(what) else what}")
        time.sleep(step)
