// The inside of Outbound, shared by the files that implement it and by nobody else: outbound.cpp (table, events, ends),
// outbound_calls.cpp (public face), outbound_negotiation.cpp, outbound_dialback.cpp, outbound_management.cpp.
#pragma once

#include <optional>

#include "proto/machine.h"
#include "proto/s2s/features.h"
#include "proto/s2s/outbound.h"
#include "proto/s2s/pair_list.h"
#include "proto/s2s/stream_management.h"

namespace sallyport::s2s {

struct Outbound::State {
    enum class Phase : std::uint8_t {
        fresh,
        opening,
        offered,
        asking_tls,
        securing,
        authenticating,
        proving,
        open,
        closing,
        closed,
    };
    enum class Timer : std::uint8_t {
        negotiation,
        answering,  ///< until when the step of the negotiation that is under way has to be done
        idle,
        stanza,
        withheld,  ///< when it is looked whether one stanza withholds the acknowledgement of others
        probe,
        holding,   ///< until when stanzas wait for the answer to `<enable/>`, or for proofs that are of no use any more
        enabling,  ///< until when `<enable/>` is to be answered
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
    };
    using Act = Did (State::*)(const Event&, TimePoint, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    static std::string_view words(Phase phase);

    /// Why what waits for this stream cannot have it.
    static constexpr const char* no_tls_offered = "the remote server offers no TLS, which our mode requires";
    /// A question to the authoritative server.
    struct Ask {
        Verify request;
        bool sent = false;
        TimePoint deadline = never;
    };
    /// What the peer offers; of the features after TLS or SASL only the last set counts.
    struct Offers {
        bool starttls = false, starttls_required = false;
        bool external = false, dialback = false, errors = false, bidi = false, management = false;
    };

    /// What stanzas wait for although their pair has proved itself. What is sent before the stream has a name would
    /// come twice, should the connection break.
    enum class Awaits : std::uint8_t {
        nothing,
        proofs,   ///< of the other pairs of the stream that is to be resumed
        resumed,  ///< `<resume/>` is out
        enabled,  ///< `<enable/>` is out, with resumption
    };

    State(OutboundSettings settings, const Rules& rules_asked, xmpp::DomainPair first, bool verifies_only,
          TimePoint now);

    // outbound.cpp
    void handle(const Event& event, TimePoint now, Actions& out);
    void close(std::optional<xmpp::StreamError> error, std::string why, const xmpp::Failure& failure, TimePoint now,
               Actions& out, bool silent = false);
    /// `lost`: the connection broke, which says nothing of the keys that were asked for.
    void fail_waiting(const xmpp::Failure& failure, Actions& out, bool lost = false);
    void end();
    void note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts,
              std::optional<xmpp::Failure> failure = std::nullopt) const;
    [[nodiscard]] bool unasked_tls() const;
    [[nodiscard]] Facts facts() const;
    [[nodiscard]] StreamPolicy policy() const { return rules.policy(pair.remote); }
    [[nodiscard]] bool certificate_proves(const xmpp::Domain& domain) const;
    [[nodiscard]] Stage stage() const;
    void on_time(TimePoint now, Actions& out);
    void recheck(TimePoint now, Actions& out);
    [[nodiscard]] bool is_welcome(const PairState& one) const;
    void expire_certificate(TimePoint now, Actions& out);
    void close_when_done(TimePoint now, Actions& out);
    Did finish(const Event&, TimePoint, Actions&);
    Did peer_error(const Event&, TimePoint, Actions&);
    [[nodiscard]] xmpp::Failure ended(std::string text) const;

