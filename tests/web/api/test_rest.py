"""What REST answers: verbs, settings with revisions, the stream of changes, its description, pages; and what it makes of
bad input (threats T79, T80)."""
import gzip
import json
import re
import select
import socket
import ssl
import threading
import time

import pytest

from conftest import NAME, Node

# ---- verbs and settings


def test_a_verb_answers_with_the_json_of_the_command_line(node, anna):
    for path, command in (("/api/v1/peers", ("peers", "list")), ("/api/v1/peers/list", ("peers", "list")),
                          ("/api/v1/alarms?all=true", ("alarms", "--all")), ("/api/v1/config", ("config", "get")),
                          ("/api/v1/config/get?name=federation.bidi", ("config", "get", "federation.bidi")),
                          ("/api/v1/routes", ("routes", "list")), ("/api/v1/deny", ("deny", "list"))):
        assert anna.ask("GET", path).result == json.loads(node.cli(*command, "--json").stdout), path
    names = set(anna.ask("GET", "/api/v1/status").result)
    assert names == set(json.loads(node.cli("status", "--json", check=False).stdout))


def test_lists_are_repeated_parameters_and_lists_in_a_body(anna):
    reply = anna.ask("POST", "/api/v1/deny/add", {"domain": ["a.test", "*.b.test"]})
    assert reply.result["changed"] and set(reply.result["value"]) >= {"a.test", "*.b.test"}
    anna.ask("POST", "/api/v1/deny/remove", {"domain": ["a.test", "*.b.test"]})
    reply = anna.ask("GET", "/api/v1/why?from=b.test&to=a.test&to=c.test")
    assert reply.status == 400 and reply.error["field"] == "to"


@pytest.mark.parametrize("method, path, body, field", [
    ("POST", "/api/v1/deny/add", {}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": "a.test"}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": [1]}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": ["a b"]}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": ["a\0.test"]}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": ["a\x1b.test"]}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": ["\u202etset.a"]}, "domain"),
    ("POST", "/api/v1/deny/add", {"domain": ["a.test"], "more": 1}, "more"),
    ("POST", "/api/v1/deny/add", {"domain": ["a.test"], "revision": "1"}, "revision"),
    ("POST", "/api/v1/config/set", {"name": "federation.bidi", "value": "maybe"}, "value"),
    ("POST", "/api/v1/config/set", {"name": "$(id)", "value": "on"}, "name"),
    ("POST", "/api/v1/log/level", {"module": "dns", "level": "loud"}, "level"),
    ("GET", "/api/v1/events?limit=many", None, "limit"),
    ("GET", "/api/v1/events?limit=-1", None, "limit"),
    ("GET", "/api/v1/events?limit=99999999999999999999999", None, "limit"),
    ("GET", "/api/v1/events?level=loud", None, "level"),
    ("GET", "/api/v1/events?follow=true", None, "follow"),
    ("GET", "/api/v1/events?follow=perhaps", None, "follow"),
    ("GET", "/api/v1/peers/show", None, "domain"),
    ("GET", "/api/v1/peers/show?domain=..%2f..%2fetc", None, "domain"),
    ("GET", "/api/v1/peers/show?domain=%3Cscript%3E", None, "domain"),
    ("GET", "/api/v1/peers/show?domain=a.test%00", None, "domain"),
])
def test_every_error_of_an_argument_names_its_field(anna, method, path, body, field):
    reply = anna.ask(method, path, body)
    assert reply.status in (400, 404) and reply.error["field"] == field, reply.body


