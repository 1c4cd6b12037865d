"""Certificates as they come: expired, for another name, self-signed, without clientAuth. A real server shows each, both ways."""
import contextlib
import re
import shutil

import pytest

pytestmark = pytest.mark.pair

BAD = {"expired": "certificate has expired", "misnamed": "does not name misnamed.guest.lab", "own": "self-signed certificate"}


@pytest.fixture(scope="module")
def visitors(world):
    """One Prosody with a domain for each kind of certificate; its users by the kind."""
    kinds = [*BAD, "purpose"]
    own = {f"{kind}.guest.lab": world.certificates[kind] for kind in kinds}
    with world.guest(also={f"{kind}.guest.lab": [kind] for kind in kinds}, certificates=own) as gus:
        yield {kind: world.another(gus, f"{kind}@{kind}.guest.lab") for kind in kinds}


@pytest.fixture(autouse=True)
def new_streams(world, visitors):
    world.edge.close_streams(*(f"{kind}.guest.lab" for kind in visitors))
    yield
    world.arrange()


def talk(world, visitor, text):
    world.ana.says(visitor, f"out: {text}")
    visitor.hears(f"out: {text}")
    visitor.says(world.ana, f"back: {text}")
    world.ana.hears(f"back: {text}")


@pytest.mark.parametrize("mode", ("tls_required", "tls_optional"))
@pytest.mark.parametrize("kind", BAD)
def test_a_certificate_that_proves_nothing_leaves_dialback(world, visitors, kind, mode):
    world.arrange(mode)
    here = world.edge.mark()
    talk(world, visitors[kind], f"{kind}, {mode}")
    ready = world.edge.lines(rf"s2s\.pair\.ready.*{kind}\.guest\.lab", here)
    assert any('direction="IN"' in line and 'method="dialback"' in line for line in ready), ready
    assert all('tls="TLSv1.' in line for line in ready), ready
    assert BAD[kind] in "".join(world.edge.lines(rf"s2s\.tls\b.*{kind}\.guest\.lab", here))
    shown = world.edge.json("peers", "show", f"{kind}.guest.lab")
    assert BAD[kind] in str(shown), shown


def test_where_certificates_are_required_each_is_refused_and_both_senders_are_told(world, visitors):
    world.arrange("tls_required")
    world.edge.set(require_client_certificates=True)
    since, marks = world.ana.mark(), {kind: visitors[kind].mark() for kind in BAD}
    for kind in BAD:
        world.ana.says(visitors[kind], f"out: {kind}", id=f"required-{kind}")
        visitors[kind].says(world.ana, f"back: {kind}", id=f"required-{kind}")
    for kind in BAD:
        assert world.ana.sees(25, since, what="message", type="error", id=f"required-{kind}")["condition"]
        assert visitors[kind].sees(25, marks[kind], what="message", type="error", id=f"required-{kind}")["condition"]
    for user, mark in ((world.ana, since), *((visitors[kind], marks[kind]) for kind in BAD)):
        assert not [event for event in user.events(mark) if event["what"] == "message" and event["type"] != "error"]


def test_in_plain_text_a_certificate_is_not_looked_at(world, visitors):
    world.arrange("no_tls")
    here = world.edge.mark()
    talk(world, visitors["own"], "own, no_tls")
    ready = world.edge.lines(r"s2s\.pair\.ready.*own\.guest\.lab", here)
    assert ready and all('method="dialback"' in line for line in ready), ready
    # They come by Direct TLS, which the mode does not touch; there too the certificate proves nothing.
    assert all('tls="none"' in line for line in ready if 'direction="OUT"' in line), ready


def proofs(world, domain, since):
    """{direction: method} of what the edge logged as ready with this domain."""
    ready = world.edge.lines(rf's2s\.pair\.ready.* pair="[^"]*\b{domain}', since)
    return {re.search('direction="(.*?)"', line)[1]: re.search('method="(.*?)"', line)[1] for line in ready}


def test_theirs_without_client_auth_is_as_good_as_any(world, visitors):
    world.arrange("tls_required")
    world.edge.set(require_client_certificates=True)
    here = world.edge.mark()
    talk(world, visitors["purpose"], "without clientAuth")
    assert proofs(world, "purpose.guest.lab", here) == {"IN": "external", "OUT": "external"}


@contextlib.contextmanager
def issued_anew(world, files, domains, reload):
    """These files hold a certificate for servers only, and are read again; the old ones afterwards."""
    new = world.authority.issue("servers-only", domains, usage="serverAuth")
    for file, other in zip(files, new):
        shutil.copy(file, file + ".before")
        shutil.copy(other, file)
    try:
        reload()
        yield
    finally:
        for file in files:
            shutil.move(file + ".before", file)
        reload()


def test_ejabberd_s_without_client_auth_is_as_good_as_any(world):
    files = world.certificates["ejabberd"]
    with issued_anew(world, files, ["ejabberd.lab", "rooms.ejabberd.lab"], lambda: world.ejab.call("reload_config")):
        world.arrange("tls_required")
        world.edge.set(require_client_certificates=True)
        here = world.edge.mark()
        talk(world, world.iris, "ejabberd without clientAuth")
        assert proofs(world, "ejabberd.lab", here) == {"IN": "external", "OUT": "external"}


# Prosody 0.12 looks at no purpose. ejabberd 23.01 does, and takes dialback in its place.
@pytest.mark.parametrize("peer,proof", (("prosody", "external"), ("ejabberd", "dialback")))
def test_ours_without_client_auth_still_federates(world, peer, proof):
    server, friend, domain = world.peer(peer)
    with issued_anew(world, world.certificates["edge"], ["coluc.com", "*.coluc.com"], lambda: world.edge.ask("reload")):
        world.arrange("tls_required")
        here, there = world.edge.mark(), server.mark()
        talk(world, friend, f"ours without clientAuth, {peer}")
        assert set(proofs(world, domain, here)) == {"IN", "OUT"}
        assert server.accepted_by("coluc.com", there) == proof
