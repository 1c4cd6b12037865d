// The inside of Machine, shared by the files that implement it and by nobody else: machine.cpp (table, events, ends),
// machine_calls.cpp (public face), machine_negotiation.cpp (headers, features, TLS, SASL), machine_binding.cpp
// (resource, XEP-0198).
#pragma once

#include <optional>

#include "proto/c2s/machine.h"
#include "proto/machine.h"

namespace sallyport::c2s {

/// What holds on a stream.
enum class Fact : std::uint8_t {
    secured,
    authenticated,
    managed,  ///< XEP-0198 is on
};
using Facts = machine::Set<Fact>;

struct Machine::State {
    enum class Phase : std::uint8_t {
        opening,     ///< a header is due
        offering,    ///< before authentication
        securing,    ///< TLS handshake
        looking_up,  ///< the verifier is being fetched
        challenged,  ///< the client's proof is due
        binding,     ///< authenticated, no resource
        attaching,   ///< the resource is being bound, or the session found
        open,
        closing,
        closed,
    };
    enum class Timer : std::uint8_t { negotiation, idle, answer, stanza, closing, count_ };
    using Did = machine::Did;

    struct Event {
        On on = On::foreign;
        const xml::Element* element = nullptr;
        const xml::Header* header = nullptr;
        const TlsFacts* tls = nullptr;
        const sasl::Verifier* verifier = nullptr;
        const xmpp::Jid* full = nullptr;
        std::size_t unread = 0;
        std::uint32_t h = 0;
        xmpp::StanzaCondition condition = xmpp::StanzaCondition::internal_server_error;
    };
    using Act = Did (State::*)(const Event&, TimePoint, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    static std::string_view words(Phase phase);

    State(Settings settings_given, TimePoint now);

    // machine.cpp
    void handle(const Event& event, TimePoint now, Actions& out);
    void refuse_event(On on, TimePoint now, Actions& out);
    void close(std::optional<xmpp::StreamError> error, std::string why, TimePoint now, Actions& out);
    void end();
    void on_time(TimePoint now, Sent sent, Actions& out);
    void on_answer_due(TimePoint now, Sent sent, Actions& out);
    void ask(TimePoint now, Sent sent, Actions& out);
    void note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> facts) const;
    [[nodiscard]] Facts facts() const;
    Did finish(const Event&, TimePoint, Actions&);
    Did peer_error(const Event&, TimePoint, Actions&);

    // machine_negotiation.cpp: RFC 6120 4 to 6
    Did greet(const Event&, TimePoint, Actions&);
    Did greet_again(const Event&, TimePoint, Actions&);
    Did accept_tls(const Event&, TimePoint, Actions&);
    Did restart(const Event&, TimePoint, Actions&);
    Did authenticate(const Event&, TimePoint, Actions&);
    Did challenge(const Event&, TimePoint, Actions&);
    Did decline_login(const Event&, TimePoint, Actions&);
    Did take_response(const Event&, TimePoint, Actions&);
    Did abort_sasl(const Event&, TimePoint, Actions&);
    Did take_first(const std::string& text, TimePoint now, Actions& out);
    /// `why` is for the log; the client is told `failure`.
    Did fail_sasl(sasl::Failure failure, const std::string& why, TimePoint now, Actions& out);
    [[nodiscard]] bool judge(const xml::Header& header, TimePoint now, Actions& out);
    void respond_header(Actions& out);
    void offer_features(Actions& out) const;

    // machine_binding.cpp: RFC 6120 7, XEP-0198
    Did bind(const Event&, TimePoint, Actions&);
    Did admit(const Event&, TimePoint, Actions&);
    Did decline_bind(const Event&, TimePoint, Actions&);
    Did resume(const Event&, TimePoint, Actions&);
    Did go_on(const Event&, TimePoint, Actions&);
    Did decline_resume(const Event&, TimePoint, Actions&);
    Did enable(const Event&, TimePoint, Actions&);
    Did decline_enable(const Event&, TimePoint, Actions&);
    Did acknowledge(const Event&, TimePoint, Actions&);
    Did take_ack(const Event&, TimePoint, Actions&);
    void opened(const xmpp::Jid& full, TimePoint now);

    static constexpr unsigned most_binds = 6;  ///< RFC 6120 7.7.3: five retries at least

    Settings settings;
    Phase phase = Phase::opening;
    bool header_sent = false, header_seen = false, managed = false;
    xmpp::Domain domain;  ///< of the header's `to`
    xmpp::Jid user;
    std::unique_ptr<TlsFacts> tls;
    sasl::Channel channel;
    const sasl::Mechanism* mechanism = nullptr;
    std::optional<sasl::Scram> scram;
    std::string_view binding;  ///< of the login that succeeded
    bool first_due = false;    ///< the empty challenge is out, client-first is due
    xmpp::Jid claimed;         ///< who is being authenticated
    unsigned sasl_failures = 0, binds = 0;
    std::string bind_id, resume_id;

    machine::Deadlines<Timer> deadlines;
    TimePoint seen{};
    bool asked = false;    ///< the question is out; else the answer is that the client takes what waits for it
    Sent before;           ///< when the answer's time began
    bool partial = false;  ///< an element has begun and is not complete
    bool held = false;     ///< nothing is read from the client, for reasons that are ours
    TimePoint held_at{};   ///< since when, or the last time
    machine::Deadlines<Timer> before_held;
};

}  // namespace sallyport::c2s
