"""What one node of the drill says: over its admin socket, its REST address (all that its pages draw) and its command line."""
import contextlib
import http.client
import json
import os
import socket
import ssl
import threading

from world.sallyport import Refused
from world.wait import until

ADMIN_PORT = 9443


class Said:
    """A problem or an alarm as a view shows it, whatever the view calls its parts."""

    def __init__(self, severity, text, remedy):
        self.severity, self.text, self.remedy = severity, text, remedy or ""

    def __eq__(self, other):
        return isinstance(other, Said) and vars(self) == vars(other)

    def __hash__(self):
        return hash((self.severity, self.text, self.remedy))

    def __repr__(self):
        return f"{self.severity}: {self.text} -> {self.remedy}"


def sentence(alarm):
    return f"{alarm['text']}: {alarm['detail']}" if alarm["detail"] else alarm["text"]


def problems_of(status):
    return [Said(one["severity"], one["text"], one["remedy"]) for one in status["problems"]]


def alarms_of(answer):
    return [Said(one["severity"], sentence(one), one["cure"]) for one in answer["alarms"]]


class Desk:
    """The views of the node of that role. Connections are made when they are needed and again when they broke."""

    def __init__(self, lab, role, address):
        self.lab, self.role, self.address = lab, role, address
        self.token = lab.trio.nodes[role].json("tokens", "add", "drill", "--scope", "operate")["token"]
        self._http, self._lock = None, threading.Lock()

    @property
    def node(self):
        return self.lab.trio.nodes[self.role]

    def verb(self, name, seconds=10, **arguments):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(seconds)
            admin.connect(os.path.join(self.node.data, "admin.sock"))
            admin.sendall((json.dumps({"verb": name, "args": arguments, "author": "drill"}) + "\n").encode())
            with admin.makefile(encoding="utf-8") as answers:
                answer = {"event": None}
                while "event" in answer:
                    answer = json.loads(answers.readline())
        if not answer["ok"]:
            raise Refused(f"{name}: {answer['error']}")
        return answer["result"]

    def _connected(self):
        context = ssl.create_default_context(cafile=os.path.join(self.node.data, "admin.pem"))
        context.check_hostname = False
        connection = http.client.HTTPConnection(self.address, ADMIN_PORT, timeout=10)
        connection.sock = context.wrap_socket(self.lab.here.connect(self.address, ADMIN_PORT))
        return connection

    def rest(self, path, method="GET"):
        with self._lock:
            return self._rest(path, method)

    def _rest(self, path, method):
        for is_last in (False, True):
            try:
                self._http = self._http or self._connected()
                self._http.request(method, f"/api/v1/{path}", None if method == "GET" else "{}", {
                    "Host": f"{self.lab.names[self.role]}:{ADMIN_PORT}", "Authorization": f"Bearer {self.token}",
                    **({} if method == "GET" else {"Content-Type": "application/json"})})
                response = self._http.getresponse()
                body = response.read()
                assert response.status == 200, (path, response.status, body)
                return json.loads(body)["result"]
            except (OSError, http.client.HTTPException):
                self._close()
                if is_last:
                    raise
        return None

    def _close(self):
        if self._http:
            with contextlib.suppress(OSError):
                self._http.close()
        self._http = None

    def has_socket(self):
        """A disk that is mounted read-only takes none."""
        return os.path.exists(os.path.join(self.node.data, "admin.sock"))

    def views(self):
        """(status, alarms), each by socket and by REST; None where a view could not be had."""
        def had(view):
            try:
                return view()
            except (OSError, AssertionError, ValueError):
                return None
        return {"status": had(lambda: problems_of(self.verb("status"))), "alarms": had(lambda: alarms_of(self.verb("alarms"))),
                "page": had(lambda: problems_of(self.rest("status"))),
                "page's alarms": had(lambda: alarms_of(self.rest("alarms")))}

    def check_all(self):
        """What `check all` finds bad or doubtful, and (text, remedy) of all that it says."""
        findings = (self.verb("check.all", 40) if self.has_socket() else self.rest("check/all", "POST"))["findings"]
        return {(one["text"], one["remedy"] or "") for one in findings if one["grade"] in ("warning", "bad")}

    def printed(self):
        """`sallyport status` as on a terminal, its line breaks undone."""
        return " ".join(self.node.ask("status", check=False).split())

    def is_well(self):
        views = self.views()
        return all(view == [] for view in views.values())

    def becomes_well(self, seconds):
        until(self.is_well, lambda: f"{self.role} still says {self.views()}", seconds, 0.1)
