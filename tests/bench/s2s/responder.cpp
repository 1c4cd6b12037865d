#include "s2s/responder.h"

#include <utility>

namespace sallyport::bench {

Responder::Responder(Loop& loop, int fd, SSL_CTX* tls, OnStanza on_stanza)
    : on_stanza_{std::move(on_stanza)}, tls_{tls}, channel_{loop, *this} {
    channel_.adopt(fd);
}

void Responder::received() {
    const std::string_view input = channel_.input();
    std::size_t used = 0;
    while (step_ != Step::over) {
        const Piece piece = cut(input.substr(used));
        if (piece.kind == Piece::Kind::more) break;
        used += piece.used;
        if (piece.kind == Piece::Kind::header) {
            header(piece.text);
        } else if (piece.kind == Piece::Kind::element) {
            element(piece);
        } else {
            channel_.write("</stream:stream>");
            end();
        }
    }
    channel_.consume(used);
}

void Responder::header(std::string_view tag) {
    std::string answer =
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='" +
        std::to_string(now_ns()) + "'";
    const std::string_view from = attribute(tag, "to");
    const std::string_view to = attribute(tag, "from");
    if (!from.empty()) answer += " from='" + std::string{from} + "'";
    if (!to.empty()) answer += " to='" + std::string{to} + "'";
    answer += "><stream:features>";
    if (step_ == Step::plain) answer += "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
    if (step_ == Step::secured) {
        answer +=
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
            "<dialback xmlns='urn:xmpp:features:dialback'/>";
    }
    channel_.write(answer + "</stream:features>");
}

void Responder::element(const Piece& piece) {
    if (piece.name == "message") {
        on_stanza_(piece.text);
    } else if (piece.name == "starttls" && step_ == Step::plain) {
        step_ = Step::tls;
        channel_.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        channel_.start_tls(tls_, TlsRole::server, "");
    } else if (piece.name == "auth" && step_ == Step::secured) {
        step_ = Step::authenticated;
        channel_.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    }
}

void Responder::closed(const std::string&) { step_ = Step::over; }

void Responder::end() {
    step_ = Step::over;
    channel_.close();
}

}  // namespace sallyport::bench