def test_a_setting_is_changed_with_the_revision_that_was_seen(anna):
    path = "/api/v1/settings/federation.bidi"
    seen = anna.ask("GET", path)
    etag = seen.headers["ETag"]
    assert re.fullmatch(r'"\d+"', etag) and seen.result["type"] == "enum"
    other = "on" if seen.result["value"] == "off" else "off"
    done = anna.ask("PUT", path, {"value": other}, **{"If-Match": etag})
    assert done.result["value"] == other and done.result["changed"]
    stale = anna.ask("PUT", path, {"value": other}, **{"If-Match": etag})
    assert stale.status == 412 and stale.error["code"] == "revision-stale"
    assert stale.error["current"] == other and stale.error["field"] == "federation.bidi"
    assert f'"{stale.error["revision"]}"' == done.headers["ETag"]
    # A change of another setting in between is none of this one.
    anna.ask("POST", "/api/v1/deny/add", {"domain": ["between.test"]})
    again = anna.ask("PUT", path, {"value": seen.result["value"]}, **{"If-Match": done.headers["ETag"]})
    assert again.status == 200
    assert anna.ask("PUT", path, {"value": "on"}).error["field"] == "If-Match"
    assert anna.ask("PUT", path, {"value": 7}, **{"If-Match": '"99999"'}).error["field"] == "federation.bidi"
    assert anna.ask("PUT", path, {"valve": 7}, **{"If-Match": '"99999"'}).error["field"] == "valve"
    assert anna.ask("PUT", "/api/v1/settings/federation.bide", {"value": 1}, **{"If-Match": '"1"'}).status == 404


def test_a_verb_that_changes_settings_takes_a_revision_too(anna):
    seen = anna.ask("GET", "/api/v1/settings").result["revision"]
    assert anna.ask("POST", "/api/v1/deny/add", {"domain": ["one.test"], "revision": seen}).status == 200
    stale = anna.ask("POST", "/api/v1/deny/add", {"domain": ["two.test"], "revision": seen})
    assert stale.status == 412 and stale.error["field"] == "revision" and "one.test" in stale.error["current"]
    anna.ask("POST", "/api/v1/deny/remove", {"domain": ["one.test"]})


def test_several_settings_change_at_once_or_none(anna):
    seen = anna.ask("GET", "/api/v1/settings").result
    values = {row["name"]: row["value"] for row in seen["settings"]}
    wanted = {"federation.bidi": "on", "federation.deny_list": ["patched.test"]}
    done = anna.ask("PATCH", "/api/v1/settings", {"revision": seen["revision"], "values": wanted})
    assert done.result["values"] == wanted and done.result["revision"] == seen["revision"] + 1
    stale = anna.ask("PATCH", "/api/v1/settings", {"revision": seen["revision"], "values": {"federation.bidi": "off"}})
    assert stale.status == 412 and stale.error["field"] == "federation.bidi"
    half = {"federation.deny_list": [], "federation.bidi": "perhaps"}
    bad = anna.ask("PATCH", "/api/v1/settings", {"revision": done.result["revision"], "values": half})
    assert bad.status == 400 and bad.error["field"] == "federation.bidi"
    assert anna.ask("GET", "/api/v1/settings/federation.deny_list").result["value"] == ["patched.test"]
    back = {name: values[name] for name in wanted}
    assert anna.ask("PATCH", "/api/v1/settings",
                    {"revision": done.result["revision"], "values": back}).result["values"] == back


def test_secrets_are_never_shown(anna):
    row = anna.ask("GET", "/api/v1/settings/federation.dialback_secret").result
    assert row["secret"] and row["value"] == "********"


# ---- the stream of changes


