"""Who gets in: sessions, tokens, roles, origins, hosts (threats T77, T79, T80, T81)."""
import base64
import hashlib
import hmac
import json
import struct
import time

import pytest

from conftest import NAME, PASSWORDS, ROLES, Node

ORDER = ["read", "operate", "administer"]


def operations(node, anna):
    """(verb, method, path, needs) of every verb, as the node describes them."""
    document = anna.ask("GET", "/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "x-sallyport-verb" in operation:
                yield operation["x-sallyport-verb"], method.upper(), path, operation["x-sallyport-needs"]


def test_a_session_says_whose_it_is_and_ends(node):
    person = node.person("rita")
    assert person.session["user"] == "rita" and person.session["role"] == "read-only"
    assert person.ask("GET", "/api/v1/session").result["csrf"] == person.session["csrf"]
    gone = person.ask("DELETE", "/api/v1/session")
    assert gone.status == 200 and "Max-Age=0" in gone.headers["Set-Cookie"]
    assert person.ask("GET", "/api/v1/session").status == 401


def test_the_cookie_is_for_this_host_only(node):
    flags = [part.strip() for part in node.log_in("rita").headers["Set-Cookie"].split(";")]
    assert flags[0].startswith("__Host-sallyport=") and len(flags[0]) > 50
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(flags)
    assert not any(flag.lower().startswith("domain") for flag in flags)


def test_a_session_id_from_before_the_log_in_is_worth_nothing(node):
    fixed = "__Host-sallyport=" + "A" * 43
    reply = node.log_in("rita", headers={"Cookie": fixed})
    assert reply.status == 200 and fixed not in reply.headers["Set-Cookie"]
    assert node.ask("GET", "/api/v1/session", headers={"Cookie": fixed}).status == 401
    # Who logs in again gets a new id, and the old one ends.
    first = reply.headers["Set-Cookie"].split(";")[0]
    second = node.log_in("rita", headers={"Cookie": first}).headers["Set-Cookie"].split(";")[0]
    assert first != second
    assert node.ask("GET", "/api/v1/session", headers={"Cookie": first}).status == 401
    assert node.ask("GET", "/api/v1/session", headers={"Cookie": second}).status == 200


def test_every_role_may_do_its_part_of_every_verb_and_no_more(node, anna, tokens):
    rows = list(operations(node, anna))
    assert len(rows) > 50
    for verb, method, path, needs in rows:
        for scope in ORDER:
            headers = {"Authorization": "Bearer " + tokens[scope]}
            # An argument that no verb has: what is allowed is read and refused, and nothing happens.
            if method == "GET":
                reply = node.ask("GET", path + "?no_such_argument=1", headers=headers)
            else:
                reply = node.ask("POST", path, {"no_such_argument": 1}, headers)
            allowed = ORDER.index(scope) >= ORDER.index(needs)
            expected = (400, "argument-unknown") if allowed else (403, "role-insufficient")
            assert (reply.status, reply.error["code"]) == expected, (verb, scope, reply.body)
            if allowed:
                assert reply.error["field"] == "no_such_argument", (verb, reply.body)


def test_what_changes_settings_accounts_and_tokens_needs_an_administrator(node, anna):
    needs = {verb: needs for verb, _, _, needs in operations(node, anna)}
    for verb in ("config.set", "allow.add", "deny.remove", "routes.add", "run.sql", "admins.add", "admins.list",
                 "tokens.add", "sessions.close", "audit", "users.add", "axl-users.passwd", "imp-servers.add"):
        assert needs[verb] == "administer", verb
    for verb in ("status", "alarms", "events", "config.get", "peers.list", "why"):
        assert needs[verb] == "read", verb


def test_settings_are_changed_by_administrators_only(node, tokens):
    for scope in ("read", "operate"):
        headers = {"Authorization": "Bearer " + tokens[scope], "If-Match": '"9999"'}
        reply = node.ask("PUT", "/api/v1/settings/federation.bidi", {"value": "on"}, headers)
        assert reply.status == 403
        reply = node.ask("PATCH", "/api/v1/settings", {"revision": 9999, "values": {}}, headers)
        assert reply.status == 403


def test_a_token_does_only_its_verbs_until_it_is_removed(node):
    token = node.token("narrow", "--scope", "operate", "--verbs", "peers.list", "peers.ping")
    headers = {"Authorization": "Bearer " + token}
    assert node.ask("GET", "/api/v1/peers", headers=headers).status == 200
    assert node.ask("GET", "/api/v1/status", headers=headers).status == 403
    assert node.ask("GET", "/api/v1/settings", headers=headers).status == 403
    assert token not in json.dumps(json.loads(node.cli("tokens", "list", "--json").stdout))
    with open(node.data + "/admin.db", "rb") as file:
        assert token.encode() not in file.read()
    node.cli("tokens", "remove", "narrow")
    assert node.ask("GET", "/api/v1/peers", headers=headers).status == 401


def test_nothing_is_said_without_credentials(node, anna):
    for _, method, path, _ in operations(node, anna):
        reply = node.ask(method, path, {} if method == "POST" else None)
        assert reply.status == 401, path
    for path in ("/api/v1/settings", "/api/v1/changes", "/api/v1/openapi.json", "/api/v1/session", "/metrics"):
        assert node.ask("GET", path).status == 401, path


@pytest.mark.parametrize("change, code", [
    ({"X-Sallyport-CSRF": None}, "csrf-refused"),
    ({"X-Sallyport-CSRF": "A" * 43}, "csrf-refused"),
    ({"Origin": "https://evil.test"}, "origin-refused"),
    ({"Origin": "null"}, "origin-refused"),
    ({"Origin": f"http://{NAME}"}, "origin-refused"),
    ({"Sec-Fetch-Site": "cross-site"}, "origin-refused"),
    ({"Sec-Fetch-Site": "same-site"}, "origin-refused"),
    ({"Origin": None, "Sec-Fetch-Site": None}, "origin-refused"),
    ({"Content-Type": "text/plain"}, "type-unknown"),
    ({"Content-Type": "application/x-www-form-urlencoded"}, "type-unknown"),
    ({"Content-Type": None}, "type-unknown"),
])
def test_a_cookie_alone_changes_nothing(node, anna, change, code):
    before = anna.ask("GET", "/api/v1/settings").result["revision"]
    reply = anna.ask("POST", "/api/v1/deny/add", json.dumps({"domain": ["forged.test"]}), **change)
    assert reply.status in (403, 415) and reply.error["code"] == code
    assert anna.ask("GET", "/api/v1/settings").result["revision"] == before


def test_a_log_in_from_a_page_of_others_is_refused(node):
    reply = node.log_in("rita", headers={"Origin": "https://evil.test"})
    assert reply.status == 403 and "Set-Cookie" not in reply.headers


def test_reading_never_changes_and_methods_cannot_be_pretended(node, anna):
    before = anna.ask("GET", "/api/v1/settings").result["revision"]
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        assert anna.ask("GET", "/api/v1/deny/list", **{header: "POST"}).status == 200
    reply = anna.ask("GET", "/api/v1/deny/add?domain=forged.test")
    assert reply.status == 405 and reply.headers["Allow"] == "POST"
    assert anna.ask("GET", "/api/v1/deny/add?_method=POST&domain=forged.test").status == 405
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "post", "GETX"):
        assert anna.ask(method, "/api/v1/deny/add", {"domain": ["forged.test"]}).status in (400, 405), method
    assert anna.ask("POST", "/api/v1/status", {}).status == 405
    assert anna.ask("GET", "/api/v1/settings").result["revision"] == before


