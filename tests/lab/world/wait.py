"""Waiting for events with a deadline. Nothing in the lab sleeps for a guessed time."""
import os
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


def load():
    """So many times as long as on a machine that is idle may a moment take on this one; at most four times."""
    return min(4.0, max(1.0, os.getloadavg()[0] / 2))