class Stream(threading.Thread):
    """Reads server-sent events; `wait` returns the first that fits."""

    def __init__(self, person, path="/api/v1/changes"):
        super().__init__(daemon=True)
        self.person, self.path = person, path
        self.request()
        self.response = self.connection.getresponse()
        self.events = []
        self.changed = threading.Condition()
        self.closed = False
        if self.response.status == 200:
            self.start()

    def request(self):
        node = self.person.node
        self.connection = node.connection(timeout=60)
        self.connection.request("GET", self.path, headers={"Host": f"{NAME}:{node.port}", "Cookie": self.person.cookie})

    def kinds(self, name):
        return [data for kind, data in self.events if kind == name]

    def wait_for(self, fits, timeout=20):
        with self.changed:
            assert self.changed.wait_for(fits, timeout), self.events[-5:]

    def run(self):
        name = None
        try:
            for line in self.response:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text[7:]
                if text.startswith("data: "):
                    with self.changed:
                        self.events.append((name, json.loads(text[6:])))
                        self.changed.notify_all()
        except (OSError, ValueError, AttributeError):
            pass
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def wait(self, name, fits=lambda data: True, timeout=20):
        def found():
            return next((data for kind, data in self.events if kind == name and fits(data)), None)
        with self.changed:
            assert self.changed.wait_for(lambda: found() is not None, timeout), (name, self.events[-5:])
            return found()

    def wait_closed(self, timeout=40):
        with self.changed:
            return self.changed.wait_for(lambda: self.closed, timeout)


def test_changes_tell_what_happens(node, anna):
    stream = Stream(node.person("rita"))
    assert stream.response.headers["Content-Type"] == "text/event-stream"
    assert stream.wait("status")["name"] == NAME
    assert "alarms" in stream.wait("alarm")
    anna.ask("POST", "/api/v1/deny/add", {"domain": ["streamed.test"]})
    change = stream.wait("setting", lambda data: data["changes"])
    assert change["changes"][0]["name"] == "federation.deny_list"
    assert "streamed.test" in change["changes"][0]["value"]
    entry = stream.wait("log", lambda data: data["event"] == "settings.changed")
    assert entry["level"] == "info"
    anna.ask("POST", "/api/v1/deny/remove", {"domain": ["streamed.test"]})
    stream.response.close()


class TokenStream(Stream):
    """As a script follows, with a token narrowed to some verbs."""

    def __init__(self, node, name, *verbs):
        self.token = node.token(name, "--verbs", *verbs)
        super().__init__(node)

    def request(self):
        self.connection = self.person.connection(timeout=60)
        self.connection.request("GET", "/api/v1/changes", headers={"Host": f"{NAME}:{self.person.port}",
                                                                   "Authorization": f"Bearer {self.token}"})


def test_changes_tell_a_narrowed_token_what_its_verbs_show(node, anna):
    everybody = Stream(anna)
    narrow = {verb: TokenStream(node, "only-" + verb.replace(".", "-"), verb)
              for verb in ("status", "alarms", "events", "config.get")}
    other = TokenStream(node, "only-peers", "peers.list")
    assert other.response.status == 403
    anna.ask("POST", "/api/v1/deny/add", {"domain": ["narrowed.test"]})
    shown = {"status": "status", "alarms": "alarm", "events": "log", "config.get": "setting"}
    for kind in shown.values():
        everybody.wait(kind)
    # The next status after the change comes behind everything that the change caused.
    seen = len(everybody.kinds("status"))
    everybody.wait_for(lambda: len(everybody.kinds("status")) > seen + 1)
    for verb, stream in narrow.items():
        stream.wait(shown[verb])
        assert {kind for kind, _ in stream.events} == {shown[verb]}, verb
    for stream in (everybody, *narrow.values()):
        stream.response.close()
    for verb in narrow:
        node.cli("tokens", "remove", "only-" + verb.replace(".", "-"))
    node.cli("tokens", "remove", "only-peers")
    anna.ask("POST", "/api/v1/deny/remove", {"domain": ["narrowed.test"]})


def test_changes_end_with_the_session_and_are_bounded():
    node = Node(limits="admin_change_streams_per_account = 2")
    try:
        person = node.person("rita")
        streams = [Stream(person) for _ in range(3)]
        assert [stream.response.status for stream in streams] == [200, 200, 503]
        assert "Retry-After" in streams[2].response.headers
        streams[0].wait("status")
        person.ask("DELETE", "/api/v1/session")
        assert streams[0].wait_closed() and streams[1].wait_closed()
    finally:
        node.stop()


