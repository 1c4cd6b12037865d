// Stanzas of one shard that no session has: those that wait for a link, in the order in which they came, and those that
// another shard was given, until it says that they are done or gives them back (docs/protocol/link.md, section 9).
// Lanes count what waits here (Lane::held): what comes in is counted here, what a look takes out by whoever takes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "services/link/session.h"
#include "services/routing/ticket.h"

namespace sallyport::link {

/// One that waits for a session.
struct Waiting {
    xmpp::OwnedStanza stanza;
    Carried carried;
    TimePoint since{};
    std::uint8_t strikes = 0;  ///< as in the window (proto/link/send_window.h)
    bool apart = false;
};

/// With another shard, which has not said yet that it is done.
struct Elsewhere {
    Carried carried;
    std::uint64_t weight = 0;
    TimePoint since{};
};

class HeldQueue {
public:
    /// `on_done` hears of each that another shard has done, from the desk.
    HeldQueue(routing::TicketDesk& desk, std::function<void(const Elsewhere&)> on_done);
    ~HeldQueue();
    HeldQueue(const HeldQueue&) = delete;
    HeldQueue& operator=(const HeldQueue&) = delete;

    /// The latest.
    void add(Waiting waiting);
    /// Between the others, by the order in which all of them came.
    void put_back(std::deque<Waiting> waiting);
    /// Shows each to `take(waiting, behind)`, the first first. `behind`: one of its lane has stayed at this look, which
    /// must not be overtaken. True: it has been taken, and counted off its lane. What comes meanwhile is not shown.
    template <typename Take>
    void look(Take&& take) {
        std::deque<Waiting> all;
        all.swap(held_);
        ++looks_;
        for (Waiting& waiting : all) {
            Lane& lane = *waiting.carried.lane;
            if (take(waiting, lane.passed == looks_)) continue;
            lane.passed = looks_;
            held_.push_back(std::move(waiting));
        }
    }
    /// Takes those that have waited for `age` or longer. In the order of arrival, which is not that of age: what
    /// another shard had may be older than what came before it.
    [[nodiscard]] std::deque<Waiting> take_old(Duration age, TimePoint now);
    [[nodiscard]] std::deque<Waiting> take_all();
    [[nodiscard]] std::size_t size() const { return held_.size(); }

    /// For a stanza that another shard is to carry, of whoever waits with `ticket`: it is kept as he keeps it.
    [[nodiscard]] routing::Ticket fresh_ticket(const routing::Ticket& ticket);
    /// The other shard has it, with that ticket.
    void lent(const routing::Ticket& ticket, const Elsewhere& what);
    /// The other shard gives it back; nothing: it is done, or none of ours.
    [[nodiscard]] std::optional<Elsewhere> take_lent(const routing::Ticket& ticket);
    [[nodiscard]] std::size_t elsewhere() const { return elsewhere_.size(); }

private:
    [[nodiscard]] std::optional<Elsewhere> extract(std::uint64_t sequence);

    routing::TicketDesk& desk_;
    std::function<void(const Elsewhere&)> on_done_;
    std::deque<Waiting> held_;
    std::uint64_t looks_ = 0;
    std::map<std::uint64_t, Elsewhere> elsewhere_;  ///< by sequence of the tickets of `source_`
    routing::Ticket source_;
    std::uint64_t sequences_ = 0;
};

}  // namespace sallyport::link
