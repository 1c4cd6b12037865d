// Shared by the inbound and the outbound driver.
#include "services/s2s/stream_text.h"

#include <algorithm>

#include "proto/s2s/certificate.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

bool is_stanza(const xml::Reader& reader) {
    const xml::Shell& shell = reader.shell();
    if (shell.name != "message" && shell.name != "presence" && shell.name != "iq") return false;
    // A prefix-free header has the streams namespace as its default; stanzas then name theirs (RFC 6120 4.8.2).
    return shell.space == reader.header().content_space || shell.space == xmpp::ns::server;
}

std::string explained(const xml::Reader& reader, bool before) {
    const std::string explanation = reader.explanation();
    const std::string_view key = xml::row_of(reader.bound()).key;
    if (key.empty()) return explanation;
    return explanation + ", more than [limits] " + (before ? "negotiated_" : "stanza_") + std::string{key};
}

std::string_view close_text(io::CloseReason reason) {
    switch (reason) {
        case io::CloseReason::peer_closed: return "closed by the peer";
        case io::CloseReason::truncated: return "ended without close_notify";
        case io::CloseReason::reset: return "connection lost";
        case io::CloseReason::tls_failed: return "TLS failed";
        case io::CloseReason::local: return "closed by us";
    }
    return "?";
}

std::string reason_in(const Note& note) {
    std::string reason;
    for (const std::string_view key : {"condition", "why", "text"}) {
        for (const LogFact& fact : note.facts) {
            if (fact.key == key && !fact.value.empty()) reason = fact.value;
        }
    }
    return reason;
}

std::vector<LogFact> told(const Note& note, const std::string& detail, std::vector<LogFact> own) {
    std::vector<LogFact> facts;
    if (!detail.empty()) facts.push_back({"Detail", detail});
    facts.insert(facts.end(), note.facts.begin(), note.facts.end());
    for (LogFact& fact : own) {
        const bool known =
            std::any_of(note.facts.begin(), note.facts.end(), [&](const LogFact& f) { return f.key == fact.key; });
        if (!known) facts.push_back(std::move(fact));
    }
    return facts;
}

TimePoint next_certificate_check(const TlsFacts* tls, const io::Loop& loop) {
    constexpr std::chrono::hours longest_step{1};  // in nanoseconds, the comparison would be made in those
    if (tls == nullptr || !tls->peer || !tls->peer->chain_valid) return never;
    // Compared before it is converted: the year 9999 is beyond what nanoseconds hold.
    const auto left = tls->peer->not_after - loop.wall();
    if (left >= longest_step) return loop.now() + longest_step;
    return loop.now() + std::max(std::chrono::duration_cast<Duration>(left) + std::chrono::seconds{1}, Duration{0});
}

bool certificate_over(const TlsFacts* tls, const io::Loop& loop) {
    return tls != nullptr && tls->peer && tls->peer->chain_valid && loop.wall() > tls->peer->not_after;
}

void describe_tls(const TlsFacts* tls, const xmpp::Domain& peer, StreamStatus& status) {
    if (tls == nullptr) return;
    status.tls_version = tls->version;
    status.cipher = tls->cipher;
    if (!tls->peer) {
        status.certificate_verdict = "none presented";
        return;
    }
    status.certificate_subject = tls->peer->subject;
    status.certificate_issuer = tls->peer->issuer;
    status.certificate_sha256 = tls->peer->sha256;
    status.certificate_not_after = tls->peer->not_after;
    const std::string problem = objection(*tls->peer, peer);
    status.certificate_accepted = problem.empty();
    status.certificate_verdict = problem.empty() ? "valid" : problem;
}

}  // namespace sallyport::s2s
