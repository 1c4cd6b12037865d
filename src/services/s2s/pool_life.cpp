// The machine of each pair (proto/s2s/pair.h) and the pool around it: what it is told of, what holds then, and what is
// done when it says so.
#include <algorithm>

#include "base/reason.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

void Pool::tell(Destination& to, Pair::On on, const News& news) {
    const Around holds = around(to, news.about);
    Pair::Actions actions;
    to.life.on(on, holds.facts | news.more, context_.shard.loop.now(), actions);
    carry_out(to, actions, holds, news);
}

void Pool::tell_time(Destination& to, TimePoint now) {
    const Around holds = around(to, nullptr);
    Pair::Actions actions;
    to.life.on_deadline(holds.facts, now, actions);
    carry_out(to, actions, holds, {});
}

Pool::Around Pool::around(const Destination& to, const Carrier* about) const {
    using enum Pair::Fact;
    Around all;
    const auto add = [&](Pair::Fact fact, bool holds) {
        if (holds) all.facts.add(fact);
    };
    const Admission admission = context_.rules.admits(to.pair, Direction::outbound);
    if (!admission.allowed) all.refused = refused_by(admission);
    all.place = place_for(to);
    if (about == nullptr) about = to.carrier != nullptr ? to.carrier : to.reverse;
    add(waits, to.waits());
    add(admitted, admission.allowed);
    add(offered, admission.allowed && to.reverse != nullptr);
    add(elsewhere, owner_of(to) != context_.shard.index);
    add(shared, all.place != nullptr);
    add(opened, about != nullptr && about->open);
    add(Pair::Fact::carried, about != nullptr && about->carried);
    add(settled, to.carrier != nullptr && to.carrier->window.empty());
    add(sole, to.carrier != nullptr && to.carrier->pairs.size() == 1);
    return all;
}

void Pool::carry_out(Destination& to, const Pair::Actions& actions, const Around& around, const News& news) {
    using Do = Pair::Action;
    Carrier* left = nullptr;
    for (const Pair::Action action : actions) {
        switch (action) {
            case Do::open: open(to); break;
            case Do::join: join(to, *around.place); break;
            case Do::ask: ask(to); break;
            case Do::reverse: to.reverse->join(to); break;
            case Do::give_away: give_away(to); break;
            case Do::leave:
                left = to.carrier;
                left->leave(to);
                break;
            case Do::end:
                if (left != nullptr) {
                    end(*left, std::nullopt, "the peer's own stream carries the pair");
                } else {
                    end(*to.carrier, std::nullopt, "pair refused");
                }
                break;
            case Do::flush: became_ready(to); break;
            case Do::failed: lost(to, *news.failure); break;
            case Do::hurt: hurts_waiting(to); break;
            case Do::return_all: refuse_all(to, why_returned(around, news)); break;
            case Do::unshare: to.remote->unshared = true; break;
            case Do::up: up(to); break;
            case Do::down: down(to); break;
        }
    }
}

xmpp::Failure Pool::why_returned(const Around& around, const News& news) const {
    if (stopping_) return stopping();
    if (around.refused) return *around.refused;
    return news.failure != nullptr ? *news.failure : xmpp::Failure{};
}

/// A stream to the same domain with room for one more pair, be it open or on its way; null: none.
Carrier* Pool::place_for(const Destination& to) const {
    // What resumes what it waits for proves it again in any case.
    if (Carrier* const carrier = resumer_of(to); carrier != nullptr && carrier != to.carrier && !carrier->ending) {
        return carrier;
    }
    if (!context_.share_streams || to.remote->unshared) return nullptr;
    const std::uint64_t most =
        std::min(context_.peer_limits(to.pair.remote).pairs_per_stream, Limits{}.pairs_per_stream);
    for (Carrier* carrier : to.remote->carriers) {
        if (carrier == to.carrier || carrier->ending || carrier->pairs.size() >= most) continue;
        // What it waits to resume goes on on a stream that does so, and on no other.
        if (to.suspended != 0 && (carrier->resumes == nullptr || !carrier->resumes->has(to.pair))) continue;
        if (!carrier->open || carrier->stream->shareable()) return carrier;
    }
    return nullptr;
}

/// The shard that opens streams of ours for the pair.
std::uint32_t Pool::owner_of(const Destination& to) const {
    if (!context_.take_over) return context_.shard.index;
    return routing::owner(to.pair.local.text(), to.pair.remote.text(),
                          static_cast<std::uint32_t>(context_.shard.count));
}

