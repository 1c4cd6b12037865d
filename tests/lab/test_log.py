"""The log proves each step of the dialback exchange, and gives nothing away."""
import re

import pytest

from world.federation import SETTINGS
from world.sallyport import SECRET

pytestmark = pytest.mark.pair


@pytest.fixture(autouse=True)
def afterwards(world):
    yield
    world.arrange()


def test_each_step_of_a_dialback_is_in_the_log_of_the_edge(world):
    world.arrange("tls_optional", "dialback")
    here = world.edge.mark()
    world.ana.says(world.victor, "dialback, please")
    world.victor.hears("dialback, please")
    world.victor.says(world.ana, "with pleasure")
    world.ana.hears("with pleasure")
    # as initiating server
    world.edge.event("dialback key sent", "coluc.com", "vngtp.lab", since=here)
    world.edge.event("dialback timer", since=here)
    world.edge.event("connection state", since=here)
    # as receiving server
    world.edge.event("lookup begun", "vngtp.lab", since=here)
    world.edge.event("lookup done", since=here)
    world.edge.event("verify asked", "vngtp.lab", since=here)
    world.edge.event("verify received", "valid", since=here)
    world.edge.event("dialback result", since=here)
    # as authoritative server
    world.edge.event("stream opened", since=here)
    world.edge.event("verify judged", "vngtp.lab", since=here)


def test_the_look_up_names_the_punycode_form(world):
    world.arrange()
    here = world.edge.mark()
    world.celik.says("uwe@bücher.lab", "punycode")
    world.uwe.hears("punycode")
    world.edge.event("lookup begun", "xn--bcher-kva.lab", since=here)


def test_no_log_holds_a_secret_or_a_whole_key(world):
    for node in (world.edge, world.core):
        text = node.log()
        for secret in (SECRET, SETTINGS["federation.dialback_secret"], "correct horse"):
            assert secret not in text, f"{node.name} logged a secret"
        assert not re.search(r"\b[0-9a-f]{40,}\b", text), re.search(r".*\b[0-9a-f]{40,}\b.*", text).group(0)


def test_no_log_holds_a_body(world):
    world.ana.says(world.victor, "a very private sentence")
    world.victor.hears("a very private sentence")
    assert "a very private sentence" not in world.edge.log() + world.core.log()


def test_a_setting_s_secret_is_masked_in_log_and_history(world):
    here = world.edge.mark()
    world.edge.set(dialback_secret="another-secret-of-the-lab-1")
    world.edge.event("setting changed", "federation.dialback_secret", since=here)
    history = world.edge.ask("config", "history")
    world.edge.set(dialback_secret=SETTINGS["federation.dialback_secret"])
    assert "another-secret-of-the-lab-1" not in world.edge.log() + history
