"""A partner whose server ends its stream at a stanza that it finds too large: that one comes back, the others arrive."""
import pytest

from world.wait import until

pytestmark = pytest.mark.pair

LIMIT = "s2s_stanza_size_limit = 20000"


@pytest.fixture(autouse=True)
def arranged(world):
    world.arrange()


@pytest.mark.parametrize("managed", [True, False])
def test_a_stanza_that_the_partner_does_not_take_comes_back_and_the_others_arrive(world, managed):
    with world.guest(options=LIMIT + ("" if managed else "\nsmacks_enabled_s2s = false")) as gus:
        world.ana.says(gus, "before")
        gus.hears("before")
        since, there, here = world.ana.mark(), gus.mark(), world.edge.mark()
        world.ana.says(gus, "x" * 60000, id="poison")
        if managed:
            world.ana.counts(gus, "with it", 0, 20)
        error = world.ana.sees(20, since, what="message", type="error", id="poison")
        assert error["condition"] in ("policy-violation", "not-acceptable", "remote-server-timeout"), error
        if managed:
            assert error["condition"] == "policy-violation", error
            until(lambda: set(gus.heard("with it", there)) == set(range(20)),
                  lambda: f"the others; heard {gus.heard('with it', there)}", 20)
            assert not world.ana.bounced("with it", since)
        world.ana.says(gus, "after")
        gus.hears("after", 20, there)
        assert len(world.edge.events("connecting", here)) <= 6, world.edge.log(here)[-3000:]
