"""Security mode x authentication x route x peer: messages pass both ways, by the way that was asked for."""
import pytest

MODES = {  # mode: the ways a domain can be proved there
    "tls_required": ("certificate", "dialback"),
    "tls_optional": ("certificate", "dialback"),
    "no_tls": ("dialback",),
}
CASES = [(mode, proof, route, peer) for mode, proofs in MODES.items() for proof in proofs
         for route in ("dns", "static") for peer in ("prosody", "ejabberd")]


@pytest.mark.pair
@pytest.mark.parametrize("mode,proof,route,peer", CASES)
def test_messages_pass(world, mode, proof, route, peer):
    server, friend, domain = world.peer(peer)
    world.arrange(mode, proof, route)
    name = f"{mode} {proof} {route} {peer}"
    here, there = world.edge.mark(), server.mark()
    world.ana.says(friend, f"out: {name}")
    friend.hears(f"out: {name}")
    friend.says(world.ana, f"back: {name}")
    world.ana.hears(f"back: {name}")

    assert server.accepted_by("coluc.com", there) == {"certificate": "external", "dialback": "dialback"}[proof]
    if proof == "dialback":
        world.edge.event("dialback key sent", "vngtp.lab" if peer == "prosody" else "ejabberd.lab", since=here)
    looked_up = [line for line in world.edge.events("lookup begun", here) if domain in line]
    assert not (route == "static" and proof == "certificate" and looked_up), looked_up