def silent_follower(person):
    """A client of the changes that takes next to nothing and never reads: its TLS stream."""
    node = person.node
    context = ssl.create_default_context(cafile=node.data + "/admin.pem")
    context.check_hostname = False
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # before it connects, so that the window is small
    raw.settimeout(20)
    raw.connect(("127.0.0.1", node.port))
    stream = context.wrap_socket(raw, server_hostname=NAME)
    stream.sendall(f"GET /api/v1/changes HTTP/1.1\r\nHost: {NAME}:{node.port}\r\nCookie: {person.cookie}\r\n\r\n".encode())
    assert stream.recv(1) == b"H"
    return stream


def test_a_follower_who_does_not_read_is_let_go_and_holds_nobody_up():
    bound, names = 64 * 1024, [f"{number:04}.a-name-that-is-long-so-that-each-change-is-heavy.example" for number in range(900)]
    node = Node(limits=f"admin_change_stream_bytes = {bound}\nadmin_change_streams_per_account = 2")
    try:
        anna = node.person("anna")
        reader, silent = Stream(anna), silent_follower(anna)
        assert Stream(anna).response.status == 503, "both places are taken"
        assert anna.ask("POST", "/api/v1/deny/add", {"domain": names}).status == 200
        told = 0
        for turn in range(60):
            domain = f"turn-{turn}.example"
            assert anna.ask("POST", "/api/v1/deny/add", {"domain": [domain]}).status == 200
            change = reader.wait("setting", lambda data, name=domain: name in data["changes"][0]["value"])
            told += len(json.dumps(change))
        assert told > 20 * bound, "far more was told than may be kept"
        later = Stream(anna)
        assert later.response.status == 200, "the place of the silent one is free"
        later.wait("status")
        got = 0
        try:
            while block := silent.recv(65536):
                got += len(block)
        except (ConnectionResetError, ssl.SSLError):
            pass
        # What it finds are the bytes that the kernels held; the node kept no more than its bound.
        assert got < told / 2, (got, told)
        assert anna.ask("GET", "/api/v1/session").status == 200
    finally:
        node.stop()


# ---- the description


# What the objects of an OpenAPI 3.1 document may hold, as far as ours has them (OpenAPI 3.1.0, 4.8).
OPERATION = {"tags", "summary", "description", "operationId", "parameters", "requestBody", "responses", "security"}
PATH_ITEM = {"get", "put", "post", "delete", "patch", "parameters", "summary", "description"}
PARAMETER = {"name", "in", "description", "required", "schema"}
SCHEMA = {"type", "properties", "required", "additionalProperties", "items", "maxItems", "minimum", "enum", "format",
          "pattern", "description", "default", "writeOnly", "anyOf", "$ref"}
TYPES = {"string", "integer", "number", "boolean", "object", "array", "null"}


def judge_schema(schema):
    assert set(schema) <= SCHEMA, schema
    types = schema.get("type", "object")
    assert set(types if isinstance(types, list) else [types]) <= TYPES, schema
    for inner in schema.get("anyOf", []):
        judge_schema(inner)
    assert set(schema.get("required", [])) <= set(schema.get("properties", {})), schema
    for inner in schema.get("properties", {}).values():
        judge_schema(inner)
    if "items" in schema:
        judge_schema(schema["items"])
    if "pattern" in schema:
        re.compile(schema["pattern"])


def judge_content(content):
    for media, inner in content.items():
        assert re.fullmatch(r"[a-z]+/[a-z.+-]+", media) and set(inner) == {"schema"}
        judge_schema(inner["schema"])


def judge_response(response):
    if set(response) == {"$ref"}:
        return
    assert set(response) <= {"description", "content", "headers"} and response["description"], response
    judge_content(response.get("content", {}))


def judge_parameter(parameter):
    if set(parameter) == {"$ref"}:
        return
    assert set(parameter) <= PARAMETER and parameter["in"] in ("query", "path", "header"), parameter
    judge_schema(parameter["schema"])


