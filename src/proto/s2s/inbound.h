// The receiving side of a federated stream: RFC 6120 receiving entity, XEP-0220 receiving and authoritative server,
// XEP-0178 SASL EXTERNAL, XEP-0198 acknowledgements, XEP-0288, XEP-0478. A pure machine: events in, actions out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/tls_facts.h"
#include "proto/s2s/action.h"
#include "proto/s2s/element_kinds.h"
#include "proto/s2s/rules.h"
#include "proto/s2s/stream_management.h"
#include "proto/xml/element.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"

namespace sallyport::s2s {

/// Timers of a stream.
struct Timers {
    Duration negotiation = std::chrono::seconds{30};  ///< absolute, until a pair is authenticated
    Duration dialback = std::chrono::seconds{30};     ///< of one pair's verification
    Duration idle = std::chrono::seconds{600};        ///< without any stanza
    Duration stanza = std::chrono::seconds{60};       ///< from a stanza's first byte to its last
    Duration closing = std::chrono::seconds{5};       ///< waiting for the peer's closing tag
    Duration enable = std::chrono::seconds{10};       ///< waiting for the answer to `<enable/>` (XEP-0198)
    Duration sasl = std::chrono::seconds{10};         ///< waiting for the answer to our `<auth/>`: dialback may do
    Duration hold = std::chrono::seconds{2};          ///< of stanzas, for the answer to an `<enable/>` with resumption
    Duration unoffered = std::chrono::seconds{5};  ///< waiting for the answer to a `<starttls/>` that was not offered
};

struct InboundSettings {
    Timers timers;
    Limits limits;
    bool direct_tls = false;                                 ///< XEP-0368 listener: TLS is up before the first header
    std::function<std::string()> fresh_id;                   ///< >= 128 random bits, NMTOKEN characters
    std::function<Limits(const xmpp::Domain&)> limits_of{};  ///< of a peer, to be announced to it (XEP-0478)
    /// Names a stream that can be resumed (XEP-0198 section 5): >= 128 random bits. Null: none can.
    std::function<std::string()> fresh_session{};
};

class Inbound {
public:
    /// `rules` is asked at every step, so a changed snapshot counts from the next event on.
    Inbound(InboundSettings settings, const Rules& rules, TimePoint now);
    /// Goes on as `other`, which is of no further use, left off with a Resume that has no answer yet: its connection
    /// has come to another shard.
    Inbound(InboundSettings settings, const Rules& rules, TimePoint now, Inbound& other);
    ~Inbound();
    Inbound(Inbound&&) noexcept;

