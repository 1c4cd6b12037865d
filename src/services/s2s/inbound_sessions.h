// What outlives the connection of a stream that a peer opened, so that it can be resumed (XEP-0198 section 5; decision
// record 0029): what has come, and what of it is on its way from here. A session lives on the shard that made it, and
// its name says which. It is resumed by nobody but who has proved the same domains, with the same certificate, on the
// connection that asks. The number and memory of those that wait for their peers are bounded; the oldest goes first.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/tables.h"
#include "proto/s2s/stream_management.h"
#include "services/record/counters.h"
#include "services/s2s/context.h"

namespace sallyport::s2s {

class InboundStream;

/// What a peer has proved on a stream.
struct ProvedIdentity {
    std::vector<xmpp::DomainPair> pairs;  ///< in order
    std::string certificate;              ///< its SHA-256; empty: it showed none
    bool secured = false;                 ///< by TLS
    bool operator==(const ProvedIdentity&) const = default;
};

class InboundSessions {
public:
    class Session;
    /// What there is for who asks.
    struct Found {
        Session* session = nullptr;  ///< it goes on, with what it had counted
        ReceivedCounter counted{};
        std::optional<std::uint32_t> h{};  ///< it does not, but so much of it has arrived
    };

    explicit InboundSessions(S2sContext& context);
    ~InboundSessions();
    InboundSessions(const InboundSessions&) = delete;
    InboundSessions& operator=(const InboundSessions&) = delete;

    /// For a new session of this shard.
    [[nodiscard]] std::string fresh_name() const;
    /// The shard on which a session of that name would live; nothing: no name of this node.
    [[nodiscard]] std::optional<std::uint32_t> home_of(std::string_view name) const;
    /// The stream can be resumed for `max` after its connection broke.
    [[nodiscard]] Session& begin(InboundStream& stream, std::string name, Duration max);
    /// For its stanza of that number.
    [[nodiscard]] routing::Ticket ticket(Session& session, std::uint64_t number);
    /// Its connection broke; `resumable`: each stanza on its way would be known again.
    void detach(Session& session, ReceivedCounter counted, ProvedIdentity who, bool resumable);
    /// The stream has ended in order.
    void end(Session& session);
    /// `stream`, whose peer has proved to be `who`, asks to go on. A connection that has the session still is closed.
    [[nodiscard]] Found resume(const std::string& name, const ProvedIdentity& who, InboundStream& stream);
    /// Our rules have changed: what they would not let in now is not waited for.
    void rules_changed();
    /// The node ends.
    void clear();
    /// Those that wait for their peers.
    [[nodiscard]] std::size_t waiting() const { return waiting_.size() + spent_.size(); }
    void tables(TableFills& all) const;

private:
    using Waiting = std::multimap<TimePoint, Session*>;

    [[nodiscard]] std::uint64_t share(std::uint64_t of_node) const;
    /// Where it waits, or would.
    [[nodiscard]] Waiting& list_of(const Session& session);
    [[nodiscard]] Session* first_to_go(const std::string* owner) const;
    void arm();
    void wait(Session& session);
    void stop_waiting(Session& session);
    void make_room(const Session& for_one);
    [[nodiscard]] static std::uint64_t bytes_of(const Session& session);
    void spend(Session& session);
    void forget(Session& session);
    void evict(Session& session);
    void expire();
    void tell(const Session& session, record::Broken what, std::string_view why);

    S2sContext& context_;
    Logger log_;
    std::unordered_map<std::string, std::unique_ptr<Session>> sessions_;
    Waiting waiting_;  ///< of them, by when they end: those that can be resumed
    Waiting spent_;    ///< and those whose peers can only ask what has arrived
    std::map<std::string, std::uint64_t, std::less<>> of_owner_;  ///< of those
    std::uint64_t bytes_ = 0;                                     ///< of those
    std::unique_ptr<io::Timer> timer_;
};

}  // namespace sallyport::s2s
