"""The firewall between DMZ and inside is a real witness: an attempt is refused and counted."""


def test_the_witnesses_see_an_attempt_from_the_dmz(world):
    assert not world.network["edge"].accepts("10.10.0.10", 5269)
    witnesses = world.network.forbidden()
    world.network.forget_forbidden()
    assert witnesses["refused"] > 0 and witnesses["begun"] > 0
