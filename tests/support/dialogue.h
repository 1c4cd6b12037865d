// A wire dialogue against one stream machine: what the peer says, what we must say, what must come of it. Bytes go
// through a real reader on the way in, and what we send is read by a second one, so that every answer is well-formed.
// Scripts are plain functions; fail_each_step() plays them again with the connection dying at every step.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/s2s/inbound.h"
#include "proto/s2s/outbound.h"
#include "proto/xmpp/stanza.h"
#include "support/test_rules.h"

namespace sallyport::testing {

enum class Fault { footer, lost, deadline };

class Dialogue {
public:
    using Script = std::function<void(Dialogue&)>;
    using Make = std::function<Dialogue()>;

    /// With `resumable`, streams can be resumed; they are called "session1", "session2" …
    static Dialogue inbound(TestRules rules = {}, bool direct_tls = false, Limits limits = {}, bool resumable = false);
    static Dialogue outbound(TestRules rules = {}, xmpp::DomainPair pair = pair_of("corp.example", "partner.example"),
                             bool verify_only = false, bool direct_tls = false,
                             const std::function<void(s2s::OutboundSettings&)>& change = {});
    /// Plays `script` once whole, then with each fault after each step, and checks what must hold at every end.
    static void fail_each_step(const Make& make, const Script& script);

    // Steps
    void peer(std::string_view bytes);
    void peer_header(std::string_view from, std::string_view to, std::string_view more = {});
    void connected();
    void tls(std::optional<CertFacts> certificate);
    void verdict(const xmpp::DomainPair& pair, s2s::Verified::Outcome outcome,
                 xmpp::StanzaCondition error = xmpp::StanzaCondition::remote_server_timeout);
    void after(Duration time);
    void verify(const s2s::Verify& request);
    [[nodiscard]] bool add_pair(const xmpp::DomainPair& pair);
    void we_send(unsigned stanzas);
    void handled(std::uint64_t sequence);
    void rules_change(const std::function<void(TestRules&)>& change);
    void certificate_expires();
    /// The answers to a Resume.
    void resume(std::string id, s2s::ReceivedCounter counted);
    void refuse_resumption(std::optional<std::uint32_t> h = std::nullopt);
    void lost();

    // Expectations; each consumes what it names
    void ours(std::string_view bytes);                  ///< the very next bytes
    void our_header(std::string_view attributes = {});  ///< the next header holds these
    void ours_nothing();                                ///< nothing more was said
    void expect_start_tls(std::string_view name);
    void expect_restart();
    void expect_verify(const s2s::Verify& request);
    void expect_ready(const xmpp::DomainPair& pair, s2s::Method method);
    void expect_failed(const xmpp::DomainPair& pair, xmpp::StanzaCondition condition, std::string_view step = {});
    void expect_failed_for_good(const xmpp::DomainPair& pair, bool permanent);
    void expect_verified(const xmpp::DomainPair& pair, s2s::Verified::Outcome outcome);
    void expect_close(xmpp::StreamCondition condition);
    void expect_close();  ///< orderly: closing tag without error
    void expect_silent_close();
    void expect_open();  ///< neither closing nor closed
    void expect_delivered(std::size_t stanzas);
    void expect_note(std::string_view event, std::string_view key = {}, std::string_view value = {});
    void expect_acknowledged(std::uint64_t count);
    void expect_resumable(std::string_view id, Duration max);
    void expect_not_resumable();
    void expect_resume(std::string_view id);
    void expect_resumed(std::uint64_t count);
    void expect_not_resumed(std::uint64_t count);
    void expect_none_ready();  ///< no pair may carry stanzas that could not before

    [[nodiscard]] s2s::Inbound& in() { return *in_; }
    [[nodiscard]] s2s::Outbound& out() { return *out_; }
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] TestRules& rules() { return *rules_; }
    [[nodiscard]] std::string everything_sent() const { return all_; }
    [[nodiscard]] const std::vector<std::string>& delivered() const { return delivered_; }

private:
    Dialogue() = default;
    [[nodiscard]] bool stopped() const { return stopped_; }
    void step_done();
    void inject();
    void check_end();
    void carry_out(s2s::Actions& actions);
    void take_element();
    void say(std::string_view bytes);
    void read_back(std::string_view bytes);
    template <typename T>
    std::optional<T> take();
    [[nodiscard]] bool machine_closed() const;
    [[nodiscard]] TimePoint machine_deadline() const;

    std::unique_ptr<TestRules> rules_;
    std::unique_ptr<s2s::Inbound> in_;
    std::unique_ptr<s2s::Outbound> out_;
    std::unique_ptr<xml::Reader> reader_, echo_;
    xmpp::StanzaIntake intake_;
    TimePoint now_{};
    std::unique_ptr<unsigned> ids_;

    std::string sent_, all_;
    s2s::Actions pending_;  ///< what no expectation has consumed
    std::vector<std::string> delivered_;
    std::size_t delivered_seen_ = 0;
    std::optional<s2s::Close> close_;
    bool close_seen_ = false;
    bool restarted_ = false;

    std::size_t steps_ = 0;
    std::optional<std::size_t> stop_at_;
    Fault fault_ = Fault::lost;
    bool stopped_ = false;
    std::vector<std::string> waiting_pairs_, waiting_verifies_;  ///< outbound: must be answered before the end
};

}  // namespace sallyport::testing