    void on_header(const xml::Header& header, TimePoint now, Actions& out);
    /// A first-level element that is no stanza in the content namespace. `unread`: bytes behind it (threat T16).
    void on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out);
    void on_tls(const TlsFacts& facts, TimePoint now, Actions& out);
    /// The answer to a Verify. `error` is used when outcome is error.
    void on_verified(const xmpp::DomainPair& pair, Verified::Outcome outcome, xmpp::StanzaCondition error,
                     const std::string& text, TimePoint now, Actions& out);
    void on_footer(TimePoint now, Actions& out);
    void on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out);
    /// A stanza was refused by StanzaIntake with a stream condition, or by the driver.
    void refuse(xmpp::StreamError error, const std::string& why, TimePoint now, Actions& out);
    /// The connection is gone.
    void on_closed(TimePoint now, Actions& out);

    /// The fast path. True: the pair is authenticated: deliver, and call on_handled later with `sequence`. False:
    /// actions hold the refusal (RFC 6120 8.1.1.2, 8.1.2.2, 4.9.3.12).
    /// Of a refused stanza with an empty to_domain: the domain of ours whose pair with from_domain is ready; empty:
    /// none.
    [[nodiscard]] std::string_view local_for(std::string_view from_domain) const;
    /// `sequence` 0: it had come before the stream was resumed, and is on its way already.
    [[nodiscard]] bool on_stanza(const xmpp::Stanza& stanza, TimePoint now, std::uint64_t& sequence, Actions& out);
    /// The stanza is delivered, bounced or otherwise done with: it may be acknowledged (XEP-0198).
    void on_handled(std::uint64_t sequence, Actions& out);
    /// With XEP-0288: a stanza was written on this stream; counts for XEP-0198; adds `<r/>` when it is time to ask.
    void on_sent(TimePoint now, Actions& out);
    /// Asks the peer to acknowledge what was sent (XEP-0198 `<r/>`). False: not possible without XEP-0198.
    [[nodiscard]] bool probe(TimePoint now, Actions& out);

    /// The answer to a Resume: this stream goes on as the one called `id`, which had counted so far.
    void resume(std::string id, ReceivedCounter counted, TimePoint now, Actions& out);
    /// Or it does not. `h`: so much of the earlier one has arrived; the peer has not to send it again.
    void refuse_resumption(std::optional<std::uint32_t> h, TimePoint now, Actions& out);
    /// What the stream has counted goes on without it: its connection is gone, or another one resumes it.
    [[nodiscard]] ReceivedCounter give_up_count();

    /// The limits of the peer that has proved itself: how many pairs, and verifications at a time.
    void set_limits(const Limits& limits);
    /// Policy changed: pairs that are no longer admitted, or streams that are no longer allowed, are closed.
    void on_rules_changed(TimePoint now, Actions& out);
    /// The validity of the peer's certificate has ended: closes what rests on it (RFC 6120 13.7.2.3).
    void on_certificate_expired(TimePoint now, Actions& out);
    /// Orderly end (RFC 6120 4.9.3.20 and others).
    void shut(xmpp::StreamError error, TimePoint now, Actions& out);

    /// When on_deadline wants to be called; `never` when no timer runs. `partial`: an element has begun (stanza timer).
    [[nodiscard]] TimePoint deadline() const;
    void on_deadline(TimePoint now, Actions& out);
    /// The driver saw the first byte of an element that is not complete, or its completion.
    void on_partial(bool inside, TimePoint now);

    [[nodiscard]] bool closed() const;         ///< nothing more is sent or accepted
    [[nodiscard]] bool authenticated() const;  ///< at least one pair is
    [[nodiscard]] const std::string& id() const;
    [[nodiscard]] std::string_view lang() const;         ///< of the peer's stream, for stanzas without their own
    [[nodiscard]] const xmpp::DomainPair& peer() const;  ///< of the current header (a claim until authenticated)
    struct Pair {
        xmpp::DomainPair domains;
        Method method = Method::none;
        bool pending = false;
    };
    [[nodiscard]] std::vector<Pair> pairs() const;
    [[nodiscard]] const TlsFacts* tls() const;  ///< null before TLS
    [[nodiscard]] bool orderly() const;         ///< we close by ourselves: what the peer still sends counts
    [[nodiscard]] bool bidi() const;            ///< negotiated: the reverse of ready pairs may be sent on this stream
    [[nodiscard]] bool managed() const;         ///< the peer enabled XEP-0198
    /// Too much is done out of order: nothing more is read until something before it is.
    [[nodiscard]] bool crowded() const;
    [[nodiscard]] bool open() const;  ///< with bidi(): stanzas may be sent
    /// It could be resumed if its connection broke now: it is open, and each stanza on its way would be known again.
    [[nodiscard]] bool resumable() const;
    /// A Resume has no answer yet.
    [[nodiscard]] bool resuming() const;
    [[nodiscard]] std::uint64_t unacknowledged() const;
    /// The stream error with which the peer ended the stream.
    [[nodiscard]] const std::optional<xmpp::StreamError>& peer_error() const;
    [[nodiscard]] std::string_view state() const;

    struct State;  ///< for the implementation alone

private:
    std::unique_ptr<State> state_;
};

/// The rows of the machine, in words.
[[nodiscard]] std::vector<RowText> inbound_table();

}  // namespace sallyport::s2s
