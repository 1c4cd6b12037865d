"""One login of slixmpp as it comes, from the command line: JID PASSWORD ADDRESS PORT CERTIFICATE [unbound]. Prints the
conditions with which it was refused, one a line, and `in` when it was let in. `unbound`: with the line that the manual has
for such clients."""
import asyncio
import ssl
import sys

import slixmpp

jid, password, address, port, certificate, *more = sys.argv[1:]
if more == ["unbound"]:
    ssl.SSLObject.get_channel_binding = lambda self, cb_type="tls-unique": None
asyncio.set_event_loop(asyncio.new_event_loop())
client = slixmpp.ClientXMPP(jid, password)
client.ca_certs = certificate
over = client.loop.create_future()


def ended(word):
    if word:
        print(word, flush=True)
    if not over.done():
        over.set_result(None)


client.add_event_handler("failed_auth", lambda stanza: print(stanza["condition"], flush=True))
client.add_event_handler("failed_all_auth", lambda _: ended(""))
client.add_event_handler("disconnected", lambda _: ended(""))
client.add_event_handler("session_start", lambda _: ended("in"))
client.connect((address, int(port)))
client.loop.run_until_complete(asyncio.wait_for(over, 20))
