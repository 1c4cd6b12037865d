// Shared by the inbound and the outbound driver.
#include "services/s2s/stream_text.h"

#include "proto/s2s/certificate.h"

namespace sallyport::s2s {

bool is_stanza(const xml::Reader& reader) {
    const xml::Shell& shell = reader.shell();
    return (shell.name == "message" || shell.name == "presence" || shell.name == "iq") &&
           shell.space == reader.header().content_space;
}

void finish_stream(io::Stream& stream, const Close& close, Duration linger) {
    if (close.error) stream.write(xmpp::write(*close.error));
    stream.write("</stream:stream>");
    stream.close(linger);
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

void describe_tls(const TlsFacts* tls, const xmpp::Domain& peer, StreamStatus& status) {
    if (tls == nullptr) return;
    status.tls_version = tls->version;
    status.cipher = tls->cipher;
    if (!tls->peer) {
        status.certificate_verdict = "none shown";
        return;
    }
    status.certificate_subject = tls->peer->subject;
    status.certificate_issuer = tls->peer->issuer;
    status.certificate_sha256 = tls->peer->sha256;
    status.certificate_not_after = tls->peer->not_after;
    const std::string problem = objection(*tls->peer, peer);
    status.certificate_verdict = problem.empty() ? "valid" : problem;
}

}  // namespace sallyport::s2s
