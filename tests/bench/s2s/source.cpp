#include "s2s/source.h"

#include <openssl/evp.h>

#include <utility>
#include <vector>

namespace sallyport::bench {
namespace {

std::string base64(const std::string& text) {
    std::vector<unsigned char> out(4 * (text.size() / 3 + 1) + 1);
    const int size =
        EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    return {out.begin(), out.begin() + size};
}

std::string address_of(const std::string& domain) { return "u@" + domain + "/r"; }

}  // namespace

Source::Source(Loop& loop, Ledger& ledger, SourceSettings settings)
    : ledger_{ledger},
      settings_{std::move(settings)},
      writer_{address_of(settings_.from_domain), settings_.to},
      stream_{ledger.add_stream(address_of(settings_.from_domain))},
      channel_{loop, *this} {
    channel_.connect(settings_.server, &settings_.local);
}

void Source::send(unsigned count, std::uint64_t now) {
    batch_.clear();
    for (unsigned i = 0; i < count; ++i) writer_.append(ledger_.next(stream_, now), batch_);
    channel_.write(batch_);
}

void Source::finish() {
    if (step_ != Step::ready) return;
    step_ = Step::closing;
    channel_.write("</stream:stream>");
}

void Source::open_stream() {
    channel_.write(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='" +
        settings_.from_domain + "' to='" + settings_.to_domain + "'>");
}

void Source::opened() {
    step_ = step_ == Step::tls ? Step::mechanisms : Step::features;
    open_stream();
}

void Source::received() {
    while (step_ != Step::over) {
        const Piece piece = cut(channel_.input());
        if (piece.kind == Piece::Kind::more) return;
        handle(piece);
        channel_.consume(piece.used);
    }
}

void Source::handle(const Piece& piece) {
    if (piece.kind == Piece::Kind::header) return;
    if (piece.kind == Piece::Kind::footer) {
        if (step_ != Step::closing) return fail("the server closed the stream");
        step_ = Step::over;
        channel_.close();
        return;
    }
    if (piece.name == "stream:features") return features(piece.text);
    if (piece.name == "proceed" && step_ == Step::proceed) {
        step_ = Step::tls;
        channel_.start_tls(settings_.tls, TlsRole::client, settings_.to_domain);
    } else if (piece.name == "success" && step_ == Step::success) {
        step_ = Step::last_features;
        open_stream();
    } else if (piece.name == "message") {
        ledger_.bounced();
    } else if (piece.name == "stream:error" || piece.name == "failure") {
        fail("the server says " + std::string{piece.text});
    }
}

void Source::features(std::string_view text) {
    if (step_ == Step::features) {
        step_ = Step::proceed;
        channel_.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    } else if (step_ == Step::mechanisms) {
        if (text.find("EXTERNAL") == std::string_view::npos) return fail("EXTERNAL is not offered");
        step_ = Step::success;
        channel_.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>" +
                       base64(settings_.from_domain) + "</auth>");
    } else if (step_ == Step::last_features) {
        step_ = Step::ready;
    }
}

void Source::closed(const std::string& why) {
    if (step_ == Step::closing) {
        step_ = Step::over;
    } else {
        fail(why);
    }
}

void Source::fail(const std::string& why) {
    if (step_ == Step::over) return;
    failure_ = why + " (" + settings_.from_domain + ", step " + std::to_string(static_cast<int>(step_)) + ")";
    step_ = Step::over;
    channel_.close();
}

}  // namespace sallyport::bench
