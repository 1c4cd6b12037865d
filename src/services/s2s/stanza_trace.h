// The stanzas of one named pair, for a while: what XCP gateways show at VBOSE. Of a stanza only its shell is shown,
// never what is in it. Of one shard; off unless somebody asks, and then over by itself.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "proto/xmpp/jid.h"
#include "proto/xmpp/stanza.h"

namespace sallyport::s2s {

/// What is to be traced: stanzas between `remote` and `local`, or any domain of ours when that is empty.
struct TraceOrder {
    xmpp::Domain remote, local;
    std::chrono::seconds span{60};  ///< 0: what is traced now is no longer
};

class StanzaTrace {
public:
    static constexpr std::chrono::seconds longest{3600};
    static constexpr unsigned most_stanzas = 10'000;  ///< on one shard

    void start(const TraceOrder& order, TimePoint now);
    /// Cheap where nothing is traced.
    [[nodiscard]] bool wants(const xmpp::Stanza& stanza, TimePoint now) const {
        return left_ != 0 && now < until_ && concerns(stanza);
    }
    /// Writes its line, whatever the level of the module is. `xcoder`: of the stream that it came or goes on.
    void tell(const Logger& log, const xmpp::Stanza& stanza, bool received, const std::string& xcoder);

private:
    [[nodiscard]] bool concerns(const xmpp::Stanza& stanza) const;

    TraceOrder order_;
    TimePoint until_{};
    unsigned left_ = 0;
};

/// `<message from='a@x' to='b@y' id='1' type='chat'>…</message>`; its ids are the sender's to choose, and are cut.
[[nodiscard]] std::string shell_text(const xmpp::Stanza& stanza);

}  // namespace sallyport::s2s
