"""A server of the tests' own that speaks XEP-0198 with resumption, in both roles, by the book and independently of ours: TLS,
dialback, counters, and connections that it breaks when it is told to.

    peer = ResumingServer("127.0.63.20", "resumes.lab", certificate, edge=("127.0.62.20", 5269))
    peer.break_after(500, 2000)       # each connection is reset after so many bytes from the edge, or to it
    peer.send("romeo@coluc.com", "in", 100)
    peer.received                     # bodies, in the order in which they were handled
"""
import random
import socket
import ssl
import struct
import threading
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import quoteattr

SERVER, STREAM, DIALBACK = "jabber:server", "http://etherx.jabber.org/streams", "jabber:server:dialback"
SM, TLS, ERRORS = "urn:xmpp:sm:3", "urn:ietf:params:xml:ns:xmpp-tls", "urn:ietf:params:xml:ns:xmpp-stanzas"
WRAP = 1 << 32


class Broken(Exception):
    """The connection is gone."""


class Elements:
    """What comes on a stream, element by element; expat reads."""

    def __init__(self):
        self.again()

    def again(self):
        self.parser, self.depth = ElementTree.XMLPullParser(["start", "end"]), 0

    def feed(self, data):
        self.parser.feed(data)
        for what, element in self.parser.read_events():
            self.depth += 1 if what == "start" else -1
            if what == "start" and self.depth == 1:
                yield element
            elif what == "end" and self.depth == 1:
                yield element


class Connection:
    """A socket with a byte budget: when that is spent, it is reset in the middle of whatever is under way."""

    def __init__(self, sock, budget):
        self.socket, self.budget, self.lock = sock, budget, threading.Lock()
        self.elements, self.pending, self.gone = Elements(), [], False

    def spend(self, count):
        with self.lock:
            if self.budget is None:
                return count
            allowed = min(count, self.budget)
            self.budget -= allowed
            return allowed

    def send(self, text):
        data = text.encode()
        allowed = self.spend(len(data))
        try:
            self.socket.sendall(data[:allowed])
        except (OSError, ssl.SSLError) as error:
            raise Broken from error
        if allowed < len(data):
            self.reset()
            raise Broken

    def next(self, seconds=30.0):
        """The next element; a header or its end as well."""
        deadline = time.monotonic() + seconds
        while not self.pending:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.socket.recv(4096)
            except (OSError, ssl.SSLError, ValueError) as error:
                raise Broken from error
            if not data:
                raise Broken
            allowed = self.spend(len(data))
            try:
                self.pending += list(self.elements.feed(data[:allowed]))
            except ElementTree.ParseError as error:
                raise Broken from error
            if allowed < len(data):
                # What was read whole before the end counts: nobody knows how far a reset peer was.
                self.ends = True
            if getattr(self, "ends", False) and not self.pending:
                self.reset()
                raise Broken
        return self.pending.pop(0)

    def expect(self, name):
        while (element := self.next()).tag != name:
            if element.tag in (f"{{{STREAM}}}error",):
                raise Broken
        return element

    def reset(self):
        self.gone = True
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        except OSError:
            pass

    def secure(self, context, **how):
        self.socket.settimeout(20)
        try:
            self.socket = context.wrap_socket(self.socket, **how)
        except (OSError, ssl.SSLError) as error:
            raise Broken from error
        self.elements.again()
        self.pending.clear()


def header(sender, to, stream_id=None):
    number = f" id='{stream_id}'" if stream_id else ""
    return (f"<?xml version='1.0'?><stream:stream xmlns='{SERVER}' xmlns:stream='{STREAM}' xmlns:db='{DIALBACK}' "
            f"from='{sender}' to='{to}'{number} version='1.0'>")


