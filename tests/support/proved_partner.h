// A dialogue that has come so far that stanzas may follow: for whatever an open inbound stream is tested with.
#pragma once

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {

/// An inbound stream on which partner.example has proved itself to corp.example by its certificate; everything said so
/// far is consumed.
inline Dialogue proved_partner(bool bidi = false, Limits limits = {}, bool resumable = false) {
    TestRules rules;
    rules.everyone.bidi = bidi;
    Dialogue with = Dialogue::inbound(rules, true, limits, resumable);
    with.tls(certificate_for("partner.example"));
    with.peer_header("partner.example", "corp.example");
    with.our_header();
    with.ours(bidi ? features(f_mechanisms, f_dialback, f_bidi, f_sm, f_limits)
                   : features(f_mechanisms, f_dialback, f_sm, f_limits));
    if (bidi) with.peer("<bidi xmlns='urn:xmpp:bidi'/>");
    with.peer(result("partner.example", "corp.example", "k"));
    with.ours(result_is("corp.example", "partner.example", "valid"));
    return with;
}

}  // namespace sallyport::testing
