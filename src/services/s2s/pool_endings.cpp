// What becomes of what a stream held when it ended. Whatever ended it: what the peer is known not to have had whole, or
// has not acknowledged (XEP-0198 section 4), is sent again, first and in its order; what it may have had is returned;
// a stanza at which two streams have ended is returned and the rest goes on.
#include <algorithm>

#include "model/route/targets.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

namespace {
/// A stanza at which the peer has ended two streams is not sent again. A reset may have been the network's: it takes
/// four.
constexpr unsigned most_blame = 4;
constexpr unsigned blame_of_ending = 2, blame_of_reset = 1;
/// A stream that its peer ends sooner is not followed by another at once.
constexpr Duration short_life = std::chrono::seconds{1};

/// The peer's own words; else how the connection ended.
std::string words_of(const Ending& ending, const DialFailure& failure) {
    if (!ending.said) return failure.why;
    const std::string condition{xmpp::text(ending.said->condition)};
    return "the peer said " + condition + (ending.said->text.empty() ? "" : ": " + ending.said->text);
}

bool is_policy(const Ending& ending) {
    return ending.said && ending.said->condition == xmpp::StreamCondition::policy_violation;
}
}  // namespace

void Pool::outbound_gone(OutboundStream& stream, const DialFailure& failure, bool) { gone(stream, failure); }

void Pool::gone(const WayOut& stream, const DialFailure& failure) {
    auto node = carriers_.extract(&stream);
    if (node.empty()) return;
    Carrier& carrier = *dead_.emplace_back(std::move(node.mapped()));
    // The stream is in the middle of telling us: it is destroyed from the loop.
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
    for (Destination* to : carrier.offered) {  // what is offered to others is not in this list
        to->reverse = nullptr;
        if (context_.on_reverse) context_.on_reverse(to->pair, false);
    }
    if (const auto at = remotes_.find(stream.pair().remote); carrier.stream && at != remotes_.end()) {
        std::erase(at->second.carriers, &carrier);
        if (at->second.carriers.empty() && at->second.pairs.empty()) remotes_.erase(at);
    }
    if (!carrier.ping_id.empty()) pings_.erase(carrier.ping_id);

    const auto place = [&](const Destination& to) {
        if (to.ready) return Left::ready;
        if (to.asked) return Left::asked;
        return &to == carrier.pairs.front() && !carrier.open ? Left::opening : Left::waiting;
    };
    std::vector<Left> left;
    for (Destination* to : carrier.pairs) left.push_back({to, place(*to)});
    for (const Left& one : left) carrier.leave(*one.to);
    const Ended ended{carrier, failure, stream.ending(), stream.taken()};
    const bool stuck = ended.taken == carrier.taken && ended.taken < stream.written();
    if (carrier.window.taken(ended.taken, stuck, context_.shard.loop.now())) carrier.carried = true;
    settle_held(ended, carrier.window.all(), left);
    for (const Left& one : left) returned(one, ended);
}

void Pool::settle_held(const Ended& ended, std::deque<SentWindow::Written> held, std::vector<Left>& left) {
    const TimePoint now = context_.shard.loop.now();
    const auto condition = is_policy(ended.ending) ? xmpp::StanzaCondition::policy_violation
                                                   : xmpp::StanzaCondition::remote_server_timeout;
    const xmpp::StanzaError uncertain{condition, {}, "in-doubt", words_of(ended.ending, ended.failure)};
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
    if (ended.ending.by == Ending::By::peer) blame(ended, again);
    while (!again.empty()) {
        SentWindow::Written written = std::move(again.back());
        again.pop_back();
        Destination& to = *written.to;
        const bool known = std::any_of(left.begin(), left.end(), [&](const Left& one) { return one.to == &to; });
        if (!known) left.push_back({&to, Left::before});
        to.queued_bytes += written.waiting.stanza.size();
        hold(to, written.waiting.stanza.size());
        to.queue.push_front(std::move(written.waiting));
    }
    // Its age counts from its arrival: what was sent several times is no younger.
    for (const Left& one : left) {
        Destination& to = *one.to;
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
        written.waiting.blame =
            std::min(most_blame, written.waiting.blame + (ended.ending.broken ? blame_of_reset : blame_of_ending));
    }
    if (tried != 1 || again.front().waiting.blame < most_blame) return;
    const SentWindow::Written culprit = std::move(again.front());
    again.pop_front();
    const bool policy = !ended.ending.said || is_policy(ended.ending);
    const std::string why = "streams ended at it again and again; " + words_of(ended.ending, ended.failure);
    log_.warn(
        "s2s.stanza.returned",
        {{"pair", culprit.to->pair.text()}, {"bytes", std::to_string(culprit.waiting.stanza.size())}, {"why", why}});
    return_written(culprit, {policy ? xmpp::StanzaCondition::policy_violation : xmpp::StanzaCondition::not_acceptable,
                             "the recipient's server does not take this stanza", "refused-by-peer", why});
}

