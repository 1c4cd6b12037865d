// A stand-in for an edge that only passes stanzas on: what the generator can take at most, and a check of its link.
#include <algorithm>

#include "s2s/bench.h"
#include "s2s/listener.h"
#include "s2s/responder.h"

namespace sallyport::bench {
namespace {

constexpr std::size_t gathered_bytes = 64 * 1024;

/// The edge's end of the router link (docs/protocol/link.md), as much of it as a benchmark needs.
class RelayLink final : public ChannelOwner {
public:
    RelayLink(Loop& loop, int fd, SSL_CTX* tls) : channel_{loop, *this} {
        channel_.adopt(fd);
        channel_.start_tls(tls, TlsRole::server, "");
    }
    [[nodiscard]] bool writable() const { return open_ && channel_.writable(); }
    [[nodiscard]] bool over() const { return over_; }
    void write(std::string_view stanzas) { channel_.write(stanzas); }

private:
    void opened() override {}
    void closed(const std::string&) override { over_ = true; }
    void received() override {
        for (Piece piece = cut(channel_.input()); piece.kind != Piece::Kind::more; piece = cut(channel_.input())) {
            handle(piece);
            channel_.consume(piece.used);
        }
    }
    void handle(const Piece& piece) {
        if (piece.kind == Piece::Kind::header) {
            channel_.write(
                "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                "xmlns:stream='http://etherx.jabber.org/streams' id='relay' version='1.0'>"
                "<stream:features><sm xmlns='urn:xmpp:sm:3'/></stream:features>");
        } else if (piece.name == "handshake") {
            channel_.write("<handshake/>");
        } else if (piece.name == "enable") {
            channel_.write("<enabled xmlns='urn:xmpp:sm:3' id='relay'/>");
            open_ = true;
        }
    }

    bool open_ = false;
    bool over_ = false;
    Channel channel_;
};

class Relay {
public:
    explicit Relay(const Options& options)
        : s2s_tls_{make_context(TlsRole::server, options.certificate, options.key, 0)},
          link_tls_{make_context(TlsRole::server, options.link_certificate, options.link_key, 0)},
          s2s_{loop_, options.server, [this](int fd) { accept(fd); }},
          links_{loop_, options.inside,
                 [this](int fd) { link_ = std::make_unique<RelayLink>(loop_, fd, link_tls_.get()); }} {}

    [[noreturn]] void run() {
        for (;;) {
            loop_.turn(100);
            if (link_ && link_->over()) link_.reset();
            if (link_ && link_->writable() && !gathered_.empty()) {
                link_->write(gathered_);
                gathered_.clear();
            }
            const bool full = gathered_.size() > gathered_bytes;
            std::erase_if(streams_, [](const auto& stream) { return stream->over(); });
            for (const auto& stream : streams_) stream->pause(full);
        }
    }

private:
    void accept(int fd) {
        streams_.push_back(std::make_unique<Responder>(loop_, fd, s2s_tls_.get(),
                                                       [this](std::string_view stanza) { gathered_ += stanza; }));
    }

    Loop loop_;
    TlsContext s2s_tls_;
    TlsContext link_tls_;
    std::vector<std::unique_ptr<Responder>> streams_;
    std::unique_ptr<RelayLink> link_;
    std::string gathered_;
    Listener s2s_;
    Listener links_;
};

}  // namespace

void run_relay(const Options& options) { Relay{options}.run(); }

}  // namespace sallyport::bench
