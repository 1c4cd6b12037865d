"""What really passed on the wire: a host's interface, listened to from inside its namespace."""
import socket
import struct
import threading
import time

_SYN, _ACK = 0x02, 0x10


class Tap:
    """TCP of one host from now on. `begun`: connections, as ((address, port), (address, port)), the dialling side first."""

    def __init__(self, namespace, interface="internet"):
        self.begun, self.at, self._payload = [], {}, {}
        # Without a link header; bound to every protocol, so that what the host sends is seen too.
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
        self._socket.bind((interface, 0x0003))
        self._socket.settimeout(0.2)
        self._open = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open = False
        self._thread.join()
        self._socket.close()

    def _listen(self):
        while self._open:
            try:
                self._packet(self._socket.recv(1 << 17))
            except TimeoutError:
                continue

    def _packet(self, packet):
        version = packet[0] >> 4
        if version == 4 and packet[9] == socket.IPPROTO_TCP:
            length = (packet[0] & 15) * 4
            end = struct.unpack("!H", packet[2:4])[0] or len(packet)
            source, target = (socket.inet_ntop(socket.AF_INET, packet[at:at + 4]) for at in (12, 16))
        elif version == 6 and packet[6] == socket.IPPROTO_TCP:
            length, end = 40, 40 + struct.unpack("!H", packet[4:6])[0]
            source, target = (socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24))
        else:
            return
        segment = packet[length:end]
        from_port, to_port = struct.unpack("!HH", segment[:4])
        flow = (source, from_port), (target, to_port)
        if segment[13] & (_SYN | _ACK) == _SYN and flow not in self.begun:
            self.begun.append(flow)
            self.at[flow] = time.monotonic()
        self._payload[flow] = self._payload.get(flow, b"") + segment[(segment[12] >> 4) * 4:]

    def dials(self, address, port=5269):
        """The connections that were begun towards this address and port."""
        return [flow for flow in self.begun if flow[1] == (address, port)]

    def said(self, flow):
        """What the dialling side of a connection sent, byte by byte."""
        return self._payload.get(flow, b"")
