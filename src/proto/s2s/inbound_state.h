// The inside of Inbound, shared by the files that implement it and by nobody else: inbound.cpp (table, events,
// closing), inbound_calls.cpp (public face), inbound_header.cpp, inbound_sasl.cpp, inbound_dialback.cpp,
// inbound_management.cpp.
#pragma once

#include <optional>

#include "proto/machine.h"
#include "proto/s2s/features.h"
#include "proto/s2s/inbound.h"
#include "proto/s2s/pair_list.h"
#include "proto/s2s/sasl/mechanisms.h"
#include "proto/s2s/stream_management.h"

namespace sallyport::s2s {

struct Inbound::State {
    enum class Phase : std::uint8_t { opening, offering, securing, open, resuming, closing, closed };
    /// Of one stream: who guesses is not listened to for long.
    static constexpr unsigned most_resumptions = 3;
    enum class Timer : std::uint8_t {
        negotiation,
        idle,
        stanza,
        withheld,  ///< when it is looked whether one stanza withholds the acknowledgement of others
        closing,
        count_
    };
    using Did = machine::Did;

    struct Event {
        On on = On::foreign;
        const xml::Element* element = nullptr;
        const xml::Header* header = nullptr;
        const TlsFacts* tls = nullptr;
        std::size_t unread = 0;
        PairState* pair = nullptr;  ///< of a verdict
        xmpp::StanzaCondition condition = xmpp::StanzaCondition::remote_server_timeout;
        std::string_view text = {};
        Cause cause = {};
        ReceivedCounter* counted = nullptr;  ///< of a stream that is resumed
        std::optional<std::uint32_t> h = {};
    };
    using Act = Did (State::*)(const Event&, TimePoint, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    /// Why a header is not welcome.
    struct Refusal {
        xmpp::StreamError error;
        std::string why;
        Cause cause{};
    };
    static std::string_view words(Phase phase);

    State(InboundSettings settings, const Rules& rules_asked, TimePoint now);
    /// Another shard's state goes on here.
    void take(State&& other);

    // inbound.cpp: events, refusals, ends
    void handle(const Event& event, TimePoint now, Actions& out);
    void refuse_event(On on, TimePoint now, Actions& out);
    void refuse_stanza(const xmpp::Stanza& stanza, TimePoint now, Actions& out);
    void close(std::optional<xmpp::StreamError> error, std::string why, TimePoint now, Actions& out,
               const Cause& cause = {});
    void end();
    void note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts,
              std::optional<xmpp::Failure> failure = std::nullopt) const;
    [[nodiscard]] Facts facts(Facts asked) const;
    [[nodiscard]] bool channel_ok() const { return facts(Fact::channel_ok).has(Fact::channel_ok); }
    [[nodiscard]] StreamPolicy policy() const;
    [[nodiscard]] bool certificate_proves(const xmpp::Domain& domain) const;
    void on_time(TimePoint now, Actions& out);
    void recheck(TimePoint now, Actions& out);
    [[nodiscard]] std::optional<Refusal> objection_to(const PairState& pair) const;
    [[nodiscard]] static Refusal unwelcome(const Admission& admission);
    void expire_certificate(TimePoint now, Actions& out);
    Did finish(const Event&, TimePoint, Actions&);
    Did peer_error(const Event&, TimePoint, Actions&);
    Did deliver(const Event&, TimePoint, Actions&) { return Did::advance; }

    // inbound_header.cpp: RFC 6120 4.2 to 4.9, 5
    Did greet(const Event&, TimePoint, Actions&);
    Did greet_again(const Event&, TimePoint, Actions&);
    [[nodiscard]] std::optional<Refusal> judge(const xml::Header& header);
    [[nodiscard]] std::optional<Refusal> judge_again(const xml::Header& header, const xmpp::Domain& local_before);
    void respond_header(bool version_1, Actions& out);
    void send_features(Actions& out);
    Did accept_tls(const Event&, TimePoint, Actions&);
    Did restart(const Event&, TimePoint, Actions&);
    void forget_stream(Actions& out);

