"""The chain of provisioning with the real programs: a presence node that answers AXL, asked by curl, by zeep and by a core
that keeps xmpps2snodes in agreement with its edges. No network namespace: addresses of the loopback are enough."""
import base64
import os
import socket
import sqlite3
import ssl
import subprocess
import tempfile

import pytest

from world import sallyport
from world.certificates import Authority
from world.names import NameServer
from world.sallyport import Node, Refused
from world.wait import until

pytestmark = pytest.mark.pair

USER, PASSWORD = "axluser", "open sesame 42"
ADDRESS, NAME = "127.0.1.7", "imp1.axl.test"
URL = f"https://{NAME}:8443/axl/"
EDGE1, EDGE2 = "cm-2_s2scp-1.edge1-axl-test", "cm-2_s2scp-1.edge2-axl-test"
OTHERS = "cm-2_s2scp-1.edge-of-somebody-else"
ENVELOPE = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
xmlns:ns="http://www.cisco.com/AXL/API/{version}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"""


class Chain:
    def __init__(self, folder):
        self.folder = folder
        authority = Authority(folder, "authority")
        self.authority = authority.certificate
        self.certificates = {name: authority.issue(name, [f"{name}.axl.test"]) for name in ("imp1", "core1")}
        self.names = NameServer("axl-names", "127.0.1.53", f'local-data: "{NAME}. 60 A {ADDRESS}"', folder, port=5453)
        self.password = self.secret(PASSWORD)
        self.presence = Node("presence", "axl-imp1", folder, self._presence()).ready()
        self.presence.ask("axl-users", "add", USER, "--password-file", self.password)
        self.core = Node("core", "axl-core1", folder, self._core()).ready()

    def secret(self, text):
        descriptor, path = tempfile.mkstemp(dir=self.folder)
        os.write(descriptor, f"{text}\n".encode())
        os.close(descriptor)
        return path

    def _common(self, name):
        certificate, key = self.certificates[name]
        return {"node": {"name": f"{name}.axl.test"}, "log": {"level": "debug"},
                "dns": {"servers": ["127.0.1.53:5453"]},
                "tls": {"trust": self.authority}, "tls.identity": [{"domains": ["*.axl.test"], "certificate": certificate, "key": key}],
                "link": {"certificate": certificate, "key": key, "trust": self.authority, "secret": sallyport.SECRET}}

    def _presence(self):
        sections = self._common("imp1")
        sections["link"]["listen"] = [f"{ADDRESS}:7400"]
        return {**sections, "axl": {"listen": [f"{ADDRESS}:8443"]}}

    def _core(self):
        return {**self._common("core1"),
                "link.dial": [{"address": f"127.0.1.{n}:7400", "name": f"edge{n}.axl.test", "role": "edge"} for n in (1, 2)],
                "settings": {"federation.enabled": False}}

    def rows(self):
        return sorted(row["cp_id"] for row in self.presence.json("run", "sql", "select * from xmpps2snodes")["rows"])

    def rows_become(self, *wanted, seconds=5.0):
        until(lambda: self.rows() == sorted(wanted), lambda: f"rows {wanted}, there are {self.rows()}\n{self.core.log()[-2000:]}", seconds)

    def add(self, password=None):
        self.core.ask("imp-servers", "add", NAME, USER, "--password-file", password or self.password)

    def step(self):
        return next(step for step in self.core.json("status")["chain"] if NAME in step["step"])

    def alarms(self, node=None):
        return [alarm["code"] for alarm in (node or self.core).json("alarms")["alarms"]]

    def curl(self, *words, user=f"{USER}:{PASSWORD}", data=None):
        """(status, body)"""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "10", "--resolve", f"{NAME}:8443:{ADDRESS}", "--cacert", self.authority,
             *(["-u", user] if user else []), *(["--data-binary", "@-"] if data is not None else []),
             "-w", "\n%{http_code}", *words], input=data, capture_output=True, text=True, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def soap(self, body, version="14.0", user=f"{USER}:{PASSWORD}"):
        return self.curl("-H", "Content-Type: text/xml", "-H", f'SOAPAction: "CUCM:DB ver={version} executeSQLQuery"',
                         URL, user=user, data=ENVELOPE.format(version=version, body=body))

    def connection(self):
        context = ssl.create_default_context(cafile=self.authority)
        return context.wrap_socket(socket.create_connection((ADDRESS, 8443), 10), server_hostname=NAME)

    def stop(self):
        for one in (self.core, self.presence, self.names):
            one.stop()


