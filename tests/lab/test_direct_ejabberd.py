"""Today's ejabberd dials Direct TLS: it loses a race with whoever answers its Client Hello at once
(docs/decisions/0042-direct-tls-waits.md). Its dials to the edge and to a Prosody are counted. For `./dev lab`."""
import time

import pytest

from world.prosody import Prosody
from world.raw import EDGE
from world.tap import Tap
from world.today import root_of, whole
from world.wait import until

pytestmark = [pytest.mark.pair, whole]

DIALS = 40
PROSODY, ADDRESS = "doubter.lab", "198.51.100.67"
GOES_ON = (20, 23)  # types of TLS records: the client's change_cipher_spec, or what is encrypted


def records(stream):
    """The types of the whole TLS records at the head of what one side said."""
    found = []
    while len(stream) >= 5 and len(stream) >= (end := 5 + int.from_bytes(stream[3:5], "big")):
        found.append(stream[0])
        stream = stream[end:]
    return found


def broken_off(tap, gus, address, domain):
    """Of DIALS by Direct TLS, how many never went on after the Client Hello."""
    broken = 0
    for number in range(DIALS):
        since, here = len(tap.dials(address, 5270)), gus.server.mark()
        gus.says(f"nobody@{domain}", f"dial {number}")
        flow = until(lambda since=since: tap.dials(address, 5270)[since:], lambda: f"dial {number}: {gus.server.log()[-2000:]}", 20)[0]

        def went_on(flow=flow):
            return any(kind in GOES_ON for kind in records(tap.said(flow)))

        def gave_up(flow=flow, here=here):
            """It waits five seconds for an answer that it has had; then it tries the next address, or returns the message. What it says
            sooner is of the dial before."""
            if time.monotonic() - tap.at[flow] < 4:
                return False
            others = [later for later in tap.begun[tap.begun.index(flow) + 1:] if later[0][0] == flow[0][0]]
            return others or gus.server.lines("Failed to establish outbound s2s", here)

        until(lambda: went_on() or gave_up(),
              lambda: f"an end of dial {number}: {gus.server.log(here)[-2000:]}", 20)
        broken += not went_on()
        gus.server.call("stop_s2s_connections")
        until(lambda: gus.server.call("outgoing_s2s_number") == 0, "no stream to be left", 20)
    return broken


@pytest.fixture(params=("trixie", "sid"))
def gus(world, request):
    """Its DNS leads it to Direct TLS first, of both."""
    world.arrange("tls_required")
    with world.dns.change('_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269', '_xmpp-server._tcp.coluc.com. 60 SRV 20 0 5269'), \
         world.dns.change(f'local-data: "{PROSODY}. 60 A {ADDRESS}"', f'local-data: "{PROSODY}. 60 A {ADDRESS}"\n'
                          f'local-data: "_xmpps-server._tcp.{PROSODY}. 60 SRV 0 0 5270 {PROSODY}."'), \
         world.partner("ejabberd", root_of(request.param)) as user:
        yield user
    world.arrange()


@pytest.fixture
def prosody(world):
    server = Prosody("direct-prosody", world.folder, ADDRESS, {PROSODY: []}, [], world.authority.issue("direct-prosody", [PROSODY]),
                     world.trust, "198.51.100.53", world.network["tester"], direct_port=5270)
    try:
        yield server.ready()
    finally:
        server.stop()


def test_its_dials_to_the_edge_go_on(world, gus, prosody, record_property):
    """What becomes of its dials to a server that answers at once is counted beside, and told."""
    with Tap(world.network["guest"]) as tap:
        ours = broken_off(tap, gus, EDGE, "coluc.com")
        others = broken_off(tap, gus, ADDRESS, PROSODY)
    told = f"ejabberd {gus.server.arguments[-1].version('ejabberd')}, {DIALS} dials: {ours} to the edge broke off, {others} to Prosody"
    print(told)
    record_property("broken off", told)
    # Beside other work its Client Hello may be later than the edge's pause.
    assert ours <= DIALS // 20, told
