// Books of what is on its way to a component.
#include "services/components/delivery.h"

#include <utility>

#include "services/routing/taken.h"

namespace sallyport::components {

bool Queue::full(std::string_view sender) const {
    const auto at = shares_.find(sender);
    const Share own = at == shares_.end() ? Share{} : at->second;
    return waiting_.size() + own.stanzas >= most_stanzas_ || bytes_ + own.bytes >= most_bytes_;
}

void Queue::count(const Waiting& waiting) {
    Share& share = shares_[std::string{waiting.stanza.view().from_domain}];
    ++share.stanzas;
    share.bytes += waiting.stanza.size();
    bytes_ += waiting.stanza.size();
}

void Queue::push(Waiting waiting) {
    count(waiting);
    waiting_.push_back(std::move(waiting));
}

void Queue::put_back(std::deque<Waiting> held) {
    for (; !held.empty(); held.pop_back()) {
        count(held.back());
        waiting_.push_front(std::move(held.back()));
    }
}

Waiting Queue::take_first() {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= first.stanza.size();
    const auto share = shares_.find(first.stanza.view().from_domain);
    share->second.bytes -= first.stanza.size();
    if (--share->second.stanzas == 0) shares_.erase(share);
    return first;
}

void Window::add(Waiting waiting, std::uint64_t begin, std::uint64_t end) {
    untaken_bytes_ += waiting.stanza.size();
    written_.push_back({std::move(waiting), begin, end, never});
}

void Window::taken(std::uint64_t bytes, bool stuck, TimePoint now) {
    for (; !all_taken() && written_[taken_].end <= bytes; ++taken_) {
        const std::size_t size = written_[taken_].waiting.stanza.size();
        untaken_bytes_ -= size;
        taken_bytes_ += size;
        written_[taken_].taken_at = now;
    }
    while (taken_ > 0 && !stuck && now - written_.front().taken_at >= routing::taken::settling) drop_settled();
    while (taken_ > routing::taken::most_stanzas || taken_bytes_ > routing::taken::most_bytes) drop_settled();
}

void Window::drop_settled() {
    taken_bytes_ -= written_.front().waiting.stanza.size();
    written_.pop_front();
    --taken_;
}

std::deque<Waiting> Window::in_doubt() {
    taken_bytes_ = 0;
    return first(std::exchange(taken_, 0));
}

std::deque<Waiting> Window::untaken() {
    untaken_bytes_ = 0;
    return first(written_.size());
}

std::deque<Waiting> Window::first(std::size_t count) {
    std::deque<Waiting> all;
    for (; count > 0; --count) {
        all.push_back(std::move(written_.front().waiting));
        written_.pop_front();
    }
    return all;
}

}  // namespace sallyport::components
