"""The lab's name servers: unbound with the zones written out, and the inside's view, where everything is the core."""
import contextlib
import os
import signal

from .process import Process

PUBLIC = """
local-zone: "lab." static
local-zone: "com." static
local-data: "coluc.com. 60 SOA ns.coluc.com. admin.coluc.com. 1 60 60 60 5"
local-data: "lab. 60 SOA ns.lab. admin.lab. 1 60 60 60 5"
local-data: "_xmpp-server._tcp.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.rooms.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.strict.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.imp.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.bot.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpp-server._tcp.irc.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "_xmpps-server._tcp.coluc.com. 60 SRV 10 0 5270 edge1.coluc.com."
local-data: "edge1.coluc.com. 60 A 198.51.100.10"
local-data: "edge1.coluc.com. 60 AAAA 2001:db8:5269::10"
local-data: "_xmpp-server._tcp.vngtp.lab. 60 SRV 5 0 5269 xmpp.vngtp.lab."
local-data: "_xmpp-server._tcp.rooms.vngtp.lab. 60 SRV 5 0 5269 xmpp.vngtp.lab."
local-data: "xmpp.vngtp.lab. 60 A 198.51.100.20"
local-data: "_xmpp-server._tcp.xn--bcher-kva.lab. 60 SRV 10 0 5269 nobody.lab."
local-data: "_xmpp-server._tcp.xn--bcher-kva.lab. 60 SRV 20 0 5269 six.vngtp.lab."
local-data: "six.vngtp.lab. 60 AAAA 2001:db8:5269::20"
local-data: "_xmpp-server._tcp.ejabberd.lab. 60 SRV 0 0 5269 xmpp.ejabberd.lab."
local-data: "xmpp.ejabberd.lab. 60 A 198.51.100.30"
local-data: "xmpp.ejabberd.lab. 60 AAAA 2001:db8:5269::30"
local-data: "rooms.ejabberd.lab. 60 A 198.51.100.30"
local-data: "_xmpps-server._tcp.direct.lab. 60 SRV 0 0 5270 four.guest.lab."
local-data: "_xmpp-server._tcp.closed.lab. 60 SRV 0 0 0 ."
local-data: "_xmpp-server._tcp.down.lab. 60 SRV 0 0 5269 down.lab."
local-data: "down.lab. 60 A 198.51.100.66"
local-data: "attacker.lab. 60 A 198.51.100.66"
local-data: "_xmpp-server._tcp.attacker.lab. 60 SRV 0 0 5269 attacker.lab."
local-data: "victim.lab. 60 A 198.51.100.67"
local-data: "_xmpp-server._tcp.victim.lab. 60 SRV 0 0 5269 victim.lab."
local-data: "_xmpp-server._tcp.mirror.lab. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "guest.lab. 60 A 198.51.100.40"
local-data: "rooms.guest.lab. 60 A 198.51.100.40"
local-data: "expired.guest.lab. 60 A 198.51.100.40"
local-data: "misnamed.guest.lab. 60 A 198.51.100.40"
local-data: "own.guest.lab. 60 A 198.51.100.40"
local-data: "purpose.guest.lab. 60 A 198.51.100.40"
local-data: "plain.guest.lab. 60 A 198.51.100.40"
local-data: "bare.guest.lab. 60 A 198.51.100.40"
local-data: "late.guest.lab. 60 A 198.51.100.40"
local-data: "lone.guest.lab. 60 A 198.51.100.40"
local-data: "secure.guest.lab. 60 A 198.51.100.40"
local-data: "_xmpp-server._tcp.moved.guest.lab. 1 SRV 0 0 5269 four.guest.lab."
local-data: "_xmpp-server._tcp.unknown.coluc.com. 60 SRV 0 0 5269 edge1.coluc.com."
local-data: "doubter.lab. 60 A 198.51.100.67"
local-zone: "silent.lab." deny
local-data: "guest.lab. 60 AAAA 2001:db8:5269::40"
local-data: "_xmpp-server._tcp.six.lab. 60 SRV 0 0 5269 six.guest.lab."
local-data: "six.guest.lab. 60 AAAA 2001:db8:5269::40"
local-data: "four.guest.lab. 60 A 198.51.100.40"
local-data: "_xmpps-server._tcp.both.lab. 60 SRV 0 0 5270 four.guest.lab."
local-data: "_xmpp-server._tcp.both.lab. 60 SRV 10 0 5269 four.guest.lab."
local-data: "silent.guest.lab. 60 A 198.51.100.41"
local-data: "refusing.guest.lab. 60 A 198.51.100.20"
local-data: "_xmpp-server._tcp.spare.lab. 60 SRV 10 0 5298 refusing.guest.lab."
local-data: "_xmpp-server._tcp.spare.lab. 60 SRV 20 0 5269 silent.guest.lab."
local-data: "_xmpp-server._tcp.spare.lab. 60 SRV 30 0 5269 four.guest.lab."
local-data: "_xmpp-server._tcp.useless.guest.lab. 60 SRV 10 0 5269 attacker.lab."
local-data: "_xmpp-server._tcp.useless.guest.lab. 60 SRV 20 0 5269 doubter.lab."
local-data: "_xmpp-server._tcp.useless.guest.lab. 60 SRV 30 0 5269 four.guest.lab."
"""

# Nothing but an A record, for every name: servers without SRV fall back to port 5269 of the domain itself.
INSIDE = """
local-zone: "." redirect
local-data: ". 5 A 10.10.0.10"
"""


class NameServer(Process):
    def __init__(self, name, address, zones, folder, namespace=None, port=53):
        path = os.path.join(folder, f"{name}.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""server:
    interface: {address}
    port: {port}
    access-control: 0.0.0.0/0 allow
    do-daemonize: no
    chroot: ""
    username: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    logfile: ""
    log-local-actions: yes
    module-config: "iterator"
    do-not-query-localhost: no
    num-threads: 1
    local-zone: "test." transparent
    do-ip6: no
{zones}
remote-control:
    control-enable: no
""")
        self.path = path
        super().__init__(name, ["unbound", "-d", "-c", path], folder, namespace)
        self.wait_for("start of service")

    @contextlib.contextmanager
    def change(self, old, new):
        """The zones as they are after an administrator's hand; as before at the end."""
        self._replace(old, new)
        try:
            yield
        finally:
            self._replace(new, old)

    def _replace(self, old, new):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        assert old in text, old
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        here = self.mark()
        self.kill(signal.SIGHUP)
        self.wait_for("start of service", since=here)
