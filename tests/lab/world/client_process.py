"""A process with real clients (slixmpp) inside one namespace. Commands come as JSON lines on standard input; what the
clients see goes out as JSON lines on standard output."""
import asyncio
import json
import logging
import ssl
import sys

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout


def tell(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def error_of(stanza):
    """Condition, text and Sallyport's verdict as they stand there; slixmpp knows no errors in a component's namespace."""
    found = {"condition": "", "text": "", "verdict": ""}
    for element in stanza.xml.iter() if stanza["type"] == "error" else ():
        space, _, name = element.tag[1:].partition("}")
        if space == "urn:sallyport:verdict:0":
            found["verdict"] = element.get("id", "")
        if space == "urn:ietf:params:xml:ns:xmpp-stanzas":
            found["text" if name == "text" else "condition"] = element.text or "" if name == "text" else name
    return found


class Talker:
    """What clients and components have in common: they tell what they see."""

    def listen(self, name):
        self.name = name
        for plugin in ("xep_0030", "xep_0045", "xep_0092", "xep_0199"):
            self.register_plugin(plugin)
        self["xep_0092"].software_name = "lab-client"
        self.auto_authorize, self.auto_subscribe = None, False
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("failed_auth", lambda _: tell(who=name, what="failed-auth"))
        self.add_event_handler("disconnected", lambda _: tell(who=name, what="disconnected"))
        self.register_handler(slixmpp.xmlstream.handler.Callback(
            "messages", slixmpp.xmlstream.matcher.MatchXPath(f"{{{self.default_ns}}}message"), self.on_message))
        self.register_handler(slixmpp.xmlstream.handler.Callback(
            "presences", slixmpp.xmlstream.matcher.MatchXPath(f"{{{self.default_ns}}}presence"), self.on_presence))

    def on_message(self, stanza):
        tell(who=self.name, what="message", sender=str(stanza["from"]), type=stanza["type"], id=stanza["id"],
             body=stanza["body"], **error_of(stanza))

    def on_presence(self, stanza):
        self_seen = [status.get("code") for status in stanza.xml.iter("{http://jabber.org/protocol/muc#user}status")]
        tell(who=self.name, what="presence", sender=str(stanza["from"]), type=stanza["type"], codes=self_seen,
             status=stanza["status"], condition=error_of(stanza)["condition"])


class Client(Talker, slixmpp.ClientXMPP):
    def __init__(self, name, jid, password):
        super().__init__(jid, password, plugin_config={"feature_mechanisms": {"unencrypted_plain": True}})
        self.listen(name)

    async def on_start(self, _):
        await self.get_roster()
        self.send_presence()
        tell(who=self.name, what="online", jid=str(self.boundjid))


class Component(Talker, slixmpp.ComponentXMPP):
    """XEP-0114 as bots and gateways on slixmpp speak it; messages come from somebody at the domain."""

    def __init__(self, name, domain, secret, host, port):
        super().__init__(domain, secret, host, port)
        self.listen(name)
        self["xep_0030"].add_identity(category="gateway", itype="lab", name="lab")

    async def on_start(self, _):
        tell(who=self.name, what="online", jid=str(self.boundjid))

    def make_message(self, mto, mbody=None, mtype=None):
        return super().make_message(mto=mto, mbody=mbody, mtype=mtype, mfrom=f"somebody@{self.boundjid.bare}")


class Commands:
    def __init__(self):
        self.clients = {}

    async def connect(self, who, jid, password, host, port, trust=None):
        client = self.clients[who] = Client(who, jid, password)
        client.ca_certs = trust
        client.connect((host, port), force_starttls=False, disable_starttls=trust is None)

    async def attach(self, who, domain, secret, host, port):
        component = self.clients[who] = Component(who, domain, secret, host, port)
        component.connect()

    async def leave(self, who):
        self.clients.pop(who).disconnect()

    async def message(self, who, to, body, id="", type="chat"):
        stanza = self.clients[who].make_message(mto=to, mbody=body, mtype=type)
        if id:
            stanza["id"] = id
        stanza.send()

    async def messages(self, who, to, prefix, first, count):
        for number in range(first, first + count):
            await self.message(who, to, f"{prefix} {number}", f"{prefix}-{number}")

    async def presence(self, who, to=None, type=None, status=None):
        self.clients[who].send_presence(pto=to, ptype=type, pstatus=status)

    async def join(self, who, room, nick):
        presence = self.clients[who].make_presence(pto=f"{room}/{nick}")
        presence.append(slixmpp.ET.Element("{http://jabber.org/protocol/muc}x"))
        presence.send()

    async def raw(self, who, xml):
        self.clients[who].send_raw(xml)

    async def iq(self, who, to, kind, tag):
        client = self.clients[who]
        try:
            if kind == "ping":
                await client["xep_0199"].send_ping(to, timeout=15)
                answer = "pong"
            elif kind == "disco":
                info = await client["xep_0030"].get_info(jid=to, timeout=15)
                answer = sorted(f"{one[0]}/{one[1]}" for one in info["disco_info"]["identities"])
            else:
                version = await client["xep_0092"].get_version(to, timeout=15)
                answer = version["software_version"]["name"]
            tell(who=who, what="iq", tag=tag, answer=answer, condition="")
        except IqError as error:
            tell(who=who, what="iq", tag=tag, answer=None, condition=error.iq["error"]["condition"])
        except IqTimeout:
            tell(who=who, what="iq", tag=tag, answer=None, condition="no answer")


async def main():
    commands = Commands()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=4 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell(who="", what="ready")
    while line := await reader.readline():
        command = json.loads(line)
        asyncio.ensure_future(getattr(commands, command.pop("do"))(**command))


if __name__ == "__main__":
    # slixmpp binds by tls-unique alone, which TLS 1.3 has not; as one that cannot bind it says so and is let in.
    ssl.SSLObject.get_channel_binding = lambda self, cb_type="tls-unique": None
    logging.basicConfig(level=logging.INFO)
    asyncio.set_event_loop(asyncio.new_event_loop())
    asyncio.get_event_loop().run_until_complete(main())