    // inbound_sasl.cpp: RFC 6120 6, XEP-0178
    Did authenticate(const Event&, TimePoint, Actions&);
    Did take_response(const Event&, TimePoint, Actions&);
    Did abort_sasl(const Event&, TimePoint, Actions&);
    Did judge_response(const sasl::Mechanism& mechanism, std::string_view response, TimePoint now, Actions& out);
    Did fail_sasl(sasl::Failure failure, TimePoint now, Actions& out);
    [[nodiscard]] bool external_acceptable() const;

    // inbound_dialback.cpp: XEP-0220 2.2, XEP-0344
    Did ask(const Event&, TimePoint, Actions&);
    Did vouch(const Event&, TimePoint, Actions&);
    Did refuse_unaddressed(std::string_view what, TimePoint now, Actions& out);
    Did admit(const Event&, TimePoint, Actions&);
    Did expel(const Event&, TimePoint, Actions&);
    Did decline(const Event&, TimePoint, Actions&);
    Did report_error(const Event&, TimePoint, Actions&);
    Did drop_answer(const Event&, TimePoint, Actions&);
    void answer_error(const Event& event, const xmpp::StanzaError& error, std::string_view why, Actions& out,
                      const Cause& cause = {});
    /// Why a key is not taken.
    struct Objection {
        xmpp::StanzaCondition condition;
        std::string_view why;
        Rule rule = Rule::none;
    };
    [[nodiscard]] bool takes_certificate(const xmpp::Domain& remote) const;
    [[nodiscard]] std::optional<Objection> objection(const xmpp::DomainPair& pair, const std::string& key,
                                                     bool shortcut);
    void verify(PairState& pair, const std::string& key, TimePoint now, Actions& out);
    void fail_pair(PairState& pair, const xmpp::Failure& failure, Actions& out);
    void settle(PairState& pair);
    void time_out_pairs(TimePoint now, Actions& out);

    // inbound_management.cpp: XEP-0198, XEP-0288, XEP-0138
    Did accept_bidi(const Event&, TimePoint, Actions&);
    Did enable(const Event&, TimePoint, Actions&);
    Did decline_enable(const Event&, TimePoint, Actions&);
    [[nodiscard]] bool asks_too_often(TimePoint now, Actions& out);
    Did refuse_stranger(const Event&, TimePoint, Actions&);
    Did decline_resume(const Event&, TimePoint, Actions&);
    Did ask_to_resume(const Event&, TimePoint, Actions&);
    Did go_on(const Event&, TimePoint, Actions&);
    Did begin_anew(const Event&, TimePoint, Actions&);
    /// What bounds the resumption of one stream.
    struct Bounds {
        std::uint64_t seconds = 0, stanzas = 0;
    };
    [[nodiscard]] Bounds bounds() const;
    [[nodiscard]] std::uint64_t seconds_to_resume() const;
    Did refuse_count(TimePoint now, Actions& out);
    Did acknowledge(const Event&, TimePoint, Actions&);
    Did take_ack(const Event&, TimePoint, Actions&);
    Did decline_compression(const Event&, TimePoint, Actions&);
    void look_at_withheld(TimePoint now, Actions& out);

    const Rules& rules;
    Timers timers;
    std::function<std::string()> fresh_id;
    std::function<Limits(const xmpp::Domain&)> limits_of;
    std::function<std::string()> fresh_session;
    Bounds general;  ///< without `limits_of`
    std::uint64_t max_pairs, max_pending, max_sasl_failures, max_bytes;

    Phase phase = Phase::opening;
    bool header_sent = false;  ///< on the current stream
    bool header_seen = false;  ///< of the peer, on the current stream
    bool version_1 = false;
    bool sasl_done = false;
    const sasl::Mechanism* challenged = nullptr;  ///< whose response the peer has been asked for
    bool bidi = false;
    bool orderly = false;
    std::optional<xmpp::StreamError> error_of_peer;
    bool vouched = false;  ///< a db:verify was answered
    unsigned sasl_failures = 0;
    xmpp::DomainPair peer;  ///< of the header; remote may be empty
    xmpp::Domain proven;    ///< by SASL
    std::string id, lang;
    std::unique_ptr<TlsFacts> tls;
    PairList pairs;
    ReceivedCounter received;
    SentCounter sent;
    std::string session;  ///< by which the stream can be resumed; empty: it cannot
    unsigned resumptions = 0;

    machine::Deadlines<Timer> deadlines;
    TimePoint latest_negotiation;  ///< how far pending verifications may move it
};

}  // namespace sallyport::s2s
