// The inside of the server under test: where stanzas from the federation come out, and where those for it go in.
#pragma once

#include <memory>
#include <string>

#include "s2s/channel.h"
#include "s2s/cutter.h"
#include "s2s/ledger.h"

namespace sallyport::bench {

struct InsideSettings {
    sockaddr_in server{};
    SSL_CTX* tls = nullptr;  ///< of the link
    std::string domain;      ///< that this side serves
    std::string secret;
    std::string realm;      ///< of the link's dialler
    std::string far_realm;  ///< of the node dialled
};

/// What component and link have in common: one stream that carries stanzas after a handshake.
class Inside : public ChannelOwner {
public:
    Inside(Loop& loop, Ledger& ledger, InsideSettings settings);

    [[nodiscard]] bool ready() const { return ready_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] bool writable() const { return ready_ && channel_.writable(); }
    /// Stanzas for the federation.
    void write(std::string_view stanzas) { channel_.write(stanzas); }

protected:
    virtual void header(std::string_view tag) = 0;
    virtual void element(const Piece& piece) = 0;
    /// All that was read at once has been handled.
    virtual void turn_done(std::uint64_t stanzas) = 0;
    void send_handshake(std::string_view stream_id);

    void received() override;
    void closed(const std::string& why) override { fail(why); }
    void fail(const std::string& why);

    Ledger& ledger_;
    InsideSettings settings_;
    bool ready_ = false;
    Channel channel_;

private:
    std::string failure_;
};

/// An external component (XEP-0114).
class Component final : public Inside {
public:
    using Inside::Inside;

private:
    void opened() override;
    void header(std::string_view tag) override;
    void element(const Piece& piece) override;
    void turn_done(std::uint64_t) override {}
};

/// The core's end of the router link (docs/protocol/link.md): TLS 1.3, handshake, session, one bound domain.
class Link final : public Inside {
public:
    using Inside::Inside;

private:
    void opened() override;
    void header(std::string_view tag) override;
    void element(const Piece& piece) override;
    void turn_done(std::uint64_t stanzas) override;

    bool secured_ = false;
    std::uint64_t counted_ = 0;  ///< stanzas received in the session (XEP-0198)
};

}  // namespace sallyport::bench