def test_the_description_is_openapi(anna):
    document = anna.ask("GET", "/api/v1/openapi.json").json()
    assert set(document) == {"openapi", "info", "servers", "security", "paths", "components"}
    assert document["openapi"] == "3.1.0" and {"title", "version"} <= set(document["info"])
    schemes = set(document["components"]["securitySchemes"])
    for path, item in document["paths"].items():
        assert path.startswith("/") and set(item) <= PATH_ITEM, path
        for parameter in item.get("parameters", []):
            judge_parameter(parameter)
        for method in set(item) - {"parameters"}:
            operation = item[method]
            assert {name for name in operation if not name.startswith("x-")} <= OPERATION, path
            for parameter in operation.get("parameters", []):
                judge_parameter(parameter)
            names = [(parameter.get("in"), parameter.get("name")) for parameter in operation.get("parameters", [])
                     if "name" in parameter]
            assert len(names) == len(set(names)), path
            if "requestBody" in operation:
                assert method not in ("get", "delete") and set(operation["requestBody"]) <= {"required", "content"}
                judge_content(operation["requestBody"]["content"])
            for requirement in operation.get("security", []):
                assert set(requirement) <= schemes
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d", status)
                judge_response(response)
    for response in document["components"]["responses"].values():
        judge_response(response)
    for schema in document["components"]["schemas"].values():
        judge_schema(schema)