@pytest.fixture(scope="module")
def programs():
    with tempfile.TemporaryDirectory(prefix="lab-axl-") as folder:
        chain = Chain(folder)
        try:
            yield chain
        finally:
            chain.stop()


@pytest.fixture
def chain(programs):
    """Federation off, no publisher, no row."""
    programs.core.set(enabled=False)
    for server in programs.core.json("imp-servers", "list")["servers"]:
        programs.core.ask("imp-servers", "remove", server["address"])
    for row in programs.rows():
        programs.presence.ask("run", "sql", f"delete from xmpps2snodes where cp_id = '{row}'")
    return programs


def query(sql):
    return f"<ns:executeSQLQuery><sql>{sql}</sql></ns:executeSQLQuery>"


def test_the_page_that_proves_user_and_password(chain):
    assert chain.curl(URL)[0] == 200
    assert chain.curl(URL, user=f"{USER}:wrong password")[0] == 401
    assert chain.curl(URL, user=None)[0] == 401
    assert chain.curl("-L", URL.rstrip("/"))[0] == 200
    assert chain.curl(URL.rstrip("/"), data="<x/>")[0] == 404


def test_curl_reads_and_writes_rows(chain):
    status, body = chain.soap(query("select * from xmpps2snodes"))
    assert (status, "<return/>" in body) == (200, True), body
    status, body = chain.curl(
        "-H", "Content-Type: text/xml", URL, data=ENVELOPE.format(
            version="14.0", body="<ns:executeSQLUpdate><sql>insert into xmpps2snodes (pkid, cp_id) values "
            f"(newid(), '{EDGE1}')</sql></ns:executeSQLUpdate>"))
    assert (status, "<rowsUpdated>1</rowsUpdated>" in body) == (200, True), body
    status, body = chain.soap(query("select cp_id from xmpps2snodes"))
    assert f"<return><row><cp_id>{EDGE1}</cp_id></row></return>" in body, body
    assert chain.presence.ask("run", "sql", "select cp_id from xmpps2snodes") == f"cp_id\n=====\n{EDGE1}\n"


def test_what_is_refused(chain):
    status, body = chain.soap(query("select * from sqlite_master"))
    assert status == 500 and "axlError" in body and "expected a table" in body, body
    assert chain.soap(query("select * from xmpps2snodes"), version="7.0")[0] == 599
    status, body = chain.curl("-H", "Content-Type: text/xml", URL, data='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')
    assert status == 500 and "root:" not in body, body
    with pytest.raises(Refused):
        chain.presence.ask("run", "sql", "drop table xmpps2snodes")
    assert subprocess.run(["curl", "-sS", "--resolve", f"{NAME}:8443:{ADDRESS}", "--cacert", chain.authority, "--tls-max", "1.1",
                           "--ciphers", "DEFAULT@SECLEVEL=0", URL], capture_output=True, check=False).returncode == 35


