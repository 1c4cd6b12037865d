-- Reads everything and acknowledges nothing: a request for an acknowledgement (XEP-0198) gets no answer.
module:hook("stanza/urn:xmpp:sm:3:r", function () return true; end, 1000);
