// What is on its way to a component: what waits, and what was written to one connection and may have to be given to the
// next one, or returned. XEP-0114 acknowledges nothing: what the component's TCP took a while ago counts as read
// (docs/decisions/0017-what-a-stream-held.md).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "proto/xmpp/stanza.h"
#include "services/routing/ending.h"
#include "services/routing/ticket.h"

namespace sallyport::components {

/// A stanza for a component.
struct Waiting {
    xmpp::OwnedStanza stanza;
    routing::Ticket ticket;
    TimePoint since{};   ///< when it came here, however often it is sent again
    unsigned blame = 0;  ///< for connections that ended when the component had a part of it
};

/// What a connection held when it ended, and how it did.
struct Held {
    routing::Ending ending;
    std::string why;               ///< the component's words, or how the connection ended
    std::deque<Waiting> in_doubt;  ///< with its TCP: it may have read it
    std::deque<Waiting> untaken;   ///< in the order of the connection
};

/// What waits for a component, bounded by queue_stanzas and queue_bytes. Of these a sending domain has as much as it
/// leaves to others: who floods the component, or has a backlog, turns back nobody else.
class Queue {
public:
    explicit Queue(const Limits& limits) : most_stanzas_{limits.queue_stanzas}, most_bytes_{limits.queue_bytes} {}

    /// Nothing more of that domain finds room. One large stanza must not turn back those behind it: the last one may
    /// reach beyond the bound.
    [[nodiscard]] bool full(std::string_view sender) const;
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const { return waiting_.size(); }
    [[nodiscard]] TimePoint oldest() const { return waiting_.empty() ? never : waiting_.front().since; }
    void push(Waiting waiting);
    /// What another connection held, in its order, goes before everything.
    void put_back(std::deque<Waiting> held);
    [[nodiscard]] Waiting take_first();

private:
    struct Share {
        std::uint64_t stanzas = 0, bytes = 0;
    };
    void count(const Waiting& waiting);

    std::deque<Waiting> waiting_;
    std::map<std::string, Share, std::less<>> shares_;  ///< of senders with something here; ordered (threat T63)
    std::uint64_t most_stanzas_, most_bytes_, bytes_ = 0;
};

/// What was written to one connection and has not settled. Bounded in count and bytes.
class Window {
public:
    explicit Window(const Limits& limits) : most_stanzas_{limits.queue_stanzas}, most_bytes_{limits.queue_bytes} {}

    /// Of the connection's bytes it has those from `begin` to `end`.
    void add(Waiting waiting, std::uint64_t begin, std::uint64_t end);
    /// The component's TCP has so many of the connection's bytes. Nothing settles while it is `stuck`, for then the
    /// component is not reading what its TCP took.
    void taken(std::uint64_t bytes, bool stuck, TimePoint now);
    /// Of what is not known to be with the component's TCP.
    [[nodiscard]] bool full() const {
        return written_.size() - taken_ >= most_stanzas_ || untaken_bytes_ >= most_bytes_;
    }
    /// All of it is with the component's TCP.
    [[nodiscard]] bool all_taken() const { return written_.size() == taken_; }
    [[nodiscard]] bool empty() const { return written_.empty(); }
    /// The component's TCP has so many of the connection's bytes, and with them a part of the first that is not taken.
    [[nodiscard]] bool is_begun(std::uint64_t bytes) const { return !all_taken() && written_[taken_].begin < bytes; }
    /// With its TCP for so short a time that it may not have been read; what is known not to have arrived whole.
    [[nodiscard]] std::deque<Waiting> in_doubt();
    [[nodiscard]] std::deque<Waiting> untaken();

private:
    struct Written {
        Waiting waiting;
        std::uint64_t begin = 0, end = 0;
        TimePoint taken_at{};
    };
    [[nodiscard]] std::deque<Waiting> first(std::size_t count);
    void drop_settled();

    std::deque<Written> written_;
    std::size_t taken_ = 0;  ///< of them, from the first on
    std::uint64_t most_stanzas_, most_bytes_, untaken_bytes_ = 0, taken_bytes_ = 0;
};

}  // namespace sallyport::components