class ResumingServer:
    def __init__(self, address, domain, certificate, edge, other="coluc.com", seed=1):
        self.address, self.domain, self.edge, self.other = address, domain, edge, other
        self.certificate, self.chance = certificate, random.Random(seed)
        self.breaks, self.connections = None, []
        self.resumes = True  # as receiving server, and asks for it as initiating one
        # As receiving server: sessions by name, what was handled, how connections went on.
        self.sessions, self.received, self.accepted, self.resumed_in = {}, [], 0, 0
        # As initiating server: what is to be sent, what is not acknowledged, the session.
        self.ready, self.unacknowledged, self.acknowledged = [], [], 0
        self.session, self.opened, self.resumed_out, self.counts = None, 0, 0, []
        self.stopping, self.lock, self.errors = False, threading.Lock(), []
        self.listener = socket.create_server((address, 5269))
        threading.Thread(target=self._accept, daemon=True).start()
        self.sender = None

    def break_after(self, least, most):
        """None, None: no more."""
        self.breaks = (least, most) if least is not None else None

    def _budget(self):
        return self.chance.randint(*self.breaks) if self.breaks else None

    def break_all(self):
        for connection in list(self.connections):
            connection.reset()

    def stop(self):
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)  # or whoever accepts on it keeps it
        self.listener.close()
        self.break_all()

    # Receiving server

    def _accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        connection = Connection(sock, self._budget())
        self.connections.append(connection)
        try:
            self._talk(connection)
        except Broken:
            connection.reset()
        except Exception as error:  # pylint: disable=broad-except  # told by the test
            self.errors.append(repr(error))
            connection.reset()

    def _greet(self, connection, secured):
        connection.expect(f"{{{STREAM}}}stream")
        features = "" if secured else f"<starttls xmlns='{TLS}'/>"
        features += f"<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback><sm xmlns='{SM}'/>"
        connection.send(header(self.domain, self.other, f"p{self.chance.getrandbits(64):x}") +
                        f"<stream:features>{features}</stream:features>")

    def _talk(self, connection):
        self._greet(connection, False)
        session = None
        while True:
            element = connection.next(120)
            kind = element.tag.split("}")[1]
            if kind == "starttls":
                connection.send(f"<proceed xmlns='{TLS}'/>")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                connection.secure(context, server_side=True)
                self._greet(connection, True)
            elif element.tag.startswith(f"{{{DIALBACK}}}"):
                if element.get("type"):
                    continue
                number = f" id={quoteattr(element.get('id'))}" if kind == "verify" else ""
                connection.send(f"<db:{kind} from={quoteattr(element.get('to'))} to={quoteattr(element.get('from'))}{number} "
                                "type='valid'/>")
            elif kind == "enable":
                session = {"name": f"s{self.chance.getrandbits(128):x}", "h": 0, "connection": connection}
                named = f" id='{session['name']}' resume='true' max='120'" if self.resumes else ""
                if self.resumes:
                    self.sessions[session["name"]] = session
                connection.send(f"<enabled xmlns='{SM}'{named}/>")
            elif kind == "resume":
                session = self.sessions.get(element.get("previd"))
                if session is None:
                    connection.send(f"<failed xmlns='{SM}'><item-not-found xmlns='{ERRORS}'/></failed>")
                    continue
                if session["connection"] is not connection:
                    session["connection"].reset()
                with self.lock:
                    session["connection"] = connection
                    self.accepted += 1
                    self.resumed_in += 1
                connection.send(f"<resumed xmlns='{SM}' previd='{session['name']}' h='{session['h'] % WRAP}'/>")
            elif kind == "r":
                connection.send(f"<a xmlns='{SM}' h='{session['h'] % WRAP}'/>")
            elif element.tag in (f"{{{SERVER}}}message", f"{{{SERVER}}}presence", f"{{{SERVER}}}iq"):
                self._handle(connection, session, element)
            elif element.tag == f"{{{STREAM}}}stream":
                return connection.reset()

    def _handle(self, connection, session, element):
        with self.lock:
            if session is not None and session["connection"] is not connection:
                raise Broken  # another one has taken over
            if session is not None:
                session["h"] += 1
            if kind_of(element) == "message":
                self.received.append(element.findtext(f"{{{SERVER}}}body"))

    # Initiating server

    def send(self, to, prefix, count, first=0):
        with self.lock:
            self.ready += [f"<message from='tester@{self.domain}/r' to='{to}' type='chat' id='{prefix}-{number}'>"
                           f"<body>{prefix} {number}</body></message>" for number in range(first, first + count)]
        if self.sender is None:
            self.sender = threading.Thread(target=self._send, daemon=True)
            self.sender.start()

    def sent(self):
        """Everything, and all of it acknowledged."""
        return not self.ready and not self.unacknowledged

    def _send(self):
        while not self.stopping:
            connection = None
            try:
                connection = self.open()
                self._work(connection)
            except (Broken, OSError):
                if connection:
                    connection.reset()
                time.sleep(0.05)  # between two dials
            except Exception as error:  # pylint: disable=broad-except  # told by the test
                self.errors.append(repr(error))
                return

    def open(self, budget="chosen", certificate=None):
        """A stream to the edge on which the domain is proved."""
        try:
            sock = socket.create_connection(self.edge, 5, source_address=(self.address, 0))
        except OSError as error:
            raise Broken from error
        connection = Connection(sock, self._budget() if budget == "chosen" else budget)
        self.connections.append(connection)
        self.opened += 1
        connection.send(header(self.domain, self.other))
        connection.expect(f"{{{STREAM}}}features")
        connection.send(f"<starttls xmlns='{TLS}'/>")
        connection.expect(f"{{{TLS}}}proceed")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(*certificate)
        connection.secure(context, server_hostname=self.other)
        connection.send(header(self.domain, self.other))
        connection.expect(f"{{{STREAM}}}features")
        connection.send(f"<db:result from='{self.domain}' to='{self.other}'>any key</db:result>")
        result = connection.expect(f"{{{DIALBACK}}}result")
        if result.get("type") != "valid":
            raise Broken(ElementTree.tostring(result, "unicode"))
        return connection

    def _work(self, connection):
        if self.session and self._resume(connection):
            again = list(self.unacknowledged)
        else:
            # What is not known to have arrived goes as new.
            connection.send(f"<enable xmlns='{SM}' resume='{str(self.resumes).lower()}'/>")
            enabled = connection.expect(f"{{{SM}}}enabled")
            self.session = enabled.get("id") if enabled.get("resume") == "true" else None
            self.acknowledged = 0
            again = list(self.unacknowledged)
        for stanza in again:
            connection.send(stanza)
        while not self.stopping:
            with self.lock:
                batch = self.ready[:7]
                del self.ready[:7]
                self.unacknowledged += batch
            for stanza in batch:
                connection.send(stanza)
            if not self.unacknowledged:
                time.sleep(0.02)  # nothing to do
                continue
            connection.send(f"<r xmlns='{SM}'/>")
            self._take(int(connection.expect(f"{{{SM}}}a").get("h")))
            if not batch:
                time.sleep(0.02)  # what is on its way needs its time

    def _resume(self, connection):
        connection.send(f"<resume xmlns='{SM}' previd='{self.session}' h='0'/>")
        while True:
            answer = connection.next()
            if answer.tag == f"{{{SM}}}resumed":
                assert answer.get("previd") == self.session
                self.resumed_out += 1
                self._take(int(answer.get("h")))
                return True
            if answer.tag == f"{{{SM}}}failed":
                if answer.get("h"):
                    self._take(int(answer.get("h")))
                self.session = None
                return False

    def _take(self, h):
        fresh = (h - self.acknowledged) % WRAP
        assert fresh <= len(self.unacknowledged), f"acknowledged {fresh} of {len(self.unacknowledged)}"
        self.counts.append(fresh)
        self.acknowledged += fresh
        del self.unacknowledged[:fresh]


def kind_of(element):
    return element.tag.split("}")[1]
