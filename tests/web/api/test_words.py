"""The catalogues of the pages have words for everything that stands in the node's tables, and nothing else."""
import glob
import json
import os
import re

import pytest
from conftest import ROOT

CATALOGUES = sorted(glob.glob(ROOT + "/web/lang/*.json"))
# The verbs whose help and arguments the pages show: as forms (web/lib/verb_form.js), and the list of checks.
SHOWN = re.compile(r"why|check\..*|log\.level|diag\.start|diag\.marker|capture\.start")


def places(text):
    """The values of a sentence: {name}, or {name|one form|another}."""
    return set(re.findall(r"\{([a-z_0-9]+)", text))


def forms(said):
    return [said] if isinstance(said, str) else [said[form] for form in said if form != "by"]


@pytest.fixture(scope="module", params=CATALOGUES, ids=[os.path.basename(path) for path in CATALOGUES])
def catalogue(request):
    with open(request.param, encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def words(anna):
    return anna.ask("GET", "/api/v1/words").result


def test_there_is_a_catalogue():
    assert any(path.endswith("/es.json") for path in CATALOGUES)


@pytest.mark.parametrize("table", ["alarms", "findings"])
def test_sentences_and_remedies(catalogue, words, table):
    rows = {row["code"]: row for row in words[table]}
    assert len(rows) == len(words[table]) > 20
    assert set(catalogue[table]) == set(rows)
    for code, row in rows.items():
        said = catalogue[table][code]
        assert set(said) == {member for member in ("text", "remedy") if row[member]}, code
        for member, sentence in said.items():
            known = places(row[member])
            if not isinstance(sentence, str):
                assert sentence["by"] in known, code
            for form in forms(sentence):
                assert places(form) <= known, (code, form)
            assert places(forms(sentence)[-1]) == known, code


@pytest.mark.parametrize("table", ["rules", "steps"])
def test_sentences(catalogue, words, table):
    rows = {row["code"]: row["text"] for row in words[table]}
    assert len(rows) == len(words[table]) > 10
    assert set(catalogue[table]) == set(rows)
    for code, text in rows.items():
        assert places(catalogue[table][code]) == places(text), code


def test_words(catalogue, words):
    assert len(words["words"]) >= 10
    for table, names in words["words"].items():
        assert len(names) == len(set(names)) > 1, table
        missing = [name for name in names if name not in catalogue["words"][table]]
        assert missing == [], table


def test_settings(catalogue, words):
    assert set(catalogue["settings"]) == set(words["settings"])
    assert len(words["settings"]) > 10
    assert all(set(said) == {"help", "values"} for said in catalogue["settings"].values())


def test_verbs_that_the_pages_show(catalogue, anna):
    document = anna.ask("GET", "/api/v1/openapi.json").json()
    shown = {}
    for methods in document["paths"].values():
        for method, operation in methods.items():
            verb = operation.get("x-sallyport-verb", "") if method in ("get", "post") else ""
            if not SHOWN.fullmatch(verb):
                continue
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            given = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
            shown[verb] = given | set(body.get("properties", {})) - {"revision"}
    assert {"why", "check.all", "capture.start"} <= set(shown)
    assert {verb: set(said.get("arguments", {})) for verb, said in catalogue["verbs"].items()} == shown
    for arguments in shown.values():
        assert arguments <= set(catalogue["words"]["name"])
    checks = {verb.removeprefix("check.") for verb in shown if verb.startswith("check.")}
    assert checks <= set(catalogue["words"]["check"])


def test_the_table_is_for_every_role(node, words):
    assert node.person("rita").ask("GET", "/api/v1/words").result == words
    printed = node.cli("words").stdout
    for row in words["alarms"]:
        assert row["code"] in printed
