// Outbound against Inbound, byte for byte through real readers, with TLS and the call to the authoritative server
// played by the test: what we send is what we accept.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/s2s/inbound.h"
#include "proto/s2s/outbound.h"
#include "proto/xmpp/stanza.h"
#include "support/test_rules.h"

namespace sallyport::testing {

class Mirror {
public:
    /// `pair` is seen by the initiator: local initiates, remote receives. `client` and `server` are what they show in
    /// TLS.
    Mirror(const TestRules& initiator, const TestRules& receiver, xmpp::DomainPair pair,
           std::optional<CertFacts> client = {}, std::optional<CertFacts> server = {}, bool verify_only = false,
           bool direct_tls = false);

    /// Lets both talk until neither has more to say.
    void run();
    void ask(const s2s::Verify& request);
    /// The driver's send: one stanza from the initiator.
    void send_message();
    void send_back();

    std::unique_ptr<s2s::Outbound> out;
    std::unique_ptr<s2s::Inbound> in;
    std::vector<std::string> delivered, returned;
    std::optional<s2s::Verified> verified;
    std::vector<s2s::PairReady> out_ready, in_ready;
    std::vector<s2s::PairFailed> out_failed;
    std::optional<s2s::Close> out_close, in_close;
    bool secured = false;
    std::uint64_t acknowledged = 0;
    std::string to_in_all, to_out_all;

private:
    void carry_out(s2s::Actions& actions, bool by_out);
    void feed(bool into_in);
    void element(bool into_in);
    void answer(const s2s::Verify& request);

    const TestRules& initiator_;
    const TestRules& receiver_;
    xmpp::DomainPair pair_;
    std::optional<CertFacts> client_, server_;
    bool direct_;
    TimePoint now_{};
    unsigned ids_ = 0;
    std::string to_in_, to_out_;
    std::unique_ptr<xml::Reader> in_reader_, out_reader_;
    xmpp::StanzaIntake intake_;
    bool out_wants_tls_ = false, in_wants_tls_ = false;
    bool restarted_ = false;
};

}  // namespace sallyport::testing
