"""Going from the pages of one node to those of another: what /handover takes, and what it does not (threats T77, T92)."""
import re
import subprocess
import time
import urllib.parse

import pytest

from conftest import PASSWORDS, ROLES, Node

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def desk():
    """An edge that knows a core, and that core: two processes with accounts of their own."""
    core = Node(role="core", name="core1.b.test")
    edge = Node(folder=core.folder, knows=[core])
    core.restart(knows=[edge])
    person = core.person("rita")
    deadline = time.monotonic() + 20
    # In its first seconds a node takes none, for it may have forgotten what was used; nothing tells when they are over.
    while "handover-expired" in arrive(edge, token_for(person, edge), Origin=core.origin).headers["Location"]:
        assert time.monotonic() < deadline
        time.sleep(1)  # a session has one a second
    yield core, edge
    edge.stop(keep=True)
    core.stop()


def token_for(person, node):
    reply = person.ask("POST", "/api/v1/handover", {"node": node.name})
    assert reply.result["action"] == f"{node.origin}/handover"
    return reply.result["token"]


def arrive(node, token, page="overview", **headers):
    """As a browser posts the form that the page has made."""
    fields = {"Content-Type": FORM, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
              "Sec-Fetch-Dest": "document", **headers}
    body = urllib.parse.urlencode({"token": token, "page": page})
    return node.ask("POST", "/handover", body, {name: value for name, value in fields.items() if value is not None})


def cookie_of(reply):
    return re.match(r"(__Host-sallyport=[^;]+);", reply.headers["Set-Cookie"]).group(1)


def test_one_step_leads_from_the_core_to_the_same_page_of_the_edge(desk):
    core, edge = desk
    token = token_for(core.person("otto"), edge)
    reply = arrive(edge, token, "peers", Origin=core.origin)
    assert (reply.status, reply.headers["Location"]) == (303, "/#/peers")
    flags = [part.strip() for part in reply.headers["Set-Cookie"].split(";")]
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(flags)
    session = edge.ask("GET", "/api/v1/session", headers={"Cookie": cookie_of(reply)}).result
    assert (session["user"], session["role"], session["by"]) == ("otto", "operator", core.name)
    assert token not in edge.log and token not in core.log
    rows = edge.person("anna").ask("GET", "/api/v1/audit?limit=20").result["audit"]
    assert any(row["verb"] == "handover.accept" and row["author"] == "otto" and row["args"] == {"from": core.name}
               for row in rows), rows
    rows = core.person("anna").ask("GET", "/api/v1/audit?limit=20").result["audit"]
    assert any(row["verb"] == "handover.issue" and row["args"] == {"to": edge.name} for row in rows), rows
    again = arrive(edge, token, "peers", Origin=core.origin)
    assert again.status == 303 and "Set-Cookie" not in again.headers
    assert again.headers["Location"] == "/#/peers?as=otto&handover=handover-replayed"


def test_an_edge_lets_nobody_into_the_core(desk):
    core, edge = desk
    reply = arrive(core, token_for(edge.person("anna"), core), Origin=edge.origin)
    assert reply.status == 303 and "Set-Cookie" not in reply.headers
    assert reply.headers["Location"] == "/#/overview?as=anna&handover=handover-direction"


@pytest.mark.parametrize("origin", [None, "null", "https://evil.test", "http://core1.b.test", "{edge}"])
def test_no_other_page_sends_anybody(desk, origin):
    core, edge = desk
    token = token_for(core.person("rita"), edge)
    reply = arrive(edge, token, Origin=origin and origin.format(edge=edge.origin))
    assert reply.status == 403 and reply.error["code"] in ("origin-refused", "handover-origin"), reply.body
    assert "Set-Cookie" not in reply.headers and "Location" not in reply.headers