def test_a_host_name_of_others_leads_nowhere(node):
    for host in ("evil.test", f"evil.test:{node.port}", f"{NAME}.evil.test:{node.port}", "192.0.2.1", "", "a b",
                 f"{NAME}@evil.test"):
        reply = node.ask("GET", "/", host=host)
        assert reply.status in (400, 421), (host, reply.status)
    for host in (NAME, NAME.upper(), f"127.0.0.1:{node.port}", f"localhost:{node.port}", "console.b.test"):
        assert node.ask("GET", "/", host=host).status == 200, host


def test_wrong_passwords_are_slowed_down_and_say_nothing_about_names():
    node = Node(limits="admin_login_failures_per_minute = 4")
    try:
        answers = [node.log_in(user, "a wrong password") for user in ("anna", "nobody", "anna", "nobody")]
        assert {(reply.status, reply.body) for reply in answers} == {(401, answers[0].body)}
        reply = node.log_in("anna")
        assert reply.status == 429 and 0 < int(reply.headers["Retry-After"]) <= 60
        assert node.ask("GET", "/api/v1/status", headers={"Authorization": "Bearer sp_x"}).status == 429
        assert 'Event="admin.login.refused"' in node.log and 'Event="admin.login.throttled"' in node.log
        for secret in ("a wrong password", *PASSWORDS.values()):
            assert secret not in node.log
    finally:
        node.stop()


