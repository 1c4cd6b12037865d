"""A relay on a connection's way that cuts it after a given number of bytes, without a goodbye."""
import socket
import struct
import threading


class Cutter:
    def __init__(self, listen, target):
        self.target, self.cuts = target, 0
        self._lock, self._budget, self._open = threading.Lock(), None, set()
        self._listener = socket.create_server(listen)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count):
        """The next `count` bytes pass, counted over both directions; then every connection here is reset."""
        with self._lock:
            self._budget = count

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target, 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data[:self._allowance(len(data))])
                if self._spent():
                    return
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _allowance(self, count):
        with self._lock:
            if self._budget is None:
                return count
            taken = min(count, self._budget)
            self._budget -= taken
            return taken

    def _spent(self):
        with self._lock:
            if self._budget != 0:
                return False
            self._budget, doomed, self._open = None, self._open, set()
            self.cuts += 1
        for one in doomed:
            try:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads; a socket that is read from stays open
            except OSError:
                pass
            one.close()
        return True

    def stop(self):
        self._listener.close()
        with self._lock:
            self._budget = 0
        self._spent()