def test_the_description_hangs_together(node, anna):
    document = anna.ask("GET", "/api/v1/openapi.json").json()
    seen = set()

    def resolve(value):
        if isinstance(value, dict):
            if "$ref" in value:
                place = document
                for part in value["$ref"].removeprefix("#/").split("/"):
                    place = place[part]
            for inner in value.values():
                resolve(inner)
        elif isinstance(value, list):
            for inner in value:
                resolve(inner)

    resolve(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            assert operation["operationId"] not in seen, operation["operationId"]
            seen.add(operation["operationId"])
            assert operation["summary"] and "200" in operation["responses"], path
            for parameter in operation.get("parameters", []):
                assert "$ref" in parameter or {"name", "in", "schema"} <= set(parameter), path
            if "{" in path:
                assert any(parameter["in"] == "path" and parameter["required"] for parameter in methods["parameters"])
    commands = re.findall(r"^  ([a-z][a-z-]+) ", node.cli("--help").stdout, re.MULTILINE)
    tags = {path.split("/")[3] for path in document["paths"] if path.startswith("/api/v1/")}
    local = {"edge", "core", "presence", "check-config", "completion", "init", "man", "backup", "restore"}
    assert set(commands) - local <= tags, set(commands) - local - tags


# ---- pages


def test_pages_are_served_with_strict_headers(node):
    reply = node.ask("GET", "/")
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = reply.headers["Content-Security-Policy"]
    assert policy == ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                      "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply.headers["Strict-Transport-Security"].startswith("max-age=")
    again = node.ask("GET", "/", headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status == 304 and again.body == b""
    packed = node.ask("GET", "/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == reply.body
    assert packed.headers["ETag"] != reply.headers["ETag"]
    head = node.ask("HEAD", "/")
    assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == str(len(reply.body))
    assert node.ask("POST", "/", {}).status == 405


@pytest.mark.parametrize("path", [
    "/../etc/passwd", "/%2e%2e/etc/passwd", "/%u002e%u002e/x", "/..;/x", "//etc/passwd", "/index.html/..", "/.",
    "/index.html%00.css", "/web/index.html", "/INDEX.HTML", "/api/v1/../../index.html", "/api/v1//status",
    "/api/v1/status/", "/api/v1/peers.list", "/api/v1/settings/..%2fsession", "/api/v2/status", "/api/v1/", "/api",
    "/\\..\\x", "/admin.sock", "/settings.db",
])
def test_paths_lead_nowhere_but_to_the_table(node, anna, path):
    assert node.ask("GET", path).status in (400, 401, 404)
    assert anna.ask("GET", path).status in (400, 404)


# ---- bad input


@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b'"x"', b"{", b'{"domain": ["a.test"]', b'{"domain": ["a.test"]} x',
    b'{"domain": ["a.test"], "domain": ["b.test"]}', b'{"domain": ["\xff\xfe"]}', b'{"domain": ["\\ud800"]}',
    b'{"domain": ' + b"[" * 10000 + b"]" * 10000 + b"}", b'{"a":' * 1000 + b"1" + b"}" * 1000, b"\0" * 100,
    b'{"domain": ["' + b"a" * 70000 + b'"]}',
])
def test_bodies_that_are_not_what_is_wanted_are_refused(anna, body):
    before = anna.ask("GET", "/api/v1/settings").result["revision"]
    reply = anna.ask("POST", "/api/v1/deny/add", body)
    assert reply.status == 400 and reply.error["code"], reply.body
    assert anna.ask("GET", "/api/v1/settings").result["revision"] == before


def raw_answer(node, text, wait=15):
    context = ssl.create_default_context(cafile=node.data + "/admin.pem")
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", node.port), timeout=wait) as raw:
        with context.wrap_socket(raw) as stream:
            stream.sendall(text)
            answer = b""
            try:
                while block := stream.recv(65536):
                    answer += block
            except (TimeoutError, ConnectionResetError, ssl.SSLError):
                pass
            return answer


def test_oversized_requests_are_refused_before_they_are_read(node, anna):
    fields = "".join(f"{name}: {value}\r\n" for name, value in anna.headers().items())
    head = f"POST /api/v1/deny/add HTTP/1.1\r\nHost: {NAME}:{node.port}\r\n{fields}"
    begun = time.monotonic()
    assert b" 413 " in raw_answer(node, f"{head}Content-Length: 10485760\r\n\r\n".encode()).split(b"\r\n")[0]
    assert b" 431 " in raw_answer(node, f"{head}X: {'a' * 20000}\r\n\r\n".encode()).split(b"\r\n")[0]
    assert time.monotonic() - begun < 10
    login = f"POST /api/v1/session HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    assert b" 413 " in raw_answer(node, login.encode()).split(b"\r\n")[0]
    # Who is nobody gets no byte of a body read.
    nobody = f"POST /api/v1/deny/add HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    assert b" 401 " in raw_answer(node, nobody.encode()).split(b"\r\n")[0]


@pytest.mark.parametrize("text", [
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: {0}\r\nHost: {0}\r\n\r\n",
    "POST /api/v1/session HTTP/1.1\r\nHost: {0}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}",
    "POST /api/v1/session HTTP/1.1\r\nHost: {0}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: {0}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : {0}\r\n\r\n",
    "GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00",
])
def test_ambiguous_requests_are_refused(node, text):
    answer = raw_answer(node, text.format(NAME).encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 400"), answer[:100]


def test_slow_requests_end_and_hold_nobody_up():
    node = Node(limits="admin_header_seconds = 3\nadmin_body_seconds = 1", accounts=False)
    try:
        begun = time.monotonic()
        answer = raw_answer(node, f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX: ".encode())
        assert answer.startswith(b"HTTP/1.1 408"), answer[:100]
        slow = (f"POST /api/v1/session HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
                "Content-Length: 100\r\n\r\n{")
        assert raw_answer(node, slow.encode()).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begun < 30
        assert node.ask("GET", "/").status == 200
    finally:
        node.stop()


def dripped_answer(node, text, most):
    """What the node answers while `text` and then byte after byte comes in, each well within any wait; how long that took."""
    context = ssl.create_default_context(cafile=node.data + "/admin.pem")
    context.check_hostname = False
    begun = time.monotonic()
    with context.wrap_socket(socket.create_connection(("127.0.0.1", node.port), timeout=most)) as stream:
        stream.sendall(text)
        while not select.select([stream], [], [], 0.1)[0]:
            assert time.monotonic() - begun < most, "bytes that drip in hold the connection"
            stream.sendall(b"a")
        return stream.recv(65536), time.monotonic() - begun


def test_bytes_that_drip_in_do_not_move_the_deadline():
    node = Node(limits="admin_header_seconds = 3\nadmin_body_seconds = 1", accounts=False)
    try:
        answer, took = dripped_answer(node, f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX: ".encode(), 20)
        assert answer.startswith(b"HTTP/1.1 408") and took > 2, (answer[:100], took)
        slow = (f"POST /api/v1/session HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
                "Content-Length: 2000\r\n\r\n{\"")
        answer, _ = dripped_answer(node, slow.encode(), 20)
        assert answer.startswith(b"HTTP/1.1 408"), answer[:100]
    finally:
        node.stop()


# ---- the command line


def test_the_command_line_asks_an_admin_address(node, tokens, tmp_path):
    file = tmp_path / "token"
    file.write_text(tokens["administer"] + "\n")
    trust = node.data + "/admin.pem"
    for address in (f"https://127.0.0.1:{node.port}", f"127.0.0.1:{node.port}", f"localhost:{node.port}"):
        done = node.cli("--token-file", str(file), "--trust", trust, "deny", "list", "--json", node=address)
        assert json.loads(done.stdout)["name"] == "federation.deny_list"
    address = f"127.0.0.1:{node.port}"
    env = {"SALLYPORT_TOKEN": tokens["administer"]}
    assert "cli.test" in node.cli("--trust", trust, "deny", "add", "cli.test", "more.test", "--json", node=address,
                                  env=env).stdout
    assert node.cli("--trust", trust, "deny", "remove", "cli.test", "more.test", node=address, env=env)
    assert "events" in json.loads(node.cli("--trust", trust, "events", "--limit", "3", "--json", node=address,
                                           env=env).stdout)
    wrong = node.cli("--trust", trust, "run", "sql", "select", "*", "from", "xmpps2snodes", node=address, env=env,
                     check=False)
    assert wrong.returncode == 1 and "presence node" in wrong.stderr
    reader = {"SALLYPORT_TOKEN": tokens["read"]}
    refused = node.cli("--trust", trust, "deny", "add", "x.test", node=address, env=reader, check=False)
    assert refused.returncode == 1 and "administer" in refused.stderr
    unknown = node.cli("deny", "list", node=address, env=env, check=False)
    assert unknown.returncode == 3 and "--trust" in unknown.stderr
    nobody = node.cli("--trust", trust, "deny", "list", node=address, env={"SALLYPORT_TOKEN": ""}, check=False)
    assert nobody.returncode == 2 and "tokens add" in nobody.stderr


# ---- history


def test_the_history_begins_with_the_node_and_is_the_same_for_scripts(node, anna):
    """Whole: the node looks at itself every ten seconds, stores it and answers with it."""
    deadline = time.monotonic() + 60
    while True:
        answer = anna.ask("GET", "/api/v1/history?series=streams_in,links_up").result
        known = [value for value in answer["series"][0]["values"] if value is not None]
        if len(known) >= 2:
            break
        assert time.monotonic() < deadline, answer
        time.sleep(1)
    assert set(known) == {0}, "it ran, and nobody was there"
    assert answer["series"][0]["values"][0] is None, "it did not run two hours ago"
    assert [one["name"] for one in answer["series"]] == ["streams_in", "links_up"]
    assert (answer["points"], answer["step_seconds"], answer["peers"], answer["trouble"]) == (720, 10, [], None)
    assert len(answer["series"][0]["values"]) == 720
    assert set(answer) == set(json.loads(node.cli("history", "--json").stdout))
    assert anna.ask("GET", "/api/v1/history?peer=a.test").result["kept"] is False
    for query, field in (("range=1y", "range"), ("step=7", "step"), ("series=x", "series"), ("peer=a..b", "peer")):
        assert anna.ask("GET", f"/api/v1/history?{query}").error["field"] == field
