// An initiating server's stream (RFC 6120): STARTTLS with a client certificate, SASL EXTERNAL (XEP-0178), then stanzas.
#pragma once

#include <memory>
#include <string>

#include "s2s/channel.h"
#include "s2s/cutter.h"
#include "s2s/ledger.h"
#include "s2s/stanza.h"

namespace sallyport::bench {

struct SourceSettings {
    sockaddr_in server{};
    in_addr local{};
    SSL_CTX* tls = nullptr;
    std::string from_domain;
    std::string to_domain;
    std::string to;  ///< address of the stanzas
};

class Source final : public ChannelOwner {
public:
    Source(Loop& loop, Ledger& ledger, SourceSettings settings);

    [[nodiscard]] bool ready() const { return step_ == Step::ready; }
    /// Over: by finish() and the server's answer, or failed.
    [[nodiscard]] bool over() const { return step_ == Step::over; }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] bool writable() const { return ready() && channel_.writable(); }
    /// Sends `count` stanzas as one write.
    void send(unsigned count, std::uint64_t now);
    /// Closes the stream; over() when the server has closed it too.
    void finish();

private:
    enum class Step { connecting, features, proceed, tls, mechanisms, success, last_features, ready, closing, over };
    void opened() override;
    void received() override;
    void closed(const std::string& why) override;
    void handle(const Piece& piece);
    void features(std::string_view text);
    void open_stream();
    void fail(const std::string& why);

    Ledger& ledger_;
    SourceSettings settings_;
    StanzaWriter writer_;
    std::uint64_t stream_;
    Step step_ = Step::connecting;
    std::string failure_;
    std::string batch_;
    Channel channel_;
};

}  // namespace sallyport::bench
