// Every bound of the program, with name and unit, in one struct: tighter before authentication than after. The table
// gives each the key that `[limits]` in the node's file uses (docs/manual/limits.md). Defaults: security catalogue
// part 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace sallyport {

/// Bounds of one XML stream; two of these a stream: before and after authentication.
struct XmlLimits {
    std::uint64_t element_bytes;    ///< one first-level element, and the stream header
    std::uint64_t elements;         ///< start tags in one first-level element
    std::uint64_t depth;            ///< nesting below the first-level element
    std::uint64_t attributes;       ///< of one element
    std::uint64_t attribute_bytes;  ///< one attribute's value
    std::uint64_t namespaces;       ///< declarations of one element
};

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// The most that `[limits]` and a peer's exception make of the bounds of a stanza; "off" means this.
inline constexpr XmlLimits largest_stanza{8 << 20, 100'000, 512, 1024, 1 << 20, 1024};

/// What a stanza measures at most in the form in which it is passed on. One that would be larger is returned where it
/// came in, so that every later hop takes what this one lets in.
inline constexpr std::uint64_t passed_on_bytes = 2 * largest_stanza.element_bytes;

/// Of whoever reads what one of our nodes has passed on: no number of its own, but room for every stanza that
/// largest_stanza and passed_on_bytes admit, with what is put around it and into it on the way.
inline constexpr XmlLimits passed_on_limits{
    passed_on_bytes + (1 << 20),    largest_stanza.elements + 1000,       largest_stanza.depth + 64,
    largest_stanza.attributes + 64, passed_on_bytes /* one may be all */, passed_on_bytes};

struct Limits {
    XmlLimits before_auth{8192, 32, 4, 16, 2048, 8};
    XmlLimits negotiated{65536, 1024, 16, 64, 8192, 32};  ///< before_auth of those whom we dial: we chose them
    XmlLimits after_auth{524288, 5000, 64, 128, 16384, 32};
    std::uint64_t connections = 20000;            ///< inbound streams of the node
    std::uint64_t connections_per_address = 100;  ///< inbound streams of one remote address
    std::uint64_t unauthenticated_per_address = 20;
    std::uint64_t new_connections_per_10s = 50;        ///< of one remote address
    std::uint64_t unauthenticated_connections = 1024;  ///< of the node
    std::uint64_t pairs_per_stream = 32;               ///< domain pairs verified on one stream
    std::uint64_t pending_dialbacks_per_stream = 8;
    std::uint64_t pending_dialbacks_per_address = 32;
    std::uint64_t pending_dialbacks = 1024;            ///< of the node
    std::uint64_t sasl_failures = 3;                   ///< of one stream
    std::uint64_t srv_targets = 8;                     ///< tried of one SRV answer
    std::uint64_t addresses = 8;                       ///< tried of one name
    std::uint64_t dns_questions = 2048;                ///< of the node, that DNS has not answered
    std::uint64_t remembered_failures = 1024;          ///< of each kind, that one shard goes by when it dials again
    std::uint64_t inbound_bytes_per_second = 1 << 20;  ///< of one authenticated stream
    std::uint64_t inbound_burst_bytes = 4 << 20;
    std::uint64_t unauthenticated_bytes_per_second = 10240;
    std::uint64_t unauthenticated_burst_bytes = 65536;
    std::uint64_t queue_stanzas = 10000;  ///< waiting for one destination
    std::uint64_t queue_bytes = 4 << 20;
    std::uint64_t queue_seconds = 30;              ///< oldest stanza waiting for one destination
    std::uint64_t s2s_resume_seconds = 300;        ///< how long a broken stream can be resumed (XEP-0198); 0: never
    std::uint64_t resumable_stanzas = 10000;       ///< received on one such stream, and still under way
    std::uint64_t detached_streams = 1000;         ///< of the node: broken streams of peers that wait to be resumed
    std::uint64_t detached_streams_per_peer = 16;  ///< of one owner of names
    std::uint64_t detached_bytes = 8 << 20;        ///< what is kept of all of them
    std::uint64_t link_bytes = 64 << 20;           ///< unacknowledged on one router link
    std::uint64_t outbound_streams = 10000;        ///< of the node
    std::uint64_t http_connections = 256;          ///< of one HTTPS service
    std::uint64_t http_connections_per_address = 32;
    std::uint64_t http_header_bytes = 16384;
    std::uint64_t http_body_bytes = 1 << 20;
    std::uint64_t http_header_seconds = 10;  ///< handshake; and from the first byte of a request to its header's end
    std::uint64_t http_body_seconds = 30;
    std::uint64_t http_idle_seconds = 60;           ///< between two requests
    std::uint64_t scram_iterations = 10000;         ///< of new verifiers of passwords
    std::uint64_t login_failures_per_minute = 20;   ///< of one remote address
    std::uint64_t refused_logins = 200;             ///< of users, that are remembered
    std::uint64_t client_resources = 10;            ///< of one user
    std::uint64_t client_bytes_per_second = 65536;  ///< of one client
    std::uint64_t client_burst_bytes = 1 << 20;
    std::uint64_t client_queue_stanzas = 1000;  ///< sent to one client and not acknowledged
    std::uint64_t client_queue_bytes = 4 << 20;
    std::uint64_t client_resume_seconds = 300;  ///< how long a session waits for its client (XEP-0198)
    std::uint64_t client_directed = 256;        ///< addresses with directed presence of one session
    std::uint64_t roster_items = 1000;          ///< of one user
    std::uint64_t offline_stanzas = 200;        ///< kept for one absent user
    std::uint64_t offline_bytes = 1 << 20;
    std::uint64_t vcard_bytes = 65536;
    std::uint64_t vcard_bytes_per_minute = 262144;  ///< of users' vCards, to one stranger; eight times that to a domain
    std::uint64_t presence_bytes_per_minute =
        4 << 20;                                  ///< to one contact who asks for it; sixteen times that to a domain
    std::uint64_t subscription_requests = 50;     ///< of strangers, that wait for one user's answer
    std::uint64_t account_jobs = 200;             ///< stanzas that wait for one account to be read from the disk
    std::uint64_t recorded_peers = 1000;          ///< whose handshakes are kept
    std::uint64_t recorded_handshakes = 10;       ///< of one peer, for each direction and outcome
    std::uint64_t recorded_bytes = 16384;         ///< of one handshake
    std::uint64_t recorder_bytes = 32 << 20;      ///< of all of them
    std::uint64_t recorder_file_bytes = 8 << 20;  ///< of those that outlive a restart
    std::uint64_t recorder_file_failures = 3;     ///< of one peer, for each direction, that outlive a restart
    std::uint64_t history_peers = 100;            ///< with a history of their own
    std::uint64_t verdicts = 4096;                ///< refusals that one shard can explain afterwards
    std::uint64_t hurt_users = 20;                ///< of ours, named for one failing pair of domains
    std::uint64_t counted_addresses = 16384;      ///< of remote ends, one by one; more share one account
    std::uint64_t log_bytes = 8 << 20;            ///< of lines that wait for standard error
    std::uint64_t repeated_events = 20;           ///< records of one event about one remote address in ten seconds
    std::uint64_t event_sources = 4096;           ///< events and addresses that are counted apart for it
    std::uint64_t clock_jump_seconds = 5;         ///< of the system's clock, between two looks
    std::uint64_t clock_skew_seconds = 5;         ///< between the clocks of two linked nodes
};

/// One row: the key in `[limits]`, the member, its unit and the smallest value allowed.
struct LimitRow {
    std::string_view key;
    std::uint64_t& (*member)(Limits&);
    std::string_view unit;
    std::uint64_t least;
    bool rate;  ///< lifted by profile = "open" (rates, connection and pending limits; sizes stay)
    std::string_view help;
    bool of_a_peer = false;  ///< federation.peers may set it; others bound an address, a link, the node or a stranger
};
[[nodiscard]] std::span<const LimitRow> limit_rows();

/// `limits` with every row marked `rate` lifted.
[[nodiscard]] Limits open_profile(Limits limits);

/// What a stanza from outside is read with: `after_auth`, as far as largest_stanza. Every reader of peers, components
/// and clients takes its bounds from here.
[[nodiscard]] XmlLimits stanza_limits(const Limits& limits);

}  // namespace sallyport
