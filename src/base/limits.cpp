// The table of limits.
#include "base/limits.h"

#include <algorithm>

namespace sallyport {

namespace {

#define SALLYPORT_LIMIT(key, expression, unit, least, rate, ...)                                                \
    {                                                                                                           \
        key, [](Limits& limits) -> std::uint64_t& { return limits.expression; }, unit, least, rate, __VA_ARGS__ \
    }

constexpr bool of_a_peer = true;

constexpr LimitRow rows[] = {
    // RFC 6120 13.12: the maximum stanza size must not be below 10000 bytes.
    SALLYPORT_LIMIT("stanza_bytes", after_auth.element_bytes, "bytes", 10000, false, "largest stanza", of_a_peer),
    SALLYPORT_LIMIT("stanza_elements", after_auth.elements, "elements", 32, false, "start tags in one stanza",
                    of_a_peer),
    SALLYPORT_LIMIT("stanza_depth", after_auth.depth, "levels", 8, false, "nesting below the stanza", of_a_peer),
    SALLYPORT_LIMIT("attributes", after_auth.attributes, "attributes", 16, false, "attributes of one element",
                    of_a_peer),
    SALLYPORT_LIMIT("attribute_bytes", after_auth.attribute_bytes, "bytes", 3071, false, "one attribute's value",
                    of_a_peer),
    SALLYPORT_LIMIT("namespaces", after_auth.namespaces, "declarations", 8, false, "namespaces declared by one element",
                    of_a_peer),
    SALLYPORT_LIMIT("unauthenticated_element_bytes", before_auth.element_bytes, "bytes", 4096, false,
                    "largest element before authentication"),
    SALLYPORT_LIMIT("negotiated_bytes", negotiated.element_bytes, "bytes", 8192, false,
                    "largest element of a server that we dial, before authentication"),
    SALLYPORT_LIMIT("negotiated_elements", negotiated.elements, "elements", 32, false,
                    "start tags in one element of a server that we dial, before authentication"),
    SALLYPORT_LIMIT("negotiated_depth", negotiated.depth, "levels", 4, false,
                    "nesting in one element of a server that we dial, before authentication"),
    SALLYPORT_LIMIT("connections", connections, "streams", 16, true,
                    "inbound streams of the node; never more than half of its file descriptors"),
    SALLYPORT_LIMIT("connections_per_address", connections_per_address, "streams", 1, true,
                    "inbound streams of one remote address"),
    SALLYPORT_LIMIT("unauthenticated_per_address", unauthenticated_per_address, "streams", 1, true,
                    "unauthenticated inbound streams of one remote address"),
    SALLYPORT_LIMIT("new_connections_per_10s", new_connections_per_10s, "streams", 1, true,
                    "new inbound streams of one remote address in ten seconds"),
    SALLYPORT_LIMIT("unauthenticated_connections", unauthenticated_connections, "streams", 1, true,
                    "unauthenticated inbound streams of the node"),
    SALLYPORT_LIMIT("pairs_per_stream", pairs_per_stream, "pairs", 1, true,
                    "pairs of domains authenticated on one stream", of_a_peer),
    SALLYPORT_LIMIT("pending_dialbacks_per_stream", pending_dialbacks_per_stream, "verifications", 1, true,
                    "dialback verifications in progress for one stream", of_a_peer),
    SALLYPORT_LIMIT("pending_dialbacks_per_address", pending_dialbacks_per_address, "verifications", 1, true,
                    "dialback verifications in progress for one remote address"),
    SALLYPORT_LIMIT("pending_dialbacks", pending_dialbacks, "verifications", 1, true,
                    "dialback verifications in progress on the node"),
    SALLYPORT_LIMIT("sasl_failures", sasl_failures, "attempts", 2, false, "failed authentications of one stream"),
    SALLYPORT_LIMIT("srv_targets", srv_targets, "targets", 1, false, "targets of one SRV answer that are tried"),
    SALLYPORT_LIMIT("addresses", addresses, "addresses", 1, false, "addresses of one name that are tried"),
    SALLYPORT_LIMIT("dns_questions", dns_questions, "look-ups", 64, false,
                    "DNS look-ups in progress; never more than a sixteenth of the node's file descriptors"),
    SALLYPORT_LIMIT("remembered_failures", remembered_failures, "failures", 16, false,
                    "failures of each kind that a shard remembers for its next dials"),
    SALLYPORT_LIMIT("inbound_bytes_per_second", inbound_bytes_per_second, "bytes/s", 1024, true,
                    "received from one authenticated stream", of_a_peer),
    SALLYPORT_LIMIT("inbound_burst_bytes", inbound_burst_bytes, "bytes", 16384, true,
                    "received at once from one authenticated stream", of_a_peer),
    SALLYPORT_LIMIT("unauthenticated_bytes_per_second", unauthenticated_bytes_per_second, "bytes/s", 1024, true,
                    "received from one stream before authentication"),
    SALLYPORT_LIMIT("unauthenticated_burst_bytes", unauthenticated_burst_bytes, "bytes", 16384, true,
                    "received at once from one stream before authentication"),
    SALLYPORT_LIMIT("queue_stanzas", queue_stanzas, "stanzas", 16, false, "queue of one destination", of_a_peer),
    SALLYPORT_LIMIT("queue_bytes", queue_bytes, "bytes", 65536, false, "queue of one destination", of_a_peer),
    SALLYPORT_LIMIT("queue_seconds", queue_seconds, "seconds", 1, false,
                    "time in the queue of a destination after which a stanza is returned", of_a_peer),
    SALLYPORT_LIMIT("s2s_resume_seconds", s2s_resume_seconds, "seconds", 0, false,
                    "how long a broken stream can be resumed (XEP-0198); 0: streams are not resumed", of_a_peer),
    SALLYPORT_LIMIT("resumable_stanzas", resumable_stanzas, "stanzas", 16, false,
                    "stanzas under way from one stream; with more of them it cannot be resumed"),
    SALLYPORT_LIMIT("detached_streams", detached_streams, "streams", 1, false,
                    "broken streams of peers waiting to be resumed; the oldest is dropped first"),
    SALLYPORT_LIMIT("detached_streams_per_peer", detached_streams_per_peer, "streams", 1, false,
                    "of those, streams of one owner of domain names"),
    SALLYPORT_LIMIT("detached_bytes", detached_bytes, "bytes", 65536, false,
                    "memory for broken streams of peers waiting to be resumed"),
    SALLYPORT_LIMIT("link_bytes", link_bytes, "bytes", 1048576, false, "unacknowledged on one router link"),
    SALLYPORT_LIMIT("outbound_streams", outbound_streams, "streams", 1, true, "outbound streams of the node"),
    SALLYPORT_LIMIT("http_connections", http_connections, "connections", 1, true, "connections of an HTTPS service"),
    SALLYPORT_LIMIT("http_connections_per_address", http_connections_per_address, "connections", 1, true,
                    "connections of an HTTPS service from one remote address"),
    SALLYPORT_LIMIT("http_header_bytes", http_header_bytes, "bytes", 1024, false, "header of an HTTP request"),
    SALLYPORT_LIMIT("http_body_bytes", http_body_bytes, "bytes", 1024, false, "body of an HTTP request"),
    SALLYPORT_LIMIT("http_header_seconds", http_header_seconds, "seconds", 1, false,
                    "time for the TLS handshake, and for the header of an HTTP request from its first byte"),
    SALLYPORT_LIMIT("http_body_seconds", http_body_seconds, "seconds", 1, false,
                    "time for the body of an HTTP request"),
    SALLYPORT_LIMIT("http_idle_seconds", http_idle_seconds, "seconds", 1, false,
                    "time between two HTTP requests on one connection"),
    SALLYPORT_LIMIT("scram_iterations", scram_iterations, "iterations", 10000, false,
                    "hash iterations for the verifier of a user's new password"),
    SALLYPORT_LIMIT("login_failures_per_minute", login_failures_per_minute, "attempts", 1, true,
                    "failed logins of users from one remote address"),
    SALLYPORT_LIMIT("refused_logins", refused_logins, "logins", 16, false,
                    "kinds of failed logins of users that are remembered"),
    SALLYPORT_LIMIT("client_resources", client_resources, "resources", 1, false, "connected clients of one user"),
    SALLYPORT_LIMIT("client_bytes_per_second", client_bytes_per_second, "bytes/s", 1024, true,
                    "received from one client; a stanza counts as at least 512 bytes"),
    SALLYPORT_LIMIT("client_burst_bytes", client_burst_bytes, "bytes", 16384, true, "received at once from one client"),
    SALLYPORT_LIMIT("client_queue_stanzas", client_queue_stanzas, "stanzas", 16, false, "unacknowledged by one client"),
    SALLYPORT_LIMIT("client_queue_bytes", client_queue_bytes, "bytes", 65536, false, "unacknowledged by one client"),
    SALLYPORT_LIMIT("client_resume_seconds", client_resume_seconds, "seconds", 1, false,
                    "how long the session of a disconnected client can be resumed"),
    SALLYPORT_LIMIT("client_directed", client_directed, "addresses", 16, false,
                    "addresses to which one session sent directed presence"),
    SALLYPORT_LIMIT("roster_items", roster_items, "contacts", 16, false, "contacts on one user's roster"),
    SALLYPORT_LIMIT("offline_stanzas", offline_stanzas, "stanzas", 1, false, "stored for one offline user"),
    SALLYPORT_LIMIT("offline_bytes", offline_bytes, "bytes", 65536, false, "stored for one offline user"),
    SALLYPORT_LIMIT("vcard_bytes", vcard_bytes, "bytes", 8192, false, "vCard of one user"),
    SALLYPORT_LIMIT(
        "vcard_bytes_per_minute", vcard_bytes_per_minute, "bytes", 8192, false,
        "vCards sent per minute to one peer's user without a subscription; eight times that to all of one domain"),
    SALLYPORT_LIMIT(
        "presence_bytes_per_minute", presence_bytes_per_minute, "bytes", 262144, false,
        "presence sent per minute to one contact who probes for it; sixteen times that to all of one domain"),
    SALLYPORT_LIMIT("subscription_requests", subscription_requests, "requests", 4, false,
                    "subscription requests waiting for one user's answer, from addresses not on the roster"),
    SALLYPORT_LIMIT("account_jobs", account_jobs, "stanzas", 16, false,
                    "stanzas waiting while one account is read from disk"),
    SALLYPORT_LIMIT("recorded_peers", recorded_peers, "peers", 16, false, "peers whose handshakes are recorded"),
    SALLYPORT_LIMIT("recorded_handshakes", recorded_handshakes, "handshakes", 1, false,
                    "handshakes recorded per peer, direction and outcome"),
    SALLYPORT_LIMIT("recorded_bytes", recorded_bytes, "bytes", 4096, false, "record of one handshake"),
    SALLYPORT_LIMIT("recorder_bytes", recorder_bytes, "bytes", 1048576, false, "records of all handshakes"),
    SALLYPORT_LIMIT("recorder_file_bytes", recorder_file_bytes, "bytes", 65536, false,
                    "handshakes stored on disk for the time after a restart"),
    SALLYPORT_LIMIT("recorder_file_failures", recorder_file_failures, "handshakes", 1, false,
                    "failed handshakes stored on disk per peer, direction and purpose, besides the last good one"),
    SALLYPORT_LIMIT("history_peers", history_peers, "peers", 4, false, "peers with a history of their own"),
    SALLYPORT_LIMIT("verdicts", verdicts, "refusals", 16, false, "refusals per shard that `why ID` can explain"),
    SALLYPORT_LIMIT("hurt_users", hurt_users, "users", 1, false,
                    "users of ours named for an unreachable domain; further ones are only counted"),
    SALLYPORT_LIMIT("counted_addresses", counted_addresses, "addresses", 256, false,
                    "remote addresses counted individually; further ones are counted together"),
    SALLYPORT_LIMIT("log_bytes", log_bytes, "bytes", 65536, false,
                    "log lines waiting for standard error; further ones are lost and counted"),
    SALLYPORT_LIMIT("repeated_events", repeated_events, "records", 1, true,
                    "records of one event about one remote address in ten seconds; further ones are only counted"),
    SALLYPORT_LIMIT("event_sources", event_sources, "pairs", 64, false,
                    "pairs of event and remote address counted for repeated_events"),
    SALLYPORT_LIMIT("clock_jump_seconds", clock_jump_seconds, "seconds", 1, false,
                    "jump of the system's clock that raises `clock.jumped`"),
    SALLYPORT_LIMIT("clock_skew_seconds", clock_skew_seconds, "seconds", 1, false,
                    "difference between the clocks of two linked nodes that raises `clock.skew`"),
};

#undef SALLYPORT_LIMIT

}  // namespace

std::span<const LimitRow> limit_rows() { return rows; }

Limits open_profile(Limits limits) {
    for (const LimitRow& row : rows) {
        if (row.rate) row.member(limits) = unlimited;
    }
    return limits;
}

XmlLimits stanza_limits(const Limits& limits) {
    const XmlLimits& wanted = limits.after_auth;
    const XmlLimits& most = largest_stanza;
    return {std::min(wanted.element_bytes, most.element_bytes),
            std::min(wanted.elements, most.elements),
            std::min(wanted.depth, most.depth),
            std::min(wanted.attributes, most.attributes),
            std::min(wanted.attribute_bytes, most.attribute_bytes),
            std::min(wanted.namespaces, most.namespaces)};
}

}  // namespace sallyport