def test_a_guessed_token_counts_as_a_wrong_password():
    node = Node(limits="admin_login_failures_per_minute = 3", accounts=False)
    try:
        statuses = [node.ask("GET", "/api/v1/status", headers={"Authorization": f"Bearer sp_{n}"}).status
                    for n in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
    finally:
        node.stop()


def code_of(secret, at):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[19] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


def test_a_code_of_an_authenticator_is_asked_for_and_counts_once(node):
    node.cli("admins", "add", "tina", "--role", "operator", input="a long password of tina\n")
    secret = json.loads(node.cli("admins", "totp", "tina", "--json").stdout)["secret"]
    password = "a long password of tina"
    reply = node.log_in("tina", password)
    assert (reply.status, reply.error["code"], reply.error["field"]) == (401, "code-needed", "code")
    assert node.log_in("tina", password, "000000").error["code"] == "login-refused"
    code = code_of(secret, time.time())
    assert node.log_in("tina", password, code).status == 200
    assert node.log_in("tina", password, code).error["code"] == "login-refused"
    with open(node.data + "/admin.db", "rb") as file:
        assert base64.b32decode(secret + "=" * (-len(secret) % 8)) not in file.read()
    node.cli("admins", "remove", "tina")


def test_a_new_password_a_new_role_and_removal_end_sessions(node):
    for change in (("passwd",), ("role", "operator"), ("remove",)):
        if change[0] != "role":
            node.cli("admins", "add", "gus", "--role", "read-only", input="a long password of gus\n",
                     check=change[0] == "passwd")
        reply = node.log_in("gus", "a long password of gus")
        cookie = {"Cookie": reply.headers["Set-Cookie"].split(";")[0]}
        assert node.ask("GET", "/api/v1/session", headers=cookie).status == 200
        node.cli("admins", change[0], "gus", *change[1:], input="a long password of gus\n")
        assert node.ask("GET", "/api/v1/session", headers=cookie).status == 401, change


def test_an_administrator_sees_and_ends_sessions(node, anna):
    person = node.person("otto")
    rows = anna.ask("GET", "/api/v1/sessions").result["sessions"]
    mine = [row for row in rows if row["user"] == "otto"][-1]
    assert mine["address"] == "127.0.0.1"
    assert person.cookie.split("=")[1] not in json.dumps(rows)
    assert anna.ask("POST", "/api/v1/sessions/close", {"number": mine["number"]}).status == 200
    assert person.ask("GET", "/api/v1/session").status == 401


def test_sessions_end_after_a_rest_and_are_bounded():
    node = Node(limits="admin_sessions_per_account = 2")
    try:
        people = [node.person("rita") for _ in range(3)]
        assert [person.ask("GET", "/api/v1/session").status for person in people] == [401, 200, 200]
    finally:
        node.stop()


def test_a_node_without_accounts_says_so_and_lets_nobody_in():
    node = Node(accounts=False)
    try:
        assert 'Event="admin.accounts.none"' in node.log
        status = json.loads(node.cli("status", "--json", check=False).stdout)
        assert any("nobody can sign in" in problem["text"] for problem in status["problems"])
        reply = node.log_in("anna")
        assert reply.status == 403 and reply.error["code"] == "accounts-none"
        node.cli("admins", "add", "anna", "--role", "administrator", input=PASSWORDS["anna"] + "\n")
        assert node.log_in("anna").status == 200
    finally:
        node.stop()


def test_the_audit_names_who_did_what_without_secrets(node, anna, tokens):
    anna.ask("POST", "/api/v1/deny/add", {"domain": ["audited.test"]})
    node.ask("POST", "/api/v1/deny/remove", {"domain": ["audited.test"]},
             {"Authorization": "Bearer " + tokens["administer"]})
    anna.ask("POST", "/api/v1/config/set", {"name": "federation.dialback_secret", "value": "audited-secret-value"})
    anna.ask("POST", "/api/v1/admins/passwd", {"name": "nobody", "password": "audited secret password"})
    rows = anna.ask("GET", "/api/v1/audit?limit=10").result["audit"]
    found = {(row["author"], row["verb"], row["outcome"]) for row in rows}
    assert {("anna", "deny.add", "ok"), ("token matrix-administer", "deny.remove", "ok"),
            ("anna", "config.set", "ok"), ("anna", "admins.passwd", "account-unknown")} <= found
    assert all(row["address"] == "127.0.0.1" for row in rows[:4])
    added = next(row for row in rows if row["verb"] == "deny.add")
    assert added["args"] == {"domain": "audited.test"}
    text = json.dumps(rows) + node.log
    assert "audited-secret-value" not in text and "audited secret password" not in text
    history = anna.ask("GET", "/api/v1/config/history?name=federation.deny_list").result["changes"]
    assert history[0]["author"] == "token matrix-administer" and history[0]["origin"] == "rest"


def test_no_line_of_the_log_can_be_forged(node):
    evil = 'x\r\n2026-01-01T00:00:00Z h sallyport-edge[1]: Event="fake.event" \x1b[31m\u2028'
    before = len(node.log)
    assert node.log_in(evil, "a wrong password").status == 401
    node.ask("GET", "/api/v1/%0d%0aEvent=%22fake.event%22", headers={"Authorization": "Bearer sp_\x7f"})
    node.ask("GET", "/", host="evil.test")
    written = node.log[before:]
    assert 'Event="admin.login.refused"' in written
    for line in written.splitlines():
        assert not line.startswith("2026-01-01") and "\x1b" not in line and "\u2028" not in line


def test_roles_are_the_three(node, anna):
    assert {row["name"]: row["role"] for row in anna.ask("GET", "/api/v1/admins").result["admins"]
            if row["name"] in ROLES} == ROLES
    reply = anna.ask("POST", "/api/v1/admins/add", {"name": "x", "role": "root", "password": "long enough pw"})
    assert reply.status == 400 and reply.error["field"] == "role"
    reply = anna.ask("POST", "/api/v1/admins/add", {"name": "x", "role": "operator", "password": "short"})
    assert reply.status == 400 and reply.error["field"] == "password"
    reply = anna.ask("POST", "/api/v1/admins/add", {"name": "x y", "role": "operator", "password": "long enough pw"})
    assert reply.status == 400 and reply.error["field"] == "name"
    reply = anna.ask("POST", "/api/v1/admins/add", {"name": "anna", "role": "operator", "password": "long enough pw"})
    assert reply.status == 409
