#include "s2s/inside.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace sallyport::bench {
namespace {

std::string sha1_hex(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        hex += "0123456789abcdef"[digest[i] >> 4U];
        hex += "0123456789abcdef"[digest[i] & 15U];
    }
    return hex;
}

constexpr std::string_view stream_start =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
    "xmlns:stream='http://etherx.jabber.org/streams'";

}  // namespace

Inside::Inside(Loop& loop, Ledger& ledger, InsideSettings settings)
    : ledger_{ledger}, settings_{std::move(settings)}, channel_{loop, *this} {
    channel_.connect(settings_.server, nullptr);
}

void Inside::send_handshake(std::string_view stream_id) {
    channel_.write("<handshake>" + sha1_hex(std::string{stream_id} + settings_.secret) + "</handshake>");
}

void Inside::received() {
    const std::uint64_t now = now_ns();
    std::uint64_t stanzas = 0;
    std::string_view input = channel_.input();
    std::size_t used = 0;
    while (failure_.empty()) {
        const Piece piece = cut(input.substr(used));
        if (piece.kind == Piece::Kind::more) break;
        used += piece.used;
        if (piece.kind == Piece::Kind::element && piece.name == "message") {
            ledger_.arrived(piece.text, now);
            ++stanzas;
        } else if (piece.kind == Piece::Kind::element && piece.name == "stream:error") {
            fail("the server says " + std::string{piece.text});
        } else if (piece.kind == Piece::Kind::element) {
            element(piece);
        } else if (piece.kind == Piece::Kind::header) {
            header(piece.text);
        } else {
            fail("the server closed the stream");
        }
    }
    channel_.consume(used);
    if (failure_.empty()) turn_done(stanzas);
}

void Inside::fail(const std::string& why) {
    if (failure_.empty()) failure_ = "inside: " + why;
    ready_ = false;
    channel_.close();
}

void Component::opened() { channel_.write(std::string{stream_start} + " to='" + settings_.domain + "'>"); }

void Component::header(std::string_view tag) { send_handshake(attribute(tag, "id")); }

void Component::element(const Piece& piece) {
    if (piece.name == "handshake") ready_ = true;
}

void Link::opened() {
    if (!secured_) {
        secured_ = true;
        channel_.start_tls(settings_.tls, TlsRole::client, "");
        return;
    }
    channel_.write(std::string{stream_start} + " xmlns:sp='urn:sallyport:link:0' to='" + settings_.far_realm +
                   "' from='" + settings_.realm + "' version='1.0' sp:node='" + std::to_string(now_ns()) + "'>");
}

void Link::header(std::string_view tag) { send_handshake(attribute(tag, "id")); }

void Link::element(const Piece& piece) {
    if (piece.name == "handshake") {
        channel_.write("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    } else if (piece.name == "enabled") {
        channel_.write("<bind xmlns='urn:xmpp:component:0'><hostname>" + settings_.domain + "</hostname></bind>");
        ready_ = true;
    } else if (piece.name == "r") {
        channel_.write("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(counted_) + "'/>");
    }
}

void Link::turn_done(std::uint64_t stanzas) {
    if (stanzas == 0) return;
    const std::uint64_t first = counted_ + 1;
    counted_ += stanzas;
    channel_.write("<done xmlns='urn:sallyport:link:0' n='" + std::to_string(first) + "-" + std::to_string(counted_) +
                   "'/>");
}

}  // namespace sallyport::bench
