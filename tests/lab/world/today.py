"""The servers that partners run today, of Debian 13 and sid, each in a root of its own; for the two files of their scenarios."""
import itertools
import os

import pytest

from .root import NoRoot, Root

WHOLE = bool(os.environ.get("LAB_WHOLE"))
whole = pytest.mark.skipif(not WHOLE, reason="the whole matrix of today's peers is for ./dev lab")
DEBIAN_13 = [("prosody", "trixie"), ("ejabberd", "trixie")]
SID = [("prosody", "sid"), ("ejabberd", "sid")]
_roots = {}
_numbers = itertools.count(1)


def root_of(suite):
    """The root, or the scenario is left out with the reason why there is none."""
    if suite not in _roots:
        try:
            _roots[suite] = Root(suite)
        except NoRoot as why:
            _roots[suite] = why
    if isinstance(_roots[suite], NoRoot):
        pytest.skip(f"no root of {suite}: {_roots[suite]}")
    return _roots[suite]


def talk(world, gus, text):
    """One message each way."""
    text = f"{text} {next(_numbers)}"  # all partners are heard of in one list of events
    world.ana.says(gus, f"{text}: out \u2603")
    gus.hears(f"{text}: out \u2603")
    gus.says(world.ana, f"{text}: back & <all>")
    world.ana.hears(f"{text}: back & <all>")


def talk_from(one, other, text):
    """One message one way."""
    text = f"{text} {next(_numbers)}"
    one.says(other, text)
    other.hears(text)
