// Joining and leaving a stream; the window of what was sent.
#include "services/s2s/carrier.h"

#include <algorithm>

namespace sallyport::s2s {

namespace {
constexpr std::size_t most_untaken = 1000;
constexpr std::uint64_t most_untaken_bytes = 1 << 20;
constexpr std::uint64_t most_unacknowledged_bytes = 16 << 20;
}  // namespace

void SentWindow::keep_until_acknowledged(Destination& to, Waiting waiting) {
    unacknowledged_bytes_ += waiting.stanza.size();
    ++to.unacknowledged;
    unacknowledged_.push_back({&to, std::move(waiting)});
}

void SentWindow::keep_until_taken(Waiting waiting) {
    untaken_bytes_ += waiting.stanza.size();
    untaken_.push_back(std::move(waiting));
    while (untaken_.size() > most_untaken || untaken_bytes_ > most_untaken_bytes) {
        untaken_bytes_ -= untaken_.front().stanza.size();
        untaken_.pop_front();
    }
}

std::optional<routing::Ticket> SentWindow::acknowledge() {
    if (unacknowledged_.empty()) return std::nullopt;
    const Written& written = unacknowledged_.front();
    const routing::Ticket ticket = written.waiting.ticket;
    unacknowledged_bytes_ -= written.waiting.stanza.size();
    --written.to->unacknowledged;
    unacknowledged_.pop_front();
    return ticket;
}

void SentWindow::taken(std::size_t in_flight) {
    while (!untaken_.empty() && untaken_bytes_ > in_flight) {
        untaken_bytes_ -= untaken_.front().stanza.size();
        untaken_.pop_front();
    }
}

bool SentWindow::full() const { return unacknowledged_bytes_ > most_unacknowledged_bytes; }

std::deque<SentWindow::Written> SentWindow::all_unacknowledged() {
    std::deque<Written> all;
    all.swap(unacknowledged_);
    unacknowledged_bytes_ = 0;
    for (const Written& written : all) --written.to->unacknowledged;
    return all;
}

std::deque<Waiting> SentWindow::all_untaken() {
    std::deque<Waiting> all;
    all.swap(untaken_);
    untaken_bytes_ = 0;
    return all;
}

void Carrier::join(Destination& to) {
    pairs.push_back(&to);
    to.carrier = this;
    to.ready = to.asked = false;
    to.peer_max_bytes = peer_max_bytes;
}

void Carrier::leave(Destination& to) {
    std::erase(pairs, &to);
    to.carrier = nullptr;
    to.ready = to.asked = false;
}

}  // namespace sallyport::s2s
