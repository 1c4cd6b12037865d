"""One world for all scenarios, torn down whatever happens; a failed scenario leaves its logs in run/lab/<name>."""
import os
import re
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world.federation import Federation  # noqa: E402
from world import sallyport  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "pair: needs the Sallyport pair (left out with SALLYPORT=none)")
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM", 1))


def pytest_collection_modifyitems(items):
    if os.environ.get("SALLYPORT") == "none":
        for item in items:
            if item.get_closest_marker("pair"):
                item.add_marker(pytest.mark.skip(reason="without the pair"))
    elif not os.access(sallyport.BINARY, os.X_OK):
        pytest.exit(f"no binary at {sallyport.BINARY}", 1)


@pytest.fixture(scope="session")
def world():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    federation = Federation()
    try:
        yield federation.start()
    except BaseException:
        print("logs of the start:", federation.keep("start", "the world did not start"))
        raise
    finally:
        federation.stop()
        federation.forget()
        left = federation.left()
        assert not left, left


@pytest.fixture(autouse=True)
def no_connection_from_the_dmz(request):
    """After every scenario: the edge never began a connection towards the inside."""
    yield
    if "world" in request.fixturenames:
        witnesses = request.getfixturevalue("world").network.forbidden()
        assert witnesses == {"refused": 0, "begun": 0}, witnesses


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed and "world" in getattr(item, "funcargs", {}):
        name = re.sub(r"[^\w.-]+", "_", item.name)
        own = {str(made.folder) for made in item.funcargs.values() if hasattr(made, "folder")} - {item.funcargs["world"].folder}
        folder = item.funcargs["world"].keep(name, report.longreprtext, sorted(own))
        report.sections.append(("logs", folder))
