"""A real node on loopback, with accounts of every role, for the tests of its admin address."""
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BINARY = os.environ.get("SALLYPORT", os.path.join(ROOT, "build/dev/sallyport"))
NAME = "edge1.b.test"
PASSWORDS = {"anna": "a long password of anna", "otto": "a long password of otto", "rita": "a long password of rita"}
ROLES = {"anna": "administrator", "otto": "operator", "rita": "read-only"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reply:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def result(self):
        assert self.status == 200, (self.status, self.body)
        return self.json()["result"]

    @property
    def error(self):
        return self.json()["error"]


class Node:
    """`sallyport edge`, or core, with its own folder or that of another node; `limits` are lines of [limits], `knows` the
    other nodes of its desk."""

    def __init__(self, limits="", accounts=True, role="edge", name=NAME, folder=None, knows=()):
        self.role, self.name, self.limits = role, name, limits
        self.folder = folder or tempfile.mkdtemp(prefix="sallyport-rest-")
        if folder is None:
            subprocess.run([BINARY, "init", "--directory", self.folder, "--domain", "b.test", "--edge-public",
                            "127.0.0.1", "--edge-link", "127.0.0.1", "--core-inside", "127.0.0.1",
                            "--core-link-source", "127.0.0.1", "--inside-server", "127.0.0.1:5270", "--edge-name", NAME,
                            "--core-name", "core1.b.test", "--self-signed"], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)
        self.port = free_port()
        self.data = self.folder + ("/data" if role == "edge" else f"/{role}-data")
        self.file = self.folder + ("/node.toml" if role == "edge" else f"/{role}-node.toml")
        self._start(knows)
        if accounts:
            for user, access in ROLES.items():
                self.cli("admins", "add", user, "--role", access, input=PASSWORDS[user] + "\n")

    def _write(self, knows):
        others = "".join(f'''[[admin.node]]
name = "{node.name}"
role = "{node.role}"
url = "{node.origin}"
''' for node in knows)
        parts = f'''[s2s]
listen = ["127.0.0.1:{free_port()}"]
[link]
listen = ["127.0.0.1:{free_port()}"]
''' if self.role == "edge" else f'''[inside]
listen = ["127.0.0.1:{free_port()}"]
[[inside.server]]
domains = ["b.test"]
address = "127.0.0.1:5270"
[[link.dial]]
address = "127.0.0.1:{free_port()}"
name = "{NAME}"
role = "edge"
[link]
'''
        with open(self.file, "w", encoding="ascii") as file:
            file.write(f'''[node]
name = "{self.name}"
data = "{self.data}"
threads = 1
[admin]
listen = ["127.0.0.1:{self.port}"]
names = ["console.b.test"]
{others}
[tls]
trust = "traversal-ca.pem"
[[tls.identity]]
domains = ["b.test"]
certificate = "s2s.pem"
key = "s2s.key"
{parts}certificate = "{self.role}-link.pem"
key = "{self.role}-link.key"
trust = "traversal-ca.pem"
secret = "a-secret-of-the-link"
[limits]
{self.limits}
[settings]
federation.enabled = true
federation.domains = ["b.test"]
''')

    def _start(self, knows):
        self._write(knows)
        self.log = ""
        self.process = subprocess.Popen([BINARY, self.role, "--config", self.file], stderr=subprocess.PIPE, text=True)
        ready = threading.Event()
        self.reader = threading.Thread(target=self._read, args=(ready,), daemon=True)
        self.reader.start()
        assert ready.wait(60) and self.process.poll() is None, self.log

    def restart(self, knows=()):
        self._end()
        self._start(knows)

    def _end(self):
        self.process.terminate()
        assert self.process.wait(30) == 0, self.log
        self.reader.join(10)

    def _read(self, ready):
        for line in self.process.stderr:
            self.log += line
            if 'Event="node.ready"' in line:
                ready.set()
        ready.set()

    def stop(self, keep=False):
        self._end()
        if not keep:
            shutil.rmtree(self.folder)

    def cli(self, *arguments, input="", check=True, env=None, node=None):
        done = subprocess.run([BINARY, "--node", node or self.data + "/admin.sock", *arguments], input=input,
                              capture_output=True, text=True, timeout=60, env={**os.environ, **(env or {})})
        assert not check or done.returncode == 0, done.stderr + done.stdout
        return done

    def token(self, name, *options):
        return json.loads(self.cli("tokens", "add", name, *options, "--json").stdout)["token"]

    def connection(self, timeout=30):
        context = ssl.create_default_context(cafile=self.data + "/admin.pem")
        context.check_hostname = False
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, host=None):
        connection = self.connection()
        fields = {"Host": f"{self.name}:{self.port}" if host is None else host, **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            fields.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, fields)
        response = connection.getresponse()
        reply = Reply(response, response.read())
        connection.close()
        return reply

    @property
    def origin(self):
        return f"https://{self.name}:{self.port}"

    def log_in(self, user, password=None, code=None, headers=None):
        body = {"user": user, "password": password or PASSWORDS.get(user, "wrong password")}
        if code is not None:
            body["code"] = code
        return self.ask("POST", "/api/v1/session", body, headers)

    def person(self, user):
        return Person(self, user)


class Person:
    """Somebody who is logged in, as their browser would ask."""

    def __init__(self, node, user):
        reply = node.log_in(user)
        self.node = node
        self.session = reply.result
        self.cookie = re.match(r"(__Host-sallyport=[^;]+);", reply.headers["Set-Cookie"]).group(1)

    def headers(self):
        return {"Cookie": self.cookie, "X-Sallyport-CSRF": self.session["csrf"], "Origin": self.node.origin,
                "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}

    def ask(self, method, path, body=None, **more):
        headers = self.headers()
        headers.update(more)
        return self.node.ask(method, path, body, {name: value for name, value in headers.items() if value is not None})


@pytest.fixture(scope="session")
def node():
    running = Node()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def anna(node):
    return node.person("anna")


@pytest.fixture(scope="session")
def tokens(node):
    """A token for each scope: they do not count as log-ins."""
    return {scope: node.token("matrix-" + scope, "--scope", scope) for scope in ("read", "operate", "administer")}
