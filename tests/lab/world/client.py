"""The scenario's side of the real clients: verbs that read like sentences, and waiting for what they see."""
import itertools
import json
import os
import subprocess
import threading

from .process import Process
from .prosody import PASSWORD
from .wait import until

_tags = itertools.count(1)


class Clients:
    """One client process in one namespace; every client in it shares the list of events."""

    def __init__(self, name, folder, namespace=None):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client_process.py")
        self.process = Process(name, ["/usr/bin/python3", script], folder, namespace, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        self.events = []
        self._trace = open(os.path.join(folder, f"{name}.events"), "w", encoding="utf-8")
        threading.Thread(target=self._read, daemon=True).start()
        until(lambda: self.events, "the client process", 15)

    def _read(self):
        for line in self.process.child.stdout:
            self._trace.write(line.decode())
            self._trace.flush()
            self.events.append(json.loads(line))

    def command(self, **words):
        self.process.child.stdin.write((json.dumps(words) + "\n").encode())
        self.process.child.stdin.flush()

    def stop(self):
        self.process.stop(1.0)


class User:
    def __init__(self, clients, who, jid, server):
        self.clients, self.who, self.jid, self.server = clients, who, jid, server
        self.full = jid

    def events(self, since=0):
        return [event for event in self.clients.events[since:] if event["who"] == self.who]

    def mark(self):
        return len(self.clients.events)

    def sees(self, seconds=15.0, since=0, **wanted):
        """The first event with these fields; a callable is asked."""
        def fits(event):
            return all(value(event.get(key, "")) if callable(value) else event.get(key) == value
                       for key, value in wanted.items())
        return until(lambda: next((event for event in self.events(since) if fits(event)), None),
                     lambda: f"{self.jid} to see {str(wanted)[:300]}; saw {str(self.events(since)[-8:])[:3000]}", seconds)

    def online(self):
        since = self.mark()
        host, port = self.server.c2s
        self.clients.command(do="connect", who=self.who, jid=f"{self.jid}/lab", password=PASSWORD, host=host, port=port,
                             trust=getattr(self.server, "client_trust", None))
        self.full = self.sees(20, since, what="online")["jid"]
        return self

    def says(self, to, body, type="chat", id=""):
        self.clients.command(do="message", who=self.who, to=address(to), body=body, type=type, id=id)

    def counts(self, to, prefix, first, count):
        self.clients.command(do="messages", who=self.who, to=address(to), prefix=prefix, first=first, count=count)

    def hears(self, body, seconds=15.0, since=0):
        return self.sees(seconds, since, what="message", body=body)

    def heard(self, prefix, since=0):
        """The numbers of the counted messages that arrived, in their order; bounces are not among them."""
        return [int(event["body"].rsplit(" ", 1)[1]) for event in self.events(since)
                if event["what"] == "message" and event["type"] != "error" and event["body"].startswith(prefix + " ")]

    def bounced(self, prefix, since=0):
        return [event for event in self.events(since)
                if event["what"] == "message" and event["type"] == "error" and event["id"].startswith(prefix + "-")]

    def asks(self, to, kind):
        """A ping, disco or version query; the answer, or the error's condition as "!condition"."""
        tag = next(_tags)
        self.clients.command(do="iq", who=self.who, to=address(to), kind=kind, tag=tag)
        event = self.sees(20, what="iq", tag=tag)
        return event["answer"] if not event["condition"] else "!" + event["condition"]

    def presence(self, to=None, type=None, status=None):
        self.clients.command(do="presence", who=self.who, to=to and address(to), type=type, status=status)

    def joins(self, room, nick, seconds=20.0):
        since = self.mark()
        self.clients.command(do="join", who=self.who, room=room, nick=nick)
        event = self.sees(seconds, since, what="presence", sender=f"{room}/{nick}")
        assert event["type"] != "error", event
        return event

    def leaves(self, room, nick):
        self.presence(f"{room}/{nick}", "unavailable")


class Component(User):
    """A user whose end is a component (XEP-0114): the address is somebody at its domain."""

    def __init__(self, clients, who, domain, secret, at):
        super().__init__(clients, who, f"somebody@{domain}", None)
        self.domain, self.secret, self.at = domain, secret, at

    def online(self):
        since = self.mark()
        host, port = self.at
        self.clients.command(do="attach", who=self.who, domain=self.domain, secret=self.secret, host=host, port=port)
        self.sees(20, since, what="online")
        return self


def address(to):
    return to.jid if isinstance(to, User) else to
