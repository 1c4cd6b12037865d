"""A name server for one benchmark: each *.remote.lab is served by an XMPP server on this machine, at one port.

The target is the name localhost, because ejabberd asks the C library for addresses and its own resolver for SRV only."""

import socket
import struct
import threading

DNS_PORT = 5353
_A, _SRV = 1, 33
_TARGET = b"\x09localhost\0"
_NO_SUCH_NAME = 3
_ANSWER_FLAGS = 0x8580  # response, authoritative, recursion desired and available


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("!HHHIH", 0xC00C, kind, 1, 300, len(data)) + data


def _answer(query: bytes, port: int) -> bytes:
    number, _flags, questions = struct.unpack("!HHH", query[:6])
    end = 12
    labels = []
    while query[end]:
        labels.append(query[end + 1:end + 1 + query[end]].lower())
        end += query[end] + 1
    end += 1
    kind = struct.unpack("!H", query[end:end + 2])[0]
    service = labels[:2] == [b"_xmpp-server", b"_tcp"]
    known = service and labels[-2:] == [b"remote", b"lab"]
    answer = b""
    if known and kind == _SRV:
        answer = _record(_SRV, struct.pack("!HHH", 0, 0, port) + _TARGET)
    elif labels == [b"localhost"]:
        known = True
        answer = _record(_A, socket.inet_aton("127.0.0.1")) if kind == _A else b""
    flags = _ANSWER_FLAGS if known else _ANSWER_FLAGS | _NO_SUCH_NAME
    counts = struct.pack("!HHHHHH", number, flags, questions, 1 if answer else 0, 0, 0)
    return counts + query[12:end + 4] + answer


class NameServer:
    """Serves on `address`; `port` is where the remote servers accept. A context manager."""

    def __init__(self, address: str, port: int):
        self._address = address
        self._port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, DNS_PORT))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.sendto(b"", (self._address, DNS_PORT))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            query, sender = self._socket.recvfrom(4096)
            if not query:
                return
            try:
                self._socket.sendto(_answer(query, self._port), sender)
            except (IndexError, struct.error):
                continue
