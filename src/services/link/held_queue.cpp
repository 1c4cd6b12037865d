// In and out of the queue, and what is with other shards.
#include "services/link/held_queue.h"

#include <algorithm>
#include <iterator>

namespace sallyport::link {

HeldQueue::HeldQueue(routing::TicketDesk& desk, std::function<void(const Elsewhere&)> on_done)
    : desk_{desk}, on_done_{std::move(on_done)}, source_{desk.open([this](std::uint64_t sequence) {
          if (const auto there = extract(sequence)) on_done_(*there);
      })} {}

HeldQueue::~HeldQueue() { desk_.close(source_); }

void HeldQueue::add(Waiting waiting) {
    ++waiting.carried.lane->held;
    held_.push_back(std::move(waiting));
}

void HeldQueue::put_back(std::deque<Waiting> waiting) {
    for (const Waiting& one : waiting) ++one.carried.lane->held;
    held_.insert(held_.end(), std::make_move_iterator(waiting.begin()), std::make_move_iterator(waiting.end()));
    std::stable_sort(held_.begin(), held_.end(),
                     [](const Waiting& one, const Waiting& other) { return one.carried.order < other.carried.order; });
}

std::deque<Waiting> HeldQueue::take_old(Duration age, TimePoint now) {
    const auto is_young = [&](const Waiting& one) { return now - one.since < age; };
    std::deque<Waiting> old;
    if (std::all_of(held_.begin(), held_.end(), is_young)) return old;
    std::deque<Waiting> all;
    all.swap(held_);
    for (Waiting& one : all) {
        if (is_young(one)) {
            held_.push_back(std::move(one));
            continue;
        }
        --one.carried.lane->held;
        old.push_back(std::move(one));
    }
    return old;
}

std::deque<Waiting> HeldQueue::take_all() {
    for (const Waiting& one : held_) --one.carried.lane->held;
    return std::exchange(held_, {});
}

routing::Ticket HeldQueue::fresh_ticket(const routing::Ticket& ticket) {
    routing::Ticket ours = source_;
    ours.sequence = ++sequences_;
    ours.only_counts = !ticket.kept();
    ours.of_stream = ticket.of_stream;
    return ours;
}

void HeldQueue::lent(const routing::Ticket& ticket, const Elsewhere& what) {
    elsewhere_.emplace(ticket.sequence, what);
}

std::optional<Elsewhere> HeldQueue::take_lent(const routing::Ticket& ticket) { return extract(ticket.sequence); }

std::optional<Elsewhere> HeldQueue::extract(std::uint64_t sequence) {
    auto node = elsewhere_.extract(sequence);
    if (node.empty()) return std::nullopt;
    return node.mapped();
}

}  // namespace sallyport::link
