// What a stream of ours had not had acknowledged when its connection broke, while the stream can be resumed (XEP-0198
// section 5; decision record 0029). It is kept as it was written, over all pairs of the stream, and nothing of those
// pairs overtakes it. The next stream that is opened for one of them resumes: then what the peer has is done, and the
// rest goes again, in that order. If that is not to be, the rest goes back to the queues of its pairs, as from a stream
// that nobody can resume.
#include <algorithm>
#include <utility>

#include "services/s2s/pool.h"

namespace sallyport::s2s {

namespace {
/// Connections in a row on which the peer resumed and acknowledged nothing: it may be a stanza that breaks them.
constexpr unsigned most_fruitless = 8;
}  // namespace

/// Keeps `again`, what was sent on a stream that is gone and not acknowledged. False: it is to go on as new.
bool Pool::suspend(const Ended& ended, std::deque<SentWindow::Written>& again, std::vector<Destination*>& left) {
    const Carrier& carrier = ended.carrier;
    if (stopping_ || !carrier.stream || !carrier.stream->left() || carrier.fruitless >= most_fruitless) return false;
    const Resumption& stream = *carrier.stream->left();
    if (again.empty() || again.size() != stream.unacknowledged) return false;
    auto kept = std::make_unique<Suspended>();
    kept->stream = stream;
    kept->until = context_.shard.loop.now() + stream.max;
    kept->fruitless = carrier.fruitless;
    for (const SentWindow::Written& written : again) {
        Destination& to = *written.to;
        kept->until = std::min(kept->until, written.waiting.since + to.patience);  // the oldest of all pairs
        ++to.suspended;
        hold(to, written.waiting.stanza.size());
        if (std::find(left.begin(), left.end(), &to) == left.end()) left.push_back(&to);
    }
    kept->held = std::move(again);
    again.clear();
    tell_of(*kept, record::Broken::detached, {});
    Remote& remote = *kept->held.front().to->remote;
    remote.suspended.push_back(std::move(kept));
    return true;
}

/// What a stream that is opened for the pair is to go on with.
Suspended* Pool::suspended_of(const Destination& to) const {
    for (const auto& kept : to.remote->suspended) {
        if (kept->carrier == nullptr && kept->has(to.pair)) return kept.get();
    }
    return nullptr;
}

/// The stream that is about to resume what the pair has among what is kept; null: none.
Carrier* Pool::resumer_of(const Destination& to) {
    if (to.suspended == 0) return nullptr;
    for (const auto& kept : to.remote->suspended) {
        if (kept->carrier != nullptr && kept->has(to.pair)) return kept->carrier;
    }
    return nullptr;
}

/// It is no longer kept; who was to resume it does not.
std::unique_ptr<Suspended> Pool::take_out(Suspended& kept) {
    if (kept.carrier != nullptr) kept.carrier->resumes = nullptr;
    auto& all = kept.held.front().to->remote->suspended;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.get() == &kept; });
    std::unique_ptr<Suspended> taken = std::move(*at);
    all.erase(at);
    return taken;
}

void Pool::count_out(const SentWindow::Written& written) {
    --written.to->suspended;
    release(*written.to, written.waiting.stanza.size());
}

/// The peer has had the first `count` of them.
void Pool::settle_first(Suspended& kept, std::uint64_t count) {
    for (; count > 0 && !kept.held.empty(); --count) {
        const SentWindow::Written written = std::move(kept.held.front());
        kept.held.pop_front();
        count_out(written);
        if (written.waiting.blame != 0) --written.to->suspects;
        context_.shard.settle(written.waiting.ticket);
    }
}

void Pool::outbound_resumed(OutboundStream& stream, std::uint64_t count) {
    Carrier* const carrier = carrier_of(stream);
    if (carrier == nullptr) return;
    // Its stanzas have gone another way meanwhile.
    if (carrier->resumes == nullptr) return end(*carrier, std::nullopt, "what it was to go on with is gone");
    const std::unique_ptr<Suspended> kept = take_out(*carrier->resumes);
    const std::vector<Destination*> pairs = pairs_of(*kept);
    tell_of(*kept, record::Broken::resumed, {});
    settle_first(*kept, count);
    carrier->fruitless = count == 0 ? kept->fruitless + 1 : 0;
    for (SentWindow::Written& written : kept->held) {
        Destination& to = *written.to;
        count_out(written);
        // The peer lives, and has its own words for a stanza that it does not like.
        if (std::exchange(written.waiting.blame, 0) != 0) --to.suspects;
        const std::uint64_t begin = stream.written();
        const std::uint64_t end = begin + written.waiting.stanza.size();
        stream.send(written.waiting.stanza.view(), Use::traffic);
        carrier->window.keep_until_acknowledged(to, std::move(written.waiting), begin, end);
    }
    if (!kept->held.empty()) ask_for_acknowledgement(stream);
    if (count != 0) carried(*carrier);
    go_on_elsewhere(*carrier, pairs);
}

