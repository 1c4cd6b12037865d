// What becomes of what a stream held when it ended. Whatever ended it: what the peer is known not to have had whole, or
// has not acknowledged (XEP-0198 section 4), is sent again, first and in its order; what it may have had is returned;
// a stanza at which two streams have ended is returned and the rest goes on.
#include <algorithm>

#include "base/reason.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

namespace {
/// A stream that its peer ends sooner is not followed by another at once.
constexpr Duration short_life = std::chrono::seconds{1};

std::string words_of(const Ending& ending, const xmpp::Failure& failure) {
    return routing::words_of(ending, failure.why);
}
}  // namespace

void Pool::outbound_gone(OutboundStream& stream, const xmpp::Failure& failure, bool) { gone(stream, failure); }

void Pool::gone(const WayOut& stream, const xmpp::Failure& failure) {
    auto node = carriers_.extract(&stream);
    if (node.empty()) return;
    Carrier& carrier = *dead_.emplace_back(std::move(node.mapped()));
    // The stream is in the middle of telling us: it is destroyed from the loop.
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
    std::vector<xmpp::DomainPair> offered;
    for (Destination* to : carrier.offered) {  // what is offered to others is not in this list
        to->reverse = nullptr;
        offered.push_back(to->pair);
    }
    if (const auto at = remotes_.find(stream.pair().remote); carrier.stream && at != remotes_.end()) {
        std::erase(at->second.carriers, &carrier);
        if (at->second.carriers.empty() && at->second.pairs.empty()) remotes_.erase(at);
    }
    if (carrier.resumes != nullptr) carrier.resumes->carrier = nullptr;  // the next one may
    if (!carrier.ping_id.empty()) pings_.erase(carrier.ping_id);

    std::vector<Destination*> left = carrier.pairs;
    for (Destination* to : left) carrier.leave(*to);
    const Ended ended{carrier, failure, stream.ending(), stream.taken()};
    const bool stuck = ended.taken == carrier.taken && ended.taken < stream.written();
    if (carrier.window.taken(ended.taken, stuck, context_.shard.loop.now())) carrier.carried = true;
    if (const auto at = remotes_.find(stream.pair().remote);
        carrier.stream && ended.ending.by != Ending::By::ours && at != remotes_.end()) {
        at->second.barren = carrier.open && !carrier.carried;
    }
    settle_held(ended, carrier.window.all(), left);
    tell_of_end(ended, left);
    // What it held is on its way to the pair's own shard before that one looks for another stream.
    for (const xmpp::DomainPair& pair : offered) {
        if (context_.on_reverse) context_.on_reverse(pair, false);
    }
}

void Pool::settle_held(const Ended& ended, std::deque<SentWindow::Written> held, std::vector<Destination*>& left) {
    const TimePoint now = context_.shard.loop.now();
    const xmpp::StanzaError uncertain = routing::in_doubt(ended.ending, words_of(ended.ending, ended.failure));
    std::deque<SentWindow::Written> again;
    for (SentWindow::Written& written : held) {
        if (written.taken_at == never) {
            again.push_back(std::move(written));
        } else if (!ended.ending.in_order) {
            return_written(written, uncertain);
        } else if (written.waiting.blame != 0) {
            --written.to->suspects;
        }
    }
    if (ended.ending.blame() != Ending::Blame::none) blame(ended, again);
    if (suspend(ended, again, left)) again.clear();
    while (!again.empty()) {
        SentWindow::Written written = std::move(again.back());
        again.pop_back();
        Destination& to = *written.to;
        // It may have been on the stream before, and on another one since.
        if (std::find(left.begin(), left.end(), &to) == left.end()) left.push_back(&to);
        to.queued_bytes += written.waiting.stanza.size();
        hold(to, written.waiting.stanza.size());
        to.queue.push_front(std::move(written.waiting));
    }
    // Its age counts from its arrival: what was sent several times is no younger.
    for (Destination* one : left) {
        Destination& to = *one;
        if (!to.queue.empty() && !to.failure && now - to.queue.front().since > to.patience) {
            to.failure = ended.failure;
            to.failure->why = words_of(ended.ending, ended.failure);
        }
        while (!to.queue.empty() && now - to.queue.front().since > to.patience) return_old(to, take_first(to));
    }
}

/// The peer ended the stream when it had got some or all of these. Which of them it was shows when one is sent alone.
void Pool::blame(const Ended& ended, std::deque<SentWindow::Written>& again) {
    std::size_t tried = 0;
    for (SentWindow::Written& written : again) {
        if (written.begin >= ended.taken) break;
        ++tried;
        if (written.waiting.blame == 0) ++written.to->suspects;
        written.waiting.blame = routing::blamed(written.waiting.blame, ended.ending);
    }
    if (tried != 1 || again.front().waiting.blame < routing::most_blame) return;
    const SentWindow::Written culprit = std::move(again.front());
    again.pop_front();
    const std::string why = "the stanza closed streams repeatedly; " + words_of(ended.ending, ended.failure);
    log_.write_for(
        log_source_of(culprit.waiting.stanza.view()), LogLevel::warn, "s2s.stanza.returned",
        {{"pair", culprit.to->pair.text()}, {"bytes", std::to_string(culprit.waiting.stanza.size())}, {"why", why}});
    return_written(culprit, routing::not_accepted(ended.ending, why));
}

void Pool::return_written(const SentWindow::Written& written, const xmpp::StanzaError& error) {
    const Waiting& waiting = written.waiting;
    if (waiting.blame != 0) --written.to->suspects;
    hurts(*written.to, waiting.stanza.view());
    bounce(waiting.stanza.view(), error, waiting.ticket);
}

void Pool::tell_of_end(const Ended& ended, const std::vector<Destination*>& left) {
    using enum Pair::Fact;
    const Carrier& carrier = ended.carrier;
    xmpp::Failure told = ended.failure;
    if (carrier.open) told.why = words_of(ended.ending, told);
    News news{&told, &carrier, {}};
    const auto add = [&](Pair::Fact fact, bool holds) {
        if (holds) news.more.add(fact);
    };
    const bool by_peer = ended.ending.by == Ending::By::peer;
    add(ours, ended.ending.by == Ending::By::ours);
    add(quick, by_peer && context_.shard.loop.now() - carrier.opened_at < short_life);
    add(silent, told.silent);
    // Names, addresses and TLS are the remote domain's: what failed for one pair failed for those that waited with it.
    add(of_domain, told.stage != Stage::sasl && told.stage != Stage::dialback && told.stage != Stage::policy);
    add(permanent, told.permanent);
    add(unheard, told.stage == Stage::tcp && !carrier.open);
    for (Destination* to : left) tell(*to, to->carrier == nullptr ? Pair::On::gone : Pair::On::came_back, news);
}

}  // namespace sallyport::s2s