    // outbound_negotiation.cpp: RFC 6120 4 to 6, XEP-0178, XEP-0288, XEP-0478
    Did begin(const Event&, TimePoint, Actions&);
    Did begin_direct(const Event&, TimePoint, Actions&);
    Did read_header(const Event&, TimePoint, Actions&);
    Did choose_channel(const Event&, TimePoint, Actions&);
    Did choose_proof(const Event&, TimePoint, Actions&);
    Did open_external(const Event&, TimePoint, Actions&);
    Did ignore_features(const Event&, TimePoint, Actions&);
    Did begin_tls(const Event&, TimePoint, Actions&);
    Did tls_refused(const Event&, TimePoint, Actions&);
    Did restart(const Event&, TimePoint, Actions&);
    Did restart_authenticated(const Event&, TimePoint, Actions&);
    Did fall_back(const Event&, TimePoint, Actions&);
    Did respond(const Event&, TimePoint, Actions&);
    /// The peer says that it knows dialback, and so do our rules.
    [[nodiscard]] bool may_dial_back() const {
        return (offers.dialback || declares_dialback) && policy().offer_dialback;
    }
    void send_header(Actions& out);
    void forget_stream(Actions& out);
    void read_features(const xml::Element& element, Actions& out);
    void choose_without_tls(TimePoint now, Actions& out);
    void ask_for_bidi(Actions& out);

    // outbound_dialback.cpp: XEP-0220 2.1
    void prove(TimePoint now, Actions& out);
    void request(PairState& wanted, TimePoint now, Actions& out);
    void pair_ready(PairState& wanted, Method method, TimePoint now, Actions& out);
    void send_asks(TimePoint now, Actions& out);
    Did take_result(const Event&, TimePoint, Actions&);
    void fail_to_prove(const xmpp::Failure& failure, TimePoint now, Actions& out);
    Did take_verify(const Event&, TimePoint, Actions&);
    Did drop_answer(const Event&, TimePoint, Actions&);
    void time_out(TimePoint now, Actions& out);

    // outbound_management.cpp: XEP-0198, XEP-0288
    void enable_acks(TimePoint now, Actions& out);
    [[nodiscard]] std::uint64_t seconds_to_resume() const;
    Did acks_enabled(const Event&, TimePoint, Actions&);
    Did acks_declined(const Event&, TimePoint, Actions&);
    Did acknowledge(const Event&, TimePoint, Actions&);
    void look_at_withheld(TimePoint now, Actions& out);
    Did take_ack(const Event&, TimePoint, Actions&);
    void waive_acks(std::string_view why, Actions& out);

    // outbound_resumption.cpp: XEP-0198 section 5
    void hold_or_send(PairState& proved, TimePoint now, Actions& out);
    void prove_others(TimePoint now, Actions& out);
    void go_on_resuming(TimePoint now, Actions& out);
    [[nodiscard]] bool is_of_earlier(const xmpp::DomainPair& domains) const;
    void begin_anew(std::uint64_t count, std::string_view why, TimePoint now, Actions& out);
    void let_go(Actions& out);
    Did take_resumed(const Event&, TimePoint, Actions&);

    const Rules& rules;
    Timers timers;
    std::uint64_t max_pairs, max_pending, max_bytes;
    std::function<bool(std::string_view)> own_id;
    xmpp::DomainPair pair;  ///< of the header
    bool verify_only = false;
    bool direct = false;

    Phase phase = Phase::fresh;
    bool header_sent = false;
    bool sasl_done = false;
    bool declares_dialback = false;  ///< the peer's header declares the dialback namespace
    bool external = true;            ///< may be used
    bool external_tried = false;
    bool challenged = false;
    std::optional<Duration> share;
    bool bidi = false;
    bool enable_sent = false;
    Awaits awaits = Awaits::nothing;
    std::optional<Resumption> resumption;     ///< wanted
    std::size_t asked_again = 0;              ///< of its pairs, as far as the peer takes them at a time
    std::vector<xmpp::DomainPair> held_back;  ///< proved, and not let go yet
    std::uint64_t resume_seconds = 0;         ///< of our side
    bool managed = false;
    bool orderly = false;
    bool not_read = false;  ///< by us: what the peer says waits
    Offers offers;
    std::optional<xmpp::StreamError> error_of_peer;
    std::string id, lang;
    std::unique_ptr<TlsFacts> tls;
    PairList pairs;
    std::vector<Ask> asks;
    ReceivedCounter received;
    SentCounter sent;

    machine::Deadlines<Timer> deadlines;
};

}  // namespace sallyport::s2s
