"""Users of the presence node: accounts that stand for a while, and how their clients reach it."""
import contextlib
import os

from .federation import USERS
from .prosody import PASSWORD

NAMES = ("uma", "ugo", "una")


class Server:
    """What a client needs to know of the node."""

    def __init__(self, trust):
        self.c2s, self.client_trust = ("10.10.0.7", 5222), trust


@contextlib.contextmanager
def accounts(world, names=NAMES):
    """uma, ugo and una, or others; the file with their password."""
    path = os.path.join(world.folder, "password")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    for name in names:
        world.presence.ask("users", "add", f"{name}@{USERS}", "--password-file", path)
    try:
        yield path
    finally:
        for name in names:
            world.presence.ask("users", "remove", f"{name}@{USERS}")
