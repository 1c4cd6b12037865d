"""What real nodes tell of their tables (metrics: `sallyport_table_entries`) is what the list of tests/sim/soak_test.cpp
has: a table that is not in the list, or that no node tells of, fails here. And none is fuller than it may be."""
import re

from test_backup import ROLES, ROOT, settle, trio  # noqa: F401  (the fixture)


def listed():
    text = (ROOT / "tests/sim/soak_test.cpp").read_text()
    return set(re.findall(r'^    \{"([a-z0-9.-]+)", Rest::\w+\},$', text, re.MULTILINE))


def samples(text, metric):
    return {name: int(value) for name, value in re.findall(rf'^{metric}\{{table="([^"]+)"\}} (\d+)$', text, re.MULTILINE)}


def test_real_nodes_have_the_tables_of_the_list(trio):  # noqa: F811
    for node in reversed(trio.nodes.values()):
        node.start()
    settle(trio.nodes["presence"], "run", "sql", "select * from xmpps2snodes", has="edge1")
    told = {}
    for role in ROLES:
        text = trio.nodes[role].ask("metrics")
        entries, bounds = samples(text, "sallyport_table_entries"), samples(text, "sallyport_table_bound")
        assert entries and entries.keys() == bounds.keys(), role
        for table, count in entries.items():
            assert count <= bounds[table] < 10**9, (role, table)
        told[role] = set(entries)
    assert set().union(*told.values()) == listed()