void Pool::open(Destination& to) {
    log_.write_for(to.log_source, LogLevel::info, "s2s.outbound.connecting",
                   {{"pair", to.pair.text()}, {"attempt", std::to_string(to.life.failures() + 1)}});
    auto fresh = std::make_unique<Carrier>();
    Carrier& carrier = *fresh;
    carrier.stream = std::make_unique<OutboundStream>(context_, *this, to.pair, false);
    carrier.stream->log_for(to.log_source);
    // The sender, or whoever it belongs to. An operator who pings it wants to know what DNS says now.
    carrier.stream->ask_for(is_pinged(to) ? io::Asker::Kind::node : io::Asker::Kind::users, to.log_source);
    carrier.out = carrier.stream.get();
    if (Suspended* const kept = suspended_of(to)) {
        carrier.resumes = kept;
        kept->carrier = &carrier;
        carrier.stream->resume(kept->stream);
    }
    set_bounds(carrier, to);
    carrier.join(to);
    to.remote->carriers.push_back(&carrier);
    carriers_.emplace(carrier.stream.get(), std::move(fresh));
    carrier.stream->hold(context_.must_wait({}));
    carrier.stream->start();
}

void Pool::join(Destination& to, Carrier& carrier) {
    carrier.join(to);
    if (!carrier.open) return;
    tell(to, Pair::On::stream_open);
    ask_waiting(carrier);
}

void Pool::ask(Destination& to) {
    Carrier& carrier = *to.carrier;
    if (!carrier.stream->add_pair(to.pair)) return tell(to, Pair::On::no_room);
    log_.write_for(to.log_source, LogLevel::info, "s2s.outbound.sharing",
                   {{"pair", to.pair.text()}, {"with", carrier.stream->pair().text()}});
    if (to.carrier == &carrier && carrier.stream->ready(to.pair)) tell(to, Pair::On::ready);
}

/// Streams of ours are opened where the pair belongs.
void Pool::give_away(Destination& to) { context_.take_over(owner_of(to), to.pair, take_waiting(to.pair)); }

void Pool::became_ready(Destination& to) {
    to.failure.reset();
    to.last_success = context_.shard.loop.wall();
    to.worked_at = context_.shard.loop.now();
    acquit(to);
    give_up_suspended(to, true);  // of a stream that is not this one
    flush(to);
}

void Pool::up(const Destination& to) {
    if (!context_.on_peer) return;
    const StreamStatus status = to.carrier->stream->status();
    const auto it = std::find_if(status.pairs.begin(), status.pairs.end(),
                                 [&](const Inbound::Pair& known) { return known.domains == to.pair; });
    context_.on_peer({to.pair, Direction::outbound, it == status.pairs.end() ? Method::none : it->method,
                      status.tls_version, status.cipher, status.remote_address, true});
}

void Pool::down(Destination& to) {
    to.worked_at = context_.shard.loop.now();  // a failure that ends it is told of after this
    if (context_.on_peer) context_.on_peer({to.pair, Direction::outbound, Method::none, "", "", "", false});
}

void Pool::lost(Destination& to, const xmpp::Failure& failure) {
    const Duration delay = to.life.retry_at() - context_.shard.loop.now();
    to.failure = failure;
    to.last_failure = context_.shard.loop.wall();
    to.failed_at = context_.shard.loop.now();
    hurts_waiting(to);
    std::string verdict;
    if (context_.records != nullptr) {
        verdict =
            context_.records->verdicts().keep({failure.cause(), record::Subject::stanza, to.pair.local.text(),
                                               to.pair.remote.text(), failure.why, failure.verdict, failure.remedy},
                                              context_.shard.loop.wall());
    }
    log_.write_for(to.log_source, LogLevel::warn, "s2s.outbound.failed",
                   {{"pair", to.pair.text()},
                    {"step", std::string{text(failure.stage)}},
                    {"why", Reason{failure.why, failure.remedy}.text()},
                    {"condition", std::string{xmpp::text(failure.condition)}},
                    {"attempt", std::to_string(to.life.failures())},
                    {"retry_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(delay).count())},
                    {"waiting", std::to_string(to.queue.size())},
                    {"verdict", verdict}});
    answer_pings(to);
}

}  // namespace sallyport::s2s
