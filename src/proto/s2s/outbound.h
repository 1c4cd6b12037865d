// The initiating side of a federated stream: RFC 6120 initiating entity, XEP-0220 initiating server and asker of the
// authoritative server, XEP-0178, XEP-0198, XEP-0288, XEP-0478, XEP-0368. A pure machine: events in, actions out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/s2s/inbound.h"

namespace sallyport::s2s {

/// A stream that broke and is to go on over another connection (XEP-0198 section 5).
struct Resumption {
    std::string id;
    std::vector<xmpp::DomainPair> pairs;  ///< that were proved on it
    std::uint64_t acknowledged = 0;       ///< stanzas, by the peer
    std::uint64_t unacknowledged = 0;     ///< and sent
    Duration max{0};                      ///< so long after it broke
};

struct OutboundSettings {
    Timers timers;
    bool direct_tls = false;  ///< XEP-0368: StartTls is the first action
    Limits limits{};
    std::function<bool(std::string_view)> own_id{};  ///< is this stream id one that this node has given (threat T14)?
    bool external =
        true;  ///< false: the peer refused our certificate and closed; SASL EXTERNAL only if nothing else is
    std::optional<Duration> share{};  ///< for each step of the negotiation, where another server waits for its turn
    std::optional<Resumption> resume{};
};

class Outbound {
public:
    /// `pair` names the header's from and to. With `verify_only` the stream carries db:verify and nothing else and is
    /// closed when every request has its answer ("used for dialback only").
    Outbound(OutboundSettings settings, const Rules& rules, xmpp::DomainPair pair, bool verify_only, TimePoint now);
    ~Outbound();

    /// The connection stands: sends the header, or begins TLS when direct.
    void on_connected(TimePoint now, Actions& out);
    void on_header(const xml::Header& header, TimePoint now, Actions& out);
    /// `unread`: bytes behind the element in the buffer (threat T17).
    void on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out);
    void on_tls(const TlsFacts& facts, TimePoint now, Actions& out);
    void on_footer(TimePoint now, Actions& out);
    void on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out);
    /// The connection is gone; pairs that were not ready fail, verify requests get an error (XEP-0220 2.1).
    void on_closed(TimePoint now, Actions& out);

    /// SASL EXTERNAL was tried on this connection.
    [[nodiscard]] bool tried_external() const;
    /// The peer lets further pairs prove themselves by dialback on this stream (XEP-0220 2.6).
    [[nodiscard]] bool shareable() const;
    /// Asks for a further pair with the same remote host (sender or target multiplexing, XEP-0220 2.6). False: this
    /// stream cannot take it now (not shareable, full, enough requests under way, not allowed).
    [[nodiscard]] bool add_pair(const xmpp::DomainPair& pair, TimePoint now, Actions& out);
    /// Asks the authoritative server about a key (sent as soon as the stream may carry it).
    void verify(const Verify& request, TimePoint now, Actions& out);
    /// A stanza was written by the driver: counts for XEP-0198; adds `<r/>` when it is time to ask.
    void on_sent(TimePoint now, Actions& out);
    /// What it was to go on with has gone another way. False: `<resume/>` is out, and its answer has to be awaited;
    /// that comes in a Resumed, a NotResumed or the end of the stream.
    [[nodiscard]] bool forget_resumption(TimePoint now);
    /// What was written or came was more than a sign of life: until `timers.idle` from now the stream is in use.
    void on_used(TimePoint now);
    /// The peer is taking what was written, however slowly: a request that stands behind it is not late yet.
    void on_progress(TimePoint now);
    /// Asks the peer for a sign of life on this stream (XEP-0198 `<r/>`). False: not possible without XEP-0198.
    [[nodiscard]] bool probe(TimePoint now, Actions& out);
    /// With XEP-0288: a stanza that the peer sent on this stream; true: deliver.
    /// Of a refused stanza with an empty to_domain: the domain of ours whose pair with from_domain is ready; empty:
    /// none.
    [[nodiscard]] std::string_view local_for(std::string_view from_domain) const;
    [[nodiscard]] bool on_stanza(const xmpp::Stanza& stanza, TimePoint now, std::uint64_t& sequence, Actions& out);
    void on_handled(std::uint64_t sequence, Actions& out);

    /// Policy changed: a pair that is no longer admitted leaves the stream (PairFailed with step "policy"); a stream
    /// without a pair, or no longer secure enough, is closed.
    void on_rules_changed(TimePoint now, Actions& out);
    /// The validity of the peer's certificate has ended: closes what rests on it (RFC 6120 13.7.2.3).
    void on_certificate_expired(TimePoint now, Actions& out);
    void shut(std::optional<xmpp::StreamError> error, const std::string& why, TimePoint now, Actions& out);
    [[nodiscard]] TimePoint deadline() const;
    void on_deadline(TimePoint now, Actions& out);
    /// As in Inbound.
    void on_partial(bool inside, TimePoint now);
    /// The driver leaves lying what the peer says, or reads on: meanwhile no answer is late.
    void on_held(bool held);

    [[nodiscard]] bool closed() const;
    [[nodiscard]] bool ready(const xmpp::DomainPair& pair) const;
    [[nodiscard]] const std::string& id() const;  ///< the peer's stream id
    [[nodiscard]] std::string_view lang() const;  ///< of the peer's stream, for stanzas without their own
    [[nodiscard]] const xmpp::DomainPair& pair() const;
    [[nodiscard]] std::vector<Inbound::Pair> pairs() const;
    [[nodiscard]] const TlsFacts* tls() const;
    [[nodiscard]] bool orderly() const;  ///< as of Inbound
    [[nodiscard]] bool bidi() const;
    [[nodiscard]] bool managed() const;
    /// As in Inbound.
    [[nodiscard]] bool crowded() const;
    /// `<enable/>` is out and not declined: each stanza from now on ends in an Acknowledged.
    [[nodiscard]] bool counting() const;
    [[nodiscard]] std::uint64_t unacknowledged() const;
    /// Since counting began, on this connection or an earlier one.
    [[nodiscard]] std::uint64_t acknowledged() const;
    /// Nobody has closed it.
    [[nodiscard]] bool open() const;
    [[nodiscard]] std::string_view state() const;
    /// The stream error with which the peer ended the stream.
    [[nodiscard]] const std::optional<xmpp::StreamError>& peer_error() const;

    struct State;  ///< for the implementation alone

private:
    std::unique_ptr<State> state_;
};

/// The rows of the machine, in words.
[[nodiscard]] std::vector<RowText> outbound_table();

}  // namespace sallyport::s2s
