// Who is told when a stanza is done: delivered and acknowledged at the next hop, or answered with an error. A ticket is
// a plain value that crosses shards and waits in queues; the desk of its shard knows whom it means (ARCHITECTURE.md,
// Threads, shards, bus, tickets).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"

namespace sallyport::routing {

/// `source` 0: nobody waits.
struct Ticket {
    std::uint32_t shard = 0;
    std::uint32_t generation = 0;
    std::uint32_t source = 0;
    std::uint64_t sequence = 0;
    bool only_counts = false;  ///< who waits wants to know, but does not keep the stanza
    bool of_stream = false;    ///< XEP-0198: what stays on its way is acknowledged after a while all the same
    [[nodiscard]] bool wanted() const { return source != 0; }
    /// Who waits keeps the stanza until then: if the node ends before, he sends it again, or returns it.
    [[nodiscard]] bool kept() const { return wanted() && !only_counts; }
    /// The same of a stanza that came `age` ago; TicketDesk::kept() knows more.
    [[nodiscard]] bool kept(Duration age) const { return kept() && (!of_stream || age < answered_after); }
    /// So old a stanza is at least that a stream acknowledges although it is still on its way.
    static constexpr Duration answered_after = std::chrono::seconds{20};
};

/// The sources of one shard. Own thread only.
class TicketDesk {
public:
    using OnSettled = std::function<void(std::uint64_t sequence)>;

    explicit TicketDesk(std::uint32_t shard) : shard_{shard}, slots_(1) {}

    /// Registers a source; tickets are made from the result by setting `sequence`.
    [[nodiscard]] Ticket open(OnSettled on_settled);
    /// Later settlements of the source's tickets are ignored.
    void close(const Ticket& source);
    /// The stream of the source is gone, and may be resumed: from now on nobody is told anything of what it brought,
    /// until go_on().
    void pause(const Ticket& source, TimePoint now);
    void go_on(const Ticket& source);
    /// Of a stanza that came at `since`: who waits keeps it, as far as this shard knows (Ticket::kept).
    [[nodiscard]] bool kept(const Ticket& ticket, TimePoint since, TimePoint now) const;
    /// For a ticket of this shard.
    void settle(const Ticket& ticket);
    /// Registered now.
    [[nodiscard]] std::size_t sources() const { return slots_.size() - 1 - free_.size(); }

private:
    struct Slot {
        std::uint32_t generation = 0;
        OnSettled on_settled;
        TimePoint paused = never;  ///< since then nobody is told anything
    };
    /// Null: it is of another shard, or its source is gone.
    [[nodiscard]] const Slot* find(const Ticket& ticket) const;
    std::uint32_t shard_;
    std::vector<Slot> slots_;  // slot 0 is nobody
    std::vector<std::uint32_t> free_;
};

}  // namespace sallyport::routing
