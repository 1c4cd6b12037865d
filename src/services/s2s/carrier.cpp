// Joining and leaving a stream; the window of what was sent.
#include "services/s2s/carrier.h"

#include <algorithm>
#include <utility>

namespace sallyport::s2s {

namespace {
/// While one stanza at a time is sent: after so many the peer gets more at once.
constexpr std::size_t alone_for = 64;
}  // namespace

Remote::Remote() = default;
Remote::~Remote() = default;

void hold(Destination& to, std::size_t bytes) {
    ++to.remote->stanzas;
    to.remote->bytes += bytes;
}

void release(Destination& to, std::size_t bytes) {
    --to.remote->stanzas;
    to.remote->bytes -= bytes;
}

void SentWindow::set_bounds(std::uint64_t stanzas, std::uint64_t bytes) {
    most_stanzas_ = stanzas;
    most_bytes_ = bytes;
    if (!careful_) room_ = stanzas;
}

void SentWindow::count_in(const Written& written) {
    ++written.to->in_windows;
    hold(*written.to, written.waiting.stanza.size());
}

void SentWindow::count_out(const Written& written) {
    --written.to->in_windows;
    release(*written.to, written.waiting.stanza.size());
}

void SentWindow::keep_until_acknowledged(Destination& to, Waiting waiting, std::uint64_t begin, std::uint64_t end) {
    unacknowledged_bytes_ += waiting.stanza.size();
    ++to.unacknowledged;
    count_in(unacknowledged_.emplace_back(Written{&to, std::move(waiting), begin, end}));
}

void SentWindow::keep_until_taken(Destination& to, Waiting waiting, std::uint64_t begin, std::uint64_t end) {
    untaken_bytes_ += waiting.stanza.size();
    ++unlooked_;
    count_in(kept_.emplace_back(Written{&to, std::move(waiting), begin, end}));
}

std::vector<routing::Ticket> SentWindow::waive() {
    std::vector<routing::Ticket> tickets;
    for (Written& written : unacknowledged_) {
        --written.to->unacknowledged;
        tickets.push_back(std::exchange(written.waiting.ticket, {}));
        untaken_bytes_ += written.waiting.stanza.size();
        kept_.push_back(std::move(written));
    }
    unacknowledged_.clear();
    unacknowledged_bytes_ = 0;
    return tickets;
}

void SentWindow::acknowledge() {
    const Written& written = unacknowledged_.front();
    unacknowledged_bytes_ -= written.waiting.stanza.size();
    --written.to->unacknowledged;
    if (written.waiting.blame != 0) --written.to->suspects;
    count_out(written);
    unacknowledged_.pop_front();
    if (!careful_ || ++proved_ < std::max(room_, alone_for)) return;
    proved_ = 0;
    room_ = std::min<std::size_t>(room_ * 2, most_stanzas_);
}

bool SentWindow::taken(std::uint64_t bytes, bool stuck, TimePoint now) {
    unlooked_ = 0;
    for (; taken_ < kept_.size() && kept_[taken_].end <= bytes; ++taken_) {
        kept_[taken_].taken_at = now;
        untaken_bytes_ -= kept_[taken_].waiting.stanza.size();
        taken_bytes_ += kept_[taken_].waiting.stanza.size();
    }
    bool settled = false;
    while (taken_ > 0 && !stuck && now - kept_.front().taken_at >= settling) {
        drop_settled();
        settled = true;
    }
    while (taken_ > routing::taken::most_stanzas || taken_bytes_ > routing::taken::most_bytes) drop_settled();
    return settled;
}

void SentWindow::drop_settled() {
    const Written& written = kept_.front();
    taken_bytes_ -= written.waiting.stanza.size();
    if (written.waiting.blame != 0) --written.to->suspects;
    count_out(written);
    kept_.pop_front();
    --taken_;
}

void SentWindow::be_careful(bool careful) {
    if (careful == careful_) return;
    careful_ = careful;
    proved_ = 0;
    room_ = careful ? 1 : most_stanzas_;
}

std::deque<SentWindow::Written> SentWindow::all() {
    std::deque<Written> all;
    all.swap(kept_);
    for (Written& written : unacknowledged_) {
        --written.to->unacknowledged;
        all.push_back(std::move(written));
    }
    unacknowledged_.clear();
    for (const Written& written : all) count_out(written);
    taken_ = 0;
    unacknowledged_bytes_ = untaken_bytes_ = taken_bytes_ = 0;
    return all;
}

void Carrier::join(Destination& to) {
    pairs.push_back(&to);
    to.carrier = this;
    to.peer_max_bytes = peer_max_bytes;
    if (to.suspects != 0) window.be_careful(true);
}

void Carrier::leave(Destination& to) {
    std::erase(pairs, &to);
    to.carrier = nullptr;
}

bool Carrier::has_suspects() const {
    return std::any_of(pairs.begin(), pairs.end(), [](const Destination* to) { return to->suspects != 0; });
}

}  // namespace sallyport::s2s