void Pool::return_written(const SentWindow::Written& written, const xmpp::StanzaError& error) {
    const Waiting& waiting = written.waiting;
    if (waiting.blame != 0) --written.to->suspects;
    hurts(*written.to, waiting.stanza.view());
    bounce(waiting.stanza.view(), error, waiting.ticket);
}

/// The stream that the pair was on, or waited for, is gone.
void Pool::returned(const Left& left, const Ended& ended) {
    Destination& to = *left.to;
    const DialFailure& failure = ended.failure;
    const bool was_open = ended.carrier.open;
    // Its own stream (XEP-0288) has come meanwhile.
    if (to.reverse != nullptr && to.carrier == nullptr && !stopping_ &&
        context_.rules.admits(to.pair, Direction::outbound).allowed) {
        down(to);
        (void)go_reversed(to);
        return;
    }
    // Names, addresses and TLS are the remote domain's: what failed for one pair failed for those that waited with it.
    const bool of_domain = failure.step != "sasl" && failure.step != "dialback";
    if (left.was == Left::opening || (left.was == Left::waiting && !was_open && of_domain)) {
        return lost(to, failure);
    }
    down(to);
    // Perhaps it was the question that ended the stream: this peer is not asked again.
    if (left.was == Left::asked && !failure.silent) to.remote->unshared = true;
    // The company failed where only each for itself can tell.
    if (left.was == Left::waiting && !was_open) to.alone = true;
    const Admission admission = context_.rules.admits(to.pair, Direction::outbound);
    if (!admission.allowed) return refuse_all(to, refused_by(admission));
    if (stopping_) return refuse_all(to, stopping());
    if (ended.ending.by == Ending::By::ours && was_open) worked(to);
    if (to.carrier != nullptr || to.queue.empty()) return;
    if (was_open && ended.ending.by != Ending::By::ours && !ended.carrier.carried) {
        DialFailure told = failure;
        told.why = words_of(ended.ending, failure);
        return lost(to, told);
    }
    const TimePoint now = context_.shard.loop.now();
    if (was_open && ended.ending.by == Ending::By::peer && now - ended.carrier.opened_at < short_life) {
        to.retry_at = now + route::retry_delay(1, context_.shard.random);
        return;
    }
    connect(to);
}

void Pool::lost(Destination& to, const DialFailure& failure) {
    const TimePoint now = context_.shard.loop.now();
    ++to.failures;
    to.failure = failure;
    to.last_failure = context_.shard.loop.wall();
    if (to.failing_since == never) to.failing_since = now;
    hurts_waiting(to);
    to.retry_at = now + route::retry_delay(to.failures, context_.shard.random);
    std::string verdict;
    if (context_.records != nullptr) {
        verdict = context_.records->verdicts().keep(
            {failure.step, "stanza", to.pair.local.text(), to.pair.remote.text(), failure.why},
            context_.shard.loop.wall());
    }
    log_.warn(
        "s2s.outbound.failed",
        {{"pair", to.pair.text()},
         {"step", failure.step},
         {"why", failure.why},
         {"condition", std::string{xmpp::text(failure.condition)}},
         {"attempt", std::to_string(to.failures)},
         {"retry_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(to.retry_at - now).count())},
         {"waiting", std::to_string(to.queue.size())},
         {"verdict", verdict}});
    answer_pings(to);
    if (failure.permanent || stopping_) refuse_all(to, failure);
}

}  // namespace sallyport::s2s
