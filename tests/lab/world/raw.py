"""A hostile or odd peer: a raw socket in the tester's namespace that speaks XMPP byte by byte, and its own small server."""
import hashlib
import hmac
import re
import socket
import ssl
import threading
import time

EDGE = "198.51.100.10"
# All TCP between the edge and who says it, for Namespace.silence().
EVERYTHING = "ip saddr 198.51.100.10 meta l4proto tcp", "ip daddr 198.51.100.10 meta l4proto tcp", \
             "ip6 saddr 2001:db8:5269::10 meta l4proto tcp", "ip6 daddr 2001:db8:5269::10 meta l4proto tcp"
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
          "xmlns:db='jabber:server:dialback' from='{}' to='{}' version='1.0'>")
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def message(sender, to, body="x", number="m1"):
    return f"<message from='u@{sender}/r' to='{to}' id='{number}' type='chat'><body>{body}</body></message>"


def dialback_key(secret, receiving, originating, stream_id):
    secret = hashlib.sha256(secret.encode()).hexdigest().encode()
    return hmac.new(secret, f"{receiving} {originating} {stream_id}".encode(), hashlib.sha256).hexdigest()


class RawStream:
    """A stream to the edge. `seen` is everything that came back."""

    def __init__(self, namespace, address=EDGE, port=5269):
        self.socket = namespace.connect(address, port)
        self.seen = ""

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
        return self

    def read(self, pattern, seconds=10.0):
        """Reads until `pattern` was seen; the match. Fails at the end of the stream or the deadline."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.seen, re.S)
            if match:
                return match
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                part = self.socket.recv(65536)
            except (socket.timeout, TimeoutError):
                raise AssertionError(f"no '{pattern}' in {self.seen[-500:]!r}") from None
            if not part:
                raise AssertionError(f"closed before '{pattern}': {self.seen[-500:]!r}")
            self.seen += part.decode(errors="replace")

    def to_the_end(self, seconds=12.0):
        """Everything until the other side closes."""
        deadline = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                part = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return self.seen
            except (socket.timeout, TimeoutError):
                raise AssertionError(f"still open: {self.seen[-500:]!r}") from None
            if not part:
                return self.seen
            self.seen += part.decode(errors="replace")

    def kept_awake_until_the_end(self, seconds):
        """Sends white space, as clients do to keep a connection, until the other side closes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.socket.settimeout(0.2)
            try:
                self.socket.sendall(b" ")
                part = self.socket.recv(65536)
            except (socket.timeout, TimeoutError):
                continue
            except (ConnectionError, ssl.SSLError):
                return self.seen
            if not part:
                return self.seen
            self.seen += part.decode(errors="replace")
        raise AssertionError(f"still open: {self.seen[-500:]!r}")

    def refused(self, *conditions, seconds=12.0):
        """The stream ends, and with one of these conditions."""
        seen = self.to_the_end(seconds)
        assert any(f"<{condition} " in seen or f"<{condition}/" in seen for condition in conditions), seen[-600:]
        return seen

    def opened(self, sender="attacker.lab", to="coluc.com"):
        self.send(HEADER.format(sender, to))
        self.read(r"</stream:features>|<stream:features/>")
        return self

    def stream_id(self):
        """The id of the newest header that the edge sent."""
        return re.findall(r"<stream:stream[^>]*\bid=['\"]([^'\"]+)['\"]", self.seen)[-1]

    def over_tls(self, certificate=None):
        self.send(STARTTLS).read(r"<proceed[^>]*/>")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(*certificate)
        self.socket.settimeout(10)
        self.socket = context.wrap_socket(self.socket, server_hostname="coluc.com")
        self.seen = ""
        return self

    def close(self):
        self.socket.close()


class Acceptor:
    """Listens in a namespace and hands every connection to `serve`, on the thread that accepts; `accepted` counts them."""

    def __init__(self, namespace, address, port=5269):
        self.accepted = 0
        self.listener = namespace.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(32)
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.serve(connection)

    def serve(self, connection):
        raise NotImplementedError

    def close(self):
        # A thread that waits in accept() keeps the port bound after close(): it is woken first.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join(5)
        self.listener.close()


class Authority(Acceptor):
    """The tester's XMPP server for its own domains: answers db:verify with what `verdict` says, and keeps what it saw."""

    def __init__(self, namespace, address="198.51.100.66", certificate=None):
        self.verdict = lambda request: "valid"
        self.requests, self.texts = [], []
        self.certificate = certificate
        super().__init__(namespace, address)

    def serve(self, connection):
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._talk(connection)
        except (OSError, ssl.SSLError):
            pass
        finally:
            connection.close()

    def _talk(self, connection):
        buffer, secured = "", False
        connection.settimeout(20)
        while part := connection.recv(65536):
            buffer += part.decode(errors="replace")
            self.texts.append(part.decode(errors="replace"))
            header = re.search(r"<stream:stream[^>]*>", buffer)
            if header:
                to = re.search(r"\bto=['\"]([^'\"]+)", header.group(0)).group(1)
                sender = re.search(r"\bfrom=['\"]([^'\"]+)", header.group(0)).group(1)
                buffer = buffer[header.end():]
                tls = "" if secured or not self.certificate else STARTTLS
                connection.sendall((HEADER.format(to, sender).replace(" to=", " id='tester-1' to=", 1) +
                                    f"<stream:features>{tls}<dialback xmlns='urn:xmpp:features:dialback'/>"
                                    "</stream:features>").encode())
            if "<starttls" in buffer and self.certificate:
                buffer = ""
                connection.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                connection = context.wrap_socket(connection, server_side=True)
                connection.settimeout(20)
                secured = True
            for found in list(re.finditer(r"<db:verify[^>]*>([^<]*)</db:verify>", buffer)):
                request = dict(re.findall(r"\b(from|to|id)=['\"]([^'\"]*)", found.group(0)))
                self.requests.append(request)
                answer = self.verdict(request)
                if answer:
                    connection.sendall((f"<db:verify from='{request['to']}' to='{request['from']}' "
                                        f"id='{request['id']}' type='{answer}'/>").encode())
            buffer = re.sub(r"<db:verify[^>]*>[^<]*</db:verify>", "", buffer)


class UselessServer(Acceptor):
    """Listens for servers and is of no use: answers each header with a stream error, or nothing at all when there is none."""

    def __init__(self, namespace, address, error=None, port=5269):
        self.error, self.held = error, []
        super().__init__(namespace, address, port)

    def serve(self, connection):
        self.held.append(connection)  # kept open: it is silent, not gone
        if self.error:
            threading.Thread(target=self._refuse, args=(connection,), daemon=True).start()

    def _refuse(self, connection):
        try:
            connection.settimeout(20)
            seen = ""
            while "<stream:stream" not in seen or not seen.rstrip().endswith(">"):
                part = connection.recv(65536)
                if not part:
                    return
                seen += part.decode(errors="replace")
            connection.sendall((HEADER.format("useless.lab", "coluc.com") +
                                f"<stream:error><{self.error} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                                "</stream:stream>").encode())
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        for connection in self.held:
            connection.close()