void Pool::outbound_not_resumed(OutboundStream& stream, std::uint64_t count) {
    Carrier* const carrier = carrier_of(stream);
    if (carrier == nullptr || carrier->resumes == nullptr) return;
    Suspended& kept = *carrier->resumes;
    tell_of(kept, record::Broken::refused, "the peer does not resume it");
    const std::unique_ptr<Suspended> taken = take_out(kept);
    const std::vector<Destination*> pairs = pairs_of(*taken);
    settle_first(*taken, count);
    go_back_to_queues(*taken);
    go_on_elsewhere(*carrier, pairs);
}

/// Those that are not on the stream that has had its answer wait for nothing any more.
void Pool::go_on_elsewhere(const Carrier& carrier, const std::vector<Destination*>& pairs) {
    for (const Destination* to : pairs) {
        if (to->carrier != &carrier && !to->queue.empty()) go_on_soon(*to);
    }
}

/// Not now: somebody up the stack may be about to do something with one of them.
void Pool::go_on_soon(const Destination& to) {
    context_.shard.loop.defer([this, pair = to.pair] {
        if (Destination* const back = find(pair)) go_on_with(*back);
    });
}

/// Every pair that has some of it.
std::vector<Destination*> Pool::pairs_of(const Suspended& kept) {
    std::vector<Destination*> all;
    for (const SentWindow::Written& written : kept.held) {
        if (std::find(all.begin(), all.end(), written.to) == all.end()) all.push_back(written.to);
    }
    return all;
}

/// In front of what came later, in its order. Every pair that has some of it.
std::vector<Destination*> Pool::go_back_to_queues(Suspended& kept) {
    std::vector<Destination*> all = pairs_of(kept);
    while (!kept.held.empty()) {
        SentWindow::Written written = std::move(kept.held.back());
        kept.held.pop_back();
        Destination& to = *written.to;
        --to.suspended;
        to.queued_bytes += written.waiting.stanza.size();
        to.queue.push_front(std::move(written.waiting));
    }
    return all;
}

/// The stream that was about to resume it does not. False: it has asked already, and its answer has to be awaited.
bool Pool::called_off(const Suspended& kept) {
    return kept.carrier == nullptr || kept.carrier->stream->forget_resumption();
}

/// The pair goes another way, or nowhere: what it has among what is kept does so as well, and its companions'. Where
/// the peer has been asked about it already, it `may_wait` for the answer.
void Pool::give_up_suspended(Destination& to, bool may_wait) {
    while (to.suspended != 0) {
        const auto& all = to.remote->suspended;
        const auto at = std::find_if(all.begin(), all.end(), [&](const auto& kept) {
            return std::any_of(kept->held.begin(), kept->held.end(),
                               [&](const SentWindow::Written& written) { return written.to == &to; });
        });
        if (!called_off(**at) && may_wait) return;
        const std::unique_ptr<Suspended> kept = take_out(**at);
        tell_of(*kept, record::Broken::evicted, "a pair of it goes another way");
        for (Destination* one : go_back_to_queues(*kept)) {
            if (one != &to) go_on_soon(*one);
        }
    }
}

/// Something is in its queue that was not there before.
void Pool::go_on_with(Destination& to) { tell(to, to.life.on_stream() ? Pair::On::came_back : Pair::On::wanted); }

/// Its time is over, or that of its oldest stanza.
void Pool::sweep_suspended(TimePoint now) {
    std::vector<Suspended*> over;
    for (auto& [domain, remote] : remotes_) {
        for (const auto& kept : remote.suspended) {
            if (now >= kept->until && called_off(*kept)) over.push_back(kept.get());
        }
    }
    // Whoever is told may change what is kept: first all of it is taken out.
    for (Suspended* one : over) {
        const std::unique_ptr<Suspended> kept = take_out(*one);
        tell_of(*kept, record::Broken::expired, "it was not resumed in time");
        for (const Destination* to : go_back_to_queues(*kept)) go_on_soon(*to);
    }
}

void Pool::tell_of(const Suspended& kept, record::Broken what, std::string_view why) {
    if (context_.records != nullptr) ++context_.records->counters().broken_streams[{Direction::outbound, what}];
    const xmpp::DomainPair& pair = kept.held.front().to->pair;
    std::vector<LogFact> facts{{"pair", pair.text()},
                               {"direction", "OUT"},
                               {"what", std::string{text(what)}},
                               {"stanzas", std::to_string(kept.held.size())}};
    if (!why.empty()) facts.push_back({"why", std::string{why}});
    log_.write_for(std::string{xmpp::owner_of(pair.remote.text())}, LogLevel::info, "s2s.stream.broken",
                   std::move(facts));
}

}  // namespace sallyport::s2s
