// A receiving server's stream (RFC 6120): STARTTLS, SASL EXTERNAL for whoever shows a certificate, then stanzas.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "s2s/channel.h"
#include "s2s/cutter.h"

namespace sallyport::bench {

class Responder final : public ChannelOwner {
public:
    using OnStanza = std::function<void(std::string_view)>;
    Responder(Loop& loop, int fd, SSL_CTX* tls, OnStanza on_stanza);

    [[nodiscard]] bool over() const { return step_ == Step::over; }
    void pause(bool paused) { channel_.pause(paused); }

private:
    enum class Step { plain, tls, secured, authenticated, over };
    void opened() override { step_ = Step::secured; }
    void received() override;
    void closed(const std::string& why) override;
    void header(std::string_view tag);
    void element(const Piece& piece);
    void end();

    OnStanza on_stanza_;
    SSL_CTX* tls_;
    Step step_ = Step::plain;
    Channel channel_;
};

}  // namespace sallyport::bench
