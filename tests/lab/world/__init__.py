"""The lab's world: hosts in network namespaces, real name servers, real XMPP servers, real clients."""