def test_requests_that_two_servers_could_read_as_two_are_refused(chain):
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    head = f"POST /axl/ HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Basic {credentials}\r\n"
    for framing in ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
                    "Transfer-Encoding: chunked\r\n Content-Length: 5\r\n"):
        with chain.connection() as stream:
            stream.sendall(f"{head}{framing}\r\n0\r\n\r\nGET /axl/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while part := stream.recv(65536):
                answer += part
            assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1, answer


def test_zeep_works_with_our_description(chain):
    zeep = pytest.importorskip("zeep")
    requests = pytest.importorskip("requests")
    from zeep.transports import Transport  # pylint: disable=import-outside-toplevel
    session = requests.Session()
    session.auth, session.verify, session.trust_env = (USER, PASSWORD), chain.authority, False
    before = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **more: before(ADDRESS if host == NAME else host, *rest, **more)
    try:
        client = zeep.Client(f"{URL}?wsdl", transport=Transport(session=session, timeout=10))
        axl = client.create_service("{http://www.cisco.com/AXLAPIService/}AXLAPIBinding", URL)
        assert axl.executeSQLUpdate(sql=f"insert into xmpps2snodes (pkid, cp_id) values (newid(), '{EDGE1}')")["return"]["rowsUpdated"] == 1
        rows = axl.executeSQLQuery(sql="select * from xmpps2snodes")["return"]["row"]
        assert [{cell.tag: cell.text for cell in row}["cp_id"] for row in rows] == [EDGE1]
        assert not axl.executeSQLQuery(sql="select * from xmpps2snodes where cp_id = 'none'")["return"]
        with pytest.raises(zeep.exceptions.Fault, match="expected a table"):
            axl.executeSQLQuery(sql="select * from secrets")
    finally:
        socket.getaddrinfo = before


def test_federation_on_and_off(chain):
    chain.presence.ask("run", "sql", f"insert into xmpps2snodes (pkid, cp_id) values (newid(), '{OTHERS}')")
    chain.add()
    assert chain.step()["state"] == "off"
    chain.core.set(enabled=True)
    chain.rows_become(EDGE1, EDGE2, OTHERS)
    until(lambda: chain.step()["state"] == "in force", chain.step, 5)
    chain.core.set(enabled=False)
    chain.rows_become(OTHERS)


def test_the_log_lines_that_prove_each_request(chain):
    since = chain.core.mark()
    chain.add()
    sent = chain.core.lines("axl.sent", since)[0]
    for fact in ('Module="network.axl"', 'Level="INFO "', 'Action="Send"', f'URL="{URL}"', 'Function="executeSQLQuery"'):
        assert fact in sent, sent
    assert 'Status="200" Reason="None"' in chain.core.lines("axl.received", since)[0]
    for node in (chain.core, chain.presence):
        assert PASSWORD not in node.log()
        for name in os.listdir(node.data):
            path = os.path.join(node.data, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    assert PASSWORD.encode() not in file.read(), name
    assert os.stat(os.path.join(chain.core.data, "secrets.key")).st_mode & 0o777 == 0o600


def test_a_wrong_password_and_its_cure_without_a_restart(chain):
    since = chain.core.mark()
    chain.core.set(enabled=True)
    chain.add(chain.secret("a wrong password"))
    assert chain.core.lines('Function="executeSQLQuery" Status="401" Reason="None"', since)
    assert "axl.refused" in chain.alarms()
    step = chain.step()
    assert step["state"] == "failed" and "the IM&P server was never told where messages to other domains go" in step["reason"]
    assert chain.rows() == []
    with pytest.raises(Refused, match="has a new password; the server refuses user or password: wrong user"):
        chain.core.ask("imp-servers", "passwd", NAME, "--password-file", chain.secret("another wrong password"))
    tried = chain.core.ask("imp-servers", "passwd", NAME, "--password-file", chain.password)
    assert tried == f"{NAME} has a new password; the server accepts user and password\n"
    chain.rows_become(EDGE1, EDGE2)
    assert chain.step()["state"] == "in force"
    assert "axl.refused" not in chain.alarms()


def test_a_locked_database_is_a_fault_and_an_alarm_until_it_is_free(chain):
    chain.add()
    held = sqlite3.connect(os.path.join(chain.presence.data, "presence.db"), isolation_level=None)
    try:
        held.execute("begin immediate")
        since = chain.core.mark()
        chain.core.set(enabled=True)
        until(lambda: chain.core.lines('Function="executeSQLUpdate" Status="500" Reason="the database is locked', since), "the fault", 10)
        assert "presence.store" in chain.alarms(chain.presence)
        assert chain.rows() == [], "reading goes on"
    finally:
        held.execute("rollback")
        held.close()
    chain.rows_become(EDGE1, EDGE2, seconds=15)
    until(lambda: "presence.store" not in chain.alarms(chain.presence), "the alarm to go", 5)


def test_a_presence_node_that_was_away_is_told_when_it_is_back(chain):
    chain.add()
    chain.presence.stop()
    chain.core.set(enabled=True)
    until(lambda: "axl.down" in chain.alarms(), "the alarm", 10)
    chain.presence = chain.presence.again()
    chain.rows_become(EDGE1, EDGE2, seconds=30)
    until(lambda: "axl.down" not in chain.alarms(), "the alarm to go", 5)
