// Slots with generations: a ticket of a source that is gone settles nobody.
#include "services/routing/ticket.h"

#include <algorithm>
#include <utility>

namespace sallyport::routing {

Ticket TicketDesk::open(OnSettled on_settled) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    slots_[slot].on_settled = std::move(on_settled);
    slots_[slot].paused = never;
    return {shard_, slots_[slot].generation, slot, 0};
}

void TicketDesk::close(const Ticket& source) {
    if (!source.wanted()) return;
    Slot& slot = slots_.at(source.source);
    if (slot.generation != source.generation) return;
    ++slot.generation;
    slot.on_settled = nullptr;
    free_.push_back(source.source);
}

const TicketDesk::Slot* TicketDesk::find(const Ticket& ticket) const {
    if (!ticket.wanted() || ticket.shard != shard_) return nullptr;
    const Slot& slot = slots_.at(ticket.source);
    return slot.generation == ticket.generation ? &slot : nullptr;
}

void TicketDesk::pause(const Ticket& source, TimePoint now) {
    if (find(source) != nullptr) slots_[source.source].paused = now;
}

void TicketDesk::go_on(const Ticket& source) {
    if (find(source) != nullptr) slots_[source.source].paused = never;
}

bool TicketDesk::kept(const Ticket& ticket, TimePoint since, TimePoint now) const {
    const Slot* const slot = find(ticket);
    return ticket.kept((slot == nullptr ? now : std::min(now, slot->paused)) - since);
}

void TicketDesk::settle(const Ticket& ticket) {
    if (!ticket.wanted()) return;
    const Slot& slot = slots_.at(ticket.source);
    if (slot.generation != ticket.generation || !slot.on_settled) return;
    // A copy: the callback may close its own source.
    const OnSettled on_settled = slot.on_settled;
    on_settled(ticket.sequence);
}

}  // namespace sallyport::routing