@pytest.mark.parametrize("headers, status", [
    ({"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
    ({"Sec-Fetch-Dest": "iframe"}, 403),
    ({"Content-Type": "application/json"}, 415),
    ({"Content-Type": "text/plain"}, 415),
])
def test_scripts_and_frames_bring_nobody(desk, headers, status):
    core, edge = desk
    token = token_for(core.person("rita"), edge)
    reply = arrive(edge, token, **{"Origin": core.origin, **headers})
    assert reply.status == status and "Set-Cookie" not in reply.headers, reply.body


def test_a_token_is_in_no_address(desk):
    core, edge = desk
    token = token_for(core.person("rita"), edge)
    path = "/handover?" + urllib.parse.urlencode({"token": token})
    assert edge.ask("GET", path).status == 405
    reply = edge.ask("POST", path, "", {"Content-Type": FORM, "Origin": core.origin})
    assert reply.status == 400 and "Set-Cookie" not in reply.headers


@pytest.mark.parametrize("page", ["//evil.test", "https://evil.test", "x\r\nSet-Cookie: a=b", "<script>", "a" * 300, ""])
def test_it_leads_to_pages_of_this_node_alone(desk, page):
    core, edge = desk
    reply = arrive(edge, token_for(core.person("rita"), edge), page, Origin=core.origin)
    assert reply.status == 303 and reply.headers["Location"].startswith("/#/"), reply.headers
    assert "evil" not in reply.headers["Location"] or reply.headers["Location"] == "/#///evil.test"
    assert "script" not in reply.headers["Location"]
    assert reply.headers.get_all("Set-Cookie") and len(reply.headers.get_all("Set-Cookie")) == 1


def test_only_people_with_a_session_are_handed_over(desk):
    core, edge = desk
    script = core.token("handover-script", "--scope", "administer")
    reply = core.ask("POST", "/api/v1/handover", {"node": edge.name}, {"Authorization": "Bearer " + script})
    assert (reply.status, reply.error["code"]) == (404, "session-none")
    assert core.ask("POST", "/api/v1/handover", {"node": edge.name}).status == 401
    person = core.person("rita")
    without = person.ask("POST", "/api/v1/handover", {"node": edge.name}, **{"X-Sallyport-CSRF": None})
    assert (without.status, without.error["code"]) == (403, "csrf-refused")
    reply = person.ask("POST", "/api/v1/handover", {"node": "edge9.b.test"})
    assert (reply.status, reply.error["code"]) == (404, "handover-node")
    reply = person.ask("POST", "/api/v1/handover", {"node": edge.name, "user": "anna"})
    assert (reply.status, reply.error["code"]) == (400, "argument-unknown")


def test_a_session_has_one_a_second(desk):
    core, edge = desk
    person = core.person("rita")
    token_for(person, edge)
    reply = person.ask("POST", "/api/v1/handover", {"node": edge.name})
    assert (reply.status, reply.error["code"]) == (429, "handover-often")
    assert int(reply.headers["Retry-After"]) == 1


def test_whoever_was_brought_is_not_handed_on(desk):
    core, edge = desk
    brought = cookie_of(arrive(edge, token_for(core.person("otto"), edge), Origin=core.origin))
    session = edge.ask("GET", "/api/v1/session", headers={"Cookie": brought}).result
    reply = edge.ask("POST", "/api/v1/handover", {"node": core.name},
                     {"Cookie": brought, "X-Sallyport-CSRF": session["csrf"], "Origin": edge.origin})
    assert (reply.status, reply.error["code"]) == (403, "handover-brought"), reply.body


def test_garbage_is_refused_and_slows_down_who_sends_it():
    core = Node(role="core", name="core1.b.test")
    edge = Node(folder=core.folder, knows=[core], limits="admin_login_failures_per_minute = 5")
    try:
        for garbage in ("", "x", "a.b.c", "." * 100, "A" * 20_000):
            reply = arrive(edge, garbage, Origin=core.origin)
            assert (reply.status, reply.error["code"]) == (400, "handover-malformed"), reply.body
        reply = arrive(edge, "a.b.c", Origin=core.origin)
        assert reply.status == 429 and int(reply.headers["Retry-After"]) > 0
    finally:
        edge.stop(keep=True)
        core.stop()


def test_the_page_may_post_to_the_nodes_of_its_desk_and_nowhere_else(desk, node):
    core, edge = desk
    page = core.ask("GET", "/")
    policy = page.headers["Content-Security-Policy"]
    assert f"form-action 'self' {edge.origin};" in policy and "connect-src 'self';" in policy
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert core.ask("GET", "/api/v1/status").headers["Referrer-Policy"] == "no-referrer"
    alone = node.ask("GET", "/")
    assert "form-action 'self';" in alone.headers["Content-Security-Policy"]
    assert alone.headers["Referrer-Policy"] == "no-referrer"


def test_what_the_file_may_say(desk):
    core, edge = desk
    def complaints(entry):
        path = edge.folder + "/wrong.toml"
        with open(edge.file, encoding="ascii") as good, open(path, "w", encoding="ascii") as wrong:
            wrong.write(good.read() + "\n" + entry)
        from conftest import BINARY
        done = subprocess.run([BINARY, "check-config", path], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr
    entry = '[[admin.node]]\nname = "{}"\nrole = "{}"\nurl = "{}"\n'
    assert complaints(entry.format("edge2.b.test", "edge", "https://edge2.b.test:9443"))[0] == 0
    for wrong in (entry.format(edge.name, "edge", "https://edge1.b.test"),
                  entry.format("edge2.b.test", "edge", "http://edge2.b.test"),
                  entry.format("edge2.b.test", "edge", "https://edge2.b.test/path"),
                  entry.format("edge2.b.test", "edge", "https://user@edge2.b.test"),
                  entry.format("edge2.b.test", "gate", "https://edge2.b.test"),
                  entry.format("edge2.b.test", "edge", "https://edge2.b.test") + 'accept = "administrator"\n',
                  entry.format("edge2.b.test", "edge", "https://edge2.b.test") + 'accept = "root"\n',
                  '[[admin.node]]\nname = "edge2.b.test"\nurl = "https://edge2.b.test"\n'):
        status, said = complaints(wrong)
        assert status == 2 and "admin.node" in said, (wrong, said)


assert set(PASSWORDS) == set(ROLES)
